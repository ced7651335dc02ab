//! Where the operator's private key lives: in a file, in an ssh-agent, in a PKCS#11 token.
//!
//! One text names each, on the command line and in `matter.toml`; what begins with neither `ssh-agent:` nor `pkcs11:` is a path.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::token_uri::{self, NotATokenUri, TokenUri};

/// The name of a private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyHome {
    /// In an ssh-agent: a fingerprint `SHA256:…` or a comment.
    Agent(String),
    /// In a file.
    File(PathBuf),
    /// In a PKCS#11 token.
    Token(Box<TokenUri>),
}

impl KeyHome {
    /// Says whether the key is kept by somebody else, who hands out signatures and nothing more.
    #[must_use]
    pub fn is_kept_elsewhere(&self) -> bool {
        !matches!(self, Self::File(_))
    }
}

impl FromStr for KeyHome {
    type Err = NotATokenUri;

    fn from_str(text: &str) -> Result<Self, NotATokenUri> {
        if let Some(wanted) = text.strip_prefix(AGENT) {
            Ok(Self::Agent(wanted.to_owned()))
        } else if text.starts_with(token_uri::SCHEME) {
            text.parse().map(Box::new).map(Self::Token)
        } else {
            Ok(Self::File(PathBuf::from(text)))
        }
    }
}

impl fmt::Display for KeyHome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(wanted) => write!(f, "{AGENT}{wanted}"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Token(uri) => write!(f, "{uri}"),
        }
    }
}

const AGENT: &str = "ssh-agent:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_where_a_key_lives() {
        for (text, elsewhere) in [
            ("operator.pem", false),
            ("/keys/pkcs11:x", false),
            ("ssh-agent:SHA256:abc", true),
            ("ssh-agent:jo@example", true),
            ("pkcs11:token=t?module-path=/m.so", true),
        ] {
            let home: KeyHome = text.parse().unwrap();
            assert_eq!((home.to_string().as_str(), home.is_kept_elsewhere()), (text, elsewhere));
        }
        assert_eq!("pkcs11:token=t?pin-value=1".parse::<KeyHome>(), Err(NotATokenUri::Pin));
    }
}
