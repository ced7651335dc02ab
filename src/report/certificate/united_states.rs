//! The three forms for the Federal Rules of Evidence, with both closings of 28 U.S.C. § 1746.

use super::Enclosed;
use super::comparison::{compare, compare_exhibits, offered, origin};
use super::evidence::{
    Voice, caption, clocks, close, collected, custody, declarant, exceptions, identification, tool, verification,
};
use super::subject::Subject;
use super::wording::{Paragraphs, text};
use crate::report::document::{Block, Text};
use crate::report::naming;
use crate::verify::VerifiedPackage;

/// Rule 902(11): the log owner's own routine. How the package was made is no business of its custodian's, and stands in an annex.
#[must_use]
pub(super) fn regular_activity<R>(package: &VerifiedPackage<R>, subject: &Subject, enclosed: &Enclosed) -> Vec<Block> {
    let mut paragraphs = Paragraphs::default();
    paragraphs.block(caption());
    declarant(&mut paragraphs);
    paragraphs.say(
        "I am [custodian of records, or how otherwise qualified] of [the organisation that makes and keeps the log].",
        &[],
    );
    paragraphs.heading("The records");
    let report = package.report();
    let digest = report.facts.archive_sha256.map_or_else(|| "not computed".to_owned(), |digest| digest.to_string());
    paragraphs.say(
        "The records are among those that the package {} holds, a file with the SHA-256 {}, whose verification came to {}. The annex \
         describes it, for identification alone: how it was made I do not state.",
        &[package.seal().package.to_string(), digest, report.outcome.as_str().to_owned()],
    );
    offered(&mut paragraphs, &enclosed.exhibits);
    paragraphs.heading("The routine (Fed. R. Evid. 803(6)(A) to (C))");
    paragraphs.say(
        "Whether each record was made at or near the time of what it records, by or from information transmitted by someone with knowledge: \
         [so or not, how it is done, and the ground of your knowledge].",
        &[],
    );
    paragraphs.say(
        "Whether the records were kept in the course of a regularly conducted activity of the organisation: [so or not, and which].",
        &[],
    );
    paragraphs.say("Whether making such records was a regular practice of that activity: [so or not].", &[]);
    paragraphs.say(
        "Whether I held the records of the package against those that the organisation keeps: [when, how, which, with what result; or that this was \
         not done].",
        &[],
    );
    close(&mut paragraphs);
    paragraphs.block(Block::paragraph(
        "Notice: before the trial or hearing the other party is to have reasonable written notice of the intent to offer the record, with \
         record and certification open to inspection (Rule 902(11)). A custodian abroad, in a civil case, signs by Rule 902(12): so that a \
         false statement would subject the maker to a criminal penalty where it is signed.",
    ));
    paragraphs.block(declaration());
    paragraphs.block(Block::PageBreak);
    paragraphs.block(Block::heading(1, "Annex: facts of the package, for identification; not stated by the declarant"));
    collected(&mut paragraphs, package, subject, Voice::Package);
    clocks(&mut paragraphs, package, subject, Voice::Package);
    verification(&mut paragraphs, subject);
    origin(&mut paragraphs, package, &enclosed.exhibits);
    exceptions(&mut paragraphs, subject, Voice::Package);
    paragraphs.block(Block::heading(2, "Values by which the package is named"));
    paragraphs.block(Block::Facts(naming::digests(package)));
    paragraphs.blocks()
}

/// Rule 902(13): how the service makes a record, and how the program fetched it.
#[must_use]
pub(super) fn electronic_process<R>(
    package: &VerifiedPackage<R>,
    subject: &Subject,
    enclosed: &Enclosed,
) -> Vec<Block> {
    let mut paragraphs = Paragraphs::default();
    paragraphs.block(caption());
    declarant(&mut paragraphs);
    if !enclosed.exhibits.is_empty() {
        paragraphs.heading("The item offered");
        offered(&mut paragraphs, &enclosed.exhibits);
        origin(&mut paragraphs, package, &enclosed.exhibits);
    }
    collected(&mut paragraphs, package, subject, Voice::Declarant);
    clocks(&mut paragraphs, package, subject, Voice::Declarant);
    paragraphs.heading("The system that makes the records");
    paragraphs.say(
        "The service makes a sign-in record in this way: [what sets it off, what is written, by what machine, when, and what may change it \
         later].",
        &[],
    );
    paragraphs.say(
        "The ground on which I call its result accurate: [own knowledge, documentation, tests, use in practice; with their limits].",
        &[],
    );
    paragraphs.heading("The process that fetched and kept them");
    paragraphs.say(
        "By its published format the program sends each request that stands in the plan, follows the links that the service gives, and keeps the body \
         of each answer as received, with request, headers, status and times; a request that brings no answer is recorded with its reason. \
         Whether an answer was complete is the service's statement and not the program's.",
        &[],
    );
    paragraphs
        .say("The ground on which I call that process accurate: [own examination, tests, with their limits].", &[]);
    tool(&mut paragraphs, package);
    identification(&mut paragraphs, package);
    custody(&mut paragraphs, package, enclosed.ledger.as_ref());
    verification(&mut paragraphs, subject);
    exceptions(&mut paragraphs, subject, Voice::Declarant);
    close(&mut paragraphs);
    paragraphs.block(Block::heading(2, "Values by which the package is named"));
    paragraphs.block(Block::Facts(naming::digests(package)));
    paragraphs.block(notice());
    paragraphs.block(declaration());
    paragraphs.blocks()
}

/// Rule 902(14): sealed bytes and the offered copy are the same.
#[must_use]
pub(super) fn copied_data<R>(package: &VerifiedPackage<R>, subject: &Subject, enclosed: &Enclosed) -> Vec<Block> {
    let mut paragraphs = Paragraphs::default();
    paragraphs.block(caption());
    declarant(&mut paragraphs);
    collected(&mut paragraphs, package, subject, Voice::Declarant);
    clocks(&mut paragraphs, package, subject, Voice::Declarant);
    tool(&mut paragraphs, package);
    identification(&mut paragraphs, package);
    custody(&mut paragraphs, package, enclosed.ledger.as_ref());
    compare(&mut paragraphs, package);
    compare_exhibits(&mut paragraphs, package, subject, &enclosed.exhibits);
    paragraphs.say(
        "What I compared is the sealed package and the copy offered. There is no disk of the service to compare with; the step from the \
         service to the package is a process, and this certification does not speak of it.",
        &[],
    );
    verification(&mut paragraphs, subject);
    exceptions(&mut paragraphs, subject, Voice::Declarant);
    close(&mut paragraphs);
    paragraphs.block(notice());
    paragraphs.block(declaration());
    paragraphs.blocks()
}

fn notice() -> Block {
    Block::paragraph(
        "Notice: the certification follows the requirements of Rule 902(11) or (12); before the trial or hearing the other party is to have \
         reasonable written notice of the intent to offer the record, with record and certification open to inspection (Rule 902(11)). It \
         goes to authenticity alone.",
    )
}

/// The closing of 28 U.S.C. § 1746, one of two, and the lines to sign on: never alone on a page.
fn declaration() -> Block {
    Block::Kept(vec![
        Block::heading(2, "Declaration (28 U.S.C. § 1746)"),
        Block::Paragraph(Text::blank("keep one of the two, strike the other")),
        Block::Paragraph(text(
            "If executed within the United States, its territories, possessions, or commonwealths: I declare under penalty of perjury that \
             the foregoing is true and correct. Executed on [date].",
            &[],
        )),
        Block::Paragraph(text(
            "If executed without the United States: I declare under penalty of perjury under the laws of the United States of America that \
             the foregoing is true and correct. Executed on [date].",
            &[],
        )),
        Block::SignatureLines(vec!["Place".to_owned(), "Name, printed".to_owned(), "Signature".to_owned()]),
    ])
}
