//! Reading the guides of a run: judged, spooled, and only what somebody watches.

use std::io;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use contract::disk::{Access, Data, replace};
use contract::source::{Origin, Source, Xmltv};

use crate::Settings;
use crate::gate::Gate;
use crate::guide::time::Clock;
use crate::guide::{self, Facts, GuideError, Spool, Wanted};
use crate::harvest::PROGRAMMES;

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

/// What reading a guide came to.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Its programmes, if there is a guide.
    pub(crate) spool: Option<Spool>,
    /// How many those are.
    pub(crate) programmes: u64,
    /// What had just come was refused. Channels that were found in it have to be found in the last good one instead.
    pub(crate) refused: bool,
}

impl Taken {
    fn of(read: Option<(Spool, Facts)>, refused: bool) -> Self {
        let programmes = read.as_ref().map_or(0, |(_, facts)| facts.programmes);
        Self { spool: read.map(|(spool, _)| spool), programmes, refused }
    }
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
    /// Reads a guide and judges it; the last good one stands in for one that is refused.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn read(
        &self,
        copy: &mut guide::Copy,
        wanted: &Wanted,
        notes: &mut Vec<String>,
    ) -> anyhow::Result<Taken> {
        let before = Self::before(copy);
        let fresh = copy.is_fresh();
        match self.spool(copy, wanted) {
            Ok(None) => return Ok(Taken::default()),
            Ok(Some((spool, facts))) => {
                let judged = if fresh { self.judge(copy.name(), &facts, before) } else { Ok(None) };
                match judged {
                    Ok(note) => {
                        notes.extend(note);
                        copy.keep().context("the guide cannot be kept")?;
                        Self::remember(copy, facts.all).context("the guide cannot be kept")?;
                        return Ok(Taken::of(Some((spool, facts)), false));
                    }
                    Err(why) => notes.push(format!("guide: {why}; the last one is kept")),
                }
            }
            // No fault of the guide's: without room, programmes would be lost that are published now.
            Err(Trouble::Disk(error)) => return Err(error).context("the guide cannot be stored"),
            Err(Trouble::Guide(why)) if fresh => notes.push(format!("guide: {why}; the last one is kept")),
            Err(Trouble::Guide(why)) => {
                let note = format!("guide: {why}");
                if !notes.contains(&note) {
                    notes.push(note);
                }
                return Ok(Taken::default());
            }
        }
        copy.refuse();
        match self.spool(copy, wanted) {
            Ok(read) => Ok(Taken::of(read, true)),
            Err(Trouble::Guide(_)) => Ok(Taken::of(None, true)),
            Err(Trouble::Disk(error)) => Err(error).context("the guide cannot be stored"),
        }
    }

    /// A guide that breaks off counts if it has about as much as the last one.
    fn judge(&self, name: &str, facts: &Facts, before: u64) -> Result<Option<String>, String> {
        if !facts.enough(before) {
            return Err(format!("it breaks off after {} programmes of {before}", facts.all));
        }
        Gate::new(self.data, self.source, self.settings).judge_one(PROGRAMMES, name, facts.all, before)
    }

    fn spool(&self, copy: &guide::Copy, wanted: &Wanted) -> Result<Option<(Spool, Facts)>, Trouble> {
        let unread = |error: io::Error| Trouble::Guide(format!("it cannot be read: {error}"));
        let Some(file) = copy.open().map_err(unread)? else { return Ok(None) };
        let begin = Instant::now();
        let mut spool = Spool::new(self.scratch).map_err(Trouble::Disk)?;
        let times = self.times().map_err(Trouble::Guide)?;
        let input = guide::ahead(guide::decoded(file).map_err(unread)?).map_err(unread)?;
        let facts = guide::read(input, wanted, &times, self.source, &mut spool)?;
        tracing::info!(
            source = %self.source.name,
            guide = copy.name(),
            programmes = facts.all,
            wanted = facts.programmes,
            milliseconds = begin.elapsed().as_millis() as u64,
            "guide read"
        );
        Ok(Some((spool, facts)))
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

    /// How many programmes the last good guide had, whoever wanted them; 0 without one.
    fn before(copy: &guide::Copy) -> u64 {
        let counted = || std::fs::read_to_string(copy.count()).ok()?.parse().ok();
        copy.comparable().or_else(counted).unwrap_or(0)
    }

    fn remember(copy: &guide::Copy, programmes: u64) -> io::Result<()> {
        replace(&copy.count(), programmes.to_string().as_bytes(), Access::Everybody)
    }
}
