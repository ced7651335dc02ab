//! What happens on Ctrl-C, and on the signals with which a system ends a program.
//!
//! Whoever talks to a service stops gently ([`gently`]). Everything else ends at once; what was begun beside the name that it would
//! have had ([`Unfinished`]) is removed first, since it may hold other people's data and nobody would look for it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

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

/// Makes or names something on the disk that an interrupt has to find: none of it happens once the end has begun.
pub(super) fn before_the_end<T>(make: impl FnOnce() -> T) -> T {
    let _not_yet = GOES_ON.read().unwrap_or_else(PoisonError::into_inner);
    make()
}

fn end() {
    // Held until the program is gone: whoever would fill a folder waits for ever.
    let _last = GOES_ON.write().unwrap_or_else(PoisonError::into_inner);
    let mut left = Vec::new();
    for path in &*paths() {
        let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        if removed.is_err() && path.symlink_metadata().is_ok() {
            left.push(out::escape_line(&path.display().to_string()));
        }
    }
    if left.is_empty() {
        out::talk("interrupted; what was not finished is removed, and what is there is as it was");
    } else {
        out::talk(&format!("interrupted; what was not finished could not be removed: {}", left.join(", ")));
    }
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
static GOES_ON: RwLock<()> = RwLock::new(());
