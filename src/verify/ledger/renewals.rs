//! The renewals of packages, out of a ledger (FORMAT §§11.1, 20.4).
//!
//! Read before the packages are, and apart from the ledger's own verdict: a renewal proves itself by its tokens, whoever put it on
//! record, and whatever else is wrong with the ledger is said elsewhere. Of each package no more are kept than a ledger may hold.

use std::io::BufRead;

use crate::crypto::digest::FileDigest;
use crate::custody::lines::{Line, Lines};
use crate::format::event::{Act, PackageName};
use crate::format::ledger::SignedEvent;
use crate::verify::budget::{LEDGER_LINE_BYTES, RENEWALS};
use crate::verify::package::{Renewal, VerifyError};

/// A package's file, as a ledger names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveName {
    /// Digest of the whole ZIP.
    pub sha256: FileDigest,
    /// Its length in bytes.
    pub byte_len: u64,
}

impl ArchiveName {
    fn is_of(&self, name: &PackageName) -> bool {
        (name.archive_sha256, name.byte_len) == (self.sha256, self.byte_len)
    }
}

/// Returns the renewals of each of `archives`, oldest first, in the order of `archives`.
///
/// `name` is the ledger's, as findings name places in it: `ledger.jsonl:LINE`. Lines that are no signed events are passed over.
///
/// # Errors
///
/// [`VerifyError::Io`] where the ledger cannot be read.
pub fn read_renewals<R: BufRead>(
    ledger: R,
    name: &str,
    archives: &[ArchiveName],
) -> Result<Vec<Vec<Renewal>>, VerifyError> {
    let mut found = vec![Vec::new(); archives.len()];
    let mut lines = Lines::new(ledger, LEDGER_LINE_BYTES);
    for number in 1_u64.. {
        let Some(Line::Whole(bytes)) = lines.next_line()? else { break };
        let Ok(signed) = SignedEvent::decode(bytes) else { continue };
        let Act::Renewed(renewal) = &signed.event.act else { continue };
        let Some(tokens) = renewal.responses().filter(|_| signed.is_signed(bytes)) else { continue };
        for (archive, renewals) in archives.iter().zip(&mut found) {
            if renewals.len() < RENEWALS && signed.event.packages.iter().any(|package| archive.is_of(package)) {
                renewals.push(Renewal { place: format!("{name}:{number}"), tokens: tokens.clone() });
            }
        }
    }
    Ok(found)
}
