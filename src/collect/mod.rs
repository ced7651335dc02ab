//! The collector's engine.
