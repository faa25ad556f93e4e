//! By rsync, which is another program: to a module of its daemon, or over ssh. It finds out by itself what of a file is there
//! already, and compares it.

mod daemon;
mod run;
mod shell;

use daemon::Daemon;
use shell::Shell;

use super::address::{Address, Scheme};
use super::{Delivery, Record, Space, Told, Trouble};

/// A folder that rsync delivers to.
#[derive(Debug)]
pub enum Rsync {
    /// Below a module of a daemon.
    Daemon(Daemon),
    /// Of another machine, over ssh.
    Shell(Box<Shell>),
}

impl Rsync {
    pub(super) fn new(record: &Record) -> Result<Self, Trouble> {
        let address = Address::new(&record.url, &[Scheme::Rsync, Scheme::Ssh])?;
        match address.scheme {
            Scheme::Ssh => Shell::new(address, record).map(|shell| Self::Shell(Box::new(shell))),
            _ => Daemon::new(address, record).map(Self::Daemon),
        }
    }

    pub(super) async fn found(&self) -> Result<(), Trouble> {
        match self {
            Self::Daemon(daemon) => daemon.found().await,
            Self::Shell(shell) => shell.sftp.found().await,
        }
    }

    pub(super) async fn probe(&self) -> Result<Option<Space>, Trouble> {
        match self {
            Self::Daemon(daemon) => daemon.probe().await,
            Self::Shell(shell) => shell.probe().await,
        }
    }

    pub(super) async fn free(&self) -> Result<Option<Space>, Trouble> {
        match self {
            // It has no word for that.
            Self::Daemon(_) => Ok(None),
            Self::Shell(shell) => shell.sftp.free().await,
        }
    }

    pub(super) async fn stat(&self, place: &str) -> Result<Option<u64>, Trouble> {
        match self {
            Self::Daemon(daemon) => daemon.stat(place).await,
            Self::Shell(shell) => shell.sftp.stat(place).await,
        }
    }

    pub(super) async fn write_from(
        &self,
        delivery: &Delivery,
        offset: u64,
        sent: Told<'_>,
    ) -> Result<(), Trouble> {
        match self {
            Self::Daemon(daemon) => daemon.write_from(delivery, offset, sent).await,
            Self::Shell(shell) => shell.write_from(delivery, offset, sent).await,
        }
    }

    pub(super) async fn verify(&self, delivery: &Delivery, place: &str) -> Result<(), Trouble> {
        let verified = match self {
            Self::Daemon(daemon) => daemon.verify(delivery, place).await,
            Self::Shell(shell) => shell.sftp.verify(delivery, place).await,
        };
        // What is as long as it should be, rsync would not send again.
        if matches!(verified, Err(Trouble::Differs(_))) && place == delivery.temporary() {
            self.remove(place).await?;
        }
        verified
    }

    pub(super) async fn commit(&self, delivery: &Delivery) -> Result<(), Trouble> {
        match self {
            Self::Daemon(daemon) => daemon.commit(delivery).await,
            Self::Shell(shell) => shell.sftp.commit(delivery).await,
        }
    }

    pub(super) async fn remove(&self, place: &str) -> Result<(), Trouble> {
        match self {
            Self::Daemon(daemon) => daemon.remove(place).await,
            Self::Shell(shell) => shell.sftp.remove(place).await,
        }
    }
}
