//! Lines of a ledger, one at a time, none longer than the limit (FORMAT §§20.1, 20.8).

use std::io::{self, BufRead, Read as _};

/// The next piece of a ledger.
pub enum Line<'a> {
    /// A line, without its line feed.
    Whole(&'a [u8]),
    /// So many bytes at the end, without a line feed.
    Torn(u64),
    /// A line beyond the limit; what follows is not read.
    TooLong,
}

/// Reads lines, and counts bytes.
pub struct Lines<R> {
    input: R,
    limit: u64,
    line: Vec<u8>,
    byte_len: u64,
}

impl<R: BufRead> Lines<R> {
    /// Begins to read; no line may have more than `limit` bytes without its line feed.
    pub fn new(input: R, limit: u64) -> Self {
        Self { input, limit, line: Vec::new(), byte_len: 0 }
    }

    /// Returns the next line; none at the end.
    ///
    /// # Errors
    ///
    /// What the input says.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let limit = self.limit.saturating_add(1);
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut self.line)?;
        let byte_len = u64::try_from(read).unwrap_or(u64::MAX);
        self.byte_len = self.byte_len.saturating_add(byte_len);
        Ok(match self.line.strip_suffix(b"\n") {
            _ if read == 0 => None,
            Some(line) => Some(Line::Whole(line)),
            None if byte_len >= limit => Some(Line::TooLong),
            None => Some(Line::Torn(byte_len)),
        })
    }

    /// Returns how many bytes were read.
    #[must_use]
    pub fn byte_len(&self) -> u64 {
        self.byte_len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(bytes, 1 << 20);
        let mut found = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            found.push(match line {
                Line::Whole(line) => format!("whole {}", line.len()),
                Line::Torn(byte_len) => format!("torn {byte_len}"),
                Line::TooLong => "too long".to_owned(),
            });
            if found.last().is_some_and(|line| line == "too long") {
                break;
            }
        }
        found
    }

    #[test]
    fn lines_are_told_from_what_a_crash_has_left() {
        assert_eq!(read(b"ab\n\nc"), ["whole 2", "whole 0", "torn 1"]);
        assert_eq!(read(b""), [""; 0]);
    }

    #[test]
    fn a_line_may_be_as_long_as_the_limit() {
        let mut longest = vec![b'x'; 1 << 20];
        longest.push(b'\n');
        assert_eq!(read(&longest), ["whole 1048576"]);
        longest.insert(0, b'x');
        assert_eq!(read(&longest), ["too long"]);
        assert_eq!(read(&vec![b'x'; 3 << 20]), ["too long"]);
    }
}
