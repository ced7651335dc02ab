//! Who: nobody, or whoever hopes that intact is enough. The packages here are as they should be, and fall short of what one reader
//! demands (FORMAT §12.21). No demand makes any of them INVALID.

use std::io::Cursor;

use signhold::crypto::digest::FileDigest;
use signhold::crypto::timestamp::{request, trust_roots_from_pem};
use signhold::simulate::timestamp_authority::TimestampAuthority;
use signhold::verify::policy::apply;
use signhold::verify::{
    Code, Demand, LedgerReport, Options, Outcome, Presented, Requirement, Severity, Standing, Trust, verify_all,
    verify_ledger,
};

use crate::ledger::{Ledger, fingerprint, package_name};
use crate::package::{Draft, FROM, KIND, TO, first_url, hex_digest, operator_key, other_key, run, sha256};
use crate::timestamp::{stamp, stamped, with_root};
use crate::{codes, other_fingerprint, pinned, report_on};

/// Holds one package against one demand. The findings are those of the policy and nothing that was not there before.
#[track_caller]
fn judge(archive: &[u8], trust: Trust, demand: Demand, ledgers: &[&LedgerReport]) -> (Outcome, Requirement) {
    let without = report_on(archive, trust.clone());
    let options = Options { trust, threads: 1, ..Options::default() };
    let mut verification = verify_all(&mut [Cursor::new(archive)], &[], &options).unwrap();
    let mut lists = apply(&[demand], &mut verification, ledgers);
    let requirement = lists.remove(0).remove(0);
    let report = &verification.packages[0];
    let mut expected = codes(&without);
    if requirement.standing != Standing::Met {
        expected.push(requirement.code.as_str());
        let finding = report.findings.iter().find(|finding| finding.code == requirement.code).unwrap();
        assert_eq!(finding.severity, Severity::Unestablished);
        assert_eq!(finding.place, format!("policy#{}", requirement.requirement));
        assert_eq!(finding.claimed, requirement.found);
        assert!(finding.computed.ends_with(" your policy"), "{}", finding.computed);
        assert_eq!(report.lacks_only_policy(), without.outcome == Outcome::Valid);
    }
    assert_eq!(codes(report), expected, "{:#?}", report.findings);
    assert_eq!(verification.outcome(), report.outcome);
    (report.outcome, requirement)
}

#[track_caller]
fn expect_met(draft: &Draft, trust: Trust, demand: Demand) -> Requirement {
    let (outcome, requirement) = judge(&draft.build().zip(), trust, demand, &[]);
    assert_eq!((outcome, requirement.standing), (Outcome::Valid, Standing::Met), "{requirement:?}");
    requirement
}

#[track_caller]
fn expect_open(draft: &Draft, trust: Trust, demand: Demand, standing: Standing, code: &str) -> Requirement {
    let (outcome, requirement) = judge(&draft.build().zip(), trust, demand, &[]);
    assert_eq!((requirement.standing, requirement.code.as_str()), (standing, code), "{requirement:?}");
    assert_eq!(outcome, Outcome::Indeterminate);
    requirement
}

/// FORMAT §12.21: a policy that names whom to trust is met by nobody else; that a stranger's package is INVALID is step 4's word.
#[test]
fn policy_signer() {
    let demand = || Demand::Signer("signed by R. Ortiz".to_owned());
    expect_met(&Draft::good(), pinned(), demand());
    let nobody = Trust::default();
    expect_open(&Draft::good(), nobody, demand(), Standing::NotMet, "policy-signer");
    let other = Trust { keys: vec![other_fingerprint()], ..Trust::default() };
    let (outcome, requirement) = judge(&Draft::good().build().zip(), other, demand(), &[]);
    assert_eq!((outcome, requirement.standing), (Outcome::Invalid, Standing::NotMet));
}

/// FORMAT §12.21: no token, one that nobody can judge, one of two.
#[test]
fn policy_timestamp() {
    let demanding = |roots| Trust { require_timestamp: false, timestamp_roots: roots, ..pinned() };
    let roots = || demanding(with_root().timestamp_roots);
    expect_met(&stamped(), roots(), Demand::Timestamps);
    let code = "policy-timestamp";
    expect_open(&Draft::good(), roots(), Demand::Timestamps, Standing::NotMet, code);
    expect_open(&stamped(), demanding(Vec::new()), Demand::Timestamps, Standing::NotShown, code);
    let mut half = stamped();
    half.seal_stamps.clear();
    let requirement = expect_open(&half, roots(), Demand::Timestamps, Standing::NotMet, code);
    assert_eq!(requirement.found, "accepted over the plan 1 of 1, over the seal 0 of 0");
}

/// FORMAT §12.21: two tokens of one authority are one authority.
#[test]
fn policy_timestamp_authorities() {
    let code = "policy-timestamp-authorities";
    expect_met(&stamped(), with_root(), Demand::TimestampAuthorities(1));
    expect_open(&stamped(), with_root(), Demand::TimestampAuthorities(2), Standing::NotMet, code);
    let mut twice = stamped();
    twice.seal_stamps.push(stamp("2026-11-22T06:30:31Z"));
    let requirement = expect_open(&twice, with_root(), Demand::TimestampAuthorities(2), Standing::NotMet, code);
    assert_eq!(requirement.found, "authorities accepted: 1; time stamps over the seal: 2");

    let (from, to) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2027-01-01T00:00:00Z".parse().unwrap());
    let second = TimestampAuthority::new(from, to).unwrap();
    let mut trust = with_root();
    let root = trust_roots_from_pem(second.root_pem()).unwrap();
    let mut two = stamped();
    two.seal_stamps.push(Box::new(move |signature| {
        second.respond(&request(&sha256(signature)), "2026-11-22T06:30:31Z".parse().unwrap())
    }));
    // Whoever lacks the second root may yet get it.
    expect_open(&two, trust.clone(), Demand::TimestampAuthorities(2), Standing::NotShown, code);
    trust.timestamp_roots.extend(root);
    expect_met(&two, trust, Demand::TimestampAuthorities(2));
}

/// FORMAT §12.21: a token under another policy is as right as it was; where the reader types the policy it is step 12's.
#[test]
fn policy_timestamp_policy() {
    let found = report_on(&stamped().build().zip(), with_root()).facts.times.seal_tokens[0].policy.clone();
    expect_met(&stamped(), with_root(), Demand::TimestampPolicies(vec!["1.2.3".to_owned(), found]));
    let other = Demand::TimestampPolicies(vec!["1.2.3".to_owned()]);
    expect_open(&stamped(), with_root(), other.clone(), Standing::NotMet, "policy-timestamp-policy");
    expect_met(&Draft::good(), pinned(), other);
}

/// FORMAT §12.21: the ledger is withheld, lies, or says too little.
#[test]
fn policy_countersignatures() {
    let archive = Draft::good().build().zip();
    let presented = Presented::of(&report_on(&archive, pinned()), FileDigest::of(&archive)).unwrap();
    let (id, seal) = (presented.name.package.to_string(), presented.name.seal_sha256.to_string());
    let name = package_name(&id, &seal, &archive);
    let mut ledger = Ledger::opened(&operator_key());
    ledger.seal(&operator_key(), &name);
    let ledger_report = |bytes: &[u8]| verify_ledger(bytes, std::slice::from_ref(&presented), &pinned()).unwrap();
    let before = ledger_report(&ledger.bytes());
    let statement = r#"{"statement":"I have compared the digests"}"#;
    ledger.add(&other_key(), "countersigned", statement, &[name]);
    let after = ledger_report(&ledger.bytes());
    let mut torn = ledger.bytes();
    torn.pop();
    let torn = ledger_report(&torn);
    assert_eq!(torn.outcome, Outcome::Invalid);

    let demand = |count| Demand::Countersignatures(vec![fingerprint(&other_key()).parse().unwrap()], count);
    let standing = |ledgers: &[&LedgerReport]| judge(&archive, pinned(), demand(1), ledgers).1;
    assert_eq!(standing(&[&after]).standing, Standing::Met);
    let open = standing(&[&before]);
    assert_eq!((open.standing, open.code.as_str()), (Standing::NotMet, "policy-countersignatures"));
    let open = standing(&[]);
    assert_eq!((open.standing, open.found.as_str()), (Standing::NotShown, "no ledger was presented"));
    assert_eq!(standing(&[&torn]).standing, Standing::NotShown);
    // The operator does not stand in for the witness.
    let operator = Demand::Countersignatures(pinned().keys, 1);
    assert_eq!(judge(&archive, pinned(), operator, &[&after]).1.standing, Standing::NotMet);
}

/// FORMAT §12.21: a window that was not asked is no more than a note to everybody else.
#[test]
fn policy_gaps() {
    expect_met(&Draft::good(), pinned(), Demand::NoGaps);
    let mut draft = Draft::good();
    draft.pages.clear();
    draft.runs = vec![run("not_asked", Some("stopped"))];
    draft.runs[0].number = 0;
    let requirement = expect_open(&draft, pinned(), Demand::NoGaps, Standing::NotMet, "policy-gaps");
    assert!(requirement.found.starts_with("gaps: 1, the first interactiveUser "), "{}", requirement.found);
}

/// FORMAT §12.21: one pass where two are demanded.
#[test]
fn policy_second_pass() {
    let requirement = expect_open(&Draft::good(), pinned(), Demand::SecondPass, Standing::NotMet, "policy-second-pass");
    assert_eq!(requirement.found, "0 of 1 closed windows asked twice");
    expect_met(&crate::comparison::two_passes(), pinned(), Demand::SecondPass);
}

/// FORMAT §12.21: a member of a series, presented without those before it.
#[test]
fn policy_series() {
    expect_met(&Draft::good(), pinned(), Demand::WholeSeries);
    let mut second = Draft::good();
    second.series = (2, Some(hex_digest(b"the seal before")));
    let archive = second.build().zip();
    let options = Options { trust: pinned(), threads: 1, ..Options::default() };
    let mut verification = verify_all(&mut [Cursor::new(archive)], &[], &options).unwrap();
    assert_eq!(verification.outcome(), Outcome::Valid);
    let lists = apply(&[Demand::WholeSeries], &mut verification, &[]);
    assert_eq!(lists[0][0].standing, Standing::NotShown, "{lists:?}");
    assert_eq!(lists[0][0].found, "number 2; not presented: 1");
    assert!(verification.packages[0].finding_counts.contains_key(&Code::from_text("policy-series").unwrap()));
    assert_eq!(verification.series[0].outcome, Outcome::Indeterminate);
    assert_eq!(verification.outcome(), Outcome::Indeterminate);
}

/// FORMAT §12.21: clocks that disagree by less than anybody else would mention.
#[test]
fn policy_clock_offset() {
    let code = "policy-clock-offset";
    expect_open(&Draft::good(), pinned(), Demand::ClockOffset(60), Standing::NotShown, code);
    // Page 2 was asked for from 06:06:01 to 06:06:02.
    let mut draft = Draft::good();
    draft.pages[1].headers.push(("date".to_owned(), "Sun, 22 Nov 2026 06:06:32 GMT".to_owned()));
    let requirement = expect_met(&draft, pinned(), Demand::ClockOffset(30));
    assert_eq!(requirement.found, "30 s apart at most");
    expect_open(&draft, pinned(), Demand::ClockOffset(29), Standing::NotMet, code);
    // What was asked of clocks when the plan was made counts too: 06:04:00 to 06:04:00.500, and a time 40 seconds later.
    draft.edit_genesis = Some(Box::new(|genesis| {
        let reading = "[{\"against\":\"https://graph.microsoft.com\",\"local\":\"2026-11-22T06:04:00.500Z\",\
                       \"remote\":\"Sun, 22 Nov 2026 06:04:41 GMT\",\"round_trip_ms\":500}]";
        genesis.set("clock", reading);
    }));
    let requirement = expect_met(&draft, pinned(), Demand::ClockOffset(41));
    assert_eq!(requirement.found, "41 s apart at most");
    expect_open(&draft, pinned(), Demand::ClockOffset(40), Standing::NotMet, code);
}

/// FORMAT §12.21: invented data, rightly marked.
#[test]
fn policy_simulated() {
    expect_met(&Draft::good(), pinned(), Demand::NoSimulation);
    let mut draft = Draft::good();
    draft.simulated = true;
    draft.graph_url = "http://127.0.0.1:8080".to_owned();
    draft.pages[0].url = first_url(&draft.graph_url, KIND, FROM, TO);
    expect_open(&draft, pinned(), Demand::NoSimulation, Standing::NotMet, "policy-simulated");
}

/// FORMAT §12.21: who changes a package does not get a list of what it meets.
#[test]
fn an_invalid_package_meets_no_demand() {
    let mut draft = Draft::good();
    draft.edit_seal = Some(Box::new(|seal| seal.set("merkle_root", format!("\"{}\"", hex_digest(b"another")))));
    let archive = draft.build().zip();
    for demand in [Demand::NoGaps, Demand::NoSimulation, Demand::WholeSeries, Demand::Signer(String::new())] {
        let (outcome, requirement) = judge(&archive, pinned(), demand, &[]);
        assert_eq!((outcome, requirement.standing), (Outcome::Invalid, Standing::NotShown), "{requirement:?}");
        assert!(requirement.found.ends_with(", says a package that is INVALID"), "{}", requirement.found);
    }
}
