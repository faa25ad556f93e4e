//! The same television as fragmented MP4 (ISO/IEC 14496-12): an initialisation and a fragment per entry.

use super::clip::{LOOP, Unit};
use super::reel::Line;
use super::{Broadcast, clip};

/// What is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tracks {
    Both,
    Picture,
    Sound,
}

/// Ticks per second of the tracks.
const PICTURE_SCALE: u32 = 90_000;
const SOUND_SCALE: u32 = 48_000;
/// Flags of a sample that a decoder can begin at, and of the others: the others depend on it and are no sync samples.
const KEY: u32 = 0x0200_0000;
const OTHER: u32 = 0x0101_0000;

impl Tracks {
    fn lines(self) -> &'static [Line] {
        match self {
            Self::Both => &[Line::Video, Line::Audio],
            Self::Picture => &[Line::Video],
            Self::Sound => &[Line::Audio],
        }
    }
}

impl Broadcast {
    /// What comes before any fragment.
    pub(crate) fn init(&self, tracks: Tracks) -> Vec<u8> {
        let lines = tracks.lines();
        let mut movie =
            vec![full(b"mvhd", 0, &[&[0; 8], &word(1000), &[0; 4], &player_defaults(), &word(3)])];
        movie.extend(lines.iter().map(|line| track(*line)));
        let extends: Vec<Vec<u8>> =
            lines.iter().map(|line| full(b"trex", 0, &[&word(number(*line)), &word(1), &[0; 12]])).collect();
        movie.push(boxed(b"mvex", &[&extends.concat()]));
        let mut out = boxed(b"ftyp", &[b"iso6\0\0\0\0iso6cmfcmp41"]);
        out.extend(boxed(b"moov", &[&movie.concat()]));
        out
    }

    /// Appends the fragment of an entry, its clocks so many turns ahead.
    pub(crate) fn fragment(&self, entry: u64, turns: u64, tracks: Tracks, out: &mut Vec<u8>) {
        let (turn, units) = self.units(entry);
        let runs: Vec<Run> = tracks
            .lines()
            .iter()
            .map(|line| Run::new(*line, units, (turn + turns) * LOOP + self.delay()))
            .filter(|run| !run.samples.is_empty())
            .collect();
        let head = |length: usize| {
            let mut at = length + 8;
            let mut parts = full(b"mfhd", 0, &[&word(entry as u32)]);
            for run in &runs {
                parts.extend(run.header(at));
                at += run.media.len();
            }
            boxed(b"moof", &[&parts])
        };
        out.extend(head(head(0).len()));
        let media: Vec<&[u8]> = runs.iter().map(|run| run.media.as_slice()).collect();
        out.extend(boxed(b"mdat", &media));
    }

    /// Appends the sound of an entry as bare ADTS frames.
    pub(crate) fn frames(&self, entry: u64, out: &mut Vec<u8>) {
        let (_, units) = self.units(entry);
        units
            .iter()
            .filter(|(line, _)| *line == Line::Audio)
            .for_each(|(_, unit)| out.extend_from_slice(&unit.bytes));
    }
}

/// The samples of one track in one fragment.
struct Run {
    line: Line,
    /// The decoding time of the first, in ticks of the track.
    time: u64,
    samples: Vec<Sample>,
    media: Vec<u8>,
}

struct Sample {
    duration: u32,
    size: u32,
    flags: u32,
    /// From decoding to presentation.
    offset: u32,
}

impl Run {
    /// Those of `units` that belong to `line`; `base` is 90 kHz.
    fn new(line: Line, units: &[(Line, Unit)], base: u64) -> Self {
        let first = units.iter().find(|(its, _)| *its == line).map_or(0, |(_, unit)| unit.dts);
        let mut run = Self { line, time: base + first, samples: Vec::new(), media: Vec::new() };
        if line == Line::Audio {
            run.time = run.time * u64::from(SOUND_SCALE) / u64::from(PICTURE_SCALE);
        }
        for (_, unit) in units.iter().filter(|(its, _)| *its == line) {
            match line {
                Line::Audio => {
                    clip::frames(&unit.bytes).for_each(|frame| run.sample(1024, KEY, 0, &frame[7..]))
                }
                _ => {
                    let mut picture = Vec::new();
                    for nal in clip::nals(&unit.bytes).filter(|nal| !matches!(nal[0] & 0x1f, 7..=9)) {
                        picture.extend(word(nal.len() as u32));
                        picture.extend(nal);
                    }
                    let flags = if unit.key { KEY } else { OTHER };
                    run.sample(clip::PICTURE as u32, flags, (unit.pts - unit.dts) as u32, &picture);
                }
            }
        }
        run
    }

    fn sample(&mut self, duration: u32, flags: u32, offset: u32, bytes: &[u8]) {
        self.samples.push(Sample { duration, size: bytes.len() as u32, flags, offset });
        self.media.extend_from_slice(bytes);
    }

    /// `traf` whose media begin `at` bytes behind the beginning of the `moof`.
    fn header(&self, at: usize) -> Vec<u8> {
        let mut table = Vec::new();
        for Sample { duration, size, flags, offset } in &self.samples {
            [duration, size, flags, offset].into_iter().for_each(|value| table.extend(word(*value)));
        }
        boxed(
            b"traf",
            &[
                &full(b"tfhd", 0x02_0000, &[&word(number(self.line))]), // default-base-is-moof
                &full(b"tfdt", 0x0100_0000, &[&self.time.to_be_bytes()]),
                // data offset; duration, size, flags and composition offset of every sample
                &full(b"trun", 0xf01, &[&word(self.samples.len() as u32), &word(at as u32), &table]),
            ],
        )
    }
}

/// `trak` of an empty movie.
fn track(line: Line) -> Vec<u8> {
    let video = line == Line::Video;
    let (width, height) = if video { (640_u32 << 16, 360_u32 << 16) } else { (0, 0) };
    let volume: &[u8] = if video { &[0; 4] } else { &[1, 0, 0, 0] };
    let header = full(
        b"tkhd",
        3,
        &[&[0; 8], &word(number(line)), &[0; 20], volume, &MATRIX, &word(width), &word(height)],
    );
    let scale = if video { PICTURE_SCALE } else { SOUND_SCALE };
    let handler: &[u8] = if video { b"vide" } else { b"soun" };
    let table = |name| full(name, 0, &[&word(0)]);
    let samples = boxed(
        b"stbl",
        &[
            &full(b"stsd", 0, &[&word(1), &if video { picture_entry() } else { sound_entry() }]),
            &table(b"stts"),
            &table(b"stsc"),
            &full(b"stsz", 0, &[&[0; 8]]),
            &table(b"stco"),
        ],
    );
    let here = full(b"dref", 0, &[&word(1), &full(b"url ", 1, &[])]);
    let kind = if video { full(b"vmhd", 1, &[&[0; 8]]) } else { full(b"smhd", 0, &[&[0; 4]]) };
    let media = boxed(
        b"mdia",
        &[
            &full(b"mdhd", 0, &[&[0; 8], &word(scale), &[0; 4], &[0x55, 0xc4, 0, 0]]), // language undetermined
            &full(b"hdlr", 0, &[&[0; 4], handler, &[0; 12], b"\0"]),
            &boxed(b"minf", &[&kind, &boxed(b"dinf", &[&here]), &samples]),
        ],
    );
    boxed(b"trak", &[&header, &media])
}

/// H.264 (ISO/IEC 14496-15, 5.3.3.1): the parameter sets of the clip.
fn picture_entry() -> Vec<u8> {
    let set = |kind: u8| clip::nals(clip::CARD).find(|nal| nal[0] & 0x1f == kind).unwrap_or_default();
    let (sequence, picture) = (set(7), set(8));
    let length = |set: &[u8]| (set.len() as u16).to_be_bytes();
    let configuration = boxed(
        b"avcC",
        &[
            &[1],
            sequence.get(1..4).unwrap_or_default(),
            &[0xff, 0xe1],
            &length(sequence),
            sequence,
            &[1],
            &length(picture),
            picture,
        ],
    );
    let size = [&640_u16.to_be_bytes()[..], &360_u16.to_be_bytes()].concat();
    let dots = word(72 << 16);
    boxed(
        b"avc1",
        &[
            &[0, 0, 0, 0, 0, 0, 0, 1], // data reference 1
            &[0; 16],
            &size,
            &dots,
            &dots,
            &[0, 0, 0, 0, 0, 1], // one frame per sample
            &[0; 32],
            &[0, 24, 0xff, 0xff],
            &configuration,
        ],
    )
}

/// AAC-LC, 48 kHz, one channel (ISO/IEC 14496-14, 5.6; the descriptors are of ISO/IEC 14496-1, 7.2.6).
fn sound_entry() -> Vec<u8> {
    let specific = [0x05, 2, 0x11, 0x88];
    let decoder = [&[0x04, 13 + 4, 0x40, 0x15, 0, 0, 0][..], &[0; 8], &specific].concat();
    let stream = [&[0x03, 3 + 19 + 3, 0, 1, 0][..], &decoder, &[0x06, 1, 2]].concat();
    boxed(
        b"mp4a",
        &[
            &[0, 0, 0, 0, 0, 0, 0, 1],
            &[0; 8],
            &[0, 1, 0, 16, 0, 0, 0, 0],
            &word(SOUND_SCALE << 16),
            &full(b"esds", 0, &[&stream]),
        ],
    )
}

/// Normal speed, full volume, no rotation.
fn player_defaults() -> Vec<u8> {
    [&[0, 1, 0, 0, 1, 0][..], &[0; 10], &MATRIX, &[0; 24]].concat()
}

const MATRIX: [u8; 36] = {
    let mut matrix = [0; 36];
    (matrix[1], matrix[17], matrix[32]) = (1, 1, 0x40);
    matrix
};

fn number(line: Line) -> u32 {
    if line == Line::Video { 1 } else { 2 }
}

fn word(value: u32) -> [u8; 4] {
    value.to_be_bytes()
}

fn boxed(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let length = 8 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut out = Vec::with_capacity(length);
    out.extend(word(length as u32));
    out.extend(name);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// A box with a version (the highest byte) and flags.
fn full(name: &[u8; 4], version_and_flags: u32, parts: &[&[u8]]) -> Vec<u8> {
    let mut all = vec![&[] as &[u8]; 0];
    let head = word(version_and_flags);
    all.push(&head);
    all.extend_from_slice(parts);
    boxed(name, &all)
}
