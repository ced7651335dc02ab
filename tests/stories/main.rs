//! What people want of the program, from the first call to the last, through the program itself.
//!
//! One file for each aim. The service is the built-in simulator on loopback, whose ground truth is known; packages are read
//! back with other people's code (`support/opened.rs`). Nothing sleeps: a story waits for a line, a connection or an end, and
//! only those that kill the program look again and again whether a page is durable.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "stories need few of the ways to damage an archive")]
#[path = "../support/archive.rs"]
mod archive;
#[path = "../support/certificates.rs"]
mod certificates;
#[path = "../support/cli.rs"]
mod cli;
#[path = "../support/hostile_records.rs"]
mod hostile_records;
#[path = "../support/opened.rs"]
mod opened;
#[allow(dead_code, reason = "stories need few of the ways to lie in a package")]
#[path = "../support/package.rs"]
mod package;
#[path = "../support/secrets.rs"]
mod secrets;
#[path = "../support/service.rs"]
mod service;
#[path = "../support/wire.rs"]
mod wire;

mod acquisition_keys;
mod bad_input;
mod check_an_exhibit;
mod cut_an_exhibit;
mod demo;
mod despite_findings;
mod exports;
mod hand_over_with_two_keys;
mod keep_secrets;
mod kept_lists;
mod key_homes;
mod keys;
mod killed_at_random;
mod notify_and_certify;
mod read_a_copy;
mod readers_policy;
mod renew_in_time;
mod report;
mod resealing;
mod resume_after_crash;
mod seal_and_hand_over;
mod sign_in_every_way;
mod sign_in_tables;
mod survive_a_bad_service;
mod triage;
mod verify_as_opposing_expert;
mod volumes_and_series;
mod who_signed;
