//! Step 12, FORMAT §11.3: time stamps over page records, taken while a long acquisition ran.
//!
//! Each shows *not after* for its record and for all before it, since every record names its predecessor.

use crate::crypto::timestamp::Imprint;
use crate::format::genesis::Genesis;
use crate::format::parts::TimestampMode;
use crate::format::path::PackagePath;
use crate::time::LocalTime;
use crate::verify::checks::time_order::in_order;
use crate::verify::checks::timestamp::{Judgement, TokenSeen, check_response};
use crate::verify::finding::{Code, Findings};

/// A stamp as the pass met it.
#[derive(Clone, Debug)]
pub(in crate::verify) struct PageStamp {
    /// Of which page.
    pub(in crate::verify) number: u64,
    pub(in crate::verify) response: Vec<u8>,
    /// Our own digest of the record's signature.
    pub(in crate::verify) imprint: [u8; 32],
    /// The end of the page's request; none where the record could not be read.
    pub(in crate::verify) finished: Option<LocalTime>,
}

/// Checks all stamps of a package's page records.
pub(in crate::verify) fn check(
    stamps: &[PageStamp],
    genesis: Option<&Genesis>,
    judgement: &Judgement<'_>,
    findings: &mut Findings,
) -> Vec<TokenSeen> {
    let is_expected = genesis.is_none_or(|genesis| genesis.timestamps.mode == TimestampMode::Embedded);
    let mut tokens = Vec::new();
    for stamp in stamps {
        let path = PackagePath::page_timestamp(stamp.number);
        if !is_expected {
            findings.say(
                Code::TimestampUnexpected,
                path.as_str(),
                "a file",
                "genesis says that there are no timestamps",
            );
        }
        let imprint = Imprint::from(&stamp.imprint);
        let Some(token) = check_response(&stamp.response, path.as_str(), imprint, judgement, findings) else {
            continue;
        };
        if let Some(finished) = stamp.finished.filter(|_| token.is_sound)
            && !in_order(finished.nanos(), token.time.nanos())
        {
            let computed = format!("not before the end of the page's request, {finished}");
            findings.say(Code::TimestampOrder, path.as_str(), token.time.to_string(), computed);
        }
        tokens.push(token);
    }
    tokens
}
