//! The playlist and the guide as files: `get.php` and `xmltv.php`.

use std::collections::HashMap;

use http::HeaderValue;
use http::header::CONTENT_DISPOSITION;
use httpd::Response;

use super::Ask;
use super::pieces::{over, pieces};
use crate::clock;

/// `get.php`: live, films, episodes, as `type` and `output` say.
pub(super) fn playlist(ask: Ask) -> Response {
    let plus = ask.params.get("type").is_none_or(|kind| kind != "m3u");
    let extension = match ask.params.get("output").unwrap_or("ts") {
        "hls" | "m3u8" => ".m3u8",
        _ => ".ts",
    };
    let name = format!("attachment; filename=\"tv_channels_{}_plus.m3u\"", ask.account.username);
    let (live, films) = (ask.provider.catalogue.live(), ask.provider.catalogue.films());
    let total = live + films + ask.provider.catalogue.series();
    let head = if ask.classic() {
        "#EXTM3U\r\n"
    } else {
        "#EXTM3U\r\n#EXT-X-SESSION-DATA:DATA-ID=\"com.xui.1_5_12\"\r\n"
    };
    let groups =
        ask.provider.catalogue.live_categories().map(|category| (category.id, category.name)).collect();
    let list = Playlist { ask, plus, extension, groups };
    let part = move |number: u32, out: &mut Vec<u8>| match number {
        number if number < live => list.live(number, out),
        number if number < live + films => list.film(number - live, out),
        number => list.series(number - live - films, out),
    };
    let mut answer = pieces("audio/x-mpegurl", over(0..total, head.into(), part, b""));
    if let Ok(name) = HeaderValue::try_from(name) {
        answer.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    answer
}

struct Playlist {
    ask: Ask,
    plus: bool,
    extension: &'static str,
    groups: HashMap<u32, String>,
}

impl Playlist {
    fn live(&self, index: u32, out: &mut Vec<u8>) {
        let catalogue = &self.ask.provider.catalogue;
        let channel = catalogue.channel(index);
        let group = self.groups.get(&channel.category).map_or("", String::as_str);
        let mut attributes = String::new();
        if channel.archive_days > 0 {
            attributes = format!(" timeshift=\"{}\"", channel.archive_days);
        }
        if !self.ask.classic() {
            attributes += &format!(" xui-id=\"{}\"", channel.id);
        }
        let logo = format!("{}/logo/{}.svg", self.ask.base, channel.id);
        attributes += &format!(" tvg-id=\"{}\"", channel.guide);
        let (path, extension) = if self.ask.classic() { ("/live", self.extension) } else { ("", "") };
        self.entry(
            &attributes,
            &channel.name,
            &logo,
            group,
            &format!("{path}/{}/{}{extension}", self.line(), channel.id),
            out,
        );
    }

    fn film(&self, index: u32, out: &mut Vec<u8>) {
        let film = self.ask.provider.catalogue.film(index);
        let logo = format!("{}/poster/{}.svg", self.ask.base, film.id);
        let url = format!("/movie/{}/{}.{}", self.line(), film.id, film.extension);
        self.entry("", &format!("{} ({})", film.title, film.year), &logo, "Movies", &url, out);
    }

    fn series(&self, index: u32, out: &mut Vec<u8>) {
        let catalogue = &self.ask.provider.catalogue;
        let series = catalogue.series_at(index);
        let logo = format!("{}/poster/{}.svg", self.ask.base, series.id);
        for episode in series.episodes() {
            let name = format!("{} S{:02}E{:02}", series.title, episode.season, episode.number);
            let url = format!(
                "/series/{}/{}.{}",
                self.line(),
                catalogue.episode_id(index, &episode),
                episode.extension
            );
            self.entry("", &name, &logo, "Series", &url, out);
        }
    }

    fn line(&self) -> String {
        format!("{}/{}", self.ask.account.username, self.ask.account.password)
    }

    fn entry(&self, attributes: &str, name: &str, logo: &str, group: &str, path: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"#EXTINF:-1");
        if self.plus {
            // Panels do not escape quotes in attributes, and readers have to live with it.
            let plus =
                format!("{attributes} tvg-name=\"{name}\" tvg-logo=\"{logo}\" group-title=\"{group}\"");
            out.extend_from_slice(plus.as_bytes());
        }
        out.extend_from_slice(format!(",{name}\r\n{}{path}\r\n", self.ask.base).as_bytes());
    }
}

/// `xmltv.php`: all channels, then the programmes channel by channel.
pub(super) fn guide(ask: Ask) -> Response {
    let head = "<?xml version=\"1.0\" encoding=\"utf-8\" ?><!DOCTYPE tv SYSTEM \"xmltv.dtd\">\n\
                <tv generator-info-name=\"station\" generator-info-url=\"\">\n";
    let count = ask.provider.catalogue.live();
    let told = !ask.provider.settings.guide_by_channel;
    let known = if told { ask.provider.catalogue.guide().known() } else { 0..0 };
    let part = move |number: u32, out: &mut Vec<u8>| {
        let (index, programmes) = (number % count, number >= count);
        let channel = ask.provider.catalogue.channel(index);
        // A shared guide is in the file once.
        if channel.guide.is_empty() || channel.guide_index != index {
            return;
        }
        if !programmes {
            out.extend_from_slice(b"<channel id=\"");
            escape(&channel.guide, out);
            out.extend_from_slice(b"\"><display-name>");
            escape(&channel.name, out);
            out.extend_from_slice(
                format!("</display-name><icon src=\"{}/logo/{}.svg\" /></channel>\n", ask.base, channel.id)
                    .as_bytes(),
            );
            return;
        }
        for programme in known.clone() {
            let programme = ask.provider.catalogue.guide().programme(index, programme);
            out.extend_from_slice(b"<programme start=\"");
            clock::compact(programme.start, out);
            out.extend_from_slice(b" +0000\" stop=\"");
            clock::compact(programme.stop, out);
            out.extend_from_slice(b" +0000\" channel=\"");
            escape(&channel.guide, out);
            out.extend_from_slice(b"\" ><title>");
            escape(programme.title, out);
            if programme.episode > 0 {
                out.extend_from_slice(format!(" ({})", programme.episode).as_bytes());
            }
            out.extend_from_slice(b"</title><desc>");
            for (place, sentence) in programme.sentences().enumerate() {
                if place > 0 {
                    out.push(b' ');
                }
                escape(sentence, out);
            }
            out.extend_from_slice(b"</desc></programme>\n");
        }
    };
    pieces("application/xml; charset=utf-8", over(0..count * 2, head.into(), part, b"</tv>\n"))
}

fn escape(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"')) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(match rest[at] {
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            _ => b"&quot;",
        });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}
