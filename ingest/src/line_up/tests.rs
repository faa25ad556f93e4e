use contract::disk::Data;
use contract::source::Name;
use tempfile::TempDir;

use super::*;
use crate::harvest::{Category, Channel, Writer};

fn part(data: &Data, name: &str, categories: &[(&str, &str)], live: &[(&str, u32, &[u32])]) -> Part {
    let source = format!("name='{name}'\nurl='http://h'\nusername='u'\npassword='p'");
    let category = |(id, name): &(&str, &str)| Category { id: (*id).into(), name: (*name).into() };
    let mut writer = Writer::new(data, &Name::new(name).unwrap()).unwrap();
    writer.categories(List::Live, categories.iter().map(category).collect());
    for (id, num, places) in live {
        let (id, num, places) = ((*id).into(), Some(*num), places.to_vec());
        writer.channel(&Channel { id, num, places, ..Channel::default() }).unwrap();
    }
    let mut harvest = writer.finish(1, vec![]).unwrap();
    harvest.hold().unwrap();
    Part { source: toml::from_str(&source).unwrap(), harvest }
}

fn stage() -> (TempDir, Data, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::new(folder.path());
    let ledger = Ledger::load(&data.ids()).unwrap();
    (folder, data, ledger)
}

fn made(parts: Vec<Part>, ledger: &mut Ledger) -> LineUp {
    let mut line_up = LineUp::new(parts, &[], ledger).unwrap();
    line_up.number(&Before::default());
    line_up
}

/// `id num provider's-id group` of every channel.
fn channels(line_up: &LineUp) -> Vec<String> {
    let groups = line_up.groups(List::Live);
    let describe = |placed: &Placed| {
        let (part, entry) = line_up.entry(List::Live, placed);
        format!("{} {} {} {}", placed.id, placed.num, part.harvest.id(entry), groups[&placed.category])
    };
    line_up.live.iter().map(describe).collect()
}

#[test]
fn a_category_is_one_run_and_only_those_with_entries_are_listed() {
    let (_folder, data, mut ledger) = stage();
    let a = part(
        &data,
        "a",
        &[("1", "News"), ("2", "Empty"), ("3", "Sport")],
        &[("10", 1, &[2]), ("11", 2, &[0]), ("12", 3, &[]), ("13", 4, &[2, 0])],
    );
    let b = part(&data, "b", &[("9", "SPORT"), ("8", "Kids")], &[("10", 1, &[0]), ("11", 2, &[1])]);
    let line_up = made(vec![a, b], &mut ledger);
    assert_eq!(
        channels(&line_up),
        ["1 1 11 News", "2 2 10 Sport", "3 3 13 Sport", "4 4 10 Sport", "5 5 11 Kids", "6 6 12 Other"]
    );
    let names: Vec<_> = line_up.categories[&List::Live].iter().map(|it| it.category_name.as_str()).collect();
    assert_eq!(names, ["News", "Sport", "Kids", "Other"]);
    assert_eq!(line_up.categories_of(List::Live, &line_up.live[2]), [2, 1]);
}

#[test]
fn ids_stay_when_the_order_changes_and_numbers_are_the_sources_own_if_they_go_up() {
    let (_folder, data, mut ledger) = stage();
    let categories = [("1", "News")];
    let first = part(&data, "a", &categories, &[("10", 101, &[0]), ("11", 205, &[0])]);
    let line_up = made(vec![first], &mut ledger);
    assert_eq!(channels(&line_up), ["1 101 10 News", "2 205 11 News"]);
    let shuffled = part(&data, "a", &categories, &[("11", 205, &[0]), ("12", 7, &[0]), ("10", 101, &[0])]);
    let line_up = made(vec![shuffled], &mut ledger);
    assert_eq!(channels(&line_up), ["2 1 11 News", "3 2 12 News", "1 3 10 News"]);
}
