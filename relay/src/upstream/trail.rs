//! The way to an answer: where redirects lead, and where they must not.

use http::header::{self, HeaderValue};
use httpc::{Internet, redirect};
use reqwest::Response;
use url::Url;

use super::clients::Clients;
use super::cookies::Cookies;
use super::dial::failure;
use super::headers::Headers;
use crate::refusal::Failure;

/// Redirects that are followed for one stream. Real panels have one or two.
const REDIRECTS: usize = 5;

/// An answer, and the way to it.
pub(crate) struct Answer {
    pub(crate) response: Response,
    pub(crate) trail: Trail,
}

/// The way to an answer. What the answer names is asked for with the same headers and under the same suspicion.
#[derive(Clone)]
pub(crate) struct Trail {
    /// Where the answer came from in the end: relative references are resolved against it (RFC 3986, 5.1.3).
    pub(crate) url: Url,
    headers: Headers,
    clients: Clients,
    /// Somebody outside has chosen where this leads.
    guarded: bool,
    /// Nobody minds.
    free: bool,
    cookies: Cookies,
}

impl Trail {
    /// One that begins at `url`.
    pub(super) fn new(url: Url, headers: Headers, clients: Clients, guarded: bool, free: bool) -> Self {
        Self { url, headers, clients, guarded, free, cookies: Cookies::default() }
    }

    /// Asks for `url`, which what came along this way names, for a part of it if there is a `range`.
    ///
    /// # Errors
    /// Nobody answers, or the way does not end, or leads into a private network that somebody outside names. A refusal
    /// is an answer.
    pub(crate) async fn follow(&self, url: Url, range: Option<&str>) -> Result<Answer, Failure> {
        let mut trail = self.clone();
        trail.turn(url)?;
        let range = range.and_then(|range| HeaderValue::try_from(range).ok());
        for _ in 0..=REDIRECTS {
            let mut headers = trail.cookies.added(&trail.url, trail.headers.all.clone());
            headers.remove(header::RANGE); // nobody but we knows which part is wanted
            headers.extend(range.clone().map(|range| (header::RANGE, range)));
            let request = trail.clients.of(trail.guarded).get(trail.url.clone()).headers(headers);
            let response = request.send().await.map_err(|error| failure(&error))?;
            trail.guarded |= !trail.free && trail.clients.came_from_outside(&response);
            trail.cookies.keep(&trail.url, response.headers());
            match redirect(&response, &trail.url)? {
                Some(next) => trail.turn(next)?,
                None => return Ok(Answer { response, trail }),
            }
        }
        Err(Failure::Redirect("there are too many"))
    }

    fn turn(&mut self, next: Url) -> Result<(), Failure> {
        if self.guarded && Internet::default().leads_inside(&next) {
            return Err(Failure::Redirect("it leads into a private network"));
        }
        self.headers.turn(&self.url, &next);
        self.url = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use contract::source::Transport;

    use super::*;
    use crate::settings::Settings;

    #[test]
    fn what_somebody_outside_names_never_leads_into_our_house() {
        let url = |text: &str| Url::parse(text).unwrap();
        let clients = Clients::new(&Settings::default(), &Transport::default()).unwrap();
        let (headers, cookies) = Default::default();
        let trail =
            Trail { url: url("http://8.8.8.8/list"), headers, clients, guarded: true, free: false, cookies };
        for inside in
            ["http://127.0.0.1/", "http://169.254.169.254/", "http://[::ffff:10.0.0.1]/", "http://0x7f.1/"]
        {
            assert!(trail.clone().turn(url(inside)).is_err(), "{inside}");
            assert!(Trail { guarded: false, ..trail.clone() }.turn(url(inside)).is_ok(), "{inside}");
        }
    }
}
