//! Digests, signatures, Merkle trees and time stamp tokens: mathematics over bytes that the caller brings.
//!
//! Implements FIPS 180-4, RFC 8032 (strict), RFC 9162 §2.1, the checking half of RFC 3161, and of RFC 5280 what says whose key
//! a key is. Holds no keys beyond a call and reads no clock: instants are arguments.

pub mod certificate;
pub mod digest;
pub mod merkle;
pub mod named;
pub mod pkcs12;
pub mod secret;
pub mod signature;
pub mod timestamp;
