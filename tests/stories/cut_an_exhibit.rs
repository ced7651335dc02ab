//! One sign-in is laid before a judge, with what proves it and without other people's data.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use signhold::exhibit::{Expression, GatherError, Wanted, gather};
use signhold::verify::{Admit, Code, ExhibitReport, Options, Outcome, Trust, verify_and_admit, verify_exhibit};
use tempfile::TempDir;

use crate::cli::{Cli, Said};
use crate::hostile_records;
use crate::opened::Opened;
use crate::package::{Draft, FROM, GRAPH, KIND, TO, element, first_url, operator_key, page, run};
use crate::service::{Matter, Service, entries};

/// A package that is cut from, and who sealed it.
struct Source {
    package: PathBuf,
    /// What the reader trusts: options of the command.
    trust: Vec<String>,
    folder: TempDir,
}

/// One record of a package, as somebody reads it who has all of it.
#[derive(Clone, Debug)]
struct Record {
    page: u64,
    element: u64,
    value: Value,
}

impl Source {
    /// What the simulator holds of one day, with a custodian in the plan.
    fn collected(records: u64, change: impl FnOnce(Cli) -> Cli) -> Self {
        let service = Service::start(records);
        let matter = Matter::at(tempfile::tempdir().unwrap());
        matter.init().args(["--no-passphrase", "--custodian", "custodian@contoso.example"]).code(0);
        change(service.collect(&matter)).code(0);
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("package.zip");
        std::fs::copy(matter.package(), &package).unwrap();
        let index = format!("{}.index", matter.package().display());
        std::fs::copy(index, folder.path().join("package.zip.index")).unwrap();
        let (key, root) = (folder.path().join("key.pem"), folder.path().join("root.pem"));
        std::fs::copy(matter.public_key(), &key).unwrap();
        std::fs::copy(&service.tsa_root, &root).unwrap();
        let trust = ["--trust", key.to_str().unwrap(), "--tsa-root", root.to_str().unwrap()].map(str::to_owned);
        Self { package, trust: trust.into(), folder }
    }

    fn written(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("package.zip");
        std::fs::write(&package, bytes).unwrap();
        let key = crate::package::fingerprint_of(&operator_key().verifying_key().to_bytes());
        Self { package, trust: vec!["--trust".to_owned(), key], folder }
    }

    fn hostile() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let package = hostile_records::package(folder.path());
        Self { package: package.clone(), folder, ..Self::written(&std::fs::read(package).unwrap()) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The call that cuts `name`, without what is to be shown.
    fn cut(&self, name: &str) -> Cli {
        Cli::new().arg("exhibit").arg(&self.package).args(&self.trust).set("--out", self.path(name))
    }

    /// Verifies an exhibit as a stranger does who trusts the operator.
    fn judged(&self, name: &str) -> ExhibitReport {
        let fingerprint = |given: &String| match File::open(given) {
            Ok(_) => signhold::keyring::load_public(Path::new(given)).unwrap().fingerprint(),
            Err(_) => given.parse().unwrap(),
        };
        let mut trust = Trust { keys: vec![fingerprint(&self.trust[1])], ..Trust::default() };
        if let Some(root) = self.trust.get(3) {
            let pem = std::fs::read_to_string(root).unwrap();
            trust.timestamp_roots = signhold::crypto::timestamp::trust_roots_from_pem(&pem).unwrap();
        }
        let options = Options { trust, ..Options::default() };
        verify_exhibit(File::open(self.path(name)).unwrap(), &options).unwrap()
    }

    /// All records, by page and element.
    fn records(&self) -> Vec<Record> {
        let opened = Opened::read(&self.package);
        let pages = opened.files.keys().filter(|path| path.starts_with("data/pages/"));
        pages
            .flat_map(|path| {
                let page: u64 = path["data/pages/".len()..].split('.').next().unwrap().parse().unwrap();
                let body = opened.json(path);
                let values = body["value"].as_array().unwrap().clone();
                (0..).zip(values).map(move |(element, value)| Record { page, element, value })
            })
            .collect()
    }
}

/// Returns a record that stands in so many places, from the middle of them.
fn in_places(records: &[Record], places: usize) -> &Record {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records {
        *count.entry(record.value["id"].as_str().unwrap()).or_default() += 1;
    }
    let from_the_middle = records.iter().skip(records.len() / 2).chain(records);
    let mut found = from_the_middle.filter(|record| count[record.value["id"].as_str().unwrap()] == places);
    found.next().expect("such a record")
}

fn answer(said: &Said) -> Value {
    serde_json::from_str(&said.stdout).unwrap()
}

/// Follows both paths of every record with code that is not the program's.
fn paths_hold(exhibit: &Opened) {
    fn leads(leaf: [u8; 32], index: u64, size: u64, proof: &Value, root: &Value) -> bool {
        let hash = |parts: &[&[u8]]| -> [u8; 32] { Sha256::digest(parts.concat()).into() };
        let (mut first, mut last, mut node) = (index, size - 1, leaf);
        for step in proof.as_array().unwrap() {
            let step = data_encoding::HEXLOWER.decode(step.as_str().unwrap().as_bytes()).unwrap();
            if first % 2 == 1 || first == last {
                node = hash(&[&[1], &step, &node]);
                while first % 2 == 0 && first > 0 {
                    (first, last) = (first / 2, last / 2);
                }
            } else {
                node = hash(&[&[1], &node, &step]);
            }
            (first, last) = (first / 2, last / 2);
        }
        last == 0 && *root == data_encoding::HEXLOWER.encode(&node)
    }
    let leaf = |bytes: &[u8]| -> [u8; 32] { Sha256::digest([&[0], bytes].concat()).into() };
    let (statement, seal) = (exhibit.json("exhibit.json"), exhibit.json("package/seal/seal.json"));
    for record in statement["records"].as_array().unwrap() {
        let number = record["page"].as_u64().unwrap();
        let path = format!("package/data/records/{number:06}.json");
        let signed = exhibit.json(&path);
        let bytes = &exhibit.files[record["path"].as_str().unwrap()];
        let (index, size) = (record["element"].as_u64().unwrap(), signed["records"]["count"].as_u64().unwrap());
        assert!(leads(leaf(bytes), index, size, &record["proof"], &signed["records"]["merkle_root"]), "{record}");
        let pages = statement["pages"].as_array().unwrap();
        let page = pages.iter().find(|page| page["sequence"] == number).unwrap();
        let index = number - seal["volume"]["first_page"].as_u64().unwrap();
        let size = seal["totals"]["pages"].as_u64().unwrap();
        assert!(leads(leaf(&exhibit.files[&path]), index, size, &page["proof"], &seal["merkle_root"]), "{page}");
    }
}

#[test]
fn a_sign_in_is_cut_and_a_stranger_checks_it() {
    let source = Source::collected(300, |collect| collect);
    let records = source.records();
    let record = in_places(&records, 1);
    let id = record.value["id"].as_str().unwrap();
    let cut =
        source.cut("exhibit.zip").args(["--id", id, "--number", "A-12", "--bates", "ACME0000041", "--by", "J. Doe"]);
    let cut = cut.args(["--time-zone", "America/New_York", "--json"]);
    let said = cut.clone().code(0);
    let answer = answer(&said);
    assert_eq!((&answer["verdict"], &answer["number"]), (&"VALID".into(), &"A-12".into()));
    assert_eq!(answer["searched"]["by_index"], true, "collecting has left an index");
    assert_eq!(answer["searched"]["pages"], 1);
    assert_eq!(
        (answer["custodians_named"].as_u64(), answer["undisclosed"].as_u64()),
        (Some(1), Some(records.len() as u64 - 1))
    );
    let shown = &answer["records"][0];
    assert_eq!((&shown["page"], &shown["element"]), (&record.page.into(), &record.element.into()));
    assert_eq!((&shown["id"], &shown["bates"]), (&id.into(), &"ACME0000041".into()));

    let report = source.judged("exhibit.zip");
    assert_eq!((report.outcome, report.facts.records.len()), (Outcome::Valid, 1));
    let search = report.facts.search.unwrap();
    assert_eq!((search.whole, search.by_index, search.pages, search.language), (false, true, 1, None));
    let exhibit = Opened::read(&source.path("exhibit.zip"));
    assert_eq!(exhibit.top, answer["exhibit"].as_str().unwrap());
    assert_eq!(exhibit.json("records/000001.json"), record.value);
    paths_hold(&exhibit);
    // The bytes are the page's, and what comes from the package is unchanged.
    let package = Opened::read(&source.package);
    let page = package.text(&format!("data/pages/{:06}.json", record.page));
    assert!(page.contains(exhibit.text("records/000001.json")));
    for (path, bytes) in exhibit.files.iter().filter_map(|(path, bytes)| Some((path.strip_prefix("package/")?, bytes)))
    {
        assert_eq!(bytes, &package.files[path], "{path}");
    }
    let view = exhibit.text("readable/000001.html");
    for words in [
        "SIMULATED DATA, NOT EVIDENCE",
        "Exhibit A-12",
        "ACME0000041",
        "in America/New_York (",
        "accepted under a root",
    ] {
        assert!(view.contains(words), "{words} in\n{view}");
    }
    assert!(exhibit.text("README.txt").starts_with("SIMULATED DATA, NOT EVIDENCE\n"));
    assert!(!exhibit.text("README.txt").contains("no time stamps"));

    // Nothing is ever overwritten.
    let before = std::fs::read(source.path("exhibit.zip")).unwrap();
    let taken = format!("error: `{}` exists already and is left as it is\n", source.path("exhibit.zip").display());
    assert!(cut.stdout("").code(2).stderr.starts_with(&taken));
    assert_eq!(std::fs::read(source.path("exhibit.zip")).unwrap(), before);
    let names = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let left: Vec<String> = entries(source.folder.path()).iter().map(names).collect();
    assert_eq!(left, ["exhibit.zip", "key.pem", "package.zip", "package.zip.index", "root.pem"]);
}

#[test]
fn nobody_elses_data_is_in_it() {
    let source = Source::collected(2000, |collect| collect);
    let records = source.records();
    assert!(records.len() > 500);
    let chosen = in_places(&records, 1);
    source.cut("exhibit.zip").args(["--id", chosen.value["id"].as_str().unwrap()]).code(0);
    let exhibit = Opened::read(&source.path("exhibit.zip"));
    let whole = exhibit.files.iter().flat_map(|(path, bytes)| [path.as_bytes(), b"\n", bytes, b"\n"].concat());
    let whole = String::from_utf8_lossy(&whole.collect::<Vec<u8>>()).into_owned();
    let own = chosen.value.to_string();
    let names = [
        "id",
        "userPrincipalName",
        "userId",
        "userDisplayName",
        "ipAddress",
        "correlationId",
        "sessionId",
        "uniqueTokenIdentifier",
        "servicePrincipalId",
        "signInIdentifier",
    ];
    let mut searched = 0;
    for other in records.iter().filter(|other| (other.page, other.element) != (chosen.page, chosen.element)) {
        let device = [&other.value["deviceDetail"]["deviceId"], &other.value["deviceDetail"]["displayName"]];
        let values = names.iter().map(|name| &other.value[name]).chain(device).filter_map(Value::as_str);
        for value in values.filter(|value| value.len() > 5 && !own.contains(*value)) {
            searched += 1;
            assert!(!whole.contains(value), "`{value}` of page {}, element {} is in it", other.page, other.element);
        }
    }
    assert!(searched > 2000, "{searched}");
    // Nor does the index beside the package, or the service's own place marks, give an identifier away.
    assert!(exhibit.files.keys().all(|path| !path.contains(".index")));
}

#[test]
fn every_place_of_a_record_is_shown() {
    let source = Source::collected(200, |collect| collect.arg("--second-pass"));
    let records = source.records();
    let id = in_places(&records, 2).value["id"].as_str().unwrap();
    let places: Vec<&Record> = records.iter().filter(|record| record.value["id"] == id).collect();
    assert_eq!(places.len(), 2, "once in each pass");
    let text = source.cut("text.zip").args(["--id", id]).code(0).stdout;
    assert!(text.contains("the same identifier and the same bytes as 2\n"), "{text}");
    assert!(text.contains(", pass 2, not counted, page "), "{text}");
    assert!(text.contains("the plan is part of every exhibit and names 1 custodian: "), "{text}");
    let answer = answer(&source.cut("json.zip").args(["--id", id, "--json"]).code(0));
    let shown = answer["records"].as_array().unwrap();
    let found: Vec<(u64, u64)> =
        shown.iter().map(|shown| (shown["page"].as_u64().unwrap(), shown["element"].as_u64().unwrap())).collect();
    assert_eq!(found, places.iter().map(|place| (place.page, place.element)).collect::<Vec<_>>());
    assert_eq!((&shown[0]["same_bytes"], &shown[1]["same_bytes"]), (&vec![2].into(), &vec![1].into()));
    let report = source.judged("json.zip");
    assert_eq!(report.outcome, Outcome::Valid);
    let counted: Vec<_> = report.facts.records.iter().map(|record| record.counted).collect();
    assert_eq!(counted, [Some(true), Some(false)]);
    let inside = Opened::read(&source.package).json("seal/seal.json")["totals"]["inside"].as_u64().unwrap();
    assert_eq!(report.facts.undisclosed_inside, Some(inside - 1));
    assert_eq!(answer["undisclosed_inside"], inside - 1);
    let said = Cli::new().arg("verify").arg(source.path("json.zip")).args(&source.trust).code(0).stdout;
    assert!(said.contains(&format!("by the signed seal, of which {} count; ", inside - 1)), "{said}");
    assert!(said.contains("may hide records asked for\n"), "{said}");

    // A name that two records bear.
    let mut draft = Draft::good();
    draft.pages[1].elements = vec![element("a", "2026-11-01T07:00:00Z")];
    let source = Source::written(&draft.build().zip());
    let text = source.cut("other.zip").args(["--id", "a"]).code(0).stdout;
    assert!(text.contains("the same identifier and OTHER bytes than 1\n"), "{text}");
}

/// Whoever can write into the log writes a member twice: each reader of JSON takes another, and none is denied.
#[test]
fn a_record_of_several_identifiers_is_found_by_each() {
    let mut draft = Draft::good();
    let twice = r#"{"id":"A","createdDateTime":"2026-11-01T07:00:00Z","i\u0064":"B\u0021"}"#;
    draft.pages[1].elements = vec![(twice.to_owned(), Some("2026-11-01T07:00:00Z".to_owned()))];
    let source = Source::written(&draft.build().zip());
    // The first call finds no index and leaves one; the second is told by it.
    for (number, id) in ["A", "B!", "A"].into_iter().enumerate() {
        let name = format!("exhibit-{number}.zip");
        let text = source.cut(&name).args(["--id", id]).code(0).stdout;
        assert!(text.contains("it has 2 identifiers: A, B!; readers of JSON differ in which they take\n"), "{text}");
        assert_eq!(text.contains("as the index beside the package says"), number > 0, "{text}");
        assert_eq!(Opened::read(&source.path(&name)).text("records/000001.json"), twice);
    }
    let answer = answer(&source.cut("json.zip").args(["--id", "B!", "--json"]).code(0));
    assert_eq!((&answer["records"][0]["id"], &answer["records"][0]["ids"]), (&Value::Null, &vec!["A", "B!"].into()));
}

/// A link of the service names somebody whose record is kept back: whoever cuts the exhibit is told before it leaves the house.
#[test]
fn what_documents_that_go_along_tell_of_others_is_warned_of() {
    let mut draft = Draft::good();
    let first = first_url(GRAPH, KIND, FROM, TO);
    let second = format!("{first}&$skiptoken=dana%40contoso.example");
    let dana =
        r#"{"id":"other-record","createdDateTime":"2026-11-01T08:00:00Z","userPrincipalName":"Dana@contoso.example"}"#;
    let elements =
        vec![element("a", "2026-11-01T09:00:00Z"), (dana.to_owned(), Some("2026-11-01T08:00:00Z".to_owned()))];
    let last = vec![element("c", "2026-11-01T07:00:00Z")];
    draft.pages = vec![page(1, &first, Some(&second), elements), page(2, &second, None, last)];
    let source = Source::written(&draft.build().zip());
    let warning = "warning: 1 identifier, name or address of records that are not shown stand in the plan, the seal or";
    let said = source.cut("a.zip").args(["--id", "a"]).code(0);
    assert!(said.stderr.contains(warning) && !said.stderr.contains("dana"), "{}", said.stderr);
    // Where that record is shown it is not given away, and page 2 has no other record.
    for id in ["other-record", "c"] {
        let said = source.cut(&format!("{id}.zip")).args(["--id", id]).code(0).stderr;
        assert!(!said.contains("warning: "), "{said}");
    }
}

#[test]
fn an_identifier_that_is_nowhere_is_named() {
    let source = Source::collected(200, |collect| collect);
    let count = source.records().len();
    let pages = Opened::read(&source.package).documents("records").len();
    let said = source.cut("exhibit.zip").args(["--id", "no-such-record"]).stdout("").code(2).stderr;
    let expected = format!(
        "error: no record `no-such-record` is in the package; {count} records on {pages} pages were searched\n"
    );
    assert!(said.contains(&expected), "{said}");
    assert!(said.contains("`signhold inspect` says what this one covers; nothing was written\n"), "{said}");
    let list = source.path("ids.txt");
    let known = source.records()[0].value["id"].as_str().unwrap().to_owned();
    std::fs::write(&list, format!("{known}\r\n\r\n  x\u{1b}[2J\n")).unwrap();
    let said = source.cut("exhibit.zip").arg("--ids-from").arg(&list).stdout("").code(2).stderr;
    assert!(said.contains("error: line 3 of `") && said.contains("holds the character \\u{1b}"), "{said}");
    std::fs::write(&list, format!("{known}\r\n\r\n  other  \nyet-another\n")).unwrap();
    let said = source.cut("exhibit.zip").arg("--ids-from").arg(&list).stdout("").code(2).stderr;
    assert!(said.contains("error: no record `other` is in the package (nor is 1 other); "), "{said}");
    assert!(!source.path("exhibit.zip").exists());
    std::fs::write(&list, format!("{known}\r\n{known}\n")).unwrap();
    source.cut("exhibit.zip").arg("--ids-from").arg(&list).code(0);
    assert_eq!(
        Opened::read(&source.path("exhibit.zip")).json("exhibit.json")["selection"]["ids"],
        Value::from(vec![known])
    );
}

#[test]
fn an_index_only_says_where_to_look() {
    let source = Source::collected(200, |collect| collect);
    let records = source.records();
    let id = records[records.len() - 1].value["id"].as_str().unwrap();
    let index = source.path("package.zip.index");
    let good = std::fs::read(&index).unwrap();
    let cut = |name: &str| source.cut(name).args(["--id", id, "--json"]).code(0);
    let by_index = |said: &Said| answer(said)["searched"]["by_index"].as_bool().unwrap();
    assert!(by_index(&cut("by-index.zip")));
    let whole = source.cut("whole.zip").args(["--id", id, "--json", "--whole"]).code(0);
    assert!(!by_index(&whole) && answer(&whole)["package_verdict"] == "VALID");
    // Without one every page is read, and one is left for the next time: the same that collecting left.
    std::fs::remove_file(&index).unwrap();
    let said = cut("without.zip");
    assert!(!by_index(&said) && said.stderr.contains("written for the next time: "), "{}", said.stderr);
    assert_eq!(std::fs::read(&index).unwrap(), good);
    // A damaged one, and one that lies in its own favour, cost time.
    let mut damaged = good.clone();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(&index, &damaged).unwrap();
    let said = cut("damaged.zip");
    assert!(
        !by_index(&said) && said.stderr.contains("is damaged or of another package, and is not used"),
        "{}",
        said.stderr
    );
    let statement = |name: &str| Opened::read(&source.path(name)).json("exhibit.json")["records"].clone();
    for name in ["whole.zip", "without.zip", "damaged.zip"] {
        assert_eq!(statement(name), statement("by-index.zip"), "{name}");
    }
    std::fs::remove_file(&index).unwrap();
    let said = Cli::new().arg("exhibit").arg(&source.package).arg("--index").code(0).stdout;
    assert!(said.ends_with("; derived, and safe to delete\n"), "{said}");
    assert_eq!(std::fs::read(&index).unwrap(), good);
}

#[test]
fn an_expression_selects_and_is_sealed() {
    let source = Source::collected(600, |collect| collect);
    let records = source.records();
    let (app, opened) = (&records[records.len() / 2].value["appId"], Opened::read(&source.package));
    let kind = |page: u64| opened.json(&format!("data/records/{page:06}.json"))["stream"]["kind"].clone();
    let of_kind = kind(records[records.len() / 2].page);
    let expression =
        format!("record.appId == '{}' && kind == '{}' && pass == 1", app.as_str().unwrap(), of_kind.as_str().unwrap());
    let said = source.cut("selected.zip").args(["--where", &expression, "--json"]).code(0);
    let exhibit = Opened::read(&source.path("selected.zip"));
    let expected: Vec<&Record> =
        records.iter().filter(|record| record.value["appId"] == *app && kind(record.page) == of_kind).collect();
    let shown = exhibit.json("exhibit.json");
    assert_eq!(shown["selection"]["where"], expression);
    assert_eq!((&shown["search"]["whole"], &shown["search"]["language"]), (&true.into(), &"cel-signhold/1".into()));
    assert!(!expected.is_empty() && shown["records"].as_array().unwrap().len() == expected.len());
    for (number, record) in (1..).zip(&expected) {
        assert_eq!(exhibit.json(&format!("records/{number:06}.json")), record.value);
    }
    paths_hold(&exhibit);
    assert_eq!(
        (source.judged("selected.zip").outcome, &answer(&said)["package_verdict"]),
        (Outcome::Valid, &"VALID".into())
    );
    assert_eq!(answer(&said)["searched"]["records"], records.len());

    let wanting = "record.mfaDetail.authMethod == 'x' || record.id == ID"
        .replace("ID", &format!("'{}'", records[0].value["id"].as_str().unwrap()));
    let text = source.cut("wanting.zip").args(["--where", &wanting]).code(0).stdout;
    let id = &records[0].value["id"];
    let passed_over = records.iter().filter(|record| record.value["id"] != *id).count();
    assert!(text.contains(&format!("note       {passed_over} of {} records lack a member", records.len())), "{text}");

    for (expression, code, words) in [
        ("record.status.errorCode ==", 2, "error: the expression cannot be read at character 27: "),
        ("errorCode == 5", 2, "error: the expression names `errorCode` at character 1, which is none of `record`, "),
        ("record.id > 5", 2, "error: the expression cannot be worked out at character 11 for element 0 of page 1: "),
        ("record.id", 2, "error: the expression gives string for element 0 of page 1, and not true or false"),
        ("ip_in(record.userAgent, 'here')", 2, "`here` is no range of addresses such as 10.0.0.0/8"),
        ("record.id == 'x'", 2, "error: the expression is true of none of "),
    ] {
        let said = source.cut("none.zip").args(["--where", expression]).stdout("").code(code).stderr;
        assert!(said.contains(words), "{expression}: {said}");
        assert!(said.contains("\nhint: "), "{said}");
    }
    assert!(!source.path("none.zip").exists());
}

#[test]
fn an_expression_as_deep_as_it_can_be_is_worked_out_or_refused() {
    let source = Source::written(&Draft::good().build().zip());
    for (number, expression) in [
        format!("1{} == 1999", "+1".repeat(1990)),
        "!".repeat(3990) + "true",
        format!("{}true{}", "(".repeat(1900), ")".repeat(1900)),
        format!("{}1{} == []", "[".repeat(1900), "]".repeat(1900)),
        format!("record{} == 1", ".a".repeat(1900)),
        format!("{}true", "true?true:".repeat(390)),
        format!("{}true", "-".repeat(3900)),
        "'".to_owned() + &"\\".repeat(3999),
        format!("{}true", "page==1||".repeat(380)),
        "record.id.matches('(a{1000}){1000}')".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(expression.len() <= 4000, "{number}");
        let out = format!("deep-{number}.zip");
        let said = source.cut(&out).args(["--where", &expression]).start().end();
        assert!(matches!(said.1, Some(0 | 2)), "{number}: {said:?}");
        let is_alternatives = expression.contains("||");
        assert!(!is_alternatives || said.1 == Some(0), "{number}: {said:?}");
    }
    let said = source.cut("long.zip").args(["--where", &"1".repeat(4001)]).code(2).stderr;
    assert!(said.contains("has 4001 characters; 1 to 4000 are allowed"), "{said}");
}

#[test]
fn more_records_than_an_exhibit_may_have_are_counted_and_not_cut() {
    let mut draft = Draft::good();
    let elements = (0..10_001).map(|number| element(&format!("r{number}"), "2026-11-01T07:00:00Z"));
    draft.pages[1].elements = elements.collect();
    let source = Source::written(&draft.build().zip());
    let said = source.cut("all.zip").args(["--where", "true"]).stdout("").code(2).stderr;
    assert!(said.contains("error: 10003 records are found; an exhibit has at most 10000\n"), "{said}");
    let said =
        source.cut("numbered.zip").args(["--where", "page == 2 && element < 11", "--bates", "X9"]).code(2).stderr;
    assert!(said.contains("error: the numbers from `X9` on end before all 11 records have one\n"), "{said}");
    let few =
        source.cut("few.zip").args(["--where", "page == 2 && element >= 9990 || record.id == 'a'", "--bates", "X09"]);
    few.code(0);
    let exhibit = Opened::read(&source.path("few.zip"));
    paths_hold(&exhibit);
    let shown = exhibit.json("exhibit.json");
    let bates: Vec<&str> =
        shown["records"].as_array().unwrap().iter().map(|shown| shown["bates"].as_str().unwrap()).collect();
    assert_eq!((bates.len(), bates[0], bates[11]), (12, "X09", "X20"));
    assert_eq!(source.judged("few.zip").outcome, Outcome::Valid);
}

#[test]
fn a_page_that_cannot_be_cut_was_not_searched() {
    let mut draft = Draft::good();
    let page = &mut draft.pages[1];
    (page.body, page.opaque) = (Some(b"<html>no records".to_vec()), true);
    page.headers = vec![("content-type".to_owned(), "text/html".to_owned())];
    draft.runs = vec![run("failed", Some("the second page is not one of the log"))];
    let source = Source::written(&draft.build().zip());
    let said = source.cut("exhibit.zip").args(["--where", "page >= 1", "--json"]).code(0);
    let searched = &answer(&said)["searched"];
    assert_eq!((&searched["pages"], &searched["of_pages"]), (&1.into(), &2.into()));
    let exhibit = Opened::read(&source.path("exhibit.zip"));
    assert!(
        exhibit.text("README.txt").contains("or cannot be cut into records, or an index"),
        "{}",
        exhibit.text("README.txt")
    );
    let text = source.cut("text.zip").args(["--where", "page >= 1"]).code(0).stdout;
    assert!(text.contains("note       1 page could not be read or cut into records, "), "{text}");
    assert!(text.contains("note       every record of the package is shown"), "{text}");
}

#[test]
fn what_an_attacker_wrote_is_shown_and_does_nothing() {
    let source = Source::hostile();
    let said = source.cut("exhibit.zip").args(["--where", "page == 1", "--time-zone", "Asia/Kathmandu"]).code(0);
    let exhibit = Opened::read(&source.path("exhibit.zip"));
    paths_hold(&exhibit);
    assert_eq!(source.judged("exhibit.zip").outcome, Outcome::Valid);
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    let records = hostile_records::records();
    for (number, (record, _)) in (1..).zip(&records) {
        assert!(exhibit.files[&format!("records/{number:06}.json")] == record.as_bytes(), "{number}");
        let view = exhibit.text(&format!("readable/{number:06}.html"));
        assert!(!view.contains(hidden), "{number}: {:?}", view.chars().find(|c| hidden(*c)));
        for tag in view.split('<').skip(1).map(|rest| rest.split('>').next().unwrap().to_lowercase()) {
            let is_ours = ["script", "img", "a ", "iframe", "svg"].iter().all(|name| !tag.starts_with(name));
            let is_ours = is_ours && [" on", "src=", "href="].iter().all(|attribute| !tag.contains(attribute));
            assert!(is_ours, "{number}: <{tag}>");
        }
        // Scripts cannot run even where something was overlooked.
        assert!(view.contains("default-src 'none'"));
    }
    let list = exhibit.text("readable/index.html");
    assert!(!list.contains(hidden) && list.contains("default-src 'none'"));
    let mut numbers = 1..;
    for tag in list.split("</style>").nth(1).unwrap().split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let tags =
            ["head", "body", "header", "main", "p", "h1", "table", "thead", "tr", "th", "td", "a", "bdi", "html"];
        assert!(tags.contains(&tag.trim_start_matches('/').split(' ').next().unwrap()), "<{tag}>");
        match tag.split_once(' ') {
            Some(("a", attributes)) => assert_eq!(attributes, format!("href=\"{:06}.html\"", numbers.next().unwrap())),
            Some((_, attributes)) => assert!(attributes.starts_with("class=\""), "<{tag}>"),
            None => {}
        }
    }
    assert_eq!(numbers.next(), Some(records.len() + 1));
    assert_eq!(exhibit.json("exhibit.json")["records"].as_array().unwrap().len(), records.len());
    assert!(!said.stdout.contains(hidden) && !said.stderr.contains(hidden));
    let formula = hostile_records::FORMULA;
    let text = source.cut("formula.zip").args(["--id", formula]).code(0).stdout;
    assert!(text.contains(formula), "{text}");
}

#[test]
fn from_a_package_that_failed_verification_only_on_express_wish() {
    let mut draft = Draft::good();
    draft.pages[1].elements = vec![element("c", "2026-11-01T07:00:00Z"), element("d", "2026-11-01T06:00:00Z")];
    let mut files = draft.build();
    files.replace("data/pages/000001.json", "T09:00", "T10:00");
    let source = Source::written(&files.zip());
    let said = source.cut("exhibit.zip").args(["--id", "c"]).stdout("").code(1).stderr;
    assert!(said.contains("is INVALID; nothing was made of it\n") && !source.path("exhibit.zip").exists(), "{said}");
    // A record of the other page is as it was sealed; everything made of it says what it comes from.
    for (name, depth) in [("quick.zip", &[][..]), ("whole.zip", &["--whole"])] {
        source.cut(name).args(["--id", "c", "--despite-findings"]).args(depth).code(0);
        let report = source.judged(name);
        assert_eq!(report.outcome, Outcome::Indeterminate);
        assert!(report.finding_counts.contains_key(&Code::ExhibitDespiteFindings));
        let exhibit = Opened::read(&source.path(name));
        let failed = "FROM A PACKAGE THAT FAILED VERIFICATION (";
        assert!(exhibit.text("README.txt").contains(failed) && exhibit.text("readable/000001.html").contains(failed));
    }
    let codes = |name: &str| Opened::read(&source.path(name)).json("exhibit.json")["despite_findings"].clone();
    assert_eq!(codes("quick.zip"), Value::from(vec!["seal-archive-digest-mismatch"]));
    assert!(codes("whole.zip").as_array().unwrap().contains(&"page-digest-mismatch".into()));
    // The record that was altered, and its neighbour, are not what was sealed: nobody gets an exhibit of them.
    for id in ["a", "b"] {
        let said = source.cut("altered.zip").args(["--id", id, "--despite-findings"]).stdout("").code(1).stderr;
        assert!(
            said.contains("error: what was cut does not verify (exhibit-record-path), and was thrown away\n"),
            "{said}"
        );
    }
    assert!(!entries(source.folder.path()).iter().any(|path| path.display().to_string().contains("altered")));
}

/// An archive that counts how often somebody goes to a place in it, and fails from some time on.
struct Watched {
    archive: Cursor<Vec<u8>>,
    seeks: Rc<Cell<usize>>,
    most: Rc<Cell<usize>>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.archive.read(buffer)
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.seeks.set(self.seeks.get() + 1);
        if self.seeks.get() > self.most.get() {
            return Err(std::io::Error::other("the disk failed"));
        }
        self.archive.seek(to)
    }
}

/// A package of two gigabytes is not read to its end to say that the expression is wrong, and what is said does not depend on which
/// thread was faster.
#[test]
fn the_first_error_of_an_expression_ends_the_search() {
    let first = first_url(GRAPH, KIND, FROM, TO);
    let url = |number: u64| if number == 1 { first.clone() } else { format!("{first}&$skiptoken={number}") };
    let pages: Vec<u64> = (1..=40).collect();
    let mut draft = Draft::good();
    draft.pages = pages
        .iter()
        .map(|number| {
            let next = (*number < 40).then(|| url(number + 1));
            page(*number, &url(*number), next.as_deref(), vec![element(&format!("r{number}"), "2026-11-01T09:00:00Z")])
        })
        .collect();
    "2026-11-22T07:00:00.000Z".clone_into(&mut draft.sealed);
    let bytes = draft.build().zip();
    let wanted = Wanted::Where(Box::new(Expression::compile("record.id > 1".parse().unwrap()).unwrap()));
    // Plan and seal; record and body of a page.
    for (threads, breaks_after) in [(1, usize::MAX), (2, usize::MAX), (8, usize::MAX), (1, 4), (2, 4), (8, 6)] {
        let (seeks, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(usize::MAX)));
        let archive = Watched { archive: Cursor::new(bytes.clone()), seeks: seeks.clone(), most: most.clone() };
        let (report, package) = verify_and_admit(archive, &Options::default(), Admit::Accepted).unwrap();
        let mut package = package.unwrap_or_else(|| panic!("{report:?}"));
        seeks.set(0);
        most.set(breaks_after);
        let error = gather(&mut package, &pages, &wanted, threads, None).unwrap_err();
        assert!(matches!(error, GatherError::Expression(_)), "{threads} {breaks_after}: {error}");
        assert!(error.to_string().contains(" for element 0 of page 1: "), "{threads} {breaks_after}: {error}");
        // Each thread has one page under work and one waiting, and one more is handed out when the first comes back.
        let handed_out = 2 * threads + 1;
        assert!(seeks.get() <= 2 + 2 * handed_out, "{threads}: {}", seeks.get());
    }
}

/// The operator has the keys and signs a seal that says there is nothing else; quick as the look at the package is, it sees that.
#[test]
fn a_seal_that_denies_records_gives_no_exhibit() {
    let counts = ["\"records\":3,\"inside\":3", "\"records\":1,\"inside\":1"];
    for members in [&["totals"][..], &["streams"], &["totals", "streams"]] {
        let mut draft = Draft::good();
        draft.edit_seal = Some(Box::new(move |seal| {
            for member in members {
                seal.replace(member, counts[0], counts[1]);
            }
        }));
        let source = Source::written(&draft.build().zip());
        let said = source.cut("exhibit.zip").args(["--id", "a"]).stdout("").code(1).stderr;
        let code = format!("  violation     seal-{}-mismatch  ", members[0]);
        assert!(said.contains(&code) && said.contains("is INVALID; nothing was made of it\n"), "{members:?}: {said}");
        assert!(!source.path("exhibit.zip").exists());
    }
    let mut draft = Draft::good();
    draft.edit_seal = Some(Box::new(|seal| seal.replace("totals", "\"failures\":0", "\"failures\":1")));
    let source = Source::written(&draft.build().zip());
    let said = source.cut("exhibit.zip").args(["--id", "a"]).stdout("").code(1).stderr;
    assert!(said.contains("seal-totals-mismatch  `seal/seal.json#totals.failures`"), "{said}");
}

#[test]
fn whoever_cuts_it_can_sign() {
    let source = Source::written(&Draft::good().build().zip());
    let key = source.path("exhibitor.pem");
    Cli::new().args(["key", "new"]).arg(&key).env("SIGNHOLD_PASSPHRASE", "correct horse").code(0);
    let cut = source.cut("signed.zip").args(["--id", "b", "--by", "J. Doe"]).set("--key", &key);
    let said = cut.clone().stdout("").code(2).stderr;
    assert!(said.contains("a passphrase is needed and nobody can be asked"), "{said}");
    let said = cut.env("SIGNHOLD_PASSPHRASE", "correct horse").code(0).stdout;
    let public = signhold::keyring::load_public(&source.path("exhibitor.pub.pem")).unwrap().fingerprint();
    assert!(said.contains(&format!("signed by  {public}\n")), "{said}");
    let report = source.judged("signed.zip");
    assert_eq!((report.outcome, report.facts.exhibitor), (Outcome::Valid, Some(public)));
    let exhibit = Opened::read(&source.path("signed.zip"));
    assert!(exhibit.text("README.txt").contains("-inkey keys/exhibitor.pem -sigfile exhibit.sig"));
    assert!(!exhibit.files.values().any(|bytes| String::from_utf8_lossy(bytes).contains("PRIVATE KEY")));
}

#[test]
fn a_package_without_records_gives_none() {
    let mut draft = Draft::good();
    draft.pages[0].elements = Vec::new();
    draft.pages[1].elements = Vec::new();
    draft.runs = vec![run("empty", None)];
    let source = Source::written(&draft.build().zip());
    let said = source.cut("none.zip").args(["--where", "true"]).stdout("").code(2).stderr;
    assert!(said.contains("error: the expression is true of none of 0 records on 2 pages\n"), "{said}");
    for (args, words) in [
        (&["--id", ""][..], "has 0 characters; 1 to 200 are allowed"),
        (&["--id", "a", "--where", "true"], "cannot be used with"),
        (&[], "required arguments were not provided"),
        (&["--id", "a", "--bates", "X"], "does not end in 1 to 18 digits"),
        (&["--id", "a", "--time-zone", "Berlin"], "name a zone of the IANA time zone database"),
    ] {
        let said = source.cut("none.zip").args(args).stdout("").code(2).stderr;
        assert!(said.contains(words), "{args:?}: {said}");
    }
}

#[test]
fn shown_records_are_distinct_and_sorted() {
    let source = Source::collected(300, |collect| collect);
    source.cut("all.zip").args(["--where", "true"]).code(0);
    let shown = Opened::read(&source.path("all.zip")).json("exhibit.json");
    let places: Vec<(u64, u64)> = shown["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|shown| (shown["page"].as_u64().unwrap(), shown["element"].as_u64().unwrap()))
        .collect();
    assert!(places.is_sorted() && places.iter().collect::<BTreeSet<_>>().len() == places.len());
    let by_page: BTreeMap<u64, usize> = places.iter().fold(BTreeMap::new(), |mut pages, (page, _)| {
        *pages.entry(*page).or_default() += 1;
        pages
    });
    assert!(by_page.len() > 1, "records of several pages in one exhibit");
    assert_eq!(shown["pages"].as_array().unwrap().len(), by_page.len());
}
