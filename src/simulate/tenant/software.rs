//! Clients, resources, workloads and devices: the software side of a sign-in.
//!
//! The ids of first-party clients and resources are Microsoft's public ones; everything that belongs to the tenant is
//! invented.

use std::net::IpAddr;

use super::{guid::Guid, noise::Noise, place::Place, text::Text};

/// A client application that people use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    /// Application id.
    pub(crate) id: &'static str,
    /// Name as shown.
    pub(crate) name: &'static str,
    /// Which [`RESOURCES`] entry it asks for on most days.
    pub(crate) resource: usize,
}

/// A resource that tokens are issued for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resource {
    /// Application id.
    pub(crate) id: &'static str,
    /// Name as shown.
    pub(crate) name: &'static str,
    /// Object id of its service principal in the tenant.
    pub(crate) service_principal: &'static str,
}

/// An application or Azure resource that signs in as itself.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    /// Application id.
    pub(crate) id: String,
    /// Name as shown.
    pub(crate) name: Text,
    /// Object id of its service principal.
    pub(crate) service_principal: Guid,
    /// The credential it signs in with.
    pub(crate) credential: Credential,
    /// Key id of that credential.
    pub(crate) key: Guid,
    /// Place it runs at; none for managed identities, whose records carry no address.
    pub(crate) place: Option<usize>,
    /// Address it signs in from.
    pub(crate) address: Option<IpAddr>,
    /// Which [`RESOURCES`] entry it asks for.
    pub(crate) resource: usize,
    /// ARM id; empty for applications.
    pub(crate) azure_resource: String,
}

/// How a workload proves who it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Credential {
    /// A certificate, by its SHA-1 thumbprint in upper case.
    Certificate(String),
    /// The platform vouches for it.
    ManagedIdentity,
    /// A shared secret.
    Secret,
}

/// A device and the browser or client on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device {
    /// Operating system as the service names it.
    pub(crate) operating_system: &'static str,
    /// Browser as the service names it; empty for native clients.
    pub(crate) browser: &'static str,
    /// How the device is joined; empty when it is not.
    pub(crate) trust: &'static str,
    /// The user agent of its browser.
    pub(crate) agent: &'static str,
}

/// Returns the applications of the tenant.
pub(crate) fn applications(seed: u64, places: &[Place]) -> Vec<Workload> {
    (0..)
        .zip(APPLICATION_NAMES)
        .map(|(number, name)| {
            let mut noise = Noise::new(seed, 0x6170_7073, number);
            let place = usize::try_from(noise.below(3)).unwrap_or(0);
            let thumbprint = format!("{:016X}{:016X}{:08X}", noise.draw(), noise.draw(), noise.below(1 << 32));
            Workload {
                id: noise.guid().to_string(),
                name: Text::new(name),
                service_principal: noise.guid(),
                credential: if number % 2 == 0 { Credential::Certificate(thumbprint) } else { Credential::Secret },
                key: noise.guid(),
                place: Some(place),
                address: places.get(place).map(|place| place.address(noise.draw())),
                resource: *noise.pick(&[GRAPH, 0, 1, 2, GRAPH]),
                azure_resource: String::new(),
            }
        })
        .collect()
}

/// Returns the Azure resources of the tenant that have an identity of their own.
pub(crate) fn machines(seed: u64) -> Vec<Workload> {
    (0..16)
        .map(|number| {
            let mut noise = Noise::new(seed, 0x766d_7365, number);
            let name = format!("vm-batch-{:02}", number + 1);
            Workload {
                id: noise.guid().to_string(),
                service_principal: noise.guid(),
                credential: Credential::ManagedIdentity,
                key: noise.guid(),
                place: None,
                address: None,
                resource: *noise.pick(&[0, KEY_VAULT, GRAPH]),
                azure_resource: format!(
                    "/subscriptions/00000000-1111-4222-8333-444444444444/resourceGroups/rg-lab/providers/\
                     Microsoft.Compute/virtualMachines/{name}"
                ),
                name: Text::new(name),
            }
        })
        .collect()
}

/// Returns user agents that try to break their readers.
pub(crate) fn hostile_agents() -> Vec<Text> {
    HOSTILE_AGENTS.into_iter().map(Text::new).collect()
}

/// Place of Microsoft Graph in [`RESOURCES`].
pub(crate) const GRAPH: usize = 3;
/// Place of Azure Key Vault in [`RESOURCES`].
pub(crate) const KEY_VAULT: usize = 4;

/// What tokens are issued for.
pub(crate) const RESOURCES: [Resource; 5] = [
    Resource {
        id: "797f4846-ba00-4fd7-ba43-dac1f8f63013",
        name: "Windows Azure Service Management API",
        service_principal: "0e6c2b1a-5d3f-4a7b-9c8d-1f2e3d4c5b6a",
    },
    Resource {
        id: "00000002-0000-0ff1-ce00-000000000000",
        name: "Office 365 Exchange Online",
        service_principal: "6d5c4b3a-2918-4f0e-8d7c-6b5a49382716",
    },
    Resource {
        id: "00000003-0000-0ff1-ce00-000000000000",
        name: "Office 365 SharePoint Online",
        service_principal: "3b2a1908-f7e6-4d5c-8b4a-392817060f5e",
    },
    Resource {
        id: "00000003-0000-0000-c000-000000000000",
        name: "Microsoft Graph",
        service_principal: "77aa66bb-55cc-44dd-83ee-22ff11aa00bb",
    },
    Resource {
        id: "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
        name: "Azure Key Vault",
        service_principal: "8c7b6a59-4837-4261-9504-f3e2d1c0b9a8",
    },
];

/// Clients people sign in to in a browser; the first is the one the attacks go through.
pub(crate) const BROWSER_CLIENTS: [Client; 4] = [
    Client { id: "4765445b-32c6-49b0-83e6-1d93765276ca", name: "OfficeHome", resource: 2 },
    Client { id: "c44b4083-3bb0-49c1-b47d-974e53cbdf3c", name: "Azure Portal", resource: 0 },
    Client { id: "9199bf20-a13f-4107-85dc-02114787ef48", name: "One Outlook Web", resource: 1 },
    Client { id: "00000003-0000-0ff1-ce00-000000000000", name: "Office 365 SharePoint Online", resource: 2 },
];

/// Clients that run on the device.
pub(crate) const NATIVE_CLIENTS: [Client; 4] = [
    Client { id: "d3590ed6-52b3-4102-aeff-aad2292ab01c", name: "Microsoft Office", resource: 1 },
    Client { id: "1fec8e78-bce4-4aaf-ab1b-5451cc387264", name: "Microsoft Teams", resource: GRAPH },
    Client { id: "29d9ed98-a469-4536-ade2-f981bc1d605e", name: "Microsoft Authentication Broker", resource: GRAPH },
    Client { id: "04b07795-8ddb-461a-bbee-02f9e1bf7b46", name: "Microsoft Azure CLI", resource: 0 },
];

/// Devices with a browser.
pub(crate) const DEVICES: [Device; 5] = [
    Device {
        operating_system: "Windows10",
        browser: "Edge 142.0.0",
        trust: "Hybrid Azure AD joined",
        agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
                Safari/537.36 Edg/142.0.0.0",
    },
    Device {
        operating_system: "Windows10",
        browser: "Chrome 142.0.0",
        trust: "",
        agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
                Safari/537.36",
    },
    Device {
        operating_system: "MacOs",
        browser: "Safari 26.1",
        trust: "Azure AD registered",
        agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 \
                Safari/605.1.15",
    },
    Device {
        operating_system: "Ios 26.1",
        browser: "Mobile Safari",
        trust: "Azure AD registered",
        agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                Version/26.1 Mobile/15E148 Safari/604.1",
    },
    Device {
        operating_system: "Linux",
        browser: "Firefox 145.0",
        trust: "",
        agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    },
];

const APPLICATION_NAMES: [&str; 12] = [
    "Nightly Export Job",
    "Payroll Sync",
    "Backup Vault Agent",
    "CRM Connector",
    "Häuser & Söhne Rechnungen",
    "Deployment Pipeline",
    "Mail Archive",
    "=HYPERLINK(\"https://evil.example\",\"Invoice\")",
    "Sensor Gateway",
    "Identity Governance Bot",
    "Translation Service",
    "Ticket Bridge",
];

const HOSTILE_AGENTS: [&str; 6] = [
    "\u{1b}[31mroot\u{1b}[0m \u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7}",
    "=cmd|' /C calc'!A0",
    "<script>fetch('https://evil.example')</script>",
    "Mozilla/5.0 \u{202e}elbadaernu\u{202c}",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "curl/8.17.0\r\nX-Injected: yes\u{a0}",
];
