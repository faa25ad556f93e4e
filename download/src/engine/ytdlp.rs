//! yt-dlp, for what is no plain file: HLS, DASH, pages. A program of others, which may be there or not.
//!
//! It is told exactly what to say: a line `P {...}` every second, a line `F "..."` with the path of what it has made. Its
//! other words are for people and change from version to version.
//!
//! ```text
//!  Order ──▶ yt-dlp --newline --progress-template ... ──P {json}──▶ Report
//!                        └──F "path"──▶ renamed to the part
//! ```

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::outlet::Outlet;
use super::{Ended, Order, Reach, Report, Rest};
use crate::job::{Cause, Wait};

/// How long it may take to end when it is asked to; it writes down how far it was.
const GRACE: Duration = Duration::from_secs(10);
/// How long it is not looked for again once it was not there.
const ABSENT: Duration = Duration::from_secs(300);
/// How much of what it complains about is kept, in bytes: the end says why.
const WORDS: u64 = 64 * 1024;
/// What it says of itself while it goes on.
const PROGRESS: &str = "download:P %(progress.{status,downloaded_bytes,total_bytes,total_bytes_estimate})j";

/// How far it says it is.
#[derive(Deserialize)]
struct Progress {
    downloaded_bytes: Option<f64>,
    total_bytes: Option<f64>,
}

/// A line of what it was told to say.
enum Line {
    Progress(Progress),
    File(PathBuf),
}

/// Has `program`, as a rule `yt-dlp`, bring what `order` says, and puts it at the part, at which nothing is before. Stopped by
/// dropping this, it goes on where it was the next time.
pub async fn fetch(program: &Path, order: &Order, told: &mut (dyn FnMut(Report) + Send)) -> Ended {
    if let Some(total) = order.known.total
        && std::fs::metadata(&order.part).is_ok_and(|part| part.len() == total && total > 0)
    {
        return Ended::Done { total }; // it came to the end before somebody ended us
    }
    // SECURITY: where an address of a stranger leads, it would follow.
    let outlet = match order.reach {
        Reach::Anywhere => None,
        Reach::Internet => match Outlet::open(contract::reach::is_public).await {
            Ok(outlet) => Some(outlet),
            Err(error) => return broken(false, format!("there is no port for a proxy: {}", error.kind())),
        },
    };
    let mut command = Command::new(program);
    if let Some(outlet) = &outlet {
        command.args(["--proxy", &outlet.proxy()]).env_remove("NO_PROXY").env_remove("no_proxy");
    }
    command.args(arguments(order)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own, with the programs that it starts.
    let mut running = match command.process_group(0).spawn() {
        Ok(child) => Running(Some(child)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let why = format!("{} is not installed", program.display());
            return Ended::Waits { wait: Wait::Engine, rest: Rest::Said(ABSENT), progress: false, why };
        }
        Err(error) => return broken(false, format!("yt-dlp cannot be started: {}", error.kind())),
    };
    // SECURITY: everybody on this machine can read how a program was called, and there may be a password in an address.
    if let Some(mut says) = running.0.as_mut().and_then(|child| child.stdin.take()) {
        let _ = says.write_all(format!("{}\n", order.url).as_bytes()).await; // one that is gone already says why
    }
    let (mut progress, mut made) = (0, None);
    let ended = running.listen(|line| match line {
        Line::Progress(Progress { downloaded_bytes, total_bytes }) => {
            let (have, total) = (downloaded_bytes.unwrap_or(0.0) as u64, total_bytes.map(|it| it as u64));
            if progress == 0 {
                told(Report::Began { have: 0, total, etag: None });
            }
            progress = have.max(progress);
            told(Report::Progress { have });
        }
        Line::File(path) => made = Some(path),
    });
    let (status, words) = match ended.await {
        Ok(ended) => ended,
        Err(error) => {
            return broken(progress > 0, format!("yt-dlp does not say how it goes: {}", error.kind()));
        }
    };
    match (status.code(), made) {
        (Some(0), Some(made)) => match kept(&made, &order.part, told).await {
            Ok(total) => Ended::Done { total },
            Err(error) => {
                let (wait, why) = (Wait::Disk, format!("the disk refuses: {}", error.kind()));
                Ended::Waits { wait, rest: Rest::Broken, progress: progress > 0, why }
            }
        },
        (Some(0), None) => {
            broken(progress > 0, "yt-dlp says that all is well, and has made nothing".to_owned())
        }
        // Over a connection that stands it may have gone on to something else since: then it complains of that.
        _ if outlet.is_some_and(|outlet| outlet.has_refused()) && last(&words).contains("403") => {
            failed(Cause::Gone, "its address leads into a private network".to_owned())
        }
        (Some(2), _) => failed(Cause::Engine, format!("yt-dlp was called wrongly: {}", last(&words))),
        _ => refused(progress > 0, &words),
    }
}

/// How it is called.
fn arguments(order: &Order) -> Vec<OsString> {
    const SAID: &str = "after_move:F %(filepath)j";
    let patience = order.patience.as_secs().max(1).to_string();
    let mut arguments: Vec<OsString> = [
        // Nothing of what somebody has configured for himself, nothing that it decides by itself.
        "--ignore-config",
        "--no-update",
        "--no-cache-dir",
        "--color",
        "never",
        "--no-playlist",
        // Of a page with several, the first: all of them would have one name. What is sent now has no end.
        "--playlist-items",
        "1",
        "--match-filters",
        "!is_live",
        "--quiet",
        "--progress",
        "--newline",
        "--progress-delta",
        "1",
        "--progress-template",
        PROGRESS,
        "--print",
        SAID,
        // Goes on where it was; and says no where a piece is missing, which by itself it would leave out.
        "--continue",
        "--part",
        "--no-mtime",
        "--abort-on-unavailable-fragments",
        "-R",
        "3",
        "--fragment-retries",
        "10",
        "-N",
        "1",
        "--socket-timeout",
        &patience,
        "--hls-use-mpegts",
        "--fixup",
        "never",
    ]
    .map(OsString::from)
    .into();
    // It keeps a limit by itself, as it is when it begins.
    if let Some(rate) = order.paces.iter().filter_map(|bucket| bucket.rate()).min() {
        arguments.extend(["--limit-rate".into(), rate.to_string().into()]);
    }
    for (name, value) in &order.headers {
        arguments.extend(["--add-headers".into(), format!("{name}:{value}").into()]);
    }
    let mut output = template(&order.part).into_os_string();
    output.push(".%(ext)s");
    arguments.extend(["-o".into(), output, "--batch-file".into(), "-".into()]);
    arguments
}

/// The path that it puts its own extensions behind: beside the part, where nothing looks like a video. A percent sign means
/// something to it.
fn template(part: &Path) -> PathBuf {
    let name = part.file_name().unwrap_or_default().to_string_lossy();
    let folder = part.parent().unwrap_or(Path::new(".")).to_string_lossy();
    PathBuf::from(format!("{}/{}", folder.replace('%', "%%"), name.replace('%', "%%")))
}

/// Gives what it has made the name of the part. How much it is, is told first: a part that has as much is whole.
async fn kept(made: &Path, part: &Path, told: &mut (dyn FnMut(Report) + Send)) -> io::Result<u64> {
    let total = std::fs::metadata(made)?.len();
    told(Report::Began { have: total, total: Some(total), etag: None });
    let (made, part) = (made.to_owned(), part.to_owned());
    let keeping = tokio::task::spawn_blocking(move || {
        std::fs::File::open(&made)?.sync_data()?;
        std::fs::rename(&made, &part)?;
        contract::disk::sync_folder(part.parent().unwrap_or(Path::new(".")))
    });
    keeping.await.unwrap_or_else(|error| Err(io::Error::other(error)))?;
    told(Report::Checkpoint { synced: total });
    Ok(total)
}

/// What it means when it gives up.
fn refused(progress: bool, words: &str) -> Ended {
    let why = last(words);
    let says = |text: &str| words.contains(text);
    let status = |number: u16| says(&format!("HTTP Error {number}"));
    if status(401) {
        failed(Cause::Auth, why)
    } else if status(404) || status(410) {
        failed(Cause::Gone, why)
    } else if says("Unsupported URL") || says("is not a valid URL") {
        failed(Cause::Content, why)
    } else if [403, 429, 458, 509, 551].into_iter().any(status) {
        Ended::Waits { wait: Wait::Slot, rest: Rest::Slot, progress, why }
    } else if says("No space left on device") {
        let rest = Rest::Said(Duration::from_secs(60));
        Ended::Waits { wait: Wait::Disk, rest, progress, why }
    } else {
        broken(progress, why)
    }
}

fn broken(progress: bool, why: String) -> Ended {
    Ended::Waits { wait: Wait::Retry, rest: Rest::Broken, progress, why }
}

fn failed(cause: Cause, why: String) -> Ended {
    Ended::Failed { cause, why }
}

/// The last thing it has complained about. SECURITY: it names the address, in which there are credentials.
fn last(words: &str) -> String {
    let line = words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("yt-dlp has given up");
    let shown = line.split_whitespace().map(|word| if word.contains("://") { "***" } else { word });
    shown.collect::<Vec<_>>().join(" ")
}

/// A process that is ended when this is dropped, with all that it has started.
struct Running(Option<Child>);

impl Running {
    /// Hears what it says until it ends. How, and the end of what it has complained about.
    async fn listen(mut self, mut hear: impl FnMut(Line)) -> io::Result<(ExitStatus, String)> {
        let child = self.0.as_mut().expect("it was started");
        let said = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let words = collect(child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?);
        let mut lines = BufReader::new(said).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some(line) = read(&line) {
                hear(line);
            }
        }
        let status = child.wait().await?;
        self.0 = None;
        Ok((status, words.await.unwrap_or_default()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(mut child) = self.0.take() else { return };
        let Some(group) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) else { return };
        let _ = rustix::process::kill_process_group(group, Signal::TERM);
        tokio::spawn(async move {
            if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
                let _ = rustix::process::kill_process_group(group, Signal::KILL);
                let _ = child.wait().await;
            }
        });
    }
}

/// Keeps the end of what is complained about.
fn collect(from: impl AsyncRead + Send + Unpin + 'static) -> JoinHandle<String> {
    tokio::spawn(async move {
        let (mut words, mut from) = (Vec::new(), from);
        let mut some = vec![0; 4096];
        while let Ok(read @ 1..) = from.read(&mut some).await {
            words.extend_from_slice(&some[..read]);
            let much = words.len().saturating_sub(WORDS as usize);
            words.drain(..much);
        }
        String::from_utf8_lossy(&words).into_owned()
    })
}

fn read(line: &str) -> Option<Line> {
    let (kind, json) = line.split_once(' ')?;
    match kind {
        "P" => serde_json::from_str(json).ok().map(Line::Progress),
        "F" => serde_json::from_str(json).ok().map(Line::File),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As its templates have it say it of an HLS list; `scripts/yt-dlp` asks the program itself.
    const SAID: &str = r#"P {"status": "downloading", "downloaded_bytes": 188000, "total_bytes": null, "total_bytes_estimate": 1128000.0}
P {"status": "finished", "downloaded_bytes": 1128000, "total_bytes": 1128000, "total_bytes_estimate": null}
F "/folder/.7.part.mp4"
[download] Destination: /folder/.7.part.mp4"#;

    #[test]
    fn what_it_says_is_understood_and_the_rest_is_for_people() {
        let lines: Vec<Line> = SAID.lines().filter_map(read).collect();
        let [Line::Progress(one), Line::Progress(two), Line::File(path)] = &lines[..] else { panic!() };
        assert_eq!((one.downloaded_bytes, one.total_bytes), (Some(188_000.0), None));
        assert_eq!((two.downloaded_bytes, two.total_bytes), (Some(1_128_000.0), Some(1_128_000.0)));
        assert_eq!(path, Path::new("/folder/.7.part.mp4"));
    }

    #[test]
    fn why_it_gives_up_is_told_without_the_address() {
        let of = |words: &str| refused(false, words);
        let http = |status: u16| {
            format!(
                "WARNING: x\nERROR: unable to download video data: HTTP Error {status}: No http://me:pw@h/x\n"
            )
        };
        for (status, waits) in [(403, Wait::Slot), (551, Wait::Slot), (503, Wait::Retry)] {
            let Ended::Waits { wait, why, .. } = of(&http(status)) else { panic!("{status}") };
            assert_eq!(wait, waits);
            assert!(why.contains("HTTP Error") && !why.contains("pw"), "{why}");
        }
        for (words, expected) in [
            (http(401), Cause::Auth),
            (http(404), Cause::Gone),
            ("ERROR: Unsupported URL: http://h/x".to_owned(), Cause::Content),
        ] {
            assert!(matches!(of(&words), Ended::Failed { cause, .. } if cause == expected), "{words}");
        }
        assert!(matches!(of(""), Ended::Waits { wait: Wait::Retry, .. }));
    }
}
