//! Downloads: whether somebody is at work on what is queued, whether there is room here, and whether targets take files.

use std::path::Path;
use std::sync::Arc;

use contract::disk::Data;
use download::job::{Job, State, Wait};
use download::programs::missing;
use download::store::{Lock, Store, StoreError};
use download::target::{Kind, MARKER, Record, Space, Status, Target, Trouble};
use rustix::fs::statvfs;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::{Finding, Patient, age, amount};

/// Jobs that are looked at for what they wait for.
const LOOKED_AT: usize = 1000;

/// All that the store tells.
struct Known {
    targets: Vec<Record>,
    /// Jobs that have neither ended nor been held by somebody.
    open: Vec<Job>,
    failed: u64,
}

/// Nothing where nobody downloads anything.
pub(super) async fn look(patient: Arc<Patient>) -> Vec<Finding> {
    let is_on = patient.settings.download.enabled;
    let data = patient.settings.data();
    if !data.downloads().join("jobs.db").is_file() {
        let remedy = "`coax download target add NAME FOLDER` says where to";
        let nothing = is_on.then(|| Finding::warn("downloads", "there is nowhere to deliver to", remedy));
        return nothing.into_iter().collect();
    }
    let asking = patient.clone();
    let known = spawn_blocking(move || known(&asking.settings.data())).await;
    let known = match known {
        Ok(Ok(known)) => known,
        Ok(Err(error)) => return vec![unreadable(&error)],
        Err(error) => return vec![Finding::fail("downloads", error.to_string(), "try again")],
    };
    if !is_on && known.open.is_empty() && known.targets.is_empty() {
        return Vec::new();
    }
    let mut findings = vec![at_work(&known, &data, is_on)];
    findings.extend(failed(&known));
    findings.extend(room(&known, &patient));
    findings.extend(programs(&known, &patient.settings.download.yt_dlp));
    // All at the same time: each of them may be as slow as patience lasts.
    let asked: Vec<_> =
        known.targets.iter().map(|record| tokio::spawn(target(record.clone(), patient.clone()))).collect();
    for (asked, record) in asked.into_iter().zip(&known.targets) {
        let found =
            asked.await.unwrap_or_else(|error| Finding::fail(name(record), error.to_string(), "try again"));
        findings.push(found);
    }
    if known.targets.is_empty() {
        let remedy = "`coax download target add NAME FOLDER` says where to";
        findings.push(Finding::warn("downloads", "there is nowhere to deliver to", remedy));
    }
    findings
}

fn known(data: &Data) -> Result<Known, StoreError> {
    let store = Store::look(data)?;
    let open = [State::Pending, State::Downloading, State::Downloaded, State::Transferring];
    let failed = store.stats()?.states.get(&State::Failed).copied().unwrap_or(0);
    Ok(Known { targets: store.targets()?, open: store.jobs(&open, 0, LOOKED_AT)?, failed })
}

fn unreadable(error: &StoreError) -> Finding {
    let remedy = match error {
        StoreError::Older { .. } => {
            let next = "start `coax up`, or ask `coax download status`";
            return Finding::warn("downloads", error.to_string(), next);
        }
        StoreError::Newer { .. } => "start the newer program again",
        StoreError::Sqlite(_) => {
            "`coax download restore` puts one of downloads/backup in the data folder back"
        }
        _ => "see that the data folder can be read and written",
    };
    Finding::fail("downloads", error.to_string(), remedy)
}

/// Whether somebody is at work, where there is something to do.
fn at_work(known: &Known, data: &Data, is_on: bool) -> Finding {
    let queued = match known.open.len() {
        0 => "nothing is queued".to_owned(),
        LOOKED_AT => format!("{LOOKED_AT} or more are queued"),
        number => format!("{number} queued"),
    };
    if Lock::is_held(data) {
        return Finding::ok("downloads", format!("{queued}; a worker is at work"));
    }
    match (known.open.is_empty(), is_on) {
        (true, true) => Finding::ok("downloads", format!("{queued}; `coax up` works on what will be")),
        (true, false) => Finding::ok("downloads", queued),
        (false, true) => {
            Finding::fail("downloads", format!("{queued}, and no worker is at work"), "start `coax up`")
        }
        (false, false) => Finding::fail(
            "downloads",
            format!("{queued}, and no worker is at work"),
            "`enabled = true` in [download] has `coax up` do it; or `coax download run`",
        ),
    }
}

fn failed(known: &Known) -> Option<Finding> {
    let found = format!("{} have failed", known.failed);
    let remedy = "`coax download status --all` says why, and `coax download retry` tries them again";
    (known.failed > 0).then(|| Finding::warn("downloads", found, remedy))
}

/// Whether what is fetched has room here: below `reserve` everything waits.
fn room(known: &Known, patient: &Patient) -> Option<Finding> {
    let settings = &patient.settings.download;
    let temp = settings.temp(&patient.settings.data());
    let there = temp.ancestors().find(|it| it.exists()).unwrap_or(Path::new("."));
    let disk = statvfs(there).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let (what, has) = ("downloads", format!("{} free where they are collected", amount(free)));
    if free >= settings.reserve {
        return Some(Finding::ok(what, has));
    }
    let found = format!("{has}, and `reserve` leaves {} free: they wait", amount(settings.reserve));
    let remedy = "make room, or set a smaller `reserve` or another `temp` in [download]";
    Some(match known.open.iter().any(|job| job.state == State::Pending) {
        true => Finding::fail(what, found, remedy),
        false => Finding::warn(what, found, remedy),
    })
}

/// Programs that are needed, and those without which something is missing.
fn programs(known: &Known, yt_dlp: &Path) -> Vec<Finding> {
    let waiting = known.open.iter().filter(|job| job.wait == Some(Wait::Engine)).count();
    let found = |program: String| match (&*program, waiting) {
        ("rsync", _) => Finding::fail(
            "downloads",
            "rsync is not installed, and a target is delivered to by it",
            "apt-get install rsync, here and there",
        ),
        ("ffprobe", _) => without(&program, "ffmpeg", "how high a picture is, is believed to its list"),
        (_, 0) => without(&program, "yt-dlp", "what is no plain file (HLS, pages) cannot be had"),
        (_, number) => {
            let found = format!("{number} wait for {program}, which is not installed");
            Finding::fail("downloads", found, "apt-get install yt-dlp")
        }
    };
    missing(yt_dlp, &known.targets).into_iter().map(found).collect()
}

/// One without which most goes on.
fn without(program: &str, package: &str, lost: &str) -> Finding {
    let found = format!("{program} is not installed: {lost}");
    Finding::warn("downloads", found, format!("apt-get install {package}"))
}

fn name(record: &Record) -> String {
    format!("target {}", record.name)
}

/// Whether a target takes a file.
async fn target(record: Record, patient: Arc<Patient>) -> Finding {
    let what = name(&record);
    if record.maintenance {
        let remedy = format!("`coax download target set {} --maintenance off` when it is", record.name);
        return Finding::warn(what, "in maintenance: nothing is delivered there", remedy);
    }
    let variable = record.secret.as_deref().and_then(|secret| secret.strip_prefix("env:"));
    if let Some(variable) = variable.filter(|variable| std::env::var_os(variable).is_none()) {
        return unasked(what, &record, variable);
    }
    match tokio::time::timeout(patient.patience, probed(record.clone())).await {
        Ok(Ok(space)) => takes(what, space, patient.settings.download.reserve),
        Ok(Err(trouble)) => refuses(what, &record, &trouble),
        Err(_) => {
            let remedy =
                "see whether its machine runs and its network is there; a mount that hangs is mounted anew";
            Finding::fail(what, "no answer in time", remedy)
        }
    }
}

/// In a thread that nobody waits for in the end: a share whose machine is gone holds whoever asks it.
async fn probed(record: Record) -> Result<Option<Space>, Trouble> {
    let (told, answer) = oneshot::channel();
    let runtime = Handle::current();
    std::thread::spawn(move || {
        let probe = async { Target::open(&record)?.probe().await };
        let _ = told.send(runtime.block_on(probe));
    });
    answer.await.unwrap_or_else(|_| Err(Trouble::Failed("it was not asked to the end".into())))
}

fn takes(what: String, space: Option<Space>, reserve: u64) -> Finding {
    match space {
        Some(space) if space.free < reserve => {
            let found = format!(
                "{} free, and `reserve` leaves {} free: jobs wait",
                amount(space.free),
                amount(reserve)
            );
            Finding::fail(what, found, "make room there, or set a smaller `reserve` in [download]")
        }
        Some(space) => Finding::ok(what, format!("it takes files; {} free", amount(space.free))),
        None => Finding::ok(what, "it takes files"),
    }
}

/// One whose password the worker is told, and this program is not.
fn unasked(what: String, record: &Record, variable: &str) -> Finding {
    let ago = age(record.health.checked.unsigned_abs());
    match (record.health.status, &record.health.error) {
        (Status::Online, _) => {
            Finding::ok(what, format!("it took files {ago} ago ({variable} is not set here)"))
        }
        (Status::Unknown, _) => Finding::warn(
            what,
            format!("{variable} is not set here, and nobody has tried it yet"),
            "ask again with what the service is given",
        ),
        (_, why) => {
            let why = why.as_deref().unwrap_or("it refused");
            let remedy = format!("mend that; then `coax download target test {}`", record.name);
            Finding::fail(what, format!("{why} ({ago} ago)"), remedy)
        }
    }
}

fn refuses(what: String, record: &Record, trouble: &Trouble) -> Finding {
    let name = &record.name;
    let remedy = match trouble {
        Trouble::Offline(_) if record.kind == Kind::Dir => {
            format!("mount it; where it shall be a target anew: touch {}/{}", record.base, MARKER)
        }
        Trouble::Offline(_) => format!(
            "start its machine, or `coax download target set {name} --maintenance on` until it is there"
        ),
        Trouble::Denied(_) => format!("mend that; then `coax download target test {name}`"),
        Trouble::Missing(_) => "install it".to_owned(),
        Trouble::Full => "make room there".to_owned(),
        _ => format!("`coax download target set {name}` changes how it is reached"),
    };
    Finding::fail(what, trouble.to_string(), remedy)
}
