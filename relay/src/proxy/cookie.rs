//! Cookies that a provider sets with a playlist and wants to see again with its segments (RFC 6265). They go to the host
//! that set them and to nobody else, and are gone with the channel.

use http::header::{self, HeaderMap};
use url::Url;

/// Cookies there may be; further ones are not kept.
const MOST: usize = 32;
/// The longest that is kept, in bytes.
const LONGEST: usize = 4096;

/// The cookies of one provider.
#[derive(Default)]
pub(super) struct Jar(Vec<Cookie>);

struct Cookie {
    host: String,
    name: String,
    value: String,
    secure: bool,
}

impl Jar {
    /// Keeps what an answer from `url` sets.
    pub(super) fn keep(&mut self, url: &Url, headers: &HeaderMap) {
        let host = url.host_str().unwrap_or("").to_owned();
        for line in headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let rest: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
            self.0.retain(|known| known.host != host || known.name != name);
            let over = rest.iter().any(|part| part == "max-age=0" || part.starts_with("max-age=-"));
            if over || self.0.len() >= MOST || line.len() > LONGEST {
                continue;
            }
            let (name, value) = (name.to_owned(), value.to_owned());
            let secure = rest.iter().any(|part| part == "secure");
            self.0.push(Cookie { host: host.clone(), name, value, secure });
        }
    }

    /// What is sent along to `url`.
    pub(super) fn of(&self, url: &Url) -> Option<String> {
        let fits = |cookie: &&Cookie| {
            url.host_str() == Some(&cookie.host) && (!cookie.secure || url.scheme() == "https")
        };
        let pairs = self.0.iter().filter(fits).map(|cookie| format!("{}={}", cookie.name, cookie.value));
        Some(pairs.collect::<Vec<_>>().join("; ")).filter(|cookies| !cookies.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_goes_back_to_its_host_alone() {
        let mut jar = Jar::default();
        let set = |jar: &mut Jar, url: &str, line: &str| {
            jar.keep(
                &url.parse().unwrap(),
                &HeaderMap::from_iter([(header::SET_COOKIE, line.parse().unwrap())]),
            );
        };
        let of = |jar: &Jar, url: &str| jar.of(&url.parse().unwrap());
        set(&mut jar, "http://h:1/a", "id=7; Path=/; HttpOnly");
        set(&mut jar, "http://h:1/a", "safe=x; Secure");
        assert_eq!(of(&jar, "http://h:2/b").as_deref(), Some("id=7"));
        assert_eq!(of(&jar, "https://h/b").as_deref(), Some("id=7; safe=x"));
        assert_eq!(of(&jar, "http://other/"), None);
        set(&mut jar, "http://h/", "id=8");
        assert_eq!(of(&jar, "http://h/").as_deref(), Some("id=8"));
        set(&mut jar, "http://h/", "id=; Max-Age=0");
        assert_eq!(of(&jar, "http://h/"), None);
        (0..100).for_each(|at| set(&mut jar, "http://h/", &format!("n{at}=1")));
        assert_eq!(jar.0.len(), MOST);
    }
}
