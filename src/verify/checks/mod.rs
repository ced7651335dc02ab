//! The steps of FORMAT §12, one file for each section of FORMAT that they hold the evidence against.
//!
//! None of them knows where bytes come from: they take what the pass in [`super::package`] has read, and add findings.

pub(in crate::verify) mod bag;
pub(in crate::verify) mod certificate;
pub(in crate::verify) mod claimed;
pub(in crate::verify) mod clocks;
pub(in crate::verify) mod comparison;
pub(in crate::verify) mod container;
pub(in crate::verify) mod coverage;
pub(in crate::verify) mod failure;
pub(in crate::verify) mod genesis;
pub(in crate::verify) mod page;
pub(in crate::verify) mod page_record;
pub(in crate::verify) mod page_stamp;
pub(in crate::verify) mod pagination;
pub(in crate::verify) mod remote_address;
pub(in crate::verify) mod renewal;
pub(in crate::verify) mod roots;
pub(in crate::verify) mod seal;
pub(in crate::verify) mod signed;
pub(in crate::verify) mod signer;
pub(in crate::verify) mod time_order;
pub(in crate::verify) mod timestamp;
pub(in crate::verify) mod volume;
