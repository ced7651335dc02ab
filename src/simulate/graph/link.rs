//! Links to the next page: the service's own spelling of a URL, and the token that says where to go on.
//!
//! The spelling matters: the path comes back in lower case, spaces as `+`, commas and quotes as `%2c` and `%27`, dollar
//! signs raw (graph-api §3.1), so a client that re-encodes a link does not send the same bytes. The token is 64 hex digits
//! and keeps no state in the server: question, position and order of ties, under a keyed digest. The older shape, which a
//! fault brings back, is too short for that and stands for a position the server remembers.

use std::fmt::Write;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::{super::tenant::Log, question::Question};

/// Where a chain of pages goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Position {
    /// The second of the next record.
    pub(crate) second: i64,
    /// How many matching records of that second were served.
    pub(crate) served: u32,
    /// Decides the order of records that share an instant, for the whole chain.
    pub(crate) ties: u32,
    /// The page before was empty on purpose; this one is not.
    pub(crate) after_empty: bool,
}

impl Position {
    /// Makes the token of this position in the chain that answers `question`.
    pub(crate) fn token(self, seed: u64, question: u64) -> String {
        let mut plain = [0; PLAIN_LEN];
        plain[..8].copy_from_slice(&question.to_be_bytes());
        plain[8..16].copy_from_slice(&self.second.to_be_bytes());
        let served = self.served | if self.after_empty { EMPTY_FLAG } else { 0 };
        plain[16..20].copy_from_slice(&served.to_be_bytes());
        plain[20..].copy_from_slice(&self.ties.to_be_bytes());
        let tag = keyed(seed, b"tag", &plain);
        let mut token = [0; TOKEN_LEN];
        token[..TAG_LEN].copy_from_slice(&tag[..TAG_LEN]);
        let pad = keyed(seed, b"pad", &token[..TAG_LEN]);
        for (slot, (byte, pad)) in token[TAG_LEN..].iter_mut().zip(plain.iter().zip(pad)) {
            *slot = byte ^ pad;
        }
        HEXLOWER.encode(&token)
    }

    /// Reads a token; `None` unless this server made it for this question.
    pub(crate) fn read(token: &str, seed: u64, question: u64) -> Option<Self> {
        let token: [u8; TOKEN_LEN] = HEXLOWER.decode(token.as_bytes()).ok()?.try_into().ok()?;
        let pad = keyed(seed, b"pad", &token[..TAG_LEN]);
        let mut plain = [0; PLAIN_LEN];
        for (slot, (byte, pad)) in plain.iter_mut().zip(token[TAG_LEN..].iter().zip(pad)) {
            *slot = byte ^ pad;
        }
        let genuine = keyed(seed, b"tag", &plain)[..TAG_LEN] == token[..TAG_LEN];
        let (asked, rest) = plain.split_first_chunk()?;
        let (second, rest) = rest.split_first_chunk()?;
        let (served, rest) = rest.split_first_chunk()?;
        let served = u32::from_be_bytes(*served);
        (genuine && u64::from_be_bytes(*asked) == question).then_some(Self {
            second: i64::from_be_bytes(*second),
            served: served & !EMPTY_FLAG,
            ties: u32::from_be_bytes(*rest.first_chunk()?),
            after_empty: served & EMPTY_FLAG != 0,
        })
    }
}

/// Writes the link that carries `token`, ready to stand in a JSON string.
pub(crate) fn next_link(origin: &str, question: &Question, token: &str) -> String {
    let path = match question.log {
        // The service's own links to sign-ins come back in lower case (graph-api §1.1).
        Log::SignIns => "auditLogs/signins",
        log => log.path(),
    };
    let mut link = format!("{origin}/{}/{path}?", question.version_segment());
    for (name, value) in &question.options {
        escape(&mut link, name);
        link.push('=');
        escape(&mut link, value);
        link.push('&');
    }
    link.push_str("$skiptoken=");
    link.push_str(token);
    link
}

/// Makes a token of the older shape, 32 hex digits and an offset, for a page with this number in its chain.
pub(crate) fn offset_token(token: &str, page: u32, top: usize) -> String {
    let head = token.get(..OLDER_LEN).unwrap_or(token);
    format!("{head}_{}", u64::from(page).saturating_mul(top as u64))
}

/// Escapes as the service does: lower-case digits, `+` for a space, and a few marks left alone.
fn escape(link: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' ' => link.push('+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'*' | b'(' | b')' | b'$' => {
                link.push(char::from(byte));
            }
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(link, "%{byte:02x}");
            }
        }
    }
}

fn keyed(seed: u64, purpose: &[u8], message: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"signhold simulator skip token ");
    digest.update(seed.to_be_bytes());
    digest.update(purpose);
    digest.update(message);
    digest.finalize().into()
}

/// 64 hex digits, as in the service's own samples.
const TOKEN_LEN: usize = 32;
/// Hex digits in the older shape.
const OLDER_LEN: usize = 32;
const TAG_LEN: usize = 8;
const PLAIN_LEN: usize = TOKEN_LEN - TAG_LEN;
const EMPTY_FLAG: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::{Position, Question, next_link};
    use crate::simulate::tenant::Version;

    const HERE: Position = Position { second: 1_792_000_123, served: 7, ties: 99, after_empty: true };

    #[test]
    fn a_token_leads_back_to_its_position_and_no_other_question() {
        let token = HERE.token(5, 42);
        assert_eq!(token.len(), 64);
        assert_eq!(Position::read(&token, 5, 42), Some(HERE));
        assert_eq!(Position::read(&token, 5, 43), None);
        assert_eq!(Position::read(&token, 6, 42), None);
    }

    #[test]
    fn a_token_with_any_changed_digit_is_refused() {
        let token = HERE.token(5, 42);
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(changed == token || Position::read(&changed, 5, 42).is_none());
        }
        for garbage in ["", "zz", "9177f2e3532fcd4c4d225f68f7b9bdf7_1"] {
            assert_eq!(Position::read(garbage, 5, 42), None);
        }
    }

    #[test]
    fn links_are_spelt_as_the_service_spells_them() {
        let query =
            "$filter=startsWith(appDisplayName,'Azure')%20and%20createdDateTime%20ge%202026-11-01T00:00:00Z&$top=10";
        let question = Question::read(Version::Beta, query, 1_000).unwrap();
        let link = next_link("https://localhost:1", &question, &HERE.token(5, question.digest));
        let expected = "https://localhost:1/beta/auditLogs/signins?$filter=startsWith(appDisplayName%2c%27Azure%27)+and+\
                        createdDateTime+ge+2026-11-01T00%3a00%3a00Z&$top=10&$skiptoken=";
        assert!(link.starts_with(expected), "{link}");
        let again = Question::read(Version::Beta, link.split_once('?').unwrap().1, 1_000).unwrap();
        assert_eq!(again.digest, question.digest);
    }
}
