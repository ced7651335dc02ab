//! Findings: what a verifier has to say, one thing at a time.
//!
//! A finding is a result, not an error: the evidence, not our work, is at fault. The table below is the complete list of
//! codes of FORMAT §§12, 14, 20.6 and 21.3, in their order; a test compares it with the document. Codes are for ever: a code may be
//! added, none is renamed or given another meaning.

use serde::Serialize;

use crate::verify::budget::FINDING_TEXT_BYTES;

pub(in crate::verify) use crate::verify::findings::Findings;

/// How much a finding weighs, FORMAT §12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth saying; never changes a verdict.
    Note,
    /// Intact as far as seen, but the signer, a time or a further volume is not established: INDETERMINATE.
    Unestablished,
    /// The evidence contradicts the format or itself: INVALID.
    Violation,
}

/// The numbered steps of FORMAT §§12, 20.6 and 21.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Step 1: the ZIP profile, names and entry order.
    Container,
    /// Step 2: the BagIt files.
    Bag,
    /// Step 3: the seal, its signature, and what it says of the archive.
    Seal,
    /// Step 4: the key, and whether the reader trusts it.
    Signer,
    /// Step 5: the signed plan.
    Genesis,
    /// Step 6: the signed page records and their chain.
    PageRecords,
    /// Step 7: the page bodies against their records.
    Pages,
    /// Step 8: the requests follow the plan and the service's own links.
    Pagination,
    /// Step 9: the requests that brought no page.
    Failures,
    /// Step 10: the root, the head, totals and runs in the seal.
    RootsAndCounts,
    /// Step 11: the runs tile the planned window.
    Coverage,
    /// Step 12: the time stamp tokens.
    Timestamps,
    /// Step 13: clock readings and token times are in order.
    TimeOrder,
    /// Step 14: the form of a ledger's lines.
    LedgerLines,
    /// Step 15: the signatures of its events.
    LedgerSignatures,
    /// Step 16: number, chain, matter and time of its events.
    LedgerChain,
    /// Step 17: what its kinds of events demand of one another.
    Custody,
    /// Step 18: the ledger's packages and those presented.
    LedgerPackages,
    /// Step 19: the keys that signed in it, those revoked, and countersignatures.
    LedgerKeys,
    /// Step 20: the heads that the reader expects.
    LedgerHead,
    /// Step 21: what the reader's policy demands.
    Policy,
    /// Step 22: the ZIP profile of an exhibit, its files and their order.
    ExhibitContainer,
    /// Step 23: the statement, its signature, and what it says of the signed documents.
    ExhibitStatement,
    /// Step 24: the records shown, and their paths to the roots of their pages.
    ExhibitRecords,
    /// Step 25: their page records, and the paths of these to the root in the seal.
    ExhibitPages,
}

impl Step {
    /// The steps over a ledger, in the order of FORMAT §20.6.
    pub const LEDGER: [Step; 7] = [
        Step::LedgerLines,
        Step::LedgerSignatures,
        Step::LedgerChain,
        Step::Custody,
        Step::LedgerPackages,
        Step::LedgerKeys,
        Step::LedgerHead,
    ];

    /// The steps over an exhibit, by number (FORMAT §21.3).
    pub const EXHIBIT: [Step; 9] = [
        Step::Seal,
        Step::Signer,
        Step::Genesis,
        Step::Timestamps,
        Step::TimeOrder,
        Step::ExhibitContainer,
        Step::ExhibitStatement,
        Step::ExhibitRecords,
        Step::ExhibitPages,
    ];

    /// The steps over a package, in the order of FORMAT §12.
    pub const ALL: [Step; 13] = [
        Step::Container,
        Step::Bag,
        Step::Seal,
        Step::Signer,
        Step::Genesis,
        Step::PageRecords,
        Step::Pages,
        Step::Pagination,
        Step::Failures,
        Step::RootsAndCounts,
        Step::Coverage,
        Step::Timestamps,
        Step::TimeOrder,
    ];

    /// Returns what the step looks at, in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Step::Container => "container",
            Step::Bag => "bag",
            Step::Seal => "seal",
            Step::Signer => "signer",
            Step::Genesis => "genesis",
            Step::PageRecords => "page records",
            Step::Pages => "pages",
            Step::Pagination => "pagination",
            Step::Failures => "failures",
            Step::RootsAndCounts => "roots and counts",
            Step::Coverage => "coverage",
            Step::Timestamps => "time stamps",
            Step::TimeOrder => "order of time",
            Step::LedgerLines => "ledger lines",
            Step::LedgerSignatures => "ledger signatures",
            Step::LedgerChain => "ledger chain",
            Step::Custody => "custody",
            Step::LedgerPackages => "ledger packages",
            Step::LedgerKeys => "ledger keys",
            Step::LedgerHead => "ledger head",
            Step::Policy => "policy",
            Step::ExhibitContainer => "exhibit container",
            Step::ExhibitStatement => "exhibit statement",
            Step::ExhibitRecords => "exhibit records",
            Step::ExhibitPages => "exhibit pages",
        }
    }

    /// Returns the number of the step in FORMAT §§12, 20.6 and 21.3.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Step::Container => 1,
            Step::Bag => 2,
            Step::Seal => 3,
            Step::Signer => 4,
            Step::Genesis => 5,
            Step::PageRecords => 6,
            Step::Pages => 7,
            Step::Pagination => 8,
            Step::Failures => 9,
            Step::RootsAndCounts => 10,
            Step::Coverage => 11,
            Step::Timestamps => 12,
            Step::TimeOrder => 13,
            Step::LedgerLines => 14,
            Step::LedgerSignatures => 15,
            Step::LedgerChain => 16,
            Step::Custody => 17,
            Step::LedgerPackages => 18,
            Step::LedgerKeys => 19,
            Step::LedgerHead => 20,
            Step::Policy => 21,
            Step::ExhibitContainer => 22,
            Step::ExhibitStatement => 23,
            Step::ExhibitRecords => 24,
            Step::ExhibitPages => 25,
        }
    }
}

/// Writes the enum, its texts and its table from one list.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal, $severity:ident, $step:ident, $clause:literal;)+) => {
        /// The code of a finding, FORMAT §§12, 14, 20.6 and 21.3.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code, in the order of FORMAT.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// Returns the code as FORMAT and `--json` write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)+ }
            }

            /// Returns in a sentence what the code says, for who does not read codes.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Code::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// Returns the severity the code has unless the step says otherwise.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)+ }
            }

            /// Returns the step that raises the code.
            #[must_use]
            pub const fn step(self) -> Step {
                match self { $(Code::$variant => Step::$step,)+ }
            }

            /// Returns the clause of FORMAT that the evidence departs from.
            #[must_use]
            pub const fn clause(self) -> &'static str {
                match self { $(Code::$variant => concat!("FORMAT §", $clause),)+ }
            }
        }
    };
}

codes! {
    /// No end record where one must be.
    ZipNotAnArchive = "zip-not-an-archive", Violation, Container, "4.1";
    /// The archive ends inside a structure.
    ZipTruncated = "zip-truncated", Violation, Container, "4.1";
    /// A header field has another than its one legal value.
    ZipField = "zip-field", Violation, Container, "4.2";
    /// A local header differs from its central header.
    ZipHeaderMismatch = "zip-header-mismatch", Violation, Container, "4.2";
    /// A name is not a path of the profile.
    ZipName = "zip-name", Violation, Container, "5";
    /// One name twice.
    ZipDuplicateName = "zip-duplicate-name", Violation, Container, "5";
    /// Two names that differ only in the case of letters.
    ZipCaseTwin = "zip-case-twin", Violation, Container, "5";
    /// A file name that is also a directory of another.
    ZipFileAsDirectory = "zip-file-as-directory", Violation, Container, "5";
    /// Not one common top directory.
    ZipTopDirectory = "zip-top-directory", Violation, Container, "4.4";
    /// Bytes that belong to no structure, or structures that overlap.
    ZipGap = "zip-gap", Violation, Container, "4.1";
    /// Bytes before the first local header.
    ZipPrefix = "zip-prefix", Violation, Container, "4.1";
    /// Bytes after the end record.
    ZipTrailingBytes = "zip-trailing-bytes", Violation, Container, "4.1";
    /// An archive or entry comment.
    ZipComment = "zip-comment", Violation, Container, "4.1";
    /// Counts, length or offset in the end record are not exact.
    ZipCount = "zip-count", Violation, Container, "4.5";
    /// Compressed data that do not decode exactly.
    ZipDeflate = "zip-deflate", Violation, Container, "4.3";
    /// A CRC-32 that does not match.
    ZipCrc = "zip-crc", Violation, Container, "4.3";
    /// A size or count beyond the limits.
    ZipSizeCap = "zip-size-cap", Violation, Container, "15";
    /// Entries in another order.
    EntryOrder = "entry-order", Violation, Container, "4.6";
    /// A path the format does not know.
    PathUnexpected = "path-unexpected", Violation, Container, "5";

    /// `bagit.txt` is missing or has other bytes.
    BagDeclaration = "bag-declaration", Violation, Bag, "10";
    /// `bag-info.txt` is missing or says something else than the signed documents.
    BagInfoMismatch = "bag-info-mismatch", Violation, Bag, "10";
    /// A manifest is missing or not in its one form.
    ManifestMalformed = "manifest-malformed", Violation, Bag, "10";
    /// A file has another digest than its manifest says.
    ManifestDigestMismatch = "manifest-digest-mismatch", Violation, Bag, "10";
    /// A manifest names a file that is not there.
    ManifestFileMissing = "manifest-file-missing", Violation, Bag, "10";
    /// A file that no manifest names.
    ManifestFileUnlisted = "manifest-file-unlisted", Violation, Bag, "10";

    /// `seal/seal.json` or its signature is not there.
    SealMissing = "seal-missing", Violation, Seal, "9";
    /// The seal is not in its one form.
    SealMalformed = "seal-malformed", Violation, Seal, "9";
    /// The seal's signature does not verify with the key in the package.
    SealSignatureInvalid = "seal-signature-invalid", Violation, Seal, "6";
    /// The archive bytes before the seal are not those the seal names.
    SealArchiveDigestMismatch = "seal-archive-digest-mismatch", Violation, Seal, "9";
    /// The tag manifest is not the one the seal names.
    SealTagmanifestMismatch = "seal-tagmanifest-mismatch", Violation, Seal, "9";
    /// Directory, seal and genesis do not name one package.
    SealPackageMismatch = "seal-package-mismatch", Violation, Seal, "9";
    /// Two packages presented together have one identifier and different seals.
    PackageTwice = "package-twice", Violation, Seal, "12.3";

    /// `keys/signer.pem` is missing or not in its one form.
    KeyMalformed = "key-malformed", Violation, Signer, "6";
    /// The key is of small order: it would accept signatures nobody made.
    KeyWeak = "key-weak", Violation, Signer, "6";
    /// File, genesis and seal do not name one key.
    KeyMismatch = "key-mismatch", Violation, Signer, "6";
    /// Neither the operator's key nor the signer's is one the reader named, and no path leads to an authority of theirs.
    SignerMismatch = "signer-mismatch", Violation, Signer, "12.4";
    /// The reader named the key of the acquisition, not the operator's, which vouches for it.
    OperatorNotEstablished = "operator-not-established", Unestablished, Signer, "12.4";
    /// The reader named neither key nor authority.
    SignerNotEstablished = "signer-not-established", Unestablished, Signer, "12.4";
    /// `keys/signer-cert.pem` is not in its one form.
    SignerCertificateMalformed = "signer-certificate-malformed", Violation, Signer, "6";
    /// The first certificate is about another key.
    SignerCertificateMismatch = "signer-certificate-mismatch", Violation, Signer, "6";
    /// The first certificate must not vouch for a signer.
    SignerCertificateNotAuthorised = "signer-certificate-not-authorised", Violation, Signer, "6";
    /// A certificate of the path was not valid at the trusted time.
    SignerCertificateNotValid = "signer-certificate-not-valid", Violation, Signer, "6";
    /// A certificate of the path was revoked, not after the trusted time.
    SignerCertificateRevoked = "signer-certificate-revoked", Violation, Signer, "6";
    /// No path leads to an authority the reader named.
    SignerChainUntrusted = "signer-chain-untrusted", Unestablished, Signer, "6";
    /// There is a path, and no trusted time to hold it against.
    SignerTimeNotEstablished = "signer-time-not-established", Unestablished, Signer, "6";
    /// No revocation list speaks about a certificate of the path.
    SignerRevocationNotChecked = "signer-revocation-not-checked", Note, Signer, "6";

    /// `data/genesis.json` or its signature is not there.
    GenesisMissing = "genesis-missing", Violation, Genesis, "6.1";
    /// The genesis is not in its one form.
    GenesisMalformed = "genesis-malformed", Violation, Genesis, "6.1";
    /// The genesis signature does not verify with the key in the package.
    GenesisSignatureInvalid = "genesis-signature-invalid", Violation, Genesis, "6";
    /// Another document names other values than genesis has.
    GenesisMismatch = "genesis-mismatch", Violation, Genesis, "6.1";
    /// The data came from an endpoint outside the cloud table.
    SimulatedData = "simulated-data", Note, Genesis, "6.1";
    /// The operator added roots for TLS to the platform's own.
    TlsRootsAdded = "tls-roots-added", Note, Genesis, "6.1";
    /// The service was asked through a proxy.
    ProxyUsed = "proxy-used", Note, Genesis, "6.1";

    /// A page lacks its record, its signature or its body.
    PageMissing = "page-missing", Violation, PageRecords, "4.6";
    /// A page record is not in its one form.
    PageRecordMalformed = "page-record-malformed", Violation, PageRecords, "6.2";
    /// A page record's signature does not verify with the key in the package.
    PageRecordSignatureInvalid = "page-record-signature-invalid", Violation, PageRecords, "6";
    /// A page record does not name the record before it.
    PageChainBroken = "page-chain-broken", Violation, PageRecords, "6.2";
    /// Page numbers do not follow one another.
    PageSequenceBroken = "page-sequence-broken", Violation, PageRecords, "6.2";
    /// An answer of a real service came from an address that no public service has.
    RemoteAddressPrivate = "remote-address-private", Note, PageRecords, "6.2";

    /// A body has another digest than its page record says.
    PageDigestMismatch = "page-digest-mismatch", Violation, Pages, "6";
    /// A body has another length than its page record says.
    PageLengthMismatch = "page-length-mismatch", Violation, Pages, "6";
    /// Slicing, counts, times or root of a page are not those of its record.
    PageRecordsMismatch = "page-records-mismatch", Violation, Pages, "7.2";
    /// The body's own next link is not the one in its record.
    PageNextLinkMismatch = "page-next-link-mismatch", Violation, Pages, "6.2";
    /// A page that cannot be cut into records.
    PageOpaque = "page-opaque", Note, Pages, "7.1";

    /// A page does not follow from the one before it in its run.
    PaginationBroken = "pagination-broken", Violation, Pagination, "7.3";
    /// A request is not the one the plan leads to.
    RequestMismatch = "request-mismatch", Violation, Pagination, "7.3";

    /// A failure record is missing, lacks its signature, or is not in its one form.
    FailureMalformed = "failure-malformed", Violation, Failures, "6.3";
    /// A failure record's signature does not verify with the key in the package.
    FailureSignatureInvalid = "failure-signature-invalid", Violation, Failures, "6";
    /// A failure record does not fit its body, its number or its place among the pages.
    FailureMismatch = "failure-mismatch", Violation, Failures, "6.3";

    /// The root over the page records is not the seal's.
    SealRootMismatch = "seal-root-mismatch", Violation, RootsAndCounts, "8";
    /// The last page record is not the seal's head.
    SealHeadMismatch = "seal-head-mismatch", Violation, RootsAndCounts, "9";
    /// The totals are not the seal's.
    SealTotalsMismatch = "seal-totals-mismatch", Violation, RootsAndCounts, "9";
    /// The runs are not the seal's.
    SealStreamsMismatch = "seal-streams-mismatch", Violation, RootsAndCounts, "9";

    /// The windows do not tile the plan.
    CoverageBroken = "coverage-broken", Violation, Coverage, "9";
    /// A window failed, had expired or was not asked.
    CoverageGap = "coverage-gap", Note, Coverage, "9";
    /// The package is one of several volumes, or volumes are missing among those presented.
    VolumeIncomplete = "volume-incomplete", Unestablished, Coverage, "9.4";
    /// A run was given up and its window asked again.
    RunSuperseded = "run-superseded", Note, Coverage, "9";
    /// What the second pass brought is not what the seal says.
    SecondPassMismatch = "second-pass-mismatch", Violation, Coverage, "9.1";
    /// Records were late, changed or vanished between the passes.
    SecondPassDiffers = "second-pass-differs", Note, Coverage, "9.1";
    /// The numbers of reported and collected sign-ins are not those of the seal.
    ReconciliationMismatch = "reconciliation-mismatch", Violation, Coverage, "9.2";
    /// The service reports another number for a day than was collected.
    CountsDiffer = "counts-differ", Note, Coverage, "9.2";
    /// The stated retention reached into a window before its last page came.
    RetentionPassed = "retention-passed", Note, Coverage, "9.3";

    /// Fewer time stamps than the signed mode names.
    TimestampMissing = "timestamp-missing", Violation, Timestamps, "11";
    /// More time stamps than the signed mode names.
    TimestampUnexpected = "timestamp-unexpected", Violation, Timestamps, "11";
    /// The reader gave no time stamp root.
    TimestampRootNotGiven = "timestamp-root-not-given", Unestablished, Timestamps, "11";
    /// The chain leads to no root the reader gave.
    TimestampChainUntrusted = "timestamp-chain-untrusted", Unestablished, Timestamps, "11";
    /// A certificate on a token's path has ended, and no renewal shows that the token is older.
    TimestampExpired = "timestamp-expired", Unestablished, Timestamps, "11";
    /// A certificate on a token's path was revoked: not after its time, or after it for its key being in other hands, or after it.
    TimestampCertificateRevoked = "timestamp-certificate-revoked", Violation, Timestamps, "11.2";
    /// The revocation lists that a package brings along are not in their one form.
    TimestampListsMalformed = "timestamp-lists-malformed", Violation, Timestamps, "11.2";
    /// No list speaks about a certificate on a token's path.
    TimestampRevocationNotChecked = "timestamp-revocation-not-checked", Note, Timestamps, "11.2";
    /// A token's time lies after the instant as of which the reader judges.
    TimestampAhead = "timestamp-ahead", Unestablished, Timestamps, "11";
    /// No token of a renewal is accepted.
    RenewalNotEstablished = "renewal-not-established", Unestablished, Timestamps, "11.1";
    /// The signed mode is `none`: times are the operator's own.
    TimestampAbsent = "timestamp-absent", Note, Timestamps, "11";

    /// Clock readings are not in order.
    TimeOrder = "time-order", Violation, TimeOrder, "12.13";
    /// Token times and clock readings are not in order.
    TimestampOrder = "timestamp-order", Violation, TimeOrder, "12.13";
    /// A record is later than the seal or its token.
    RecordAfterSeal = "record-after-seal", Unestablished, TimeOrder, "12.13";
    /// The service's clock and the operator's are far apart.
    ServiceClockOffset = "service-clock-offset", Note, TimeOrder, "12.13";
    /// The clocks of an authority and of the operator are far apart, when the plan was made.
    ClockOffset = "clock-offset", Note, TimeOrder, "12.13";
    /// The seal was stamped long after it was made.
    TimestampLate = "timestamp-late", Note, TimeOrder, "12.13";
    /// A page came at a later attempt than its failures account for.
    AttemptUnexplained = "attempt-unexplained", Note, TimeOrder, "12.13";

    /// Volumes of one acquisition differ in what they share.
    VolumeMismatch = "volume-mismatch", Violation, Coverage, "9.4";
    /// Two seals with one volume number.
    VolumeTwice = "volume-twice", Violation, Coverage, "9.4";
    /// A volume does not follow the one before it.
    VolumeBroken = "volume-broken", Violation, Coverage, "9.4";

    /// A member of a series does not follow the one presented before it.
    SeriesBroken = "series-broken", Violation, Coverage, "9.5";
    /// Two members of a series name one seal as the one before.
    SeriesFork = "series-fork", Violation, Coverage, "9.5";
    /// Linked members of a series are of two matters or two keys.
    SeriesMismatch = "series-mismatch", Violation, Coverage, "9.5";
    /// A member between two others was not presented.
    SeriesIncomplete = "series-incomplete", Unestablished, Coverage, "9.5";
    /// The members before the first presented were not presented.
    SeriesBeginsLater = "series-begins-later", Note, Coverage, "9.5";
    /// The windows of successive members leave a hole.
    SeriesHole = "series-hole", Note, Coverage, "9.5";
    /// The windows of successive members overlap.
    SeriesOverlap = "series-overlap", Note, Coverage, "9.5";

    /// A token is not the DER it must be.
    TimestampMalformed = "timestamp-malformed", Violation, Timestamps, "11";
    /// The authority did not grant a token.
    TimestampRejected = "timestamp-rejected", Violation, Timestamps, "11";
    /// The imprint is not SHA-256.
    TimestampImprintAlgorithm = "timestamp-imprint-algorithm", Violation, Timestamps, "11";
    /// The token is over other data.
    TimestampImprintMismatch = "timestamp-imprint-mismatch", Violation, Timestamps, "11";
    /// The token has another nonce.
    TimestampNonceMismatch = "timestamp-nonce-mismatch", Violation, Timestamps, "11";
    /// The token's policy is not one the reader accepts.
    TimestampPolicyNotAccepted = "timestamp-policy-not-accepted", Violation, Timestamps, "14";
    /// The token has a critical extension nobody here knows.
    TimestampUnknownCriticalExtension = "timestamp-unknown-critical-extension", Violation, Timestamps, "11";
    /// The token's signature or signed attributes do not verify.
    TimestampSignatureInvalid = "timestamp-signature-invalid", Violation, Timestamps, "11";
    /// The signer's certificate is absent or not the one the token names.
    TimestampSignerNotIdentified = "timestamp-signer-not-identified", Violation, Timestamps, "11";
    /// The signer's certificate is not one for time stamping alone.
    TimestampSignerNotAuthorised = "timestamp-signer-not-authorised", Violation, Timestamps, "11";
    /// A certificate was not valid at the token's time.
    TimestampCertificateNotValidAtGentime = "timestamp-certificate-not-valid-at-gentime", Violation, Timestamps, "11";

    /// A line that is not an event in its one form, or has no line feed.
    LedgerMalformed = "ledger-malformed", Violation, LedgerLines, "20.1";
    /// A longer line, or more to remember, than a reader accepts.
    LedgerSizeCap = "ledger-size-cap", Violation, LedgerLines, "20.8";
    /// An event is not signed by the key that it names.
    LedgerSignatureInvalid = "ledger-signature-invalid", Violation, LedgerSignatures, "20.1";
    /// An event does not name the line before it, or names another ledger.
    LedgerChainBroken = "ledger-chain-broken", Violation, LedgerChain, "20.2";
    /// The numbers of events do not follow one another.
    LedgerSequence = "ledger-sequence", Violation, LedgerChain, "20.2";
    /// An event or a presented package is of another matter.
    LedgerMatterMismatch = "ledger-matter-mismatch", Violation, LedgerChain, "20.2";
    /// An event says a time before that of an earlier one.
    LedgerTimeOrder = "ledger-time-order", Violation, LedgerChain, "20.2";
    /// An event that its kind does not allow where it stands.
    LedgerRuleBroken = "ledger-rule-broken", Violation, Custody, "20.3";
    /// A receipt does not fit an open transfer, or is by the giver.
    LedgerTransferMismatch = "ledger-transfer-mismatch", Violation, Custody, "20.3";
    /// A package was handed over, and nobody has said that they have it.
    LedgerTransferOpen = "ledger-transfer-open", Note, Custody, "20.3";
    /// A presented package was disposed of.
    LedgerDisposed = "ledger-disposed", Note, Custody, "20.3";
    /// One package identifier with two contents.
    LedgerPackageMismatch = "ledger-package-mismatch", Violation, LedgerPackages, "20.2";
    /// A presented package is not in the ledger.
    LedgerPackageUnknown = "ledger-package-unknown", Unestablished, LedgerPackages, "20.2";
    /// A key that the reader did not name has signed.
    LedgerKeyUntrusted = "ledger-key-untrusted", Unestablished, LedgerKeys, "20.6";
    /// Fewer countersignatures than the reader demands.
    LedgerCountersignaturesMissing = "ledger-countersignatures-missing", Unestablished, LedgerKeys, "20.6";
    /// A key was revoked that has signed a presented package or an event.
    KeyRevoked = "key-revoked", Violation, LedgerKeys, "20.7";
    /// No line is the expected head.
    LedgerHeadUnknown = "ledger-head-unknown", Violation, LedgerHead, "20.5";
    /// The ledger has fewer lines than a checkpoint says.
    LedgerCut = "ledger-cut", Violation, LedgerHead, "20.5";
    /// The ledger has other lines than a checkpoint says.
    LedgerForked = "ledger-forked", Violation, LedgerHead, "20.5";
    /// Nobody whom the reader or the ledger knows has signed a checkpoint.
    LedgerCheckpointUnsigned = "ledger-checkpoint-unsigned", Unestablished, LedgerHead, "20.5";

    /// The policy names whom to trust, and the signer is none of them.
    PolicySigner = "policy-signer", Unestablished, Policy, "12.21";
    /// Plan or seal have no time stamp that is accepted, and the policy demands one.
    PolicyTimestamp = "policy-timestamp", Unestablished, Policy, "12.21";
    /// Fewer authorities have stamped the seal than the policy demands.
    PolicyTimestampAuthorities = "policy-timestamp-authorities", Unestablished, Policy, "12.21";
    /// A time stamp was made under another policy than the reader's accepts.
    PolicyTimestampPolicy = "policy-timestamp-policy", Unestablished, Policy, "12.21";
    /// Fewer have countersigned than the policy demands.
    PolicyCountersignatures = "policy-countersignatures", Unestablished, Policy, "12.21";
    /// There are gaps, and the policy refuses them.
    PolicyGaps = "policy-gaps", Unestablished, Policy, "12.21";
    /// A closed window was not asked twice, and the policy demands it.
    PolicySecondPass = "policy-second-pass", Unestablished, Policy, "12.21";
    /// Members of the series are missing, and the policy demands them.
    PolicySeries = "policy-series", Unestablished, Policy, "12.21";
    /// Clocks are further apart than the policy accepts.
    PolicyClockOffset = "policy-clock-offset", Unestablished, Policy, "12.21";
    /// The data are simulated, and the policy refuses them.
    PolicySimulated = "policy-simulated", Unestablished, Policy, "12.21";

    /// A file that the statement calls for is not there.
    ExhibitFileMissing = "exhibit-file-missing", Violation, ExhibitContainer, "21.1";
    /// A file that no exhibit has, or not this one.
    ExhibitFileUnexpected = "exhibit-file-unexpected", Violation, ExhibitContainer, "21.1";
    /// The statement is not in its one form.
    ExhibitMalformed = "exhibit-malformed", Violation, ExhibitStatement, "21.2";
    /// The top directory is not the one that the statement gives.
    ExhibitIdentifierMismatch = "exhibit-identifier-mismatch", Violation, ExhibitStatement, "21.1";
    /// The manifest is not the one named, or a file is not what it says.
    ExhibitManifestMismatch = "exhibit-manifest-mismatch", Violation, ExhibitStatement, "21.1";
    /// The statement's signature does not verify with the key it names.
    ExhibitSignatureInvalid = "exhibit-signature-invalid", Violation, ExhibitStatement, "21.2";
    /// The statement says other than the signed documents of the package.
    ExhibitMismatch = "exhibit-mismatch", Violation, ExhibitStatement, "21.2";
    /// It was cut from a package that failed verification.
    ExhibitDespiteFindings = "exhibit-despite-findings", Unestablished, ExhibitStatement, "21.2";
    /// Nobody signed the statement.
    ExhibitUnsigned = "exhibit-unsigned", Note, ExhibitStatement, "21.2";
    /// Two exhibits presented together bear one number in one matter.
    ExhibitNumberTwice = "exhibit-number-twice", Note, ExhibitStatement, "21.3";
    /// The bytes of a record are not those that the statement names.
    ExhibitRecordMismatch = "exhibit-record-mismatch", Violation, ExhibitRecords, "21.2";
    /// A record's path does not lead to the root in its page's signed record.
    ExhibitRecordPath = "exhibit-record-path", Violation, ExhibitRecords, "21.2";
    /// A page record's path does not lead to the root in the signed seal.
    ExhibitPagePath = "exhibit-page-path", Violation, ExhibitPages, "21.2";
}

impl Code {
    /// Returns the code FORMAT writes as `text`, if there is one.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing the verifier has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which rule.
    pub code: Code,
    /// How much it weighs here.
    pub severity: Severity,
    /// The path below the top directory, with the member after a `#`; empty for the archive as a whole.
    pub place: String,
    /// What the package says, or what is there.
    pub claimed: String,
    /// What was computed, or what had to be there.
    pub computed: String,
    /// The clause of FORMAT.
    pub clause: &'static str,
}

impl Finding {
    /// Makes a finding with the severity of its code.
    #[must_use]
    pub fn new(code: Code, place: impl AsRef<str>, claimed: impl AsRef<str>, computed: impl AsRef<str>) -> Self {
        Finding {
            code,
            severity: code.severity(),
            place: bounded(place.as_ref()),
            claimed: bounded(claimed.as_ref()),
            computed: bounded(computed.as_ref()),
            clause: code.clause(),
        }
    }

    /// Returns the finding with another severity.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}

/// Returns `text`, cut at a character boundary when it is longer than a finding may carry.
pub(in crate::verify) fn bounded(text: &str) -> String {
    if text.len() <= FINDING_TEXT_BYTES {
        return text.to_owned();
    }
    let mut end = FINDING_TEXT_BYTES;
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    let kept = text.get(..end).unwrap_or_default();
    format!("{kept}… ({} bytes)", text.len())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const FORMAT: &str = include_str!("../../schemas/FORMAT.md");

    fn section<'a>(from: &str, to: &str) -> &'a str {
        let start = FORMAT.find(from).expect("section is in FORMAT.md");
        let end = FORMAT.find(to).expect("next section is in FORMAT.md");
        &FORMAT[start..end]
    }

    fn codes_in(text: &str) -> BTreeSet<&str> {
        text.split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| word.contains('-') && !word.contains([' ', '…', '/', '.']))
            .collect()
    }

    #[test]
    fn the_table_is_the_one_of_format() {
        let mut written = codes_in(section("## 12. Verification", "## 13. Verdict"));
        written.extend(codes_in(section("## 14. Codes", "## 15. Limits")));
        written.extend(codes_in(section("### 20.6 Verification", "### 20.8 Limits")));
        written.extend(codes_in(section("### 21.3 Verification", "### 21.4 What")));
        let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(known, written);
        assert_eq!(known.len(), Code::ALL.len(), "no code twice");
    }

    #[test]
    fn a_severity_other_than_violation_is_named_in_format() {
        let steps = [
            section("## 12. Verification", "## 13. Verdict"),
            section("### 20.6 Verification", "### 20.7 "),
            section("### 21.3 Verification", "### 21.4 What"),
        ];
        let steps = steps.join("\n").replace("\n   ", " ");
        for code in Code::ALL.iter().filter(|code| code.severity() != Severity::Violation) {
            let at = steps.find(&format!("`{}`", code.as_str())).expect("the step names the code");
            let rest = &steps[at..];
            let word = if code.severity() == Severity::Note { "note" } else { "unestablished" };
            let clause = &rest[..rest.find([';', '\n']).unwrap_or(rest.len())];
            assert!(clause.contains(word), "{}: {clause}", code.as_str());
        }
    }

    #[test]
    fn a_long_claim_is_cut_at_a_character() {
        let finding = Finding::new(Code::RequestMismatch, "", "é".repeat(5000), "");
        assert!(finding.claimed.ends_with("… (10000 bytes)"), "{}", finding.claimed);
    }
}
