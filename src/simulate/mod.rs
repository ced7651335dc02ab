//! Graph, login and a time stamp authority on loopback.
