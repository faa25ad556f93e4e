use super::*;
use crate::list;

/// Entries of a list, each as `TITLE` or `TITLE|ADDRESS` or `TITLE|ADDRESS|TMDB`.
fn entries(items: &[&str]) -> Vec<Entry> {
    let mut text = "#EXTM3U\n".to_owned();
    for (number, item) in (1..).zip(items) {
        let mut parts = item.split('|');
        let title = parts.next().unwrap();
        let address = parts
            .next()
            .filter(|it| !it.is_empty())
            .map_or_else(|| format!("http://h.example/films/{number}.mkv"), String::from);
        let tmdb = parts.next().unwrap_or("");
        text.push_str(&format!("#EXTINF:-1 tmdb-id=\"{tmdb}\" group-title=\"G\",{title}\n{address}\n"));
    }
    let mut entries = Vec::new();
    list::read(text.as_bytes(), list::Limits::default(), |entry| entries.push(entry)).unwrap();
    entries
}

fn compared(list: &[&str], main: &[&str], completed: &[&str]) -> (Vec<&'static str>, Vec<u32>) {
    let of = |items: &[&str]| if items.is_empty() { Vec::new() } else { entries(items) };
    let (list, main, completed) = (of(list), of(main), of(completed));
    let owned = Owned { main: &main, completed: &completed };
    let preferences =
        Preferences { wanted: Wanted { max: 2160, ..Wanted::default() }, ..Preferences::default() };
    let difference = Difference::of(&list, owned, &preferences);
    let counts: usize =
        difference.counts().iter().filter(|(word, _)| *word != Word::Gone).map(|(_, count)| count).sum();
    assert_eq!(counts, list.len(), "each is in one class");
    (difference.classes.iter().map(|class| class.word().word()).collect(), difference.gone)
}

#[test]
fn nine_classes_are_told_apart() {
    let (classes, gone) = compared(
        &[
            "Alien (1979)",
            "Brazil (1985)",
            "Cube (1997) 2160p",
            "Dune (2021) [FR]",
            "Elf (2003)|http://new.example/movie/u/p/5.mkv",
            "Alien (1979)",
            "Fargo (1996) CAM",
            "Robocop",
            "Robocop (1987)",
            "Robocop (2014)",
            "Brazil (1985) 1080p",
        ],
        &[
            "Brazil (1985)",
            "Cube (1997) 720p",
            "Dune (2021) [EN]",
            "Elf (2003)|http://old.example/movie/u/p/5.mkv",
            "Heat (1995)",
        ],
        &[],
    );
    assert_eq!(
        classes,
        [
            "new",
            "same",
            "upgrade",
            "other-variant",
            "moved",
            "duplicate",
            "filtered",
            "ambiguous",
            "new",
            "new",
            "other-variant"
        ]
    );
    assert_eq!(gone, [4]);
}

#[test]
fn remakes_are_two_and_one_number_of_a_database_is_one() {
    let (classes, _) =
        compared(&["The Thing (2011)", "Coisa (1982)||1091"], &["The Thing (1982)||1091"], &[]);
    assert_eq!(classes, ["new", "same"]);
    let (classes, _) = compared(&["Twins (1988)||1", "Twins (1988)||2"], &[], &[]);
    assert_eq!(classes, ["new", "new"], "one title, one year, two films");
    let (classes, _) = compared(&["Alien||348", "Alien (1979)"], &[], &[]);
    assert_eq!(classes, ["new", "duplicate"], "the number is of the film of that title");
}

#[test]
fn without_a_year_it_is_the_only_one_that_there_is() {
    assert_eq!(compared(&["Colmeia"], &["Colmeia - 2021"], &[]).0, ["same"]);
    assert_eq!(compared(&["Colmeia - 2021"], &["Colmeia"], &[]).0, ["same"]);
    assert_eq!(compared(&["Colmeia"], &["Colmeia - 2021", "Colmeia - 1982"], &[]).0, ["ambiguous"]);
    assert_eq!(
        compared(&["Colmeia - 2021", "Colmeia - 1982"], &["Colmeia"], &[]).0,
        ["ambiguous", "ambiguous"]
    );
    assert_eq!(compared(&["Colmeia"], &["Colmeia", "Colmeia - 2021", "Colmeia - 1982"], &[]).0, ["same"]);
}

#[test]
fn what_is_completed_is_had_though_no_list_has_it() {
    let (classes, gone) = compared(&["Show S01E01", "Show S01 E02"], &[], &["SHOW - 1x01 - Name"]);
    assert_eq!((classes, gone), (vec!["same", "new"], vec![]));
}

#[test]
fn an_account_that_calls_something_anew_has_it_still() {
    let address = "http://h.example/movie/u/p/5.mkv";
    let (classes, gone) =
        compared(&[&format!("Um Filme (2020)|{address}")], &[&format!("A Film|{address}")], &[]);
    assert_eq!((classes, gone), (vec!["same"], vec![]));
}

#[test]
fn of_several_versions_the_best_that_is_wanted_is_new() {
    let list =
        entries(&["Film (2020) 480p", "Film (2020) 4K", "Film (2020) 1080p [EN]", "Film (2020) 1080p [PT]"]);
    let preferences = Preferences { languages: vec!["PT".into()], ..Preferences::default() };
    let difference = Difference::of(&list, Owned::default(), &preferences);
    let why = Class::Filtered(Reason::Quality(Unwanted::Better(2160)));
    assert_eq!(difference.classes, [Class::OtherVariant, why, Class::OtherVariant, Class::New]);
}

#[test]
fn channels_and_series_as_a_whole_are_filtered() {
    let list = entries(&[
        "News|http://h.example/live/u/p/1.ts",
        "Show|http://h.example/series/u/p/2",
        "Show S01E01",
    ]);
    let difference = Difference::of(&list, Owned::default(), &Preferences::default());
    let filtered = Class::Filtered;
    assert_eq!(difference.classes, [filtered(Reason::Channel), filtered(Reason::NoNumber), Class::New]);
}

proptest::proptest! {
    #[test]
    fn counts_add_up_whatever_is_compared(
        list in proptest::collection::vec("(A|B|C)( \\([12]\\)| \\(199[01]\\)| S01E0[12]| 4K| \\[FR\\])?", 1..20),
        main in proptest::collection::vec("(A|B|C)( \\(199[01]\\)| S01E0[12]| 4K)?", 0..20),
    ) {
        let list: Vec<&str> = list.iter().map(|it| &**it).collect();
        let main: Vec<&str> = main.iter().map(|it| &**it).collect();
        let (_, gone) = compared(&list, &main, &[]);
        proptest::prop_assert!(gone.len() <= main.len());
        // What is compared with itself has nothing new.
        let (classes, gone) = compared(&list, &list, &[]);
        proptest::prop_assert!(gone.is_empty() && !classes.contains(&"new") && !classes.contains(&"moved"), "{classes:?} {gone:?}");
    }
}
