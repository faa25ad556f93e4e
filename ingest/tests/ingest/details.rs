//! Details of films and series, and the wishes of servers.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use contract::bundle::{Kind, Playable, Protocol, Section, VodStream};
use contract::details::{Details, Episodes, MovieFacts, SeriesFacts, Stored, Subject};
use contract::disk::Data;
use contract::source::Source;
use contract::wanted::Wanted;
use ingest::{Filled, RunNow, Verdict};
use station::{Dialect, Fault, Station, Target};

use crate::{Bench, entries, source, station};

async fn sized(dialect: Dialect, films: u32, series: u32) -> Station {
    station(station::Settings { dialect, live: 1, films, series, guide_days: 1, ..Default::default() }).await
}

fn ids(bench: &Bench, section: Section) -> Vec<u32> {
    bench.release().index.entries(section).iter().map(|entry| entry.id).collect()
}

fn series(data: &Data, id: u32) -> Option<Stored<SeriesFacts>> {
    Details::new(data).stored(Subject::Series(id))
}

fn filled(asked: usize) -> Filled {
    Filled { asked, answered: asked }
}

fn asked(station: &Station) -> u64 {
    station.counts().requests("get_series_info") + station.counts().requests("get_vod_info")
}

#[tokio::test(flavor = "multi_thread")]
async fn details_are_fetched_once_newest_first_and_their_episodes_play_at_once() {
    for dialect in [Dialect::Classic, Dialect::Xui] {
        let station = sized(dialect, 8, 5).await;
        let mut bench = Bench::new();
        bench.settings.details_per_run = 3;
        let sources = [source("acme", &station)];
        bench.run(&sources).await;
        assert_eq!(asked(&station), 0, "no release waits for details");
        assert_eq!(bench.fill(&sources).await, filled(3));
        bench.settings.details_per_run = 100;
        let release = bench.release();
        let known = ids(&bench, Section::Series).into_iter().find(|id| series(&bench.data, *id).is_some());
        assert_eq!(
            series(&bench.data, known.unwrap()).unwrap().head.last_modified,
            1_760_000_000,
            "the newest"
        );
        assert_eq!(bench.fill(&sources).await, filled(10));
        assert_eq!(bench.fill(&sources).await, filled(0));
        assert_eq!(asked(&station), 13, "each once");

        let mut playable = Vec::new();
        for id in ids(&bench, Section::Series) {
            let stored = series(&bench.data, id).unwrap();
            let answer = stored.answer.unwrap();
            let episodes: Vec<_> = answer.episodes.values().flatten().collect();
            assert!(!episodes.is_empty() && episodes.len() == stored.episodes.len());
            assert!(answer.seasons.iter().map(|it| it.season_number).eq(answer.episodes.keys().copied()));
            for episode in episodes {
                let found = Episodes::new(&bench.data).playable(&release, episode.id.0 as u32).unwrap();
                assert_eq!((found.kind, &found.container), (Kind::Episode, &episode.container_extension));
                assert!(release.playable(found.id).is_none(), "the release is as it was");
                playable.push(found);
            }
        }
        assert_eq!(bench.run(&sources).await.verdict, Verdict::Published(2));
        let release = bench.release();
        let playlist = String::from_utf8(release.full_m3u.to_vec()).unwrap();
        for found in playable {
            let line = format!("{{base}}/series/{{username}}/{{password}}/{}.", found.id);
            assert!(playlist.contains(&line), "{line}");
            assert_eq!(release.playable(found.id).as_ref(), Some(&found));
        }
        assert_eq!(bench.run(&sources).await.verdict, Verdict::Unchanged(2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_renumbering_details_are_fetched_again_and_episodes_play_under_their_old_ids() {
    let mut bench = Bench::new();
    bench.settings.details_per_run = 1000;
    // Enough to be recognised by their names.
    let sized =
        |renumbered| station::Settings { live: 50, films: 40, series: 40, renumbered, ..Default::default() };
    let mut before: Vec<Playable> = Vec::new();
    for renumbered in [0, 1] {
        let station = station(sized(renumbered)).await;
        let sources = [source("acme", &station)];
        let report = bench.run(&sources).await;
        assert_eq!(report.to_string().contains("renumbered"), renumbered == 1, "{report}");
        let filled = bench.fill(&sources).await;
        assert!(filled.asked > 70 && filled.asked == filled.answered, "{filled:?}");
        bench.run(&sources).await;
        let release = bench.release();
        let episodes = ids(&bench, Section::Series).into_iter().filter_map(|id| series(&bench.data, id));
        let ids = episodes.flat_map(|stored| stored.episodes).map(|fact| fact.id);
        let now: Vec<Playable> = ids.filter_map(|id| release.playable(id)).collect();
        let kept = before.iter().filter(|was| now.iter().any(|is| is.id == was.id)).count();
        assert!(kept * 100 >= before.len() * 95, "{kept} of {} keep their ids", before.len());
        let stale = before.iter().filter(|was| now.contains(was)).count();
        assert!(stale * 20 <= before.len(), "{stale} of {} go by their provider's old ids", before.len());
        assert!(!now.is_empty());
        before = now;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn films_are_described_in_both_dialects_alike() {
    let mut told = Vec::new();
    for dialect in [Dialect::Classic, Dialect::Xui] {
        let station = sized(dialect, 8, 0).await;
        let bench = Bench::new();
        let sources = [source("acme", &station)];
        bench.run(&sources).await;
        assert_eq!(bench.fill(&sources).await, filled(8));
        let films: Vec<Option<MovieFacts>> = (ids(&bench, Section::VodStreams).into_iter())
            .map(|id| Details::new(&bench.data).stored(Subject::Movie(id)).unwrap().answer)
            .collect();
        assert_eq!(films.iter().filter(|film| film.is_none()).count(), 1, "the one that nobody described");
        for film in films.iter().flatten() {
            assert!(!film.plot.is_empty() && film.plot == film.description && film.actors == film.cast);
            assert!(film.release_date.len() == 10 && film.release_date == film.releasedate);
            let lasts = (film.duration_secs, film.duration.as_str());
            assert!(matches!(lasts, (8, "00:00:08") | (180, "00:03:00")) && film.bitrate == 330, "{film:?}");
            assert!(film.tmdb_id.parse::<u32>().is_ok() && film.runtime >= 70);
        }
        assert!(films.iter().flatten().any(|film| film.video.is_some() && film.audio.is_some()));
        let bare = |film: &MovieFacts| MovieFacts {
            cover_big: String::new(),
            movie_image: String::new(),
            backdrop_path: Vec::new(),
            ..film.clone()
        };
        told.push(films.iter().flatten().map(bare).collect::<Vec<_>>());
    }
    assert_eq!(told[0], told[1], "but for the station's address in pictures");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_does_not_know_is_asked_for_again_after_a_day_when_somebody_wishes() {
    let station = sized(Dialect::Classic, 2, 1).await;
    let bench = Bench::new();
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    station.set_fault(Target::Action("get_vod_info".into()), Fault::Empty);
    station.set_fault(Target::Action("get_series_info".into()), Fault::Status(404));
    assert_eq!(bench.fill(&sources).await, filled(3));
    let (details, wanted) = (Details::new(&bench.data), Wanted::new(&bench.data));
    let subject = Subject::Series(ids(&bench, Section::Series)[0]);
    assert!(details.kept(subject).unwrap().answer.is_none());
    station.reset();
    wanted.ask(subject).unwrap();
    assert_eq!(bench.fill(&sources).await, filled(0));
    assert!(wanted.list().unwrap().is_empty(), "that nobody knows is an answer, too");

    let mut stored = details.stored::<SeriesFacts>(subject).unwrap();
    stored.head.fetched -= 86_400;
    details.put(subject, &stored).unwrap();
    assert_eq!(bench.fill(&sources).await, filled(0), "nobody wishes");
    wanted.ask(subject).unwrap();
    assert_eq!(bench.fill(&sources).await, filled(1));
    assert!(details.kept(subject).unwrap().answer.is_some() && wanted.list().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_be_asked_for_is_not_waited_for_twice() {
    let station = sized(Dialect::Classic, 1, 1).await;
    let bench = Bench::new();
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    let wanted = Wanted::new(&bench.data);
    wanted.ask(Subject::Movie(4711)).unwrap();
    assert_eq!(bench.fill(&sources).await, filled(2));
    assert!(wanted.list().unwrap().is_empty());
    assert!(Details::new(&bench.data).kept(Subject::Movie(4711)).unwrap().answer.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn details_of_a_dead_or_forgetful_provider_stay_and_restless_times_are_seen_through() {
    let station = sized(Dialect::Xui, 1, 1).await;
    let bench = Bench::new();
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    bench.fill(&sources).await;
    let details = Details::new(&bench.data);
    let subject = Subject::Series(ids(&bench, Section::Series)[0]);
    let first = details.stored::<SeriesFacts>(subject).unwrap();
    let change = |restless| {
        let mut stored = details.stored::<SeriesFacts>(subject).unwrap();
        (stored.head.last_modified, stored.head.restless) = (1, restless);
        details.put(subject, &stored).unwrap();
    };
    // It says that it changed, but it did not.
    change(false);
    assert_eq!(bench.fill(&sources).await, filled(1));
    let again = details.stored::<SeriesFacts>(subject).unwrap();
    assert!(again.head.restless && again.answer == first.answer && again.episodes == first.episodes);
    change(true);
    assert_eq!(bench.fill(&sources).await, filled(0), "its time counts for nothing");
    change(false);
    station.set_fault(Target::Action("get_series_info".into()), Fault::Empty);
    assert_eq!(bench.fill(&sources).await, filled(1));
    assert_eq!(details.stored::<SeriesFacts>(subject).unwrap().answer, first.answer);
    change(false);
    drop(station);
    assert_eq!(bench.fill(&sources).await, Filled { asked: 1, answered: 0 });
    assert_eq!(details.stored::<SeriesFacts>(subject).unwrap().answer, first.answer);
}

/// Runs the schedule until `watching` ends.
async fn scheduled(bench: &Bench, sources: &[Source], watching: impl Future<Output = ()>) {
    let run_now = RunNow::default();
    ingest::schedule(&bench.data, sources, &bench.settings, &run_now, watching).await.unwrap();
}

/// Requests for details within the times between samples.
struct Samples(Vec<(Instant, u64, Instant)>);

impl Samples {
    fn take(&mut self, station: &Station) {
        let before = Instant::now();
        let count = asked(station);
        self.0.push((before, count, Instant::now()));
    }

    /// Whatever the machine does in between, there are never more than one for each `pause`, and those on their way.
    fn assert_polite(&self, pause: Duration) {
        for (at, (began, first, _)) in self.0.iter().enumerate() {
            for (_, last, ended) in &self.0[at..] {
                let most = ended.duration_since(*began).as_secs_f64() / pause.as_secs_f64() + 3.0;
                assert!((last - first) as f64 <= most, "{first} to {last}: at most {most}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_come_first_while_ten_thousand_series_are_filled_and_no_pause_is_cut_short() {
    const SERIES: u32 = 10_000;
    let station = sized(Dialect::Classic, 1, SERIES).await;
    let mut bench = Bench::new();
    let pause = Duration::from_millis(10);
    bench.settings.details_pause = pause;
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    let mut oldest = ids(&bench, Section::Series);
    let release = bench.release();
    oldest.sort_by_key(|id| {
        let entry: contract::bundle::Series =
            serde_json::from_slice(&release.find(Section::Series, *id).unwrap()).unwrap();
        entry.last_modified.0
    });
    let mut samples = Samples(Vec::new());
    let wanted = Wanted::new(&bench.data);
    scheduled(&bench, &sources, async {
        for wish in &oldest[..5] {
            let subject = Subject::Series(*wish);
            while asked(&station) < 20 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                samples.take(&station);
            }
            wanted.ask(subject).unwrap();
            while series(&bench.data, *wish).is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
                samples.take(&station);
            }
            let episodes = series(&bench.data, *wish).unwrap().episodes;
            let late = Episodes::new(&bench.data);
            assert!(episodes.iter().all(|episode| late.playable(&release, episode.id).is_some()));
        }
        while !wanted.list().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(asked(&station) < u64::from(SERIES) / 2, "they were the last in the line");
    samples.assert_polite(pause);
    let given: Vec<u32> = (oldest.iter())
        .filter_map(|id| series(&bench.data, *id))
        .flat_map(|stored| stored.episodes.into_iter().map(|episode| episode.id))
        .collect();
    assert_eq!(given.iter().collect::<BTreeSet<_>>().len(), given.len(), "no id twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_fills_everything_between_its_runs() {
    let station = sized(Dialect::Xui, 9, 4).await;
    let bench = Bench::new();
    let sources = [source("acme", &station)];
    scheduled(&bench, &sources, async {
        while asked(&station) < 13 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let all = || ids(&bench, Section::Series).into_iter().all(|id| series(&bench.data, id).is_some());
        while !all() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(asked(&station), 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn films_and_episodes_that_a_panel_has_as_hls_are_given_as_transport_streams_everywhere() {
    let settings =
        station::Settings { segmented_films: true, live: 1, films: 3, series: 1, ..Default::default() };
    let (station, bench) = (station(settings).await, Bench::new());
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    bench.fill(&sources).await;
    bench.run(&sources).await;
    let release = bench.release();
    let films: Vec<VodStream> = entries(&release, Section::VodStreams);
    assert!(films.len() == 3 && films.iter().all(|film| film.container_extension == "ts"));
    let answer = series(&bench.data, ids(&bench, Section::Series)[0]).unwrap().answer.unwrap();
    let episodes: Vec<u32> = answer.episodes.values().flatten().map(|it| it.id.0 as u32).collect();
    assert!(answer.episodes.values().flatten().all(|it| it.container_extension == "ts"));
    let playlist = String::from_utf8(release.full_m3u.to_vec()).unwrap();
    for id in films.iter().map(|film| film.stream_id).chain(episodes) {
        assert!(playlist.contains(&format!("/{id}.ts\n")), "{id}");
        let playable = release.playable(id).unwrap();
        let late = Episodes::new(&bench.data).playable(&release, id);
        assert!(playable.kind == Kind::Movie || late.as_ref() == Some(&playable), "{late:?}");
        let upstream = &playable.upstreams[0];
        assert_eq!((&*playable.container, upstream.protocol), ("ts", Protocol::Hls));
        assert!(upstream.path.ends_with(".m3u8"), "{}", upstream.path);
    }
}
