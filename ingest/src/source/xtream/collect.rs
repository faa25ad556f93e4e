//! From answers of a panel to a harvest: what is as it was is taken from the last one, and if everything is, that is it.

use std::collections::BTreeMap;

use contract::source::Source;
use contract::zone::Zone;

use super::lists;
use super::panel::Panel;
use super::reading::Basis;
use crate::fetch::{Fresh, forget};
use crate::gather::Gathering;
use crate::harvest::{Category, Harvest, Head, List, Writer, again};
use crate::line_up::item;

/// What was asked of a panel, and is not a harvest yet.
pub(super) struct Collected<'a> {
    run: &'a Gathering<'a>,
    source: &'a Source,
    panel: &'a Panel<'a>,
    last: Option<&'a Head>,
    categories: BTreeMap<List, Vec<Category>>,
    /// Categories that are not as they were.
    documents: Vec<Fresh>,
    /// Lists that are not written yet, in their order; those without a document are as they were.
    waiting: Vec<(List, Option<Fresh>)>,
    /// What has been written of the others.
    writer: Option<Writer>,
    notes: Vec<String>,
}

impl<'a> Collected<'a> {
    /// Nothing yet of `source`, which is this panel; its last good harvest said `last`.
    pub(super) const fn new(
        run: &'a Gathering<'a>,
        (source, panel): (&'a Source, &'a Panel<'a>),
        last: Option<&'a Head>,
    ) -> Self {
        Self {
            run,
            source,
            panel,
            last,
            categories: BTreeMap::new(),
            documents: Vec::new(),
            waiting: Vec::new(),
            writer: None,
            notes: Vec::new(),
        }
    }

    /// Asks for the categories of a list. Answers how many there are.
    ///
    /// # Errors
    /// Why there are none, in words without an address; so below.
    pub(super) async fn categories(&mut self, list: List) -> Result<usize, String> {
        let before = self.last.and_then(|last| last.categories.get(&list));
        if before.is_none() {
            self.forget(lists::actions(list).0)?;
        }
        let asked = lists::categories(self.panel, list, &Basis::new(self.source, [])).await;
        let categories = match asked.map_err(|failure| format!("{} categories: {failure}", list.word()))? {
            None => before.cloned().unwrap_or_default(),
            Some((categories, fresh)) => {
                // The last harvest has no trace of a category that was unknown then.
                self.forget(lists::actions(list).1)?;
                self.documents.push(fresh);
                categories
            }
        };
        let count = categories.len();
        self.categories.insert(list, categories);
        Ok(count)
    }

    /// Asks for a list, after all categories; category by category when the panel cannot give it whole.
    pub(super) async fn list(&mut self, list: List) -> Result<(), String> {
        let says = |failure| format!("{}: {failure}", list.word());
        let action = lists::actions(list).1;
        if self.last.is_none() {
            self.forget(action)?;
        }
        let basis = self.basis(list);
        match lists::entries(self.panel, list, &basis).await {
            Ok(fresh) => self.waiting.push((list, fresh)),
            Err(failure) if failure.may_pass() && !self.of(list).is_empty() => {
                let source = self.source.name.as_str();
                tracing::info!(source, list = list.word(), %failure, "asking category by category");
                // What was said of it whole once says nothing of what comes in pieces.
                self.forget(action)?;
                let mut writer = self.write().await?;
                let asked = lists::by_category(self.panel, list, self.of(list), &basis, &mut writer).await;
                self.note(list, asked.map_err(says)?);
                self.writer = Some(writer);
            }
            Err(failure) => return Err(says(failure)),
        }
        Ok(())
    }

    /// The harvest, and what was odd about it: the last one, if everything is as it was then and accounts allow as many
    /// connections by the same clock.
    pub(super) async fn harvest(
        mut self,
        connections: Vec<u32>,
        zone: Zone,
    ) -> Result<(Harvest, Vec<String>), String> {
        let fresh = self.waiting.iter().any(|(_, fresh)| fresh.is_some());
        let same = !fresh && self.documents.is_empty() && self.writer.is_none();
        if same && self.last.is_some_and(|last| last.connections == connections && last.zone == zone) {
            let last = Harvest::last(self.run.data, &self.source.name);
            let last = last.ok_or_else(|| self.damaged("no harvest"))?;
            let notes = last.head.notes.clone();
            return Ok((last, notes));
        }
        let mut writer = self.write().await?;
        for (list, categories) in self.categories {
            writer.categories(list, categories);
        }
        writer.notes(self.notes.clone());
        writer.zone(zone);
        let harvest = writer.finish(self.run.now, connections).map_err(super::disk)?;
        Ok((harvest.read_from(self.documents), self.notes))
    }

    /// Writes what is waiting.
    async fn write(&mut self) -> Result<Writer, String> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => Writer::new(self.run.data, &self.source.name).map_err(super::disk)?,
        };
        for (list, fresh) in std::mem::take(&mut self.waiting) {
            let Some(fresh) = fresh else {
                writer = self.again(list, writer).await?;
                continue;
            };
            let written = lists::write(list, fresh.path(), &self.basis(list), writer).await;
            let rejects;
            (writer, rejects) = written.map_err(|failure| format!("{}: {failure}", list.word()))?;
            self.note(list, rejects);
            self.documents.push(fresh);
        }
        Ok(writer)
    }

    /// Writes a list that is as it was.
    async fn again(&mut self, list: List, mut writer: Writer) -> Result<Writer, String> {
        let (data, name) = (self.run.data.clone(), self.source.name.clone());
        let writing = tokio::task::spawn_blocking(move || {
            again(&data, &name, item(list), &mut writer)?;
            Ok::<_, std::io::Error>(writer)
        });
        let written = writing.await.unwrap_or_else(|broken| Err(std::io::Error::other(broken)));
        let of = format!("{}: ", list.word());
        let notes = self.last.map_or(&[][..], |last| &last.notes).iter();
        self.notes.extend(notes.filter(|note| note.starts_with(&of)).cloned());
        written.map_err(|error| self.damaged(&crate::disk::words(&error)))
    }

    /// What to say of a harvest that is there and cannot be read: the next run asks for everything.
    fn damaged(&self, why: &str) -> String {
        let actions = List::ALL.map(lists::actions);
        let forgotten =
            actions.iter().flat_map(|(one, other)| [one, other]).try_for_each(|it| self.forget(it));
        let then = forgotten.map_or_else(|words| words, |()| "the next run asks for all lists again".into());
        format!("the last harvest is damaged ({why}); {then}")
    }

    /// The next time this is asked for without conditions.
    fn forget(&self, action: &str) -> Result<(), String> {
        forget(&self.panel.place(action)).map_err(super::disk)
    }

    fn note(&mut self, list: List, rejects: usize) {
        if rejects > 0 {
            self.notes.push(format!("{}: {rejects} unusable entries left out", list.word()));
        }
    }

    fn of(&self, list: List) -> &[Category] {
        self.categories.get(&list).map_or(&[], Vec::as_slice)
    }

    fn basis(&self, list: List) -> Basis {
        Basis::new(self.source, self.of(list).iter().map(|category| category.id.as_str()))
    }
}
