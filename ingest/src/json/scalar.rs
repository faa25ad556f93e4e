//! A value in whichever of its spellings a panel chose.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Anything: numbers come as strings, strings as numbers, flags as words, empty objects as `[]`, lists as objects.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Scalar<'a> {
    /// `null`, or not there at all.
    #[default]
    Nothing,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Whole(i64),
    /// Another number.
    Float(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// An array; or an object, of which only the values are kept.
    List(Vec<Scalar<'a>>),
}

impl<'a> Scalar<'a> {
    /// As text; empty for what is none.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text.trim()),
            Self::Whole(number) => Cow::Owned(number.to_string()),
            Self::Float(number) => Cow::Owned(number.to_string()),
            Self::Bool(flag) => Cow::Borrowed(if *flag { "1" } else { "0" }),
            Self::Nothing | Self::List(_) => Cow::Borrowed(""),
        }
    }

    /// As a whole number; of text, the first run of digits with its sign.
    pub(crate) fn int(&self) -> Option<i64> {
        match self {
            Self::Whole(number) => Some(*number),
            Self::Float(number) => number.is_finite().then_some(*number as i64),
            Self::Bool(flag) => Some((*flag).into()),
            Self::Text(text) => first_number(text),
            Self::Nothing | Self::List(_) => None,
        }
    }

    /// As an id: digits and nothing else.
    pub(crate) fn id(&self) -> Option<u64> {
        match self {
            Self::Whole(number) => u64::try_from(*number).ok(),
            Self::Float(number) => (number.fract() == 0.0 && *number >= 0.0).then_some(*number as u64),
            Self::Text(text) => digits(text.trim()),
            Self::Bool(_) | Self::Nothing | Self::List(_) => None,
        }
    }

    /// As a number; text may use a comma.
    pub(crate) fn float(&self) -> Option<f64> {
        match self {
            Self::Whole(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Text(text) => text.trim().replace(',', ".").parse().ok(),
            Self::Bool(_) | Self::Nothing | Self::List(_) => None,
        }
        .filter(|number: &f64| number.is_finite())
    }

    /// As yes or no.
    pub(crate) fn flag(&self) -> bool {
        match self {
            Self::Bool(flag) => *flag,
            Self::Whole(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Text(text) => {
                let text = text.trim();
                ["1", "true", "yes", "on"].iter().any(|yes| text.eq_ignore_ascii_case(yes))
            }
            Self::Nothing | Self::List(_) => false,
        }
    }

    /// As Unix time in seconds. Milliseconds are taken as such, dates as UTC.
    pub(crate) fn epoch(&self) -> Option<u64> {
        let number = match self {
            Self::Text(text) => match digits(text.trim()) {
                Some(number) => number,
                None => return moment(text.trim()),
            },
            _ => self.int().and_then(|number| u64::try_from(number).ok())?,
        };
        match number {
            0 => None,
            1_000_000_000_000.. => Some(number / 1000),
            _ => Some(number),
        }
        .filter(|seconds| *seconds <= i32::MAX as u64)
    }

    /// As `YYYY-MM-DD`, which is empty for anything less than a full date.
    pub(crate) fn date(&self) -> String {
        date(&self.text()).map(|date| date.to_string()).unwrap_or_default()
    }

    /// The year that text begins with, four digits or empty.
    pub(crate) fn year(&self) -> String {
        let text = self.text();
        let year = text
            .get(..4)
            .filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()) && ("1870".."2200").contains(year));
        let ends = text.as_bytes().get(4).is_none_or(|byte| !byte.is_ascii_digit());
        year.filter(|_| ends).unwrap_or("").to_owned()
    }

    /// As a list: what is none counts as its only member, and what says nothing as no member.
    pub(crate) fn list(&self) -> &[Self] {
        match self {
            Self::List(members) => members,
            Self::Nothing | Self::Bool(false) => &[],
            Self::Text(text) if text.trim().is_empty() => &[],
            _ => std::slice::from_ref(self),
        }
    }
}

fn digits(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn first_number(text: &str) -> Option<i64> {
    let at = text.find(|letter: char| letter.is_ascii_digit())?;
    let run = &text[at..];
    let end = run.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(run.len());
    let number: i64 = run[..end].parse().ok()?;
    Some(if text[..at].ends_with('-') { -number } else { number })
}

fn date(text: &str) -> Option<Date> {
    let day = text.get(..10)?;
    if text.as_bytes().get(10).is_some_and(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number =
        |from: usize, to: usize| digits(&day[from..to]).and_then(|number| i16::try_from(number).ok());
    let separated = |first: usize, second: usize| {
        let bytes = day.as_bytes();
        matches!(bytes[first], b'-' | b'/' | b'.') && bytes[first] == bytes[second]
    };
    let (year, month, day) = if !day.is_ascii() {
        return None;
    } else if separated(4, 7) {
        (number(0, 4)?, number(5, 7)?, number(8, 10)?)
    } else if separated(2, 5) {
        (number(6, 10)?, number(3, 5)?, number(0, 2)?)
    } else {
        return None;
    };
    (year >= 1000).then(|| Date::new(year, month as i8, day as i8).ok())?
}

/// `2024-05-01 12:00:00`, or a day alone, in UTC.
fn moment(text: &str) -> Option<u64> {
    let exact = text.get(..19).and_then(|text| text.replacen(' ', "T", 1).parse::<DateTime>().ok());
    let moment = exact.or_else(|| date(text).map(|date| date.at(0, 0, 0, 0)))?;
    let seconds = moment.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    u64::try_from(seconds).ok().filter(|seconds| (1..=i32::MAX as u64).contains(seconds))
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar<'de>, E> {
        Ok(i64::try_from(number).map_or(Scalar::Float(number as f64), Scalar::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Float(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = seq.next_element()? {
            members.push(member);
        }
        Ok(Scalar::List(members))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((IgnoredAny, member)) = map.next_entry()? {
            members.push(member);
        }
        Ok(Scalar::List(members))
    }
}

#[cfg(test)]
mod tests;
