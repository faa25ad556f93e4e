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
use crate::guide::{self, Facts, Spool, Wanted};
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
            Err(why) if fresh => notes.push(format!("guide: {why}; the last one is kept")),
            Err(why) => {
                notes.push(format!("guide: {why}"));
                return Ok((None, 0));
            }
        }
        copy.refuse();
        let kept = self.spool(copy, wanted).ok().flatten();
        Ok(kept.map_or((None, 0), |(spool, facts)| (Some(spool), facts.programmes)))
    }

    /// A guide that breaks off counts if it has about as much as the last one.
    fn judge(&self, facts: &Facts, before: u64) -> Result<Option<String>, String> {
        if !facts.enough(None, before) {
            return Err(format!("it breaks off after {} programmes of {before}", facts.all));
        }
        Gate::new(self.data, self.source, self.settings).judge(PROGRAMMES, facts.all, before)
    }

    fn spool(&self, copy: &guide::Copy, wanted: &Wanted) -> Result<Option<(Spool, Facts)>, String> {
        let disk = |error: io::Error| format!("it cannot be read: {error}");
        let Some(file) = copy.open().map_err(disk)? else { return Ok(None) };
        let mut spool = Spool::new(self.scratch).map_err(disk)?;
        let times = self.times()?;
        let input = guide::ahead(guide::decoded(file).map_err(disk)?).map_err(disk)?;
        let facts = guide::read(input, wanted, &times, self.source, &mut spool);
        Ok(Some((spool, facts.map_err(|error| error.to_string())?)))
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

    /// How many programmes the last good guide had; 0 without one.
    fn before(&self) -> u64 {
        std::fs::read_to_string(self.path()).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    fn remember(&self, programmes: u64) -> io::Result<()> {
        replace(&self.path(), programmes.to_string().as_bytes(), Access::Everybody)
    }
}
