//! A folder of a share, by SMB 2 or 3 (MS-SMB2).

mod file;

use std::time::Duration;

use smb2::{ClientConfig, Error, ErrorKind, RenameOptions, SmbClient, Tree, WriteCheckpoint};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use super::address::{Address, Scheme};
use super::login::Kept;
use super::pump;
use super::{Delivery, MARKER, MARKER_TEXT, PROBE, Record, Space, Told, Trouble, fits, occupied, unmarked};
use file::{CLOSING, Reading, Writing, trouble, unconnected};

/// How long it may take to be connected,
const CONNECTING: Duration = Duration::from_secs(15);
/// and how long an answer may take: a disk may have to wake up, or to write 64 MiB.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder of a share.
pub struct Smb {
    address: Address,
    /// Without slashes around it.
    base: String,
    secret: Kept,
    session: OnceCell<Box<Mutex<Session>>>,
}

/// A connection to it.
struct Session {
    client: SmbClient,
    tree: Tree,
}

impl Smb {
    pub(super) fn new(record: &Record) -> Result<Self, Trouble> {
        Ok(Self {
            address: Address::new(&record.url, &[Scheme::Smb])?,
            base: record.base.trim_matches('/').to_owned(),
            secret: Kept::new(record.secret.as_deref())?,
            session: OnceCell::new(),
        })
    }

    async fn session(&self) -> Result<MutexGuard<'_, Session>, Trouble> {
        let connect = || async { self.connect().await.map(|session| Box::new(Mutex::new(session))) };
        Ok(self.session.get_or_try_init(connect).await?.lock().await)
    }

    async fn connect(&self) -> Result<Session, Trouble> {
        let secret = self.secret.read()?;
        // `DOMAIN;user`, as in draft-crhertel-smb-url.
        let (domain, user) = self.address.user.split_once(';').unwrap_or(("", &self.address.user));
        let config = ClientConfig {
            addr: self.address.authority(),
            timeout: CONNECTING,
            username: user.to_owned(),
            password: secret.as_ref().map_or("", |it| it.reveal()).to_owned(),
            domain: domain.to_owned(),
            // Films are compressed already.
            compression: false,
            response_timeout: Some(PATIENCE),
            ..ClientConfig::default()
        };
        let mut client = match tokio::time::timeout(CONNECTING * 2, SmbClient::connect(config)).await {
            Ok(connected) => connected.map_err(unconnected)?,
            Err(_) => return Err(Trouble::Offline("the target does not answer".into())),
        };
        let tree = client.connect_share(&self.address.share).await.map_err(|error| match error.kind() {
            ErrorKind::ConnectionLost | ErrorKind::TimedOut => unconnected(error),
            _ => Trouble::Denied(format!(
                "the target has no share {}, or does not let this user in there",
                self.address.share
            )),
        })?;
        Ok(Session { client, tree })
    }

    pub(super) async fn found(&self) -> Result<(), Trouble> {
        let mut session = self.session().await?;
        if !self.base.is_empty() {
            match session.about(&self.base).await? {
                Some(there) if there.is_directory => {}
                Some(_) => return Err(Trouble::Refused(format!("{} is no folder", self.base))),
                None => {
                    return Err(Trouble::Refused(format!(
                        "{} is not there; mount it or make it first",
                        self.base
                    )));
                }
            }
        }
        let marker = self.at(MARKER)?;
        if session.about(&marker).await?.is_none() {
            let Session { client, tree } = &mut *session;
            client.write_file(tree, &marker, MARKER_TEXT.as_bytes()).await.map_err(trouble)?;
        }
        Ok(())
    }

    pub(super) async fn probe(&self) -> Result<Option<Space>, Trouble> {
        let mut session = self.checked().await?;
        let Session { client, tree } = &mut *session;
        let (written, renamed) = (self.at(".download-probe.part")?, self.at(".download-probe")?);
        let probed = async {
            client.write_file(tree, &written, &[0x55; PROBE]).await?;
            let replacing = RenameOptions::new().replace_if_exists(true);
            client.rename_with(tree, &written, &renamed, replacing).await?;
            let there = client.read_file(tree, &renamed).await?;
            client.delete_file(tree, &renamed).await?;
            Ok::<_, Error>(there == [0x55; PROBE])
        };
        let probed = probed.await;
        if probed.is_err() {
            let _ = client.delete_file(tree, &written).await;
            let _ = client.delete_file(tree, &renamed).await;
        }
        if !probed.map_err(trouble)? {
            return Err(Trouble::Failed("what is read is not what was written".into()));
        }
        drop(session);
        self.free().await
    }

    pub(super) async fn free(&self) -> Result<Option<Space>, Trouble> {
        let mut session = self.checked().await?;
        let Session { client, tree } = &mut *session;
        let disk = client.fs_info(tree).await.map_err(trouble)?;
        Ok(Some(Space { free: disk.free_bytes, total: disk.total_bytes }))
    }

    pub(super) async fn stat(&self, place: &str) -> Result<Option<u64>, Trouble> {
        match self.checked().await?.about(&self.at(place)?).await? {
            None => Ok(None),
            Some(there) if !there.is_directory => Ok(Some(there.size)),
            Some(_) => Err(Trouble::Refused(format!("{place} is there, and is no file"))),
        }
    }

    pub(super) async fn write_from(
        &self,
        delivery: &Delivery,
        offset: u64,
        sent: Told<'_>,
    ) -> Result<(), Trouble> {
        let mut session = self.checked().await?;
        let place = delivery.temporary();
        self.make_folders(&mut session, &place).await?;
        let path = self.at(&place)?;
        if offset > 0 {
            let mut there = session.read(&path).await?;
            let same = pump::goes_on(&mut there, delivery, offset).await;
            there.close().await;
            same?;
        }
        let Session { client, tree } = &mut *session;
        let writer = if offset == 0 {
            client.create_file_writer(tree, &path).await
        } else {
            // In this way what is behind the offset, which is nobody's promise, is cut off at the end.
            let (_, identity) = client.stat_with_identity(tree, &path).await.map_err(trouble)?;
            match identity {
                Some(_) => {
                    client.resume_file_writer(tree, &path, &WriteCheckpoint::new(offset, identity)).await
                }
                None => client.create_file_writer_at(tree, &path, offset).await,
            }
        };
        let mut writing = Writing(writer.map_err(trouble)?);
        match pump::send(&mut writing, delivery, offset, sent).await {
            Ok(()) => writing.0.finish().await.map(drop).map_err(trouble),
            Err(trouble) => {
                let _ = tokio::time::timeout(CLOSING, writing.0.abort()).await;
                Err(trouble)
            }
        }
    }

    pub(super) async fn verify(&self, delivery: &Delivery, place: &str) -> Result<(), Trouble> {
        let mut there = self.checked().await?.read(&self.at(place)?).await?;
        let compared = pump::compare(&mut there, delivery).await;
        there.close().await;
        compared
    }

    pub(super) async fn commit(&self, delivery: &Delivery) -> Result<(), Trouble> {
        let mut session = self.checked().await?;
        let Session { client, tree } = &mut *session;
        // Nothing is replaced, unless it is said that it may be.
        let renamed = client.rename(tree, &self.at(&delivery.temporary())?, &self.at(&delivery.place)?).await;
        renamed.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => occupied(&delivery.place),
            _ => trouble(error),
        })
    }

    pub(super) async fn remove(&self, place: &str) -> Result<(), Trouble> {
        let mut session = self.checked().await?;
        let Session { client, tree } = &mut *session;
        match client.delete_file(tree, &self.at(place)?).await {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(trouble(error)),
            _ => {}
        }
        let mut above = place;
        while let Some((folder, _)) = above.rsplit_once('/') {
            above = folder;
            if client.delete_directory(tree, &self.at(above)?).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// A connection to what is known to be the target.
    async fn checked(&self) -> Result<MutexGuard<'_, Session>, Trouble> {
        let mut session = self.session().await?;
        match session.about(&self.at(MARKER)?).await? {
            Some(_) => Ok(session),
            None => Err(unmarked(&format!("{}/{}", self.address.share, self.base))),
        }
    }

    /// Makes the folders above `place`, below the base.
    async fn make_folders(&self, session: &mut Session, place: &str) -> Result<(), Trouble> {
        for (end, _) in place.match_indices('/') {
            let folder = self.at(&place[..end])?;
            if session.about(&folder).await?.is_some() {
                continue;
            }
            match session.client.create_directory(&session.tree, &folder).await {
                // Somebody else has made it meanwhile.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => made.map_err(trouble)?,
            }
        }
        Ok(())
    }

    fn at(&self, place: &str) -> Result<String, Trouble> {
        fits(place)?;
        Ok(if self.base.is_empty() { place.to_owned() } else { format!("{}/{place}", self.base) })
    }
}

impl std::fmt::Debug for Smb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smb").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Session {
    /// What is at `path`; `None` if nothing is.
    async fn about(&mut self, path: &str) -> Result<Option<smb2::FileInfo>, Trouble> {
        match self.client.stat(&mut self.tree, path).await {
            Ok(there) => Ok(Some(there)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(trouble(error)),
        }
    }

    async fn read(&mut self, path: &str) -> Result<Reading, Trouble> {
        self.client.open_file_reader(&self.tree, path).await.map(Reading).map_err(trouble)
    }
}
