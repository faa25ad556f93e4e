use contract::config::{Config, Skip};
use contract::disk::Data;
use contract::ids::Ledger;
use contract::source::Name;

use super::*;
use crate::Settings;
use crate::harvest::{Address, Category, Channel, List, Movie, Writer};
use crate::line_up::{Before, LineUp, Part, Placed};

/// What a line-up is made of: `source/group/name`, with `@guide` behind.
const CHANNELS: [&str; 9] = [
    "a/UK News/UK: BBC News HD@bbcnews.uk",
    "a/UK News/UK: Sky News@skynews.uk",
    "a/UK Sport/UK: Sky Sports 10@",
    "a/UK Sport/UK: Sky Sports 2@",
    "a/XXX/Red@",
    "b/Nachrichten/UK: BBC News HD@BBCNews.uk",
    "b/Nachrichten/UK: BBC News FHD@bbcnews.uk",
    "b/Nachrichten/UK: Sky News +1@skynews.uk",
    "b/Sport/UK: Sky Sports 2@",
];

fn part(data: &Data, name: &str) -> Part {
    let source = format!("name='{name}'\nurl='http://h'\nusername='u'\npassword='p'");
    let mut writer = Writer::new(data, &Name::new(name).unwrap()).unwrap();
    writer.categories(List::Movies, vec![Category { id: "1".into(), name: "Films".into() }]);
    for (id, channel) in CHANNELS.iter().enumerate() {
        let Some((group, rest)) = channel.strip_prefix(name).and_then(|it| it[1..].split_once('/')) else {
            continue;
        };
        let (channel, guide) = rest.split_once('@').unwrap();
        let places = vec![writer.category(List::Live, group).unwrap()];
        let (id, name, guide) = (id.to_string(), channel.into(), guide.into());
        writer.channel(&Channel { id, name, guide, places, ..Channel::default() }).unwrap();
    }
    let movie = Movie { id: "9".into(), name: "UK: A Film".into(), places: vec![0], ..Movie::default() };
    writer.movie(&movie).unwrap();
    let mut harvest = writer.finish(1, vec![]).unwrap();
    harvest.hold().unwrap();
    Part { source: toml::from_str(&source).unwrap(), harvest }
}

fn settings(rules: &str) -> Settings {
    Config::<Settings, Skip, Skip>::parse(rules, "coax.toml").unwrap().ingest
}

/// A line-up by `rules`, each without its header.
fn made(rules: &[&str]) -> LineUp {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::new(folder.path());
    let rules: String = rules.iter().map(|rule| format!("[[ingest.rule]]\n{rule}\n")).collect();
    let mut ledger = Ledger::load(&data.ids()).unwrap();
    let parts = vec![part(&data, "a"), part(&data, "b")];
    let mut line_up = LineUp::new(parts, &settings(&rules).rule, &mut ledger).unwrap();
    line_up.number(&Before::default());
    line_up
}

/// `num name (group) upstreams` of every channel.
fn channels(line_up: &LineUp) -> Vec<String> {
    let groups = line_up.groups(List::Live);
    let describe = |placed: &Placed| {
        let name = line_up.name(List::Live, placed);
        let from: Vec<&str> = (placed.members())
            .map(|(part, _)| line_up.parts[usize::from(part)].source.name.as_str())
            .collect();
        format!("{} {name} ({}) {}", placed.num, groups[&placed.category], from.concat())
    };
    line_up.live.iter().map(describe).collect()
}

#[test]
fn entries_are_taken_or_left_by_source_group_name_and_quality() {
    let line_up = made(&[
        "do = 'include'\nsource = 'a'\nkind = 'live'\ngroup = ['/^uk /i', 'xxx']",
        "do = 'exclude'\ngroup = 'XXX'",
        "do = 'exclude'\nsource = 'b'\nname = '/news/i'\nquality = ['FHD', '4K']",
        "do = 'exclude'\nkind = 'movies'\nsource = 'b'",
    ]);
    assert_eq!(
        channels(&line_up),
        [
            "1 UK: BBC News HD (UK News) a",
            "2 UK: Sky News (UK News) a",
            "3 UK: Sky Sports 10 (UK Sport) a",
            "4 UK: Sky Sports 2 (UK Sport) a",
            "5 UK: BBC News HD (Nachrichten) b",
            "6 UK: Sky News +1 (Nachrichten) b",
            "7 UK: Sky Sports 2 (Sport) b",
        ]
    );
    assert_eq!(line_up.movies.len(), 1);
    let touched: Vec<u64> = line_up.rules.iter().map(|rule| rule.touched).collect();
    assert_eq!(touched, [5, 1, 1, 1]);
}

#[test]
fn names_and_groups_change_and_later_rules_see_it() {
    let line_up = made(&[
        "do = 'rename'\nname = '/^UK: +/'\nto = ''",
        "do = 'rename'\nname = '/^Red$/'\nto = ''",
        "do = 'rename'\nkind = 'live'\nname = '/^Sky (News|Sports)(.*)$/'\nto = '$1 by Sky$2'",
        "do = 'regroup'\ngroup = ['/^UK (.*)/', '/^(Sport)$/']\nto = '$1'",
        "do = 'regroup'\nsource = 'b'\nname = '/news/i'\nto = 'News'",
        "do = 'exclude'\nname = 'News by Sky +1'",
    ]);
    assert_eq!(
        channels(&line_up),
        [
            "1 BBC News HD (News) a",
            "2 News by Sky (News) a",
            "3 BBC News HD (News) b",
            "4 BBC News FHD (News) b",
            "5 Sports by Sky 10 (Sport) a",
            "6 Sports by Sky 2 (Sport) a",
            "7 Sports by Sky 2 (Sport) b",
            "8 Red (XXX) a",
        ]
    );
    assert_eq!(line_up.name(List::Movies, &line_up.movies[0]), "A Film");
    let groups: Vec<&str> =
        line_up.categories[&List::Live].iter().map(|group| group.category_name.as_str()).collect();
    assert_eq!(groups, ["News", "Sport", "XXX"], "groups without channels are not listed");
    assert_eq!(line_up.rules[1].notes, ["1 keep their names, of which nothing would be left"]);
}

#[test]
fn the_same_channel_of_several_sources_is_one_and_variants_are_told_apart() {
    let line_up = made(&["do = 'merge'", "do = 'exclude'\nname = 'Red'"]);
    assert_eq!(
        channels(&line_up),
        [
            "1 UK: BBC News HD (UK News) ab",
            "2 UK: Sky News (UK News) a",
            "3 UK: Sky Sports 10 (UK Sport) a",
            "4 UK: Sky Sports 2 (UK Sport) ab",
            "5 UK: BBC News FHD (Nachrichten) b",
            "6 UK: Sky News +1 (Nachrichten) b",
        ]
    );
    assert_eq!(line_up.rules[0].touched, 4);
    let line_up = made(&["do = 'merge'\nprefer = ['b']\nany_quality = true\nname = '/BBC|Sports/'"]);
    assert_eq!(
        channels(&line_up)[3..],
        [
            "4 UK: BBC News FHD (Nachrichten) bba",
            "5 UK: Sky News +1 (Nachrichten) b",
            "6 UK: Sky Sports 2 (Sport) ba",
        ]
    );
}

#[test]
fn numbers_are_fixed_or_in_ranges_and_the_rest_takes_what_is_free() {
    let line_up = made(&[
        "do = 'number'\nnumbers = { 'uk: sky news' = 3, 'Red' = 900, 'Gone' = 4 }",
        "do = 'number'\ngroup = ['Sport', 'UK Sport']\nfrom = 2\nuntil = 4",
    ]);
    assert_eq!(
        channels(&line_up),
        [
            "1 UK: BBC News HD (UK News) a",
            "2 UK: Sky Sports 10 (UK Sport) a",
            "3 UK: Sky News (UK News) a",
            "4 UK: Sky Sports 2 (UK Sport) a",
            "5 UK: BBC News HD (Nachrichten) b",
            "6 UK: BBC News FHD (Nachrichten) b",
            "7 UK: Sky News +1 (Nachrichten) b",
            "8 UK: Sky Sports 2 (Sport) b",
            "900 Red (XXX) a",
        ]
    );
    assert_eq!(line_up.rules[0].notes, ["1 of its names are in no list, such as gone"]);
    assert_eq!(line_up.notes, ["1 channels have no room from 2 to 4"]);
}

#[test]
fn entries_and_groups_are_sorted() {
    let line_up = made(&["do = 'sort'\nkind = 'live'\nby = 'name'\ngroups = ['Sport', '/sport$/i']"]);
    assert_eq!(
        channels(&line_up)[..4],
        [
            "1 UK: Sky Sports 2 (Sport) b",
            "2 UK: Sky Sports 2 (UK Sport) a",
            "3 UK: Sky Sports 10 (UK Sport) a",
            "4 UK: BBC News HD (UK News) a",
        ]
    );
    let line_up = made(&["do = 'sort'\nkind = 'live'\nby = 'name'\nwithin = 'all'"]);
    let names: Vec<String> =
        line_up.live.iter().map(|placed| line_up.name(List::Live, placed).to_owned()).collect();
    assert_eq!(names[..3], ["Red", "UK: BBC News FHD", "UK: BBC News HD"]);
    assert_eq!(names[7..], ["UK: Sky Sports 2", "UK: Sky Sports 10"]);
}

#[test]
fn what_is_hidden_can_be_played_and_is_not_listed() {
    let line_up = made(&[
        "do = 'hide'\ngroup = 'XXX'",
        "do = 'adult'\nname = '/Film/'",
        "do = 'hide'\nkind = 'movies'\nsource = 'b'",
    ]);
    assert_eq!((line_up.live.len(), line_up.hidden[&List::Live].len()), (8, 1));
    assert!(line_up.hidden[&List::Live][0].id > 0);
    assert_eq!((line_up.movies[0].adult, line_up.movies.len()), (Some(true), 1));
    assert!(line_up.categories[&List::Live].iter().all(|group| group.category_name != "XXX"));
}

#[test]
fn one_entry_is_overridden_by_key_or_by_id() {
    let line_up = made(&[
        "do = 'override'\nkey = 'a/live/4'\nset = { name = 'Rouge', group = 'Art', number = 7, logo = 'http://l', guide = 'red.fr' }",
        "do = 'override'\nkey = 'a/live/0'\nset = { hide = true }",
        "do = 'override'\nid = 77\nset = { hide = true }",
    ]);
    assert!(channels(&line_up).contains(&"7 Rouge (Art) a".to_owned()), "{:?}", channels(&line_up));
    let placed = line_up.live.iter().find(|placed| placed.num == 7).unwrap();
    assert_eq!((placed.logo(), line_up.guide(placed)), (Some("http://l"), "red.fr"));
    assert_eq!(line_up.hidden[&List::Live].len(), 1);
    let told: Vec<String> = line_up.rules.iter().map(RuleReport::to_string).collect();
    assert_eq!(told[1], "rule 2 (coax.toml:5, override): 1");
    assert_eq!(told[2], "rule 3 (coax.toml:9, override): 0; matches nothing: correct it, or take it out");
}

#[test]
fn what_cannot_be_relayed_is_not_listed_unless_something_else_can() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::new(folder.path());
    let mut writer = Writer::new(&data, &Name::new("a").unwrap()).unwrap();
    for (id, name, url) in [
        ("1", "One", "rtsp://h/1"),
        ("2", "One", "http://h/1.m3u8"),
        ("3", "Two", "pipe://ffmpeg"),
        ("4", "Three", "rtsp://h/3"),
    ] {
        let address = Address { url: url.into(), ..Address::default() };
        let (id, name) = (id.into(), name.into());
        writer.channel(&Channel { id, name, address, ..Channel::default() }).unwrap();
    }
    let source = toml::from_str("name='a'\nkind='m3u'\nurl='http://h/l.m3u'").unwrap();
    let mut ledger = Ledger::load(&data.ids()).unwrap();
    let mut harvest = writer.finish(1, vec![]).unwrap();
    harvest.hold().unwrap();
    let parts = vec![Part { source, harvest }];
    let rules = settings("[[ingest.rule]]\ndo = 'merge'").rule;
    let line_up = LineUp::new(parts, &rules, &mut ledger).unwrap();
    let members: Vec<(u16, u32)> = line_up.live[0].members().collect();
    assert_eq!((line_up.live.len(), members), (1, vec![(0, 1), (0, 0)]));
    assert_eq!(line_up.notes, ["live: 2 entries cannot be relayed and are not listed: pipe 1, rtsp 1"]);
}

#[test]
fn a_rule_that_cannot_be_is_told_with_its_line() {
    for (rule, line, why) in [
        ("do = 'exclude'\nname = '/(/'", 5, "the expression /(/ cannot be used: unclosed group"),
        ("do = 'exclude'", 3, "give at least one of"),
        ("do = 'exclud'", 4, "did you mean `exclude`?"),
        ("do = 'hide'\nname = 'x'\nto = 'y'", 3, "rule `hide`: `to` is none of its keys"),
        ("do = 'rename'\nname = 'x'", 3, "missing field `to`"),
        ("do = 'number'\nfrom = 9\nuntil = 8", 3, "the smaller one first"),
        ("do = 'number'\nnumbers = { a = 0 }", 3, "numbers are from 1"),
        ("do = 'hide'\nkind = 'radio'", 3, "`kind` is live, movies or series"),
        ("do = 'override'\nid = 1\nset = { nam = 'x' }", 6, "did you mean `name`?"),
    ] {
        let text = format!("[ingest]\nkeep = 3\n[[ingest.rule]]\n{rule}\n");
        let error = Config::<Settings, Skip, Skip>::parse(&text, "coax.toml").unwrap_err().to_string();
        assert!(error.starts_with(&format!("coax.toml:{line}: ")) && error.contains(why), "{error}");
    }
}
