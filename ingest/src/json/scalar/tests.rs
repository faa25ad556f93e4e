use proptest::prelude::*;

use super::*;

fn scalar(json: &str) -> Scalar<'_> {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_number_is_read_in_every_spelling() {
    for json in ["7", "\"7\"", "7.0", "7.9", "\" 7 \"", "\"7 min\"", "\"S7\"", "\"7-8\""] {
        assert_eq!(scalar(json).int(), Some(7), "{json}");
    }
    for json in ["\"\"", "null", "\"N/A\"", "[]", "{}"] {
        assert_eq!(scalar(json).int(), None, "{json}");
    }
    assert_eq!(scalar("\"-3\"").int(), Some(-3));
    assert_eq!(scalar("\"12a\"").id(), None);
    assert_eq!(scalar("\" 12 \"").id(), Some(12));
    assert_eq!(scalar("-1").id(), None);
    assert_eq!(scalar("18446744073709551615").int(), Some(i64::MAX));
}

#[test]
fn text_flags_and_decimals_are_read_in_every_spelling() {
    assert_eq!(scalar("7.0").text(), "7");
    assert_eq!(scalar("true").text(), "1");
    assert_eq!(scalar("null").text(), "");
    assert_eq!(scalar("\"7,3\"").float(), Some(7.3));
    assert_eq!(scalar("\"N/A\"").float(), None);
    assert_eq!(scalar("\"inf\"").float(), None);
    for json in ["1", "\"1\"", "true", "\"Yes\"", "\"TRUE\""] {
        assert!(scalar(json).flag(), "{json}");
    }
    for json in ["0", "\"0\"", "false", "\"\"", "null", "[]"] {
        assert!(!scalar(json).flag(), "{json}");
    }
}

#[test]
fn times_are_seconds_milliseconds_or_dates() {
    for json in ["1700000000", "\"1700000000\"", "1700000000000", "\"2023-11-14 22:13:20\""] {
        assert_eq!(scalar(json).epoch(), Some(1_700_000_000), "{json}");
    }
    assert_eq!(scalar("\"2023-11-14\"").epoch(), Some(1_699_920_000));
    for json in ["0", "\"0\"", "\"\"", "null", "\"Unlimited\"", "-5", "99999999999999999"] {
        assert_eq!(scalar(json).epoch(), None, "{json}");
    }
}

#[test]
fn dates_are_full_or_empty() {
    for json in ["\"2020-02-29\"", "\"29-02-2020\"", "\"2020-02-29T10:00:00Z\"", "\"2020-02-29 10:00\""] {
        assert_eq!(scalar(json).date(), "2020-02-29", "{json}");
    }
    for json in
        ["\"2020\"", "2020", "\"0000-00-00\"", "\"2021-02-29\"", "\"soon\"", "null", "\"2020-02-291\""]
    {
        assert_eq!(scalar(json).date(), "", "{json}");
    }
    assert_eq!(scalar("2020").year(), "2020");
    assert_eq!(scalar("\"2020-01-01\"").year(), "2020");
    assert_eq!(scalar("\"20201\"").year(), "");
    assert_eq!(scalar("\"0000\"").year(), "");
}

#[test]
fn lists_are_arrays_objects_or_a_single_member() {
    assert_eq!(scalar("[1,2]").list().len(), 2);
    assert_eq!(scalar(r#"{"0":1,"2":{"x":[]}}"#).list().len(), 2);
    assert_eq!(scalar("\"x\"").list().len(), 1);
    for json in ["null", "false", "\"\"", "[]", "{}"] {
        assert!(scalar(json).list().is_empty(), "{json}");
    }
}

proptest! {
    #[test]
    fn a_whole_number_means_the_same_in_every_spelling(number in -1_000_000_000_i64..1_000_000_000) {
        for json in [format!("{number}"), format!("\"{number}\""), format!("{number}.0"), format!("\"  {number} \"")] {
            prop_assert_eq!(scalar(&json).int(), Some(number));
            prop_assert_eq!(scalar(&json).float(), Some(number as f64));
            prop_assert_eq!(scalar(&json).text().into_owned(), number.to_string());
        }
    }

    #[test]
    fn no_text_makes_a_scalar_panic(text: String) {
        let scalar = Scalar::Text(text.into());
        let _ = (scalar.int(), scalar.id(), scalar.float(), scalar.epoch(), scalar.date(), scalar.year());
    }
}
