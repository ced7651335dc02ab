//! HTTP to a time stamp authority (RFC 3161 §3.4).
