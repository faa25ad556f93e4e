//! What lies where in the folder of a tape.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::failed::Failed;

/// The layout this program writes and reads.
pub(super) const VERSION: u32 = 1;

/// The folder of a tape.
#[derive(Clone, Debug)]
pub(super) struct Folder(pub(super) PathBuf);

/// What a tape says about itself: `tape.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) version: u32,
    /// Of the program that made it.
    pub(super) program: String,
    /// When the run was, as Unix time in seconds.
    pub(super) now: u64,
    /// Whether it was to take what the gate holds back.
    pub(super) accept: bool,
}

/// A line of `tape.jsonl`: one answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) source: String,
    /// What was asked for, without credentials.
    pub(super) asked: String,
    /// The file below `inputs/` with the body; `None` if there was none.
    pub(super) body: Option<String>,
    pub(super) content_type: Option<String>,
    /// How much of the body came, in percent, where its size was known.
    pub(super) percent: Option<u64>,
    /// Why there was no answer, or no end of it.
    pub(super) failed: Option<Failed>,
}

impl Folder {
    pub(super) fn about(&self) -> PathBuf {
        self.0.join("tape.json")
    }

    pub(super) fn index(&self) -> PathBuf {
        self.0.join("tape.jsonl")
    }

    pub(super) fn inputs(&self) -> PathBuf {
        self.0.join("inputs")
    }

    pub(super) fn before(&self) -> PathBuf {
        self.0.join("before")
    }

    pub(super) fn configuration(&self) -> PathBuf {
        self.0.join("coax.toml")
    }

    pub(super) fn aliases(&self) -> PathBuf {
        self.0.join("aliases.toml")
    }

    pub(super) fn expected(&self) -> PathBuf {
        self.0.join("expected.json")
    }
}

/// Makes a folder, unless it is there and empty.
///
/// # Errors
/// There is something in it, or the disk refuses.
pub(super) fn made_empty(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    match fs::read_dir(folder)?.next() {
        None => Ok(()),
        Some(_) => {
            Err(io::Error::other(format!("{}: expected an empty folder; name another", folder.display())))
        }
    }
}
