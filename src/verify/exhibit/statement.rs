//! Steps 22 and 23, FORMAT §§21.1, 21.2: the statement against the files that are there, and against the signed documents.

use std::collections::{BTreeMap, BTreeSet};

use super::role::{ExhibitRole, Form};
use super::{ExhibitPass, FileSeen};
use crate::crypto::digest::FileDigest;
use crate::crypto::signature::{Fingerprint, PublicKey};
use crate::format::bag::Manifest;
use crate::format::decode;
use crate::format::exhibit::{Exhibit, ShownRecord, identifier, paths};
use crate::format::genesis::Genesis;
use crate::format::line::Line;
use crate::format::path::PackagePath;
use crate::format::seal::Seal;
use crate::verify::budget;
use crate::verify::checks::container::{Part, Role};
use crate::verify::checks::seal::{lengths, malformed, out_of_range, verifies};
use crate::verify::checks::signed::{self, Problem, demand};
use crate::verify::finding::{Code, Findings};
use crate::verify::package::Options;

/// Reads the statement.
pub(super) fn read(bytes: &[u8], findings: &mut Findings) -> Option<Exhibit> {
    match decode::<Exhibit>(bytes) {
        Ok(statement) => {
            if let Err(problem) = check_values(&statement) {
                out_of_range(Code::ExhibitMalformed, paths::STATEMENT, &problem, findings);
            }
            Some(statement)
        }
        Err(error) => {
            malformed(Code::ExhibitMalformed, paths::STATEMENT, &error, findings);
            None
        }
    }
}

/// Returns what the statement says of a record.
pub(super) fn shown(statement: Option<&Exhibit>, number: u64) -> Option<&ShownRecord> {
    statement?.records.get(usize::try_from(number.checked_sub(1)?).ok()?)
}

fn check_values(statement: &Exhibit) -> Result<(), Problem> {
    signed::tool(&statement.tool)?;
    let codes = &statement.despite_findings;
    demand(
        codes.is_sorted_by(|a, b| a.as_str() < b.as_str()),
        "despite_findings",
        codes.len(),
        "each code once, sorted",
    )?;
    let is_code = |text: &str| text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    demand(codes.iter().all(|code| is_code(code.as_str())), "despite_findings", codes.len(), "codes")?;
    let search = &statement.search;
    let has_language = search.language.is_some() == statement.selection.r#where.is_some();
    demand(has_language, "search.language", has_language, "one where there is an expression")?;
    demand(search.pages <= search.of_pages, "search.pages", search.pages, "at most search.of_pages")?;
    demand(search.wanting <= search.records, "search.wanting", search.wanting, "at most search.records")?;
    let records = &statement.records;
    let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
    demand((1..=budget::EXHIBIT_RECORDS).contains(&count), "records", count, "1 to 10 000")?;
    for (record, number) in records.iter().zip(1_u64..) {
        demand(record.path == paths::record(number), "records.path", &record.path, "records/N.json, N from 1 on")?;
        demand(is_short(record.proof.len()), "records.proof", record.proof.len(), "at most 64")?;
        demand(record.page >= 1, "records.page", record.page, "from 1")?;
    }
    let in_order = records.is_sorted_by(|a, b| (a.page, a.element) < (b.page, b.element));
    demand(in_order, "records", count, "by page and element, none twice")?;
    let bates: Vec<&Line> = records.iter().filter_map(|record| record.bates.as_ref()).collect();
    let distinct: BTreeSet<&Line> = bates.iter().copied().collect();
    demand(distinct.len() == bates.len(), "records.bates", bates.len(), "no number twice")?;
    demand(search.records >= count, "search.records", search.records, "at least the records shown")?;
    let pages = &statement.pages;
    let page_count = u64::try_from(pages.len()).unwrap_or(u64::MAX);
    demand(search.pages >= page_count, "search.pages", search.pages, "at least the pages of the records")?;
    demand(pages.is_sorted_by(|a, b| a.sequence < b.sequence), "pages", pages.len(), "by sequence, none twice")?;
    demand(pages.iter().all(|page| is_short(page.proof.len())), "pages.proof", pages.len(), "at most 64")?;
    let of_records: BTreeSet<u64> = records.iter().map(|record| record.page).collect();
    let is_same = pages.iter().map(|page| page.sequence).eq(of_records);
    demand(is_same, "pages", pages.len(), "the pages of the records, and no other")
}

fn is_short(len: usize) -> bool {
    u64::try_from(len).is_ok_and(|len| len <= budget::PROOF_DIGESTS)
}

impl ExhibitPass {
    /// Compares the files with those that the statement calls for. Keys, genesis and seal have codes of their own where they are
    /// missing.
    pub(super) fn check_files(&mut self, statement: Option<&Exhibit>) {
        let seen: BTreeSet<ExhibitRole> = self.files.iter().filter_map(|file| file.role).collect();
        let mut demanded = BTreeMap::from([
            (ExhibitRole::Statement, paths::STATEMENT.to_owned()),
            (ExhibitRole::Manifest, paths::MANIFEST.to_owned()),
            (ExhibitRole::Readme, paths::README.to_owned()),
            (ExhibitRole::List, paths::LIST.to_owned()),
        ]);
        if let Some(statement) = statement {
            if statement.signer.is_some() {
                demanded.insert(ExhibitRole::Signature, paths::SIGNATURE.to_owned());
                demanded.insert(ExhibitRole::ExhibitorKey, paths::EXHIBITOR_KEY.to_owned());
            }
            for (_, number) in statement.records.iter().zip(1_u64..) {
                demanded.insert(ExhibitRole::Shown(number, Form::Record), paths::record(number).to_string());
                demanded.insert(ExhibitRole::Shown(number, Form::Readable), paths::readable(number));
            }
            for page in &statement.pages {
                let record = PackagePath::page_record(page.sequence);
                let signature = PackagePath::page_signature(page.sequence);
                for (part, path) in [(Part::Record, record), (Part::Signature, signature)] {
                    let role = ExhibitRole::OfPackage(Role::Page(page.sequence, part));
                    demanded.insert(role, paths::of_package(path.as_str()));
                }
            }
            for file in &self.files {
                let role = file.role.filter(|role| !demanded.contains_key(role) && !is_optional(*role, &demanded));
                if role.is_some() {
                    let computed = "no such file, by the statement";
                    self.findings.say(Code::ExhibitFileUnexpected, &file.path, "a file", computed);
                }
            }
        }
        for (_, path) in demanded.iter().filter(|(role, _)| !seen.contains(role)) {
            self.findings.say(Code::ExhibitFileMissing, path, "nothing", "a file, as the statement has it");
        }
    }

    /// Holds the statement against manifest, key and signature, and against what the package's own keys signed.
    pub(super) fn check_statement(
        &mut self,
        statement: Option<&Exhibit>,
        genesis: Option<&Genesis>,
        seal: Option<&Seal>,
        options: &Options<'_>,
    ) {
        self.facts.exhibit = Some(self.top.clone()).filter(|top| !top.is_empty());
        let Some(statement) = statement else { return };
        let bytes = self.kept.remove(&ExhibitRole::Statement).unwrap_or_default();
        if let Some(genesis) = genesis {
            let computed = identifier(&genesis.matter.id, &bytes);
            if computed != self.top {
                self.findings.say(Code::ExhibitIdentifierMismatch, "", &self.top, computed);
            }
        }
        let exhibitor = self.check_signature(statement, &bytes);
        self.facts.exhibitor = exhibitor;
        self.facts.exhibitor_trusted = exhibitor.is_some_and(|key| options.trust.keys.contains(&key));
        self.check_manifest(statement);
        self.compare(statement, genesis, seal);
        if !statement.despite_findings.is_empty() {
            let codes: Vec<&str> = statement.despite_findings.iter().map(Line::as_str).collect();
            let place = format!("{}#despite_findings", paths::STATEMENT);
            let computed = "cut from a package that failed verification";
            self.findings.say(Code::ExhibitDespiteFindings, place, codes.join(", "), computed);
        }
        self.facts.number.clone_from(&statement.number);
        self.facts.by.clone_from(&statement.by);
        self.facts.created = Some(statement.created);
        self.facts.selection = Some(statement.selection.clone());
        self.facts.search = Some(statement.search.clone());
        self.facts.despite_findings.clone_from(&statement.despite_findings);
        self.facts.package_sha256 = statement.package.archive_sha256;
        self.facts.package_byte_len = Some(statement.package.byte_len);
        self.facts.simulated = match self.facts.simulated {
            Some(simulated) => Some(simulated || statement.simulated),
            None => Some(statement.simulated).filter(|simulated| *simulated),
        };
    }

    /// Checks who signed the statement; returns the key where the signature holds.
    fn check_signature(&mut self, statement: &Exhibit, bytes: &[u8]) -> Option<Fingerprint> {
        let Some(claimed) = statement.signer else {
            let place = format!("{}#signer", paths::STATEMENT);
            self.findings.say(Code::ExhibitUnsigned, place, "null", "nobody answers for what the statement alone says");
            return None;
        };
        let pem = self.kept.get(&ExhibitRole::ExhibitorKey)?;
        let signature = self.kept.get(&ExhibitRole::Signature)?;
        let mut say = |place: &str, claimed: String, computed: String| {
            self.findings.say(Code::ExhibitSignatureInvalid, place, claimed, computed);
        };
        let key = match str::from_utf8(pem)
            .map_err(|error| error.to_string())
            .and_then(|pem| PublicKey::from_pem(pem).map_err(|error| error.to_string()))
        {
            Ok(key) => key,
            Err(problem) => {
                say(paths::EXHIBITOR_KEY, problem, "an Ed25519 public key in its one PEM form".to_owned());
                return None;
            }
        };
        if key.fingerprint() != claimed {
            say(paths::EXHIBITOR_KEY, key.fingerprint().to_string(), claimed.to_string());
            return None;
        }
        if !verifies(&key, bytes, signature) {
            say(paths::SIGNATURE, lengths(signature), claimed.to_string());
            return None;
        }
        Some(claimed)
    }

    /// Compares every file with the manifest, and the manifest with the statement.
    fn check_manifest(&mut self, statement: &Exhibit) {
        let code = Code::ExhibitManifestMismatch;
        let Some(bytes) = self.kept.remove(&ExhibitRole::Manifest) else { return };
        let computed = FileDigest::of(&bytes);
        if computed != statement.manifest_sha256 {
            self.findings.say(code, paths::MANIFEST, statement.manifest_sha256.to_string(), computed.to_string());
        }
        let manifest = match Manifest::parse(&bytes) {
            Ok(manifest) => manifest,
            Err(error) => {
                let expected = "a digest, two spaces, a path, LF; sorted";
                self.findings.say(code, paths::MANIFEST, error.to_string(), expected);
                return;
            }
        };
        let by_path: BTreeMap<&str, &FileSeen> = self.files.iter().map(|file| (file.path.as_str(), file)).collect();
        for (path, claimed) in manifest.iter() {
            let computed = match by_path.get(path.as_str()) {
                None => "no such file".to_owned(),
                Some(FileSeen { role: Some(role), .. }) if is_beside_manifest(*role) => {
                    "not named: a manifest cannot know it".to_owned()
                }
                // What could not be read has had its finding.
                Some(FileSeen { digest, .. }) => match digest.map(FileDigest::from_bytes) {
                    Some(computed) if computed != *claimed => computed.to_string(),
                    _ => continue,
                },
            };
            self.findings.say(code, path.as_str(), claimed.to_string(), computed);
        }
        for file in self.files.iter().filter(|file| !file.role.is_some_and(is_beside_manifest)) {
            if !PackagePath::new(&file.path).is_ok_and(|path| manifest.digest_of(&path).is_some()) {
                self.findings.say(code, &file.path, "in the exhibit", "not named by the manifest");
            }
        }
    }

    /// Compares what the statement repeats of the signed documents.
    fn compare(&mut self, statement: &Exhibit, genesis: Option<&Genesis>, seal: Option<&Seal>) {
        let mut compare = |member: &str, claimed: String, computed: String| {
            if claimed != computed {
                let place = format!("{}#{member}", paths::STATEMENT);
                self.findings.say(Code::ExhibitMismatch, place, claimed, computed);
            }
        };
        if let Some(computed) = self.facts.seal_sha256 {
            compare("package.seal_sha256", statement.package.seal_sha256.to_string(), computed.to_string());
        }
        if let Some(genesis) = genesis {
            compare("simulated", statement.simulated.to_string(), genesis.simulated.to_string());
        }
        let Some(seal) = seal else { return };
        compare("package.id", statement.package.id.to_string(), seal.package.to_string());
        let shown = u64::try_from(statement.records.len()).unwrap_or(u64::MAX);
        let undisclosed = seal.totals.records.checked_sub(shown);
        let computed = undisclosed.map_or_else(
            || format!("the package has {} records, of which {shown} are shown", seal.totals.records),
            |undisclosed| undisclosed.to_string(),
        );
        compare("undisclosed", statement.undisclosed.to_string(), computed);
        // One that failed verification may lack pages.
        if statement.despite_findings.is_empty() {
            compare("search.of_pages", statement.search.of_pages.to_string(), seal.totals.pages.to_string());
        }
        self.facts.undisclosed = undisclosed;
    }
}

/// Says whether an exhibit may or may not have such a file, whatever its statement says; a page's timestamp goes with its record.
fn is_optional(role: ExhibitRole, demanded: &BTreeMap<ExhibitRole, String>) -> bool {
    match role {
        ExhibitRole::OfPackage(Role::Page(number, _)) => {
            demanded.contains_key(&ExhibitRole::OfPackage(Role::Page(number, Part::Record)))
        }
        ExhibitRole::OfPackage(_) => true,
        _ => false,
    }
}

/// Says whether the manifest leaves such a file out.
fn is_beside_manifest(role: ExhibitRole) -> bool {
    matches!(role, ExhibitRole::Statement | ExhibitRole::Signature | ExhibitRole::Manifest)
}
