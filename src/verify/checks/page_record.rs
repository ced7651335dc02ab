//! Step 6, FORMAT §6.2: the signed page records and the one chain they form.
//!
//! What concerns one record alone runs in the workers; the chain is followed in order by [`Chain`].

use crate::crypto::digest::{LeafHash, RecordDigest, RootHash};
use crate::crypto::merkle::Tree;
use crate::crypto::signature::PublicKey;
use crate::format::decode;
use crate::format::page::PageRecord;
use crate::format::path::PackagePath;
use crate::verify::checks::page::body_path;
use crate::verify::checks::seal::{lengths, verifies};
use crate::verify::checks::signed::{self, Problem, demand};
use crate::verify::finding::{Code, Finding, Findings};

/// Reads a page record and checks its signature, its values, and that it names the file beside it.
pub(in crate::verify) fn read(
    number: u64,
    bytes: &[u8],
    signature: Option<&[u8]>,
    key: Option<&PublicKey>,
    findings: &mut Vec<Finding>,
) -> Option<PageRecord> {
    let place = PackagePath::page_record(number);
    if let (Some(key), Some(signature)) = (key, signature)
        && !verifies(key, bytes, signature)
    {
        findings.push(Finding::new(
            Code::PageRecordSignatureInvalid,
            PackagePath::page_signature(number).as_str(),
            lengths(signature),
            key.fingerprint().to_string(),
        ));
    }
    let record: PageRecord = match decode(bytes) {
        Ok(record) => record,
        Err(error) => {
            let finding = Finding::new(
                Code::PageRecordMalformed,
                place.as_str(),
                error.to_string(),
                "canonical JSON of its role",
            );
            findings.push(finding);
            return None;
        }
    };
    if let Err(problem) = check_values(&record) {
        let place = format!("{place}#{}", problem.member);
        findings.push(Finding::new(Code::PageRecordMalformed, place, problem.claimed, problem.expected));
    }
    let path = body_path(number, &record);
    if record.body.path != path {
        let place = format!("{place}#body.path");
        findings.push(Finding::new(Code::PageRecordMalformed, place, record.body.path.as_str(), path.as_str()));
    }
    Some(record)
}

fn check_values(record: &PageRecord) -> Result<(), Problem> {
    signed::stream(&record.stream)?;
    signed::request(&record.request)?;
    signed::response(&record.response, true)?;
    signed::transport(&record.request, &record.response)?;
    signed::body(&record.body, Some(&record.response))?;
    demand(record.sequence >= 1, "sequence", record.sequence, "from 1")
}

/// The chain of page records, followed in the order of the archive.
#[derive(Debug, Default)]
pub(in crate::verify) struct Chain {
    /// The number that the next page has to have; none before the first.
    next: Option<u64>,
    /// Digest of the last record; none where that is not known.
    last: Option<RecordDigest>,
    first: Option<u64>,
    /// What the first record names as the one before it.
    first_previous: Option<RecordDigest>,
    tree: Tree,
    count: u64,
}

impl Chain {
    /// Follows the chain by one page. `bytes` are digest and leaf of the record's bytes; `genesis` is what record 1 has to name.
    pub(in crate::verify) fn follow(
        &mut self,
        number: u64,
        record: Option<&PageRecord>,
        bytes: Option<(RecordDigest, LeafHash)>,
        genesis: Option<RecordDigest>,
        findings: &mut Findings,
    ) {
        let place = PackagePath::page_record(number);
        if let Some(next) = self.next
            && next != number
        {
            findings.say(Code::PageSequenceBroken, place.as_str(), number.to_string(), next.to_string());
        }
        let previous = if number == 1 { genesis } else { self.last };
        if let Some(record) = record {
            if record.sequence != number {
                let place = format!("{place}#sequence");
                findings.say(Code::PageSequenceBroken, place, record.sequence.to_string(), number.to_string());
            }
            if let Some(computed) = previous
                && record.previous != computed
            {
                let place = format!("{place}#previous");
                findings.say(Code::PageChainBroken, place, record.previous.to_string(), computed.to_string());
            }
        }
        if self.first.is_none() {
            self.first = Some(number);
            self.first_previous = record.map(|record| record.previous);
        }
        self.next = number.checked_add(1);
        self.last = bytes.map(|(digest, _)| digest);
        self.count = self.count.saturating_add(1);
        if let Some((_, leaf)) = bytes {
            self.tree.push(leaf);
        }
    }

    /// Compares the first page with the one the seal names.
    pub(in crate::verify) fn check_first(&self, claimed: u64, findings: &mut Findings) {
        if let Some(first) = self.first
            && first != claimed
        {
            let place = PackagePath::page_record(first);
            findings.say(Code::PageSequenceBroken, place.as_str(), first.to_string(), claimed.to_string());
        }
    }

    /// Returns the number of the first page, none where there is no page.
    pub(in crate::verify) fn first(&self) -> Option<u64> {
        self.first
    }

    /// Returns what the first record names as the one before it, if it could be read.
    pub(in crate::verify) fn first_previous(&self) -> Option<RecordDigest> {
        self.first_previous
    }

    /// Returns number and digest of the last record, if that is known.
    pub(in crate::verify) fn head(&self) -> Option<(u64, RecordDigest)> {
        Some((self.next?.checked_sub(1)?, self.last?))
    }

    /// Returns the number of the last page, 0 for none.
    pub(in crate::verify) fn head_number(&self) -> u64 {
        self.next.map_or(0, |next| next.saturating_sub(1))
    }

    /// Returns how many pages were followed.
    pub(in crate::verify) fn count(&self) -> u64 {
        self.count
    }

    /// Returns the root over the records.
    pub(in crate::verify) fn root(&self) -> RootHash {
        self.tree.root()
    }
}
