//! Running rsync: what it is told, how far it is, and what its exit status means (rsync(1), EXIT VALUES).

use std::io::ErrorKind;
use std::process::Stdio;

use tokio::io::{AsyncReadExt, BufReader};
use tokio::process::{ChildStderr, Command};

use crate::target::{Delivery, Sent, Told, Trouble, said};

/// More than this of what it complains about is not kept, in bytes.
const COMPLAINTS: u64 = 16 * 1024;
/// Nor of what it lists.
const LISTED: u64 = 1 << 20;
/// It gives up after so many seconds of silence.
const SILENCE: &str = "--timeout=60";

/// A command that says what it does in English, and with names as they are.
pub(super) fn command() -> Command {
    let mut command = Command::new("rsync");
    command.env("LC_ALL", "C").args([SILENCE, "--8-bit-output", "--no-h", "--outbuf=L"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// What `command` prints when all goes well.
pub(super) async fn told(mut command: Command) -> Result<String, Trouble> {
    let mut child = command.spawn().map_err(|error| missing(&error))?;
    let (stdout, stderr) =
        (child.stdout.take().expect("it is piped"), child.stderr.take().expect("it is piped"));
    let mut printed = Vec::new();
    let mut stdout = stdout.take(LISTED);
    let (read, complaint) = tokio::join!(stdout.read_to_end(&mut printed), complaint(stderr));
    read.map_err(|error| Trouble::Failed(format!("rsync: {error}")))?;
    let status = child.wait().await.map_err(|error| Trouble::Failed(format!("rsync: {error}")))?;
    match status.code() {
        Some(0) => Ok(String::from_utf8_lossy(&printed).into_owned()),
        code => Err(trouble(code, &complaint)),
    }
}

/// Runs `command`, which sends the file of `delivery`, and tells how far it is.
pub(super) async fn send(
    mut command: Command,
    delivery: &Delivery,
    synced: u64,
    sent: Told<'_>,
) -> Result<(), Trouble> {
    if let Some(rate) = delivery.paces.iter().filter_map(|bucket| bucket.rate()).min() {
        command.arg(format!("--bwlimit={}", (rate / 1024).max(1)));
    }
    command.args(["--info=progress2", "--no-i-r"]);
    let mut child = command.spawn().map_err(|error| missing(&error))?;
    let stdout = child.stdout.take().expect("it is piped");
    let stderr = child.stderr.take().expect("it is piped");
    let complaint = tokio::spawn(complaint(stderr));
    let mut lines = Lines { from: BufReader::new(stdout), line: Vec::new() };
    let mut have = synced;
    while let Some(line) = lines.next().await {
        have = progress(&line).map_or(have, |bytes| bytes.min(delivery.length));
        if !sent(Sent { have, synced, is_checkpoint: false }) {
            return Err(Trouble::Stopped);
        }
    }
    let status = child.wait().await.map_err(|error| Trouble::Failed(format!("rsync: {error}")))?;
    match status.code() {
        Some(0) => Ok(()),
        code => Err(trouble(code, &complaint.await.unwrap_or_default())),
    }
}

/// What is printed, cut where a line is begun anew as well.
struct Lines<R> {
    from: R,
    line: Vec<u8>,
}

impl<R: tokio::io::AsyncRead + Unpin> Lines<R> {
    async fn next(&mut self) -> Option<String> {
        self.line.clear();
        loop {
            match self.from.read_u8().await {
                Ok(b'\r' | b'\n') if self.line.is_empty() => {}
                Ok(b'\r' | b'\n') => break,
                Ok(byte) if self.line.len() < 1024 => self.line.push(byte),
                Ok(_) => {}
                Err(_) if self.line.is_empty() => return None,
                Err(_) => break,
            }
        }
        Some(String::from_utf8_lossy(&self.line).into_owned())
    }
}

/// The bytes of a line such as `    1310720  43%    1.25MB/s    0:00:01`.
fn progress(line: &str) -> Option<u64> {
    let mut words = line.split_whitespace();
    let bytes = words.next()?.parse().ok()?;
    words.next()?.ends_with('%').then_some(bytes)
}

async fn complaint(stderr: ChildStderr) -> String {
    let mut text = Vec::new();
    let mut stderr = stderr;
    // A program that complains for ever is read to its end, and not remembered.
    let _ = (&mut stderr).take(COMPLAINTS).read_to_end(&mut text).await;
    let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&text).into_owned()
}

fn missing(error: &std::io::Error) -> Trouble {
    match error.kind() {
        ErrorKind::NotFound => Trouble::Missing("rsync is not installed here: apt-get install rsync".into()),
        _ => Trouble::Failed(format!("rsync cannot be run: {error}")),
    }
}

/// What an exit status means, and what was complained about.
fn trouble(code: Option<i32>, complaint: &str) -> Trouble {
    let why = said(complaint);
    let has = |words: &str| complaint.contains(words);
    if has("No space left on device") || has("Disk quota exceeded") {
        return Trouble::Full;
    }
    if has("max connections") {
        return Trouble::Failed(format!("rsync: {why}"));
    }
    match code {
        // RERR_STARTCLIENT; or ssh, which has said why.
        Some(5 | 255) if has("auth failed") || has("Permission denied") => Trouble::Denied(
            "the target does not take the password of its secret, or does not know its user".into(),
        ),
        Some(255) if has("Host key verification failed") => {
            Trouble::Denied("the machine shows another host key than a moment ago".into())
        }
        Some(5) if has("Unknown module") => Trouble::Denied("the target has no module of that name".into()),
        Some(5) if has("read only") => Trouble::Denied("the target's module is read only".into()),
        Some(126 | 127) => Trouble::Denied("the target lets us in, but has no rsync".into()),
        Some(10 | 255) => Trouble::Offline("the target cannot be reached".into()),
        _ if has("is read only") => Trouble::Denied("the target's module is read only".into()),
        _ if has("Permission denied") => Trouble::Refused("the target does not permit it".into()),
        Some(1..=4) => Trouble::Refused(format!("rsync: {why}")),
        Some(30 | 35) => Trouble::Failed("the target does not answer any more".into()),
        Some(code) => Trouble::Failed(format!("rsync ended with {code}: {why}")),
        None => Trouble::Failed("rsync was killed".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn progress_is_read_though_its_line_is_written_over_and_over() {
        let printed = b"\r              0   0%    0.00kB/s    0:00:00  \r      1,310\r      1310720  43%    1.25MB/s    0:00:01\n\
            \r      3000001 100%    1.25MB/s    0:00:02 (xfr#1, to-chk=0/1)\n";
        let mut lines = Lines { from: &printed[..], line: Vec::new() };
        let mut all = Vec::new();
        while let Some(line) = lines.next().await {
            all.extend(progress(&line));
        }
        assert_eq!(all, [0, 1_310_720, 3_000_001]);
    }

    #[test]
    fn every_exit_status_says_whether_to_wait_to_try_again_or_to_give_up() {
        let is = |code, complaint: &str| trouble(Some(code), complaint);
        assert!(matches!(is(10, "rsync: failed to connect"), Trouble::Offline(_)));
        assert!(matches!(is(5, "@ERROR: auth failed on module disk"), Trouble::Denied(_)));
        assert!(matches!(is(5, "@ERROR: Unknown module 'disk'"), Trouble::Denied(_)));
        assert!(matches!(
            is(5, "@ERROR: max connections (4) reached -- try again later"),
            Trouble::Failed(_)
        ));
        assert!(matches!(is(11, "rsync: write failed: No space left on device (28)"), Trouble::Full));
        assert!(matches!(is(2, "protocol incompatibility"), Trouble::Refused(_)));
        for code in [12, 20, 23, 24, 30, 35] {
            assert!(matches!(is(code, "x"), Trouble::Failed(_)), "{code}");
        }
        assert!(matches!(trouble(None, ""), Trouble::Failed(_)));
    }
}
