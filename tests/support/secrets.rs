//! What must not be seen, in every spelling in which it could be, and where it is looked for.
//!
//! A secret is looked for as it is, as a form or an address writes it, in hexadecimal digits, and in base64 wherever in a longer
//! text it begins: three alignments, two alphabets. Packages are unpacked and inflated.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use data_encoding::{BASE64, BASE64URL, HEXLOWER};
use memchr::memmem;
use zip::ZipArchive;

use crate::cli::Said;
use crate::service::entries;

/// Secrets in all spellings, with a name for each.
#[derive(Debug, Default)]
pub(crate) struct Secrets(BTreeMap<Vec<u8>, String>);

impl Secrets {
    pub(crate) fn add(&mut self, what: &str, secret: &[u8]) {
        assert!(secret.len() >= SHORTEST, "`{what}` is too short to be told from chance");
        let form: String = url::form_urlencoded::byte_serialize(secret).collect();
        self.spell(what, "", secret);
        self.spell(what, " in a form", form.as_bytes());
        self.spell(what, " in digits", HEXLOWER.encode(secret).as_bytes());
        for before in 0..3 {
            // Whole groups of three bytes alone have characters of their own.
            let skipped = (3 - before) % 3;
            let whole = &secret[skipped..];
            let whole = &whole[..whole.len() / 3 * 3];
            self.spell(what, " in base64", BASE64.encode(whole).as_bytes());
            self.spell(what, " in base64", BASE64URL.encode(whole).as_bytes());
        }
    }

    /// Adds a token, if there is one; of a JSON Web Token also the signature, which is enough for whoever can guess the rest.
    pub(crate) fn add_token(&mut self, what: &str, token: &str) {
        if token.is_empty() {
            return;
        }
        self.add(what, token.as_bytes());
        if token.starts_with("eyJ")
            && let Some((_, signature)) = token.rsplit_once('.')
        {
            self.add(what, signature.as_bytes());
        }
    }

    /// Adds a private key in PEM: pieces of its bytes from `offset` on, where what is public of it is over, and its lines.
    pub(crate) fn add_key(&mut self, what: &str, pem: &str, offset: usize) {
        let lines: Vec<&str> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let document = BASE64.decode(lines.concat().as_bytes()).unwrap();
        for piece in document[offset..].chunks(256).filter(|piece| piece.len() >= 32) {
            self.add(what, &piece[..32]);
        }
        for line in &lines[offset * 4 / 3 / 64 + usize::from(offset > 48)..] {
            self.spell(what, " in PEM", line.as_bytes());
        }
    }

    pub(crate) fn first_in(&self, bytes: &[u8]) -> Option<&str> {
        self.0.iter().find(|(secret, _)| memmem::find(bytes, secret).is_some()).map(|(_, what)| what.as_str())
    }

    #[track_caller]
    pub(crate) fn assert_absent(&self, place: &str, bytes: &[u8]) {
        assert_eq!(self.first_in(bytes), None, "in {place}");
    }

    /// Looks through a folder, and into every ZIP in it; returns in how many files and entries.
    #[track_caller]
    pub(crate) fn assert_absent_below(&self, folder: &Path) -> usize {
        let mut seen = 0;
        for path in entries(folder) {
            if path.is_dir() {
                seen += self.assert_absent_below(&path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            self.assert_absent(&path.display().to_string(), &bytes);
            seen += 1;
            let Ok(mut archive) = ZipArchive::new(std::io::Cursor::new(bytes)) else { continue };
            for index in 0..archive.len() {
                let mut entry = archive.by_index(index).unwrap();
                let mut inflated = Vec::new();
                entry.read_to_end(&mut inflated).unwrap();
                let place = format!("{} in {}", entry.name().unwrap(), path.display());
                self.assert_absent(&place, &inflated);
                seen += 1;
            }
        }
        seen
    }

    #[track_caller]
    pub(crate) fn assert_unsaid(&self, said: &Said) {
        self.assert_absent("standard output", said.stdout.as_bytes());
        self.assert_absent("standard error", said.stderr.as_bytes());
    }

    /// Adds a spelling as it is.
    pub(crate) fn spell(&mut self, what: &str, how: &str, spelling: &[u8]) {
        self.0.entry(spelling.to_vec()).or_insert_with(|| format!("{what}{how}"));
    }
}

/// Shorter texts occur by chance.
const SHORTEST: usize = 8;

#[test]
fn a_secret_is_found_in_every_spelling() {
    let mut secrets = Secrets::default();
    let secret = b"simulated~published~not.a/secret";
    secrets.add("it", secret);
    for before in 0..6 {
        let longer = [&b"before"[..before], secret, b"after"].concat();
        let form: String = url::form_urlencoded::byte_serialize(&longer).collect();
        for (text, what) in [
            (longer.clone(), "it"),
            (form.into_bytes(), "it in a form"),
            (HEXLOWER.encode(&longer).into_bytes(), "it in digits"),
            (BASE64.encode(&longer).into_bytes(), "it in base64"),
            (BASE64URL.encode(&longer).into_bytes(), "it in base64"),
        ] {
            assert_eq!(secrets.first_in(&text), Some(what), "{before}");
        }
    }
    assert_eq!(secrets.first_in(b"simulated~published~not.a_secret"), None);
}
