use std::time::Duration;

use super::*;

fn source(text: &str) -> Source {
    toml::from_str(text).unwrap()
}

fn error(text: &str) -> String {
    toml::from_str::<Source>(text).unwrap_err().message().to_owned()
}

#[test]
fn a_panel_has_addresses_in_order_and_a_pool_of_accounts() {
    let source = source(
        "name = 'acme'\nurl = ['http://a:1', 'http://b/']\nusername = 'u'\npassword = 'p'\nmax_connections = 2\n\
         accounts = [{ username = 'v', password = 'q' }]\nrequests = { per_hour = 10 }\nrequest_timeout = 1.5",
    );
    let panel = source.xtream().unwrap();
    assert_eq!(panel.urls.iter().map(BaseUrl::as_str).collect::<Vec<_>>(), ["http://a:1", "http://b"]);
    assert_eq!(source.logins().collect::<Vec<_>>(), [("u", "p"), ("v", "q")]);
    assert_eq!(panel.accounts.iter().map(|it| it.max_connections).collect::<Vec<_>>(), [Some(2), None]);
    assert_eq!(source.transport.requests, Budget { per_hour: 10, ..Budget::default() });
    assert_eq!(source.transport.request_timeout, Some(Duration::from_millis(1500)));
    assert!(!format!("{source:?}").contains("\"p\""));
}

#[test]
fn every_kind_has_its_keys() {
    let list = source("name = 'a'\nkind = 'm3u'\nurl = 'http://h/get.php?username=u&password=hunter2'");
    assert_eq!(list.whereabouts(), "http://h/…");
    assert!(matches!(list.origin, Origin::M3u(M3u { guides: true, .. })));
    let guide =
        source("name = 'a'\nkind = 'xmltv'\nfile = 'g.xml'\nshift = -1\nchannel_shift = { 'a.b' = 5.5 }");
    let Origin::Xmltv(Xmltv { from: Location::File(_), times }) = guide.origin else { panic!() };
    assert_eq!((times.shift, times.channel_shift["a.b"]), (-3600, 19_800));
    let scrape =
        source("name = 'a'\nkind = 'scrape'\npages = ['http://h/1', 'x.html']\njson = { list = '[]' }");
    let Origin::Scrape(scrape) = scrape.origin else { panic!() };
    assert_eq!((scrape.pages.len(), scrape.json.list.as_str(), scrape.json.id.as_str()), (2, "[]", "id"));
    let id = "0".repeat(40);
    let ace = source(&format!("name = 'a'\nkind = 'acestream'\nchannels = [{{ id = '{id}', name = 'x' }}]"));
    assert_eq!(ace.whereabouts(), "1 channels");
}

#[test]
fn what_does_not_fit_is_told_with_the_sources_name() {
    let panel = "name = 'acme'\nurl = 'http://h'\nusername = 'u'\n";
    for (text, expected) in [
        (panel.to_owned(), "source `acme`: missing field `password`"),
        (format!("{panel}password = 'p'\nzone = 'UTC'"), "`zone` is no key of a source of kind `xtream`"),
        ("name = 'a'\nkind = 'm3u'".into(), "missing field `url`, or `file`"),
        ("name = 'a'\nkind = 'm3u'\nurl = 'http://h'\nfile = 'x'".into(), "either `url` or `file`"),
        ("name = 'a'\nkind = 'xmltv'\nfile = 'x'\nshift = 90".into(), "expected hours"),
        ("name = 'a'\nkind = 'acestream'".into(), "give `channels`"),
        (
            "name = 'a'\nkind = 'acestream'\nchannels = [{ id = 'acestream://12', name = 'x' }]".into(),
            "an Ace Stream id is 40 hexadecimal digits",
        ),
        (format!("{panel}password = 'p'\nproxy = 'ftp://hunter2'"), "`proxy` begins with"),
        (format!("{panel}password = 'p'\nrequests = {{ parallel = 0 }}"), "of at least 1"),
    ] {
        let told = error(&text);
        assert!(told.contains(expected) && !told.contains("hunter2"), "{told}");
    }
}
