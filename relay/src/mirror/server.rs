//! Asking the server that is followed.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use contract::mirror::{Part, SEATS, WAIT};
use contract::secret::SharedKey;
use contract::source::BaseUrl;
use http::StatusCode;
use http::header::{self, HeaderName};
use reqwest::{Client, Response};
use tracing::warn;
use url::form_urlencoded::Serializer as Pairs;

/// A server that says nothing for this long is gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// Users and secrets are smaller.
const MOST: usize = 256 * 1024 * 1024;

/// The server, and what we show it.
pub(super) struct Server {
    client: Client,
    base: BaseUrl,
    key: SharedKey,
}

/// An answer.
pub(super) enum Answer {
    /// Nothing has changed.
    Same,
    /// There is no such thing.
    Nothing,
    Here(Here),
}

/// Something that is coming in.
pub(super) struct Here {
    response: Response,
    /// Its validator, as it was given.
    pub(super) etag: String,
}

/// Why nothing is copied. Shows neither the key nor what came.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("the server does not take our key: `follow_key` in [relay] here is `relay_key` in [serve] there")]
    Key,
    #[error(
        "there is nothing to copy: the server has no `relay_key` in [serve], or `follow` is not its address"
    )]
    Nothing,
    #[error(
        "the server sends us elsewhere, and the key is shown to nobody else: give `follow` its final address"
    )]
    Elsewhere,
    #[error("the server answered with status {0}")]
    Status(u16),
    #[error("the server cannot be reached: {0}")]
    Dead(&'static str),
    #[error("what came is not what the server has; it is asked again")]
    Different,
    #[error("what came cannot be understood: another version of Coax is there")]
    Foreign,
    #[error("the copy cannot be kept: {0}")]
    Disk(#[from] std::io::Error),
}

impl Server {
    pub(super) fn new(base: BaseUrl, key: SharedKey) -> reqwest::Result<Self> {
        // SECURITY: it follows nothing, for whoever we are sent to would be shown the key.
        let client = httpc::plain(PATIENCE).gzip(true).brotli(true).zstd(true);
        let client = client.read_timeout(PATIENCE).build()?;
        Ok(Self { client, base, key })
    }

    /// Asks for `part`, unless it is what `etag` stands for; then the server waits a moment for a change.
    pub(super) async fn get(&self, part: Part, etag: &str) -> Result<Answer, Trouble> {
        let url = format!("{}{}", self.base, part.path());
        let mut request = self.client.get(url).bearer_auth(self.key.reveal());
        if !etag.is_empty() {
            let prefer = (HeaderName::from_static("prefer"), format!("wait={}", WAIT.as_secs()));
            request = request.header(header::IF_NONE_MATCH, etag).header(prefer.0, prefer.1);
        }
        let response = request.send().await.map_err(|error| dead(&error))?;
        match response.status() {
            StatusCode::NOT_MODIFIED => Ok(Answer::Same),
            StatusCode::OK => {
                let etag = response.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok());
                let etag = etag.unwrap_or("").to_owned();
                Ok(Answer::Here(Here { response, etag }))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Trouble::Key),
            StatusCode::NOT_FOUND => Ok(Answer::Nothing),
            status if status.is_redirection() => Err(Trouble::Elsewhere),
            status => Err(Trouble::Status(status.as_u16())),
        }
    }

    /// Tells who has how many streams open at the relay of this name.
    pub(super) async fn tell(&self, relay: &str, seats: &BTreeMap<String, usize>) -> Result<(), Trouble> {
        let url = format!("{}{}", self.base, Part::Seats.path());
        let form_type = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = self.client.post(url).bearer_auth(self.key.reveal());
        let request = request.header(form_type.0, form_type.1).body(form(relay, seats));
        let response = request.send().await.map_err(|error| dead(&error))?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(()),
            status => Err(Trouble::Status(status.as_u16())),
        }
    }
}

impl Here {
    /// The next bytes; `None` at their end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Trouble> {
        self.response.chunk().await.map_err(|error| dead(&error))
    }

    /// All of it, which is small.
    pub(super) async fn whole(mut self) -> Result<Vec<u8>, Trouble> {
        let mut whole = Vec::new();
        while let Some(bytes) = self.next().await? {
            if whole.len() + bytes.len() > MOST {
                return Err(Trouble::Foreign);
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole)
    }
}

/// Who has how many streams open, as the server reads it: of as many users as the form may have.
fn form(relay: &str, seats: &BTreeMap<String, usize>) -> String {
    let mut form = Pairs::new(String::new()).append_pair("relay", relay).finish();
    for (told, (user, seats)) in seats.iter().enumerate() {
        let pair = Pairs::new(String::new())
            .append_pair("user", user)
            .append_pair("seats", &seats.to_string())
            .finish();
        if form.len() + 1 + pair.len() > SEATS {
            warn!(told, "more users watch here than the server can be told of");
            break;
        }
        form.push('&');
        form.push_str(&pair);
    }
    form
}

/// In words that hold no address.
fn dead(error: &reqwest::Error) -> Trouble {
    Trouble::Dead(match error {
        error if error.is_connect() => "no connection",
        error if error.is_timeout() => "it is silent",
        error if error.is_body() || error.is_decode() => "the connection broke",
        _ => "no answer that is HTTP",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_as_many_users_as_the_server_reads_and_says_whose_they_are() {
        let seats = |users: usize| (0..users).map(|user| (format!("{user:064}"), 2)).collect();
        assert_eq!(form("r", &seats(1)), format!("relay=r&user={:064}&seats=2", 0));
        let all = form("r", &seats(200_000));
        assert!(all.len() <= SEATS && all.len() > SEATS - 100, "{}", all.len());
        assert!(all.starts_with("relay=r&user=") && all.ends_with("&seats=2"));
    }
}
