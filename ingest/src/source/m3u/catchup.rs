//! How the past of a channel is asked for, out of what playlists say of it (`xtream-api.md` 19.3 and 19.5).

use m3u::{Entry, Key};

use crate::harvest::Catchup;

/// The most days that are believed.
const MOST_DAYS: u32 = 365;
/// Days of a channel that has a past and does not say how many: what players take.
const USUAL_DAYS: u32 = 5;
/// The longest template.
const LONGEST_SOURCE: usize = 2000;

/// The days that can be watched later, and how; 0 days for none.
pub(super) fn catchup(entry: &Entry<'_>) -> (u32, Option<Box<Catchup>>) {
    let days = [Key::CatchupDays, Key::TvgRec, Key::Timeshift].into_iter();
    let days = days.map(|key| self::days(entry.attribute(key))).find(|days| *days > 0).unwrap_or(0);
    let written = entry.attribute(Key::Catchup).trim().to_ascii_lowercase();
    let source = entry.attribute(Key::CatchupSource).trim();
    let mode = match &*written {
        // Days alone mean this to players.
        "" if days > 0 && source.is_empty() => "shift",
        "" if !source.is_empty() => "default",
        "shift" | "timeshift" | "1" | "true" | "yes" => "shift",
        "fs" | "flussonic" => "flussonic",
        "default" | "append" | "flussonic-hls" | "flussonic-ts" | "xc" | "vod" => &written,
        _ => return (0, None),
    };
    let templated = matches!(mode, "default" | "append");
    if source.len() > LONGEST_SOURCE || (templated && source.is_empty()) {
        return (0, None);
    }
    let catchup = Catchup {
        mode: mode.to_owned(),
        source: if templated { source.replace("&amp;", "&") } else { String::new() },
        correction: seconds(entry.attribute(Key::CatchupCorrection)),
    };
    (if days > 0 { days } else { USUAL_DAYS }, Some(Box::new(catchup)))
}

fn days(text: &str) -> u32 {
    text.trim().parse::<f64>().map_or(0, |days| days.ceil().clamp(0.0, f64::from(MOST_DAYS)) as u32)
}

/// Hours such as `-2.5` in seconds; 0 for what is none, or more than two days.
pub(super) fn seconds(hours: &str) -> i32 {
    let hours = hours.trim().replace(',', ".").parse::<f64>().unwrap_or(0.0);
    if hours.abs() <= 48.0 { (hours * 3600.0).round() as i32 } else { 0 }
}

#[cfg(test)]
mod tests {
    use m3u::read;

    use super::*;

    fn said(header: &str, info: &str) -> Option<(u32, String, String, i32)> {
        let text = format!("#EXTM3U {header}\n#EXTINF:-1 {info},X\nhttp://h/x\n");
        let mut said = None;
        read(text.as_bytes(), |entry| {
            let (days, catchup) = catchup(&entry);
            said = catchup.map(|it| (days, it.mode, it.source, it.correction));
            Ok(())
        })
        .unwrap();
        said
    }

    #[test]
    fn every_way_to_say_that_there_is_a_past_is_understood() {
        let shift = |days| Some((days, "shift".to_owned(), String::new(), 0));
        assert_eq!(said("", ""), None);
        assert_eq!(said("", "timeshift=\"3\""), shift(3));
        assert_eq!(said("", "tvg-rec=2"), shift(2));
        assert_eq!(said("", "catchup=\"1\""), shift(USUAL_DAYS));
        assert_eq!(said("catchup=shift catchup-days=7", ""), shift(7));
        assert_eq!(said("catchup=shift catchup-days=7", "catchup=none"), None);
        assert_eq!(said("", "catchup=default catchup-days=9999"), None);
        let source = "http://h/{utc}?a=1";
        let expected = Some((4, "default".to_owned(), source.to_owned(), -5400));
        let info = format!("catchup-source=\"{source}\" catchup-days=4 catchup-correction=-1.5");
        assert_eq!(said("", &info), expected);
        assert_eq!(said("", "catchup=fs catchup-days=9999").unwrap().0, MOST_DAYS);
    }
}
