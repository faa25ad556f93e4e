//! What programs have in common that answer with JSON what stands in one table: how an address is found in it, what is sent,
//! what is told, why not, and how the table is described to machines.
//!
//! The table itself, who may ask, and what is done belong to the program.

mod openapi;
mod refusal;
pub mod shape;

use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub use self::openapi::{Operation, document};
pub use self::refusal::Refusal;
use crate::{Request, Response, reply};

/// How an endpoint is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// HEAD as well.
    Get,
    /// Makes something, or does it.
    Post,
    /// Says what something shall be.
    Put,
    /// Changes something.
    Patch,
    /// Takes something away.
    Delete,
}

impl Verb {
    /// The method of HTTP.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Whether a method changes nothing (RFC 9110 section 9.2.1).
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Nothing was found.
#[derive(Debug, PartialEq, Eq)]
pub enum Missed {
    /// There is no such address.
    Unknown,
    /// It is asked in these ways alone.
    Method(Vec<Verb>),
}

/// The line of `table` that an address is, and what stands in it in the places of `{names}`. `at` tells of a line how and
/// where it is asked; of several the first one wins.
///
/// # Errors
/// [`Missed`].
pub fn find<'a, T>(
    table: &'a [T],
    at: impl Fn(&T) -> (Verb, &'static str),
    method: &Method,
    segments: &[String],
) -> Result<(&'a T, Vec<String>), Missed> {
    let here: Vec<_> =
        table.iter().filter_map(|line| Some((line, at(line).0, reads(at(line).1, segments)?))).collect();
    if here.is_empty() {
        return Err(Missed::Unknown);
    }
    let asked = if method == Method::HEAD { "GET" } else { method.as_str() };
    let allowed = || here.iter().map(|(_, verb, _)| *verb).collect();
    let found = here.iter().find(|(_, verb, _)| verb.word() == asked);
    found.map(|(line, _, named)| (*line, named.clone())).ok_or_else(|| Missed::Method(allowed()))
}

/// What stands in the places of the names of `path`, if it is this address.
fn reads(path: &str, segments: &[String]) -> Option<Vec<String>> {
    let own: Vec<&str> = path.split('/').skip(1).collect();
    let fits = |(own, given): (&&str, &String)| own.starts_with('{') || *own == given;
    let fits = own.len() == segments.len() && own.iter().zip(segments).all(fits);
    let named = own.iter().zip(segments).filter(|(own, _)| own.starts_with('{'));
    fits.then(|| named.map(|(_, given)| given.clone()).collect())
}

/// The names in a path.
pub fn names(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

/// What `document` is.
pub fn told(status: StatusCode, document: &impl Serialize) -> Response {
    reply::json(status, serde_json::to_vec(document).expect("plain fields become JSON"))
}

/// What is wrong (RFC 9457), in words for whoever asks.
pub fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("");
    let problem = json!({ "title": title, "status": status.as_u16(), "detail": detail });
    let mut response = reply::json(status, problem.to_string());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// For the one who asked, and for nobody else: no cache, and no page of another site.
pub fn closed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(policy, HeaderValue::from_static("same-origin"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    response
}

/// An answer that tells in which ways something is asked.
pub fn allows(mut response: Response, verbs: &[Verb]) -> Response {
    let words: Vec<&str> = verbs.iter().map(|verb| verb.word()).collect();
    let allowed = HeaderValue::try_from(words.join(", ")).expect("methods are letters");
    response.headers_mut().insert(header::ALLOW, allowed);
    response
}

/// The document that was sent: an object of at most `most` bytes.
///
/// SECURITY: only as JSON. A form on a page of another site can send text, and forms, and nothing else without asking first.
///
/// # Errors
/// What is wrong with it, in words.
pub async fn sent<T: DeserializeOwned>(request: Request, most: usize) -> Result<T, String> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or("").split(';').next().unwrap_or("").trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err("send it as application/json".into());
    }
    let Some(content) = crate::content(request, most).await else {
        return Err(format!("what was sent is longer than {} KiB, or does not arrive", most / 1024));
    };
    // A list of what stands in an object would be taken for one.
    if content.trim_ascii_start().first() != Some(&b'{') {
        return Err("what is expected is an object".into());
    }
    serde_json::from_slice(&content).or_else(|error| in_other_words(&content).ok_or_else(|| wrong(&error)))
}

/// The document once more, with whole numbers as programs write them that have no others: to JSON, and to schemas of it, 7.0 is 7.
fn in_other_words<T: DeserializeOwned>(content: &[u8]) -> Option<T> {
    let mut document: Value = serde_json::from_slice(content).ok()?;
    rewrite(&mut document).then(|| serde_json::from_value(document).ok()).flatten()
}

/// Whether there was any.
fn rewrite(value: &mut Value) -> bool {
    match value {
        // What a double holds exactly.
        Value::Number(number) => match number.as_f64().filter(|it| number.is_f64() && it.fract() == 0.0) {
            Some(whole) if whole.abs() < 9e15 => {
                *value = Value::from(whole as i64);
                true
            }
            _ => false,
        },
        Value::Array(items) => items.iter_mut().map(rewrite).filter(|any| *any).count() > 0,
        Value::Object(members) => members.values_mut().map(rewrite).filter(|any| *any).count() > 0,
        _ => false,
    }
}

/// SECURITY: what is wrong with a document may quote it, and there may be a password in it.
fn wrong(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let shape = ["unknown field", "missing field", "duplicate field", "unknown variant"];
    match shape.iter().any(|it| said.starts_with(it)) {
        true => said,
        false => {
            format!("not the document that is expected, at line {} column {}", error.line(), error.column())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_where_it_says_it_is_and_the_first_one_wins() {
        const TABLE: &[(Verb, &str)] = &[
            (Verb::Get, "/api/things"),
            (Verb::Get, "/api/things/best"),
            (Verb::Get, "/api/things/{id}"),
            (Verb::Delete, "/api/things/{id}"),
        ];
        let found = |method: Method, path: &str| {
            find(TABLE, |line| *line, &method, &crate::segments(path)).map(|(line, named)| (line.1, named))
        };
        assert_eq!(found(Method::HEAD, "/api/things/"), Ok(("/api/things", vec![])));
        assert_eq!(found(Method::GET, "/api/things/best"), Ok(("/api/things/best", vec![])));
        assert_eq!(found(Method::DELETE, "/api/things/a%20b"), Ok(("/api/things/{id}", vec!["a b".into()])));
        assert_eq!(found(Method::PUT, "/api/things/7"), Err(Missed::Method(vec![Verb::Get, Verb::Delete])));
        assert_eq!(found(Method::GET, "/api/thing"), Err(Missed::Unknown));
        assert_eq!(names("/a/{b}/c/{d}").collect::<Vec<_>>(), ["b", "d"]);
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let read = |text: &str| in_other_words::<Vec<u32>>(text.as_bytes());
        assert_eq!(read("[1, 7.0, 1e3]"), Some(vec![1, 7, 1000]));
        assert_eq!((read("[7.5]"), read("[-7.0]"), read("[1e300]"), read("[")), (None, None, None, None));
    }

    #[test]
    fn what_is_wrong_with_a_document_is_told_without_quoting_it() {
        let wrong_of = |text: &str| {
            wrong(&serde_json::from_str::<std::collections::HashMap<String, u32>>(text).unwrap_err())
        };
        assert_eq!(
            wrong_of(r#"{"password":"secret"}"#),
            "not the document that is expected, at line 1 column 20"
        );
    }
}
