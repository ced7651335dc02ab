//! Faults of the container become findings; a stop becomes either findings or an error of the machine.

use crate::codec::zip::{Fault, FaultKind, Faults, ReadError};
use crate::verify::finding::{Code, Step};
use crate::verify::package::VerifyError;
use crate::verify::pass::Pass;

impl Pass {
    /// Turns the container's faults into findings.
    pub(super) fn take_faults(&mut self, faults: &[Fault]) {
        for fault in faults {
            let place = fault.name.as_deref().unwrap_or_default();
            let place = place.strip_prefix(&format!("{}/", self.top)).unwrap_or(place);
            let place = if place.is_empty() { format!("byte {}", fault.offset) } else { place.to_owned() };
            self.findings.say(code(fault.code), place, &fault.claimed, &fault.computed);
        }
    }

    /// Takes the faults of a whole archive, those not listed among them.
    pub(super) fn take_all_faults(&mut self, faults: &Faults) {
        self.take_faults(faults.listed());
        for (kind, count) in faults.counts() {
            let listed = faults.listed().iter().filter(|fault| fault.code == *kind).count();
            let more = count.saturating_sub(u64::try_from(listed).unwrap_or(u64::MAX));
            self.findings.count(code(*kind), more);
        }
    }

    /// Takes the reason why reading stopped: a finding where the archive is at fault, an error where the machine is.
    pub(super) fn take_stop(&mut self, error: ReadError) -> Result<(), VerifyError> {
        match error {
            ReadError::Unlocatable(faults) => {
                self.take_all_faults(&faults);
                for step in Step::ALL {
                    let reason = "the archive could not be followed to its end".to_owned();
                    self.not_checked.entry(step).or_insert(reason);
                }
                Ok(())
            }
            ReadError::Io(error) => Err(VerifyError::Io(error)),
            _ => Err(VerifyError::Changed),
        }
    }
}

/// Returns the code of FORMAT §14 for a fault of the container; those that divide a code of FORMAT further fall back on it.
fn code(kind: FaultKind) -> Code {
    Code::from_text(kind.code()).unwrap_or(match kind {
        FaultKind::DataDescriptor | FaultKind::Zip64 => Code::ZipField,
        FaultKind::Directory | FaultKind::Order => Code::ZipCount,
        FaultKind::Overlap | FaultKind::UnlistedEntry => Code::ZipGap,
        _ => Code::ZipNotAnArchive,
    })
}
