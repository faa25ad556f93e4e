//! `coax download diff`: what a list has that one has not.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use contract::disk::Data;
use serde::Serialize;

use super::Desk;
use super::output::quietly;
use crate::difference::{Class, Difference, Owned, Preferences, Word};
use crate::entry::{Entry, of_job};
use crate::identity::{identity, variant};
use crate::job::{Priority, State, Wish};
use crate::line_up::{For, LineUp, wish};
use crate::list::{self, Limits};
use crate::quality::{self, Wanted};
use crate::selection::Selection;
use crate::store::{By, Store};

/// `diff`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A list: M3U, plain or packed with gzip; `-` is standard input
    #[arg(value_name = "LIST")]
    new: PathBuf,
    /// Lists to compare it with, in place of the line-up that is published
    #[arg(long, value_name = "LIST")]
    against: Vec<PathBuf>,
    /// No worse pictures than these: 240, 360, 480, 576, 720, 1080, 2160, 4320, SD, HD, FHD, 4K, 8K
    #[arg(long, value_name = "CLASS", default_value = "480")]
    min: quality::Class,
    /// No better pictures than these
    #[arg(long, value_name = "CLASS", default_value = "1080")]
    max: quality::Class,
    /// Leave out what does not say what its picture is
    #[arg(long)]
    known: bool,
    /// Take what was filmed off a screen as well
    #[arg(long)]
    cam: bool,
    /// Languages by their codes, the best first, such as PT,EN
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    languages: Vec<String>,
    /// Show these classes: new, same, upgrade, other-variant, moved, gone, duplicate, filtered, ambiguous
    #[arg(long, value_name = "CLASSES", value_delimiter = ',')]
    select: Vec<Word>,
    /// Show only what is in this group; `*` is anything
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// Show only what has these words in its title
    #[arg(long, value_name = "TEXT", default_value = "")]
    text: String,
    /// Queue what is chosen, from the addresses that the list says; without --select, what is new or better
    #[arg(long)]
    queue: bool,
    /// Where to; if it is not said, each to the target that suits it best
    #[arg(long, value_name = "NAME", requires = "queue")]
    target: Option<String>,
    /// high, medium or low, in place of what the rules say
    #[arg(long, value_name = "CLASS", requires = "queue")]
    priority: Option<Priority>,
}

/// What is told of an entry.
#[derive(Serialize)]
struct Told<'a> {
    /// Its number in its list, from 0.
    place: u32,
    class: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    kind: &'a str,
    title: &'a str,
    year: Option<u16>,
    season: Option<u32>,
    episode: Option<u32>,
    name: &'a str,
    quality: Option<u16>,
    language: Option<&'a str>,
    voice: Option<&'a str>,
    group: &'a str,
    identity: String,
    variant: String,
}

/// A list, what one has, and what is different.
struct Compared {
    list: Vec<Entry>,
    main: Vec<Entry>,
    difference: Difference,
}

impl Desk {
    /// Tells what is different, or queues what is chosen of it.
    pub(super) fn diff(&self, arguments: &Arguments) -> anyhow::Result<()> {
        let compared = arguments.compared(&self.data)?;
        if arguments.queue {
            return self.queue(arguments, &compared);
        }
        let out = BufWriter::new(io::stdout().lock());
        quietly(if self.json { arguments.write(&compared, out) } else { arguments.show(&compared, out) })
    }

    fn queue(&self, arguments: &Arguments, compared: &Compared) -> anyhow::Result<()> {
        let store = self.store()?;
        let target = super::whereto::target(&store, arguments.target.as_deref())?;
        let whom = For { target, priority: arguments.priority, user: By::command().user };
        let (places, _) = arguments.shown(compared, &[Word::New, Word::Upgrade]);
        let wishes: Vec<Option<Wish>> =
            places.iter().map(|place| wish(&compared.list[*place as usize], &whom)).collect();
        let without = wishes.iter().filter(|wish| wish.is_none()).count();
        if without > 0 {
            tracing::warn!(without, "entries say no address that can be asked for; they are left out");
        }
        let wishes: Vec<Wish> = wishes.into_iter().flatten().collect();
        ensure!(!wishes.is_empty(), "nothing is chosen");
        self.queued(&store, &self.directed(&store, wishes)?)
    }
}

impl Arguments {
    /// Compares what there is to compare.
    fn compared(&self, data: &Data) -> anyhow::Result<Compared> {
        let list = listed(&self.new)?;
        let mut main = Vec::new();
        if self.against.is_empty() {
            let line_up = LineUp::published(data)?
                .context("there is no release yet; `--against LIST` says what to compare it with")?;
            main = line_up.entries()?;
        }
        for file in &self.against {
            main.extend(listed(file)?);
        }
        let completed = completed(data)?;
        let wanted = Wanted { min: self.min.0, max: self.max.0, unknown: !self.known, cam: self.cam };
        let preferences = Preferences {
            wanted,
            languages: self.languages.iter().map(|code| code.trim().to_uppercase()).collect(),
        };
        let difference = Difference::of(&list, Owned { main: &main, completed: &completed }, &preferences);
        Ok(Compared { list, main, difference })
    }

    /// Numbers of what shall be shown: entries of the list, and of what one has.
    fn shown(&self, compared: &Compared, default: &[Word]) -> (Vec<u32>, Vec<u32>) {
        let classes = if self.select.is_empty() { default } else { &self.select };
        let selection =
            Selection { groups: self.group.clone(), text: self.text.clone(), ..Selection::default() };
        let named = selection.named();
        let is_shown = |entry: &Entry, class: Class| classes.contains(&class.word()) && named(entry);
        let Compared { list, main, difference } = compared;
        let places = (0..).zip(list.iter().zip(&difference.classes));
        let places = places.filter(|(_, (entry, class))| is_shown(entry, **class)).map(|(place, _)| place);
        let gone = difference.gone.iter().filter(|place| is_shown(&main[**place as usize], Class::Gone));
        (places.collect(), gone.copied().collect())
    }

    /// For people.
    fn show(&self, compared: &Compared, mut out: impl Write) -> anyhow::Result<()> {
        let Compared { list, main, difference } = compared;
        let default = [Word::New, Word::Upgrade, Word::Ambiguous];
        let (places, gone) = self.shown(compared, &default);
        for place in places {
            let (entry, class) = (&list[place as usize], difference.classes[place as usize]);
            writeln!(out, "{}", line(entry, class))?;
        }
        for place in gone {
            writeln!(out, "{}", line(&main[place as usize], Class::Gone))?;
        }
        for (word, count) in difference.counts() {
            writeln!(out, "{:14} {count}", word.word())?;
        }
        for (why, count) in reasons(difference) {
            writeln!(out, "filtered: {why}: {count}")?;
        }
        writeln!(out, "{} in the list, {} to compare it with", list.len(), main.len())?;
        Ok(out.flush()?)
    }

    /// For machines; piece by piece, since it may be long.
    fn write(&self, compared: &Compared, mut out: impl Write) -> anyhow::Result<()> {
        let Compared { list, main, difference } = compared;
        let counts: BTreeMap<&str, usize> =
            difference.counts().into_iter().map(|(word, count)| (word.word(), count)).collect();
        write!(out, "{{\"list\":{},\"main\":{},\"counts\":", list.len(), main.len())?;
        serde_json::to_writer(&mut out, &counts)?;
        out.write_all(b",\"filtered\":")?;
        serde_json::to_writer(&mut out, &reasons(difference))?;
        let (places, gone) = self.shown(compared, &Word::ALL);
        let entries = places
            .iter()
            .map(|&place| told(place, &list[place as usize], difference.classes[place as usize]));
        each(&mut out, "entries", entries)?;
        each(&mut out, "gone", gone.iter().map(|&place| told(place, &main[place as usize], Class::Gone)))?;
        out.write_all(b"}\n")?;
        Ok(out.flush()?)
    }
}

fn each<'a>(out: &mut impl Write, name: &str, entries: impl Iterator<Item = Told<'a>>) -> anyhow::Result<()> {
    write!(out, ",\"{name}\":[")?;
    for (count, told) in entries.enumerate() {
        out.write_all(if count == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &told)?;
    }
    Ok(out.write_all(b"]")?)
}

fn told(place: u32, entry: &Entry, class: Class) -> Told<'_> {
    Told {
        place,
        class: class.word().word(),
        reason: reason(class),
        kind: entry.kind.word(),
        title: &entry.title,
        year: (entry.year > 0).then_some(entry.year),
        season: entry.season,
        episode: entry.episode,
        name: &entry.name,
        quality: entry.quality.lines,
        language: entry.language,
        voice: entry.voice.map(|voice| voice.word()),
        group: &entry.group,
        identity: identity(entry),
        variant: variant(entry),
    }
}

fn reason(class: Class) -> Option<String> {
    match class {
        Class::Filtered(why) => Some(why.to_string()),
        _ => None,
    }
}

/// How many are filtered why.
fn reasons(difference: &Difference) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    for why in difference.classes.iter().filter_map(|class| reason(*class)) {
        *reasons.entry(why).or_default() += 1;
    }
    reasons
}

fn line(entry: &Entry, class: Class) -> String {
    let year = if entry.year > 0 { format!(" ({})", entry.year) } else { String::new() };
    let number = match (entry.season, entry.episode) {
        (Some(season), Some(episode)) => format!(" S{season:02}E{episode:02}"),
        (None, Some(episode)) => format!(" E{episode:03}"),
        _ => String::new(),
    };
    let version = variant(entry);
    let version = if version.is_empty() { version } else { format!("  [{version}]") };
    let why = reason(class).map_or_else(String::new, |why| format!("  ({why})"));
    format!("{:14} {}{year}{number}{version}{why}", class.word().word(), entry.title)
}

/// The entries of a list.
fn listed(file: &Path) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let limits = Limits::default();
    let read = if file == Path::new("-") {
        list::read(io::stdin().lock(), limits, |entry| entries.push(entry))
    } else {
        let opened = File::open(file).with_context(|| file.display().to_string())?;
        list::read(opened, limits, |entry| entries.push(entry))
    };
    read.with_context(|| file.display().to_string())?;
    Ok(entries)
}

/// What was downloaded.
fn completed(data: &Data) -> anyhow::Result<Vec<Entry>> {
    // To look at it makes none.
    if !data.downloads().join("jobs.db").exists() {
        return Ok(Vec::new());
    }
    let jobs = Store::open(data)?.jobs(&[State::Completed], 0, i64::MAX as usize)?;
    Ok(jobs.iter().map(of_job).collect())
}
