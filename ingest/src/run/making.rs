//! From what sources gave to a line-up with its programmes.

use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use contract::disk::Data;
use contract::ids::{Ledger, Turn};
use contract::release::Outcome;
use contract::source::{Origin, Source};

use super::keep;
use crate::guide;
use crate::harvest::{PROGRAMMES, remove_damaged};
use crate::identity::recognise;
use crate::line_up::{Before, LineUp, Part};
use crate::report::SourceReport;
use crate::{Settings, disk, programming};

/// With what a line-up is made.
pub(super) struct Making {
    pub(super) data: Data,
    pub(super) settings: Settings,
    pub(super) now: u64,
    /// Where temporary files go.
    pub(super) scratch: PathBuf,
    /// The folder of the current release.
    pub(super) current: Option<PathBuf>,
}

impl Making {
    /// The line-up, numbered; the harvests and the guides are kept. `reports` tell what was odd.
    ///
    /// # Errors
    /// The disk refuses, the ledger is damaged, or a harvest is.
    pub(super) fn line_up(
        &self,
        parts: Vec<Part>,
        guides: Vec<(usize, Source, guide::Copy)>,
        reports: &mut [SourceReport],
    ) -> anyhow::Result<LineUp> {
        let mut line_up = self.placed(parts, reports)?;
        keep(&mut line_up.parts)?;
        self.programme(&mut line_up, guides, reports)?;
        line_up.number(&self.current.as_deref().map(Before::of_release).unwrap_or_default());
        Ok(line_up)
    }

    /// Reads the entries of a harvest.
    fn hold(&self, part: &mut Part) -> anyhow::Result<()> {
        let Part { source, harvest } = part;
        harvest.hold().map_err(|error| {
            let damaged = matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof);
            let removed = damaged && !harvest.is_fresh() && remove_damaged(&self.data, &source.name).is_ok();
            let next = if removed { "; it is removed, and the next run reads the source anew" } else { "" };
            anyhow!("the harvest of {} cannot be read: {}{next}", source.name, disk::words(&error))
        })
    }

    /// The line-up, with ids that are safe on the disk. Others give ids, too: to episodes that they find between runs.
    fn placed(&self, mut parts: Vec<Part>, reports: &mut [SourceReport]) -> anyhow::Result<LineUp> {
        parts.iter_mut().try_for_each(|part| self.hold(part))?;
        let _turn = Turn::wait(&self.data).context("the id ledger cannot be locked")?;
        let mut ledger = Ledger::load(&self.data.ids())?;
        for part in &mut parts {
            let notes = recognise(&self.data, part, &mut ledger)?;
            let report = reports.iter_mut().find(|report| report.name == part.source.name.as_str());
            report.into_iter().for_each(|report| report.notes.extend_from_slice(&notes));
        }
        let line_up = LineUp::new(parts, &self.settings.rule, &mut ledger)?;
        ledger.save().context("the id ledger cannot be written")?;
        Ok(line_up)
    }

    /// Reads the guides, judges them, and finds the channels of the line-up in them.
    fn programme(
        &self,
        line_up: &mut LineUp,
        mut guides: Vec<(usize, Source, guide::Copy)>,
        reports: &mut [SourceReport],
    ) -> anyhow::Result<()> {
        let Self { data, settings, now, scratch, .. } = self;
        let mut matched = programming::matched(line_up, &guides, settings, &mut |_, _| {})?;
        loop {
            let wanted = programming::wanted(line_up, &matched);
            let (mut spools, mut counts, mut refused) = (Vec::new(), Vec::new(), false);
            for (at, source, copy) in &mut guides {
                let reading = programming::Reading { data, settings, source, now: *now, scratch };
                let taken = reading.read(copy, &wanted, &mut reports[*at].notes)?;
                refused |= taken.refused;
                if taken.refused && matches!(source.origin, Origin::Xmltv(_)) {
                    reports[*at].outcome = taken.spool.is_some().then_some(Outcome::Kept); // it has nothing else
                }
                counts.push((*at, taken.programmes));
                spools.push(taken.spool.unwrap_or(guide::Spool::new(scratch)?));
            }
            // Channels were looked for in a guide that is not used. There is no third time: what is kept is not refused.
            if refused {
                let again = programming::matched(line_up, &guides, settings, &mut |_, _| {})?;
                if again != matched {
                    matched = again;
                    continue;
                }
            }
            for (at, programmes) in counts {
                *reports[at].counts.entry(PROGRAMMES.to_owned()).or_default() += programmes;
            }
            programming::assign(line_up, &matched, spools);
            return Ok(());
        }
    }
}
