//! Why there is no answer, in words without an address: that may have credentials in it.

use std::path::Path;
use std::time::Duration;

use reqwest::StatusCode;

use super::ledger::Denied;
use crate::json::Oddity;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No connection, or it broke.
    #[error("{0}")]
    Connection(String),
    /// Whoever answers there does not show that he is who he should be.
    #[error("{0}")]
    Certificate(String),
    /// Nothing came, or not everything.
    #[error("no answer within {0} s")]
    Slow(u64),
    /// Another status than 2xx, and how long the server wants to be left alone.
    #[error("the server answered {0}{hint}", hint = hint(*.0))]
    Status(StatusCode, Option<Duration>),
    /// An answer that is not what was asked for.
    #[error("{0}")]
    Odd(#[from] Oddity),
    /// The same, in the server's way of saying no, or one that must not be followed.
    #[error("{0}")]
    Refused(String),
    /// The account may not ask.
    #[error("{0}")]
    Account(Standing),
    /// The ledger has no request left for so many seconds.
    #[error(
        "nothing may be asked for the next {0} s: the provider wants rest, or `requests` of the source are spent"
    )]
    Spent(u64),
    /// Another program has been asking the source for so many seconds.
    #[error(
        "another program has been asking this provider for {0} s, and nothing may be asked beside it: does it hang?"
    )]
    Elsewhere(u64),
    /// The answer cannot be kept, or the file cannot be read.
    #[error("{0}")]
    Disk(String),
}

impl Failure {
    /// Whether asking again, or asking for less at once, may help. Who is rejected is not heard by asking louder.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Connection(_) | Self::Certificate(_) | Self::Slow(_) => true,
            Self::Odd(Oddity::Truncated | Oddity::Empty) => true,
            Self::Status(status, _) => status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429),
            Self::Odd(_) | Self::Refused(_) | Self::Account(_) | Self::Disk(_) => false,
            Self::Spent(_) | Self::Elsewhere(_) => false,
        }
    }

    /// Whether it is the ledger's: nobody was asked.
    pub(crate) const fn is_unasked(&self) -> bool {
        matches!(self, Self::Spent(_) | Self::Elsewhere(_))
    }

    /// What the disk says about `path`, with the folder that is full or closed.
    pub(super) fn disk(path: &Path, error: &std::io::Error) -> Self {
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
        Self::Disk(format!("{}: {}", folder.display(), crate::disk::words(error)))
    }

    /// The causes without the address.
    pub(super) fn connection(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut causes = vec![error.to_string()];
        let mut cause = std::error::Error::source(&error);
        while let Some(deeper) = cause {
            causes.push(deeper.to_string());
            cause = deeper.source();
        }
        causes.dedup();
        let words = causes.join(": ");
        if is_of_certificate(&error) { Self::Certificate(words) } else { Self::Connection(words) }
    }
}

/// Whether a certificate is why there is no connection. The cause stands in an error of input and output, which does not
/// name it among its causes.
fn is_of_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return matches!(
                tls,
                rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented
            );
        }
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}

/// Why an account may not ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Standing {
    /// The name or the password is wrong.
    #[error("the panel rejects the user name or the password")]
    Rejected,
    /// Its time is over.
    #[error("the account is expired")]
    Expired,
    /// The provider does not want it.
    #[error("the account is banned")]
    Banned,
    /// The provider has switched it off.
    #[error("the account is disabled")]
    Disabled,
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Spent(wait) => Self::Spent(wait.as_secs().max(1)),
            Denied::Elsewhere(waited) => Self::Elsewhere(waited.as_secs()),
        }
    }
}

/// What a status means to those who sell television; xtream-api.md has where each was seen.
fn hint(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 | 404 | 456 | 884 => ": the account or this address is rejected or blocked",
        451 | 454 | 458 => ": this place or this session is rejected",
        407 => ": the proxy wants credentials",
        410 => ": this address is gone",
        429 => ": too many requests",
        509 | 513 => ": the limit of the account is reached",
        520..=526 => ": what stands before the server cannot reach it",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_asked_again_or_taken_for_an_answer() {
        let passes = [408, 425, 429, 500, 502, 503, 504, 509, 513, 520, 524, 526];
        let stays = [400, 401, 402, 403, 404, 406, 407, 410, 416, 451, 454, 456, 458, 700, 884];
        let failure = |code| Failure::Status(StatusCode::from_u16(code).unwrap(), None);
        for code in passes {
            assert!(failure(code).may_pass(), "{code}");
        }
        for code in stays {
            assert!(!failure(code).may_pass(), "{code}");
        }
        assert!(failure(456).to_string().contains("rejected or blocked"));
    }
}
