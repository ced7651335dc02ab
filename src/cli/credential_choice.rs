//! Which credential is used: what was named, else the order of Azure's own libraries.
//!
//! The order is that of `DefaultAzureCredential` in the Azure Identity libraries ("Credential chains in the Azure Identity
//! library", learn.microsoft.com): environment (secret, then certificate), workload identity, managed identity, Azure CLI;
//! `AZURE_TOKEN_CREDENTIALS` narrows it as there (`prod`, `dev`, or one credential's name). Two differences, both because evidence
//! should say for certain who collected it: the choice is made by what is present, not by trying one after the other; and a
//! secret or certificate that is set without tenant or application is an error, not a reason to go on as somebody else.
//! Device code is never chosen, only named.

use clap::ValueEnum;

use super::error::CliError;

/// A way to show who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Method {
    /// Whoever is logged in with `az login`
    AzureCli,
    /// A certificate: --client-certificate or AZURE_CLIENT_CERTIFICATE_PATH
    Certificate,
    /// A person at a browser
    DeviceCode,
    /// A token of another identity provider: AZURE_FEDERATED_TOKEN_FILE
    Federated,
    /// The identity of this Azure machine or app
    ManagedIdentity,
    /// A client secret: --client-secret-file or AZURE_CLIENT_SECRET
    Secret,
}

/// What can be seen without asking anybody for a token.
pub(super) trait Sights {
    /// Reads an environment variable; an empty one is none.
    fn variable(&self, name: &str) -> Option<String>;
    /// Says whether the metadata service of an Azure machine answers.
    fn metadata_service_answers(&self) -> bool;
    /// Says whether the Azure CLI is in PATH.
    fn azure_cli_is_there(&self) -> bool;
}

/// Chooses where no method was named. `tenant` and `client_id` are as given, by argument or environment.
pub(super) fn choose(sights: &dyn Sights, tenant: Option<&str>, client_id: Option<&str>) -> Result<Method, CliError> {
    let wanted = narrowed(sights.variable(NARROWING).as_deref())?;
    let wants = |method| wanted.contains(&method);
    let is_set = |name| sights.variable(name).is_some();
    for (method, variable) in [(Method::Secret, SECRET), (Method::Certificate, CERTIFICATE)] {
        if wants(method) && is_set(variable) {
            let names = [("AZURE_TENANT_ID", "--tenant-id", tenant), ("AZURE_CLIENT_ID", "--client-id", client_id)];
            return refuse_missing(&names).map(|()| method);
        }
    }
    if wants(Method::Federated) && is_set(FEDERATED) && tenant.is_some() && client_id.is_some() {
        return Ok(Method::Federated);
    }
    let app_service = || is_set("IDENTITY_ENDPOINT") && is_set("IDENTITY_HEADER");
    if wants(Method::ManagedIdentity) && (app_service() || sights.metadata_service_answers()) {
        return Ok(Method::ManagedIdentity);
    }
    if wants(Method::AzureCli) && sights.azure_cli_is_there() {
        return Ok(Method::AzureCli);
    }
    Err(CliError::request("no credential: no secret, certificate or federated token is set, this is no Azure machine, and the Azure CLI is not here")
        .hint("set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH, or use --auth device-code"))
}

/// Names all settings that are needed and not there, at once. Each is its variable, its argument, and its value.
pub(super) fn refuse_missing(settings: &[(&str, &str, Option<&str>)]) -> Result<(), CliError> {
    let missing = settings.iter().filter(|(_, _, value)| value.is_none_or(str::is_empty));
    let (names, ways): (Vec<String>, Vec<String>) =
        missing.map(|(name, flag, _)| (format!("`{name}`"), format!("set {name} or give {flag}"))).unzip();
    match names.as_slice() {
        [] => Ok(()),
        [name] => Err(CliError::request(format!("{name} is not set")).hint(ways.join("; "))),
        [first @ .., last] => {
            Err(CliError::request(format!("{} and {last} are not set", first.join(", "))).hint(ways.join("; ")))
        }
    }
}

fn narrowed(value: Option<&str>) -> Result<Vec<Method>, CliError> {
    use Method::{AzureCli, Certificate, Federated, ManagedIdentity, Secret};
    let Some(value) = value else { return Ok(vec![Secret, Certificate, Federated, ManagedIdentity, AzureCli]) };
    match value.trim().to_ascii_lowercase().as_str() {
        "prod" => Ok(vec![Secret, Certificate, Federated, ManagedIdentity]),
        "dev" | "azureclicredential" => Ok(vec![AzureCli]),
        "environmentcredential" => Ok(vec![Secret, Certificate]),
        "workloadidentitycredential" => Ok(vec![Federated]),
        "managedidentitycredential" => Ok(vec![ManagedIdentity]),
        _ => Err(CliError::request(format!("{NARROWING} names `{value}`, which is not offered here"))
            .hint("unset it, or name a credential with --auth")),
    }
}

pub(super) const SECRET: &str = "AZURE_CLIENT_SECRET";
pub(super) const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
pub(super) const FEDERATED: &str = "AZURE_FEDERATED_TOKEN_FILE";
const NARROWING: &str = "AZURE_TOKEN_CREDENTIALS";

#[cfg(test)]
mod tests {
    use super::*;

    struct Seen<'a> {
        variables: &'a [&'a str],
        narrowing: Option<&'a str>,
        on_azure: bool,
        has_cli: bool,
    }

    impl Sights for Seen<'_> {
        fn variable(&self, name: &str) -> Option<String> {
            if name == NARROWING {
                return self.narrowing.map(str::to_owned);
            }
            self.variables.contains(&name).then(|| "set".to_owned())
        }

        fn metadata_service_answers(&self) -> bool {
            self.on_azure
        }

        fn azure_cli_is_there(&self) -> bool {
            self.has_cli
        }
    }

    const EVERYTHING: [&str; 5] = [SECRET, CERTIFICATE, FEDERATED, "IDENTITY_ENDPOINT", "IDENTITY_HEADER"];

    fn chosen(seen: &Seen<'_>) -> Option<Method> {
        choose(seen, Some("t"), Some("c")).ok()
    }

    #[test]
    fn the_order_is_that_of_azures_own_libraries() {
        let order = [
            Method::Secret,
            Method::Certificate,
            Method::Federated,
            Method::ManagedIdentity,
            Method::ManagedIdentity,
            Method::AzureCli,
        ];
        for (missing, expected) in order.into_iter().enumerate() {
            let variables = EVERYTHING.get(missing..).unwrap_or_default();
            let seen = Seen { variables, narrowing: None, on_azure: missing < 5, has_cli: true };
            assert_eq!(chosen(&seen), Some(expected), "without the first {missing}");
        }
        assert_eq!(chosen(&Seen { variables: &[], narrowing: None, on_azure: false, has_cli: false }), None);
    }

    #[test]
    fn the_order_is_narrowed_as_there() {
        for (narrowing, expected) in [
            ("dev", Some(Method::AzureCli)),
            ("prod", Some(Method::Secret)),
            ("ManagedIdentityCredential", Some(Method::ManagedIdentity)),
            ("WorkloadIdentityCredential", Some(Method::Federated)),
            ("VisualStudioCodeCredential", None),
        ] {
            let seen = Seen { variables: &EVERYTHING, narrowing: Some(narrowing), on_azure: true, has_cli: true };
            assert_eq!(chosen(&seen), expected, "{narrowing}");
        }
        let only_cli = Seen { variables: &[], narrowing: Some("prod"), on_azure: false, has_cli: true };
        assert_eq!(chosen(&only_cli), None);
    }

    #[test]
    fn half_a_credential_is_an_error_and_no_reason_to_be_somebody_else() {
        let seen = Seen { variables: &[SECRET], narrowing: None, on_azure: true, has_cli: true };
        let refused = choose(&seen, None, Some("c")).unwrap_err().to_text();
        assert!(refused.contains("`AZURE_TENANT_ID` is not set"), "{refused}");
        let refused = choose(&seen, Some(""), None).unwrap_err().to_text();
        let both = "error: `AZURE_TENANT_ID` and `AZURE_CLIENT_ID` are not set\n\
                    hint: set AZURE_TENANT_ID or give --tenant-id; set AZURE_CLIENT_ID or give --client-id\n";
        assert_eq!(refused, both);
    }
}
