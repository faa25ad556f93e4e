//! What may happen that an operator should know of.

use serde::Deserialize;

/// The kinds of what happens, as the configuration calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Happening {
    /// A run failed, or no source gave anything that could be taken.
    Failed,
    /// What a source gave was not taken, and what it gave last stands for it.
    Kept,
    /// There is a new release.
    Published,
    /// Somebody has gone back to an older release.
    Rollback,
    /// An account ends soon.
    Expires,
    /// A provider refuses an account, so that it is not dialled for a while.
    Refused,
    /// There is little room on the disk of the data folder.
    Disk,
    /// Nothing happened: an operator wants to see whether it arrives.
    #[serde(skip)]
    Trial,
}

impl Happening {
    /// As in the configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Kept => "kept",
            Self::Published => "published",
            Self::Rollback => "rollback",
            Self::Expires => "expires",
            Self::Refused => "refused",
            Self::Disk => "disk",
            Self::Trial => "trial",
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// See [`Happening::Failed`].
    Failed {
        /// Why.
        why: String,
    },
    /// See [`Happening::Kept`].
    Kept {
        /// Its name in the configuration.
        source: String,
        /// Why.
        why: String,
    },
    /// See [`Happening::Published`].
    Published {
        /// Its number.
        release: u32,
        /// What each source gave, in words.
        what: String,
    },
    /// See [`Happening::Rollback`].
    Rollback {
        /// The release that is in force now.
        release: u32,
        /// The one before.
        from: u32,
    },
    /// See [`Happening::Expires`].
    Expires {
        /// Its source.
        source: String,
        /// In so many hours; 0 when it is over.
        hours: u64,
    },
    /// See [`Happening::Refused`].
    Refused {
        /// The source whose account it is.
        source: String,
        /// What the provider did.
        why: String,
    },
    /// See [`Happening::Disk`].
    Disk {
        /// Bytes that are left.
        free: u64,
    },
    /// See [`Happening::Trial`].
    Trial,
}

impl Event {
    /// Of what kind it is.
    pub(crate) const fn happening(&self) -> Happening {
        match self {
            Self::Failed { .. } => Happening::Failed,
            Self::Kept { .. } => Happening::Kept,
            Self::Published { .. } => Happening::Published,
            Self::Rollback { .. } => Happening::Rollback,
            Self::Expires { .. } => Happening::Expires,
            Self::Refused { .. } => Happening::Refused,
            Self::Disk { .. } => Happening::Disk,
            Self::Trial => Happening::Trial,
        }
    }

    /// A line for people.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Failed { .. } => "a run failed".into(),
            Self::Kept { source, .. } => format!("{source} was not taken"),
            Self::Published { release, .. } => format!("release {release:06} is published"),
            Self::Rollback { release, .. } => format!("back to release {release:06}"),
            Self::Expires { source, hours: 0 } => format!("the account of {source} has ended"),
            Self::Expires { source, .. } => format!("the account of {source} ends soon"),
            Self::Refused { source, .. } => format!("{source} refuses its account"),
            Self::Disk { .. } => "the disk is nearly full".into(),
            Self::Trial => "this is a trial".into(),
        }
    }

    /// The rest of it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Failed { why } => format!("{why}; what was published stays"),
            Self::Kept { why, .. } => format!("{why}; what it gave last stands for it"),
            Self::Published { what, .. } => what.clone(),
            Self::Rollback { from, .. } => format!("it was {from:06}; the next run publishes anew"),
            Self::Expires { hours: 0, .. } => "renew it with the provider".into(),
            Self::Expires { hours, .. } if *hours < 48 => {
                format!("in {hours} hours: renew it with the provider")
            }
            Self::Expires { hours, .. } => format!("in {} days: renew it with the provider", hours / 24),
            Self::Refused { why, .. } => why.clone(),
            Self::Disk { free } => {
                format!("{} MB are left; make room, or keep fewer releases", free / 1_000_000)
            }
            Self::Trial => "Whatever happens will be told like this.".into(),
        }
    }

    /// The source that it is about; empty if it is about none.
    pub(super) fn source(&self) -> &str {
        match self {
            Self::Kept { source, .. } | Self::Expires { source, .. } | Self::Refused { source, .. } => source,
            _ => "",
        }
    }

    /// The release that it is about.
    pub(super) const fn release(&self) -> Option<u32> {
        match self {
            Self::Published { release, .. } | Self::Rollback { release, .. } => Some(*release),
            _ => None,
        }
    }
}
