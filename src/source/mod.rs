//! HTTPS to the log service.
