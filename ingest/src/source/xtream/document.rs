//! Documents about one film, one series or one channel: asking for one, and the fields that they have in common.

use contract::source::Source;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::panel::{Failure, Panel, Question};
use crate::json::{Oddity, Scalar, readable};
use crate::tidy;

/// The largest document that is read; the longest-running series need about 5 MB. A hostile one becomes a hundred times
/// as large when it is parsed.
const LARGEST: usize = 8 << 20;

/// Asks for a document; `None` if the panel says that there is none.
///
/// # Errors
/// [`Failure`]
pub(super) async fn ask(panel: &Panel<'_>, parameters: &[(&str, &str)]) -> Result<Option<Value>, Failure> {
    let question = Question { page: "player_api.php", parameters, patience: panel.patience() };
    let body = async { panel.ask(question).await?.whole(LARGEST).await };
    match body.await {
        Ok(body) => read(&body).map(Some),
        Err(Failure::Status(status, _)) if status.as_u16() == 404 => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Reads a document.
///
/// # Errors
/// It is none, or another one.
pub(crate) fn read(body: &[u8]) -> Result<Value, Failure> {
    match body.trim_ascii() {
        b"" => return Err(Oddity::Empty.into()),
        b"null" | b"false" | b"\"\"" => return Ok(Value::Null), // so PHP writes what is not there
        _ => {}
    }
    let page = body.trim_ascii().starts_with(b"<");
    let json = body.iter().position(|byte| matches!(byte, b'{' | b'['));
    let json = json.ok_or(if page { Oddity::Page } else { Oddity::Words })?;
    // Warnings of PHP may follow as well as precede, so only the first value counts.
    let document = readable(&body[json..], |text| {
        let mut values = serde_json::Deserializer::from_str(text);
        Value::deserialize(&mut values)
    })
    .map_err(|_| if page { Oddity::Page } else { Oddity::Truncated })?;
    if document.get("user_info").is_some() {
        return Err(Failure::Refused("the panel answers with the account instead of a document".into()));
    }
    Ok(document)
}

/// The first of the fields called so that says something.
pub(super) fn field<'a>(value: &'a Value, names: &[&str]) -> Scalar<'a> {
    let said = |value: &&Value| !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty());
    let mut found = names.iter().filter_map(|name| value.get(name)).filter(said);
    found.next().and_then(|value| Scalar::deserialize(value).ok()).unwrap_or_default()
}

/// A number such as a season's or a length, not an id.
pub(super) fn small(scalar: &Scalar<'_>) -> Option<u32> {
    scalar.int().and_then(|number| u32::try_from(number).ok()).filter(|number| *number <= 1_000_000)
}

/// Text as it is shown.
pub(super) fn words(value: &Value, names: &[&str], source: &Source) -> String {
    tidy::text(&field(value, names).text(), source)
}

/// A picture's address or nothing.
pub(super) fn picture(value: &Value, names: &[&str], source: &Source) -> String {
    let mut pictures = names.iter().map(|name| tidy::picture(&field(value, &[name]).text(), source));
    pictures.find(|picture| !picture.is_empty()).unwrap_or_default()
}

/// How long something is: seconds, and the same as `HH:MM:SS`.
pub(super) fn length(info: &Value) -> (u32, String) {
    let seconds = small(&field(info, &["duration_secs"])).filter(|seconds| *seconds > 0);
    let seconds = seconds.or_else(|| clock(&field(info, &["duration"]).text())).unwrap_or(0);
    (seconds, format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}

/// The seconds of `HH:MM:SS`.
fn clock(text: &str) -> Option<u32> {
    let mut parts = text.trim().split(':').map(|part| part.parse::<u32>().ok().filter(|part| *part < 1000));
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    (parts.next().is_none() && minutes < 60 && seconds < 60).then_some(hours * 3600 + minutes * 60 + seconds)
}

/// What is copied of a stream of pictures or sound.
const OF_A_STREAM: [&str; 14] = [
    "index",
    "codec_name",
    "codec_type",
    "profile",
    "level",
    "width",
    "height",
    "pix_fmt",
    "r_frame_rate",
    "avg_frame_rate",
    "channels",
    "channel_layout",
    "sample_rate",
    "bit_rate",
];

/// What the panel knows of the pictures or the sound, if it is an object that says something: `[]` says nothing.
pub(super) fn stream(info: &Value, name: &str, source: &Source) -> Option<Map<String, Value>> {
    let raw = info.get(name)?.as_object()?;
    let plain = |value: &Value| match value {
        Value::Number(_) => Some(value.clone()),
        // SECURITY: as any text of a panel, this may repeat credentials.
        Value::String(text) if text.len() <= 200 => Some(Value::String(tidy::text(text, source))),
        _ => None,
    };
    let mut found: Map<String, Value> =
        (OF_A_STREAM.iter()).filter_map(|name| Some(((*name).to_owned(), plain(raw.get(*name)?)?))).collect();
    if found.is_empty() {
        return None;
    }
    let language = raw.get("tags").and_then(|tags| plain(tags.get("language")?));
    let tags = language.map(|language| Map::from_iter([("language".to_owned(), language)]));
    found.insert("tags".into(), Value::Object(tags.unwrap_or_default()));
    found.insert("disposition".into(), Value::Object(Map::new()));
    Some(found)
}

/// A list that may be an object, or one text for all.
pub(super) fn texts<'a>(value: &'a Value, name: &str) -> Vec<&'a str> {
    let texts: Vec<&Value> = match value.get(name) {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Object(object)) => object.values().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    texts.into_iter().filter_map(Value::as_str).take(20).collect()
}
