//! Whom the reader trusts, as typed: keys, certificates, roots and revocation lists become [`Trust`].
//!
//! Shared by the verbs that give or need a verdict. Nothing here comes from a package.

use std::path::{Path, PathBuf};

use clap::Args;

use super::error::CliError;
use super::out;
use crate::crypto::certificate::{RevocationList, Trusted, trusted_from_pem};
use crate::crypto::signature::{Fingerprint, PublicKey};
use crate::crypto::timestamp::{TrustRoot, trust_roots_from_pem};
use crate::keyring;
use crate::verify::Trust;

#[derive(Args, Default)]
pub(super) struct TrustArgs {
    /// Whom you trust to have signed, had from elsewhere than the package: a public key file, a fingerprint or its 24 words; a
    /// certificate file, which stands for its key, or for all whom it vouches for where it is a certification authority's
    #[arg(long, value_name = "KEY|CERT|FINGERPRINT")]
    pub(super) trust: Vec<String>,
    /// Revocation lists for the certificates of the signer and of time stamp authorities and for those above them, in PEM or DER
    #[arg(long, value_name = "FILE")]
    pub(super) crl: Vec<PathBuf>,
    /// Root certificates of time stamp authorities, in PEM
    #[arg(long, value_name = "PEM")]
    pub(super) tsa_root: Vec<PathBuf>,
    /// A policy under which time stamps may have been made, as a dotted object identifier; any if none is given
    #[arg(long, value_name = "OID", value_parser = parse_policy)]
    pub(super) tsa_policy: Vec<String>,
}

impl TrustArgs {
    /// Reads everything that is named, into `trust`.
    pub(super) fn read_into(&self, trust: &mut Trust) -> Result<(), CliError> {
        for given in &self.trust {
            read_trust(given, trust)?;
        }
        trust.revocation_lists.extend(read_lists(&self.crl)?);
        trust.timestamp_roots.extend(read_roots(&self.tsa_root)?);
        trust.timestamp_policies.extend_from_slice(&self.tsa_policy);
        Ok(())
    }
}

/// Adds a key or an authority, as `--trust` names it.
pub(super) fn read_trust(given: &str, trust: &mut Trust) -> Result<(), CliError> {
    // A fingerprint first: a file that bears somebody's fingerprint as its name must not stand in for that key.
    if let Ok(fingerprint) = given.trim().to_lowercase().parse() {
        trust.keys.push(fingerprint);
        return Ok(());
    }
    let path = Path::new(given);
    if !path.exists() {
        return Err(CliError::request(format!("there is no file `{given}`, and it is no fingerprint either")).hint(
            "give the path of a public key or certificate in PEM, 64 hexadecimal digits, or 24 words in quotes",
        ));
    }
    read_trust_file(path, trust)
}

/// Adds the key, or what the certificates stand for, in a file.
pub(super) fn read_trust_file(path: &Path, trust: &mut Trust) -> Result<(), CliError> {
    // What is no text is no certificate in PEM either; reading it as a key says what is wrong.
    let text = std::fs::read_to_string(path).unwrap_or_default();
    if text.contains("-----BEGIN CERTIFICATE-----") {
        let refused = |error: crate::crypto::certificate::TrustedError| {
            CliError::request(format!("cannot trust the certificates in `{}`: {error}", path.display()))
                .hint("name the certificate of the certification authority, or the signer's own, in PEM")
        };
        for trusted in trusted_from_pem(&text).map_err(refused)? {
            match trusted {
                Trusted::Authority(authority) => trust.authorities.push(*authority),
                Trusted::Key(key) => trust.keys.push(key.fingerprint()),
            }
        }
        return Ok(());
    }
    trust.keys.push(read_public(path)?.fingerprint());
    Ok(())
}

/// Reads the one key that a person signs with: a public key, its fingerprint, or a certificate that stands for it alone.
pub(super) fn read_one_key(given: &str) -> Result<Fingerprint, CliError> {
    let mut trust = Trust::default();
    read_trust(given, &mut trust)?;
    match (trust.keys.as_slice(), trust.authorities.as_slice()) {
        ([key], []) => Ok(*key),
        _ => Err(CliError::request(format!("`{given}` does not stand for one key"))
            .hint("give the person's own public key, certificate or fingerprint")),
    }
}

fn read_public(path: &Path) -> Result<PublicKey, CliError> {
    keyring::load_public(path).map_err(|error| {
        CliError::from(error).hint(format!(
            "give the public key, not the private one: `signhold key export-public {}` writes it",
            out::shell(path)
        ))
    })
}

pub(super) fn parse_policy(given: &str) -> Result<String, String> {
    const_oid::ObjectIdentifier::new(given)
        .map(|identifier| identifier.to_string())
        .map_err(|_| "a policy is an object identifier such as 1.3.6.1.4.1.6449.2.1.1".to_owned())
}

/// Reads root certificates of time stamp authorities.
pub(super) fn read_roots(paths: &[PathBuf]) -> Result<Vec<TrustRoot>, CliError> {
    let mut roots = Vec::new();
    for path in paths {
        let refused = |reason: String| {
            CliError::request(format!("cannot use the root certificate `{}`: {reason}", path.display()))
                .hint("name a PEM file with the root of the time stamp authority")
        };
        let pem = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
        roots.extend(trust_roots_from_pem(&pem).map_err(|error| refused(error.to_string()))?);
    }
    Ok(roots)
}

/// Reads revocation lists, all in each file, as many bytes of them together as FORMAT §15 asks for.
pub(super) fn read_lists(paths: &[PathBuf]) -> Result<Vec<RevocationList>, CliError> {
    let mut lists = Vec::new();
    let mut sum: u64 = 0;
    for path in paths {
        let refused = |reason: String| {
            CliError::request(format!("cannot use the revocation list `{}`: {reason}", path.display()))
                .hint("name a list of the authority that issued the signer's certificate, in PEM or DER")
        };
        sum += std::fs::metadata(path).map_err(|error| refused(error.to_string()))?.len();
        if sum > MAX_LISTS_BYTE_LEN {
            return Err(refused(format!("{sum} bytes with those before it, {MAX_LISTS_BYTE_LEN} are read at most")));
        }
        let bytes = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        lists.extend(RevocationList::all_from_bytes(bytes).map_err(|error| refused(error.to_string()))?);
    }
    Ok(lists)
}

/// 32 MiB: FORMAT §15; all lists stay in memory while packages are read.
const MAX_LISTS_BYTE_LEN: u64 = 32 << 20;
