//! Asking a provider for playlists, segments and keys: one request after the other, over one connection that is kept.
//!
//! SECURITY: a playlist names addresses, and whoever watches gets to see what answers there. What is configured is asked
//! as it is. A provider on the internet may name and redirect to what is on the internet; one in our own network may
//! besides name what is at its own host and port. Names are resolved and checked at the moment of dialling, by the one who
//! dials: a name that was public when it was checked may be private a moment later.

use std::net::SocketAddr;
use std::sync::Mutex;

use http::StatusCode;
use http::header::{self, HeaderMap};
use httpc::{Internet, redirect};
use reqwest::{Client, ClientBuilder, Response};
use url::Url;

use crate::client;
use crate::refusal::Failure;
use crate::settings::Settings;
use crate::upstream::cookies::Cookies;
use crate::upstream::{Origin, Trust, dial};

/// Redirects that are followed for one request.
const REDIRECTS: usize = 5;

const INWARDS: Failure = Failure::Redirect("it leads into a private network");

/// Asks one provider.
pub(crate) struct Fetcher {
    origin: Origin,
    internet: Internet,
    direct: Client,
    guarded: Client,
    homes: Mutex<Homes>,
    cookies: Mutex<Cookies>,
}

/// Where the provider lives.
#[derive(Default)]
struct Homes {
    /// On the internet, as its answer came from there; unknown before the first.
    outside: Option<bool>,
    /// Its own hosts and ports: the configured one, and where that redirects to.
    places: Vec<String>,
}

/// An answer, and where it came from in the end.
pub(crate) struct Answer {
    pub(crate) response: Response,
    /// Relative references are resolved against it (RFC 3986, 5.1.3).
    pub(crate) url: Url,
}

impl Fetcher {
    /// # Errors
    /// The system gives no TLS.
    pub(crate) fn new(origin: Origin, internet: Internet, settings: &Settings) -> Result<Self, Failure> {
        let client = || {
            let client = client::of_provider(settings, &origin.transport);
            let client = client.map_err(|_| Failure::Dead("its `proxy` is no address"))?;
            Ok::<_, Failure>(client.gzip(true).brotli(true).pool_max_idle_per_host(1))
        };
        let built = |client: ClientBuilder| client.build().map_err(|_| Failure::Dead("there is no TLS"));
        let direct = built(client()?.dns_resolver(internet.resolver()))?;
        let guarded = match origin.transport.proxy {
            // Behind a proxy names are the proxy's matter, and so is its network; what is written out is checked.
            Some(_) => direct.clone(),
            None => built(client()?.dns_resolver(internet.public_only()))?,
        };
        let homes = Homes { outside: None, places: place(&origin.url).into_iter().collect() };
        let (homes, cookies) = (Mutex::new(homes), Mutex::default());
        Ok(Self { origin, internet, direct, guarded, homes, cookies })
    }

    /// The address that is configured: what everything begins with, and what is gone back to.
    pub(crate) fn configured(&self) -> &Url {
        &self.origin.url
    }

    /// Asks for `url`, with `more` headers, and follows where the answer leads.
    ///
    /// # Errors
    /// Nobody answers, or it leads where it must not. A refusal is an answer.
    pub(crate) async fn get(&self, url: &Url, more: &HeaderMap) -> Result<Answer, Failure> {
        let mut url = url.clone();
        let from_configured = url == self.origin.url;
        for _ in 0..=REDIRECTS {
            let client = self.client(&url)?;
            let mut headers = self.headers(&url);
            headers.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
            let request = client.get(url.clone()).headers(headers);
            let response = request.send().await.map_err(|error| dial::failure(&error))?;
            self.cookies().keep(&url, response.headers());
            self.seen(&url, response.remote_addr());
            let Some(next) = redirect(&response, &url)? else { return Ok(Answer { response, url }) };
            let downgraded = next.scheme() == "http" && url.scheme() == "https";
            if downgraded && self.origin.url.scheme() == "https" {
                return Err(Failure::Redirect("it leads from https to http"));
            }
            if from_configured {
                self.moves(&next);
            }
            url = next;
        }
        Err(Failure::Redirect("there are too many"))
    }

    /// With what `url` may be asked.
    fn client(&self, url: &Url) -> Result<&Client, Failure> {
        let inwards = self.internet.leads_inside(url);
        let direct = match self.origin.trust {
            Trust::Anywhere => true,
            Trust::Configured => {
                let homes = self.homes();
                let inside = homes.outside == Some(false);
                let home = place(url).is_some_and(|place| homes.places.contains(&place));
                *url == self.origin.url || (inside && home)
            }
            Trust::Listed => false,
        };
        match (direct, inwards) {
            (true, _) => Ok(&self.direct),
            (false, true) => Err(INWARDS),
            (false, false) => Ok(&self.guarded),
        }
    }

    /// Whom the configured address was really answered by says where the provider lives.
    fn seen(&self, url: &Url, peer: Option<SocketAddr>) {
        if *url == self.origin.url {
            // Behind a proxy nobody can tell who answered.
            let proxied = self.origin.transport.proxy.is_some();
            let outside = proxied || peer.is_none_or(|peer| (self.internet.is_public)(peer.ip()));
            let mut homes = self.homes();
            // Once outside, always: an owner of a name must not become our neighbour by changing it.
            homes.outside = Some(outside || homes.outside == Some(true));
        }
    }

    /// A provider of our own network is believed when it says where it moved to.
    fn moves(&self, next: &Url) {
        let mut homes = self.homes();
        if homes.outside == Some(false)
            && let Some(place) = place(next).filter(|place| !homes.places.contains(place))
            && homes.places.len() <= REDIRECTS
        {
            homes.places.push(place);
        }
    }

    fn headers(&self, url: &Url) -> HeaderMap {
        let mut headers = self.origin.headers.seen_at(&self.origin.url, url);
        headers.remove(header::CONNECTION); // one connection, kept
        self.cookies().added(url, headers)
    }

    fn homes(&self) -> std::sync::MutexGuard<'_, Homes> {
        self.homes.lock().expect("nobody panics while holding this lock")
    }

    fn cookies(&self) -> std::sync::MutexGuard<'_, Cookies> {
        self.cookies.lock().expect("nobody panics while holding this lock")
    }
}

/// Host and port.
fn place(url: &Url) -> Option<String> {
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

/// Whether a provider says no for good, or its address for this time is over.
pub(crate) fn is_gone(status: StatusCode) -> bool {
    matches!(status.as_u16(), 401 | 403 | 404 | 410)
}

#[cfg(test)]
mod tests;
