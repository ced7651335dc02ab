//! Step 5, FORMAT §6.1: the signed plan, and that all other documents belong to it.

use crate::crypto::digest::{GenesisDigest, TimestampDigest};
use crate::crypto::signature::PublicKey;
use crate::format::decode;
use crate::format::genesis::Genesis;
use crate::format::identifier::AcquisitionId;
use crate::format::kind::{Kind, Sort};
use crate::format::parts::GenesisReference;
use crate::format::path::{GENESIS, GENESIS_SIGNATURE, SEAL};
use crate::format::seal::Seal;
use crate::verify::checks::seal::{lengths, malformed, out_of_range, verifies};
use crate::verify::checks::signed::{self, Problem, demand};
use crate::verify::finding::{Code, Finding, Findings};

/// What every other document must name.
#[derive(Clone, Debug)]
pub(in crate::verify) struct Identity {
    pub(in crate::verify) acquisition: Option<AcquisitionId>,
    pub(in crate::verify) digest: GenesisDigest,
    pub(in crate::verify) timestamps: Vec<TimestampDigest>,
}

/// Reads genesis and checks its signature, the operator's. Without a usable key the signature is not checked: step 4 has said
/// why. A file that `is_listed` and could not be read has had its finding.
pub(in crate::verify) fn read(
    bytes: Option<&[u8]>,
    signature: Option<&[u8]>,
    key: Option<&PublicKey>,
    is_listed: impl Fn(&str) -> bool,
    findings: &mut Findings,
) -> Option<Genesis> {
    for (place, file) in [(GENESIS, bytes), (GENESIS_SIGNATURE, signature)] {
        if file.is_none() && !is_listed(place) {
            findings.say(Code::GenesisMissing, place, "nothing", "a genesis document and its signature");
        }
    }
    let bytes = bytes?;
    if let (Some(key), Some(signature)) = (key, signature)
        && !verifies(key, bytes, signature)
    {
        findings.say(
            Code::GenesisSignatureInvalid,
            GENESIS_SIGNATURE,
            lengths(signature),
            key.fingerprint().to_string(),
        );
    }
    let genesis: Genesis = match decode(bytes) {
        Ok(genesis) => genesis,
        Err(error) => {
            malformed(Code::GenesisMalformed, GENESIS, &error, findings);
            return None;
        }
    };
    if let Err(problem) = check_values(&genesis) {
        out_of_range(Code::GenesisMalformed, GENESIS, &problem, findings);
    }
    if !genesis.simulated && is_outside_cloud_table(&genesis) {
        let claimed = format!("false, with {} and {}", genesis.source.graph_url, genesis.source.login_url);
        findings.say(Code::GenesisMismatch, format!("{GENESIS}#simulated"), claimed, "true");
    }
    Some(genesis)
}

/// Says whether an endpoint is another than the fixed table has for the cloud.
pub(in crate::verify) fn is_outside_cloud_table(genesis: &Genesis) -> bool {
    let source = &genesis.source;
    let row = (source.cloud.as_str(), source.graph_url.as_str(), source.login_url.as_str());
    !CLOUDS.contains(&row)
}

/// Reports a document that names another acquisition, genesis or genesis timestamps.
pub(in crate::verify) fn check_reference(
    place: &str,
    acquisition: &AcquisitionId,
    reference: &GenesisReference,
    identity: &Identity,
    mut say: impl FnMut(Finding),
) {
    if let Some(computed) = &identity.acquisition
        && computed != acquisition
    {
        let place = format!("{place}#acquisition");
        say(Finding::new(Code::GenesisMismatch, place, acquisition.as_str(), computed.as_str()));
    }
    if reference.sha256 != identity.digest {
        let (claimed, computed) = (reference.sha256.to_string(), identity.digest.to_string());
        say(Finding::new(Code::GenesisMismatch, format!("{place}#genesis.sha256"), claimed, computed));
    }
    if reference.timestamps != identity.timestamps {
        let list = |digests: &[TimestampDigest]| digests.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let (claimed, computed) = (list(&reference.timestamps), list(&identity.timestamps));
        say(Finding::new(Code::GenesisMismatch, format!("{place}#genesis.timestamps"), claimed, computed));
    }
}

/// Compares what the seal repeats of genesis; how the seal is stamped is its own statement (FORMAT §9).
pub(in crate::verify) fn check_seal(seal: &Seal, genesis: &Genesis, findings: &mut Findings) {
    let mut compare = |member: &str, claimed: String, computed: String| {
        if claimed != computed {
            findings.say(Code::GenesisMismatch, format!("{SEAL}#{member}"), claimed, computed);
        }
    };
    compare("simulated", seal.simulated.to_string(), genesis.simulated.to_string());
    compare("operator", seal.operator.to_string(), genesis.operator.to_string());
}

fn check_values(genesis: &Genesis) -> Result<(), Problem> {
    let (source, plan, series) = (&genesis.source, &genesis.plan, &genesis.series);
    signed::tool(&genesis.tool)?;
    demand(source.service == "microsoft-graph", "source.service", &source.service, "microsoft-graph")?;
    let known = matches!(source.cloud.as_str(), "global" | "usgov" | "dod" | "china");
    demand(known, "source.cloud", &source.cloud, "global, usgov, dod or china")?;
    for (member, url) in [("source.graph_url", &source.graph_url), ("source.login_url", &source.login_url)] {
        let scheme = url.starts_with("https://") || url.starts_with("http://");
        demand(scheme && !url.ends_with('/'), member, url, "a URL without trailing slash")?;
        demand(is_printable(url), member, url, "printable ASCII")?;
    }
    let roots = &source.extra_roots;
    demand(roots.is_sorted_by(|a, b| a < b), "source.extra_roots", roots.len(), "each root once, ascending")?;
    if let Some(proxy) = &source.proxy {
        let authority = proxy.split_once("://").map(|(_, authority)| authority);
        let is_bare = authority.is_some_and(|authority| !authority.is_empty() && !authority.contains(['/', '@']));
        demand(is_bare && is_printable(proxy), "source.proxy", "another form", "scheme://host:port and nothing else")?;
    }
    demand(plan.from < plan.to, "plan.to", plan.to, "after plan.from")?;
    demand(plan.kinds.iter().any(|kind| kind.sort() == Sort::Log), "plan.kinds", "no log", "at least one log")?;
    let rest: Vec<Kind> =
        Kind::ALL.into_iter().filter(|kind| kind.sort() == Sort::Log && !plan.kinds.contains(kind)).collect();
    let ascending = plan.kinds.is_sorted_by(|a, b| a < b);
    demand(ascending, "plan.kinds", kinds_text(&plan.kinds), "each kind once, in the order of §7.3")?;
    demand(plan.not_asked == rest, "plan.not_asked", kinds_text(&plan.not_asked), "the logs not in plan.kinds")?;
    demand(plan.window_seconds >= 1, "plan.window_seconds", plan.window_seconds, "from 1")?;
    demand(plan.top >= 1, "plan.top", plan.top, "from 1")?;
    if let Some(rate) = &plan.rate {
        demand(rate.requests >= 1 && rate.seconds >= 1, "plan.rate", rate.requests, "from 1 in from 1")?;
    }
    signed::timestamps(&genesis.timestamps)?;
    demand(series.number >= 1, "series.number", series.number, "from 1")?;
    let previous = series.previous_seal.map_or_else(|| "null".to_owned(), |digest| digest.to_string());
    demand(
        (series.number == 1) == series.previous_seal.is_none(),
        "series.previous_seal",
        previous,
        "null for number 1 alone",
    )
}

fn kinds_text(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
}

/// Says how the service was reached, where that changes what TLS facts mean.
pub(in crate::verify) fn note_route(genesis: &Genesis, findings: &mut Findings) {
    let source = &genesis.source;
    if !source.extra_roots.is_empty() {
        let roots: Vec<String> = source.extra_roots.iter().map(ToString::to_string).collect();
        let claimed = "the certificates of pages may be those of whoever holds the key to such a root";
        findings.say(Code::TlsRootsAdded, format!("{GENESIS}#source.extra_roots"), roots.join(" "), claimed);
    }
    if let Some(proxy) = &source.proxy {
        let computed = "remote addresses are the proxy's, and certificates may be";
        findings.say(Code::ProxyUsed, format!("{GENESIS}#source.proxy"), proxy, computed);
    }
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The fixed cloud table (FORMAT §6.1): anything else is simulated data, whatever a document says.
const CLOUDS: [(&str, &str, &str); 4] = [
    ("global", "https://graph.microsoft.com", "https://login.microsoftonline.com"),
    ("usgov", "https://graph.microsoft.us", "https://login.microsoftonline.us"),
    ("dod", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us"),
    ("china", "https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
];
