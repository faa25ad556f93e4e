//! How the past of a channel is asked for, out of what its playlist says.
//!
//! ```text
//!  default    the template is the address              shift      ?utc={utc}&lutc={lutc} behind the address
//!  append     the template goes behind the address     flussonic  mpegts ▶ timeshift_abs-{utc}.ts
//!  xc         /live/U/P/7.ts ▶ /timeshift/U/P/{duration:60}/{Y}-{m}-{d}:{H}-{M}/7.ts
//! ```

use contract::address::Template;

use crate::harvest::Channel;

/// The template of a channel's past, with everything secret still in it; `None` if no relay can ask for it.
pub(crate) fn template(channel: &Channel) -> Option<Template> {
    let catchup = channel.catchup.as_deref().filter(|_| channel.archive > 0)?;
    let (url, source) = (&*channel.address.url, &*catchup.source);
    let text = match &*catchup.mode {
        "default" if is_web(source) => source.to_owned(),
        // Where it is no address, players append it.
        "default" | "append" => appended(url, source),
        "shift" => appended(url, "?utc={utc}&lutc={lutc}"),
        "flussonic" | "flussonic-hls" | "flussonic-ts" => flussonic(url, &catchup.mode)?,
        "xc" => below_timeshift(url)?,
        // Of `vod` the guide would have to tell the address of every programme.
        _ => return None,
    };
    let good = is_web(&text) && Template::asks_for_a_time(&text) && !text.contains("{catchup-id}");
    good.then_some(Template { text, correction: catchup.correction })
}

fn is_web(address: &str) -> bool {
    let scheme = address.split_once("://").map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// `more` behind an address. A query is begun once: many templates are written for the other kind of address.
fn appended(url: &str, more: &str) -> String {
    let url = without_fragment(url);
    match (more.as_bytes().first(), url.contains('?')) {
        (Some(b'?'), true) => format!("{url}&{}", &more[1..]),
        (Some(b'&'), false) => format!("{url}?{}", &more[1..]),
        _ => format!("{url}{more}"),
    }
}

/// What Flussonic calls the past of `mpegts`, `index.m3u8` and their like.
fn flussonic(url: &str, mode: &str) -> Option<String> {
    let (path, query) = apart(url);
    let (folder, last) = path.rsplit_once('/').filter(|(folder, _)| folder.contains("://"))?;
    let hls = match mode {
        "flussonic-hls" => true,
        "flussonic-ts" => false,
        _ => last.ends_with(".m3u8"),
    };
    let last = match last.strip_suffix(".m3u8") {
        // Lists of one track are called after it.
        Some(track) if hls && !matches!(track, "index" | "") => {
            format!("{track}-timeshift_rel-{{offset:1}}.m3u8")
        }
        _ if hls => "timeshift_rel-{offset:1}.m3u8".to_owned(),
        _ => "timeshift_abs-{utc}.ts".to_owned(),
    };
    Some(format!("{folder}/{last}{query}"))
}

/// What panels call the past of `/live/USER/PASSWORD/7.ts` or `/USER/PASSWORD/7`.
fn below_timeshift(url: &str) -> Option<String> {
    let (path, query) = apart(url);
    let authority = path.find("://")? + 3;
    let root = authority + path[authority..].find('/')?;
    let segments: Vec<&str> = path[root + 1..].split('/').collect();
    let (["live", user, password, name] | [user, password, name]) = segments[..] else { return None };
    let (id, extension) = name.split_once('.').unwrap_or((name, "ts"));
    let numbered = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let extension = if extension == "m3u8" { "m3u8" } else { "ts" };
    let base = &path[..root];
    numbered.then(|| {
        format!(
            "{base}/timeshift/{user}/{password}/{{duration:60}}/{{Y}}-{{m}}-{{d}}:{{H}}-{{M}}/{id}.{extension}{query}"
        )
    })
}

fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or_default()
}

/// An address up to its query, and that with its question mark.
fn apart(url: &str) -> (&str, &str) {
    let url = without_fragment(url);
    url.split_at(url.find('?').unwrap_or(url.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harvest::{Address, Catchup};

    fn of(mode: &str, source: &str, url: &str) -> Option<String> {
        let catchup = Catchup { mode: mode.into(), source: source.into(), correction: 0 };
        let address = Address { url: url.into(), ..Address::default() };
        let channel = Channel { archive: 3, catchup: Some(Box::new(catchup)), address, ..Channel::default() };
        template(&channel).map(|template| template.text)
    }

    #[test]
    fn every_mode_of_players_is_an_address_with_places() {
        let shift = "utc={utc}&lutc={lutc}";
        for (mode, source, url, expected) in [
            ("default", "http://d/{utc}.ts", "http://h/7.ts", "http://d/{utc}.ts"),
            ("default", "?s=${start}", "http://h/7.ts", "http://h/7.ts?s=${start}"),
            ("append", "?s={utc}", "http://h/7.ts", "http://h/7.ts?s={utc}"),
            ("append", "?s={utc}", "http://h/7.ts?t=1#x", "http://h/7.ts?t=1&s={utc}"),
            ("append", "&s={utc}", "http://h/7.ts", "http://h/7.ts?s={utc}"),
            ("append", "-{utc}.ts", "http://h/7", "http://h/7-{utc}.ts"),
            ("shift", "", "HTTPS://h/7.m3u8", &format!("HTTPS://h/7.m3u8?{shift}")),
            ("shift", "", "http://h/7.m3u8?t=1", &format!("http://h/7.m3u8?t=1&{shift}")),
            ("flussonic", "", "http://h/7/mpegts?t=1", "http://h/7/timeshift_abs-{utc}.ts?t=1"),
            ("flussonic", "", "http://h/7/index.m3u8?t=1", "http://h/7/timeshift_rel-{offset:1}.m3u8?t=1"),
            ("flussonic", "", "http://h/7/video.m3u8", "http://h/7/video-timeshift_rel-{offset:1}.m3u8"),
            ("flussonic-ts", "", "http://h/7/index.m3u8", "http://h/7/timeshift_abs-{utc}.ts"),
            ("flussonic-hls", "", "http://h/7/mpegts", "http://h/7/timeshift_rel-{offset:1}.m3u8"),
            (
                "xc",
                "",
                "http://h:1/live/u/p/7",
                "http://h:1/timeshift/u/p/{duration:60}/{Y}-{m}-{d}:{H}-{M}/7.ts",
            ),
            (
                "xc",
                "",
                "http://h/u/p/7.m3u8",
                "http://h/timeshift/u/p/{duration:60}/{Y}-{m}-{d}:{H}-{M}/7.m3u8",
            ),
        ] {
            assert_eq!(of(mode, source, url).as_deref(), Some(expected), "{mode} {source} {url}");
        }
    }

    #[test]
    fn what_no_relay_can_ask_for_is_no_past() {
        for (mode, source, url) in [
            ("vod", "", "http://h/7"),
            ("default", "http://d/{catchup-id}?{utc}", "http://h/7"),
            ("default", "http://d/{lutc}", "http://h/7"),
            ("default", "rtsp://d/{utc}", "rtsp://h/7"),
            ("shift", "", "acestream://0123"),
            ("shift", "", "udp://@239.0.0.1:1"),
            ("xc", "", "http://h/tv/live/u/p/7"),
            ("xc", "", "http://h/u/p/seven"),
            ("flussonic", "", "http://h"),
        ] {
            assert_eq!(of(mode, source, url), None, "{mode} {source} {url}");
        }
    }
}
