//! Step 1, FORMAT §§4, 5: which paths there are, and in which order.
//!
//! Headers, gaps, names and compressed data are the strict reader's (`codec::zip`); what a path means is decided here, once,
//! and the rest of the room works with [`Role`]s.

use crate::verify::budget;
use crate::verify::finding::{Code, Findings};

/// What a file is, by its path alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::verify) enum Role {
    Bagit,
    BagInfo,
    Manifest,
    TagManifest,
    Readme,
    SignerKey,
    OperatorKey,
    SignerCertificate,
    TimestampLists,
    Genesis,
    GenesisSignature,
    /// With its number, from 1.
    GenesisTimestamp(u64),
    Page(u64, Part),
    Failure(u64, Part),
    RunLog,
    Seal,
    SealSignature,
    /// With its number, from 1.
    SealTimestamp(u64),
}

/// Which file of a page or failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::verify) enum Part {
    Record,
    Signature,
    Timestamp,
    Body,
}

impl Role {
    /// Reads a path below the top directory; `None` for one the format does not know.
    pub(in crate::verify) fn of(path: &str) -> Option<Role> {
        Some(match path {
            "bagit.txt" => Role::Bagit,
            "bag-info.txt" => Role::BagInfo,
            "manifest-sha256.txt" => Role::Manifest,
            "tagmanifest-sha256.txt" => Role::TagManifest,
            "README.txt" => Role::Readme,
            "keys/signer.pem" => Role::SignerKey,
            "keys/operator.pem" => Role::OperatorKey,
            "keys/signer-cert.pem" => Role::SignerCertificate,
            "keys/tsa-crls.pem" => Role::TimestampLists,
            "data/genesis.json" => Role::Genesis,
            "data/genesis.sig" => Role::GenesisSignature,
            "data/log/run.jsonl" => Role::RunLog,
            "seal/seal.json" => Role::Seal,
            "seal/seal.sig" => Role::SealSignature,
            _ => {
                if let Some(rest) = path.strip_prefix("data/records/") {
                    let parts = [(".json", Part::Record), (".sig", Part::Signature), (".tsr", Part::Timestamp)];
                    numbered(rest, &parts).map(|(n, p)| Role::Page(n, p))?
                } else if let Some(rest) = path.strip_prefix("data/pages/") {
                    numbered(rest, &[(".json", Part::Body), (".bin", Part::Body)]).map(|(n, p)| Role::Page(n, p))?
                } else if let Some(rest) = path.strip_prefix("data/failures/") {
                    let parts = [(".json", Part::Record), (".sig", Part::Signature), (".body", Part::Body)];
                    numbered(rest, &parts).map(|(n, p)| Role::Failure(n, p))?
                } else if let Some(rest) = path.strip_prefix("data/genesis") {
                    Role::GenesisTimestamp(timestamp_number(rest)?)
                } else {
                    Role::SealTimestamp(timestamp_number(path.strip_prefix("seal/seal")?)?)
                }
            }
        })
    }

    /// Says whether the file is one of the seal's, which no manifest can name.
    pub(in crate::verify) fn is_seal(self) -> bool {
        matches!(self, Role::Seal | Role::SealSignature | Role::SealTimestamp(_))
    }

    /// Returns how much of such a file is kept: one byte more than can be right shows that it is not.
    pub(in crate::verify) fn kept_len(self) -> usize {
        let len = match self {
            Role::Bagit | Role::BagInfo | Role::OperatorKey | Role::SignerKey => budget::TAG_FILE_BYTES,
            Role::GenesisSignature | Role::SealSignature => budget::SIGNATURE_BYTES,
            _ => return usize::MAX,
        };
        usize::try_from(len).unwrap_or(usize::MAX)
    }

    /// Returns the most bytes such a file may have, FORMAT §15.
    pub(in crate::verify) fn byte_limit(self) -> u64 {
        match self {
            Role::Manifest | Role::TagManifest => budget::MANIFEST_BYTES,
            Role::Genesis | Role::Page(_, Part::Record) | Role::Failure(_, Part::Record) => budget::RECORD_BYTES,
            Role::GenesisTimestamp(_) | Role::SealTimestamp(_) | Role::Page(_, Part::Timestamp) => {
                budget::TIMESTAMP_BYTES
            }
            Role::SignerCertificate => budget::CERTIFICATES_BYTES,
            Role::TimestampLists => budget::TIMESTAMP_LISTS_BYTES,
            Role::Page(_, Part::Body) => budget::PAGE_BYTES,
            Role::Seal => budget::SEAL_BYTES,
            _ => budget::OTHER_BYTES,
        }
    }
}

/// Reports paths the format does not know, files out of order, and counts beyond the limits.
pub(in crate::verify) fn check_paths<'a>(paths: impl Iterator<Item = &'a str>, findings: &mut Findings) {
    let mut known = Vec::new();
    for path in paths {
        match Role::of(path) {
            Some(role) => known.push((role, path)),
            None => findings.say(Code::PathUnexpected, path, path, "one of the paths of FORMAT §5"),
        }
    }
    check_order(&known, findings);
    check_counts(&known, findings);
}

/// Reports files out of order; roles are ordered as entries are.
pub(in crate::verify) fn check_order<R: Copy + Ord>(files: &[(R, &str)], findings: &mut Findings) {
    let mut last: Option<(R, &str)> = None;
    for (role, path) in files {
        match last {
            Some((before, before_path)) if before >= *role => {
                let (claimed, computed) = (format!("after `{before_path}`"), format!("before `{before_path}`"));
                findings.say(Code::EntryOrder, path, claimed, computed);
            }
            _ => last = Some((*role, path)),
        }
    }
}

/// Reports more pages and timestamps than a package may have.
pub(in crate::verify) fn check_counts(files: &[(Role, &str)], findings: &mut Findings) {
    let mut pages: u64 = 0;
    let mut stamps: u64 = 0;
    for (role, path) in files {
        if let Role::GenesisTimestamp(number) | Role::SealTimestamp(number) = role
            && *number > budget::TIMESTAMPS
        {
            findings.say(Code::ZipSizeCap, path, number.to_string(), format!("at most {}", budget::TIMESTAMPS));
        }
        pages = pages.saturating_add(u64::from(matches!(role, Role::Page(_, Part::Record))));
        stamps = stamps.saturating_add(u64::from(matches!(role, Role::Page(_, Part::Timestamp))));
    }
    if stamps > budget::PAGE_TIMESTAMPS {
        let computed = format!("at most {} timestamps", budget::PAGE_TIMESTAMPS);
        findings.say(Code::ZipSizeCap, "data/records", stamps.to_string(), computed);
    }
    if pages > budget::PAGES {
        findings.say(Code::ZipSizeCap, "data/records", pages.to_string(), format!("at most {}", budget::PAGES));
    }
}

/// Reads `NNNNNN` and one of the endings.
fn numbered(rest: &str, parts: &[(&str, Part)]) -> Option<(u64, Part)> {
    let (digits, ending) = rest.split_at_checked(6)?;
    let part = parts.iter().find(|(text, _)| *text == ending)?.1;
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    (number >= 1).then_some((number, part))
}

/// Reads `.tsr` as 1 and `-N.tsr` as N, from 2, without leading zero.
fn timestamp_number(rest: &str) -> Option<u64> {
    let middle = rest.strip_suffix(".tsr")?;
    if middle.is_empty() {
        return Some(1);
    }
    let digits = middle.strip_prefix('-')?;
    let number: u64 = digits.parse().ok()?;
    (number >= 2 && number.to_string() == digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_ordered_as_entries_are() {
        let paths = [
            "bagit.txt",
            "bag-info.txt",
            "manifest-sha256.txt",
            "tagmanifest-sha256.txt",
            "README.txt",
            "keys/signer.pem",
            "keys/operator.pem",
            "keys/signer-cert.pem",
            "data/genesis.json",
            "data/genesis.sig",
            "data/genesis.tsr",
            "data/genesis-2.tsr",
            "data/records/000001.json",
            "data/records/000001.sig",
            "data/pages/000001.bin",
            "data/records/000002.json",
            "data/failures/000001.json",
            "data/failures/000001.sig",
            "data/failures/000001.body",
            "data/log/run.jsonl",
            "seal/seal.json",
            "seal/seal.sig",
            "seal/seal.tsr",
        ];
        let roles: Vec<Role> = paths.iter().map(|path| Role::of(path).expect(path)).collect();
        assert!(roles.is_sorted());
        let mut findings = Findings::default();
        check_paths(paths.into_iter(), &mut findings);
        assert_eq!(findings.worst(), None);
    }

    #[test]
    fn other_paths_have_no_role() {
        for path in [
            "data/records/1.json",
            "data/records/0000001.json",
            "data/records/000000.json",
            "data/records/00000+.json",
            "data/records/000001.body",
            "data/pages/000001.txt",
            "data/genesis-1.tsr",
            "data/genesis-02.tsr",
            "data/genesis-.tsr",
            "seal/seal-x.tsr",
            "fetch.txt",
            "manifest-sha512.txt",
            "",
        ] {
            assert_eq!(Role::of(path), None, "{path}");
        }
    }
}
