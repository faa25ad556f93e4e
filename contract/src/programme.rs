//! Reading the `<programme>` elements of the guide that is published (XMLTV): well-formed, UTF-8, in order.

use jiff::fmt::strtime;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// A programme whose texts are read only when they are wanted.
#[derive(Debug)]
pub struct Programme<'a> {
    /// Unix time, in seconds.
    pub start: u64,
    /// Unix time, in seconds.
    pub stop: u64,
    /// What stands between its tags.
    content: &'a str,
}

/// The texts of a programme, as a client shows them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Or `""`.
    pub title: String,
    /// The episode's title, if it has one, and what happens.
    pub description: String,
    /// The language of the title, or `""`.
    pub lang: String,
}

/// The programmes in `xml`, a run of `<programme>` elements such as a range of the index stands for; those without a readable
/// time are passed over.
pub fn programmes(xml: &str) -> impl Iterator<Item = Programme<'_>> {
    let mut reader = Reader::from_str(xml);
    std::iter::from_fn(move || {
        loop {
            match reader.read_event().ok()? {
                Event::Start(element) if element.name().as_ref() == "programme" => {
                    let inside = reader.read_to_end(element.name()).ok()?;
                    let content = xml.get(inside.start as usize..inside.end as usize).unwrap_or("");
                    let time = |name| attribute(&element, name).and_then(|time| unix(&time));
                    if let (Some(start), Some(stop)) = (time("start"), time("stop")) {
                        return Some(Programme { start, stop, content });
                    }
                }
                Event::Eof => return None,
                _ => {}
            }
        }
    })
}

impl Programme<'_> {
    /// Reads the texts; of several in different languages, the first.
    pub fn text(&self) -> Text {
        let (mut title, mut sub_title, mut description) = (None, None, None);
        let mut lang = String::new();
        let mut reader = Reader::from_str(self.content);
        while let Ok(event) = reader.read_event() {
            let Event::Start(element) = event else {
                if matches!(event, Event::Eof) {
                    break;
                }
                continue;
            };
            let place = match element.name().as_ref() {
                "title" => &mut title,
                "sub-title" => &mut sub_title,
                "desc" => &mut description,
                _ => continue,
            };
            if place.is_none() {
                if element.name().as_ref() == "title" {
                    lang = attribute(&element, "lang").unwrap_or_default();
                }
                *place = Some(content(&mut reader));
            }
        }
        let title = title.unwrap_or_default();
        let sub_title = sub_title.filter(|text| !text.is_empty() && *text != title);
        let parts = [sub_title, description].into_iter().flatten().filter(|text| !text.is_empty());
        Text { title, description: parts.collect::<Vec<_>>().join("\n"), lang }
    }
}

/// The text up to the next closing tag. What stands escaped comes as events of its own between the pieces of text.
fn content(reader: &mut Reader<&[u8]>) -> String {
    let mut text = String::new();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Text(piece) => text.push_str(&piece.xml10_content()),
            Event::CData(piece) => text.push_str(&piece.xml10_content()),
            Event::GeneralRef(entity) => push_entity(&mut text, &entity),
            Event::End(_) | Event::Eof => break,
            _ => {}
        }
    }
    text.trim().to_owned()
}

fn push_entity(text: &mut String, entity: &BytesRef<'_>) {
    let name = entity.xml10_content();
    match (entity.resolve_char_ref(), resolve_predefined_entity(&name)) {
        (Ok(Some(character)), _) => text.push(character),
        (_, Some(characters)) => text.push_str(characters),
        _ => {
            text.push('&');
            text.push_str(&name);
            text.push(';');
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().with_checks(false).flatten().find(|each| each.key.as_ref() == name)?;
    Some(found.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
}

/// The date-times of XMLTV: `20251009080000 +0000`.
fn unix(text: &str) -> Option<u64> {
    let time = strtime::parse("%Y%m%d%H%M%S %z", text).ok()?.to_timestamp().ok()?;
    time.as_second().try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn programmes_are_read_with_everything_that_is_escaped_in_them() {
        let xml = "<programme start=\"20251009080000 +0000\" stop=\"20251009083000 +0000\" channel=\"a\">\n\
                   <title lang=\"de\">Tom &amp; J&#xe4;rry &lt;neu&gt;</title><title>second</title>\n\
                   <sub-title>Folge&#160;1</sub-title><desc><![CDATA[a ]] > b]]> &unknown;</desc><icon src=\"x\"/>\n\
                   </programme>\n<programme start=\"20251009093000 +0100\" stop=\"20251009100000 +0000\">\
                   <title/></programme><programme start=\"soon\" stop=\"later\"><title>x</title></programme>";
        let found: Vec<_> = programmes(xml).collect();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].start, found[0].stop), (1_759_996_800, 1_759_998_600));
        assert_eq!(found[1].start, found[0].stop);
        let text = found[0].text();
        assert_eq!(text.title, "Tom & Järry <neu>");
        assert_eq!(text.description, "Folge\u{a0}1\na ]] > b &unknown;");
        assert_eq!(text.lang, "de");
        assert_eq!(found[1].text(), Text::default());
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_no_panic(text in "(<programme start=\"20251009080000 \\+0000\"|<title>|</|<!\\[CDATA\\[|\\]\\]>|&#?[a-z0-9]{0,4};?|.|>){0,40}") {
            programmes(&text).for_each(|programme| drop(programme.text()));
            drop(Programme { start: 0, stop: 1, content: &text }.text());
        }
    }
}
