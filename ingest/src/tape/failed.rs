//! Why there was no answer, as it is kept.

use std::time::Duration;

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};

use super::mask::Mask;
use crate::fetch::Failure;

/// A [`Failure`] on the tape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Failed {
    Connection(String),
    Slow(u64),
    /// With the seconds that the server wants to be left alone.
    Status(u16, Option<u64>),
    Refused(String),
    Spent(u64),
    Elsewhere(u64),
    Disk(String),
}

impl Failed {
    pub(super) fn of(failure: &Failure, mask: &Mask) -> Self {
        match failure {
            Failure::Connection(words) | Failure::Certificate(words) => Self::Connection(mask.text(words)),
            Failure::Slow(seconds) => Self::Slow(*seconds),
            Failure::Status(status, told) => Self::Status(status.as_u16(), told.map(|told| told.as_secs())),
            Failure::Odd(oddity) => Self::Refused(oddity.to_string()),
            Failure::Refused(words) => Self::Refused(mask.text(words)),
            Failure::Account(standing) => Self::Refused(standing.to_string()),
            Failure::Spent(seconds) => Self::Spent(*seconds),
            Failure::Elsewhere(seconds) => Self::Elsewhere(*seconds),
            Failure::Disk(words) => Self::Disk(mask.text(words)),
        }
    }

    pub(super) fn again(&self) -> Failure {
        match self {
            Self::Connection(words) => Failure::Connection(words.clone()),
            Self::Slow(seconds) => Failure::Slow(*seconds),
            Self::Status(status, told) => StatusCode::from_u16(*status)
                .map(|status| Failure::Status(status, told.map(Duration::from_secs)))
                .unwrap_or_else(|_| Failure::Refused("the tape is damaged: a status that is none".into())),
            Self::Refused(words) => Failure::Refused(words.clone()),
            Self::Spent(seconds) => Failure::Spent(*seconds),
            Self::Elsewhere(seconds) => Failure::Elsewhere(*seconds),
            Self::Disk(words) => Failure::Disk(words.clone()),
        }
    }
}
