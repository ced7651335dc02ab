//! Who: whoever wants a record to be another one, to stand elsewhere, or to be of another page or package.
//!
//! They cut the exhibit themselves, and everything that needs no key of the package is made to fit: what stops them are the two paths
//! to what the package's keys signed.

use ed25519_dalek::Signer as _;
use signhold::verify::{CheckOutcome, Step};

use crate::exhibit::{Exhibit, draft};
use crate::exhibits::{altered, changed, held, refused, stating};
use crate::package::{hex_digest, merkle_root, other_key, sha256};

// Records.

/// FORMAT §21.2: another content, everything that needs no key of the package made to fit.
#[test]
fn an_edited_record_has_no_path() {
    let files = changed(|exhibit| {
        let bytes = exhibit.bytes("records/000001.json");
        *bytes = String::from_utf8(bytes.clone()).unwrap().replace("a2", "zz").into_bytes();
        let leaf = merkle_root(&[bytes]);
        exhibit.records[0].leaf = leaf;
    });
    assert_eq!(held(&refused(&files, &["exhibit-record-path"])), [false, true, true]);
}

/// The same without the leaf: the statement still names the true one.
#[test]
fn exhibit_record_mismatch() {
    let files = changed(|exhibit| exhibit.bytes("records/000001.json")[8] ^= 1);
    assert_eq!(held(&refused(&files, &["exhibit-record-mismatch"])), [false, true, true]);
    let files = changed(|exhibit| exhibit.records[2].byte_len += 1);
    assert_eq!(held(&refused(&files, &["exhibit-record-mismatch"])), [true, true, false]);
    let files = altered(|files| {
        let at = files.position("records/000002.json");
        files.files[at].bytes.push(b'\n');
    });
    refused(&files, &["exhibit-manifest-mismatch", "exhibit-record-mismatch"]);
}

/// A record that was opened in an editor and saved again is another one; where it only got white space, that is said.
#[test]
fn a_record_written_anew_is_refused_with_the_reason() {
    let spread = |text: &str| {
        let mut text = text.to_owned();
        let files = changed(|exhibit| {
            let bytes = exhibit.bytes("records/000003.json");
            text = text.replace("RECORD", str::from_utf8(bytes).unwrap()).replace("\",\"", "\",\n  \"");
            *bytes = text.clone().into_bytes();
        });
        let report = refused(&files, &["exhibit-record-mismatch"]);
        report.findings[0].computed.contains("written anew")
    };
    assert!(spread("RECORD"));
    assert!(spread(" RECORD\r\n"));
    assert!(!spread("RECORD,"));
}

/// FORMAT §21.2: the path of the element beside it.
#[test]
fn exhibit_record_path_of_a_neighbour() {
    let files = changed(|exhibit| exhibit.records[0].proof = exhibit.records[1].proof.clone());
    assert_eq!(held(&refused(&files, &["exhibit-record-path"])), [false, true, true]);
}

/// FORMAT §21.2: at another place, in its own page or elsewhere.
#[test]
fn a_record_stands_where_it_stands() {
    for element in [0, 2, 3] {
        let files = changed(|exhibit| exhibit.records[0].element = element);
        refused(&files, &["exhibit-record-path"]);
    }
    // As the first record of page 2, whose record is there.
    let files = changed(|exhibit| {
        let mut moved = exhibit.records.remove(0);
        (moved.page, moved.element) = (2, 1);
        exhibit.records.push(moved);
        let bytes = exhibit.bytes("records/000001.json").clone();
        let (second, third) =
            (exhibit.bytes("records/000002.json").clone(), exhibit.bytes("records/000003.json").clone());
        *exhibit.bytes("records/000001.json") = second;
        *exhibit.bytes("records/000002.json") = third;
        *exhibit.bytes("records/000003.json") = bytes;
    });
    assert_eq!(held(&refused(&files, &["exhibit-record-path"])), [true, true, false]);
}

/// FORMAT §21.2: sizes are never taken from the statement; beyond the signed size there is nothing.
#[test]
fn the_number_of_elements_is_the_signed_one() {
    for element in [5, 6, u64::pow(2, 53) - 1] {
        let files = changed(|exhibit| exhibit.records[1].element = element);
        refused(&files, &["exhibit-record-path"]);
    }
    refused(&stating("undisclosed", "6", "6,\"size\":8"), &["exhibit-malformed"]);
}

/// FORMAT §8: the path of a leaf of five also fits trees of six, seven and eight; here five are signed.
#[test]
fn a_path_too_long_too_short_or_swapped_leads_nowhere() {
    let changes: [fn(&mut Vec<[u8; 32]>); 5] = [
        |proof| proof.push(sha256(b"")),
        |proof| proof.truncate(proof.len() - 1),
        |proof| proof.clear(),
        |proof| proof.swap(0, 1),
        |proof| proof[0][31] ^= 1,
    ];
    for change in changes {
        let files = changed(|exhibit| change(&mut exhibit.records[0].proof));
        refused(&files, &["exhibit-record-path"]);
    }
    for change in [0, 1, 2, 4].map(|index| changes[index]) {
        let files = changed(|exhibit| change(&mut exhibit.pages[0].1));
        let report = refused(&files, &["exhibit-page-path"]);
        assert_eq!(held(&report), [false, false, true]);
    }
}

/// FORMAT §8: two hashes written one behind the other are the content of an inner node, and no record.
#[test]
fn an_inner_node_is_no_record() {
    let files = changed(|exhibit| {
        let draft = draft();
        let leaves: Vec<&[u8]> = draft.pages[0].elements.iter().map(|(text, _)| text.as_bytes()).collect();
        let node = [merkle_root(&leaves[..1]), merkle_root(&leaves[1..2])].concat();
        exhibit.records[0].byte_len = node.len();
        // The hash that this node has in the tree, as if it were a leaf's.
        exhibit.records[0].leaf = merkle_root(&leaves[..2]);
        exhibit.records[0].proof.remove(0);
        *exhibit.bytes("records/000001.json") = node;
    });
    refused(&files, &["exhibit-record-mismatch", "exhibit-record-path"]);
}

/// FORMAT §21.2: no element twice, in the order of the package.
#[test]
fn a_record_shown_twice_or_out_of_order_is_refused() {
    let twice = changed(|exhibit| {
        let first = exhibit.records[0].clone();
        let bytes = exhibit.bytes("records/000001.json").clone();
        exhibit.records[1] = first;
        *exhibit.bytes("records/000002.json") = bytes;
    });
    refused(&twice, &["exhibit-malformed"]);
    let swapped = changed(|exhibit| {
        exhibit.records.swap(0, 1);
        let (first, second) =
            (exhibit.bytes("records/000001.json").clone(), exhibit.bytes("records/000002.json").clone());
        *exhibit.bytes("records/000001.json") = second;
        *exhibit.bytes("records/000002.json") = first;
    });
    refused(&swapped, &["exhibit-malformed"]);
}

// Pages and seal.

/// FORMAT §21.2: the record of a page, genuine and signed, under the number of another.
#[test]
fn the_record_of_another_page_is_not_this_pages() {
    let files = changed(|exhibit| {
        for end in ["json", "sig"] {
            let other = exhibit.bytes(&format!("package/data/records/000002.{end}")).clone();
            *exhibit.bytes(&format!("package/data/records/000001.{end}")) = other;
        }
    });
    // Its body would lie at the other page's path.
    let expected = ["page-record-malformed", "page-sequence-broken", "exhibit-record-path", "exhibit-page-path"];
    let report = refused(&files, &expected);
    assert_eq!(held(&report), [false, false, true]);
}

/// FORMAT §6: a page record of one's own making.
#[test]
fn a_page_record_signed_by_another_is_refused() {
    let files = changed(|exhibit| {
        let record = exhibit.bytes("package/data/records/000001.json").clone();
        let record = String::from_utf8(record).unwrap().replace("\"count\":5", "\"count\":8").into_bytes();
        *exhibit.bytes("package/data/records/000001.sig") = other_key().sign(&record).to_bytes().to_vec();
        *exhibit.bytes("package/data/records/000001.json") = record;
    });
    let expected = ["page-record-signature-invalid", "exhibit-record-path", "exhibit-page-path"];
    let report = refused(&files, &expected);
    let page = report.checks.iter().find(|check| check.step == Step::ExhibitPages).unwrap();
    assert_eq!(page.outcome, CheckOutcome::Failed);
}

/// FORMAT §2: a page record that is none.
#[test]
fn a_page_record_in_another_form_is_refused() {
    let files = changed(|exhibit| exhibit.bytes("package/data/records/000002.json").push(b'\n'));
    let report = refused(&files, &["page-record-malformed", "page-record-signature-invalid"]);
    assert_eq!(held(&report), [true, true, false]);
}

/// FORMAT §21.2: a page of another package under the seal of this one, and records with it.
#[test]
fn exhibit_page_path_of_another_package() {
    let mut other = draft();
    other.pages[0].elements[1].0 = "{\"id\":\"planted\",\"createdDateTime\":\"2026-11-01T02:00:00Z\"}".to_owned();
    let package = other.build();
    let mut exhibit = Exhibit::cut(&other, &package, &[(1, 1)]);
    let genuine = draft().build();
    for path in ["seal/seal.json", "seal/seal.sig"] {
        *exhibit.bytes(&format!("package/{path}")) = genuine.bytes(path).to_vec();
    }
    let seal_sha256 = hex_digest(genuine.bytes("seal/seal.json"));
    exhibit.statement.replace("package", &hex_digest(package.bytes("seal/seal.json")), &seal_sha256);
    // One operator, one plan, one acquisition, two lists of pages: the root in the seal tells them apart.
    let report = refused(&exhibit.build(), &["exhibit-page-path"]);
    assert_eq!(held(&report), [false]);
}

/// FORMAT §21.3: the seal of another acquisition, signed by the same key.
#[test]
fn the_seal_of_another_acquisition_seals_nothing_here() {
    let mut other = draft();
    "20261123T060400Z-99999999".clone_into(&mut other.acquisition);
    let package = other.build();
    let files = changed(|exhibit| {
        let (old, new) =
            (hex_digest(exhibit.bytes("package/seal/seal.json")), hex_digest(package.bytes("seal/seal.json")));
        for path in ["seal/seal.json", "seal/seal.sig"] {
            *exhibit.bytes(&format!("package/{path}")) = package.bytes(path).to_vec();
        }
        exhibit.statement.replace("package", &old, &new);
    });
    refused(&files, &["seal-package-mismatch", "genesis-mismatch", "exhibit-mismatch", "exhibit-page-path"]);
}

/// FORMAT §6.1: the plan of another acquisition, signed by the same key.
#[test]
fn the_plan_of_another_acquisition_is_refused() {
    let mut other = draft();
    "20261123T060400Z-99999999".clone_into(&mut other.acquisition);
    let package = other.build();
    let files = changed(|exhibit| {
        for path in ["data/genesis.json", "data/genesis.sig"] {
            *exhibit.bytes(&format!("package/{path}")) = package.bytes(path).to_vec();
        }
    });
    refused(&files, &["seal-package-mismatch", "genesis-mismatch"]);
}

/// FORMAT §9: signatures of the package's own documents.
#[test]
fn the_packages_signatures_are_checked() {
    for (path, code) in [("seal/seal.sig", "seal-signature-invalid"), ("data/genesis.sig", "genesis-signature-invalid")]
    {
        let files = changed(|exhibit| exhibit.bytes(&format!("package/{path}"))[0] ^= 1);
        let report = refused(&files, &[code]);
        assert!(report.findings[0].place.starts_with("package/"), "{}", report.findings[0].place);
    }
    let pem = crate::package::pem_of(&other_key().verifying_key().to_bytes());
    let files = changed(|exhibit| *exhibit.bytes("package/keys/signer.pem") = pem.into_bytes());
    let expected = [
        "key-mismatch",
        "seal-signature-invalid",
        "genesis-signature-invalid",
        "page-record-signature-invalid",
        "signer-mismatch",
    ];
    refused(&files, &expected);
}

/// Without plan, seal or key nothing is shown.
#[test]
fn what_the_package_signed_cannot_be_left_out() {
    for (path, expected) in [
        ("seal/seal.json", &["seal-missing"][..]),
        ("seal/seal.sig", &["seal-missing"]),
        ("data/genesis.json", &["genesis-missing"]),
        ("data/genesis.sig", &["genesis-missing"]),
        ("keys/signer.pem", &["key-malformed"]),
        ("data/records/000001.json", &["exhibit-file-missing"]),
        ("data/records/000001.sig", &["exhibit-file-missing"]),
    ] {
        let files = changed(|exhibit| exhibit.files.retain(|file| file.path != format!("package/{path}")));
        let report = refused(&files, expected);
        assert!(!held(&report)[0], "{path}");
    }
}

/// A page whose body could not be cut has no records, whatever somebody shows.
#[test]
fn an_opaque_page_has_no_records() {
    let mut draft = draft();
    draft.pages.truncate(1);
    draft.pages[0].next_link = None;
    draft.pages[0].opaque = true;
    draft.pages[0].body = Some(b"<html>".to_vec());
    draft.runs[0].state = "failed".to_owned();
    draft.runs[0].reason = Some("no page".to_owned());
    let package = draft.build();
    let mut exhibit = Exhibit::cut(&draft, &package, &[(1, 0)]);
    *exhibit.bytes("records/000001.json") = b"<html>".to_vec();
    exhibit.records[0].byte_len = 6;
    exhibit.records[0].leaf = merkle_root(&[b"<html>"]);
    exhibit.records[0].proof.clear();
    refused(&exhibit.build(), &["exhibit-record-path", "exhibit-mismatch"]);
}
