//! What somebody sees of a bundle who may not see everything: runs of entries, as a category is.

use std::ops::Range;

use bytes::Bytes;

use super::{Index, Section};

/// The lists with their categories, each list behind its own.
const LISTS: [(Section, Section); 3] = [
    (Section::LiveCategories, Section::LiveStreams),
    (Section::VodCategories, Section::VodStreams),
    (Section::SeriesCategories, Section::Series),
];

/// The categories and entries that those may see who may see the same. What is not seen is as if it were not there.
///
/// Made once and used often: an answer is pieces of the bundle, whatever is left out, and costs what its runs cost. The
/// entries of a category stand together as a rule, so those are few.
#[derive(Debug)]
pub struct View {
    /// Positions of entries, in file order, in the order of [`LISTS`].
    lists: [Seen; 3],
}

#[derive(Debug)]
struct Seen {
    categories: Vec<Range<u32>>,
    entries: Vec<Range<u32>>,
}

impl View {
    /// Everything there is.
    pub fn everything(index: &Index) -> Self {
        let all = |section| 0..index.entries(section).len() as u32;
        let whole = |section| std::iter::once(all(section)).collect();
        Self { lists: LISTS.map(|(of, list)| Seen { categories: whole(of), entries: whole(list) }) }
    }

    /// The categories of which `allows` is true, and what is in one of them. It is asked with the section of the entries
    /// and the id of the category.
    pub fn of(index: &Index, allows: impl Fn(Section, u32) -> bool) -> Self {
        let seen = |(of, list)| {
            let (mut categories, mut entries) = (Vec::new(), Vec::new());
            for (at, category) in
                (0..).zip(index.entries(of)).filter(|(_, category)| allows(list, category.id))
            {
                categories.push(at..at + 1);
                entries.extend_from_slice(index.runs(list, category.id));
            }
            Seen { categories: joined(categories), entries: joined(entries) }
        };
        Self { lists: LISTS.map(seen) }
    }

    /// The list as the JSON array of an answer: pieces of `bundle`, nothing copied. Of categories or entries; nothing of
    /// other sections is ever seen.
    pub fn list(&self, index: &Index, bundle: &Bytes, section: Section) -> Vec<Bytes> {
        index.array(bundle, section, self.runs(section))
    }

    /// The entries of one category, likewise; `[]` if it is not seen.
    pub fn category(&self, index: &Index, bundle: &Bytes, section: Section, category: u32) -> Vec<Bytes> {
        let of = LISTS.iter().find(|(_, list)| *list == section).map(|(of, _)| *of);
        let seen = of.is_some_and(|of| self.sees(index, of, category));
        index.array(bundle, section, if seen { index.runs(section, category) } else { &[] })
    }

    /// The entry with this id, as JSON.
    pub fn find(&self, index: &Index, bundle: &Bytes, section: Section, id: u32) -> Option<Bytes> {
        self.sees(index, section, id).then(|| index.find(bundle, section, id))?
    }

    /// Whether the category or the entry with this id is seen.
    pub fn sees(&self, index: &Index, section: Section, id: u32) -> bool {
        let Some(at) = index.position(section, id) else { return false };
        let runs = self.runs(section);
        let next = runs.partition_point(|run| run.start <= at);
        next.checked_sub(1).is_some_and(|run| runs[run].contains(&at))
    }

    fn runs(&self, section: Section) -> &[Range<u32>] {
        let seen = LISTS.iter().zip(&self.lists).find_map(|((of, list), seen)| match section {
            section if section == *of => Some(&seen.categories),
            section if section == *list => Some(&seen.entries),
            _ => None,
        });
        seen.map_or(&[], Vec::as_slice)
    }
}

/// Runs in order, with those made one that overlap or follow each other without a gap.
fn joined(mut runs: Vec<Range<u32>>) -> Vec<Range<u32>> {
    runs.sort_unstable_by_key(|run| run.start);
    let mut joined: Vec<Range<u32>> = Vec::new();
    for run in runs {
        match joined.last_mut() {
            Some(last) if run.start <= last.end => last.end = last.end.max(run.end),
            _ => joined.push(run),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Writer;
    use super::*;

    /// Four channels, the second of them in both categories, and a film.
    fn bundle() -> (Bytes, Index) {
        let mut writer = Writer::new(Vec::new()).unwrap();
        let category = |id: u32| json!({"category_id": id.to_string()});
        let channel = |id: u32, categories: &[u32]| json!({"stream_id": id, "category_ids": categories});
        let mut push = |section, entry: Value| writer.push(section, &entry).unwrap();
        for id in [1, 2, 3] {
            push(Section::LiveCategories, category(id));
        }
        push(Section::LiveStreams, channel(11, &[1]));
        push(Section::LiveStreams, channel(12, &[2, 1]));
        push(Section::LiveStreams, channel(13, &[3]));
        push(Section::LiveStreams, channel(14, &[2]));
        push(Section::VodCategories, category(7));
        push(Section::VodStreams, channel(21, &[7]));
        push(Section::Playables, json!({"id": 11}));
        let bundle = Bytes::from(writer.finish().unwrap());
        let index = Index::read(&bundle).unwrap();
        (bundle, index)
    }

    fn ids(pieces: &[Bytes]) -> Vec<u64> {
        let list: Vec<Value> = serde_json::from_slice(&pieces.concat()).unwrap();
        let id = |entry: &Value| {
            entry["stream_id"].as_u64().or_else(|| entry["category_id"].as_str()?.parse().ok())
        };
        list.iter().map(|entry| id(entry).unwrap()).collect()
    }

    #[test]
    fn what_is_not_allowed_is_as_if_it_were_not_there() {
        let (bundle, index) = bundle();
        let view = View::of(&index, |section, id| section == Section::LiveStreams && id != 2);
        let list = |section| ids(&view.list(&index, &bundle, section));
        let category = |id| ids(&view.category(&index, &bundle, Section::LiveStreams, id));
        assert_eq!(list(Section::LiveCategories), [1, 3]);
        assert_eq!(list(Section::LiveStreams), [11, 12, 13], "each once, in order");
        assert_eq!((category(1), category(2), category(99)), (vec![11, 12], vec![], vec![]));
        assert_eq!((list(Section::VodCategories), list(Section::VodStreams)), (vec![], vec![]));
        let found = |section, id| view.find(&index, &bundle, section, id).is_some();
        assert!(found(Section::LiveStreams, 12) && !found(Section::LiveStreams, 14));
        assert!(!found(Section::VodStreams, 21) && !found(Section::LiveStreams, 99));
        assert!(list(Section::Playables).is_empty() && !found(Section::Playables, 11), "nobody sees those");
    }

    #[test]
    fn whoever_sees_everything_has_the_lists_as_they_stand() {
        let (bundle, index) = bundle();
        let views = [View::everything(&index), View::of(&index, |_, _| true)];
        for section in LISTS.into_iter().flat_map(|(of, list)| [of, list]) {
            let expected = index.list(&bundle, section).concat();
            assert!(views.iter().all(|view| view.list(&index, &bundle, section).concat() == expected));
        }
        let nothing = View::of(&index, |_, _| false);
        assert!(ids(&nothing.list(&index, &bundle, Section::LiveStreams)).is_empty());
    }
}
