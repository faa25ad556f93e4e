//! Files of another machine, and what it means when something is the matter with them.

use std::io;

use russh_sftp::client::SftpSession;
use russh_sftp::client::error::Error;
use russh_sftp::client::fs::{File, Metadata};
use russh_sftp::protocol::StatusCode;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};

use crate::target::pump::{Sink, Source};
use crate::target::{Trouble, said};

/// A file there that is being written.
pub(super) struct Writing(pub(super) File);

impl Sink for Writing {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.0.write_all(bytes).await.map_err(broken)
    }

    /// Waits for every answer, and then for `fsync@openssh.com`, where there is that.
    async fn keep(&mut self) -> Result<(), Trouble> {
        self.0.flush().await.map_err(broken)
    }
}

/// A file there that is being read.
pub(super) struct Reading {
    file: File,
    length: u64,
}

impl Source for Reading {
    fn length(&self) -> u64 {
        self.length
    }

    async fn read_at(&mut self, bytes: &mut [u8], offset: u64) -> Result<(), Trouble> {
        self.file.seek(SeekFrom::Start(offset)).await.map_err(broken)?;
        self.file.read_exact(bytes).await.map(drop).map_err(broken)
    }
}

/// Opens a file there to read it.
pub(super) async fn read(sftp: &SftpSession, path: &str) -> Result<Reading, Trouble> {
    let file = sftp.open(path).await.map_err(trouble)?;
    let length = file.metadata().await.map_err(trouble)?.len();
    Ok(Reading { file, length })
}

/// What is at `path`; `None` if nothing is. Links are not followed.
pub(super) async fn about(sftp: &SftpSession, path: &str) -> Result<Option<Metadata>, Trouble> {
    match sftp.symlink_metadata(path).await {
        Ok(there) => Ok(Some(there)),
        Err(Error::Status(status)) if status.status_code == StatusCode::NoSuchFile => Ok(None),
        Err(error) => Err(trouble(error)),
    }
}

pub(super) fn no_sftp() -> Trouble {
    Trouble::Denied(
        "the machine lets us in, but has no SFTP; turn on the subsystem `sftp` of its ssh server".into(),
    )
}

/// What an answer means.
pub(super) fn trouble(error: Error) -> Trouble {
    match error {
        Error::Status(status) => match status.status_code {
            StatusCode::PermissionDenied => Trouble::Refused("the target does not permit it".into()),
            StatusCode::OpUnsupported => Trouble::Refused("the target cannot do that".into()),
            _ => Trouble::Failed(format!("the target says: {}", said(&status.error_message))),
        },
        Error::Timeout => Trouble::Failed("the target does not answer any more".into()),
        Error::IO(_) | Error::UnexpectedBehavior(_) => {
            Trouble::Failed("the connection to the target was lost".into())
        }
        other => Trouble::Failed(said(&other.to_string())),
    }
}

/// What it means where reading or writing went wrong.
pub(super) fn broken(error: io::Error) -> Trouble {
    match error.downcast::<Error>() {
        Ok(error) => trouble(error),
        Err(error) => Trouble::Failed(format!("the target says: {}", said(&error.to_string()))),
    }
}
