//! A channel of the catalogue, and what is said of it.

use contract::ace::AceId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Characters of a name, and of the other texts.
const NAME: usize = 200;
const TEXT: usize = 2000;

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// 16 hexadecimal digits.
    pub(super) id: String,
    pub(super) name: String,
    /// 40 hexadecimal digits.
    ace_stream_id: String,
    description: String,
    category: String,
    language: String,
    quality: String,
    is_active: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// What is said of one; what is not said stays, or is empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Change {
    name: Option<String>,
    ace_stream_id: Option<String>,
    description: Option<String>,
    category: Option<String>,
    language: Option<String>,
    quality: Option<String>,
    is_active: Option<bool>,
}

impl Entry {
    /// A new one.
    ///
    /// # Errors
    /// What is missing or cannot be, in words.
    pub(super) fn new(said: Change) -> Result<Self, String> {
        if said.name.is_none() || said.ace_stream_id.is_none() {
            return Err("a channel has a name and an ace_stream_id".into());
        }
        let now = Timestamp::now();
        let nothing = Self {
            id: format!("{:016x}", rand::random::<u64>()),
            name: String::new(),
            ace_stream_id: String::new(),
            description: String::new(),
            category: String::new(),
            language: String::new(),
            quality: String::new(),
            is_active: true,
            created_at: now,
            updated_at: now,
        };
        nothing.changed(said)
    }

    /// The same with what is said.
    ///
    /// # Errors
    /// What cannot be, in words.
    pub(super) fn changed(mut self, said: Change) -> Result<Self, String> {
        if let Some(name) = said.name {
            self.name = text("name", &name, NAME)?;
            if self.name.is_empty() {
                return Err("a channel has a name".into());
            }
        }
        if let Some(id) = said.ace_stream_id {
            let id = AceId::parse(id.trim()).map_err(|fault| format!("ace_stream_id: {fault}"))?;
            self.ace_stream_id = id.hex().to_owned();
        }
        for (place, word, value) in [
            (&mut self.description, "description", said.description),
            (&mut self.category, "category", said.category),
            (&mut self.language, "language", said.language),
            (&mut self.quality, "quality", said.quality),
        ] {
            if let Some(value) = value {
                *place = text(word, &value, TEXT)?;
            }
        }
        self.is_active = said.is_active.unwrap_or(self.is_active);
        self.updated_at = Timestamp::now();
        Ok(self)
    }

    /// Whether one of `fields` (all, if none is named) has `wanted`, which is in small letters.
    pub(super) fn has(&self, wanted: &str, fields: &[&str]) -> bool {
        let all = [
            ("name", &self.name),
            ("description", &self.description),
            ("category", &self.category),
            ("language", &self.language),
            ("quality", &self.quality),
            ("ace_stream_id", &self.ace_stream_id),
        ];
        let mut looked = all.iter().filter(|(field, _)| fields.is_empty() || fields.contains(field));
        looked.any(|(_, value)| value.to_lowercase().contains(wanted))
    }
}

fn text(word: &str, value: &str, most: usize) -> Result<String, String> {
    let value = value.trim();
    let fits = value.chars().count() <= most && !value.chars().any(|it| it.is_control() && it != '\n');
    if fits { Ok(value.to_owned()) } else { Err(format!("{word}: at most {most} characters of text")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(document: &str) -> Change {
        serde_json::from_str(document).unwrap()
    }

    #[test]
    fn a_channel_is_checked_changed_and_found() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let entry = Entry::new(said(&format!(
            r#"{{"name":" One ","ace_stream_id":"acestream://{id}","category":"Sport"}}"#
        )));
        let entry = entry.unwrap();
        assert_eq!((&*entry.name, &*entry.ace_stream_id, entry.is_active), ("One", id, true));
        let changed = entry.clone().changed(said(r#"{"is_active":false,"quality":"HD"}"#)).unwrap();
        assert_eq!((&*changed.name, changed.is_active, &*changed.id), ("One", false, &*entry.id));
        assert!(
            changed.has("sport", &[]) && changed.has("hd", &["quality"]) && !changed.has("hd", &["name"])
        );
        for wrong in
            [r#"{"name":"x"}"#, r#"{"name":"","ace_stream_id":"x"}"#, r#"{"name":"x","ace_stream_id":"12"}"#]
        {
            assert!(Entry::new(said(wrong)).is_err(), "{wrong}");
        }
        assert!(entry.changed(said("{\"name\":\"a\\u0007\"}")).is_err());
        assert!(serde_json::from_str::<Change>(r#"{"nam":"x"}"#).is_err());
    }
}
