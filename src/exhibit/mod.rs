//! Exhibits: records cut from a verified package, byte for byte, with the proofs that they are in it (FORMAT §21).
//!
//! Takes a [`crate::verify::VerifiedPackage`] and nothing less. What is cut here is judged by [`crate::verify`] before it gets
//! its name; nothing in here is asked then.
//!
//! * [`expression`]: what `--where` asks of each record;
//! * [`index`]: a hint beside a package that says where to look;
//! * [`selection`]: finding the records, and the proof of each in its page; `given_away`: what the documents that come along tell of
//!   others;
//! * [`bates`]: the numbers that they bear;
//! * [`views`]: views of an exhibit's records made anew by its reader;
//! * [`cut`]: the one file, with its how-to-check text (`readme`) and a view of each record for people (`readable`).

pub mod bates;
mod crew;
pub mod cut;
pub mod expression;
mod fresh;
mod given_away;
pub mod index;
mod readable;
mod readme;
pub mod selection;

pub use bates::{Bates, NotABates};
pub use cut::{Cut, CutError, Cutting, cut};
pub use expression::{Expression, ExpressionError};
pub use fresh::views;
pub use readme::left_out;
pub use selection::{GatherError, Gathered, Picked, PickedPage, Wanted, gather};
