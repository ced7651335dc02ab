//! What depends on order: chain, runs, times and sums, one piece of finished work after the other.

use crate::crypto::digest::RecordDigest;
use crate::format::page::Slicing;
use crate::format::path::PackagePath;
use crate::verify::checks::{failure, genesis};
use crate::verify::pass::Pass;
use crate::verify::workers::{Done, PageSeen, Seen};

impl Pass {
    /// Follows chain, runs, times and sums by one piece of finished work.
    pub(super) fn absorb(&mut self, done: Done) {
        for (index, digest) in done.digests {
            if let Some(entry) = self.entries.get_mut(index) {
                entry.digest = Some(digest);
            }
        }
        self.take_faults(&done.faults);
        for finding in done.findings {
            self.findings.add(finding);
        }
        match done.seen {
            Seen::File => {}
            Seen::Failure { number, record } => {
                self.counts.failures = self.counts.failures.saturating_add(1);
                let head = self.chain.head_number();
                let place = PackagePath::failure_record(number);
                let is_first = self.is_first_volume();
                failure::check_place(number, record.as_deref(), self.last_failure, is_first, head, &mut self.findings);
                let after = self.last_failure.map_or(0, |(_, after)| after);
                self.last_failure = Some((number, record.as_ref().map_or(after, |record| record.after_page)));
                if let Some(record) = record {
                    self.runs.follow_failure(number, &record, self.genesis.as_ref(), &mut self.findings);
                    self.follow(place.as_str(), &record.acquisition, &record.genesis, &record.request);
                    if let Some(response) = &record.response {
                        self.addresses.follow(place.as_str(), response, self.genesis.as_ref(), &mut self.findings);
                    }
                }
            }
            Seen::Page(page) => self.absorb_page(&page),
        }
    }

    fn absorb_page(&mut self, page: &PageSeen) {
        let genesis_digest =
            self.identity.as_ref().map(|identity| RecordDigest::from_bytes(*identity.digest.as_bytes()));
        let record = page.record.as_ref();
        self.chain.follow(page.number, record, page.digest, genesis_digest, &mut self.findings);
        self.counts.pages = self.counts.pages.saturating_add(1);
        if let Some(content) = &page.content {
            let records = &content.records;
            let counts = &mut self.counts;
            counts.records = counts.records.saturating_add(records.count);
            counts.undated = counts.undated.saturating_add(records.undated);
            counts.body_bytes = counts.body_bytes.saturating_add(content.byte_len);
            counts.opaque_pages = counts.opaque_pages.saturating_add(u64::from(records.slicing == Slicing::Opaque));
        }
        let Some(record) = record else { return };
        self.bodies.add(record);
        let is_first = self.is_first_volume();
        let (content, genesis) = (page.content.as_ref(), self.genesis.as_ref());
        self.runs.follow(page.number, record, content, genesis, is_first, &mut self.findings);
        let place = PackagePath::page_record(page.number);
        self.follow(place.as_str(), &record.acquisition, &record.genesis, &record.request);
        self.addresses.follow(place.as_str(), &record.response, self.genesis.as_ref(), &mut self.findings);
    }

    /// Checks what pages and failures have in common.
    fn follow(
        &mut self,
        place: &str,
        acquisition: &crate::format::identifier::AcquisitionId,
        reference: &crate::format::parts::GenesisReference,
        request: &crate::format::parts::Request,
    ) {
        if let Some(identity) = &self.identity {
            genesis::check_reference(place, acquisition, reference, identity, |finding| self.findings.add(finding));
        }
        self.times.follow(place, request, self.genesis.as_ref(), &mut self.findings);
        if self.latest_finished.as_ref().is_none_or(|(_, latest)| request.finished > *latest) {
            self.latest_finished = Some((place.to_owned(), request.finished));
        }
    }
}
