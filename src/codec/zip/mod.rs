//! A strict reader of the one ZIP profile a package may have (evidence profile of APPNOTE 6.3; deflate is RFC 1951), and of the same
//! profile without compression, which an exhibit has.
//!
//! General readers disagree about the same archive: which of two equal names counts, whether local or central headers tell
//! the truth, what lies in front of, between and behind the entries. So one digest could stand for two contents. The profile
//! leaves one reading: local headers back to back from byte 0, the central directory in the same order, the end record, the
//! end of the file; every field has one legal value or is checked against the bytes it describes.
//!
//! * [`read`]: the forward pass over a file, what it hands out, and one entry of it again;
//! * [`fault`]: what can be wrong, with codes that stay;
//! * [`write`]: the other direction, with the `zip` crate, which writes exactly this profile, deflated or stored;
//! * `header`, `name`: the fields and names of the profile.
//!
//! Deviations are collected, not repaired. Reading goes on as long as the forward pass can tell where the next entry begins,
//! so that content in a package that somebody packed again can still be judged. Nothing is written to disk, and a name with a
//! fault is good for printing only.

#[cfg(test)]
mod deviations;
mod directory;
pub mod fault;
mod free_bits;
mod header;
mod inflate;
mod name;
pub mod read;
pub mod write;

pub use fault::{Fault, FaultKind, Faults, ReadError};
pub use header::Profile;
pub use inflate::RawEntry;
pub use read::{Entry, Limits, Reader, entry_at};
