//! Other people's formats: strict JSON slicing, strict ZIP reading, `BagIt`, DER.

pub mod json;
pub mod zip;
