//! Before and after a collection: `plan` says what will be missing, `corroborate` asks the service's own log what was asked.
//!
//! Through the binary, against the simulator in this process. Rows are made from the package's own records, with one deviation
//! each.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use signhold::simulate::{CLIENT_ID, CLIENT_SECRET, Fault, Licence, Server, Settings, TENANT_ID, Transport};

#[test]
fn a_plan_names_what_will_be_missing_and_writes_nothing() {
    let place = Place::new(|settings| {
        settings.tenant.licence = Licence::P1;
        settings.tenant.permissions = vec!["AuditLog.Read.All".to_owned()];
    });
    let before = listing(&place.matter());
    let output = place.plan(&["--from", &place.day(33), "--to", &place.day(1)]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert_eq!(listing(&place.matter()), before);
    let answer = json_of(&output);
    assert_eq!(answer["simulated"], true);
    assert_eq!(answer["findings"]["rights"]["state"], "granted");
    assert_eq!(answer["findings"]["licence"], json!({"state": "premium", "tries": 8, "refusals": 0}));
    let fields: Vec<&str> = answer["missing"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|missing| missing["fields"].as_array().unwrap())
        .map(|field| field.as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        ["appliedConditionalAccessPolicies", "riskDetail", "riskLevelAggregated", "riskLevelDuringSignIn", "riskState"]
    );
    assert!(answer["missing"][0]["brought_by"].as_str().unwrap().contains("Policy.Read.ConditionalAccess"));
    let states: Vec<&str> =
        answer["days"].as_array().unwrap().iter().take(33).map(|day| day["state"].as_str().unwrap()).collect();
    let expected: Vec<&str> =
        std::iter::repeat_n("expired", 3).chain(["expiring"]).chain(std::iter::repeat_n("kept", 28)).collect();
    assert_eq!(states[..32], expected[..]);
    assert_eq!(answer["countdown"]["state"], "expiring");
    assert_eq!(answer["countdown"]["kinds"].as_array().unwrap().len(), 4);
    assert_eq!(answer["retention"], json!({"days": 30, "basis": "assumed: 30 days with Entra ID P1 or P2"}));
    let requests = answer["findings"]["requests"].as_array().unwrap().len() as u64;
    assert_eq!(requests, place.server.graph_requests());
    let text = place.signhold(&[&["plan"], &place.window(1)[..], &["--retention", "graph-free"]].concat());
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("\ncountdown  ") && text.contains("7 days; profile graph-free: "), "{text}");
    assert!(
        text.contains("SIMULATED SERVICE") && text.contains("missing    appliedConditionalAccessPolicies"),
        "{text}"
    );
}

#[test]
fn what_makes_collection_impossible_is_a_wrong_request_and_a_dead_line_is_not() {
    let free = Place::new(|settings| settings.tenant.licence = Licence::Free);
    let output = free.plan(&free.window(1)[3..]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(json_of(&output)["findings"]["licence"], json!({"state": "not-premium", "tries": 3, "refusals": 3}));
    assert!(talk(&output).contains("Entra ID P1 or P2"), "{}", talk(&output));

    let powerless = Place::new(|settings| settings.tenant.permissions = Vec::new());
    let output = powerless.plan(&powerless.window(1)[3..]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(json_of(&output)["findings"]["rights"]["state"], "permission-missing");
    assert_eq!(powerless.server.graph_requests(), 1);

    let broken = Place::new(|settings| settings.faults = vec!["http-503".parse::<Fault>().unwrap()]);
    let output = broken.plan(&broken.window(1)[3..]);
    assert_eq!(output.status.code(), Some(4), "{}", talk(&output));
    assert_eq!(json_of(&output)["findings"]["obstacle"]["reason"], "unreachable");

    fs::write(broken.folder.path().join("secret"), "wrong").unwrap();
    assert_eq!(broken.plan(&broken.window(1)[3..]).status.code(), Some(2));
}

#[test]
fn retention_by_name_is_signed_and_a_wrong_one_refused() {
    let place = Place::new(|_| ());
    let refused = |words: &[&str]| place.signhold(&[&["plan"], &place.window(1)[..], words].concat()).status.code();
    assert_eq!(refused(&["--retention", "workspace"]), Some(2));
    assert_eq!(refused(&["--retention", "graph-p1", "--retention-days", "30"]), Some(2));
    assert_eq!(refused(&["--retention", "for-ever"]), Some(2));
    let collected = place.signhold(
        &[&["collect"], &place.window(1)[..], &["--retention", "workspace", "--retention-days", "730"]].concat(),
    );
    assert_eq!(collected.status.code(), Some(0), "{}", talk(&collected));
    let genesis = &documents(&place.package())["data/genesis.json"];
    assert_eq!(genesis["retention"]["days"], 730);
    assert!(genesis["retention"]["basis"].as_str().unwrap().starts_with("profile workspace: "));
    // Without a terminal each closed window says what is left and for how long.
    let talk = talk(&collected);
    assert!(talk.contains("; oldest left ") && talk.contains(", beyond the stated retention in 72"), "{talk}");
    assert!(talk.contains("; nothing left"), "{talk}");
}

#[test]
fn rows_that_tell_the_same_match_in_every_form() {
    let (place, rows) = collected();
    let array = serde_json::to_string(&rows).unwrap();
    let lines = rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    for (name, export) in [("array.json", array), ("lines.json", lines), ("rows.csv", csv_of(rows))] {
        let output = corroborate(place, name, &export);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{name}: {}{}",
            talk(&output),
            String::from_utf8_lossy(&output.stdout)
        );
        let counts = &json_of(&output)["comparison"]["counts"];
        assert_eq!(counts["matched"], rows.len(), "{name}");
        assert_eq!((&counts["strangers"], &counts["rows_of_other_times"]), (&json!(0), &json!(0)));
    }
}

#[test]
fn each_deviation_of_a_row_is_found_and_named() {
    let (place, rows) = collected();
    for (property, column, wrong) in [
        ("application", "AppId", json!("00000000-0000-0000-0000-000000000000")),
        ("byte-len", "ResponseSizeBytes", json!(1)),
        ("request-id", "RequestId", json!("00000000-0000-0000-0000-000000000000")),
        ("status", "ResponseStatusCode", json!(418)),
        ("time", "TimeGenerated", json!("2026-01-01T00:00:00Z")),
        ("uri", "RequestUri", json!("https://graph.microsoft.com/beta/auditLogs/signIns")),
        ("client-request-id", "ClientRequestId", json!("00000000-0000-0000-0000-000000000000")),
    ] {
        let mut rows = rows.clone();
        rows[0][column] = wrong;
        let output = corroborate(place, &format!("{property}.json"), &serde_json::to_string(&rows).unwrap());
        assert_eq!(output.status.code(), Some(1), "{property}");
        let differences = &json_of(&output)["comparison"]["contradicting"];
        assert_eq!((&differences[0]["property"], differences.as_array().unwrap().len()), (&json!(property), 1));
    }
}

#[test]
fn a_missing_row_is_missing_and_a_strange_one_is_listed() {
    let (place, rows) = collected();
    let output = corroborate(place, "missing.json", &serde_json::to_string(&rows[1..]).unwrap());
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(json_of(&output)["comparison"]["missing"].as_array().unwrap().len(), 1);
    let mut strange = rows[0].clone();
    strange["ClientRequestId"] = json!("x\u{1b}[2J\nMATCHED");
    strange["RequestId"] = json!("\u{202e}");
    let mut all = rows.clone();
    all.push(strange);
    let export = place.folder.path().join("strange.json");
    fs::write(&export, serde_json::to_string(&all).unwrap()).unwrap();
    let package = place.package();
    let output = run(&["corroborate", package.to_str().unwrap(), "--rows", export.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("MATCHED: ") && text.contains("SIMULATED DATA, NOT EVIDENCE"), "{text}");
    assert!(text.contains("x\\u{1b}[2J\\nMATCHED") && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
}

#[test]
fn without_rows_the_question_is_printed_and_an_invalid_package_is_refused() {
    let (place, rows) = collected();
    let package = place.package();
    let output = run(&["corroborate", package.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("MicrosoftGraphActivityLogs\n| where TimeGenerated between (datetime("), "{text}");
    assert!(rows.iter().all(|row| text.contains(row["ClientRequestId"].as_str().unwrap())));
    assert!(text.contains(&format!("| where AppId =~ \"{CLIENT_ID}\"")), "{text}");

    let mut bytes = fs::read(&package).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let altered = place.folder.path().join("altered.zip");
    fs::write(&altered, bytes).unwrap();
    let output = run(&["corroborate", altered.to_str().unwrap()]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let export = place.folder.path().join("other-table.csv");
    fs::write(&export, "a,b\n1,2\n").unwrap();
    let output = run(&["corroborate", package.to_str().unwrap(), "--rows", export.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
}

/// A matter, and a service to collect for it.
struct Place {
    folder: tempfile::TempDir,
    server: Server,
    now: DateTime<Utc>,
}

impl Place {
    fn new(change: impl Fn(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = present();
        let mut settings = Settings::new(7, 400, now);
        settings.transport = Transport::Http;
        change(&mut settings);
        let server = Server::start(settings).unwrap();
        fs::write(folder.path().join("secret"), CLIENT_SECRET).unwrap();
        let place = Self { folder, server, now };
        let matter = place.matter();
        let init = ["init", matter.to_str().unwrap(), "--matter", "ACME-1", "--operator", "R. Roe", "--no-passphrase"];
        assert_eq!(run(&init).status.code(), Some(0));
        place
    }

    fn matter(&self) -> PathBuf {
        self.folder.path().join("matter")
    }

    fn package(&self) -> PathBuf {
        let packages = fs::read_dir(self.matter().join("packages")).unwrap();
        let mut packages = packages.map(|entry| entry.unwrap().path());
        packages.find(|path| path.extension() == Some("zip".as_ref())).unwrap()
    }

    fn day(&self, ago: i64) -> String {
        (self.now - TimeDelta::days(ago)).format("%Y-%m-%d").to_string()
    }

    /// The first words after the verb: folder, and a window of whole days that ends yesterday.
    fn window(&self, days: i64) -> Vec<&'static str> {
        let words = [
            self.matter().to_str().unwrap().to_owned(),
            "--window-hours".to_owned(),
            "24".to_owned(),
            "--from".to_owned(),
            self.day(days + 1),
            "--to".to_owned(),
            self.day(1),
        ];
        words.map(|word| &*word.leak()).to_vec()
    }

    fn plan(&self, words: &[&str]) -> Output {
        let matter = self.matter();
        self.signhold(&[&["plan", matter.to_str().unwrap(), "--json"], words].concat())
    }

    fn signhold(&self, words: &[&str]) -> Output {
        let (graph, secret) = (self.server.graph_url(), self.folder.path().join("secret"));
        let access = [
            "--tenant-id",
            TENANT_ID,
            "--client-id",
            CLIENT_ID,
            "--client-secret-file",
            secret.to_str().unwrap(),
            "--graph-url",
            &graph,
            "--login-url",
            &graph,
            "--rate",
            "1000/1",
        ];
        run(&[words, &access].concat())
    }
}

/// One collection with a failed request, and the rows that the service would have logged of it.
fn collected() -> &'static (Place, Vec<Value>) {
    static COLLECTED: OnceLock<(Place, Vec<Value>)> = OnceLock::new();
    COLLECTED.get_or_init(|| {
        let place = Place::new(|settings| settings.faults = vec!["http-503@2".parse().unwrap()]);
        let output = place.signhold(&[&["collect"], &place.window(2)[..]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
        let documents = documents(&place.package());
        let client_id = &documents["data/genesis.json"]["identity"]["client_id"];
        let is_request = |path: &str| path.starts_with("data/records/") || path.starts_with("data/failures/");
        let requests = documents.iter().filter(|(path, _)| is_request(path));
        let rows: Vec<Value> = requests.map(|(_, document)| row_of(client_id, document)).collect();
        assert!(rows.iter().any(|row| row["ResponseStatusCode"] == 503));
        (place, rows)
    })
}

fn row_of(client_id: &Value, record: &Value) -> Value {
    let headers = record["response"]["headers"].as_array().unwrap();
    let request_id = headers.iter().find(|header| header[0] == "request-id").unwrap()[1].clone();
    json!({
        "AppId": client_id,
        "ClientRequestId": record["request"]["client_request_id"],
        "OperationId": request_id,
        "RequestId": request_id,
        "RequestUri": record["request"]["url"].as_str().unwrap().replace("%20", "+"),
        "ResponseSizeBytes": record["body"]["byte_len"],
        "ResponseStatusCode": record["response"]["status"],
        "TimeGenerated": record["request"]["started"],
        "Roles": "AuditLog.Read.All",
    })
}

/// As the portal exports: the time's column with its zone, its values in the American way.
fn csv_of(rows: &[Value]) -> String {
    let names: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    let head: Vec<String> = names
        .iter()
        .map(|name| if *name == "TimeGenerated" { "\"TimeGenerated [UTC]\"".to_owned() } else { (*name).clone() })
        .collect();
    let mut text = head.join(",") + "\r\n";
    for row in rows {
        let cells: Vec<String> = names
            .iter()
            .map(|name| match &row[*name] {
                Value::String(time) if *name == "TimeGenerated" => {
                    let time = DateTime::parse_from_rfc3339(time).unwrap();
                    format!("\"{}\"", time.format("%-m/%-d/%Y, %-I:%M:%S%.3f %p"))
                }
                Value::String(text) => format!("\"{}\"", text.replace('"', "\"\"")),
                other => other.to_string(),
            })
            .collect();
        text += &(cells.join(",") + "\r\n");
    }
    text
}

fn corroborate(place: &Place, name: &str, export: &str) -> Output {
    let path = place.folder.path().join(name);
    fs::write(&path, export).unwrap();
    let package = place.package();
    run(&["corroborate", package.to_str().unwrap(), "--rows", path.to_str().unwrap(), "--json"])
}

fn documents(package: &Path) -> BTreeMap<String, Value> {
    let mut archive = zip::ZipArchive::new(File::open(package).unwrap()).unwrap();
    let mut documents = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let (_, path) = name.split_once('/').unwrap();
        let is_signed =
            path == "data/genesis.json" || path.starts_with("data/records/") || path.starts_with("data/failures/");
        if is_signed && Path::new(path).extension().is_some_and(|end| end == "json") {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            documents.insert(path.to_owned(), serde_json::from_str(&text).unwrap());
        }
    }
    documents
}

fn listing(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let facts = entry.metadata().unwrap();
        found.insert(entry.path(), (facts.len(), facts.modified().unwrap()));
        if facts.is_dir() {
            found.append(&mut listing(&entry.path()));
        }
    }
    found
}

fn run(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signhold"));
    command.args(words).env_remove("AZURE_CLIENT_SECRET").output().unwrap()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", talk(output)))
}

fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The present as a new file's time tells it: only `clock` may ask for it.
fn present() -> DateTime<Utc> {
    let file = tempfile::tempfile().unwrap();
    DateTime::<Utc>::from(file.metadata().unwrap().modified().unwrap())
}
