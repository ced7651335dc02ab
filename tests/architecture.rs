//! The house rules that a machine can see: which room may import which, and who may touch disk, clock, network, dice and screen.
//!
//! Reads every file under `src/` and `tests/` and follows each path to the room it names (`support/rust_source.rs`). Each rule
//! is one test; each violation is printed as `file:line`. The last tests feed the rules small sources that break them, so that
//! the rules above can be seen to fail.
//!
//! Code under `#[cfg(test)]` inside a room may import, besides what the room may, `format`, the cellar and `simulate`; it may
//! read and write files (with `tempfile`) and print. It may not reach a forbidden room: a test that needs both the maker and
//! the judge is a story and lives in `tests/`. It may not read the clock or roll dice either.
//!
//! What it cannot see: that a door imports only the *traits* of the room it serves (and the types in their signatures), not
//! more of it; and what a dependency does on our behalf.

#[path = "support/rust_source.rs"]
mod rust_source;

use rust_source::{File, tree};

/// The modules that only implement other people's standards.
const CELLAR: [&str; 3] = ["codec", "crypto", "time"];

/// Each room with what it may import, besides itself. `cli` may import everything; nobody may import `cli`.
const ROOMS: [(&str, &[&str]); 19] = [
    ("time", &[]),
    ("codec", &["time"]),
    ("crypto", &["codec", "time"]),
    ("format", &["codec", "crypto", "time"]),
    ("custody", &["codec", "crypto", "format", "time"]),
    ("collect", &["codec", "crypto", "custody", "format", "time"]),
    ("seal", &["codec", "crypto", "custody", "format", "time"]),
    ("verify", &["codec", "crypto", "custody", "format", "time"]),
    ("corroborate", &["codec", "crypto", "format", "time", "verify"]),
    ("exhibit", &["codec", "crypto", "custody", "format", "time", "verify"]),
    ("report", &["codec", "crypto", "custody", "format", "time", "verify"]),
    ("export", &["codec", "crypto", "custody", "format", "time", "verify"]),
    ("source", &["codec", "collect", "crypto", "format", "time"]),
    ("store", &["codec", "collect", "crypto", "format", "seal", "time"]),
    ("keyring", &["codec", "crypto", "format", "seal", "time"]),
    ("tsa", &["codec", "crypto", "format", "seal", "time"]),
    ("clock", &["codec", "collect", "crypto", "format", "time"]),
    ("simulate", &["codec", "crypto", "format", "time"]),
    ("cli", &["*"]),
];

/// Lines a file may have, with its tests; the larger figure of house rule "sizes".
const MAX_LINES: usize = 800;

#[test]
fn every_room_in_src_stands_in_the_table() {
    assert_clean(&unknown_rooms(&tree("src")));
}

#[test]
fn rooms_import_only_what_lies_below_them() {
    assert_clean(&forbidden_imports(&tree("src")));
}

#[test]
fn only_the_clock_reads_the_time() {
    assert_clean(&clock_readers(&tree("src")));
}

#[test]
fn only_store_keyring_and_cli_touch_the_file_system() {
    assert_clean(&file_users(&tree("src")));
}

#[test]
fn only_cli_prints_or_exits() {
    assert_clean(&printers(&tree("src")));
}

#[test]
fn only_keyring_store_simulate_cli_and_clock_roll_dice() {
    assert_clean(&dice_rollers(&tree("src")));
}

#[test]
fn only_cli_reads_the_environment() {
    assert_clean(&environment_readers(&tree("src")));
}

#[test]
fn only_source_tsa_and_simulate_touch_the_network() {
    assert_clean(&network_users(&tree("src")));
}

#[test]
fn no_file_is_longer_than_800_lines() {
    assert_clean(&long_files(&[tree("src"), tree("tests")].concat()));
}

#[test]
fn no_file_is_a_drawer_for_odds_and_ends() {
    assert_clean(&drawers(&[tree("src"), tree("tests")].concat()));
}

#[test]
fn every_module_opens_with_what_it_holds() {
    assert_clean(&silent_modules(&[tree("src"), tree("tests")].concat()));
}

#[test]
fn nothing_is_left_to_be_done_later() {
    assert_clean(&leftovers(&[tree("src"), tree("tests")].concat()));
}

#[test]
fn main_only_calls_the_hall_and_lib_is_only_the_map() {
    assert_clean(&busy_roots(&tree("src")));
}

// The rules.

fn unknown_rooms(files: &[File]) -> Vec<String> {
    let known = |room: &str| ROOMS.iter().any(|(name, _)| *name == room);
    files
        .iter()
        .filter(|file| !file.is_root() && !known(file.room()))
        .map(|file| format!("{}:1: room `{}` is not in the table of tests/architecture.rs", file.path, file.room()))
        .collect()
}

fn forbidden_imports(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !file.is_root()) {
        let room = file.room();
        let allowed = ROOMS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, allowed)| *allowed);
        if allowed.contains(&"*") {
            continue;
        }
        for import in file.uses() {
            let Some(inside) = &import.inside else { continue };
            let target = inside.first().map_or("the crate root", String::as_str);
            let for_tests = import.in_test && (CELLAR.contains(&target) || ["format", "simulate"].contains(&target));
            if target != room && !allowed.contains(&target) && !for_tests {
                found.push(format!("{}:{}: `{room}` may not import `{target}`", file.path, import.line));
            }
        }
    }
    found
}

fn clock_readers(files: &[File]) -> Vec<String> {
    let ends =
        |path: &[String], clock: &str| path.len() > 1 && path[path.len() - 2] == clock && path[path.len() - 1] == "now";
    let mut found = users(files, &["clock"], Scope::All, "reads the clock", |path| {
        ["SystemTime", "Utc", "Local"].iter().any(|clock| ends(path, clock))
    });
    // The simulated service measures spans of its own, for its throttle; what time it is there it is told.
    found.extend(users(files, &["clock", "simulate"], Scope::All, "reads the clock", |path| ends(path, "Instant")));
    found
}

fn file_users(files: &[File]) -> Vec<String> {
    users(files, &["store", "keyring", "cli"], Scope::Production, "touches the file system", |path| {
        starts_with(path, &["std", "fs"]) || starts_with(path, &["tokio", "fs"])
    })
}

fn printers(files: &[File]) -> Vec<String> {
    let mut found = users(files, &["cli"], Scope::Production, "prints or exits", |path| {
        let last = path.last().map_or("", String::as_str);
        let before = path.len().checked_sub(2).map_or("", |index| path[index].as_str());
        matches!((before, last), ("process", "exit" | "abort") | ("io", "stdout" | "stderr"))
    });
    for file in files.iter().filter(|file| file.room() != "cli") {
        for pair in file.tokens.windows(2).filter(|pair| !pair[0].in_test && pair[1].text == "!") {
            if matches!(pair[0].text.as_str(), "print" | "println" | "eprint" | "eprintln" | "dbg") {
                found.push(format!("{}:{}: `{}!` outside cli", file.path, pair[0].line, pair[0].text));
            }
        }
    }
    found
}

fn dice_rollers(files: &[File]) -> Vec<String> {
    let allowed = ["keyring", "store", "simulate", "cli", "clock"];
    users(files, &allowed, Scope::All, "rolls dice", |path| {
        path.iter().any(|word| matches!(word.as_str(), "getrandom" | "rand" | "rand_core" | "OsRng" | "SystemRandom"))
    })
}

fn environment_readers(files: &[File]) -> Vec<String> {
    users(files, &["cli"], Scope::Production, "reads the environment", |path| starts_with(path, &["std", "env"]))
}

fn network_users(files: &[File]) -> Vec<String> {
    users(files, &["source", "tsa", "simulate"], Scope::Production, "touches the network", |path| {
        let socket =
            |word: &String| matches!(word.as_str(), "TcpStream" | "TcpListener" | "UdpSocket" | "ToSocketAddrs");
        let client = path.first().is_some_and(|word| ["reqwest", "hyper", "hyper_util"].contains(&word.as_str()));
        client || path.iter().any(socket)
    })
}

fn long_files(files: &[File]) -> Vec<String> {
    let long = |file: &&File| file.text.lines().count() > MAX_LINES;
    files.iter().filter(long).map(|file| format!("{}:{MAX_LINES}: is longer than that", file.path)).collect()
}

fn drawers(files: &[File]) -> Vec<String> {
    let banned = ["utils", "util", "common", "helpers", "helper", "misc"];
    let named = |file: &&File| file.path.trim_end_matches(".rs").split('/').any(|part| banned.contains(&part));
    files.iter().filter(named).map(|file| format!("{}:1: name the noun it holds", file.path)).collect()
}

fn silent_modules(files: &[File]) -> Vec<String> {
    let silent = |file: &&File| !file.text.starts_with("//!");
    files.iter().filter(silent).map(|file| format!("{}:1: does not begin with `//!`", file.path)).collect()
}

fn leftovers(files: &[File]) -> Vec<String> {
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X"].concat()];
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for file in files {
        for (line, text) in (1..).zip(file.text.lines()) {
            for word in text.split(|c| !is_word(c)).filter(|word| marks.iter().any(|mark| mark == word)) {
                found.push(format!("{}:{line}: `{word}`", file.path));
            }
        }
    }
    found
}

fn busy_roots(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        if file.path == "src/main.rs" && file.text.lines().count() > 15 {
            found.push(format!("{}:15: main has at most 15 lines", file.path));
        }
        if file.path == "src/lib.rs" {
            let logic =
                file.tokens.iter().filter(|token| ["fn", "impl", "struct", "enum"].contains(&token.text.as_str()));
            found.extend(logic.map(|token| format!("{}:{}: lib.rs is only the map", file.path, token.line)));
        }
    }
    found
}

/// Whether a rule also holds for code under `#[cfg(test)]`.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    All,
    Production,
}

fn users(files: &[File], allowed: &[&str], scope: Scope, what: &str, hit: impl Fn(&[String]) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !allowed.contains(&file.room())) {
        for path in file.uses().iter().filter(|path| scope == Scope::All || !path.in_test) {
            if hit(&path.words) {
                found.push(format!("{}:{}: `{}` {what}", file.path, path.line, path.words.join("::")));
            }
        }
    }
    found
}

fn starts_with(path: &[String], start: &[&str]) -> bool {
    path.len() >= start.len() && path.iter().zip(start).all(|(a, b)| a == b)
}

fn assert_clean(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

// The scanner's own tests: each rule is shown a source that breaks it.

fn imports(path: &str, text: &str) -> Vec<String> {
    forbidden_imports(&[File::new(path, text)])
}

#[test]
fn the_judge_may_not_ask_the_maker_in_any_spelling() {
    for text in [
        "use crate::seal;",
        "use crate::seal::Parts;",
        "use crate::{format, seal::Parts as P};",
        "use crate::{format::{self, Page}, seal};",
        "use {crate::seal, std::io};",
        "pub use super::seal::Parts;",
        "use self::super::seal;",
        "fn f() { crate::seal::write(); }",
        "fn f() -> crate::seal::Parts { todo() }",
        "fn f() -> super::seal::Parts { todo() }",
        "mod inner { use super::super::seal; }",
        "macro_rules! m { () => { $crate::seal::write() } }",
        "/* \" */ use crate::seal; // \"",
        "const C: char = '\"'; use crate::seal; const D: char = '\"';",
        "fn f<'a>(x: &'a str) { let q = '\\''; } use crate::seal;",
        "const R: &str = r#\"\"#; use crate::seal;",
        "#[cfg(test)] mod tests { use crate::seal; }",
        "#[cfg(not(test))] use crate::seal;",
    ] {
        let found = imports("src/verify/mod.rs", text);
        assert_eq!(found, ["src/verify/mod.rs:1: `verify` may not import `seal`"], "{text}");
    }
}

#[test]
fn what_only_looks_like_an_import_is_none() {
    for text in [
        "//! use crate::seal;",
        "/* use crate::seal; /* nested */ use crate::seal; */",
        "const S: &str = \"use crate::seal;\";",
        "const S: &str = r##\"\"# use crate::seal; \"##;",
        "const S: &[u8] = b\"\\\" use crate::seal;\";",
        "pub(crate) fn seal() {} pub(in crate::verify) fn other() {}",
        "use crate::verify::finding; use super::format::Seal; mod inner { use super::finding; }",
        "use other::seal; fn f() -> impl Fn() + use<> { seal::f }",
    ] {
        assert_eq!(imports("src/verify/mod.rs", text), [""; 0], "{text}");
    }
}

#[test]
fn paths_are_followed_from_where_they_stand() {
    let deep = "use super::super::super::collect::Session;\nuse super::super::finding::Finding;";
    assert_eq!(
        imports("src/verify/checks/page.rs", deep),
        ["src/verify/checks/page.rs:1: `verify` may not import `collect`"]
    );
    let group = "use crate::{\n    format,\n    store,\n};";
    assert_eq!(imports("src/collect/mod.rs", group), ["src/collect/mod.rs:3: `collect` may not import `store`"]);
    assert_eq!(imports("src/clock.rs", "use super::cli;"), ["src/clock.rs:1: `clock` may not import `cli`"]);
    assert_eq!(imports("src/tsa.rs", "use crate::*;"), ["src/tsa.rs:1: `tsa` may not import `*`"]);
    assert_eq!(imports("src/cli/verify.rs", "use crate::{seal, verify};"), [""; 0]);
}

#[test]
fn tests_in_a_room_may_use_the_simulator_and_the_code_after_them_may_not() {
    let inside = "#[cfg(test)]\n#[allow(dead_code)]\nmod tests {\n    use super::*;\n    use crate::simulate;\n}\n";
    assert_eq!(imports("src/collect/mod.rs", inside), [""; 0]);
    let after = format!("{inside}use crate::simulate;\n");
    assert_eq!(imports("src/collect/mod.rs", &after), ["src/collect/mod.rs:7: `collect` may not import `simulate`"]);
    let single = "#[cfg(test)] use crate::{format, simulate};\nuse crate::simulate;";
    assert_eq!(imports("src/collect/mod.rs", single), ["src/collect/mod.rs:2: `collect` may not import `simulate`"]);
    assert_eq!(imports("src/collect/tests.rs", "use crate::simulate;"), [""; 0]);
}

#[test]
fn each_remaining_rule_sees_its_violation() {
    type Rule = fn(&[File]) -> Vec<String>;
    let cases: [(Rule, &str, &str); 16] = [
        (unknown_rooms, "src/attic/mod.rs", ""),
        (clock_readers, "src/source/throttle.rs", "fn f() { std::time::Instant::now(); }"),
        (clock_readers, "src/cli/mod.rs", "use chrono::Utc; fn f() { Utc::now(); }"),
        (file_users, "src/verify/mod.rs", "use std::{fs::File, io};"),
        (printers, "src/report/html.rs", "fn f() { eprintln!(); }"),
        (printers, "src/main.rs", "fn main() { std::process::exit(1) }"),
        (dice_rollers, "src/seal/mod.rs", "fn f() { getrandom::fill(&mut []); }"),
        (dice_rollers, "src/crypto/signature.rs", "#[cfg(test)] mod tests { use ring::rand::SystemRandom; }"),
        (environment_readers, "src/source/auth.rs", "use std::env;"),
        (network_users, "src/collect/mod.rs", "use std::net::TcpStream;"),
        (long_files, "src/verify/mod.rs", &"\n".repeat(MAX_LINES + 1)),
        (drawers, "src/format/utils.rs", ""),
        (silent_modules, "src/format/page.rs", "\n//! late"),
        (leftovers, "src/format/page.rs", &format!("//! {}{}: later", "TO", "DO")),
        (busy_roots, "src/lib.rs", "fn f() {}"),
        (busy_roots, "src/main.rs", &"\n".repeat(16)),
    ];
    for (rule, path, text) in cases {
        assert_eq!(rule(&[File::new(path, text)]).len(), 1, "{path} with {text:?}");
    }
}

#[test]
fn each_remaining_rule_lets_the_innocent_pass() {
    type Rule = fn(&[File]) -> Vec<String>;
    let cases: [(Rule, &str, &str); 9] = [
        (clock_readers, "src/clock.rs", "fn f() { SystemTime::now(); Instant::now(); }"),
        (file_users, "src/store/durable.rs", "use std::fs;"),
        (file_users, "src/verify/mod.rs", "#[cfg(test)] mod tests { use std::fs; }"),
        (printers, "src/report/text.rs", "fn f() { writeln!(out); process::id(); }"),
        (dice_rollers, "src/keyring/mod.rs", "use getrandom::fill;"),
        (environment_readers, "src/format/version.rs", "const V: &str = env!(\"CARGO_PKG_VERSION\");"),
        (network_users, "src/format/page.rs", "use std::net::IpAddr;"),
        (drawers, "src/format/commonplace.rs", ""),
        (busy_roots, "src/cli/mod.rs", "fn f() {}"),
    ];
    for (rule, path, text) in cases {
        assert_eq!(rule(&[File::new(path, text)]), [""; 0], "{path} with {text:?}");
    }
}
