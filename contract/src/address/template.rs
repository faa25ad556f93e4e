//! How a playlist says that the past of a channel is asked for: an address with places for times, `catchup-source`.
//!
//! ```text
//! http://h/dvr/7.m3u8?utc={utc}&lutc={lutc}         http://h/7/{Y}/{m}/{d}/{H}-{M}-{S}.ts?length={duration:60}
//! http://h/timeshift/7?start=${start}&end=${end}     http://h/archive/7/${(b)yyyyMMddHHmmss}
//! ```
//!
//! Places are written `{NAME}`, `${NAME}` and with an argument behind a colon. Players fill some of them with the time of
//! the device; here every time is UTC, since nobody says in which zone a playlist was written.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Past;
use crate::zone::Zone;

/// The address of a channel's past, at a provider that wants to be asked in its own way. Prints without the address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// A whole address with places, and with `{secret:N}` where the [`crate::vault`] has what must not stand here.
    pub text: String,
    /// Seconds that are added to every time that is asked for.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub correction: i32,
}

fn is_zero(correction: &i32) -> bool {
    *correction == 0
}

// SECURITY: what types print of themselves ends up in logs.
impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Template({} bytes, {} s)", self.text.len(), self.correction)
    }
}

/// What stands in a place.
#[derive(Clone, Copy)]
enum Value<'a> {
    /// A time, in seconds since 1970.
    Seconds(Moment),
    /// A time, in a pattern such as `Y-m-d:H-M`.
    Letters(Moment, &'a str),
    /// A time, in a pattern such as `yyyy-MM-dd HH:mm`.
    Fields(Moment, &'a str),
    /// How long it is, in units of so many seconds.
    Duration(i64),
    /// How long ago it began, in units of so many seconds.
    Offset(i64),
}

#[derive(Clone, Copy)]
enum Moment {
    Start,
    End,
    Now,
}

impl Template {
    /// Where in `text` its places stand, in order and apart: those that [`Template::fill`] knows.
    pub fn places(text: &str) -> Vec<Range<usize>> {
        places(text).map(|(place, _)| place).collect()
    }

    /// Whether `text` depends on when something was: else it is no address of a past.
    pub fn asks_for_a_time(text: &str) -> bool {
        places(text).any(|(_, value)| match value {
            Value::Seconds(moment) | Value::Letters(moment, _) | Value::Fields(moment, _) => {
                matches!(moment, Moment::Start)
            }
            Value::Offset(_) => true,
            Value::Duration(_) => false,
        })
    }

    /// The address of `past`, asked for at `now` (Unix time, in seconds). What is no place stays as it is. A past that is
    /// not over ends now, as far as the provider is told.
    pub fn fill(&self, past: Past, now: i64) -> String {
        let end = past.end().min(now.max(past.start.saturating_add(60)));
        let moved = |time: i64| time.saturating_add(self.correction.into());
        let times = Times { start: moved(past.start), end: moved(end), now };
        let mut filled = String::with_capacity(self.text.len() + 32);
        let mut from = 0;
        for (place, value) in places(&self.text) {
            filled.push_str(&self.text[from..place.start]);
            filled.push_str(&times.shown(value));
            from = place.end;
        }
        filled.push_str(&self.text[from..]);
        filled
    }
}

struct Times {
    start: i64,
    end: i64,
    now: i64,
}

impl Times {
    fn shown(&self, value: Value<'_>) -> String {
        match value {
            Value::Seconds(moment) => self.of(moment).to_string(),
            Value::Letters(moment, pattern) => self.in_words(moment, &from_letters(pattern)),
            Value::Fields(moment, pattern) => self.in_words(moment, &from_fields(pattern)),
            Value::Duration(unit) => ((self.end - self.start) / unit).to_string(),
            Value::Offset(unit) => (self.now.saturating_sub(self.start).max(0) / unit).to_string(),
        }
    }

    fn of(&self, moment: Moment) -> i64 {
        match moment {
            Moment::Start => self.start,
            Moment::End => self.end,
            Moment::Now => self.now,
        }
    }

    fn in_words(&self, moment: Moment, format: &str) -> String {
        Zone::default().shown(self.of(moment), format).unwrap_or_default()
    }
}

/// The places in `text` and what stands in them.
fn places(text: &str) -> impl Iterator<Item = (Range<usize>, Value<'_>)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        loop {
            let (from, close) = (rest, rest + text[rest..].find('}')?);
            rest = close + 1;
            // The last one that opens: so every byte is looked at once, however many there are.
            let Some(open) = text[from..close].rfind('{').map(|open| from + open) else { continue };
            if let Some(value) = value(&text[open + 1..close]) {
                let dollar = text[from..open].ends_with('$');
                return Some((open - usize::from(dollar)..close + 1, value));
            }
        }
    })
}

/// What a place of this name and argument means; `None` if nothing that is known.
fn value(place: &str) -> Option<Value<'_>> {
    for (mark, moment) in [("(b)", Moment::Start), ("(e)", Moment::End)] {
        if let Some(pattern) = place.strip_prefix(mark) {
            return Some(match pattern {
                "timestamp" => Value::Seconds(moment),
                _ => Value::Fields(moment, pattern),
            });
        }
    }
    let (name, argument) = place.split_once(':').unzip();
    let name = name.unwrap_or(place);
    let unit =
        || argument.map_or(Some(1), |unit| unit.parse().ok().filter(|unit| (1..=86_400).contains(unit)));
    let moment = match name {
        "utc" | "start" => Moment::Start,
        "utcend" | "end" => Moment::End,
        "lutc" | "now" | "timestamp" => Moment::Now,
        "duration" => return unit().map(Value::Duration),
        "offset" => return unit().map(Value::Offset),
        "Y" | "m" | "d" | "H" | "M" | "S" if argument.is_none() => {
            return Some(Value::Letters(Moment::Start, name));
        }
        _ => return None,
    };
    Some(argument.map_or(Value::Seconds(moment), |pattern| Value::Letters(moment, pattern)))
}

/// In `strftime`'s words what `Y-m-d` says.
fn from_letters(pattern: &str) -> String {
    let word = |letter: char| match letter {
        'Y' | 'm' | 'd' | 'H' | 'M' | 'S' => format!("%{letter}"),
        '%' => "%%".to_owned(),
        letter => letter.to_string(),
    };
    pattern.chars().map(word).collect()
}

/// The same for what `yyyy-MM-dd` says.
fn from_fields(pattern: &str) -> String {
    let fields = [("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S")];
    let mut words = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let field = fields.iter().find(|(field, _)| rest.starts_with(field));
        let (length, word) = match field {
            Some((field, word)) => (field.len(), (*word).to_owned()),
            None if first == '%' => (1, "%%".to_owned()),
            None => (first.len_utf8(), first.to_string()),
        };
        words.push_str(&word);
        rest = &rest[length..];
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2025-10-09 08:00 UTC, half an hour of it, asked for two hours after it began.
    const PAST: Past = Past { start: 1_759_996_800, minutes: 30 };
    const NOW: i64 = PAST.start + 7200;

    fn filled(text: &str) -> String {
        Template { text: text.into(), correction: 0 }.fill(PAST, NOW)
    }

    #[test]
    fn every_place_is_filled_in_both_spellings() {
        for (place, expected) in [
            ("{utc}", "1759996800"),
            ("{start}", "1759996800"),
            ("{utcend}", "1759998600"),
            ("{end}", "1759998600"),
            ("{lutc}", "1760004000"),
            ("{now}", "1760004000"),
            ("{timestamp}", "1760004000"),
            ("{duration}", "1800"),
            ("{duration:60}", "30"),
            ("{offset}", "7200"),
            ("{offset:1}", "7200"),
            ("{offset:60}", "120"),
            ("{Y}", "2025"),
            ("{m}", "10"),
            ("{d}", "09"),
            ("{H}", "08"),
            ("{M}", "00"),
            ("{S}", "00"),
            ("{utc:Y-m-d:H-M}", "2025-10-09:08-00"),
            ("{start:YmdHMS}", "20251009080000"),
            ("{utcend:H:M}", "08:30"),
            ("{lutc:Y/m/d/H%}", "2025/10/09/10%"),
            ("{(b)yyyyMMddHHmmss}", "20251009080000"),
            ("{(e)yyyy-MM-dd HH:mm}", "2025-10-09 08:30"),
            ("{(b)timestamp}", "1759996800"),
        ] {
            assert_eq!(filled(&format!("a/{place}/b")), format!("a/{expected}/b"), "{place}");
            assert_eq!(filled(&format!("a/${place}/b")), format!("a/{expected}/b"), "${place}");
        }
        assert_eq!(filled("{Y}-{m}-{d}:{H}-{M}"), "2025-10-09:08-00");
    }

    #[test]
    fn what_is_no_place_stays() {
        for text in [
            "",
            "{",
            "}",
            "{}",
            "{utc",
            "$",
            "${catchup-id}",
            "{duration:0}",
            "{duration:x}",
            "{Y:m}",
            "{secret:7}",
        ] {
            assert_eq!(filled(text), text);
            assert!(!Template::asks_for_a_time(text), "{text}");
        }
        assert_eq!(filled("{secret:7}/{{utc}}"), "{secret:7}/{1759996800}");
        assert_eq!(Template::places("a{x}${utc}b{utcend}"), [4..10, 11..19]);
        assert!(
            Template::asks_for_a_time("{offset}") && !Template::asks_for_a_time("{lutc}{duration}{utcend}")
        );
    }

    #[test]
    fn what_is_opened_a_million_times_and_closed_once_is_read_at_once() {
        // Where each is looked at together with all behind it, this takes an hour.
        let text = "{".repeat(1 << 24) + "utc}";
        let last = text.len() - 5;
        let places = Template::places(&text);
        assert_eq!((places.len(), &places[0]), (1, &(last..text.len())));
        assert!(Template::asks_for_a_time(&text) && !Template::asks_for_a_time(&text[..last]));
        assert_eq!(filled("{utc:{x}{utc}"), "{utc:{x}1759996800");
    }

    #[test]
    fn a_correction_moves_what_is_asked_for_and_what_is_on_the_air_ends_now() {
        let template =
            Template { text: "{utc} {utcend} {duration} {offset} {lutc}".into(), correction: -3600 };
        let expected = format!("{} {} 1800 10800 {NOW}", PAST.start - 3600, PAST.start - 1800);
        assert_eq!(template.fill(PAST, NOW), expected);
        let on_the_air = Template { text: "{utcend} {duration}".into(), correction: 0 };
        assert_eq!(on_the_air.fill(PAST, PAST.start + 600), format!("{} 600", PAST.start + 600));
        assert_eq!(on_the_air.fill(PAST, PAST.start), format!("{} 60", PAST.start + 60));
    }

    #[test]
    fn it_prints_without_its_address() {
        let template = Template { text: "http://h/t0ken/{utc}".into(), correction: 1 };
        assert_eq!(format!("{template:?}"), "Template(20 bytes, 1 s)");
        let written = serde_json::to_string(&template).unwrap();
        assert_eq!(serde_json::from_str::<Template>(&written).unwrap(), template);
        assert_eq!(serde_json::from_str::<Template>(r#"{"text":""}"#).unwrap().correction, 0);
    }

    proptest! {
        #[test]
        fn anything_is_filled_and_its_places_stand_in_order_and_apart(
            text in "(\\$|\\{|\\}|utc|duration:|\\(b\\)|yyyy|%|[0-9]|é|.){0,20}", start: i64, now: i64, correction: i32,
        ) {
            let mut from = 0;
            for place in Template::places(&text) {
                prop_assert!(from <= place.start && text.get(place.clone()).is_some());
                from = place.end;
            }
            let _ = Template { text, correction }.fill(Past { start, minutes: 480 }, now);
        }
    }
}
