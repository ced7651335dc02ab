//! The schemas in `schemas/` describe what the program writes, exactly: no member more, none less, in this order.
//!
//! The program makes packages against its own simulator: one from `demo`, one that was killed, resumed and met a failure, one
//! that was killed and sealed with gaps. Every signed document in them and every `--json` answer is held against its schema,
//! and then damaged in each place: an unknown member, a missing one, a digest in upper case, another type are all refused.

#![allow(clippy::unwrap_used, reason = "output that cannot be read has failed")]

#[path = "support/ordered_json.rs"]
mod ordered_json;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::Duration;

use jsonschema::Validator;
use ordered_json::Ordered;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use signhold::format::kind::Kind;
use signhold::verify::{Code, Step};

/// Every schema: its name, and the text of its file.
const SCHEMAS: [(&str, &str); 22] = [
    ("collect", include_str!("../schemas/collect.schema.json")),
    ("corroborate", include_str!("../schemas/corroborate.schema.json")),
    ("custody-checkpoint", include_str!("../schemas/custody-checkpoint.schema.json")),
    ("custody-list", include_str!("../schemas/custody-list.schema.json")),
    ("event", include_str!("../schemas/event.schema.json")),
    ("export", include_str!("../schemas/export.schema.json")),
    ("exhibit", include_str!("../schemas/exhibit.schema.json")),
    ("exhibit-answer", include_str!("../schemas/exhibit-answer.schema.json")),
    ("failure", include_str!("../schemas/failure.schema.json")),
    ("genesis", include_str!("../schemas/genesis.schema.json")),
    ("init", include_str!("../schemas/init.schema.json")),
    ("inspect", include_str!("../schemas/inspect.schema.json")),
    ("inspect-exhibit", include_str!("../schemas/inspect-exhibit.schema.json")),
    ("key", include_str!("../schemas/key.schema.json")),
    ("page-record", include_str!("../schemas/page-record.schema.json")),
    ("plan", include_str!("../schemas/plan.schema.json")),
    ("report", include_str!("../schemas/report.schema.json")),
    ("seal", include_str!("../schemas/seal.schema.json")),
    ("sign-in-tables", include_str!("../schemas/sign-in-tables.schema.json")),
    ("simulate", include_str!("../schemas/simulate.schema.json")),
    ("triage", include_str!("../schemas/triage.schema.json")),
    ("verify", include_str!("../schemas/verify.schema.json")),
];

#[test]
fn every_schema_file_is_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let listed: BTreeSet<String> = SCHEMAS.iter().map(|(name, _)| format!("{name}.schema.json")).collect();
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<String> = names.filter(|name| !matches!(name.as_str(), "EXPORTS.md" | "FORMAT.md")).collect();
    assert_eq!(found, listed);
}

#[test]
fn each_schema_is_one_and_stands_alone() {
    for (name, text) in SCHEMAS {
        let schema: Value = serde_json::from_str(text).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        assert_eq!(schema["$id"], format!("urn:signhold:schema:{name}:1"));
        assert!(schema["title"].is_string() && schema["description"].is_string(), "{name}");
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{name}");
        assert!(text.ends_with("}\n"), "{name}");
        let mut used = BTreeSet::new();
        each_object(&schema, &mut |object| {
            if let Some(Value::String(reference)) = object.get("$ref") {
                used.insert(reference.strip_prefix("#/$defs/").expect("only what stands in the file").to_owned());
            }
        });
        let defined: BTreeSet<String> =
            schema.get("$defs").and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key.clone()).collect();
        assert_eq!(used, defined, "{name}: what is defined and what is used");
    }
}

#[test]
fn each_object_lists_all_its_members_and_permits_no_other() {
    for (name, text) in SCHEMAS {
        let schema: Value = serde_json::from_str(text).unwrap();
        each_object(&schema, &mut |object| {
            if object.get("type") == Some(&json!("object")) && object.contains_key("properties") {
                assert_eq!(object["additionalProperties"], json!(false), "{name}: {object:?}");
                let required: BTreeSet<&str> =
                    object["required"].as_array().unwrap().iter().map(|member| member.as_str().unwrap()).collect();
                let properties: BTreeSet<&str> =
                    object["properties"].as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(required, properties, "{name}");
            }
        });
    }
}

#[test]
fn shared_definitions_are_the_same_bytes_in_every_file() {
    #[derive(Deserialize)]
    struct Definitions<'a> {
        #[serde(borrow, rename = "$defs", default)]
        defs: BTreeMap<&'a str, &'a RawValue>,
    }
    let mut seen: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for (file, text) in SCHEMAS {
        let definitions: Definitions<'_> = serde_json::from_str(text).unwrap();
        for (name, raw) in definitions.defs {
            let (first, bytes) = *seen.entry(name).or_insert((file, raw.get()));
            assert!(raw.get() == bytes, "`{name}` differs in {first} and {file}");
        }
    }
}

#[test]
fn enumerations_are_those_of_the_code() {
    let verify: Value = serde_json::from_str(schema_text("verify")).unwrap();
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(verify["$defs"]["code"]["enum"], json!(codes));
    assert_eq!(verify["$defs"]["check"]["properties"]["step"]["enum"], json!(Step::ALL));
    assert_eq!(verify["$defs"]["exhibit_check"]["properties"]["step"]["enum"], json!(Step::EXHIBIT));
    assert_eq!(verify["$defs"]["ledger_check"]["properties"]["step"]["enum"], json!(Step::LEDGER));
    assert_eq!(verify["$defs"]["kind"]["enum"], json!(Kind::ALL));
}

#[test]
fn everything_the_program_writes_is_as_its_schema_says() {
    let validators = validators();
    let mut seen = BTreeSet::new();
    for document in documents() {
        seen.insert(document.schema);
        let value = document.value();
        let errors: Vec<String> = validators[document.schema]
            .iter_errors(&value)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{} against {}: {errors:#?}", document.name, document.schema);
    }
    assert_eq!(seen, SCHEMAS.map(|(name, _)| name).into(), "every schema has seen a real document");
}

#[test]
fn members_come_in_the_order_of_the_schema() {
    for document in documents() {
        let schema = Ordered::parse(schema_text(document.schema));
        let value = Ordered::parse(&document.text);
        check_order(&schema, &schema, &value, &document.name);
    }
}

#[test]
fn every_deviation_of_a_real_document_is_refused() {
    let validators = validators();
    let mut tried = BTreeMap::new();
    for document in documents().iter().filter(|document| document.is_damaged_for_test) {
        let value = document.value();
        for (what, altered) in deviations(&value) {
            *tried.entry(document.schema).or_insert(0_usize) += 1;
            assert!(!validators[document.schema].is_valid(&altered), "{}: {what} is accepted", document.name);
        }
    }
    assert_eq!(tried.len(), SCHEMAS.len(), "every schema has refused something");
    assert!(tried.values().all(|count| *count > 10), "{tried:?}");
}

#[test]
fn values_outside_their_range_are_refused() {
    let validators = validators();
    for (schema, pointer, wrong) in [
        ("genesis", "/type", json!("signhold/seal/v1")),
        ("genesis", "/acquisition", json!("20261322T060452Z-1a2b3c4d")),
        ("genesis", "/matter/id", json!("../x")),
        ("genesis", "/operator", json!("R. Roe\u{202e}")),
        ("genesis", "/operator", json!("")),
        ("genesis", "/created", json!("2026-11-22T06:04:52Z")),
        ("genesis", "/source/graph_url", json!("https://graph.microsoft.com/")),
        ("genesis", "/plan/kinds", json!([])),
        ("genesis", "/plan/kinds", json!(["servicePrincipal", "servicePrincipal"])),
        ("genesis", "/plan/top", json!(9_007_199_254_740_992_u64)),
        ("genesis", "/plan/top", json!(-1)),
        ("genesis", "/plan/from", json!("2026-11-01T00:00:00.000Z")),
        ("genesis", "/timestamps/authorities", json!([])),
        ("genesis", "/series/previous_seal", json!("0".repeat(64))),
        ("genesis", "/identity/claims/0", json!(["secret", "x"])),
        ("page-record", "/response/status", json!(304)),
        ("page-record", "/response/version", json!("HTTP/3")),
        ("page-record", "/response/headers/0", json!(["Date", "x"])),
        ("page-record", "/response/headers/0", json!(["date", "\u{100}"])),
        ("page-record", "/request/headers/0", json!(["authorization", "Bearer x"])),
        ("page-record", "/body/path", json!("data/pages/../1.json")),
        ("page-record", "/records/slicing", json!("opaque")),
        ("failure", "/reason", json!("bored")),
        ("failure", "/body/path", json!("data/pages/000001.json")),
        ("seal", "/volume/number", json!(0)),
        ("seal", "/streams/0/reason", json!("complete needs none")),
        ("seal", "/streams/0/state", json!("failed")),
        ("seal", "/second_pass", json!({})),
        ("seal", "/streams/0/pass", json!(3)),
        ("page-record", "/stream/pass", json!(0)),
        ("seal", "/tool/format", json!("2")),
        ("exhibit", "/type", json!("signhold/seal/v1")),
        ("exhibit", "/records", json!([])),
        ("exhibit", "/records/0/path", json!("records/1.json")),
        ("exhibit", "/records/0/page", json!(0)),
        ("exhibit", "/records/0/element", json!(500_000)),
        ("exhibit", "/records/0/proof", json!(vec!["0".repeat(64); 65])),
        ("exhibit", "/despite_findings", json!(["A"])),
        ("exhibit", "/selection/where", json!("a\u{202e}b")),
        ("exhibit-answer", "/records", json!([])),
        ("exhibit-answer", "/exhibit", json!("ACME-1_exhibit-0123")),
        ("exhibit-answer", "/records/0/path", json!("../records/000001.json")),
        ("exhibit-answer", "/records/0/pass", json!(3)),
        ("exhibit-answer", "/findings/0/code", json!("no-such-code")),
        ("verify", "/packages", json!([])),
        ("verify", "/packages/0/report/checks/0/number", json!(2)),
        ("verify", "/packages/0/report/finding_counts/no-such-code", json!(1)),
        ("export", "/provenance/quick", json!(true)),
        ("export", "/marks", json!([])),
        ("triage", "/triage/answers", json!([])),
        ("triage", "/triage/answers/0/question", json!("bored")),
        ("triage", "/triage/provenance/quick", json!(true)),
        ("key", "/words", json!("abandon")),
        ("event", "/event/type", json!("signhold/seal/v1")),
        ("event", "/event/kind", json!("bored")),
        ("event", "/event/details", json!({ "text": "of another kind" })),
        ("event", "/event/sequence", json!(0)),
        ("event", "/event/actor/role", json!("boss")),
        ("event", "/public_key", json!("AAAA")),
        ("event", "/signature", json!("AAAA")),
        ("custody-list", "/lines/0/event/details/title", json!("")),
        ("custody-checkpoint", "/checkpoint", json!("signhold/ledger/v1/")),
    ] {
        // A page without records may be called opaque, and which page is the first depends on the hour of the demo.
        let mut values = documents().iter().filter(|document| document.schema == schema).map(Document::value);
        let mut value = values
            .find(|value| schema != "page-record" || value["records"]["count"].as_u64() > Some(0))
            .unwrap_or_else(|| panic!("the program wrote a {schema} to damage"));
        if let Some(code) = pointer.strip_prefix("/packages/0/report/finding_counts/") {
            value["packages"][0]["report"]["finding_counts"][code] = wrong.clone();
        } else {
            *value.pointer_mut(pointer).unwrap_or_else(|| panic!("{schema} has {pointer}")) = wrong.clone();
        }
        assert!(!validators[schema].is_valid(&value), "{schema}: {wrong} at {pointer} is accepted");
    }
}

/// One piece of real output.
struct Document {
    schema: &'static str,
    name: String,
    text: String,
    is_damaged_for_test: bool,
}

impl Document {
    fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

/// What the program wrote, made once.
fn documents() -> &'static [Document] {
    static DOCUMENTS: OnceLock<Vec<Document>> = OnceLock::new();
    DOCUMENTS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut gathered = Gathered::default();
        gathered.demo(&folder.path().join("demo"));
        gathered.interrupted_collections(&folder.path().join("service"), &folder.path().join("matter"));
        gathered.documents
    })
}

#[derive(Default)]
struct Gathered {
    documents: Vec<Document>,
}

impl Gathered {
    fn add(&mut self, schema: &'static str, name: &str, text: String) {
        // The first of each schema, and every answer: answers differ in which parts are null.
        let is_first = !self.documents.iter().any(|document| document.schema == schema);
        let is_damaged_for_test = is_first || (!name.contains(".json") && !name.contains("quick"));
        self.documents.push(Document { schema, name: name.to_owned(), text, is_damaged_for_test });
    }

    fn demo(&mut self, folder: &Path) {
        let path = folder.to_str().unwrap();
        signhold(&["demo", path, "--records", "300"], 0);
        let package = only_file(&folder.join("matter/packages"));
        let package = package.to_str().unwrap();
        self.add_package(package);
        let key = format!("{path}/matter/operator.pub.pem");
        let matter_key = format!("{path}/matter/operator.pem");
        let roots = format!("{path}/simulator/simulator-tsa-root.pem");
        self.add(
            "verify",
            "a good package",
            signhold(&["verify", package, "--trust", &key, "--tsa-root", &roots, "--json"], 0),
        );
        let policy = folder.join("policy.toml");
        fs::write(&policy, POLICY).unwrap();
        let policy = policy.to_str().unwrap();
        let held = ["verify", package, "--policy", policy, "--trust", &key, "--tsa-root", &roots, "--json"];
        self.add("verify", "a package that does not meet a policy", signhold(&held, 3));
        self.add("verify", "a quick look", signhold(&["verify", package, "--quick", "--json"], 3));
        let tampered = format!("{path}/tampered/tampered.zip");
        self.add("verify", "a tampered package and a good one", signhold(&["verify", &tampered, package, "--json"], 1));
        let no_archive = folder.join("no-archive.zip");
        fs::write(&no_archive, "no archive").unwrap();
        self.add("verify", "no archive", signhold(&["verify", no_archive.to_str().unwrap(), "--json"], 1));
        self.exhibits();
        self.custody(&folder.join("matter"), package);
        self.add("inspect", "a good package", signhold(&["inspect", package, "--json"], 0));
        let new = folder.join("all.zip");
        let cut = ["exhibit", package, "--out", new.to_str().unwrap(), "--trust", &key, "--tsa-root", &roots, "--json"];
        let chosen = ["--where", "true", "--number", "A-12", "--bates", "ACME0000001", "--key", matter_key.as_str()];
        self.add("exhibit-answer", "all records", signhold(&[&cut[..], &chosen].concat(), 0));
        let copy = folder.join("copy.ndjson");
        let export = ["export", package, "--format", "ndjson", "--out", copy.to_str().unwrap(), "--quiet", "--json"];
        self.add("export", "lines", signhold(&export, 0));
        let tables = folder.join("tables");
        let held = ["export", package, "--format", "signinlogs", "--quiet", "--out", tables.to_str().unwrap()];
        signhold(&held, 0);
        self.add("sign-in-tables", "tables", fs::read_to_string(tables.join("tables.json")).unwrap());
        let page = folder.join("triage.html");
        let triage = ["report", package, "--triage", "--out", page.to_str().unwrap(), "--json"];
        self.add("triage", "the story of the demo", signhold(&triage, 0));
        let report = folder.join("answer.html");
        let report = ["report", package, "--trust", &key, "--out", report.to_str().unwrap(), "--json"];
        self.add("report", "an HTML file", signhold(&report, 0));
        self.add("corroborate", "the questions", signhold(&["corroborate", package, "--json"], 0));
        let rows = folder.join("rows.ndjson");
        fs::write(&rows, self.rows()).unwrap();
        let held = ["corroborate", package, "--rows", rows.to_str().unwrap(), "--json"];
        self.add("corroborate", "rows that contradict, lack and add", signhold(&held, 1));
        self.add("key", "a public key", signhold(&["key", "show", &key, "--json"], 0));
        let new_key = folder.join("new.pem");
        self.add(
            "key",
            "a new key",
            signhold(&["key", "new", new_key.to_str().unwrap(), "--no-passphrase", "--json"], 0),
        );
    }

    /// Those that are published: one that holds, and two that do not.
    fn exhibits(&mut self) {
        let published = |name: &str| format!("{}/tests/vectors/exhibit/{name}.zip", env!("CARGO_MANIFEST_DIR"));
        let good = published("good");
        let (changed, unsigned) = (published("record_changed"), published("unsigned"));
        self.add("verify", "exhibits", signhold(&["verify", &good, &changed, &unsigned, "--json"], 1));
        self.add("inspect-exhibit", "a good exhibit", signhold(&["inspect", &good, "--json"], 0));
        for exhibit in [good, unsigned] {
            let mut archive = zip::ZipArchive::new(File::open(exhibit).unwrap()).unwrap();
            let mut text = String::new();
            archive.by_index(0).unwrap().read_to_string(&mut text).unwrap();
            self.add("exhibit", "exhibit.json", text);
        }
    }

    /// A ledger with an event of every kind that the program writes.
    fn custody(&mut self, matter: &Path, package: &str) {
        let dir = matter.to_str().unwrap();
        let second = matter.with_file_name("second.pem");
        let second = second.to_str().unwrap();
        signhold(&["key", "new", second, "--no-passphrase"], 0);
        let custody = |args: &[&str]| signhold(&[&["custody", dir], args].concat(), 0);
        let own = ["--key", second, "--name", "J. Doe"];
        for kind in ["copied", "exported", "noted", "stored", "verified"] {
            custody(&["record", "--kind", kind, "--text", "as agreed", "--package", package]);
        }
        custody(&["transfer", "--package", package, "--to", "J. Doe", "--organisation", "Doe LLP"]);
        custody(&[&["receive", "--transfer", "9"], &own[..]].concat());
        let statement = ["--role", "counsel", "--statement", "I have compared the digests"];
        custody(&[&["countersign", "--package", package], &statement[..], &own[..]].concat());
        custody(&["record", "--kind", "disposed", "--text", "the period is over", "--package", package]);
        let public = matter.with_file_name("second.pub.pem");
        custody(&["revoke", "--revoked-key", public.to_str().unwrap(), "--since", "2026-01-01", "--reason", "lost"]);
        self.add("custody-checkpoint", "a checkpoint", custody(&["checkpoint", "--json"]));
        self.add("custody-list", "a ledger of every kind", custody(&["list", "--json"]));
        let ledger = matter.join("ledger.jsonl");
        for line in fs::read_to_string(&ledger).unwrap().lines() {
            self.add("event", "an event", line.to_owned());
        }
        let ledger = ledger.to_str().unwrap();
        self.add(
            "verify",
            "a ledger with its package",
            signhold(&["verify", package, "--ledger", ledger, "--json"], 1),
        );
        self.add("verify", "a ledger by itself", signhold(&["verify", ledger, "--json"], 1));
        let torn = matter.with_file_name("torn.jsonl");
        fs::write(&torn, "{\"event\":\nx").unwrap();
        let torn = torn.to_str().unwrap();
        self.add("custody-list", "no ledger", signhold(&["custody", torn, "list", "--json"], 1));
        self.add("verify", "no ledger", signhold(&["verify", torn, "--json"], 1));
    }

    /// The service's log of the requests of the package, with a wrong status, a missing row and a strange one.
    fn rows(&self) -> String {
        let genesis = self.documents.iter().find(|document| document.schema == "genesis").unwrap().value();
        let records = self.documents.iter().filter(|document| document.schema == "page-record");
        let mut rows: Vec<Value> = records.map(|document| row_of(&genesis, &document.value())).collect();
        rows[0]["ResponseStatusCode"] = json!(403);
        rows[1]["ClientRequestId"] = json!("strange");
        rows[1]["RequestId"] = json!("strange too");
        rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
    }

    fn interrupted_collections(&mut self, service: &Path, matter: &Path) {
        let (files, dir) = (service.to_str().unwrap(), matter.to_str().unwrap());
        let init = ["init", dir, "--matter", "ACME-1", "--operator", "R. Roe", "--no-passphrase", "--json"];
        self.add("init", "a matter folder", signhold(&init, 0));
        let mut simulator = Child(
            Command::new(env!("CARGO_BIN_EXE_signhold"))
                .args(["simulate", "--records", "200", "--days", "2", "--fault", "http-503@4", "--files", files])
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        );
        let mut line = String::new();
        BufReader::new(simulator.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        self.add("simulate", "over HTTPS", line);
        let text = |member: &str| answer[member].as_str().unwrap().to_owned();
        let access = [
            "--tenant-id".to_owned(),
            text("tenant_id"),
            "--client-id".to_owned(),
            text("client_id"),
            "--client-secret-file".to_owned(),
            text("client_secret_file"),
            "--tls-ca".to_owned(),
            text("ca_file"),
            "--json".to_owned(),
        ];
        let access: Vec<&str> = access.iter().map(String::as_str).collect();
        let (from, to, graph, login) = (text("from"), text("to"), text("graph_url"), text("login_url"));
        let window = ["--from", &from, "--to", &to, "--graph-url", &graph, "--login-url", &login];

        let all = ["--second-pass", "--cross-check-v1", "--rate", "11/1"];
        kill_after_one_page(&[&["collect", dir], &window[..], &access, &all].concat(), matter);
        self.add("collect", "resumed", signhold(&[&["resume", dir], &access[..], &["--rate", "1000/1"]].concat(), 0));
        let packages = matter.join("packages");
        self.add_package(only_file(&packages).to_str().unwrap());
        fs::remove_dir_all(matter.join("acquisitions")).unwrap();
        kill_after_one_page(&[&["collect", dir], &window[..], &access, &["--rate", "11/1"]].concat(), matter);
        self.add("collect", "with gaps", signhold(&[&["resume", dir, "--seal-only"], &access[..]].concat(), 5));
        for package in self::packages(&packages) {
            let package = package.to_str().unwrap();
            self.add("verify", "a package of one's own clock", signhold(&["verify", package, "--json"], 3));
        }
        self.series_of_volumes(&[&["collect", dir], &window[..], &access].concat(), &packages);
        // Last, because faults strike by the number of the request.
        let quick = ["--rate", "1000/1"];
        self.add("plan", "within retention", signhold(&[&["plan", dir], &window[..], &access, &quick].concat(), 0));
        self.add(
            "plan",
            "with counts",
            signhold(&[&["plan", dir, "--counts"], &window[..], &access, &quick].concat(), 0),
        );
        let long = ["--from", "2026-01-01", "--kind", "servicePrincipal", "--graph-url", &graph, "--login-url", &login];
        self.add("plan", "beyond retention", signhold(&[&["plan", dir], &long[..], &access, &quick].concat(), 0));
    }

    /// A collection of several volumes that follows another: an answer with a set and a series.
    fn series_of_volumes(&mut self, collect: &[&str], packages: &Path) {
        let before = self::packages(packages);
        let after = ["--after", before[0].to_str().unwrap(), "--volume-pages", "4", "--rate", "1000/1"];
        let answer = signhold(&[collect, &after].concat(), 0);
        let value: Value = serde_json::from_str(&answer).unwrap();
        let volumes = value["packages"].as_array().unwrap();
        assert!(volumes.len() > 1);
        self.add("collect", "in volumes", answer);
        let mut verify = vec!["verify", before[0].to_str().unwrap(), "--json"];
        verify.extend(volumes.iter().map(|volume| volume["path"].as_str().unwrap()));
        let answer = signhold(&verify, 3);
        let value: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((value["sets"].as_array().unwrap().len(), value["series"].as_array().unwrap().len()), (1, 1));
        self.add("verify", "a set and a series", answer);
    }

    /// Adds every signed document of a package.
    fn add_package(&mut self, package: &str) {
        let mut archive = zip::ZipArchive::new(File::open(package).unwrap()).unwrap();
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).unwrap();
            let name = entry.name().unwrap().into_owned();
            let (_, path) = name.split_once('/').unwrap();
            let schema = match path {
                "data/genesis.json" => "genesis",
                "seal/seal.json" => "seal",
                _ => match path.strip_suffix(".json").and_then(|path| path.rsplit_once('/')) {
                    Some(("data/records", _)) => "page-record",
                    Some(("data/failures", _)) => "failure",
                    _ => continue,
                },
            };
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            self.add(schema, path, text);
        }
    }
}

/// A page record as a row of the service's log of requests.
fn row_of(genesis: &Value, record: &Value) -> Value {
    let headers = record["response"]["headers"].as_array().unwrap();
    let request_id = &headers.iter().find(|header| header[0] == "request-id").unwrap()[1];
    json!({
        "TimeGenerated": record["request"]["started"],
        "ClientRequestId": record["request"]["client_request_id"],
        "RequestId": request_id,
        "RequestUri": record["request"]["url"],
        "ResponseStatusCode": record["response"]["status"],
        "ResponseSizeBytes": record["body"]["byte_len"],
        "AppId": genesis["identity"]["client_id"],
    })
}

/// A process that ends with the test.
struct Child(std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs the program to its end and returns its answer.
#[track_caller]
fn signhold(args: &[&str], code: i32) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_signhold")).args(args).output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {talk}");
    String::from_utf8(output.stdout).unwrap()
}

/// Begins a collection at a pace of its own, and kills it when its first page is on disk.
fn kill_after_one_page(args: &[&str], matter: &Path) {
    let child = Command::new(env!("CARGO_BIN_EXE_signhold"))
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let child = Child(child);
    let has_page = || {
        let folders = fs::read_dir(matter.join("acquisitions")).into_iter().flatten().flatten();
        folders.into_iter().any(|folder| folder.path().join("pages/000001.zip").exists())
    };
    for _ in 0..6000 {
        if has_page() {
            drop(child);
            return;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("no page came within two minutes");
}

fn only_file(folder: &Path) -> PathBuf {
    let files = packages(folder);
    let [file] = files.as_slice() else { panic!("one file in {files:?}") };
    file.clone()
}

fn packages(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension() == Some("zip".as_ref())).collect()
}

fn schema_text(name: &str) -> &'static str {
    SCHEMAS.iter().find(|(schema, _)| *schema == name).expect("a schema of the table").1
}

fn validators() -> BTreeMap<&'static str, Validator> {
    SCHEMAS
        .into_iter()
        .map(|(name, text)| {
            let schema = serde_json::from_str(text).unwrap();
            (name, jsonschema::draft202012::new(&schema).unwrap())
        })
        .collect()
}

fn each_object(value: &Value, visit: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            visit(members);
            members.values().for_each(|member| each_object(member, visit));
        }
        Value::Array(items) => items.iter().for_each(|item| each_object(item, visit)),
        _ => {}
    }
}

/// Follows a document along its schema and compares the member lists, order included.
fn check_order(root: &Ordered, schema: &Ordered, value: &Ordered, place: &str) {
    if let Some(reference) = schema.member("$ref").and_then(Ordered::as_str) {
        let name = reference.strip_prefix("#/$defs/").unwrap();
        check_order(root, root.member("$defs").unwrap().member(name).unwrap(), value, place);
        return;
    }
    if let Some(either) = schema.member("anyOf") {
        if !matches!(value, Ordered::Null) {
            check_order(root, &either.items()[0], value, place);
        }
        return;
    }
    if let Some(items) = schema.member("items") {
        value.items().iter().for_each(|item| check_order(root, items, item, place));
    }
    if let (Some(properties), Some(required)) = (schema.member("properties"), schema.member("required")) {
        let listed: Vec<&str> = properties.names();
        let required: Vec<&str> = required.items().iter().filter_map(Ordered::as_str).collect();
        assert_eq!(required, listed, "the schema of {place}");
        assert_eq!(value.names(), listed, "{place}");
        for name in listed {
            let (property, member) = (properties.member(name).unwrap(), value.member(name).unwrap());
            check_order(root, property, member, &format!("{place} {name}"));
        }
    }
}

/// Every document that differs from `value` in one place, so that no schema may accept it.
fn deviations(value: &Value) -> Vec<(String, Value)> {
    let mut pointers = Vec::new();
    pointers_of(value, "", &mut pointers);
    let mut altered = Vec::new();
    let mut alter = |what: String, pointer: &str, change: &dyn Fn(&mut Value)| {
        let mut copy = value.clone();
        change(copy.pointer_mut(pointer).unwrap());
        altered.push((what, copy));
    };
    for pointer in &pointers {
        match value.pointer(pointer).unwrap() {
            Value::Object(members) => {
                alter(format!("an unknown member in `{pointer}`"), pointer, &|object| {
                    object["an-unknown-member"] = json!(1);
                });
                // Which codes were counted depends on the package.
                for name in members.keys().filter(|_| !pointer.ends_with("/finding_counts")) {
                    alter(format!("no `{name}` in `{pointer}`"), pointer, &|object| {
                        object.as_object_mut().unwrap().remove(name);
                    });
                }
            }
            Value::String(text) if is_digest(text) && !is_free_text(pointer) => {
                let upper = text.to_uppercase();
                if upper != *text {
                    alter(format!("upper case in `{pointer}`"), pointer, &|place| *place = json!(upper));
                }
                alter(format!("a short digest in `{pointer}`"), pointer, &|place| *place = json!(text[1..]));
            }
            _ => {}
        }
        alter(format!("another type at `{pointer}`"), pointer, &|place| *place = json!(1.5));
        alter(format!("another type at `{pointer}`"), pointer, &|place| *place = json!([[[]]]));
    }
    altered
}

/// Texts of findings quote anything, and so may any header or URL.
fn is_free_text(pointer: &str) -> bool {
    ["/claimed", "/computed", "/reason", "/url", "/1"].iter().any(|end| pointer.ends_with(end))
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Lists every place in a document; of a list, the first two items stand for all.
fn pointers_of(value: &Value, at: &str, pointers: &mut Vec<String>) {
    pointers.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                pointers_of(member, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), pointers);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate().take(2) {
                pointers_of(item, &format!("{at}/{index}"), pointers);
            }
        }
        _ => {}
    }
}

/// Demands of every sort, of which the simulator can meet some.
const POLICY: &str = "\
simulated = \"refuse\"
[timestamps]
required = true
minimum_authorities = 2
[completeness]
gaps = \"refuse\"
second_pass = \"required\"
series = \"whole\"
[clock]
maximum_offset_seconds = 300
";
