//! Key files: Ed25519 private keys as PKCS#8 PEM (RFC 5958, RFC 8410), encrypted unless the owner insists (PBES2, RFC 8018).
//!
//! `openssl` reads what is written here and may have made what is read. A file that others can read is refused. The private half
//! is wiped from memory when dropped and leaves this module only as signatures. A key may also live with somebody else, who hands out
//! signatures: [`home`] says where, [`ssh_agent`] and [`token`] ask for them.

pub mod client_certificate;
pub mod home;
pub mod ssh_agent;
pub mod token;
pub mod token_uri;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signer as _, SigningKey, pkcs8::KeypairBytes};
use pkcs8::der::{Decode as _, SecretDocument};
use pkcs8::pkcs5::pbes2;
use pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncryptedPrivateKeyInfoRef, LineEnding};
use zeroize::Zeroizing;

use crate::crypto::secret::Secret;
use crate::crypto::signature::{NotSigned, PublicKey, Signature, Signer};

/// A private key in memory.
pub struct OperatorKey {
    signing: SigningKey,
    public: PublicKey,
}

impl OperatorKey {
    /// Makes a new key from the system's random numbers.
    ///
    /// # Errors
    ///
    /// [`KeyFileError::NoRandomness`] when the system has none to give.
    pub fn generate() -> Result<Self, KeyFileError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|error| KeyFileError::NoRandomness(error.to_string()))?;
        Self::from_signing_key(SigningKey::from_bytes(&seed))
    }

    /// Reads a key file. `passphrase` is asked only when the file is encrypted.
    ///
    /// # Errors
    ///
    /// [`KeyFileError`]: the file cannot be read, others can read it, it is no Ed25519 key, or the passphrase is wrong.
    pub fn load<E>(path: &Path, passphrase: impl FnOnce() -> Result<Secret, E>) -> Result<Self, E>
    where
        E: From<KeyFileError>,
    {
        let pem = read_private(path)?;
        let malformed = |reason: String| KeyFileError::Malformed { path: path.to_owned(), reason };
        let (label, document) = SecretDocument::from_pem(&pem).map_err(|error| malformed(error.to_string()))?;
        let document = match label {
            "PRIVATE KEY" => document,
            "ENCRYPTED PRIVATE KEY" => {
                let encrypted = EncryptedPrivateKeyInfoRef::from_der(document.as_bytes())
                    .map_err(|error| malformed(error.to_string()))?;
                let passphrase = passphrase()?;
                encrypted
                    .decrypt(passphrase.expose_secret())
                    .map_err(|_| KeyFileError::WrongPassphrase(path.to_owned()))?
            }
            label => return Err(malformed(format!("its label is `{label}`")).into()),
        };
        let signing = SigningKey::from_pkcs8_der(document.as_bytes())
            .map_err(|_| malformed("it is not an Ed25519 key in PKCS#8".to_owned()))?;
        Ok(Self::from_signing_key(signing)?)
    }

    /// Writes the private key to a new file that only its owner can read, encrypted when there is a passphrase.
    ///
    /// # Errors
    ///
    /// [`KeyFileError::Exists`] when there is a file; [`KeyFileError::Io`] when the disk refuses.
    pub fn write_private(&self, path: &Path, passphrase: Option<&Secret>) -> Result<(), KeyFileError> {
        write_owner_only(path, self.to_private_pem(passphrase)?.as_bytes())
    }

    /// Returns the private key as PKCS#8 PEM, encrypted when there is a passphrase.
    ///
    /// # Errors
    ///
    /// [`KeyFileError::NoRandomness`] when there is none for salt and vector.
    pub fn to_private_pem(&self, passphrase: Option<&Secret>) -> Result<Zeroizing<String>, KeyFileError> {
        let malformed = KeyFileError::NoRandomness;
        // Version 1 of PKCS#8, without the public half: OpenSSL 3.0 does not read version 2.
        let bytes = KeypairBytes { secret_key: self.signing.to_bytes(), public_key: None };
        let document = bytes.to_pkcs8_der().map_err(|error| malformed(error.to_string()))?;
        let (label, document) = match passphrase {
            None => ("PRIVATE KEY", document),
            Some(passphrase) => ("ENCRYPTED PRIVATE KEY", encrypt(&document, passphrase).map_err(malformed)?),
        };
        document.to_pem(label, LineEnding::LF).map_err(|error| malformed(error.to_string()))
    }

    fn from_signing_key(signing: SigningKey) -> Result<Self, KeyFileError> {
        let public = PublicKey::from_bytes(signing.verifying_key().as_bytes())
            .map_err(|_| KeyFileError::NoRandomness("a weak key".to_owned()))?;
        Ok(Self { signing, public })
    }
}

impl Signer for OperatorKey {
    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, NotSigned> {
        Ok(Signature::from(self.signing.sign(message).to_bytes()))
    }
}

/// Reads a public key file, as [`PublicKey::to_pem`] writes it or `openssl pkey -pubout`.
///
/// # Errors
///
/// [`KeyFileError`] when the file cannot be read or holds something else.
pub fn load_public(path: &Path) -> Result<PublicKey, KeyFileError> {
    let pem = std::fs::read_to_string(path).map_err(|source| KeyFileError::Io {
        doing: "read",
        path: path.to_owned(),
        source,
    })?;
    PublicKey::from_pem(&pem)
        .map_err(|error| KeyFileError::Malformed { path: path.to_owned(), reason: error.to_string() })
}

/// Writes a public key to a new file.
///
/// # Errors
///
/// [`KeyFileError::Exists`] when there is a file; [`KeyFileError::Io`] when the disk refuses.
pub fn write_public(path: &Path, key: &PublicKey) -> Result<(), KeyFileError> {
    let io = |source| KeyFileError::Io { doing: "write", path: path.to_owned(), source };
    let mut file = create_new(path, 0o644)?;
    file.write_all(key.to_pem().as_bytes()).and_then(|()| file.sync_all()).map_err(io)
}

/// Why a key file was of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// A file is there and is left as it is.
    #[error("`{0}` exists already and is left as it is")]
    Exists(PathBuf),
    /// The disk refused.
    #[error("cannot {doing} the key file `{path}`")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Not a key we can use.
    #[error("`{path}` is not a key file that can be used: {reason}")]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The system gave no random numbers.
    #[error("no random numbers to make a key from: {0}")]
    NoRandomness(String),
    /// Others can read a private key.
    #[error("others can read the private key `{path}` (mode {mode:04o})")]
    OpenToOthers {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The passphrase does not open it.
    #[error("the passphrase does not open `{0}`")]
    WrongPassphrase(PathBuf),
}

fn encrypt(document: &SecretDocument, passphrase: &Secret) -> Result<SecretDocument, String> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    getrandom::fill(&mut salt).and_then(|()| getrandom::fill(&mut iv)).map_err(|error| error.to_string())?;
    let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(PBKDF2_ROUNDS, &salt, iv)
        .map_err(|error| error.to_string())?;
    let private = pkcs8::PrivateKeyInfoRef::from_der(document.as_bytes()).map_err(|error| error.to_string())?;
    private.encrypt_with_params(parameters, passphrase.expose_secret()).map_err(|error| error.to_string())
}

fn read_private(path: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    let io = |source| KeyFileError::Io { doing: "read", path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.is_dir() {
        return Err(KeyFileError::Malformed { path: path.to_owned(), reason: "it is a folder".to_owned() });
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let mode = file.metadata().map_err(io)?.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::OpenToOthers { path: path.to_owned(), mode });
        }
    }
    let mut pem = Zeroizing::new(String::with_capacity(MAX_KEY_FILE_BYTE_LEN));
    file.take(MAX_KEY_FILE_BYTE_LEN as u64).read_to_string(&mut pem).map_err(io)?;
    Ok(pem)
}

fn write_owner_only(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    let io = |source| KeyFileError::Io { doing: "write", path: path.to_owned(), source };
    let mut file = create_new(path, 0o600)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io)
}

fn create_new(path: &Path, mode: u32) -> Result<File, KeyFileError> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
        _ => KeyFileError::Io { doing: "write", path: path.to_owned(), source },
    })
}

/// 600 000 rounds: OWASP's advice for PBKDF2-HMAC-SHA-256. Not scrypt, whose usual parameters need more memory than we allow ourselves.
const PBKDF2_ROUNDS: u32 = 600_000;
/// Far above any Ed25519 key in PEM, far below anything that would hurt.
const MAX_KEY_FILE_BYTE_LEN: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> impl FnOnce() -> Result<Secret, KeyFileError> {
        let secret = Secret::new(text.to_owned());
        || Ok(secret)
    }

    #[test]
    fn an_encrypted_key_opens_with_its_passphrase_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.pem");
        let key = OperatorKey::generate().unwrap();
        key.write_private(&path, Some(&Secret::new("correct horse".to_owned()))).unwrap();
        let read = OperatorKey::load(&path, answer("correct horse")).unwrap();
        assert_eq!(read.public_key(), key.public_key());
        assert!(matches!(OperatorKey::load(&path, answer("wrong")), Err(KeyFileError::WrongPassphrase(_))));
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    }

    #[test]
    fn a_plain_key_opens_without_asking_and_signs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.pem");
        let key = OperatorKey::generate().unwrap();
        key.write_private(&path, None).unwrap();
        let read = OperatorKey::load(&path, || Err(KeyFileError::NoRandomness("not asked".to_owned()))).unwrap();
        assert!(key.public_key().verify(b"m", &read.sign(b"m").unwrap()));
        assert!(matches!(key.write_private(&path, None), Err(KeyFileError::Exists(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.pem");
        OperatorKey::generate().unwrap().write_private(&path, None).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(OperatorKey::load(&path, answer("")), Err(KeyFileError::OpenToOthers { mode: 0o640, .. })));
    }

    #[test]
    fn public_keys_round_trip_through_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.pub.pem");
        let key = OperatorKey::generate().unwrap().public_key();
        write_public(&path, &key).unwrap();
        assert_eq!(load_public(&path).unwrap(), key);
    }
}
