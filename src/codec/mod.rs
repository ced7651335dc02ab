//! Other people's formats: strict JSON slicing, strict ZIP reading and writing, DER, content codings, service errors, text that shows what it holds.

pub mod content;
pub mod der;
pub mod json;
pub mod service_error;
pub mod visible;
pub mod zip;
