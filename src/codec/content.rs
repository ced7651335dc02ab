//! Content codings of HTTP bodies (RFC 9110 §8.4.1): none and gzip. Bodies are stored coded; this is for looking inside.

use std::io::Read as _;

use std::borrow::Cow;

/// Returns the decoded bytes of `body`.
///
/// # Errors
///
/// [`Undecodable`] for another coding, for bytes that are not in it, and for more than `max_byte_len` bytes of text.
pub fn decode<'a>(
    content_encoding: Option<&str>,
    body: &'a [u8],
    max_byte_len: u64,
) -> Result<Cow<'a, [u8]>, Undecodable> {
    match content_encoding {
        None => Ok(Cow::Borrowed(body)),
        Some(coding) if coding.eq_ignore_ascii_case("gzip") => {
            let mut decoded = Vec::new();
            let mut text = flate2::bufread::GzDecoder::new(body).take(max_byte_len + 1);
            text.read_to_end(&mut decoded).map_err(|error| Undecodable::Damaged(error.to_string()))?;
            if decoded.len() as u64 > max_byte_len {
                return Err(Undecodable::TooLong { max_byte_len });
            }
            // One member, and nothing behind it: what some readers would go on to decode, others would not.
            if !text.into_inner().into_inner().is_empty() {
                return Err(Undecodable::Damaged("bytes behind its first member".to_owned()));
            }
            Ok(Cow::Owned(decoded))
        }
        Some(coding) => Err(Undecodable::UnknownCoding(coding.to_owned())),
    }
}

/// Why a body cannot be looked into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undecodable {
    /// The bytes are not in that coding.
    #[error("the gzip stream is damaged: {0}")]
    Damaged(String),
    /// More text than a page may have.
    #[error("the decoded body is longer than {max_byte_len} bytes")]
    TooLong {
        /// The limit.
        max_byte_len: u64,
    },
    /// A coding we did not ask for and cannot read.
    #[error("content coding `{0}` is not known")]
    UnknownCoding(String),
}
