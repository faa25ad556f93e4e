//! Parameters wherever clients put them: the query, a form, a multipart form, or a form without a type.

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

use crate::Request;

/// A longer form is not one of ours.
const MAX_FORM: usize = 64 * 1024;
/// A client that takes longer to send its form is answered without it.
const FORM_TIMEOUT: Duration = Duration::from_secs(10);

/// The parameters of a request, the query's before the body's: on conflict the query wins.
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Those of a query string.
    pub fn from_query(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or("").as_bytes()).into_owned().collect())
    }

    /// Those of the query and, when the method is POST, of the body as well.
    ///
    /// A body that is no form (some apps post `{}`), is over 64 KiB or does not arrive within 10 s adds nothing.
    pub async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        Self::of(&parts, body).await
    }

    /// The same of somebody who is known, and may post a form of so many bytes.
    pub async fn read_up_to(most: usize, request: Request) -> Self {
        let (parts, body) = request.into_parts();
        Self::within(most, &parts, body).await
    }

    /// The same of a request that was taken apart.
    pub async fn of(parts: &Parts, body: Incoming) -> Self {
        Self::within(MAX_FORM, parts, body).await
    }

    async fn within(most: usize, parts: &Parts, body: Incoming) -> Self {
        let mut params = Self::from_query(parts.uri.query());
        if parts.method != http::Method::POST {
            return params;
        }
        let body = tokio::time::timeout(FORM_TIMEOUT, Limited::new(body, most).collect()).await;
        if let Ok(Ok(body)) = body {
            params.0.extend(form(&parts.headers, &body.to_bytes()));
        }
        params
    }

    /// The same after others that stand somewhere else, which win.
    #[must_use]
    pub fn after(self, others: Vec<(String, String)>) -> Self {
        Self(others.into_iter().chain(self.0).collect())
    }

    /// Every value given for `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first value given for `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn form(headers: &HeaderMap, body: &Bytes) -> Vec<(String, String)> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if content_type.to_ascii_lowercase().starts_with("multipart/form-data") {
        return boundary(content_type).map(|boundary| multipart(body, boundary)).unwrap_or_default();
    }
    if body.trim_ascii_start().starts_with(b"{") {
        return Vec::new();
    }
    form_urlencoded::parse(body.trim_ascii()).into_owned().collect()
}

fn boundary(content_type: &str) -> Option<&str> {
    let (_, boundary) = content_type.split_once("boundary=")?;
    let boundary = boundary.split(';').next().unwrap_or("").trim().trim_matches('"');
    (!boundary.is_empty()).then_some(boundary)
}

/// The text fields of RFC 7578; files and broken parts are passed over.
fn multipart(body: &[u8], boundary: &str) -> Vec<(String, String)> {
    let body = String::from_utf8_lossy(body);
    let delimiter = format!("--{boundary}");
    body.split(delimiter.as_str())
        .skip(1)
        .filter_map(|part| {
            let (head, value) = part.split_once("\r\n\r\n")?;
            let (_, name) = head.split_once("name=\"")?;
            let (name, _) = name.split_once('"')?;
            Some((name.to_owned(), value.strip_suffix("\r\n").unwrap_or(value).to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(content_type: Option<&str>, body: &str) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        }
        form(&headers, &Bytes::from(body.to_owned()))
    }

    #[test]
    fn forms_are_read_in_every_dress() {
        let expected =
            vec![("username".to_owned(), "a b".to_owned()), ("password".to_owned(), "c&d".to_owned())];
        let urlencoded = "username=a+b&password=c%26d\r\n";
        assert_eq!(parsed(Some("application/x-www-form-urlencoded"), urlencoded), expected);
        assert_eq!(parsed(None, urlencoded), expected);
        let multipart = "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\na b\r\n\
                         --x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nc&d\r\n--x--\r\n";
        assert_eq!(parsed(Some("multipart/form-data; boundary=\"x\""), multipart), expected);
        assert_eq!(parsed(Some("multipart/form-data"), multipart), vec![]);
        assert_eq!(parsed(Some("application/json"), "{}"), vec![]);
    }

    #[test]
    fn the_first_value_wins() {
        let params = Params::from_query(Some("a=1&a=2&b="));
        assert_eq!((params.get("a"), params.get("b"), params.get("c")), (Some("1"), Some(""), None));
        let params = params.after(vec![("a".into(), "0".into())]);
        assert_eq!((params.get("a"), params.all("a").count()), (Some("0"), 3));
    }
}
