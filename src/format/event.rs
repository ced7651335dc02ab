//! The custody event: one act, by one person, signed by that person's own key (FORMAT §§20.2, 20.3).
//!
//! What an event may say depends on its kind; [`Act`] is both in one, so that no event can be written whose details are those
//! of another kind. Which event may follow which is no matter of form: see [`crate::custody`].

use std::fmt;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::Document;
use super::identifier::{AcquisitionId, MatterId, PackageId};
use super::line::Line;
use super::statement::Statement;
use crate::crypto::digest::{EventDigest, FileDigest, GenesisDigest, LedgerName, SealDigest, WideDigest};
use crate::crypto::signature::Fingerprint;
use crate::time::LocalTime;

/// EVENT of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The document's role.
    pub r#type: EventType,
    /// Whose chain of custody.
    pub matter: MatterId,
    /// The digest of the first line; null in the first.
    pub ledger: Option<LedgerName>,
    /// From 1, without gaps.
    pub sequence: u64,
    /// The digest of the line before; null in the first.
    pub previous: Option<EventDigest>,
    /// The actor's clock.
    pub time: LocalTime,
    /// Who acted.
    pub actor: Actor,
    /// On which packages.
    pub packages: Vec<PackageName>,
    /// What was done. Members `kind` and `details`. What is unknown here has no canonical encoding and is refused by that.
    #[serde(flatten)]
    pub act: Act,
    /// The key that signs the event.
    pub key: Fingerprint,
}

/// The only value of an event's `type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventType {
    /// Version 1.
    #[default]
    #[serde(rename = "signhold/event/v1")]
    V1,
}

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The person.
    pub name: Line,
    /// In what capacity.
    pub role: ActorRole,
    /// For whom.
    pub organisation: Option<Line>,
}

/// In what capacity somebody acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorRole {
    /// A lawyer.
    Counsel,
    /// Whose data it is.
    Custodian,
    /// A notary.
    Notary,
    /// Who runs the tool.
    Operator,
    /// Who takes packages over.
    Receiver,
    /// Who saw it done.
    Witness,
}

/// A package as it was handed from person to person: its name, and the digests that fix it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageName {
    /// Its identifier.
    pub package: PackageId,
    /// Digest of its `seal/seal.json`.
    pub seal_sha256: SealDigest,
    /// Digest of the whole ZIP.
    pub archive_sha256: FileDigest,
    /// Length of the whole ZIP in bytes.
    pub byte_len: u64,
}

/// What was done: the members `kind` and `details`, in the order of FORMAT §20.3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "details", rename_all = "kebab-case")]
#[allow(
    missing_docs,
    reason = "the table of FORMAT §20.3 says what each is; `Remark` and the others below say the rest"
)]
pub enum Act {
    Opened(Opening),
    Collected(Collection),
    Sealed(Sealing),
    Copied(Remark),
    Transferred(Transfer),
    Received(Receipt),
    Verified(Remark),
    Exported(Remark),
    Stored(Remark),
    Renewed(Renewal),
    Countersigned(Countersignature),
    Disposed(Remark),
    Noted(Remark),
    KeyRevoked(Revocation),
}

/// Details of `opened`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The case's title.
    pub title: Option<Line>,
    /// For whom.
    pub organisation: Option<Line>,
    /// By what authority.
    pub authority: Option<Line>,
}

/// Details of `collected`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// Which acquisition.
    pub acquisition: AcquisitionId,
    /// Its signed plan.
    pub genesis_sha256: GenesisDigest,
    /// Pages kept.
    pub pages: u64,
    /// Requests that brought no page.
    pub failures: u64,
}

/// Details of `sealed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealing {
    /// Of which acquisition.
    pub acquisition: AcquisitionId,
    /// The seal's own time.
    pub created: LocalTime,
    /// The key that signed the seal.
    pub signer: Fingerprint,
}

/// Details of the kinds that only say something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// In the actor's words.
    pub text: Statement,
}

/// Details of `transferred`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Who is to have the packages.
    pub to: Recipient,
    /// In the giver's words.
    pub text: Option<Statement>,
}

/// Who is to have packages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// The person.
    pub name: Line,
    /// For whom.
    pub organisation: Option<Line>,
    /// The key that must sign the receipt, where the giver knows it.
    pub key: Option<Fingerprint>,
}

/// Details of `received`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The sequence of the `transferred` event.
    pub transfer: u64,
    /// The digest of its line.
    pub transfer_sha256: EventDigest,
    /// In the receiver's words.
    pub text: Option<Statement>,
}

/// Details of `renewed` (FORMAT §20.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// TimeStampResp in DER and base64.
    pub tokens: Vec<String>,
    /// The digests in the renewal's text: the whole ZIP, then each token of the renewals before.
    pub over: Vec<WideDigest>,
}

/// Details of `countersigned`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Countersignature {
    /// What the second person says.
    pub statement: Statement,
}

/// Details of `key-revoked`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// Which key is not to be trusted any more.
    pub key: Fingerprint,
    /// From when on.
    pub since: LocalTime,
    /// Why.
    pub reason: Line,
}

impl Renewal {
    /// Makes the details of a renewal.
    #[must_use]
    pub fn new(responses: &[Vec<u8>], over: Vec<WideDigest>) -> Self {
        Self { tokens: responses.iter().map(|response| BASE64.encode(response)).collect(), over }
    }

    /// Returns the tokens as their authorities sent them; none where one of them is not base64.
    #[must_use]
    pub fn responses(&self) -> Option<Vec<Vec<u8>>> {
        self.tokens.iter().map(|token| BASE64.decode(token.as_bytes()).ok()).collect()
    }
}

impl Act {
    /// Returns the value of `kind`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Opened(_) => "opened",
            Self::Collected(_) => "collected",
            Self::Sealed(_) => "sealed",
            Self::Copied(_) => "copied",
            Self::Transferred(_) => "transferred",
            Self::Received(_) => "received",
            Self::Verified(_) => "verified",
            Self::Exported(_) => "exported",
            Self::Stored(_) => "stored",
            Self::Renewed(_) => "renewed",
            Self::Countersigned(_) => "countersigned",
            Self::Disposed(_) => "disposed",
            Self::Noted(_) => "noted",
            Self::KeyRevoked(_) => "key-revoked",
        }
    }
}

impl fmt::Display for ActorRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counsel => "counsel",
            Self::Custodian => "custodian",
            Self::Notary => "notary",
            Self::Operator => "operator",
            Self::Receiver => "receiver",
            Self::Witness => "witness",
        })
    }
}

impl Document for Event {
    const TYPE: &'static str = "signhold/event/v1";
    const MAX_BYTE_LEN: u64 = MAX_EVENT_BYTE_LEN;
}

/// 1 MiB less what a line adds: FORMAT §20.8.
const MAX_EVENT_BYTE_LEN: u64 = (1 << 20) - 189;

#[cfg(test)]
pub(crate) fn example(act: Act) -> Event {
    Event {
        r#type: EventType::V1,
        matter: "ACME-2026-014".parse().expect("a matter"),
        ledger: Some(LedgerName([7; 32])),
        sequence: 2,
        previous: Some(EventDigest([8; 32])),
        time: "2026-11-22T06:31:00.000Z".parse().expect("a clock reading"),
        actor: Actor { name: "R. Roe".parse().expect("a line"), role: ActorRole::Operator, organisation: None },
        packages: Vec::new(),
        act,
        key: "503d8ee46d581c649966569ae095e27041de83322e8e0480e5539e00d2d5d874".parse().expect("a fingerprint"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{FormatError, decode, encode};

    fn note() -> Event {
        example(Act::Noted(Remark { text: "read to R. Roe \u{e9}".parse().unwrap() }))
    }

    fn altered(from: &str, to: &str) -> Result<Event, FormatError> {
        let text = String::from_utf8(encode(&note()).unwrap()).unwrap();
        assert!(text.contains(from), "`{from}` is in {text}");
        decode(text.replacen(from, to, 1).as_bytes())
    }

    #[test]
    fn members_stand_in_the_order_of_format() {
        let expected = concat!(
            r#"{"type":"signhold/event/v1","matter":"ACME-2026-014","#,
            r#""ledger":"0707070707070707070707070707070707070707070707070707070707070707","sequence":2,"#,
            r#""previous":"0808080808080808080808080808080808080808080808080808080808080808","#,
            r#""time":"2026-11-22T06:31:00.000Z","actor":{"name":"R. Roe","role":"operator","organisation":null},"#,
            r#""packages":[],"kind":"noted","details":{"text":"read to R. Roe é"},"#,
            r#""key":"503d8ee46d581c649966569ae095e27041de83322e8e0480e5539e00d2d5d874"}"#
        );
        assert_eq!(String::from_utf8(encode(&note()).unwrap()).unwrap(), expected);
        assert_eq!(decode(expected.as_bytes()), Ok(note()));
    }

    #[test]
    fn details_of_another_kind_are_refused() {
        assert!(altered("\"kind\":\"noted\"", "\"kind\":\"countersigned\"").is_err());
        assert!(altered("\"kind\":\"noted\"", "\"kind\":\"nodded\"").is_err());
        assert!(altered("{\"text\":", "{\"more\":1,\"text\":").is_err());
    }

    #[test]
    fn unknown_repeated_and_moved_members_are_refused() {
        for (from, to) in [
            ("\"packages\":[],", "\"packages\":[],\"extra\":1,"),
            ("\"packages\":[],", "\"packages\":[],\"packages\":[],"),
            ("\"kind\":\"noted\",", "\"kind\":\"noted\",\"kind\":\"noted\","),
            ("\"details\":", "\"details\":{\"text\":\"x\"},\"details\":"),
            ("\"packages\":[],\"kind\":\"noted\",", "\"kind\":\"noted\",\"packages\":[],"),
            ("\"sequence\":2", "\"sequence\":2.0"),
            ("\"ledger\":", "\"ledger\": "),
        ] {
            assert!(altered(from, to).is_err(), "{to}");
        }
    }

    #[test]
    fn an_event_of_another_role_is_refused_before_parsing() {
        assert!(matches!(altered("signhold/event/v1", "signhold/seal/v1"), Err(FormatError::WrongType { .. })));
    }
}
