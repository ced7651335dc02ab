//! Sections that several forms share: the declarant, what was collected and how, custody, exceptions, attachments.
//!
//! Facts are stated as facts of the package ("the plan says"), so that a declarant who signs vouches for what they read and not
//! for what the operator's machine believed.

use super::subject::{Subject, kinds, rights};
use super::wording::{Paragraphs, text};
use crate::crypto::signature::Fingerprint;
use crate::format::kind::Sort;
use crate::report::document::{Block, Span, Text};
use crate::report::naming;
use crate::report::words::counted;
use crate::verify::{LedgerReport, VerifiedPackage};

/// Who states the facts of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// Whoever signs: as what the package records, with a choice of having checked it.
    Declarant,
    /// The package alone; nobody who signs.
    Package,
}

/// The case, to be filled in.
#[must_use]
pub(super) fn caption() -> Block {
    Block::Facts(vec![
        ("Court or authority".to_owned(), Text::blank("name")),
        ("Case".to_owned(), Text::blank("title and number")),
        ("Offered by".to_owned(), Text::blank("party")),
        ("Item offered".to_owned(), Text::blank("exhibit number and description")),
    ])
}

/// Who declares, and why they may.
pub(super) fn declarant(paragraphs: &mut Paragraphs) {
    paragraphs.heading("The declarant");
    paragraphs.say("My name is [full name]. I am [role] at [employer and address].", &[]);
    paragraphs
        .say("I am qualified to state what follows by [training, experience, and earlier work of this kind].", &[]);
    paragraphs.say(
        "I state it of my own knowledge, except where I say from whom I have it: [what, from whom, and the ground of that knowledge].",
        &[],
    );
}

/// Begins a section of facts that a declarant may not know.
fn facts(paragraphs: &mut Paragraphs, heading: &str, voice: Voice) {
    paragraphs.heading(heading);
    if voice == Voice::Declarant {
        paragraphs.say("As the package records; I [have / have not] checked this:", &[]);
    }
}

/// What was asked for, as whom, and when.
pub(super) fn collected<R>(paragraphs: &mut Paragraphs, package: &VerifiedPackage<R>, subject: &Subject, voice: Voice) {
    let (genesis, seal) = (package.genesis(), package.seal());
    let (plan, source, identity) = (&genesis.plan, &genesis.source, &genesis.identity);
    facts(paragraphs, "What was collected", voice);
    paragraphs.say(
        "The records are those that package {} holds. By its signed plan they were requested from the service at {} for the tenant \
         {}, by the application {}, which authenticated by {}.",
        &[
            seal.package.to_string(),
            source.graph_url.clone(),
            identity.tenant.clone(),
            identity.client_id.clone(),
            identity.method.clone(),
        ],
    );
    let asked = [
        kinds(&plan.kinds, Sort::Log),
        kinds(&plan.not_asked, Sort::Log),
        format!("[{}, {})", plan.from, plan.to),
        format!("{} seconds", plan.window_seconds),
    ];
    paragraphs.say(
        "Logs asked for: {}. Not asked for: {}. Period, by UTC, its end not part of it: {}. Logs were asked for in windows of at most {}; \
         beyond log and time these requests had no filter.",
        &asked,
    );
    if plan.kinds.iter().any(|kind| kind.sort() == Sort::CrossCheck) {
        paragraphs.say(
            "To be compared with a log, and not counted: {}, in the same windows.",
            &[kinds(&plan.kinds, Sort::CrossCheck)],
        );
    }
    if plan.kinds.iter().any(|kind| kind.sort() == Sort::Count) {
        paragraphs.say(
            "To be held against the logs, the service's own counts by day: {}. They were asked for once each, without window or filter.",
            &[kinds(&plan.kinds, Sort::Count)],
        );
    }
    if let Some(asked) = &subject.asked {
        paragraphs.say(
            "The address of each request that is recorded stands in a signed document: that of one that brought a page in its page record, \
             that of one that brought none in a failure record. The first request that brought a page asked for {}.",
            std::slice::from_ref(&asked.first_url),
        );
    }
    match rights(genesis) {
        Some(rights) => paragraphs.say("The rights that the application's token named were {}.", &[rights]),
        None if voice == Voice::Package => {
            paragraphs.say("The plan does not say which rights the application held.", &[]);
        }
        None => {
            paragraphs.say("The plan does not say which rights the application held: [rights, and how known].", &[]);
        }
    }
    held(paragraphs, package, subject);
}

/// How many records the package holds, and what each of them is counted as.
fn held<R>(paragraphs: &mut Paragraphs, package: &VerifiedPackage<R>, subject: &Subject) {
    let (facts, census) = (&package.report().facts, &subject.census);
    let counts = &facts.counts;
    let numbers = [counted(counts.pages, "page"), counted(counts.records, "record")];
    if facts.counts_computed {
        paragraphs.say(
            "The package holds {}, each an answer of the service, with {}, as the verification before this draft counted them.",
            &numbers,
        );
    } else {
        paragraphs.say("By its seal the package holds {}, each an answer of the service, with {}.", &numbers);
    }
    if let Some(seal) = naming::other_totals(package) {
        paragraphs.paragraph(Text(vec![Span::Strong(format!("The seal says otherwise: {seal}."))]));
    }
    if let Some(missing) = census.missing(counts) {
        paragraphs.paragraph(Text(vec![Span::Strong(format!("What follows is not about all of them: {missing}."))]));
    }
    paragraphs.paragraph(Text::plain(format!(
        "Of these records count for the period: {}. An entry counts as often as the service gave it in the window it belongs to.",
        census.entries()
    )));
    let others = census.others();
    if !others.is_empty() {
        paragraphs.paragraph(Text::plain(format!("The other records do not count: {}.", others.join("; "))));
    }
}

/// When, and by whose clock.
pub(super) fn clocks<R>(paragraphs: &mut Paragraphs, package: &VerifiedPackage<R>, subject: &Subject, voice: Voice) {
    facts(paragraphs, "When, and by whose clock", voice);
    let reading = |at: Option<crate::time::LocalTime>| at.map_or_else(|| "none".to_owned(), |at| at.to_string());
    paragraphs.say(
        "By the clock of the operator's machine, in UTC, the plan was made at {}, the first request that brought a page \
         sent at {}, the last page in at {}, and the package sealed at {}.",
        &[
            package.genesis().created.to_string(),
            reading(subject.asked.as_ref().map(|asked| asked.first)),
            reading(subject.asked.as_ref().map(|asked| asked.last)),
            package.seal().created.to_string(),
        ],
    );
    if let Some(apart) = naming::apart(package) {
        let said = format!("Clocks, as the verification before this draft compared them: {apart}.");
        paragraphs.paragraph(Text::plain(said));
    }
    for (what, stamp) in naming::stamps(package) {
        let mut said = Text::plain(format!("{what}: "));
        said.0.extend(stamp.0);
        said.0.push(Span::Plain(".".to_owned()));
        paragraphs.paragraph(said);
    }
}

/// With what.
pub(super) fn tool<R>(paragraphs: &mut Paragraphs, package: &VerifiedPackage<R>) {
    let tool = &package.seal().tool;
    let executable = tool.executable_sha256.map(|digest| digest.to_string());
    facts(paragraphs, "The tool", Voice::Declarant);
    paragraphs.say(
        "By its seal, which is the program's own word, the package was made with {}, version {}, by version {} of its published format.",
        &[tool.name.to_string(), tool.version.to_string(), tool.format.clone()],
    );
    match executable {
        Some(digest) => paragraphs.say("SHA-256 of its executable file, by the same word: {}.", &[digest]),
        None => {
            paragraphs.say("The seal does not name the digest of its executable file: [digest, and how known].", &[]);
        }
    }
    paragraphs.say(
        "Its source can be had at [place]. It was tested by [whom, how, and with what result]. An error rate established by others: \
         [what is known, or that none is].",
        &[],
    );
}

/// What was hashed and signed, and whose key it is.
pub(super) fn identification<R>(paragraphs: &mut Paragraphs, package: &VerifiedPackage<R>) {
    let (seal, keys) = (package.seal(), &package.genesis().keys);
    paragraphs.heading("Process of digital identification");
    paragraphs.say(
        "By its published format the program computes SHA-256 (256 bits, 64 hexadecimal digits) over the body of each answer as it was received, \
         and signs that digest at once, with the request, the answer's headers and a Merkle root over the answer's records (RFC 9162), \
         in a page record by an Ed25519 key. Each page record names the digest of the one before. At the end the seal, signed by the \
         same key, binds the page records by the root {}, all other files by the digest {} of the tag manifest, and the bytes of the \
         container before it by {}.",
        &[seal.merkle_root.to_string(), seal.tagmanifest_sha256.to_string(), seal.archive.sha256.to_string()],
    );
    let key = |fingerprint: Fingerprint| fingerprint.to_string();
    paragraphs.say(
        "The key that signed page records and seal has the fingerprint (SHA-256) {}. Its fingerprint reached me by [channel, date, from \
         whom].",
        &[key(keys.signer)],
    );
    if keys.operator != keys.signer {
        paragraphs.say("The plan, which names that key, was signed by the key {}.", &[key(keys.operator)]);
    }
    paragraphs.say(
        "The plan names as operator {}. What I know of that person's custody of the key: [knowledge].",
        &[package.genesis().operator.to_string()],
    );
}

/// How the package fared when the draft was made: in the body, since marks above and below a page are easily deleted.
pub(super) fn verification(paragraphs: &mut Paragraphs, subject: &Subject) {
    paragraphs.heading("Verification of the package, by the program that made this draft");
    paragraphs.paragraph(subject.verification.clone());
}

/// From sealing to today.
pub(super) fn custody<R>(paragraphs: &mut Paragraphs, package: &VerifiedPackage<R>, ledger: Option<&LedgerReport>) {
    let facts = &package.report().facts;
    paragraphs.heading("Custody");
    let digest = facts.archive_sha256.map(|digest| digest.to_string());
    let mut read = text(
        "When this draft was made the package file was read; it had {} bytes and the SHA-256 ",
        &[facts.archive_byte_len.to_string()],
    );
    read.0.push(digest.map_or_else(|| Span::Blank("digest of the package file".to_owned()), Span::Code));
    read.0.push(Span::Plain(".".to_owned()));
    paragraphs.paragraph(read);
    if let Some(ledger) = ledger {
        let facts = &ledger.facts;
        let known = [
            facts.ledger.map_or_else(|| "without a name".to_owned(), |name| name.to_string()),
            counted(facts.line_count, "line"),
            facts.head_sha256.map_or_else(|| "none".to_owned(), |head| head.to_string()),
            ledger.outcome.as_str().to_owned(),
        ];
        paragraphs.say(
            "The custody ledger that was presented with the package, {}, has {} and the head {}; its verification before this draft \
             came to {}. What it says was done is its signers' word.",
            &known,
        );
    }
    paragraphs.say(
        "From sealing until I received it the package was held by [who, where, how, and what of it a ledger records]; from then on by [who, \
         where, how].",
        &[],
    );
}

/// What was not as planned.
pub(super) fn exceptions(paragraphs: &mut Paragraphs, subject: &Subject, voice: Voice) {
    let start = paragraphs.len();
    paragraphs.heading("Exceptions");
    let said = if subject.exceptions.is_empty() {
        "The package names no window that was deleted, failed or not asked, and no other exception."
    } else {
        "The package, or its verification before this draft, names these exceptions:"
    };
    paragraphs.say(said, &[]);
    if !subject.exceptions.is_empty() {
        paragraphs.block(Block::List { numbered: false, items: subject.exceptions.clone() });
    }
    if voice == Voice::Declarant {
        paragraphs.say("I add: [others known; or that there is none].", &[]);
    }
    // A few lines of a list alone on a last page read as if they belonged to nothing.
    if subject.exceptions.len() <= FEW {
        paragraphs.keep_since(start);
    }
}

/// What is not said, and what goes along.
pub(super) fn close(paragraphs: &mut Paragraphs) {
    paragraphs.heading("What this does not say, and attachments");
    paragraphs.say(
        "I state nothing about who used an account or a device, about what a record means, or about the law.",
        &[],
    );
    paragraphs.say("Attached: [manifest; the verifier's report; exhibits; others].", &[]);
}

/// 8: a quarter of a page, at two lines each.
const FEW: usize = 8;
