//! Amounts in the words of people: `1,234,567`, `1 page`, `2 pages`, `1.070 s`.
//!
//! Apart from those who say them, since answers, exhibits, exports and papers for courts say the same of one package and are laid beside
//! one another: none of them may say "1 records", and no two may write one number in two ways.

/// Writes 1234567 as `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a number with its noun: `1 page`, `2 pages`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), either(count, "", "s"))
}

/// The same of what is held in memory.
#[must_use]
pub fn counted_of(count: usize, noun: &str) -> String {
    counted(u64::try_from(count).unwrap_or(u64::MAX), noun)
}

/// Chooses what is said of one thing, or of none and of several.
#[must_use]
pub fn either<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// Writes milliseconds as seconds: `1 s`, and parts of a second where there are any: `1.070 s`.
#[must_use]
pub fn seconds(milliseconds: u64) -> String {
    match (milliseconds / 1000, milliseconds % 1000) {
        (whole, 0) => format!("{whole} s"),
        (whole, part) => format!("{whole}.{part:03} s"),
    }
}

/// Says how accurate an authority calls its time, from milliseconds: `accurate to 1 s`.
#[must_use]
pub fn accurate_to(milliseconds: u64) -> String {
    format!("accurate to {}", seconds(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_said_in_the_singular_and_all_other_numbers_are_not() {
        assert_eq!(
            [0, 1, 2, 1_234_567].map(|count| counted(count, "page")),
            ["0 pages", "1 page", "2 pages", "1,234,567 pages"]
        );
        assert_eq!([0, 1, 2].map(|count| either(count, "was", "were")), ["were", "was", "were"]);
    }

    #[test]
    fn an_accuracy_is_written_in_one_way() {
        assert_eq!(
            [1_000, 1_070, 500].map(accurate_to),
            ["accurate to 1 s", "accurate to 1.070 s", "accurate to 0.500 s"]
        );
    }
}
