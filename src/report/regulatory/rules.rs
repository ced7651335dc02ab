//! The rules on notification, as data.
//!
//! Each [`Rule`] is a row of LEGAL_NOTES §4, with the same title, source and state; a test holds the two against each other. What
//! LEGAL_NOTES marks as not law stands in [`NOT_LAW`], has no clock here and is never computed.

use super::deadline::Length;
use super::regime::{Duty, Regime, Rule, Start, State};

/// Every regime, in alphabetical order of the names.
pub const REGIMES: &[Regime] = &[
    Regime {
        name: "california",
        title: "California, breach of the security of a system",
        rules: &[Rule {
            title: "California",
            source: "SB 446, from 1 Jan 2026; Civ. Code 1798.82",
            state: State::Unconfirmed("secondary"),
            duties: &[
                days("notice to residents", Start::Discovered, 30),
                days("sample to the Attorney General, above 500 residents", Start::Notified, 15),
            ],
        }],
        is_european: false,
        cautions: &[
            "The 30 days may run from discovery or from notification of the breach; a delay for law enforcement, or to determine the scope, is for counsel.",
        ],
    },
    Regime {
        name: "circia",
        title: "CIRCIA, critical infrastructure in the United States",
        rules: &[Rule {
            title: "CIRCIA",
            source: "6 U.S.C. 681b; proposed rule 89 FR 23644",
            state: State::WhetherInForce(
                "the final rule was announced for May 2026; reports since then contradict each other. Look in the Federal Register",
            ),
            duties: &[
                hours("report of a covered incident", Start::Believed, 72),
                hours("report of a ransom payment", Start::Paid, 24),
            ],
        }],
        is_european: false,
        cautions: &[
            "Whether this rule is in force was not confirmed: the ends shown are those that the Act's lengths would give, and no statement that anything is due.",
        ],
    },
    Regime {
        name: "colorado",
        title: "Colorado, security breach",
        rules: &[Rule {
            title: "Colorado",
            source: "C.R.S. 6-1-716",
            state: State::Unconfirmed("secondary"),
            duties: &[
                days("notice to residents", Start::Determined, 30).promptly(UNREASONABLE),
                days("notice to the Attorney General, 500 residents or more", Start::Determined, 30)
                    .promptly(UNREASONABLE),
            ],
        }],
        is_european: false,
        cautions: &[],
    },
    Regime {
        name: "cra",
        title: "EU Cyber Resilience Act, manufacturers of products with digital elements",
        rules: &[Rule {
            title: "Cyber Resilience Act",
            source: "Regulation (EU) 2024/2847 Art. 14",
            state: State::Unconfirmed("secondary"),
            duties: &[
                hours("early warning", Start::Aware, 24).promptly(UNDUE),
                hours("notification", Start::Aware, 72).promptly(UNDUE),
                days("final report, actively exploited vulnerability", Start::Corrected, 14),
                month("final report, severe incident", Start::Notified),
            ],
        }],
        is_european: true,
        cautions: &[
            "For manufacturers, about their products, since 11 September 2026. --notified-at is the time of the 72-hour notification.",
        ],
    },
    Regime {
        name: "delaware",
        title: "Delaware, breach of security",
        rules: &[Rule {
            title: "Delaware",
            source: "6 Del. C. 12B-102(c)",
            state: State::Unconfirmed("republished text"),
            duties: &[days("notice to residents", Start::Determined, 60).promptly(UNREASONABLE)],
        }],
        is_european: false,
        cautions: &["Above 500 residents the Attorney General is told no later than the residents are."],
    },
    Regime {
        name: "dora",
        title: "EU DORA, major ICT-related incidents of financial entities",
        rules: &[Rule {
            title: "DORA",
            source: "Regulation (EU) 2022/2554 Art. 19; Delegated Regulation (EU) 2025/301 Art. 5",
            state: State::Unconfirmed(
                "republished text; some summaries count 72 h from detection: read the regulation",
            ),
            duties: &[
                hours("initial notification, within this", Start::Classified, 4),
                hours("and not later than this", Start::Aware, 24),
                hours("intermediate report", Start::Notified, 72),
                month("final report", Start::Reported),
            ],
        }],
        is_european: true,
        cautions: &[
            "The initial notification is due by the earlier of its two ends. Where an incident is classified as major only after the 24 hours, the four hours from classification count alone.",
            "Article 5 lets some entities report by noon of the next working day where an end falls on a weekend or a bank holiday of their Member State. That depends on the kind of entity and is not computed.",
            "--notified-at is the time of the initial notification, --reported-at that of the intermediate report or its last update.",
        ],
    },
    Regime {
        name: "florida",
        title: "Florida, breach of security",
        rules: &[Rule {
            title: "Florida",
            source: "Fla. Stat. 501.171",
            state: State::Unconfirmed("secondary"),
            duties: &[
                days("notice to individuals", Start::Determined, 30).promptly(UNREASONABLE),
                days("notice to the Department of Legal Affairs, 500 individuals or more", Start::Determined, 30)
                    .promptly(UNREASONABLE),
            ],
        }],
        is_european: false,
        cautions: &["A reason to believe that a breach occurred may start the clock as a determination does."],
    },
    Regime {
        name: "gdpr",
        title: "GDPR, personal data breach",
        rules: &[
            Rule {
                title: "GDPR, authority",
                source: "Regulation (EU) 2016/679 Art. 33(1), (5)",
                state: State::Unconfirmed("republished text"),
                duties: &[hours("notification to the authority, unless a risk is unlikely", Start::Aware, 72)
                    .promptly(FEASIBLE)],
            },
            Rule {
                title: "GDPR, persons",
                source: "Art. 34",
                state: State::Unconfirmed(""),
                duties: &[Duty {
                    what: "communication to the persons, where the risk is high",
                    start: Start::Aware,
                    pace: "",
                    length: Length::Words("without undue delay"),
                }],
            },
        ],
        is_european: true,
        cautions: &[
            "The controller's awareness counts; what it consists in, and whether a processor's counts, is for counsel. A later notice has to give reasons for the delay.",
        ],
    },
    Regime {
        name: "hipaa",
        title: "HIPAA, breach of unsecured protected health information",
        rules: &[
            Rule {
                title: "HIPAA, individuals",
                source: "45 CFR 164.404; delay for law enforcement .412",
                state: State::Unconfirmed("republished text"),
                duties: &[days("notice to individuals", Start::Discovered, 60).promptly(UNREASONABLE)],
            },
            Rule {
                title: "HIPAA, media and HHS",
                source: "45 CFR 164.406, .408",
                state: State::Unconfirmed("republished text of .408"),
                duties: &[
                    days("media, above 500 residents of a State", Start::Discovered, 60).promptly(UNREASONABLE),
                    days("HHS, 500 individuals or more: with the notice to them", Start::Discovered, 60)
                        .promptly(UNREASONABLE),
                    Duty {
                        what: "HHS, fewer than 500 individuals",
                        start: Start::Discovered,
                        pace: "",
                        length: Length::DaysAfterYearEnd(60),
                    },
                ],
            },
            Rule {
                title: "HIPAA, business associate",
                source: "45 CFR 164.410",
                state: State::Unconfirmed(""),
                duties: &[
                    days("business associate to the covered entity", Start::Discovered, 60).promptly(UNREASONABLE)
                ],
            },
        ],
        is_european: false,
        cautions: &[
            "Discovery is the first day on which the breach is known or, with reasonable diligence, would have been; that day is for counsel. The 60 days are an outer limit.",
        ],
    },
    Regime {
        name: "new-york",
        title: "New York, breach of the security of a system",
        rules: &[Rule {
            title: "New York",
            source: "N.Y. Gen. Bus. Law 899-aa, as amended on 21 Dec 2024",
            state: State::Unconfirmed("secondary, with the words quoted"),
            duties: &[days("notice to residents", Start::Discovered, 30).promptly(UNREASONABLE)],
        }],
        is_european: false,
        cautions: &[
            "State authorities, among them the Department of Financial Services, are to be told too; when is for counsel.",
        ],
    },
    Regime {
        name: "nis2",
        title: "EU NIS2, significant incidents of essential and important entities",
        rules: &[Rule {
            title: "NIS2",
            source: "Directive (EU) 2022/2555 Art. 23(4), through national law",
            state: State::Unconfirmed("republished text"),
            duties: &[
                hours("early warning", Start::Aware, 24).promptly(UNDUE),
                hours("incident notification", Start::Aware, 72).promptly(UNDUE),
                month("final report", Start::Notified),
            ],
        }],
        is_european: true,
        cautions: &[
            "The directive binds through national law, which may differ; trust service providers have 24 hours for the notification itself.",
            "--notified-at is the time of the incident notification. An incident that goes on asks for a progress report in place of the final one.",
        ],
    },
    Regime {
        name: "nydfs",
        title: "NYDFS, cybersecurity incidents of covered entities",
        rules: &[Rule {
            title: "NYDFS",
            source: "23 NYCRR 500.17(a)(1), (c)",
            state: State::Confirmed,
            duties: &[
                hours("notice to the superintendent", Start::Determined, 72).promptly("as promptly as possible,"),
                hours("notice of an extortion payment", Start::Paid, 24),
                days("reasons for an extortion payment", Start::Paid, 30),
            ],
        }],
        is_european: false,
        cautions: &[
            "The clock starts when it is determined that an incident occurred, at the entity, its affiliates or a third-party service provider.",
        ],
    },
    Regime {
        name: "sec",
        title: "SEC Form 8-K, item 1.05, material cybersecurity incidents",
        rules: &[Rule {
            title: "SEC Form 8-K, item 1.05",
            source: "Release 33-11216; Form 8-K, General Instruction B.1; 17 CFR 232.13(a)(2); 5 U.S.C. 6103",
            state: State::Unconfirmed("republished text of B.1 and 232.13; otherwise secondary"),
            duties: &[Duty { what: "Form 8-K", start: Start::Determined, pace: "", length: Length::BusinessDays(4) }],
        }],
        is_european: false,
        cautions: &[
            "The clock starts when the company determines that the incident is material, not when it becomes aware; the determination is due without unreasonable delay after discovery.",
            "Business days leave out Saturdays, Sundays and the federal holidays of 5 U.S.C. 6103 on the days they are observed. Inauguration Day, and days on which offices are closed by order, are counted as business days: look at the Commission's calendar. The end is 5:30 p.m. in Washington.",
            "Where the event's own day and Washington's day differ, the count starts from the earlier one.",
        ],
    },
    Regime {
        name: "texas",
        title: "Texas, breach of system security",
        rules: &[Rule {
            title: "Texas",
            source: "Tex. Bus. & Com. Code 521.053(b), (i)",
            state: State::Unconfirmed("republished text of (b), (i) secondary; one source says 30 days for both"),
            duties: &[
                days("notice to individuals", Start::Determined, 60).promptly(UNREASONABLE),
                days("notice to the Attorney General, 250 residents or more", Start::Determined, 30),
            ],
        }],
        is_european: false,
        cautions: &[],
    },
    Regime {
        name: "uk-gdpr",
        title: "UK GDPR, personal data breach",
        rules: &[Rule {
            title: "UK GDPR",
            source: "UK GDPR Art. 33",
            state: State::Unconfirmed("secondary"),
            duties: &[hours("notification to the Commissioner, unless a risk is unlikely", Start::Aware, 72)
                .promptly(FEASIBLE)],
        }],
        is_european: false,
        cautions: &["The controller's awareness counts. A later notice has to give reasons for the delay."],
    },
];

/// Rows of LEGAL_NOTES §4 that are not law, with the regime that a reader would look for them under.
pub(super) const NOT_LAW: &[(&str, &str)] =
    &[("GDPR as the Digital Omnibus would have it", "gdpr"), ("UK Cyber Security and Resilience Bill", "uk-gdpr")];

/// As the rules have it; LEGAL_NOTES §4 has the same words.
const UNDUE: &str = "without undue delay,";
const UNREASONABLE: &str = "without unreasonable delay,";
const FEASIBLE: &str = "without undue delay and, where feasible,";

const fn hours(what: &'static str, start: Start, count: u32) -> Duty {
    Duty { what, start, pace: "", length: Length::Hours(count) }
}

const fn days(what: &'static str, start: Start, count: u32) -> Duty {
    Duty { what, start, pace: "", length: Length::CalendarDays(count) }
}

const fn month(what: &'static str, start: Start) -> Duty {
    Duty { what, start, pace: "", length: Length::Months(1) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Title, and the other cells: clock, start, source, state.
    fn rows() -> BTreeMap<String, [String; 4]> {
        let notes = include_str!("../../../LEGAL_NOTES.md");
        let (_, section) = notes.split_once("\n## 4. ").expect("section 4");
        let (section, _) = section.split_once("\n## 5. ").expect("section 5");
        let mut rows = BTreeMap::new();
        for line in section.lines().filter(|line| line.starts_with("| ")).skip(1) {
            let cells: Vec<String> =
                line.trim_matches('|').split(" | ").map(|cell| cell.trim().replace("**", "")).collect();
            let [title, clock, start, source, state] = cells.try_into().expect("five cells");
            assert!(rows.insert(title.clone(), [clock, start, source, state]).is_none(), "{title} twice");
        }
        rows
    }

    #[test]
    fn each_rule_is_a_row_of_the_legal_notes_with_the_same_source_and_state() {
        let rows = rows();
        for rule in REGIMES.iter().flat_map(|regime| regime.rules) {
            let [clock, _, source, state] = rows.get(rule.title).unwrap_or_else(|| panic!("no row `{}`", rule.title));
            assert_eq!(rule.source, source, "{}", rule.title);
            assert_eq!(rule.state.text(), *state, "{}", rule.title);
            for duty in rule.duties {
                let number = match duty.length {
                    Length::BusinessDays(count)
                    | Length::CalendarDays(count)
                    | Length::DaysAfterYearEnd(count)
                    | Length::Hours(count) => count.to_string(),
                    Length::Months(count) => {
                        assert_eq!(count, 1, "the notes have no other");
                        "one month".to_owned()
                    }
                    Length::Words(words) => words.to_owned(),
                };
                let words = format!("{} at most {number}", duty.pace);
                let words = if matches!(duty.length, Length::Words(_)) { &number } else { words.trim_start() };
                assert!(clock.contains(words), "`{}` has no `{words}`: {clock}", rule.title);
            }
        }
    }

    #[test]
    fn what_is_not_law_has_no_clock() {
        let rows = rows();
        let computed: Vec<&str> = REGIMES.iter().flat_map(|regime| regime.rules).map(|rule| rule.title).collect();
        for (title, regime) in NOT_LAW {
            let [.., state] = rows.get(*title).unwrap_or_else(|| panic!("no row `{title}`"));
            assert!(state.contains("not law"), "{title}: {state}");
            assert!(!computed.contains(title));
            assert!(Regime::named(regime).is_some());
        }
        let not_law = rows.iter().filter(|(_, [.., state])| state.contains("not law")).count();
        assert_eq!(not_law, NOT_LAW.len());
    }

    #[test]
    fn a_length_is_never_an_allowance() {
        let within = |name: &str| Regime::named(name).unwrap().rules[0].duties[0].within();
        assert_eq!(within("gdpr"), "without undue delay and, where feasible, at most 72 hours");
        assert_eq!(within("nis2"), "without undue delay, at most 24 hours");
        assert_eq!(within("nydfs"), "as promptly as possible, at most 72 hours");
        assert_eq!(within("hipaa"), "without unreasonable delay, at most 60 calendar days");
        assert_eq!(within("sec"), "at most 4 business days");
    }

    #[test]
    fn names_are_sorted_and_found() {
        let names: Vec<&str> = REGIMES.iter().map(|regime| regime.name).collect();
        assert!(names.is_sorted());
        for name in names {
            assert_eq!(Regime::named(name).unwrap().name, name);
        }
        assert_eq!(Regime::named("GDPR"), None);
    }

    #[test]
    fn where_awareness_starts_nothing_another_option_does() {
        let starts = |name: &str| Regime::named(name).unwrap().starts();
        assert_eq!(starts("gdpr"), [Start::Aware]);
        assert_eq!(starts("sec"), [Start::Determined]);
        assert_eq!(starts("nydfs"), [Start::Determined, Start::Paid]);
        assert_eq!(starts("dora"), [Start::Aware, Start::Classified, Start::Notified, Start::Reported]);
        assert_eq!(starts("hipaa"), [Start::Discovered]);
        assert!(Start::ALL.is_sorted());
    }
}
