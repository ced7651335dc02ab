//! Step 2, FORMAT §10: declaration, bag-info and manifests.
//!
//! `bag-info.txt` is made anew from the signed documents and compared byte for byte. Digests come from the one pass over the
//! files; here they only meet the manifests.

use std::collections::BTreeMap;

use crate::crypto::digest::FileDigest;
use crate::format::bag::{BagInfo, DECLARATION, Manifest, PayloadOxum};
use crate::format::genesis::Genesis;
use crate::format::path::{
    BAG_INFO, BAGIT, MANIFEST, OPERATOR_KEY, PackagePath, README, SIGNER_CERTIFICATE, SIGNER_KEY, TAG_MANIFEST,
    TIMESTAMP_LISTS,
};
use crate::format::seal::Seal;
use crate::verify::checks::container::Role;
use crate::verify::finding::{Code, Findings};
use crate::verify::pass::EntrySeen;

/// Compares `bagit.txt` with its one content.
pub(in crate::verify) fn check_declaration(bagit: Option<&[u8]>, findings: &mut Findings) {
    if bagit != Some(DECLARATION.as_bytes()) {
        let claimed = bagit.map_or_else(|| "nothing".into(), String::from_utf8_lossy);
        findings.say(Code::BagDeclaration, BAGIT, claimed, DECLARATION);
    }
}

/// Compares `bag-info.txt` with what the signed documents make of it.
pub(in crate::verify) fn check_bag_info(
    bag_info: Option<&[u8]>,
    genesis: &Genesis,
    seal: &Seal,
    entries: &[EntrySeen],
    findings: &mut Findings,
) {
    let mut payload = PayloadOxum::default();
    for entry in entries.iter().filter(|entry| entry.path.starts_with("data/")) {
        payload.byte_len = payload.byte_len.saturating_add(entry.byte_len);
        payload.file_count = payload.file_count.saturating_add(1);
    }
    let day = seal.created.day();
    let volume = (seal.volume.number, seal.volume.last);
    let computed = BagInfo { genesis, package: seal.package.as_str(), day: &day, volume, payload }.to_text();
    if bag_info != Some(computed.as_bytes()) {
        let claimed = bag_info.map_or_else(|| "nothing".into(), String::from_utf8_lossy);
        findings.say(Code::BagInfoMismatch, BAG_INFO, claimed, computed);
    }
}

/// Compares both manifests with the files that are there. A file that was
/// not read, in a quick verification, is compared by name alone.
pub(in crate::verify) fn check_manifests(
    manifest: Option<&[u8]>,
    tag_manifest: Option<&[u8]>,
    entries: &[EntrySeen],
    findings: &mut Findings,
) {
    let payload = read(MANIFEST, manifest, |path| path.starts_with("data/"), "a path below data/", findings);
    let tags = read(TAG_MANIFEST, tag_manifest, |path| TAG_FILES.contains(&path), "one of the tag files", findings);
    let by_path: BTreeMap<&str, &EntrySeen> = entries.iter().map(|entry| (entry.path.as_str(), entry)).collect();
    for (name, manifest) in [(MANIFEST, &payload), (TAG_MANIFEST, &tags)] {
        let Some(manifest) = manifest else { continue };
        for (path, claimed) in manifest.iter() {
            match by_path.get(path.as_str()) {
                None => {
                    let claimed = format!("named by `{name}`");
                    findings.say(Code::ManifestFileMissing, path.as_str(), claimed, "no such file");
                }
                Some(entry) => compare(entry, *claimed, findings),
            }
        }
    }
    for entry in entries {
        let listing = if entry.path.starts_with("data/") { &payload } else { &tags };
        let needs_none = entry.role.is_some_and(|role| role.is_seal() || role == Role::TagManifest);
        if let Some(listing) = listing
            && !needs_none
            && !names(listing, &entry.path)
        {
            findings.say(Code::ManifestFileUnlisted, &entry.path, "in the archive", "named by no manifest");
        }
    }
}

fn compare(entry: &EntrySeen, claimed: FileDigest, findings: &mut Findings) {
    if let Some(computed) = entry.digest
        && FileDigest::from_bytes(computed) != claimed
    {
        let computed = FileDigest::from_bytes(computed);
        findings.say(Code::ManifestDigestMismatch, &entry.path, claimed.to_string(), computed.to_string());
    }
}

fn names(manifest: &Manifest, path: &str) -> bool {
    PackagePath::new(path).is_ok_and(|path| manifest.digest_of(&path).is_some())
}

fn read(
    name: &str,
    bytes: Option<&[u8]>,
    belongs: impl Fn(&str) -> bool,
    what: &str,
    findings: &mut Findings,
) -> Option<Manifest> {
    let Some(bytes) = bytes else {
        findings.say(Code::ManifestMalformed, name, "nothing", "a manifest");
        return None;
    };
    match Manifest::parse(bytes) {
        Ok(manifest) => {
            for (path, _) in manifest.iter().filter(|(path, _)| !belongs(path.as_str())) {
                findings.say(Code::ManifestMalformed, name, path.as_str(), what);
            }
            Some(manifest)
        }
        Err(error) => {
            findings.say(Code::ManifestMalformed, name, error.to_string(), "a digest, two spaces, a path, LF; sorted");
            None
        }
    }
}

/// What the tag manifest names, FORMAT §10.
const TAG_FILES: [&str; 8] =
    [README, BAG_INFO, BAGIT, OPERATOR_KEY, SIGNER_CERTIFICATE, SIGNER_KEY, TIMESTAMP_LISTS, MANIFEST];
