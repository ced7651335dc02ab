//! Who: whoever cuts an exhibit, or has one in hand: a party that wants a record to say more, less, or something else than it does.
//!
//! Everybody can cut an exhibit, hash its files anew and sign its statement with a key of their own; so most cases here do. What they
//! lack are the keys of the package.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::LazyLock;

use ed25519_dalek::Signer as _;
use signhold::verify::{
    CheckOutcome, Code, ExhibitReport, Options, Outcome, Presented, Step, Trust, compare_packages, verify,
    verify_exhibit, verify_ledger,
};

use crate::archive::{File, Files};
use crate::exhibit::{Exhibit, draft, exhibitor_key, inclusion_path, name_of, zip};
use crate::ledger::{Ledger, package_name};
use crate::package::{Doc, Draft, TO, element, fingerprint_of, hex_digest, operator_key, other_key};
use crate::timestamp::{stamp, with_root};
use crate::{other_fingerprint, pinned};

static GOOD: LazyLock<Files> = LazyLock::new(|| Exhibit::good().build());

pub(crate) fn report_on(archive: &[u8], trust: Trust) -> ExhibitReport {
    verify_exhibit(Cursor::new(archive), &Options { trust, ..Options::default() }).expect("memory can always be read")
}

/// Asserts outcome and exact finding set, `timestamp-absent` aside.
#[track_caller]
fn expect_bytes(archive: &[u8], trust: Trust, outcome: Outcome, expected: &[&str]) -> ExhibitReport {
    let report = report_on(archive, trust);
    let found: BTreeSet<&str> =
        report.finding_counts.keys().map(|code| code.as_str()).filter(|code| *code != "timestamp-absent").collect();
    let expected: BTreeSet<&str> = expected.iter().copied().collect();
    assert!(expected.iter().all(|code| Code::from_text(code).is_some()), "codes: {expected:?}");
    assert_eq!(found, expected, "{:#?}", report.findings);
    assert_eq!(report.outcome, outcome, "{:#?}", report.checks);
    report
}

#[track_caller]
pub(crate) fn expect(files: &Files, outcome: Outcome, expected: &[&str]) -> ExhibitReport {
    expect_bytes(&zip(files), pinned(), outcome, expected)
}

/// Asserts that the files are refused for exactly this.
#[track_caller]
pub(crate) fn refused(files: &Files, expected: &[&str]) -> ExhibitReport {
    expect(files, Outcome::Invalid, expected)
}

pub(crate) fn held(report: &ExhibitReport) -> Vec<bool> {
    report.facts.records.iter().map(|record| record.holds).collect()
}

/// Changes the usual exhibit before it is hashed and signed.
pub(crate) fn changed(change: impl FnOnce(&mut Exhibit)) -> Files {
    let mut exhibit = Exhibit::good();
    change(&mut exhibit);
    exhibit.build()
}

/// Changes a member of the statement, before it is signed.
pub(crate) fn stating(member: &'static str, from: &'static str, to: &'static str) -> Files {
    changed(|exhibit| exhibit.edit = Some(Box::new(move |statement| statement.replace(member, from, to))))
}

/// Changes files behind the exhibitor's back.
pub(crate) fn altered(change: impl FnOnce(&mut Files)) -> Files {
    let mut files = GOOD.clone();
    change(&mut files);
    files
}

// What holds.

/// FORMAT §21.3: what a VALID exhibit shows.
#[test]
fn an_exhibit_shows_which_records_of_which_package_these_are() {
    let report = expect(&GOOD, Outcome::Valid, &[]);
    let numbers: Vec<u8> = report.checks.iter().map(|check| check.number).collect();
    assert_eq!(numbers, [3, 4, 5, 12, 13, 22, 23, 24, 25]);
    assert!(report.checks.iter().all(|check| check.outcome == CheckOutcome::Passed), "{:#?}", report.checks);
    let facts = &report.facts;
    let places: Vec<_> = facts.records.iter().map(|record| (record.page, record.element, record.of)).collect();
    assert_eq!(places, [(1, 1, Some(5)), (1, 4, Some(5)), (2, 0, Some(3))]);
    assert_eq!(held(&report), [true; 3]);
    assert_eq!((facts.undisclosed, facts.undisclosed_inside), (Some(6), Some(6)));
    let search = facts.search.as_ref().unwrap();
    assert_eq!((search.whole, search.by_index, search.pages, search.of_pages), (true, false, 2, 3));
    assert_eq!(facts.package.as_ref().unwrap().as_str(), draft().package());
    assert_eq!(facts.exhibitor.unwrap().to_string(), fingerprint_of(&exhibitor_key().verifying_key().to_bytes()));
    assert!(!facts.exhibitor_trusted, "the reader named the operator alone");
    assert_eq!(facts.exhibit.as_deref(), Some(GOOD.top.as_str()));
    assert_eq!(facts.simulated, Some(false));
}

/// FORMAT §21.3: who cut it need not be known; that nobody says so is a note.
#[test]
fn exhibit_unsigned() {
    let files = changed(|exhibit| exhibit.key = None);
    let report = expect(&files, Outcome::Valid, &["exhibit-unsigned"]);
    assert_eq!(report.facts.exhibitor, None);
}

/// FORMAT §21.3: the reader's trust is in the package's keys; one who trusts another or none is told so.
#[test]
fn an_exhibit_is_worth_what_the_packages_key_is_worth_to_the_reader() {
    let archive = zip(&GOOD);
    let nobody = Trust::default();
    expect_bytes(&archive, nobody, Outcome::Indeterminate, &["signer-not-established"]);
    let other = Trust { keys: vec![other_fingerprint()], ..Trust::default() };
    expect_bytes(&archive, other, Outcome::Invalid, &["signer-mismatch"]);
    let exhibitor = fingerprint_of(&exhibitor_key().verifying_key().to_bytes()).parse().unwrap();
    let both = Trust { keys: [pinned().keys, vec![exhibitor]].concat(), ..Trust::default() };
    assert!(expect_bytes(&archive, both, Outcome::Valid, &[]).facts.exhibitor_trusted);
}

/// FORMAT §21.3: the brackets of the package hold for its exhibits.
#[test]
fn time_stamps_come_along() {
    let mut draft = draft();
    draft.genesis_stamps.push(stamp("2026-11-22T06:04:30Z"));
    draft.page_stamps.insert(2, stamp("2026-11-22T06:07:00Z"));
    draft.seal_stamps.push(stamp("2026-11-22T06:30:30Z"));
    let exhibit = Exhibit::cut(&draft, &draft.build(), &[(2, 2)]);
    let report = expect_bytes(&zip(&exhibit.build()), with_root(), Outcome::Valid, &[]);
    let times = &report.facts.times;
    let accepted = [&times.genesis_tokens, &times.page_tokens, &times.seal_tokens].map(|tokens| tokens[0].accepted);
    assert_eq!(accepted, [true; 3]);
    let mut files = exhibit.build();
    files.remove("package/seal/seal.tsr");
    expect_bytes(&zip(&files), with_root(), Outcome::Invalid, &["exhibit-manifest-mismatch", "timestamp-missing"]);
}

/// FORMAT §6: the operator's key and that of the acquisition.
#[test]
fn a_key_of_the_acquisition_comes_along() {
    let draft = draft().with_acquisition_key(&other_key());
    let mut exhibit = Exhibit::cut(&draft, &draft.build(), &[(3, 0)]);
    expect(&exhibit.build(), Outcome::Valid, &[]);
    exhibit.files.retain(|file| file.path != "package/keys/operator.pem");
    refused(&exhibit.build(), &["key-mismatch", "genesis-signature-invalid", "signer-mismatch"]);
}

/// FORMAT §21.3: one volume of several shows what it holds.
#[test]
fn a_volume_alone_is_enough_for_its_records() {
    let mut draft = draft();
    draft.whole = Some(draft.pages.clone());
    (draft.volume, draft.last, draft.first_page) = (2, false, 2);
    draft.pages.remove(0);
    let exhibit = Exhibit::cut(&draft, &draft.build(), &[(2, 1), (3, 0)]);
    let report = expect(&exhibit.build(), Outcome::Valid, &[]);
    assert_eq!((held(&report), report.facts.undisclosed), (vec![true; 2], Some(2)));
}

/// FORMAT §§9, 21.3: of what is kept back it is said how much counts, and second passes, windows asked again and edges do not.
#[test]
fn records_that_do_not_count_are_told_from_those_that_do() {
    let mut draft = draft();
    draft.pages[2].elements =
        vec![element("c1", TO), element("c2", "2026-11-01T01:00:00Z"), ("{\"id\":\"c3\"}".to_owned(), None)];
    let exhibit = Exhibit::cut(&draft, &draft.build(), &[(1, 0), (3, 0), (3, 1), (3, 2)]);
    let facts = expect(&exhibit.build(), Outcome::Valid, &[]).facts;
    let counted: Vec<_> = facts.records.iter().map(|record| record.counted).collect();
    assert_eq!(counted, [true, false, true, true].map(Some));
    assert_eq!((facts.undisclosed, facts.undisclosed_inside), (Some(7), Some(7)));
    let exhibit = Exhibit::cut(&draft, &draft.build(), &[(1, 0)]);
    let facts = expect(&exhibit.build(), Outcome::Valid, &[]).facts;
    assert_eq!((facts.undisclosed, facts.undisclosed_inside), (Some(10), Some(9)));
}

/// FORMAT §21.2: invented data says so, in the statement or not.
#[test]
fn simulated_data_is_named_whatever_the_statement_says() {
    let mut draft = draft();
    draft.simulated = true;
    let mut exhibit = Exhibit::cut(&draft, &draft.build(), &[(1, 0)]);
    assert_eq!(expect(&exhibit.build(), Outcome::Valid, &["simulated-data"]).facts.simulated, Some(true));
    exhibit.statement.set("simulated", "false");
    let report = refused(&exhibit.build(), &["simulated-data", "exhibit-mismatch"]);
    assert_eq!(report.facts.simulated, Some(true));
    let report = refused(&stating("simulated", "false", "true"), &["exhibit-mismatch"]);
    assert_eq!(report.facts.simulated, Some(true), "the graver of the two");
}

/// FORMAT §21.3: what was cut from an INVALID package is never VALID.
#[test]
fn exhibit_despite_findings() {
    let files = stating("despite_findings", "[]", "[\"page-digest-mismatch\"]");
    let report = expect(&files, Outcome::Indeterminate, &["exhibit-despite-findings"]);
    assert_eq!(report.facts.despite_findings[0].as_str(), "page-digest-mismatch");
    let unsorted = "[\"page-opaque\",\"page-digest-mismatch\"]";
    refused(&stating("despite_findings", "[]", unsorted), &["exhibit-malformed", "exhibit-despite-findings"]);
}

// The statement.

/// FORMAT §21.2: what is stated and can be computed is computed.
#[test]
fn exhibit_mismatch() {
    refused(&stating("undisclosed", "6", "5"), &["exhibit-mismatch"]);
    refused(&stating("undisclosed", "6", "0"), &["exhibit-mismatch"]);
    refused(&stating("search", "\"of_pages\":3", "\"of_pages\":2"), &["exhibit-mismatch"]);
    refused(&stating("package", "ACME-1_20261122", "ACME-2_20261122"), &["exhibit-mismatch"]);
    let files = changed(|exhibit| {
        let seal = hex_digest(exhibit.bytes("package/seal/seal.json"));
        exhibit.statement.replace("package", &seal, &hex_digest(b"another"));
    });
    refused(&files, &["exhibit-mismatch"]);
}

/// An exhibit of one record, cut from a package whose operator signed a seal that says something else.
fn cut_with_seal(pick: (u64, usize), undisclosed: &str, edit: impl Fn(&mut Doc) + 'static) -> Files {
    let mut draft = draft();
    draft.edit_seal = Some(Box::new(edit));
    let mut exhibit = Exhibit::cut(&draft, &draft.build(), &[pick]);
    exhibit.statement.set("undisclosed", undisclosed);
    exhibit.build()
}

/// Who: the operator, who wants the rest of a package to look smaller than it is. FORMAT §§9, 21.3: totals, runs and page records are
/// signed by one key and agree.
#[test]
fn a_seal_that_denies_the_rest_of_the_package_is_refused() {
    let totals = |seal: &mut Doc| seal.replace("totals", "\"records\":9,\"inside\":9", "\"records\":1,\"inside\":1");
    let streams = |seal: &mut Doc| seal.replace("streams", "\"records\":9,\"inside\":9", "\"records\":1,\"inside\":1");
    // The totals alone: the seal contradicts itself, whatever page is shown.
    for pick in [(1, 1), (3, 0)] {
        refused(&cut_with_seal(pick, "0", totals), &["seal-totals-mismatch"]);
    }
    // Both: the page record says that its page has five.
    let both = move |seal: &mut Doc| {
        totals(seal);
        streams(seal);
    };
    let report = refused(&cut_with_seal((1, 1), "0", both), &["seal-totals-mismatch", "seal-streams-mismatch"]);
    let failed = report.checks.iter().filter(|check| check.outcome == CheckOutcome::Failed);
    assert_eq!(failed.map(|check| check.step).collect::<Vec<_>>(), [Step::ExhibitPages]);
    // Where no page shown contradicts it, only who has the package can tell.
    assert_eq!(expect(&cut_with_seal((3, 0), "0", both), Outcome::Valid, &[]).facts.undisclosed, Some(0));
    // A run that the seal does not list, and more said to count than there are.
    let not_listed = |seal: &mut Doc| seal.set("streams", "[]");
    refused(&cut_with_seal((1, 1), "8", not_listed), &["seal-totals-mismatch", "seal-streams-mismatch"]);
    let inside = |seal: &mut Doc| seal.replace("totals", "\"inside\":9", "\"inside\":8");
    refused(&cut_with_seal((1, 1), "8", inside), &["seal-totals-mismatch"]);
}

/// FORMAT §21.3: where every page is shown, the counts are exact.
#[test]
fn counts_of_an_exhibit_of_every_page_are_exact() {
    let more = |seal: &mut Doc| {
        seal.replace("totals", "\"records\":9,\"inside\":9", "\"records\":10,\"inside\":10");
        seal.replace("streams", "\"records\":9,\"inside\":9", "\"records\":10,\"inside\":10");
    };
    let mut draft = draft();
    draft.edit_seal = Some(Box::new(more));
    let mut exhibit = Exhibit::cut(&draft, &draft.build(), &[(1, 0), (2, 0), (3, 0)]);
    exhibit.statement.set("undisclosed", "7");
    refused(&exhibit.build(), &["seal-totals-mismatch"]);
}

/// FORMAT §21.2: one form.
#[test]
fn exhibit_malformed() {
    for (member, from, to) in [
        ("tool", "\"format\":\"1\"", "\"format\":\"2\""),
        ("despite_findings", "[]", "[\"Not A Code\"]"),
        ("records", "\"path\":\"records/000002.json\"", "\"path\":\"records/000009.json\""),
        ("pages", "[{\"sequence\":1,", "[{\"sequence\":3,"),
        ("number", "\"A-12\"", "\"A-12\" "),
        ("by", "\"J. Doe\"", "\"J.\\u0020Doe\""),
        ("created", ".000Z", "Z"),
        ("search", "\"pages\":2", "\"pages\":4"),
        ("search", "\"pages\":2", "\"pages\":1"),
        ("search", "\"records\":9", "\"records\":2"),
        ("records", "ACME-000002", "ACME-000001"),
        ("search", "\"wanting\":0", "\"wanting\":10"),
        ("search", "\"cel-signhold/1\"", "null"),
        ("selection", "\"userPrincipalName == 'x'\"", "null"),
    ] {
        let report = report_on(&zip(&stating(member, from, to)), pinned());
        assert_eq!(report.outcome, Outcome::Invalid);
        assert!(report.finding_counts.contains_key(&Code::from_text("exhibit-malformed").unwrap()), "{member}: {to}");
    }
    // No record at all: nothing is shown.
    let files = changed(|exhibit| {
        exhibit.records.clear();
        exhibit.pages.clear();
        exhibit.files.retain(|file| !file.path.contains("records/") && !file.path.contains("readable/0"));
        exhibit.statement.set("undisclosed", "9");
    });
    refused(&files, &["exhibit-malformed"]);
}

/// FORMAT §21.5.
#[test]
fn more_than_a_reader_takes_is_refused() {
    let files = changed(|exhibit| exhibit.records[0].proof = vec![[7; 32]; 65]);
    refused(&files, &["exhibit-malformed", "exhibit-record-path"]);
    let files = changed(|exhibit| {
        let last = exhibit.records.pop().unwrap();
        exhibit.records.extend((0..9_999).map(|element| {
            let mut shown = last.clone();
            shown.element = element;
            shown
        }));
    });
    let report = report_on(&zip(&files), pinned());
    let codes: Vec<&str> = report.finding_counts.keys().map(|code| code.as_str()).collect();
    assert!(codes.contains(&"exhibit-malformed") && codes.contains(&"exhibit-file-missing"), "{codes:?}");
}

/// FORMAT §21.1: the name follows from the statement, so that two exhibits never share one.
#[test]
fn exhibit_identifier_mismatch() {
    let files = altered(|files| "ACME-1_exhibit-0123456789abcdef".clone_into(&mut files.top));
    refused(&files, &["exhibit-identifier-mismatch"]);
    let files = altered(|files| files.top = name_of("ACME-2", files.bytes("exhibit.json")));
    refused(&files, &["exhibit-identifier-mismatch"]);
}

/// FORMAT §21.2: the statement edited by somebody who cannot sign as its author.
#[test]
fn exhibit_signature_invalid() {
    let edited = |files: &mut Files| {
        files.replace("exhibit.json", "J. Doe", "J. Roe");
        files.top = name_of("ACME-1", files.bytes("exhibit.json"));
    };
    refused(&altered(edited), &["exhibit-signature-invalid"]);
    // Signed again by another key, which the statement does not name.
    let signed = altered(|files| {
        edited(files);
        let signature = other_key().sign(files.bytes("exhibit.json")).to_bytes();
        files.set("exhibit.sig", signature);
    });
    refused(&signed, &["exhibit-signature-invalid"]);
    let with_key = altered(|files| {
        let pem = crate::package::pem_of(&other_key().verifying_key().to_bytes());
        files.set("keys/exhibitor.pem", pem);
    });
    refused(&with_key, &["exhibit-signature-invalid", "exhibit-manifest-mismatch"]);
    let no_key = changed(|exhibit| exhibit.key = Some(other_key()));
    let mut no_key = no_key;
    no_key.set("keys/exhibitor.pem", "no key");
    refused(&no_key, &["exhibit-signature-invalid", "exhibit-manifest-mismatch"]);
    let short = altered(|files| files.set("exhibit.sig", vec![0; 63]));
    refused(&short, &["exhibit-signature-invalid"]);
}

/// Another person's statement over the same records is another exhibit: the records hold, and the reader sees whose word the rest is.
#[test]
fn a_statement_made_anew_by_another_is_visibly_theirs() {
    let files = changed(|exhibit| exhibit.key = Some(other_key()));
    let report = expect(&files, Outcome::Valid, &[]);
    assert_eq!(report.facts.exhibitor, Some(other_fingerprint()));
    assert_ne!(files.top, GOOD.top);
}

/// FORMAT §21.1: both or neither.
#[test]
fn a_signature_that_was_taken_out_is_missed() {
    let stripped = altered(|files| {
        files.remove("exhibit.sig");
        files.remove("keys/exhibitor.pem");
    });
    refused(&stripped, &["exhibit-file-missing", "exhibit-manifest-mismatch"]);
    let half = altered(|files| drop(files.remove("exhibit.sig")));
    refused(&half, &["exhibit-file-missing"]);
    // Put in where the statement says that nobody signed.
    let mut added = changed(|exhibit| exhibit.key = None);
    added.insert_before("manifest-sha256.txt", "exhibit.sig", [0; 64]);
    refused(&added, &["exhibit-unsigned", "exhibit-file-unexpected"]);
}

/// FORMAT §21.1: a rendering is derived, and yet not to be exchanged: people read it.
#[test]
fn exhibit_manifest_mismatch() {
    let files = altered(|files| files.set("readable/000001.html", "<p>somebody else\n"));
    refused(&files, &["exhibit-manifest-mismatch"]);
    let files = altered(|files| files.set("README.txt", "Trust this.\n"));
    refused(&files, &["exhibit-manifest-mismatch"]);
    // The manifest made to fit: then the statement does not.
    let made_anew = |files: &mut Files, line: fn(String) -> String| {
        let manifest = String::from_utf8(files.bytes("manifest-sha256.txt").to_vec()).unwrap();
        files.set("manifest-sha256.txt", line(manifest));
    };
    for line in [
        |manifest: String| manifest.replace("  README.txt", "  README2.txt"),
        |manifest: String| manifest.split_once('\n').unwrap().1.to_owned(),
        |manifest: String| manifest.replace('\n', "\r\n"),
        |manifest: String| format!("{manifest}{}  zzz\n", hex_digest(b"")),
    ] {
        refused(&altered(|files| made_anew(files, line)), &["exhibit-manifest-mismatch"]);
    }
}

// Files.

/// FORMAT §21.1: nothing else; least of all what the exhibit was made to keep back.
#[test]
fn exhibit_file_unexpected() {
    let unlisted = ["exhibit-file-unexpected", "exhibit-manifest-mismatch"];
    let package = draft().build();
    for path in ["data/pages/000001.json", "data/log/run.jsonl"] {
        let of = format!("package/{path}");
        let files = altered(|files| files.insert_before("package/seal/seal.json", &of, package.bytes(path)));
        refused(&files, &unlisted);
        // Named by the manifest it is no better.
        let bytes = package.bytes(path).to_vec();
        let files = changed(|exhibit| {
            let at = exhibit.files.iter().position(|file| file.path == "package/seal/seal.json").unwrap();
            exhibit.files.insert(at, File { path: of, bytes });
        });
        refused(&files, &["exhibit-file-unexpected"]);
    }
    // The record of a page of which nothing is shown.
    let files = changed(|exhibit| {
        let at = exhibit.files.iter().position(|file| file.path == "package/seal/seal.json").unwrap();
        for end in ["sig", "json"] {
            let path = format!("data/records/000003.{end}");
            let bytes = package.bytes(&path).to_vec();
            exhibit.files.insert(at, File { path: format!("package/{path}"), bytes });
        }
    });
    refused(&files, &["exhibit-file-unexpected"]);
    let files = changed(|exhibit| {
        let at = exhibit.files.iter().position(|file| file.path == "package/keys/signer.pem").unwrap();
        exhibit.files.insert(at, File { path: "records/000004.json".to_owned(), bytes: b"{}".to_vec() });
    });
    refused(&files, &["exhibit-file-unexpected"]);
}

/// FORMAT §21.1: all of them.
#[test]
fn exhibit_file_missing() {
    for path in ["records/000002.json", "readable/000002.html", "readable/index.html", "README.txt"] {
        let files = altered(|files| drop(files.remove(path)));
        refused(&files, &["exhibit-file-missing", "exhibit-manifest-mismatch"]);
        let files = changed(|exhibit| exhibit.files.retain(|file| file.path != path));
        refused(&files, &["exhibit-file-missing"]);
    }
    refused(&altered(|files| drop(files.remove("manifest-sha256.txt"))), &["exhibit-file-missing"]);
    let report = refused(&altered(|files| drop(files.remove("exhibit.json"))), &["exhibit-file-missing"]);
    let unread = report.checks.iter().filter(|check| check.outcome == CheckOutcome::NotChecked).count();
    assert_eq!(unread, 3, "{:#?}", report.checks);
}

/// FORMAT §21.1: one order, so that there is one archive for one content.
#[test]
fn files_in_another_order_are_refused() {
    for (one, two) in [
        ("exhibit.json", "exhibit.sig"),
        ("records/000001.json", "readable/000001.html"),
        ("records/000001.json", "records/000003.json"),
        ("package/data/records/000001.json", "package/data/records/000002.json"),
        ("README.txt", "package/seal/seal.sig"),
    ] {
        let files = altered(|files| {
            let (one, two) = (files.position(one), files.position(two));
            files.files.swap(one, two);
        });
        let report = report_on(&zip(&files), pinned());
        assert!(report.finding_counts.contains_key(&Code::from_text("entry-order").unwrap()), "{one}, {two}");
        assert_eq!(report.outcome, Outcome::Invalid);
    }
}

/// FORMAT §21.1: stored, so that no stream can be exchanged for another of the same content; and an exhibit is no package.
#[test]
fn another_container_is_refused() {
    expect_bytes(&GOOD.zip(), pinned(), Outcome::Invalid, &["zip-field"]);
    let report = verify(Cursor::new(zip(&GOOD)), &Options { trust: pinned(), ..Options::default() }).unwrap();
    assert_eq!(report.outcome, Outcome::Invalid);
    let report = report_on(&draft().build().zip(), pinned());
    assert_eq!(report.outcome, Outcome::Invalid);
    assert_eq!(report.facts.records, []);
    for behind in [b"".as_slice(), b"PK", b"\0"] {
        let archive = [&zip(&GOOD), behind].concat();
        assert_eq!(report_on(&archive, pinned()).outcome == Outcome::Valid, behind.is_empty());
    }
    for archive in [b"".as_slice(), b"PK\x05\x06", b"{}"] {
        let report = report_on(archive, pinned());
        assert_eq!(report.outcome, Outcome::Invalid);
        assert!(report.checks.iter().all(|check| check.outcome != CheckOutcome::Passed), "{:#?}", report.checks);
    }
}

// Together with others.

/// FORMAT §12.3: an exhibit speaks for its package, and one package has one seal.
#[test]
fn package_twice_by_an_exhibit() {
    let mut other = draft();
    other.pages[2].elements.clear();
    let package = |draft: &Draft| ("p.zip".to_owned(), crate::report_on(&draft.build().zip(), pinned()));
    let exhibit = || [("e.zip".to_owned(), report_on(&zip(&GOOD), pinned()))];
    let (mut own, mut exhibits) = ([package(&draft())], exhibit());
    compare_packages(&mut own, &mut exhibits);
    assert_eq!((own[0].1.outcome, exhibits[0].1.outcome), (Outcome::Valid, Outcome::Valid));
    let mut another = [package(&other)];
    compare_packages(&mut another, &mut exhibits);
    assert_eq!((another[0].1.outcome, exhibits[0].1.outcome), (Outcome::Invalid, Outcome::Invalid));
    for finding in [&another[0].1.findings[0], &exhibits[0].1.findings[0]] {
        assert_eq!(finding.code.as_str(), "package-twice");
    }
    assert!(exhibits[0].1.findings[0].computed.contains("in p.zip, seal "));
    // Two exhibits of packages that were never shown.
    let second = Exhibit::cut(&other, &other.build(), &[(1, 0)]);
    let mut two = [exhibit(), [("f.zip".to_owned(), report_on(&zip(&second.build()), pinned()))]].concat();
    compare_packages(&mut [], &mut two);
    assert!(two.iter().all(|(_, report)| report.outcome == Outcome::Invalid));
}

/// FORMAT §21.3: beside its package an exhibit's word about it is no longer all there is.
#[test]
fn the_word_of_an_exhibit_is_held_against_its_package() {
    let judge = |archive: &[u8], files: &Files| {
        let mut packages = [("p.zip".to_owned(), crate::report_on(archive, pinned()))];
        let mut exhibits = [("e.zip".to_owned(), report_on(&zip(files), pinned()))];
        compare_packages(&mut packages, &mut exhibits);
        let report = &exhibits[0].1;
        (report.outcome, report.findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>())
    };
    let archive = draft().build().zip();
    let (sha256, byte_len) = (hex_digest(&archive), archive.len().to_string());
    let stating = |from: &str, to: &str| changed(|exhibit| exhibit.statement.replace("package", from, to));
    assert_eq!(judge(&archive, &GOOD), (Outcome::Valid, vec!["timestamp-absent"]));
    for (from, to) in [(sha256.as_str(), hex_digest(b"another").as_str()), (byte_len.as_str(), "9")] {
        let (outcome, codes) = judge(&archive, &stating(from, to));
        assert_eq!((outcome, codes), (Outcome::Invalid, vec!["exhibit-mismatch", "timestamp-absent"]), "{to}");
    }
    let nameless = stating(&format!("\"{sha256}\""), "null");
    assert_eq!(judge(&archive, &nameless).0, Outcome::Valid);
    // The package is broken, and the exhibit was cut from these very bytes without a word.
    let mut files = draft().build();
    files.replace("data/pages/000003.json", "T01:00", "T02:00");
    let broken = files.zip();
    let mut exhibit = Exhibit::cut(&draft(), &files, &[(1, 1)]);
    let silent = exhibit.build();
    let codes = vec!["exhibit-despite-findings", "timestamp-absent"];
    assert_eq!(judge(&broken, &silent), (Outcome::Indeterminate, codes.clone()));
    exhibit.statement.set("despite_findings", "[\"page-digest-mismatch\"]");
    assert_eq!(judge(&broken, &exhibit.build()), (Outcome::Indeterminate, codes));
    // A copy that was damaged afterwards says nothing against an exhibit of the whole one.
    assert_eq!(judge(&broken, &GOOD).0, Outcome::Valid);
}

/// FORMAT §21.3: two papers under one number.
#[test]
fn exhibit_number_twice() {
    let other = changed(|exhibit| exhibit.statement.set("by", "\"R. Roe\""));
    let numbered = changed(|exhibit| exhibit.statement.set("number", "\"A-13\""));
    let report = |files: &Files| ("e.zip".to_owned(), report_on(&zip(files), pinned()));
    let mut exhibits = [&GOOD, &other, &numbered, &GOOD].map(report);
    compare_packages(&mut [], &mut exhibits);
    let code = Code::from_text("exhibit-number-twice").unwrap();
    let noted = exhibits.each_ref().map(|(_, report)| report.finding_counts.get(&code).copied().unwrap_or(0));
    assert_eq!(noted, [1, 2, 0, 1]);
    assert!(exhibits.iter().all(|(_, report)| report.outcome == Outcome::Valid));
}

/// FORMAT §§20.6, 20.7: a ledger knows the package by name, seal and digest, and a key that was revoked is as revoked in an exhibit.
#[test]
fn a_ledger_is_asked_about_the_package_of_an_exhibit() {
    let judge = |files: &Files, revoked: bool| {
        let package = draft().build();
        let seal = hex_digest(package.bytes("seal/seal.json"));
        let mut ledger = Ledger::opened(&operator_key());
        ledger.seal(&operator_key(), &package_name(&package.top, &seal, &package.zip()));
        if revoked {
            let key = fingerprint_of(&operator_key().verifying_key().to_bytes());
            let details = format!("{{\"key\":\"{key}\",\"since\":\"2026-11-20T00:00:00.000Z\",\"reason\":\"lost\"}}");
            ledger.add(&operator_key(), "key-revoked", &details, &[]);
        }
        let presented = Presented::of_exhibit(&report_on(&zip(files), pinned())).unwrap();
        let report = verify_ledger(ledger.bytes().as_slice(), &[presented], &pinned()).unwrap();
        report.finding_counts.keys().map(|code| code.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(judge(&GOOD, false), [""; 0]);
    assert_eq!(judge(&GOOD, true), ["key-revoked"]);
    let archive_sha256 = hex_digest(&draft().build().zip());
    let other = changed(|exhibit| {
        exhibit.statement.replace("package", &archive_sha256, &hex_digest(b"another"));
    });
    assert_eq!(judge(&other, false), ["ledger-package-mismatch"]);
    let nameless = changed(|exhibit| {
        exhibit.statement.replace("package", &format!("\"{archive_sha256}\""), "null");
    });
    assert_eq!(Presented::of_exhibit(&report_on(&zip(&nameless), pinned())), None);
}

// Every byte.

/// The least exhibit there is.
fn smallest() -> Vec<u8> {
    let mut draft = Draft::good();
    draft.pages[0].elements.truncate(1);
    zip(&Exhibit::cut(&draft, &draft.build(), &[(2, 0)]).build())
}

/// Verifies `count` damaged exhibits on two threads; each must be INVALID.
fn refuse_all(count: usize, make: impl Fn(usize) -> (Vec<u8>, String) + Sync) {
    std::thread::scope(|scope| {
        for first in 0..2 {
            let make = &make;
            scope.spawn(move || {
                for number in (first..count).step_by(2) {
                    let (archive, what) = make(number);
                    assert_eq!(report_on(&archive, pinned()).outcome, Outcome::Invalid, "{what}");
                }
            });
        }
    });
}

/// Who: anybody, with nothing. FORMAT §21.1: every byte has one legal value or is covered by a digest.
#[test]
fn every_changed_byte_is_refused() {
    let archive = smallest();
    refuse_all(archive.len(), |offset| {
        let mut altered = archive.clone();
        altered[offset] ^= 1 << (offset % 8);
        (altered, format!("byte {offset} of {}", archive.len()))
    });
}

/// Every bit. `.ci/run` does them all.
#[test]
#[ignore = "takes minutes; `.ci/run` does it"]
fn every_flipped_bit_is_refused() {
    let archive = smallest();
    refuse_all(archive.len() * 8, |bit| {
        let mut altered = archive.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        (altered, format!("byte {}, bit {} of {}", bit / 8, bit % 8, archive.len()))
    });
}

/// Who: anybody, with nothing.
#[test]
fn every_truncation_is_refused() {
    let archive = smallest();
    refuse_all(archive.len(), |len| (archive[..len].to_vec(), format!("cut at {len} of {}", archive.len())));
}

/// The builder's paths are those that lead somewhere: the cases above are refused for what was changed, and nothing else.
#[test]
fn every_record_of_a_package_can_be_shown() {
    let draft = draft();
    let package = draft.build();
    let all: Vec<(u64, usize)> =
        (1..).zip(&draft.pages).flat_map(|(page, of)| (0..of.elements.len()).map(move |index| (page, index))).collect();
    let report = expect(&Exhibit::cut(&draft, &package, &all).build(), Outcome::Valid, &[]);
    assert_eq!((held(&report), report.facts.undisclosed), (vec![true; 9], Some(0)));
    for pick in all {
        assert_eq!(held(&expect(&Exhibit::cut(&draft, &package, &[pick]).build(), Outcome::Valid, &[])), [true]);
    }
    assert_eq!(inclusion_path(0, &[b"only"]), Vec::<[u8; 32]>::new());
    assert_eq!(draft.point, operator_key().verifying_key().to_bytes());
}
