//! Makes the files under `tests/vectors/volumes/`: one acquisition in two volumes, whole, in another order, in part, altered.

use crate::several::volumes;
use crate::vector_files::{VectorFile, case, example};

/// Every generated file of the family.
pub(crate) fn all() -> Vec<VectorFile> {
    let good = volumes(example, &[1, 2], |_, _| {});
    let again = volumes(example, &[1, 2], |_, draft| "2026-11-22T06:31:00.000Z".clone_into(&mut draft.sealed));
    let mut files = vec![
        ("volumes/first.zip".to_owned(), good[0].zip()),
        ("volumes/second.zip".to_owned(), good[1].zip()),
        ("volumes/second-sealed-again.zip".to_owned(), again[1].zip()),
    ];
    for (name, expect, comment, outcome, of) in [
        ("all", "none", "both volumes", "VALID", "first.zip second.zip"),
        (
            "all_in_another_order",
            "none",
            "the order in which they are given is nothing",
            "VALID",
            "second.zip first.zip",
        ),
        ("one_withheld", "volume-incomplete", "the second volume is missing", "INDETERMINATE", "first.zip"),
        (
            "one_replaced",
            "volume-broken",
            "the second volume names another seal than that of the first presented",
            "INVALID",
            "first.zip second-sealed-again.zip",
        ),
    ] {
        let header = [("expect", expect), ("comment", comment), ("outcome", outcome), ("files", of)];
        files.push(case("volumes", name, &header, ""));
    }
    files
}
