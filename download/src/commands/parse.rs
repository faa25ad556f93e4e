//! `coax download parse`: what the grammar reads out of titles.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use contract::library::title::{self, Hints, Reading};
use serde::Serialize;

use super::output::quietly;
use crate::entry::form;
use crate::quality::Quality;

/// `parse`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A title in each line; behind a tab its group, behind another its address. `-`, or none, is standard input
    file: Option<PathBuf>,
}

/// What is read out of a title.
#[derive(Serialize)]
struct Read<'a> {
    raw: &'a str,
    kind: &'a str,
    title: &'a str,
    year: Option<u16>,
    season: Option<u32>,
    episode: Option<u32>,
    name: &'a str,
    quality: Option<u16>,
    cam: bool,
    language: Option<&'a str>,
    voice: Option<&'a str>,
    tmdb: Option<u32>,
    tags: &'a [String],
}

impl Arguments {
    /// Writes a line of JSON for each title.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn run(&self) -> anyhow::Result<()> {
        let out = BufWriter::new(io::stdout().lock());
        match self.file.as_deref().filter(|file| *file != Path::new("-")) {
            None => quietly(parse(io::stdin().lock(), out)),
            Some(file) => {
                let opened = File::open(file).with_context(|| file.display().to_string())?;
                quietly(parse(BufReader::new(opened), out))
            }
        }
    }
}

fn parse(mut titles: impl BufRead, mut out: impl Write) -> anyhow::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if titles.read_until(b'\n', &mut line)? == 0 {
            return Ok(out.flush()?);
        }
        let text = String::from_utf8_lossy(&line);
        let mut fields = text.trim_end_matches(['\n', '\r']).split('\t');
        let raw = fields.next().unwrap_or("");
        if raw.trim().is_empty() {
            continue;
        }
        let (group, address) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
        tell(raw, &title::read(raw, Hints { form: form(address, "", false), group }), &mut out)?;
    }
}

fn tell(raw: &str, reading: &Reading, out: &mut impl Write) -> anyhow::Result<()> {
    let Quality { lines: quality, cam } = Quality { lines: reading.lines, cam: reading.cam };
    let read = Read {
        raw,
        kind: reading.kind.word(),
        title: &reading.title.name,
        year: reading.title.year.parse().ok(),
        season: reading.season,
        episode: reading.episode,
        name: &reading.name,
        quality,
        cam,
        language: reading.language,
        voice: reading.voice.map(|voice| voice.word()),
        tmdb: reading.title.tmdb.parse().ok(),
        tags: &reading.title.tags,
    };
    serde_json::to_writer(&mut *out, &read)?;
    Ok(out.write_all(b"\n")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_title_becomes_a_line() {
        let titles =
            "FR - Film (2020) 4K\r\n\nShow 03\tSéries\thttp://h/series/u/p/7.mkv\nShow S02E05 - Name";
        let mut out = Vec::new();
        parse(titles.as_bytes(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!((&lines[0]["title"], &lines[0]["quality"]), (&"Film".into(), &2160.into()));
        assert_eq!(lines[1]["kind"], "series");
        assert_eq!((&lines[2]["season"], &lines[2]["name"]), (&2.into(), &"Name".into()));
    }
}
