//! A summary given to a program of the operator's.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Bytes of a program's output that are looked at; the rest is read and dropped, so that it never waits for us.
const OUTPUT: usize = 4096;
/// Characters of it that are told when it fails.
const TOLD: usize = 200;
/// With what the names of variables begin that a program of the operator's has no need of: names, passwords and keys.
const SECRETS: [&str; 2] = ["XTREAM_", "COAX_"];

/// Runs `command` (a program and its arguments; no shell) with `summary` on its standard input. After `patience` it is
/// killed with everything it started.
///
/// # Errors
/// It cannot be started, takes too long or ends with another status than 0, in words.
pub(crate) async fn run(command: &[String], summary: &[u8], patience: Duration) -> Result<(), String> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let mut starting = Command::new(program);
    starting.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    starting.process_group(0); // what it starts can be ended with it
    for (name, _) in std::env::vars_os() {
        if SECRETS.iter().any(|secret| name.as_encoded_bytes().starts_with(secret.as_bytes())) {
            starting.env_remove(name);
        }
    }
    let mut child =
        starting.spawn().map_err(|error| format!("command: {program} does not start: {error}"))?;
    let mut group = Group::of(&child);
    let ended = timeout(patience, attend(&mut child, summary)).await;
    let Ok(ended) = ended else {
        drop(group);
        let _ = child.wait().await; // it is dead; this only takes it off the table
        return Err(format!("command: not done within {} s, killed", patience.as_secs_f64()));
    };
    group.let_go();
    let (status, said) = ended.map_err(|error| format!("command: {error}"))?;
    tracing::debug!(%status, said, "the command was told");
    if status.success() { Ok(()) } else { Err(format!("command: {status}{}", colon(&said))) }
}

/// Gives it the summary, listens to what it says, and waits for its end.
async fn attend(child: &mut Child, summary: &[u8]) -> std::io::Result<(std::process::ExitStatus, String)> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let giving = async {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(summary).await; // it need not read it
        }
    };
    let ((), out, err) = tokio::join!(giving, listen(stdout), listen(stderr));
    let said = if err.is_empty() { out } else { err };
    Ok((child.wait().await?, plain(&said)))
}

/// The beginning of what is said; all of it is read.
async fn listen(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let Some(mut pipe) = pipe else { return Vec::new() };
    let mut kept = Vec::with_capacity(OUTPUT);
    let mut piece = [0; 1024];
    while let Ok(read) = pipe.read(&mut piece).await {
        if read == 0 {
            break;
        }
        let room = OUTPUT - kept.len();
        kept.extend_from_slice(&piece[..read.min(room)]);
    }
    kept
}

/// As it may stand on a line of a log: without control characters, and short.
fn plain(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let shown = text.trim().chars().map(|each| if each.is_control() { ' ' } else { each });
    shown.take(TOLD).collect()
}

fn colon(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

/// A program and everything it started; ended when dropped, unless it was let go.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(id.cast_signed())))
    }

    fn let_go(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Vec<String> {
        ["/bin/sh", "-c", script].map(str::to_owned).to_vec()
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn the_summary_is_on_standard_input() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("got");
        let told = run(&shell(&format!("cat > {}", path.display())), b"{\"a\":1}", LONG).await;
        assert_eq!((told, std::fs::read(path).unwrap()), (Ok(()), b"{\"a\":1}".to_vec()));
        assert_eq!(run(&[], b"{}", LONG).await, Ok(()), "no command, nobody to tell");
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_killed_with_everything_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        let script = format!("sleep 1000 & echo $! > {}; wait", path.display());
        let told = run(&shell(&script), b"{}", Duration::from_secs(1)).await;
        assert_eq!(told.unwrap_err(), "command: not done within 1 s, killed");
        let pid = std::fs::read_to_string(path).unwrap();
        // Dead, though perhaps not yet taken off the table by whoever adopted it.
        let alive = || {
            let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
            status.is_ok_and(|status| !status.contains(") Z "))
        };
        for _ in 0..200 {
            if !alive() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the grandchild lives on");
    }

    #[tokio::test]
    async fn a_failure_is_told_in_a_line_and_endless_output_is_dropped() {
        let told = run(&shell("echo 'no\nsuch chat' >&2; exit 3"), b"{}", LONG).await;
        assert_eq!(told.unwrap_err(), "command: exit status: 3: no such chat");
        let told = run(&shell("head -c 3000000 /dev/zero | tr '\\0' x; exit 1"), b"{}", LONG).await;
        assert_eq!(told.unwrap_err().len(), "command: exit status: 1: ".len() + TOLD);
        let told = run(&["/no/such/program".into()], b"{}", LONG).await;
        assert!(told.unwrap_err().starts_with("command: /no/such/program does not start: "));
        // A summary that nobody reads is no failure.
        assert_eq!(run(&shell("exit 0"), &vec![b'x'; 1 << 20], LONG).await, Ok(()));
    }
}
