//! Package bytes to a verdict.
