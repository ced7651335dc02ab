//! What depends on order: chain, runs, times and sums, one piece of finished work after the other.

use crate::crypto::digest::RecordDigest;
use crate::format::page::Slicing;
use crate::format::path::PackagePath;
use crate::verify::budget;
use crate::verify::checks::failure;
use crate::verify::checks::page_stamp::PageStamp;
use crate::verify::finding::Code;
use crate::verify::pass::Pass;
use crate::verify::pass::faults::take_faults;
use crate::verify::workers::{Done, PageSeen, Seen};

impl Pass {
    /// Follows chain, runs, times and sums by one piece of finished work.
    pub(super) fn absorb(&mut self, done: Done) {
        // Pages that were under way when the limit was met: how many there are depends on the number of threads.
        if self.has_too_many_elements && matches!(done.seen, Seen::Page(_)) {
            return;
        }
        for (index, digest) in done.digests {
            if let Some(entry) = self.entries.get_mut(index) {
                entry.digest = Some(digest);
            }
        }
        take_faults(&done.faults, &self.top, &mut self.findings);
        for finding in done.findings {
            self.findings.add(finding);
        }
        match done.seen {
            Seen::File => {}
            Seen::Failure { number, record } => {
                self.counts.failures = self.counts.failures.saturating_add(1);
                let place = PackagePath::failure_record(number);
                let is_first = self.is_first_volume();
                let pages = self.pages_so_far();
                failure::check_place(number, record.as_deref(), self.last_failure, is_first, pages, &mut self.findings);
                if self.first_failure.is_none() {
                    let after = record.as_ref().map(|record| record.after_page);
                    self.first_failure = Some((number, after));
                }
                let after = self.last_failure.map_or(0, |(_, after)| after);
                self.last_failure = Some((number, record.as_ref().map_or(after, |record| record.after_page)));
                if let Some(record) = record {
                    self.runs.follow_failure(
                        number,
                        &record,
                        self.frame.genesis.as_ref(),
                        is_first,
                        &mut self.findings,
                    );
                    let (acquisition, reference) = (&record.acquisition, &record.genesis);
                    self.frame.follow(place.as_str(), acquisition, reference, &record.request, &mut self.findings);
                    self.frame.clocks.follow_failure(&record.stream);
                    if let Some(response) = &record.response {
                        self.frame.clocks.follow_answer(place.as_str(), &record.request, response);
                        self.addresses.follow(
                            place.as_str(),
                            response,
                            self.frame.genesis.as_ref(),
                            &mut self.findings,
                        );
                    }
                }
            }
            Seen::Page(page) => self.absorb_page(&page),
            Seen::Record(page) => self.absorb_record(&page),
        }
    }

    /// Follows what a page record shows without its page: chain, plan, times, and the counts that it states.
    fn absorb_record(&mut self, page: &PageSeen) {
        self.follow_chain(page);
        let Some(record) = &page.record else { return };
        self.claimed.add(record);
        let place = PackagePath::page_record(page.number);
        let (acquisition, reference) = (&record.acquisition, &record.genesis);
        self.frame.follow(place.as_str(), acquisition, reference, &record.request, &mut self.findings);
    }

    fn follow_chain(&mut self, page: &PageSeen) {
        let genesis_digest =
            self.frame.identity.as_ref().map(|identity| RecordDigest::from_bytes(*identity.digest.as_bytes()));
        self.leaves.extend(page.digest.map(|(_, leaf)| (page.number, leaf)));
        self.chain.follow(page.number, page.record.as_ref(), page.digest, genesis_digest, &mut self.findings);
    }

    fn absorb_page(&mut self, page: &PageSeen) {
        let record = page.record.as_ref();
        if let Some((response, imprint)) = &page.stamp {
            let finished = record.map(|record| record.request.finished);
            let (response, imprint) = (response.clone(), *imprint);
            self.frame.keep_stamp(PageStamp { number: page.number, response, imprint, finished });
        }
        self.follow_chain(page);
        self.counts.pages = self.counts.pages.saturating_add(1);
        if let Some(content) = &page.content {
            let records = &content.records;
            let counts = &mut self.counts;
            counts.records = counts.records.saturating_add(records.count);
            counts.undated = counts.undated.saturating_add(records.undated);
            counts.body_bytes = counts.body_bytes.saturating_add(content.byte_len);
            counts.opaque_pages = counts.opaque_pages.saturating_add(u64::from(records.slicing == Slicing::Opaque));
            if counts.records > budget::ELEMENTS {
                self.has_too_many_elements = true;
                let claimed = format!("{} elements up to page {}", counts.records, page.number);
                self.findings.say(Code::ZipSizeCap, "data/pages", claimed, format!("at most {}", budget::ELEMENTS));
            }
        }
        let Some(record) = record else { return };
        self.bodies.add(page.number, record);
        let is_first = self.is_first_volume();
        let (content, genesis) = (page.content.as_ref(), self.frame.genesis.as_ref());
        self.runs.follow(page.number, record, content, genesis, is_first, &mut self.findings);
        let place = PackagePath::page_record(page.number);
        let (acquisition, reference) = (&record.acquisition, &record.genesis);
        self.frame.follow(place.as_str(), acquisition, reference, &record.request, &mut self.findings);
        self.addresses.follow(place.as_str(), &record.response, self.frame.genesis.as_ref(), &mut self.findings);
        self.frame.clocks.follow_answer(place.as_str(), &record.request, &record.response);
        let latest = page.content.as_ref().and_then(|content| content.records.latest.as_deref());
        self.frame.clocks.follow_page(place.as_str(), &record.stream, record.request.attempt, latest);
    }

    /// The numbers that a failure's `after_page` may have, as far as the pages say: none for a later volume without pages.
    fn pages_so_far(&self) -> Option<(u64, u64)> {
        match self.chain.first() {
            Some(first) => Some((first.saturating_sub(1), self.chain.head_number())),
            None => self.is_first_volume().then_some((0, 0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::merkle;
    use crate::format::page::Records;
    use crate::verify::checks::page::PageContent;

    fn page(number: u64, count: u64) -> Done {
        let slicing = Slicing::Elements;
        let (merkle_root, earliest, latest) = (merkle::root([]), None, None);
        let records = Records { slicing, count, inside: 0, undated: 0, merkle_root, earliest, latest };
        let content = Some(PageContent { byte_len: 1, records, next_link: None });
        let seen = Seen::Page(Box::new(PageSeen { number, record: None, digest: None, content, stamp: None }));
        Done { digests: vec![(0, [0; 32])], findings: Vec::new(), faults: Vec::new(), seen }
    }

    #[test]
    fn after_too_many_elements_no_page_counts_however_many_were_under_way() {
        let mut pass = Pass::default();
        pass.absorb(page(1, budget::ELEMENTS));
        assert_eq!(pass.findings.worst(), None);
        pass.absorb(page(2, 1));
        pass.absorb(page(3, 7));
        assert_eq!(pass.counts.records, budget::ELEMENTS + 1);
        let (listed, _) = pass.findings.finish();
        let said: Vec<_> = listed.iter().map(|finding| (finding.code, finding.claimed.as_str())).collect();
        assert_eq!(said, [(Code::ZipSizeCap, "50000001 elements up to page 2")]);
    }
}
