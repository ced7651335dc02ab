//! The certificate by which an application is known to the log service, and its RSA key: PEM or PKCS#12 files.
//!
//! PEM may hold certificates and key together, or the key lies in a file of its own: PKCS#8 (RFC 5958), also encrypted, or
//! PKCS#1 (RFC 8017). The key's own certificate is found by its public key, whatever the order. A file that everybody can read is
//! refused; one for a group is not, because that is how orchestrators hand out secrets. The private half leaves only as signatures.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::{Decode as _, Encode as _, SecretDocument};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use x509_cert::Certificate;
use x509_cert::der::DecodePem as _;
use zeroize::Zeroizing;

use super::KeyFileError;
use crate::crypto::pkcs12::{self, Pkcs12Error};
use crate::crypto::secret::Secret;

/// A certificate with its chain, and the key that signs for it.
pub struct ClientCertificate {
    key: RsaKeyPair,
    certificates: Vec<Vec<u8>>,
    not_after: i64,
}

/// Where certificate and key lie.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    /// PEM or PKCS#12.
    pub certificate: PathBuf,
    /// PEM with the key, when that is not in the first file.
    pub key: Option<PathBuf>,
}

impl ClientCertificate {
    /// Reads the files. `password` is empty when there is none.
    ///
    /// # Errors
    ///
    /// [`KeyFileError`]: a file cannot be read, everybody can read it, it holds no RSA key or no certificate of that key, or the
    /// password is wrong.
    pub fn load(files: &CertificateFiles, password: &Secret) -> Result<Self, KeyFileError> {
        let path = &files.certificate;
        let malformed = |reason: &str| KeyFileError::Malformed { path: path.clone(), reason: reason.to_owned() };
        let bytes = read(path, files.key.is_none())?;
        let (key, certificates) = if is_pem(&bytes) {
            let certificates = pem_certificates(&bytes).ok_or_else(|| malformed("it holds no certificate in PEM"))?;
            let key = match &files.key {
                None => pem_key(path, &bytes, password)?,
                Some(path) => pem_key(path, &read(path, true)?, password)?,
            };
            (key, certificates)
        } else if files.key.is_some() {
            return Err(malformed("PKCS#12 has the key inside; name no other file for it"));
        } else {
            let opened = pkcs12::open(&bytes, password).map_err(|error| match error {
                Pkcs12Error::WrongPassword => KeyFileError::WrongPassphrase(path.clone()),
                other => malformed(&other.to_string()),
            })?;
            (rsa_key(path, "PRIVATE KEY", &opened.private_key)?, opened.certificates)
        };
        Self::pair(key, certificates).ok_or_else(|| malformed("none of its certificates belongs to the key"))
    }

    /// Returns the certificates in DER: the key's own, then the others in the order of the file.
    #[must_use]
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }

    /// Returns when the certificate ends, in seconds since 1970.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// Signs with RSASSA-PSS, SHA-256, a salt of 32 bytes.
    ///
    /// # Errors
    ///
    /// In words, when the system gives no random numbers.
    pub fn sign_ps256(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let mut signature = vec![0; self.key.public().modulus_len()];
        let signed = self.key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.map_err(|_| "it cannot sign: no random numbers".to_owned())?;
        Ok(signature)
    }

    fn pair(key: RsaKeyPair, mut certificates: Vec<Vec<u8>>) -> Option<Self> {
        let own = certificates.iter().position(|bytes| public_key(bytes).as_deref() == Some(key.public().as_ref()))?;
        let leaf = certificates.remove(own);
        let validity = *Certificate::from_der(&leaf).ok()?.tbs_certificate().validity();
        certificates.insert(0, leaf);
        let not_after = i64::try_from(validity.not_after.to_unix_duration().as_secs()).ok()?;
        Some(Self { key, certificates, not_after })
    }
}

fn is_pem(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"-----BEGIN ").is_some()
}

fn pem_certificates(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let blocks = pem_blocks(std::str::from_utf8(bytes).ok()?);
    let certificates = blocks.filter(|(label, _)| *label == "CERTIFICATE").map(|(_, block)| {
        let certificate = Certificate::from_pem(block).ok()?;
        certificate.to_der().ok()
    });
    let certificates: Vec<_> = certificates.collect::<Option<_>>()?;
    (!certificates.is_empty()).then_some(certificates)
}

fn pem_key(path: &Path, bytes: &[u8], password: &Secret) -> Result<RsaKeyPair, KeyFileError> {
    let malformed = |reason: String| KeyFileError::Malformed { path: path.to_owned(), reason };
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is not text".to_owned()))?;
    let mut keys = pem_blocks(text).filter(|(label, _)| label.ends_with("PRIVATE KEY"));
    let (label, block) = keys.next().ok_or_else(|| malformed("it holds no private key".to_owned()))?;
    if keys.next().is_some() {
        return Err(malformed("it holds several private keys".to_owned()));
    }
    let (_, document) = SecretDocument::from_pem(block).map_err(|error| malformed(error.to_string()))?;
    if label != "ENCRYPTED PRIVATE KEY" {
        return rsa_key(path, label, document.as_bytes());
    }
    let encrypted =
        EncryptedPrivateKeyInfoRef::from_der(document.as_bytes()).map_err(|error| malformed(error.to_string()))?;
    let opened = encrypted.decrypt(password.expose_secret());
    let opened = opened.map_err(|_| KeyFileError::WrongPassphrase(path.to_owned()))?;
    rsa_key(path, "PRIVATE KEY", opened.as_bytes())
}

fn rsa_key(path: &Path, label: &str, der: &[u8]) -> Result<RsaKeyPair, KeyFileError> {
    let read = match label {
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(der),
        _ => RsaKeyPair::from_pkcs8(der),
    };
    read.map_err(|why| KeyFileError::Malformed {
        path: path.to_owned(),
        reason: format!("an RSA key of 2048 to 4096 bits is needed ({why})"),
    })
}

/// Returns each block of a PEM file (RFC 7468) with its label; what stands between blocks is explanation.
fn pem_blocks(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let begin = rest.find("-----BEGIN ")?;
        let block = rest.get(begin..)?;
        let label = block.get(11..)?.split("-----").next()?;
        let mark = format!("-----END {label}-----");
        let end = block.find(&mark)? + mark.len();
        rest = block.get(end..)?;
        Some((label, block.get(..end)?))
    })
}

/// Returns the key inside a certificate, as PKCS#1 writes it.
fn public_key(der: &[u8]) -> Option<Vec<u8>> {
    let certificate = Certificate::from_der(der).ok()?;
    let key = certificate.tbs_certificate().subject_public_key_info().subject_public_key.as_bytes()?;
    Some(key.to_vec())
}

fn read(path: &Path, holds_key: bool) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let io = |source| KeyFileError::Io { doing: "read", path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let mode = file.metadata().map_err(io)?.mode() & 0o7777;
        if holds_key && mode & 0o007 != 0 {
            return Err(KeyFileError::OpenToOthers { path: path.to_owned(), mode });
        }
    }
    #[cfg(not(unix))]
    let _ = holds_key;
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTE_LEN));
    file.take(MAX_BYTE_LEN as u64).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

/// 64 KiB: a key and a chain have ten or so.
const MAX_BYTE_LEN: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    fn load(certificate: &str, key: Option<&str>, password: &str) -> Result<ClientCertificate, KeyFileError> {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/client_certificate").join(name);
            let to = folder.path().join(name);
            std::fs::write(&to, std::fs::read(from).unwrap()).unwrap();
            #[cfg(unix)]
            std::fs::set_permissions(&to, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            to
        };
        let files = CertificateFiles { certificate: place(certificate), key: key.map(place) };
        ClientCertificate::load(&files, &Secret::new(password.to_owned()))
    }

    fn leaf() -> Vec<u8> {
        let pem = include_bytes!("../../tests/vectors/client_certificate/certificate.pem");
        pem_certificates(pem).unwrap().remove(0)
    }

    #[test]
    fn every_container_gives_the_same_key_and_its_own_certificate_first() {
        for (certificate, key, password, chain_len) in [
            ("certificate.pem", Some("key-pkcs8.pem"), "", 1),
            ("certificate.pem", Some("key-pkcs1.pem"), "", 1),
            ("certificate.pem", Some("key-encrypted.pem"), "published", 1),
            ("chain-and-key.pem", None, "", 2),
            ("aes256-sha256.pfx", None, "published", 2),
            ("legacy-3des-rc2.pfx", None, "published", 2),
            ("empty-password.pfx", None, "", 2),
            ("sha512-plain-certificates.pfx", None, "published", 2),
        ] {
            let loaded = load(certificate, key, password).unwrap_or_else(|error| panic!("{certificate}: {error}"));
            assert_eq!(loaded.certificates().len(), chain_len, "{certificate}");
            assert_eq!(loaded.certificates()[0], leaf(), "{certificate}");
            let signature = loaded.sign_ps256(b"message").unwrap();
            let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public_key(&leaf()).unwrap());
            public.verify(b"message", &signature).unwrap();
        }
    }

    #[test]
    fn a_wrong_password_is_called_that() {
        for (certificate, key) in
            [("aes256-sha256.pfx", None), ("legacy-3des-rc2.pfx", None), ("certificate.pem", Some("key-encrypted.pem"))]
        {
            for password in ["", "wrong"] {
                let refused = load(certificate, key, password);
                assert!(matches!(refused, Err(KeyFileError::WrongPassphrase(_))), "{certificate} `{password}`");
            }
        }
    }

    #[test]
    fn what_cannot_sign_for_its_certificate_is_refused_with_the_reason() {
        for (certificate, key, expected) in [
            ("no-mac.pfx", None, "it is not PKCS#12 in DER"),
            ("no-key.pfx", None, "it holds 0 private keys; one is needed"),
            ("elliptic.pem", None, "an RSA key of 2048 to 4096 bits is needed (WrongAlgorithm)"),
            ("elliptic.pem", Some("key-pkcs8.pem"), "none of its certificates belongs to the key"),
            ("certificate.pem", None, "it holds no private key"),
            ("key-pkcs8.pem", None, "it holds no certificate in PEM"),
            ("aes256-sha256.pfx", Some("key-pkcs8.pem"), "PKCS#12 has the key inside; name no other file for it"),
        ] {
            match load(certificate, key, "published") {
                Err(KeyFileError::Malformed { reason, .. }) => assert_eq!(reason, expected, "{certificate}"),
                _ => panic!("{certificate}"),
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_everybody_can_read_is_refused() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/client_certificate/chain-and-key.pem");
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("k.pem");
        std::fs::write(&copy, std::fs::read(path).unwrap()).unwrap();
        std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let refused =
            ClientCertificate::load(&CertificateFiles { certificate: copy, key: None }, &Secret::new(String::new()));
        assert!(matches!(refused, Err(KeyFileError::OpenToOthers { mode: 0o644, .. })));
    }
}
