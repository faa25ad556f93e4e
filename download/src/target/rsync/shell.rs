//! A folder of another machine, by rsync over ssh. It moves the bytes; all else is done by SFTP, of the same account.

use std::path::Path;

use tempfile::TempDir;
use tokio::process::Command;

use super::run::{command, send, told};
use crate::target::address::Address;
use crate::target::host_key::HostKeys;
use crate::target::login::{Kept, is_key, private};
use crate::target::sftp::Sftp;
use crate::target::ssh::host_key;
use crate::target::{Delivery, Record, Sent, Space, Told, Trouble};

/// By this name ssh knows the machine; which one that is, has been decided before.
const ALIAS: &str = "target";

/// A folder of another machine.
#[derive(Debug)]
pub struct Shell {
    pub(super) sftp: Sftp,
    address: Address,
    known: HostKeys,
    secret: Kept,
}

impl Shell {
    pub(super) fn new(address: Address, record: &Record) -> Result<Self, Trouble> {
        Ok(Self {
            sftp: Sftp::over(address.clone(), record)?,
            known: HostKeys::new(record.host_key.as_deref())?,
            secret: Kept::new(record.secret.as_deref())?,
            address,
        })
    }

    /// Both ways have to work.
    pub(super) async fn probe(&self) -> Result<Option<Space>, Trouble> {
        let space = self.sftp.probe().await?;
        let (mut listing, _folder) = self.command().await?;
        listing.args(["--list-only", "--dirs"]).arg(self.remote("/"));
        told(listing).await.map(|_| space)
    }

    pub(super) async fn write_from(
        &self,
        delivery: &Delivery,
        offset: u64,
        sent: Told<'_>,
    ) -> Result<(), Trouble> {
        let place = delivery.temporary();
        // What is too long, rsync would leave as it is.
        if self.sftp.stat(&place).await?.is_some_and(|length| length > delivery.length) {
            self.sftp.remove(&place).await?;
        }
        self.sftp.make_folders(&place).await?;
        let path = self.sftp.at(&place)?;
        let (mut sending, _folder) = self.command().await?;
        sending.args(["--inplace", "--append-verify", "--chmod=F0666", "--copy-links"]);
        sending.arg(std::path::absolute(&delivery.file).unwrap_or_else(|_| delivery.file.clone()));
        sending.arg(self.remote(&path));
        send(sending, delivery, offset, sent).await?;
        self.sftp.keep(&place).await?;
        let length = delivery.length;
        match sent(Sent { have: length, synced: length, is_checkpoint: true }) {
            true => Ok(()),
            false => Err(Trouble::Stopped),
        }
    }

    /// rsync, told how to get there, and the folder with what ssh needs for that.
    async fn command(&self) -> Result<(Command, TempDir), Trouble> {
        let wrong = |error: std::io::Error| Trouble::Failed(format!("the folder for ssh here: {error}"));
        let folder = tempfile::tempdir().map_err(wrong)?;
        let key = host_key(&self.address, &self.known).await?;
        let line =
            key.to_openssh().map_err(|_| Trouble::Denied("the host key cannot be written down".into()))?;
        let hosts =
            private(folder.path(), "known_hosts", &format!("{ALIAS} {line}\n"), 0o600).map_err(wrong)?;
        let mut command = command();
        let mut ssh = vec![
            "ssh -F /dev/null -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=/dev/null -o ConnectTimeout=20".to_owned(),
            "-o ServerAliveInterval=15 -o ServerAliveCountMax=3 -o NumberOfPasswordPrompts=1 -o LogLevel=ERROR".to_owned(),
            format!("-o HostKeyAlias={ALIAS} -p {}", self.address.port),
            format!("-o UserKnownHostsFile={}", word(&hosts)),
        ];
        if !self.address.user.is_empty() {
            ssh.push(format!("-l {}", word(Path::new(&self.address.user))));
        }
        let Some(secret) = self.secret.read()? else {
            return Err(Trouble::Denied("nothing is known by which the target lets us in".into()));
        };
        if is_key(&secret) {
            // A copy, since ssh takes none that is not ours alone, or lies where it cannot be read from.
            let text = format!("{}\n", secret.reveal());
            let key = private(folder.path(), "key", &text, 0o600).map_err(wrong)?;
            ssh.push(format!(
                "-o BatchMode=yes -o IdentitiesOnly=yes -o IdentityAgent=none -i {}",
                word(&key)
            ));
        } else {
            // SECURITY: others can read the arguments of a program, but not its environment.
            let script = "#!/bin/sh\nprintf '%s\\n' \"$COAX_TARGET_SECRET\"\n";
            let script = private(folder.path(), "ask", script, 0o700).map_err(wrong)?;
            command
                .env("SSH_ASKPASS", script)
                .env("SSH_ASKPASS_REQUIRE", "force")
                .env("COAX_TARGET_SECRET", secret.reveal());
            ssh.push(
                "-o PubkeyAuthentication=no -o PreferredAuthentications=password,keyboard-interactive".into(),
            );
        }
        // Names are no arguments of the shell there.
        command.arg("--protect-args").arg("-e").arg(ssh.join(" "));
        Ok((command, folder))
    }

    fn remote(&self, path: &str) -> String {
        let host = &self.address.host;
        if host.contains(':') { format!("[{host}]:{path}") } else { format!("{host}:{path}") }
    }
}

/// One word of the command that rsync takes apart.
fn word(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "''"))
}
