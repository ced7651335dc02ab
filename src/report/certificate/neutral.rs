//! A statement for the United Kingdom, the European Union and others: the same facts, with the affirmation of the forum.

use super::Enclosed;
use super::comparison::{compare, compare_exhibits};
use super::evidence::{
    Voice, caption, clocks, close, collected, custody, declarant, exceptions, identification, tool, verification,
};
use super::subject::Subject;
use super::wording::{Paragraphs, text};
use crate::report::document::{Block, Text};
use crate::verify::VerifiedPackage;

/// The whole statement.
#[must_use]
pub(super) fn statement<R>(package: &VerifiedPackage<R>, subject: &Subject, enclosed: &Enclosed) -> Vec<Block> {
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
    verification(&mut paragraphs, subject);
    exceptions(&mut paragraphs, subject, Voice::Declarant);
    close(&mut paragraphs);
    paragraphs.block(Block::Kept(vec![
        Block::heading(2, "Affirmation"),
        Block::Paragraph(Text::blank("keep one, strike the others; in the language of the person who signs, where the forum asks for that")),
        Block::Paragraph(text(
            "England and Wales, civil (CPR Practice Direction 22): I believe that the facts stated in this [name of the document] are true. I \
             understand that proceedings for contempt of court may be brought against anyone who makes, or causes to be made, a false \
             statement in a document verified by a statement of truth without an honest belief in its truth.",
            &[],
        )),
        Block::paragraph(
            "Not for criminal proceedings in England and Wales: a written statement under section 9 of the Criminal Justice Act 1967 is another \
             form with a declaration of its own, and is not among these drafts.",
        ),
        Block::Paragraph(text("Elsewhere: [the form of affirmation, or of a declaration in lieu of an oath, that the forum asks for].", &[])),
        Block::Paragraph(text("No affirmation: the statement is for information alone. [reason]", &[])),
        Block::SignatureLines(vec!["Name, printed".to_owned(), "Signature".to_owned(), "Date".to_owned(), "Place".to_owned()]),
    ]));
    paragraphs.blocks()
}
