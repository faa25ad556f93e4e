//! Variables of playlists (`EXT-X-DEFINE`, draft-pantos-hls-rfc8216bis): what stands for `{$name}`.

use std::collections::BTreeMap;

use url::Url;

use super::attribute::attributes;

/// The longest text that substitution may make of one line: values can name values.
const LONGEST: usize = 64 * 1024;
/// Variables there may be.
const MOST: usize = 256;

/// Values by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Takes a tag's attributes: `NAME` and `VALUE`, `IMPORT` out of the variables of the master, or `QUERYPARAM` out of
    /// the address of the playlist.
    pub(super) fn define(&mut self, tag: &str, master: &Self, address: &Url) {
        let list = attributes(tag);
        let of = |name| list.iter().find(|attribute| attribute.is(name)).map(|attribute| attribute.text());
        let (name, value) = if let Some(name) = of("NAME") {
            (name, of("VALUE").map(str::to_owned))
        } else if let Some(name) = of("IMPORT") {
            (name, master.0.get(name).cloned())
        } else if let Some(name) = of("QUERYPARAM") {
            let found = address.query_pairs().find(|(key, _)| key == name);
            (name, found.map(|(_, value)| value.into_owned()))
        } else {
            return;
        };
        // SECURITY: a value of the query is not ours, and must not end the string or the line it is put into.
        let sound = |value: &String| !value.contains('"') && !value.contains(char::is_control);
        if let Some(value) = value.filter(sound).filter(|_| self.0.len() < MOST) {
            self.0.insert(name.to_owned(), value);
        }
    }

    /// `line` with values in place of names; `None` if a name has no value.
    pub(super) fn substituted(&self, line: &str) -> Option<String> {
        let mut text = String::with_capacity(line.len());
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("{$") {
            let (name, after) = after.split_once('}')?;
            text.push_str(before);
            text.push_str(self.0.get(name)?);
            rest = after;
            if text.len() > LONGEST {
                return None;
            }
        }
        text.push_str(rest);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_from_the_list_the_master_and_the_address() {
        let address: Url = "http://h/x.m3u8?token=a%2Fb&bad=x%22y%0A".parse().unwrap();
        let (mut master, mut variables) = (Variables::default(), Variables::default());
        master.define("NAME=\"path\",VALUE=\"high\"", &Variables::default(), &address);
        for tag in
            ["NAME=\"a\",VALUE=\"1\"", "IMPORT=\"path\"", "QUERYPARAM=\"token\"", "QUERYPARAM=\"bad\"", "X=1"]
        {
            variables.define(tag, &master, &address);
        }
        let substituted = |line| variables.substituted(line);
        assert_eq!(substituted("{$path}/{$a}.ts?t={$token}").as_deref(), Some("high/1.ts?t=a/b"));
        assert_eq!(substituted("plain").as_deref(), Some("plain"));
        for unknown in ["{$bad}", "{$nobody}", "{$a"] {
            assert_eq!(substituted(unknown), None, "{unknown}");
        }
    }
}
