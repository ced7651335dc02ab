//! The operator's key: made, shown, handed over, guarded.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::Cli;
use crate::service::{Matter, Service};

#[test]
fn a_new_key_is_encrypted_and_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let private = folder.path().join("jo.pem");
    let said = Cli::new()
        .args(["key", "new", "--json"])
        .arg(&private)
        .env("SIGNHOLD_PASSPHRASE", PASSPHRASE)
        .stderr(&format!("private key: {0}\npublic key:  {1}\n", private.display(), public_of(&private).display()))
        .code(0)
        .stdout;
    let made: Value = serde_json::from_str(&said).unwrap();
    let fingerprint = made["fingerprint"].as_str().unwrap();
    assert!(fingerprint.len() == 64 && made["words"].as_str().unwrap().split(' ').count() == 24);
    let pem = std::fs::read_to_string(&private).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), "{pem}");
    assert_eq!(std::fs::metadata(&private).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(std::fs::read_to_string(public_of(&private)).unwrap(), made["public_key"].as_str().unwrap());

    // Both halves give the same answer; the public one needs no passphrase.
    let show = |path: &Path| Cli::new().args(["key", "show", "--json"]).arg(path);
    assert_eq!(show(&private).env("SIGNHOLD_PASSPHRASE", PASSPHRASE).stderr("").code(0).stdout, said);
    assert_eq!(show(&public_of(&private)).stderr("").code(0).stdout, said);
    let words = made["words"].as_str().unwrap();
    let lines: Vec<String> = words.split(' ').collect::<Vec<_>>().chunks(6).map(|line| line.join(" ")).collect();
    Cli::new()
        .args(["key", "show"])
        .arg(public_of(&private))
        .stdout(&format!("fingerprint  {fingerprint}\nin words     {}\n", lines.join("\n             ")))
        .code(0);

    // A passphrase comes from a file as well: its first line.
    let file = folder.path().join("passphrase");
    for ending in ["", "\n", "\r\n", "\nsomething else\n"] {
        std::fs::write(&file, format!("{PASSPHRASE}{ending}")).unwrap();
        assert_eq!(show(&private).set("--passphrase-file", &file).code(0).stdout, said);
    }

    let export = || Cli::new().args(["key", "export-public"]).arg(&private).env("SIGNHOLD_PASSPHRASE", PASSPHRASE);
    export().stdout(made["public_key"].as_str().unwrap()).code(0);
    let out = folder.path().join("for-the-court.pem");
    export().set("--out", &out).stdout("").code(0);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), made["public_key"].as_str().unwrap());
    export()
        .set("--out", &out)
        .stderr(&format!(
            "error: `{}` exists already and is left as it is\nhint: name another file; a key is never overwritten\n",
            out.display()
        ))
        .code(2);
}

#[test]
fn a_key_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let private = folder.path().join("jo.pem");
    let new = || Cli::new().args(["key", "new", "--no-passphrase"]).arg(&private);
    new().code(0);
    let kept = std::fs::read(&private).unwrap();
    for there in [private.clone(), public_of(&private)] {
        new().stdout("").stderr(&format!(
            "error: `{}` exists already and is left as it is\nhint: name another file; a key is never overwritten\n",
            there.display()
        )).code(2);
        assert_eq!(std::fs::read(&private).unwrap_or_else(|_| kept.clone()), kept);
        if private.exists() {
            std::fs::remove_file(&private).unwrap();
        }
    }
    assert!(!private.exists(), "nothing was made beside a public key that was there");
}

#[test]
fn without_a_passphrase_and_without_a_person_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let private = folder.path().join("jo.pem");
    let new = || Cli::new().args(["key", "new"]).arg(&private).stdout("");
    new()
        .stderr(
            "error: a passphrase is needed and nobody can be asked\n\
             hint: set SIGNHOLD_PASSPHRASE, or name a file with --passphrase-file\n",
        )
        .code(2);
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    new()
        .set("--passphrase-file", &empty)
        .stderr("error: the passphrase is empty\nhint: use --no-passphrase if the key is to lie open\n")
        .code(2);
    new()
        .set("--passphrase-file", "nowhere")
        .stderr(
            "error: cannot read the secret in `nowhere`: No such file or directory (os error 2)\n\
             hint: check the path and its permissions\n",
        )
        .code(2);
    let nowhere = folder.path().join("no/such/folder/jo.pem");
    Cli::new()
        .args(["key", "new", "--no-passphrase"])
        .arg(&nowhere)
        .stdout("")
        .stderr(&format!(
            "error: cannot write the key file `{}`: No such file or directory (os error 2)\nhint: check the path\n",
            nowhere.display()
        ))
        .code(4);
    assert!(!private.exists() && !public_of(&private).exists());
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let service = Service::start(0);
    let matter = Matter::new();
    let key = matter.path("operator.pem");
    for mode in [0o640, 0o604, 0o666, 0o620] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        let refusal = format!(
            "error: others can read the private key `{0}` (mode {mode:04o})\n\
             hint: `chmod 600 {0}`, and ask whether somebody has copied it\n",
            key.display()
        );
        service.collect(&matter).stdout("").stderr(&refusal).code(2);
        Cli::new().args(["key", "show"]).arg(&key).stdout("").stderr(&refusal).code(2);
    }
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o400)).unwrap();
    service.collect(&matter).code(0);
}

#[test]
fn the_wrong_passphrase_opens_nothing() {
    let service = Service::start(0);
    let matter = Matter::at(tempfile::tempdir().unwrap());
    matter.init().env("SIGNHOLD_PASSPHRASE", PASSPHRASE).code(0);
    let key = matter.path("operator.pem");
    for wrong in ["correct horse battery", "Correct horse battery staple", " "] {
        service
            .collect(&matter)
            .env("SIGNHOLD_PASSPHRASE", wrong)
            .stdout("")
            .stderr(&format!(
                "error: the passphrase does not open `{}`\nhint: give it by SIGNHOLD_PASSPHRASE or --passphrase-file\n",
                key.display()
            ))
            .code(2);
    }
    service
        .collect(&matter)
        .stdout("")
        .stderr(
            "error: a passphrase is needed and nobody can be asked\n\
             hint: set SIGNHOLD_PASSPHRASE, or name a file with --passphrase-file\n",
        )
        .code(2);
    assert_eq!(service.server.requests_served(), 0, "the key comes first, the service is not asked");
    service.collect(&matter).env("SIGNHOLD_PASSPHRASE", PASSPHRASE).code(0);
}

#[test]
fn keys_made_by_openssl_seal_as_well() {
    let service = Service::start(100);
    for (name, passphrase) in
        [("plain.pem", None), ("encrypted-aes256.pem", Some(PASSPHRASE)), ("encrypted-scrypt.pem", Some(PASSPHRASE))]
    {
        let matter = Matter::at(tempfile::tempdir().unwrap());
        let key = Path::new(&matter.dir).parent().unwrap().join("mine.pem");
        std::fs::copy(fixture(name), &key).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let with = |cli: Cli| {
            passphrase.map_or_else(|| cli.clone(), |passphrase| cli.clone().env("SIGNHOLD_PASSPHRASE", passphrase))
        };
        with(matter.init().set("--key", &key)).stderr("").code(0);
        assert!(!matter.path("operator.pem").exists(), "the key stays where it was");
        let public = std::fs::read_to_string(matter.public_key()).unwrap();
        assert_eq!(public, std::fs::read_to_string(fixture("public.pem")).unwrap(), "{name}: what openssl wrote");
        with(service.collect(&matter)).code(0);
        service.verify(&matter, &matter.package()).set("--trust", fixture("public.pem")).code(0);
    }
}

#[test]
fn other_keys_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    for text in [
        "",
        "not a key\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n",
        &std::fs::read_to_string(fixture("p256.pem")).unwrap(),
        &"A".repeat(1 << 20),
    ] {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        Cli::new()
            .args(["key", "show"])
            .arg(&path)
            .stdout("")
            .stderr(&format!(
                "error: `{}` is not a key file that can be used: [..]\n\
                 hint: Ed25519 in PKCS#8 PEM is needed: `signhold key new FILE` or `openssl genpkey -algorithm ed25519`\n",
                path.display()
            ))
            .code(2);
    }
    let said = Cli::new().args(["key", "show"]).arg(folder.path()).stdout("").code(2).stderr;
    assert!(said.starts_with("error: ") && said.contains("it is a folder\nhint: Ed25519 in PKCS#8 PEM"), "{said}");
    Cli::new().args(["key", "show", "nowhere.pem"]).stdout("").code(2);
}

fn public_of(private: &Path) -> PathBuf {
    private.with_extension("pub.pem")
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/key").join(name)
}

const PASSPHRASE: &str = "correct horse battery staple";
