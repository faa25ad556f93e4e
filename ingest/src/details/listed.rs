//! Details of series whose source lists the episodes itself, as playlists do: made without asking anybody.
//!
//! They name episodes that only the release of the same run can play, so they are written aside first and put in place
//! when that is published.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use contract::bundle::{Blank, Digits};
use contract::details::{self, Details, EpisodeInfo, Head, SeriesFacts, Stored, Subject};
use contract::disk::Data;

use super::keeper::seasons;
use crate::harvest::{self, Item};
use crate::line_up::{Episode, LineUp, Told};
use crate::output::UNKNOWN;

/// Details that are not in place yet.
pub(crate) struct Staged {
    data: Data,
    aside: Data,
    series: Vec<u32>,
}

fn aside(data: &Data) -> PathBuf {
    data.state().join(".listed")
}

impl Staged {
    /// Writes what is new or different aside. Only who holds the right to publish does so.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn write(line_up: &LineUp, data: &Data) -> io::Result<Self> {
        let folder = aside(data);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {} // of a run that was killed
        }
        let (details, staged) = (Details::new(data), Data::new(folder));
        let mut series = Vec::new();
        let listed = |episode: &&Episode| matches!(episode.told, Told::Harvest(_));
        let episodes: Vec<&Episode> = line_up.episodes.iter().filter(listed).collect();
        // They are sorted by series.
        for episodes in episodes.chunk_by(|a, b| a.series == b.series) {
            let id = line_up.series[episodes[0].series as usize].id;
            let stored = stored(line_up, episodes)?;
            if details.stored::<SeriesFacts>(Subject::Series(id)).as_ref() != Some(&stored) {
                Details::new(&staged).put(Subject::Series(id), &stored)?;
                series.push(id);
            }
        }
        Ok(Self { data: data.clone(), aside: staged, series })
    }

    /// Puts them in place.
    ///
    /// # Errors
    /// The disk refuses; some may be in place.
    pub(crate) fn place(self) -> io::Result<()> {
        let (from, to) = (Details::new(&self.aside), Details::new(&self.data));
        for series in self.series {
            from.hand_over(Subject::Series(series), &to)?;
        }
        match fs::remove_dir_all(self.aside.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// The details of one series. The same episodes are the same bytes, whenever they are listed.
fn stored(line_up: &LineUp, episodes: &[&Episode]) -> io::Result<Stored<SeriesFacts>> {
    let part = line_up.part(&line_up.series[episodes[0].series as usize]);
    let mut by_season: BTreeMap<u32, Vec<details::Episode>> = BTreeMap::new();
    for episode in episodes {
        let Told::Harvest(at) = &episode.told else { continue };
        let listed: harvest::Episode =
            part.harvest.whole(&part.harvest.entries(Item::Episode)[*at as usize])?;
        let number = episode.number;
        by_season.entry(episode.season).or_default().push(details::Episode {
            id: Digits(episode.id.into()),
            episode_num: number,
            title: if listed.title.is_empty() { format!("Episode {number}") } else { listed.title },
            container_extension: listed.container,
            info: EpisodeInfo {
                movie_image: listed.icon.clone(),
                cover_big: listed.icon,
                duration: "00:00:00".into(),
                rating: "0".into(),
                season: episode.season,
                ..EpisodeInfo::default()
            },
            subtitles: [],
            custom_sid: Blank,
            added: Digits(listed.added.unwrap_or(UNKNOWN)),
            season: episode.season,
            direct_source: Blank,
        });
    }
    let head = Head { source: part.source.name.as_str().to_owned(), ..Head::default() };
    let answer = SeriesFacts { seasons: seasons(&by_season, Vec::new()), episodes: by_season };
    Ok(Stored { head, episodes: Vec::new(), answer: Some(answer) })
}

#[cfg(test)]
mod tests {
    use contract::ids::Ledger;
    use contract::source::Source;

    use super::*;
    use crate::harvest::{Series, Writer};
    use crate::line_up::Part;

    #[test]
    fn what_a_source_lists_is_in_place_when_the_release_is_and_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let source: Source = toml::from_str("name='list'\nkind='m3u'\nurl='http://h/x.m3u'").unwrap();
        let mut writer = Writer::new(&data, &source.name).unwrap();
        writer.series(&Series { id: "show".into(), name: "Show".into(), ..Series::default() }).unwrap();
        for (id, season, number, title) in [("c", 1, 2, ""), ("a", 0, 1, "Special"), ("b", 1, 1, "First")] {
            let episode = harvest::Episode {
                id: id.into(),
                series: "show".into(),
                season,
                number,
                title: title.into(),
                container: "mp4".into(),
                ..harvest::Episode::default()
            };
            writer.episode(&episode).unwrap();
        }
        let mut harvest = writer.finish(7, vec![]).unwrap();
        harvest.hold().unwrap();
        let mut ledger = Ledger::load(&data.ids()).unwrap();
        let line_up = LineUp::new(vec![Part { source, harvest }], &[], &mut ledger).unwrap();
        let details = Details::new(&data);
        let subject = Subject::Series(line_up.series[0].id);
        let staged = Staged::write(&line_up, &data).unwrap();
        assert!(details.kept(subject).is_none(), "the release is not published yet");
        staged.place().unwrap();
        let stored = details.stored::<SeriesFacts>(subject).unwrap();
        let answer = stored.answer.unwrap();
        let titles: Vec<&str> = answer.episodes.values().flatten().map(|it| it.title.as_str()).collect();
        assert_eq!(titles, ["Special", "First", "Episode 2"]);
        assert_eq!(answer.seasons.iter().map(|it| it.episode_count).collect::<Vec<_>>(), [1, 2]);
        assert!(Staged::write(&line_up, &data).unwrap().series.is_empty(), "nothing is different");
    }
}
