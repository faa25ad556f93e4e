//! The newest lines of the log, for operators who look from elsewhere.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::{LazyLock, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Lines that are kept; the oldest makes room for the next.
const LINES: usize = 2000;
/// Bytes of a line that are kept: so all of them are 4 MB at most.
const LENGTH: usize = 2048;

/// A process has one log.
static RECENT: LazyLock<Mutex<Recent>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Recent {
    lines: VecDeque<Line>,
    /// How many there were.
    count: u64,
}

/// A line of the log. It says no more than the one on standard error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Counts from 1, as long as the process runs.
    pub number: u64,
    /// Unix time, in seconds.
    pub time: u64,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    pub level: &'static str,
    /// What was said, and behind it the fields as `name=value`.
    pub text: String,
}

/// The lines after that of `number`, oldest first; of those, the last `most`. There may be no such line yet: then somebody
/// knows it of a process that ran before, and is told all there are.
pub fn recent(number: u64, most: usize) -> Vec<Line> {
    let recent = lock();
    let number = if number > recent.count { 0 } else { number };
    let after = recent.lines.iter().skip_while(|line| line.number <= number);
    let after: Vec<&Line> = after.collect();
    after[after.len().saturating_sub(most)..].iter().map(|line| (*line).clone()).collect()
}

fn lock() -> MutexGuard<'static, Recent> {
    RECENT.lock().expect("nobody panics while holding this lock")
}

/// Keeps what is logged.
pub(super) struct Keeping;

impl<S: Subscriber> Layer<S> for Keeping {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let text = text.line();
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let mut recent = lock();
        recent.count += 1;
        if recent.lines.len() >= LINES {
            recent.lines.pop_front();
        }
        let number = recent.count;
        recent.lines.push_back(Line { number, time, level: event.metadata().level().as_str(), text });
    }
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn line(self) -> String {
        let mut line = self.message + &self.fields;
        let mut end = LENGTH.min(line.len());
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        line.truncate(end);
        line
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
        written.expect("a string takes all");
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn the_newest_lines_are_kept_with_their_fields() {
        let keeping = tracing_subscriber::registry().with(Keeping);
        tracing::subscriber::with_default(keeping, || {
            let before = lock().count;
            tracing::warn!(source = "acme", count = 7, "odd");
            tracing::info!("{}", "ä".repeat(LENGTH));
            let lines = recent(before, 10);
            assert_eq!((lines[0].level, &*lines[0].text), ("WARN", "odd source=acme count=7"));
            assert!(lines[1].text.len() <= LENGTH && lines[1].number == before + 2);
            assert_eq!(recent(before, 1).len(), 1);
            assert!(!recent(u64::MAX, 10).is_empty(), "of another process");
            (0..LINES).for_each(|_| tracing::debug!("x"));
            assert_eq!(recent(0, usize::MAX).len(), LINES);
        });
    }
}
