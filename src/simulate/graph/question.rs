//! The query options of a list request (graph-api §1.3): read, refused, or ignored and echoed.

use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::{
    super::tenant::{Kind, Log, Version, moment::Moment},
    filter::{EVER, Filter},
    parse::parse_for,
    refusal::Refusal,
};

/// A list request.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) log: Log,
    pub(crate) version: Version,
    pub(crate) filter: Option<Filter>,
    /// Records on a page; what was asked for, or the maximum.
    pub(crate) top: usize,
    pub(crate) newest_first: bool,
    pub(crate) skip_token: Option<String>,
    /// All options but the skip token, decoded, in the order they came: a link to the next page repeats them.
    pub(crate) options: Vec<(String, String)>,
    /// Identifies the question: the same for all pages of one chain.
    pub(crate) digest: u64,
}

impl Question {
    /// Reads a query string about sign-ins.
    #[cfg(test)]
    pub(crate) fn read(version: Version, query: &str, page_limit: u32) -> Result<Self, Refusal> {
        Self::read_for(Log::SignIns, version, query, page_limit)
    }

    /// Reads a query string about a log.
    pub(crate) fn read_for(log: Log, version: Version, query: &str, page_limit: u32) -> Result<Self, Refusal> {
        let limit = usize::try_from(page_limit.max(1)).unwrap_or(1);
        let mut question = Self {
            log,
            version,
            filter: None,
            top: limit,
            newest_first: true,
            skip_token: None,
            options: Vec::new(),
            digest: 0,
        };
        let mut filter = None;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let lower = name.to_ascii_lowercase();
            match lower.as_str() {
                "$skiptoken" => {
                    question.skip_token = Some(value.into_owned());
                    continue;
                }
                "$filter" => filter = Some(value.clone()),
                "$top" => {
                    let top: usize = value.parse().map_err(|_| Refusal::BadTop(value.clone().into_owned()))?;
                    if top == 0 {
                        return Err(Refusal::BadTop(value.into_owned()));
                    }
                    question.top = top.min(limit);
                }
                "$orderby" => question.newest_first = newest_first(&value, log)?,
                _ => {
                    if let Some((_, shown)) = FORBIDDEN.iter().find(|(option, _)| *option == lower) {
                        return Err(Refusal::ForbiddenOption((*shown).to_owned()));
                    }
                }
            }
            if !name.is_empty() {
                question.options.push((name.into_owned(), value.into_owned()));
            }
        }
        question.filter = filter.map(|filter| parse_for(&filter, log, version)).transpose()?;
        question.digest = question.identify();
        Ok(question)
    }

    /// Returns the segment of the version in paths.
    pub(crate) fn version_segment(&self) -> &'static str {
        match self.version {
            Version::Beta => "beta",
            Version::V1 => "v1.0",
        }
    }

    /// Returns the kinds of sign-in asked for, in the order of [`Kind::ALL`].
    ///
    /// Without a word about kinds the service returns interactive sign-ins only (graph-api §1.2).
    pub(crate) fn kinds(&self) -> [bool; 4] {
        let asked = self.filter.as_ref().and_then(Filter::kinds).filter(|_| self.version == Version::Beta);
        asked.unwrap_or(Kind::ALL.map(|kind| kind == Kind::InteractiveUser))
    }

    /// Returns the window `[from, to)` outside which no record passes.
    pub(crate) fn window(&self) -> (Moment, Moment) {
        self.filter.as_ref().map_or(EVER, Filter::window)
    }

    fn identify(&self) -> u64 {
        let mut digest = Sha256::new();
        digest.update(self.version_segment());
        digest.update(self.log.path());
        for (name, value) in &self.options {
            for part in [name, value] {
                digest.update(part.len().to_be_bytes());
                digest.update(part);
            }
        }
        digest.finalize().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }
}

fn newest_first(order: &str, log: Log) -> Result<bool, Refusal> {
    let time = log.time_property().to_ascii_lowercase();
    let words: Vec<String> = order.split_whitespace().map(str::to_ascii_lowercase).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [name] | [name, "asc"] if *name == time => Ok(false),
        [name, "desc"] if *name == time => Ok(true),
        _ => Err(Refusal::BadOrder(order.to_owned())),
    }
}

/// Options the service knows and does not allow here, with the names its text uses.
const FORBIDDEN: [(&str, &str); 7] = [
    ("$apply", "Apply"),
    ("$compute", "Compute"),
    ("$count", "Count"),
    ("$expand", "Expand"),
    ("$search", "Search"),
    ("$select", "Select"),
    ("$skip", "Skip"),
];

#[cfg(test)]
mod tests {
    use super::{super::refusal::Refusal, Question, Version};

    #[test]
    fn top_is_capped_and_defaults_to_the_largest_page() {
        let top = |query: &str| Question::read(Version::Beta, query, 1_000).map(|question| question.top);
        assert_eq!(top("").unwrap(), 1_000);
        assert_eq!(top("$top=5").unwrap(), 5);
        assert_eq!(top("$top=5000").unwrap(), 1_000);
        assert!(top("$top=0").is_err() && top("$top=many").is_err());
    }

    #[test]
    fn forbidden_options_are_named_as_the_service_names_them() {
        for (query, shown) in [("$select=id", "Select"), ("%24skip=5", "Skip"), ("$count=true", "Count")] {
            let refusal = Question::read(Version::Beta, query, 1_000).unwrap_err();
            assert_eq!(refusal, Refusal::ForbiddenOption(shown.to_owned()));
        }
    }

    #[test]
    fn a_misspelt_option_is_ignored_and_kept_for_the_link() {
        let question = Question::read(Version::Beta, "&%5C=AppId+eq+%27x%27&$top=3", 1_000).unwrap();
        assert_eq!(question.filter, None);
        assert_eq!(question.options[0], ("\\".to_owned(), "AppId eq 'x'".to_owned()));
    }

    #[test]
    fn the_skip_token_does_not_change_the_identity_of_a_question() {
        let digest = |query: &str| Question::read(Version::Beta, query, 1_000).unwrap().digest;
        assert_eq!(digest("$top=3"), digest("$top=3&$skiptoken=aa"));
        assert_ne!(digest("$top=3"), digest("$top=4"));
    }
}
