//! With what a provider is asked, and who may see it.

use contract::bundle::Upstream;
use contract::source::{Source, Transport, USER_AGENT};
use contract::vault::OPENING;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use url::Url;

/// Who we are for providers that refuse the player most of them allow.
const OTHER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// The headers of requests for one upstream. Never logged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Headers {
    pub(crate) all: HeaderMap,
    /// Those of them that go to no other host.
    pub(crate) private: Vec<HeaderName>,
}

impl Headers {
    /// Those of `url`, the address of an upstream that is `sealed` in the release and `open` here: what its source says
    /// goes with every request, and what the list says of this one, which wins.
    pub(super) fn new(
        source: &Source,
        sealed: &Upstream,
        open: &Upstream,
        url: &Url,
        disguised: bool,
    ) -> Self {
        let mut headers =
            Self { all: HeaderMap::new(), private: vec![header::AUTHORIZATION, header::COOKIE] };
        let agent = if disguised { OTHER_AGENT } else { &source.transport.user_agent };
        headers.put("user-agent", agent, false);
        headers.put("accept", "*/*", false);
        // SECURITY: what the source says may be credentials, which are not for everybody who is listed there.
        let home = is_home(source, url);
        for (name, value) in &source.transport.headers {
            let harmless = Transport::is_harmless(name);
            if home || harmless {
                headers.put(name, value.reveal(), !harmless);
            }
        }
        for (name, value) in &open.headers {
            let secret = sealed.headers.get(name).is_some_and(|value| value.contains(OPENING));
            headers.put(name, value, secret);
        }
        headers.all.insert(header::CONNECTION, HeaderValue::from_static("close"));
        headers
    }

    /// Whether nobody has chosen who we are for the provider.
    pub(super) fn may_be_disguised(source: &Source) -> bool {
        let Transport { user_agent, headers, .. } = &source.transport;
        user_agent == USER_AGENT && headers.keys().all(|name| !name.eq_ignore_ascii_case("user-agent"))
    }

    /// On the way on from `from` to `to`.
    ///
    /// SECURITY: what is private is meant for the host that was configured, as credentials in its address are, and not for
    /// those who listen on the way there.
    pub(super) fn turn(&mut self, from: &Url, to: &Url) {
        if !is_same_place(from, to) {
            self.private.iter().for_each(|name| drop(self.all.remove(name)));
        }
    }

    /// For `url`, where `home` was configured.
    pub(crate) fn seen_at(&self, home: &Url, url: &Url) -> HeaderMap {
        let mut headers = self.clone();
        headers.turn(home, url);
        headers.all
    }

    /// What of them must not reach a viewer.
    pub(super) fn secrets(&self) -> impl Iterator<Item = String> {
        self.private.iter().filter_map(|name| Some(self.all.get(name)?.to_str().ok()?.to_owned()))
    }

    /// In place of another of this name. What cannot be sent is left out.
    fn put(&mut self, name: &str, value: &str, private: bool) {
        let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            return;
        };
        value.set_sensitive(private);
        if private && !self.private.contains(&name) {
            self.private.push(name.clone());
        }
        self.all.insert(name, value);
    }
}

/// Whether `url` is at a host that is configured.
fn is_home(source: &Source, url: &Url) -> bool {
    let configured = source.addresses().into_iter().filter_map(|address| Url::parse(address).ok());
    configured.into_iter().any(|home| is_same_place(&home, url))
}

/// The same host, by a way that is no less private.
fn is_same_place(from: &Url, to: &Url) -> bool {
    from.host() == to.host() && (from.scheme() == to.scheme() || to.scheme() == "https")
}

#[cfg(test)]
mod tests {
    use contract::bundle::Protocol;
    use contract::config::{Config, Skip};

    use super::*;

    fn source(more: &str) -> Source {
        let text = format!("[[source]]\nname='acme'\nkind='m3u'\nurl='http://h/list?token=t'\n{more}");
        Config::<Skip, Skip, Skip>::parse(&text, "coax.toml").unwrap().source.remove(0)
    }

    fn upstream(headers: &[(&str, &str)]) -> Upstream {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let (account, path) = ("acme".into(), "http://h/1".into());
        Upstream { account, path, protocol: Protocol::Ts, headers: headers.collect(), archive: 0, past: None }
    }

    fn sent(headers: &HeaderMap) -> Vec<String> {
        let mut names: Vec<_> = headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn another_host_sees_no_header_that_lies_in_the_vault() {
        let sealed =
            upstream(&[("X-Token", "{secret:1}"), ("Referer", "http://h/"), ("bad name", "{secret:2}")]);
        let url: Url = "http://h/1".parse().unwrap();
        let mut headers = Headers::new(&source(""), &sealed, &sealed, &url, false);
        assert_eq!(sent(&headers.all), ["accept", "connection", "referer", "user-agent", "x-token"]);
        headers.turn(&url, &"http://g/1".parse().unwrap());
        assert_eq!(sent(&headers.all), ["accept", "connection", "referer", "user-agent"]);
    }

    #[test]
    fn what_the_source_says_goes_to_its_own_host_and_only_what_is_harmless_elsewhere() {
        let source =
            source("[source.headers]\nAuthorization='Basic x'\nX-Token='t'\nReferer='r'\nCookie='c'");
        let names = |url: &str| {
            let upstream = upstream(&[]);
            sent(&Headers::new(&source, &upstream, &upstream, &url.parse().unwrap(), false).all)
        };
        let all = ["accept", "authorization", "connection", "cookie", "referer", "user-agent", "x-token"];
        assert_eq!(names("http://h:8080/1"), all);
        assert_eq!(names("https://h/1"), all);
        let harmless = ["accept", "connection", "referer", "user-agent"];
        assert_eq!(names("http://elsewhere/1"), harmless);
        let upstream = upstream(&[]);
        let home: Url = "https://h/1".parse().unwrap();
        let headers = Headers::new(&source, &upstream, &upstream, &home, false);
        assert_eq!(sent(&headers.seen_at(&home, &"https://h/2".parse().unwrap())), all);
        assert_eq!(
            sent(&headers.seen_at(&home, &"http://h/2".parse().unwrap())),
            harmless,
            "whoever listens"
        );
        assert_eq!(headers.secrets().collect::<Vec<_>>().concat().len(), "Basic xtc".len());
        let private: Vec<_> = headers.all.iter().filter(|(_, value)| value.is_sensitive()).collect();
        assert_eq!(private.len(), 3);
    }

    #[test]
    fn what_is_said_of_one_entry_wins_and_stands_there_once() {
        let upstream = upstream(&[("User-Agent", "entry"), ("X-A", "entry")]);
        let url: Url = "http://h/1".parse().unwrap();
        let agent = |source: &Source, upstream: &Upstream, disguised| {
            let headers = Headers::new(source, upstream, upstream, &url, disguised).all;
            let agents: Vec<_> = headers.get_all("user-agent").iter().cloned().collect();
            assert_eq!(agents.len(), 1);
            agents[0].to_str().unwrap().to_owned()
        };
        let bare = self::upstream(&[]);
        let said = source("user_agent='said'\n[source.headers]\nx-a='source'");
        assert_eq!(agent(&said, &bare, false), "said");
        assert_eq!(agent(&said, &upstream, true), "entry");
        assert_eq!(agent(&source(""), &bare, false), USER_AGENT);
        assert_eq!(agent(&source(""), &bare, true), OTHER_AGENT);
        assert!(!Headers::may_be_disguised(&said) && Headers::may_be_disguised(&source("")));
        assert!(!Headers::may_be_disguised(&source("[source.headers]\nuser-agent='said'")));
    }
}
