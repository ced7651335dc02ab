//! Microsoft Graph, its login and a time stamp authority on loopback, deterministic from a seed.
//!
//! Part of the product: `simulate` and `demo` run it, and so do the tests and the benchmark. It imitates the service
//! including its defects, as `graph-api` in the references describes them; where the two differ, this is wrong. Records are
//! made while they are sent and never held, so ten million cost no more memory than a thousand. What was planted, and what
//! a complete collection must return, is known to [`Tenant`].
//!
//! * [`settings`](Settings), [`server`](Server): what it is started with; listener, TLS, threads
//! * `service`: paths to services · `login`: tokens · `graph`: the log · `tsa`: the HTTP part of time stamps
//! * `tenant`: the records and the truth about them · `faults`, `throttle`: what goes wrong, and when
//!
//! It trusts nobody and is to be trusted by nobody: all credentials are published, and data from here is marked as simulated
//! by those who collect it.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that cannot go on has failed"))]

mod answer;
mod certificate;
#[cfg(test)]
mod desk;
mod faults;
mod graph;
mod login;
mod present;
mod server;
mod service;
mod settings;
mod tenant;
mod throttle;
pub mod timestamp_authority;
mod tsa;

pub use self::{
    faults::{Expectation, Fault, FaultName, UnknownFault, When},
    present::Moment,
    server::{Server, SimulateError},
    settings::{
        CLIENT_ID, CLIENT_NAME, CLIENT_SECRET, DeviceCode, Licence, Settings, TENANT_DOMAIN, TENANT_ID, TenantProfile,
        TimeStamper, Transport,
    },
    tenant::{Kind, Log, Plot, STORY_FLOOR, StoryEvent, Tenant, Version, View},
    throttle::Throttle,
};

#[cfg(test)]
mod tests;
