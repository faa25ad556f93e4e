//! What of the line-up a user may see.

use serde::{Deserialize, Serialize};

use crate::bundle::List;

/// What of the line-up a user may see: everything, or some lists, or some groups of them. What he may not see is for him
/// as if it did not exist.
///
/// Groups are named as the line-up names its categories, whichever list they are in. A name stands for a category of
/// every release, since that is what a category is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sight {
    /// These lists; `None` for all three.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lists: Option<Vec<List>>,
    /// These groups; `None` for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Groups>>,
    /// None of these, whatever `groups` says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_groups: Vec<Groups>,
}

/// Names of groups: one, or all that have something in common. `*` stands for any text, and case does not count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Groups(pub String);

impl Sight {
    /// Whether there is nothing that he may not see.
    pub fn is_everything(&self) -> bool {
        let Self { lists, groups, not_groups } = self;
        lists.is_none() && groups.is_none() && not_groups.is_empty()
    }

    /// Whether he may see anything of `list`.
    pub fn sees_list(&self, list: List) -> bool {
        self.lists.as_ref().is_none_or(|lists| lists.contains(&list))
    }

    /// Whether he may see the group of `list` that is called `name`.
    pub fn sees_group(&self, list: List, name: &str) -> bool {
        let any = |groups: &[Groups]| groups.iter().any(|groups| groups.hold(name));
        self.sees_list(list) && self.groups.as_deref().is_none_or(any) && !any(&self.not_groups)
    }

    /// Tells it from others, in validators of what is made for it: `""` for everything, else 16 hexadecimal digits.
    pub fn mark(&self) -> String {
        if self.is_everything() {
            return String::new();
        }
        let written = serde_json::to_vec(self).expect("plain fields become JSON");
        blake3::hash(&written).to_hex()[..16].to_owned()
    }
}

impl Groups {
    /// Whether the group of this name is one of them.
    pub fn hold(&self, name: &str) -> bool {
        let (pattern, name) = (self.0.trim().to_lowercase(), name.trim().to_lowercase());
        let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
        let Some(mut name) = name.strip_prefix(first) else { return false };
        let mut parts: Vec<&str> = rest.split('*').collect();
        let last = parts.pop().unwrap_or("");
        for part in parts {
            match name.find(part) {
                Some(at) => name = &name[at + part.len()..],
                None => return false,
            }
        }
        name.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(text: &str) -> Sight {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn names_may_have_something_in_common() {
        let hold = |pattern: &str, name: &str| Groups(pattern.into()).hold(name);
        assert!(hold("News", "news") && hold(" ÖRF ", "örf") && !hold("News", "News 2"));
        assert!(hold("UK *", "uk | Sport") && !hold("UK *", "Ukraine"));
        assert!(hold("*sport*", "UK Sports HD") && hold("*", "") && hold("a*b*c", "a-b-b-c"));
        assert!(!hold("a*b*c", "a-c-b") && !hold("ab*ba", "aba") && hold("*HD", "One HD"));
        assert!(!hold("", "News") && hold("**x", "x"));
    }

    #[test]
    fn what_is_not_said_is_everything_and_what_is_said_is_all_there_is() {
        let everything = sight("{}");
        assert!(everything.is_everything() && everything.sees_group(List::Series, "XXX"));
        assert_eq!(
            (everything.mark().as_str(), serde_json::to_string(&everything).unwrap().as_str()),
            ("", "{}")
        );
        let some = sight(r#"{"lists":["live","series"],"groups":["UK*"],"not_groups":["*adult*"]}"#);
        assert!(some.sees_group(List::Live, "UK") && some.sees_group(List::Series, "uk drama"));
        for (list, name) in [(List::Movies, "UK"), (List::Live, "DE"), (List::Live, "UK Adults")] {
            assert!(!some.sees_group(list, name), "{name}");
        }
        assert_eq!(some.mark().len(), 16);
        assert_ne!(some.mark(), sight(r#"{"groups":["UK*"]}"#).mark());
        let nothing = sight(r#"{"groups":[]}"#);
        assert!(!nothing.is_everything() && !nothing.sees_group(List::Live, "UK"));
        assert!(serde_json::from_str::<Sight>(r#"{"group":["UK"]}"#).is_err(), "a slip opens nothing");
    }
}
