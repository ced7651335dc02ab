//! An analyst wants the sign-ins as rows of the tables that rules are written for, each of them once, each traceable.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use signhold::simulate::Kind;

use crate::cli::Cli;
use crate::opened::Opened;
use crate::service::{Matter, Service, entries};

const TABLES: [(Kind, &str); 4] = [
    (Kind::InteractiveUser, "SigninLogs"),
    (Kind::NonInteractiveUser, "AADNonInteractiveUserSignInLogs"),
    (Kind::ServicePrincipal, "AADServicePrincipalSignInLogs"),
    (Kind::ManagedIdentity, "AADManagedIdentitySignInLogs"),
];

#[test]
fn every_sign_in_is_a_row_once_and_leads_back_to_its_bytes() {
    let service = Service::start(600);
    let matter = Matter::new();
    service.collect(&matter).arg("--second-pass").code(0);
    let package = matter.package();
    let folder = matter.path("tables");
    let answer = export(&package, &folder).arg("--json").code(0).stdout;
    let opened = Opened::read(&package);
    let mut rows_of = 0;
    for (kind, table) in TABLES {
        let rows = rows(&folder, table);
        rows_of += rows.len();
        let mut ids: Vec<&str> = rows.iter().map(|row| row["Id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        assert_eq!(ids, service.truth(kind), "{table}");
        for row in &rows {
            assert_eq!(row["Type"], table);
            assert_eq!(row["SignholdPackage"], opened.top);
            assert!(row["SignholdMarks"].as_str().unwrap().starts_with("SIMULATED DATA, NOT EVIDENCE; "));
            assert_eq!((&row["SignholdPass"], &row["SignholdCounted"]), (&1.into(), &true.into()));
            let element = element(&opened, row);
            assert_eq!(row["SignholdLeaf"], leaf(&element), "{row}");
            let record: Value = serde_json::from_str(&element).unwrap();
            assert_eq!(record["id"], row["Id"]);
            assert_eq!(record["status"]["errorCode"].to_string(), row["ResultType"].as_str().unwrap());
        }
    }
    // The planted story is in the rows, as what it is.
    let people: BTreeMap<String, Value> = ["SigninLogs", "AADNonInteractiveUserSignInLogs"]
        .into_iter()
        .flat_map(|table| rows(&folder, table))
        .map(|row| (row["Id"].as_str().unwrap().to_owned(), row))
        .collect();
    let tenant = service.server.tenant();
    let story = tenant.story();
    let inside: Vec<_> = story.iter().filter(|event| (service.from..service.to).contains(&event.time)).collect();
    assert!(!inside.is_empty());
    for event in inside {
        let row = &people[&event.id];
        assert_eq!(row["UserPrincipalName"], event.user);
        assert_eq!(row["IPAddress"], event.address);
        assert_eq!(row["ResultType"], event.error_code.to_string());
    }
    // What is left out is told, and why: together it is what the seal counts.
    let about: Value = serde_json::from_str(&answer).unwrap();
    let counts = &about["counts"];
    let sealed = opened.seal()["totals"]["records"].as_u64().unwrap();
    assert_eq!(counts["records_in_seal"], sealed);
    assert_eq!(counts["rows"], rows_of);
    let left_out = counts["left_out"].as_array().unwrap();
    let second = left_out
        .iter()
        .find(|left| left["reason"] == "of the second pass, which asks for everything again")
        .unwrap_or_else(|| panic!("no second pass in {left_out:?}"));
    assert!(second["records"].as_u64().unwrap() >= u64::try_from(rows_of).unwrap(), "{left_out:?}");
    let left_out: u64 = left_out.iter().map(|left| left["records"].as_u64().unwrap()).sum();
    assert_eq!(counts["rows"].as_u64().unwrap() + left_out, sealed);
    assert_eq!(std::fs::read_to_string(folder.join("about.json")).unwrap(), answer);
}

#[test]
fn whoever_wants_every_record_gets_every_record() {
    let service = Service::start(300);
    let matter = Matter::new();
    service.collect(&matter).arg("--second-pass").code(0);
    let folder = matter.path("tables");
    export(&matter.package(), &folder).args(["--all-records", "--tables", "ndjson"]).code(0);
    let opened = Opened::read(&matter.package());
    for (kind, table) in TABLES {
        let rows = rows(&folder, table);
        let mut ids: Vec<&str> = rows.iter().map(|row| row["Id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        let found: Vec<String> = opened.found(kind).into_iter().map(|found| found.id).collect();
        assert_eq!(ids, found, "{table}");
        let counted = rows.iter().filter(|row| row["SignholdCounted"] == true).count();
        assert_eq!(counted, service.truth(kind).len(), "{table}");
    }
}

#[test]
fn the_tables_come_in_the_form_that_was_asked_for() {
    let service = Service::start(100);
    let matter = Matter::new();
    service.collect(&matter).code(0);
    let package = matter.package();
    let names = |form: &str| -> Vec<String> {
        let folder = matter.path(form);
        export(&package, &folder).args(["--tables", form]).code(0);
        let script = std::fs::read_to_string(folder.join("tables.sql")).unwrap();
        assert_eq!(script.matches(&format!("('{}.{form}'", TABLES[0].1)).count(), 1, "{script}");
        let name = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        entries(&folder)
            .iter()
            .map(name)
            .filter(|name| name.contains("SignInLogs.") || name.contains("SigninLogs."))
            .collect()
    };
    for form in ["ndjson", "parquet"] {
        let mut expected: Vec<String> = TABLES.iter().map(|(_, table)| format!("{table}.{form}")).collect();
        expected.sort();
        assert_eq!(names(form), expected);
    }
    for wrong in [["--tables", "ndjson"].as_slice(), &["--all-records"]] {
        Cli::new()
            .arg("export")
            .arg(&package)
            .args(["--format", "ndjson"])
            .set("--out", matter.path("none"))
            .args(wrong)
            .stdout("")
            .stderr("error: --tables and --all-records belong to `--format signinlogs`\nhint: leave them out\n")
            .code(2);
    }
}

fn export(package: &Path, folder: &Path) -> Cli {
    Cli::new().arg("export").arg(package).args(["--format", "signinlogs", "--quiet"]).set("--out", folder)
}

fn rows(folder: &Path, table: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join(format!("{table}.ndjson"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The bytes of the element that a row says it is.
fn element(opened: &Opened, row: &Value) -> String {
    #[derive(serde::Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        value: Vec<&'a RawValue>,
    }
    let page = format!("data/pages/{:06}.json", row["SignholdPage"].as_u64().unwrap());
    let page: Page<'_> = serde_json::from_slice(&opened.files[&page]).unwrap();
    let element = usize::try_from(row["SignholdElement"].as_u64().unwrap()).unwrap();
    page.value[element].get().to_owned()
}

/// Its leaf (RFC 9162 §2.1.1).
fn leaf(element: &str) -> String {
    let digest = Sha256::digest([b"\0", element.as_bytes()].concat());
    data_encoding::HEXLOWER.encode(&digest)
}
