//! Targets as they are kept, and how they were found to be.

use contract::bundle::Kind as What;
use contract::library::Style;
use serde::{Serialize, Serializer};

use crate::job::words;

words! {
    /// How a target is reached.
    Kind {
        /// A folder of this machine, which may be another's that is mounted here.
        Dir = "dir",
        /// A folder of another machine, over ssh.
        Sftp = "sftp",
        /// A folder of a share: of Windows, or Samba.
        Smb = "smb",
        /// A module of an rsync daemon, or a folder of another machine, by rsync over ssh.
        Rsync = "rsync",
    }
}

words! {
    /// How a target was found to be.
    Status {
        /// Nobody has looked yet.
        Unknown = "unknown",
        /// It takes files.
        Online = "online",
        /// It cannot be reached, or is not mounted.
        Offline = "offline",
        /// It can be reached, and refuses.
        Error = "error",
    }
}

/// A target as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Never given twice.
    pub id: i64,
    /// As people call it.
    pub name: String,
    /// How it is reached.
    pub kind: Kind,
    /// Which machine and account, without a password, such as `sftp://ann@nas:22`; empty for a folder.
    pub url: String,
    /// The folder below which everything lies there.
    pub base: String,
    /// Where its password or private key is kept: `env:NAME` or `file:PATH`.
    pub secret: Option<String>,
    /// By what its machine is known: lines of `known_hosts`, or fingerprints (`SHA256:...`).
    pub host_key: Option<String>,
    /// Whose spelling of names.
    #[serde(serialize_with = "style_word")]
    pub style: Style,
    /// What it is for; everything if it does not say.
    pub types: Vec<What>,
    /// Lines of a picture that it takes at least.
    pub min_q: Option<u32>,
    /// Lines of a picture that it takes at most.
    pub max_q: Option<u32>,
    /// Transfers at a time.
    pub max_parallel: u32,
    /// Bytes per second to it; 0 for as many as there are.
    pub bwlimit: u64,
    /// Whether a file is removed here once it is there.
    pub cleanup: bool,
    /// Whether the operator has taken it out of use for a while.
    pub maintenance: bool,
    /// How it was found to be.
    #[serde(flatten)]
    pub health: Health,
}

impl Record {
    /// One of this kind, with what is usual.
    pub fn new(kind: Kind) -> Self {
        Self {
            id: 0,
            name: String::new(),
            kind,
            url: String::new(),
            base: String::new(),
            secret: None,
            host_key: None,
            style: Style::default(),
            types: Vec::new(),
            min_q: None,
            max_q: None,
            max_parallel: 3,
            bwlimit: 0,
            cleanup: true,
            maintenance: false,
            health: Health::default(),
        }
    }

    /// Whether jobs for it go on.
    pub fn takes_jobs(&self) -> bool {
        !self.maintenance && !matches!(self.health.status, Status::Offline | Status::Error)
    }
}

/// How a target was found to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Whether it can be used.
    pub status: Status,
    /// Unix time, in seconds, at which somebody looked; 0 if nobody has.
    pub checked: i64,
    /// How long it took to answer, in milliseconds.
    pub rtt_ms: Option<u32>,
    /// How much room there is.
    #[serde(flatten)]
    pub space: Option<Space>,
    /// What is wrong with it, in words.
    #[serde(rename = "last_error")]
    pub error: Option<String>,
}

impl Default for Health {
    fn default() -> Self {
        Self { status: Status::Unknown, checked: 0, rtt_ms: None, space: None, error: None }
    }
}

/// Room on a disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Space {
    /// What we may still write.
    pub free: u64,
    /// All that there is.
    pub total: u64,
}

fn style_word<S: Serializer>(style: &Style, serializer: S) -> Result<S::Ok, S::Error> {
    use clap::ValueEnum;
    let word = style.to_possible_value().expect("no style is hidden");
    serializer.serialize_str(word.get_name())
}
