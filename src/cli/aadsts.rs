//! What Microsoft's numbers for a refused sign-in mean, and what to do next. Chosen by number, never by the service's wording.
//!
//! The meanings are from "Microsoft Entra authentication and authorization error codes" (learn.microsoft.com), in our own words,
//! with what is usual in the field.

/// Returns number, meaning and next step for the first number that is known.
pub(super) fn explain(codes: &[u64]) -> Option<String> {
    codes.iter().find_map(|code| {
        let (_, meaning, next) = TABLE.iter().find(|(numbers, ..)| numbers.contains(code))?;
        Some(format!("AADSTS{code}: {meaning}; {next}"))
    })
}

/// Numbers that mean the same, what they mean, the next step.
type Row = (&'static [u64], &'static str, &'static str);

const TABLE: [Row; 22] = [
    (
        &[7_000_215],
        "the secret is wrong; often its identifier was pasted instead of its value",
        "copy the secret's value, which the portal shows once, or make a new one",
    ),
    (&[7_000_222], "the secret has expired", "make a new secret, or better register a certificate"),
    (
        &[700_027],
        "the certificate is not registered with this application, or is not the one that signed",
        "upload the certificate to the application and compare its thumbprint",
    ),
    (
        &[700_024, 500_133],
        "the assertion is outside its time",
        "set the clock of this machine, or renew the federated token",
    ),
    (
        &[50_012, 50_013],
        "the assertion is not accepted",
        "check certificate or federated credential, and the clock of this machine",
    ),
    (
        &[700_211, 700_212, 700_213],
        "no federated credential of the application fits the token's issuer, audience or subject",
        "compare them with the application's federated credentials",
    ),
    (
        &[7_000_218],
        "the application needs a secret or a certificate here",
        "for device code, allow public client flows in the application's settings",
    ),
    (
        &[700_025],
        "the application is a public client and takes no secret or certificate",
        "use --auth device-code, or another application",
    ),
    (&[700_016], "the application is not in this tenant", "check AZURE_CLIENT_ID, AZURE_TENANT_ID and --cloud"),
    (&[7_000_112, 70_001], "the application is disabled, or not in this tenant", "ask an administrator to enable it"),
    (&[90_002], "there is no such tenant in this cloud", "check AZURE_TENANT_ID for a slip, and --cloud"),
    (&[90_038, 900_382, 900_432], "the tenant is in another national cloud", "choose it with --cloud"),
    (&[70_011, 28_002], "the scope is not accepted", "check --cloud and --graph-url"),
    (&[500_011, 50_001], "the tenant does not know the log service by this address", "check --cloud and --graph-url"),
    (&[65_001, 90_094], "consent is missing", "let an administrator grant AuditLog.Read.All to the application"),
    (
        &[53_003],
        "a Conditional Access policy blocks this sign-in",
        "ask an administrator which one; policies may forbid device code or this place",
    ),
    (
        &[53_000, 53_001, 530_032],
        "a policy of the tenant blocks this sign-in",
        "use a managed device, or ask an administrator",
    ),
    (
        &[50_076, 50_079, 50_158],
        "the person must show a further factor",
        "sign in anew: --auth device-code, or `az login`",
    ),
    (&[70_043, 700_082, 70_008, 50_173], "the sign-in has expired or was revoked", "sign in anew"),
    (&[50_020, 50_034], "the person is not in this tenant", "sign in with an account of the tenant"),
    (&[50_105], "the person is not assigned to the application", "ask an administrator to assign them"),
    (&[50_057], "the account is disabled", "ask an administrator"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_explained_once() {
        let mut numbers: Vec<u64> = TABLE.iter().flat_map(|(numbers, ..)| numbers.iter().copied()).collect();
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), count);
    }

    #[test]
    fn the_first_known_number_is_explained() {
        let text = explain(&[1, 90_002, 7_000_215]).unwrap();
        assert!(text.starts_with("AADSTS90002: there is no such tenant"), "{text}");
        assert_eq!(explain(&[1]), None);
    }
}
