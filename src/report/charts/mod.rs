//! Pictures for reports, SVG 1.1: the same file in a browser and on paper.
//!
//! Nothing in a picture is told by colour alone: each state and series has a pattern and a word of its own, and numbers stand beside
//! what they measure. There are no scripts, links, images or fonts of their own in them; text is text. Coordinates are whole
//! numbers, tenths of a pixel, so that a picture is the same bytes everywhere.

mod columns;
mod coverage;
mod ranked;
mod svg;
mod timeline;

pub(super) use columns::{Column, columns};
pub(super) use coverage::{Cell, Coverage, CoverageRow, STRIP};
pub(super) use ranked::ranked;
pub(super) use timeline::{Mark, Span, Timeline};
