//! Package bytes to a verdict.

pub mod budget;
mod checks;
pub mod finding;
pub mod package;
pub mod verdict;
mod workers;

pub use finding::{Code, Finding, Severity, Step};
pub use package::{Options, ReadAgainError, Trust, VerifiedPackage, VerifyError, inspect, verify, verify_and_keep};
pub use verdict::{CheckOutcome, CheckResult, Counts, Facts, Outcome, Report};
