//! Cookies that a provider sets with one answer and wants to see with the next: lists that open their segments.

use http::header::{self, HeaderMap, HeaderValue};
use url::Url;

/// Cookies of one channel; when it is full, the oldest goes.
const MOST: usize = 32;

/// Cookies of the hosts that one channel leads to. Until the channel is left; their own ends are not minded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cookies(Vec<Cookie>);

#[derive(Clone, Debug)]
struct Cookie {
    host: String,
    name: String,
    value: String,
}

impl Cookies {
    /// Takes those that came from `url`.
    pub(crate) fn keep(&mut self, url: &Url, headers: &HeaderMap) {
        let Some(host) = url.host_str() else { return };
        for set in headers.get_all(header::SET_COOKIE) {
            let Some((name, value)) = set.to_str().ok().and_then(pair) else { continue };
            self.0.retain(|known| !(known.host == host && known.name == name));
            if self.0.len() >= MOST {
                self.0.remove(0);
            }
            self.0.push(Cookie { host: host.into(), name: name.into(), value: value.into() });
        }
    }

    /// `headers` with those for the host of `url`, which alone may see them.
    pub(crate) fn added(&self, url: &Url, mut headers: HeaderMap) -> HeaderMap {
        let of_host = self.0.iter().filter(|cookie| Some(cookie.host.as_str()) == url.host_str());
        let mut all: Vec<String> =
            of_host.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        if all.is_empty() {
            return headers;
        }
        let configured = headers.get(header::COOKIE).and_then(|cookie| cookie.to_str().ok());
        all.splice(0..0, configured.map(str::to_owned));
        if let Ok(value) = HeaderValue::try_from(all.join("; ")) {
            headers.insert(header::COOKIE, value);
        }
        headers
    }
}

/// Name and value, without what follows them (RFC 6265, 5.2).
fn pair(set: &str) -> Option<(&str, &str)> {
    let (name, value) = set.split(';').next()?.split_once('=')?;
    let name = name.trim();
    (!name.is_empty()).then(|| (name, value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_goes_back_to_the_host_it_came_from_and_nowhere_else() {
        let [here, there] = ["http://h:1/a", "http://g/"].map(|url| Url::parse(url).unwrap());
        let mut cookies = Cookies::default();
        for set in ["a=1; Path=/; HttpOnly", "b = 2", "a=3", "nonsense"] {
            let set = HeaderMap::from_iter([(header::SET_COOKIE, set.parse().unwrap())]);
            cookies.keep(&here, &set);
        }
        let configured = HeaderMap::from_iter([(header::COOKIE, "c=4".parse().unwrap())]);
        let sent = |url, headers| cookies.added(url, headers).get(header::COOKIE).cloned();
        assert_eq!(sent(&here, configured.clone()).unwrap(), "c=4; b=2; a=3");
        assert_eq!(sent(&here, HeaderMap::new()).unwrap(), "b=2; a=3");
        assert_eq!(sent(&there, configured).unwrap(), "c=4");
        for number in 0..100 {
            let set = HeaderMap::from_iter([(header::SET_COOKIE, format!("n{number}=x").parse().unwrap())]);
            cookies.keep(&here, &set);
        }
        assert_eq!(cookies.0.len(), MOST);
    }
}
