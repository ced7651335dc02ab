//! signhold preserves Microsoft Entra ID sign-in logs as evidence.
//!
//! It pulls them before retention deletes them, keeps the exact bytes, signs every page as it arrives, and seals a package
//! that a stranger can check years later, with our verifier or without it. The normative description of the package is
//! `schemas/FORMAT.md`; this crate is one implementation of it.
//!
//! The rooms, and which way arrows point (enforced by `tests/architecture.rs`):
//!
//! * hall: [`cli`], the only place that wires doors to rooms, prints, reads the environment, or exits;
//! * rooms, free of disk, network and clock: [`custody`], which the others may ask; [`collect`], [`seal`], [`verify`] (which
//!   shares nothing with these two), [`corroborate`], [`exhibit`], [`report`] and [`export`], which take packages only from
//!   [`verify`];
//! * words: [`format`], exactly the nouns of FORMAT.md;
//! * cellar: [`codec`] and [`crypto`], other people's standards, and [`time`];
//! * doors: [`source`], [`store`], [`keyring`], [`tsa`], [`clock`], [`simulate`].

pub mod cli;
pub mod clock;
pub mod codec;
pub mod collect;
pub mod corroborate;
pub mod crypto;
pub mod custody;
pub mod exhibit;
pub mod export;
pub mod format;
pub mod keyring;
pub mod report;
pub mod seal;
pub mod simulate;
pub mod source;
pub mod store;
pub mod time;
pub mod tsa;
pub mod verify;
