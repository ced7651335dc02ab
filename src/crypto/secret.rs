//! Text that must not be seen: wiped when dropped, without `Debug` or `Display`, with one exit that says what it is.

use zeroize::Zeroizing;

/// A passphrase, a client secret or a token.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret; the caller's copy, if any, is the caller's to wipe.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Returns the secret, for the one use it is for.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }

    /// Says whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
