//! The real program, started and stopped as an operator would.

#![allow(dead_code)] // each test file uses its part

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// A running `coax` that said `ready`.
pub(crate) struct Program {
    child: Child,
    /// `http://ADDRESS`.
    pub(crate) url: String,
    /// Everything it printed on standard output after that, when it has ended.
    said: Receiver<String>,
    /// Everything it logged, when it has ended.
    logged: Receiver<String>,
}

/// What an ended program left.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) said: String,
    pub(crate) logged: String,
    pub(crate) took: Duration,
}

impl Program {
    /// Starts `coax` with these arguments and variables and waits until it is ready. No variable of ours is inherited.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = coax(variables);
        command.args(arguments);
        Self::launch(command)
    }

    /// The same for any program of ours.
    pub(crate) fn launch(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let logged = collect(child.stderr.take().unwrap());
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("ready ") {
            line.clear();
            if out.read_line(&mut line).unwrap() == 0 {
                panic!("it ended before it was ready: {}", logged.recv().unwrap());
            }
        }
        let url = line.trim().trim_start_matches("ready ").to_owned();
        Self { child, url, said: collect(out), logged }
    }

    /// The demo, on a free port.
    pub(crate) fn demo(variables: &[(&str, &str)]) -> Self {
        Self::start(&["demo", "--listen", "127.0.0.1:0"], variables)
    }

    /// Its own memory now, without the files that it has mapped (proc(5): `RssAnon`), in MB.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
    }

    /// Asks it to stop as a service manager does, and waits.
    pub(crate) fn terminate(mut self) -> Ended {
        let begin = Instant::now();
        let asked = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        let status = self.wait();
        let (said, logged) = (self.said.recv().unwrap(), self.logged.recv().unwrap());
        Ended { status, said, logged, took: begin.elapsed() }
    }

    fn wait(&mut self) -> ExitStatus {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(30) {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("coax does not stop");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `coax` to its end with `input` on standard input.
pub(crate) fn run(arguments: &[&str], input: &str, folder: &Path) -> Output {
    let mut command = coax(&[]);
    command.args(arguments).current_dir(folder);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What refuses at once has not read it.
    let written = child.stdin.take().unwrap().write_all(input.as_bytes());
    assert!(written.is_ok() || written.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe));
    child.wait_with_output().unwrap()
}

/// Runs a program to its end: one of ffmpeg's, or curl. A machine without it fails here and says so.
pub(crate) fn ffmpeg(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| {
        panic!("{program} is needed for this test (scripts/check installs it): {error}")
    })
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn coax(variables: &[(&str, &str)]) -> Command {
    ours(Path::new(env!("CARGO_BIN_EXE_coax")), variables)
}

/// The program at `path` with these variables and none of ours that are set outside.
pub(crate) fn ours(path: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(path);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let ours = text.starts_with("COAX_") || text.starts_with("XTREAM_");
        if ours || ["PORT", "PUBLIC_BASE_URL", "RUST_LOG"].contains(&&*text) {
            command.env_remove(name);
        }
    }
    command.envs(variables.iter().copied());
    command
}

/// One of the workspace's other programs, which the tests of the workspace have built; where only these are run, it is
/// built once, and then as old as it is.
pub(crate) fn built(package: &str, name: &str) -> PathBuf {
    let coax = Path::new(env!("CARGO_BIN_EXE_coax"));
    let program = coax.with_file_name(name);
    if !program.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", package, "--bin", name]);
        if coax.parent().unwrap().ends_with("release") {
            build.arg("--release");
        }
        assert!(build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
    }
    program
}

/// Reads to the end in a thread of its own, so that the program never waits for us.
fn collect(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = sync_channel(1);
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        let _ = sender.send(text(&bytes));
    });
    receiver
}
