//! Which target something best goes to.

use std::cmp::Reverse;

use contract::bundle::Kind as What;

use super::Record;

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

/// The targets that take it, the one that suits it best first: one that is for this kind in particular, then the one with
/// the least to do for each transfer that it takes at a time, then the one with the most room. `open` says how many jobs for
/// a target have not ended; `reserve` is how many bytes are left free.
pub fn suited<'a>(
    targets: &'a [Record],
    wanted: &Wanted,
    reserve: u64,
    open: impl Fn(&Record) -> u32,
) -> Vec<&'a Record> {
    let mut all: Vec<&Record> = targets.iter().filter(|target| takes(target, wanted, reserve)).collect();
    all.sort_by_cached_key(|target| {
        let load = u64::from(open(target)) * 1000 / u64::from(target.max_parallel.max(1));
        let free = target.health.space.map_or(0, |space| space.free);
        (target.types.is_empty(), load, Reverse(free), target.name.clone())
    });
    all
}

fn takes(target: &Record, wanted: &Wanted, reserve: u64) -> bool {
    let is_for_it = target.types.is_empty() || target.types.contains(&wanted.kind);
    let fits = wanted.lines.is_none_or(|lines| {
        target.min_q.is_none_or(|least| lines >= least) && target.max_q.is_none_or(|most| lines <= most)
    });
    let has_room = target
        .health
        .space
        .is_none_or(|space| wanted.bytes.unwrap_or(0).saturating_add(reserve) <= space.free);
    target.takes_jobs() && is_for_it && fits && has_room
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
}
