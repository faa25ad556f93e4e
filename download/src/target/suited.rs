//! Which target something best goes to.

use std::cmp::Reverse;

use contract::bundle::Kind as What;

use super::Record;
use crate::job::Wish;

/// What is to be delivered, as far as that is known.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// What it is.
    pub kind: What,
    /// Lines of its picture.
    pub lines: Option<u32>,
    /// Its length, in bytes.
    pub bytes: Option<u64>,
}

impl Wanted {
    /// What is known of a wish. How long it is, only its source tells.
    pub fn of(wish: &Wish) -> Self {
        Self { kind: wish.kind, lines: wish.quality, bytes: None }
    }
}

/// The targets that take it, the one that suits it best first: one that is for this kind in particular, then the one with
/// the least to do for each transfer that it takes at a time, then the one with the most room. `open` says how many jobs for
/// a target have not ended; `reserve` is how many bytes are left free.
pub fn suited<'a>(
    targets: &'a [Record],
    wanted: &Wanted,
    reserve: u64,
    open: impl Fn(&Record) -> u32,
) -> Vec<&'a Record> {
    let mut all: Vec<&Record> =
        targets.iter().filter(|target| objection(target, wanted, reserve).is_none()).collect();
    all.sort_by_cached_key(|target| {
        let load = u64::from(open(target)) * 1000 / u64::from(target.max_parallel.max(1));
        let free = target.health.space.map_or(0, |space| space.free);
        (target.types.is_empty(), load, Reverse(free), target.name.clone())
    });
    all
}

/// What a target has against it, in words, if anything; `reserve` is how many bytes are left free.
pub fn objection(target: &Record, wanted: &Wanted, reserve: u64) -> Option<String> {
    if target.maintenance {
        return Some("it is in maintenance".into());
    }
    if !target.takes_jobs() {
        let why = target.health.error.as_deref().unwrap_or("nobody knows why");
        return Some(format!("it takes no files now: {why}"));
    }
    if !target.types.is_empty() && !target.types.contains(&wanted.kind) {
        let kinds: Vec<&str> = target.types.iter().map(|kind| plural(*kind)).collect();
        return Some(format!("it is for {} alone", kinds.join(" and ")));
    }
    if let Some((lines, least)) = wanted.lines.zip(target.min_q).filter(|(lines, least)| lines < least) {
        return Some(format!("it takes {least}p or better, and this is {lines}p"));
    }
    if let Some((lines, most)) = wanted.lines.zip(target.max_q).filter(|(lines, most)| lines > most) {
        return Some(format!("it takes {most}p at most, and this is {lines}p"));
    }
    let needed = wanted.bytes.unwrap_or(0).saturating_add(reserve);
    let has_room = target.health.space.is_none_or(|space| needed <= space.free);
    (!has_room).then(|| "there is no room".into())
}

const fn plural(kind: What) -> &'static str {
    match kind {
        What::Movie => "films",
        What::Episode => "episodes",
        What::Live => "recordings",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Health, Kind, Space, Status};
    use super::*;

    fn target(name: &str, free: u64) -> Record {
        let space = Some(Space { free, total: 1000 });
        let health = Health { status: Status::Online, space, ..Health::default() };
        Record { name: name.into(), health, ..Record::new(Kind::Dir) }
    }

    fn names(targets: &[Record], wanted: Wanted, busy: &str) -> String {
        let open = |target: &Record| if target.name == busy { 4 } else { 1 };
        let all = suited(targets, &wanted, 100, open);
        all.iter().map(|target| &*target.name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_film_goes_where_films_go_where_there_is_least_to_do_and_most_room() {
        let film = Wanted { kind: What::Movie, lines: Some(1080), bytes: Some(300) };
        let mut all =
            vec![target("roomy", 900), target("small", 399), target("busy", 950), target("films", 500)];
        all[3].types = vec![What::Movie];
        assert_eq!(names(&all, film, "busy"), "films roomy busy");
        assert_eq!(names(&all, Wanted { kind: What::Episode, ..film }, "busy"), "roomy busy");
        assert_eq!(names(&all, Wanted { bytes: None, ..film }, ""), "films busy roomy small");
        all[2].max_parallel = 30;
        assert_eq!(names(&all, film, "busy"), "films busy roomy");
        (all[0].min_q, all[2].max_q) = (Some(2160), Some(1080));
        assert_eq!(names(&all, film, "busy"), "films busy");
        assert_eq!(names(&all, Wanted { lines: None, ..film }, "busy"), "films busy roomy");
        (all[3].maintenance, all[2].health.status) = (true, Status::Offline);
        assert_eq!(names(&all, film, "busy"), "");
        all[0].health.space = None;
        assert_eq!(
            names(&all, Wanted { lines: Some(2160), ..film }, ""),
            "roomy",
            "who does not tell is not left out"
        );
    }

    #[test]
    fn a_target_that_does_not_take_it_says_why() {
        let film = Wanted { kind: What::Movie, lines: Some(1080), bytes: Some(300) };
        let against = |change: fn(&mut Record)| {
            let mut target = target("nas", 500);
            change(&mut target);
            objection(&target, &film, 100)
        };
        assert_eq!(against(|_| {}), None);
        for (change, why) in [
            ((|it| it.maintenance = true) as fn(&mut Record), "it is in maintenance"),
            (
                |it| (it.health.status, it.health.error) = (Status::Offline, Some("it is gone".into())),
                "it takes no files now: it is gone",
            ),
            (|it| it.types = vec![What::Episode, What::Live], "it is for episodes and recordings alone"),
            (|it| it.min_q = Some(2160), "it takes 2160p or better, and this is 1080p"),
            (|it| it.max_q = Some(720), "it takes 720p at most, and this is 1080p"),
            (|it| it.health.space = Some(Space { free: 399, total: 500 }), "there is no room"),
        ] {
            assert_eq!(against(change).as_deref(), Some(why));
        }
    }
}
