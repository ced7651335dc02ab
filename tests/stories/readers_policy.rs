//! A reader has written down once what they demand, and holds every package that comes in against it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::Digest as _;

use crate::cli::Cli;
use crate::service::{Matter, Service};

/// A folder with the reader's policy, and the key and root that it names.
struct Reader {
    folder: tempfile::TempDir,
}

impl Reader {
    fn new(service: &Service, matter: &Matter) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        std::fs::copy(matter.public_key(), folder.path().join("keys/operator.pem")).unwrap();
        std::fs::copy(&service.tsa_root, folder.path().join("tsa.pem")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, text: &str) -> PathBuf {
        let path = self.path("policy.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Verifies with a policy of this text and nothing else.
    fn verify(&self, package: &Path, text: &str) -> Cli {
        Cli::new().arg("verify").arg(package).set("--policy", self.write(text))
    }
}

/// What the simulator can meet. Paths start at the policy's folder, wherever the reader stands.
const MET: &str = "\
simulated = \"note\"

[signer]
keys = [\"keys/operator.pem\"]

[timestamps]
required = true
roots = [\"tsa.pem\"]
minimum_authorities = 1

[completeness]
gaps = \"refuse\"
series = \"whole\"

[clock]
maximum_offset_seconds = 300
";

fn sealed() -> (Service, Matter, PathBuf, Reader) {
    let (service, matter) = (Service::start(40), Matter::new());
    service.collect(&matter).code(0);
    let (package, reader) = (matter.package(), Reader::new(&service, &matter));
    (service, matter, package, reader)
}

#[test]
fn a_package_is_held_against_what_the_reader_demands() {
    let (_service, matter, package, reader) = sealed();
    let said = reader.verify(&package, MET).stderr("").code(0).stdout;
    assert!(said.starts_with(&format!("VALID  {}\n", package.display())), "{said}");
    let digest = data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(MET));
    let named = format!("\npolicy     {}\n           sha256 {digest}\n", reader.path("policy.toml").display());
    assert!(said.contains(&named), "{said}");
    assert_eq!(said.matches("\n  met        ").count(), 6, "{said}");

    // What is demanded and not there is said, and nothing else changes.
    let text = MET.replace("\"note\"", "\"refuse\"").replace("minimum_authorities = 1", "minimum_authorities = 2");
    let demanding = || reader.verify(&package, &text);
    let said = demanding().stderr("").code(3).stdout;
    let first = format!("INDETERMINATE (does not meet the policy)  {}\n", package.display());
    assert!(said.starts_with(&first), "{said}");
    for expected in [
        "  unestablished policy-simulated  `policy#simulated`  FORMAT §12.21\n      claimed   simulated data\n      \
         computed  no simulated data; this does not meet your policy\n",
        "  NOT MET    simulated: no simulated data\n             found: simulated data\n",
        "  NOT MET    timestamps.minimum_authorities: accepted time stamps over the seal from so many authorities: 2\n",
        "             found: authorities accepted: 1; time stamps over the seal: 1\n",
        " 12  time stamps          passed\n",
    ] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    let json: Value = serde_json::from_str(&demanding().arg("--json").code(3).stdout).unwrap();
    assert_eq!(json["policy"]["sha256"], json!(data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(&text))));
    let requirements = json["packages"][0]["requirements"].as_array().unwrap();
    let standings: Vec<&str> = requirements.iter().map(|each| each["standing"].as_str().unwrap()).collect();
    assert_eq!(standings, ["met", "met", "not-met", "met", "met", "met", "not-met"]);
    assert_eq!(requirements[6]["code"], "policy-simulated");

    // A stranger's package is INVALID: whom the reader trusts is no matter of taste.
    let stranger = Matter::new();
    std::fs::copy(stranger.public_key(), reader.path("keys/operator.pem")).unwrap();
    let said = reader.verify(&package, MET).code(1).stdout;
    assert!(said.contains("  violation     signer-mismatch  ") && said.contains("policy-signer"), "{said}");
    // Options add to the policy: now the reader knows both.
    reader.verify(&package, MET).set("--trust", matter.public_key()).code(0);
}

#[test]
fn a_second_person_is_demanded_and_looked_for_in_the_ledger() {
    let (_service, matter, package, reader) = sealed();
    let witness = reader.path("witness.pem");
    Cli::new().args(["key", "new", "--no-passphrase"]).arg(&witness).code(0);
    let text = format!("{MET}\n[countersignatures]\nkeys = [\"witness.pub.pem\"]\nthreshold = 1\n");
    let said = reader.verify(&package, &text).code(3).stdout;
    assert!(said.starts_with("INDETERMINATE (does not meet the policy)  "), "{said}");
    assert!(said.contains("  not shown  countersignatures.threshold: "), "{said}");
    assert!(said.contains("             found: no ledger was presented\n"), "{said}");

    let ledger = matter.path("ledger.jsonl");
    let with_ledger = || reader.verify(&package, &text).set("--ledger", &ledger);
    let said = with_ledger().code(3).stdout;
    assert!(said.contains("found: countersignatures of those named: 0\n"), "{said}");
    assert!(said.contains("  unestablished ledger-countersignatures-missing  "), "{said}");
    Cli::new()
        .args(["custody", &matter.dir, "countersign", "--role", "witness", "--name", "W. Hall"])
        .args(["--statement", "I compared the digests"])
        .set("--package", &package)
        .set("--key", &witness)
        .code(0);
    let said = with_ledger().stderr("").code(0).stdout;
    assert!(said.contains("  met        countersignatures.threshold: "), "{said}");
}

/// The example in README.md is a policy, and its lines are all the requirements there are but those it leaves in comments.
#[test]
fn the_example_for_readers_can_be_used() {
    let (service, matter, package, reader) = sealed();
    std::fs::copy(matter.public_key(), reader.path("operator.pub.pem")).unwrap();
    std::fs::copy(matter.public_key(), reader.path("witness.pub.pem")).unwrap();
    for root in ["tsa-a.pem", "tsa-b.pem"] {
        std::fs::copy(&service.tsa_root, reader.path(root)).unwrap();
    }
    let readme = include_str!("../../README.md");
    let example = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let json = reader.verify(&package, example).arg("--json").stderr("").code(3).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let requirements = json["packages"][0]["requirements"].as_array().unwrap();
    let named: Vec<(&str, &str)> = requirements
        .iter()
        .map(|each| (each["requirement"].as_str().unwrap(), each["standing"].as_str().unwrap()))
        .collect();
    let expected = [
        ("signer", "met"),
        ("timestamps.required", "met"),
        ("countersignatures.threshold", "not-shown"),
        ("timestamps.minimum_authorities", "not-met"),
        ("completeness.gaps", "met"),
        ("completeness.second_pass", "not-met"),
        ("completeness.series", "met"),
        ("clock.maximum_offset_seconds", "met"),
        ("simulated", "not-met"),
    ];
    assert_eq!(named, expected);
}

#[test]
fn a_policy_that_cannot_be_meant_gets_no_verdict() {
    let (_service, _matter, package, reader) = sealed();
    let path = reader.path("policy.toml").display().to_string();
    let refused = |text: &str, line: &str, reason: &str| {
        let said = reader.verify(&package, text).stdout("").code(2).stderr;
        let begins = format!("error: the policy `{path}` cannot be used: {line}: ");
        assert!(said.starts_with(&begins) && said.contains(reason), "{said}");
        assert!(said.ends_with("hint: correct that line; README.md has an example of a policy\n"), "{said}");
    };
    refused("[signer]\nkey = []\n", "line 2, `key = []`", "unknown field `key`");
    refused("simulatd = \"refuse\"\n", "line 1, `simulatd = \"refuse\"`", "unknown field `simulatd`");
    refused("[timestamps]\n\nrequired = 1\n", "line 3, `required = 1`", "expected a boolean");
    refused("[completeness]\ngaps = \"no\"\n", "line 2, `gaps = \"no\"`", "unknown variant `no`");
    refused("[clock]\nmaximum_offset_seconds = -1\n", "line 2, `maximum_offset_seconds = -1`", "-1");
    refused("[signer]\nkeys = [\n  \"none.pem\",\n]\n", "line 3, `\"none.pem\",`", "there is no file `");
    refused("[signer]\n", "line 1, `[signer]`", "`signer` needs `keys` or `certificates`");
    refused(
        "[timestamps]\nroots = [\"keys/operator.pem\"]\n",
        "line 2, `roots = [\"keys/operator.pem\"]`",
        "root certificate",
    );
    refused(
        "[timestamps]\naccepted_policies = [\"1.x\"]\n",
        "line 2, `accepted_policies = [\"1.x\"]`",
        "object identifier",
    );
    refused(
        "[timestamps]\nrequired = false\nminimum_authorities = 2\n",
        "line 3, `minimum_authorities = 2`",
        "required = false",
    );
    let few = "[countersignatures]\nkeys = [\"keys/operator.pem\"]\nthreshold = 2\n";
    refused(few, "line 3, `threshold = 2`", "2 countersignatures of 1 key are demanded");
    refused("gaps = ", "line 1, `gaps =`", "");

    // What is typed against what is written: both are named.
    let said =
        reader.verify(&package, "[timestamps]\nrequired = false\n").set("--require", "time-stamp").code(2).stderr;
    assert!(
        said.starts_with("error: --require time-stamp contradicts `timestamps.required = false` in the policy `"),
        "{said}"
    );
    let one = few.replace("= 2", "= 1");
    let said = reader
        .verify(&package, &one)
        .set("--countersigned-by", reader.path("keys/operator.pem"))
        .set("--countersignatures", "2")
        .code(2)
        .stderr;
    assert!(
        said.starts_with("error: --countersignatures 2 contradicts `countersignatures.threshold = 1` in the policy `"),
        "{said}"
    );
}
