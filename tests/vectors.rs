//! The published test vectors: each file under `tests/vectors/` is one test, and the program says to it what the file expects.
//!
//! `VECTORS=write cargo test --test vectors` writes the files anew from `support/vector_files.rs`.

#![allow(clippy::unwrap_used, reason = "a vector that cannot be read has failed")]

#[path = "support/archive.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod archive;
#[path = "support/exhibit.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod exhibit;
#[path = "support/exhibit_files.rs"]
mod exhibit_files;
#[path = "support/ledger.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod ledger;
#[path = "support/ledger_files.rs"]
mod ledger_files;
#[path = "support/package.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod package;
#[path = "support/volumes.rs"]
mod several;
#[path = "support/vector_files.rs"]
mod vector_files;
#[path = "support/volume_files.rs"]
mod volume_files;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use signhold::codec::json::{Unsliceable, slice_page};
use signhold::crypto::digest::RootHash;
use signhold::crypto::merkle::{self, NodeHash, inclusion_path, leaf_hash, verify_inclusion};
use signhold::format::bag::{BagInfo, Manifest, PayloadOxum};
use signhold::format::checkpoint::Checkpoint;
use signhold::format::failure::FailureRecord;
use signhold::format::genesis::Genesis;
use signhold::format::page::PageRecord;
use signhold::format::seal::Seal;
use signhold::format::{FormatError, decode};
use signhold::time::ServiceTime;
use signhold::verify::{
    Code, ExpectedHead, Options, Outcome, Trust, verify, verify_all, verify_exhibit, verify_ledger,
};

/// Makes one test of each name, and a list of all names for [`no_file_is_unlisted`].
macro_rules! vectors {
    ($($family:ident: $($name:ident)+;)+) => {
        mod vector {
            $(mod $family {
                $(#[test]
                fn $name() {
                    crate::check(stringify!($family), stringify!($name));
                })+
            })+
        }

        const LISTED: &[(&str, &[&str])] = &[$((stringify!($family), &[$(stringify!($name)),+])),+];
    };
}

vectors! {
    bag_info:
        crlf folded_line good lines_swapped mark_of_simulation_missing other_date other_octet_count other_volume_count
        unknown_line;
    canonical:
        ascii_escaped bound_with_fraction byte_order_mark clock_reading_without_fraction cut_short digest_in_upper_case
        digest_too_short direction_mark empty_for_null escape_in_upper_case good_failure good_genesis good_page_record
        good_seal instant_with_offset integer_above_2_53 integer_as_text integer_negative integer_with_exponent
        integer_with_fraction integer_with_leading_zero later_version leap_second line_feed_at_the_end
        line_of_201_characters long_escape_of_tab member_twice members_swapped not_utf8 null_left_out path_that_leaves
        role_of_another second_pass slash_escaped space_after_colon space_before_type unknown_kind unknown_member
        unknown_reason unpaired_surrogate;
    exhibit:
        another_name deflated despite_findings element_of_another good good_without_a_key page_along
        page_of_another_package pages_denied path_too_long record_changed record_written_anew rendering_exchanged signature_stripped
        simulation_denied statement_signed_by_another undisclosed_denied unsigned;
    json:
        byte_order_mark control_in_string cut_short elements_without_time empty_body empty_page leading_zero
        nested_128_levels nested_129_levels next_link_null next_link_number next_link_twice next_link_with_escapes
        no_value not_utf8 other_names_twice outermost_array surrogate_in_utf8 trailing_comma two_documents two_elements
        unpaired_surrogate value_inside_other_members value_is_an_object value_is_escaped value_twice
        value_twice_by_escape web_page white_space;
    ledger:
        checkpoint_of_another cut edited forked good good_with_a_checkpoint package_of_two_digests received_by_the_giver
        sealed_twice stranger swapped time_goes_back torn transfer_open white_space;
    manifest:
        absolute_path asterisk byte_order_mark crlf device_name empty empty_line good no_last_newline one_space
        path_that_leaves path_twice percent_escape three_spaces unsorted upper_case;
    merkle:
        tree_of_0 tree_of_1 tree_of_2 tree_of_3 tree_of_4 tree_of_5 tree_of_6 tree_of_7 tree_of_8;
    package:
        failure_removed file_smuggled_in free_bits_set good good_without_a_key key_per_acquisition
        key_per_acquisition_resealed_by_operator key_per_acquisition_without_operator page_changed
        page_changed_and_manifests_made_anew seal_denies_a_failure seal_removed seal_signature_of_another
        signed_by_another trailing_bytes;
    volumes:
        all all_in_another_order one_replaced one_withheld;
}

/// The fingerprint of the operator's key, as `package/README.md` gives it.
const FINGERPRINT: &str = "503d8ee46d581c649966569ae095e27041de83322e8e0480e5539e00d2d5d874";

/// The fingerprint of the key of the acquisition in `package/key_per_acquisition.zip`.
const ACQUISITION_FINGERPRINT: &str = "3532fb2b134488a2a18f2a07cd6db85b4c1b808ddb10972f0ad5526856177bd4";

/// The family `timestamp` was made by another program; the tests of `crypto::timestamp` judge it.
const TIMESTAMP: [&str; 20] = [
    "make.sh",
    "p384-root.pem",
    "p384-sha384.tsr",
    "p384-sha512.tsr",
    "plain-purpose-not-critical.tsr",
    "plain-root.pem",
    "rsa-cms.tsr",
    "rsa-first-kind.tsr",
    "rsa-fraction.tsr",
    "rsa-pss-long-salt.tsr",
    "rsa-pss.tsr",
    "rsa-rejected.tsr",
    "rsa-root.pem",
    "rsa-sha1-imprint.tsr",
    "rsa-whole-second.tsr",
    "rsa-without-certificates.tsr",
    "rsa4096-root.pem",
    "rsa4096-sha512.tsr",
    "stamped.txt",
    "two-purposes.tsr",
];

/// Tested beside the code that reads them, in `keyring`.
const CLIENT_CERTIFICATE: [&str; 14] = [
    "README.md",
    "aes256-sha256.pfx",
    "certificate.pem",
    "chain-and-key.pem",
    "elliptic.pem",
    "empty-password.pfx",
    "key-encrypted.pem",
    "key-pkcs1.pem",
    "key-pkcs8.pem",
    "legacy-3des-rc2.pfx",
    "make.sh",
    "no-key.pfx",
    "no-mac.pfx",
    "sha512-plain-certificates.pfx",
];

#[test]
fn no_file_is_unlisted() {
    let mut listed: BTreeSet<String> = TIMESTAMP.iter().map(|name| format!("timestamp/{name}")).collect();
    listed.extend(["timestamp/two-root.pem".to_owned(), "README.md".to_owned(), "timestamp/README.md".to_owned()]);
    listed.extend(CLIENT_CERTIFICATE.iter().map(|name| format!("client_certificate/{name}")));
    for (family, names) in LISTED {
        listed.insert(format!("{family}/README.md"));
        listed.extend(names.iter().map(|name| format!("{family}/{name}.txt")));
        if ["exhibit", "package"].contains(family) {
            listed.extend(names.iter().map(|name| format!("{family}/{}", Case::read(family, name).one("file"))));
        }
    }
    listed.extend(["first.zip", "second.zip", "second-sealed-again.zip"].map(|name| format!("volumes/{name}")));
    listed.extend(["good", "other"].map(|name| format!("ledger/{name}.checkpoint")));
    let mut found = BTreeSet::new();
    files_below(&root(), "", &mut found);
    let differences: Vec<&String> = found.symmetric_difference(&listed).collect();
    assert!(differences.is_empty(), "only in the folder or only in the list: {differences:?}");
}

#[test]
fn each_family_has_a_readme_and_stands_in_the_table() {
    for (family, _) in LISTED {
        let readme = fs::read_to_string(root().join(family).join("README.md")).unwrap();
        assert!(readme.starts_with("# "), "{family}");
    }
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for (family, _) in LISTED {
        assert!(readme.contains(&format!("`{family}/`")), "{family}");
    }
}

/// The ZIP files are left out: how deflate packs is free, so another version of the library makes other bytes of them.
/// With `VECTORS=write` in the environment the files are written anew first.
#[test]
fn the_files_are_those_of_the_generator() {
    if std::env::var_os("VECTORS").is_some_and(|wish| wish == "write") {
        write_anew();
    }
    let is_archive = |path: &str| path.rsplit('.').next() == Some("zip");
    for (path, bytes) in generated().into_iter().filter(|(path, _)| !is_archive(path)) {
        let stored = fs::read(root().join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(stored == bytes, "{path} is not what the generator makes");
    }
}

fn write_anew() {
    for (path, bytes) in generated() {
        let path = root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Roots that many programs agree on show that the generator is right.
#[test]
fn roots_are_those_of_certificate_transparency() {
    for (size, root) in [
        ("tree_of_0", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("tree_of_1", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        ("tree_of_2", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        ("tree_of_8", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ] {
        assert_eq!(Case::read("merkle", size).one("expect"), root);
    }
}

fn generated() -> Vec<vector_files::VectorFile> {
    [vector_files::all(), volume_files::all(), ledger_files::all(), exhibit_files::all()].concat()
}

/// One vector file: header lines, an empty line, bytes.
struct Case {
    header: Vec<(String, String)>,
    bytes: Vec<u8>,
}

impl Case {
    fn read(family: &str, name: &str) -> Self {
        let file = fs::read(root().join(family).join(format!("{name}.txt"))).unwrap();
        let end = file.windows(2).position(|two| two == b"\n\n").expect("a header and an empty line");
        let header = str::from_utf8(&file[..end]).unwrap().lines().map(|line| {
            let (key, value) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
            (key.to_owned(), value.to_owned())
        });
        let header: Vec<(String, String)> = header.collect();
        assert_eq!(header[0].0, "expect");
        assert_eq!(header[1].0, "comment");
        Self { header, bytes: file[end + 2..].to_vec() }
    }

    fn all(&self, key: &str) -> Vec<&str> {
        self.header.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect()
    }

    fn one(&self, key: &str) -> &str {
        let values = self.all(key);
        let [value] = values.as_slice() else { panic!("one `{key}`") };
        value
    }
}

fn check(family: &str, name: &str) {
    let case = Case::read(family, name);
    match family {
        "bag_info" => check_bag_info(&case),
        "canonical" => check_document(&case),
        "exhibit" => check_exhibit(&case),
        "json" => check_page(&case),
        "ledger" => check_ledger(&case),
        "manifest" => check_manifest(&case),
        "merkle" => check_tree(&case),
        "package" => check_package(&case),
        "volumes" => check_volumes(&case),
        other => panic!("no such family as {other}"),
    }
}

fn check_page(case: &Case) {
    let next_link: Option<String> = serde_json::from_str(case.one("next-link")).unwrap();
    let mut elements = Vec::new();
    let root = match slice_page(&case.bytes, "createdDateTime", |element| elements.push(element)) {
        Ok(page) => {
            assert_eq!(case.one("expect"), "elements");
            let lines: Vec<String> = elements
                .iter()
                .map(|element| {
                    let time = element.time.filter(|time| ServiceTime::parse(time).is_some());
                    format!("{} {} {}", element.offset, element.bytes.len(), time.unwrap_or("-"))
                })
                .collect();
            assert_eq!(lines, case.all("element"));
            assert_eq!(page.next_link, next_link);
            merkle::root(elements.iter().map(|element| leaf_hash(element.bytes)))
        }
        Err(why) => {
            assert_eq!(case.one("expect"), "opaque", "{why}");
            assert_eq!(reason(why), case.one("reason"));
            assert_eq!(next_link, None);
            merkle::root([leaf_hash(&case.bytes)])
        }
    };
    assert_eq!(root.to_string(), case.one("root"));
}

fn reason(why: Unsliceable) -> &'static str {
    match why {
        Unsliceable::ByteOrderMark => "byte-order-mark",
        Unsliceable::NextLinkTwice => "next-link-twice",
        Unsliceable::NextLinkNotAString => "next-link-not-a-string",
        Unsliceable::NoValue => "no-value",
        Unsliceable::NotAnObject => "not-an-object",
        Unsliceable::NotJson { .. } => "not-json",
        Unsliceable::NotUtf8 { .. } => "not-utf-8",
        Unsliceable::TooDeep { .. } => "too-deep",
        Unsliceable::TooManyElements => "too-many-elements",
        Unsliceable::TrailingData { .. } => "trailing-data",
        Unsliceable::ValueNotAnArray => "value-not-an-array",
        Unsliceable::ValueTwice => "value-twice",
        other => panic!("no word for {other}"),
    }
}

fn check_document(case: &Case) {
    let decoded: Result<(), FormatError> = match case.one("role") {
        "genesis" => decode::<Genesis>(&case.bytes).map(drop),
        "page-record" => decode::<PageRecord>(&case.bytes).map(drop),
        "failure" => decode::<FailureRecord>(&case.bytes).map(drop),
        "seal" => decode::<Seal>(&case.bytes).map(drop),
        other => panic!("no such role as {other}"),
    };
    let expect = case.one("expect");
    if expect == "ok" {
        assert_eq!(decoded, Ok(()));
    } else {
        assert_eq!(Some(expect), Code::from_text(expect).map(Code::as_str));
        assert!(decoded.is_err());
    }
}

fn check_tree(case: &Case) {
    let node = |hex: &str| NodeHash(HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap());
    let root: RootHash = case.one("expect").parse().unwrap();
    let text = str::from_utf8(&case.bytes).unwrap();
    let mut leaves = Vec::new();
    let mut paths = 0;
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        if words[0] == "leaf" {
            leaves.push(leaf_hash(&HEXLOWER.decode(words[1].as_bytes()).unwrap()));
            continue;
        }
        let (index, size): (usize, u64) = (words[1].parse().unwrap(), words[2].parse().unwrap());
        let path: Vec<NodeHash> = words[3..].iter().map(|hex| node(hex)).collect();
        let leaf = leaves[index.min(leaves.len() - 1)];
        let leads = verify_inclusion(leaf, index as u64, size, &path, root);
        assert_eq!(leads, words[0] == "path", "{line}");
        if words[0] == "path" {
            assert_eq!(inclusion_path(&leaves, index), Some(path), "{line}");
            paths += 1;
        }
    }
    assert_eq!(merkle::root(leaves.iter().copied()), root);
    assert_eq!(paths, leaves.len());
}

fn check_manifest(case: &Case) {
    match Manifest::parse(&case.bytes) {
        Ok(manifest) => {
            assert_eq!(case.one("expect"), "ok");
            assert_eq!(manifest.to_text().as_bytes(), case.bytes);
        }
        Err(error) => assert_eq!(case.one("expect"), "manifest-malformed", "{error}"),
    }
}

fn check_bag_info(case: &Case) {
    let files = unpacked("good");
    let file = |path: &str| &files.iter().find(|(name, _)| name == path).unwrap().1;
    let genesis: Genesis = decode(file("data/genesis.json")).unwrap();
    let seal: Seal = decode(file("seal/seal.json")).unwrap();
    let mut payload = PayloadOxum::default();
    for (_, bytes) in files.iter().filter(|(path, _)| path.starts_with("data/")) {
        payload.byte_len += bytes.len() as u64;
        payload.file_count += 1;
    }
    let is_right = str::from_utf8(&case.bytes).is_ok_and(|claimed| BagInfo::matches(&genesis, &seal, payload, claimed));
    assert_eq!(case.one("expect"), if is_right { "ok" } else { "bag-info-mismatch" });
}

fn check_package(case: &Case) {
    let archive = fs::read(root().join("package").join(case.one("file"))).unwrap();
    let keys = match case.one("trust") {
        "acquisition" => vec![ACQUISITION_FINGERPRINT.parse().unwrap()],
        "operator" => vec![FINGERPRINT.parse().unwrap()],
        _ => Vec::new(),
    };
    let options = Options { trust: Trust { keys, ..Trust::default() }, threads: 1, ..Options::default() };
    let report = verify(Cursor::new(archive), &options).unwrap();
    let found: BTreeSet<&str> = report.finding_counts.keys().map(|code| code.as_str()).collect();
    let expected: BTreeSet<&str> = case.one("expect").split(' ').collect();
    assert_eq!(found, expected, "{:#?}", report.findings);
    assert_eq!(report.outcome, outcome(case.one("outcome")));
}

fn check_exhibit(case: &Case) {
    let archive = fs::read(root().join("exhibit").join(case.one("file"))).unwrap();
    let keys = if case.one("trust") == "operator" { vec![FINGERPRINT.parse().unwrap()] } else { Vec::new() };
    let options = Options { trust: Trust { keys, ..Trust::default() }, ..Options::default() };
    let report = verify_exhibit(Cursor::new(archive), &options).unwrap();
    let found: BTreeSet<&str> = report.finding_counts.keys().map(|code| code.as_str()).collect();
    let expected: BTreeSet<&str> = case.one("expect").split(' ').collect();
    assert_eq!(found, expected, "{:#?}", report.findings);
    assert_eq!(report.outcome, outcome(case.one("outcome")));
}

fn check_volumes(case: &Case) {
    let mut archives: Vec<Cursor<Vec<u8>>> = case
        .one("files")
        .split(' ')
        .map(|file| Cursor::new(fs::read(root().join("volumes").join(file)).unwrap()))
        .collect();
    let trust = Trust { keys: vec![FINGERPRINT.parse().unwrap()], ..Trust::default() };
    let verification = verify_all(&mut archives, &[], &Options { trust, threads: 1, ..Options::default() }).unwrap();
    let [set] = verification.sets.as_slice() else { panic!("one set: {:#?}", verification.sets) };
    let found: BTreeSet<&str> = set.finding_counts.keys().map(|code| code.as_str()).collect();
    assert_eq!(found, case.one("expect").split(' ').filter(|code| *code != "none").collect(), "{:#?}", set.findings);
    assert_eq!(set.outcome, outcome(case.one("outcome")));
    assert_eq!(verification.outcome(), set.outcome);
}

fn check_ledger(case: &Case) {
    let second = ed25519_dalek::SigningKey::from_bytes(&[0x55; 32]);
    let keys = vec![FINGERPRINT.parse().unwrap(), ledger::fingerprint(&second).parse().unwrap()];
    let heads = match case.one("checkpoint") {
        "none" => Vec::new(),
        file => {
            let text = fs::read_to_string(root().join("ledger").join(file)).unwrap();
            vec![ExpectedHead::Checkpoint(file.to_owned(), Checkpoint::parse(&text).unwrap())]
        }
    };
    let report = verify_ledger(case.bytes.as_slice(), &[], &Trust { keys, heads, ..Trust::default() }).unwrap();
    let found: BTreeSet<&str> = report.finding_counts.keys().map(|code| code.as_str()).collect();
    let expected = case.one("expect").split(' ').filter(|code| *code != "none").collect();
    assert_eq!(found, expected, "{:#?}", report.findings);
    assert_eq!(report.outcome, outcome(case.one("outcome")));
}

fn outcome(text: &str) -> Outcome {
    match text {
        "VALID" => Outcome::Valid,
        "INVALID" => Outcome::Invalid,
        _ => Outcome::Indeterminate,
    }
}

/// The files of a package of this folder, below the top directory.
fn unpacked(name: &str) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(File::open(root().join(format!("package/{name}.zip"))).unwrap()).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let path = entry.name().unwrap().split_once('/').unwrap().1.to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (path, bytes)
        })
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn files_below(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files_below(&entry.path(), &format!("{name}/"), found);
        } else {
            found.insert(name);
        }
    }
}
