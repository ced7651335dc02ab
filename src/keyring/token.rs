//! A key in a PKCS#11 token: a smart card, a security module, or software that stands in for one.
//!
//! Apart because a module is somebody else's code in our process. It is loaded by the absolute path that the operator names, and
//! used through `cryptoki`, which keeps its pointers to itself: there is no unsafe code here. The private key stays where it is;
//! CKM_EDDSA over the raw bytes is what FORMAT §6 asks for, and every signature is verified under the public key before anybody uses
//! it. Labels and serial numbers are the token's words, only ever shown escaped.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use data_encoding::HEXLOWER;

use super::token_uri::TokenUri;
use crate::crypto::secret::Secret;
use crate::crypto::signature::{NotSigned, PublicKey, Signature, Signer};

/// An Ed25519 key in a token, ready to sign.
pub struct TokenKey {
    session: Mutex<Session>,
    private: ObjectHandle,
    public: PublicKey,
}

impl TokenKey {
    /// Finds the key that `uri` names and logs in. `pin` is asked only where the token wants one.
    ///
    /// # Errors
    ///
    /// [`TokenError`].
    pub fn open<E>(uri: &TokenUri, pin: impl FnOnce() -> Result<Secret, E>) -> Result<Self, E>
    where
        E: From<TokenError>,
    {
        let module = load(uri)?;
        let (slot, wants_pin) = find_token(&module, uri)?;
        let session = module.open_ro_session(slot).map_err(refused("open a session with the token"))?;
        match wants_pin {
            Login::None => {}
            Login::OnTheToken => log_in(&session, None)?,
            Login::Pin => log_in(&session, Some(&AuthPin::new(pin()?.expose_secret().into())))?,
        }
        let (private, public) = find_key(&session, uri)?;
        Ok(Self { session: Mutex::new(session), private, public })
    }
}

impl Signer for TokenKey {
    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, NotSigned> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
        let bytes = session
            .sign(&mechanism, self.private, message)
            .map_err(|error| NotSigned(TokenError::Refused { doing: "sign", reason: reason(&error) }.to_string()))?;
        Signature::from_bytes(&bytes)
            .filter(|signature| self.public.verify(message, signature))
            .ok_or_else(|| NotSigned("the token's signature is not one of this key over these bytes".to_owned()))
    }
}

/// Why a token was of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Several keys fit.
    #[error("several Ed25519 keys in the token fit")]
    SeveralKeys {
        /// Labels and identifiers of those there; the token's words, to be escaped.
        there: Vec<String>,
    },
    /// Several tokens fit.
    #[error("several tokens fit")]
    SeveralTokens {
        /// Labels and serial numbers of those there; the tokens' words, to be escaped.
        there: Vec<String>,
    },
    /// Too many wrong PINs.
    #[error("the token's PIN is locked")]
    Locked,
    /// The module cannot be loaded, or does not begin.
    #[error("the PKCS#11 module `{path}` cannot be used: {reason}")]
    Module {
        /// Which.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// No key fits.
    #[error("no Ed25519 key in the token fits")]
    NoSuchKey {
        /// Labels and identifiers of those there; the token's words, to be escaped.
        there: Vec<String>,
    },
    /// No token fits.
    #[error("no token fits")]
    NoSuchToken {
        /// Labels and serial numbers of those there; the tokens' words, to be escaped.
        there: Vec<String>,
    },
    /// The public half is not there, or is no usable point.
    #[error("the token does not give the public half of the key as an Ed25519 point")]
    NoPublicKey,
    /// The token said no.
    #[error("the token refuses to {doing}: {reason}")]
    Refused {
        /// What was tried.
        doing: &'static str,
        /// What it said.
        reason: String,
    },
    /// Not the PIN.
    #[error("the PIN is not the token's")]
    WrongPin,
}

/// How a token is opened.
enum Login {
    None,
    OnTheToken,
    Pin,
}

fn load(uri: &TokenUri) -> Result<Pkcs11, TokenError> {
    let broken = |reason: String| TokenError::Module { path: uri.module_path().to_owned(), reason };
    let module = Pkcs11::new(uri.module_path()).map_err(|error| broken(reason(&error)))?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // A module is begun once in a process, whoever asks first.
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(module),
        Err(error) => Err(broken(reason(&error))),
    }
}

fn find_token(module: &Pkcs11, uri: &TokenUri) -> Result<(Slot, Login), TokenError> {
    let slots = module.get_slots_with_initialized_token().map_err(refused("name its tokens"))?;
    let fits = |wanted: &Option<String>, held: &str| wanted.as_ref().is_none_or(|wanted| wanted == held);
    let (mut there, mut fitting) = (Vec::new(), Vec::new());
    for slot in slots {
        // A token that was taken out between the two calls is one that is not there.
        let Ok(info) = module.get_token_info(slot) else { continue };
        there.push(format!("token={} serial={}", info.label(), info.serial_number()));
        if fits(&uri.token, info.label())
            && fits(&uri.serial, info.serial_number())
            && fits(&uri.manufacturer, info.manufacturer_id())
            && fits(&uri.model, info.model())
        {
            let login = match (info.login_required(), info.protected_authentication_path()) {
                (false, _) => Login::None,
                (true, true) => Login::OnTheToken,
                (true, false) => Login::Pin,
            };
            fitting.push((slot, login));
        }
    }
    match (fitting.pop(), fitting.is_empty()) {
        (Some(found), true) => Ok(found),
        (Some(_), false) => Err(TokenError::SeveralTokens { there }),
        (None, _) => Err(TokenError::NoSuchToken { there }),
    }
}

fn log_in(session: &Session, pin: Option<&AuthPin>) -> Result<(), TokenError> {
    match session.login(UserType::User, pin) {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
            Err(TokenError::WrongPin)
        }
        Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(TokenError::Locked),
        Err(error) => Err(refused("log in")(error)),
    }
}

fn find_key(session: &Session, uri: &TokenUri) -> Result<(ObjectHandle, PublicKey), TokenError> {
    let all = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::KeyType(KeyType::EC_EDWARDS)];
    let mut wanted = all.to_vec();
    wanted.extend(uri.object.as_ref().map(|label| Attribute::Label(label.as_bytes().to_vec())));
    wanted.extend(uri.id.as_ref().map(|id| Attribute::Id(id.clone())));
    let found = session.find_objects(&wanted).map_err(refused("name its keys"))?;
    match found.as_slice() {
        [private] => Ok((*private, public_half(session, *private)?)),
        [] => Err(TokenError::NoSuchKey { there: keys_there(session, &all) }),
        _ => Err(TokenError::SeveralKeys { there: keys_there(session, &all) }),
    }
}

/// Finds the public half: in the private key's own attributes, or in the public key object of the same identifier and label.
fn public_half(session: &Session, private: ObjectHandle) -> Result<PublicKey, TokenError> {
    if let Some(public) = point_of(session, private) {
        return Ok(public);
    }
    let (id, label) = (bytes_of(session, private, AttributeType::Id), bytes_of(session, private, AttributeType::Label));
    let mut twin = vec![Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::KeyType(KeyType::EC_EDWARDS)];
    twin.extend(id.filter(|id| !id.is_empty()).map(Attribute::Id));
    twin.extend(label.filter(|label| !label.is_empty()).map(Attribute::Label));
    let found = session.find_objects(&twin).map_err(refused("name its public keys"))?;
    match found.as_slice() {
        [public] => point_of(session, *public).ok_or(TokenError::NoPublicKey),
        _ => Err(TokenError::NoPublicKey),
    }
}

fn point_of(session: &Session, object: ObjectHandle) -> Option<PublicKey> {
    read_point(&bytes_of(session, object, AttributeType::EcPoint)?)
}

/// Reads CKA_EC_POINT: raw as PKCS#11 3.0 has it, in a DER OCTET STRING as older modules do, or in a BIT STRING.
fn read_point(bytes: &[u8]) -> Option<PublicKey> {
    let raw = match bytes {
        [0x04, 0x20, raw @ ..] | [0x03, 0x21, 0x00, raw @ ..] if raw.len() == 32 => raw,
        raw => raw,
    };
    PublicKey::from_bytes(raw.try_into().ok()?).ok()
}

fn bytes_of(session: &Session, object: ObjectHandle, attribute: AttributeType) -> Option<Vec<u8>> {
    // What a token does not tell is not there; what is missing is said where it is needed.
    let held = session.get_attributes(object, &[attribute]).ok()?;
    held.into_iter().find_map(|held| match held {
        Attribute::EcPoint(bytes) | Attribute::Id(bytes) | Attribute::Label(bytes) => Some(bytes),
        _ => None,
    })
}

fn keys_there(session: &Session, all: &[Attribute]) -> Vec<String> {
    let keys = session.find_objects(all).unwrap_or_default();
    let name = |key: ObjectHandle| {
        let label = bytes_of(session, key, AttributeType::Label).unwrap_or_default();
        let id = bytes_of(session, key, AttributeType::Id).unwrap_or_default();
        format!("object={} id={}", String::from_utf8_lossy(&label), HEXLOWER.encode(&id))
    };
    keys.into_iter().map(name).collect()
}

fn refused(doing: &'static str) -> impl Fn(Error) -> TokenError {
    move |error| TokenError::Refused { doing, reason: reason(&error) }
}

fn reason(error: &Error) -> String {
    match error {
        Error::Pkcs11(value, _) => value.to_string(),
        Error::LibraryLoading(error) => error.to_string(),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_read_in_each_form_modules_use() {
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key();
        let raw = key.as_bytes().as_slice();
        let expected = PublicKey::from_bytes(key.as_bytes()).unwrap();
        for form in [raw.to_vec(), [&[0x04, 0x20], raw].concat(), [&[0x03, 0x21, 0x00], raw].concat()] {
            assert_eq!(read_point(&form), Some(expected), "{form:?}");
        }
        for form in [&raw[1..], &[&[0x04, 0x21], raw].concat(), &[&[0x04, 0x20], raw, &[0]].concat(), &[]] {
            assert_eq!(read_point(form), None, "{form:?}");
        }
        assert_eq!(read_point(&[0; 32]), None, "a point of small order");
    }

    #[test]
    fn a_module_that_is_not_there_is_named() {
        let uri: TokenUri = "pkcs11:token=t?module-path=/nowhere/m.so".parse().unwrap();
        let asked = || Err(TokenError::WrongPin);
        let Err(TokenError::Module { path, .. }) = TokenKey::open(&uri, asked) else { panic!("it is not there") };
        assert_eq!(path, PathBuf::from("/nowhere/m.so"));
    }
}
