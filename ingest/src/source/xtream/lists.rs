//! The lists of a panel, asked for only if they are not as they were. A new one is received into a file that is gone
//! after the run: panels repeat credentials in them, and the harvest has what they say without.

use std::io;
use std::path::Path;

use tokio::time::timeout;

use super::entries::Element;
use super::panel::{Failure, Panel, Question};
use super::reading::{self, Basis, Glance, LARGEST, fits};
use crate::fetch::{Document, Fresh};
use crate::harvest::{Category, Channel, List, Movie, Series, Writer};

/// How much longer than whole a list may take category by category.
const TIMES: u32 = 20;

/// What is different about the three lists. They are kept under these names, too.
pub(super) const fn actions(list: List) -> (&'static str, &'static str) {
    match list {
        List::Live => ("get_live_categories", "get_live_streams"),
        List::Movies => ("get_vod_categories", "get_vod_streams"),
        List::Series => ("get_series_categories", "get_series"),
    }
}

/// What lists have entries of.
pub(super) trait Entry: Element {
    /// Adds it to the harvest; what the disk says of that.
    fn add(&self, writer: &mut Writer) -> io::Result<()>;
}

impl Entry for Channel {
    fn add(&self, writer: &mut Writer) -> io::Result<()> {
        writer.channel(self).map(drop)
    }
}

impl Entry for Movie {
    fn add(&self, writer: &mut Writer) -> io::Result<()> {
        writer.movie(self).map(drop)
    }
}

impl Entry for Series {
    fn add(&self, writer: &mut Writer) -> io::Result<()> {
        writer.series(self).map(drop)
    }
}

/// Asks for a list's categories. `None`: they are as they were.
///
/// # Errors
/// [`Failure`]
pub(super) async fn categories(
    panel: &Panel<'_>,
    list: List,
    basis: &Basis,
) -> Result<Option<(Vec<Category>, Fresh)>, Failure> {
    let Some(fresh) = whole::<Category>(panel, actions(list).0, basis).await? else { return Ok(None) };
    let keep = |all: &mut Vec<Category>, category| {
        all.push(category);
        Ok(())
    };
    let read = reading::file(fresh.path().to_owned(), basis.clone(), Vec::new(), keep);
    let (mut categories, _) = read.await?;
    let mut seen = std::collections::HashSet::new();
    categories.retain(|category| seen.insert(category.id.clone()));
    Ok(Some((categories, fresh)))
}

/// Asks for a list, all at once. `None`: it is as it was.
///
/// # Errors
/// [`Failure`]; where it may pass, the panel may still give the list category by category.
pub(super) async fn entries(panel: &Panel<'_>, list: List, basis: &Basis) -> Result<Option<Fresh>, Failure> {
    let action = actions(list).1;
    match list {
        List::Live => whole::<Channel>(panel, action, basis).await,
        List::Movies => whole::<Movie>(panel, action, basis).await,
        List::Series => whole::<Series>(panel, action, basis).await,
    }
}

async fn whole<T: Element>(panel: &Panel<'_>, action: &str, basis: &Basis) -> Result<Option<Fresh>, Failure> {
    let parameters = [("action", action)];
    let question = Question { page: "player_api.php", parameters: &parameters, patience: panel.patience() };
    let inspector = || {
        let mut glance = Glance::at::<T>(basis);
        move |piece: Option<&[u8]>| glance.see(piece)
    };
    let attempt = || async {
        match panel.list(question, (action, LARGEST), inspector).await? {
            Document::Same(_) => Ok(None),
            Document::Fresh(fresh) => Ok(Some(fresh)),
            Document::Part(_, broken) => Err(broken),
        }
    };
    panel.insist(attempt).await
}

/// Writes the list at `path` into the harvest. Answers how many elements were unusable.
///
/// # Errors
/// [`Failure`]
pub(super) async fn write(
    list: List,
    path: &Path,
    basis: &Basis,
    writer: Writer,
) -> Result<(Writer, usize), Failure> {
    async fn of<T: Entry>(path: &Path, basis: &Basis, writer: Writer) -> Result<(Writer, usize), Failure> {
        let add = |writer: &mut Writer, entry: T| entry.add(writer);
        reading::file(path.to_owned(), basis.clone(), writer, add).await
    }
    match list {
        List::Live => of::<Channel>(path, basis, writer).await,
        List::Movies => of::<Movie>(path, basis, writer).await,
        List::Series => of::<Series>(path, basis, writer).await,
    }
}

/// Asks for a list category by category and writes it into the harvest. Answers how many elements were unusable.
///
/// # Errors
/// [`Failure`]
pub(super) async fn by_category(
    panel: &Panel<'_>,
    list: List,
    categories: &[Category],
    basis: &Basis,
    writer: &mut Writer,
) -> Result<usize, Failure> {
    let asking = async {
        match list {
            List::Live => every::<Channel>(panel, list, categories, basis, writer).await,
            List::Movies => every::<Movie>(panel, list, categories, basis, writer).await,
            List::Series => every::<Series>(panel, list, categories, basis, writer).await,
        }
    };
    let patience = panel.patience() * TIMES;
    timeout(patience, asking).await.map_err(|_| Failure::Slow(patience.as_secs()))?
}

async fn every<T: Entry>(
    panel: &Panel<'_>,
    list: List,
    categories: &[Category],
    basis: &Basis,
    writer: &mut Writer,
) -> Result<usize, Failure> {
    let (mut found, mut rejects) = (0, 0);
    for category in categories {
        let parameters = [("action", actions(list).1), ("category_id", &category.id)];
        let question =
            Question { page: "player_api.php", parameters: &parameters, patience: panel.patience() };
        let ask = || async { reading::answer::<T>(panel.ask(question).await?, basis).await };
        let (entries, bad) = panel.insist(ask).await?;
        found += entries.len();
        rejects += bad;
        fits::<T>(found)?;
        for entry in entries {
            entry.add(writer).map_err(|error| Failure::Refused(super::disk(error)))?;
        }
    }
    Ok(rejects)
}
