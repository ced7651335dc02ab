//! Exhibits: records cut from a verified package, byte for byte, with the proofs that they are in it (FORMAT §21).
//!
//! Takes a [`crate::verify::VerifiedPackage`] and nothing less. What is cut here is judged by [`crate::verify`] before it gets
//! its name; nothing in here is asked then.
//!
//! * [`expression`]: what `--where` asks of each record;

pub mod expression;
