//! Instants and half-open windows, in UTC.
