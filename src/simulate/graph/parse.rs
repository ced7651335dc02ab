//! Reads `$filter`: the part of `OData` 4.0 §11.2.6.1 that the service accepts, and the texts it refuses the rest with.

use chrono::{DateTime, Utc};

use super::{
    super::tenant::{Kind, Log, Version, moment::Moment},
    filter::{EVER, Filter, Member},
    property::{Collection, Named, find},
    refusal::Refusal,
};

/// Reads a filter on a log as `version` understands it.
pub(crate) fn parse_for(text: &str, log: Log, version: Version) -> Result<Filter, Refusal> {
    let mut parser = Parser { tokens: split(text)?, at: 0, log, version };
    let filter = parser.any_of(0)?;
    if parser.at == parser.tokens.len() { Ok(filter) } else { Err(Refusal::BadFilter) }
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Token {
    Mark(char),
    Quoted(String),
    Word(String),
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    log: Log,
    version: Version,
}

impl Parser {
    fn any_of(&mut self, depth: usize) -> Result<Filter, Refusal> {
        let mut filters = vec![self.all_of(depth)?];
        while self.takes_word("or") {
            filters.push(self.all_of(depth)?);
        }
        Ok(single(filters, Filter::Any))
    }

    fn all_of(&mut self, depth: usize) -> Result<Filter, Refusal> {
        let mut filters = vec![self.test(depth)?];
        while self.takes_word("and") {
            filters.push(self.test(depth)?);
        }
        Ok(single(filters, Filter::All))
    }

    fn test(&mut self, depth: usize) -> Result<Filter, Refusal> {
        if depth > DEPTH_LIMIT {
            return Err(Refusal::BadFilter);
        }
        if self.takes_mark('(') {
            let inner = self.any_of(depth + 1)?;
            self.mark(')')?;
            return Ok(inner);
        }
        let name = self.word()?;
        if name.eq_ignore_ascii_case("startsWith") {
            return self.starts_with();
        }
        if let Some(collection) = name.strip_suffix("/any") {
            return self.any_member(collection, depth);
        }
        match find(&name, self.log, self.version) {
            Named::Created => self.created(),
            Named::ErrorCode => {
                let equal = self.equality()?;
                let code = self.word()?.parse().map_err(|_| Refusal::BadFilter)?;
                Ok(Filter::ErrorCode { equal, code })
            }
            Named::Text(property, _) => {
                if !self.equality()? {
                    return Err(Refusal::BadFilter);
                }
                Ok(Filter::TextIs(property, self.quoted()?))
            }
            Named::Unknown => Err(Refusal::UnknownProperty(name, self.log)),
            Named::Collection(_) | Named::Opaque => Err(Refusal::BadFilter),
        }
    }

    fn starts_with(&mut self) -> Result<Filter, Refusal> {
        self.mark('(')?;
        let name = self.word()?;
        self.mark(',')?;
        let text = self.quoted()?;
        self.mark(')')?;
        if self.takes_word("eq") && !self.takes_word("true") {
            return Err(Refusal::BadFilter);
        }
        match find(&name, self.log, self.version) {
            Named::Text(property, true) => Ok(Filter::TextStarts(property, text)),
            Named::Unknown => Err(Refusal::UnknownProperty(name, self.log)),
            _ => Err(Refusal::BadFilter),
        }
    }

    fn any_member(&mut self, name: &str, depth: usize) -> Result<Filter, Refusal> {
        let collection = match find(name, self.log, self.version) {
            Named::Collection(collection) => collection,
            Named::Unknown => return Err(Refusal::UnknownProperty(name.to_owned(), self.log)),
            _ => return Err(Refusal::BadFilter),
        };
        self.mark('(')?;
        let variable = self.word()?;
        self.mark(':')?;
        let member = self.any_of_members(&variable, depth)?;
        self.mark(')')?;
        Ok(match collection {
            Collection::Audiences => Filter::Any(Vec::new()),
            Collection::Kinds => Filter::Kinds(Kind::ALL.map(|kind| member.accepts(kind.name()))),
            Collection::RiskEvents => Filter::RiskEvent(member),
        })
    }

    fn any_of_members(&mut self, variable: &str, depth: usize) -> Result<Member, Refusal> {
        let mut members = vec![self.all_of_members(variable, depth)?];
        while self.takes_word("or") {
            members.push(self.all_of_members(variable, depth)?);
        }
        Ok(single(members, Member::Any))
    }

    fn all_of_members(&mut self, variable: &str, depth: usize) -> Result<Member, Refusal> {
        let mut members = vec![self.member(variable, depth)?];
        while self.takes_word("and") {
            members.push(self.member(variable, depth)?);
        }
        Ok(single(members, Member::All))
    }

    fn member(&mut self, variable: &str, depth: usize) -> Result<Member, Refusal> {
        if depth > DEPTH_LIMIT {
            return Err(Refusal::BadFilter);
        }
        if self.takes_mark('(') {
            let inner = self.any_of_members(variable, depth + 1)?;
            self.mark(')')?;
            return Ok(inner);
        }
        let name = self.word()?;
        if name.eq_ignore_ascii_case("startsWith") {
            self.mark('(')?;
            if self.word()? != variable {
                return Err(Refusal::BadFilter);
            }
            self.mark(',')?;
            let text = self.quoted()?;
            self.mark(')')?;
            return Ok(Member::Starts(text));
        }
        if name != variable {
            return Err(Refusal::BadFilter);
        }
        let equal = self.equality()?;
        let text = self.quoted()?;
        Ok(if equal { Member::Is(text) } else { Member::IsNot(text) })
    }

    /// Reads what follows the property that windows are cut by. A quoted date is refused (graph-api §1.3).
    fn created(&mut self) -> Result<Filter, Refusal> {
        let operator = self.word()?.to_ascii_lowercase();
        let literal = self.word()?;
        let time: DateTime<Utc> = literal.parse().map_err(|_| Refusal::BadFilter)?;
        let moment = Moment::from(time);
        let (from, to) = match operator.as_str() {
            "eq" => (moment, moment.next()),
            "ge" => (moment, EVER.1),
            "gt" => (moment.next(), EVER.1),
            "le" => (EVER.0, moment.next()),
            "lt" => (EVER.0, moment),
            _ => return Err(Refusal::BadFilter),
        };
        Ok(Filter::Created { from, to })
    }

    fn equality(&mut self) -> Result<bool, Refusal> {
        match self.word()?.to_ascii_lowercase().as_str() {
            "eq" => Ok(true),
            "ne" => Ok(false),
            _ => Err(Refusal::BadFilter),
        }
    }

    fn takes_mark(&mut self, mark: char) -> bool {
        let takes = self.tokens.get(self.at) == Some(&Token::Mark(mark));
        self.at += usize::from(takes);
        takes
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let takes = matches!(self.tokens.get(self.at), Some(Token::Word(other)) if other.eq_ignore_ascii_case(word));
        self.at += usize::from(takes);
        takes
    }

    fn mark(&mut self, mark: char) -> Result<(), Refusal> {
        if self.takes_mark(mark) { Ok(()) } else { Err(Refusal::BadFilter) }
    }

    fn word(&mut self) -> Result<String, Refusal> {
        let Some(Token::Word(word)) = self.tokens.get(self.at) else {
            return Err(Refusal::BadFilter);
        };
        self.at += 1;
        Ok(word.clone())
    }

    fn quoted(&mut self) -> Result<String, Refusal> {
        let Some(Token::Quoted(text)) = self.tokens.get(self.at) else {
            return Err(Refusal::BadFilter);
        };
        self.at += 1;
        Ok(text.clone())
    }
}

/// Returns the only element, or joins several.
fn single<T>(mut parts: Vec<T>, join: fn(Vec<T>) -> T) -> T {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

/// Cuts a filter into words, quoted texts and marks.
fn split(text: &str) -> Result<Vec<Token>, Refusal> {
    if text.len() > LENGTH_LIMIT {
        return Err(Refusal::BadFilter);
    }
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | ',' | ':' => {
                tokens.push(Token::Mark(first));
                1
            }
            '\'' => {
                let (quoted, length) = quotation(rest)?;
                tokens.push(Token::Quoted(quoted));
                length
            }
            _ => {
                // A colon belongs to a word only inside a time, and those begin with a digit.
                let in_time = first.is_ascii_digit();
                let belongs = |letter: char| letter.is_ascii_alphanumeric() || "_/-.+".contains(letter);
                let end = rest.find(|letter| !(belongs(letter) || (in_time && letter == ':'))).unwrap_or(rest.len());
                if end == 0 {
                    return Err(Refusal::BadFilter);
                }
                tokens.push(Token::Word(rest.get(..end).unwrap_or_default().to_owned()));
                end
            }
        };
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

/// Reads a text in single quotes, where two stand for one; returns it with the length it took.
fn quotation(text: &str) -> Result<(String, usize), Refusal> {
    let mut quoted = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((place, letter)) = letters.next() {
        if letter != '\'' {
            quoted.push(letter);
        } else if letters.next_if(|(_, next)| *next == '\'').is_some() {
            quoted.push('\'');
        } else {
            return Ok((quoted, place + 1));
        }
    }
    Err(Refusal::BadFilter)
}

/// Parentheses deeper than this are an attack on a parser, not a question.
const DEPTH_LIMIT: usize = 32;
/// A filter over a hundred sign-in names still fits.
const LENGTH_LIMIT: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::{super::refusal::Refusal, Filter, Log, Version, parse_for};

    fn parse(text: &str, version: Version) -> Result<Filter, Refusal> {
        parse_for(text, Log::SignIns, version)
    }

    #[test]
    fn the_collectors_filter_gives_its_window_and_its_kind() {
        let text = "createdDateTime ge 2026-11-01T00:00:00Z and createdDateTime le 2026-11-01T05:59:59Z and \
                    (signInEventTypes/any(t: t eq 'servicePrincipal'))";
        let filter = parse(text, Version::Beta).unwrap();
        assert_eq!(filter.kinds(), Some([false, false, true, false]));
        let (from, to) = filter.window();
        assert_eq!(from.calendar().to_rfc3339(), "2026-11-01T00:00:00+00:00");
        assert_eq!(to.calendar().to_rfc3339(), "2026-11-01T05:59:59.000000100+00:00");
        assert!(filter.is_window_and_kinds());
    }

    #[test]
    fn kinds_follow_or_and_ne_inside_any() {
        let kinds = |text: &str| parse(text, Version::Beta).unwrap().kinds();
        assert_eq!(
            kinds("signInEventTypes/any(t: t eq 'interactiveUser' or t eq 'nonInteractiveUser')"),
            Some([true, true, false, false])
        );
        assert_eq!(kinds("signInEventTypes/any(t: t ne 'interactiveUser')"), Some([false, true, true, true]));
        assert_eq!(kinds("userId eq 'x'"), None);
    }

    #[test]
    fn a_quoted_date_is_refused_without_further_explanation() {
        assert_eq!(parse("createdDateTime ge '2026-11-01T00:00:00Z'", Version::Beta), Err(Refusal::BadFilter));
    }

    #[test]
    fn v1_does_not_know_the_kind_property() {
        let text = "signInEventTypes/any(t: t eq 'servicePrincipal')";
        assert_eq!(
            parse(text, Version::V1),
            Err(Refusal::UnknownProperty("signInEventTypes".to_owned(), Log::SignIns))
        );
    }

    #[test]
    fn quotes_inside_quotes_are_doubled() {
        assert!(parse("startsWith(userDisplayName, 'O''Neil')", Version::V1).is_ok());
        assert!(parse("userDisplayName eq 'O'Neil'", Version::V1).is_err());
    }

    #[test]
    fn nonsense_is_refused_and_does_not_panic() {
        let deep = "(".repeat(5_000);
        for text in
            ["", "and", "appId", "appId eq", "appId eq x", "appId gt 'x'", "(appId eq 'x'", "é eq 'x'", "'", &deep]
        {
            assert!(parse(text, Version::Beta).is_err(), "{text}");
        }
    }
}
