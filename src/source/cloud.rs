//! The fixed table of clouds. An endpoint outside it makes an acquisition simulated, and nothing can unmake that.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use super::SourceError;

/// One of Microsoft's clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// 21Vianet.
    China,
    /// US Government L5.
    Dod,
    /// The public cloud, and GCC.
    Global,
    /// US Government L4 (GCC High).
    Usgov,
}

impl Cloud {
    /// Every cloud of the table.
    pub const ALL: [Self; 4] = [Self::Global, Self::Usgov, Self::Dod, Self::China];

    /// Returns its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::China => "china",
            Self::Dod => "dod",
            Self::Global => "global",
            Self::Usgov => "usgov",
        }
    }

    /// Returns the root of its Graph.
    #[must_use]
    pub fn graph_url(self) -> &'static str {
        match self {
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
            Self::Dod => "https://dod-graph.microsoft.us",
            Self::Global => "https://graph.microsoft.com",
            Self::Usgov => "https://graph.microsoft.us",
        }
    }

    /// Returns the root of its token service.
    #[must_use]
    pub fn login_url(self) -> &'static str {
        match self {
            Self::China => "https://login.chinacloudapi.cn",
            Self::Dod | Self::Usgov => "https://login.microsoftonline.us",
            Self::Global => "https://login.microsoftonline.com",
        }
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Cloud {
    type Err = UnknownCloud;

    fn from_str(text: &str) -> Result<Self, UnknownCloud> {
        Self::ALL.into_iter().find(|cloud| cloud.as_str() == text).ok_or_else(|| UnknownCloud(text.to_owned()))
    }
}

/// A name that is no cloud.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a cloud; the clouds are `global`, `usgov`, `dod` and `china`")]
pub struct UnknownCloud(pub String);

/// Where the service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The cloud whose table entry is used where nothing else is given.
    pub cloud: Cloud,
    /// Root of the log service, without trailing slash.
    pub graph_url: String,
    /// Root of the token service, without trailing slash.
    pub login_url: String,
}

impl Endpoints {
    /// Takes a cloud's endpoints, each overridden where another is given.
    ///
    /// # Errors
    ///
    /// [`SourceError::Address`] for an override that is no plain root address, or plain HTTP to another machine than this.
    pub fn new(cloud: Cloud, graph_url: Option<&str>, login_url: Option<&str>) -> Result<Self, SourceError> {
        Ok(Self {
            cloud,
            graph_url: graph_url.map_or_else(|| Ok(cloud.graph_url().to_owned()), checked_root)?,
            login_url: login_url.map_or_else(|| Ok(cloud.login_url().to_owned()), checked_root)?,
        })
    }

    /// Says whether any endpoint is another than the cloud's own.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.graph_url != self.cloud.graph_url() || self.login_url != self.cloud.login_url()
    }
}

/// Says whether an address is on this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Says whether an address is on this machine or its link (RFC 3927): where a machine's own identity is asked for.
#[must_use]
pub fn is_local(url: &Url) -> bool {
    is_loopback(url) || matches!(url.host(), Some(Host::Ipv4(address)) if address.is_link_local())
}

fn checked_root(text: &str) -> Result<String, SourceError> {
    let refused = |reason: &str| SourceError::Address { url: text.to_owned(), reason: reason.to_owned() };
    let root = text.trim_end_matches('/');
    let url = Url::parse(root).map_err(|error| refused(&error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(refused("it must be scheme, host, port and path alone"));
    }
    match url.scheme() {
        "https" => Ok(root.to_owned()),
        "http" if is_loopback(&url) => Ok(root.to_owned()),
        "http" => Err(refused("plain http is accepted for this machine only")),
        _ => Err(refused("it must begin with https://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_table_is_real() {
        assert!(!Endpoints::new(Cloud::Usgov, None, None).unwrap().is_simulated());
        assert!(!Endpoints::new(Cloud::Global, Some("https://graph.microsoft.com/"), None).unwrap().is_simulated());
        for (graph, login) in [
            (Some("https://graph.microsoft.us"), None),
            (None, Some("https://localhost:1")),
            (Some("https://graph.microsoft.com:444"), None),
        ] {
            assert!(Endpoints::new(Cloud::Global, graph, login).unwrap().is_simulated());
        }
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for url in ["http://127.0.0.1:80", "http://localhost:8080/", "http://[::1]:1"] {
            assert!(Endpoints::new(Cloud::Global, Some(url), None).is_ok(), "{url}");
        }
        for url in [
            "http://graph.microsoft.com",
            "http://127.0.0.1.example",
            "ftp://localhost",
            "https://user@host",
            "https://h/?q",
            "graph",
        ] {
            assert!(Endpoints::new(Cloud::Global, Some(url), None).is_err(), "{url}");
        }
    }
}
