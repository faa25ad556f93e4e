//! What is sent, what stands in queries, and what is told.

use std::str::FromStr;

use httpd::api::Refusal;
use httpd::{Params, Request, api};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};

/// A longer document is none of ours, in bytes: a hundred thousand ids.
const MOST: usize = 1 << 20;

/// The document that was sent.
pub(super) async fn sent<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    api::sent(request, MOST).await.map_err(Refusal::Wrong)
}

/// What was said, and is not `null`. For `deserialize_with`, beside `default`.
pub(super) fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// The same where `null` says something as well.
pub(super) fn said_or_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// What stands in the query of a request.
pub(super) struct Query(Params);

impl Query {
    pub(super) fn of(request: &Request) -> Self {
        Self(Params::from_query(request.uri().query()))
    }

    /// What is said of `name`; what is empty says nothing.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).filter(|text| !text.is_empty())
    }

    /// The same, read.
    pub(super) fn read<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let wrong = || Refusal::Wrong(format!("`{name}` is none that there can be"));
        self.text(name).map(|text| text.parse().map_err(|_| wrong())).transpose()
    }

    /// All that is said of `name`, with commas between them; none of it where nothing is.
    pub(super) fn several<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, Refusal> {
        let words = self.text(name).unwrap_or("").split(',').filter(|word| !word.is_empty());
        words.map(read).collect::<Result<_, _>>().map_err(|why| Refusal::Wrong(format!("`{name}`: {why}")))
    }

    /// A number of at most `most`; `usual` if nothing is said.
    pub(super) fn number(&self, name: &str, usual: usize, most: usize) -> Result<usize, Refusal> {
        let number = self.read(name)?.unwrap_or(usual);
        let fits = (number <= most).then_some(number);
        fits.ok_or_else(|| Refusal::Wrong(format!("`{name}` is at most {most}")))
    }
}
