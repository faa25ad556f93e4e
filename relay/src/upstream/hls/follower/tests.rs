use super::*;

/// A list of segments of four seconds, named and numbered; `!` before a name is a discontinuity, `-` a gap.
fn list(first: u64, names: &[&str]) -> Media {
    let segments = names.iter().map(|name| Segment {
        url: format!("http://h/{}", name.trim_start_matches(['!', '-'])).parse().unwrap(),
        range: None,
        duration: Duration::from_secs(4),
        key: None,
        discontinuity: name.starts_with('!'),
        gap: name.starts_with('-'),
    });
    let segments = segments.collect();
    Media { target: Duration::from_secs(4), first, segments, ended: false, ragged: false }
}

/// The segments of numbers `from` to `until`, named after them.
fn numbers(from: u64, until: u64) -> Media {
    let names: Vec<String> = (from..until).map(|number| number.to_string()).collect();
    list(from, &names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Fetches everything that is waiting: names, with `!` where a splice is.
fn drain(follower: &mut Follower) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(next) = follower.next() {
        let splice = if next.splice { "!" } else { "" };
        names.push(format!("{splice}{}", next.segment.url.path().trim_start_matches('/')));
        follower.fetched();
    }
    names
}

/// What comes of these lists one after another.
fn follow(lists: impl IntoIterator<Item = Media>) -> Vec<String> {
    let mut follower = Follower::new();
    lists
        .into_iter()
        .flat_map(|list| {
            follower.listed(list).unwrap();
            drain(&mut follower)
        })
        .collect()
}

#[test]
fn every_segment_comes_once_and_in_order_from_the_third_newest_on() {
    let lists = (0..5).map(|poll| numbers(100 + 2 * poll, 106 + 2 * poll));
    let expected: Vec<String> = (103..114).map(|number| number.to_string()).collect();
    assert_eq!(follow(lists), expected);
}

#[test]
fn what_was_missed_is_a_splice() {
    assert_eq!(follow([numbers(0, 3), numbers(5, 8)]), ["0", "1", "2", "!5", "6", "7"]);
    let mut follower = Follower::new();
    follower.listed(numbers(0, 3)).unwrap();
    follower.listed(numbers(5, 7)).unwrap();
    assert_eq!(drain(&mut follower), ["0", "1", "2", "!5", "6"], "what is waiting goes out before it");
}

#[test]
fn discontinuities_and_gaps_are_splices_but_not_at_the_beginning() {
    let lists = [list(1, &["!a", "b", "-c"]), list(1, &["!a", "b", "-c", "d", "!e"])];
    assert_eq!(follow(lists), ["a", "b", "!d", "!e"]);
}

#[test]
fn a_server_that_always_counts_from_zero_is_followed_by_address() {
    let lists = [
        list(0, &["a", "b", "c"]),
        list(0, &["b", "c", "d"]),
        list(0, &["d", "e", "f"]),
        list(0, &["d", "e", "f"]),
        list(0, &["x", "y", "z"]),
        list(0, &["y", "z", "a"]),
    ];
    assert_eq!(follow(lists), ["a", "b", "c", "d", "e", "f", "!x", "y", "z", "a"]);
}

#[test]
fn the_same_address_with_higher_numbers_is_something_new() {
    let lists = [list(1, &["live"]), list(2, &["live"]), list(2, &["live"]), list(3, &["live"])];
    assert_eq!(follow(lists), ["live"; 3]);
}

#[test]
fn a_server_that_was_started_again_is_followed_from_its_live_edge() {
    let lists = [
        numbers(100, 106),
        numbers(101, 107),
        list(0, &["p", "q", "r", "s"]),
        list(1, &["q", "r", "s", "t"]),
    ];
    assert_eq!(follow(lists), ["103", "104", "105", "106", "!q", "r", "s", "t"]);
}

#[test]
fn an_old_copy_of_the_list_changes_nothing() {
    assert_eq!(
        follow([numbers(10, 16), numbers(11, 17), numbers(9, 15), numbers(12, 18)]),
        ["13", "14", "15", "16", "17"]
    );
    // And one in which every address is new, because each has a token.
    let named = |first, token: &str| {
        let names: Vec<String> = (first..first + 4).map(|number| format!("{number}?{token}")).collect();
        list(first, &names.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(
        follow([named(10, "a"), named(11, "b"), named(10, "c"), named(12, "d")]),
        ["11", "12", "13", "14", "15"]
    );
}

#[test]
fn what_is_waiting_gets_the_newest_address() {
    let mut follower = Follower::new();
    follower.listed(list(1, &["a?t=1", "b?t=1"])).unwrap();
    follower.listed(list(1, &["a?t=2", "b?t=2"])).unwrap();
    assert_eq!(follower.next().unwrap().segment.url.as_str(), "http://h/a?t=2");
}

#[test]
fn a_segment_that_cannot_be_had_is_left_out_when_it_is_about_to_leave() {
    let (mut follower, mut now) = (Follower::new(), Instant::now());
    follower.listed(numbers(0, 4)).unwrap();
    follower.fetched();
    for attempt in 0..3 {
        let next = follower.next().unwrap();
        assert_eq!((next.segment.url.path(), next.again), ("/2", attempt > 0));
        now = next.at.unwrap_or(now);
        follower.failed(now, Failure::Refused(404)).unwrap();
    }
    assert_eq!(follower.next().unwrap().segment.url.path(), "/2", "it is far from leaving");
    follower.listed(numbers(2, 6)).unwrap();
    follower.failed(now, Failure::Refused(404)).unwrap();
    assert_eq!(drain(&mut follower), ["!3", "4", "5"]);
}

#[test]
fn a_segment_that_cannot_be_had_delays_nobody_for_long() {
    let (mut follower, begin) = (Follower::new(), Instant::now());
    follower.listed(numbers(0, 9)).unwrap();
    follower.fetched();
    let mut now = begin;
    while follower.next().unwrap().segment.url.path() == "/7" {
        now = follower.next().unwrap().at.unwrap_or(now);
        follower.failed(now, Failure::Silent).unwrap();
        assert!(now - begin < Duration::from_secs(12), "it is given up");
    }
    assert_eq!(drain(&mut follower), ["!8"]);
}

#[test]
fn an_upstream_without_segments_is_lost() {
    let (mut follower, now) = (Follower::new(), Instant::now());
    follower.listed(numbers(0, 2)).unwrap();
    let attempts = (0..9).find(|_| follower.failed(now, Failure::Refused(403)).is_err());
    assert_eq!(attempts, Some(5), "each of the two was tried three times");
    let mut follower = Follower::new();
    follower.listed(numbers(0, 9)).unwrap();
    (0..3).for_each(|_| follower.failed(now, Failure::Refused(404)).unwrap());
    assert_eq!(drain(&mut follower), ["7", "8"], "what comes after it will do");
    let mut follower = Follower::new();
    follower.listed(Media { ended: true, ..numbers(0, 9) }).unwrap();
    follower.fetched();
    let attempts = (0..20).find(|_| follower.failed(now, Failure::Refused(403)).is_err());
    assert_eq!(attempts, Some(8));
}

#[test]
fn what_has_an_end_is_played_from_its_beginning_to_it() {
    let mut follower = Follower::new();
    follower.listed(Media { ended: true, ..numbers(0, 5) }).unwrap();
    assert_eq!(follower.pause(), None);
    follower.unlisted();
    assert!(follower.pause().is_some(), "who asked for it all the same needs it");
    follower.listed(Media { ended: true, ..numbers(0, 5) }).unwrap();
    assert_eq!(follower.pause(), None);
    assert_eq!(drain(&mut follower), ["0", "1", "2", "3", "4"]);
    assert!(follower.over());
    let mut follower = Follower::new();
    follower.listed(numbers(0, 5)).unwrap();
    drain(&mut follower);
    assert!(!follower.over());
    follower.listed(Media { ended: true, ..numbers(1, 6) }).unwrap();
    assert_eq!(drain(&mut follower), ["5"]);
    assert!(follower.over());
}

#[test]
fn what_was_on_the_air_once_is_played_from_its_beginning_whether_it_has_an_end_or_not() {
    let mut follower = Follower::of_past();
    follower.listed(numbers(0, 9)).unwrap();
    assert_eq!(drain(&mut follower), ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
    follower.listed(Media { ended: true, ..numbers(0, 10) }).unwrap();
    assert_eq!(drain(&mut follower), ["9"]);
    assert!(follower.over());
    let mut follower = Follower::of_past();
    for _ in 0..=UNCHANGED {
        assert!(!follower.over());
        follower.listed(numbers(0, 9)).unwrap();
        drain(&mut follower);
    }
    assert!(follower.over(), "nothing is added to it any more");
}

#[test]
fn the_list_is_asked_for_again_as_the_rfc_says_until_it_stops_changing() {
    let mut follower = Follower::new();
    follower.listed(numbers(0, 3)).unwrap();
    assert_eq!(follower.pause(), Some(Duration::from_secs(4)));
    drain(&mut follower);
    for _ in 0..5 {
        follower.listed(numbers(0, 3)).unwrap();
        assert_eq!(follower.pause(), Some(Duration::from_secs(2)));
    }
    assert_eq!(follower.listed(numbers(0, 3)), Err(Failure::Silent));
    let silent = Media { target: Duration::ZERO, ..numbers(0, 3) };
    let mut follower = Follower::new();
    follower.listed(silent).unwrap();
    assert_eq!(follower.target(), Duration::from_secs(4), "the longest segment stands in");
}

#[test]
fn of_what_is_kept_whole_nothing_is_left_out() {
    let ended = |list: Media| Media { ended: true, ..list };
    let mut follower = Follower::of_whole();
    follower.listed(ended(list(7, &["a", "!b", "c"]))).unwrap();
    follower.fetched();
    let now = Instant::now();
    for _ in 0..ATTEMPTS {
        follower.failed(now, Failure::Refused(403)).unwrap();
    }
    // Addresses with another token are those of the same segments.
    follower.listed(ended(list(7, &["a2", "!b2", "c2"]))).unwrap();
    assert_eq!(follower.next().unwrap().segment.url.path(), "/b2");
    assert_eq!(follower.failed(now, Failure::Refused(404)), Err(Failure::Incomplete));
    let later = now + Duration::from_secs(60);
    assert_eq!(follower.failed(later, Failure::Silent), Err(Failure::Silent));
    for other in [ended(numbers(7, 9)), ended(numbers(8, 11)), numbers(7, 10)] {
        assert_eq!(follower.listed(other), Err(Failure::Incomplete));
    }
    let ragged = Media { ragged: true, ..ended(numbers(0, 3)) };
    for list in [numbers(0, 3), ended(list(0, &["a", "-b", "c"])), ragged] {
        assert_eq!(Follower::of_whole().listed(list), Err(Failure::Incomplete));
    }
}
