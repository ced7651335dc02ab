//! The pace of one application, shared by every process on this machine that asks as that application.
//!
//! The service counts requests per application and tenant, not per process. A small file holds the instant up to which starts
//! are taken; each start is reserved under the file's lock, which goes with the process however it ends. Instants are of the
//! wall clock, the only one that processes share; a clock that was set back is noticed and the schedule begun anew.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::FolderError;
use crate::collect::{Clock, Turns};
use crate::crypto::digest::FileDigest;

/// The schedule of one application in one tenant.
pub struct SharedSchedule {
    path: PathBuf,
    clock: Arc<dyn Clock>,
}

impl SharedSchedule {
    /// Opens the schedule of `application` in `folder`, which is made if need be.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the folder cannot be made.
    pub fn open(folder: &Path, application: &str, clock: Arc<dyn Clock>) -> Result<Self, FolderError> {
        std::fs::create_dir_all(folder).map_err(FolderError::io("create", folder))?;
        let path = folder.join(format!("{}.pace", FileDigest::of(application.as_bytes())));
        Ok(Self { path, clock })
    }

    /// Under the lock, replaces the instant up to which starts are taken by what `next` makes of it and of now.
    fn update(&self, next: impl FnOnce(Option<i128>, i128) -> i128) -> std::io::Result<Duration> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&self.path)?;
        file.lock()?;
        let now = self.clock.now().nanos();
        let taken = read_instant(&mut file)?.map(|taken| if taken - now < LONGEST_LEAD_NANOS { taken } else { now });
        let start = next(taken, now);
        file.seek(SeekFrom::Start(0))?;
        file.set_len(0)?;
        file.write_all(start.to_string().as_bytes())?;
        Ok(Duration::from_nanos(u64::try_from(start - now).unwrap_or_default()))
    }
}

impl Turns for SharedSchedule {
    fn reserve(&self, spacing: Duration) -> Option<Duration> {
        let spacing = i128::try_from(spacing.as_nanos()).ok()?;
        self.update(|taken, now| taken.map_or(now, |taken| now.max(taken + spacing))).ok()
    }

    fn hold(&self, wait: Duration) {
        let wait = i128::try_from(wait.as_nanos()).unwrap_or_default();
        // If the file cannot be written, this process holds all the same, and the service tells the others.
        let _ = self.update(|taken, now| taken.unwrap_or(now).max(now + wait));
    }
}

fn read_instant(file: &mut File) -> std::io::Result<Option<i128>> {
    let mut text = String::new();
    file.take(64).read_to_string(&mut text)?;
    Ok(text.trim().parse().ok())
}

/// A quarter of an hour: no wait that the service asks for is longer, so what lies further ahead comes from a clock set back.
const LONGEST_LEAD_NANOS: i128 = 900 * 1_000_000_000;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use chrono::DateTime;

    use super::*;
    use crate::time::LocalTime;

    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> LocalTime {
            LocalTime::new(DateTime::from_timestamp_millis(self.0.load(Ordering::Relaxed)).unwrap())
        }

        fn monotonic_us(&self) -> u64 {
            0
        }
    }

    #[test]
    fn two_processes_share_one_spacing() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hand(AtomicI64::new(1_800_000_000_000)));
        let open = || SharedSchedule::open(folder.path(), "tenant/app", clock.clone()).unwrap();
        let (one, other) = (open(), open());
        let spacing = Duration::from_secs(2);
        let waits: Vec<_> =
            [&one, &other, &one, &other].map(|schedule| schedule.reserve(spacing).unwrap().as_secs()).into();
        assert_eq!(waits, [0, 2, 4, 6]);
        clock.0.fetch_add(60_000, Ordering::Relaxed);
        assert_eq!(one.reserve(spacing), Some(Duration::ZERO));
        other.hold(Duration::from_secs(30));
        assert_eq!(one.reserve(spacing), Some(Duration::from_secs(32)));
        assert_eq!(
            SharedSchedule::open(folder.path(), "tenant/other", clock.clone()).unwrap().reserve(spacing),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn a_clock_set_back_does_not_stop_the_work() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hand(AtomicI64::new(1_800_000_000_000)));
        let schedule = SharedSchedule::open(folder.path(), "a", clock.clone()).unwrap();
        schedule.reserve(Duration::from_secs(2));
        clock.0.fetch_sub(3_600_000, Ordering::Relaxed);
        assert_eq!(schedule.reserve(Duration::from_secs(2)), Some(Duration::from_secs(2)));
    }
}
