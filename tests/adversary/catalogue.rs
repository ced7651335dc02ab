//! The table `catalogue.txt` against the sources: what is said to be shown is shown by a test that exists.
//!
//! It lists what has been done to archives, parsers and signatures elsewhere, so that whoever asks "and what if somebody …?" finds
//! the test, or the reason why there is none. The attack manual of `src/verify/mod.rs` is held to the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One line of the table.
struct Row {
    name: &'static str,
    outcome: &'static str,
    shown_by: &'static str,
}

const TABLE: &str = include_str!("catalogue.txt");
const MANUAL: &str = include_str!("../../src/verify/mod.rs");
const OUTCOMES: [&str; 6] = ["INVALID", "INDETERMINATE", "VALID", "NOTE", "REFUSED", "-"];
const CLASSES: [&str; 9] =
    ["container", "bag", "documents", "bodies", "signatures", "chain", "proofs", "stamps", "surroundings"];

/// The files with this ending below a folder of the repository, with their texts.
pub(crate) fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '[']));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(" | ").collect();
            let [name, what, outcome, shown_by] = fields.as_slice() else { panic!("four fields: {line}") };
            assert!(!what.is_empty() && OUTCOMES.contains(outcome), "{line}");
            Row { name, outcome, shown_by }
        })
        .collect()
}

/// Says why a test that is named is not one; `None` if it is.
fn missing(test: &str) -> Option<String> {
    if test == "interop" {
        return (!root().join(".ci/interop").is_file()).then(|| "no .ci/interop".to_owned());
    }
    let mut path: Vec<&str> = test.split("::").collect();
    let name = path.pop().filter(|_| !path.is_empty() || test == "architecture")?;
    let candidates = match path.as_slice() {
        [first @ ("adversary" | "stories" | "faults"), file] => vec![format!("tests/{first}/{file}.rs")],
        [file @ ("architecture" | "vectors" | "schemas" | "fuzz")] => vec![format!("tests/{file}.rs")],
        modules => {
            let stem = modules.join("/");
            vec![format!("src/{stem}.rs"), format!("src/{stem}/mod.rs"), format!("src/{stem}/tests.rs")]
        }
    };
    let texts: Vec<String> =
        candidates.iter().filter_map(|path| std::fs::read_to_string(root().join(path)).ok()).collect();
    if texts.is_empty() {
        return Some(format!("{test}: none of {candidates:?}"));
    }
    (!texts.iter().any(|text| is_test(text, name))).then(|| format!("{test}: no such test in {candidates:?}"))
}

/// Says whether a text has a test function of that name: its attribute stands above it, with nothing but comments and further
/// attributes between.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(at, line)| {
        let is_function = line.starts_with(&format!("fn {name}("));
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        is_function && above.clone().any(|line| line.starts_with("#[test]"))
    })
}

#[test]
fn every_test_that_the_table_names_exists() {
    let rows = rows();
    let tests = rows.iter().filter(|row| !is_reason(row.shown_by)).flat_map(|row| row.shown_by.split(", "));
    let missing: Vec<String> = tests.filter_map(missing).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_line_has_an_outcome_and_a_test_or_neither_and_a_reason() {
    for row in rows() {
        assert_eq!(row.outcome == "-", is_reason(row.shown_by), "{}", row.name);
        assert!(row.shown_by.len() > 20 || row.shown_by.contains("::"), "{}", row.name);
    }
}

#[test]
fn no_line_stands_there_twice_and_every_class_has_some() {
    let rows = rows();
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len());
    let classes: Vec<&str> = TABLE.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']')).collect();
    assert_eq!(classes, CLASSES);
}

#[test]
fn every_test_that_the_attack_manual_names_exists() {
    let lines: Vec<&str> = MANUAL.lines().filter(|line| line.starts_with("//! | ")).skip(2).collect();
    assert!(lines.len() >= 15, "the manual is a table");
    for line in lines {
        let cells: Vec<&str> = line.trim_start_matches("//! |").trim_end_matches('|').split(" | ").collect();
        let shown_by = cells.last().unwrap();
        let named: Vec<&str> = shown_by.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test: {line}");
        let missing: Vec<String> = named.into_iter().filter_map(missing).collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }
}

#[test]
fn a_test_that_does_not_exist_is_noticed() {
    assert!(missing("adversary::container::zip_gap").is_none());
    assert!(missing("adversary::container::zip_gape").is_some());
    assert!(missing("adversary::containers::zip_gap").is_some());
    assert!(missing("codec::zip::deviations::good").is_some(), "a function, and no test");
}

fn is_reason(text: &str) -> bool {
    text.starts_with("not here: ") || text.starts_with("later: ")
}
