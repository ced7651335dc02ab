//! A service to collect from, and the matter of somebody who does: what most stories begin with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use signhold::simulate::timestamp_authority::TimestampAuthority;
use signhold::simulate::{CLIENT_ID, CLIENT_SECRET, Kind, Server, Settings, TENANT_ID};
use tempfile::TempDir;

use crate::cli::Cli;

/// A simulator with time stamp authority, and a window of one day that ended half an hour ago.
pub(crate) struct Service {
    pub(crate) server: Server,
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
    pub(crate) ca: PathBuf,
    pub(crate) tsa_root: PathBuf,
    _folder: TempDir,
}

impl Service {
    /// Starts one with `records` records in two days.
    pub(crate) fn start(records: u64) -> Self {
        Self::with(records, |_| {})
    }

    /// Starts one with something about it changed.
    pub(crate) fn with(records: u64, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let now = DateTime::from_timestamp(Utc::now().timestamp(), 0).expect("the present is in range");
        let authority = TimestampAuthority::new(now - TimeDelta::days(1), now + TimeDelta::days(3650))
            .expect("an authority can be made");
        let tsa_root = folder.path().join("tsa-root.pem");
        std::fs::write(&tsa_root, authority.root_pem()).expect("a file can be written");
        let mut settings = Settings::new(7, records, now);
        settings.days = 2;
        settings.page_limit = 60;
        settings.time_stamper = Some(Arc::new(move |request: &[u8], now| authority.respond(request, now)));
        change(&mut settings);
        let server = Server::start(settings).expect("the simulator starts");
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, server.ca_pem().unwrap_or_default()).expect("a file can be written");
        let to = now - TimeDelta::minutes(30);
        Self { server, from: to - TimeDelta::days(1), to, ca, tsa_root, _folder: folder }
    }

    /// Gives the program what it needs to be let in.
    pub(crate) fn let_in(&self, cli: Cli) -> Cli {
        let cli = cli
            .env("AZURE_TENANT_ID", TENANT_ID)
            .env("AZURE_CLIENT_ID", CLIENT_ID)
            .env("AZURE_CLIENT_SECRET", CLIENT_SECRET);
        if self.server.ca_pem().is_some() { cli.set("--tls-ca", &self.ca) } else { cli }
    }

    /// Collects the window with all four kinds, time-stamped, without progress.
    pub(crate) fn collect(&self, matter: &Matter) -> Cli {
        let cli = Cli::new()
            .args(["collect", &matter.dir, "--quiet"])
            .set("--graph-url", self.server.graph_url())
            .set("--login-url", self.server.login_url())
            .set("--tsa-url", self.server.tsa_url())
            .set("--from", text(self.from))
            .set("--to", text(self.to))
            .set("--rate", "1000/1");
        self.let_in(cli)
    }

    /// Goes on with what was begun.
    pub(crate) fn resume(&self, matter: &Matter) -> Cli {
        self.let_in(Cli::new().args(["resume", &matter.dir, "--quiet"]).set("--rate", "1000/1"))
    }

    /// Verifies a package as somebody who knows key and authority.
    pub(crate) fn verify(&self, matter: &Matter, package: &Path) -> Cli {
        Cli::new().arg("verify").arg(package).set("--trust", matter.public_key()).set("--tsa-root", &self.tsa_root)
    }

    /// The identifiers of everything that happened in the window, sorted.
    pub(crate) fn truth(&self, kind: Kind) -> Vec<String> {
        self.truth_between(kind, self.from, self.to)
    }

    /// The same of another window.
    pub(crate) fn truth_between(&self, kind: Kind, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<String> {
        let mut ids = self.server.tenant().ids_in(kind, from, to);
        ids.sort();
        ids
    }
}

/// A matter folder that was just made.
pub(crate) struct Matter {
    pub(crate) dir: String,
    _folder: TempDir,
}

impl Matter {
    /// Makes one with a key that needs no passphrase.
    pub(crate) fn new() -> Self {
        let matter = Self::at(tempfile::tempdir().expect("a temporary folder"));
        matter.init().arg("--no-passphrase").code(0);
        matter
    }

    /// Names a folder that is not made yet.
    pub(crate) fn at(folder: TempDir) -> Self {
        let dir = folder.path().join("matter").to_str().expect("temporary folders have plain names").to_owned();
        Self { dir, _folder: folder }
    }

    /// The call that makes it.
    pub(crate) fn init(&self) -> Cli {
        Cli::new().args(["init", &self.dir, "--matter", "ACME-2026-014", "--operator", "Jo Example"])
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        Path::new(&self.dir).join(name)
    }

    pub(crate) fn public_key(&self) -> PathBuf {
        self.path("operator.pub.pem")
    }

    /// The only package in it.
    #[track_caller]
    pub(crate) fn package(&self) -> PathBuf {
        let mut packages = self.packages();
        assert_eq!(packages.len(), 1, "{packages:?}");
        packages.remove(0)
    }

    /// All packages in it, oldest first. Nothing else may lie beside them but the index of each.
    pub(crate) fn packages(&self) -> Vec<PathBuf> {
        // Finished, or begun by a program that was killed meanwhile.
        let is_index = |path: &Path| path.file_name().unwrap().to_string_lossy().contains(".zip.index");
        entries(&self.path("packages")).into_iter().filter(|path| !is_index(path)).collect()
    }

    /// The only acquisition in it.
    #[track_caller]
    pub(crate) fn acquisition(&self) -> PathBuf {
        let mut acquisitions = entries(&self.path("acquisitions"));
        assert_eq!(acquisitions.len(), 1, "{acquisitions:?}");
        acquisitions.remove(0)
    }
}

/// The contents of a folder, sorted; none if it is not there.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    paths.sort();
    paths
}

/// An instant as it is typed.
pub(crate) fn text(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
