//! Showing an operator how far a run is: bars on a terminal, lines elsewhere, and a board for pages.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::Board;

/// Where progress is shown.
#[derive(Clone, Debug)]
pub struct Progress {
    bars: Option<MultiProgress>,
    board: Board,
}

impl Progress {
    /// Bars if standard error is a terminal, else lines in the log.
    pub fn detect() -> Self {
        Self { bars: std::io::stderr().is_terminal().then(MultiProgress::new), board: Board::default() }
    }

    /// Lines in the log.
    pub fn log() -> Self {
        Self::on(&Board::default())
    }

    /// Lines in the log, and what is going on on `board`, which is wiped.
    pub fn on(board: &Board) -> Self {
        board.wipe();
        Self { bars: None, board: board.clone() }
    }

    /// The bar of a source; gone when dropped.
    pub(crate) fn source(&self, name: &str) -> Bar {
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner());
            let style = ProgressStyle::with_template("{spinner} {prefix:16} {elapsed:>4} {wide_msg}");
            bar.set_style(style.expect("the template is constant"));
            bar.set_prefix(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        self.board.tell(name, |_| {});
        Bar { name: name.to_owned(), bar, board: self.board.clone() }
    }
}

/// What one source is doing.
pub(crate) struct Bar {
    name: String,
    bar: Option<ProgressBar>,
    board: Board,
}

impl Bar {
    /// It begins with `step`.
    pub(crate) fn step(&self, step: &str) {
        self.board.tell(&self.name, |doing| step.clone_into(&mut doing.step));
        match &self.bar {
            Some(bar) => bar.set_message(step.to_owned()),
            None => tracing::debug!(source = self.name, step, "reading"),
        }
    }

    /// It found `count` entries.
    pub(crate) fn found(&self, what: &str, count: u64) {
        self.board.tell(&self.name, |doing| doing.note(what, count));
        match &self.bar {
            Some(bar) => bar.set_message(format!("{what}: {count}")),
            None => tracing::info!(source = self.name, what, count, "read"),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.board.tell(&self.name, |doing| doing.done = true);
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
