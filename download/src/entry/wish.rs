//! Entries of what was wished for.

use contract::bundle;
use contract::library::Title;
use contract::library::title::{self, Form, Hints, Kind, Reading};

use super::{Entry, Origin};
use crate::job::Wish;

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
    let origin = Origin::Ours {
        account: wish.account.as_str().into(),
        stream_id: wish.stream_id,
        series: wish.series,
    };
    Entry::of_reading(reading, "", 0, (origin, &wish.ext))
}
