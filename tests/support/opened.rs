//! A package as somebody reads it without our program: any ZIP reader, any JSON parser, and FORMAT.md.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;
use signhold::simulate::Kind;
use zip::ZipArchive;

/// The files of a package, by path below the top directory.
pub(crate) struct Opened {
    pub(crate) top: String,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

/// A record, and in which run it lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) counts: bool,
    pub(crate) superseded: bool,
}

impl Opened {
    #[track_caller]
    pub(crate) fn read(package: &Path) -> Self {
        let mut archive = ZipArchive::new(File::open(package).expect("the package is there")).expect("it is a ZIP");
        let mut files = BTreeMap::new();
        let mut top = String::new();
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).expect("an entry can be read");
            let name = entry.name().expect("a name that can be read").into_owned();
            let (first, path) = name.split_once('/').expect("every entry lies below the top directory");
            let (first, path) = (first.to_owned(), path.to_owned());
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("an entry can be inflated");
            assert!(top.is_empty() || top == first, "one top directory");
            top = first;
            assert!(files.insert(path, bytes).is_none(), "every name once");
        }
        Self { top, files }
    }

    #[track_caller]
    pub(crate) fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.files[path]).expect("the file is JSON")
    }

    pub(crate) fn text(&self, path: &str) -> &str {
        str::from_utf8(&self.files[path]).expect("the file is text")
    }

    pub(crate) fn seal(&self) -> Value {
        self.json("seal/seal.json")
    }

    /// The documents of one sort (`records` or `failures`), in sequence.
    pub(crate) fn documents(&self, folder: &str) -> Vec<Value> {
        let prefix = format!("data/{folder}/");
        let names = self
            .files
            .keys()
            .filter(|name| name.starts_with(&prefix) && Path::new(name).extension() == Some("json".as_ref()));
        names.map(|name| self.json(name)).collect()
    }

    /// The runs of the seal.
    pub(crate) fn runs(&self) -> Vec<Value> {
        self.seal()["streams"].as_array().expect("a list").clone()
    }

    /// Every record of a kind, as often as it lies in a page, sorted.
    pub(crate) fn found(&self, kind: Kind) -> Vec<Found> {
        let runs = self.runs();
        let mut found = Vec::new();
        for record in self.documents("records") {
            let stream = &record["stream"];
            if stream["kind"] != kind.name() {
                continue;
            }
            let same =
                |run: &&Value| ["kind", "from", "to", "pass", "run"].iter().all(|name| run[name] == stream[name]);
            let run = runs.iter().find(same).expect("every page belongs to a run in the seal");
            let page = self.json(record["body"]["path"].as_str().expect("text"));
            let second = |value: &Value| value.as_str().expect("text")[..19].to_owned();
            for element in page["value"].as_array().expect("a list") {
                let time = second(&element["createdDateTime"]);
                found.push(Found {
                    id: element["id"].as_str().expect("text").to_owned(),
                    counts: second(&stream["from"]) <= time && time < second(&stream["to"]),
                    superseded: run["state"] == "superseded",
                });
            }
        }
        found.sort();
        found
    }

    /// The identifiers of the records of a kind that count: in the window of their page, in a run that was not asked again.
    pub(crate) fn counted(&self, kind: Kind) -> Vec<String> {
        self.found(kind).into_iter().filter(|found| found.counts && !found.superseded).map(|found| found.id).collect()
    }
}
