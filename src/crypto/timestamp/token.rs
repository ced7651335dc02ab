//! The response of a time stamp authority (RFC 3161 §2.4.2): status, signed data, and the statement inside.
//!
//! Reading and judging are apart: [`parse_response`] says what the bytes are, [`Token::check`] what is wrong with them.
//! What decides about trust (`Token::check_chain`) is a third step, in `chain`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use const_oid::ObjectIdentifier;
use sha2::{Digest as _, Sha256};

use super::algorithm::AlgorithmIdentifier;
use super::certificate::{bits, printable};
use super::fault::{IdentificationProblem, TimestampFault};
use super::imprint::Imprint;
use super::signer::{SignerDigest, SignerInfo, TST_INFO};
use super::statement::Statement;
use super::{Certificate, MAX_RESPONSE_LEN, at, nonce_for};
use crate::codec::der::{
    BIT_STRING, DerFault, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, SET, UTF8_STRING, Value,
};

/// A time stamp token that could be read. Nothing about it is checked until [`Token::check`] and [`Token::check_chain`]
/// say so.
#[derive(Debug, Clone)]
pub struct Token {
    statement: Statement,
    /// The bytes that the signature is about: the encoding of the statement.
    content: Vec<u8>,
    digest_algorithms: Vec<AlgorithmIdentifier>,
    certificates: Vec<Vec<u8>>,
    signers: Vec<SignerInfo>,
}

/// Reads a whole `TimeStampResp`: the status must grant, and a token must follow.
///
/// # Errors
///
/// [`TimestampFault::TooLarge`] above 64 KiB; [`TimestampFault::Rejected`] where the authority refused;
/// [`TimestampFault::ContentType`], [`TimestampFault::Version`], [`TimestampFault::GenTimeMalformed`] and
/// [`TimestampFault::Malformed`] where the bytes are something else than a time stamp in DER.
pub fn parse_response(bytes: &[u8]) -> Result<Token, TimestampFault> {
    if bytes.len() > MAX_RESPONSE_LEN {
        return Err(TimestampFault::TooLarge { byte_len: bytes.len(), limit: MAX_RESPONSE_LEN });
    }
    let mut fields = Value::only(bytes, SEQUENCE).map_err(at("TimeStampResp"))?.fields();
    let status = fields.expect(SEQUENCE).map_err(at("PKIStatusInfo"))?;
    check_status(&status)?;
    let token = fields.expect(SEQUENCE).map_err(at("timeStampToken"))?;
    fields.finish().map_err(at("TimeStampResp"))?;
    Token::read(&token)
}

impl Token {
    /// Reads `ContentInfo` and the `SignedData` inside (RFC 5652 §3, §5.1).
    fn read(token: &Value<'_>) -> Result<Self, TimestampFault> {
        let fault = at("ContentInfo");
        let mut fields = token.fields();
        let content_type = fields.expect(OBJECT_IDENTIFIER).and_then(|v| v.object_identifier()).map_err(fault)?;
        if content_type != SIGNED_DATA {
            return Err(TimestampFault::ContentType { claimed: content_type.to_string() });
        }
        let signed_data = fields.expect(0xa0).and_then(|explicit| explicit.inner(SEQUENCE)).map_err(fault)?;
        fields.finish().map_err(fault)?;

        let fault = at("SignedData");
        let mut fields = signed_data.fields();
        let version = fields.expect(INTEGER).and_then(|v| v.small_integer()).map_err(fault)?;
        if !(3..=5).contains(&version) {
            // RFC 5652 §5.1: 3 where the content is not plain data; 4 and 5 with kinds of certificates that we never
            // choose.
            return Err(TimestampFault::Version { place: "SignedData", claimed: version });
        }
        let digest_algorithms = each(&mut fields, AlgorithmIdentifier::read).map_err(at("digestAlgorithms"))?;
        let mut encapsulated = fields.expect(SEQUENCE).map_err(fault)?.fields();
        let certificates = match fields.optional(0xa0).map_err(at("certificates"))? {
            // In whatever order: OpenSSL does not sort them, and no signature covers them.
            Some(set) => set.fields().remaining().map_err(at("certificates"))?,
            None => Vec::new(),
        };
        if certificates.iter().any(|certificate| certificate.tag != SEQUENCE) {
            // The other choices (RFC 5652 §10.2.2) carry a context tag; they cannot be the signer's.
            return Err(TimestampFault::Surplus { what: "a certificate of another kind than X.509" });
        }
        if fields.optional(0xa1).map_err(at("crls"))?.is_some() {
            return Err(TimestampFault::Surplus { what: "revocation lists" });
        }
        let signers = each(&mut fields, SignerInfo::read).map_err(at("signerInfos"))?;
        fields.finish().map_err(fault)?;

        let fault = at("EncapsulatedContentInfo");
        let content_type = encapsulated.expect(OBJECT_IDENTIFIER).and_then(|v| v.object_identifier()).map_err(fault)?;
        if content_type != TST_INFO {
            return Err(TimestampFault::ContentType { claimed: content_type.to_string() });
        }
        let content = encapsulated.expect(0xa0).and_then(|explicit| explicit.inner(OCTET_STRING)).map_err(fault)?;
        encapsulated.finish().map_err(fault)?;

        Ok(Self {
            statement: Statement::read(&content)?,
            content: content.content.to_vec(),
            digest_algorithms,
            certificates: certificates.iter().map(|v| v.encoding.to_vec()).collect(),
            signers,
        })
    }

    /// Checks everything that does not depend on whom the caller trusts, and returns all faults.
    ///
    /// `imprint` is the caller's own digest of the stamped bytes, never a stored one. `nonce` is that of the request,
    /// where there was one; without it a token made for the same bytes at another time passes. `accepted_policies` are
    /// dotted object identifiers; none means any.
    ///
    /// No fault means: this token is about `imprint`, is signed by the certificate it names, and that certificate may
    /// sign time stamps. Whether anybody should believe it is [`Token::check_chain`]'s question.
    #[must_use]
    pub fn check<'a>(
        &self,
        imprint: impl Into<Imprint<'a>>,
        nonce: Option<[u8; 8]>,
        accepted_policies: Option<&[String]>,
    ) -> Vec<TimestampFault> {
        let mut faults = self.statement.check(imprint.into(), nonce, accepted_policies);
        let [signer] = self.signers.as_slice() else {
            let problem = IdentificationProblem::SignerCount { claimed: self.signers.len() };
            faults.push(TimestampFault::SignerNotIdentified { problem });
            return faults;
        };
        let attribute_faults = signer.check_attributes(&self.content, &self.digest_algorithms);
        let unsigned = attribute_faults
            .iter()
            .any(|fault| matches!(fault, TimestampFault::SignedAttributes { attribute: "signedAttrs", .. }));
        faults.extend(attribute_faults);
        if unsigned {
            return faults; // nothing says who signed, and what: no key to try
        }
        match signer.identify(&self.certificates) {
            Ok((certificate, _)) => {
                faults.extend(certificate.check_authorisation());
                if !certificate.is_valid_at(self.gen_time()) {
                    faults.push(self.not_valid_at_gen_time(&certificate));
                }
                faults.extend(signer.check_signature(&certificate).err());
                let too_many = self.check_certificate_count().err();
                faults.extend(too_many.or_else(|| surplus(&self.certificates, &certificate)));
            }
            Err(fault) => {
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
        }
        faults
    }

    /// Checks what the token says alone, and nothing about who says it: whether it answers our own request for `imprint`.
    #[must_use]
    pub fn check_statement<'a>(&self, imprint: impl Into<Imprint<'a>>) -> Vec<TimestampFault> {
        let imprint = imprint.into();
        self.statement.check(imprint, Some(nonce_for(imprint)), None)
    }

    /// Returns the first end of validity of the certificates that came with the token; none where none came.
    ///
    /// As much as can be said without a root: what none of them names may end earlier.
    #[must_use]
    pub fn certificates_until(&self) -> Option<DateTime<Utc>> {
        let read = self.certificates().filter_map(|encoding| Certificate::read(encoding).ok());
        read.map(|certificate| certificate.not_after).min()
    }

    /// Returns when the authority says it made the token: `genTime`, to the nanosecond, on the authority's clock.
    #[must_use]
    pub fn gen_time(&self) -> DateTime<Utc> {
        self.statement.gen_time
    }

    /// Returns by how much the time may be wrong in either direction, if the authority says so.
    #[must_use]
    pub fn accuracy(&self) -> Option<Duration> {
        self.statement.accuracy
    }

    /// Tells whether the authority says that its tokens can be ordered by time alone.
    #[must_use]
    pub fn ordering(&self) -> bool {
        self.statement.ordering
    }

    /// Returns the policy that the authority worked under, as a dotted object identifier.
    #[must_use]
    pub fn policy(&self) -> String {
        self.statement.policy.to_string()
    }

    /// Returns the token's serial number as lower-case hexadecimal.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.statement.serial)
    }

    /// Returns the digest that the token is about, as lower-case hexadecimal.
    #[must_use]
    pub fn claimed_imprint_hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.statement.imprint)
    }

    /// Returns the name that the authority gives itself in the token, if any; a claim, which no rule ties to the
    /// signer.
    #[must_use]
    pub fn claimed_authority(&self) -> Option<&str> {
        self.statement.authority.as_deref()
    }

    /// Returns the subject of the signer's certificate as RFC 4514 writes it, if the signer can be identified.
    #[must_use]
    pub fn signer_subject(&self) -> Option<String> {
        self.signer().ok().map(|(certificate, _)| certificate.subject_text())
    }

    /// Returns the SHA-256 of the signer's certificate, if the signer can be identified.
    #[must_use]
    pub fn signer_certificate_sha256(&self) -> Option<[u8; 32]> {
        self.signer().ok().map(|(certificate, _)| Sha256::digest(certificate.encoding).into())
    }

    /// Returns by which kind of digest the token names its signer, if the signer can be identified.
    #[must_use]
    pub fn signer_named_by(&self) -> Option<SignerDigest> {
        self.signer().ok().map(|(_, digest)| digest)
    }

    /// Returns the certificates that came with the token, in DER, in the order found; none of them is trusted for being
    /// there.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().map(Vec::as_slice)
    }

    /// Refuses more certificates than a path has: the search for one could take long among them.
    pub(super) fn check_certificate_count(&self) -> Result<(), TimestampFault> {
        let fits = self.certificates.len() <= MAX_CERTIFICATES;
        if fits { Ok(()) } else { Err(TimestampFault::Surplus { what: "more certificates than a path has" }) }
    }

    /// Returns the signer's certificate, or why there is not exactly one.
    pub(super) fn signer(&self) -> Result<(Certificate<'_>, SignerDigest), TimestampFault> {
        match self.signers.as_slice() {
            [signer] => signer.identify(&self.certificates),
            signers => {
                let problem = IdentificationProblem::SignerCount { claimed: signers.len() };
                Err(TimestampFault::SignerNotIdentified { problem })
            }
        }
    }

    pub(super) fn not_valid_at_gen_time(&self, certificate: &Certificate<'_>) -> TimestampFault {
        TimestampFault::CertificateNotValidAtGenTime {
            subject: Some(certificate.subject_text()),
            not_before: Some(certificate.not_before),
            not_after: Some(certificate.not_after),
            gen_time: self.gen_time(),
        }
    }
}

/// Reads `PKIStatusInfo`; only `granted` and `grantedWithMods` pass, and neither comes with a reason for failure.
fn check_status(status: &Value<'_>) -> Result<(), TimestampFault> {
    let fault = at("PKIStatusInfo");
    let mut fields = status.fields();
    let number = fields.expect(INTEGER).and_then(|v| v.small_integer()).map_err(fault)?;
    let mut text = Vec::new();
    let mut has_controls = false;
    if let Some(lines) = fields.optional(SEQUENCE).map_err(fault)? {
        for line in lines.fields().remaining().map_err(fault)? {
            let line = line.with_tag(UTF8_STRING).map_err(fault)?;
            let line = String::from_utf8_lossy(line.content);
            has_controls |= line.chars().any(char::is_control);
            text.push(printable(&line));
        }
    }
    let failures = fields.optional(BIT_STRING).and_then(|value| value.as_ref().map(bits).transpose());
    let failures = failures.map_err(at("PKIFailureInfo"))?;
    fields.finish().map_err(fault)?;
    if number > 1 || failures.is_some() {
        return Err(TimestampFault::Rejected { status: number, failures: failures.unwrap_or_default(), text });
    }
    match text.as_slice() {
        // Authorities that grant say "Operation Okay" and the like; nobody needs a letter there.
        [] => Ok(()),
        [line] if line.chars().count() <= MAX_STATUS_CHARS && !has_controls => Ok(()),
        _ => Err(TimestampFault::Surplus { what: "more than one line of status text" }),
    }
}

/// Says what is in the bag of certificates besides the signer's and those that lead on from it, by name.
///
/// No signature covers the bag. Whatever lies in it without need was put there by somebody else than the signer, or could have
/// been: a certificate belongs if its subject is the issuer of one that belongs, and is there once.
fn surplus(certificates: &[Vec<u8>], signer: &Certificate<'_>) -> Option<TimestampFault> {
    let fault = |what| Some(TimestampFault::Surplus { what });
    let mut others = Vec::new();
    for (index, encoding) in certificates.iter().enumerate() {
        if certificates.iter().skip(index.saturating_add(1)).any(|other| other == encoding) {
            return fault("a certificate twice");
        }
        match Certificate::read(encoding) {
            Ok(certificate) if certificate.encoding == signer.encoding => {}
            Ok(certificate) => others.push(certificate),
            Err(_) => return fault("a certificate that cannot be read"),
        }
    }
    let mut wanted = vec![signer.issuer];
    while let Some(name) = wanted.pop() {
        let (found, rest): (Vec<_>, Vec<_>) = others.into_iter().partition(|other| other.subject == name);
        wanted.extend(found.iter().map(|certificate| certificate.issuer));
        others = rest;
    }
    if others.is_empty() { None } else { fault("a certificate that did not issue the signer's or one above it") }
}

/// Reads a SET OF structures, in whatever order they stand.
fn each<'a, T>(fields: &mut Reader<'a>, read: impl Fn(&Value<'a>) -> Result<T, DerFault>) -> Result<Vec<T>, DerFault> {
    fields.expect(SET)?.fields().remaining()?.into_iter().map(|value| read(&value.with_tag(SEQUENCE)?)).collect()
}

/// 8: FORMAT §11; public authorities send one to four.
const MAX_CERTIFICATES: usize = 8;

/// 200: as any single line of FORMAT §2.
const MAX_STATUS_CHARS: usize = 200;

/// id-signedData (RFC 5652 §5.1).
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

#[cfg(test)]
mod tests {
    use super::super::forge::{Authority, Forge, IMPRINT, MESSAGE_IMPRINT, NONCE, POLICY, message_imprint};
    use super::super::{algorithm, nonce_for};
    use super::*;
    use crate::codec::der::{encode, encode_unsigned};
    use rustls_pki_types::pem::PemObject as _;

    fn codes(change: impl FnOnce(&mut Forge<'_>)) -> Vec<&'static str> {
        let authority = Authority::good();
        let mut forge = authority.forge();
        change(&mut forge);
        forge.codes()
    }

    fn codes_of<'a>(authority: &'a Authority, change: impl FnOnce(&mut Forge<'a>)) -> Vec<&'static str> {
        let mut forge = authority.forge();
        change(&mut forge);
        forge.codes()
    }

    fn status(parts: &[&[u8]]) -> Vec<u8> {
        encode(SEQUENCE, parts)
    }

    #[test]
    fn a_good_token_has_no_fault_and_says_what_it_holds() {
        let authority = Authority::good();
        let forge = authority.forge();
        assert_eq!(forge.codes(), [""; 0]);
        let token = forge.parse();
        assert_eq!(token.gen_time().to_rfc3339(), "2026-07-22T10:11:12.211+00:00");
        assert_eq!(token.accuracy(), Some(Duration::new(1, 2_003_000)));
        assert!(token.ordering());
        assert_eq!(token.policy(), "1.3.6.1.4.1.55555.1.1");
        assert_eq!(token.serial_hex(), "2a");
        assert_eq!(token.claimed_imprint_hex(), "a5".repeat(32));
        assert_eq!(token.signer_subject().as_deref(), Some("CN=Signer"));
        assert_eq!(token.signer_named_by(), Some(SignerDigest::Sha2));
        assert_eq!(token.signer_certificate_sha256(), Some(Sha256::digest(&authority.certificate).into()));
        assert_eq!(token.certificates().count(), 2);
        assert_eq!(token.claimed_authority(), None);
    }

    #[test]
    fn granted_with_modifications_is_granted() {
        assert_eq!(codes(|forge| forge.status = status(&[&encode_unsigned(&[1])])), [""; 0]);
    }

    #[test]
    fn every_other_status_is_a_rejection_with_its_reasons() {
        for number in [2, 3, 4, 5, 255] {
            assert_eq!(codes(|forge| forge.status = status(&[&encode_unsigned(&[number])])), ["timestamp-rejected"]);
        }
        let text = encode(SEQUENCE, &[&encode(UTF8_STRING, &["nein\u{1b}[2J".as_bytes()])]);
        let rejection =
            encode(SEQUENCE, &[&status(&[&encode_unsigned(&[2]), &text, &encode(BIT_STRING, &[&[7, 0, 0x80]])])]);
        let fault = parse_response(&rejection).expect_err("a rejection");
        let text = vec!["nein\\u{1b}[2J".to_owned()];
        assert_eq!(fault, TimestampFault::Rejected { status: 2, failures: vec![8], text });
    }

    #[test]
    fn a_grant_with_a_reason_for_failure_is_a_rejection() {
        let failure = encode(BIT_STRING, &[&[7, 0x80]]);
        assert_eq!(codes(|forge| forge.status = status(&[&[2, 1, 0], &failure])), ["timestamp-rejected"]);
    }

    #[test]
    fn a_grant_may_say_one_line_and_no_more() {
        let text = |lines: &[&str]| {
            let lines: Vec<Vec<u8>> = lines.iter().map(|line| encode(UTF8_STRING, &[line.as_bytes()])).collect();
            let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
            status(&[&[2, 1, 0], &encode(SEQUENCE, &lines)])
        };
        assert_eq!(codes(|forge| forge.status = text(&["Operation Okay"])), [""; 0]);
        for lines in [&["one", "two"][..], &["a\nb"], &[&"x".repeat(201)]] {
            assert_eq!(codes(|forge| forge.status = text(lines)), ["timestamp-surplus"]);
        }
    }

    #[test]
    fn what_nobody_signed_and_nothing_needs_is_refused() {
        let authority = Authority::good();
        let stuffed = |certificate: Vec<u8>| codes_of(&authority, |forge| forge.certificates.push(certificate));
        assert_eq!(stuffed(authority.certificate.clone()), ["timestamp-surplus"], "the signer's twice");
        assert_eq!(stuffed(authority.intermediate.clone()), ["timestamp-surplus"], "another twice");
        assert_eq!(stuffed(vec![0x30, 0]), ["timestamp-surplus"], "no certificate");
        assert_eq!(stuffed(encode(0xa1, &[b"?"])), ["timestamp-surplus"], "an attribute certificate");
        assert_eq!(stuffed(Authority::deviating(|_| ()).certificate), ["timestamp-surplus"], "another signer's");
        let many =
            codes_of(&authority, |forge| forge.certificates.extend((0..17).map(|_| authority.intermediate.clone())));
        assert_eq!(many, ["timestamp-surplus"]);
        // The root itself is where the path leads: authorities send it, too.
        let root = rustls_pki_types::CertificateDer::from_pem_slice(authority.root_pem.as_bytes()).expect("a root");
        assert_eq!(stuffed(root.to_vec()), [""; 0]);
    }

    #[test]
    fn revocation_lists_in_a_token_are_refused() {
        let lists = encode(0xa1, &[&encode(SEQUENCE, &[])]);
        assert_eq!(codes(|forge| forge.lists = lists), ["timestamp-surplus"]);
    }

    #[test]
    fn a_grant_without_a_token_is_malformed() {
        let fault = parse_response(&encode(SEQUENCE, &[&status(&[&[2, 1, 0]])])).expect_err("no token");
        assert_eq!(fault.to_string(), "timestamp-malformed `timeStampToken`: end instead of tag 0x30 at offset 7");
    }

    #[test]
    fn all_faults_are_reported_not_only_the_first() {
        let found = codes(|forge| {
            forge.statement[MESSAGE_IMPRINT] = message_imprint(algorithm::SHA_256, &[0; 32]);
            forge.statement[NONCE] = Vec::new();
            forge.signers = Box::new(Vec::clear);
        });
        let expected = ["timestamp-imprint-mismatch", "timestamp-nonce-mismatch", "timestamp-signer-not-identified"];
        assert_eq!(found, expected);
    }

    #[test]
    fn content_that_is_no_time_stamp_is_refused() {
        let data = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
        assert_eq!(codes(|forge| forge.content_type = data), ["timestamp-content-type"]);
    }

    #[test]
    fn indefinite_lengths_are_refused() {
        let authority = Authority::good();
        let mut response = authority.forge().response();
        // The outer SEQUENCE in BER: 0x80 instead of the length, two zero octets at the end.
        response.splice(1..4, [0x80]);
        response.extend([0, 0]);
        let fault = parse_response(&response).expect_err("BER");
        assert_eq!(fault.to_string(), "timestamp-malformed `TimeStampResp`: indefinite length at offset 0");
    }

    #[test]
    fn trailing_bytes_and_oversize_are_refused() {
        let authority = Authority::good();
        let mut response = authority.forge().response();
        response.push(0);
        assert_eq!(parse_response(&response).expect_err("trailing").code(), "timestamp-malformed");
        let fault = parse_response(&vec![0x30; MAX_RESPONSE_LEN + 1]).expect_err("too large");
        assert_eq!(fault, TimestampFault::TooLarge { byte_len: 65_537, limit: 65_536 });
    }

    #[test]
    fn no_prefix_of_a_good_response_is_a_response() {
        let authority = Authority::good();
        let response = authority.forge().response();
        for byte_len in 0..response.len() {
            assert!(parse_response(&response[..byte_len]).is_err(), "{byte_len} bytes");
        }
    }

    /// Whoever holds the file can change what nobody signed: granted or granted with changes, the version of
    /// the signed data, and the certificates in the bag that are not the signer's.
    #[test]
    fn a_flipped_byte_is_a_fault_or_stands_where_nothing_is_signed() {
        let authority = Authority::good();
        let forge = authority.forge();
        let good = forge.response();
        let find =
            |part: &[u8]| good.windows(part.len()).position(|window| window == part).expect("part of the response");
        let intermediate = find(&authority.intermediate)..find(&authority.intermediate) + authority.intermediate.len();
        let versions = [find(&[2, 1, 0]) + 2, find(&[2, 1, 3]) + 2];
        let expected = forge.parse();
        let mut accepted = Vec::new();
        for position in 0..good.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[position] ^= flip;
                let Ok(token) = parse_response(&bad) else { continue };
                let faults = token.check(&IMPRINT, Some(nonce_for(&IMPRINT)), Some(&[POLICY.to_string()]));
                let _ = token.check_chain(&authority.roots());
                if faults.is_empty() {
                    assert_eq!(token.gen_time(), expected.gen_time());
                    if !versions.contains(&position) && !intermediate.contains(&position) {
                        accepted.push((position, flip));
                    }
                }
            }
        }
        assert_eq!(accepted, [], "{}", data_encoding::HEXLOWER.encode(&good));
    }
}
