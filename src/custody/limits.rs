//! How much of a ledger is remembered (FORMAT §20.8). What is beyond is a breach, never an allocation.

/// 100 000: FORMAT §20.8; a package a day for 270 years.
pub(super) const PACKAGES: usize = 100_000;
/// 10 000: FORMAT §20.8; everybody who ever signs in one matter.
pub(super) const KEYS: usize = 10_000;
/// 10 000: FORMAT §20.8; transfers that nobody has received yet.
pub(super) const OPEN_TRANSFERS: usize = 10_000;
/// 1000: FORMAT §20.2, packages in one event.
pub(super) const PACKAGES_PER_EVENT: usize = 1000;
/// 300 seconds: FORMAT §20.2; clocks of several people were never set against one another.
pub(super) const CLOCK_TOLERANCE_NANOS: i128 = 300 * 1_000_000_000;
/// 8: FORMAT §20.4, time stamps of one renewal, as many as of a seal.
pub(super) const TOKENS: usize = 8;
/// 64: FORMAT §20.8; at one in ten years, more than anybody will look at. Their digests fit a line.
pub(super) const RENEWALS: u32 = 64;
