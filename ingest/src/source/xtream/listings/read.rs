//! What a panel says of one channel's programmes: `get_simple_data_table` and `get_short_epg`, in the shapes that panels
//! give them.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use contract::source::Source;
use contract::zone::Zone;
use serde_json::Value;

use super::super::document::field;
use super::super::panel::Failure;
use crate::guide::time::Clock;
use crate::json::Scalar;
use crate::tidy;

/// The most programmes of one channel; a month of a channel of news has some 3000.
const MOST: usize = 5000;
/// As long as `2025-10-09 08:00:00`; what stands behind that is an offset.
const DATE_TIME: usize = 19;

/// RFC 4648, with padding or without.
const PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
/// Its section 4.
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, PADDING);
/// Its section 5.
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, PADDING);

/// A programme as a panel lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// Unix time, in seconds.
    pub(crate) start: u32,
    /// Unix time, in seconds; 0 when the panel did not say, or what it said is not behind the start.
    pub(crate) stop: u32,
    /// Tidied; may be empty.
    pub(crate) title: String,
    /// Tidied; may be empty.
    pub(crate) description: String,
    /// Of its texts, such as `en`; empty when it is not known.
    pub(crate) language: String,
    /// The guide channel as the panel calls it; may be empty.
    pub(crate) channel: String,
}

/// Reads the document, in which times that are no Unix times are told by the clock of `zone`. What is no programme is
/// passed over.
///
/// # Errors
/// It says in the panel's words that there is none to be had.
pub(crate) fn read(document: &Value, zone: &Zone, source: &Source) -> Result<Vec<Listing>, Failure> {
    let told = match document {
        Value::Object(object) => match object.get("epg_listings") {
            Some(told) => told,
            None if object.contains_key("error") || object.contains_key("message") => {
                return Err(Failure::Refused("the panel answers with an error instead of programmes".into()));
            }
            None => return Ok(Vec::new()),
        },
        other => other,
    };
    let mut listed = Vec::new();
    scattered(told, &mut listed);
    let texts = Texts::of(&listed);
    let mut found: Vec<Listing> =
        listed.into_iter().filter_map(|raw| listing(raw, texts, zone, source)).collect();
    found.sort_by_key(|listing| listing.start);
    Ok(found)
}

/// The elements of a list; of an object, its values; and the same of those, since PHP makes an object of a list with
/// gaps, and panels one of lists by the ids of streams.
fn scattered<'a>(told: &'a Value, listed: &mut Vec<&'a Value>) {
    let members: Vec<&Value> = match told {
        Value::Array(list) => list.iter().collect(),
        Value::Object(object) if is_listing(told) || object.is_empty() => vec![told],
        Value::Object(object) => object.values().collect(),
        _ => return,
    };
    for member in members {
        match member {
            Value::Object(_) if listed.len() < MOST => listed.push(member),
            Value::Array(list) => {
                let room = MOST.saturating_sub(listed.len());
                listed.extend(list.iter().filter(|inner| inner.is_object()).take(room));
            }
            _ => {}
        }
    }
}

fn is_listing(value: &Value) -> bool {
    value.get("start").is_some() || value.get("start_timestamp").is_some()
}

fn listing(raw: &Value, texts: Texts, zone: &Zone, source: &Source) -> Option<Listing> {
    let said = |name: &str| field(raw, &[name]);
    let moment = |name: &str| said(name).moment(zone);
    let start = said("start_timestamp").unix().or_else(|| moment("start"))?;
    // One family of panels has a Unix time in `end`, and then a date in `stop`.
    let stop = said("stop_timestamp").unix().or_else(|| said("end").unix());
    let stop = stop.or_else(|| moment("stop")).or_else(|| moment("end"));
    let language = said("lang").text().to_ascii_lowercase();
    let is_language = matches!(language.len(), 2 | 3) && language.bytes().all(|it| it.is_ascii_lowercase());
    Some(Listing {
        start: u32::try_from(start).ok()?,
        stop: stop.filter(|stop| *stop > start).and_then(|stop| stop.try_into().ok()).unwrap_or(0),
        title: tidy::text(&texts.title(&said("title").text()), source),
        description: tidy::text(&texts.description(&said("description").text()), source),
        language: if is_language { language } else { String::new() },
        channel: tidy::text(&said("channel_id").text(), source),
    })
}

/// A time in whichever spelling.
trait Time {
    /// Unix seconds, if it is digits and nothing else.
    fn unix(&self) -> Option<i64>;
    /// The same, or what a clock there shows.
    fn moment(&self, zone: &Zone) -> Option<i64>;
}

impl Time for Scalar<'_> {
    fn unix(&self) -> Option<i64> {
        self.id()?;
        self.epoch().and_then(|seconds| seconds.try_into().ok())
    }

    fn moment(&self, zone: &Zone) -> Option<i64> {
        self.unix().or_else(|| {
            let text = self.text();
            let shown = Clock::default().parse(&text)?;
            if text.len() > DATE_TIME { Some(shown) } else { zone.time(shown) }
        })
    }
}

/// How a document writes its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Texts {
    /// As Base64, as panels do.
    Base64,
    /// As they are. Some words are Base64 of something by chance, but not all titles of a document.
    Plain,
}

impl Texts {
    /// Those of a document with these elements.
    fn of(listed: &[&Value]) -> Self {
        let coded = |raw: &&Value| {
            let title = field(raw, &["title"]);
            let title = title.text();
            title.is_empty() || decoded(&title).is_some_and(|text| !text.trim().contains(char::is_control))
        };
        if listed.iter().all(coded) { Self::Base64 } else { Self::Plain }
    }

    fn title(self, text: &str) -> String {
        match self {
            Self::Base64 => decoded(text).unwrap_or_default(),
            Self::Plain => text.to_owned(),
        }
    }

    /// Descriptions are cut off at some length here and there, and then they are nothing that anybody could read; some
    /// panels code the titles only.
    fn description(self, text: &str) -> String {
        let plain = || if text.contains(' ') { text.to_owned() } else { String::new() };
        match self {
            Self::Base64 => decoded(text).unwrap_or_else(plain),
            Self::Plain => text.to_owned(),
        }
    }
}

/// The text that is written as Base64, strictly: `None` for what is no Base64, or of no text.
fn decoded(text: &str) -> Option<String> {
    let engine = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
    String::from_utf8(engine.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests;
