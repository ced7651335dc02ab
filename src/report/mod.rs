//! What people read: reports, cover sheets, drafts of certificates, the triage view.
//!
//! Everything here is derived from a package that verification let through, says so, and is never inside a package. What is
//! said stands in a [`document`]; how it looks on a screen ([`html`]), on paper ([`pdf`]) and in a word processor ([`docx`]) is the
//! renderers' business alone.

pub mod activity;
mod census;
pub mod certificate;
mod charts;
pub mod document;
pub mod docx;
pub mod html;
mod legible;
pub mod naming;
pub mod overview;
pub mod pdf;
mod reading;
mod reasons;
pub mod regulatory;
mod repeats;
#[cfg(test)]
mod specimen;
mod tally;
pub mod triage;
mod unread;
pub mod verification;
pub mod words;

pub use census::Census;
pub use reading::Looked;
pub use repeats::Repeats;
pub use tally::{Distinct, Entry, Ranking};
