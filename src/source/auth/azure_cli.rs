//! Whoever is logged in to the Azure CLI: `az account get-access-token`, run as a child without a shell.
//!
//! The token comes through a pipe and nothing secret goes in. What it is good for is the CLI's own registration: it may read
//! sign-ins but not Conditional Access policies, so `appliedConditionalAccessPolicies` will be missing from the records.
//! The CLI keeps tokens of its own and cannot be told to renew one; a claims challenge needs the person.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::answer::{NoToken, Number, Obtained, UNKNOWN_LIFETIME, until};
use crate::collect::Clock;
use crate::crypto::secret::Secret;

/// The Azure CLI's own application identifier, the same in every tenant.
pub const AZURE_CLI_CLIENT_ID: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CliAnswer {
    access_token: String,
    /// Since version 2.54; the older `expiresOn` is local time without a zone, and of no use.
    #[serde(rename = "expires_on")]
    expires_on: Option<Number>,
}

/// Asks the CLI.
pub(super) fn obtain(
    resource: &str,
    tenant: Option<&str>,
    claims: Option<&str>,
    clock: &dyn Clock,
) -> Result<Obtained, NoToken> {
    if claims.is_some() {
        let tenant = tenant.map(|tenant| format!(" --tenant {tenant}")).unwrap_or_default();
        return Err(refused(format!("the service demands a new sign-in; run `az logout` and `az login{tenant}`")));
    }
    let mut command = Command::new(PROGRAM);
    command.args(["account", "get-access-token", "--output", "json", "--resource", resource]);
    if let Some(tenant) = tenant {
        command.args(["--tenant", tenant]);
    }
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => refused("the Azure CLI is not installed, or not in PATH"),
        _ => refused(format!("it cannot be started: {error}")),
    })?;
    let (succeeded, said, complained) = wait(child)?;
    if !succeeded {
        let complaint = String::from_utf8_lossy(&complained);
        let line = complaint.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it says nothing");
        return Err(refused(line.chars().take(MAX_COMPLAINT_CHARS).collect::<String>()));
    }
    let answer: CliAnswer =
        serde_json::from_slice(&said).map_err(|_| refused("its answer is no token; is this the Azure CLI?"))?;
    let lifetime = answer.expires_on.as_ref().and_then(Number::value).map(|epoch| until(epoch, clock));
    Ok(Obtained {
        token: Secret::new(answer.access_token),
        lifetime: lifetime.unwrap_or(UNKNOWN_LIFETIME),
        refresh: None,
        reading: None,
    })
}

type Said = (bool, Zeroizing<Vec<u8>>, Vec<u8>);

/// Waits until the child has ended, a minute at most.
fn wait(mut child: Child) -> Result<Said, NoToken> {
    let failed = |error: io::Error| refused(format!("it cannot be read: {error}"));
    let (sender, receiver) = mpsc::channel();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let complaints = std::thread::spawn(move || read(stderr));
    std::thread::spawn(move || sender.send(read(stdout)));
    let said = receiver.recv_timeout(TIMEOUT).map_err(|_| {
        // It may have ended by itself meanwhile.
        let _ = child.kill();
        let _ = child.wait();
        refused("it does not answer within a minute")
    })?;
    let said = Zeroizing::new(said.map_err(failed)?);
    let status = child.wait().map_err(failed)?;
    let complained = if status.success() {
        Vec::new()
    } else {
        complaints.join().map_or(Ok(Vec::new()), |read| read).map_err(failed)?
    };
    Ok((status.success(), said, complained))
}

fn read(pipe: Option<impl Read>) -> io::Result<Vec<u8>> {
    // Room for all at once: a buffer that grows leaves copies behind.
    let mut bytes = Vec::with_capacity(MAX_BYTE_LEN);
    if let Some(pipe) = pipe {
        pipe.take(MAX_BYTE_LEN as u64).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn refused(reason: impl Into<String>) -> NoToken {
    NoToken::here("az account get-access-token", reason)
}

const PROGRAM: &str = if cfg!(windows) { "az.cmd" } else { "az" };
/// 64 KiB: an answer has three or four.
const MAX_BYTE_LEN: usize = 64 << 10;
const MAX_COMPLAINT_CHARS: usize = 300;
/// The CLI is slow to start, and may ask the network itself.
const TIMEOUT: Duration = Duration::from_mins(1);
