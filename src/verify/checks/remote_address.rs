//! Step 6, FORMAT §6.2: where answers came from, as far as an address can be out of place.
//!
//! Microsoft's services have public addresses. One that is not, without a proxy that the plan names, means that something stood
//! between which nobody wrote down: a redirected name, a transparent proxy, a private link. That contradicts nothing, and is worth
//! knowing.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use crate::format::genesis::Genesis;
use crate::format::parts::Response;
use crate::verify::finding::{Code, Findings};

/// The addresses that were named already, so that each is named once.
#[derive(Debug, Default)]
pub(in crate::verify) struct RemoteAddresses(BTreeSet<IpAddr>);

impl RemoteAddresses {
    /// Looks at one answer. `place` is the record's path.
    pub(in crate::verify) fn follow(
        &mut self,
        place: &str,
        response: &Response,
        genesis: Option<&Genesis>,
        findings: &mut Findings,
    ) {
        let Some(genesis) = genesis.filter(|genesis| !genesis.simulated && genesis.source.proxy.is_none()) else {
            return;
        };
        let Some(address) = response.remote_address.as_deref().and_then(|text| text.parse::<SocketAddr>().ok()) else {
            return;
        };
        let address = address.ip().to_canonical();
        if is_private(address) && self.0.len() < ADDRESSES_KEPT && self.0.insert(address) {
            let place = format!("{place}#response.remote_address");
            let computed = format!("a public address of {}: no proxy is named", genesis.source.graph_url);
            findings.say(Code::RemoteAddressPrivate, place, address.to_string(), computed);
        }
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_loopback() || address.is_private() || address.is_link_local() || address.is_unspecified()
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified()
        }
    }
}

/// 1000: more addresses than findings are listed tell nothing new.
const ADDRESSES_KEPT: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_is_what_no_public_service_has() {
        let judge = |text: &str| is_private(text.parse::<IpAddr>().unwrap().to_canonical());
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
        ] {
            assert!(judge(text), "{text}");
        }
        assert!(judge("::ffff:10.0.0.1"));
        for text in ["20.190.128.1", "172.32.0.1", "2603:1006:2000::1", "100.64.0.1"] {
            assert!(!judge(text), "{text}");
        }
    }
}
