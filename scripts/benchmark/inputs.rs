//! What a provider with very much gives: a playlist and a guide. The same in every run.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Programmes of a channel in a guide: seven days of two hours each.
const PROGRAMMES: u64 = 7 * 12;
/// Words of names, titles and plots.
const WORDS: [&str; 24] = [
    "Night",
    "River",
    "störrische",
    "Harbour",
    "and",
    "the",
    "Last",
    "Kommissar",
    "of",
    "Winter",
    "Été",
    "Garden",
    "who",
    "Silent",
    "Bridge",
    "Red",
    "Mountain",
    "R&amp;D",
    "City",
    "friend",
    "Lost",
    "looks",
    "Summer",
    "Train",
];

/// Numbers that look thrown.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn words(&mut self, count: usize) -> String {
        let words: Vec<&str> = (0..count).map(|_| WORDS[self.throw(WORDS.len() as u64) as usize]).collect();
        words.join(" ")
    }
}

/// Writes a playlist as panels give it: of ten entries one is a channel, four are films and five are episodes. Answers its
/// length in bytes.
pub(crate) fn playlist(path: &Path, entries: u64) -> u64 {
    let mut out = BufWriter::new(File::create(path).unwrap());
    let mut dice = Dice(1);
    out.write_all(b"#EXTM3U\n").unwrap();
    for at in 0..entries {
        let (name, id, logo, group, path) = match at * 10 / entries {
            0 => (
                format!("UK: {} {at} FHD", dice.words(2).replace("&amp;", "&")),
                format!("channel{at}.uk"),
                format!("https://pictures.provider.example:2096/logos/{:032x}.png", u128::from(at) << 60),
                format!("UK | {}", WORDS[at as usize / 300 % WORDS.len()]),
                format!("{at}.ts"),
            ),
            1..=4 => (
                format!("EN - {} {at} ({})", dice.words(3).replace("&amp;", "&"), 1950 + at % 75),
                String::new(),
                format!("https://image.tmdb.example/t/p/w600_and_h900_bestv2/{:027x}.jpg", at << 20),
                format!("FILMS | {}", WORDS[at as usize / 5000 % WORDS.len()]),
                format!("{at}.mkv"),
            ),
            _ => (
                format!(
                    "EN - {} {} S{:02} E{:02}",
                    WORDS[at as usize / 60 % 24],
                    at / 30,
                    at / 10 % 3 + 1,
                    at % 10 + 1
                ),
                String::new(),
                format!("https://image.tmdb.example/t/p/w600_and_h900_bestv2/{:027x}.jpg", (at / 30) << 20),
                format!("SERIES | {}", WORDS[at as usize / 5000 % WORDS.len()]),
                format!("{at}.mkv"),
            ),
        };
        let kind = ["", "movie/", "series/"][(at * 10 / entries) as usize * 2 / 5 % 3];
        writeln!(
            out,
            "#EXTINF:-1 tvg-id=\"{id}\" tvg-name=\"{name}\" tvg-logo=\"{logo}\" group-title=\"{group}\",{name}\n\
             http://provider.example:8080/{kind}someone/hidden7/{path}"
        )
        .unwrap();
    }
    out.into_inner().unwrap().metadata().unwrap().len()
}

/// Writes a playlist of the first channels of [`guide`].
pub(crate) fn channels(path: &Path, channels: u64) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    out.write_all(b"#EXTM3U\n").unwrap();
    for channel in 0..channels {
        writeln!(
            out,
            "#EXTINF:-1 tvg-id=\"channel{channel}.uk\" group-title=\"UK\",Channel {channel}\n\
             http://provider.example:8080/someone/hidden7/{channel}.ts"
        )
        .unwrap();
    }
    out.flush().unwrap();
}

/// Writes a guide, packed, and answers its length unpacked.
pub(crate) fn guide(path: &Path, channels: u64) -> u64 {
    let mut out = BufWriter::new(GzEncoder::new(File::create(path).unwrap(), Compression::new(4)));
    let mut dice = Dice(1);
    let mut length = 0;
    let mut put = |text: &str| {
        length += text.len() as u64;
        out.write_all(text.as_bytes()).unwrap();
    };
    put("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE tv SYSTEM \"xmltv.dtd\">\n<tv>\n");
    for channel in 0..channels {
        put(&format!(
            "<channel id=\"channel{channel}.uk\"><display-name>Channel {channel}</display-name></channel>\n"
        ));
    }
    let midnight = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 86_400 * 86_400;
    let times: Vec<String> = (0..=PROGRAMMES).map(|at| time(midnight + at * 7200)).collect();
    for channel in 0..channels {
        for at in 0..PROGRAMMES {
            put(&format!(
                "<programme start=\"{}\" stop=\"{}\" channel=\"channel{channel}.uk\">\n<title lang=\"de\">{}</title>\n\
                 <desc lang=\"de\">{}</desc>\n<category lang=\"en\">Drama</category>\n<category>Crime</category>\n\
                 <icon src=\"https://pictures.example/{channel}/{at}.jpg\"/>\n\
                 <episode-num system=\"xmltv_ns\">{at}.{channel}.</episode-num>\n</programme>\n",
                times[at as usize],
                times[at as usize + 1],
                dice.words(4),
                dice.words(40),
            ));
        }
    }
    put("</tv>\n");
    out.into_inner().unwrap().finish().unwrap();
    length
}

/// As XMLTV writes it, from Unix seconds.
fn time(seconds: u64) -> String {
    let time = jiff::Timestamp::from_second(seconds as i64).unwrap();
    time.strftime("%Y%m%d%H%M%S +0000").to_string()
}
