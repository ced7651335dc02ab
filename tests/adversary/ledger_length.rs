//! Who: somebody who answers for custody with more lines than anybody can read, each of them right.
//!
//! FORMAT §20.8: the number of lines has no limit, what a reader remembers of them has. The ledger is made line by line while it is
//! read, so that the memory measured is the reader's alone.

use std::io::{BufReader, Read};

use ed25519_dalek::SigningKey;
use signhold::verify::{Outcome, Trust, verify_ledger};

use crate::ledger::{Ledger, fingerprint, package_name};
use crate::package::operator_key;

/// A ledger of a million lines that comes to every limit of FORMAT §20.8: 100 000 packages, 10 000 keys, 10 000 open transfers.
struct Long {
    /// The first line and the last.
    ends: Ledger,
    sequence: u64,
    pending: Vec<u8>,
    at: usize,
}

impl Long {
    fn new() -> Self {
        let ends = Ledger::opened(&operator_key());
        let pending = ends.bytes();
        Self { ends, sequence: 1, pending, at: 0 }
    }

    fn advance(&mut self) {
        self.sequence += 1;
        let number = self.sequence - 2;
        let id = format!("ACME-1_20261122T060400Z-{:08x}", number % PACKAGES);
        let package = package_name(&id, &"5e".repeat(32), &number.rem_euclid(PACKAGES).to_be_bytes());
        // A key of its own for some: the operator is the first of ten thousand.
        let key = match number {
            0..PACKAGES => operator_key(),
            _ if number < PACKAGES + KEYS - 1 => {
                let mut seed = [0x77; 32];
                seed[..8].copy_from_slice(&number.to_be_bytes());
                SigningKey::from_bytes(&seed)
            }
            _ => operator_key(),
        };
        let (kind, details, packages) = match number {
            0..PACKAGES => {
                let details = format!(
                    "{{\"acquisition\":\"20261122T060400Z-1a2b3c4d\",\"created\":\"2026-11-22T06:30:00.000Z\",\"signer\":\"{}\"}}",
                    fingerprint(&key)
                );
                ("sealed", details, vec![package])
            }
            _ if number < PACKAGES + TRANSFERS => {
                let to = r#"{"to":{"name":"J. Doe","organisation":null,"key":null},"text":null}"#;
                ("transferred", to.to_owned(), vec![package])
            }
            _ => ("noted", r#"{"text":"looked at, and put back"}"#.to_owned(), Vec::new()),
        };
        let sequence = self.sequence;
        self.ends.lines.truncate(2);
        self.ends.add_with(&key, kind, &details, &packages, |members| {
            members.sequence = sequence.to_string();
            "\"2026-11-22T07:00:00.000Z\"".clone_into(&mut members.time);
        });
        let line = self.ends.lines.pop().expect("it was just added");
        self.pending = [line.as_slice(), b"\n"].concat();
        self.at = 0;
        self.ends.lines.truncate(1);
        self.ends.lines.push(line);
    }
}

impl Read for Long {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.pending.len() {
            if self.sequence == lines() {
                return Ok(0);
            }
            self.advance();
        }
        let taken = into.len().min(self.pending.len() - self.at);
        into[..taken].copy_from_slice(&self.pending[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

/// FORMAT §20.8: every number of things that a reader keeps is at its limit, so more lines need no more memory; `LEDGER_LINES` sets how many.
/// Peak memory is the process's, so this is run alone: `cargo test --test adversary -- --ignored a_long_ledger`.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "must run alone, and takes minutes; `.ci/run` does it"]
fn a_long_ledger_needs_little_memory() {
    let trust = Trust { keys: vec![fingerprint(&operator_key()).parse().unwrap()], ..Trust::default() };
    let began = std::time::Instant::now();
    let report = verify_ledger(BufReader::new(Long::new()), &[], &trust).unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    println!("{} lines, {} bytes, {peak_kib} KiB, {:?}", lines(), report.facts.byte_len, began.elapsed());
    assert_eq!(report.facts.line_count, lines());
    // The other 9999 keys are strangers, and 10 000 transfers are open; nothing else is to be said.
    let codes: Vec<&str> = report.finding_counts.keys().map(|code| code.as_str()).collect();
    assert_eq!(report.outcome, Outcome::Indeterminate, "{codes:?}");
    assert_eq!(codes, ["ledger-transfer-open", "ledger-key-untrusted"]);
    assert!(peak_kib <= 96 << 10, "{peak_kib} KiB");
}

/// A million unless it is said otherwise; enough to reach every limit at least.
fn lines() -> u64 {
    let said = std::env::var("LEDGER_LINES").ok().and_then(|lines| lines.parse().ok());
    said.unwrap_or(1_000_000_u64).max(2 + PACKAGES + TRANSFERS.max(KEYS))
}

const PACKAGES: u64 = 100_000;
const TRANSFERS: u64 = 10_000;
const KEYS: u64 = 10_000;
