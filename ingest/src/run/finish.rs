//! The end of a run: everything is written, and published all or nothing.

use std::time::Duration;

use anyhow::Context as _;
use contract::disk::{Data, sweep};
use contract::release::{Draft, Lock, Manifest, Releases};
use contract::vault::Vault;

use crate::details::{self, Listed, Staged};
use crate::line_up::LineUp;
use crate::output::Pictures;
use crate::report::{Report, SourceReport, Verdict};
use crate::stamp::Stamp;
use crate::{changes, disk, output};

/// What remains when everything is known: writing and publishing.
pub(super) struct Finish {
    pub(super) data: Data,
    pub(super) releases: Releases,
    /// Held to the end.
    pub(super) lock: Lock,
    pub(super) draft: Draft,
    pub(super) keep: usize,
    /// Of details that nothing is listed for.
    pub(super) max_age: Duration,
    pub(super) now: u64,
    pub(super) line_up: LineUp,
    pub(super) vault: Vault,
    pub(super) pictures: Pictures,
    pub(super) stamp: Stamp,
}

impl Finish {
    /// Publishes the release, if it is another than the current one.
    ///
    /// # Errors
    /// The disk refuses; what was published stays.
    pub(super) fn finish(mut self, sources: Vec<SourceReport>) -> anyhow::Result<Report> {
        details::add_episodes(&mut self.line_up, &self.data);
        let files = output::write(&self.draft, &self.line_up, &mut self.vault, &self.pictures)
            .context("the release cannot be written")?;
        if self.vault.refused() > 0 {
            let refused = self.vault.refused();
            self.line_up
                .notes
                .push(format!("{refused} addresses cannot be received: they hold too many secrets"));
        }
        let staged = Staged::write(&self.line_up, &self.data).context("details cannot be kept")?;
        details::write_roster(&self.line_up, &self.data).context("the roster of details cannot be kept")?;
        let mut report = Report::new(Verdict::Refused, sources);
        report.rules = std::mem::take(&mut self.line_up.rules);
        report.notes = std::mem::take(&mut self.line_up.notes);
        let listed = Listed::of(&self.line_up);
        drop(self.line_up); // before releases are compared: that is memory too
        let current = self.releases.current();
        let same = current.and_then(|number| Some((number, self.releases.manifest(number).ok()?)));
        match same {
            Some((number, manifest)) if manifest.files == files => {
                if self.vault.is_fresh() {
                    save(&mut self.vault, self.keep)?; // it was lost
                }
                report.verdict = Verdict::Unchanged(number)
            }
            _ => {
                let before = current.map(|number| self.releases.folder(number));
                report.changes = changes::between(before.as_deref(), self.draft.scratch())
                    .context("the release cannot be compared with the one before")?;
                let manifest = Manifest {
                    schema: Manifest::SCHEMA,
                    created: self.now,
                    files,
                    sources: report.sources.iter().filter_map(SourceReport::fact).collect(),
                    changes: report.changes.clone(),
                };
                save(&mut self.vault, self.keep)?;
                let number = self.releases.publish(self.draft, &manifest, self.keep);
                report.verdict = Verdict::Published(number.context("the release cannot be published")?);
            }
        }
        // They name episodes that only the release that is in force now can play. It is: some that cannot be kept are
        // no failure of the run, and are written by the next one.
        if let Err(error) = staged.place() {
            tracing::warn!(error = disk::words(&error), "details cannot be kept");
        }
        // What cannot be removed now is removed another time.
        if let Verdict::Published(_) = report.verdict
            && let Err(error) =
                listed.forget_others(&self.data, self.max_age).and_then(|()| sweep(&self.data))
        {
            tracing::warn!(error = disk::words(&error), "what nobody needs cannot be removed");
        }
        // Only makes the next run shorter.
        if let Verdict::Published(number) | Verdict::Unchanged(number) = report.verdict
            && let Err(error) = self.stamp.keep(number, self.releases.data())
        {
            tracing::warn!(error = disk::words(&error), "the run cannot be remembered");
        }
        drop(self.lock);
        Ok(report)
    }
}

fn save(vault: &mut Vault, releases: usize) -> anyhow::Result<()> {
    vault.save(releases).context("the vault cannot be written")
}
