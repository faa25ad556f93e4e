//! A folder of another machine, by SFTP version 3 (draft-ietf-secsh-filexfer-02) and what OpenSSH has added to it.

mod file;

use std::time::Duration;

use russh_sftp::client::error::Error;
use russh_sftp::client::fs::Metadata;
use russh_sftp::client::{Config, SftpSession};
use russh_sftp::protocol::{OpenFlags, StatusCode};
use tokio::io::{AsyncSeekExt, AsyncWriteExt, SeekFrom};
use tokio::sync::OnceCell;

use super::address::{Address, Scheme};
use super::host_key::HostKeys;
use super::login::Kept;
use super::pump;
use super::ssh::{Ssh, quoted};
use super::{Delivery, MARKER, MARKER_TEXT, PROBE, Record, Space, Told, Trouble, fits, occupied, unmarked};
use file::{Writing, about, broken, no_sftp, read, trouble};

/// How long an answer may take: a disk may have to wake up, or to write 64 MiB.
const PATIENCE: u64 = 120;
/// Requests that are on their way at once. With what the protocol lets each carry, 2 MiB: as much as OpenSSH takes in one go.
const AT_ONCE: usize = 64;
/// Closing a file is no reason to wait for long.
const CLOSING: Duration = Duration::from_secs(10);

/// A folder of another machine.
pub struct Sftp {
    address: Address,
    base: String,
    known: HostKeys,
    secret: Kept,
    session: OnceCell<Box<Session>>,
}

/// A connection to it.
struct Session {
    sftp: SftpSession,
    ssh: Ssh,
}

impl Sftp {
    pub(super) fn new(record: &Record) -> Result<Self, Trouble> {
        Self::over(Address::new(&record.url, &[Scheme::Sftp])?, record)
    }

    /// The one at this address.
    pub(super) fn over(address: Address, record: &Record) -> Result<Self, Trouble> {
        Ok(Self {
            address,
            base: if record.base.is_empty() { ".".into() } else { record.base.clone() },
            known: HostKeys::new(record.host_key.as_deref())?,
            secret: Kept::new(record.secret.as_deref())?,
            session: OnceCell::new(),
        })
    }

    async fn session(&self) -> Result<&Session, Trouble> {
        let session = self.session.get_or_try_init(|| async { self.connect().await.map(Box::new) }).await?;
        Ok(session)
    }

    async fn connect(&self) -> Result<Session, Trouble> {
        let ssh = Ssh::connect(&self.address, &self.known, &self.secret).await?;
        let channel = ssh.channel().await?;
        channel.request_subsystem(true, "sftp").await.map_err(|_| no_sftp())?;
        let config = Config {
            max_concurrent_writes: AT_ONCE,
            max_concurrent_reads: 4,
            request_timeout_secs: PATIENCE,
            ..Config::default()
        };
        let sftp = SftpSession::new_with_config(channel.into_stream(), config).await;
        Ok(Session { sftp: sftp.map_err(|_| no_sftp())?, ssh })
    }

    pub(super) async fn found(&self) -> Result<(), Trouble> {
        let sftp = &self.session().await?.sftp;
        match sftp.metadata(&*self.base).await {
            Ok(there) if there.is_dir() => {}
            Ok(_) => return Err(Trouble::Refused(format!("{} is no folder", self.base))),
            Err(Error::Status(status)) if status.status_code == StatusCode::NoSuchFile => {
                return Err(Trouble::Refused(format!(
                    "{} is not there; mount it or make it first",
                    self.base
                )));
            }
            Err(error) => return Err(trouble(error)),
        }
        let marker = self.at(MARKER)?;
        if about(sftp, &marker).await?.is_none() {
            let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUDE;
            let mut file = sftp.open_with_flags(marker, flags).await.map_err(trouble)?;
            file.write_all(MARKER_TEXT.as_bytes()).await.map_err(broken)?;
            file.close().await.map_err(broken)?;
        }
        Ok(())
    }

    pub(super) async fn probe(&self) -> Result<Option<Space>, Trouble> {
        let sftp = &self.checked().await?.sftp;
        let (written, renamed) = (self.at(".download-probe.part")?, self.at(".download-probe")?);
        let _ = sftp.remove_file(&*renamed).await;
        let probed = async {
            let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
            let mut file = sftp.open_with_flags(&*written, flags).await.map_err(trouble)?;
            file.write_all(&[0x55; PROBE]).await.map_err(broken)?;
            file.flush().await.map_err(broken)?;
            file.close().await.map_err(broken)?;
            sftp.rename(&*written, &*renamed).await.map_err(trouble)?;
            let there = sftp.read(&*renamed).await.map_err(trouble)?;
            sftp.remove_file(&*renamed).await.map_err(trouble)?;
            if there == [0x55; PROBE] {
                Ok(())
            } else {
                Err(Trouble::Failed("what is read is not what was written".into()))
            }
        };
        let probed = probed.await;
        if let Err(trouble) = probed {
            let _ = sftp.remove_file(&*written).await;
            let _ = sftp.remove_file(&*renamed).await;
            return Err(self.or_full(trouble).await);
        }
        self.free().await
    }

    /// `None` where the machine does not tell.
    pub(super) async fn free(&self) -> Result<Option<Space>, Trouble> {
        let told = self.checked().await?.sftp.fs_info(&*self.base).await.map_err(trouble)?;
        Ok(told.map(|disk| {
            let bytes = |blocks: u64| blocks.saturating_mul(disk.fragment_size);
            Space { free: bytes(disk.blocks_avail), total: bytes(disk.blocks) }
        }))
    }

    pub(super) async fn stat(&self, place: &str) -> Result<Option<u64>, Trouble> {
        let sftp = &self.checked().await?.sftp;
        match about(sftp, &self.at(place)?).await? {
            None => Ok(None),
            Some(there) if there.is_regular() => Ok(Some(there.len())),
            Some(_) => Err(Trouble::Refused(format!("{place} is there, and is no file"))),
        }
    }

    pub(super) async fn write_from(
        &self,
        delivery: &Delivery,
        offset: u64,
        sent: Told<'_>,
    ) -> Result<(), Trouble> {
        let sftp = &self.checked().await?.sftp;
        let place = delivery.temporary();
        self.make_folders(&place).await?;
        let path = self.at(&place)?;
        let mut flags = OpenFlags::WRITE | OpenFlags::CREATE;
        if offset == 0 {
            flags |= OpenFlags::TRUNCATE;
        } else {
            pump::goes_on(&mut read(sftp, &path).await?, delivery, offset).await?;
        }
        let mut file = sftp.open_with_flags(&*path, flags).await.map_err(trouble)?;
        let length = file.metadata().await.map_err(trouble)?.len();
        if length > offset {
            // What is behind the offset is nobody's promise. A machine that cannot shorten files has it written over.
            let _ = file.set_metadata(Metadata { size: Some(offset), ..Metadata::empty() }).await;
        }
        file.seek(SeekFrom::Start(offset)).await.map_err(broken)?;
        let mut writing = Writing(file);
        let written = pump::send(&mut writing, delivery, offset, sent).await;
        let closed = tokio::time::timeout(CLOSING, writing.0.close()).await;
        match written {
            Ok(()) => closed
                .map_err(|_| Trouble::Failed("the target does not close the file".into()))?
                .map_err(broken),
            Err(trouble) => Err(self.or_full(trouble).await),
        }
    }

    /// By SHA-256 where commands may be run there, else by the length and samples.
    pub(super) async fn verify(&self, delivery: &Delivery, place: &str) -> Result<(), Trouble> {
        let session = self.checked().await?;
        let path = self.at(place)?;
        pump::compare(&mut read(&session.sftp, &path).await?, delivery).await?;
        // Its name is not given to the program, which would say it again, in another way where it is an odd one.
        let command = format!("sha256sum < {}", quoted(&path));
        let (theirs, ours) = tokio::join!(session.ssh.run(&command), pump::hash(delivery));
        let theirs = theirs?.and_then(|said| said.split_whitespace().next().map(str::to_owned));
        match theirs.filter(|it| it.len() == 64 && it.bytes().all(|digit| digit.is_ascii_hexdigit())) {
            Some(theirs) if theirs != ours? => {
                Err(Trouble::Differs("what is there is another file: its SHA-256 is another".into()))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn commit(&self, delivery: &Delivery) -> Result<(), Trouble> {
        let sftp = &self.checked().await?.sftp;
        let (from, to) = (self.at(&delivery.temporary())?, self.at(&delivery.place)?);
        if about(sftp, &to).await?.is_some() {
            return Err(occupied(&delivery.place));
        }
        // Section 6.5: it is an error if something of that name is there. OpenSSH makes a link, so that nobody comes between.
        if let Err(error) = sftp.rename(&*from, &*to).await {
            return Err(match about(sftp, &to).await? {
                Some(_) => occupied(&delivery.place),
                None => trouble(error),
            });
        }
        // Makes the name survive a power cut, where folders can be opened.
        let folder = to.rsplit_once('/').map_or(".", |(folder, _)| folder);
        if let Ok(folder) = sftp.open(folder).await {
            let _ = folder.sync_all().await;
        }
        Ok(())
    }

    pub(super) async fn remove(&self, place: &str) -> Result<(), Trouble> {
        let sftp = &self.checked().await?.sftp;
        match sftp.remove_file(self.at(place)?).await {
            Err(Error::Status(status)) if status.status_code == StatusCode::NoSuchFile => {}
            removed => removed.map_err(trouble)?,
        }
        let mut above = place;
        while let Some((folder, _)) = above.rsplit_once('/') {
            above = folder;
            if sftp.remove_dir(self.at(above)?).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Has what somebody else has written kept.
    pub(super) async fn keep(&self, place: &str) -> Result<(), Trouble> {
        let sftp = &self.session().await?.sftp;
        let file = sftp.open_with_flags(self.at(place)?, OpenFlags::WRITE).await.map_err(trouble)?;
        file.sync_all().await.map_err(trouble)?;
        file.close().await.map_err(broken)
    }

    /// A connection to what is known to be the target.
    async fn checked(&self) -> Result<&Session, Trouble> {
        let session = self.session().await?;
        match about(&session.sftp, &self.at(MARKER)?).await? {
            Some(_) => Ok(session),
            None => Err(unmarked(&self.base)),
        }
    }

    /// Makes the folders above `place`, below the base.
    pub(super) async fn make_folders(&self, place: &str) -> Result<(), Trouble> {
        let sftp = &self.session().await?.sftp;
        for (end, _) in place.match_indices('/') {
            let folder = self.at(&place[..end])?;
            if about(sftp, &folder).await?.is_some() {
                continue;
            }
            // Somebody else may have made it meanwhile.
            if let Err(error) = sftp.create_dir(&*folder).await
                && about(sftp, &folder).await?.is_none()
            {
                return Err(self.or_full(trouble(error)).await);
            }
        }
        Ok(())
    }

    /// This protocol has no word for a full disk: it is looked whether it is one.
    async fn or_full(&self, trouble: Trouble) -> Trouble {
        let Trouble::Failed(_) = trouble else { return trouble };
        match self.free().await {
            Ok(Some(space)) if space.free < pump::CHUNK as u64 => Trouble::Full,
            _ => trouble,
        }
    }

    pub(super) fn at(&self, place: &str) -> Result<String, Trouble> {
        fits(place)?;
        Ok(format!("{}/{place}", self.base.trim_end_matches('/')))
    }
}

impl std::fmt::Debug for Sftp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sftp").field("base", &self.base).finish_non_exhaustive()
    }
}
