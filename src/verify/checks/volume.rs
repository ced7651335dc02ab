//! Step 11, FORMAT §9.4: a package that is one of several volumes is not the whole acquisition.
//!
//! What such a package says of the whole cannot be held against its own pages alone; the room `set` does so when all volumes are
//! there. Apart from the other checks because the outcome without it is what a volume is worth in their company.

use std::collections::BTreeMap;

use crate::format::path::SEAL;
use crate::format::seal::Volume;
use crate::verify::finding::{Code, Findings, Step};

/// How much of an acquisition was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) enum Extent {
    /// One of its volumes, or some.
    Part,
    /// All of them.
    Whole,
}

impl Extent {
    /// Returns what one package is.
    pub(in crate::verify) fn of(volume: &Volume) -> Self {
        if volume.number == 1 && volume.last { Self::Whole } else { Self::Part }
    }
}

/// Names what a volume alone leaves open.
pub(in crate::verify) fn check(volume: &Volume, not_checked: &mut BTreeMap<Step, String>, findings: &mut Findings) {
    if Extent::of(volume) == Extent::Whole {
        return;
    }
    let claimed = format!("volume {}{}", volume.number, if volume.last { ", the last" } else { "" });
    let computed = "a volume alone; what is said of the whole acquisition needs all of them";
    findings.say(Code::VolumeIncomplete, format!("{SEAL}#volume"), claimed, computed);
    for (step, reason) in [
        (Step::Pagination, "runs that come from another volume were followed from their first page here"),
        (Step::RootsAndCounts, "how runs ended can be told from all volumes only"),
    ] {
        not_checked.entry(step).or_insert_with(|| reason.to_owned());
    }
}
