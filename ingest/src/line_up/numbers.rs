//! The numbers that people type: ascending along the line-up, and the same as before wherever that is possible.
//!
//! Rules come first. What is left takes the numbers between: of the channels that had a number in the release before, as
//! many as possible keep it, and only where there is no room neighbours move.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use contract::bundle::{Scan, Section};
use contract::ids;
use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::table::Desired;
use super::{LineUp, Placed};
use crate::harvest::List;
use crate::rules::Order;

/// The numbers of a release, by our ids.
#[derive(Debug, Default)]
pub(crate) struct Before(FxHashMap<u32, u32>);

impl Before {
    /// Those of the release in `folder`; none if it cannot be read.
    pub(crate) fn of_release(folder: &Path) -> Self {
        #[derive(Deserialize)]
        struct Numbered {
            stream_id: u32,
            num: u32,
        }
        let mut numbers = FxHashMap::default();
        let Ok(file) = File::open(folder.join(contract::release::BUNDLE)) else { return Self::default() };
        let mut scan = Scan::new(BufReader::with_capacity(1 << 18, file));
        loop {
            match scan.entry() {
                Ok(Some(entry)) if entry.section == Section::LiveCategories => {}
                Ok(Some(entry)) if entry.section == Section::LiveStreams => {
                    if let Ok(Numbered { stream_id, num }) = serde_json::from_str(entry.json) {
                        numbers.insert(stream_id, num);
                    }
                }
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "the numbers of the current release cannot be read");
                    break;
                }
            }
        }
        Self(numbers)
    }

    fn number(&self, id: u32) -> u32 {
        self.0.get(&id).copied().unwrap_or(0)
    }
}

impl LineUp {
    /// Numbers the channels, once their guides are known, and orders them by number.
    pub(crate) fn number(&mut self, before: &Before) {
        let desired: Vec<Desired> = self.live.iter().map(|placed| Desired::decode(placed.num)).collect();
        let mut numbers = vec![0; self.live.len()];
        let mut taken = self.fixed(&desired, &mut numbers);
        self.inherited(&desired, before, &mut numbers, &mut taken);
        let mut all: Vec<u32> = (0..self.live.len() as u32).collect();
        for (run_at, run) in self.runs.iter().enumerate() {
            let mut members: Vec<u32> =
                all.iter().copied().filter(|at| desired[*at as usize].run() == Some(run_at)).collect();
            if run.order == Order::Guide {
                let place = |at: &u32| self.programming.position(self.guide(&self.live[*at as usize]));
                members.sort_by_cached_key(|at| place(at).unwrap_or((usize::MAX, 0)));
            }
            let had: Vec<u32> = members.iter().map(|at| before.number(self.live[*at as usize].id)).collect();
            let given = sticky(&had, (run.from, run.until), &taken);
            let left = members.len() - given.len();
            if left > 0 {
                self.notes.push(format!("{left} channels have no room from {} to {}", run.from, run.until));
            }
            for (at, number) in members.iter().zip(&given) {
                numbers[*at as usize] = *number;
            }
            taken.extend(given);
            taken.sort_unstable();
        }
        all.retain(|at| numbers[*at as usize] == 0);
        let own = if before.0.is_empty() { self.own() } else { None };
        let had = |at: &u32| match &own {
            Some(own) => own[*at as usize],
            None => before.number(self.live[*at as usize].id),
        };
        let had: Vec<u32> = all.iter().map(had).collect();
        let given = sticky(&had, (1, ids::MAX), &taken);
        for (at, number) in all.iter().zip(given) {
            numbers[*at as usize] = number;
        }
        for (placed, number) in self.live.iter_mut().zip(numbers) {
            placed.num = number;
        }
        self.live.sort_by_key(|placed| placed.num);
    }

    /// Enters the numbers that rules say one by one; the first channel has it when several want one. Answers them,
    /// sorted.
    fn fixed(&mut self, desired: &[Desired], numbers: &mut [u32]) -> Vec<u32> {
        let mut wanted: Vec<(u32, usize)> =
            desired.iter().zip(0..).filter_map(|(it, at)| Some((it.number()?, at))).collect();
        wanted.sort_unstable();
        let all = wanted.len();
        wanted.dedup_by_key(|(number, _)| *number);
        if wanted.len() < all {
            let twice = all - wanted.len();
            self.notes.push(format!("{twice} channels want a number that another one has, and get others"));
        }
        for (number, at) in &wanted {
            numbers[*at] = *number;
        }
        wanted.into_iter().map(|(number, _)| number).collect()
    }

    /// Enters the numbers of channels whose first source has gone: what is left of them stands elsewhere, perhaps in another
    /// group, and they are still the same.
    fn inherited(&self, desired: &[Desired], before: &Before, numbers: &mut [u32], taken: &mut Vec<u32>) {
        if self.heirs.is_empty() {
            return;
        }
        for (at, placed) in self.live.iter().enumerate() {
            let number = before.number(placed.id);
            let free = desired[at] == Desired::default() && taken.binary_search(&number).is_err();
            if number > 0 && free && self.heirs.contains(&placed.id) {
                numbers[at] = number;
            }
        }
        taken.extend(numbers.iter().filter(|number| **number > 0));
        taken.sort_unstable();
        taken.dedup();
    }

    /// The numbers of the sources, if they go up along the line-up.
    fn own(&self) -> Option<Vec<u32>> {
        let own = |placed: &Placed| self.entry(List::Live, placed).1.num;
        let own: Vec<u32> = self.live.iter().map(own).collect();
        (own.first() > Some(&0) && own.is_sorted_by(|a, b| a < b)).then_some(own)
    }
}

/// Ascending numbers from `from` to `until` (inclusive) that are not among `taken` (sorted), for channels that `had`
/// numbers (0: none); as many as there is room for.
fn sticky(had: &[u32], (from, until): (u32, u32), taken: &[u32]) -> Vec<u32> {
    let free = Free::new(from, until, taken);
    let count = had.len().min(free.count);
    // A number can be kept if there is room before it and behind it; two can, if there is room between.
    let room = free.count - count;
    let kept: Vec<(usize, usize)> = (had[..count].iter().enumerate())
        .filter_map(|(at, number)| Some((at, free.rank(*number)?.checked_sub(at)?)))
        .filter(|(_, before)| *before <= room)
        .collect();
    let mut ranks: Vec<usize> = Vec::with_capacity(count);
    for (at, before) in longest(&kept) {
        // Newcomers stand right behind what they follow, at the beginning right before what they precede.
        let mut next = ranks.last().map_or(before, |last| last + 1);
        while ranks.len() < at {
            ranks.push(next);
            next += 1;
        }
        ranks.push(at + before);
    }
    let next = ranks.last().map_or(0, |last| last + 1);
    ranks.extend(next..next + (count - ranks.len()));
    ranks.into_iter().map(|rank| free.number(rank)).collect()
}

/// The longest selection of `all`, in order, whose second values never go down.
fn longest(all: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length, the position in `all` where the best selection of that length ends: that with the least value.
    let mut ends: Vec<u32> = Vec::new();
    let mut previous: Vec<u32> = Vec::with_capacity(all.len());
    for (at, (_, value)) in (0..).zip(all) {
        let length = ends.partition_point(|end| all[*end as usize].1 <= *value);
        previous.push(length.checked_sub(1).map_or(at, |shorter| ends[shorter]));
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut selected = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(at) = next {
        selected.push(all[at as usize]);
        let before = previous[at as usize];
        next = (before != at).then_some(before);
    }
    selected.reverse();
    selected
}

/// Numbers that are not taken; each has a rank among them, counted from 0.
struct Free<'a> {
    from: u32,
    until: u32,
    /// Those of the range, sorted.
    taken: &'a [u32],
    count: usize,
}

impl<'a> Free<'a> {
    fn new(from: u32, until: u32, taken: &'a [u32]) -> Self {
        let first = taken.partition_point(|number| *number < from);
        let taken = &taken[first..taken.partition_point(|number| *number <= until)];
        let count = (until - from) as usize + 1 - taken.len();
        Self { from, until, taken, count }
    }

    fn rank(&self, number: u32) -> Option<usize> {
        let in_range = (self.from..=self.until).contains(&number);
        let before = self.taken.binary_search(&number).err().filter(|_| in_range)?;
        Some((number - self.from) as usize - before)
    }

    fn number(&self, rank: usize) -> u32 {
        // As many as are taken before the free number of this rank.
        let (mut low, mut high) = (0, self.taken.len());
        while low < high {
            let middle = (low + high) / 2;
            let free_before = (self.taken[middle] - self.from) as usize - middle;
            if free_before <= rank { low = middle + 1 } else { high = middle }
        }
        self.from + (rank + low) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_keep_its_number_does_and_only_where_there_is_no_room_neighbours_move() {
        for (had, range, taken, expected) in [
            (&[][..], (1, 9), &[][..], &[][..]),
            (&[0, 0, 0], (1, 9), &[], &[1, 2, 3]),
            (&[101, 205], (1, 999), &[], &[101, 205]),
            (&[0, 101, 0, 205, 0], (1, 999), &[], &[100, 101, 102, 205, 206]),
            (&[1, 0, 2, 5], (1, 9), &[], &[1, 2, 3, 5]),
            (&[1, 0, 2, 3, 4], (1, 9), &[], &[1, 2, 3, 4, 5]),
            (&[1, 4, 2, 3], (1, 9), &[], &[1, 4, 5, 6]),
            (&[3, 1, 2, 0], (1, 6), &[], &[3, 4, 5, 6]),
            (&[3, 1, 2, 0], (1, 4), &[], &[1, 2, 3, 4]),
            (&[1, 2, 3], (1, 9), &[2], &[1, 3, 4]),
            (&[9, 0], (1, 9), &[], &[1, 2]),
            (&[0, 9, 8], (1, 9), &[1, 2, 3], &[6, 7, 8]),
            (&[0, 0, 0], (4, 5), &[], &[4, 5]),
            (&[7, 0], (1, 9), &[5, 6, 8], &[7, 9]),
        ] {
            assert_eq!(sticky(had, range, taken), expected, "{had:?} {range:?} {taken:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn numbers_go_up_and_none_is_taken(
            had in proptest::collection::vec(0_u32..60, 0..40),
            taken in proptest::collection::btree_set(1_u32..60, 0..20),
        ) {
            let taken: Vec<u32> = taken.into_iter().collect();
            let given = sticky(&had, (1, 1000), &taken);
            proptest::prop_assert_eq!(given.len(), had.len());
            proptest::prop_assert!(given.is_sorted_by(|a, b| a < b));
            proptest::prop_assert!(given.iter().all(|number| !taken.contains(number)));
            proptest::prop_assert_eq!(&sticky(&given, (1, 1000), &taken), &given);
        }
    }
}
