//! Scalars whose JSON spelling clients depend on, as types, so that a field cannot be emitted wrongly.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

/// A whole number that is a JSON *string* of digits: ids of categories, times, counts in the account document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits(pub u64);

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Digits;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string of digits")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Digits, E> {
                text.parse().map(Digits).map_err(|_| E::custom("expected a string of digits"))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Yes or no as the JSON *number* 1 or 0. Typed clients fail on strings and booleans here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0.into())
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u8::deserialize(deserializer).map(|number| Self(number != 0))
    }
}

/// A field that must be there and is always `""`.
///
/// `direct_source` is the reason: players open a non-empty one *instead of* our URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blank;

impl Serialize for Blank {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }
}

impl<'de> Deserialize<'de> for Blank {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// The two spellings of a rating out of ten: `rating` as text with a dot (`"0"` when unknown) and `rating_5based`,
/// half of it with one decimal.
pub fn rating(out_of_ten: f64) -> (String, f64) {
    if !out_of_ten.is_finite() || out_of_ten <= 0.0 {
        return ("0".into(), 0.0);
    }
    let tenths = (out_of_ten.min(10.0) * 10.0).round();
    let text =
        if tenths % 10.0 == 0.0 { format!("{}", tenths / 10.0) } else { format!("{:.1}", tenths / 10.0) };
    (text, (tenths / 2.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_keep_a_dot_and_have_no_exponent() {
        assert_eq!(rating(7.3), ("7.3".into(), 3.7));
        assert_eq!(rating(8.0), ("8".into(), 4.0));
        assert_eq!(rating(f64::NAN), ("0".into(), 0.0));
        assert_eq!(rating(-1.0), ("0".into(), 0.0));
        assert_eq!(rating(1e300), ("10".into(), 5.0));
    }

    #[test]
    fn scalars_are_spelt_as_clients_need_them() {
        let json = serde_json::to_string(&(Digits(12), Flag(true), Blank)).unwrap();
        assert_eq!(json, r#"["12",1,""]"#);
        let read: (Digits, Flag, Blank) = serde_json::from_str(&json).unwrap();
        assert_eq!(read, (Digits(12), Flag(true), Blank));
    }
}
