//! The revocation lists of time stamp authorities, kept at sealing: years later nobody may publish them any more (FORMAT §11.2).
//!
//! They are fetched once, from where the certificates in the plan's tokens say. What cannot be had is told and left out: a package without
//! lists is a package, and a reader may bring others.

use super::error::with_causes;
use super::out;
use crate::crypto::certificate::{KeptLists, RevocationList, list_addresses};
use crate::crypto::timestamp::parse_response;
use crate::format::limits::TIMESTAMP_LISTS_BYTES;
use crate::store::FolderError;
use crate::store::acquisition::AcquisitionFolder;
use crate::tsa::TsaClient;

/// Returns the text of the lists that go into the package, fetching them where that was not done before.
pub(super) fn lists(folder: &AcquisitionFolder, client: &TsaClient) -> Result<Option<String>, FolderError> {
    if let Some(kept) = folder.timestamp_lists()? {
        return Ok((!kept.is_empty()).then_some(kept));
    }
    let mut lists = Vec::new();
    let mut byte_len: u64 = 0;
    for address in addresses(folder) {
        let fetched = client.fetch(&address, MAX_LIST_BYTE_LEN).and_then(|bytes| {
            byte_len = byte_len.saturating_add(bytes.len() as u64 * 3 / 2);
            if byte_len > TIMESTAMP_LISTS_BYTES {
                return Err(format!("with the others it is longer than {TIMESTAMP_LISTS_BYTES} bytes"));
            }
            RevocationList::all_from_bytes(bytes).map_err(|error| with_causes(&error))
        });
        match fetched {
            Ok(found) => lists.extend(found),
            Err(reason) => out::talk(&format!(
                "warning: the revocation list at `{}` is not kept: {}",
                out::escape(&address),
                out::escape(&reason)
            )),
        }
    }
    let text = KeptLists::new(lists).map(|lists| lists.to_pem()).unwrap_or_default();
    folder.keep_timestamp_lists(&text)?;
    Ok((!text.is_empty()).then_some(text))
}

/// Returns the addresses that the certificates in the plan's tokens name, each once.
fn addresses(folder: &AcquisitionFolder) -> Vec<String> {
    let mut addresses = Vec::new();
    for token in folder.genesis_timestamps.iter().filter_map(|response| parse_response(response).ok()) {
        for address in token.certificates().flat_map(list_addresses) {
            if !addresses.contains(&address) && addresses.len() < MAX_LISTS {
                addresses.push(address);
            }
        }
    }
    addresses
}

/// 8 MiB: the longest of the public authorities have some MB.
const MAX_LIST_BYTE_LEN: usize = 8 << 20;
/// Two or three authorities with one or two certificates each name as many lists.
const MAX_LISTS: usize = 16;
