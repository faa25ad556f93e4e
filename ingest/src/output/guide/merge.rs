//! The programmes of one channel out of several guides: a better guide says what is on, and the next one fills what it
//! leaves open.

use crate::guide::Programme;

/// How long a programme is at most that has no end, in seconds, and how long the last one of a channel is (spec 20.2).
const LONGEST: u32 = 6 * 3600;
const LAST: u32 = 3600;

/// Merges the programmes of guides, of which the one that counts most comes first.
///
/// The result is sorted, nothing overlaps, everything has an end. A programme of a lesser guide is used where no better
/// one says anything. Where it reaches into what a better one says it is cut there, if at least half of it is left: a
/// gap after a film that ran two minutes late would be worse. With less it is dropped, since its title would be beside
/// the time at which it is shown.
pub(crate) fn merge<'a>(guides: impl IntoIterator<Item = Vec<Programme<'a>>>) -> Vec<Programme<'a>> {
    let mut merged = Vec::new();
    for guide in guides {
        let guide = in_order(guide);
        merged = if merged.is_empty() { guide } else { filled(merged, guide) };
    }
    merged
}

/// The programmes of one guide: sorted, one for each start (the one that says most), none beyond the start of the next,
/// each with an end.
fn in_order(mut all: Vec<Programme<'_>>) -> Vec<Programme<'_>> {
    all.sort_by_key(|programme| (programme.start, usize::MAX - programme.text.len()));
    all.dedup_by_key(|programme| programme.start);
    let mut next = None;
    for programme in all.iter_mut().rev() {
        let Programme { start, stop, .. } = *programme;
        programme.stop = match (Some(stop).filter(|stop| *stop > start), next) {
            (Some(stop), Some(next)) => stop.min(next),
            (Some(stop), None) => stop,
            (None, Some(next)) => next.min(start.saturating_add(LONGEST)),
            (None, None) => start.saturating_add(LAST),
        };
        next = Some(start);
    }
    all.retain(|programme| programme.stop > programme.start); // at the end of time
    all
}

/// `better` and what of `lesser` lies in its gaps; both in order.
fn filled<'a>(better: Vec<Programme<'a>>, lesser: Vec<Programme<'a>>) -> Vec<Programme<'a>> {
    let mut all = Vec::with_capacity(better.len() + lesser.len());
    let mut at = 0;
    for programme in lesser {
        // The first that ends after this one begins is the first that can be in its way.
        while let Some(before) = better.get(at).filter(|better| better.stop <= programme.start) {
            all.push(*before);
            at += 1;
        }
        let covered = better.get(at).filter(|better| better.start <= programme.start);
        let next = better.get(at + usize::from(covered.is_some()));
        let start = covered.map_or(programme.start, |better| better.stop);
        let stop = next.map_or(programme.stop, |next| next.start.min(programme.stop));
        let left = stop.saturating_sub(start);
        if left > 0 && left >= (programme.stop - programme.start).div_ceil(2) {
            all.extend(covered);
            at += usize::from(covered.is_some());
            all.push(Programme { start, stop, ..programme });
        }
    }
    all.extend(&better[at..]);
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn programme(start: u32, stop: u32, text: &str) -> Programme<'_> {
        Programme { start, stop, text: text.as_bytes(), catchup: b"" }
    }

    fn merged(guides: &[&[(u32, u32, &'static str)]]) -> Vec<(u32, u32, String)> {
        let guides =
            guides.iter().map(|guide| guide.iter().map(|(a, b, text)| programme(*a, *b, text)).collect());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        merge(guides).into_iter().map(|it| (it.start, it.stop, text(it.text))).collect()
    }

    fn owned(expected: &[(u32, u32, &str)]) -> Vec<(u32, u32, String)> {
        expected.iter().map(|(start, stop, text)| (*start, *stop, (*text).to_owned())).collect()
    }

    #[test]
    fn programmes_do_not_overlap_and_all_have_an_end() {
        let guide = [
            (3600, 9000, "b"),
            (0, 3600, "a"),
            (0, 0, "longer"),
            (7200, 0, "c"),
            (90_000, 0, "d"),
            (95_000, 7, "e"),
        ];
        let expected = [
            (0, 3600, "longer"),
            (3600, 7200, "b"),
            (7200, 28_800, "c"),
            (90_000, 95_000, "d"),
            (95_000, 98_600, "e"),
        ];
        assert_eq!(merged(&[&guide]), owned(&expected));
    }

    #[test]
    fn a_lesser_guide_fills_what_the_better_one_leaves_open() {
        let better = [(100, 200, "A"), (300, 400, "B")];
        for (lesser, expected) in [
            // Before, between, after, and in the place of.
            (&[(0, 100, "x")][..], &[(0, 100, "x"), (100, 200, "A"), (300, 400, "B")][..]),
            (&[(200, 300, "x")], &[(100, 200, "A"), (200, 300, "x"), (300, 400, "B")]),
            (
                &[(400, 450, "x"), (450, 500, "y")],
                &[(100, 200, "A"), (300, 400, "B"), (400, 450, "x"), (450, 500, "y")],
            ),
            (&[(100, 200, "x"), (320, 380, "y")], &[(100, 200, "A"), (300, 400, "B")]),
            // Reaching in: cut if half is left.
            (
                &[(190, 260, "x"), (260, 310, "y")],
                &[(100, 200, "A"), (200, 260, "x"), (260, 300, "y"), (300, 400, "B")],
            ),
            (&[(140, 220, "x"), (290, 400, "y")], &[(100, 200, "A"), (300, 400, "B")]),
            (&[(150, 250, "x")], &[(100, 200, "A"), (200, 250, "x"), (300, 400, "B")]),
            // Around the better one, of which the part before counts.
            (&[(0, 210, "x")], &[(100, 200, "A"), (300, 400, "B")]),
            (&[(0, 200, "x")], &[(0, 100, "x"), (100, 200, "A"), (300, 400, "B")]),
            (&[(0, 1000, "x")], &[(100, 200, "A"), (300, 400, "B")]),
        ] {
            assert_eq!(merged(&[&better, lesser]), owned(expected), "{lesser:?}");
        }
        assert_eq!(merged(&[&[], &better]), owned(&better));
        assert_eq!(merged(&[&better, &[]]), owned(&better));
    }

    #[test]
    fn the_third_guide_fills_what_two_leave_open() {
        let found = merged(&[
            &[(100, 200, "A")],
            &[(100, 200, "b"), (300, 400, "B")],
            &[(200, 300, "C"), (350, 450, "c")],
        ]);
        assert_eq!(found, owned(&[(100, 200, "A"), (200, 300, "C"), (300, 400, "B"), (400, 450, "c")]));
    }

    proptest! {
        #[test]
        fn whatever_guides_say_the_best_is_kept_and_nothing_overlaps(
            guides in prop::collection::vec(prop::collection::vec((any::<u32>(), any::<u32>()), 0..20), 0..4),
            narrow: bool,
        ) {
            let limit = if narrow { 1000 } else { u32::MAX };
            let of = |guide: &Vec<(u32, u32)>| -> Vec<Programme<'static>> {
                guide.iter().map(|(start, stop)| programme(start % limit, stop % limit, "")).collect()
            };
            let found = merge(guides.iter().map(of));
            prop_assert!(found.iter().all(|it| it.start < it.stop));
            prop_assert!(found.windows(2).all(|pair| pair[0].stop <= pair[1].start));
            if let Some(best) = guides.first() {
                let best = in_order(of(best));
                prop_assert!(best.iter().all(|programme| found.contains(programme)));
            }
        }
    }
}
