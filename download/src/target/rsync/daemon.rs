//! A module of an rsync daemon.
//!
//! ```text
//! base/.download-7/Movies/Film (2020)/Film (2020).mkv     while job 7 is being delivered
//! base/Movies/Film (2020)/Film (2020).mkv                 from then on: a link that the daemon makes (--link-dest)
//! ```
//!
//! A daemon renames nothing, but it makes links to what it has already, and leaves alone what is there. So a file arrives in a
//! folder of its own, where it can grow whoever is killed, and is linked when it is whole.
//!
//! Names are never among the arguments, of which daemons make patterns: they go as files and filters.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;
use tokio::process::Command;

use super::run::{command, send, told};
use crate::target::address::Address;
use crate::target::login::Kept;
use crate::target::{
    Delivery, MARKER, MARKER_TEXT, PROBE, Record, Sent, Space, Told, Trouble, fits, occupied, unmarked,
};

/// What is written to see whether it can be.
const TRIAL: &str = ".download-probe";

/// A folder of a module.
#[derive(Debug)]
pub struct Daemon {
    address: Address,
    /// Without slashes around it.
    base: String,
    secret: Kept,
}

/// What lies somewhere there.
enum There {
    Nothing,
    File(u64),
    Else,
}

impl Daemon {
    pub(super) fn new(address: Address, record: &Record) -> Result<Self, Trouble> {
        let base = record.base.trim_matches('/').to_owned();
        if base.contains(['*', '?', '[', '\\']) {
            return Err(Trouble::Refused("the base of an rsync target has none of * ? [ \\ in it".into()));
        }
        Ok(Self { address, base, secret: Kept::new(record.secret.as_deref())? })
    }

    pub(super) async fn found(&self) -> Result<(), Trouble> {
        let mut listing = self.command()?;
        listing.args(["--list-only", "--dirs"]).arg(self.url(""));
        match told(listing).await {
            Err(Trouble::Failed(why)) if why.contains("No such file") => {
                return Err(Trouble::Refused(format!(
                    "{} is not there; mount it or make it first",
                    self.base
                )));
            }
            listed => drop(listed?),
        }
        if !matches!(self.look(MARKER).await?, There::Nothing) {
            return Ok(());
        }
        self.put(MARKER, MARKER_TEXT.as_bytes()).await
    }

    pub(super) async fn probe(&self) -> Result<Option<Space>, Trouble> {
        self.check().await?;
        // It is written under another name, and renamed, by rsync itself.
        self.put(TRIAL, &[0x55; PROBE]).await?;
        let there = self.look(TRIAL).await?;
        self.delete(TRIAL).await?;
        match there {
            There::File(length) if length == PROBE as u64 => Ok(None),
            _ => Err(Trouble::Failed("what is there is not what was written".into())),
        }
    }

    pub(super) async fn stat(&self, place: &str) -> Result<Option<u64>, Trouble> {
        self.check().await?;
        if job(place).is_some() {
            // rsync finds out by itself what of it is there.
            return Ok(None);
        }
        match self.look(place).await? {
            There::Nothing => Ok(None),
            There::File(length) => Ok(Some(length)),
            There::Else => Err(Trouble::Refused(format!("{place} is there, and is no file"))),
        }
    }

    pub(super) async fn write_from(
        &self,
        delivery: &Delivery,
        offset: u64,
        sent: Told<'_>,
    ) -> Result<(), Trouble> {
        self.check().await?;
        let (stage, source) = stage(&delivery.place, &delivery.file)?;
        let folder = format!("{}/", attic(delivery.job));
        // Daemons from before version 3.2.4 have no --fsync.
        for durable in [&["--fsync"][..], &[]] {
            let mut sending = self.command()?;
            sending.current_dir(stage.path()).args(["--inplace", "--append-verify", "--chmod=F0666"]);
            sending.args(["--times", "--omit-dir-times", "--relative", "--copy-links"]).args(durable);
            sending.arg(&source).arg(self.url(&folder));
            match send(sending, delivery, offset, sent).await {
                Err(Trouble::Refused(why)) if why.contains("--fsync") => {}
                Err(trouble) => return Err(trouble),
                Ok(()) => break,
            }
        }
        let length = delivery.length;
        match sent(Sent { have: length, synced: length, is_checkpoint: true }) {
            true => Ok(()),
            false => Err(Trouble::Stopped),
        }
    }

    /// By the checksums of both files.
    pub(super) async fn verify(&self, delivery: &Delivery, place: &str) -> Result<(), Trouble> {
        self.check().await?;
        let (stage, source) = stage(&delivery.place, &delivery.file)?;
        let folder = if job(place).is_some() { format!("{}/", attic(delivery.job)) } else { String::new() };
        let mut comparing = self.command()?;
        comparing.current_dir(stage.path()).args(["--dry-run", "--checksum", "--itemize-changes"]);
        comparing.args(["--relative", "--copy-links"]).arg(&source).arg(self.url(&folder));
        let said = told(comparing).await?;
        if said.lines().any(|line| line.starts_with("<f")) {
            return Err(Trouble::Differs("what is there is another file: its checksum is another".into()));
        }
        Ok(())
    }

    pub(super) async fn commit(&self, delivery: &Delivery) -> Result<(), Trouble> {
        self.check().await?;
        let (stage, source) = stage(&delivery.place, &delivery.file)?;
        let attic = attic(delivery.job);
        let mut linking = self.command()?;
        linking.current_dir(stage.path()).args(["--ignore-existing", "--modify-window=2", "--chmod=F0666"]);
        linking.args(["--times", "--omit-dir-times", "--relative", "--copy-links"]);
        // Said twice, it names what is linked as well.
        linking.args(["--itemize-changes", "--itemize-changes"]);
        linking.arg(format!("--link-dest={attic}")).arg(&source).arg(self.url(""));
        let said = told(linking).await?;
        let is_made = said.lines().any(|line| line.get(1..2) == Some("f"));
        if !is_made && !matches!(self.look(&delivery.place).await?, There::Nothing) {
            return Err(occupied(&delivery.place));
        }
        if !is_made {
            return Err(Trouble::Failed("the target has not given the file its name".into()));
        }
        self.delete_all(&attic).await
    }

    pub(super) async fn remove(&self, place: &str) -> Result<(), Trouble> {
        self.check().await?;
        match job(place) {
            Some(job) => self.delete_all(&attic(job)).await,
            None => self.delete(place).await,
        }
    }

    async fn check(&self) -> Result<(), Trouble> {
        match self.look(MARKER).await {
            Ok(There::Nothing) => Err(unmarked(&format!("{}/{}", self.address.share, self.base))),
            Err(Trouble::Failed(why)) if why.contains("No such file") => {
                Err(unmarked(&format!("{}/{}", self.address.share, self.base)))
            }
            looked => looked.map(drop),
        }
    }

    /// What is at `place`.
    async fn look(&self, place: &str) -> Result<There, Trouble> {
        let mut listing = self.command()?;
        listing.args(["--list-only", "--recursive"]).args(only(place)?).arg(self.url(""));
        let listed = told(listing).await?;
        // -rw-r--r--      3000001 2026/11/27 21:00:00 Movies/Film (2020)/Film (2020).mkv
        let line = listed.lines().find(|line| line.ends_with(&format!(" {place}")));
        Ok(match line.map(|line| (line.starts_with('-'), line.split_whitespace().nth(1))) {
            None => There::Nothing,
            Some((true, Some(length))) => There::File(length.replace(',', "").parse().unwrap_or(0)),
            Some(_) => There::Else,
        })
    }

    /// Writes a small file.
    async fn put(&self, place: &str, bytes: &[u8]) -> Result<(), Trouble> {
        let file = tempfile::NamedTempFile::new().map_err(|error| here(&error))?;
        fs::File::options()
            .write(true)
            .open(file.path())
            .and_then(|mut file| std::io::Write::write_all(&mut file, bytes))
            .map_err(|error| here(&error))?;
        let (stage, source) = stage(place, file.path())?;
        let mut sending = self.command()?;
        sending.current_dir(stage.path()).args(["--relative", "--copy-links", "--chmod=F0666"]);
        sending.arg(&source).arg(self.url(""));
        told(sending).await.map(drop)
    }

    /// Deletes a file, and the folders above it as far as they are empty.
    async fn delete(&self, place: &str) -> Result<(), Trouble> {
        self.delete_these(&only(place)?).await
    }

    /// Deletes a folder at the top, with all that is in it.
    async fn delete_all(&self, folder: &str) -> Result<(), Trouble> {
        let all = [format!("--include=/{folder}"), format!("--include=/{folder}/**"), "--exclude=*".into()];
        self.delete_these(&all).await
    }

    /// An empty folder takes the place of what these filters let through.
    async fn delete_these(&self, filters: &[String]) -> Result<(), Trouble> {
        let empty = tempfile::tempdir().map_err(|error| here(&error))?;
        let mut deleting = self.command()?;
        deleting
            .current_dir(empty.path())
            .args(["--recursive", "--delete"])
            .args(filters)
            .arg("./")
            .arg(self.url(""));
        told(deleting).await.map(drop)
    }

    fn command(&self) -> Result<Command, Trouble> {
        let mut command = command();
        if let Some(secret) = self.secret.read()? {
            command.env("RSYNC_PASSWORD", secret.reveal());
        }
        command.arg("--contimeout=20");
        Ok(command)
    }

    /// A folder below the base, which ends with a slash unless it is the base.
    fn url(&self, folder: &str) -> String {
        let user =
            if self.address.user.is_empty() { String::new() } else { format!("{}@", self.address.user) };
        let base = if self.base.is_empty() { String::new() } else { format!("{}/", self.base) };
        format!("rsync://{user}{}/{}/{base}{folder}", self.address.authority(), self.address.share)
    }
}

/// The folder, at the top of the base, in which a job's file grows.
fn attic(job: impl std::fmt::Display) -> String {
    format!(".download-{job}")
}

/// Whose temporary name that is; `None` if it is a final one, none of whose parts begins with a dot.
fn job(place: &str) -> Option<&str> {
    let name = place.rsplit('/').next().filter(|name| name.starts_with('.'))?;
    let job = name.strip_suffix(".part")?.rsplit('.').next()?;
    job.bytes().all(|digit| digit.is_ascii_digit()).then_some(job)
}

/// Filters that let through what is at `place`, and the folders above it.
fn only(place: &str) -> Result<Vec<String>, Trouble> {
    fits(place)?;
    let ends = place.match_indices('/').map(|(end, _)| end).chain([place.len()]);
    let mut filters: Vec<String> = ends.map(|end| format!("--include=/{}", literal(&place[..end]))).collect();
    filters.push("--exclude=*".into());
    Ok(filters)
}

/// A pattern that means these letters. A backslash is one itself where there is no wildcard in a pattern.
fn literal(name: &str) -> String {
    if !name.contains(['*', '?', '[']) {
        return name.to_owned();
    }
    name.chars()
        .flat_map(|it| matches!(it, '*' | '?' | '[' | '\\').then_some('\\').into_iter().chain([it]))
        .collect()
}

/// A folder in which `file` lies at `place`, and how it is named from there.
fn stage(place: &str, file: &Path) -> Result<(TempDir, String), Trouble> {
    fits(place)?;
    let stage = tempfile::tempdir().map_err(|error| here(&error))?;
    let path = stage.path().join(place);
    let file = std::path::absolute(file).map_err(|error| here(&error))?;
    let made =
        fs::create_dir_all(path.parent().expect("it lies in the folder")).and_then(|()| symlink(file, &path));
    made.map_err(|error| here(&error))?;
    Ok((stage, format!("./{place}")))
}

fn here(error: &std::io::Error) -> Trouble {
    Trouble::Failed(format!("the folder for what is in between here: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_pattern_and_a_temporary_one_says_whose_it_is() {
        assert_eq!(
            only("Movies/What? [1080p].mkv").unwrap(),
            ["--include=/Movies", r"--include=/Movies/What\? \[1080p].mkv", "--exclude=*"]
        );
        assert!(only("../x").is_err());
        assert_eq!(job("Movies/.Film.mkv.17.part"), Some("17"));
        assert_eq!(job("Movies/Film.17.part"), None);
        assert_eq!(job(".download-target"), None);
    }
}
