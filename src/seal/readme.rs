//! The text in every package that says how to check it with tools everybody has.

use crate::format::genesis::SIMULATED;

/// Whose keys signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// The operator's, everything.
    One,
    /// The operator's the plan, one made for this acquisition the rest.
    PerAcquisition,
}

/// Returns what stands at the end of `README.txt` of one of several volumes.
#[must_use]
pub fn volume_text(number: u64, last: bool) -> String {
    let others = if number > 1 {
        "\"previous_seal\" in seal/seal.json is the SHA-256 of seal/seal.json of the volume before:\n\
         \n\
         \x20   sha256sum ../*/seal/seal.json; grep -o '\"previous_seal\":\"[0-9a-f]*\"' seal/seal.json\n"
    } else {
        "Each later volume names the SHA-256 of seal/seal.json of the one before it as \"previous_seal\".\n"
    };
    let follows = if last { "the last" } else { "and others follow" };
    format!(
        "\nONE OF SEVERAL VOLUMES\n\
         \n\
         This is volume {number} of its acquisition, {follows}. Pages and failures are numbered through all volumes; what was\n\
         collected is whole only with all of them. {others}"
    )
}

/// Returns `README.txt`.
#[must_use]
pub fn text(
    package: &str,
    simulated: bool,
    has_certificate: bool,
    genesis_timestamps: usize,
    seal_timestamps: usize,
    keys: Keys,
) -> String {
    let (operator, signer, in_package, handed_on) = match keys {
        Keys::One => ("signer.pem", "signer.pem", "keys/signer.pem", ""),
        Keys::PerAcquisition => ("operator.pem", "keys/signer.pem", "keys/operator.pem", HANDED_ON),
    };
    let certificate = if has_certificate { CERTIFICATE.replace("KEY", in_package) } else { String::new() };
    let mark = if simulated { format!("{SIMULATED}\n\n") } else { String::new() };
    let mut stamps = String::new();
    for number in 1..=genesis_timestamps {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        stamps += &format!(
            "    openssl ts -verify -data data/genesis.sig -in data/genesis{suffix}.tsr -CAfile tsa-root.pem\n"
        );
    }
    for number in 1..=seal_timestamps {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        stamps +=
            &format!("    openssl ts -verify -data seal/seal.sig -in seal/seal{suffix}.tsr -CAfile tsa-root.pem\n");
    }
    let stamps = if stamps.is_empty() {
        "This package has no time stamps. Its times are those of the operator's own clock.\n".to_owned()
    } else {
        format!(
            "tsa-root.pem is the root certificate of the time stamp authority, from the authority itself:\n\n{stamps}"
        )
    };
    format!(
        "{mark}Sealed log pages: {package}\n\
         \n\
         data/pages holds the exact bytes that the operator's tool recorded as received, data/records a signed\n\
         statement about each,\n\
         data/genesis.json the plan that was signed before the first request, seal/seal.json the statement that closes\n\
         the package. The format is described in FORMAT.md of the project that made it (seal/seal.json, \"tool\").\n\
         \n\
         HOW TO CHECK IT WITH STOCK TOOLS (sha256sum, openssl 3; for example on Debian)\n\
         \n\
         1. Get the operator's public key, {operator}, from the operator by another way than this package. The key in\n\
         \x20  {in_package} proves nothing about who sealed this; compare its fingerprint with the one you were given:\n\
         \n\
         \x20   openssl pkey -pubin -in {in_package} -outform DER | sha256sum\n\
         {certificate}\
         \n\
         {handed_on}\
         2. In this folder, the seal, then the two manifests, then everything that they name:\n\
         \n\
         \x20   openssl pkeyutl -verify -rawin -pubin -inkey {signer} -sigfile seal/seal.sig -in seal/seal.json\n\
         \x20   grep -o '\"tagmanifest_sha256\":\"[0-9a-f]*\"' seal/seal.json; sha256sum tagmanifest-sha256.txt\n\
         \x20   sha256sum --strict -c tagmanifest-sha256.txt && sha256sum --strict -c manifest-sha256.txt\n\
         \n\
         3. The plan, and every page record:\n\
         \n\
         \x20   openssl pkeyutl -verify -rawin -pubin -inkey {operator} -sigfile data/genesis.sig -in data/genesis.json\n\
         \x20   for r in data/records/*.json; do openssl pkeyutl -verify -rawin -pubin -inkey {signer} \\\n\
         \x20     -sigfile \"${{r%.json}}.sig\" -in \"$r\" || echo \"FAILED: $r\"; done\n\
         \n\
         4. When it existed. {stamps}\
         \n\
         These commands do not see bytes hidden between the entries of the ZIP file, files that no manifest names, and\n\
         gaps in the paging; a verifier of the format does.\n\
         \n\
         WHAT THIS DOES NOT SHOW\n\
         \n\
         Nothing here proves that the log service sent these bytes: TLS leaves no proof for third parties. The package\n\
         shows what the operator's key committed to, in which order, and, with time stamps, between which two moments.\n\
         \"Complete\" means: as returned to this query, this identity, at this time.\n"
    )
}

/// OpenSSL verifies the first certificate of the file and takes the others, untrusted, for the path.
const CERTIFICATE: &str = "\
    \x20  Or take it from the certificate in keys/signer-cert.pem, where an authority you trust vouches for it; ca.pem is that\n\
    \x20  authority's certificate, had from elsewhere, and -attime a moment before the certificate ended:\n\
    \n\
    \x20   openssl verify -CAfile ca.pem -untrusted keys/signer-cert.pem -attime SECONDS keys/signer-cert.pem\n\
    \x20   openssl x509 -in keys/signer-cert.pem -noout -pubkey | cmp - KEY\n";
/// How trust comes from the operator's key to the one that signed pages and seal.
const HANDED_ON: &str = "\x20  Pages and seal are signed by a key made for this acquisition alone, keys/signer.pem. The plan, signed by the\n\
     \x20  operator (step 3), names it; the second digest must stand in it:\n\
     \n\
     \x20   grep -o '\"keys\":{[^}]*}' data/genesis.json; openssl pkey -pubin -in keys/signer.pem -outform DER | sha256sum\n\
     \n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_stamp_gets_its_command() {
        let text = text("P", true, true, 2, 1, Keys::One);
        assert!(text.starts_with("SIMULATED DATA, NOT EVIDENCE\n"));
        assert!(text.contains("-in data/genesis-2.tsr ") && text.contains("-in seal/seal.tsr "));
        assert!(text.contains("${r%.json}.sig"));
        assert!(text.contains("openssl verify -CAfile ca.pem "));
        assert!(text.lines().all(|line| line.len() <= 120));
    }

    #[test]
    fn each_signature_gets_the_key_that_made_it() {
        let text = text("P", false, true, 0, 0, Keys::PerAcquisition);
        assert!(text.contains("-inkey operator.pem -sigfile data/genesis.sig"));
        assert!(text.contains("-inkey keys/signer.pem -sigfile seal/seal.sig"));
        assert!(text.contains("-in keys/operator.pem -outform DER") && text.contains("cmp - keys/operator.pem"));
        assert!(text.lines().all(|line| line.len() <= 120));
    }

    #[test]
    fn a_package_without_time_stamps_says_so() {
        assert!(super::text("P", false, false, 0, 0, Keys::One).contains("This package has no time stamps."));
        assert!(!super::text("P", false, false, 0, 0, Keys::One).contains("signer-cert.pem"));
    }
}
