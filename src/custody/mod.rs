//! The chain of custody: which event may follow which (FORMAT §20), and what follows from a ledger's events.
//!
//! Pure: it takes events one after another and remembers as little as the rules need, so that a ledger of any length is followed in
//! bounded memory. Whoever appends asks it before signing; whoever verifies asks it about what others have signed. It
//! checks no signature and reads no file: whether a line is its signer's is said by [`crate::format::ledger`].

#![cfg_attr(
    not(test),
    deny(clippy::as_conversions, clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)
)]

pub mod breach;
pub mod draft;
mod limits;
pub mod lines;
pub mod replay;
mod rules;
#[cfg(test)]
mod tests;

pub use breach::{Breach, Rule};
pub use draft::Draft;
pub use replay::{Head, Replay};
