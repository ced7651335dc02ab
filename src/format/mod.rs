//! The nouns of FORMAT.md.
