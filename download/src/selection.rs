//! Which entries of a difference somebody chooses: by class, group, text, or number.

use std::collections::HashSet;

use crate::difference::{Class, Difference, Word};
use crate::entry::Entry;
use crate::identity::norm;

/// What is chosen: what meets all of it that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Of these classes; of all that can be had, if none is named.
    pub classes: Vec<Word>,
    /// In one of these groups, with `*` for anything, in any letters; in any, if none is named.
    pub groups: Vec<String>,
    /// With all of these words in its title.
    pub text: String,
    /// These, by their numbers in the list, from 0; any, if none is named.
    pub places: Vec<u32>,
}

impl Selection {
    /// The classes that a list of words names, such as `new,upgrade`.
    ///
    /// # Errors
    /// The word that is no class, and what the classes are; `gone` cannot be had.
    pub fn classes(words: &str) -> Result<Vec<Word>, String> {
        let classes: Result<Vec<Word>, String> = words
            .split(',')
            .filter(|word| !word.trim().is_empty())
            .map(|word| word.parse().map_err(|why| format!("{}: {why}", word.trim())))
            .collect();
        classes.and_then(|classes| match classes.contains(&Word::Gone) {
            true => Err("gone: what is gone cannot be had".into()),
            false => Ok(classes),
        })
    }

    /// Numbers of the entries of `list` that are chosen, in its order.
    pub fn of(&self, list: &[Entry], difference: &Difference) -> Vec<u32> {
        let mut chosen = self.matching(list);
        chosen.retain(|place| self.has_class(difference.classes[*place as usize]));
        chosen
    }

    /// The same whatever their classes are.
    pub fn matching(&self, list: &[Entry]) -> Vec<u32> {
        let named = self.named();
        let places: HashSet<u32> = self.places.iter().copied().collect();
        let chosen =
            |(place, entry): &(u32, &Entry)| (places.is_empty() || places.contains(place)) && named(entry);
        let all = (0..).zip(list);
        all.filter(chosen).map(|(place, _)| place).collect()
    }

    /// Whether the group and the title of an entry are chosen, whatever class it is of.
    pub fn named(&self) -> impl Fn(&Entry) -> bool {
        let text = norm(&self.text);
        let groups: Vec<String> = self.groups.iter().map(|group| group.to_lowercase()).collect();
        move |entry| {
            let mut words = text.split(' ').filter(|word| !word.is_empty()).peekable();
            (groups.is_empty() || groups.iter().any(|group| fits(group, &entry.group.to_lowercase())))
                && (words.peek().is_none() || has_words(entry, words))
        }
    }

    fn has_class(&self, class: Class) -> bool {
        match self.classes.is_empty() {
            // Somebody who names entries means them; nobody means a channel.
            true => {
                !matches!(class.word(), Word::Filtered | Word::Gone)
                    || !self.places.is_empty() && !is_endless(class)
            }
            false => self.classes.contains(&class.word()) && !is_endless(class),
        }
    }
}

/// What cannot be downloaded, whoever wishes it.
const fn is_endless(class: Class) -> bool {
    use crate::difference::Reason::{Channel, NoNumber, NoTitle};
    matches!(class, Class::Filtered(Channel | NoNumber | NoTitle))
}

fn has_words<'a>(entry: &Entry, mut words: impl Iterator<Item = &'a str>) -> bool {
    let title = norm(&entry.title);
    words.all(|word| title.split(' ').any(|it| it.starts_with(word)))
}

/// Whether `text` is as `pattern`, in which `*` is anything.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return text.ends_with(piece);
        }
        match text.find(piece) {
            Some(at) => text = &text[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_anything() {
        for (pattern, text, expected) in [
            ("uk *", "uk films", true),
            ("uk *", "us films", false),
            ("*filmes*4k*", "filmes | 4k uhd", true),
            ("*4k", "filmes | 4k uhd", false),
            ("films", "films", true),
            ("films", "films 2", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn classes_are_named_by_words() {
        assert_eq!(Selection::classes("new, upgrade"), Ok(vec![Word::New, Word::Upgrade]));
        assert!(Selection::classes("new,newer").unwrap_err().starts_with("newer: expected one of new, same"));
        assert!(Selection::classes("gone").is_err());
    }
}
