//! What is being made and has no name yet: files in a folder beside the name that they will have.
//!
//! They get that name once all is written and known, or vanish. A name that is taken is never taken over: not at the end either,
//! when somebody else may have taken it meanwhile. What a crash leaves is called `.NAME.unfinished-PID`. The files of a folder, which
//! may be millions, are not forced to the disk one by one: its manifest is, and tells.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::CliError;
use super::interrupt::{Unfinished, before_the_end};
use super::out;
use crate::crypto::digest::{FileDigest, Hasher};
use crate::export::Outputs;
use crate::export::about::{FileSum, Written};
use crate::store::new_file::{self, refuse_taken, unfinished};
use crate::store::{FolderError, durable};

/// What a name is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A file; others beside it have names that begin with its own.
    File,
    /// A folder.
    Folder,
}

/// Files without a name yet. They vanish with it.
pub(super) struct Draft {
    path: PathBuf,
    shape: Shape,
    desk: Desk,
    _unfinished: Unfinished,
}

/// Where the files of a draft are opened and closed.
#[derive(Clone)]
pub(super) struct Desk {
    folder: PathBuf,
    /// Put before every name: that of the file, or nothing.
    prefix: String,
    shape: Shape,
    sums: Arc<Mutex<Sums>>,
}

/// What was closed so far.
#[derive(Default)]
struct Sums {
    file_count: u64,
    /// Of a file: it and those beside it.
    files: Vec<FileSum>,
    /// Of a folder: a line for each file in it, as `sha256sum` writes and reads them.
    manifest: Option<OpenFile>,
}

/// A file being written, and its digest so far.
pub(super) struct OpenFile {
    name: String,
    file: BufWriter<File>,
    hasher: Hasher,
    byte_len: u64,
}

impl Draft {
    /// Begins something that will be called `path`.
    pub(super) fn begin(path: &Path, shape: Shape) -> Result<Self, CliError> {
        if path == Path::new("-") {
            return Err(CliError::request("standard output is for what is said of a copy").hint("name a new file"));
        }
        // The name stands in lists of digests, which are text.
        let Some(name) = path.file_name().and_then(OsStr::to_str).map(str::to_owned) else {
            return Err(
                CliError::request(format!("`{}` names no file in Unicode", path.display())).hint("name a new one")
            );
        };
        refuse_taken(path)?;
        let folder = unfinished(path);
        let unfinished = Unfinished::note(&folder);
        before_the_end(|| std::fs::create_dir(&folder)).map_err(FolderError::io("create", path))?;
        tell_of_older(path);
        let prefix = if shape == Shape::File { name } else { String::new() };
        let draft = Self {
            path: path.to_owned(),
            shape,
            desk: Desk { folder, prefix, shape, sums: Arc::default() },
            _unfinished: unfinished,
        };
        if shape == Shape::Folder {
            let manifest = draft.desk.open(MANIFEST).map_err(FolderError::io("create", &draft.desk.folder))?;
            draft.desk.sums().manifest = Some(manifest);
        }
        Ok(draft)
    }

    /// Returns where its files are opened and closed.
    pub(super) fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// Says what was written. Files that are open still are not in it.
    pub(super) fn written(&self) -> Result<Written, CliError> {
        let mut sums = self.desk.sums();
        if let Some(manifest) = sums.manifest.take() {
            let sum = manifest.end_durably().map_err(FolderError::io("write", &self.desk.folder))?;
            sums.files.push(sum);
        }
        // The file itself has the shortest name of those beside it.
        sums.files.sort_by(|a, b| a.name.cmp(&b.name));
        let sha256 = sums.files.first().map_or_else(|| FileDigest::of(b""), |file| file.sha256);
        Ok(Written { sha256, file_count: sums.file_count, files: sums.files.clone() })
    }

    /// Adds what is said about it, and gives everything its name.
    pub(super) fn publish(self, about: &str) -> Result<(), CliError> {
        let name = match self.shape {
            Shape::File => format!("{}.{ABOUT}", self.desk.prefix),
            Shape::Folder => ABOUT.to_owned(),
        };
        let path = self.desk.folder.join(name);
        let written = open_new(&path).and_then(|mut file| {
            file.write_all(about.as_bytes())?;
            file.sync_all()
        });
        written.map_err(FolderError::io("write", &path))?;
        refuse_taken(&self.path)?;
        match self.shape {
            Shape::File => before_the_end(|| self.name_files())?,
            Shape::Folder => {
                durable::sync_folder(&self.desk.folder).map_err(FolderError::io("write", &self.path))?;
                before_the_end(|| std::fs::rename(&self.desk.folder, &self.path))
                    .map_err(FolderError::io("create", &self.path))?;
            }
        }
        durable::sync_parent(&self.path).map_err(|error| FolderError::io("write", &self.path)(error).into())
    }

    /// Names each file, the one asked for last: where it stands, the others do.
    fn name_files(&self) -> Result<(), CliError> {
        let entries = std::fs::read_dir(&self.desk.folder).map_err(FolderError::io("read", &self.desk.folder))?;
        let files: io::Result<Vec<PathBuf>> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
        let mut files = files.map_err(FolderError::io("read", &self.desk.folder))?;
        files.sort();
        let mut named: Vec<PathBuf> = Vec::new();
        for file in files.iter().rev() {
            let to = self.path.with_file_name(file.file_name().unwrap_or_default());
            if let Err(error) = new_file::name(file, &to) {
                for file in named {
                    // Ours, named a moment ago.
                    let _ = std::fs::remove_file(file);
                }
                return Err(error.into());
            }
            named.push(to);
        }
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a folder got its name it is not there any more; otherwise nobody is left to tell.
        let _ = std::fs::remove_dir_all(&self.desk.folder);
    }
}

/// Names what runs that were ended have left of the same thing: it may hold other people's data.
fn tell_of_older(path: &Path) {
    let this = unfinished(path);
    let Some((stem, parent)) = this.file_name().and_then(OsStr::to_str).zip(this.parent()) else { return };
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(stem)) && Some(name.as_os_str()) != this.file_name() {
            out::talk(&format!(
                "{}: left by a run that was ended before it was done; remove it, or wait if that run goes on",
                out::escape_line(&entry.path().display().to_string())
            ));
        }
    }
}

impl Desk {
    fn sums(&self) -> MutexGuard<'_, Sums> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, name: &str) -> io::Result<OpenFile> {
        let path = self.folder.join(format!("{}{name}", self.prefix));
        let file = BufWriter::with_capacity(BUFFER_BYTES, open_new(&path)?);
        Ok(OpenFile { name: format!("{}{name}", self.prefix), file, hasher: Hasher::default(), byte_len: 0 })
    }
}

/// Opens a new file, in a new folder where it needs one.
fn open_new(path: &Path) -> io::Result<File> {
    let open = || durable::owner_only().create_new(true).open(path);
    before_the_end(|| match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), durable::make_folder)?;
            open()
        }
        opened => opened,
    })
}

impl Outputs for Desk {
    type File = OpenFile;

    fn create(&mut self, name: &str) -> io::Result<OpenFile> {
        self.open(name)
    }

    fn close(&mut self, file: OpenFile) -> io::Result<()> {
        let is_named = self.shape == Shape::File;
        let sum = if is_named { file.end_durably() } else { file.end() }?;
        let mut sums = self.sums();
        sums.file_count += 1;
        if let Some(manifest) = &mut sums.manifest {
            return writeln!(manifest, "{}  {}", sum.sha256, sum.name);
        }
        sums.files.push(sum);
        Ok(())
    }
}

impl OpenFile {
    fn end(mut self) -> io::Result<FileSum> {
        self.file.flush()?;
        Ok(FileSum { name: self.name, byte_len: self.byte_len, sha256: FileDigest::from_bytes(self.hasher.finish()) })
    }

    fn end_durably(mut self) -> io::Result<FileSum> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        self.end()
    }
}

impl Write for OpenFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..taken).unwrap_or_default());
        self.byte_len += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What stands about a copy: the name within a folder, and how the name beside a file ends.
const ABOUT: &str = "about.json";
/// A line for each file of a folder, but itself and the one above.
const MANIFEST: &str = "manifest-sha256.txt";
/// 64 KiB: copies are written in few large pieces, and small files do not need more.
const BUFFER_BYTES: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn write(draft: &Draft, name: &str, bytes: &[u8]) {
        let mut desk = draft.desk();
        let mut file = desk.create(name).unwrap();
        file.write_all(bytes).unwrap();
        desk.close(file).unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn files_get_their_names_all_together() {
        let folder = tempfile::tempdir().unwrap();
        let draft = Draft::begin(&folder.path().join("a.csv"), Shape::File).unwrap();
        write(&draft, ".index", b"index");
        write(&draft, "", b"abc");
        let written = draft.written().unwrap();
        assert_eq!((written.file_count, written.sha256), (2, FileDigest::of(b"abc")));
        assert_eq!(written.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["a.csv", "a.csv.index"]);
        assert!(!folder.path().join("a.csv").exists());
        draft.publish("{}").unwrap();
        assert_eq!(names(folder.path()), ["a.csv", "a.csv.about.json", "a.csv.index"]);
        assert_eq!(std::fs::read(folder.path().join("a.csv")).unwrap(), b"abc");
    }

    #[test]
    fn a_folder_lists_its_files_as_sha256sum_does() {
        let folder = tempfile::tempdir().unwrap();
        let draft = Draft::begin(&folder.path().join("out"), Shape::Folder).unwrap();
        write(&draft, "NATIVES/0001/a.json", b"abc");
        write(&draft, "load.dat", b"");
        let written = draft.written().unwrap();
        draft.publish("{}").unwrap();
        let manifest = std::fs::read(folder.path().join("out/manifest-sha256.txt")).unwrap();
        assert_eq!((written.file_count, written.sha256), (2, FileDigest::of(&manifest)));
        let line = |bytes: &[u8], name: &str| format!("{}  {name}\n", FileDigest::of(bytes));
        let expected = line(b"abc", "NATIVES/0001/a.json") + &line(b"", "load.dat");
        assert_eq!(String::from_utf8(manifest).unwrap(), expected);
        assert_eq!(names(&folder.path().join("out")), ["NATIVES", "about.json", "load.dat", "manifest-sha256.txt"]);
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn what_is_not_published_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let draft = Draft::begin(&folder.path().join("a.csv"), Shape::File).unwrap();
        write(&draft, "", b"abc");
        drop(draft);
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn a_name_that_is_taken_is_left_to_whoever_took_it() {
        let folder = tempfile::tempdir().unwrap();
        for (shape, taken) in [
            (Shape::File, "a.csv"),
            (Shape::File, "a.csv.about.json"),
            (Shape::File, "a.csv.index"),
            (Shape::Folder, "a.csv"),
        ] {
            let draft = Draft::begin(&folder.path().join("a.csv"), shape).unwrap();
            write(&draft, ".index", b"index");
            if shape == Shape::File {
                write(&draft, "", b"abc");
            }
            std::fs::write(folder.path().join(taken), b"precious").unwrap();
            assert!(draft.publish("{}").is_err());
            assert_eq!(names(folder.path()), [taken]);
            assert_eq!(std::fs::read(folder.path().join(taken)).unwrap(), b"precious");
            if taken == "a.csv" {
                assert!(Draft::begin(&folder.path().join(taken), shape).is_err());
            }
            std::fs::remove_file(folder.path().join(taken)).unwrap();
        }
    }
}
