//! Character references, which lists have in names, groups and addresses though they are no XML.

use std::borrow::Cow;

/// Decodes character references; what is none stays as it is.
pub fn entities(raw: &str) -> Cow<'_, str> {
    let Some(first) = raw.find('&') else { return Cow::Borrowed(raw) };
    let mut decoded = String::with_capacity(raw.len());
    decoded.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.as_bytes().iter().take(12).position(|byte| *byte == b';');
        match end.and_then(|end| Some((end, entity(&rest[1..end])?))) {
            Some((end, meaning)) => {
                decoded.push_str(&meaning);
                rest = &rest[end + 1..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// What stands between `&` and `;`, decoded: a number, or a name of XML or HTML.
pub fn entity(name: &str) -> Option<Cow<'static, str>> {
    let Some(number) = name.strip_prefix('#') else {
        return quick_xml::escape::resolve_html5_entity(name).map(Cow::Borrowed);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    let letter = char::from_u32(code)?;
    // Control characters are written as references to smuggle them past a parser.
    Some(Cow::Owned(if letter.is_control() { ' ' } else { letter }.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_reference_stays() {
        assert_eq!(entities("Tom &amp; Jerry &#39;24&quot;"), "Tom & Jerry '24\"");
        assert_eq!(entities("R&B; A&W &unknown; &"), "R&B; A&W &unknown; &");
    }
}
