//! What is on: the programmes of all guides, by the channel ids that are published.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use contract::disk::{Access, Data, replace};
use contract::source::{Origin, Source, Xmltv};

use crate::Settings;
use crate::gate::Gate;
use crate::guide::time::Clock;
use crate::guide::{self, Facts, GuideError, Spool, Wanted};
use crate::harvest::PROGRAMMES;
use crate::line_up::LineUp;

/// The guides of a run, in order of priority, and which of their channels is which of ours.
#[derive(Debug, Default)]
pub(crate) struct Programming {
    spools: Vec<Spool>,
    /// For each id that is published: positions in `spools` and the guide's own ids, in order of priority.
    channels: HashMap<String, Vec<(usize, String)>>,
}

impl Programming {
    /// Guides in order of priority.
    pub(crate) fn new(spools: Vec<Spool>) -> Self {
        Self { spools, channels: HashMap::new() }
    }

    /// Finds the guide channel that a source calls `id`, in whatever case, in all guides. Answers the id to publish: the
    /// spelling of the guide that comes first.
    pub(crate) fn find(&mut self, id: &str) -> Option<String> {
        let spelt = |(at, spool): (usize, &Spool)| Some((at, spool.spelling(id)?.to_owned()));
        let found: Vec<(usize, String)> = self.spools.iter().enumerate().filter_map(spelt).collect();
        let (_, first) = found.first()?;
        let first = first.clone();
        self.channels.entry(first.clone()).or_insert(found);
        Some(first)
    }

    /// The programmes of the channel that is published as `id`, guide by guide in order of priority; each as
    /// [`Spool::read`] gives them.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn read(&self, id: &str) -> io::Result<Vec<Vec<u8>>> {
        let found = self.channels.get(id).map_or(&[][..], Vec::as_slice);
        found
            .iter()
            .map(|(at, id)| {
                let mut bytes = Vec::new();
                self.spools[*at].read(id, &mut bytes).map(|()| bytes)
            })
            .collect()
    }
}

/// The guide channels that a line-up asks for.
pub(crate) fn wanted(line_up: &LineUp) -> Wanted {
    Wanted::new(line_up.live.iter().map(|placed| line_up.guide(placed)))
}

/// Gives the line-up its programmes. Channels take the guide's spelling of their guide ids, so that both sides are the
/// same bytes.
pub(crate) fn assign(line_up: &mut LineUp, spools: Vec<Spool>) {
    let mut programming = Programming::new(spools);
    let mut spellings = Vec::new();
    for (at, placed) in line_up.live.iter().enumerate() {
        let id = line_up.guide(placed);
        if let Some(spelling) = programming.find(id).filter(|spelling| spelling != id) {
            spellings.push((at, spelling));
        }
    }
    for (at, spelling) in spellings {
        line_up.live[at].more().guide = Some(spelling);
    }
    line_up.programming = programming;
}

/// What guides are read with.
pub(crate) struct Reading<'a> {
    pub(crate) data: &'a Data,
    pub(crate) settings: &'a Settings,
    pub(crate) source: &'a Source,
    /// Unix time, in seconds.
    pub(crate) now: u64,
    /// Where temporary files go.
    pub(crate) scratch: &'a Path,
}

/// Why a guide could not be read.
enum Trouble {
    /// Its own fault, in words.
    Guide(String),
    /// Our disk has no room for its programmes.
    Disk(io::Error),
}

impl From<GuideError> for Trouble {
    fn from(error: GuideError) -> Self {
        match error {
            GuideError::Disk(error) => Self::Disk(error),
            GuideError::NoGuide => Self::Guide(error.to_string()),
        }
    }
}

impl Reading<'_> {
    /// Reads a guide and judges it; the last good one stands in for one that is refused. Answers its programmes and how
    /// many there are.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn read(
        &self,
        copy: &mut guide::Copy,
        wanted: &Wanted,
        notes: &mut Vec<String>,
    ) -> anyhow::Result<(Option<Spool>, u64)> {
        let before = self.before();
        let fresh = copy.is_fresh();
        match self.spool(copy, wanted) {
            Ok(None) => return Ok((None, 0)),
            Ok(Some((spool, facts))) => {
                let judged = if fresh { self.judge(&facts, before) } else { Ok(None) };
                match judged {
                    Ok(note) => {
                        notes.extend(note);
                        copy.keep().context("the guide cannot be kept")?;
                        self.remember(facts.all).context("the guide cannot be kept")?;
                        return Ok((Some(spool), facts.programmes));
                    }
                    Err(why) => notes.push(format!("guide: {why}; the last one is kept")),
                }
            }
            // No fault of the guide's: without room, programmes would be lost that are published now.
            Err(Trouble::Disk(error)) => return Err(error).context("the guide cannot be stored"),
            Err(Trouble::Guide(why)) if fresh => notes.push(format!("guide: {why}; the last one is kept")),
            Err(Trouble::Guide(why)) => {
                notes.push(format!("guide: {why}"));
                return Ok((None, 0));
            }
        }
        copy.refuse();
        match self.spool(copy, wanted) {
            Ok(Some((spool, facts))) => Ok((Some(spool), facts.programmes)),
            Ok(None) | Err(Trouble::Guide(_)) => Ok((None, 0)),
            Err(Trouble::Disk(error)) => Err(error).context("the guide cannot be stored"),
        }
    }

    /// A guide that breaks off counts if it has about as much as the last one.
    fn judge(&self, facts: &Facts, before: u64) -> Result<Option<String>, String> {
        if !facts.enough(before) {
            return Err(format!("it breaks off after {} programmes of {before}", facts.all));
        }
        Gate::new(self.data, self.source, self.settings).judge(PROGRAMMES, facts.all, before)
    }

    fn spool(&self, copy: &guide::Copy, wanted: &Wanted) -> Result<Option<(Spool, Facts)>, Trouble> {
        let unread = |error: io::Error| Trouble::Guide(format!("it cannot be read: {error}"));
        let Some(file) = copy.open().map_err(unread)? else { return Ok(None) };
        let mut spool = Spool::new(self.scratch).map_err(Trouble::Disk)?;
        let times = self.times().map_err(Trouble::Guide)?;
        let input = guide::ahead(guide::decoded(file).map_err(unread)?).map_err(unread)?;
        let facts = guide::read(input, wanted, &times, self.source, &mut spool);
        Ok(Some((spool, facts.map_err(Trouble::from)?)))
    }

    /// What the times of the source's guide mean, and which of them are kept.
    fn times(&self) -> Result<guide::Reading, String> {
        let window = guide::window(self.now);
        let Origin::Xmltv(Xmltv { times, .. }) = &self.source.origin else {
            return Ok(guide::Reading { window, ..guide::Reading::default() });
        };
        let clock = times.zone.as_deref().map_or(Ok(Clock::default()), Clock::of)?;
        Ok(guide::Reading { window, clock, shift: times.shift, shifts: times.channel_shift.clone() })
    }

    fn path(&self) -> PathBuf {
        self.data.state().join(self.source.name.as_str()).join("programmes")
    }

    /// How many programmes the last good guide had, whoever wanted them; 0 without one.
    fn before(&self) -> u64 {
        std::fs::read_to_string(self.path()).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    fn remember(&self, programmes: u64) -> io::Result<()> {
        replace(&self.path(), programmes.to_string().as_bytes(), Access::Everybody)
    }
}
