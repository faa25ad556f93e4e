//! Where an answer sends whoever asked.

use http::StatusCode;
use http::header;
use reqwest::Response;
use url::Url;

/// A redirect that names no address of the web.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it leads nowhere")]
pub struct Nowhere;

/// Where the response sends us (RFC 9110, 15.4), resolved against `from`, which was asked; `None` if it is the answer itself.
///
/// # Errors
/// [`Nowhere`]: it says no address, or one of something else than HTTP.
pub fn redirect(response: &Response, from: &Url) -> Result<Option<Url>, Nowhere> {
    let redirects = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    if !redirects {
        return Ok(None);
    }
    let location = response.headers().get(header::LOCATION).ok_or(Nowhere)?;
    let next = from.join(&String::from_utf8_lossy(location.as_bytes())).map_err(|_| Nowhere)?;
    if matches!(next.scheme(), "http" | "https") && next.has_host() { Ok(Some(next)) } else { Err(Nowhere) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn led(status: u16, location: &str, from: &Url) -> Result<Option<String>, Nowhere> {
        let answer = http::Response::builder().status(status).header("Location", location).body("").unwrap();
        redirect(&Response::from(answer), from).map(|next| next.map(String::from))
    }

    #[test]
    fn a_redirect_may_change_the_scheme_but_not_leave_the_web() {
        let from = Url::parse("http://h:8080/live/a.ts").unwrap();
        let secure = Url::parse("https://h/live/a.ts").unwrap();
        for (status, location, from, next) in [
            (302, "https://cdn/b.ts?t=1", &from, "https://cdn/b.ts?t=1"),
            (301, "http://cdn/b.ts", &secure, "http://cdn/b.ts"),
            (303, "//cdn/b.ts", &secure, "https://cdn/b.ts"),
            (307, "/b.ts", &from, "http://h:8080/b.ts"),
            (308, "b.ts?x", &from, "http://h:8080/live/b.ts?x"),
        ] {
            assert_eq!(led(status, location, from), Ok(Some(next.to_owned())), "{location}");
        }
        for elsewhere in ["ftp://h/", "file:///etc/passwd", "data:,x", "http://", "rtsp://h/"] {
            assert_eq!(led(302, elsewhere, &from), Err(Nowhere), "{elsewhere}");
        }
        assert_eq!(led(200, "http://cdn/", &from), Ok(None));
        assert_eq!(led(304, "http://cdn/", &from), Ok(None));
    }
}
