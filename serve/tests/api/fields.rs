//! The fields of lists as apps expect them: their names and what each must be.

use serde_json::Value;

/// What a field must be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Is {
    Text,
    /// A string of digits.
    Digits,
    /// A string that may be empty, else digits.
    MaybeDigits,
    /// A positive number in 31 bits.
    Id,
    /// A whole number.
    Number,
    /// 0 or 1.
    Flag,
    Decimal,
    /// A string with a number that has a dot, if anything.
    Rating,
    Empty,
    Word(&'static [&'static str]),
    /// A list of ids, not empty.
    Ids,
    Texts,
    /// `YYYY-MM-DD` or empty.
    Date,
    Extension,
}

pub(crate) const CATEGORY: &[(&str, Is)] =
    &[("category_id", Is::Digits), ("category_name", Is::Text), ("parent_id", Is::Number)];

pub(crate) const LIVE: &[(&str, Is)] = &[
    ("num", Is::Id),
    ("name", Is::Text),
    ("stream_type", Is::Word(&["live", "radio_streams"])),
    ("stream_id", Is::Id),
    ("stream_icon", Is::Text),
    ("epg_channel_id", Is::Text),
    ("added", Is::Digits),
    ("is_adult", Is::Flag),
    ("category_id", Is::Digits),
    ("category_ids", Is::Ids),
    ("custom_sid", Is::Empty),
    ("tv_archive", Is::Flag),
    ("tv_archive_duration", Is::Number),
    ("direct_source", Is::Empty),
    ("thumbnail", Is::Empty),
];

pub(crate) const VOD: &[(&str, Is)] = &[
    ("num", Is::Id),
    ("name", Is::Text),
    ("title", Is::Text),
    ("year", Is::MaybeDigits),
    ("stream_type", Is::Word(&["movie"])),
    ("stream_id", Is::Id),
    ("stream_icon", Is::Text),
    ("rating", Is::Rating),
    ("rating_5based", Is::Decimal),
    ("tmdb", Is::MaybeDigits),
    ("trailer", Is::Text),
    ("youtube_trailer", Is::Text),
    ("added", Is::Digits),
    ("is_adult", Is::Flag),
    ("category_id", Is::Digits),
    ("category_ids", Is::Ids),
    ("container_extension", Is::Extension),
    ("custom_sid", Is::Empty),
    ("direct_source", Is::Empty),
];

pub(crate) const SERIES: &[(&str, Is)] = &[
    ("num", Is::Id),
    ("name", Is::Text),
    ("title", Is::Text),
    ("year", Is::MaybeDigits),
    ("stream_type", Is::Word(&["series"])),
    ("series_id", Is::Id),
    ("cover", Is::Text),
    ("plot", Is::Text),
    ("cast", Is::Text),
    ("director", Is::Text),
    ("genre", Is::Text),
    ("releaseDate", Is::Date),
    ("release_date", Is::Date),
    ("last_modified", Is::Digits),
    ("rating", Is::Rating),
    ("rating_5based", Is::Decimal),
    ("backdrop_path", Is::Texts),
    ("youtube_trailer", Is::Text),
    ("episode_run_time", Is::Digits),
    ("category_id", Is::Digits),
    ("category_ids", Is::Ids),
    ("tmdb", Is::MaybeDigits),
];

impl Is {
    pub(crate) fn holds(self, value: &Value) -> bool {
        let text = value.as_str();
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Text => text.is_some(),
            Self::Digits => text.is_some_and(|text| !text.is_empty() && digits(text)),
            Self::MaybeDigits => text.is_some_and(digits),
            Self::Id => value.as_u64().is_some_and(|id| (1..=i32::MAX as u64).contains(&id)),
            Self::Number => value.is_u64(),
            Self::Flag => matches!(value.as_u64(), Some(0 | 1)),
            Self::Decimal => value.is_number(),
            Self::Rating => {
                text.is_some_and(|text| text.parse::<f64>().is_ok() && !text.contains(['e', ',']))
            }
            Self::Empty => text == Some(""),
            Self::Word(words) => text.is_some_and(|text| words.contains(&text)),
            Self::Ids => {
                value.as_array().is_some_and(|ids| !ids.is_empty() && ids.iter().all(|id| Self::Id.holds(id)))
            }
            Self::Texts => value.as_array().is_some_and(|texts| texts.iter().all(Value::is_string)),
            Self::Date => text.is_some_and(is_date),
            Self::Extension => text.is_some_and(|text| {
                !text.is_empty()
                    && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            }),
        }
    }
}

/// `YYYY-MM-DD`, or nothing.
pub(crate) fn is_date(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    text.is_empty() || (shape == "0000-00-00" && text != "0000-00-00")
}

/// Where a document holds a null.
pub(crate) fn nulls(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::Null => vec![at.to_owned()],
        Value::Array(all) => all.iter().flat_map(|each| nulls(each, at)).collect(),
        Value::Object(all) => {
            all.iter().flat_map(|(key, each)| nulls(each, &format!("{at}/{key}"))).collect()
        }
        _ => Vec::new(),
    }
}
