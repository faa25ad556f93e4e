//! The values that answers are made of, each read by exactly one rule.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Types of text, and what each of them takes.
macro_rules! texts {
    ($($(#[$story:meta])* $name:ident: $holds:expr;)*) => {$(
        $(#[$story])*
        #[derive(Debug, Deserialize)]
        #[serde(try_from = "String")]
        pub(crate) struct $name;

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let holds: fn(&str) -> bool = $holds;
                if holds(&text) { Ok(Self) } else { Err(format!("{text:?} is no {}", stringify!($name))) }
            }
        }
    )*};
}

texts! {
    /// Anything, but what no screen can show.
    Text: |text| text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    /// Not empty, in one line, and without blanks around it.
    Name: |text| !text.is_empty() && text.trim() == text && !text.contains(char::is_control);
    /// A number in 31 bits; 0 is one.
    Digits: |text| !text.is_empty() && is_digits(text) && text.parse::<i32>().is_ok();
    /// The same, or empty.
    MaybeDigits: |text| text.is_empty() || is_digits(text) && text.parse::<i32>().is_ok();
    /// A category's or an episode's id.
    IdText: |text| is_digits(text) && text.parse::<i32>().is_ok_and(|id| id > 0);
    /// A decimal number with a dot, if anything, and without an exponent.
    Decimal: |text| text.parse::<f64>().is_ok() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    /// What is always empty.
    Empty: str::is_empty;
    /// `YYYY-MM-DD`, or nothing.
    Date: |text| text.is_empty() || (shape(text) == "0000-00-00" && !text.starts_with("0000"));
    /// `YYYY-MM-DD HH:MM:SS`
    DateTime: |text| shape(text) == "0000-00-00 00:00:00";
    /// `HH:MM:SS`
    Duration: |text| shape(text) == "00:00:00";
    /// Lower case, without a dot, not empty.
    Extension: |text| !text.is_empty() && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    /// The standard alphabet, padded, of UTF-8.
    Base64: |text| STANDARD.decode(text).is_ok_and(|bytes| String::from_utf8(bytes).is_ok());
    /// One of the four words that apps know, of one who may watch.
    Active: |text| text == "Active";
    /// Where a channel is among others.
    LiveType: |text| matches!(text, "live" | "radio_streams");
    /// The type of a film.
    MovieType: |text| text == "movie";
    /// The type of a series.
    SeriesType: |text| text == "series";
    /// What a channel can be asked for.
    Format: |text| matches!(text, "ts" | "m3u8");
    /// A host, and nothing else of an address.
    Host: |text| !text.is_empty() && !text.contains(['/', ':']);
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn shape(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

/// An id: a number, positive, in 31 bits.
#[derive(Debug, Deserialize)]
#[serde(try_from = "u32")]
pub(crate) struct Id;

impl TryFrom<u32> for Id {
    type Error = String;

    fn try_from(id: u32) -> Result<Self, String> {
        if (1..=i32::MAX.cast_unsigned()).contains(&id) { Ok(Self) } else { Err(format!("{id} is no id")) }
    }
}

/// 0 or 1, as a number.
#[derive(Debug, Deserialize)]
#[serde(try_from = "u8")]
pub(crate) struct Flag;

impl TryFrom<u8> for Flag {
    type Error = String;

    fn try_from(flag: u8) -> Result<Self, String> {
        if flag < 2 { Ok(Self) } else { Err(format!("{flag} is no flag")) }
    }
}

/// At least one of something.
#[derive(Debug)]
pub(crate) struct Several<T>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = Vec::deserialize(deserializer)?;
        if all.is_empty() { Err(serde::de::Error::custom("an empty list")) } else { Ok(Self(all)) }
    }
}

/// An object about whose keys nothing is said, not empty and without a null in it.
#[derive(Debug, Deserialize)]
#[serde(try_from = "BTreeMap<String, Value>")]
pub(crate) struct Free;

impl TryFrom<BTreeMap<String, Value>> for Free {
    type Error = String;

    fn try_from(all: BTreeMap<String, Value>) -> Result<Self, String> {
        fn has_null(value: &Value) -> bool {
            match value {
                Value::Null => true,
                Value::Array(all) => all.iter().any(has_null),
                Value::Object(all) => all.values().any(has_null),
                _ => false,
            }
        }
        match all.iter().find(|(_, value)| has_null(value)) {
            _ if all.is_empty() => Err("an empty object".into()),
            Some(key) => Err(format!("a null in {}", key.0)),
            None => Ok(Self),
        }
    }
}

/// What may be missing, but not null.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A number, or a text that is one, as readers take it that convert: whole, in 32 bits.
#[derive(Debug)]
pub(crate) struct Int;

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Number(number) if number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) => Ok(Self),
            Value::String(text) if text.parse::<i32>().is_ok() => Ok(Self),
            other => Err(serde::de::Error::custom(format!("{other} is no whole number in 32 bits"))),
        }
    }
}

/// The same with a fraction.
#[derive(Debug)]
pub(crate) struct Float;

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Number(_) => Ok(Self),
            Value::String(text) if text.parse::<f64>().is_ok() => Ok(Self),
            other => Err(serde::de::Error::custom(format!("{other} is no number"))),
        }
    }
}

/// A truth, or a number that stands for one; a text is none.
#[derive(Debug)]
pub(crate) struct Truth;

impl<'de> Deserialize<'de> for Truth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(_) | Value::Number(_) => Ok(Self),
            other => Err(serde::de::Error::custom(format!("{other} is no truth"))),
        }
    }
}
