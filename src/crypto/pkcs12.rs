//! PKCS#12 containers (RFC 7292), read for the one private key and the certificates in them.
//!
//! Written here on RustCrypto's parts because what is ready-made pins other versions of them. Reads what OpenSSL, Windows and the
//! Azure portal write: password integrity with HMAC of SHA-1 or SHA-2, PBES2 (RFC 8018), and the older 3DES and RC2 of Appendix C.
//! The MAC is checked before anything else is believed; a container without one is refused. Plaintexts are wiped when dropped.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt as _, KeyInit, KeyIvInit as _};
use cms::content_info::ContentInfo;
use cms::encrypted_data::EncryptedData;
use der::asn1::{Any, ObjectIdentifier, OctetString};
use der::{Decode as _, Encode as _, Sequence};
use des::TdesEde3;
use hmac::{Hmac, Mac as _};
use rc2::Rc2;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use super::secret::Secret;

/// What a container holds.
pub struct Opened {
    /// The private key in PKCS#8, DER.
    pub private_key: Zeroizing<Vec<u8>>,
    /// The certificates in DER, in the order of the file.
    pub certificates: Vec<Vec<u8>>,
}

/// Why a container could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs12Error {
    /// Bytes that are no container.
    #[error("it is not PKCS#12 in DER")]
    Malformed,
    /// None, or several.
    #[error("it holds {0} private keys; one is needed")]
    KeyCount(usize),
    /// A cipher, digest or form that is not read.
    #[error("it is protected in a way that is not read ({0})")]
    Unsupported(ObjectIdentifier),
    /// More rounds than anybody needs.
    #[error("it demands {0} rounds of key derivation")]
    TooManyRounds(u64),
    /// The password does not open it.
    #[error("the password does not open it")]
    WrongPassword,
}

/// Opens a container.
///
/// # Errors
///
/// [`Pkcs12Error`].
pub fn open(bytes: &[u8], password: &Secret) -> Result<Opened, Pkcs12Error> {
    let container = Pfx::from_der(bytes).map_err(malformed)?;
    if container.auth_safe.content_type != DATA {
        return Err(Pkcs12Error::Unsupported(container.auth_safe.content_type));
    }
    let safes = octets(&container.auth_safe.content)?;
    let mac = container.mac_data.ok_or(Pkcs12Error::Malformed)?;
    let keys = Keys::check(&mac, safes.as_bytes(), password)?;
    let mut found = Found::default();
    for safe in Vec::<ContentInfo>::from_der(safes.as_bytes()).map_err(malformed)? {
        let contents = match safe.content_type {
            DATA => Zeroizing::new(octets(&safe.content)?.into_bytes().into()),
            ENCRYPTED_DATA => {
                let encrypted: EncryptedData = safe.content.decode_as().map_err(malformed)?;
                let content = encrypted.enc_content_info;
                let ciphertext = content.encrypted_content.ok_or(Pkcs12Error::Malformed)?;
                keys.decrypt(&content.content_enc_alg, ciphertext.as_bytes())?
            }
            other => return Err(Pkcs12Error::Unsupported(other)),
        };
        for bag in Vec::<SafeBag>::from_der(&contents).map_err(malformed)? {
            found.take(&bag, &keys)?;
        }
    }
    let count = found.keys.len();
    match found.keys.pop() {
        Some(private_key) if count == 1 => Ok(Opened { private_key, certificates: found.certificates }),
        _ => Err(Pkcs12Error::KeyCount(count)),
    }
}

#[derive(Sequence)]
struct Pfx {
    version: u8,
    auth_safe: ContentInfo,
    mac_data: Option<MacData>,
}

#[derive(Sequence)]
struct MacData {
    mac: DigestInfo,
    salt: OctetString,
    #[asn1(default = "one_round")]
    rounds: u64,
}

#[derive(Sequence)]
struct DigestInfo {
    algorithm: AlgorithmIdentifierOwned,
    digest: OctetString,
}

#[derive(Sequence)]
struct SafeBag {
    id: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    value: Any,
    attributes: Option<Any>,
}

#[derive(Sequence)]
struct EncryptedKey {
    algorithm: AlgorithmIdentifierOwned,
    ciphertext: OctetString,
}

#[derive(Sequence)]
struct CertBag {
    id: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    value: OctetString,
}

#[derive(Sequence)]
struct OldParameters {
    salt: OctetString,
    rounds: u64,
}

#[derive(Default)]
struct Found {
    keys: Vec<Zeroizing<Vec<u8>>>,
    certificates: Vec<Vec<u8>>,
}

impl Found {
    fn take(&mut self, bag: &SafeBag, keys: &Keys<'_>) -> Result<(), Pkcs12Error> {
        match bag.id {
            KEY_BAG => self.keys.push(Zeroizing::new(bag.value.to_der().map_err(malformed)?)),
            SHROUDED_KEY_BAG => {
                let key: EncryptedKey = bag.value.decode_as().map_err(malformed)?;
                self.keys.push(keys.decrypt(&key.algorithm, key.ciphertext.as_bytes())?);
            }
            CERT_BAG => {
                let certificate: CertBag = bag.value.decode_as().map_err(malformed)?;
                if certificate.id == X509_CERTIFICATE {
                    self.certificates.push(certificate.value.into_bytes().into());
                }
            }
            // Revocation lists and secrets of other kinds are none of our business.
            _ => {}
        }
        Ok(())
    }
}

/// The password in its two spellings.
struct Keys<'a> {
    /// For PBES2: as it was typed.
    plain: &'a str,
    /// For all that is older: UTF-16, big endian, with a zero at the end (Appendix B.1).
    wide: Zeroizing<Vec<u8>>,
}

impl<'a> Keys<'a> {
    fn check(mac: &MacData, content: &[u8], password: &'a Secret) -> Result<Self, Pkcs12Error> {
        let plain = password.expose_secret();
        let mut wide = Zeroizing::new(Vec::with_capacity(2 * plain.len() + 2));
        plain.encode_utf16().chain([0]).for_each(|unit| wide.extend(unit.to_be_bytes()));
        // No password is written as an empty one or as none at all.
        let spellings = if plain.is_empty() { vec![wide, Zeroizing::default()] } else { vec![wide] };
        for wide in spellings {
            if mac.holds(content, &wide)? {
                return Ok(Self { plain, wide });
            }
        }
        Err(Pkcs12Error::WrongPassword)
    }

    fn decrypt(
        &self,
        algorithm: &AlgorithmIdentifierOwned,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
        match algorithm.oid {
            SHA1_3DES => self.decrypt_old::<TdesEde3>(algorithm, 24, ciphertext),
            SHA1_RC2_128 => self.decrypt_old::<Rc2>(algorithm, 16, ciphertext),
            SHA1_RC2_40 => self.decrypt_old::<Rc2>(algorithm, 5, ciphertext),
            PBES2 => {
                let bytes = algorithm.to_der().map_err(malformed)?;
                let scheme =
                    pkcs5::EncryptionScheme::try_from(bytes.as_slice()).map_err(|_| Pkcs12Error::Unsupported(PBES2))?;
                let kdf = scheme.pbes2().map(|parameters| &parameters.kdf);
                let rounds = kdf.and_then(|kdf| kdf.pbkdf2()).map_or(0, |pbkdf2| u64::from(pbkdf2.iteration_count));
                limit(rounds)?;
                if kdf.is_some_and(|kdf| kdf.scrypt().is_some_and(|scrypt| scrypt.cost_parameter > MAX_SCRYPT_COST)) {
                    return Err(Pkcs12Error::TooManyRounds(rounds));
                }
                let plain = scheme.decrypt(self.plain, ciphertext).map_err(|_| Pkcs12Error::WrongPassword)?;
                Ok(Zeroizing::new(plain))
            }
            other => Err(Pkcs12Error::Unsupported(other)),
        }
    }

    /// Appendix C: the key and the initialisation vector both come from the password.
    fn decrypt_old<C: BlockCipherDecrypt + KeyInit>(
        &self,
        algorithm: &AlgorithmIdentifierOwned,
        key_len: usize,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
        let parameters = algorithm.parameters.as_ref().ok_or(Pkcs12Error::Malformed)?;
        let OldParameters { salt, rounds } = parameters.decode_as().map_err(malformed)?;
        let material = |purpose, len| derive::<Sha1>(&self.wide, salt.as_bytes(), purpose, rounds, len, 64);
        let (key, iv) = (material(Purpose::Key, key_len)?, material(Purpose::Iv, 8)?);
        let cipher = cbc::Decryptor::<C>::new_from_slices(&key, &iv).map_err(|_| Pkcs12Error::Malformed)?;
        let plain = cipher.decrypt_padded_vec::<Pkcs7>(ciphertext).map_err(|_| Pkcs12Error::WrongPassword)?;
        Ok(Zeroizing::new(plain))
    }
}

impl MacData {
    fn holds(&self, content: &[u8], wide: &[u8]) -> Result<bool, Pkcs12Error> {
        let (salt, rounds, claimed) = (self.salt.as_bytes(), self.rounds, self.mac.digest.as_bytes());
        // RFC 7292 §5.1: the MAC's key is as long as the digest.
        macro_rules! holds {
            ($digest:ty, $len:expr, $block_len:expr) => {{
                let key = derive::<$digest>(wide, salt, Purpose::Mac, rounds, $len, $block_len)?;
                let mac = <Hmac<$digest> as KeyInit>::new_from_slice(&key).map_err(|_| Pkcs12Error::Malformed)?;
                Ok(mac.chain_update(content).verify_slice(claimed).is_ok())
            }};
        }
        match self.mac.algorithm.oid {
            SHA1 => holds!(Sha1, 20, 64),
            SHA256 => holds!(Sha256, 32, 64),
            SHA384 => holds!(Sha384, 48, 128),
            SHA512 => holds!(Sha512, 64, 128),
            other => Err(Pkcs12Error::Unsupported(other)),
        }
    }
}

/// The identifiers of Appendix B.3.
#[derive(Clone, Copy)]
enum Purpose {
    Iv,
    Key,
    Mac,
}

/// Appendix B.2. `block_len` is the digest's own.
fn derive<D: Digest>(
    password: &[u8],
    salt: &[u8],
    purpose: Purpose,
    rounds: u64,
    wanted_len: usize,
    block_len: usize,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    limit(rounds)?;
    let id: u8 = match purpose {
        Purpose::Key => 1,
        Purpose::Iv => 2,
        Purpose::Mac => 3,
    };
    // As often as it takes to fill whole blocks; nothing stays nothing.
    let stretched = |bytes: &[u8]| {
        let len = bytes.len().div_ceil(block_len) * block_len;
        Zeroizing::new(bytes.iter().copied().cycle().take(len).collect::<Vec<u8>>())
    };
    let mut input = Zeroizing::new([stretched(salt).as_slice(), stretched(password).as_slice()].concat());
    let mut output = Zeroizing::new(Vec::with_capacity(wanted_len + block_len));
    loop {
        let mut digest =
            Zeroizing::new(D::new().chain_update(vec![id; block_len]).chain_update(&*input).finalize().to_vec());
        for _ in 1..rounds {
            digest = Zeroizing::new(D::digest(digest.as_slice()).to_vec());
        }
        output.extend_from_slice(&digest);
        if output.len() >= wanted_len {
            output.truncate(wanted_len);
            return Ok(output);
        }
        for block in input.chunks_mut(block_len) {
            add_one_more_than(block, &digest);
        }
    }
}

/// Adds `digest`, repeated over the block's length, and one, to a block taken as a number; what overflows is dropped.
fn add_one_more_than(block: &mut [u8], digest: &[u8]) {
    let len = block.len();
    let addend: Zeroizing<Vec<u8>> = Zeroizing::new(digest.iter().copied().cycle().take(len).collect());
    let mut carry = 1_u16;
    for (byte, add) in block.iter_mut().zip(addend.iter()).rev() {
        let [high, low] = (u16::from(*byte) + u16::from(*add) + carry).to_be_bytes();
        *byte = low;
        carry = u16::from(high);
    }
}

fn limit(rounds: u64) -> Result<(), Pkcs12Error> {
    if rounds > MAX_ROUNDS { Err(Pkcs12Error::TooManyRounds(rounds)) } else { Ok(()) }
}

fn octets(content: &Any) -> Result<OctetString, Pkcs12Error> {
    content.decode_as().map_err(malformed)
}

fn malformed(_: der::Error) -> Pkcs12Error {
    Pkcs12Error::Malformed
}

fn one_round() -> u64 {
    1
}

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const SHA1_3DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const SHA1_RC2_128: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5");
const SHA1_RC2_40: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
/// Ten times what anybody advises: more only makes a program hang.
const MAX_ROUNDS: u64 = 10_000_000;
/// With the usual block of 8, 256 MiB: more only takes a machine's memory.
const MAX_SCRYPT_COST: u64 = 1 << 18;
