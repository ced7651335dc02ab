//! What a token states (`TSTInfo`, RFC 3161 §2.4.2): which digest, when, under which policy, in answer to what.
//!
//! The content is DER by its standard, whatever surrounds it, and is read so: defaults are not written, integers are
//! minimal.

use std::time::Duration;

use chrono::{DateTime, Utc};
use const_oid::ObjectIdentifier;

use super::algorithm::AlgorithmIdentifier;
use super::certificate::name_text;
use super::fault::TimestampFault;
use super::imprint::Imprint;
use super::instant::gen_time;
use super::{at, nonce_integer};
use crate::codec::der::{
    BOOLEAN, DerFault, DerProblem, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, Value,
};

/// `TSTInfo`, unjudged.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) policy: ObjectIdentifier,
    pub(super) imprint_algorithm: AlgorithmIdentifier,
    pub(super) imprint: Vec<u8>,
    pub(super) serial: Vec<u8>,
    pub(super) gen_time: DateTime<Utc>,
    pub(super) accuracy: Option<Duration>,
    pub(super) ordering: bool,
    pub(super) nonce: Option<Vec<u8>>,
    pub(super) authority: Option<String>,
    pub(super) critical_extensions: Vec<ObjectIdentifier>,
}

impl Statement {
    /// Reads the content of the signed data, an OCTET STRING.
    pub(super) fn read(content: &Value<'_>) -> Result<Self, TimestampFault> {
        let fault = at("TSTInfo");
        let mut fields = content.inner(SEQUENCE).map_err(fault)?.fields();
        let version = fields.expect(INTEGER).and_then(|v| v.small_integer()).map_err(fault)?;
        if version != 1 {
            return Err(TimestampFault::Version { place: "TSTInfo", claimed: version });
        }
        let policy = fields.expect(OBJECT_IDENTIFIER).and_then(|v| v.object_identifier()).map_err(at("policy"))?;
        let message_imprint = fields.expect(SEQUENCE).map_err(fault)?;
        let (imprint_algorithm, imprint) = read_imprint(&message_imprint).map_err(at("messageImprint"))?;
        let serial = fields.expect(INTEGER).and_then(|v| v.integer()).map_err(at("serialNumber"))?.to_vec();
        let time = fields.expect(GENERALIZED_TIME).map_err(at("genTime"))?.content;
        let gen_time = gen_time(time)
            .ok_or_else(|| TimestampFault::GenTimeMalformed { claimed: time.escape_ascii().to_string() })?;
        let accuracy = fields.optional(SEQUENCE).and_then(|value| value.as_ref().map(read_accuracy).transpose());
        let accuracy = accuracy.map_err(at("accuracy"))?;
        let ordering = match fields.optional(BOOLEAN).map_err(at("ordering"))? {
            None => false,
            Some(value) => match value.boolean() {
                Ok(true) => true,
                // The content is DER by RFC 3161 §2.4.2: a default value is not written.
                _ => return Err(at("ordering")(DerFault { offset: value.offset, problem: DerProblem::Boolean })),
            },
        };
        let nonce = fields.optional(INTEGER).and_then(|value| value.map(|value| value.integer()).transpose());
        let nonce = nonce.map_err(at("nonce"))?.map(<[u8]>::to_vec);
        let authority = fields.optional(0xa0).and_then(|value| value.map(|value| read_authority(&value)).transpose());
        let authority = authority.map_err(at("tsa"))?;
        let extensions = fields.optional(0xa1).and_then(|value| value.as_ref().map(critical_extensions).transpose());
        let critical_extensions = extensions.map_err(at("extensions"))?.unwrap_or_default();
        fields.finish().map_err(fault)?;
        Ok(Self {
            policy,
            imprint_algorithm,
            imprint,
            serial,
            gen_time,
            accuracy,
            ordering,
            nonce,
            authority,
            critical_extensions,
        })
    }

    /// Holds the statement against what the caller knows; see `Token::check`.
    pub(super) fn check(
        &self,
        imprint: Imprint<'_>,
        nonce: Option<[u8; 8]>,
        accepted_policies: Option<&[String]>,
    ) -> Vec<TimestampFault> {
        let Self { imprint_algorithm, imprint: claimed, .. } = self;
        let mut faults = Vec::new();
        if imprint_algorithm.algorithm != imprint.algorithm() || !imprint_algorithm.has_no_parameters() {
            faults.push(TimestampFault::ImprintAlgorithm { claimed: imprint_algorithm.algorithm.to_string() });
        } else if claimed != imprint.bytes() {
            let (claimed, computed) =
                (data_encoding::HEXLOWER.encode(claimed), data_encoding::HEXLOWER.encode(imprint.bytes()));
            faults.push(TimestampFault::ImprintMismatch { claimed, computed });
        }
        if let Some(nonce) = nonce {
            let claimed = self.nonce.as_deref();
            let computed = nonce_integer(nonce);
            if claimed != Value::only(&computed, INTEGER).ok().map(|value| value.content) {
                faults.push(TimestampFault::NonceMismatch {
                    claimed: claimed.map(|claimed| data_encoding::HEXLOWER.encode(claimed)),
                    computed: data_encoding::HEXLOWER.encode(&nonce),
                });
            }
        }
        if let Some(accepted) = accepted_policies {
            let claimed = self.policy.to_string();
            if !accepted.contains(&claimed) {
                faults.push(TimestampFault::PolicyNotAccepted { claimed, accepted: accepted.to_vec() });
            }
        }
        faults.extend(self.critical_extensions.iter().map(|extension| TimestampFault::UnknownCriticalExtension {
            place: "TSTInfo",
            claimed: extension.to_string(),
        }));
        faults
    }
}

fn read_imprint(value: &Value<'_>) -> Result<(AlgorithmIdentifier, Vec<u8>), DerFault> {
    let mut fields = value.fields();
    let algorithm = AlgorithmIdentifier::read(&fields.expect(SEQUENCE)?)?;
    let digest = fields.expect(OCTET_STRING)?.content.to_vec();
    fields.finish()?;
    Ok((algorithm, digest))
}

fn read_accuracy(value: &Value<'_>) -> Result<Duration, DerFault> {
    let mut fields = value.fields();
    let seconds = fields.optional(INTEGER)?.map_or(Ok(0), |value| value.small_integer())?;
    let mut thousandths = |tag| match fields.optional(tag)? {
        None => Ok(0),
        Some(value) => value.small_integer().and_then(|number| {
            let problem = DerFault { offset: value.offset, problem: DerProblem::Integer };
            if (1..1000).contains(&number) { Ok(u64::from(number)) } else { Err(problem) }
        }),
    };
    let (millis, micros) = (thousandths(0x80)?, thousandths(0x81)?);
    fields.finish()?;
    Ok(Duration::from_secs(seconds.into()) + Duration::from_millis(millis) + Duration::from_micros(micros))
}

/// Reads `tsa [0] GeneralName`: a directory name as text, any other kind as its bytes.
fn read_authority(value: &Value<'_>) -> Result<String, DerFault> {
    let mut fields = value.fields();
    let name = fields.next_value()?;
    fields.finish()?;
    if name.tag == 0xa4 {
        return Ok(name_text(name.inner(SEQUENCE)?.encoding));
    }
    Ok(data_encoding::HEXLOWER.encode(name.encoding))
}

/// Returns the identifiers of the critical extensions. We know none, so each of them is a fault.
fn critical_extensions(value: &Value<'_>) -> Result<Vec<ObjectIdentifier>, DerFault> {
    let mut critical = Vec::new();
    for extension in value.fields().remaining()? {
        let mut fields = extension.with_tag(SEQUENCE)?.fields();
        let identifier = fields.expect(OBJECT_IDENTIFIER)?.object_identifier()?;
        if fields.optional(BOOLEAN)?.map_or(Ok(false), |value| value.boolean())? {
            critical.push(identifier);
        }
        fields.expect(OCTET_STRING)?;
        fields.finish()?;
    }
    Ok(critical)
}

#[cfg(test)]
mod tests {
    use super::super::algorithm;
    use super::super::forge::{
        ACCURACY, Authority, EXTENSIONS, Forge, IMPRINT, MESSAGE_IMPRINT, NONCE, ORDERING, POLICY, TIME, VERSION,
        message_imprint,
    };
    use super::super::{nonce_for, parse_response};
    use super::*;
    use crate::codec::der::{encode, encode_unsigned};

    fn codes(change: impl FnOnce(&mut Forge<'_>)) -> Vec<&'static str> {
        let authority = Authority::good();
        let mut forge = authority.forge();
        change(&mut forge);
        forge.codes()
    }

    fn extension(critical: &[u8]) -> Vec<u8> {
        let identifier = encode(OBJECT_IDENTIFIER, &[POLICY.as_bytes()]);
        encode(0xa1, &[&encode(SEQUENCE, &[&identifier, critical, &encode(OCTET_STRING, &[b"?"])])])
    }

    #[test]
    fn an_imprint_of_other_bytes_is_reported_with_both_digests() {
        let authority = Authority::good();
        let mut forge = authority.forge();
        forge.statement[MESSAGE_IMPRINT] = message_imprint(algorithm::SHA_256, &[0xb6; 32]);
        assert_eq!(forge.codes(), ["timestamp-imprint-mismatch"]);
        let faults = forge.parse().check(&IMPRINT, None, None);
        let rows =
            format!("timestamp-imprint-mismatch\n  claimed   {}\n  computed  {}", "b6".repeat(32), "a5".repeat(32));
        assert_eq!(faults.iter().map(ToString::to_string).collect::<Vec<_>>(), [rows]);
    }

    #[test]
    fn an_imprint_of_another_length_is_a_mismatch() {
        for digest in [&[0xa5_u8; 31][..], &[0xa5; 33], &[]] {
            let changed = message_imprint(algorithm::SHA_256, digest);
            assert_eq!(codes(|forge| forge.statement[MESSAGE_IMPRINT] = changed), ["timestamp-imprint-mismatch"]);
        }
    }

    #[test]
    fn sha_1_md5_and_unknown_imprints_are_refused() {
        for identifier in ["1.3.14.3.2.26", "1.2.840.113549.2.5", "2.16.840.1.101.3.4.2.3", "1.2.3.4"] {
            let changed = message_imprint(ObjectIdentifier::new_unwrap(identifier), &IMPRINT);
            assert_eq!(codes(|forge| forge.statement[MESSAGE_IMPRINT] = changed), ["timestamp-imprint-algorithm"]);
        }
    }

    #[test]
    fn another_nonce_or_none_is_a_mismatch() {
        for nonce in [vec![], encode_unsigned(&[1]), encode(INTEGER, &[&[0xff]]), encode_unsigned(&[0x7f; 40])] {
            assert_eq!(codes(|forge| forge.statement[NONCE] = nonce), ["timestamp-nonce-mismatch"]);
        }
    }

    #[test]
    fn a_nonce_is_not_asked_for_where_the_caller_has_none() {
        let authority = Authority::good();
        let mut forge = authority.forge();
        forge.statement[NONCE] = Vec::new();
        assert_eq!(forge.parse().check(&IMPRINT, None, None), []);
    }

    #[test]
    fn a_policy_outside_the_callers_list_is_reported() {
        let authority = Authority::good();
        let token = authority.forge().parse();
        for accepted in [vec![], vec!["1.3.6.1.4.1.55555.1.2".to_owned()]] {
            let faults = token.check(&IMPRINT, Some(nonce_for(&IMPRINT)), Some(&accepted));
            assert_eq!(faults, [TimestampFault::PolicyNotAccepted { claimed: POLICY.to_string(), accepted }]);
        }
    }

    #[test]
    fn critical_extensions_are_refused_and_others_passed_over() {
        assert_eq!(codes(|forge| forge.statement[EXTENSIONS] = extension(b"")), [""; 0]);
        let critical = extension(&encode(BOOLEAN, &[&[0xff]]));
        assert_eq!(codes(|forge| forge.statement[EXTENSIONS] = critical), ["timestamp-unknown-critical-extension"]);
    }

    #[test]
    fn times_without_a_fraction_pass_and_ill_written_ones_do_not() {
        let with = |text: &str| {
            let time = encode(GENERALIZED_TIME, &[text.as_bytes()]);
            codes(|forge| forge.statement[TIME] = time)
        };
        assert_eq!(with("20260722101112Z"), [""; 0]);
        for text in ["20260722101112.2110Z", "202607221011Z", "20260722101112.211+0200", "20260722101112.211", "\u{7}"]
        {
            assert_eq!(with(text), ["timestamp-gentime-malformed"]);
        }
    }

    #[test]
    fn accuracies_are_read_in_all_their_forms() {
        let authority = Authority::good();
        let with = |fields: &[&[u8]]| {
            let mut forge = authority.forge();
            forge.statement[ACCURACY] = encode(SEQUENCE, fields);
            parse_response(&forge.response()).map(|token| token.accuracy()).map_err(|fault| fault.code())
        };
        assert_eq!(with(&[]), Ok(Some(Duration::ZERO)));
        assert_eq!(with(&[&encode_unsigned(&[0x0e, 0x10])]), Ok(Some(Duration::from_hours(1))));
        assert_eq!(with(&[&encode(0x80, &[&[1]])]), Ok(Some(Duration::from_millis(1))));
        assert_eq!(with(&[&encode(0x81, &[&[3, 0xe7]])]), Ok(Some(Duration::from_micros(999))));
        let malformed = Err("timestamp-malformed");
        assert_eq!(with(&[&encode(0x80, &[&[3, 0xe8]])]), malformed);
        assert_eq!(with(&[&encode(0x80, &[&[0]])]), malformed);
        assert_eq!(with(&[&encode(INTEGER, &[&[0xff]])]), malformed);
        assert_eq!(with(&[&encode_unsigned(&[0xff; 1000])]), malformed);
    }

    #[test]
    fn another_statement_version_is_refused() {
        assert_eq!(codes(|forge| forge.statement[VERSION] = encode_unsigned(&[2])), ["timestamp-version"]);
    }

    #[test]
    fn a_default_that_is_written_out_is_not_der() {
        assert_eq!(codes(|forge| forge.statement[ORDERING] = encode(BOOLEAN, &[&[0]])), ["timestamp-malformed"]);
        assert_eq!(codes(|forge| forge.statement[ORDERING] = Vec::new()), [""; 0]);
    }

    #[test]
    fn fields_after_the_last_one_are_malformed() {
        assert_eq!(codes(|forge| forge.statement.push(vec![5, 0])), ["timestamp-malformed"]);
    }
}
