//! Parts to package bytes.
