//! Sentences of a draft: fixed words, facts set in, and blanks for what only a person knows.
//!
//! A sentence is written with its blanks in square brackets (`[tick]` is a box) and `{}` where a fact belongs. Only our own words are read that way;
//! facts come from a package, are set in as they are, and can open neither a blank nor a place for another fact.

use crate::report::document::{Block, Span, Text};

/// Makes text of a sentence and the facts that it has places for.
#[must_use]
pub(super) fn text(sentence: &'static str, facts: &[String]) -> Text {
    let mut facts = facts.iter();
    let mut spans = Vec::new();
    let mut rest = sentence;
    while let Some(place) = rest.find(['[', '{']) {
        let (before, from) = rest.split_at(place);
        if !before.is_empty() {
            spans.push(Span::Plain(before.to_owned()));
        }
        let (end, is_blank) = if from.starts_with('[') { (']', true) } else { ('}', false) };
        let (inside, after) = from.split_once(end).unwrap_or((from, ""));
        let fact = if is_blank { None } else { facts.next() };
        let blank = || match inside.trim_start_matches(['[', '{']) {
            TICK => Span::Box,
            what => Span::Blank(what.to_owned()),
        };
        spans.push(fact.map_or_else(blank, |fact| Span::Code(fact.clone())));
        rest = after;
    }
    if !rest.is_empty() {
        spans.push(Span::Plain(rest.to_owned()));
    }
    Text(spans)
}

/// Numbered paragraphs under headings, counted through the whole draft as courts expect.
#[derive(Debug, Default)]
pub(super) struct Paragraphs {
    blocks: Vec<Block>,
    count: u32,
}

impl Paragraphs {
    /// Begins a section.
    pub(super) fn heading(&mut self, text: &str) {
        self.blocks.push(Block::heading(2, text));
    }

    /// Adds a numbered paragraph of fixed words, facts and blanks.
    pub(super) fn say(&mut self, sentence: &'static str, facts: &[String]) {
        self.paragraph(text(sentence, facts));
    }

    /// Adds a numbered paragraph.
    pub(super) fn paragraph(&mut self, mut text: Text) {
        self.count += 1;
        text.0.insert(0, Span::Plain(format!("{}. ", self.count)));
        self.blocks.push(Block::Paragraph(text));
    }

    /// Adds a block without a number.
    pub(super) fn block(&mut self, block: Block) {
        self.blocks.push(block);
    }

    /// Puts what was added since there were `start` blocks on one page.
    pub(super) fn keep_since(&mut self, start: usize) {
        let kept = self.blocks.split_off(start.min(self.blocks.len()));
        self.blocks.push(Block::Kept(kept));
    }

    /// Returns how many blocks there are.
    #[must_use]
    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Returns everything.
    #[must_use]
    pub(super) fn blocks(self) -> Vec<Block> {
        self.blocks
    }
}

/// What a blank says that is a box to tick.
const TICK: &str = "tick";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_ticked_is_an_empty_box() {
        let made = text("Server [tick], Cloud [tick]", &[]);
        let [server, cloud] = ["Server ", ", Cloud "].map(|words| Span::Plain(words.to_owned()));
        assert_eq!(made.0, [server, Span::Box, cloud, Span::Box]);
    }

    #[test]
    fn a_sentence_has_words_facts_and_blanks() {
        let made = text("I am [name], and {} was {} long.", &["x.zip".to_owned(), "5".to_owned()]);
        let expected = [
            Span::Plain("I am ".to_owned()),
            Span::Blank("name".to_owned()),
            Span::Plain(", and ".to_owned()),
            Span::Code("x.zip".to_owned()),
            Span::Plain(" was ".to_owned()),
            Span::Code("5".to_owned()),
            Span::Plain(" long.".to_owned()),
        ];
        assert_eq!(made.0, expected);
        assert_eq!(text("no more", &[]).0, [Span::Plain("no more".to_owned())]);
    }

    #[test]
    fn a_fact_opens_no_blank_and_no_place() {
        let made = text("{} and {}", &["[name] {}".to_owned(), "b".to_owned()]);
        assert_eq!(
            made.0,
            [Span::Code("[name] {}".to_owned()), Span::Plain(" and ".to_owned()), Span::Code("b".to_owned())]
        );
    }

    #[test]
    fn a_fact_that_is_missing_is_a_blank_and_never_invented() {
        assert_eq!(text("{head of the ledger}", &[]).0, [Span::Blank("head of the ledger".to_owned())]);
    }

    #[test]
    fn what_is_kept_together_is_what_was_added_last() {
        let mut paragraphs = Paragraphs::default();
        paragraphs.say("One.", &[]);
        let start = paragraphs.len();
        paragraphs.heading("More");
        paragraphs.say("Two.", &[]);
        paragraphs.keep_since(start);
        let blocks = paragraphs.blocks();
        let [Block::Paragraph(_), Block::Kept(kept)] = blocks.as_slice() else { panic!("{blocks:?}") };
        assert!(matches!(kept.as_slice(), [Block::Heading { .. }, Block::Paragraph(_)]), "{kept:?}");
    }

    #[test]
    fn paragraphs_are_counted_through_the_sections() {
        let mut paragraphs = Paragraphs::default();
        paragraphs.say("One.", &[]);
        paragraphs.heading("More");
        paragraphs.say("Two.", &[]);
        let blocks = paragraphs.blocks();
        let Some(Block::Paragraph(last)) = blocks.last() else { panic!("{blocks:?}") };
        assert_eq!(last.0.first(), Some(&Span::Plain("2. ".to_owned())));
    }
}
