//! Writing a document to the file that a person named; the form follows from its ending.
//!
//! Shared by the verbs that make documents. An ending that is none, or a file that is there, is told before any work is done.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::error::{CliError, with_causes};
use super::interrupt::{self, Unfinished, before_the_end};
use crate::report::document::Document;
use crate::report::{docx, html, pdf};
use crate::store::new_file::{NewFile, refuse_taken, unfinished};
use crate::time::LocalTime;

/// A file that does not exist yet, and the form its ending asks for.
#[derive(Clone, Debug)]
pub(super) struct DocumentFile {
    path: PathBuf,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Office Open XML.
    Docx,
    /// One HTML file.
    Html,
    /// PDF/A.
    Pdf,
}

impl DocumentFile {
    /// Takes a path whose ending names a form, and at which nothing lies.
    pub(super) fn new(path: &Path) -> Result<Self, CliError> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let form = match ending.as_deref() {
            Some("docx") => Form::Docx,
            Some("html" | "htm") => Form::Html,
            Some("pdf") => Form::Pdf,
            _ => {
                return Err(CliError::request(format!("`{}` does not end in .html, .pdf or .docx", path.display()))
                    .hint("the form follows from the ending"));
            }
        };
        refuse_taken(path)?;
        interrupt::install();
        Ok(Self { path: path.to_owned(), form })
    }

    /// Writes a document, made at `created`. Returns the length in bytes.
    pub(super) fn write(&self, document: &Document, created: LocalTime) -> Result<u64, CliError> {
        let failed = |error: &dyn std::error::Error| {
            CliError::machine(format!("`{}` could not be made: {}", self.path.display(), with_causes(error)))
                .hint("nothing was written; an HTML file says the same and needs less")
        };
        let bytes = match self.form {
            Form::Docx => docx::render(document, created).map_err(|error| failed(&error))?,
            Form::Html => html::render(document).into_bytes(),
            Form::Pdf => pdf::render(document, created).map_err(|error| failed(&error))?,
        };
        let _unfinished = Unfinished::note(&unfinished(&self.path));
        let file = before_the_end(|| NewFile::begin(&self.path))?;
        file.file().write_all(&bytes).map_err(file.trouble("write"))?;
        file.publish()?;
        Ok(bytes.len() as u64)
    }

    /// Returns where it is written.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
