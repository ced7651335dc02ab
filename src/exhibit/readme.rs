//! The text in every exhibit that says how to check it with tools everybody has.

use crate::codec::amount::{counted, either, grouped};
use crate::format::exhibit::Search;

/// What of the text depends on the exhibit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    /// Lines that stand also where sealed bytes are shown.
    pub(super) warnings: &'a [String],
    pub(super) number: Option<&'a str>,
    pub(super) package: &'a str,
    pub(super) records: u64,
    pub(super) undisclosed: u64,
    /// How many of these count.
    pub(super) undisclosed_inside: u64,
    pub(super) search: &'a Search,
    /// Whether pages and seal were signed by a key of the acquisition.
    pub(super) has_operator_key: bool,
    pub(super) has_certificate: bool,
    pub(super) is_signed: bool,
    pub(super) genesis_timestamps: usize,
    pub(super) seal_timestamps: usize,
    /// Pages whose records are stamped, by sequence.
    pub(super) page_timestamps: &'a [u64],
}

/// Returns `README.txt`.
pub(super) fn text(facts: &Facts<'_>) -> String {
    let mut text = String::new();
    for warning in facts.warnings {
        text += &format!("{warning}\n");
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let number = facts.number.map_or(String::new(), |number| format!(" {number}"));
    let shown = counted(facts.records, "record");
    text += &format!(
        "Exhibit{number}: {shown} of package {}\n\
         {}{}\n\
         \x20 records/N.json    the exact bytes of a record, as the operator's tool recorded them as received\n\
         \x20 readable/N.html   the same for people, and index.html, a list of them; derived, and no evidence\n\
         \x20 exhibit.json      which records, where they stand in the package, and the hashes that prove it\n\
         \x20 package/...       signed documents of the package, byte for byte: the plan (genesis), a statement about each\n\
         \x20                   page that a record is from, and the seal that closes the package\n\
         \n\
         The format is described in FORMAT.md, section 21, of the project that made it (exhibit.json, \"tool\").\n\
         `signhold verify` checks all of what follows, and more, without any network.\n\
         \n\
         HOW TO CHECK IT WITH STOCK TOOLS (sha256sum, openssl 3, python3; for example on Debian)\n\
         \n",
        facts.package,
        kept_back(facts),
        searched(facts.search),
    );
    let (operator, in_package) = if facts.has_operator_key {
        ("operator.pem", "package/keys/operator.pem")
    } else {
        ("signer.pem", "package/keys/signer.pem")
    };
    let signer = if facts.has_operator_key { "package/keys/signer.pem" } else { "signer.pem" };
    text += &format!(
        "1. Get the operator's public key, {operator}, from the operator by another way than this file. The key in\n\
         \x20  {in_package} proves nothing about who sealed this; compare its fingerprint with the one you\n\
         \x20  were given:\n\
         \n\
         \x20   openssl pkey -pubin -in {in_package} -outform DER | sha256sum\n\
         \n"
    );
    if facts.has_certificate {
        text += CERTIFICATE;
    }
    if facts.has_operator_key {
        text += HANDED_ON;
    }
    text += &format!(
        "2. In this folder, every file; the digest of the manifest must stand in exhibit.json:\n\
         \n\
         \x20   sha256sum --strict -c manifest-sha256.txt\n\
         \x20   grep -o '\"manifest_sha256\":\"[0-9a-f]*\"' exhibit.json; sha256sum manifest-sha256.txt\n\
         \n\
         3. The plan, the statement about each page, and the seal:\n\
         \n\
         \x20   openssl pkeyutl -verify -rawin -pubin -inkey {operator} -sigfile package/data/genesis.sig -in package/data/genesis.json\n\
         \x20   for r in package/data/records/*.json package/seal/seal.json; do openssl pkeyutl -verify -rawin -pubin \\\n\
         \x20     -inkey {signer} -sigfile \"${{r%.json}}.sig\" -in \"$r\" || echo \"FAILED: $r\"; done\n\
         \n\
         4. A record's leaf, which must stand beside its path in exhibit.json:\n\
         \n\
         \x20   (printf '\\0'; cat records/000001.json) | sha256sum\n\
         \n\
         5. From the leaves to the signed roots (RFC 9162, section 2.1.3.2): each \"proof\" in exhibit.json is a list of hashes. Beginning\n\
         \x20  with the leaf, the next hash joins from the left or from the right, as the place of the record in its page says, and the\n\
         \x20  end must be \"merkle_root\" in the signed statement about the page; from that statement's own leaf likewise to\n\
         \x20  \"merkle_root\" in the signed seal. With Python 3 and nothing else, by the lines below, which this command takes from here.\n\
         \x20  They also name every file in this folder that the manifest does not (and that is none of yours by a name used here):\n\
         \n\
         \x20   sed -n '/^    import hashlib/,/^$/s/^    //p' README.txt | python3 -\n\
         \n"
    );
    text += PYTHON;
    text += "\n6. When it existed. ";
    text += &stamps(facts);
    if facts.is_signed {
        text += "\n7. Who cut this exhibit signed the statement; the key is theirs only if you know it from elsewhere:\n\
             \n\
             \x20   openssl pkeyutl -verify -rawin -pubin -inkey keys/exhibitor.pem -sigfile exhibit.sig -in exhibit.json\n";
    }
    text += LIMITS;
    text
}

/// Says how many records of the package an exhibit leaves out, and how many of these count.
#[must_use]
pub fn left_out(undisclosed: u64, inside: u64) -> String {
    let counting = match (undisclosed, inside) {
        (0, _) => return "no other record of the package is left out".to_owned(),
        (1, 0) => "it does not count".to_owned(),
        (1, _) => "it counts".to_owned(),
        (_, 0) => "none of them counts".to_owned(),
        (all, inside) if all == inside => "all of them count".to_owned(),
        (_, inside) => format!("{} of them {}", grouped(inside), either(inside, "counts", "count")),
    };
    let are = either(undisclosed, "is", "are");
    format!("{} of the package {are} not in here; {counting}", counted(undisclosed, "other record"))
}

/// Says what is not in here, by the seal alone.
fn kept_back(facts: &Facts<'_>) -> String {
    let mut text = format!("By the signed seal, {}.\n", left_out(facts.undisclosed, facts.undisclosed_inside));
    if facts.undisclosed_inside != facts.undisclosed {
        text += "What does not count is of a second pass, of a window that was asked again, or from the edge of a window.\n";
    }
    text
}

/// Says how far whoever cut the exhibit looked.
fn searched(search: &Search) -> String {
    let (read, pages) = (grouped(search.pages), counted(search.of_pages, "page"));
    let mut text = format!("Searched, by the word of whoever cut this: {read} of {pages}");
    if search.by_index {
        text += ", as an unsigned index told";
    }
    if search.wanting > 0 {
        let lack = either(search.wanting, "lacks", "lack");
        text += &format!("; {} {lack} what was asked for", counted(search.wanting, "record"));
    }
    text += ".\n";
    if search.pages < search.of_pages || search.by_index {
        text += "A page that was not read or cannot be cut into records, or an index that is stale or forged, may hide records that were asked for as well.\n";
    }
    text
}

fn stamps(facts: &Facts<'_>) -> String {
    let mut text = String::new();
    let numbered = |number: usize| if number == 1 { String::new() } else { format!("-{number}") };
    let mut add = |data: &str, token: &str| {
        text += &format!("    openssl ts -verify -data {data} -in {token} -CAfile tsa-root.pem\n");
    };
    for number in 1..=facts.genesis_timestamps {
        add("package/data/genesis.sig", &format!("package/data/genesis{}.tsr", numbered(number)));
    }
    for page in facts.page_timestamps {
        let stem = format!("package/data/records/{page:06}");
        add(&format!("{stem}.sig"), &format!("{stem}.tsr"));
    }
    for number in 1..=facts.seal_timestamps {
        add("package/seal/seal.sig", &format!("package/seal/seal{}.tsr", numbered(number)));
    }
    if text.is_empty() {
        return "The package has no time stamps. Its times are those of the operator's own clock.\n".to_owned();
    }
    format!("tsa-root.pem is the root certificate of the time stamp authority, from the authority itself:\n\n{text}")
}

/// Checks both paths of every record with nothing but a standard library.
const PYTHON: &str = r#"    import hashlib, json, os
    h = lambda b: hashlib.sha256(b).digest()
    def leads(leaf, index, size, proof, root):
        if index >= size: return False
        fn, sn, r = index, size - 1, leaf
        for p in map(bytes.fromhex, proof):
            if sn == 0: return False
            if fn & 1 or fn == sn:
                r = h(b"\1" + p + r)
                while fn and not fn & 1: fn, sn = fn >> 1, sn >> 1
            else:
                r = h(b"\1" + r + p)
            fn, sn = fn >> 1, sn >> 1
        return sn == 0 and r.hex() == root
    read = lambda path: open(path, "rb").read()
    exhibit, seal = json.loads(read("exhibit.json")), json.loads(read("package/seal/seal.json"))
    pages = {p["sequence"]: p["proof"] for p in exhibit["pages"]}
    for number, record in enumerate(exhibit["records"], 1):
        path, n = f"records/{number:06}.json", record["page"]
        page = read(f"package/data/records/{n:06}.json")
        signed = json.loads(page)
        leaf = h(b"\0" + read(path))
        good = (record["path"] == path and leaf.hex() == record["leaf"] and signed["sequence"] == n
            and leads(leaf, record["element"], signed["records"]["count"], record["proof"], signed["records"]["merkle_root"])
            and leads(h(b"\0" + page), n - seal["volume"]["first_page"], seal["totals"]["pages"], pages[n], seal["merkle_root"]))
        print(path, "is record", record["element"], "of page", n) if good else print(path, "FAILED")
    named = {line[66:] for line in read("manifest-sha256.txt").decode().splitlines()}
    named |= {"exhibit.json", "exhibit.sig", "manifest-sha256.txt", "operator.pem", "signer.pem", "ca.pem", "tsa-root.pem"}
    there = {os.path.relpath(os.path.join(folder, name)).replace(os.sep, "/") for folder, _, names in os.walk(".") for name in names}
    last = len(exhibit["records"]) + 1
    shown = {"readable/index.html"} | {f"records/{n:06}.json" for n in range(1, last)} | {f"readable/{n:06}.html" for n in range(1, last)}
    odd = {path for path in named if path.startswith(("records/", "readable/")) and path not in shown}
    for path in sorted(there - named | odd): print(ascii(path), "FAILED: not of this exhibit")
"#;
/// OpenSSL verifies the first certificate of the file and takes the others, untrusted, for the path.
const CERTIFICATE: &str = "\
    \x20  Or take it from the certificate in package/keys/signer-cert.pem, where an authority you trust vouches for it; ca.pem is\n\
    \x20  that authority's certificate, had from elsewhere, and -attime a moment before the certificate ended:\n\
    \n\
    \x20   openssl verify -CAfile ca.pem -untrusted package/keys/signer-cert.pem -attime SECONDS package/keys/signer-cert.pem\n\
    \n";
/// How trust comes from the operator's key to the one that signed pages and seal.
const HANDED_ON: &str = "\x20  Pages and seal are signed by a key made for this acquisition alone, package/keys/signer.pem. The plan, signed by the\n\
     \x20  operator (step 3), names it; the second digest must stand in it:\n\
     \n\
     \x20   grep -o '\"keys\":{[^}]*}' package/data/genesis.json; openssl pkey -pubin -in package/keys/signer.pem -outform DER | sha256sum\n\
     \n";
const LIMITS: &str = "\nWHAT THIS SHOWS, AND WHAT IT DOES NOT\n\
     \n\
     Each record is, byte for byte, the one at its place in the page that the operator's key signed, in the package that this key\n\
     sealed; with time stamps, between which two moments. The rest of the package is not in here and was not checked by these\n\
     commands; how many records it has is the word of its signed seal. This text and readable/ are no evidence, and no command here\n\
     compares them with the records: whoever cut the exhibit wrote them. `signhold verify EX.zip --readable NEWDIR` makes views anew.\n\
     \n\
     Nothing proves that the log service sent these bytes: TLS leaves no proof for third parties. What the statement says of number,\n\
     author, date, tool, request and search is the word of whoever cut the exhibit.\n\
     \n\
     WHAT IT GIVES AWAY\n\
     \n\
     Of other records: how many there are in the pages shown, and hashes of neighbours, which tell nothing to anybody who does not have\n\
     their bytes already. Statements about pages give the times of the earliest and the latest record of a page, and addresses asked:\n\
     links of the service to the next page among them, whose skip tokens may contain identifiers, also of other records. The plan\n\
     names the operator, the matter, its title and its custodians, the tenant, the machine that collected, and the application or\n\
     person that asked, with the claims of their token.\n";

#[cfg(test)]
mod tests {
    use super::*;

    static SEARCH: Search =
        Search { whole: false, by_index: true, pages: 1, of_pages: 12, records: 42, wanting: 2, language: None };

    fn facts<'a>(warnings: &'a [String], page_timestamps: &'a [u64]) -> Facts<'a> {
        Facts {
            warnings,
            number: Some("A-12"),
            package: "P",
            records: 1,
            undisclosed: 41,
            undisclosed_inside: 40,
            search: &SEARCH,
            has_operator_key: false,
            has_certificate: false,
            is_signed: false,
            genesis_timestamps: 2,
            seal_timestamps: 1,
            page_timestamps,
        }
    }

    #[test]
    fn what_is_left_out_is_said_of_none_of_one_and_of_many() {
        assert_eq!(left_out(0, 0), "no other record of the package is left out");
        assert_eq!(left_out(1, 0), "1 other record of the package is not in here; it does not count");
        assert_eq!(left_out(1, 1), "1 other record of the package is not in here; it counts");
        assert_eq!(left_out(2, 0), "2 other records of the package are not in here; none of them counts");
        assert_eq!(left_out(3, 1), "3 other records of the package are not in here; 1 of them counts");
        assert_eq!(left_out(4_000, 2), "4,000 other records of the package are not in here; 2 of them count");
        assert_eq!(left_out(2, 2), "2 other records of the package are not in here; all of them count");
        let search = Search { pages: 1, of_pages: 1, wanting: 1, ..SEARCH.clone() };
        assert!(
            searched(&search)
                .contains(": 1 of 1 page, as an unsigned index told; 1 record lacks what was asked for.\n")
        );
    }

    #[test]
    fn every_time_stamp_gets_its_command() {
        let warnings = ["SIMULATED DATA, NOT EVIDENCE".to_owned()];
        let text = text(&facts(&warnings, &[12]));
        assert!(text.starts_with(
            "SIMULATED DATA, NOT EVIDENCE\n\nExhibit A-12: 1 record of package P\nBy the signed seal, 41 other records"
        ));
        for words in [
            " of the package are not in here; 40 of them count.\nWhat does not count is of a second pass, ",
            "1 of 12 pages, as an unsigned index told; 2 records lack what was asked for.\n",
            "an index that is stale or forged, may hide records",
        ] {
            assert!(text.contains(words), "{words} in\n{text}");
        }
        for token in ["data/genesis.tsr", "data/genesis-2.tsr", "data/records/000012.tsr", "seal/seal.tsr"] {
            assert!(text.contains(&format!("-in package/{token} ")), "{token}");
        }
        assert!(!text.contains("exhibitor.pem"));
        assert!(text.lines().all(|line| line.len() <= 140));
    }

    #[test]
    fn what_no_command_checks_and_what_is_given_away_is_said() {
        let text = text(&facts(&[], &[]));
        for words in [
            "This text and readable/ are no evidence, and no command here\n",
            "the word of its signed seal",
            "skip tokens may contain identifiers, also of other records",
            "its title and its custodians, the tenant, the machine that collected",
            "claims of their token",
            "    for number, record in enumerate(exhibit[\"records\"], 1):\n        path, n = f\"records/{number:06}.json\", record[\"page\"]\n",
            "good = (record[\"path\"] == path and ",
        ] {
            assert!(text.contains(words), "{words} in\n{text}");
        }
        assert!(!text.contains("print(record"), "what a stranger wrote is not printed as it stands");
    }

    #[test]
    fn each_signature_gets_the_key_that_made_it() {
        let facts = Facts {
            has_operator_key: true,
            is_signed: true,
            genesis_timestamps: 0,
            seal_timestamps: 0,
            ..facts(&[], &[])
        };
        let text = text(&facts);
        assert!(text.starts_with("Exhibit A-12"));
        assert!(text.contains("-inkey operator.pem -sigfile package/data/genesis.sig"));
        assert!(text.contains("-inkey package/keys/signer.pem -sigfile \"${r%.json}.sig\""));
        assert!(text.contains("-inkey keys/exhibitor.pem -sigfile exhibit.sig"));
        assert!(text.contains("The package has no time stamps."));
    }
}
