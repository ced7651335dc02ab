//! Digests, signatures, Merkle trees, time stamp tokens.
