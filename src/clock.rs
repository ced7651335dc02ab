//! The machine's clock, the only place that reads it.
