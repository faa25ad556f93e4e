//! Programs of the workspace, started and watched from outside.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What a program took that has ended.
pub(crate) struct Watched {
    /// Seconds of the processor, and on the wall.
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
    /// The most memory, in bytes.
    pub(crate) peak: u64,
}

/// Runs a program to its end, which must be a good one.
pub(crate) fn watch(command: &mut Command) -> Watched {
    let begin = Instant::now();
    let mut child = command.spawn().unwrap();
    let (mut cpu, mut peak) = (0.0, 0);
    let status = loop {
        if let Some(now) = cpu_seconds(child.id()) {
            cpu = now;
            peak = peak_memory(child.id()).unwrap_or(peak);
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{command:?} failed");
    Watched { cpu, wall: begin.elapsed().as_secs_f64(), peak }
}

/// What a process holds, in MB: what is its own, and the files that it has mapped, which the system takes back when it
/// needs the room, as it does with those that others read.
#[derive(Clone, Copy, Default)]
pub(crate) struct Memory {
    pub(crate) own: f64,
    pub(crate) mapped: f64,
}

impl Memory {
    pub(crate) fn max(self, other: Self) -> Self {
        Self { own: self.own.max(other.own), mapped: self.mapped.max(other.mapped) }
    }
}

/// A server that says `ready http://ADDRESS`, ended with the benchmark.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Self {
        Self::ready(program(name).args(arguments))
    }

    /// This program again, in another role.
    pub(crate) fn own(arguments: &[&str]) -> Self {
        Self::ready(Command::new(std::env::current_exe().unwrap()).args(arguments))
    }

    /// Starts it and waits until it is ready.
    pub(crate) fn ready(command: &mut Command) -> Self {
        let mut child = command.env("RUST_LOG", "warn").stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut lines = said.by_ref().lines();
        let line = lines.find(|line| line.as_ref().unwrap().starts_with("ready ")).unwrap().unwrap();
        let address = line.trim_start_matches("ready http://").parse().unwrap();
        child.stdout = Some(said.into_inner()); // open, since it may say more
        Self { child, address }
    }

    /// Seconds of the processor, with those of the processes it has started.
    pub(crate) fn cpu(&self) -> f64 {
        let id = self.child.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|child| cpu_seconds(child.parse().ok()?));
        cpu_seconds(id).unwrap() + children.sum::<f64>()
    }

    /// What it holds now.
    pub(crate) fn memory(&self) -> Memory {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let of = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0 / 1e6
        };
        Memory { own: of("RssAnon:"), mapped: of("RssFile:") }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program of the workspace, built beside this one.
pub(crate) fn program(name: &str) -> Command {
    let here = std::env::current_exe().unwrap();
    Command::new(here.ancestors().nth(2).unwrap().join(name))
}

/// User and system time of a process (proc(5): fields 14 and 15 of `stat`, in hundredths).
fn cpu_seconds(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(ticks as f64 / 100.0)
}

/// The most memory a process ever held, in bytes.
pub(crate) fn peak_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}
