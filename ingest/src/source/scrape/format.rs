//! What a page is, and what it is when it is no list at all.

use contract::source::Format;

/// What a page is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A JSON document.
    Json,
    /// A playlist.
    M3u,
    /// A web page.
    Html,
}

impl Form {
    /// What a page is: what the configuration says, else what its content type says as far as the text can be that, else
    /// what the text begins like. Many servers call everything `text/html` or `text/plain`, so a text that begins
    /// like only one of the forms is that form.
    pub(super) fn of(configured: Format, content_type: &str, text: &str) -> Option<Self> {
        match configured {
            Format::Json => Some(Self::Json),
            Format::M3u => Some(Self::M3u),
            Format::Html => Some(Self::Html),
            Format::Auto => match (Self::said(content_type), Self::begun(text)) {
                (Some(said), None) => Some(said),
                (_, begun) => begun,
            },
        }
    }

    fn said(content_type: &str) -> Option<Self> {
        let media_type = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        match media_type.as_str() {
            "application/json" | "text/json" | "application/javascript" => Some(Self::Json),
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            other if other.ends_with("+json") => Some(Self::Json),
            other if other.contains("mpegurl") => Some(Self::M3u),
            _ => None,
        }
    }

    fn begun(text: &str) -> Option<Self> {
        let text = text.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
        let first = text.as_bytes().first()?;
        match first {
            b'{' | b'[' => Some(Self::Json),
            b'<' => Some(Self::Html),
            b'#' if begins(text, "#EXTM3U") || begins(text, "#EXTINF") => Some(Self::M3u),
            _ => None,
        }
    }
}

fn begins(text: &str, mark: &str) -> bool {
    text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark))
}

/// What stands in place of a list, when a web page has no channel.
pub(super) fn in_place_of_a_list(html: &str) -> Option<&'static str> {
    const HUMAN: [&str; 6] =
        ["captcha", "cf-challenge", "challenge-platform", "cf_chl_", "just a moment...", "are you a robot"];
    const LOGIN: [&str; 3] = ["type=\"password\"", "type='password'", "type=password"];
    let html = html.to_ascii_lowercase();
    if HUMAN.iter().any(|mark| html.contains(mark)) {
        Some("the page asks for a proof of being human: it cannot be read by a program")
    } else if LOGIN.iter().any(|mark| html.contains(mark)) {
        Some("the page asks for a login: give what it needs in `headers`, or another address")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_what_it_can_be() {
        for (content_type, text, expected) in [
            ("application/json", "{}", Some(Form::Json)),
            ("application/vnd.api+json; charset=utf-8", " [", Some(Form::Json)),
            ("text/html", "\u{feff}\r\n#extm3u\n", Some(Form::M3u)),
            ("text/html; charset=utf-8", "One <b>Two", Some(Form::Html)),
            ("text/html", " [{}]", Some(Form::Json)),
            ("application/json", "<!doctype html>", Some(Form::Html)),
            ("audio/x-mpegurl", "http://h/1\n", Some(Form::M3u)),
            ("application/octet-stream", "#EXTINF:-1,One", Some(Form::M3u)),
            ("", "<a>", Some(Form::Html)),
            ("text/plain", "one", None),
            ("", "#é", None),
            ("", "", None),
        ] {
            assert_eq!(Form::of(Format::Auto, content_type, text), expected, "{content_type} {text}");
        }
        assert_eq!(Form::of(Format::Html, "application/json", "{}"), Some(Form::Html));
    }
}
