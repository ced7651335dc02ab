//! Step 12, FORMAT §11.1: renewals, which show that the stamps inside a package are older than the end of their chains.
//!
//! A renewal lies outside the package, so it is handed in. Each is judged as of the time of the next one that counts, the last as
//! of the reader's own instant; what remains is the instant as of which the package's own stamps are judged.

use chrono::{DateTime, Utc};

use crate::crypto::timestamp::parse_response;
use crate::format::renewal;
use crate::verify::checks::timestamp::{Judgement, TokenSeen, check_response, is_ahead};
use crate::verify::finding::{Code, Findings};
use crate::verify::package::Renewal;

/// What came out of the renewals of one package.
#[derive(Debug, Default)]
pub(in crate::verify) struct Renewed {
    /// The instant as of which the tokens inside are judged.
    pub(in crate::verify) as_of: Option<DateTime<Utc>>,
    /// The renewals' tokens, in their order.
    pub(in crate::verify) tokens: Vec<TokenSeen>,
}

/// Checks all renewals of a package whose SHA-512 is `archive`.
pub(in crate::verify) fn check(
    renewals: &[Renewal],
    archive: Option<&[u8; 64]>,
    reader: &Judgement<'_>,
    findings: &mut Findings,
) -> Renewed {
    let mut renewed = Renewed { as_of: reader.as_of, tokens: Vec::new() };
    let Some(archive) = archive else { return renewed };
    for (index, later) in renewals.iter().enumerate().rev() {
        if !is_made(later, reader.as_of) {
            continue;
        }
        let before = renewals.get(..index).unwrap_or_default();
        let earlier = before.iter().flat_map(|renewal| renewal.tokens.iter().map(Vec::as_slice));
        let imprint = renewal::imprint(archive, earlier);
        let judgement = Judgement { as_of: renewed.as_of, ..*reader };
        let mut times = Vec::new();
        let mut tokens = Vec::new();
        for (number, response) in (1_u64..).zip(&later.tokens) {
            let place = format!("{}#{number}", later.place);
            if let Some(token) = check_response(response, &place, (&imprint).into(), &judgement, findings) {
                times.extend(token.fact.accepted.then_some(token.time.instant));
                tokens.push(token);
            }
        }
        match times.iter().min() {
            // What is stamped at this time is judged as of it: nothing later has to hold any more.
            Some(earliest) => renewed.as_of = renewed.as_of.map(|as_of| as_of.min(*earliest)),
            None => findings.say(
                Code::RenewalNotEstablished,
                &later.place,
                format!("{} tokens", later.tokens.len()),
                "none is accepted: what it renews stands by itself",
            ),
        }
        renewed.tokens.splice(0..0, tokens);
    }
    renewed
}

/// Says whether two tokens are of one renewal, by where they stand.
pub(in crate::verify) fn is_one(a: &TokenSeen, b: &TokenSeen) -> bool {
    let place = |token: &TokenSeen| token.fact.path.rsplit_once('#').map(|(place, _)| place.to_owned());
    place(a) == place(b)
}

/// Says whether any token of a renewal is from before the reader's instant: what comes after it neither helps nor harms.
fn is_made(renewal: &Renewal, as_of: Option<DateTime<Utc>>) -> bool {
    let Some(as_of) = as_of else { return true };
    let ahead = |token: &Vec<u8>| parse_response(token).is_ok_and(|token| is_ahead(token.gen_time(), as_of));
    !renewal.tokens.iter().all(ahead)
}
