//! The lists of a panel, entry by entry while they arrive.

use std::collections::HashMap;
use std::time::Duration;

use contract::source::Source;
use tokio::time::timeout;

use super::account::said;
use super::entries::{Context, Element, Read, add};
use super::panel::{Answer, Failure, Panel, Question};
use crate::harvest::{Category, Channel, List, Listed, Movie, Places, Series};
use crate::json::{Elements, Shape, readable};

/// Rejects that no list is blamed for, however short it is.
const FORGIVEN: usize = 3;
/// The most that is read of a list; the largest known have 60 MB.
const LARGEST: u64 = 512 << 20;
/// How much longer than whole a list may take category by category.
const TIMES: u32 = 20;

/// What is different about the three lists.
pub(super) const fn actions(list: List) -> (&'static str, &'static str) {
    match list {
        List::Live => ("get_live_categories", "get_live_streams"),
        List::Movies => ("get_vod_categories", "get_vod_streams"),
        List::Series => ("get_series_categories", "get_series"),
    }
}

/// An entry that can come twice: once for every category it is in.
pub(crate) trait Entry: Element + Listed {
    /// The entry's places, to add those of a repeat to.
    fn places_mut(&mut self) -> &mut Places;
}

impl Entry for Channel {
    fn places_mut(&mut self) -> &mut Places {
        &mut self.places
    }
}

impl Entry for Movie {
    fn places_mut(&mut self) -> &mut Places {
        &mut self.places
    }
}

impl Entry for Series {
    fn places_mut(&mut self) -> &mut Places {
        &mut self.places
    }
}

/// Asks for a list's categories.
pub(super) async fn categories(
    panel: &Panel<'_>,
    list: List,
    source: &Source,
    patience: Duration,
) -> Result<Vec<Category>, Failure> {
    let parameters = [("action", actions(list).0)];
    let question = Question { page: "player_api.php", parameters: &parameters, patience };
    let context = Context { source, places: &HashMap::new() };
    let mut categories: Vec<Category> =
        panel.insist(|| async { read(panel.ask(question).await?, context).await }).await?.0;
    let mut seen = std::collections::HashSet::new();
    categories.retain(|category| seen.insert(category.id.clone()));
    Ok(categories)
}

/// Asks for a list; category by category when the panel cannot give it whole. Answers the entries, each once, and how
/// many elements were unusable.
pub(super) async fn entries<T: Entry>(
    panel: &Panel<'_>,
    list: List,
    categories: &[Category],
    source: &Source,
    patience: Duration,
) -> Result<(Vec<T>, usize), Failure> {
    let ids = categories.iter().map(|category| category.id.clone());
    let places: HashMap<String, u32> = ids.zip(0..).collect();
    let context = Context { source, places: &places };
    let (found, rejects) = match ask::<T>(panel, list, None, context, patience).await {
        Err(failure) if failure.may_pass() && !categories.is_empty() => {
            let source = source.name.as_str();
            tracing::info!(source, list = list.word(), %failure, "asking category by category");
            timeout(patience * TIMES, by_category(panel, list, categories, context, patience))
                .await
                .map_err(|_| Failure::Slow((patience * TIMES).as_secs()))??
        }
        whole => whole?,
    };
    Ok((merge(found), rejects))
}

async fn by_category<T: Entry>(
    panel: &Panel<'_>,
    list: List,
    categories: &[Category],
    context: Context<'_>,
    patience: Duration,
) -> Result<(Vec<T>, usize), Failure> {
    let (mut found, mut rejects) = (Vec::new(), 0);
    for category in categories {
        let (some, bad) = ask::<T>(panel, list, Some(&category.id), context, patience).await?;
        found.extend(some);
        rejects += bad;
        fits(&found)?;
    }
    Ok((found, rejects))
}

fn fits<T: Element>(found: &[T]) -> Result<(), Failure> {
    if found.len() <= T::MOST {
        Ok(())
    } else {
        Err(Failure::Refused(format!("there are more than {}", T::MOST)))
    }
}

/// Asks for a list, or for one category of it.
async fn ask<T: Entry>(
    panel: &Panel<'_>,
    list: List,
    category: Option<&str>,
    context: Context<'_>,
    patience: Duration,
) -> Result<(Vec<T>, usize), Failure> {
    let all = [("action", actions(list).1), ("category_id", category.unwrap_or_default())];
    let parameters = if category.is_some() { &all[..] } else { &all[..1] };
    let question = Question { page: "player_api.php", parameters, patience };
    panel.insist(|| async { read(panel.ask(question).await?, context).await }).await
}

/// Reads a list as it comes.
async fn read<T: Element>(mut answer: Answer, context: Context<'_>) -> Result<(Vec<T>, usize), Failure> {
    let mut reading = Reading::new(context);
    while let Some(chunk) = answer.chunk().await? {
        reading.push(&chunk)?;
        if answer.received() > LARGEST {
            return Err(Failure::Refused(format!("the answer is larger than {LARGEST} bytes")));
        }
    }
    reading.finish()
}

/// A list that is being received.
pub(crate) struct Reading<'a, T> {
    context: Context<'a>,
    elements: Elements,
    found: Vec<T>,
    rejects: usize,
    /// What an object says that is no list.
    refusal: Option<String>,
}

impl<'a, T: Element> Reading<'a, T> {
    /// Nothing is there yet.
    pub(crate) fn new(context: Context<'a>) -> Self {
        Self { context, elements: Elements::default(), found: Vec::new(), rejects: 0, refusal: None }
    }

    /// Takes the next piece of the answer.
    ///
    /// # Errors
    /// It is no list, or has too many entries; nothing more should be pushed then.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<(), Failure> {
        let mut elements = std::mem::take(&mut self.elements);
        elements.push(chunk, &mut |key, element| self.take(key, element))?;
        self.elements = elements;
        fits(&self.found)
    }

    /// Ends the list: its entries, and how many elements were unusable.
    ///
    /// # Errors
    /// It is not all there, or no list, or too much of it is unusable.
    pub(crate) fn finish(mut self) -> Result<(Vec<T>, usize), Failure> {
        let shape = std::mem::take(&mut self.elements).finish()?;
        self.end(shape)
    }

    fn take(&mut self, key: Option<&[u8]>, element: &[u8]) {
        match key {
            Some(b"\"user_info\"" | b"\"server_info\"") => {
                let words = "the panel answers with the account instead of a list";
                self.refusal.get_or_insert_with(|| words.into());
                return;
            }
            Some(b"\"message\"" | b"\"error\"") => {
                let words = said(element, self.context.source)
                    .map_or("the panel answers with an error".into(), |words| {
                        format!("the panel says: {words}")
                    });
                self.refusal.get_or_insert(words);
                return;
            }
            _ => {}
        }
        match readable(element, |text| T::read(text, self.context)) {
            Ok(Read::Entry(entry)) => self.found.push(entry),
            Ok(Read::Stray) => {}
            Ok(Read::Unusable) | Err(_) => self.rejects += 1,
        }
    }

    fn end(self, shape: Shape) -> Result<(Vec<T>, usize), Failure> {
        let Self { found, rejects, refusal, .. } = self;
        let total = found.len() + rejects;
        match refusal {
            Some(words) => Err(Failure::Refused(words)),
            None if shape == Shape::Object && found.is_empty() && rejects > 0 => {
                Err(Failure::Refused("the answer is an object and no list".into()))
            }
            None if (rejects > FORGIVEN && rejects * 20 > total) || (found.is_empty() && rejects > 0) => {
                Err(Failure::Refused(format!("{rejects} of {total} entries are unusable")))
            }
            None => Ok((found, rejects)),
        }
    }
}

/// Each entry once, at its first place, with the categories of all its repeats.
pub(crate) fn merge<T: Entry>(found: Vec<T>) -> Vec<T> {
    let mut at: HashMap<String, usize> = HashMap::with_capacity(found.len());
    let mut merged: Vec<T> = Vec::with_capacity(found.len());
    for entry in found {
        match at.get(entry.id()) {
            None => {
                at.insert(entry.id().to_owned(), merged.len());
                merged.push(entry);
            }
            Some(first) => {
                let places = merged[*first].places_mut();
                entry.places().iter().for_each(|place| add(*place, places));
            }
        }
    }
    merged
}
