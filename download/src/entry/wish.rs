//! Entries of what was wished for.

use contract::bundle;
use contract::library::Title;
use contract::library::title::{self, Form, Hints, Kind, Reading};

use super::{Entry, Origin};
use crate::job::{Job, Wish};
use crate::quality::Quality;

/// What a job brings, or has brought.
pub fn of_wish(wish: &Wish) -> Entry {
    // Its marks say what they have said in the list.
    let marked = format!("x [{}]", wish.tags.join("] [").to_uppercase());
    let marks = title::read(&marked, Hints { form: Form::Film, group: "" });
    let title = Title {
        name: wish.title.clone(),
        year: wish.year.clone(),
        tmdb: wish.tmdb.clone(),
        tags: Vec::new(),
    };
    let reading = Reading {
        kind: match wish.kind {
            bundle::Kind::Movie => Kind::Film,
            bundle::Kind::Episode => Kind::Series,
            bundle::Kind::Live => Kind::Live,
        },
        season: wish.season,
        episode: wish.episode,
        name: wish.ep_title.clone(),
        lines: wish.quality.and_then(|lines| u16::try_from(lines).ok()).or(marks.lines),
        title,
        ..marks
    };
    let origin = match &wish.address {
        Some(address) => Origin::Web(address.reveal().into()),
        None => Origin::Ours {
            account: wish.account.as_str().into(),
            stream_id: wish.stream_id,
            series: wish.series,
        },
    };
    Entry::of_reading(reading, "", 0, (origin, &wish.ext))
}

/// What a job has brought: of its picture, what was measured is believed rather than what the list says.
pub fn of_job(job: &Job) -> Entry {
    let mut entry = of_wish(&job.wish);
    let measured = job.measured_h.and_then(|lines| Quality::of_pixels(0, lines));
    entry.quality.lines = measured.or(entry.quality.lines);
    entry
}
