//! The judge: package bytes to a verdict (FORMAT §§12, 13).
//!
//! It shares no code with what made the package above the format itself; of a ledger it shares the rules, which are
//! [`crate::custody`]'s. It reads one handle from its first byte to its last, computes every value anew, and believes none that is
//! stored. It has no disk, network, clock or randomness: the same bytes, the same trust and the same instant to judge as of give
//! the same report everywhere. `pass` goes over the archive, `frame` has what stands around the pages, `checks` one file for each section of FORMAT, [`set`] what several
//! packages show together, [`exhibit`] records cut from one, [`ledger`] the chain of custody, [`policy`] what a reader demands besides; [`finding`] is the table of
//! codes, [`verdict`] the one function that draws the verdict, [`budget`] all limits.
//!
//! # Attack manual
//!
//! Each class of attack, what in the design meets it, and tests that show it. `tests/adversary/catalogue.txt` has them one by one;
//! a test checks that all those named exist.
//!
//! | attack | what meets it | shown by |
//! |---|---|---|
//! | bit rot, truncation, extension | every byte has one legal value or a digest over it; the seal's own entries, which no digest can cover, must have zero in every bit that deflate leaves free | `adversary::bitrot::every_flipped_bit_is_refused`, `adversary::bitrot::every_truncation_is_refused`, `adversary::bitrot::every_changed_byte_of_a_stamped_seal_is_refused` |
//! | two readers, two contents (ambiguous ZIP) | strict reader of one profile; local headers count, directory must agree; `archive` in the seal | `adversary::ambiguous::repeated_names`, `adversary::ambiguous::entries_that_only_a_stream_reader_sees`, `adversary::ambiguous::two_directories`, `codec::zip::deviations::local_and_central_header_differ` |
//! | names that leave the directory, or are two places | one alphabet for names, no twins, closed list of paths | `adversary::ambiguous::names_that_tools_read_differently`, `adversary::container::zip_case_twin`, `adversary::container::path_unexpected_beside_the_payload` |
//! | bombs, hostile lengths, depth | limits before inflating, of each file and of all in proportion to the archive; bounded queue; elements, findings and links not listed; passes compared in portions; no list held against itself; codes counted, not listed; no recursion without an end | `adversary::container::zip_size_cap`, `adversary::container::zip_size_cap_of_all_content`, `crypto::named::what_does_not_fit_is_read_once_more_for_each_portion`, `verify::pass::following::after_too_many_elements_no_page_counts_however_many_were_under_way`, `adversary::spellings::depth_does_no_harm`, `codec::zip::deviations::limits_are_kept` |
//! | zipped again by another tool | the container's bytes are sealed; the same files in another coat are INVALID, and named as such | `stories::verify_as_opposing_expert::the_same_files_are_zipped_again`, `adversary::container::entry_order` |
//! | edit without a key, digests made to fit | signatures over records, genesis, seal; chain; tag manifest in the seal | `adversary::rehash::an_edited_page_is_seen_by_its_signed_record`, `adversary::rehash::an_edited_page_record_is_seen_by_its_signature_and_the_chain`, `adversary::rehash::an_edited_seal_is_seen_by_its_signature` |
//! | genuine pieces of other packages | acquisition and genesis named in every record, type and path of every signature, chain | `adversary::splice::a_page_of_another_acquisition_does_not_belong`, `adversary::splice::the_seal_of_another_package_seals_nothing_here`, `adversary::splice::records_that_changed_places_are_out_of_sequence` |
//! | pages dropped, swapped, repeated | chain, sequence, Merkle root, head and totals in the seal, all recomputed | `adversary::rehash::a_dropped_last_page_is_seen_by_head_root_and_totals`, `adversary::signed_lies::page_sequence_broken_where_a_page_was_taken_out`, `adversary::signed_lies::page_chain_broken_by_a_fork`, `adversary::signed_lies::pagination_broken_by_a_page_twice` |
//! | a volume withheld, exchanged or swapped, or two of one number | pages, chain and runs go on from volume to volume, each seal names the one before; alone a volume is INDETERMINATE | `adversary::volumes::volume_incomplete`, `adversary::volumes::volume_broken_by_a_volume_that_was_replaced`, `adversary::volumes::volume_twice`, `adversary::volumes::a_chain_that_does_not_run_on_is_refused` |
//! | an acquisition left out of a series, or put in its place afterwards | each plan names the seal before it, signed before the first request | `adversary::series::series_incomplete`, `adversary::series::series_broken_by_a_member_that_was_replaced`, `adversary::series::series_fork` |
//! | files that the manifests do not name, manifests that other tools accept | one form of a manifest, both ways compared; no second manifest, no fetch file | `adversary::signed_lies::manifest_malformed`, `adversary::rehash::an_unlisted_file_is_refused`, `adversary::container::a_fetch_file_is_refused` |
//! | forged whole with another key | only a key the reader names makes VALID; a wrong one is INVALID, none is INDETERMINATE | `adversary::resign::a_package_signed_by_another_key_is_refused_by_who_knows_the_right_one`, `adversary::resign::a_package_signed_by_another_key_is_not_established_for_anybody_else` |
//! | a certificate of one's own, or one that had ended, was revoked, or is for something else | only an authority the reader names ends a path; validity and revocation at the time of an accepted stamp | `adversary::certificate::a_package_vouched_for_by_the_wrong_authority_is_never_valid`, `adversary::certificate::signer_certificate_not_authorised`, `adversary::certificate::signer_certificate_revoked` |
//! | pages exchanged by the operator after the fact | where the acquisition had a key of its own that was destroyed, nobody can sign under its genesis any more; another key is not the one genesis names, another genesis has another digest and no older token | `adversary::acquisition_key::the_operator_cannot_sign_other_pages_under_the_old_genesis`, `adversary::acquisition_key::another_key_cannot_stand_in_for_the_key_of_the_acquisition`, `adversary::acquisition_key::a_new_genesis_does_not_fit_the_old_token` |
//! | weak keys, second encodings, malleable signatures | strict Ed25519; keys outside the group of prime order refused before any signature is looked at; one PEM form | `adversary::resign::a_key_of_small_order_is_refused`, `adversary::resign::a_key_of_mixed_order_is_refused`, `adversary::resign::a_signature_with_r_of_small_order_is_refused`, `adversary::resign::a_signature_with_another_s_of_the_same_value_is_refused` |
//! | a signature of one role used for another | type prefix checked before parsing; role follows from the path | `adversary::rehash::a_signature_of_another_role_is_none`, `adversary::signed_lies::seal_malformed_where_it_is_a_page_record` |
//! | two spellings of one document | canonical JSON: parse, encode, compare | `adversary::spellings::numbers_have_one_spelling`, `adversary::spellings::a_document_is_one_text_of_plain_json`, `format::another_spelling_of_the_same_values_is_refused` |
//! | lies by the holder of the key: counts, roots, times, links, states | everything claimed is computed again from the bytes | `adversary::signed_lies::page_records_mismatch`, `adversary::signed_lies::seal_totals_mismatch`, `adversary::signed_lies::seal_streams_mismatch`, `adversary::comparison::second_pass_mismatch` |
//! | a page that means two things (`value` twice, bad UTF-8) | opaque for everybody: kept, one leaf, no records | `adversary::signed_lies::page_opaque_where_a_body_means_two_things`, `adversary::honest::a_body_that_is_not_a_page_of_records_is_kept_whole` |
//! | a smaller question than planned; links not followed | first URL from the plan, later ones from the body's own link | `adversary::signed_lies::request_mismatch`, `adversary::signed_lies::pagination_broken`, `adversary::signed_lies::page_next_link_mismatch` |
//! | a gap made to look like absence | windows tile the plan, which ends before it is made; four states, each checked against what was seen; every gap named | `adversary::signed_lies::coverage_broken`, `adversary::signed_lies::an_expired_window_is_not_an_empty_one`, `adversary::signed_lies::time_order_of_a_plan_for_the_future`, `adversary::honest::a_package_without_pages_names_the_gap` |
//! | simulated data passed off as evidence | the verifier's own cloud table; named on every report | `adversary::signed_lies::genesis_mismatch_where_simulated_data_passes_for_evidence`, `adversary::honest::simulated_data_is_always_named` |
//! | time stamps removed, exchanged, of another root | signed mode; token digests in every record; imprint, nonce and chain checked, roots and policies from the reader alone | `adversary::timestamp::timestamp_missing`, `adversary::timestamp::a_genesis_token_that_was_exchanged_is_not_the_one_named`, `adversary::timestamp::timestamp_chain_untrusted` |
//! | tokens forged or stuffed by an authority, or after it | signer, purpose, validity and critical extensions checked; what nobody signed kept small | `adversary::forged_tokens::timestamp_signer_not_authorised`, `adversary::forged_tokens::timestamp_malformed_by_stuffing`, `crypto::timestamp::token::what_nobody_signed_and_nothing_needs_is_refused` |
//! | certificates that end, digests that age | judged as of a moment; renewals by SHA-512 carry a package on, if they come in time | `adversary::renewal::timestamp_expired`, `adversary::renewal::renewals_made_in_time_carry_a_package_on` |
//! | an authority revoked, or its key lost | lists that the reader gives; what was stamped before a key was lost holds by a renewal from before | `adversary::timestamp::timestamp_certificate_revoked`, `adversary::renewal::a_renewal_carries_a_package_over_the_loss_of_an_authoritys_key` |
//! | clocks moved | one order of all readings, with a tolerance; tokens bracket it | `adversary::signed_lies::time_order`, `adversary::timestamp::timestamp_order_of_the_plan`, `adversary::timestamp::timestamp_order_of_the_seal` |
//! | clocks that disagree without contradiction | the service's dates, the records' own times and the authorities' held against the operator's; the largest distance is said | `adversary::clocks::service_clock_offset`, `adversary::clocks::record_after_seal`, `adversary::clocks::timestamp_late` |
//! | two packages of one name for two readers | presented together they contradict each other | `adversary::clocks::package_twice` |
//! | a ledger edited, cut, reordered, mixed, or continued from another line | signed events that name the line before; checkpoints and heads in other hands | `adversary::ledger_lies::no_byte_of_a_ledger_can_be_changed`, `adversary::ledger_lies::reordered_lines_break_the_chain`, `adversary::ledger_lies::a_cut_or_forked_ledger_is_seen_by_whoever_kept_its_head` |
//! | a hand-over that one person plays alone; a second person who is the first | receipts by another key than the giver's; countersigners named by the reader | `adversary::ledger_lies::a_receipt_by_the_givers_own_key_is_refused`, `adversary::ledger_lies::countersignatures_count_by_keys_that_the_reader_named` |
//! | what is intact and still not enough for one reader: gaps, one pass, an old clock, invented data | demands of the reader's own, each met, not met or not shown; a package that is INVALID meets none | `adversary::policy::policy_gaps`, `adversary::policy::policy_simulated`, `adversary::policy::an_invalid_package_meets_no_demand` |
//! | a key used after it was lost | `key-revoked`, held against the seal's time stamp and never against the signer's own clock | `adversary::ledger_lies::a_package_of_a_revoked_key_is_judged_by_its_time_stamp` |
//! | a record shown alone that says something else, stands elsewhere, or is of another package | two paths, of record and page, to what the package's own keys signed; sizes are the signed ones, leaves are computed | `adversary::exhibit_proofs::an_edited_record_has_no_path`, `adversary::exhibit_proofs::exhibit_record_path_of_a_neighbour`, `adversary::exhibit_proofs::exhibit_page_path_of_another_package`, `adversary::exhibit_proofs::the_number_of_elements_is_the_signed_one`, `adversary::exhibits::every_changed_byte_is_refused` |
//! | an exhibit that says more than is shown: simulated or broken data passed off, records kept back denied, another's word | what can be computed is, what cannot is named as somebody's word; what was cut from an INVALID package is never VALID | `adversary::exhibits::exhibit_mismatch`, `adversary::exhibits::simulated_data_is_named_whatever_the_statement_says`, `adversary::exhibits::exhibit_despite_findings`, `adversary::exhibits::exhibit_signature_invalid`, `adversary::exhibits::a_statement_made_anew_by_another_is_visibly_theirs`, `adversary::exhibits::a_seal_that_denies_the_rest_of_the_package_is_refused`, `adversary::exhibits::the_word_of_an_exhibit_is_held_against_its_package` |
//! | the archive changed while it is read | one pass, hashed as judged; a later read compares digests | `adversary::honest::only_an_intact_package_can_be_read_again`, `codec::zip::deviations::an_archive_that_changes_underneath_is_noticed` |
//! | values that steer a terminal, secrets repeated by a report | values are escaped where they are printed; a malformed record is named, not quoted | `stories::verify_as_opposing_expert::a_name_of_a_file_does_not_speak_to_the_terminal`, `adversary::signed_lies::page_record_malformed` |
//!
//! A key per acquisition narrows the time in which its holder can rewrite to the time until it is destroyed, and no further: a copy
//! of it is a key (`adversary::acquisition_key::a_copy_of_the_key_signs_other_pages`), no package shows that there was none, and a
//! whole new acquisition is VALID and visibly another (`adversary::acquisition_key::a_new_acquisition_is_valid_and_visibly_another`).
//! Where one key signs everything it narrows nothing.
//!
//! What nothing here meets: an operator who forges pages before they are first hashed. No signature shows where bytes came
//! from; see FORMAT §16.

#![cfg_attr(
    not(test),
    deny(clippy::as_conversions, clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)
)]

pub mod budget;
mod checks;
pub mod exhibit;
pub mod finding;
mod findings;
mod frame;
pub mod ledger;
pub mod package;
mod pass;
pub mod policy;
pub mod set;
pub mod together;
pub mod verdict;
pub mod verified;
mod workers;

pub use exhibit::{ExhibitFacts, ExhibitReport, KeptExhibit, RecordFact, verify_exhibit, verify_exhibit_and_keep};
pub use finding::{Code, Finding, Severity, Step};
pub use ledger::{ArchiveName, ExpectedHead, LedgerFacts, LedgerReport, Presented, read_renewals, verify_ledger};
pub use package::{Admit, Options, Renewal, Trust, VerifyError, inspect, verify, verify_and_admit, verify_and_keep};
pub use policy::{Demand, Requirement, Standing};
pub use set::{SeriesMember, SeriesReport, SetMember, SetReport, Verification, verify_all};
pub use together::compare_packages;
pub use verdict::{
    CertificateFact, CheckOutcome, CheckResult, Counts, Facts, Outcome, PlannedWindow, Report, Times, TokenFact,
};
pub use verified::{PackedPage, Provenance, ReadAgainError, VerifiedPackage, VerifiedPage, VerifiedRecord};
