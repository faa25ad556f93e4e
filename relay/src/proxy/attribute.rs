//! Attribute lists (RFC 8216, 4.2): `NAME=value,NAME="quoted, value"`.

/// One attribute, as it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attribute<'a> {
    /// In upper case as a rule; other cases are taken for the same name.
    pub(super) name: &'a str,
    /// With its quotes, if it has them.
    pub(super) value: &'a str,
}

impl Attribute<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value without its quotes.
    pub(super) fn text(&self) -> &str {
        let bare = self.value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        bare.unwrap_or(self.value)
    }

    /// Whether its name says that it holds an address: `URI`, `X-ASSET-URI`, `SERVER-URL` and their like.
    pub(super) fn names_an_address(&self) -> bool {
        let name = self.name.to_ascii_uppercase();
        name.contains("URI") || name.contains("URL") || name == "X-ASSET-LIST"
    }
}

/// Takes a list apart. Commas within quotes divide nothing; what has no `=`, and a quote that is never closed, is left
/// out.
pub(super) fn attributes(list: &str) -> Vec<Attribute<'_>> {
    let mut found = Vec::new();
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if rest.is_empty() {
            return found;
        }
        let end = rest.find([',', '=']).unwrap_or(rest.len());
        if rest[end..].starts_with(',') || end == rest.len() {
            rest = &rest[end..];
            continue;
        }
        let (name, value) = (rest[..end].trim(), rest[end + 1..].trim_start());
        let length = match value.strip_prefix('"') {
            Some(quoted) => match quoted.find('"') {
                Some(close) => close + 2,
                None => return found,
            },
            None => value.find(',').unwrap_or(value.len()),
        };
        if !name.is_empty() {
            found.push(Attribute { name, value: value[..length].trim_end() });
        }
        rest = &value[length..];
    }
}

/// Puts a list together again.
pub(super) fn joined<'a>(list: impl IntoIterator<Item = Attribute<'a>>) -> String {
    let pairs: Vec<String> =
        list.into_iter().map(|attribute| format!("{}={}", attribute.name, attribute.value)).collect();
    pairs.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_taken_apart_as_players_do() {
        let pairs = |list| {
            let pairs = attributes(list).into_iter().map(|it| (it.name, it.value));
            pairs.collect::<Vec<_>>()
        };
        assert_eq!(
            pairs(r#"TYPE=AUDIO,NAME="a, b=c",URI="x.m3u8?a=1,2""#),
            [("TYPE", "AUDIO"), ("NAME", "\"a, b=c\""), ("URI", "\"x.m3u8?a=1,2\"")]
        );
        assert_eq!(pairs(" A = 1 ,, B=\"\" , C"), [("A", "1"), ("B", "\"\"")]);
        assert_eq!(pairs("A=1,URI=\"never closed"), [("A", "1")]);
        assert_eq!(pairs("=1,A="), [("A", "")]);
        assert_eq!(pairs("A=\"x\"junk,B=2"), [("A", "\"x\""), ("B", "2")]);
        assert_eq!(joined(attributes("A=1, B=\"2\"")), "A=1,B=\"2\"");
    }

    #[test]
    fn addresses_are_known_by_the_name_of_their_attribute() {
        for (name, expected) in [
            ("URI", true),
            ("X-ASSET-URI", true),
            ("x-server-url", true),
            ("X-ASSET-LIST", true),
            ("ID", false),
        ] {
            assert_eq!(Attribute { name, value: "" }.names_an_address(), expected, "{name}");
        }
    }
}
