//! A small line-up with everything that is awkward about real ones.

use std::fmt::Write as _;
use std::io::Write as _;

use contract::bundle::{
    Blank, Category, Digits, Flag, GuideRange, Kind, LiveStream, Movie, Playable, Section, Series,
    SeriesWord, StreamType, VodStream, Writer,
};
use contract::details::{
    Details, Episode, EpisodeInfo, Head, MovieFacts, Season, SeriesFacts, Stored, Subject,
};
use contract::disk::Data;
use contract::playlist::{CATCHUP, literal};
use flate2::Compression;
use flate2::write::GzEncoder;
use quick_xml::escape::escape;

use crate::house::NOW;

/// Of the first series.
const EPISODES: [u32; 3] = [12001, 12002, 12003];

/// Half an hour.
pub(crate) const SLOT: u64 = 1800;
const DAY: u64 = 24 * 3600;

/// Names as providers give them.
pub(crate) const NAMES: [&str; 4] =
    ["UK: One", "Zwei \"HD\", S\u{fc}d \u{1f4fa}", "\u{422}\u{440}\u{438} ]]> {password}", "Radio Eins"];

pub(crate) struct LineUp {
    pub(crate) live_categories: Vec<Category>,
    pub(crate) live: Vec<LiveStream>,
    pub(crate) vod_categories: Vec<Category>,
    pub(crate) vod: Vec<VodStream>,
    pub(crate) series_categories: Vec<Category>,
    pub(crate) series: Vec<Series>,
    /// Guide channels with their programmes.
    pub(crate) guide: Vec<(String, Vec<Programme>)>,
}

/// Start, stop, title, description.
type Programme = (u64, u64, String, String);

impl LineUp {
    /// One with catch-up, one in two categories, one without a guide, a radio; a film with details and one without;
    /// a series with details and one without.
    pub(crate) fn usual() -> Self {
        let mut live = vec![
            live(1, 101, NAMES[0], "one.uk", &[1]),
            live(2, 102, NAMES[1], "zwei.de", &[1, 2]),
            live(5, 103, NAMES[2], "", &[2]),
            live(6, 104, NAMES[3], "radio.eins", &[3]),
        ];
        (live[0].tv_archive, live[0].tv_archive_duration) = (Flag(true), 3);
        live[3].stream_type = StreamType::Radio;
        Self {
            live_categories: vec![category(1, "UK"), category(2, "Deutschland"), category(3, "Radio")],
            live,
            vod_categories: vec![category(4, "Films")],
            vod: vec![movie(1, 9001, "Film (2020)"), movie(2, 9002, "Zweiter, \"Film\"")],
            series_categories: vec![category(5, "Drama")],
            series: vec![series(1, 77, "Show"), series(2, 78, "Unseen")],
            guide: vec![
                ("one.uk".into(), programmes(NOW - 5 * DAY, NOW + DAY)),
                ("radio.eins".into(), Vec::new()),
                ("zwei.de".into(), programmes(NOW - DAY, NOW + DAY)),
            ],
        }
    }

    /// The usual and 200 channels more, so that compressing is worth it.
    pub(crate) fn long() -> Self {
        let mut line_up = Self::usual();
        line_up.live.extend((1000..1200).map(|id| live(id, id, "One more", "", &[1])));
        line_up
    }

    /// Nothing at all.
    pub(crate) fn empty() -> Self {
        Self {
            live_categories: Vec::new(),
            live: Vec::new(),
            vod_categories: Vec::new(),
            vod: Vec::new(),
            series_categories: Vec::new(),
            series: Vec::new(),
            guide: Vec::new(),
        }
    }

    /// The files of a release, in the order of `contract::release::ARTEFACTS`.
    pub(crate) fn artefacts(&self) -> [Vec<u8>; 5] {
        let (guide, ranges) = self.guide();
        let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
        gz.write_all(guide.as_bytes()).unwrap();
        let playlists = [self.playlist(false), self.playlist(true)];
        let [live, full] = playlists.map(String::into_bytes);
        [self.bundle(&ranges), live, full, guide.into_bytes(), gz.finish().unwrap()]
    }

    fn bundle(&self, ranges: &[GuideRange]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new()).unwrap();
        self.live_categories.iter().for_each(|it| writer.push(Section::LiveCategories, it).unwrap());
        self.live.iter().for_each(|it| writer.push(Section::LiveStreams, it).unwrap());
        self.vod_categories.iter().for_each(|it| writer.push(Section::VodCategories, it).unwrap());
        self.vod.iter().for_each(|it| writer.push(Section::VodStreams, it).unwrap());
        self.series_categories.iter().for_each(|it| writer.push(Section::SeriesCategories, it).unwrap());
        self.series.iter().for_each(|it| writer.push(Section::Series, it).unwrap());
        ranges.iter().for_each(|it| writer.push(Section::Guide, it).unwrap());
        for id in EPISODES {
            let (kind, container) = (Kind::Episode, "mp4".into());
            let playable = Playable { id, kind, container, series: 77, upstreams: Vec::new() };
            writer.push(Section::Playables, &playable).unwrap();
        }
        writer.finish().unwrap()
    }

    fn guide(&self) -> (String, Vec<GuideRange>) {
        let mut xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE tv SYSTEM \"xmltv.dtd\">\n\
                       <tv generator-info-name=\"coax\">\n"
            .to_owned();
        let mut ranges: Vec<GuideRange> = Vec::new();
        for (id, _) in &self.guide {
            let start = xml.len() as u64;
            let name = self.live.iter().find(|channel| channel.epg_channel_id == *id).unwrap();
            let name = escape(name.name.as_str());
            writeln!(xml, "<channel id=\"{id}\"><display-name>{name}</display-name></channel>").unwrap();
            ranges.push(GuideRange {
                id: id.clone(),
                channel: (start, xml.len() as u64),
                programmes: (0, 0),
            });
        }
        for ((id, programmes), range) in self.guide.iter().zip(&mut ranges) {
            let begin = xml.len() as u64;
            for (start, stop, title, description) in programmes {
                let (start, stop) = (xmltv_time(*start), xmltv_time(*stop));
                let title = escape(title.as_str());
                write!(xml, "<programme start=\"{start}\" stop=\"{stop}\" channel=\"{id}\">").unwrap();
                write!(xml, "<title lang=\"ru\">{title}</title>").unwrap();
                if !description.is_empty() {
                    write!(xml, "<desc>{}</desc>", escape(description.as_str())).unwrap();
                }
                xml += "</programme>\n";
            }
            range.programmes = (begin, xml.len() as u64);
        }
        (xml + "</tv>\n", ranges)
    }

    fn playlist(&self, full: bool) -> String {
        let guide = "{base}/xmltv.php?username={username}&password={password}";
        let mut text = format!("#EXTM3U url-tvg=\"{guide}\" x-tvg-url=\"{guide}\"\n");
        for it in &self.live {
            text += "#EXTINF:-1";
            if !it.epg_channel_id.is_empty() {
                write!(text, " tvg-id=\"{}\"", literal(&it.epg_channel_id)).unwrap();
            }
            let (name, group) = (literal(&it.name), &self.live_categories[it.category_ids[0] as usize - 1]);
            let group = literal(&group.category_name);
            write!(text, " tvg-name=\"{name}\" tvg-chno=\"{}\" group-title=\"{group}\"", it.num).unwrap();
            if it.stream_type == StreamType::Radio {
                text += " radio=\"true\"";
            }
            let days = it.tv_archive_duration;
            if days > 0 {
                write!(text, "{CATCHUP}{days}\" tvg-rec=\"{days}\"").unwrap();
            }
            writeln!(text, ",{name}\n{{base}}/live/{{username}}/{{password}}/{}.{{ext}}", it.stream_id)
                .unwrap();
        }
        for it in self.vod.iter().filter(|_| full) {
            let (name, extension) = (literal(&it.name), &it.container_extension);
            writeln!(text, "#EXTINF:-1 tvg-name=\"{name}\" group-title=\"Films\",{name}").unwrap();
            writeln!(text, "{{base}}/movie/{{username}}/{{password}}/{}.{extension}", it.stream_id).unwrap();
        }
        if full && !self.series.is_empty() {
            for id in EPISODES {
                writeln!(text, "#EXTINF:-1 tvg-name=\"Show {id}\" group-title=\"Drama\",Show {id}").unwrap();
                writeln!(text, "{{base}}/series/{{username}}/{{password}}/{id}.mp4").unwrap();
            }
        }
        text
    }

    /// Details of the first film and the first series.
    pub(crate) fn details(&self, data: &Data) {
        let details = Details::new(data);
        if let Some(film) = self.vod.first() {
            let stored = stored(film.added.0, movie_facts(film));
            details.put(Subject::Movie(film.stream_id), &stored).unwrap();
        }
        if let Some(series) = self.series.first() {
            let stored = stored(series.last_modified.0, series_facts());
            details.put(Subject::Series(series.series_id), &stored).unwrap();
        }
    }
}

/// Half-hours from one time to another, on the half-hour; every third has no description.
fn programmes(from: u64, to: u64) -> Vec<Programme> {
    let starts = (from / SLOT..to / SLOT).map(|slot| slot * SLOT);
    starts
        .enumerate()
        .map(|(at, start)| {
            let title = format!(
                "\u{41d}\u{43e}\u{432}\u{43e}\u{441}\u{442}\u{438} & \"Wetter\" <\u{dc}> \u{1f600} {at}"
            );
            let description =
                if at % 3 == 0 { String::new() } else { format!("Stra\u{df}e, \u{43c}\u{438}\u{440} {at}") };
            (start, start + SLOT, title, description)
        })
        .collect()
}

fn xmltv_time(unix: u64) -> String {
    let time = jiff::Timestamp::from_second(unix as i64).unwrap();
    time.strftime("%Y%m%d%H%M%S +0000").to_string()
}

pub(crate) fn category(id: u64, name: &str) -> Category {
    Category { category_id: Digits(id), category_name: name.into(), parent_id: 0 }
}

pub(crate) fn live(num: u32, id: u32, name: &str, guide: &str, categories: &[u32]) -> LiveStream {
    LiveStream {
        num,
        name: name.into(),
        stream_type: StreamType::Live,
        stream_id: id,
        stream_icon: String::new(),
        epg_channel_id: guide.into(),
        added: Digits(1_700_000_000),
        is_adult: Flag(false),
        category_id: Digits(categories[0].into()),
        category_ids: categories.to_vec(),
        custom_sid: Blank,
        tv_archive: Flag(false),
        tv_archive_duration: 0,
        direct_source: Blank,
        thumbnail: Blank,
    }
}

fn movie(num: u32, id: u32, name: &str) -> VodStream {
    let (rating, rating_5based) = contract::bundle::rating(7.3);
    VodStream {
        num,
        name: name.into(),
        title: name.trim_end_matches(" (2020)").into(),
        year: "2020".into(),
        stream_type: Movie::Movie,
        stream_id: id,
        stream_icon: "http://pictures.example/f.jpg".into(),
        rating,
        rating_5based,
        tmdb: "603".into(),
        trailer: String::new(),
        youtube_trailer: String::new(),
        added: Digits(1_700_000_000),
        is_adult: Flag(false),
        category_id: Digits(4),
        category_ids: vec![4],
        container_extension: "mkv".into(),
        custom_sid: Blank,
        direct_source: Blank,
    }
}

fn series(num: u32, id: u32, name: &str) -> Series {
    let (rating, rating_5based) = contract::bundle::rating(0.0);
    Series {
        num,
        name: name.into(),
        title: name.into(),
        year: "2021".into(),
        stream_type: SeriesWord::Series,
        series_id: id,
        cover: String::new(),
        plot: "A plot.".into(),
        cast: String::new(),
        director: String::new(),
        genre: String::new(),
        release_date_camel: "2021-02-03".into(),
        release_date: "2021-02-03".into(),
        last_modified: Digits(1_700_000_000),
        rating,
        rating_5based,
        backdrop_path: Vec::new(),
        youtube_trailer: String::new(),
        episode_run_time: Digits(45),
        category_id: Digits(5),
        category_ids: vec![5],
        tmdb: String::new(),
    }
}

/// A detail that was fetched when its list entry was as it is.
pub(crate) fn stored<T>(last_modified: u64, answer: T) -> Stored<T> {
    let head = Head { source: "acme".into(), fetched: NOW - DAY, last_modified, ..Head::default() };
    Stored { head, episodes: Vec::new(), answer: Some(answer) }
}

fn movie_facts(film: &VodStream) -> MovieFacts {
    MovieFacts {
        tmdb_id: "603".into(),
        name: film.title.clone(),
        o_name: film.title.clone(),
        releasedate: "2020-05-06".into(),
        release_date: "2020-05-06".into(),
        duration: "01:40:00".into(),
        duration_secs: 6000,
        plot: "Told in full.".into(),
        description: "Told in full.".into(),
        ..MovieFacts::default()
    }
}

fn series_facts() -> SeriesFacts {
    let season = |season_number, episode_count| Season {
        id: season_number,
        season_number,
        name: format!("Season {season_number}"),
        episode_count,
        air_date: String::new(),
        overview: String::new(),
        cover: String::new(),
        cover_big: String::new(),
        cover_tmdb: String::new(),
        vote_average: 0.0,
    };
    let episode = |id, season, episode_num| Episode {
        id: Digits(id),
        episode_num,
        title: format!("Show - S{season:02}E{episode_num:02}"),
        container_extension: "mp4".into(),
        info: EpisodeInfo {
            duration: "00:00:00".into(),
            rating: "0".into(),
            season,
            ..EpisodeInfo::default()
        },
        subtitles: [],
        custom_sid: Blank,
        added: Digits(1_700_000_000),
        season,
        direct_source: Blank,
    };
    SeriesFacts {
        seasons: vec![season(0, 1), season(1, 2)],
        episodes: [(0, vec![episode(12001, 0, 1)]), (1, vec![episode(12002, 1, 1), episode(12003, 1, 2)])]
            .into(),
    }
}
