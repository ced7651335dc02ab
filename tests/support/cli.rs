//! The program as a person runs it: arguments, environment, both outputs, exit code.
//!
//! Expected outputs are written whole. What varies from run to run (digests, times, paths) is written `[..]`, which stands for
//! any run of characters on one line. Nothing of the test's own environment reaches the program, and nobody sits at a terminal.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread::JoinHandle;

/// One call of the program, being prepared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cli {
    args: Vec<String>,
    env: Vec<(String, String)>,
    stdout: Option<String>,
    stderr: Option<String>,
    file_limit: Option<u64>,
    onto: Option<String>,
}

/// What a call left: both outputs.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Cli {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_str().expect("arguments of tests are text").to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Gives an option a value, instead of the one it had.
    pub(crate) fn set(self, option: &str, value: impl AsRef<OsStr>) -> Self {
        self.without(option).arg(option).arg(value)
    }

    /// Takes an option away with its value.
    pub(crate) fn without(mut self, option: &str) -> Self {
        if let Some(place) = self.args.iter().position(|arg| arg == option) {
            self.args.drain(place..place + 2);
        }
        self
    }

    /// Takes a flag away, which has no value.
    pub(crate) fn without_flag(mut self, flag: &str) -> Self {
        self.args.retain(|arg| arg != flag);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.retain(|(held, _)| held != name);
        self.env.push((name.to_owned(), value.as_ref().to_str().expect("values of tests are text").to_owned()));
        self
    }

    /// Lets no file grow beyond `blocks` of 512 bytes, as a full disk would.
    pub(crate) fn file_limit(mut self, blocks: u64) -> Self {
        self.file_limit = Some(blocks);
        self
    }

    /// Sends standard output into a file that is there.
    pub(crate) fn onto(mut self, path: &str) -> Self {
        self.onto = Some(path.to_owned());
        self
    }

    /// Expects this on standard output, whole.
    pub(crate) fn stdout(mut self, expected: &str) -> Self {
        self.stdout = Some(expected.to_owned());
        self
    }

    /// Expects this on standard error, whole.
    pub(crate) fn stderr(mut self, expected: &str) -> Self {
        self.stderr = Some(expected.to_owned());
        self
    }

    /// Runs the program to its end and compares outputs and exit code with what is expected.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Said {
        let mut command = self.command();
        if let Some(path) = &self.onto {
            command.stdout(File::options().write(true).open(path).expect("the file is there"));
        }
        let output = command.output().expect("the program starts");
        let said = Said {
            stdout: String::from_utf8(output.stdout).expect("standard output is text"),
            stderr: String::from_utf8(output.stderr).expect("standard error is text"),
        };
        let whole = format!(
            "\n$ signhold {}\n--- stdout\n{}--- stderr\n{}--- code {:?}\n",
            self.args.join(" "),
            said.stdout,
            said.stderr,
            output.status.code()
        );
        assert_eq!(output.status.code(), Some(expected), "the exit code{whole}");
        if let Some(pattern) = &self.stdout {
            assert!(matches(pattern, &said.stdout), "standard output is not\n{pattern}{whole}");
        }
        if let Some(pattern) = &self.stderr {
            assert!(matches(pattern, &said.stderr), "standard error is not\n{pattern}{whole}");
        }
        said
    }

    /// Starts the program and leaves it running.
    pub(crate) fn start(&self) -> Running {
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdout = child.stdout.take().expect("standard output is a pipe");
        // Read all the time: a full pipe would stop the program.
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).expect("standard output is text");
            text
        });
        let stderr = BufReader::new(child.stderr.take().expect("standard error is a pipe"));
        Running { child, stdout: Some(reader), stderr, heard: String::new() }
    }

    fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_signhold");
        let mut command = match self.file_limit {
            None => Command::new(program),
            Some(blocks) => {
                let mut shell = Command::new("sh");
                // The signal is ignored so that the write fails instead, as on a full disk.
                shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""), program]);
                shell
            }
        };
        command.env_clear().envs(self.env.iter().map(|(name, value)| (name, value)));
        command.args(&self.args).stdin(Stdio::null());
        command
    }
}

/// The program while it runs. It does not outlive the test.
pub(crate) struct Running {
    child: Child,
    stdout: Option<JoinHandle<String>>,
    stderr: BufReader<ChildStderr>,
    heard: String,
}

impl Running {
    /// Waits until the program says a line that holds `words`, and returns that line.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, words: &str) -> String {
        loop {
            let mut line = String::new();
            let byte_len = self.stderr.read_line(&mut line).expect("standard error is text");
            assert!(byte_len > 0, "the program ended without saying `{words}`:\n{}", self.heard);
            self.heard += &line;
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Returns the process's identifier.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Says whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked for").is_none()
    }

    /// Ends it as a power failure would: SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be waited for");
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let kill = Command::new("sh").args(["-c", &format!("kill -INT {}", self.id())]).status();
        assert!(kill.expect("a shell starts").success(), "the signal is sent");
    }

    /// Waits for its end and returns what it said, with its exit code.
    pub(crate) fn end(mut self) -> (Said, Option<i32>) {
        self.stderr.read_to_string(&mut self.heard).expect("standard error is text");
        let status = self.child.wait().expect("a child can be waited for");
        let stdout = self.stdout.take().expect("read once").join().expect("the reader does not panic");
        (Said { stdout, stderr: std::mem::take(&mut self.heard) }, status.code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says whether `actual` is what `pattern` says, `[..]` standing for anything on one line.
pub(crate) fn matches(pattern: &str, actual: &str) -> bool {
    let (expected, found): (Vec<&str>, Vec<&str>) = (pattern.split('\n').collect(), actual.split('\n').collect());
    expected.len() == found.len() && expected.iter().zip(&found).all(|(expected, found)| line_matches(expected, found))
}

fn line_matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

/// Returns a digest of everything below a folder: names, and the bytes of files. The lock file counts for nothing.
pub(crate) fn tree_digest(root: &Path) -> String {
    use sha2::Digest as _;
    let mut lines = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                lines.push(format!("{}/", path.display()));
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != ".lock") {
                let digest = sha2::Sha256::digest(std::fs::read(&path).expect("a file can be read"));
                lines.push(format!("{} {}", path.display(), data_encoding::HEXLOWER.encode(&digest)));
            }
        }
    }
    lines.sort();
    lines.join("\n")
}

#[test]
fn the_dots_stand_for_anything_on_one_line_and_for_nothing_else() {
    for (pattern, text) in [("a [..] b\n", "a x y b\n"), ("[..]", ""), ("a[..]a", "aa"), ("[..]b[..]c", "xbxbxc")] {
        assert!(matches(pattern, text), "{pattern:?} {text:?}");
    }
    for (pattern, text) in
        [("a[..]b", "a\nb"), ("a", "ab"), ("a[..]a", "a"), ("a\n", "a"), ("", "a"), ("[..]b[..]c", "xcb")]
    {
        assert!(!matches(pattern, text), "{pattern:?} {text:?}");
    }
}
