//! RFC 9162 Merkle trees (FORMAT §8).

pub use super::digest::{LeafHash, RootHash};
