//! The guide as JSON: short, and everything of one channel.

use http::StatusCode;
use httpd::{Response, reply};
use jiff::tz::TimeZone;

use super::Ask;
use super::json::Json;
use crate::catalogue::{Channel, Programme};
use crate::clock;

/// `get_short_epg`: now and next.
pub(super) fn short(ask: &Ask) -> Response {
    listings(ask, |ask, channel, json| {
        let guide = ask.provider.catalogue.guide();
        let limit = ask
            .params
            .get("limit")
            .and_then(|limit| limit.parse().ok())
            .filter(|limit| *limit > 0)
            .unwrap_or(4);
        let known = guide.known();
        let first = guide.at(channel.guide_index, guide.now()).max(known.start);
        for number in (first..known.end).take(limit) {
            listing(json, channel, &guide.programme(channel.guide_index, number), guide.zone(), None);
        }
    })
}

/// `get_simple_data_table`: past and future.
pub(super) fn table(ask: &Ask) -> Response {
    listings(ask, |ask, channel, json| {
        let guide = ask.provider.catalogue.guide();
        for number in guide.known() {
            let programme = guide.programme(channel.guide_index, number);
            listing(json, channel, &programme, guide.zone(), Some(guide.now()));
        }
    })
}

fn listings(ask: &Ask, write: impl Fn(&Ask, &Channel, &mut Json<'_>)) -> Response {
    let catalogue = &ask.provider.catalogue;
    let id = ask.params.get("stream_id").and_then(|id| id.trim().parse().ok());
    let channel = id.and_then(|id| catalogue.live_index(id)).map(|index| catalogue.channel(index));
    let mut out = Vec::new();
    let mut json = ask.json(&mut out);
    json.open(b'{').key("epg_listings").open(b'[');
    if let Some(channel) = channel.filter(|channel| !channel.guide.is_empty()) {
        write(ask, &channel, &mut json);
    }
    json.close(b']').close(b'}');
    reply::json(StatusCode::OK, out)
}

/// With `now` the entry belongs to the table, which has two more members and spells `end` alike in both dialects.
fn listing(json: &mut Json<'_>, channel: &Channel, programme: &Programme, zone: &TimeZone, now: Option<i64>) {
    let id = i64::from(channel.guide_index) * 4096 % 500_000_000 + programme.number % 4096 + 1;
    let description = programme.sentences().collect::<Vec<_>>().join(" ");
    let language = if json.classic() { "" } else { "en" };
    json.open(b'{').digits("id", id).either("epg_id", i64::from(channel.guide_index) + 1);
    json.text("title", &base64(title(programme).as_bytes())).text("lang", language);
    json.text("start", &clock::shown(programme.start, zone));
    match (json.classic(), now) {
        (false, None) => json.digits("end", programme.stop).text("stop", &clock::shown(programme.stop, zone)),
        _ => json.text("end", &clock::shown(programme.stop, zone)),
    };
    json.text("description", &base64(description.as_bytes())).text("channel_id", &channel.guide);
    json.either("start_timestamp", programme.start).either("stop_timestamp", programme.stop);
    if let Some(now) = now {
        let playing = programme.start <= now && now < programme.stop;
        let oldest = now - i64::from(channel.archive_days) * 86_400;
        let archived = programme.stop < now && programme.stop >= oldest && channel.archive_days > 0;
        json.int("now_playing", u32::from(playing)).int("has_archive", u32::from(archived));
    }
    json.close(b'}');
}

/// The title as the guide shows it.
pub(super) fn title(programme: &Programme) -> String {
    match programme.episode {
        0 => programme.title.to_owned(),
        episode => format!("{} ({episode})", programme.title),
    }
}

/// RFC 4648, section 4, padded.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits =
            three.iter().enumerate().fold(0, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for place in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_padded() {
        for (plain, coded) in
            [("", ""), ("N", "Tg=="), ("Ne", "TmU="), ("News", "TmV3cw=="), ("über?>", "w7xiZXI/Pg==")]
        {
            assert_eq!(super::base64(plain.as_bytes()), coded);
        }
    }
}
