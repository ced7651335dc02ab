//! Names of keys in PKCS#11 tokens: `pkcs11:` URIs (RFC 7512), as far as one key needs.
//!
//! Apart because a URI is typed by people and stored in `matter.toml`: what it may say is decided before any module is loaded. An
//! attribute that is not understood is refused, never passed over, for it was meant to narrow the choice. A PIN in it is refused
//! without being repeated: it would stand on the command line, in the shell's history and in the matter.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A `pkcs11:` URI that names a token's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenUri {
    text: String,
    /// The token's label.
    pub token: Option<String>,
    /// The token's serial number.
    pub serial: Option<String>,
    /// The token's maker.
    pub manufacturer: Option<String>,
    /// The token's model.
    pub model: Option<String>,
    /// The key's label.
    pub object: Option<String>,
    /// The key's identifier.
    pub id: Option<Vec<u8>>,
    module_path: PathBuf,
    pin_source: Option<PathBuf>,
}

impl TokenUri {
    /// Returns the module to load.
    #[must_use]
    pub fn module_path(&self) -> &Path {
        &self.module_path
    }

    /// Returns the file whose first line is the PIN, if one is named.
    #[must_use]
    pub fn pin_source(&self) -> Option<&Path> {
        self.pin_source.as_deref()
    }
}

impl fmt::Display for TokenUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for TokenUri {
    type Err = NotATokenUri;

    fn from_str(text: &str) -> Result<Self, NotATokenUri> {
        let rest = text.strip_prefix(SCHEME).ok_or(NotATokenUri::Scheme)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut attributes = Vec::new();
        for (part, separator) in [(path, ';'), (query, '&')] {
            for attribute in part.split(separator).filter(|attribute| !attribute.is_empty()) {
                let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
                if name == "pin-value" {
                    return Err(NotATokenUri::Pin);
                }
                if attributes.iter().any(|(held, _)| *held == name) {
                    return Err(NotATokenUri::Twice(name.to_owned()));
                }
                attributes.push((name, decode(name, value)?));
            }
        }
        let mut uri = Self {
            text: text.to_owned(),
            token: None,
            serial: None,
            manufacturer: None,
            model: None,
            object: None,
            id: None,
            module_path: PathBuf::new(),
            pin_source: None,
        };
        for (name, value) in attributes {
            if name == "id" {
                uri.id = Some(value);
                continue;
            }
            let value = String::from_utf8(value).map_err(|_| NotATokenUri::Encoding(name.to_owned()))?;
            match name {
                "token" => uri.token = Some(value),
                "serial" => uri.serial = Some(value),
                "manufacturer" => uri.manufacturer = Some(value),
                "model" => uri.model = Some(value),
                "object" => uri.object = Some(value),
                "type" if value == "private" => {}
                "type" => return Err(NotATokenUri::Type(value)),
                "module-path" => uri.module_path = PathBuf::from(value),
                "pin-source" => {
                    let path = value.strip_prefix("file:").ok_or(NotATokenUri::PinSource)?;
                    uri.pin_source = Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)));
                }
                _ => return Err(NotATokenUri::Unknown(name.to_owned())),
            }
        }
        // A bare name would be searched for in whatever folders the loader knows.
        if uri.module_path.is_absolute() { Ok(uri) } else { Err(NotATokenUri::Module) }
    }
}

/// Why text names no key in a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotATokenUri {
    /// A broken `%`, or not UTF-8.
    #[error("the value of `{0}` in the pkcs11 URI is not percent-encoded text")]
    Encoding(String),
    /// No module, or not by an absolute path.
    #[error("the pkcs11 URI names no module by an absolute path")]
    Module,
    /// A PIN in the URI.
    #[error("the pkcs11 URI holds a PIN (`pin-value`), which would stand on the command line and in the matter")]
    Pin,
    /// A PIN from elsewhere than a file.
    #[error("the `pin-source` of the pkcs11 URI is not a `file:`")]
    PinSource,
    /// Not this scheme.
    #[error("it does not begin with `pkcs11:`")]
    Scheme,
    /// An attribute twice.
    #[error("the pkcs11 URI has `{0}` twice")]
    Twice(String),
    /// Something else than a private key.
    #[error("the pkcs11 URI asks for the type `{0}`, not for a private key")]
    Type(String),
    /// An attribute that is not understood.
    #[error("the pkcs11 URI has the attribute `{0}`, which is not understood here")]
    Unknown(String),
}

fn decode(name: &str, value: &str) -> Result<Vec<u8>, NotATokenUri> {
    let malformed = || NotATokenUri::Encoding(name.to_owned());
    let mut bytes = value.bytes();
    let mut decoded = Vec::with_capacity(value.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16)).ok_or_else(malformed);
        let value = digit()? * 16 + digit()?;
        decoded.push(u8::try_from(value).map_err(|_| malformed())?);
    }
    Ok(decoded)
}

/// What a `pkcs11:` URI begins with.
pub const SCHEME: &str = "pkcs11:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_and_decoded() {
        let text = "pkcs11:token=Ops%20token;serial=01ab;object=jo%3b1;id=%00%aF1;type=private\
                    ?module-path=/usr/lib/m.so&pin-source=file:///run/pin";
        let uri: TokenUri = text.parse().unwrap();
        assert_eq!(uri.token.as_deref(), Some("Ops token"));
        assert_eq!(uri.serial.as_deref(), Some("01ab"));
        assert_eq!(uri.object.as_deref(), Some("jo;1"));
        assert_eq!(uri.id.as_deref(), Some([0, 0xaf, b'1'].as_slice()));
        assert_eq!(uri.module_path(), Path::new("/usr/lib/m.so"));
        assert_eq!(uri.pin_source(), Some(Path::new("/run/pin")));
        assert_eq!(uri.to_string(), text);
        let short: TokenUri = "pkcs11:?module-path=/m.so&pin-source=file:pin".parse().unwrap();
        assert_eq!((short.token, short.pin_source), (None, Some(PathBuf::from("pin"))));
    }

    #[test]
    fn a_pin_is_refused_and_not_repeated() {
        for text in ["pkcs11:token=t?module-path=/m.so&pin-value=987654", "pkcs11:pin-value=987654;token=t"] {
            let error = text.parse::<TokenUri>().unwrap_err();
            assert_eq!(error, NotATokenUri::Pin);
            assert!(!error.to_string().contains("987654") && !format!("{error:?}").contains("987654"));
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let cases = [
            ("pkcs12:token=t", NotATokenUri::Scheme),
            ("pkcs11:token=t", NotATokenUri::Module),
            ("pkcs11:token=t?module-path=m.so", NotATokenUri::Module),
            ("pkcs11:token=t?module-name=m", NotATokenUri::Unknown("module-name".to_owned())),
            ("pkcs11:slot-id=1?module-path=/m.so", NotATokenUri::Unknown("slot-id".to_owned())),
            ("pkcs11:token=t;token=u?module-path=/m.so", NotATokenUri::Twice("token".to_owned())),
            ("pkcs11:type=cert?module-path=/m.so", NotATokenUri::Type("cert".to_owned())),
            ("pkcs11:token=%4?module-path=/m.so", NotATokenUri::Encoding("token".to_owned())),
            ("pkcs11:token=%zz?module-path=/m.so", NotATokenUri::Encoding("token".to_owned())),
            ("pkcs11:token=%ff?module-path=/m.so", NotATokenUri::Encoding("token".to_owned())),
            ("pkcs11:token=t?module-path=/m.so&pin-source=%7cprogram", NotATokenUri::PinSource),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<TokenUri>(), Err(expected), "{text}");
        }
    }
}
