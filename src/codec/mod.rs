//! Other people's formats: strict JSON slicing, strict ZIP reading, BagIt, DER.

pub mod der;
