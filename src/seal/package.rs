//! The second pass: one forward write of the whole package, ending in the seal.

use std::io::{Seek, Write};

use sha2::{Digest as _, Sha256};

use super::inventory::{self, BODY, Inventory};
use super::volumes::Cut;
use super::{PartSource, RECORD, SIGNATURE, SealError, TimestampAuthority, readme};
use crate::codec::zip::write::{Part, Writer};
use crate::crypto::certificate::SignerCertificates;
use crate::crypto::digest::{
    ArchiveDigest, FileDigest, GenesisDigest, RecordDigest, SealDigest, TagManifestDigest, TimestampDigest,
};
use crate::crypto::signature::{PublicKey, Signer};
use crate::format::bag::{BagInfo, DECLARATION, Manifest};
use crate::format::encode;
use crate::format::genesis::Genesis;
use crate::format::identifier::PackageId;
use crate::format::limits;
use crate::format::parts::{GenesisReference, Timestamps, Tool};
use crate::format::path::{self, PackagePath};
use crate::format::seal::{Archive, Head, Reconciliation, Run, Seal, SealType, SecondPass, Totals, Volume};
use crate::time::LocalTime;

/// Everything that is sealed, apart from the pages themselves.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    /// The plan.
    pub genesis: &'a Genesis,
    /// Its bytes.
    pub genesis_bytes: &'a [u8],
    /// The signature over them.
    pub genesis_signature: &'a [u8],
    /// Certificates of the key, where the operator has any.
    pub certificates: Option<&'a SignerCertificates>,
    /// The text of the revocation lists kept for the time stamps, if there are any.
    pub timestamp_lists: Option<&'a str>,
    /// The timestamps over that, in number order.
    pub genesis_timestamps: &'a [Vec<u8>],
    /// Which of the volumes this is.
    pub place: Place,
    /// Every run.
    pub streams: &'a [Run],
    /// What a second pass brought.
    pub second_pass: Option<&'a SecondPass>,
    /// The service's counts against ours.
    pub reconciliation: &'a [Reconciliation],
    /// The tool's own log.
    pub run_log: &'a [u8],
    /// The operator's key, where records and seal are signed by a key of the acquisition instead.
    pub operator_key: Option<&'a PublicKey>,
    /// Who seals.
    pub tool: &'a Tool,
    /// When, by our clock.
    pub now: LocalTime,
    /// Whom to ask for time stamps over the seal.
    pub authorities: &'a [String],
}

/// One volume's place in its acquisition.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its number, from 1.
    pub number: u64,
    /// Whether no volume follows.
    pub last: bool,
    /// Its pages and failures.
    pub cut: Cut,
    /// The last page record before its first page.
    pub before: Head,
    /// Digest of the seal of the volume before.
    pub previous_seal: Option<SealDigest>,
}

impl Place {
    /// Returns the place of the only volume, with so many pages and failures.
    #[must_use]
    pub fn only(genesis: GenesisDigest, (page_count, failure_count): (u64, u64)) -> Self {
        let cut = Cut { first_page: 1, page_count, first_failure: 1, failure_count };
        Self { last: true, ..Self::first(genesis, cut) }
    }

    /// Returns the place of the first of several.
    #[must_use]
    pub fn first(genesis: GenesisDigest, cut: Cut) -> Self {
        let before = Head { sequence: 0, sha256: RecordDigest::from_bytes(*genesis.as_bytes()) };
        Self { number: 1, last: false, cut, before, previous_seal: None }
    }

    /// Returns the place after a volume that was sealed.
    #[must_use]
    pub fn after(seal: &Seal, seal_sha256: SealDigest, cut: Cut) -> Self {
        Self { number: seal.volume.number + 1, last: false, cut, before: seal.head, previous_seal: Some(seal_sha256) }
    }
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The seal.
    pub seal: Seal,
    /// Its digest.
    pub seal_sha256: SealDigest,
    /// How long the archive is.
    pub byte_len: u64,
}

/// Returns the identifier of the package that [`write`] will make.
#[must_use]
pub fn identifier(genesis: &Genesis, volume: u64) -> PackageId {
    PackageId::new(&genesis.matter.id, &genesis.acquisition, volume)
}

/// Writes the package into `sink`.
///
/// # Errors
///
/// [`SealError`]; what `sink` holds then is not a package and must be thrown away.
pub fn write<P: PartSource, W: Write + Seek>(
    parts: &P,
    contents: &Contents<'_>,
    signer: &dyn Signer,
    authority: &dyn TimestampAuthority,
    sink: W,
) -> Result<(Sealed, W), SealError> {
    let genesis = contents.genesis;
    let key = signer.public_key();
    let timestamps = contents.genesis_timestamps.iter().map(|token| TimestampDigest::of(token)).collect();
    let reference = GenesisReference { sha256: GenesisDigest::of(contents.genesis_bytes), timestamps };
    let Place { number, last, cut, before, previous_seal } = contents.place;
    let mut inventory = inventory::take(parts, cut, before, contents.streams, &key)?;
    check_limits(&inventory)?;
    let package = identifier(genesis, number);
    let top = |path: &str| format!("{package}/{path}");
    let loose = loose_payload(contents)?;
    for (path, bytes) in &loose {
        inventory.add(path.clone(), FileDigest::of(bytes), bytes.len() as u64);
    }

    let mut readme = readme::text(
        package.as_str(),
        genesis.simulated,
        contents.certificates.is_some(),
        contents.genesis_timestamps.len(),
        contents.authorities.len(),
        if contents.operator_key.is_some() { readme::Keys::PerAcquisition } else { readme::Keys::One },
    );
    if number > 1 || !last {
        readme += &readme::volume_text(number, last);
    }
    let info = BagInfo {
        genesis,
        package: package.as_str(),
        day: &contents.now.day(),
        volume: (number, last),
        payload: inventory.payload,
    };
    let mut tags = vec![
        (path::BAGIT, DECLARATION.to_owned()),
        (path::BAG_INFO, info.to_text()),
        (path::MANIFEST, inventory.manifest.to_text()),
        (path::README, readme),
        (path::SIGNER_KEY, key.to_pem()),
    ];
    tags.extend(contents.operator_key.map(|key| (path::OPERATOR_KEY, key.to_pem())));
    tags.extend(contents.certificates.map(|certificates| (path::SIGNER_CERTIFICATE, certificates.to_pem())));
    tags.extend(contents.timestamp_lists.map(|lists| (path::TIMESTAMP_LISTS, lists.to_owned())));
    let mut tag_manifest = Manifest::default();
    for (name, text) in &tags {
        tag_manifest.insert(built_path(name)?, FileDigest::of(text.as_bytes()));
    }
    let tag_manifest = tag_manifest.to_text();

    let mut writer = Writer::new(sink);
    let mut add = |name: &str, bytes: &[u8]| writer.add(&top(name), &Part::deflate(bytes));
    for (name, text) in &tags {
        if *name == path::README {
            add(path::TAG_MANIFEST, tag_manifest.as_bytes())?;
        }
        add(name, text.as_bytes())?;
    }
    let (run_log, before_pages) = loose.split_last().ok_or_else(|| SealError::Damaged {
        part: path::RUN_LOG.to_owned(),
        reason: "it is not among the parts".to_owned(),
    })?;
    for (path, bytes) in before_pages {
        add(path.as_str(), bytes)?;
    }
    copy_bundles(parts, cut, &inventory, &top, &mut writer)?;
    writer.add(&top(run_log.0.as_str()), &Part::deflate(&run_log.1))?;

    let (byte_len, sha256) = writer.so_far();
    let seal = Seal {
        r#type: SealType::V1,
        package: package.clone(),
        acquisition: genesis.acquisition.clone(),
        genesis: reference,
        simulated: genesis.simulated,
        created: contents.now,
        operator: genesis.operator.clone(),
        tool: contents.tool.clone(),
        volume: Volume { number, last, first_page: cut.first_page, previous_seal },
        streams: contents.streams.to_vec(),
        totals: inventory.totals,
        head: inventory.head,
        merkle_root: inventory.merkle_root,
        tagmanifest_sha256: TagManifestDigest::of(tag_manifest.as_bytes()),
        archive: Archive { byte_len, sha256: ArchiveDigest::from_bytes(sha256) },
        signer: key.fingerprint(),
        timestamps: Timestamps::by(contents.authorities.to_vec()),
        second_pass: contents.second_pass.cloned(),
        reconciliation: contents.reconciliation.to_vec(),
    };
    let seal_bytes = encode(&seal)?;
    let seal_signature = signer.sign(&seal_bytes)?;
    writer.add(&top(path::SEAL), &Part::deflate(&seal_bytes))?;
    writer.add(&top(path::SEAL_SIGNATURE), &Part::deflate(seal_signature.as_bytes()))?;
    let imprint: [u8; 32] = Sha256::digest(seal_signature.as_bytes()).into();
    for (number, url) in (1..).zip(contents.authorities) {
        let token =
            authority.stamp(url, &imprint).map_err(|reason| SealError::Timestamp { url: url.clone(), reason })?;
        writer.add(&top(PackagePath::seal_timestamp(number).as_str()), &Part::deflate(&token))?;
    }
    let mut sink = writer.finish()?;
    let byte_len = sink.stream_position().map_err(|source| SealError::Io { path: package.to_string(), source })?;
    demand("bytes", byte_len, limits::ARCHIVE_BYTES)?;
    demand("bytes of content", inventory.payload.byte_len, limits::content_bytes(byte_len))?;
    Ok((Sealed { seal_sha256: SealDigest::of(&seal_bytes), seal, byte_len }, sink))
}

/// Copies what is in the bundles, in the order of FORMAT §4.
fn copy_bundles<P: PartSource, W: Write + Seek>(
    parts: &P,
    cut: Cut,
    inventory: &Inventory,
    top: &impl Fn(&str) -> String,
    writer: &mut Writer<W>,
) -> Result<(), SealError> {
    for (sequence, body_path) in (cut.first_page..).zip(&inventory.body_paths) {
        let mut bundle = parts.page(sequence)?;
        writer.copy(&top(PackagePath::page_record(sequence).as_str()), &mut bundle, RECORD)?;
        writer.copy(&top(PackagePath::page_signature(sequence).as_str()), &mut bundle, SIGNATURE)?;
        if let Some(token) = inventory.page_timestamps.get(&sequence) {
            writer.add(&top(PackagePath::page_timestamp(sequence).as_str()), &Part::deflate(token))?;
        }
        writer.copy(&top(body_path.as_str()), &mut bundle, BODY)?;
    }
    for (sequence, has_body) in (cut.first_failure..).zip(&inventory.failure_bodies) {
        let mut bundle = parts.failure(sequence)?;
        writer.copy(&top(PackagePath::failure_record(sequence).as_str()), &mut bundle, RECORD)?;
        writer.copy(&top(PackagePath::failure_signature(sequence).as_str()), &mut bundle, SIGNATURE)?;
        if *has_body {
            writer.copy(&top(PackagePath::failure_body(sequence).as_str()), &mut bundle, BODY)?;
        }
    }
    Ok(())
}

/// The payload files that lie in no bundle, in archive order; the run log is last.
fn loose_payload(contents: &Contents<'_>) -> Result<Vec<(PackagePath, Vec<u8>)>, SealError> {
    let mut loose = vec![
        (built_path(path::GENESIS)?, contents.genesis_bytes.to_vec()),
        (built_path(path::GENESIS_SIGNATURE)?, contents.genesis_signature.to_vec()),
    ];
    for (number, token) in (1..).zip(contents.genesis_timestamps) {
        loose.push((PackagePath::genesis_timestamp(number), token.clone()));
    }
    loose.push((built_path(path::RUN_LOG)?, contents.run_log.to_vec()));
    Ok(loose)
}

fn built_path(name: &str) -> Result<PackagePath, SealError> {
    PackagePath::new(name).map_err(|error| SealError::Damaged { part: name.to_owned(), reason: error.to_string() })
}

fn check_limits(inventory: &Inventory) -> Result<(), SealError> {
    let Totals { pages, records, .. } = inventory.totals;
    let (files, content) = (inventory.payload.file_count + MAX_TAG_AND_SEAL_FILES, inventory.payload.byte_len);
    demand("pages", pages, limits::PAGES)?;
    demand("timestamps over pages", inventory.page_timestamps.len() as u64, limits::PAGE_TIMESTAMPS)?;
    demand("records", records, limits::ELEMENTS)?;
    demand("files", files, limits::ENTRIES)?;
    demand("bytes of content", content, limits::CONTENT_BYTES)
}

fn demand(what: &'static str, count: u64, limit: u64) -> Result<(), SealError> {
    if count > limit { Err(SealError::TooLarge { what, count, limit }) } else { Ok(()) }
}

/// 19: five files of the bag, four of keys, seal, its signature, and eight time stamps over it.
const MAX_TAG_AND_SEAL_FILES: u64 = 19;
