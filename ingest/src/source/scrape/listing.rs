//! The pages of one source together, and from their rows to a harvest.

use contract::ace::DIGITS;
use contract::source::Source;

use super::rows::{Leads, Row, Rows};
use super::{Page, Reading};
use crate::gate::Gate;
use crate::gather::{Gathering, Taken};
use crate::harvest::{Address, Channel, Head, List, Pushed, Writer};
use crate::progress::Bar;
use crate::tidy;

/// The most pages of which a reason is told one by one.
const MOST_REASONS: usize = 20;

/// What the pages of a source gave so far.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    rows: Rows,
    read: usize,
    refused: usize,
    reasons: Vec<String>,
}

impl Listing {
    /// Reads a page that was received from `place`, which is told to people.
    pub(crate) fn page(&mut self, reading: &Reading, place: &str, page: &Page<'_>) {
        match reading.read(page, &mut self.rows) {
            Ok(()) => self.read += 1,
            Err(why) => self.missing(place, &why.to_string()),
        }
    }

    /// Counts a page that gave nothing.
    pub(crate) fn missing(&mut self, place: &str, why: &str) {
        self.refused += 1;
        if self.reasons.len() < MOST_REASONS {
            self.reasons.push(format!("{place}: {why}"));
        }
    }

    /// The channels of all pages, and notes. One page that is dead does not take the others with it.
    ///
    /// # Errors
    /// Why no page gave anything.
    pub(crate) fn finish(self) -> Result<(Vec<Row>, Vec<String>), String> {
        let (rows, notes) = self.rows.finish();
        let mut reasons = self.reasons;
        if self.refused > MOST_REASONS {
            reasons.push(format!("{} further pages gave nothing", self.refused - MOST_REASONS));
        }
        if self.read == 0 {
            return Err(reasons.join("; "));
        }
        reasons.extend(notes);
        Ok((rows, reasons))
    }
}

/// Writes rows as the harvest of `source`, judged against `last`.
///
/// # Errors
/// What is refused and why, in words without an address.
pub(crate) fn harvested(
    run: &Gathering<'_>,
    source: &Source,
    rows: &[Row],
    last: Option<&Head>,
    bar: &Bar,
) -> Result<Taken, String> {
    let disk = |error: std::io::Error| format!("the harvest cannot be written: {error}");
    let mut notes = Vec::new();
    let mut writer = Writer::new(run.data, &source.name).map_err(disk)?;
    let (mut without_category, mut too_many) = (0, 0);
    for row in rows {
        let mut channel = channel(row, source);
        if !row.category.is_empty() {
            let category = tidy::masked(row.category.as_str().into(), source);
            channel.places.extend(writer.category(List::Live, &category));
            without_category += u64::from(channel.places.is_empty());
        }
        too_many += u64::from(writer.channel(&channel).map_err(disk)? == Pushed::Full);
    }
    if without_category > 0 {
        notes.push(format!("{without_category} channels lost their category: there are too many"));
    }
    if too_many > 0 {
        notes.push(format!("{too_many} channels left out: there are too many"));
    }
    let count = writer.count(crate::harvest::Item::Channel).into();
    let before = last.and_then(|last| last.counts.get(List::Live.word())).copied().unwrap_or(0);
    notes.extend(Gate::new(run.data, source, run.settings).judge(List::Live.word(), count, before)?);
    bar.found(List::Live.word(), count);
    // One account, of which nothing is known: an engine says nothing of how much it allows.
    let harvest = writer.finish(run.now, vec![0]).map_err(disk)?;
    Ok(Taken { harvest: Some(harvest), guides: Vec::new(), notes, ends: None })
}

/// A row as a channel. Its id is what it leads to and not where it stood, so that pages may move and be sorted anew.
fn channel(row: &Row, source: &Source) -> Channel {
    let (id, url) = match &row.leads {
        Leads::Ace(id) => (id.hex().to_owned(), id.to_string()),
        // SECURITY: an id is told in reports, and an address may hold credentials.
        Leads::Web(address) => {
            (blake3::hash(address.as_bytes()).to_hex()[..DIGITS].to_owned(), address.clone())
        }
    };
    let name = match row.name.as_str() {
        "" => format!("Channel {}", id.get(..8).unwrap_or(&id)),
        name => tidy::masked(name.into(), source).into_owned(),
    };
    Channel {
        id,
        name,
        icon: tidy::picture(&row.logo, source),
        guide: tidy::masked(row.guide.as_str().into(), source).into_owned(),
        address: Address { url, ..Address::default() },
        ..Channel::default()
    }
}
