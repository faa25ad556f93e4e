//! Channels in a JSON document, found by paths.
//!
//! The document is walked, never built: what the paths do not name is skipped, an element is a slice of the text. So
//! memory does not grow with what somebody puts into it.

use std::borrow::Cow;
use std::fmt;

use contract::source::Paths;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use url::Url;

use super::rows::{Found, Leads, Rows, Worth};
use super::{BadSetting, Refusal};
use crate::json::readable;

/// The most steps of a path.
const LONGEST_PATH: usize = 16;

/// A way into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Into the value of this name.
    Field(String),
    /// Into every element of a list; also into every value of an object, which is what some programs write for a list.
    Each,
}

impl Path {
    /// Reads `data.items[]`.
    fn new(written: &str) -> Result<Self, &'static str> {
        let mut steps = Vec::new();
        for (number, part) in written.trim().split('.').enumerate() {
            let name = part.trim_end_matches("[]");
            if name.contains(['[', ']']) || (name.is_empty() && (number > 0 || part.is_empty())) {
                return Err("expected names joined by dots, with `[]` behind a list");
            }
            if !name.is_empty() {
                steps.push(Step::Field(name.to_owned()));
            }
            steps.extend((name.len()..part.len()).step_by(2).map(|_| Step::Each));
        }
        if steps.len() > LONGEST_PATH { Err("a path has at most 16 steps") } else { Ok(Self(steps)) }
    }

    /// A path within an element.
    fn within(written: &str) -> Result<Self, &'static str> {
        match Self::new(written)? {
            path if path.0.contains(&Step::Each) => Err("`[]` belongs only into `list`"),
            path => Ok(path),
        }
    }
}

/// Where a document has its channels, understood.
#[derive(Clone, Debug)]
pub(super) struct Places {
    list: Path,
    written: String,
    id: Path,
    name: Path,
    category: Path,
    logo: Path,
    guide: Path,
}

impl Places {
    /// # Errors
    /// The path that is none.
    pub(super) fn new(paths: &Paths) -> Result<Self, BadSetting> {
        let told = |key, written: &str, why: &str| BadSetting::new("json", key, written, why);
        let list = Path::new(&paths.list).map_err(|why| told("list", &paths.list, why))?;
        if list.0.last() != Some(&Step::Each) {
            return Err(told("list", &paths.list, "a path to a list ends in `[]`"));
        }
        let within = |key, written: &str| Path::within(written).map_err(|why| told(key, written, why));
        Ok(Self {
            list,
            written: paths.list.clone(),
            id: within("id", &paths.id)?,
            name: within("name", &paths.name)?,
            category: within("category", &paths.category)?,
            logo: within("logo", &paths.logo)?,
            guide: within("guide", &paths.guide)?,
        })
    }
}

/// Reads the channels of a document into `rows`.
///
/// # Errors
/// Text that is no JSON, and a document without the list.
pub(super) fn read(text: &str, places: &Places, page: Option<&Url>, rows: &mut Rows) -> Result<(), Refusal> {
    // Read twice: a document that turns out to be broken at its end gives nothing.
    let whole = |text: &str| walk(text, &places.list.0, &mut |_| {});
    let told = |error: serde_json::Error| Refusal::NotJson { line: error.line(), column: error.column() };
    let mended;
    let (text, lists) = match whole(text) {
        Ok(lists) => (text, lists),
        Err(error) => {
            let read = readable(text.as_bytes(), |text| Ok((whole(text)?, text.to_owned())));
            let (lists, text) = read.map_err(|_| told(error))?;
            mended = text;
            (mended.as_str(), lists)
        }
    };
    if lists == 0 {
        return Err(Refusal::NoList(places.written.clone()));
    }
    let mut take = |element: &str| take(element, places, page, rows);
    walk(text, &places.list.0, &mut take).map(drop).map_err(told)
}

/// Takes one element of the list.
fn take(element: &str, places: &Places, page: Option<&Url>, rows: &mut Rows) {
    let at = |path: &Path| scalar(element, &path.0);
    // A list of bare ids is a list, too.
    let id = if element.starts_with(['{', '[']) { at(&places.id) } else { scalar(element, &[]) };
    match Leads::to(&id) {
        Ok(leads) => {
            let (name, category) = (at(&places.name), at(&places.category));
            let (logo, guide) = (at(&places.logo), at(&places.guide));
            let found =
                Found { name: &name, worth: Worth::Said, category: &category, logo: &logo, guide: &guide };
            rows.add(leads, &found, page);
        }
        Err(fault) => rows.refuse(fault),
    }
}

/// The text or number at the end of a path, else nothing. Numbers stay as they are written: 40 digits are an id.
fn scalar<'a>(element: &'a str, path: &[Step]) -> Cow<'a, str> {
    let mut last = None;
    let whole = walk(element, path, &mut |value| {
        let text = match value.as_bytes().first() {
            Some(b'"') => readable(value.as_bytes(), |text| serde_json::from_str::<String>(text)).ok(),
            Some(b'-' | b'0'..=b'9') => Some(value.to_owned()),
            _ => None,
        };
        last = text.or(last.take());
    });
    Cow::Owned(whole.ok().and(last).unwrap_or_default())
}

/// Calls `take` with the text of every value at the end of a path; how many lists (or, without `[]`, values) there were.
fn walk(text: &str, path: &[Step], take: &mut dyn FnMut(&str)) -> Result<u64, serde_json::Error> {
    let mut ends = 0;
    let mut document = serde_json::Deserializer::from_str(text);
    Walk { path, take, ends: &mut ends }.deserialize(&mut document)?;
    document.end()?;
    Ok(ends)
}

/// One step of the way. As deep as the path, never as deep as the document.
struct Walk<'a> {
    path: &'a [Step],
    take: &'a mut dyn FnMut(&str),
    ends: &'a mut u64,
}

impl Walk<'_> {
    fn next(&mut self) -> Walk<'_> {
        Walk { path: self.path.get(1..).unwrap_or_default(), take: &mut *self.take, ends: &mut *self.ends }
    }

    fn count(&mut self) {
        if self.path.len() == 1 {
            *self.ends += 1;
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() {
            let value = <&RawValue as serde::Deserialize>::deserialize(deserializer)?;
            (self.take)(value.get());
            return Ok(());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let step = self.path.first();
        if step == Some(&Step::Each) {
            self.count();
        }
        while let Some(Key(name)) = map.next_key::<Key<'de>>()? {
            let taken = match step {
                Some(Step::Each) => true,
                Some(Step::Field(wanted)) => name == wanted.as_str(),
                None => false,
            };
            if taken {
                map.next_value_seed(self.next())?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        if self.path.first() == Some(&Step::Each) {
            self.count();
            while list.next_element_seed(self.next())?.is_some() {}
        } else {
            while list.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A name in an object, borrowed where it can be.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, paths: Paths) -> Result<Rows, Refusal> {
        let mut rows = Rows::default();
        read(text, &Places::new(&paths).expect("good paths"), None, &mut rows).map(|()| rows)
    }

    fn names(text: &str, paths: Paths) -> String {
        let (rows, _) = rows(text, paths).expect(text).finish();
        rows.iter().map(|row| format!("{}|{}|{};", row.name, row.category, row.guide)).collect()
    }

    fn list(list: &str) -> Paths {
        Paths { list: list.into(), ..Paths::default() }
    }

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn a_list_is_found_wherever_it_is() {
        let one = format!(r#"{{"id":"{A}","name":"One","category":"UK","epg_id":7}}"#);
        let two = format!(r#"{{"name":"Two","x":{{"id":"no"}},"id":"acestream://{B}","category":null}}"#);
        for (text, path) in [
            (format!(r#"{{"n":[{{}}],"channels":[{one},{two}],"z":1}}"#), "channels[]"),
            (format!("\n[{one}, {two}]\n"), "[]"),
            (format!(r#"{{"data":{{"items":[{one},{two}]}}}}"#), "data.items[]"),
            (format!(r#"{{"groups":[{{"list":[{one}]}},{{}},{{"list":[{two}]}}]}}"#), "groups[].list[]"),
            (format!(r#"{{"channels":{{"1":{one},"2":{two}}}}}"#), "channels[]"),
            (format!("[[{one}],[{two}]]"), "[][]"),
        ] {
            assert_eq!(names(&text, list(path)), "One|UK|7;Two||;", "{path}");
        }
    }

    #[test]
    fn fields_lie_deep_and_ids_have_every_form() {
        let digits = "1234567890".repeat(4);
        let text = format!(
            r#"[{{"a":{{"i":{digits}}},"n":"N\ud800","g":["x"]}},{{"a":{{"i":"http://h/1.m3u8"}},"n":7}},"x",{{"a":5}}]"#
        );
        let paths = Paths { id: "a.i".into(), name: "n".into(), category: "g".into(), ..list("[]") };
        let rows = rows(&text, paths).unwrap();
        assert_eq!((rows.taken(), rows.seen()), (2, 4));
        let (rows, _) = rows.finish();
        assert_eq!(rows[0].leads, Leads::to(&digits).unwrap());
        assert_eq!((rows[0].name.as_str(), rows[1].name.as_str()), ("N\u{fffd}", "7"));
        assert_eq!(rows[1].leads, Leads::Web("http://h/1.m3u8".into()));
        assert_eq!(names(&format!(r#"["{A}","acestream://{B}"]"#), list("[]")), "||;||;");
    }

    #[test]
    fn broken_documents_are_refused_whole_with_the_place() {
        let cut = format!("{{\"channels\":[\n{{\"id\":\"{A}\"}},");
        for (text, expected) in [
            (cut.as_str(), Refusal::NotJson { line: 2, column: 50 }),
            ("{} x", Refusal::NotJson { line: 1, column: 4 }),
            (r#"{"error":"no"}"#, Refusal::NoList("channels[]".into())),
            (r#"{"channels":null}"#, Refusal::NoList("channels[]".into())),
        ] {
            assert_eq!(rows(text, Paths::default()).unwrap_err(), expected);
        }
        let deep = format!("{{\"x\":{}", "[".repeat(1_000_000));
        assert!(matches!(rows(&deep, Paths::default()), Err(Refusal::NotJson { .. })));
        let deep = format!("{{\"channels\":[{{\"id\":{}", "[".repeat(1_000_000));
        assert!(matches!(rows(&deep, Paths::default()), Err(Refusal::NotJson { .. })));
    }

    #[test]
    fn a_bad_path_is_named() {
        for (paths, key, path) in [
            (list("channels"), "json.list", "channels"),
            (list("a..b[]"), "json.list", "a..b[]"),
            (list("a[0].b[]"), "json.list", "a[0].b[]"),
            (list(""), "json.list", ""),
            (Paths { name: "names[]".into(), ..Paths::default() }, "json.name", "names[]"),
            (Paths { id: ".id".into(), ..Paths::default() }, "json.id", ".id"),
        ] {
            let told = Places::new(&paths).unwrap_err().to_string();
            assert!(told.contains(key) && told.contains(&format!("`{path}`")), "{told}");
        }
    }
}
