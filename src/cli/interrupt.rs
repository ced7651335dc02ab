//! What happens on Ctrl-C, and on the signals with which a system ends a program.
//!
//! Whoever talks to a service stops gently ([`gently`]). Everything else ends at once; what was begun beside the name that it would
//! have had ([`Unfinished`]) is removed first, since it may hold other people's data and nobody would look for it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::out;

/// Something that has no name yet; removed on an interrupt.
pub(super) struct Unfinished(PathBuf);

impl Unfinished {
    /// Remembers a file or folder that is about to be made.
    pub(super) fn note(path: &Path) -> Self {
        install();
        paths().push(path.to_owned());
        Self(path.to_owned())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        paths().retain(|path| *path != self.0);
    }
}

/// Lets `stop` decide first: where it says that it has something to stop, nothing ends here.
pub(super) fn gently(stop: fn() -> bool) {
    *lock(&GENTLE) = Some(stop);
    install();
}

/// From here on an interrupt is told and leaves nothing behind.
pub(super) fn install() {
    let handler = || {
        if !lock(&GENTLE).is_some_and(|stop| stop()) {
            end();
        }
    };
    // It is there already the second time.
    let _ = ctrlc::set_handler(handler);
}

fn end() {
    let paths = paths();
    for path in &*paths {
        // Whoever fills a folder may add to it between a look and its removal.
        for _ in 0..TRIES {
            let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
            if removed.is_ok() || path.symlink_metadata().is_err() {
                break;
            }
        }
    }
    out::talk("interrupted; what was not finished is removed, and what is there is as it was");
    std::process::exit(4);
}

fn paths() -> MutexGuard<'static, Vec<PathBuf>> {
    lock(&UNFINISHED)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

static GENTLE: Mutex<Option<fn() -> bool>> = Mutex::new(None);
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
/// 100: each needs a file made in the same microseconds.
const TRIES: usize = 100;
