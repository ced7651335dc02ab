//! Makes the files under `tests/vectors/ledger/`: a good ledger, checkpoints of it, and what a reader says to others.

use ed25519_dalek::SigningKey;

use crate::ledger::{Ledger, package_name, signed};
use crate::package::{operator_key, other_key};
use crate::vector_files::{VectorFile, case};

/// Every generated file of the family.
pub(crate) fn all() -> Vec<VectorFile> {
    let package = named(b"the bytes of a package");
    let good = good(&package);
    let mut files = vec![
        ("ledger/good.checkpoint".to_owned(), good.checkpoint(4, &operator_key()).into_bytes()),
        ("ledger/other.checkpoint".to_owned(), Ledger::opened(&other_key()).checkpoint(1, &other_key()).into_bytes()),
    ];
    let mut add = |name: &str, expect: &str, comment: &str, outcome: &str, checkpoint: &str, bytes: &[u8]| {
        let header = [("expect", expect), ("comment", comment), ("outcome", outcome), ("checkpoint", checkpoint)];
        files.push(case("ledger", name, &header, bytes));
    };
    let bytes = good.bytes();
    add("good", "none", "opened, sealed, handed over, received, countersigned, put away", "VALID", "none", &bytes);
    add("good_with_a_checkpoint", "none", "a checkpoint of its first four lines", "VALID", "good.checkpoint", &bytes);
    let mut cut = good.clone();
    cut.lines.truncate(3);
    let open = "what was handed over was not received so far";
    add("transfer_open", "ledger-transfer-open", open, "VALID", "none", &cut.bytes());
    let codes = "ledger-cut ledger-transfer-open";
    add("cut", codes, "fewer lines than the checkpoint speaks of", "INVALID", "good.checkpoint", &cut.bytes());
    let mut forked = cut;
    for text in ["kept in the safe", "still there"] {
        forked.add(&operator_key(), "stored", &format!("{{\"text\":\"{text}\"}}"), std::slice::from_ref(&package));
    }
    let codes = "ledger-forked ledger-transfer-open";
    add("forked", codes, "other lines than the checkpoint speaks of", "INVALID", "good.checkpoint", &forked.bytes());
    let other = "the checkpoint is one of another ledger";
    add("checkpoint_of_another", "ledger-head-unknown", other, "INVALID", "other.checkpoint", &bytes);

    let broken = |change: &dyn Fn(&mut Ledger)| {
        let mut ledger = good.clone();
        change(&mut ledger);
        ledger.bytes()
    };
    let edited = broken(&|ledger| {
        let line = String::from_utf8(ledger.lines[5].clone()).expect("lines are text");
        ledger.lines[5] = line.replace("in the safe", "in the cellar").into_bytes();
    });
    add("edited", "ledger-signature-invalid", "the text of the last event was changed", "INVALID", "none", &edited);
    let codes = "ledger-chain-broken ledger-sequence";
    let swapped = broken(&|ledger| ledger.lines.swap(4, 5));
    add("swapped", codes, "the last two lines have changed places", "INVALID", "none", &swapped);
    let torn = &bytes[..bytes.len() - 1];
    add("torn", "ledger-malformed", "the last line has no line feed", "INVALID", "none", torn);
    let spaced = broken(&|ledger| {
        let (mut event, key) = (ledger.next(&operator_key(), "noted", r#"{"text":"x"}"#, &[]).bytes(), operator_key());
        event.push(b' ');
        ledger.lines.push(signed(&key, &event));
    });
    add("white_space", "ledger-malformed", "a rightly signed event with a space behind it", "INVALID", "none", &spaced);
    let added = |kind: &str, details: &str, key: &SigningKey, package: &str| {
        broken(&|ledger| ledger.add(key, kind, details, &[package.to_owned()]))
    };
    let remark = r#"{"text":"looked at"}"#;
    let renamed = added("verified", remark, &operator_key(), &named(b"other bytes"));
    let why = "the same package with another digest";
    add("package_of_two_digests", "ledger-package-mismatch", why, "INVALID", "none", &renamed);
    let stranger = added("verified", remark, &other_key(), &package);
    let why = "an event by a key that the reader does not know";
    add("stranger", "ledger-key-untrusted", why, "INDETERMINATE", "none", &stranger);
    let sealed = broken(&|ledger| ledger.seal(&operator_key(), &package));
    add("sealed_twice", "ledger-rule-broken", "a package came into being twice", "INVALID", "none", &sealed);
    let giver = broken(&|ledger| {
        ledger.transfer(&operator_key(), &package);
        let receipt = ledger.receipt(7);
        ledger.add(&operator_key(), "received", &receipt, std::slice::from_ref(&package));
    });
    let codes = "ledger-transfer-mismatch ledger-transfer-open";
    add("received_by_the_giver", codes, "one key gave and received", "INVALID", "none", &giver);
    let early = broken(&|ledger| {
        ledger.add_with(&operator_key(), "noted", remark, &[], |members| {
            "\"2026-11-22T07:00:59.000Z\"".clone_into(&mut members.time);
        });
    });
    let why = "an event more than 300 seconds before the one that it follows";
    add("time_goes_back", "ledger-time-order", why, "INVALID", "none", &early);
    files
}

fn good(package: &str) -> Ledger {
    let mut ledger = Ledger::opened(&operator_key());
    ledger.seal(&operator_key(), package);
    ledger.transfer(&operator_key(), package);
    let receipt = ledger.receipt(3);
    let packages = [package.to_owned()];
    ledger.add(&receiver_key(), "received", &receipt, &packages);
    let statement = r#"{"statement":"I have compared the digests"}"#;
    ledger.add(&receiver_key(), "countersigned", statement, &packages);
    ledger.add(&operator_key(), "stored", r#"{"text":"in the safe"}"#, &packages);
    ledger
}

fn named(archive: &[u8]) -> String {
    package_name("ACME-1_20261122T060400Z-1a2b3c4d", &"5e".repeat(32), archive)
}

/// A second person's.
fn receiver_key() -> SigningKey {
    SigningKey::from_bytes(&[0x55; 32])
}
