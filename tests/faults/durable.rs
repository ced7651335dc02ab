//! A disk that fails at every durable step, once and twice: what is resumed from it ends with the truth.

use std::collections::BTreeSet;

use signhold::collect::chain::{ChainError, Head};
use signhold::collect::restore::Restore;
use signhold::collect::stream::Stop;
use signhold::collect::table::RunTable;
use signhold::crypto::digest::GenesisDigest;
use signhold::crypto::signature::Signer as _;
use signhold::seal::comparison::PageIndex;
use signhold::store::acquisition::AcquisitionFolder;

use crate::bench::{Bench, Setup};
use crate::for_all;
use crate::memory::{Faulty, Loss, Memory};

/// A service that fails as well, so that failures are committed among the pages.
fn bench() -> Bench {
    Bench::start(Setup::new(&["http-503@3", "cut-body@6", "html-200@9"].map(|fault| fault.parse().unwrap())))
}

/// How many commits a session takes that nothing befalls.
fn commits() -> u64 {
    let (bench, memory) = (bench(), Memory::default());
    assert!(bench.run(&memory, bench.nothing_yet(), 1).stop.is_none());
    let (pages, failures) = memory.counts();
    assert!(pages > 8 && failures == 3, "{pages} {failures}");
    pages + failures
}

fn losses(to: u64) -> impl Iterator<Item = (u64, Loss)> {
    (1..=to).flat_map(|at| [(at, Loss::NotPersisted), (at, Loss::PersistedButReportedFailed)])
}

/// The disk stops a session, unless it ended before commit `at`: the windows move with the clock, so a commit more or less
/// is needed from one bench to the next.
fn is_the_disk(stop: Option<&Stop>, at: u64, (pages, failures): (u64, u64)) -> Result<(), String> {
    match stop {
        Some(Stop::Chain(ChainError::Store(_))) => Ok(()),
        None if pages + failures < at => Ok(()),
        other => Err(format!("the disk failed, and the session ended with {other:?}")),
    }
}

#[test]
fn a_commit_that_fails_and_another_after_resuming_lose_nothing() {
    let mut cases: Vec<_> = losses(commits()).map(|first| (first, None)).collect();
    let seconds: Vec<_> = losses(2).collect();
    cases.extend(losses(commits()).flat_map(|first| seconds.iter().map(move |second| (first, Some(*second)))));
    for_all(cases, |((at, loss), second)| {
        let (bench, memory) = (bench(), Memory::default());
        let end = bench.run(Faulty::new(&memory, at, loss), bench.nothing_yet(), 1);
        let (pages, failures) = memory.counts();
        is_the_disk(end.stop.as_ref(), at, (pages, failures))?;
        let persisted = at - u64::from(loss == Loss::NotPersisted);
        if end.stop.is_some() && pages + failures != persisted {
            return Err(format!("{pages} pages and {failures} failures"));
        }
        if let Some((at, loss)) = second {
            let end = bench.run(Faulty::new(&memory, at, loss), bench.restore(&memory), 1);
            // Less may be left to commit.
            end.stop.as_ref().map_or(Ok(()), |stop| is_the_disk(Some(stop), at, memory.counts()))?;
        }
        let end = bench.run(&memory, bench.restore(&memory), 1);
        let judged = bench.seal(&memory, &end);
        if end.stop.is_some() || !judged.gaps().is_empty() {
            return Err(format!("stop {:?}, gaps {:?}", end.stop, judged.gaps()));
        }
        judged.check(&bench, &BTreeSet::new())
    });
}

#[test]
fn a_session_of_many_workers_stops_as_one_when_the_disk_fails() {
    for_all(losses(commits()).collect(), |(at, loss)| {
        let (bench, memory) = (bench(), Memory::default());
        let end = bench.run(Faulty::new(&memory, at, loss), bench.nothing_yet(), 4);
        is_the_disk(end.stop.as_ref(), at, memory.counts())?;
        let end = bench.run(&memory, bench.restore(&memory), 4);
        let judged = bench.seal(&memory, &end);
        if end.stop.is_some() || !judged.gaps().is_empty() {
            return Err(format!("stop {:?}, gaps {:?}", end.stop, judged.gaps()));
        }
        judged.check(&bench, &BTreeSet::new())
    });
}

/// Rebuilds what a session goes on from, and checks every body while at it.
fn reopen(bench: &Bench, folder: &AcquisitionFolder) -> (Head, RunTable, PageIndex) {
    let key = bench.key.public_key();
    let restore = std::cell::RefCell::new(Restore::new(&key, GenesisDigest::of(&folder.genesis)));
    let mut index = PageIndex::default();
    let replayed = folder.replay(
        folder.counts().unwrap(),
        |record, bytes, signature| {
            restore.borrow_mut().add_page(&record, bytes, signature).unwrap();
            index.add(&record);
            folder.check_page_body(&record)
        },
        |record, bytes, signature| {
            restore.borrow_mut().add_failure(&record, bytes, signature).unwrap();
            folder.check_failure_body(&record)
        },
    );
    replayed.unwrap();
    let (head, table) = restore.into_inner().finish();
    (head, table, index)
}

#[test]
fn the_same_on_a_real_disk() {
    for_all(losses(commits()).collect(), |(at, loss)| {
        let (bench, root) = (bench(), tempfile::tempdir().unwrap());
        let signature = bench.key.sign(&bench.bytes).unwrap();
        let root = root.path().join("acquisition");
        let folder = AcquisitionFolder::create(&root, &bench.bytes, signature.as_bytes(), &[], None).unwrap();
        let end = bench.run(Faulty::new(&folder, at, loss), bench.nothing_yet(), 1);
        is_the_disk(end.stop.as_ref(), at, folder.counts().unwrap())?;
        let folder = AcquisitionFolder::open(&root).unwrap();
        let (head, table, _) = reopen(&bench, &folder);
        let end = bench.run(&folder, (head, table), 1);
        let (_, _, index) = reopen(&bench, &folder);
        let judged = bench.seal_parts(&folder, folder.counts().unwrap(), &index, &end);
        if end.stop.is_some() || !judged.gaps().is_empty() {
            return Err(format!("stop {:?}, gaps {:?}", end.stop, judged.gaps()));
        }
        judged.check(&bench, &BTreeSet::new())
    });
}
