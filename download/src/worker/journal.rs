//! `downloads/log/events-2026-W48.jsonl`: what happened, a line for each event, for those who read logs elsewhere.
//!
//! The store has the events; this follows it. How far it is stands in its own last line, so that whoever is killed has
//! neither lost one nor written one twice. Where the store does not know that line, it is an older one that was put in the
//! place of the one that did; what happens from then on is written behind it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::store::{Event, Store, StoreError};

/// Events that are written at a time.
const SOME: usize = 1000;
/// Files that stay: each is of a week, and all of them of ninety days.
const KEPT: usize = 14;
/// No line is longer.
const LINE: u64 = 64 << 10;

const PREFIX: &str = "events-";
const END: &str = ".jsonl";

/// Who follows the events.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// The last event that was written; `None` before it was looked.
    last: Option<i64>,
}

/// A line, with the names that the fields have in logs of this kind.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    #[serde(flatten)]
    event: Told<'a>,
}

#[derive(Serialize)]
struct Told<'a> {
    id: i64,
    level: &'a str,
    user: &'a str,
    action: &'a str,
    job: Option<i64>,
    target: Option<i64>,
    details: &'a str,
    session_id: &'a str,
    ip_address: &'a str,
}

impl Journal {
    /// Writes what has happened since.
    pub(super) fn write(&mut self, store: &Store) -> Result<(), StoreError> {
        let folder = store.folder().join("log");
        let disk = |error| StoreError::Disk { path: folder.clone(), error };
        let last = match self.last {
            Some(last) => last,
            None => match mend(&folder).map_err(disk)? {
                Some(known) => known.place(store)?,
                None => 0,
            },
        };
        let events = store.events(last, None, SOME)?;
        if !events.is_empty() {
            // Whatever goes wrong, the next one looks where this one has come to.
            self.last = None;
            append(&folder, &events).map_err(disk)?;
        }
        self.last = Some(events.last().map_or(last, |event| event.id));
        Ok(())
    }
}

/// An event that was written.
#[derive(Deserialize)]
struct Known {
    id: i64,
    timestamp: Timestamp,
    action: String,
    details: String,
}

impl Known {
    /// The last event of the store that was written.
    fn place(&self, store: &Store) -> Result<i64, StoreError> {
        let there = store.events(self.id - 1, None, 1)?;
        let ts = self.timestamp.as_second();
        let is_known = there.first().is_some_and(|event| {
            let Event { id, ts: when, action, details, .. } = event;
            (*id, *when, action.word()) == (self.id, ts, &*self.action) && *details == self.details
        });
        if is_known { Ok(self.id) } else { store.behind(self.id, ts) }
    }
}

/// The last event that was written, after what was half written has been cut off.
fn mend(folder: &Path) -> io::Result<Option<Known>> {
    for path in files(folder).into_iter().rev() {
        let mut file = File::options().read(true).write(true).open(&path)?;
        let length = file.metadata()?.len();
        let from = length.saturating_sub(2 * LINE);
        let mut end = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        file.read_to_end(&mut end)?;
        let whole = end.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if from + (whole as u64) < length {
            file.set_len(from + whole as u64)?;
        }
        let lines = end[..whole].split(|byte| *byte == b'\n').rev();
        let known =
            lines.filter(|line| !line.is_empty()).find_map(|line| serde_json::from_slice::<Known>(line).ok());
        if let Some(known) = known {
            return Ok(Some(known));
        }
    }
    Ok(None)
}

fn append(folder: &Path, events: &[Event]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut at = 0;
    while let Some(first) = events.get(at) {
        let week = week(first.ts);
        let count = events[at..].iter().take_while(|event| self::week(event.ts) == week).count();
        let mut lines = Vec::new();
        for event in &events[at..at + count] {
            serde_json::to_writer(&mut lines, &line(event))?;
            lines.push(b'\n');
        }
        let path = folder.join(format!("{PREFIX}{week}{END}"));
        File::options().create(true).append(true).mode(0o600).open(path)?.write_all(&lines)?;
        at += count;
    }
    let files = files(folder);
    files.iter().rev().skip(KEPT).try_for_each(fs::remove_file)
}

fn line(event: &Event) -> Line<'_> {
    let time = Timestamp::from_second(event.ts).unwrap_or(Timestamp::UNIX_EPOCH);
    let told = Told {
        id: event.id,
        level: event.level.word(),
        user: &event.user,
        action: event.action.word(),
        job: event.job,
        target: event.target,
        details: &event.details,
        session_id: &event.session,
        ip_address: &event.ip,
    };
    Line { timestamp: time.to_string(), event: told }
}

/// Such as `2026-W48` (ISO 8601), in which order they sort.
fn week(time: i64) -> String {
    let time = Timestamp::from_second(time).unwrap_or(Timestamp::UNIX_EPOCH);
    let week = time.to_zoned(TimeZone::UTC).date().iso_week_date();
    format!("{}-W{:02}", week.year(), week.week())
}

/// Oldest first.
fn files(folder: &Path) -> Vec<PathBuf> {
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(PREFIX) && name.ends_with(END)
    };
    let listed = fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path());
    let mut files: Vec<PathBuf> = listed.filter(is_ours).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use contract::disk::Data;

    use super::*;
    use crate::store::tests::{RULES, film, folder};
    use crate::store::{By, now};

    #[test]
    fn every_event_is_a_line_once_whoever_is_killed_in_between() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(&Data::new(home.path())).unwrap();
        store.add_target(&folder("/mnt/nas"), &By::command(), 1_764_000_000).unwrap();
        let log = store.folder().join("log");
        Journal::default().write(&store).unwrap();
        for (id, time) in [(1, 1_764_000_000), (2, 1_764_000_000 + 7 * 86_400)] {
            let by = By { user: "ann".into(), session: "s1".into(), ip: "192.0.2.1".into() };
            store.add(&[film(id)], &by, &RULES, time).unwrap();
        }
        Journal::default().write(&store).unwrap();
        let newest = files(&log).pop().unwrap();
        // Killed in the middle of a line.
        File::options().append(true).open(&newest).unwrap().write_all(b"{\"id\":99,\"le").unwrap();
        store.add(&[film(3)], &By::command(), &RULES, 1_764_000_000 + 7 * 86_400).unwrap();
        let mut journal = Journal::default();
        journal.write(&store).unwrap();
        journal.write(&store).unwrap();
        let lines: Vec<String> = files(&log)
            .iter()
            .flat_map(|path| fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let read = |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap();
        let ids: Vec<i64> = lines.iter().map(|line| read(line)["id"].as_i64().unwrap()).collect();
        assert_eq!((ids, files(&log).len()), (vec![1, 2, 3, 4], 2));
        let line = read(&lines[1]);
        let field = |name: &str| line[name].as_str().unwrap();
        assert_eq!(field("timestamp"), "2025-11-24T16:00:00Z");
        assert_eq!([field("level"), field("user"), field("action")], ["info", "ann", "add"]);
        assert_eq!([field("session_id"), field("ip_address")], ["s1", "192.0.2.1"]);
        assert_eq!(field("details"), "movie 1 from account-1");
    }

    #[test]
    fn what_is_older_than_ninety_days_is_removed_a_week_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(&Data::new(home.path())).unwrap();
        store.add_target(&folder("/mnt/nas"), &By::command(), 1_764_000_000).unwrap();
        let log = store.folder().join("log");
        Journal::default().write(&store).unwrap();
        let somebodys = log.join("somebody's.jsonl");
        File::create(&somebodys).unwrap();
        let begin = 1_764_000_000;
        for week in 0..20 {
            store.add(&[film(week)], &By::command(), &RULES, begin + i64::from(week) * 7 * 86_400).unwrap();
            Journal::default().write(&store).unwrap();
        }
        let names: Vec<String> =
            files(&log).iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
        let most = begin + 19 * 7 * 86_400;
        assert_eq!((names.len(), names.last()), (KEPT, Some(&format!("{PREFIX}{}{END}", week(most)))));
        assert_eq!(
            names[0],
            format!("{PREFIX}{}{END}", week(most - 13 * 7 * 86_400)),
            "of ninety days all is there"
        );
        assert!(somebodys.exists());
    }

    #[test]
    fn an_older_queue_that_was_put_back_is_followed_from_where_it_goes_on() {
        let home = tempfile::tempdir().unwrap();
        let data = Data::new(home.path());
        let store = Store::open(&data).unwrap();
        let time = now() - 1000;
        store.add_target(&folder("/mnt/nas"), &By::command(), time).unwrap();
        store.add(&[film(1)], &By::command(), &RULES, time + 1).unwrap();
        let backup = home.path().join("jobs.db.gz");
        store.backup(&backup, &By::command()).unwrap();
        for id in 2..9 {
            store.add(&[film(id)], &By::command(), &RULES, time + 10).unwrap();
        }
        Journal::default().write(&store).unwrap();
        let log = store.folder().join("log");
        let read = || {
            let text: String = files(&log).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
            let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
            let what = |line: serde_json::Value| {
                (line["id"].as_i64().unwrap(), line["action"].as_str().unwrap().to_owned())
            };
            text.lines().map(|text| what(line(text))).collect::<Vec<_>>()
        };
        let before = read();
        drop(store);
        crate::store::restore(&data, &backup).unwrap();
        let store = Store::open(&data).unwrap();
        store.add(&[film(20)], &By::command(), &RULES, now() + 1).unwrap();
        Journal::default().write(&store).unwrap();
        store.add(&[film(21)], &By::command(), &RULES, now() + 2).unwrap();
        Journal::default().write(&store).unwrap();
        let after = read();
        let new: Vec<&str> = after[before.len()..].iter().map(|(_, action)| &**action).collect();
        assert_eq!((&after[..before.len()], &new[..]), (&before[..], &["restore", "add", "add"][..]));
        let used = before.iter().map(|(id, _)| *id).max().unwrap();
        assert!(after.last().unwrap().0 > used, "no number is given twice");
    }
}
