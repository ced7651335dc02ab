//! Makes the files under `tests/vectors/exhibit/`: a good exhibit of the package of FORMAT's examples, and what a reader says to
//! others.

#![allow(clippy::too_many_lines, reason = "tables of cases")]

use ed25519_dalek::Signer as _;

use crate::archive::Files;
use crate::exhibit::{Exhibit, name_of, search_text, zip};
use crate::package::{hex_digest, other_key};
use crate::vector_files::{VectorFile, case, example};

/// Every generated file of the family.
pub(crate) fn all() -> Vec<VectorFile> {
    let mut files = Vec::new();
    let mut add = |name: &str, outcome: &str, comment: &str, codes: &[&str], archive: Vec<u8>| {
        let (codes, file) = (with_notes(codes), format!("{name}.zip"));
        let header = header(&codes, comment, outcome, "operator", &file);
        files.push(case("exhibit", name, &header, ""));
        files.push((format!("exhibit/{file}"), archive));
    };
    add("good", "VALID", "one record of two pages", &[], zip(&good().build()));
    let mut unsigned = good();
    unsigned.key = None;
    add("unsigned", "VALID", "nobody signed the statement", &["exhibit-unsigned"], zip(&unsigned.build()));
    let mut cut = |name: &str, comment: &str, codes: &[&str], change: &dyn Fn(&mut Exhibit)| {
        let mut exhibit = good();
        change(&mut exhibit);
        add(name, "INVALID", comment, codes, zip(&exhibit.build()));
    };
    let record = "records/000001.json";
    cut(
        "record_changed",
        "one letter of the record; manifest and statement are made anew",
        &["exhibit-record-mismatch"],
        &|exhibit| {
            let text = String::from_utf8(exhibit.bytes(record).clone()).unwrap();
            *exhibit.bytes(record) = text.replace("\"b\"", "\"z\"").into_bytes();
        },
    );
    cut(
        "record_written_anew",
        "the same JSON with a space more; manifest and statement are made anew",
        &["exhibit-record-mismatch"],
        &|exhibit| {
            let text = String::from_utf8(exhibit.bytes(record).clone()).unwrap();
            *exhibit.bytes(record) = text.replace(',', ", ").into_bytes();
        },
    );
    cut("element_of_another", "the record is said to be its neighbour", &["exhibit-record-path"], &|exhibit| {
        exhibit.records[0].element = 0;
    });
    cut("path_too_long", "a digest more behind the path of the record", &["exhibit-record-path"], &|exhibit| {
        exhibit.records[0].proof.push([7; 32]);
    });
    cut(
        "page_of_another_package",
        "page and record are of another package of the operator; the seal is this one's",
        &["exhibit-page-path"],
        &|exhibit| {
            let mut other = example();
            "{\"id\":\"x\",\"createdDateTime\":\"2026-11-01T09:00:00Z\"}".clone_into(&mut other.pages[0].elements[0].0);
            let (package, genuine) = (other.build(), example().build());
            *exhibit = Exhibit::cut(&other, &package, &[(1, 1)]);
            for path in ["seal/seal.json", "seal/seal.sig"] {
                *exhibit.bytes(&format!("package/{path}")) = genuine.bytes(path).to_vec();
            }
            let digest = |files: &Files| hex_digest(files.bytes("seal/seal.json"));
            exhibit.statement.replace("package", &digest(&package), &digest(&genuine));
        },
    );
    cut("undisclosed_denied", "it claims to be everything", &["exhibit-mismatch"], &|exhibit| {
        exhibit.statement.set("undisclosed", "0");
    });
    let codes = ["exhibit-malformed", "exhibit-mismatch"];
    cut("pages_denied", "it claims that the package has no other page", &codes, &|exhibit| {
        exhibit.statement.set("search", search_text(1, 1, 3, None));
    });
    cut("simulation_denied", "it claims to be evidence", &["exhibit-mismatch"], &|exhibit| {
        exhibit.statement.set("simulated", "false");
    });
    cut("page_along", "with the whole page that the record is from", &["exhibit-file-unexpected"], &|exhibit| {
        let mut page = exhibit.files[0].clone();
        "package/data/pages/000001.json".clone_into(&mut page.path);
        page.bytes = example().pages[0].stored_body();
        let seal = exhibit.files.iter().position(|file| file.path == "package/seal/seal.json").unwrap();
        exhibit.files.insert(seal, page);
    });
    let mut change = |name: &str, comment: &str, codes: &[&str], change: &dyn Fn(&mut Files)| {
        let mut files = good().build();
        change(&mut files);
        add(name, "INVALID", comment, codes, zip(&files));
    };
    change(
        "rendering_exchanged",
        "the view for people says something else",
        &["exhibit-manifest-mismatch"],
        &|files| files.set("readable/000001.html", "<!doctype html><p>another\n"),
    );
    change(
        "statement_signed_by_another",
        "edited, named and signed again by a key that it does not name",
        &["exhibit-signature-invalid"],
        &|files| {
            files.replace("exhibit.json", "A-12", "A-13");
            files.top = name_of("ACME-2026-014", files.bytes("exhibit.json"));
            let signature = other_key().sign(files.bytes("exhibit.json")).to_bytes();
            files.set("exhibit.sig", signature);
        },
    );
    change(
        "signature_stripped",
        "signature and key of the statement are taken out",
        &["exhibit-file-missing", "exhibit-manifest-mismatch"],
        &|files| {
            files.remove("exhibit.sig");
            files.remove("keys/exhibitor.pem");
        },
    );
    change("another_name", "the top directory is another", &["exhibit-identifier-mismatch"], &|files| {
        "ACME-2026-014_exhibit-0123456789abcdef".clone_into(&mut files.top);
    });
    add("deflated", "INVALID", "compressed, as a package is", &["zip-field"], good().build().zip());
    let mut despite = good();
    despite.statement.set("despite_findings", "[\"page-digest-mismatch\"]");
    let codes = ["exhibit-despite-findings"];
    let comment = "cut from a package that failed verification, says the statement";
    add("despite_findings", "INDETERMINATE", comment, &codes, zip(&despite.build()));
    let codes = with_notes(&["signer-not-established"]);
    let comment = "the good exhibit for a reader who knows no key";
    let header = header(&codes, comment, "INDETERMINATE", "nobody", "good.zip");
    files.push(case("exhibit", "good_without_a_key", &header, ""));
    files
}

/// The second record of the first page, and the only one of the second.
pub(crate) fn good() -> Exhibit {
    let package = example();
    let mut exhibit = Exhibit::cut(&package, &package.build(), &[(1, 1), (2, 0)]);
    exhibit.statement.set("selection", "{\"ids\":[\"b\",\"c\"],\"where\":null}");
    exhibit.statement.set("search", search_text(2, 2, 3, None));
    exhibit
}

/// All of them are simulated and have no time stamps.
fn with_notes(codes: &[&str]) -> String {
    [codes, &["simulated-data", "timestamp-absent"]].concat().join(" ")
}

fn header<'a>(
    codes: &'a str,
    comment: &'a str,
    outcome: &'a str,
    trust: &'a str,
    file: &'a str,
) -> [(&'a str, &'a str); 5] {
    [("expect", codes), ("comment", comment), ("outcome", outcome), ("trust", trust), ("file", file)]
}
