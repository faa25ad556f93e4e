use super::*;

const RULE: Rule = Rule { fall: 50, least: 0, confirmations: 2, confirm_empty: false, accept: false };

/// What becomes of one list after the other, each judged by 100 that were there before.
fn story(rule_of: Rule, counts: &[u64]) -> Vec<String> {
    let mut doubt = None;
    let mut words = Vec::new();
    for now in counts {
        match rule("live", *now, 100, rule_of, doubt) {
            Ruling::Taken(note) => {
                doubt = None;
                words.push(note.unwrap_or_else(|| "taken".into()));
            }
            Ruling::Held(why, next) => {
                doubt = next;
                words.push(why);
            }
        }
    }
    words
}

#[test]
fn a_list_may_shrink_by_half_and_no_more() {
    for (now, passes) in [(100, true), (500, true), (50, true), (49, false), (1, false), (0, false)] {
        assert_eq!(matches!(rule("live", now, 100, RULE, None), Ruling::Taken(None)), passes, "{now}");
    }
    assert_eq!(rule("live", 0, 0, RULE, None), Ruling::Taken(None), "nothing is known of it");
    assert_eq!(rule("live", 0, 100, Rule { accept: true, ..RULE }, None), Ruling::Taken(None));
}

#[test]
fn two_further_runs_that_see_the_same_confirm_it() {
    let words = story(RULE, &[20, 21, 19, 20]);
    assert_eq!(
        words,
        [
            "live: 20, where there were 100: held back, 0 of 2 confirmations; `--accept` takes it now",
            "live: 21, where there were 100: held back, 1 of 2 confirmations; `--accept` takes it now",
            "live: 19, where there were 100: taken, since 3 runs saw it so",
            "live: 20, where there were 100: held back, 0 of 2 confirmations; `--accept` takes it now",
        ]
    );
}

#[test]
fn runs_that_see_different_lists_confirm_nothing() {
    let words = story(RULE, &[20, 40, 20, 40, 3]);
    assert!(words.iter().all(|why| why.contains("0 of 2 confirmations")), "{words:?}");
    let words = story(RULE, &[20, 20, 100, 20]);
    assert_eq!(words[2], "taken");
    assert!(words[3].contains("0 of 2"), "a list that came back ends the doubt: {words:?}");
}

#[test]
fn nothing_is_confirmed_only_when_the_setting_says_so() {
    let words = story(RULE, &[0; 10]);
    assert!(
        words.iter().all(|why| why == "live: nothing, where there were 100: held back; `--accept` takes it")
    );
    let words = story(Rule { confirm_empty: true, ..RULE }, &[0; 3]);
    assert_eq!(words[2], "live: nothing, where there were 100: taken, since 3 runs saw it so");
    let words = story(Rule { confirmations: 0, ..RULE }, &[20; 10]);
    assert!(words.iter().all(|why| why.ends_with("held back; `--accept` takes it")), "{words:?}");
}

#[test]
fn fewer_than_the_least_are_never_taken_by_themselves() {
    let least = Rule { least: 30, ..RULE };
    let words = story(least, &[20; 5]);
    assert!(words.iter().all(|why| why.starts_with("live: 20, where at least 30 are expected")), "{words:?}");
    assert!(matches!(rule("live", 3, 0, least, None), Ruling::Held(..)), "also at the first time");
}

#[test]
fn every_kind_of_list_of_every_source_has_its_own_threshold() {
    let source = |gate: &str| -> Source {
        let text =
            format!("name = 'a'\nurl = 'http://h'\nusername = 'u'\npassword = 'p'\ngate = {{ {gate} }}");
        toml::from_str(&text).unwrap()
    };
    let settings = Settings::default();
    let acme = source("live = 80, min_movies = 5, confirmations = 1, confirm_empty = true");
    let of = |what: &str| Rule::new(what, &acme, &settings);
    assert_eq!((of("live").fall, of("movies").fall, of("live categories").fall), (80, 50, 50));
    assert_eq!((of("movies").least, of("live").least, of(PROGRAMMES).confirmations), (5, 0, 1));
    assert!(of("live").confirm_empty);
    assert_eq!(Rule::new("live", &source(""), &settings), RULE);
}

#[test]
fn a_guide_that_is_taken_ends_no_doubt_about_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let (data, settings) = (Data::new(folder.path()), Settings::default());
    let source: Source =
        toml::from_str("name = 'a'\nurl = 'http://h'\nusername = 'u'\npassword = 'p'").unwrap();
    let gate = Gate::new(&data, &source, &settings);
    let mut last = Err(String::new());
    for _ in 0..=settings.confirmations {
        assert_eq!(gate.judge_one(PROGRAMMES, "guide", 0, 0), Ok(None));
        last = gate.judge_one(PROGRAMMES, "guide-1", 20, 100);
    }
    assert!(
        last.as_ref().is_ok_and(|note| note.as_deref().is_some_and(|it| it.contains("taken"))),
        "{last:?}"
    );
}
