//! What a condition compares with: a text, or a regular expression between slashes.

use regex::{Captures, Regex, RegexBuilder};
use serde::Deserialize;

use crate::tidy;

/// The longest pattern, in bytes, and the most of one condition.
const LONGEST: usize = 2000;
const MOST: usize = 1000;
/// What a compiled expression may take, in bytes.
const SIZE: usize = 1 << 20;

/// `BBC One`, which is compared without regard to case and blanks; `/^BBC/`, which is searched for; `/^bbc/i`, the same
/// without regard to case.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Pattern {
    /// Folded.
    Exact(String),
    /// Compiled.
    Regex(Regex),
}

/// One pattern or several, of which any is enough.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "OneOrMany")]
pub(crate) struct Patterns(Vec<Pattern>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text, an expression such as \"/^BBC/\", or a list of them")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// A text as it is compared: lower case, every run of blanks one blank.
pub(crate) fn folded(text: &str) -> String {
    tidy::words(&text.to_lowercase()).into_owned()
}

impl Pattern {
    /// Whether `text` is meant.
    pub(crate) fn holds(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => {
                // Most texts differ in length from the pattern by more than case can explain.
                text.len() <= exact.len() * 3 + 16 && folded(text) == *exact
            }
            Self::Regex(regex) => regex.is_match(text),
        }
    }

    /// `text` with what is meant replaced by `to`, in which `$1` and `${name}` stand for what an expression captured.
    /// `None` when it does not hold.
    pub(crate) fn replaced(&self, text: &str, to: &str) -> Option<String> {
        match self {
            Self::Exact(_) => self.holds(text).then(|| to.to_owned()),
            Self::Regex(regex) => {
                let with = |found: &Captures<'_>| {
                    let mut expanded = String::new();
                    found.expand(to, &mut expanded);
                    expanded
                };
                regex.is_match(text).then(|| regex.replace_all(text, with).into_owned())
            }
        }
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("a pattern has at most {LONGEST} bytes"));
        }
        let Some(rest) = text.strip_prefix('/') else { return Ok(Self::Exact(folded(&text))) };
        let (expression, case) = match (rest.strip_suffix("/i"), rest.strip_suffix('/')) {
            (Some(expression), _) => (expression, true),
            (None, Some(expression)) => (expression, false),
            (None, None) => {
                return Err(format!("the expression {text} has no `/` at its end"));
            }
        };
        RegexBuilder::new(expression)
            .case_insensitive(case)
            .size_limit(SIZE)
            .dfa_size_limit(SIZE)
            .nest_limit(50)
            .build()
            .map(Self::Regex)
            .map_err(|error| format!("the expression {text} cannot be used: {}", reason(&error)))
    }
}

/// The last line of what the parser says: before it stands the expression with a mark under it.
fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "it is too large".into(),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or("");
            last.trim().trim_start_matches("error: ").to_owned()
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(one), Self::Exact(two)) => one == two,
            (Self::Regex(one), Self::Regex(two)) => one.as_str() == two.as_str(),
            _ => false,
        }
    }
}

impl Patterns {
    /// Whether `text` is meant by any.
    pub(crate) fn hold(&self, text: &str) -> bool {
        self.0.iter().any(|pattern| pattern.holds(text))
    }

    /// What the first of them that holds makes of `text`.
    pub(crate) fn replaced(&self, text: &str, to: &str) -> Option<String> {
        self.0.iter().find_map(|pattern| pattern.replaced(text, to))
    }

    /// The first that means `text`.
    pub(crate) fn position(&self, text: &str) -> Option<usize> {
        self.0.iter().position(|pattern| pattern.holds(text))
    }
}

impl TryFrom<OneOrMany> for Patterns {
    type Error = String;

    fn try_from(written: OneOrMany) -> Result<Self, String> {
        let texts = match written {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        };
        if texts.is_empty() || texts.len() > MOST {
            return Err(format!("give 1 to {MOST} patterns"));
        }
        Ok(Self(texts.into_iter().map(Pattern::try_from).collect::<Result<_, _>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_text_is_compared_whole_and_an_expression_is_searched_for() {
        assert!(pattern("BBC  One").holds("bbc one") && !pattern("BBC").holds("BBC One"));
        assert!(pattern("/^BBC/").holds("BBC One") && !pattern("/^bbc/").holds("BBC One"));
        assert!(pattern("/^bbc/i").holds("BBC One") && pattern("İ").holds("İ"));
        assert_eq!(pattern("/^UK: (.*)$/").replaced("UK: BBC", "$1 UK").unwrap(), "BBC UK");
        assert_eq!(pattern("/ +HD/").replaced("A HD", "$").unwrap(), "A$");
        assert_eq!(pattern("bbc").replaced("BBC", "$1").unwrap(), "$1");
        assert_eq!(pattern("/x/").replaced("BBC", ""), None);
    }

    #[test]
    fn what_cannot_be_an_expression_is_told_in_one_line() {
        for (text, why) in [
            ("/(/", "the expression /(/ cannot be used: unclosed group"),
            ("/a{1000}{1000}{1000}/", "it is too large"),
            ("/abc", "has no `/` at its end"),
        ] {
            let error = Pattern::try_from(text.to_owned()).unwrap_err();
            assert!(error.contains(why) && !error.contains('\n'), "{error}");
        }
    }
}
