//! Step 4, FORMAT §6: the key in the package, and whether the reader trusts it.
//!
//! A key inside a package proves nothing but that one hand wrote it all. Only a key the reader names, or an authority that vouches
//! for it (`certificate`), makes a verdict VALID.

use crate::crypto::signature::{Fingerprint, KeyError, PublicKey};
use crate::format::genesis::Genesis;
use crate::format::path::{GENESIS, SEAL, SIGNER_KEY};
use crate::format::seal::Seal;
use crate::verify::finding::{Code, Findings};
use crate::verify::package::Trust;

/// Reads `keys/signer.pem`.
pub(in crate::verify) fn read_key(pem: Option<&[u8]>, findings: &mut Findings) -> Option<PublicKey> {
    let Some(pem) = pem else {
        findings.say(Code::KeyMalformed, SIGNER_KEY, "nothing", "a public key");
        return None;
    };
    let read = str::from_utf8(pem).map_err(|_| KeyError::Malformed).and_then(PublicKey::from_pem);
    match read {
        Ok(key) => Some(key),
        Err(KeyError::Weak) => {
            findings.say(Code::KeyWeak, SIGNER_KEY, String::from_utf8_lossy(pem), "a key in the group of prime order");
            None
        }
        Err(error) => {
            findings.say(
                Code::KeyMalformed,
                SIGNER_KEY,
                error.to_string(),
                "an Ed25519 public key in its one PEM form",
            );
            None
        }
    }
}

/// Compares the key with what genesis and seal name.
pub(in crate::verify) fn check_names(
    key: &PublicKey,
    genesis: Option<&Genesis>,
    seal: Option<&Seal>,
    findings: &mut Findings,
) {
    let computed = key.fingerprint();
    let mut compare = |place: &str, claimed: Fingerprint| {
        if claimed != computed {
            findings.say(Code::KeyMismatch, place, claimed.to_string(), computed.to_string());
        }
    };
    if let Some(genesis) = genesis {
        compare(&format!("{GENESIS}#keys.operator"), genesis.keys.operator);
        compare(&format!("{GENESIS}#keys.signer"), genesis.keys.signer);
    }
    if let Some(seal) = seal {
        compare(&format!("{SEAL}#signer"), seal.signer);
    }
}

/// Asks whether the reader named the key, or an authority that vouches for it; returns whether. What keeps a certificate from
/// being believed has had its finding.
pub(in crate::verify) fn check_trust(
    key: &PublicKey,
    trust: &Trust,
    is_vouched_for: bool,
    findings: &mut Findings,
) -> bool {
    let computed = key.fingerprint();
    if is_vouched_for || trust.keys.contains(&computed) {
        return true;
    }
    if !trust.keys.is_empty() {
        let keys: Vec<String> = trust.keys.iter().map(ToString::to_string).collect();
        findings.say(Code::SignerMismatch, SIGNER_KEY, computed.to_string(), keys.join(", "));
    } else if trust.authorities.is_empty() {
        findings.say(Code::SignerNotEstablished, SIGNER_KEY, computed.to_string(), "the reader named no key");
    }
    false
}
