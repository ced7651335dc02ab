//! Faults of the container become findings; a stop becomes either findings or an error of the machine.

use std::collections::BTreeMap;

use crate::codec::zip::{Fault, FaultKind, Faults, ReadError};
use crate::verify::finding::{Code, Findings, Step};
use crate::verify::package::VerifyError;

/// Turns faults of a container with that top directory into findings.
pub(in crate::verify) fn take_faults(faults: &[Fault], top: &str, findings: &mut Findings) {
    for fault in faults {
        let place = fault.name.as_deref().unwrap_or_default();
        let place = place.strip_prefix(&format!("{top}/")).unwrap_or(place);
        let place = if place.is_empty() { format!("byte {}", fault.offset) } else { place.to_owned() };
        findings.say(code(fault.code), place, &fault.claimed, &fault.computed);
    }
}

/// Takes the faults of a whole archive, those not listed among them.
pub(in crate::verify) fn take_all_faults(faults: &Faults, top: &str, findings: &mut Findings) {
    take_faults(faults.listed(), top, findings);
    for (kind, count) in faults.counts() {
        let listed = faults.listed().iter().filter(|fault| fault.code == *kind).count();
        let more = count.saturating_sub(u64::try_from(listed).unwrap_or(u64::MAX));
        findings.count(code(*kind), more);
    }
}

/// Takes the reason why reading stopped: a finding where the archive is at fault, and none of `steps` was carried out in full then;
/// an error where the machine is.
pub(in crate::verify) fn take_stop(
    error: ReadError,
    top: &str,
    steps: &[Step],
    findings: &mut Findings,
    not_checked: &mut BTreeMap<Step, String>,
) -> Result<(), VerifyError> {
    match error {
        ReadError::Unlocatable(faults) => {
            take_all_faults(&faults, top, findings);
            for step in steps {
                let reason = "the archive could not be followed to its end".to_owned();
                not_checked.entry(*step).or_insert(reason);
            }
            Ok(())
        }
        ReadError::Io(error) => Err(VerifyError::Io(error)),
        _ => Err(VerifyError::Changed),
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
