//! Files of a share, and what it means when something is the matter with them.

use std::time::Duration;

use smb2::{Error, ErrorKind, FileReader, FileWriter};

use crate::target::Trouble;
use crate::target::pump::{Sink, Source};

/// Closing a file is no reason to wait for long.
pub(super) const CLOSING: Duration = Duration::from_secs(10);

/// A file there that is being written.
pub(super) struct Writing(pub(super) FileWriter);

impl Sink for Writing {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.0.write_chunk(bytes).await.map_err(trouble)
    }

    async fn keep(&mut self) -> Result<(), Trouble> {
        self.0.flush_checkpoint().await.map(drop).map_err(trouble)
    }
}

/// A file there that is being read.
pub(super) struct Reading(pub(super) FileReader);

impl Reading {
    pub(super) async fn close(self) {
        let _ = tokio::time::timeout(CLOSING, self.0.close()).await;
    }
}

impl Source for Reading {
    fn length(&self) -> u64 {
        self.0.size()
    }

    async fn read_at(&mut self, bytes: &mut [u8], offset: u64) -> Result<(), Trouble> {
        let read = self.0.read_at(offset, bytes.len() as u64).await.map_err(trouble)?;
        if read.len() != bytes.len() {
            return Err(Trouble::Differs("what is there is shorter than it says".into()));
        }
        bytes.copy_from_slice(&read);
        Ok(())
    }
}

/// Its own words name machines and users, so that they are not repeated.
pub(super) fn unconnected(error: Error) -> Trouble {
    match error.kind() {
        ErrorKind::AuthRequired | ErrorKind::AccessDenied | ErrorKind::GuestSessionRefused => {
            Trouble::Denied(
                "the target does not take the password of its secret, or does not know its user".into(),
            )
        }
        ErrorKind::SigningRequired | ErrorKind::SignatureInvalid => Trouble::Denied(
            "what the target answers is not signed as it should be: somebody may be in between".into(),
        ),
        _ => Trouble::Offline(match error {
            Error::Io(error) => format!("the target cannot be reached: {}", error.kind()),
            _ => "the target cannot be reached".into(),
        }),
    }
}

/// What an answer means.
pub(super) fn trouble(error: Error) -> Trouble {
    match error.kind() {
        ErrorKind::DiskFull => Trouble::Full,
        ErrorKind::AccessDenied => Trouble::Refused("the target does not permit it".into()),
        ErrorKind::InvalidName => Trouble::Refused("the target has no such names".into()),
        ErrorKind::NotADirectory | ErrorKind::IsADirectory => {
            Trouble::Refused("a file is where a folder should be, or a folder where a file should be".into())
        }
        ErrorKind::ConnectionLost | ErrorKind::SessionExpired => {
            Trouble::Failed("the connection to the target was lost".into())
        }
        ErrorKind::ResumeRefused => Trouble::Differs("what was sent before is there no more".into()),
        ErrorKind::TimedOut => Trouble::Failed("the target does not answer any more".into()),
        ErrorKind::SharingViolation => Trouble::Failed("somebody else has the file open there".into()),
        kind => Trouble::Failed(match error.status() {
            Some(status) => format!("the target says: {status}"),
            None => format!("the target went wrong: {kind:?}"),
        }),
    }
}
