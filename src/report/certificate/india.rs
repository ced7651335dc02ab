//! India: the certificate of section 63(4)(c) of the Bharatiya Sakshya Adhiniyam, 2023, in the order of its Schedule.
//!
//! Part A is the party's, Part B the expert's; the words that the Schedule prescribes are kept, since it is a form. All of them are
//! the signer's statements: the program ticks nothing. It offers the digests, which either signer recomputes or takes at their own
//! risk, and facts of the package beside the form.

use super::comparison::name;
use super::evidence::{Voice, caption, collected, exceptions, verification};
use super::subject::Subject;
use super::wording::{Paragraphs, text};
use crate::crypto::digest::FileDigest;
use crate::report::document::{Block, Column, Span, Table, Text};
use crate::verify::{ExhibitReport, VerifiedPackage};

/// Both parts, the hash report and the facts beside them.
#[must_use]
pub(super) fn parts<R>(package: &VerifiedPackage<R>, subject: &Subject, exhibits: &[ExhibitReport]) -> Vec<Block> {
    let mut blocks = vec![
        caption(),
        Block::paragraph(
            "The Schedule, certificate [See section 63(4)(c)]. It goes along with the electronic record at each instance where that is \
             submitted for admission (section 63(4)): sign one for each.",
        ),
    ];
    blocks.extend(part_a(package, exhibits));
    blocks.push(Block::PageBreak);
    blocks.extend(part_b(package));
    blocks.push(Block::PageBreak);
    blocks.extend(hash_report(package, exhibits));
    let mut facts = Paragraphs::default();
    facts.heading("Facts of the package, for the signers' information");
    collected(&mut facts, package, subject, Voice::Package);
    verification(&mut facts, subject);
    exceptions(&mut facts, subject, Voice::Package);
    facts.say("Neither part states who used an account, or what a record means.", &[]);
    blocks.extend(facts.blocks());
    blocks
}

fn part_a<R>(package: &VerifiedPackage<R>, exhibits: &[ExhibitReport]) -> Vec<Block> {
    let mut blocks = heading("Part A (to be filled by the party)");
    blocks.push(Block::Paragraph(text(
        "I have produced electronic record/output of the digital record taken from the following device/digital record source (tick mark):",
        &[],
    )));
    blocks.extend(source(package));
    blocks.push(Block::Paragraph(text(
        "[confirm, or strike what is not so:] The digital device or the digital record source was under the lawful control for regularly \
         creating, storing or processing information for the purposes of carrying out regular activities and during this period, the \
         computer or the communication device was working properly and the relevant information was regularly fed into the computer during \
         the ordinary course of business. If the computer/digital device at any point of time was not working properly or out of operation, \
         then it has not affected the electronic/digital record or its accuracy.",
        &[],
    )));
    blocks.push(Block::Paragraph(text(
        "The digital device or the source of the digital record is: Owned [tick], Maintained [tick], Managed [tick], Operated [tick] by me \
         (select as applicable).",
        &[],
    )));
    let mut value = Text::blank("computed by the signer");
    let mut beside = " (SHA256, as read when this draft was made, to compare with: ";
    for (what, digest) in produced(package, exhibits) {
        let Some(digest) = digest else { continue };
        value = value.and(Span::Plain(format!("{beside}{what} "))).and(Span::Code(digest));
        beside = "; ";
    }
    if beside == "; " {
        value = value.and(Span::Plain(")".to_owned()));
    }
    blocks.push(signed(value, "Name and signature"));
    blocks
}

fn part_b<R>(package: &VerifiedPackage<R>) -> Vec<Block> {
    let mut blocks = heading("Part B (to be filled by the expert)");
    blocks.push(Block::Paragraph(text(
        "The produced electronic record/output of the digital record are obtained from the following device/digital record source (tick \
         mark):",
        &[],
    )));
    blocks.extend(source(package));
    blocks.push(signed(Text::blank("computed by the expert"), "Name, designation and signature"));
    blocks
}

fn heading(part: &str) -> Vec<Block> {
    vec![
        Block::heading(1, part),
        Block::Paragraph(text(
            "I, [name], Son/daughter/spouse of [name] residing/employed at [address] do hereby solemnly affirm and sincerely state and submit \
             as follows:",
            &[],
        )),
    ]
}

/// The source, as the form asks for it; nothing is ticked.
fn source<R>(package: &VerifiedPackage<R>) -> Vec<Block> {
    let genesis = package.genesis();
    vec![
        Block::Paragraph(text(
            "Computer / Storage Media [tick], DVR [tick], Mobile [tick], Flash Drive [tick], CD/DVD [tick], Server [tick], Cloud [tick], \
             Other [tick]: [which]",
            &[],
        )),
        Block::Facts(vec![
            ("Make & Model".to_owned(), Text::blank("as applicable")),
            ("Color".to_owned(), Text::blank("as applicable")),
            ("Serial Number".to_owned(), Text::blank("as applicable")),
            (
                "IMEI/UIN/UID/MAC/Cloud ID (as applicable)".to_owned(),
                text(
                    "[as applicable]; the plan names tenant {} at {}",
                    &[genesis.identity.tenant.clone(), genesis.source.graph_url.clone()],
                ),
            ),
            ("Any other relevant information about the device/digital record".to_owned(), Text::blank("specify")),
        ]),
    ]
}

/// Names what is produced, the exhibits first, and what they were cut from, each with its digest.
fn produced<R>(package: &VerifiedPackage<R>, exhibits: &[ExhibitReport]) -> Vec<(String, Option<String>)> {
    let of = |digest: Option<FileDigest>| digest.map(|digest| digest.to_string());
    let mut files: Vec<(String, Option<String>)> = exhibits
        .iter()
        .map(|exhibit| (format!("exhibit file {}", name(exhibit)), of(exhibit.facts.archive_sha256)))
        .collect();
    let cut_from = if exhibits.is_empty() { "" } else { ", from which the exhibit was cut" };
    files.push((format!("package file{cut_from}"), of(package.report().facts.archive_sha256)));
    files
}

/// The statement on digests, and the lines to sign it on. `value` begins with a blank: whoever signs computes it; what the files
/// had when the draft was made stands beside it for the party.
fn signed(value: Text, signature: &str) -> Block {
    let mut state = Text::plain("I state that the HASH value/s of the electronic/digital record/s is ");
    state.0.extend(value.0);
    Block::Kept(vec![
        Block::Paragraph(state.and(Span::Plain(", obtained through the following algorithm:".to_owned()))),
        Block::Paragraph(text(
            "SHA1 [tick], SHA256 [tick], MD5 [tick], Other [which] (Legally acceptable standard)",
            &[],
        )),
        Block::paragraph("(Hash report to be enclosed with the certificate)"),
        Block::SignatureLines(lines(signature)),
    ])
}

fn lines(signature: &str) -> Vec<String> {
    vec![
        signature.to_owned(),
        "Date (DD/MM/YYYY)".to_owned(),
        "Time (IST), in 24 hours format".to_owned(),
        "Place".to_owned(),
    ]
}

/// What the form wants enclosed.
fn hash_report<R>(package: &VerifiedPackage<R>, exhibits: &[ExhibitReport]) -> Vec<Block> {
    let (facts, seal) = (&package.report().facts, package.seal());
    let mut values = produced(package, exhibits);
    values.extend([
        ("seal/seal.json".to_owned(), facts.seal_sha256.map(|digest| digest.to_string())),
        ("data/genesis.json".to_owned(), Some(seal.genesis.sha256.to_string())),
        ("tagmanifest-sha256.txt".to_owned(), Some(seal.tagmanifest_sha256.to_string())),
    ]);
    let rows = values.into_iter().map(|(what, value)| {
        let value = value.map_or_else(|| Text::blank("value"), Text::code);
        vec![Text::plain(what), Text::plain("SHA256"), value, Text::blank("computed by the signer")]
    });
    vec![
        Block::heading(1, "Hash report"),
        Block::Paragraph(text(
            "Package {}, {} bytes. The digests of all its files stand in manifest-sha256.txt and tagmanifest-sha256.txt inside it.",
            &[seal.package.to_string(), facts.archive_byte_len.to_string()],
        )),
        Block::Table(Table {
            caption: "Digests".to_owned(),
            columns: vec![
                Column::words("Record", 3),
                Column::words("Algorithm", 2),
                Column::words("Value", 6),
                Column::words("Computed again", 4),
            ],
            rows: rows.collect(),
        }),
    ]
}
