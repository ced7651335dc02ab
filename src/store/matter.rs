//! `matter.toml`, and the folder around it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FolderError;
use super::acquisition::AcquisitionFolder;
use super::acquisition_key::{self, OwnKey};
use super::durable;
use crate::crypto::certificate::SignerCertificates;
use crate::crypto::signature::PublicKey;
use crate::format::genesis::{Genesis, Matter};
use crate::format::identifier::{AcquisitionId, MatterId, PackageId};
use crate::format::line::Line;

/// What `matter.toml` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatterSettings {
    /// The case.
    pub matter: MatterId,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Line>,
    /// For whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Line>,
    /// By what authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<Line>,
    /// Whose data.
    #[serde(default)]
    pub custodians: Vec<Line>,
    /// Who runs the tool.
    pub operator: Line,
    /// The operator's private key: a file, whose relative path begins at the matter folder, or a name that begins with `ssh-agent:` or
    /// `pkcs11:`.
    pub key: PathBuf,
    /// Certificates of that key, the operator's own first, in PEM; a relative path begins at the matter folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// Whether each acquisition gets a key of its own; left out, that depends on where the operator's key lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_per_acquisition: Option<bool>,
}

impl MatterSettings {
    /// Returns the part that genesis takes.
    #[must_use]
    pub fn to_matter(&self) -> Matter {
        Matter {
            id: self.matter.clone(),
            title: self.title.clone(),
            organisation: self.organisation.clone(),
            authority: self.authority.clone(),
            custodians: self.custodians.clone(),
        }
    }
}

/// A matter folder that exists.
#[derive(Clone, Debug)]
pub struct MatterFolder {
    root: PathBuf,
    settings: MatterSettings,
}

impl MatterFolder {
    /// Makes a matter folder at `root`, which must not exist or be empty (a key file made just before may lie in it).
    ///
    /// # Errors
    ///
    /// [`FolderError::Exists`] when there is a matter already; [`FolderError::Io`] otherwise.
    pub fn create(root: &Path, settings: MatterSettings) -> Result<Self, FolderError> {
        let file = root.join(SETTINGS);
        if file.exists() {
            return Err(FolderError::Exists(file));
        }
        for folder in [root.join(ACQUISITIONS), root.join(PACKAGES)] {
            durable::make_folder(&folder).map_err(FolderError::io("create", &folder))?;
        }
        let ledger = root.join(LEDGER);
        if !ledger.exists() {
            durable::write_new(&ledger, b"").map_err(FolderError::io("write", &ledger))?;
        }
        let malformed =
            |error: toml::ser::Error| FolderError::Malformed { path: file.clone(), reason: error.to_string() };
        let text = toml::to_string(&settings).map_err(malformed)?;
        durable::write_new(&file, text.as_bytes()).map_err(FolderError::io("write", &file))?;
        Ok(Self { root: root.to_owned(), settings })
    }

    /// Opens a matter folder.
    ///
    /// # Errors
    ///
    /// [`FolderError::NotAMatter`] when it is none; [`FolderError::Malformed`] when its settings cannot be read.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        let file = root.join(SETTINGS);
        if !file.exists() {
            return Err(FolderError::NotAMatter(root.to_owned()));
        }
        let text = std::fs::read_to_string(&file).map_err(FolderError::io("read", &file))?;
        let settings = toml::from_str(&text)
            .map_err(|error| FolderError::Malformed { path: file, reason: error.message().to_owned() })?;
        Ok(Self { root: root.to_owned(), settings })
    }

    /// Returns where it lies.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns what `matter.toml` says.
    #[must_use]
    pub fn settings(&self) -> &MatterSettings {
        &self.settings
    }

    /// Returns where the operator's private key lies.
    #[must_use]
    pub fn key_path(&self) -> PathBuf {
        self.root.join(&self.settings.key)
    }

    /// Reads the certificates of the operator's key, if the matter has any, and holds them against that key.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the file cannot be read; [`FolderError::Certificate`] when it holds none that is about `key`.
    pub fn certificates(&self, key: &PublicKey) -> Result<Option<SignerCertificates>, FolderError> {
        self.settings.certificate.as_ref().map(|path| read_certificates(&self.root.join(path), key)).transpose()
    }

    /// Returns where the chain of custody lies.
    #[must_use]
    pub fn ledger_path(&self) -> PathBuf {
        self.root.join(LEDGER)
    }

    /// Returns the packages that lie in the folder under their names, in order.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the folder cannot be read.
    pub fn packages(&self) -> Result<Vec<PackageId>, FolderError> {
        let folder = self.root.join(PACKAGES);
        let mut ids = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(FolderError::io("read", &folder))? {
            let name = entry.map_err(FolderError::io("read", &folder))?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".zip")).and_then(|stem| stem.parse().ok());
            ids.extend(id);
        }
        ids.sort();
        Ok(ids)
    }

    /// Returns where a package of that name lies or will lie.
    #[must_use]
    pub fn package_path(&self, package: &PackageId) -> PathBuf {
        self.root.join(PACKAGES).join(format!("{package}.zip"))
    }

    /// Returns the numbers of the volumes of an acquisition that lie among the packages, in order.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the folder cannot be read.
    pub fn volumes(&self, id: &AcquisitionId) -> Result<Vec<u64>, FolderError> {
        let folder = self.root.join(PACKAGES);
        let first = PackageId::new(&self.settings.matter, id, 1);
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(FolderError::io("read", &folder))? {
            let name = entry.map_err(FolderError::io("read", &folder))?.file_name();
            let stem = name.to_str().and_then(|name| name.strip_suffix(".zip"));
            let rest = stem.and_then(|stem| stem.strip_prefix(first.as_str()));
            numbers.extend(match rest {
                Some("") => Some(1),
                Some(rest) => {
                    rest.strip_prefix("_v").and_then(|digits| digits.parse().ok()).filter(|number| *number > 1)
                }
                None => None,
            });
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Begins an acquisition: makes its folder with the signed plan, its timestamps, and its key if it has its own.
    ///
    /// # Errors
    ///
    /// [`FolderError`] when the disk refuses or the acquisition exists.
    pub fn begin(
        &self,
        genesis: &Genesis,
        bytes: &[u8],
        signature: &[u8],
        timestamps: &[Vec<u8>],
        key: Option<OwnKey<'_>>,
    ) -> Result<AcquisitionFolder, FolderError> {
        AcquisitionFolder::create(&self.acquisition_path(&genesis.acquisition), bytes, signature, timestamps, key)
    }

    /// Opens an acquisition.
    ///
    /// # Errors
    ///
    /// [`FolderError`] when there is none of that name, or what is there is damaged.
    pub fn acquisition(&self, id: &AcquisitionId) -> Result<AcquisitionFolder, FolderError> {
        AcquisitionFolder::open(&self.acquisition_path(id))
    }

    /// Returns the acquisitions that have a signed plan, oldest first.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the folder cannot be read.
    pub fn acquisitions(&self) -> Result<Vec<AcquisitionId>, FolderError> {
        let begun = |id: &AcquisitionId| AcquisitionFolder::is_begun(&self.acquisition_path(id));
        Ok(self.acquisition_folders()?.into_iter().filter(begun).collect())
    }

    /// Says whether something of the private key of that acquisition still lies there.
    #[must_use]
    pub fn has_key_of(&self, id: &AcquisitionId) -> bool {
        acquisition_key::has_key(&self.acquisition_path(id))
    }

    /// Destroys the keys of acquisitions that never began: the process died between making the key and signing the plan. Returns of
    /// which.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the disk refuses.
    pub fn destroy_forgotten_keys(&self) -> Result<Vec<AcquisitionId>, FolderError> {
        let forgotten = |id: &AcquisitionId| acquisition_key::is_forgotten(&self.acquisition_path(id));
        let forgotten: Vec<AcquisitionId> = self.acquisition_folders()?.into_iter().filter(forgotten).collect();
        forgotten.iter().try_for_each(|id| acquisition_key::destroy_key(&self.acquisition_path(id)))?;
        Ok(forgotten)
    }

    fn acquisition_folders(&self) -> Result<Vec<AcquisitionId>, FolderError> {
        let folder = self.root.join(ACQUISITIONS);
        let mut ids = Vec::new();
        let entries = match std::fs::read_dir(&folder) {
            // Somebody cleared it away; the next acquisition makes it anew.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(ids),
            entries => entries.map_err(FolderError::io("read", &folder))?,
        };
        for entry in entries {
            let entry = entry.map_err(FolderError::io("read", &folder))?;
            ids.extend(entry.file_name().to_str().and_then(|name| name.parse::<AcquisitionId>().ok()));
        }
        ids.sort();
        Ok(ids)
    }

    fn acquisition_path(&self, id: &AcquisitionId) -> PathBuf {
        self.root.join(ACQUISITIONS).join(id.as_str())
    }
}

/// Reads certificates that are to vouch for `key`.
///
/// # Errors
///
/// As [`MatterFolder::certificates`].
pub fn read_certificates(path: &Path, key: &PublicKey) -> Result<SignerCertificates, FolderError> {
    let of_no_use = |reason: String| FolderError::Certificate { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(FolderError::io("read", path))?;
    let certificates = SignerCertificates::from_any_pem(&text).map_err(|error| of_no_use(error.to_string()))?;
    if !certificates.is_about(key) {
        let (subject, key) = (certificates.subject(), key.fingerprint());
        return Err(of_no_use(format!("its first certificate, for `{subject}`, is not about the key {key}")));
    }
    match certificates.check_purpose().as_slice() {
        [] => Ok(certificates),
        reasons => Err(of_no_use(format!("its first certificate cannot vouch for a signer: {}", reasons.join("; ")))),
    }
}

const SETTINGS: &str = "matter.toml";
const ACQUISITIONS: &str = "acquisitions";
const LEDGER: &str = "ledger.jsonl";
const PACKAGES: &str = "packages";
