//! The matter folder: durable writes and locks.
