//! What the doctor says: a line for each thing that was looked at.

use std::fmt;

use serde::Serialize;

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// Works, and may not for long, or not for everybody.
    Warn,
    /// Does not work.
    Fail,
}

impl Level {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What was found of one thing. Never an address or a credential of a provider.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// What was looked at.
    pub(super) what: String,
    /// How it is.
    pub(super) found: String,
    /// What to do about it; nothing where nothing need be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

impl Finding {
    pub(super) fn ok(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { level: Level::Ok, what: what.into(), found: found.into(), remedy: None }
    }

    pub(super) fn warn(what: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Self { level: Level::Warn, what: what.into(), found: found.into(), remedy }
    }

    pub(super) fn fail(what: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Fail, ..Self::warn(what, found, remedy) }
    }

    /// As a line for people, and another one for the remedy; names of things take `width`.
    pub(super) fn line(&self, width: usize) -> impl fmt::Display {
        Line { finding: self, width }
    }
}

struct Line<'a> {
    finding: &'a Finding,
    width: usize,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { level, what, found, remedy } = self.finding;
        let width = self.width;
        write!(f, "{:4}  {what:width$}  {found}", level.word())?;
        match remedy {
            Some(remedy) => write!(f, "\n{:4}  {:width$}  -> {remedy}", "", ""),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_below_each_other() {
        let fine = Finding::ok("disk", "1.0 GB free");
        let bad = Finding::fail("source acme", "the account is expired", "renew it");
        let text = format!("{}\n{}", fine.line(11), bad.line(11));
        let expected = [
            "ok    disk         1.0 GB free",
            "fail  source acme  the account is expired",
            "                   -> renew it",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}
