//! Digests, signatures, Merkle trees and time stamp tokens: mathematics over bytes that the caller brings.
//!
//! Implements FIPS 180-4, RFC 8032 (strict), RFC 9162 §2.1 and the checking half of RFC 3161. Holds no keys beyond a call
//! and reads no clock: instants are arguments.

pub mod digest;
pub mod merkle;
pub mod pkcs12;
pub mod secret;
pub mod signature;
pub mod timestamp;
