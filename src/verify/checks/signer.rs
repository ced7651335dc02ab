//! Step 4, FORMAT §6: the keys in the package, and whether the reader trusts them.
//!
//! A key inside a package proves nothing but that one hand wrote it all. Only a key the reader names makes a verdict VALID, and
//! that key is the operator's, named by itself or by an authority that vouches for it (`certificate`): where records and seal are signed by a key of the acquisition, genesis hands the trust on.

use crate::crypto::signature::{Fingerprint, KeyError, PublicKey};
use crate::format::genesis::Genesis;
use crate::format::path::{GENESIS, OPERATOR_KEY, SEAL, SIGNER_KEY};
use crate::format::seal::Seal;
use crate::verify::finding::{Code, Findings};
use crate::verify::package::Trust;

/// The keys of a package, as far as they could be read.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::verify) struct PackageKeys {
    /// Signs genesis; the signer's where there is no file of its own.
    pub(in crate::verify) operator: Option<PublicKey>,
    /// Signs the rest.
    pub(in crate::verify) signer: Option<PublicKey>,
    has_operator_file: bool,
}

/// Reads both key files. A file that `is_listed` and could not be read has had its finding.
pub(in crate::verify) fn read(
    signer: Option<&[u8]>,
    operator: Option<&[u8]>,
    is_listed: impl Fn(&str) -> bool,
    findings: &mut Findings,
) -> PackageKeys {
    let signer = read_key(SIGNER_KEY, signer, findings);
    let has_operator_file = is_listed(OPERATOR_KEY);
    let operator = match operator {
        Some(pem) => read_key(OPERATOR_KEY, Some(pem), findings),
        None if has_operator_file => None,
        None => signer,
    };
    PackageKeys { operator, signer, has_operator_file }
}

fn read_key(place: &str, pem: Option<&[u8]>, findings: &mut Findings) -> Option<PublicKey> {
    let Some(pem) = pem else {
        findings.say(Code::KeyMalformed, place, "nothing", "a public key");
        return None;
    };
    let read = str::from_utf8(pem).map_err(|_| KeyError::Malformed).and_then(PublicKey::from_pem);
    match read {
        Ok(key) => Some(key),
        Err(KeyError::Weak) => {
            findings.say(Code::KeyWeak, place, String::from_utf8_lossy(pem), "a key in the group of prime order");
            None
        }
        Err(error) => {
            findings.say(Code::KeyMalformed, place, error.to_string(), "an Ed25519 public key in its one PEM form");
            None
        }
    }
}

/// Compares the keys with what genesis and seal name.
pub(in crate::verify) fn check_names(
    keys: &PackageKeys,
    genesis: Option<&Genesis>,
    seal: Option<&Seal>,
    findings: &mut Findings,
) {
    let mut compare = |place: &str, claimed: Fingerprint, key: Option<PublicKey>| {
        if let Some(computed) = key.map(|key| key.fingerprint())
            && claimed != computed
        {
            findings.say(Code::KeyMismatch, place, claimed.to_string(), computed.to_string());
        }
    };
    if let Some(genesis) = genesis {
        compare(&format!("{GENESIS}#keys.operator"), genesis.keys.operator, keys.operator);
        compare(&format!("{GENESIS}#keys.signer"), genesis.keys.signer, keys.signer);
    }
    if let Some(seal) = seal {
        compare(&format!("{SEAL}#signer"), seal.signer, keys.signer);
    }
    if let Some(operator) = keys.operator
        && keys.has_operator_file
        && keys.operator == keys.signer
    {
        let claimed = operator.fingerprint().to_string();
        findings.say(Code::KeyMismatch, OPERATOR_KEY, claimed, "another key than in keys/signer.pem, or no such file");
    }
}

/// Asks whether the reader named the operator's key, or an authority that vouches for it; returns whether. What keeps a certificate
/// from being believed has had its finding.
pub(in crate::verify) fn check_trust(
    keys: &PackageKeys,
    trust: &Trust,
    is_vouched_for: bool,
    findings: &mut Findings,
) -> bool {
    let Some(operator) = keys.operator else { return false };
    let computed = operator.fingerprint();
    if is_vouched_for || trust.keys.contains(&computed) {
        return true;
    }
    let place = if keys.has_operator_file { OPERATOR_KEY } else { SIGNER_KEY };
    if keys.signer.is_some_and(|signer| trust.keys.contains(&signer.fingerprint())) {
        findings.say(
            Code::OperatorNotEstablished,
            place,
            computed.to_string(),
            "the reader named the key of this acquisition, which signed records and seal, but not the operator's, which signed the plan",
        );
    } else if !trust.keys.is_empty() {
        let keys: Vec<String> = trust.keys.iter().map(ToString::to_string).collect();
        findings.say(Code::SignerMismatch, place, computed.to_string(), keys.join(", "));
    } else if trust.authorities.is_empty() {
        findings.say(Code::SignerNotEstablished, place, computed.to_string(), "the reader named no key");
    }
    false
}
