//! Filling in what is told.

use super::Event;

/// How what is filled in has to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    /// As it is.
    Plain,
    /// Within the quotes of a string of JSON.
    Json,
    /// Within `application/x-www-form-urlencoded`.
    Form,
}

impl Escape {
    fn of(content_type: &str) -> Self {
        let content_type = content_type.to_ascii_lowercase();
        match content_type.as_str() {
            json if json.contains("json") => Self::Json,
            form if form.contains("x-www-form-urlencoded") => Self::Form,
            _ => Self::Plain,
        }
    }

    fn write(self, value: &str) -> String {
        match self {
            Self::Plain => value.to_owned(),
            Self::Json => {
                let quoted = serde_json::to_string(value).expect("text becomes JSON");
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::Form => url::form_urlencoded::byte_serialize(value.as_bytes()).collect(),
        }
    }
}

/// `template` with `event`, which happened at `at` (Unix time in seconds), in its places. What stands in braces and is no
/// place stays, as JSON has many of them.
///
/// SECURITY: what is filled in is not looked through again, and a title never has a second line: it may become the subject
/// of a letter.
pub(super) fn filled(template: &str, content_type: &str, event: &Event, at: u64) -> String {
    let escape = Escape::of(content_type);
    let value = |place: &str| {
        let line =
            |text: &str| text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect::<String>();
        Some(escape.write(&match place {
            "title" => line(&event.title()),
            "text" => event.text(),
            "event" => event.happening().word().to_owned(),
            "source" => line(event.source()),
            "release" => event.release().map_or_else(String::new, |number| format!("{number:06}")),
            "at" => at.to_string(),
            _ => return None,
        }))
    };
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let place = after.split_once('}').and_then(|(place, after)| Some((value(place)?, after)));
        match place {
            Some((value, after)) => {
                out.push_str(&value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::super::Notify;
    use super::*;

    fn kept(why: &str) -> Event {
        Event::Kept { source: "acme".into(), why: why.into() }
    }

    #[test]
    fn what_is_filled_in_is_written_as_its_surroundings_want_it() {
        let event = kept("\"half\" a\nlist & {title}");
        let fill = |template, kind| filled(template, kind, &event, 7);
        assert_eq!(fill("{event}: {title}{nothing} {", "text/plain"), "kept: acme was not taken{nothing} {");
        let json = fill(r#"{"embeds":[{"title":"{title}","description":"{text}"}]}"#, "application/json");
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let text = json["embeds"][0]["description"].as_str().unwrap();
        assert!(text.starts_with("\"half\" a\nlist & {title}; what it gave last"), "{text}");
        let form = fill("chat_id=1&text={text}", "application/x-www-form-urlencoded");
        assert!(form.starts_with("chat_id=1&text=%22half%22+a%0Alist+%26+%7Btitle%7D"), "{form}");
    }

    #[test]
    fn the_usual_body_is_json_and_a_title_is_one_line() {
        let usual = Notify::default();
        let event = Event::Refused { source: "a\r\nBcc: x".into(), why: "403".into() };
        let body = filled(&usual.body, &usual.content_type, &event, 1_700_000_000);
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&body["event"], &body["at"]), (&"refused".into(), &1_700_000_000.into()));
        assert_eq!(body["title"], "a  Bcc: x refuses its account");
    }
}
