//! What people read: reports, cover sheets, drafts of certificates, the triage view.
//!
//! Everything here is derived from a package that verification let through, says so, and is never inside a package. What is
//! said stands in a [`document`]; how it looks on a screen, on paper and in a word processor is the renderers' business alone.

pub mod document;
pub mod naming;
pub mod regulatory;
