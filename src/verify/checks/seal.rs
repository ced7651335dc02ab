//! Step 3, FORMAT §9: the seal, its signature, and what it says of archive and tag manifest.

use crate::crypto::digest::{ArchiveDigest, TagManifestDigest};
use crate::crypto::signature::{PublicKey, Signature};
use crate::format::genesis::Genesis;
use crate::format::identifier::PackageId;
use crate::format::path::{SEAL, SEAL_SIGNATURE, TAG_MANIFEST};
use crate::format::seal::Seal;
use crate::format::{FormatError, decode};
use crate::verify::checks::signed::{self, Problem, demand};
use crate::verify::finding::{Code, Findings};

/// Reads the seal and checks its signature. Without a usable key the signature is not checked: step 4 has said
/// why. A file that `is_listed` and could not be read has had its finding.
pub(in crate::verify) fn read(
    bytes: Option<&[u8]>,
    signature: Option<&[u8]>,
    key: Option<&PublicKey>,
    is_listed: impl Fn(&str) -> bool,
    findings: &mut Findings,
) -> Option<Seal> {
    for (place, file) in [(SEAL, bytes), (SEAL_SIGNATURE, signature)] {
        if file.is_none() && !is_listed(place) {
            findings.say(Code::SealMissing, place, "nothing", "a seal and its signature");
        }
    }
    let bytes = bytes?;
    if let (Some(key), Some(signature)) = (key, signature)
        && !verifies(key, bytes, signature)
    {
        findings.say(Code::SealSignatureInvalid, SEAL_SIGNATURE, lengths(signature), key.fingerprint().to_string());
    }
    let seal: Seal = match decode(bytes) {
        Ok(seal) => seal,
        Err(error) => {
            malformed(Code::SealMalformed, SEAL, &error, findings);
            return None;
        }
    };
    if let Err(problem) = check_values(&seal) {
        out_of_range(Code::SealMalformed, SEAL, &problem, findings);
    }
    Some(seal)
}

/// Compares the archive before the seal, the tag manifest and the package's names with what the seal says.
pub(in crate::verify) fn check_statements(
    seal: &Seal,
    genesis: Option<&Genesis>,
    top: &str,
    before: Option<(u64, ArchiveDigest)>,
    tag_manifest: Option<TagManifestDigest>,
    findings: &mut Findings,
) {
    if let Some((computed_len, computed_digest)) = before
        && (seal.archive.byte_len, seal.archive.sha256) != (computed_len, computed_digest)
    {
        findings.say(
            Code::SealArchiveDigestMismatch,
            format!("{SEAL}#archive"),
            format!("{} bytes, {}", seal.archive.byte_len, seal.archive.sha256),
            format!("{computed_len} bytes, {computed_digest}"),
        );
    }
    if let Some(computed) = tag_manifest
        && computed != seal.tagmanifest_sha256
    {
        findings.say(
            Code::SealTagmanifestMismatch,
            TAG_MANIFEST,
            seal.tagmanifest_sha256.to_string(),
            computed.to_string(),
        );
    }
    if seal.package.as_str() != top {
        findings.say(Code::SealPackageMismatch, format!("{SEAL}#package"), seal.package.as_str(), top);
    }
    if let Some(genesis) = genesis {
        let computed = PackageId::new(&genesis.matter.id, &genesis.acquisition, seal.volume.number);
        if computed != seal.package {
            findings.say(
                Code::SealPackageMismatch,
                format!("{SEAL}#package"),
                seal.package.as_str(),
                computed.as_str(),
            );
        }
    }
}

/// Says whether the file is a signature of `message` by `key`.
pub(in crate::verify) fn verifies(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    Signature::from_bytes(signature).is_some_and(|signature| key.verify(message, &signature))
}

/// Describes a signature file by its length, the one thing about it worth saying.
pub(in crate::verify) fn lengths(signature: &[u8]) -> String {
    format!("{} bytes", signature.len())
}

/// Reports a document that is not in its one form.
pub(in crate::verify) fn malformed(code: Code, place: &str, error: &FormatError, findings: &mut Findings) {
    findings.say(code, place, error.to_string(), "canonical JSON of its role");
}

/// Reports a member whose value no writer may write.
pub(in crate::verify) fn out_of_range(code: Code, place: &str, problem: &Problem, findings: &mut Findings) {
    findings.say(code, format!("{place}#{}", problem.member), &problem.claimed, problem.expected);
}

fn check_values(seal: &Seal) -> Result<(), Problem> {
    signed::tool(&seal.tool)?;
    signed::timestamps(&seal.timestamps)?;
    let volume = &seal.volume;
    demand(volume.number >= 1, "volume.number", volume.number, "from 1")?;
    demand(volume.first_page >= 1, "volume.first_page", volume.first_page, "from 1")?;
    let is_first = volume.number == 1;
    demand(!is_first || volume.first_page == 1, "volume.first_page", volume.first_page, "1 in volume 1")?;
    let previous = volume.previous_seal.map_or_else(|| "null".to_owned(), |digest| digest.to_string());
    demand(is_first == volume.previous_seal.is_none(), "volume.previous_seal", previous, "null for number 1 alone")?;
    for run in &seal.streams {
        demand(run.from < run.to, "streams.to", run.to, "after its from")?;
    }
    Ok(())
}
