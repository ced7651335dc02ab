//! The other side's lawyer has a package, and asks an authority both trust, not the operator, whose key it is.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use serde_json::Value;

use crate::certificates::{Authority, valid};
use crate::cli::Cli;
use crate::opened::Opened;
use crate::service::{Matter, Service};

/// A key file that is not the program's own make, and the key in it.
fn write_key(folder: &Path, number: u8) -> (PathBuf, SigningKey) {
    let key = SigningKey::from_bytes(&[number; 32]);
    let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let text = BASE64.encode(&[&prefix[..], &key.to_bytes()].concat());
    let path = folder.join(format!("key-{number}.pem"));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).unwrap();
    write!(file, "-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n").unwrap();
    (path, key)
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A package of a matter whose key an authority certifies.
struct Certified {
    service: Service,
    matter: Matter,
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Certified {
    fn new() -> Self {
        let (service, folder, authority) =
            (Service::start(40), tempfile::tempdir().unwrap(), Authority::new("Acme Root"));
        let (path, key) = write_key(folder.path(), 7);
        let matter = Matter::at(tempfile::tempdir().unwrap());
        let pem = format!("Bag Attributes: as exported\n{}", authority.certify(&key, |_| ()));
        let certificate = write(folder.path(), "roe.pem", pem);
        matter.init().set("--key", path).set("--certificate", certificate).stderr("").code(0);
        service.collect(&matter).code(0);
        Self { service, matter, folder, authority }
    }

    fn root(&self) -> PathBuf {
        write(self.folder.path(), "ca.pem", &self.authority.root_pem)
    }

    fn verify(&self) -> Cli {
        Cli::new().arg("verify").arg(self.matter.package()).set("--tsa-root", &self.service.tsa_root)
    }
}

#[test]
fn an_authority_says_whose_key_it_is() {
    let certified = Certified::new();
    let opened = Opened::read(&certified.matter.package());
    let text = opened.text("keys/signer-cert.pem");
    assert!(text.starts_with("-----BEGIN CERTIFICATE-----\n") && text.matches("BEGIN CERTIFICATE").count() == 2);

    let said = certified.verify().set("--trust", certified.root()).code(0).stdout;
    assert!(said.starts_with("VALID  "), "{said}");
    assert!(
        said.contains(
            "           the key of `CN=R. Roe`\n           vouched for by `CN=Acme Root`, whom you trust; valid at "
        ),
        "{said}"
    );
    assert!(said.contains("; revocation not checked\n"), "{said}");
    assert!(said.contains("  note          signer-revocation-not-checked  `keys/signer-cert.pem`"), "{said}");

    // Lists, one in DER and one in PEM, clear signer and intermediate.
    let [of_signer, of_intermediate] = certified.authority.lists(None);
    let pem = format!("-----BEGIN X509 CRL-----\n{}\n-----END X509 CRL-----\n", BASE64.encode(&of_intermediate));
    let lists = [write(certified.folder.path(), "a.crl", of_signer), write(certified.folder.path(), "b.pem", pem)];
    let with_lists =
        || certified.verify().set("--trust", certified.root()).arg("--crl").arg(&lists[0]).arg("--crl").arg(&lists[1]);
    let said = with_lists().code(0).stdout;
    assert!(said.contains("; not revoked then\n") && !said.contains("signer-revocation"), "{said}");
    let json: Value = serde_json::from_str(&with_lists().arg("--json").code(0).stdout).unwrap();
    let fact = &json["packages"][0]["report"]["facts"]["signer_certificate"];
    assert_eq!(fact["path"], serde_json::json!(["CN=R. Roe", "CN=People of Acme", "CN=Acme Root"]));

    // Revoked long before it was sealed.
    let [revoked, _] = certified.authority.lists(Some("2021-01-01T00:00:00Z"));
    let revoked = write(certified.folder.path(), "revoked.crl", revoked);
    let said = certified.verify().set("--trust", certified.root()).set("--crl", revoked).code(1).stdout;
    assert!(said.starts_with("INVALID  "), "{said}");
    assert!(said.contains("  violation     signer-certificate-revoked  `keys/signer-cert.pem`  FORMAT §6\n"), "{said}");
}

#[test]
fn a_file_of_several_lists_is_read_to_its_end() {
    let certified = Certified::new();
    let block = |list: &[u8]| format!("-----BEGIN X509 CRL-----\n{}\n-----END X509 CRL-----\n", BASE64.encode(list));
    let [clear, of_root] = certified.authority.lists(None).map(|list| block(&list));
    let [revoked, _] = certified.authority.lists(Some("2021-01-01T00:00:00Z")).map(|list| block(&list));
    let verify = |text: String| {
        let bundle = write(certified.folder.path(), "bundle.pem", text);
        certified.verify().set("--trust", certified.root()).set("--crl", bundle)
    };
    let said = verify(format!("of the root\n{of_root}of the others\n{clear}")).code(0).stdout;
    assert!(said.contains("; not revoked then\n"), "{said}");
    let said = verify(format!("{of_root}{clear}{revoked}")).code(1).stdout;
    assert!(said.contains("  violation     signer-certificate-revoked  "), "{said}");
    let said = verify(format!("{of_root}{clear}{}", revoked.replace("-----END", "?\n-----END"))).code(2).stderr;
    assert!(said.contains("bundle.pem`: revocation list 3 in it cannot be read\n"), "{said}");
}

#[test]
fn another_authority_of_the_same_name_says_nothing() {
    let certified = Certified::new();
    let other = write(certified.folder.path(), "other.pem", &Authority::new("Acme Root").root_pem);
    let said = certified.verify().set("--trust", &other).code(3).stdout;
    assert!(
        said.starts_with("INDETERMINATE (consistent in itself, but see below what is not established)  "),
        "{said}"
    );
    assert!(said.contains("  unestablished signer-chain-untrusted  `keys/signer-cert.pem`"), "{said}");
    assert!(said.contains("proves nothing by itself, whatever its certificate says: `CN=R. Roe`\n"), "{said}");
    // The operator's own certificate stands for its key.
    let own = certified.folder.path().join("roe.pem");
    let opened = Opened::read(&certified.matter.package());
    let first = opened.text("keys/signer-cert.pem").split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
    std::fs::write(&own, first).unwrap();
    certified.verify().set("--trust", &own).code(0);
}

#[test]
fn a_certificate_that_will_not_do_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Acme Root");
    let (path, key) = write_key(folder.path(), 7);
    let (_, other) = write_key(folder.path(), 8);
    let matter = Matter::at(tempfile::tempdir().unwrap());
    let init = |pem: &str| {
        let certificate = write(folder.path(), "certificate.pem", pem);
        let said = matter.init().set("--key", &path).set("--certificate", certificate).stdout("").code(2).stderr;
        assert!(!matter.path("matter.toml").exists());
        said
    };
    let said = init(&authority.certify(&other, |_| ()));
    assert!(said.contains("its first certificate, for `CN=R. Roe`, is not about the key "), "{said}");
    assert!(said.contains("hint: name a PEM file with the certificate of the operator's key first"), "{said}");
    let servers = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let said = init(&authority.certify(&key, |params| params.extended_key_usages = servers));
    assert!(said.contains("cannot vouch for a signer: its purposes are 1.3.6.1.5.5.7.3.1 alone"), "{said}");
    assert!(init("Dear Sir").contains("no certificate between"), "no certificate");
    assert!(init(&authority.root_pem).contains("is not about the key "), "another key");
    // One that has ended is none of our business here: what counts is when it is sealed, and who says so.
    let ended = authority.certify(&key, |params| valid(params, "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"));
    let ended = write(folder.path(), "ended.pem", ended);
    matter.init().set("--key", &path).set("--certificate", ended).code(0);
}

#[test]
fn what_is_neither_certificate_nor_list_gets_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let letter = write(folder.path(), "letter.txt", "Dear Sir");
    let verify =
        |option: &str, value: &Path| Cli::new().arg("verify").arg(&letter).set(option, value).stdout("").code(2).stderr;
    let said = verify("--crl", &letter);
    assert_eq!(
        said,
        format!(
            "error: cannot use the revocation list `{}`: neither a revocation list in DER nor one between `-----BEGIN X509 \
             CRL-----` lines\nhint: name a list of the authority that issued the signer's certificate, in PEM or DER\n",
            letter.display()
        )
    );
    assert!(verify("--crl", &folder.path().join("nowhere.crl")).contains("No such file or directory"), "nowhere");
    let tls = rcgen::generate_simple_self_signed(["x.example".to_owned()]).unwrap().cert.pem();
    let said = verify("--trust", &write(folder.path(), "tls.pem", tls));
    assert!(said.contains("is neither one of a certification authority nor one of an Ed25519 key"), "{said}");
}
