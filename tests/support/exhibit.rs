//! Exhibits for tests, cut from the packages of `package.rs` and written from FORMAT.md §21 alone.
//!
//! Shares no code with the program. What a test changes before [`Exhibit::build`] is hashed, named in the manifest and signed as the
//! exhibitor's own (whoever cuts an exhibit can do all that); what it changes in the [`Files`] after it is not.

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signer as _, SigningKey};

use crate::archive::{File, Files, Zip};
use crate::package::{
    Doc, Draft, Edit, element, fingerprint_of, first_url, hex_digest, json, json_or_null, merkle_root, page, pem_of,
    sha256,
};
use crate::package::{FROM, GRAPH, KIND, TO};

/// The key of whoever cuts the exhibits of tests: neither operator nor acquisition.
pub(crate) fn exhibitor_key() -> SigningKey {
    SigningKey::from_bytes(&[0x44; 32])
}

/// The path of a leaf by its recursive definition, RFC 9162 §2.1.3.1, lowest first.
pub(crate) fn inclusion_path(index: usize, leaves: &[&[u8]]) -> Vec<[u8; 32]> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, sibling) = if index < left.len() {
        (inclusion_path(index, left), right)
    } else {
        (inclusion_path(index - left.len(), right), left)
    };
    path.push(merkle_root(sibling));
    path
}

/// Three pages of five, three and one record.
pub(crate) fn draft() -> Draft {
    let mut draft = Draft::good();
    let first = first_url(GRAPH, KIND, FROM, TO);
    let (second, third) = (format!("{first}&$skiptoken=2"), format!("{first}&$skiptoken=3"));
    let elements = |page: &str, count: usize| {
        (1..=count).map(|n| element(&format!("{page}{n}"), &format!("2026-11-01T0{n}:00:00Z"))).collect::<Vec<_>>()
    };
    draft.pages = vec![
        page(1, &first, Some(&second), elements("a", 5)),
        page(2, &second, Some(&third), elements("b", 3)),
        page(3, &third, None, elements("c", 1)),
    ];
    draft
}

/// What the statement says of one record.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) page: u64,
    pub(crate) element: u64,
    pub(crate) byte_len: usize,
    pub(crate) leaf: [u8; 32],
    pub(crate) proof: Vec<[u8; 32]>,
}

/// Everything an exhibit is made of, before it is one.
pub(crate) struct Exhibit {
    pub(crate) matter: String,
    /// Members of the statement but for `records`, `pages`, `manifest_sha256` and `signer`.
    pub(crate) statement: Doc,
    pub(crate) records: Vec<Shown>,
    /// Sequence and path of each page.
    pub(crate) pages: Vec<(u64, Vec<[u8; 32]>)>,
    /// All files but statement, its signature and the manifest.
    pub(crate) files: Vec<File>,
    pub(crate) key: Option<SigningKey>,
    /// Applied to the finished statement, before it is signed and named.
    pub(crate) edit: Option<Edit>,
}

impl Exhibit {
    /// Cuts records out of a package: for each its page, and the index of its element there.
    pub(crate) fn cut(draft: &Draft, package: &Files, picks: &[(u64, usize)]) -> Self {
        let totals: usize = draft.pages.iter().map(|page| page.elements.len()).sum();
        let mut exhibit = Self {
            matter: draft.matter.clone(),
            statement: Doc(Vec::new()),
            records: Vec::new(),
            pages: Vec::new(),
            files: vec![
                file("README.txt", "How to check this with stock tools.\n"),
                file("readable/index.html", "<!doctype html><p>derived\n"),
            ],
            key: Some(exhibitor_key()),
            edit: None,
        };
        for ((sequence, index), number) in picks.iter().zip(1..) {
            let elements = &draft.pages[usize::try_from(sequence - draft.first_page).unwrap()].elements;
            let leaves: Vec<&[u8]> = elements.iter().map(|(text, _)| text.as_bytes()).collect();
            let bytes = leaves[*index];
            exhibit.records.push(Shown {
                page: *sequence,
                element: u64::try_from(*index).unwrap(),
                byte_len: bytes.len(),
                leaf: merkle_root(&[bytes]),
                proof: inclusion_path(*index, &leaves),
            });
            exhibit.files.push(file(&format!("records/{number:06}.json"), bytes));
            exhibit.files.push(file(&format!("readable/{number:06}.html"), "<!doctype html><p>derived\n"));
        }
        let mut pages: Vec<u64> = picks.iter().map(|(page, _)| *page).collect();
        pages.dedup();
        let of_page = |number: u64| format!("data/records/{number:06}.json");
        let records: Vec<&[u8]> =
            (draft.first_page..).zip(&draft.pages).map(|(number, _)| package.bytes(&of_page(number))).collect();
        for number in pages {
            let index = usize::try_from(number - draft.first_page).unwrap();
            exhibit.pages.push((number, inclusion_path(index, &records)));
        }
        exhibit.take_files(package);
        exhibit.statement = exhibit.statement(draft, package, totals);
        exhibit
    }

    /// The usual one: two records of page 1 and one of page 2.
    pub(crate) fn good() -> Self {
        let draft = draft();
        Self::cut(&draft, &draft.build(), &[(1, 1), (1, 4), (2, 0)])
    }

    /// Takes from the package what belongs into an exhibit.
    fn take_files(&mut self, package: &Files) {
        let of_shown_page =
            |path: &str| self.pages.iter().any(|(number, _)| path.starts_with(&format!("data/records/{number:06}.")));
        let is_taken = |path: &str| {
            ["keys/", "data/genesis", "seal/"].iter().any(|start| path.starts_with(start)) || of_shown_page(path)
        };
        let taken: Vec<File> = package
            .files
            .iter()
            .filter(|of| is_taken(&of.path))
            .map(|of| file(&format!("package/{}", of.path), of.bytes.clone()))
            .collect();
        self.files.extend(taken);
    }

    fn statement(&self, draft: &Draft, package: &Files, totals: usize) -> Doc {
        let archive = package.zip();
        let tool = "{\"name\":\"signhold\",\"version\":\"0.1.0\",\"executable_sha256\":null,\"format\":\"1\"}";
        let members = [
            ("type", json("signhold/exhibit/v1")),
            ("number", json("A-12")),
            ("by", json("J. Doe")),
            ("created", json("2026-11-23T09:00:00.000Z")),
            ("tool", tool.to_owned()),
            (
                "package",
                format!(
                    "{{\"id\":{},\"seal_sha256\":\"{}\",\"archive_sha256\":\"{}\",\"byte_len\":{}}}",
                    json(&package.top),
                    hex_digest(package.bytes("seal/seal.json")),
                    hex_digest(&archive),
                    archive.len()
                ),
            ),
            ("simulated", draft.simulated.to_string()),
            ("despite_findings", "[]".to_owned()),
            ("selection", "{\"ids\":[\"a2\"],\"where\":\"userPrincipalName == 'x'\"}".to_owned()),
            ("search", search_text(self.pages.len(), draft.pages.len(), totals, Some("cel-signhold/1"))),
            ("records", String::new()),
            ("pages", String::new()),
            ("undisclosed", (totals - self.records.len()).to_string()),
            ("manifest_sha256", String::new()),
            ("signer", String::new()),
        ];
        Doc(members.map(|(name, value)| (name.to_owned(), value)).into())
    }

    /// The bytes of a file before it is an exhibit's.
    pub(crate) fn bytes(&mut self, path: &str) -> &mut Vec<u8> {
        &mut self.files.iter_mut().find(|file| file.path == path).unwrap_or_else(|| panic!("there is `{path}`")).bytes
    }

    /// Makes the files: manifest, statement, signature.
    pub(crate) fn build(&self) -> Files {
        let mut files = Files { top: String::new(), files: self.files.clone() };
        if let Some(key) = &self.key {
            let pem = pem_of(&key.verifying_key().to_bytes());
            files.files.insert(0, file("keys/exhibitor.pem", pem));
        }
        let mut lines: Vec<String> =
            files.files.iter().map(|file| format!("{}  {}\n", hex_digest(&file.bytes), file.path)).collect();
        lines.sort_by_key(|line| line.as_bytes()[66..].to_vec());
        let manifest = lines.concat();
        let at = usize::from(self.key.is_some());
        let mut statement = self.statement.clone();
        statement.set("records", self.records_text());
        statement.set("pages", self.pages_text());
        statement.set("manifest_sha256", json(&hex_digest(manifest.as_bytes())));
        let signer = self.key.as_ref().map(|key| fingerprint_of(&key.verifying_key().to_bytes()));
        statement.set("signer", json_or_null(signer.as_deref()));
        if let Some(edit) = &self.edit {
            edit(&mut statement);
        }
        files.files.insert(at, file("manifest-sha256.txt", manifest));
        files.files.insert(0, file("exhibit.json", statement.bytes()));
        if let Some(key) = &self.key {
            files.files.insert(1, file("exhibit.sig", key.sign(&statement.bytes()).to_bytes()));
        }
        files.top = name_of(&self.matter, &statement.bytes());
        files
    }

    fn records_text(&self) -> String {
        let records: Vec<String> = self
            .records
            .iter()
            .zip(1..)
            .map(|(shown, number)| {
                format!(
                    "{{\"path\":\"records/{number:06}.json\",\"bates\":\"ACME-{number:06}\",\"page\":{},\"element\":{},\
                     \"byte_len\":{},\"leaf\":\"{}\",\"proof\":{}}}",
                    shown.page,
                    shown.element,
                    shown.byte_len,
                    HEXLOWER.encode(&shown.leaf),
                    proof_text(&shown.proof)
                )
            })
            .collect();
        format!("[{}]", records.join(","))
    }

    fn pages_text(&self) -> String {
        let page = |(sequence, proof): &(u64, Vec<[u8; 32]>)| {
            format!("{{\"sequence\":{sequence},\"proof\":{}}}", proof_text(proof))
        };
        format!("[{}]", self.pages.iter().map(page).collect::<Vec<_>>().join(","))
    }
}

/// The top directory of an exhibit with that statement, FORMAT §21.1.
pub(crate) fn name_of(matter: &str, statement: &[u8]) -> String {
    format!("{matter}_exhibit-{}", HEXLOWER.encode(&sha256(statement)[..8]))
}

/// The archive, every file stored.
pub(crate) fn zip(files: &Files) -> Vec<u8> {
    let mut zip = Zip::stored();
    for file in &files.files {
        zip.add(&format!("{}/{}", files.top, file.path), &file.bytes);
    }
    zip.finish()
}

/// What the statement says of how the records were found.
pub(crate) fn search_text(pages: usize, of_pages: usize, records: usize, language: Option<&str>) -> String {
    format!(
        "{{\"whole\":true,\"by_index\":false,\"pages\":{pages},\"of_pages\":{of_pages},\"records\":{records},\"wanting\":0,\
         \"language\":{}}}",
        json_or_null(language)
    )
}

fn proof_text(proof: &[[u8; 32]]) -> String {
    let hashes: Vec<String> = proof.iter().map(|hash| json(&HEXLOWER.encode(hash))).collect();
    format!("[{}]", hashes.join(","))
}

fn file(path: &str, bytes: impl Into<Vec<u8>>) -> File {
    File { path: path.to_owned(), bytes: bytes.into() }
}
