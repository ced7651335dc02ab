//! The words of the report, as FORMAT section 3 has them, for a reader who has not read it.

use crate::report::document::{Block, Text};

/// Returns the chapter.
pub(super) fn blocks() -> Vec<Block> {
    let facts = WORDS.iter().map(|(word, meaning)| ((*word).to_owned(), Text::plain(*meaning)));
    vec![
        Block::heading(1, "Words"),
        Block::paragraph("Each word has one meaning, here, in the package and in the program."),
        Block::Facts(facts.collect()),
    ]
}

const WORDS: [(&str, &str); 22] = [
    ("acquisition", "one collection act: one service, one query, one window of time"),
    ("custodian", "whose data it is"),
    (
        "digest",
        "a number of 64 hexadecimal digits (SHA-256) that stands for some bytes; no two different inputs with the same digest are known",
    ),
    ("exhibit", "records cut from a package, with proofs that they are in it"),
    ("finding", "one thing that the verification has to say; a violation, something not established, or a note"),
    (
        "genesis",
        "the plan; by its maker's clock and, where it is stamped, the authority's, signed before the first request",
    ),
    ("hold", "a duty to preserve"),
    ("kind", "one of the logs that were asked for"),
    ("ledger", "the chained events of custody, kept beside the packages"),
    ("matter", "the case"),
    ("operator", "who runs the program"),
    ("package", "the ZIP file that holds everything, sealed"),
    ("page", "the bytes of one answer, as they were received"),
    ("page record", "the signed statement about one page: what was asked, when, what came back"),
    ("record", "one entry of a log, inside a page"),
    ("retention", "how long the service keeps entries before it deletes them"),
    ("run", "one attempt to fetch one log over one window"),
    ("seal", "the signed statement that closes a package; it fixes every byte before it"),
    ("time stamp", "a token by which an authority says that something existed at a time (RFC 3161)"),
    (
        "verdict",
        "VALID: everything that can be checked was checked and held. INDETERMINATE: nothing that was checked contradicts, but signer, time or a part is not established. INVALID: something contradicts",
    ),
    ("volume", "one package of an acquisition that is too large for one"),
    ("window", "a stretch of time in UTC; its beginning belongs to it, its end does not"),
];
