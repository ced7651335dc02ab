//! Several volumes of one acquisition for tests, from FORMAT §9.4 alone.
//!
//! Each volume is a draft of its own, with the pages of its part; what runs on from one to the next is handed over here.

use crate::archive::Files;
use crate::package::{Draft, hex_digest};

/// Seals what `draft` makes as several volumes, each beginning with one of `first_pages`; `change` deviates by volume number.
pub(crate) fn volumes(draft: impl Fn() -> Draft, first_pages: &[u64], change: impl Fn(u64, &mut Draft)) -> Vec<Files> {
    let mut made: Vec<Files> = Vec::new();
    let (mut previous_record, mut previous_seal) = (None, None);
    for (index, first_page) in first_pages.iter().enumerate() {
        let mut volume = draft();
        let end = first_pages.get(index + 1).copied();
        let holds = |page: u64| *first_page <= page && end.is_none_or(|end| page < end);
        let all = std::mem::take(&mut volume.pages);
        volume.pages = (1..).zip(&all).filter(|(number, _)| holds(*number)).map(|(_, page)| page.clone()).collect();
        volume.whole = Some(all);
        let failures = std::mem::take(&mut volume.failures);
        let here = |after: u64| holds(after.max(1));
        volume.first_failure =
            1 + failures.iter().filter(|failure| failure.after_page.max(1) < *first_page).count() as u64;
        volume.failures = failures.into_iter().filter(|failure| here(failure.after_page)).collect();
        (volume.volume, volume.last, volume.first_page) = (index as u64 + 1, end.is_none(), *first_page);
        volume.previous_record = previous_record.take();
        volume.previous_seal = previous_seal.take().unwrap_or_default();
        change(volume.volume, &mut volume);
        let files = volume.build();
        previous_seal = Some(hex_digest(files.bytes("seal/seal.json")));
        let last_record = volume.first_page + volume.pages.len() as u64 - 1;
        // A volume without pages leaves the chain where it was.
        previous_record = match volume.pages.len() {
            0 => volume.previous_record,
            _ => Some(hex_digest(files.bytes(&format!("data/records/{last_record:06}.json")))),
        };
        made.push(files);
    }
    made
}
