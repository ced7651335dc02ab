//! A package held against the service's own log of requests: `MicrosoftGraphActivityLogs`, which a tenant may keep.
//!
//! Every request carries an identifier that only its acquisition can have sent; the service writes it, with status, address and
//! application, into a log of its own. [`sent`] reads from a verified package what was asked; [`query`] words the question for
//! that log; [`rows`] reads what somebody exported of it; [`matching`] holds the two against each other.
//!
//! Pure, and it takes a package only from `verify`. The rows are not signed by anybody: whoever exported them could have written
//! them. That they agree corroborates; that one is missing shows nothing, since rows come late or were never exported.

#![cfg_attr(
    not(test),
    deny(clippy::as_conversions, clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)
)]

pub mod matching;
pub mod query;
pub mod rows;
pub mod sent;
