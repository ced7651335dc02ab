//! CASE: what was done, by whom, with what, to what, in the words of the Cyber-investigation Analysis Standard Expression, JSON-LD
//! over CASE 1.5 and UCO 1.5.
//!
//! The graph has the investigation with its authorisation; the actions of collecting, sealing and exporting, with performer, tool,
//! beginning and end; the package and each of its pages as files with digests; and a provenance record for what each action
//! brought. Records are only counted, unless they are asked for: then each is an object of its own, as a range of bytes in its
//! page, with the digest of its bytes. Nothing of what a record says is in here.
//!
//! Nodes are written as pages come; what is kept is a number for each page. Names are UUIDs of version 5 (RFC 9562 §5.5) over the
//! digest of the seal and what the node is, so that two descriptions of one package have the same names for the same things. The
//! export action alone has one of its own, by its time.

use std::io::{self, Write};

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use super::{ExportError, Exporter, Fate, Origin, Outputs, Row, Tally};
use crate::codec::amount::counted;
use crate::codec::visible::visible_line;
use crate::crypto::digest::FileDigest;
use crate::format::parts::Tool;
use crate::time::LocalTime;
use crate::verify::VerifiedPage;

/// How much of a package is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Its pages; records are counted.
    Pages,
    /// Its pages and each of its records.
    Records,
}

/// Writes JSON-LD.
pub struct Case<O: Outputs> {
    outputs: O,
    file: O::File,
    origin: Origin,
    detail: Detail,
    /// Who makes this, if they say so.
    by: Option<String>,
    marks: Vec<String>,
    is_first: bool,
    pages: Vec<u64>,
    last_answer: LocalTime,
}

impl<O: Outputs> Case<O> {
    /// Begins.
    ///
    /// # Errors
    ///
    /// [`ExportError::Write`].
    pub fn begin(mut outputs: O, origin: &Origin, detail: Detail, by: Option<String>) -> Result<Self, ExportError> {
        let mut file = outputs.create("")?;
        write!(file, "{{\n\"@context\": {},\n\"@graph\": [", context())?;
        let (marks, last_answer) = (origin.provenance.marks(), origin.genesis.created);
        let origin = origin.clone();
        Ok(Self { outputs, file, origin, detail, by, marks, is_first: true, pages: Vec::new(), last_answer })
    }

    /// Writes a node.
    fn node(&mut self, node: &Value) -> Result<(), ExportError> {
        let separator: &[u8] = if self.is_first { b"\n" } else { b",\n" };
        self.is_first = false;
        self.file.write_all(separator)?;
        serde_json::to_writer(&mut self.file, node).map_err(io::Error::from)?;
        Ok(())
    }

    /// Returns the name of something of this package.
    fn id(&self, what: &str) -> String {
        let seal = self.origin.provenance.seal_sha256.map(|digest| digest.to_string()).unwrap_or_default();
        format!("urn:uuid:{}", uuid(&format!("urn:signhold:seal:{seal}:{what}")))
    }

    fn reference(&self, what: &str) -> Value {
        json!({"@id": self.id(what)})
    }

    /// Returns a file, with its length and digest.
    fn observed_file(&self, what: &str, path: &str, byte_len: u64, sha256: Option<&str>) -> Value {
        let name = path.rsplit('/').next().unwrap_or(path);
        let mut content = json!({
            "@id": self.id(&format!("{what}:content")),
            "@type": "uco-observable:ContentDataFacet",
            "uco-observable:sizeInBytes": byte_len,
        });
        if let (Some(digest), Some(members)) = (sha256, content.as_object_mut()) {
            members.insert("uco-observable:hash".to_owned(), self.hash(what, digest));
        }
        json!({
            "@id": self.id(what),
            "@type": "uco-observable:File",
            "uco-core:description": self.marks,
            "uco-core:hasFacet": [
                {
                    "@id": self.id(&format!("{what}:file")),
                    "@type": "uco-observable:FileFacet",
                    "uco-observable:fileName": name,
                    "uco-observable:filePath": path,
                    "uco-observable:sizeInBytes": byte_len,
                },
                content,
            ],
        })
    }

    fn hash(&self, what: &str, digest: &str) -> Value {
        json!({
            "@id": self.id(&format!("{what}:hash")),
            "@type": "uco-types:Hash",
            "uco-types:hashMethod": "SHA256",
            "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": digest},
        })
    }

    /// Writes that one thing lies within another.
    fn contained(&mut self, what: &str, within: &str, facet: Option<Value>) -> Result<(), ExportError> {
        let mut relation = json!({
            "@id": self.id(&format!("{what}:within")),
            "@type": "uco-observable:ObservableRelationship",
            "uco-core:source": self.reference(what),
            "uco-core:target": self.reference(within),
            "uco-core:kindOfRelationship": "Contained_Within",
            "uco-core:isDirectional": true,
        });
        if let (Some(facet), Some(members)) = (facet, relation.as_object_mut()) {
            members.insert("uco-core:hasFacet".to_owned(), facet);
        }
        self.node(&relation)
    }

    /// Writes a tool.
    fn tool(&mut self, what: &str, tool: &Tool) -> Result<(), ExportError> {
        let digest = tool.executable_sha256.map_or_else(
            || "its executable file could not be read".to_owned(),
            |digest| format!("SHA-256 of its executable file: {digest}"),
        );
        let node = json!({
            "@id": self.id(what),
            "@type": "uco-tool:Tool",
            "uco-core:name": tool.name.to_string(),
            "uco-core:description": [digest],
            "uco-tool:version": tool.version.to_string(),
        });
        self.node(&node)
    }

    /// Writes who and what there is besides files.
    fn surroundings(&mut self) -> Result<(), ExportError> {
        let genesis = self.origin.genesis.clone();
        let person = |id: String, name: &str| json!({"@id": id, "@type": "uco-identity:Person", "uco-core:name": visible_line(name)});
        let operator = person(self.id("operator"), genesis.operator.as_str());
        self.node(&operator)?;
        if let Some(by) = self.by.clone() {
            let maker = person(self.id(&self.export_name("maker")), &by);
            self.node(&maker)?;
        }
        if let Some(organisation) = &genesis.matter.organisation {
            let node = json!({"@id": self.id("organisation"), "@type": "uco-identity:Organization",
                "uco-core:name": visible_line(organisation.as_str())});
            self.node(&node)?;
        }
        if let Some(authority) = &genesis.matter.authority {
            let node = json!({"@id": self.id("authorisation"), "@type": "case-investigation:Authorization",
                "case-investigation:authorizationType": "as stated by the operator",
                "case-investigation:authorizationIdentifier": visible_line(authority.as_str())});
            self.node(&node)?;
        }
        let service = json!({"@id": self.id("service"), "@type": "uco-observable:URL",
            "uco-core:hasFacet": [{"@id": self.id("service:url"), "@type": "uco-observable:URLFacet",
                "uco-observable:fullValue": visible_line(&genesis.source.graph_url)}]});
        self.node(&service)?;
        self.tool("tool:collect", &genesis.tool)?;
        let seal_tool = self.origin.seal.tool.clone();
        self.tool("tool:seal", &seal_tool)?;
        let export_tool = self.origin.tool.clone();
        let name = self.export_name("tool");
        self.tool(&name, &export_tool)
    }

    /// Names something of this export, which is not the only one there will be of the package.
    fn export_name(&self, what: &str) -> String {
        format!("export:{}:{what}", self.origin.made)
    }

    /// Writes the three actions.
    fn actions(&mut self) -> Result<(), ExportError> {
        let (created, sealed, made) = (self.origin.genesis.created, self.origin.seal.created, self.origin.made);
        let action = |id: String, name: &str, span: (LocalTime, LocalTime), instrument: Value, object: Value| {
            json!({
                "@id": id,
                "@type": "case-investigation:InvestigativeAction",
                "uco-core:name": name,
                "uco-action:startTime": time(span.0),
                "uco-action:endTime": time(span.1),
                "uco-action:instrument": instrument,
                "uco-action:object": object,
            })
        };
        let mut collect = action(
            self.id("action:collect"),
            "collect",
            (created, self.last_answer),
            self.reference("tool:collect"),
            self.reference("service"),
        );
        add(&mut collect, "uco-action:performer", self.reference("operator"));
        let brought = if self.pages.is_empty() { None } else { Some(self.reference("provenance:pages")) };
        if let Some(brought) = brought.clone() {
            add(&mut collect, "uco-action:result", brought);
        }
        let sealed_object = brought.unwrap_or_else(|| self.reference("service"));
        let mut seal =
            action(self.id("action:seal"), "seal", (sealed, sealed), self.reference("tool:seal"), sealed_object);
        add(&mut seal, "uco-action:performer", self.reference("operator"));
        add(&mut seal, "uco-action:result", json!([self.reference("package"), self.reference("provenance:package")]));
        add(&mut seal, "case-investigation:wasInformedBy", self.reference("action:collect"));
        let mut export = action(
            self.id(&self.export_name("action")),
            "export",
            (made, made),
            self.reference(&self.export_name("tool")),
            self.reference("package"),
        );
        if self.by.is_some() {
            add(&mut export, "uco-action:performer", self.reference(&self.export_name("maker")));
        } else {
            add(&mut export, "uco-core:description", json!(["who made this export was not stated"]));
        }
        add(&mut export, "uco-action:result", self.reference("provenance:package"));
        add(&mut export, "case-investigation:wasInformedBy", self.reference("action:seal"));
        for action in [collect, seal, export] {
            self.node(&action)?;
        }
        Ok(())
    }

    /// Writes what groups the results of the actions, and the investigation around all.
    fn compilations(&mut self, tally: &Tally) -> Result<(), ExportError> {
        if !self.pages.is_empty() {
            let pages: Vec<Value> = self.pages.iter().map(|page| self.reference(&page_name(*page))).collect();
            let node = self.provenance_record("pages", "the answers of the service, as they came", &json!(pages));
            self.node(&node)?;
        }
        let package = json!([self.reference("package")]);
        let node = self.provenance_record("package", "the sealed package", &package);
        self.node(&node)?;
        let matter = self.origin.genesis.matter.clone();
        let name = match &matter.title {
            Some(title) => format!("{}, {title}", matter.id),
            None => matter.id.to_string(),
        };
        let mut objects = vec![self.reference("provenance:package")];
        if !self.pages.is_empty() {
            objects.push(self.reference("provenance:pages"));
        }
        for what in ["action:collect", "action:seal"] {
            objects.push(self.reference(what));
        }
        objects.push(self.reference(&self.export_name("action")));
        if matter.organisation.is_some() {
            objects.push(self.reference("organisation"));
        }
        let mut description = self.marks.clone();
        description.push(format!(
            "{} in {}, of {} in the seal",
            counted(tally.records_read, "record"),
            counted(tally.pages_read, "page"),
            counted(tally.records_in_seal, "record")
        ));
        let mut investigation = json!({
            "@id": self.id("investigation"),
            "@type": "case-investigation:Investigation",
            "uco-core:name": visible_line(&name),
            "uco-core:description": description,
            "uco-core:object": objects,
        });
        if matter.authority.is_some() {
            add(&mut investigation, "case-investigation:relevantAuthorization", self.reference("authorisation"));
        }
        self.node(&investigation)
    }

    fn provenance_record(&self, what: &str, words: &str, objects: &Value) -> Value {
        let mut description = self.marks.clone();
        description.push(words.to_owned());
        json!({
            "@id": self.id(&format!("provenance:{what}")),
            "@type": "case-investigation:ProvenanceRecord",
            "uco-core:description": description,
            "uco-core:object": objects,
        })
    }
}

impl<O: Outputs> Exporter for Case<O> {
    fn page(&mut self, page: &VerifiedPage) -> Result<(), ExportError> {
        let what = page_name(page.number);
        let body = &page.record.body;
        let digest = body.sha256.to_string();
        let mut node = self.observed_file(&what, body.path.as_str(), body.byte_len, Some(&digest));
        add(&mut node, "case-investigation:wasDerivedFrom", self.reference("service"));
        self.node(&node)?;
        self.contained(&what, "package", None)?;
        self.pages.push(page.number);
        self.last_answer = self.last_answer.max(page.record.request.finished);
        Ok(())
    }

    fn record(&mut self, row: &Row<'_>) -> Result<Fate, ExportError> {
        if self.detail == Detail::Pages {
            return Ok(Fate::LeaveOut("pages are described, and records only counted; --records describes each"));
        }
        let record = &row.record;
        let page = page_name(record.page);
        let what = format!("{page}:{}", record.element);
        let digest = FileDigest::of(record.bytes).to_string();
        let byte_len = record.bytes.len();
        let counted = if record.is_counted { "counts" } else { "does not count" };
        let node = json!({
            "@id": self.id(&what),
            "@type": "uco-observable:ObservableObject",
            "uco-core:name": format!("record {} of page {}", record.element, record.page),
            "uco-core:description": [
                self.marks.join("; "),
                format!("{}, pass {}, {counted}; leaf {}", record.kind, record.pass, row.record.leaf()),
            ],
            "case-investigation:wasDerivedFrom": self.reference(&page),
            "uco-core:hasFacet": [{
                "@id": self.id(&format!("{what}:content")),
                "@type": "uco-observable:ContentDataFacet",
                "uco-observable:sizeInBytes": byte_len,
                "uco-observable:hash": self.hash(&what, &digest),
            }],
        });
        self.node(&node)?;
        let range = json!([{
            "@id": self.id(&format!("{what}:range")),
            "@type": "uco-observable:DataRangeFacet",
            "uco-observable:rangeOffset": record.offset,
            "uco-observable:rangeSize": byte_len,
        }]);
        self.contained(&what, &page, Some(range))?;
        Ok(Fate::Write)
    }

    fn finish(mut self: Box<Self>, tally: &Tally) -> Result<Vec<String>, ExportError> {
        let provenance = self.origin.provenance.clone();
        let digest = provenance.archive_sha256.map(|digest| digest.to_string());
        let name = format!("{}.zip", provenance.package);
        let package = self.observed_file("package", &name, provenance.archive_byte_len, digest.as_deref());
        self.node(&package)?;
        self.surroundings()?;
        self.actions()?;
        self.compilations(tally)?;
        self.file.write_all(b"\n]\n}\n")?;
        self.outputs.close(self.file)?;
        Ok(vec![
            "names in the graph follow from the seal's digest; those of this export follow from its time as well"
                .to_owned(),
        ])
    }
}

fn page_name(number: u64) -> String {
    format!("page:{number:06}")
}

fn add(node: &mut Value, name: &str, value: Value) {
    if let Some(members) = node.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn time(at: LocalTime) -> Value {
    json!({"@type": "xsd:dateTime", "@value": at})
}

/// Returns the UUID of a name in the namespace of URLs. SHA-1 is what version 5 is made of; nothing is secured by it.
fn uuid(name: &str) -> String {
    let digest = Sha1::new().chain_update(NAMESPACE_URL).chain_update(name.as_bytes()).finalize();
    let mut bytes: Vec<u8> = digest.iter().copied().take(16).collect();
    if let Some(version) = bytes.get_mut(6) {
        *version = (*version & 0x0f) | 0x50;
    }
    if let Some(variant) = bytes.get_mut(8) {
        *variant = (*variant & 0x3f) | 0x80;
    }
    let digits = HEXLOWER.encode(&bytes);
    let part = |range| digits.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

fn context() -> Value {
    json!({
        "case-investigation": "https://ontology.caseontology.org/case/investigation/",
        "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
        "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
        "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
        "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
        "uco-tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
        "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    })
}

/// RFC 9562 §6.6: `6ba7b811-9dad-11d1-80b4-00c04fd430c8`.
const NAMESPACE_URL: [u8; 16] =
    [0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_other_libraries_make() {
        // Python: uuid.uuid5(uuid.NAMESPACE_URL, "http://python.org/").
        assert_eq!(uuid("http://python.org/"), "4c565f0d-3f5a-5890-b41b-20cf47701c5e");
    }
}
