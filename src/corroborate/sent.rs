//! What the package says was asked, and what came back: one entry for each page record and each failure record.

use std::io::{Read, Seek};

use crate::format::failure::{FailureReason, FailureRecord};
use crate::format::genesis::Genesis;
use crate::format::page::PageRecord;
use crate::format::parts::{Body, Request, Response};
use crate::format::path::GENESIS;
use crate::format::{Document, FormatError, decode};
use crate::time::LocalTime;
use crate::verify::{ReadAgainError, VerifiedPackage};

/// One request of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The path of its record.
    pub place: String,
    /// What was sent as `client-request-id`.
    pub client_request_id: String,
    /// The URL as sent.
    pub url: String,
    /// Our clock before.
    pub started: LocalTime,
    /// Our clock after.
    pub finished: LocalTime,
    /// The status; none when no answer came.
    pub status: Option<u16>,
    /// The service's own identifier, where it sent one.
    pub request_id: Option<String>,
    /// The length of the body, where it came whole and uncoded; only then can the service's count be compared.
    pub whole_body_byte_len: Option<u64>,
}

/// Everything asked in one acquisition.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The plan.
    pub genesis: Genesis,
    /// The requests: pages in order, then failures.
    pub requests: Vec<Sent>,
}

/// Why a verified package could not be read for its requests.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SentError {
    /// A document is not what verification found it to be.
    #[error("`{place}` cannot be read")]
    Document {
        /// Its path.
        place: String,
        /// Why not.
        source: FormatError,
    },
    /// A file could not be read again.
    #[error(transparent)]
    Read(#[from] ReadAgainError),
}

/// Reads genesis and every record of a package.
///
/// # Errors
///
/// [`SentError`] when the archive cannot be read, or is no longer the one that was verified.
pub fn read<R: Read + Seek>(package: &mut VerifiedPackage<R>) -> Result<Asked, SentError> {
    let paths: Vec<String> = package.paths().map(str::to_owned).collect();
    let genesis = document(package, GENESIS)?;
    let mut requests = Vec::new();
    for path in paths.iter().filter(|path| is_document(path, "data/records/")) {
        let record: PageRecord = document(package, path)?;
        requests.push(Sent::new(path, record.request, Some(record.response), Some(record.body), true));
    }
    for path in paths.iter().filter(|path| is_document(path, "data/failures/")) {
        let record: FailureRecord = document(package, path)?;
        let is_whole = matches!(record.reason, FailureReason::Status | FailureReason::NotAPage);
        requests.push(Sent::new(path, record.request, record.response, record.body, is_whole));
    }
    Ok(Asked { genesis, requests })
}

impl Sent {
    fn new(place: &str, request: Request, response: Option<Response>, body: Option<Body>, is_whole: bool) -> Self {
        let plain = body.filter(|body| is_whole && body.content_encoding.is_none());
        let request_id = response.as_ref().and_then(|response| {
            response.headers.iter().find(|(name, _)| name == "request-id").map(|(_, value)| value.clone())
        });
        Self {
            place: place.to_owned(),
            client_request_id: request.client_request_id,
            url: request.url,
            started: request.started,
            finished: request.finished,
            status: response.map(|response| response.status),
            request_id,
            whole_body_byte_len: plain.map(|body| body.byte_len),
        }
    }
}

fn document<D: Document, R: Read + Seek>(package: &mut VerifiedPackage<R>, path: &str) -> Result<D, SentError> {
    let bytes = package.read(path)?;
    decode(&bytes).map_err(|source| SentError::Document { place: path.to_owned(), source })
}

/// Signatures and bodies lie in the same folders; a document is `N.json` with six digits.
fn is_document(path: &str, folder: &str) -> bool {
    let number = path.strip_prefix(folder).and_then(|name| name.strip_suffix(".json"));
    number.is_some_and(|number| number.len() == NUMBER_LEN && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// FORMAT §5.
const NUMBER_LEN: usize = 6;
