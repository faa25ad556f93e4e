//! The line-up: what is published, how old it is, how much of it has a guide, and who may watch.

use std::borrow::Cow;
use std::time::Duration;

use contract::bundle::Section;
use contract::disk::Data;
use contract::ids::Ledger;
use contract::release::{Outcome, Release, Releases};
use contract::run::{Ending, LastRun};
use contract::ticket::Key;
use contract::user::Users;
use contract::vault::Vault;
use serde::Deserialize;

use super::{Finding, Patient};
use crate::user::now;

/// Of a hundred channels, how many should have programmes, where any has.
const COVERED: usize = 30;
/// How many seconds ahead a guide should reach.
const AHEAD: u64 = 12 * 3600;
/// Channels whose last programmes are looked at.
const SAMPLE: usize = 200;

/// Looks at what the programs have written.
pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let settings = &patient.settings;
    let data = settings.data();
    let mut findings = state(&data);
    findings.push(users(&data));
    let releases = Releases::new(data.clone());
    findings.extend(last_run(&data, ingest::period(&settings.ingest)));
    let Some(current) = releases.current() else {
        let remedy = "`coax up` makes a first run; `ingest run` says what is in the way";
        findings.push(Finding::warn("release", "nothing is published yet", remedy));
        return findings;
    };
    match Release::open(&releases.folder(current)) {
        Ok(release) => {
            let channels = release.index.entries(Section::LiveStreams).len();
            let found =
                format!("{current:06}: {channels} channels, made {} ago", age(release.manifest.created));
            findings.push(Finding::ok("release", found));
            findings.extend(guide(&release));
        }
        Err(error) => findings.push(Finding::fail(
            "release",
            format!("{current:06} is damaged: {error}"),
            "`ingest rollback` goes back to the one before; `ingest verify` tells what is wrong",
        )),
    }
    findings
}

/// The files without which nothing goes on.
fn state(data: &Data) -> Vec<Finding> {
    let restore = "restore it from a backup (`coax restore`)";
    let mut findings = Vec::new();
    let has_release = Releases::new(data.clone()).current().is_some();
    if has_release && !data.ids().exists() {
        let found = "ids.json is missing, though something is published: all channels would change identity";
        findings.push(Finding::fail("ids", found, restore));
    } else if let Err(error) = Ledger::load(&data.ids()) {
        findings.push(Finding::fail("ids", error.to_string(), restore));
    }
    if data.key().exists()
        && let Err(error) = Key::load(&data.key())
    {
        let remedy = "remove it: a new one is made, and players of HLS begin anew";
        findings.push(Finding::fail("secret.key", format!("cannot be used: {error}"), remedy));
    }
    if let Err(error) = Vault::load(&data.vault()) {
        findings.push(Finding::fail("vault", error.to_string(), "remove vault.json and run ingest"));
    }
    findings
}

fn users(data: &Data) -> Finding {
    match Users::new(data.clone()).list() {
        Ok(users) if users.is_empty() => {
            Finding::warn("users", "nobody may watch", "`coax user add NAME` lets somebody")
        }
        Ok(users) => {
            let active = users.iter().filter(|user| user.profile(now()).status == "Active").count();
            match active {
                0 => Finding::warn("users", "nobody may watch now", "`coax user list` says why not"),
                _ => Finding::ok("users", format!("{active} may watch")),
            }
        }
        Err(error) => {
            Finding::fail("users", error.to_string(), "mend users.json, or restore it from a backup")
        }
    }
}

/// How the last run ended, and whether it was when it should have been.
fn last_run(data: &Data, period: Duration) -> Vec<Finding> {
    let what = "last run";
    let run = match LastRun::load(data) {
        Ok(Some(run)) => run,
        Ok(None) => return Vec::new(),
        Err(error) => {
            let remedy = "the next run writes it anew";
            return vec![Finding::warn(what, format!("run.json cannot be read: {error}"), remedy)];
        }
    };
    let ago = age(run.ended);
    let mut findings = Vec::new();
    let late = Duration::from_secs(now().saturating_sub(run.ended)) > period.saturating_mul(2);
    findings.push(match run.verdict {
        Ending::Failed => Finding::fail(
            what,
            format!("{ago} ago, it failed: {}", run.why),
            "what was published stays; see below",
        ),
        Ending::Refused => Finding::fail(
            what,
            format!("{ago} ago, no source gave anything that could be taken"),
            "what was published stays; see the sources below",
        ),
        _ if late => Finding::warn(
            what,
            format!("{ago} ago, and there should be one every {}", span(period.as_secs())),
            "is `coax up` (or `ingest schedule`) running? It makes one when it begins",
        ),
        Ending::Published | Ending::Unchanged => Finding::ok(what, format!("{ago} ago, all is well")),
    });
    for gave in run.sources.iter().filter(|gave| gave.outcome != Some(Outcome::Taken)) {
        let kept = match gave.outcome {
            Some(_) => format!("what it gave {} ago stands for it", age(gave.harvested)),
            None => "it has never given anything".into(),
        };
        let why = gave.notes.first().map_or("it was not taken", String::as_str);
        let remedy = "see the source below; `ingest run --accept` takes what was held back as too small";
        findings.push(Finding::warn(what, format!("{}: {why}; {kept}", gave.name), remedy));
    }
    findings
}

/// How many channels have programmes, and how far those reach.
fn guide(release: &Release) -> Option<Finding> {
    #[derive(Deserialize)]
    struct Channel<'a> {
        #[serde(borrow, default)]
        epg_channel_id: Option<Cow<'a, str>>,
    }
    let channels = release.index.entries(Section::LiveStreams);
    let (mut covered, mut ends) = (0, Vec::new());
    for channel in channels {
        let Some(entry) = release.find(Section::LiveStreams, channel.id) else { continue };
        let id = serde_json::from_slice::<Channel<'_>>(&entry).ok().and_then(|it| it.epg_channel_id);
        let range = id.and_then(|id| release.index.guide(&id));
        let Some((start, end)) = range.map(|range| range.programmes).filter(|(start, end)| start < end)
        else {
            continue;
        };
        covered += 1;
        if ends.len() < SAMPLE {
            ends.extend(last_stop(&release.guide, start as usize, end as usize));
        }
    }
    let share = covered * 100 / channels.len().max(1);
    let until = middle(ends).map(|end| end.saturating_sub(now()));
    let found = format!("{covered} of {} channels have programmes ({share} %)", channels.len());
    let matching = "`ingest match` tells which guide each channel has and why; [ingest.matching] and a [[source]] of \
                    kind xmltv add others";
    Some(match until {
        _ if channels.is_empty() => return None,
        _ if covered == 0 => Finding::warn("guide", "no channel has programmes", matching),
        Some(ahead) if ahead < AHEAD => {
            let found = format!("{found}, and they end in {}", span(ahead));
            Finding::warn("guide", found, "the guides are old: see the sources below, and the last run above")
        }
        _ if share < COVERED => Finding::warn("guide", found, matching),
        Some(ahead) => Finding::ok("guide", format!("{found}, {} ahead", span(ahead))),
        None => Finding::ok("guide", found),
    })
}

/// When the last programme of a run of the guide ends, in Unix time. Releases are written by us, with UTC.
fn last_stop(guide: &[u8], start: usize, end: usize) -> Option<u64> {
    const MARK: &[u8] = b" stop=\"";
    let programmes = guide.get(start..end)?;
    let at = programmes.windows(MARK.len()).rposition(|window| window == MARK)? + MARK.len();
    let digits = std::str::from_utf8(programmes.get(at..at + 14)?).ok()?;
    let civil = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second().try_into().ok()
}

fn middle(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// How long ago an instant is.
pub(crate) fn age(then: u64) -> String {
    span(now().saturating_sub(then))
}

/// Seconds for people.
pub(crate) fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_guide_is_that_of_its_last_programme() {
        let guide = br#"<programme start="19700101000000 +0000" stop="19700101000100 +0000"/><programme start="19700101000100 +0000" stop="19700101000200 +0000"/>"#;
        assert_eq!(last_stop(guide, 0, guide.len()), Some(120));
        assert_eq!(last_stop(guide, 0, 70), Some(60));
        assert_eq!((last_stop(guide, 0, 10), last_stop(guide, 0, 9999)), (None, None));
        assert_eq!((middle(vec![3, 1, 2]), middle(vec![])), (Some(2), None));
    }

    #[test]
    fn spans_are_short() {
        assert_eq!([0, 119, 120, 7200, 172_800].map(span), ["0 s", "119 s", "2 min", "2 h", "2 days"]);
    }
}
