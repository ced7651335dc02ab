//! Graph, login and a time stamp authority on loopback.

pub mod timestamp_authority;
