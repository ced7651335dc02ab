//! The cover sheet for an authority: when clocks started and end, how old the evidence is, how much of it there is, by which
//! digests to name it.
//!
//! It computes lengths and names sources; whether a clock runs at all is not decided here (`rules` says what was read and what
//! was not). Instants come from people (`moment`), arithmetic stands in `deadline` and `holidays`, and `sheet`
//! puts it into words. Persons are counted and never listed.

mod deadline;
mod holidays;
mod moment;
mod regime;
mod rules;
mod sheet;

pub use moment::{Moment, NotAMoment, Zone};
pub use regime::{Regime, Start};
pub use rules::REGIMES;
pub use sheet::{Request, sheet};
