//! Every decoder under bytes that nobody meant for it: no panic, no allocation out of proportion, and one spelling for what has one.
//!
//! Inputs start from the vectors and from a package, and are changed as people break formats: bits, lengths, tokens of the format, pieces
//! of another input, pieces twice or not at all. Input number N of a seed is always the same, so a failure names what to repeat:
//!
//! ```text
//! cargo test --test fuzz                                      seed 1, a few hundred inputs for each decoder
//! FUZZ_SECONDS=10 cargo test --test fuzz -- --nocapture       as long for each, a seed of the moment, printed
//! FUZZ_SEED=7 FUZZ_INPUT=1234 cargo test --test fuzz NAME     one input again
//! ```
//!
//! Guided fuzzing (libFuzzer) wants a nightly compiler and is left to those who have one: each decoder below is one function of bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "of the package builder only keys are wanted here")]
#[path = "support/archive.rs"]
mod archive;
#[allow(dead_code, reason = "of the package builder only keys are wanted here")]
#[path = "support/package.rs"]
mod package;

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;
use signhold::codec::{content, der, json, service_error, zip};
use signhold::corroborate::rows;
use signhold::crypto::certificate::{RevocationList, SignerCertificates, trusted_from_pem};
use signhold::crypto::digest::{SealDigest, prefix};
use signhold::crypto::pkcs12;
use signhold::crypto::secret::Secret;
use signhold::crypto::signature::{Fingerprint, PublicKey};
use signhold::crypto::timestamp::{parse_response, trust_roots_from_pem};
use signhold::exhibit::Expression;
use signhold::exhibit::index::{Hint, IndexWriter, look_up};
use signhold::format::bag::Manifest;
use signhold::format::checkpoint::Checkpoint;
use signhold::format::exhibit::Exhibit;
use signhold::format::failure::FailureRecord;
use signhold::format::genesis::Genesis;
use signhold::format::kind::Kind;
use signhold::format::ledger::SignedEvent;
use signhold::format::limits;
use signhold::format::page::PageRecord;
use signhold::format::path::PackagePath;
use signhold::format::seal::Seal;
use signhold::format::{Document, decode, encode};
use signhold::store::matter::MatterSettings;
use signhold::time::{Bound, ServiceTime};
use signhold::verify::{Options, Outcome, VerifiedRecord, verify, verify_exhibit};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One decoder at a time: what is allocated is counted for the whole process.
static TURN: Mutex<()> = Mutex::new(());

/// What a decoder may allocate for an input: so much, and so many bytes for each byte of it.
struct Budget {
    fixed: usize,
    per_byte: usize,
}

/// For decoders that keep what they read, and say what is wrong with it.
const ORDINARY: Budget = Budget { fixed: 1 << 20, per_byte: 64 };

struct Dice(u64);

impl Dice {
    fn new(seed: u64, input: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ input.wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1);
        for _ in 0..4 {
            dice.roll();
        }
        dice
    }

    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Changes one of the seeds in one to four ways.
fn changed(dice: &mut Dice, seeds: &[Vec<u8>], tokens: &[&[u8]]) -> Vec<u8> {
    let mut bytes = dice.pick(seeds).clone();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + dice.below(40)).min(bytes.len());
        match dice.below(10) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            1 if at < bytes.len() => {
                bytes[at] = *dice.pick(&[0, 1, 0x7f, 0x80, 0xff, b'"', b'\\', b'{', b'[', b'\n', 0x30, 0x84]);
            }
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => {
                let other = dice.pick(seeds);
                let from = dice.below(other.len() + 1);
                let piece = other[from..(from + dice.below(200)).min(other.len())].to_vec();
                bytes.splice(at..end, piece);
            }
            5 | 6 => {
                let token = dice.pick(tokens).to_vec();
                bytes.splice(at..if dice.below(2) == 0 { at } else { end }, token);
            }
            7 => bytes.truncate(at),
            8 if at + 4 <= bytes.len() => {
                let number = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
                let number = *dice.pick(&[number.wrapping_add(1), number.wrapping_sub(1), 0, u32::MAX, 0x7fff_ffff]);
                bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
            }
            _ => {
                let piece = bytes[at..end].to_vec();
                let often = dice.below(200);
                bytes.splice(at..at, piece.repeat(often));
            }
        }
    }
    bytes
}

/// Runs a decoder over `count` inputs, or as long as the environment says.
#[track_caller]
fn fuzz(name: &str, count: u64, seeds: &[Vec<u8>], tokens: &[&[u8]], budget: &Budget, decoder: impl Fn(&[u8])) {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    assert!(!seeds.is_empty(), "{name} has seeds");
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let long = number("FUZZ_SECONDS").map(Duration::from_secs);
    let moment = || u64::from(std::process::id()) << 20 ^ u64::try_from(MEMORY.current_usage()).unwrap();
    let seed = number("FUZZ_SEED").unwrap_or_else(|| if long.is_some() { moment() } else { 1 });
    if long.is_some() {
        println!("{name}: FUZZ_SEED={seed}");
    }
    let inputs = match number("FUZZ_INPUT") {
        Some(only) => only..only + 1,
        None if long.is_some() => 0..u64::MAX,
        None => 0..count,
    };
    let begun = Instant::now();
    for input in inputs {
        if long.is_some_and(|long| begun.elapsed() > long) {
            break;
        }
        let bytes = if input < u64::try_from(seeds.len()).unwrap() {
            seeds[usize::try_from(input).unwrap()].clone()
        } else {
            changed(&mut Dice::new(seed, input), seeds, tokens)
        };
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let outcome = catch_unwind(AssertUnwindSafe(|| decoder(&bytes)));
        let spent = MEMORY.peak_usage().saturating_sub(before);
        let again = format!("{name}: FUZZ_SEED={seed} FUZZ_INPUT={input}, {} bytes: {}", bytes.len(), shown(&bytes));
        assert!(outcome.is_ok(), "panic; {again}");
        let limit = budget.fixed + budget.per_byte * bytes.len();
        assert!(spent <= limit, "{spent} bytes allocated, {limit} allowed; {again}");
    }
}

fn shown(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(400)].escape_ascii().to_string()
}

/// The files of a family of vectors; of text vectors what stands behind the empty line.
fn vectors(family: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(family);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let files = paths.iter().filter(|path| !path.ends_with("README.md") && !path.ends_with("make.sh"));
    files
        .map(|path| {
            let bytes = std::fs::read(path).unwrap();
            match bytes.windows(2).position(|two| two == b"\n\n") {
                Some(at) if path.extension().is_some_and(|extension| extension == "txt") => bytes[at + 2..].to_vec(),
                _ => bytes,
            }
        })
        .collect()
}

const JSON_TOKENS: [&[u8]; 16] = [
    b"\"value\":[",
    b"\"value\"",
    b"\"@odata.nextLink\":\"x\"",
    b"\\u0076",
    b"\\ud800",
    b"\xef\xbb\xbf",
    b"null",
    b"-0",
    b"1e400",
    b"{}",
    b"[]",
    b",",
    b"\"createdDateTime\":\"2026-11-01T00:00:00Z\"",
    b"9007199254740993",
    b"\xff",
    b"[[[[[[[[[[[[[[[[[[[[[[",
];
const ZIP_TOKENS: [&[u8]; 8] = [
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x06\x07",
    b"PK\x07\x08",
    b"\xff\xff\xff\xff",
    b"../",
];
const DER_TOKENS: [&[u8]; 10] = [
    b"\x30\x80",
    b"\x30\x84\xff\xff\xff\xff",
    b"\x02\x01\x00",
    b"\x05\x00",
    b"\x31\x00",
    b"\xa0\x00",
    b"\x04\x82\xff\xff",
    b"\x1f\x81",
    b"\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x06\x00",
];
const TEXT_TOKENS: [&[u8]; 12] = [
    b"\n",
    b"\r\n",
    b"  ",
    b"\t",
    b"../",
    b"-----BEGIN PUBLIC KEY-----\n",
    b"-----END CERTIFICATE-----\n",
    b"\xef\xbb\xbf",
    b"=",
    b"\0",
    b"0000000000000000000000000000000000000000000000000000000000000000  data/x\n",
    b"\"",
];

#[test]
fn zip_reader() {
    let mut seeds = vectors("package");
    seeds.retain(|bytes| bytes.starts_with(b"PK"));
    // The directory is kept twice, each name three times, each fault in words; one entry's content at a time.
    let budget = Budget { fixed: 4 << 20, per_byte: 1_200 };
    fuzz("zip_reader", 400, &seeds, &ZIP_TOKENS, &budget, |bytes| {
        for profile in [zip::Profile::Deflated, zip::Profile::Stored] {
            let limits = limits::of_archive(u64::try_from(bytes.len()).unwrap());
            let Ok(mut reader) = zip::Reader::open(Cursor::new(bytes), limits, profile) else {
                return;
            };
            let mut handed_on = 0;
            while let Some(Ok(entry)) = reader.next_entry(&mut |part| handed_on += part.len()) {
                let _ = entry.check_free_bits();
                if let Ok(content) = entry.inflate() {
                    assert_eq!(content.len(), usize::try_from(entry.entry.uncompressed_len).unwrap());
                }
            }
            let ended = reader.finish(&mut |part| handed_on += part.len());
            assert!(ended.is_err() || handed_on == bytes.len(), "every byte is handed on, once");
        }
    });
}

#[test]
fn whole_packages() {
    let mut seeds = vectors("package");
    seeds.retain(|bytes| bytes.starts_with(b"PK"));
    let budget = Budget { fixed: 8 << 20, per_byte: 2_000 };
    fuzz("whole_packages", 200, &seeds, &ZIP_TOKENS, &budget, |bytes| {
        let report = verify(Cursor::new(bytes), &Options { threads: 1, ..Options::default() }).unwrap();
        assert_ne!(serde_json::to_string(&report.outcome).unwrap(), "\"VALID\"", "nobody named a key");
    });
}

#[test]
fn whole_exhibits() {
    let mut seeds = vectors("exhibit");
    seeds.retain(|bytes| bytes.starts_with(b"PK"));
    let budget = Budget { fixed: 8 << 20, per_byte: 2_000 };
    fuzz("whole_exhibits", 200, &seeds, &ZIP_TOKENS, &budget, |bytes| {
        let report = verify_exhibit(Cursor::new(bytes), &Options::default()).unwrap();
        assert_ne!(report.outcome, Outcome::Valid, "nobody named a key");
    });
}

#[test]
fn pages() {
    fuzz("pages", 3_000, &vectors("json"), &JSON_TOKENS, &ORDINARY, |bytes| {
        let whole = serde_json::from_slice::<&serde_json::value::RawValue>(bytes).is_ok();
        let mut at = 0;
        let mut count = 0;
        let page = json::slice_page(bytes, "createdDateTime", |element| {
            assert!(element.offset >= at, "in order, and none over another");
            at = element.offset + element.bytes.len();
            assert_eq!(&bytes[element.offset..at], element.bytes);
            count += 1;
        });
        if let Ok(page) = page {
            assert!(whole && str::from_utf8(bytes).is_ok(), "only one JSON text in UTF-8 can be cut");
            assert_eq!(page.element_count, count);
        }
        let _ = service_error::read(bytes);
    });
}

#[test]
fn content_codings() {
    use std::io::Write as _;
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    coder.write_all(&vec![b'x'; 100_000]).unwrap();
    let seeds = [coder.finish().unwrap(), b"plain".to_vec()];
    // 32 MiB of text at most, in a vector that doubles.
    let budget = Budget { fixed: 100 << 20, per_byte: 0 };
    fuzz("content_codings", 500, &seeds, &[b"\x1f\x8b\x08\x00", b"\x00\x00\xff\xff"], &budget, |bytes| {
        for coding in [None, Some("gzip"), Some("GZIP"), Some("br"), Some("identity")] {
            if let Ok(text) = content::decode(coding, bytes, 32 << 20) {
                assert!(text.len() <= 32 << 20);
            }
        }
    });
}

fn one_spelling<D: Document>(bytes: &[u8]) {
    if let Ok(document) = decode::<D>(bytes) {
        assert_eq!(encode(&document).unwrap(), bytes, "one value has one encoding");
    }
}

/// The statement of the published exhibit, which lies in it as it is.
fn exhibit_statement() -> Vec<u8> {
    let archive = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/exhibit/good.zip")).unwrap();
    let limits = limits::of_archive(archive.len() as u64);
    let mut reader = zip::Reader::open(Cursor::new(&archive), limits, zip::Profile::Stored).unwrap();
    let statement = reader.next_entry(&mut |_| {}).unwrap().unwrap().inflate().unwrap();
    assert!(decode::<Exhibit>(&statement).is_ok());
    statement
}

#[test]
fn signed_documents() {
    let seeds = [vectors("canonical"), vec![exhibit_statement()]].concat();
    fuzz("signed_documents", 3_000, &seeds, &JSON_TOKENS, &ORDINARY, |bytes| {
        one_spelling::<Exhibit>(bytes);
        one_spelling::<Genesis>(bytes);
        one_spelling::<PageRecord>(bytes);
        one_spelling::<FailureRecord>(bytes);
        one_spelling::<Seal>(bytes);
    });
}

/// A line of a ledger as FORMAT §20.1 has it.
fn ledger_line() -> Vec<u8> {
    use ed25519_dalek::Signer as _;
    let key = package::operator_key();
    let point = key.verifying_key().to_bytes();
    let event = format!(
        "{{\"type\":\"signhold/event/v1\",\"matter\":\"ACME-1\",\"ledger\":null,\"sequence\":1,\"previous\":null,\"time\":\"2026-11-22T06:04:00.000Z\",\
         \"actor\":{{\"name\":\"R. Roe\",\"role\":\"operator\",\"organisation\":null}},\"packages\":[],\"kind\":\"opened\",\
         \"details\":{{\"title\":null,\"organisation\":null,\"authority\":null}},\"key\":\"{}\"}}",
        package::fingerprint_of(&point)
    );
    let base64 = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
    let signature = base64(&key.sign(event.as_bytes()).to_bytes());
    let public_key = base64(&package::spki_of(&point));
    format!("{{\"event\":{event},\"public_key\":\"{public_key}\",\"signature\":\"{signature}\"}}").into_bytes()
}

#[test]
fn ledger_lines() {
    let line = ledger_line();
    let tokens = [&JSON_TOKENS[..], &[b"\",\"signature\":\"", b"\"kind\":\"sealed\"", b"\"packages\":[{}]"]].concat();
    fuzz("ledger_lines", 3_000, std::slice::from_ref(&line), &tokens, &ORDINARY, |bytes| {
        match SignedEvent::decode(bytes) {
            Ok(event) => assert_eq!(event.is_signed(bytes), bytes == line, "nobody else signed"),
            Err(_) => assert_ne!(bytes, line, "the seed itself is a line"),
        }
    });
}

#[test]
fn manifests_and_paths() {
    let seeds = [vectors("manifest"), vectors("bag_info")].concat();
    fuzz("manifests_and_paths", 3_000, &seeds, &TEXT_TOKENS, &ORDINARY, |bytes| {
        if let Ok(manifest) = Manifest::parse(bytes) {
            assert_eq!(manifest.to_text().as_bytes(), bytes, "one list has one text");
        }
        for line in String::from_utf8_lossy(bytes).lines() {
            if let Ok(path) = PackagePath::new(line) {
                assert!(path.as_str() == line && line.split('/').all(|segment| !segment.starts_with('.')));
            }
        }
    });
}

#[test]
fn keys_and_certificates_in_pem() {
    let key = package::pem_of(&package::operator_key().verifying_key().to_bytes()).into_bytes();
    let mut seeds = vec![key];
    seeds.extend(vectors("client_certificate").into_iter().filter(|bytes| bytes.starts_with(b"-----")));
    seeds.extend(vectors("timestamp").into_iter().filter(|bytes| bytes.starts_with(b"-----")));
    fuzz("keys_and_certificates_in_pem", 600, &seeds, &TEXT_TOKENS, &ORDINARY, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(key) = PublicKey::from_pem(&text) {
            assert_eq!(key.to_pem(), text, "one key has one text");
        }
        if let Ok(certificates) = SignerCertificates::from_pem(&text) {
            assert_eq!(certificates.to_pem(), text, "one list has one text");
        }
        let _ = (trusted_from_pem(&text), trust_roots_from_pem(&text), text.parse::<Fingerprint>());
        let _ = RevocationList::all_from_bytes(bytes.to_vec());
    });
}

#[test]
fn certificate_stores() {
    let mut seeds = vectors("client_certificate");
    seeds.retain(|bytes| bytes.first() == Some(&0x30));
    let password = Secret::new("correct horse".to_owned());
    fuzz("certificate_stores", 60, &seeds, &DER_TOKENS, &ORDINARY, |bytes| drop(pkcs12::open(bytes, &password)));
}

#[test]
fn distinguished_encoding() {
    let seeds = [vectors("timestamp"), vectors("client_certificate")].concat();
    fuzz("distinguished_encoding", 3_000, &seeds, &DER_TOKENS, &ORDINARY, |bytes| {
        let mut open = vec![der::Reader::new(bytes)];
        for _ in 0..10_000 {
            let Some(mut reader) = open.pop() else { break };
            if let Ok(value) = reader.next_value() {
                open.push(reader);
                let _ = (value.integer(), value.boolean(), value.object_identifier(), value.whole_bits());
                if value.tag & 0x20 != 0 {
                    open.push(value.fields());
                }
            }
        }
    });
}

#[test]
fn time_stamp_responses() {
    let mut seeds = vectors("timestamp");
    let roots = seeds.iter().find(|bytes| bytes.starts_with(b"-----")).cloned().unwrap();
    let roots = trust_roots_from_pem(str::from_utf8(&roots).unwrap()).unwrap();
    seeds.retain(|bytes| bytes.first() == Some(&0x30));
    fuzz("time_stamp_responses", 400, &seeds, &DER_TOKENS, &ORDINARY, |bytes| {
        if let Ok(token) = parse_response(bytes) {
            let faults = token.check(&[7; 32], Some([0; 8]), None);
            assert!(!faults.is_empty(), "nobody stamped this");
            let _ = token.check_chain(&roots);
        }
    });
}

#[test]
fn times() {
    let seeds =
        ["2026-11-01T09:00:00Z", "2026-11-01T08:00:00.1234567Z", "1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59Z"];
    let seeds = seeds.map(|text| text.as_bytes().to_vec());
    let tokens: [&[u8]; 7] = [b".", b"Z", b"+00:00", b"60", b"0000", b"-", b"\xd9\xa1"];
    fuzz("times", 5_000, &seeds, &tokens, &ORDINARY, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(bound) = text.parse::<Bound>() {
            assert_eq!(bound.to_string(), text, "one bound has one text");
        }
        if let Some(time) = ServiceTime::parse(&text) {
            assert!(time.nanos() >= 0 && text.ends_with('Z'));
        }
        let _ = rows::instant(&text);
    });
}

#[test]
fn indexes() {
    let seal = SealDigest::of(b"seal");
    let pages = [7, 8, 9];
    let mut writer = IndexWriter::new(Vec::new(), seal).unwrap();
    for page in pages {
        writer.page(page, &["a", "b"].map(prefix)).unwrap();
    }
    let ids = ["b".to_owned()].into();
    fuzz("indexes", 400, &[writer.finish().unwrap()], &[b"\xff\xff\xff\xff"], &ORDINARY, |bytes| {
        let hint = look_up(bytes, seal, &pages, &ids).unwrap();
        assert!(matches!(hint, Hint::None) || hint == Hint::Pages(pages.into()));
    });
}

#[test]
fn expressions() {
    let seeds = [
        "record.status.errorCode in [50126, 50053] && time >= timestamp('2026-11-18T00:00:00Z')",
        "ip_in(record.ipAddress, '203.0.113.0/24') || record.id.startsWith('a') ? counted : pass == 1",
        "record.list.exists(x, x.a == 'b' && has(x.c)) && !(kind.matches('(?i)^x+$')) && size(record) > 1u",
    ];
    let tokens: [&[u8]; 12] =
        [b"(", b")", b"[", b"?.", b"'''", b"\\", b"0x", b"1e9", b"b'", b"@", b"map(x,", b"9223372036854775808"];
    let record = br#"{"id":"a","status":{"errorCode":50126},"ipAddress":"203.0.113.1","list":[{"a":"b","c":1}]}"#;
    // The parser keeps what it has learned of the grammar, for as long as the process runs.
    let budget = Budget { fixed: 64 << 20, per_byte: 64 };
    fuzz("expressions", 200, &seeds.map(|seed| seed.as_bytes().to_vec()), &tokens, &budget, |bytes| {
        let text = String::from_utf8_lossy(bytes).chars().take(4000).collect::<String>();
        let Some(expression) = text.parse().ok().and_then(|text| Expression::compile(text).ok()) else { return };
        let (page, element, offset) = (1, 0, 0);
        let (time, id) = (Some("2026-11-18T09:14:27Z"), Some("a"));
        let (kind, pass, is_counted) = (Kind::InteractiveUser, 1, true);
        let record = VerifiedRecord { page, element, bytes: record, offset, time, id, kind, pass, is_counted };
        std::thread::scope(|scope| {
            // On as much stack as the program gives it.
            let worker = std::thread::Builder::new().stack_size(64 << 20);
            let asked = worker.spawn_scoped(scope, || expression.asks(&record).is_ok()).unwrap();
            asked.join().expect("no panic");
        });
    });
}

#[test]
fn rows_of_others() {
    let seeds = [
        b"[{\"RequestId\":\"a\",\"TimeGenerated\":\"2026-11-01T09:00:00Z\",\"ResponseStatusCode\":200}]".to_vec(),
        b"TimeGenerated [UTC],RequestId,ResponseStatusCode\n\"11/1/2026, 9:00:00.000 AM\",a,200\n".to_vec(),
        b"{\"tables\":[{\"name\":\"PrimaryResult\",\"columns\":[{\"name\":\"RequestId\",\"type\":\"string\"}],\"rows\":[[\"a\"]]}]}".to_vec(),
    ];
    let tokens = [&JSON_TOKENS[..], &TEXT_TOKENS[..]].concat();
    let budget = Budget { fixed: 1 << 20, per_byte: 400 };
    fuzz("rows_of_others", 2_000, &seeds, &tokens, &budget, |bytes| drop(rows::read(bytes)));
}

#[test]
fn settings_of_a_matter() {
    let seed =
        "matter = \"ACME-1\"\ntitle = \"x\"\ncustodians = [\"a\"]\noperator = \"R. Roe\"\nkey = \"operator.pem\"\n";
    let tokens: [&[u8]; 8] =
        [b"[", b"]", b"\"\"\"", b"=", b"[[a]]\n", b"\\u0000", b"a.b.c = 1\n", b"{ a = { b = 1 } }"];
    let budget = Budget { fixed: 1 << 20, per_byte: 1_000 };
    fuzz("settings_of_a_matter", 2_000, &[seed.as_bytes().to_vec()], &tokens, &budget, |bytes| {
        if let Ok(settings) = toml::from_str::<MatterSettings>(&String::from_utf8_lossy(bytes)) {
            let written = toml::to_string(&settings).unwrap();
            assert_eq!(toml::from_str::<MatterSettings>(&written).unwrap(), settings, "what is written reads back");
        }
    });
}

#[test]
fn checkpoints() {
    let digest = "0".repeat(64);
    let seed = format!(
        "signhold/ledger/{digest}\n3\n{}=\n\n\u{2014} signhold/ledger/{digest} {}==\n",
        "A".repeat(43),
        "A".repeat(90)
    );
    let tokens: [&[u8]; 6] = [b"\n\n", b"\xe2\x80\x94 ", b"0", b"18446744073709551616", b"\n", b"="];
    fuzz("checkpoints", 2_000, &[seed.into_bytes()], &tokens, &ORDINARY, |bytes| {
        let _ = Checkpoint::parse(&String::from_utf8_lossy(bytes));
    });
}
