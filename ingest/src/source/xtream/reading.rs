//! Reading a list of a panel, element by element, while it arrives or from the file that it was received into.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use contract::source::Source;

use super::account::said;
use super::entries::{Context, Element, Read};
use super::panel::{Answer, Failure};
use crate::json::{Elements, Shape, readable};

/// Rejects that no list is blamed for, however short it is.
const FORGIVEN: usize = 3;
/// The most that is read of a list; the largest known have 60 MB.
pub(super) const LARGEST: u64 = 512 << 20;
/// Bytes of a file that are read together.
const PIECE: usize = 1 << 18;

/// With what a list is read; goes where files are read.
#[derive(Clone)]
pub(super) struct Basis {
    source: Arc<Source>,
    places: Arc<HashMap<String, u32>>,
}

impl Basis {
    /// For a list of `source` with `categories` of these ids, in order.
    pub(super) fn new<'a>(source: &Source, categories: impl IntoIterator<Item = &'a str>) -> Self {
        let places = categories.into_iter().map(str::to_owned).zip(0..).collect();
        Self { source: Arc::new(source.clone()), places: Arc::new(places) }
    }

    fn context(&self) -> Context<'_> {
        Context { source: &self.source, places: &self.places }
    }
}

/// Reads a list as it comes. Answers its entries and how many elements were unusable.
///
/// # Errors
/// [`Failure`]; it is no list, not all of one, or too much of it is unusable.
pub(super) async fn answer<T: Element>(
    mut answer: Answer,
    basis: &Basis,
) -> Result<(Vec<T>, usize), Failure> {
    let mut found = Vec::new();
    let mut reading = Reading::new(basis.context());
    while let Some(chunk) = answer.chunk().await? {
        reading.push(&chunk, &mut |entry| {
            found.push(entry);
            Ok(())
        })?;
        if answer.received() > LARGEST {
            return Err(Failure::Refused(format!("the answer is larger than {LARGEST} bytes")));
        }
    }
    let rejects = reading.end()?;
    Ok((found, rejects))
}

/// Reads the list in the file at `path` where it disturbs nobody, and gives `to` every entry. Answers `to`, and how many
/// elements were unusable.
///
/// # Errors
/// As of [`answer`], and what `write` says or the disk.
pub(super) async fn file<T: Element, W: Send + 'static>(
    path: PathBuf,
    basis: Basis,
    mut to: W,
    write: impl Fn(&mut W, T) -> io::Result<()> + Send + 'static,
) -> Result<(W, usize), Failure> {
    let reading = tokio::task::spawn_blocking(move || {
        let rejects = all(&path, basis.context(), &mut |entry| write(&mut to, entry))?;
        Ok((to, rejects))
    });
    reading.await.unwrap_or_else(|_| Err(Failure::Refused("the list broke the parser".into())))
}

fn all<T: Element>(
    path: &Path,
    context: Context<'_>,
    each: &mut impl FnMut(T) -> io::Result<()>,
) -> Result<usize, Failure> {
    let mut file = File::open(path).map_err(disk)?;
    let mut piece = vec![0; PIECE];
    let mut reading = Reading::new(context);
    loop {
        let length = match file.read(&mut piece) {
            Ok(0) => return reading.end(),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(disk(error)),
        };
        reading.push(&piece[..length], each)?;
    }
}

fn disk(error: io::Error) -> Failure {
    Failure::Disk(format!("the list cannot be read: {}", crate::disk::words(&error)))
}

/// A list that is being read.
pub(crate) struct Reading<'a, T> {
    context: Context<'a>,
    elements: Elements,
    tally: Tally,
    entry: PhantomData<T>,
}

#[derive(Default)]
struct Tally {
    found: usize,
    rejects: usize,
    /// What an object says that is no list.
    refusal: Option<String>,
}

impl<'a, T: Element> Reading<'a, T> {
    /// Begins.
    pub(crate) fn new(context: Context<'a>) -> Self {
        Self { context, elements: Elements::default(), tally: Tally::default(), entry: PhantomData }
    }

    /// Reads the next piece, and gives `each` its entries.
    ///
    /// # Errors
    /// It is no list, or what `each` says.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(T) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let Self { context, elements, tally, .. } = self;
        let mut written = Ok(());
        elements.push(bytes, &mut |key, element| {
            if let Some(entry) = tally.take(key, element, *context)
                && written.is_ok()
            {
                written = each(entry);
            }
        })?;
        written.map_err(|error| Failure::Refused(super::disk(error)))?;
        fits::<T>(tally.found)
    }

    /// Ends the reading. Answers how many elements were unusable.
    ///
    /// # Errors
    /// It was no list, not all of one, or too much of it was unusable.
    pub(crate) fn end(self) -> Result<usize, Failure> {
        let Tally { found, rejects, refusal } = self.tally;
        let total = found + rejects;
        let shape = self.elements.finish()?;
        match refusal {
            Some(words) => Err(Failure::Refused(words)),
            None if shape == Shape::Object && found == 0 && rejects > 0 => {
                Err(Failure::Refused("the answer is an object and no list".into()))
            }
            None if (rejects > FORGIVEN && rejects * 20 > total) || (found == 0 && rejects > 0) => {
                Err(Failure::Refused(format!("{rejects} of {total} entries are unusable")))
            }
            None => Ok(rejects),
        }
    }
}

impl Tally {
    fn take<T: Element>(&mut self, key: Option<&[u8]>, element: &[u8], context: Context<'_>) -> Option<T> {
        if let Some(words) = refusal(key, element, context.source) {
            self.refusal.get_or_insert(words);
            return None;
        }
        match readable(element, |text| T::read(text, context)) {
            Ok(Read::Entry(entry)) => {
                self.found += 1;
                return Some(entry);
            }
            Ok(Read::Stray) => {}
            Ok(Read::Unusable) | Err(_) => self.rejects += 1,
        }
        None
    }
}

/// What an element says that belongs into no list.
fn refusal(key: Option<&[u8]>, element: &[u8], source: &Source) -> Option<String> {
    match key? {
        b"\"user_info\"" | b"\"server_info\"" => {
            Some("the panel answers with the account instead of a list".into())
        }
        b"\"message\"" | b"\"error\"" => Some(
            said(element, source)
                .map_or("the panel answers with an error".into(), |words| format!("the panel says: {words}")),
        ),
        _ => None,
    }
}

/// Whether there are not too many entries.
///
/// # Errors
/// There are.
pub(super) fn fits<T: Element>(found: usize) -> Result<(), Failure> {
    few(found, T::MOST)
}

fn few(found: usize, most: usize) -> Result<(), Failure> {
    if found <= most { Ok(()) } else { Err(Failure::Refused(format!("there are more than {most}"))) }
}

/// Sees whether what comes is a list at all, and all of it, while it can still be asked for again.
pub(super) struct Glance {
    source: Arc<Source>,
    elements: Elements,
    found: usize,
    most: usize,
    refusal: Option<String>,
}

impl Glance {
    /// At a list of `T`.
    pub(super) fn at<T: Element>(basis: &Basis) -> Self {
        let source = basis.source.clone();
        Self { source, elements: Elements::default(), found: 0, most: T::MOST, refusal: None }
    }

    /// Sees the next piece, or `None` at the end.
    ///
    /// # Errors
    /// It is no list, or too large.
    pub(super) fn see(&mut self, piece: Option<&[u8]>) -> Result<(), Failure> {
        let Some(piece) = piece else {
            std::mem::take(&mut self.elements).finish()?;
            return self.refusal.take().map_or(Ok(()), |words| Err(Failure::Refused(words)));
        };
        let Self { source, elements, found, refusal, .. } = self;
        elements.push(piece, &mut |key, element| {
            *found += 1;
            if refusal.is_none() {
                *refusal = self::refusal(key, element, source);
            }
        })?;
        few(self.found, self.most)
    }
}

#[cfg(test)]
mod tests {
    use contract::disk::Data;

    use super::*;
    use crate::harvest::{Channel, Item, List, Writer};

    fn basis() -> Basis {
        let source = toml::from_str("name='a'\nurl='http://h'\nusername='ann'\npassword='pw'").unwrap();
        Basis::new(&source, ["1", "2", "3", "news"])
    }

    /// The channels of a list that comes in pieces, and how many elements were unusable.
    fn read(list: &str) -> Result<(Vec<Channel>, usize), String> {
        let basis = basis();
        let mut reading = Reading::new(basis.context());
        let mut found = Vec::new();
        for piece in list.as_bytes().chunks(1000) {
            let each = &mut |channel| {
                found.push(channel);
                Ok(())
            };
            reading.push(piece, each).map_err(|failure| failure.to_string())?;
        }
        reading.end().map(|rejects| (found, rejects)).map_err(|failure| failure.to_string())
    }

    fn list(length: usize, broken: impl Fn(usize) -> Option<&'static str>) -> String {
        let sound = |n: usize| format!(r#"{{"stream_id":{n},"name":"Channel {n}","category_id":"1"}}"#);
        let all = (1..=length).map(|n| broken(n).map_or_else(|| sound(n), str::to_owned));
        format!("[{}]", all.collect::<Vec<_>>().join(","))
    }

    #[test]
    fn one_broken_element_among_ten_thousand_costs_itself_and_is_counted() {
        for broken in
            ["7", "null", r#""text""#, r#"{"name":"no id"}"#, r#"{"stream_id":5,"name":" "}"#, "{]}"]
        {
            let (found, rejects) = read(&list(10_000, |n| (n == 5000).then_some(broken))).unwrap();
            assert_eq!((found.len(), rejects), (9_999, 1), "{broken}");
            assert_eq!((found[4998].id.as_str(), found[4999].id.as_str()), ("4999", "5001"));
        }
        let twentieth = |n: usize| n.is_multiple_of(20).then_some("7");
        assert_eq!(read(&list(1000, twentieth)).unwrap().1, 50);
        let more = read(&list(1000, |n| if n == 1 { Some("7") } else { twentieth(n) })).unwrap_err();
        assert_eq!(more, "51 of 1000 entries are unusable");
    }

    #[test]
    fn categories_are_found_in_every_spelling_and_unknown_ones_are_left_out() {
        for (told, places) in [
            (r#""category_id":2"#, &[1][..]),
            (r#""category_id":"2""#, &[1]),
            (r#""category_id":"news""#, &[3]),
            (r#""category_id":"","category_ids":null"#, &[]),
            (r#""category_id":null,"category_ids":[3,1]"#, &[2, 0]),
            (r#""category_id":"1","category_ids":["2","1",3]"#, &[0, 1, 2]),
            (r#""category_id":1,"category_ids":"[1,2]""#, &[0, 1]),
            (r#""category_id":9,"category_ids":[9,2]"#, &[1]),
            (r#""category_ids":[]"#, &[]),
        ] {
            let (found, _) = read(&format!(r#"[{{"stream_id":1,"name":"One",{told}}}]"#)).unwrap();
            assert_eq!(found[0].places, places, "{told}");
        }
    }

    #[test]
    fn one_channel_under_three_categories_is_one_channel_with_three() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let mut writer = Writer::new(&data, &contract::source::Name::new("a").unwrap()).unwrap();
        let each = |category: u32| format!(r#"{{"stream_id":"7","name":"One","category_id":{category}}}"#);
        let (found, rejects) = read(&format!("[{},{},{},{}]", each(2), each(1), each(3), each(1))).unwrap();
        assert_eq!((found.len(), rejects), (4, 0));
        for channel in &found {
            writer.channel(channel).unwrap();
        }
        let mut harvest = writer.finish(7, vec![]).unwrap();
        harvest.hold().unwrap();
        assert_eq!(harvest.head.counts[List::Live.word()], 1);
        let [channel] = harvest.entries(Item::Channel) else { panic!("it is one") };
        assert_eq!(harvest.places(channel), [1, 0, 2]);
    }
}
