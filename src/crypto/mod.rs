//! Digests, signatures, Merkle trees, time stamp tokens.

pub mod timestamp;
