//! Keeping what sources answer.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use contract::disk::Data;
use contract::source::Source;

use super::before;
use super::failed::Failed;
use super::folder::{About, Answered, Folder, VERSION, made_empty};
use super::mask::Mask;
use super::stream::masked;
use crate::disk::words;
use crate::fetch::{Answer, Failure};
use crate::guide::decoded;

/// The most that is kept of a body, in bytes, as it is received.
const LARGEST: u64 = 4 << 30;

/// A tape that is being made.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(super) folder: Folder,
    pub(super) mask: Arc<Mask>,
    /// Where raw bodies lie while they are read; never in the folder of the tape.
    state: std::path::PathBuf,
    index: Mutex<Index>,
    about: Mutex<Option<About>>,
    accept: bool,
}

#[derive(Debug)]
struct Index {
    file: File,
    /// Answers of each source so far.
    counts: BTreeMap<String, u32>,
}

impl Recording {
    /// # Errors
    /// The folder is not empty, the disk refuses, or there are too many secrets.
    pub(super) fn new(folder: &Path, data: &Data, sources: &[Source], accept: bool) -> io::Result<Self> {
        made_empty(folder)?;
        let folder = Folder(folder.to_owned());
        fs::create_dir(folder.inputs())?;
        let mask = Arc::new(Mask::new(sources).map_err(io::Error::other)?);
        let index = Mutex::new(Index { file: File::create_new(folder.index())?, counts: BTreeMap::new() });
        fs::create_dir_all(data.state())?;
        Ok(Self { folder, mask, state: data.state(), index, about: Mutex::new(None), accept })
    }

    /// The run begins at `now` (Unix seconds): keeps what is in the data folder.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn begin(&self, data: &Data, sources: &[Source], now: u64) -> io::Result<()> {
        before::keep(data, sources, &self.folder, &self.mask)?;
        let program = env!("CARGO_PKG_VERSION").to_owned();
        let about = About { version: VERSION, program, now, accept: self.accept };
        *self.about.lock().expect("nobody panics with it") = Some(about);
        Ok(())
    }

    /// The run is over: what it was is written down.
    ///
    /// # Errors
    /// The disk refuses.
    pub(super) fn end(&self) -> io::Result<()> {
        let about = self.about.lock().expect("nobody panics with it").take();
        let about = about.ok_or_else(|| io::Error::other("the run did not begin"))?;
        write(&self.folder.about(), &serde_json::to_vec_pretty(&about)?)
    }

    /// Keeps an answer, and gives it back to be read.
    ///
    /// # Errors
    /// The failure that was given, once it is kept, or the disk refuses.
    pub(crate) async fn keep(
        &self,
        (source, asked): (&str, &str),
        answer: Result<Answer, Failure>,
    ) -> Result<Answer, Failure> {
        let disk = |error: io::Error| Failure::Disk(format!("the tape cannot be written: {}", words(&error)));
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(failure) => {
                self.line(self.answered(source, asked, Some(&failure))).map_err(disk)?;
                return Err(failure);
            }
        };
        let raw = tempfile::tempfile_in(&self.state).map_err(disk)?;
        let mut out = tokio::io::BufWriter::with_capacity(1 << 18, tokio::fs::File::from_std(raw));
        let failure = loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => {
                    tokio::io::AsyncWriteExt::write_all(&mut out, &chunk).await.map_err(disk)?;
                    if answer.received() > LARGEST {
                        break Some(Failure::Refused(format!("the answer is larger than {LARGEST} bytes")));
                    }
                }
                Ok(None) => break None,
                Err(failure) => break Some(failure),
            }
        };
        tokio::io::AsyncWriteExt::flush(&mut out).await.map_err(disk)?;
        let mut raw = out.into_inner().into_std().await;
        raw.seek(SeekFrom::Start(0)).map_err(disk)?;
        let mut line = self.answered(source, asked, failure.as_ref());
        line.content_type = answer.facts().content_type.as_ref().map(|text| self.mask.text(text));
        line.percent = answer.percent();
        let name = self.name(source, &line.asked);
        let copy = raw.try_clone().map_err(disk)?;
        let (mask, to) = (Arc::clone(&self.mask), self.folder.inputs().join(&name));
        let kept = tokio::task::spawn_blocking(move || body(copy, &to, &mask)).await;
        kept.unwrap_or_else(|_| Err(io::Error::other("masking broke off"))).map_err(disk)?;
        line.body = Some(name);
        self.line(line).map_err(disk)?;
        raw.seek(SeekFrom::Start(0)).map_err(disk)?; // it shares its place with the copy
        Ok(answer.again(tokio::fs::File::from_std(raw), failure))
    }

    fn answered(&self, source: &str, asked: &str, failure: Option<&Failure>) -> Answered {
        Answered {
            source: source.to_owned(),
            asked: self.mask.text(asked),
            body: None,
            content_type: None,
            percent: None,
            failed: failure.map(|failure| Failed::of(failure, &self.mask)),
        }
    }

    /// A name for a body that says where it belongs.
    fn name(&self, source: &str, asked: &str) -> String {
        let mut index = self.index.lock().expect("nobody panics with it");
        let count = index.counts.entry(source.to_owned()).or_default();
        *count += 1;
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        let word = asked.rsplit_once("action=").map_or(asked, |(_, action)| action);
        let word: String = word.chars().take(40).map(plain).collect();
        format!("{source}/{count:03}-{word}")
    }

    fn line(&self, answered: Answered) -> io::Result<()> {
        let mut line = serde_json::to_vec(&answered)?;
        line.push(b'\n');
        self.index.lock().expect("nobody panics with it").file.write_all(&line)
    }
}

/// Writes a body unpacked and masked.
pub(super) fn body(mut raw: File, to: &Path, mask: &Mask) -> io::Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    let mut out = BufWriter::with_capacity(1 << 18, File::create(to)?);
    let mut head = [0; 3];
    let read = io::Read::read(&mut raw, &mut head)?;
    raw.seek(SeekFrom::Start(0))?;
    // What is packed or wide would hide its secrets. Everything else stays in its own alphabet.
    let (_, broken) = match head[..read] {
        [0x1f, 0x8b, ..] | [0xfd, b'7', ..] | [b'P', b'K', ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            match decoded(raw) {
                Ok(text) => masked(text, &mut out, mask)?,
                Err(error) => (0, Some(error)),
            }
        }
        _ => masked(raw, &mut out, mask)?,
    };
    if let Some(error) = broken {
        tracing::warn!(%error, "the tape has a part of an input only: it cannot be unpacked");
    }
    out.flush()
}

#[expect(clippy::disallowed_methods, reason = "a tape is no artefact: one that is not whole is made again")]
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, bytes)
}
