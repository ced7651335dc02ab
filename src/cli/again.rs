//! What to type next, ready to be pasted: how a stopped acquisition goes on, how a package is verified.
//!
//! A hint that leaves out an option that was needed sends people into the next error. What the environment gives is left to the
//! environment, what genesis holds (service, window, pace, authorities) to genesis; no secret is an argument, so none can stand here.

use std::path::{Path, PathBuf};

use clap::ValueEnum as _;

use super::collect::{DEFAULT_TIMEOUT_SECONDS, DEFAULT_WORKERS, SessionArgs};
use super::credentials::variable;
use super::sealing::SealedPackage;
use super::{key, out};
use crate::format::genesis::{Genesis, Rate};
use crate::format::identifier::AcquisitionId;
use crate::format::parts::TimestampMode;
use crate::seal::volumes::MAX_PAGES;
use crate::store::matter::MatterFolder;

/// Writes the `resume` that goes on with an acquisition as this session was run. `planned` is the pace in its genesis.
pub(super) fn resume(
    matter: &MatterFolder,
    id: &AcquisitionId,
    session: &SessionArgs,
    planned: Option<Rate>,
) -> String {
    let mut command = format!("signhold resume {} {id}", out::shell(matter.root()));
    let mut add = |option: &str, value: &str| command += &format!(" {option} {}", out::shell(Path::new(value)));
    let credentials = &session.credentials;
    if let Some(method) = credentials.auth.and_then(|method| method.to_possible_value()) {
        add("--auth", method.get_name());
    }
    for (option, name, value) in [
        ("--tenant-id", "AZURE_TENANT_ID", &credentials.tenant_id),
        ("--client-id", "AZURE_CLIENT_ID", &credentials.client_id),
    ] {
        if let Some(value) = value.as_ref().filter(|value| variable(name).as_ref() != Some(value)) {
            add(option, value);
        }
    }
    let files: [(&str, Option<&PathBuf>); 7] = [
        ("--client-secret-file", credentials.client_secret_file.as_ref()),
        ("--client-certificate", credentials.client_certificate.as_ref()),
        ("--client-key", credentials.client_key.as_ref()),
        ("--client-certificate-password-file", credentials.client_certificate_password_file.as_ref()),
        ("--federated-token-file", credentials.federated_token_file.as_ref()),
        ("--tls-ca", credentials.tls_ca.as_ref()),
        ("--passphrase-file", session.passphrase.file()),
    ];
    for (option, file) in files {
        if let Some(file) = file {
            add(option, &file.display().to_string());
        }
    }
    if let Some(rate) = session.rate.filter(|rate| Some(*rate) != planned) {
        add("--rate", &format!("{}/{}", rate.requests, rate.seconds));
    }
    if session.workers != DEFAULT_WORKERS {
        add("--workers", &session.workers.to_string());
    }
    if session.timeout != DEFAULT_TIMEOUT_SECONDS {
        add("--timeout", &session.timeout.to_string());
    }
    if let Some(every) = session.stamp_every {
        add("--stamp-every", &every.to_string());
    }
    if session.volume_pages != MAX_PAGES {
        add("--volume-pages", &session.volume_pages.to_string());
    }
    command
}

/// Writes the `verify` for a package that was just sealed, with the public key from the matter folder or, if that is not there,
/// the fingerprint.
pub(super) fn verify(matter: &MatterFolder, genesis: &Genesis, packages: &[SealedPackage]) -> String {
    let Some(SealedPackage { seal, .. }) = packages.last() else { return String::new() };
    let files = packages.iter().map(|package| out::shell(&package.path)).collect::<Vec<_>>().join(" ");
    let public = key::public_path(&matter.key_path());
    let trust = if public.is_file() { out::shell(&public) } else { genesis.keys.operator.to_string() };
    let mut text = format!("next: signhold verify {files} --trust {trust}");
    if seal.timestamps.mode == TimestampMode::Embedded {
        text +=
            "\n      and --tsa-root PEM with the root certificate of the time stamp authority, had from the authority";
    }
    text
}
