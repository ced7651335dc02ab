//! What a package does not show: LEGAL_NOTES section 2 in plain words, for somebody who has not read it.

use crate::report::document::{Block, Span, Text};

/// Returns the chapter.
pub(super) fn blocks() -> Vec<Block> {
    let item =
        |(lead, words): &(&str, &str)| Text(vec![Span::Strong((*lead).to_owned()), Span::Plain(format!(" {words}"))]);
    vec![
        Block::heading(1, "What this does not show"),
        Block::paragraph(
            "True of every package, also of one that is VALID. Say these things before somebody else does.",
        ),
        Block::List { numbered: true, items: LIMITS.iter().map(item).collect() },
    ]
}

/// Leads are those of LEGAL_NOTES, in its order.
const LIMITS: [(&str, &str); 13] = [
    (
        "Origin is not proved.",
        "The service does not sign its answers. That these bytes came from it convinced the collecting program at that moment, and \
         nobody else. What supports it lies outside: the tenant's own log of requests, a second collection by another person, a \
         certificate of the service's custodian of records.",
    ),
    (
        "The collector must be trusted before the first hash.",
        "Whoever could change the program, or answer it from a false address, could have invented what it sealed. Only independent \
         data speaks against that.",
    ),
    (
        "\"Complete\" has a small meaning:",
        "as returned to this query, by this identity, at this time. Not: all sign-ins that happened.",
    ),
    (
        "Our clock is a claim.",
        "The operator's machine says when each page came; the service's dates are another claim. Only a time stamp authority speaks \
         independently of both.",
    ),
    (
        "The bracket binds the commitment, not the creation.",
        "Between the two stamps the bytes were committed to. They may have existed before. What the second stamp covers is what was \
         sealed; other bytes do not fit it.",
    ),
    (
        "A hash is sameness, not truth.",
        "It does not say that the service recorded correctly, or that anybody reads it correctly.",
    ),
    (
        "An IP address is not a person,",
        "and a sign-in record is what the service concluded. Places are derived from addresses; proxies, shared devices and stolen \
         tokens exist. What is in here is consistent with an account of what happened, or not; it does not prove who did it.",
    ),
    (
        "The endpoint is a beta.",
        "All four kinds of sign-in come from a version of the interface that its maker may change, and does not support for production.",
    ),
    (
        "Records change after the event.",
        "Details of authentication can be completed later, states of risk follow later decisions. Two honest collections can differ.",
    ),
    (
        "Retention before the hold is lost.",
        "What the service had deleted before the first request cannot be recovered here. It is called expired, which is not empty.",
    ),
    (
        "Withheld fields.",
        "An identity without the right to read policies gets records without them, and no error says so. The plan states which rights \
         were held.",
    ),
    (
        "An old package stays what it was.",
        "Its time stamps weigh until their certificates end, unless they were renewed before. Whether it is the latest of several shows \
         only against a ledger of which somebody else kept the head.",
    ),
    (
        "Simulated packages are never evidence.",
        "What by its own plan came from other addresses than the service's is marked as simulated, in the package and on every page made of it.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    const NOTES: &str = include_str!("../../../LEGAL_NOTES.md");

    #[test]
    fn the_limits_are_those_of_the_legal_notes() {
        let section = NOTES.split("\n## ").find(|section| section.starts_with("2. ")).expect("section 2");
        let leads: Vec<&str> = section
            .split('\n')
            .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
            .filter_map(|line| line.split("**").nth(1))
            .skip_while(|lead| lead.starts_with("2."))
            .collect();
        let ours: Vec<&str> = LIMITS.iter().map(|(lead, _)| *lead).collect();
        assert_eq!(ours, leads);
    }
}
