//! The guide of a panel that has none as a whole: the programmes of its channels, asked for one after the other.
//!
//! ```text
//!  roster ──▶ due: never asked for, or hours ago ──▶ ask (table, else short) ──▶ read ──▶ document: XMLTV, judged and
//!  channels with a guide id first                    so often, so long                    merged as any guide
//! ```
//!
//! A line-up may have thousands of channels, and an account so many requests an hour. So a run asks for some of them, and
//! the next one goes on; what is known of the others stays in the document.

mod document;
mod read;
mod roster;

use std::fs::File;
use std::io;

use contract::release::Releases;
use contract::zone::Zone;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use self::document::Document;
pub(crate) use self::document::render;
use self::read::Listing;
pub(crate) use self::read::read;
use self::roster::{Subject, roster};
use super::document::ask;
use super::panel::{Failure, Panel};
use crate::fetch::{Fresh, Urgency};
use crate::gather::Gathering;
use crate::guide::Copy;
use crate::harvest::Harvest;
use crate::progress::Bar;

/// So many channels that are not answered one after the other are the panel's trouble, and not theirs.
const FAILURES: u32 = 3;
/// A panel that knows nothing of so many channels, and of no other, has no guide.
const NOTHING: usize = 20;
/// What servers say of one question: that it is not understood, or that there is no such thing. Not of who asks.
const OF_ONE_QUESTION: [u16; 9] = [400, 404, 405, 406, 410, 414, 415, 416, 422];

/// Asks `panel` for the programmes of the channels in `harvest` that are due, as many as the settings allow, and renews
/// `copy`. `notes` tells what is left for the next run.
pub(super) async fn gather(
    run: &Gathering<'_>,
    panel: Panel<'_>,
    harvest: Harvest,
    mut copy: Copy,
    bar: &Bar,
    notes: &mut Vec<String>,
) -> (Harvest, Copy) {
    let (harvest, prepared) = prepare(run, &panel, harvest, &copy).await;
    let renewed = async {
        let (roster, mut document) = prepared?;
        let known = document.programmes(roster.iter().map(|subject| subject.key));
        let due = due(&roster, &document, run);
        let mut asking = Asking::new(run, panel.with(Urgency::Background), harvest.head.zone.clone());
        let stopped = asking.all(&due, &mut document, bar).await?;
        if asking.asked == 0 && stopped.is_none() {
            return Ok(());
        }
        let story =
            format!("guide: asked for the programmes of {} channels of {}", asking.asked, roster.len());
        notes.push(stopped.map_or(story.clone(), |why| format!("{story}; {why}")));
        if asking.asked > 0 {
            let place = copy.place().to_owned();
            let write = move |out: &mut File| document.write(roster.iter().map(|subject| subject.key), out);
            let made = spawn_blocking(move || Fresh::made(&place, write));
            // Channels that are no longer published are missed by nobody.
            copy.renew(made.await.map_err(io::Error::other)??, known);
        }
        io::Result::Ok(())
    };
    if let Err(error) = renewed.await {
        notes.push(format!(
            "guide: what the panel says of its channels cannot be kept: {}",
            crate::disk::words(&error)
        ));
    }
    (harvest, copy)
}

/// The channels, and what is known of them. Gives the harvest back.
async fn prepare(
    run: &Gathering<'_>,
    panel: &Panel<'_>,
    mut harvest: Harvest,
    copy: &Copy,
) -> (Harvest, io::Result<(Vec<Subject>, Document)>) {
    let account = panel.source().name.as_str().to_owned();
    let releases = Releases::new(run.data.clone());
    let current = releases.current().map(|number| releases.folder(number));
    let place = copy.place().to_owned();
    let last = copy.open();
    let reading = spawn_blocking(move || {
        let prepared = harvest.hold().and_then(|()| {
            let folder = place.parent().unwrap_or(&place);
            Ok((roster(&harvest, &account, current.as_deref()), Document::new(last?, folder)?))
        });
        (harvest, prepared)
    });
    reading.await.expect("reading files does not panic")
}

/// The channels that are to be asked for: first those that never were, then those that were longest ago.
fn due<'a>(roster: &'a [Subject], document: &Document, run: &Gathering<'_>) -> Vec<&'a Subject> {
    let age = 3600 * u64::from(run.settings.guide_by_channel_age);
    let is_due = |subject: &&Subject| {
        let asked = document.asked(&subject.key);
        asked == 0 || run.now.saturating_sub(asked) >= age
    };
    let mut due: Vec<&Subject> = roster.iter().filter(is_due).collect();
    due.sort_by_key(|subject| document.asked(&subject.key));
    due
}

/// In which words a panel is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// All programmes that it knows.
    Table,
    /// What is on, and what comes next.
    Short,
}

/// Asking for one channel after the other.
struct Asking<'a> {
    panel: Panel<'a>,
    run: &'a Gathering<'a>,
    zone: Zone,
    ends: Instant,
    requests: usize,
    /// Channels that were asked for.
    asked: usize,
    form: Form,
    /// Whether it has given programmes in this form.
    settled: bool,
}

impl<'a> Asking<'a> {
    fn new(run: &'a Gathering<'a>, panel: Panel<'a>, zone: Zone) -> Self {
        let ends = Instant::now() + run.settings.guide_by_channel_time;
        Self { panel, run, zone, ends, requests: 0, asked: 0, form: Form::Table, settled: false }
    }

    /// Asks for channels until all were asked for, or something speaks against it: that is answered in words.
    ///
    /// # Errors
    /// The disk refuses.
    async fn all(
        &mut self,
        due: &[&Subject],
        document: &mut Document,
        bar: &Bar,
    ) -> io::Result<Option<String>> {
        let mut failures = 0;
        for (at, subject) in due.iter().enumerate() {
            if !self.has_room() {
                return Ok(Some(left(due.len() - at)));
            }
            if at == NOTHING && !self.settled && !document.has_any() {
                return Ok(Some(
                    "the panel knows nothing of them, and is asked for no others in this run".into(),
                ));
            }
            bar.step(&format!("guide of channel {} of {}", at + 1, due.len()));
            let Ok(answer) = timeout_at(self.ends, self.one(&subject.stream)).await else {
                return Ok(Some(left(due.len() - at)));
            };
            match answer {
                Ok(found) => {
                    let text = render(&self.guide_id(subject, &found), &subject.name, &found);
                    document.put(subject.key, self.run.now, &text)?;
                    (failures, self.asked) = (0, self.asked + 1);
                }
                Err(failure) if failure.is_unasked() => {
                    return Ok(Some(format!("{failure}; the next run goes on")));
                }
                Err(failure) => {
                    // One that is never answered must not be in the way of the others the next time.
                    document.failed(subject.key, self.run.now);
                    (failures, self.asked) = (failures + 1, self.asked + 1);
                    if speaks_for_all(&failure) {
                        return Ok(Some(format!("{failure}; the next run goes on")));
                    }
                    if failures == FAILURES {
                        return Ok(Some(format!(
                            "{failure}, {FAILURES} times in a row; the next run goes on"
                        )));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Whether there are requests and time left.
    fn has_room(&self) -> bool {
        self.requests < self.run.settings.guide_by_channel && Instant::now() < self.ends
    }

    /// Asks for one channel, in the other form too as long as this one has given nothing.
    async fn one(&mut self, stream: &str) -> Result<Vec<Listing>, Failure> {
        let other = if self.form == Form::Table { Form::Short } else { Form::Table };
        let mut found = self.ask(self.form, stream).await;
        let fails = match &found {
            Ok(listings) => listings.is_empty(),
            Err(failure) => !failure.may_pass() && !speaks_for_all(failure),
        };
        if fails
            && !self.settled
            && self.has_room()
            && let Ok(listings) = self.ask(other, stream).await
        {
            self.form = if listings.is_empty() { self.form } else { other };
            found = Ok(listings);
        }
        self.settled |= found.as_ref().is_ok_and(|listings| !listings.is_empty());
        found
    }

    async fn ask(&mut self, form: Form, stream: &str) -> Result<Vec<Listing>, Failure> {
        let parameters: &[(&str, &str)] = match form {
            Form::Table => &[("action", "get_simple_data_table"), ("stream_id", stream)],
            Form::Short => &[("action", "get_short_epg"), ("stream_id", stream), ("limit", "1000")],
        };
        self.requests += 1;
        let document = ask(&self.panel, parameters).await?;
        document.map_or(Ok(Vec::new()), |document| read(&document, &self.zone, self.panel.source()))
    }

    /// What the channel is called in the document: as the panel's list calls it, so that it is found there.
    fn guide_id(&self, subject: &Subject, found: &[Listing]) -> String {
        let told = || found.iter().map(|listing| &listing.channel).find(|id| !id.is_empty()).cloned();
        match subject.guide.as_str() {
            // What is made up must be nobody else's.
            "" => told().unwrap_or_else(|| format!("{}.{}", subject.stream, self.panel.source().name)),
            guide => guide.to_owned(),
        }
    }
}

fn left(channels: usize) -> String {
    format!("{channels} more are due in the next runs")
}

/// Whether a failure is no matter of one channel: nothing may be asked now, or the account is refused.
fn speaks_for_all(failure: &Failure) -> bool {
    match failure {
        Failure::Status(status, _) => status.is_client_error() && !OF_ONE_QUESTION.contains(&status.as_u16()),
        _ => failure.is_unasked(),
    }
}
