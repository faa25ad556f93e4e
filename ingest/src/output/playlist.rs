//! `live.m3u` and `full.m3u`, with the tokens of [`contract::playlist`] where viewers differ.

use std::io::{self, Write};

use contract::playlist::{BASE, CATCHUP, EXT, PASSWORD, USERNAME, literal};
use contract::release::{Artefact, Draft, FULL_M3U, FileFact, LIVE_M3U};

use super::{Notes, Pictures};
use crate::harvest::{Channel, Episode, Item, List, Movie, Series};
use crate::line_up::{LineUp, Told};
use crate::tidy;

/// Channels only.
pub(super) fn live(draft: &Draft, line_up: &LineUp, notes: &mut Notes<'_>) -> io::Result<Vec<FileFact>> {
    let mut out = draft.artefact(LIVE_M3U)?;
    header(&mut out)?;
    channels(&mut out, line_up, notes.pictures)?;
    Ok(vec![out.finish()?])
}

/// Channels, films and the episodes known so far.
pub(super) fn full(draft: &Draft, line_up: &LineUp, notes: &mut Notes<'_>) -> io::Result<Vec<FileFact>> {
    let mut out = draft.artefact(FULL_M3U)?;
    header(&mut out)?;
    channels(&mut out, line_up, notes.pictures)?;
    movies(&mut out, line_up, notes.pictures)?;
    episodes(&mut out, line_up, notes.pictures)?;
    Ok(vec![out.finish()?])
}

fn header(out: &mut Artefact) -> io::Result<()> {
    let guide = format!("{BASE}/xmltv.php?username={USERNAME}&password={PASSWORD}");
    writeln!(out, "#EXTM3U url-tvg=\"{guide}\" x-tvg-url=\"{guide}\"")
}

fn channels(out: &mut Artefact, line_up: &LineUp, pictures: &Pictures) -> io::Result<()> {
    let groups = line_up.groups(List::Live);
    for placed in &line_up.live {
        let (part, entry) = line_up.entry(List::Live, placed);
        let channel: Channel = part.harvest.whole(entry)?;
        let name = literal(line_up.name(List::Live, placed));
        write!(out, "#EXTINF:-1")?;
        attribute(out, "tvg-id", line_up.guide(placed))?;
        attribute(out, "tvg-name", &name)?;
        let (source, picture) = (part.source.name.as_str(), placed.logo().unwrap_or(&channel.icon));
        attribute(out, "tvg-logo", &pictures.of((List::Live, placed.id), source, picture))?;
        write!(out, " tvg-chno=\"{}\"", placed.num)?;
        attribute(out, "group-title", groups.get(&placed.category).copied().unwrap_or(""))?;
        if channel.radio {
            attribute(out, "radio", "true")?;
        }
        let days = super::archive(line_up, placed)?;
        if days > 0 {
            write!(out, "{CATCHUP}{days}\" tvg-rec=\"{days}\"")?;
        }
        writeln!(out, ",{name}\n{BASE}/live/{USERNAME}/{PASSWORD}/{}.{EXT}", placed.id)?;
    }
    Ok(())
}

fn movies(out: &mut Artefact, line_up: &LineUp, pictures: &Pictures) -> io::Result<()> {
    let groups = line_up.groups(List::Movies);
    for placed in &line_up.movies {
        let (part, entry) = line_up.entry(List::Movies, placed);
        let movie: Movie = part.harvest.whole(entry)?;
        let group = groups.get(&placed.category).copied().unwrap_or("");
        let (source, picture) = (part.source.name.as_str(), placed.logo().unwrap_or(&movie.icon));
        let picture = pictures.of((List::Movies, placed.id), source, picture);
        title(out, &literal(line_up.name(List::Movies, placed)), &picture, group)?;
        let container = tidy::given_as(movie.container);
        writeln!(out, "{BASE}/movie/{USERNAME}/{PASSWORD}/{}.{container}", placed.id)?;
    }
    Ok(())
}

fn episodes(out: &mut Artefact, line_up: &LineUp, pictures: &Pictures) -> io::Result<()> {
    let groups = line_up.groups(List::Series);
    let mut last: Option<(u32, String)> = None; // a series and its picture: its episodes stand together
    for episode in &line_up.episodes {
        let placed = &line_up.series[episode.series as usize];
        let (part, entry) = line_up.entry(List::Series, placed);
        if last.as_ref().is_none_or(|(series, ..)| *series != episode.series) {
            let cover = match placed.logo() {
                Some(cover) => cover.to_owned(),
                None => part.harvest.whole::<Series>(entry)?.cover,
            };
            let owner = (List::Series, placed.id);
            last = Some((episode.series, pictures.of(owner, part.source.name.as_str(), &cover)));
        }
        let cover = last.as_ref().map_or("", |(_, cover)| cover);
        let container = match &episode.told {
            Told::Details(_, container) => container.to_string(),
            Told::Harvest(at) => {
                let entry = &part.harvest.entries(Item::Episode)[*at as usize];
                part.harvest.whole::<Episode>(entry)?.container
            }
        };
        let container = tidy::given_as(container);
        let name = literal(line_up.name(List::Series, placed));
        let name = format!("{name} S{:02}E{:02}", episode.season, episode.number);
        let group = groups.get(&placed.category).copied().unwrap_or("");
        title(out, &name, cover, group)?;
        writeln!(out, "{BASE}/series/{USERNAME}/{PASSWORD}/{}.{container}", episode.id)?;
    }
    Ok(())
}

/// The first line of a film or an episode.
fn title(out: &mut Artefact, name: &str, picture: &str, group: &str) -> io::Result<()> {
    write!(out, "#EXTINF:-1")?;
    attribute(out, "tvg-name", name)?;
    attribute(out, "tvg-logo", picture)?;
    attribute(out, "group-title", group)?;
    writeln!(out, ",{name}")
}

/// An attribute; none for a value that says nothing, since players take what follows for it.
fn attribute(out: &mut Artefact, key: &str, value: &str) -> io::Result<()> {
    if value.is_empty() { Ok(()) } else { write!(out, " {key}=\"{}\"", literal(value)) }
}
