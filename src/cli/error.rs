//! What goes wrong, in words for people: kind, message, causes, hint, exit code. The only place that chooses them.

use std::fmt::Write as _;
use std::process::ExitCode;

use super::aadsts;
use super::out::{escape, escape_line, shell};
use crate::keyring::KeyFileError;
use crate::keyring::ssh_agent::AgentError;
use crate::keyring::token::TokenError;
use crate::keyring::token_uri::NotATokenUri;
use crate::seal::SealError;
use crate::source::SourceError;
use crate::store::FolderError;
use crate::verify::VerifyError;

/// Who failed. That the evidence failed is no error of `verify` but its verdict; it is one where something was to be made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The evidence.
    Evidence,
    /// Disk, network or a budget.
    Machine,
    /// What was asked for cannot be.
    Request,
}

/// An error that ends the program.
#[derive(Debug)]
pub(super) struct CliError {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

impl CliError {
    /// The evidence failed, and something was to be made of it.
    pub(super) fn evidence(message: impl Into<String>) -> Self {
        Self { kind: Kind::Evidence, message: message.into(), hint: None }
    }

    /// The request was wrong.
    pub(super) fn request(message: impl Into<String>) -> Self {
        Self { kind: Kind::Request, message: message.into(), hint: None }
    }

    /// The machine or the network failed.
    pub(super) fn machine(message: impl Into<String>) -> Self {
        Self { kind: Kind::Machine, message: message.into(), hint: None }
    }

    /// Adds the next step.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A certificate for the log service, or its key, cannot be used.
    pub(super) fn of_client_certificate(error: KeyFileError) -> Self {
        let text = with_causes(&error);
        match error {
            KeyFileError::WrongPassphrase(_) => Self::request(text)
                .hint("give it by AZURE_CLIENT_CERTIFICATE_PASSWORD or --client-certificate-password-file"),
            KeyFileError::Malformed { .. } => Self::request(text).hint(
                "an RSA key and its certificate are needed, in PEM or PKCS#12; a key apart is named with --client-key",
            ),
            KeyFileError::Io { ref source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Self::request(text).hint("name the file with --client-certificate or AZURE_CLIENT_CERTIFICATE_PATH")
            }
            other => other.into(),
        }
    }

    /// Returns what went wrong, without the next step.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Returns the exit code of DESIGN's table.
    pub(super) fn exit_code(&self) -> ExitCode {
        match self.kind {
            Kind::Evidence => ExitCode::from(1),
            Kind::Request => ExitCode::from(2),
            Kind::Machine => ExitCode::from(4),
        }
    }

    /// Returns the error as it is printed.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("error: {}\n", escape(&self.message));
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "hint: {}", escape(hint));
        }
        text
    }
}

/// Joins an error and its causes with colons, leaving out what was said already.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

impl From<FolderError> for CliError {
    fn from(error: FolderError) -> Self {
        let text = with_causes(&error);
        match &error {
            FolderError::Certificate { .. } => Self::request(text).hint(
                "name a PEM file with the certificate of the operator's key first, then those of the authorities between",
            ),
            FolderError::Exists(_) => Self::request(text).hint("choose another name, or go on with what is there"),
            FolderError::Locked { .. } => {
                Self::request(text).hint("wait until it has ended, or stop it; `resume` goes on where it was")
            }
            FolderError::NotAMatter(path) => Self::request(text)
                .hint(format!("make one: `signhold init {} --matter ID --operator NAME`", shell(path))),
            FolderError::Malformed { .. } => {
                Self::request(text).hint("put back the file as it was; nothing else was touched")
            }
            FolderError::Io { source, .. } => Self::machine(text).hint(disk_hint(source)),
        }
    }
}

impl From<KeyFileError> for CliError {
    fn from(error: KeyFileError) -> Self {
        let text = with_causes(&error);
        match &error {
            KeyFileError::Exists(_) => Self::request(text).hint("name another file; a key is never overwritten"),
            KeyFileError::OpenToOthers { path, .. } => {
                Self::request(text).hint(format!("`chmod 600 {}`, and ask whether somebody has copied it", shell(path)))
            }
            KeyFileError::WrongPassphrase(_) => {
                Self::request(text).hint("give it by SIGNHOLD_PASSPHRASE or --passphrase-file")
            }
            KeyFileError::Malformed { .. } => Self::request(text).hint(
                "Ed25519 in PKCS#8 PEM is needed: `signhold key new FILE` or `openssl genpkey -algorithm ed25519`",
            ),
            KeyFileError::NoRandomness(_) => Self::machine(text),
            KeyFileError::Io { doing: "read", source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Self::request(text).hint("name the file with --key, or make one with `signhold key new FILE`")
            }
            KeyFileError::Io { source, .. } => Self::machine(text).hint(disk_hint(source)),
        }
    }
}

impl From<AgentError> for CliError {
    fn from(error: AgentError) -> Self {
        let text = with_causes(&error);
        match &error {
            AgentError::NoSocket | AgentError::NotRunning { .. } => Self::request(text)
                .hint("start one (`eval $(ssh-agent)`), add the key (`ssh-add FILE`), and call again in that shell"),
            AgentError::NoSuchKey { there, .. } => Self::request(listed(&text, there))
                .hint("name one of these, or `ssh-add FILE`; a locked agent shows none, `ssh-add -X` unlocks it"),
            AgentError::Ambiguous { there, .. } => {
                Self::request(listed(&text, there)).hint("name one by its fingerprint: `ssh-agent:SHA256:...`")
            }
            AgentError::Refused => Self::request(text)
                .hint("unlock it with `ssh-add -X`, confirm when it asks, or add the key again with `ssh-add FILE`"),
            AgentError::TooLong(_) => {
                Self::request(text).hint("give the acquisition its own key: --key-per-acquisition")
            }
            AgentError::Io { .. } | AgentError::Malformed(_) | AgentError::WrongSignature => {
                Self::machine(text).hint("check what listens at SSH_AUTH_SOCK; nothing of its answer was used")
            }
        }
    }
}

impl From<TokenError> for CliError {
    fn from(error: TokenError) -> Self {
        let text = with_causes(&error);
        match &error {
            TokenError::Module { .. } => Self::machine(text)
                .hint("install the token's module, and name it by its absolute path: `?module-path=/path/module.so`"),
            TokenError::NoSuchToken { there } => {
                Self::request(listed(&text, there)).hint("plug it in, or name one of these with token= or serial=")
            }
            TokenError::SeveralTokens { there } => {
                Self::request(listed(&text, there)).hint("name one with token= or serial=")
            }
            TokenError::NoSuchKey { there } => Self::request(listed(&text, there))
                .hint("name one of these with object= or id=, or make an Ed25519 key in the token"),
            TokenError::SeveralKeys { there } => {
                Self::request(listed(&text, there)).hint("name one with object= or id= (id=%01%ab for 01ab)")
            }
            TokenError::WrongPin => Self::request(text).hint(
                "give it by SIGNHOLD_PIN or `pin-source=file:...`; after a few wrong ones the token locks itself",
            ),
            TokenError::Locked => {
                Self::request(text).hint("the token's security officer sets a new PIN; signhold has not tried again")
            }
            TokenError::NoPublicKey => {
                Self::request(text).hint("put the public key object beside the private one, with the same id")
            }
            TokenError::Refused { .. } => {
                Self::machine(text).hint("look at the token with its own tools; signhold does not try again")
            }
        }
    }
}

impl From<NotATokenUri> for CliError {
    fn from(error: NotATokenUri) -> Self {
        let text = error.to_string();
        match error {
            NotATokenUri::Pin => Self::request(text)
                .hint("take it out and change it, for it may be in a history now; SIGNHOLD_PIN, `pin-source=file:...` or a prompt take one"),
            _ => Self::request(text).hint("write `pkcs11:token=LABEL;object=LABEL?module-path=/path/module.so`"),
        }
    }
}

/// Adds what is there to an error, line by line. It is printed escaped, as every error is.
fn listed(text: &str, there: &[String]) -> String {
    let lines: Vec<String> = there.iter().map(|line| escape_line(line)).collect();
    if lines.is_empty() {
        format!("{text}; there is none")
    } else {
        format!("{text}; there are:\n       {}", lines.join("\n       "))
    }
}

impl From<SourceError> for CliError {
    fn from(error: SourceError) -> Self {
        let text = with_causes(&error);
        match &error {
            SourceError::Refused { codes, .. } => {
                let next = aadsts::explain(codes).unwrap_or_else(|| REFUSED.to_owned());
                Self::request(text).hint(format!("{next}; nothing was collected or changed"))
            }
            SourceError::Unreachable { .. } => {
                Self::machine(text).hint("check the network, a proxy in HTTPS_PROXY, and --cloud; nothing was collected or changed")
            }
            SourceError::Address { .. } => Self::request(text).hint("leave out --graph-url, --login-url and AZURE_AUTHORITY_HOST for the real service; check AZURE_TENANT_ID"),
            SourceError::Certificates(_) => Self::request(text).hint("install the system's CA certificates, or name a file with --tls-ca"),
            SourceError::Cancelled | SourceError::Client(_) => Self::machine(text),
        }
    }
}

impl From<SealError> for CliError {
    fn from(error: SealError) -> Self {
        let text = with_causes(&error);
        match &error {
            SealError::Timestamp { .. } => Self::machine(text)
                .hint("`resume` seals again; it takes --tsa-url for another authority and --no-time-stamp for none"),
            SealError::Damaged { .. } => Self::machine(text)
                .hint("the disk has changed what was written; keep the folder as it is and look for a copy"),
            SealError::NotSigned(_) => Self::machine(text)
                .hint("bring the key back; the collected pages are untouched, and `resume` seals again"),
            SealError::TooLarge { .. } => Self::request(text)
                .hint("the collected pages are untouched; collect shorter windows, one after the other"),
            SealError::Io { source, .. } => Self::machine(text).hint(disk_hint(source)),
            SealError::Format(_) | SealError::Zip(_) => {
                Self::machine(text).hint("the collected pages are untouched; `resume` seals again")
            }
        }
    }
}

impl From<VerifyError> for CliError {
    fn from(error: VerifyError) -> Self {
        Self::machine(with_causes(&error)).hint("there is no verdict; copy the file to a good disk and verify the copy")
    }
}

fn disk_hint(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "make room on the disk, then `resume`; what is committed stays"
        }
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            "choose a folder that you may write to, or change its permissions"
        }
        std::io::ErrorKind::IsADirectory | std::io::ErrorKind::NotADirectory | std::io::ErrorKind::NotFound => {
            "check the path"
        }
        _ => "check the disk; what is committed stays, and `resume` goes on",
    }
}

/// Where the service gives no number that is known.
pub(super) const REFUSED: &str =
    "check AZURE_TENANT_ID, AZURE_CLIENT_ID, --cloud, and the secret, certificate or login that is used";
