//! Answering from a tape.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::io;
use std::path::{Component, Path};
use std::sync::Mutex;
use std::time::Duration;

use contract::ticket::Key;

use super::folder::{About, Answered, Folder, VERSION};
use crate::fetch::{Answer, Facts, Failure};

/// A tape that is being played.
#[derive(Debug)]
pub(crate) struct Playing {
    pub(super) folder: Folder,
    pub(super) about: About,
    /// By source and what is asked, in the order in which it was answered.
    answers: Mutex<HashMap<(String, String), VecDeque<Answered>>>,
}

impl Playing {
    /// # Errors
    /// The tape cannot be read, or is another program's.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let folder = Folder(folder.to_owned());
        let named = |path: &Path, why: String| io::Error::other(format!("{}: {why}", path.display()));
        let read = |path: &Path| fs::read(path).map_err(|error| named(path, error.to_string()));
        let path = folder.about();
        let about: About =
            serde_json::from_slice(&read(&path)?).map_err(|error| named(&path, error.to_string()))?;
        if about.version != VERSION {
            return Err(named(
                &path,
                format!("the tape is of version {}, expected {VERSION}", about.version),
            ));
        }
        let path = folder.index();
        let mut answers: HashMap<_, VecDeque<Answered>> = HashMap::new();
        let lines = read(&path)?;
        for (number, line) in (1..).zip(lines.split(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let answered: Answered = serde_json::from_slice(line)
                .map_err(|error| named(&path, format!("line {number}: {error}")))?;
            let of = (answered.source.clone(), answered.asked.clone());
            answers.entry(of).or_default().push_back(answered);
        }
        Ok(Self { folder, about, answers: Mutex::new(answers) })
    }

    /// When the recorded run was, as Unix time in seconds.
    pub(crate) const fn now(&self) -> u64 {
        self.about.now
    }

    /// From what the numbers of secrets follow. What stands in their places on a tape is none, and numbers are the same
    /// wherever it is played.
    pub(crate) const fn key(&self) -> Key {
        Key::known([0; 32])
    }

    /// The next answer to what is asked of `source`.
    ///
    /// # Errors
    /// The failure that was recorded; it is not on the tape, or cannot be read from it.
    pub(crate) async fn answer(
        &self,
        source: &str,
        asked: &str,
        patience: Duration,
    ) -> Result<Answer, Failure> {
        let of = (source.to_owned(), asked.to_owned());
        let next =
            self.answers.lock().expect("nobody panics with it").get_mut(&of).and_then(VecDeque::pop_front);
        let Some(answered) = next else {
            return Err(Failure::Refused(format!("`{asked}` is not on the tape, or not so often")));
        };
        let failure = answered.failed.as_ref().map(super::failed::Failed::again);
        let Some(body) = answered.body else {
            return Err(failure.unwrap_or_else(|| Failure::Refused("the tape is damaged: no body".into())));
        };
        // SECURITY: tapes come from strangers, and are no reason to read anything beside them.
        let inside = |part: Component<'_>| matches!(part, Component::Normal(_));
        if !Path::new(&body).components().all(inside) {
            return Err(Failure::Refused("the tape is damaged: a body that is not its own".into()));
        }
        let path = self.folder.inputs().join(body);
        let told = |error: io::Error| Failure::Disk(format!("{}: {error}", path.display()));
        let file = tokio::fs::File::open(&path).await.map_err(told)?;
        let length = file.metadata().await.map_err(told)?.len();
        let facts = Facts { content_type: answered.content_type, length: Some(length), ..Facts::default() };
        Ok(Answer::taped(facts, file, failure, answered.percent, patience))
    }
}
