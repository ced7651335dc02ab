//! Revocation lists (RFC 5280 §5), brought by the reader, and how a certificate stands in them at one instant.
//!
//! A list counts when the certificate's own issuer signed it and may sign lists. It *speaks about* an instant when it was in
//! force then, or was issued later while the certificate had not ended, since entries may be dropped after that. A revocation
//! takes effect from the earlier of its date and its invalidity date. Delta and indirect lists, and lists of some reasons only,
//! are not used. The list is kept as it came and read from front to back: 10 MB of entries cost 10 MB and one walk.

use chrono::{DateTime, Utc};
use const_oid::ObjectIdentifier;
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject as _;

use super::purpose::{is_authority, may_sign_lists};
use crate::codec::der::{
    BIT_STRING, BOOLEAN, DerFault, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, UTC_TIME,
    Value,
};
use crate::crypto::timestamp::certificate::{Certificate, time};

/// A revocation list that can be read; who signed it is checked against each certificate.
#[derive(Clone, Debug)]
pub struct RevocationList {
    encoding: Vec<u8>,
}

/// Why a file holds no revocation list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationListError {
    /// Neither DER nor PEM of a list.
    #[error("neither a revocation list in DER nor one between `-----BEGIN X509 CRL-----` lines")]
    Malformed,
    /// A block of a PEM file, counted from 1: what it revokes would go unseen.
    #[error("revocation list {0} in it cannot be read")]
    MalformedBlock(usize),
    /// More bytes than FORMAT §15 allows.
    #[error("{0} bytes, at most {MAX_BYTE_LEN} are read")]
    TooLong(usize),
}

/// How a certificate stands at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// A list that speaks about the instant does not name it.
    NotRevoked,
    /// No list says anything, and why not.
    Unknown(String),
    /// A list names it.
    Revoked {
        /// From when on.
        since: DateTime<Utc>,
        /// Whether that is not after the instant.
        before: bool,
        /// Whether a list says that a key came into other hands: then even a signature from before may be younger than it says.
        compromised: bool,
    },
}

impl RevocationList {
    /// Takes the list in a DER file, or all lists in a PEM file; other PEM blocks and text around them are skipped. Every entry
    /// is read once, so that a damaged list is refused whole, and the file with it.
    ///
    /// # Errors
    ///
    /// [`RevocationListError`].
    pub fn all_from_bytes(bytes: Vec<u8>) -> Result<Vec<Self>, RevocationListError> {
        if bytes.len() > MAX_BYTE_LEN {
            return Err(RevocationListError::TooLong(bytes.len()));
        }
        if bytes.first() == Some(&SEQUENCE) {
            return Self::from_der(bytes).map(|list| vec![list]).ok_or(RevocationListError::Malformed);
        }
        let mut lists = Vec::new();
        for (number, block) in (1..).zip(CertificateRevocationListDer::pem_slice_iter(&bytes)) {
            let list = block.ok().and_then(|block| Self::from_der(block.to_vec()));
            lists.push(list.ok_or(RevocationListError::MalformedBlock(number))?);
        }
        if lists.is_empty() { Err(RevocationListError::Malformed) } else { Ok(lists) }
    }

    /// Takes one list in DER; none where it is damaged.
    pub(super) fn from_der(encoding: Vec<u8>) -> Option<Self> {
        let list = Self { encoding };
        list.fields().and_then(|fields| fields.walk(|_| Ok(()))).ok()?;
        Some(list)
    }

    /// Returns the list as DER.
    #[must_use]
    pub(super) fn encoding(&self) -> &[u8] {
        &self.encoding
    }

    fn fields(&self) -> Result<Fields<'_>, DerFault> {
        Fields::read(&self.encoding)
    }
}

impl Revocation {
    /// Holds a certificate against all lists that its issuer signed.
    pub(super) fn of(
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
        lists: &[RevocationList],
        instant: DateTime<Utc>,
    ) -> Self {
        let mut unknown = "no revocation list was given for it".to_owned();
        let mut not_revoked = false;
        let mut since: Option<DateTime<Utc>> = None;
        let mut compromised = false;
        for fields in lists.iter().filter_map(|list| list.fields().ok()) {
            match fields.look_up(certificate, issuer, instant) {
                Ok(None) => {}
                Ok(Some(Entry::Absent)) => not_revoked = true,
                Ok(Some(Entry::Revoked(entry))) => {
                    since = Some(since.map_or(entry.since, |since| since.min(entry.since)));
                    compromised |= entry.compromised;
                }
                Err(reason) => unknown = reason,
            }
        }
        match since {
            Some(since) => Revocation::Revoked { since, before: since <= instant, compromised },
            None if not_revoked => Revocation::NotRevoked,
            None => Revocation::Unknown(unknown),
        }
    }
}

/// Identifier, whether it is critical, content.
type Extension<'a> = (ObjectIdentifier, bool, &'a [u8]);

enum Entry {
    Absent,
    Revoked(Listed),
}

/// What an entry of a list says.
#[derive(Clone, Copy)]
struct Listed {
    since: DateTime<Utc>,
    compromised: bool,
}

/// The parts of a `CertificateList`, borrowed.
struct Fields<'a> {
    /// What is signed.
    signed: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    issuer: &'a [u8],
    this_update: DateTime<Utc>,
    next_update: Option<DateTime<Utc>>,
    entries: Option<Value<'a>>,
    extensions: Vec<Extension<'a>>,
}

impl<'a> Fields<'a> {
    fn read(encoding: &'a [u8]) -> Result<Self, DerFault> {
        let mut outer = Value::only(encoding, SEQUENCE)?.fields();
        let list = outer.expect(SEQUENCE)?;
        let algorithm = outer.expect(SEQUENCE)?.content;
        let signature = outer.expect(BIT_STRING)?.whole_bits()?;
        outer.finish()?;

        let mut fields = list.fields();
        if let Some(version) = fields.optional(INTEGER)? {
            version.small_integer()?;
        }
        fields.expect(SEQUENCE)?;
        let issuer = fields.expect(SEQUENCE)?.encoding;
        let this_update = time(&fields.next_value()?)?;
        let next_update = match fields.optional(UTC_TIME)? {
            Some(value) => Some(value),
            None => fields.optional(GENERALIZED_TIME)?,
        };
        let next_update = next_update.map(|value| time(&value)).transpose()?;
        let entries = fields.optional(SEQUENCE)?;
        let extensions = match fields.optional(0xa0)? {
            Some(explicit) => extensions(&explicit.inner(SEQUENCE)?)?,
            None => Vec::new(),
        };
        fields.finish()?;
        Ok(Self { signed: list.encoding, algorithm, signature, issuer, this_update, next_update, entries, extensions })
    }

    /// Reads every entry: its serial number, and what it says.
    fn walk(&self, mut each: impl FnMut((&'a [u8], Listed)) -> Result<(), DerFault>) -> Result<(), DerFault> {
        let Some(entries) = &self.entries else { return Ok(()) };
        let mut rest = entries.fields();
        while let Some(entry) = rest.optional(SEQUENCE)? {
            let mut fields = entry.fields();
            let serial = fields.expect(INTEGER)?.content;
            let mut since = time(&fields.next_value()?)?;
            let mut compromised = false;
            if let Some(list) = fields.optional(SEQUENCE)? {
                for (identifier, _, content) in extensions(&list)? {
                    if identifier == INVALIDITY_DATE {
                        since = since.min(time(&Value::only(content, GENERALIZED_TIME)?)?);
                    } else if identifier == REASON {
                        compromised = COMPROMISES.contains(&Value::only(content, ENUMERATED)?.content);
                    }
                }
            }
            fields.finish()?;
            each((serial, Listed { since, compromised }))?;
        }
        rest.finish()
    }

    /// Returns none when the list is another issuer's, and the reason when it cannot say anything.
    fn look_up(
        &self,
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
        instant: DateTime<Utc>,
    ) -> Result<Option<Entry>, String> {
        if self.issuer != certificate.issuer || self.issuer != issuer.subject {
            return Ok(None);
        }
        if !may_sign_lists(issuer) {
            return Err("its issuer may not sign revocation lists".to_owned());
        }
        if !self.is_signed_by(issuer) {
            return Err("the list in its issuer's name is not signed by its issuer".to_owned());
        }
        let scope = self.scope(certificate)?;
        let mut found = None;
        let walked = self.walk(|(serial, entry)| {
            if serial == certificate.serial {
                let before: Listed = found.unwrap_or(entry);
                let compromised = before.compromised || entry.compromised;
                found = Some(Listed { since: before.since.min(entry.since), compromised });
            }
            Ok(())
        });
        walked.map_err(|_| "the list cannot be read".to_owned())?;
        if let Some(entry) = found {
            return Ok(Some(Entry::Revoked(entry)));
        }
        if scope == Scope::Other {
            return Err("the list is about other certificates of its issuer".to_owned());
        }
        // RFC 5280 §5.1.2.5 demands it: without it a list would clear its issuer's certificates for ever.
        let Some(next_update) = self.next_update else {
            return Err("the list does not say until when it holds".to_owned());
        };
        if next_update < instant {
            return Err(format!("the list ended at {}, before {}", next_update.to_rfc3339(), instant.to_rfc3339()));
        }
        if self.this_update > instant && self.this_update > certificate.not_after {
            return Err(format!("the list of {} is later than the certificate's end", self.this_update.to_rfc3339()));
        }
        Ok(Some(Entry::Absent))
    }

    fn is_signed_by(&self, issuer: &Certificate<'_>) -> bool {
        webpki::ALL_VERIFICATION_ALGS.iter().any(|candidate| {
            candidate.signature_alg_id().as_ref() == self.algorithm
                && candidate.public_key_alg_id().as_ref() == issuer.key_algorithm
                && candidate.verify_signature(issuer.key, self.signed, self.signature).is_ok()
        })
    }

    /// Says whether the list is about a certificate like this one; every critical extension has to be known for that.
    fn scope(&self, certificate: &Certificate<'_>) -> Result<Scope, String> {
        let mut scope = Scope::This;
        for (identifier, critical, content) in &self.extensions {
            if *identifier == DELTA {
                return Err("the list is a delta list, which says only what changed".to_owned());
            } else if *identifier == DISTRIBUTION_POINT {
                let unreadable = |_| "the list's distribution point cannot be read".to_owned();
                scope = distribution(content, certificate).map_err(unreadable)?.unwrap_or(Scope::Other);
            } else if *critical {
                return Err(format!("the list has the critical extension {identifier}, which is unknown"));
            }
        }
        Ok(scope)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Other,
    This,
}

/// Reads an `IssuingDistributionPoint` (RFC 5280 §5.2.5); none when it is of a sort that is not used.
fn distribution(content: &[u8], certificate: &Certificate<'_>) -> Result<Option<Scope>, DerFault> {
    let mut fields = Value::only(content, SEQUENCE)?.fields();
    let mut scope = Scope::This;
    if let Some(point) = fields.optional(0xa0)? {
        let wanted = full_names(&point)?;
        if !stated_points(certificate)?.iter().any(|name| wanted.contains(name)) {
            scope = Scope::Other;
        }
    }
    let mut flags = [false; 5];
    for (tag, flag) in [0x81, 0x82, 0x83, 0x84, 0x85].into_iter().zip(&mut flags) {
        // A flag that is written down at all narrows the list; DER leaves out those that are false.
        *flag = fields.optional(tag)?.is_some();
    }
    fields.finish()?;
    let [users_only, authorities_only, some_reasons, indirect, attributes_only] = flags;
    if some_reasons || indirect || attributes_only {
        return Ok(None);
    }
    let is_other = if is_authority(certificate) { users_only } else { authorities_only };
    Ok(Some(if is_other { Scope::Other } else { scope }))
}

/// Returns the encodings of the general names of a `DistributionPointName` in its explicit tag.
fn full_names<'a>(point: &Value<'a>) -> Result<Vec<&'a [u8]>, DerFault> {
    let mut fields = point.fields();
    let names = fields.optional(0xa0)?.map(|names| names.fields().remaining()).transpose()?.unwrap_or_default();
    Ok(names.into_iter().map(|name| name.encoding).collect())
}

fn stated_points<'a>(certificate: &Certificate<'a>) -> Result<Vec<&'a [u8]>, DerFault> {
    let Some((_, content)) = certificate.extension(STATED_POINTS) else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for point in Value::only(content, SEQUENCE)?.fields().remaining()? {
        if let Some(name) = point.with_tag(SEQUENCE)?.fields().optional(0xa0)? {
            names.extend(full_names(&name)?);
        }
    }
    Ok(names)
}

fn extensions<'a>(list: &Value<'a>) -> Result<Vec<Extension<'a>>, DerFault> {
    let read = |value: Value<'a>| {
        let mut fields = value.with_tag(SEQUENCE)?.fields();
        let identifier = fields.expect(OBJECT_IDENTIFIER)?.object_identifier()?;
        let critical = fields.optional(BOOLEAN)?.map_or(Ok(false), |critical| critical.boolean())?;
        let content = fields.expect(OCTET_STRING)?.content;
        fields.finish()?;
        Ok((identifier, critical, content))
    };
    list.fields().remaining()?.into_iter().map(read).collect()
}

/// 32 MiB: FORMAT §15; the largest lists of public authorities have 10 to 20 MB.
const MAX_BYTE_LEN: usize = 32 << 20;
/// deltaCRLIndicator.
const DELTA: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.27");
/// issuingDistributionPoint.
const DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
/// cRLDistributionPoints of a certificate.
const STATED_POINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.31");
/// invalidityDate of an entry.
const INVALIDITY_DATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");
/// reasonCode of an entry.
const REASON: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
/// Tag of an ENUMERATED.
const ENUMERATED: u8 = 0x0a;
/// keyCompromise and cACompromise (RFC 5280 §5.3.1).
const COMPROMISES: [&[u8]; 2] = [&[1], &[2]];

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use rcgen::{CertificateRevocationListParams, CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope};

    use super::super::SignerCertificates;
    use super::super::forge::{Chain, authorities, instant, revoked};
    use super::*;

    const NOW: &str = "2026-11-22T06:31:00Z";

    fn read(der: Vec<u8>) -> RevocationList {
        RevocationList::all_from_bytes(der).expect("a list").remove(0)
    }

    fn standing(chain: &Chain, lists: &[Vec<u8>]) -> Vec<Revocation> {
        let certificates = SignerCertificates::from_pem(&chain.pem()).expect("certificates");
        let path = certificates.check_path(&authorities(&chain.root_pem), instant(NOW)).expect("a path");
        let lists: Vec<_> = lists.iter().map(|list| read(list.clone())).collect();
        path.check_revocation(&lists, instant(NOW)).into_iter().map(|(_, standing)| standing).collect()
    }

    fn of_signer(chain: &Chain, edit: impl FnOnce(&mut CertificateRevocationListParams)) -> Revocation {
        standing(chain, &[chain.list(edit)]).remove(0)
    }

    fn reason(standing: Revocation) -> String {
        match standing {
            Revocation::Unknown(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_certificate_is_held_against_its_own_issuers_list() {
        let chain = Chain::good();
        let lists = [chain.list(|_| ()), chain.root_list(|_| ())];
        assert_eq!(standing(&chain, &lists), [Revocation::NotRevoked, Revocation::NotRevoked]);
        let none = Revocation::Unknown("no revocation list was given for it".to_owned());
        assert_eq!(standing(&chain, &lists[..1]), [Revocation::NotRevoked, none.clone()]);
        assert_eq!(standing(&chain, &[]), [none.clone(), none]);
        let root = chain.root_list(|params| params.revoked_certs = vec![revoked(0x22, "2026-11-01T00:00:00Z")]);
        let since = instant("2026-11-01T00:00:00Z");
        assert_eq!(standing(&chain, &[root])[1], Revocation::Revoked { since, before: true, compromised: false });
    }

    #[test]
    fn a_revocation_counts_from_its_date_on() {
        let chain = Chain::good();
        for (date, before) in [("2026-11-22T06:31:00Z", true), ("2026-11-22T06:31:01Z", false)] {
            let found =
                of_signer(&chain, |params| params.revoked_certs = vec![revoked(0x12, NOW), revoked(0x11, date)]);
            assert_eq!(found, Revocation::Revoked { since: instant(date), before, compromised: false });
        }
        let mut entry = revoked(0x11, "2026-11-23T00:00:00Z");
        entry.invalidity_date = Some(SystemTime::from(instant("2026-11-10T00:00:00Z")).into());
        let found = of_signer(&chain, |params| params.revoked_certs = vec![entry]);
        assert_eq!(
            found,
            Revocation::Revoked { since: instant("2026-11-10T00:00:00Z"), before: true, compromised: false }
        );
    }

    #[test]
    fn a_lost_key_is_told_from_other_reasons() {
        use rcgen::RevocationReason as Reason;
        let chain = Chain::good();
        for (reason, lost) in [
            (Reason::KeyCompromise, true),
            (Reason::CaCompromise, true),
            (Reason::Superseded, false),
            (Reason::CessationOfOperation, false),
        ] {
            let mut entry = revoked(0x11, "2026-11-23T00:00:00Z");
            entry.reason_code = Some(reason);
            // Named twice, a key is lost if one entry says so.
            let found = of_signer(&chain, |params| {
                params.revoked_certs = vec![entry, revoked(0x11, "2026-11-24T00:00:00Z")];
            });
            let since = instant("2026-11-23T00:00:00Z");
            assert_eq!(found, Revocation::Revoked { since, before: false, compromised: lost });
        }
    }

    #[test]
    fn a_list_that_does_not_speak_about_the_instant_says_nothing() {
        let chain = Chain::good();
        let over = |params: &mut CertificateRevocationListParams| {
            params.next_update = SystemTime::from(instant("2026-11-21T00:00:00Z")).into();
        };
        assert!(reason(of_signer(&chain, over)).starts_with("the list ended at 2026-11-21T00:00:00+00:00, before"));
        let late = |params: &mut CertificateRevocationListParams| {
            params.this_update = SystemTime::from(instant("2028-02-01T00:00:00Z")).into();
            params.next_update = SystemTime::from(instant("2028-02-08T00:00:00Z")).into();
        };
        assert!(reason(of_signer(&chain, late)).ends_with("is later than the certificate's end"));
        let later = |params: &mut CertificateRevocationListParams| {
            params.this_update = SystemTime::from(instant("2027-02-01T00:00:00Z")).into();
            params.next_update = SystemTime::from(instant("2027-02-08T00:00:00Z")).into();
        };
        assert_eq!(of_signer(&chain, later), Revocation::NotRevoked);
    }

    #[test]
    fn a_list_without_an_end_revokes_and_never_clears() {
        let chain = Chain::good();
        let clear = chain.endless_list(Vec::new());
        let found = standing(&chain, std::slice::from_ref(&clear)).remove(0);
        assert_eq!(reason(found), "the list does not say until when it holds");
        assert_eq!(standing(&chain, &[clear, chain.list(|_| ())])[0], Revocation::NotRevoked);
        let revoked = chain.endless_list(vec![revoked(0x11, NOW)]);
        let since = instant(NOW);
        assert_eq!(standing(&chain, &[revoked])[0], Revocation::Revoked { since, before: true, compromised: false });
    }

    #[test]
    fn a_list_by_somebody_else_in_the_issuers_name_says_nothing() {
        let (chain, other) = (Chain::good(), Chain::good());
        let forged = other.list(|params| params.revoked_certs = vec![revoked(0x11, "2026-11-01T00:00:00Z")]);
        let found = standing(&chain, &[forged]).remove(0);
        assert_eq!(reason(found), "the list in its issuer's name is not signed by its issuer");
        let chain = Chain::with_intermediate(|params| params.key_usages.truncate(1));
        // rcgen will not sign a list for such an issuer; the name and the key are the same with the right key usage.
        let standing = Revocation::of(
            &Certificate::read(&chain_parts(&chain).0).expect("a signer"),
            &Certificate::read(&chain_parts(&chain).1).expect("an intermediate"),
            &[read(Chain::good().list(|_| ()))],
            instant(NOW),
        );
        assert_eq!(reason(standing), "its issuer may not sign revocation lists");
    }

    fn chain_parts(chain: &Chain) -> (Vec<u8>, Vec<u8>) {
        let certificates = SignerCertificates::from_pem(&chain.pem()).expect("certificates");
        let mut encodings = certificates.encodings().map(<[u8]>::to_vec);
        (encodings.next().expect("a signer"), encodings.next().expect("an intermediate"))
    }

    #[test]
    fn a_list_of_another_scope_clears_nobody() {
        let point = |uri: &str| CrlDistributionPoint { uris: vec![uri.to_owned()] };
        let chain =
            Chain::with_signer(|params| params.crl_distribution_points = vec![point("http://crl.example/1.crl")]);
        let of = |uri: &str, scope| {
            let idp = CrlIssuingDistributionPoint { distribution_point: point(uri), scope };
            of_signer(&chain, |params| params.issuing_distribution_point = Some(idp))
        };
        assert_eq!(of("http://crl.example/1.crl", None), Revocation::NotRevoked);
        assert_eq!(of("http://crl.example/1.crl", Some(CrlScope::UserCertsOnly)), Revocation::NotRevoked);
        let other = "the list is about other certificates of its issuer";
        assert_eq!(reason(of("http://crl.example/2.crl", None)), other);
        assert_eq!(reason(of("http://crl.example/1.crl", Some(CrlScope::CaCertsOnly))), other);
    }

    #[test]
    fn a_list_is_read_from_der_and_pem_and_refused_when_damaged() {
        let der = Chain::good().list(|params| params.revoked_certs = vec![revoked(0x11, NOW)]);
        assert_eq!(read(pem("X509 CRL", &der).into_bytes()).encoding, der);
        for bytes in [&b""[..], b"x", &der[1..], &der[..der.len() - 1], &[der.clone(), vec![0]].concat()] {
            let refused = RevocationList::all_from_bytes(bytes.to_vec());
            assert!(matches!(refused, Err(RevocationListError::Malformed)));
        }
    }

    #[test]
    fn every_list_of_a_pem_file_is_read_or_none() {
        let chain = Chain::good();
        let [clear, revoked] = [vec![], vec![revoked(0x11, "2026-11-01T00:00:00Z")]]
            .map(|revoked| chain.list(|params| params.revoked_certs = revoked));
        let root = pem("CERTIFICATE", b"?");
        let [clear, revoked] = [clear, revoked].map(|list| pem("X509 CRL", &list));
        let all = |text: String| RevocationList::all_from_bytes(text.into_bytes());
        let lists = all(format!("old\n{clear}{root}new\n{revoked}\n")).expect("two lists");
        assert_eq!(lists.len(), 2);
        let encodings: Vec<_> = lists.into_iter().map(|list| list.encoding).collect();
        assert!(matches!(standing(&chain, &encodings)[0], Revocation::Revoked { before: true, .. }));
        let cut = revoked.split_once("-----END").expect("an end").0;
        for bad in [&pem("X509 CRL", b"?"), &revoked.replace("MI", "M!"), cut] {
            let refused = all(format!("{clear}{bad}"));
            assert!(matches!(refused, Err(RevocationListError::MalformedBlock(2))), "{refused:?}");
        }
        assert!(matches!(all(root), Err(RevocationListError::Malformed)));
    }

    fn pem(label: &str, der: &[u8]) -> String {
        pkcs8::der::pem::encode_string(label, pkcs8::der::pem::LineEnding::LF, der).expect("a block")
    }

    /// A list of 10 MB: what a large authority publishes.
    #[test]
    fn a_list_of_300_000_entries_is_one_walk() {
        let chain = Chain::good();
        let entry = [0x30, 0x20, 0x02, 0x0f].into_iter().chain([0x33; 15]).chain(*b"\x17\x0d261101000000Z");
        let entries: Vec<u8> = entry.collect::<Vec<_>>().repeat(300_000);
        let entries = crate::codec::der::encode(SEQUENCE, &[&entries]);
        let list = read(chain.list(|_| ()));
        let issuer = list.fields().expect("fields").issuer.to_vec();
        let algorithm = crate::codec::der::encode(SEQUENCE, &[list.fields().expect("fields").algorithm]);
        let date = crate::codec::der::encode(UTC_TIME, &[b"261101000000Z"]);
        let signed = crate::codec::der::encode(SEQUENCE, &[&[2, 1, 1], &algorithm, &issuer, &date, &entries]);
        let bytes = crate::codec::der::encode(SEQUENCE, &[&signed, &algorithm, &[3, 2, 0, 0]]);
        assert!(bytes.len() > 10_000_000);
        let list = read(bytes);
        let mut count = 0;
        let walked = list.fields().expect("fields").walk(|_| {
            count += 1;
            Ok(())
        });
        walked.expect("entries");
        assert_eq!(count, 300_000);
    }
}
