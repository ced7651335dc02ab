//! The pieces of work on one page, each alone: where the time of `collect` and `verify` goes.
//!
//! The page is one that the simulator serves: 1000 interactive sign-ins, some 4 MB. `cargo bench --bench pieces`.

use std::io::Cursor;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use signhold::codec::json::slice_page;
use signhold::codec::zip::write::{Part, bundle};
use signhold::codec::zip::{Profile, Reader};
use signhold::collect::page::PageContent;
use signhold::collect::{DurablePage, PageStore as _};
use signhold::crypto::digest::PageDigest;
use signhold::crypto::merkle::{leaf_hash, root};
use signhold::crypto::signature::Signer as _;
use signhold::format::kind::Kind;
use signhold::format::limits;
use signhold::keyring::OperatorKey;
use signhold::simulate::{self, Tenant};
use signhold::store::acquisition::AcquisitionFolder;
use signhold::time::Window;

fn main() {
    LazyLock::force(&PAGE);
    divan::main();
}

static PAGE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let now = "2026-11-22T00:00:00Z".parse().expect("a time");
    let tenant = Tenant::new(7, 20_000, now, 7);
    let mut page = br#"{"@odata.context":"https://localhost/beta/$metadata#auditLogs/signIns","value":["#.to_vec();
    for index in 0..RECORDS {
        page.extend_from_slice(if index == 0 { b"" } else { b"," });
        page.extend(tenant.record_json(simulate::Kind::InteractiveUser, index).expect("the tenant has that many"));
    }
    page.extend_from_slice(b"]}");
    page
});

fn window() -> Window {
    let bound = |text: &str| text.parse().expect("a time");
    Window::new(bound("2026-11-15T00:00:00Z"), bound("2026-11-22T00:00:00Z")).expect("a window")
}

fn page_bytes() -> BytesCount {
    BytesCount::of_slice(PAGE.as_slice())
}

#[divan::bench]
fn hash_page(bencher: Bencher<'_, '_>) {
    bencher.counter(page_bytes()).bench(|| PageDigest::of(&PAGE));
}

#[divan::bench]
fn slice(bencher: Bencher<'_, '_>) {
    bencher.counter(page_bytes()).bench(|| slice_page(&PAGE, Kind::InteractiveUser.time_member(), |_| {}));
}

#[divan::bench]
fn hash_leaves(bencher: Bencher<'_, '_>) {
    let mut elements = Vec::new();
    slice_page(&PAGE, Kind::InteractiveUser.time_member(), |element| elements.push(element)).expect("a page");
    bencher.counter(page_bytes()).bench(|| root(elements.iter().map(|element| leaf_hash(element.bytes))));
}

#[divan::bench]
fn deflate(bencher: Bencher<'_, '_>) {
    bencher.counter(page_bytes()).bench(|| Part::deflate(&PAGE));
}

#[divan::bench]
fn inflate(bencher: Bencher<'_, '_>) {
    let archive = bundle(&[("top/page.json", &Part::deflate(&PAGE))]).expect("an archive");
    let mut reader = Reader::open(Cursor::new(archive), limits::of_archive(limits::ARCHIVE_BYTES), Profile::Deflated)
        .expect("an archive");
    let entry = reader.next_entry(&mut |_| {}).expect("an entry").expect("a whole entry");
    bencher.counter(page_bytes()).bench(|| entry.inflate());
}

/// All that `collect` does with a body before the chain: hash, cut, hash the leaves, deflate.
#[divan::bench]
fn take_in_page(bencher: Bencher<'_, '_>) {
    bencher.counter(page_bytes()).bench(|| PageContent::new(&PAGE, None, Kind::InteractiveUser, window()));
}

/// Writing and syncing what is deflated already.
#[divan::bench]
fn commit_page(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let acquisition =
        AcquisitionFolder::create(&folder.path().join("a"), b"{}", &[0; 64], &[], None).expect("a folder");
    let body = Part::deflate(&PAGE);
    let key = OperatorKey::generate().expect("a key");
    let record = vec![b' '; RECORD_BYTES];
    let signature = key.sign(&record).expect("a key in memory signs");
    let mut sequence = 0;
    bencher.counter(ItemsCount::new(1_u64)).bench_local(|| {
        sequence += 1;
        let page = DurablePage { record: &record, signature: &signature, body: Some(&body), prefixes: None };
        (&acquisition).commit_page(sequence, &page)
    });
}

#[divan::bench]
fn sign_record(bencher: Bencher<'_, '_>) {
    let key = OperatorKey::generate().expect("a key");
    let record = vec![b' '; RECORD_BYTES];
    bencher.counter(ItemsCount::new(1_u64)).bench(|| key.sign(&record).expect("a key in memory signs"));
}

#[divan::bench]
fn verify_record(bencher: Bencher<'_, '_>) {
    let key = OperatorKey::generate().expect("a key");
    let record = vec![b' '; RECORD_BYTES];
    let (public, signature) = (key.public_key(), key.sign(&record).expect("a key in memory signs"));
    bencher.counter(ItemsCount::new(1_u64)).bench(|| public.verify(&record, &signature));
}

/// A full page of the service.
const RECORDS: u64 = 1000;
/// A page record of a chain over TLS, with its headers and certificates, has between 3 and 5 KB.
const RECORD_BYTES: usize = 4096;
