//! Machines to deliver to: servers as Debian has them, each with a folder of its own for all that it writes, on loopback.

use std::ffi::OsStr;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use contract::disk::{Access, replace};
use download::target::{Kind, Record};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a server may take to begin: others may be using the machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Of all accounts there.
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// What a machine understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    Ssh,
    /// SFTP and nothing else, as people set up accounts for files alone.
    SftpAlone,
    Smb,
    Rsync,
    RsyncOverSsh,
}

/// A machine. It is gone with this.
pub(crate) struct Machine {
    speech: Speech,
    pub(crate) port: u16,
    folder: TempDir,
    server: Option<Child>,
}

impl Machine {
    pub(crate) fn new(speech: Speech) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        fs::create_dir(folder.path().join("films")).unwrap();
        let machine = Self { speech, port, folder, server: None };
        machine.write("password", PASSWORD);
        match speech {
            Speech::Ssh | Speech::SftpAlone | Speech::RsyncOverSsh => machine.set_ssh_up(),
            Speech::Smb => machine.set_smb_up(),
            Speech::Rsync => machine.set_rsync_up(),
        }
        let mut machine = machine;
        machine.start();
        machine
    }

    /// What lies there below the base.
    pub(crate) fn films(&self) -> PathBuf {
        self.path("films")
    }

    /// A file of the machine's own.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The target that it is.
    pub(crate) fn record(&self) -> Record {
        let secret = |name: &str| Some(format!("file:{}", self.path(name).display()));
        let (kind, user, base, secret) = match self.speech {
            Speech::RsyncOverSsh => {
                (Kind::Rsync, "ssh://root", self.films().display().to_string(), secret("key"))
            }
            Speech::Ssh | Speech::SftpAlone => {
                (Kind::Sftp, "sftp://root", self.films().display().to_string(), secret("key"))
            }
            Speech::Smb => (Kind::Smb, "smb://root", "films".into(), secret("password")),
            Speech::Rsync => (Kind::Rsync, "rsync://ann", "films".into(), secret("password")),
        };
        let is_ssh = matches!(self.speech, Speech::Ssh | Speech::SftpAlone | Speech::RsyncOverSsh);
        let share = if is_ssh { "" } else { "/disk" };
        let url = format!("{user}@127.0.0.1:{}{share}", self.port);
        let host_key = is_ssh.then(|| fs::read_to_string(self.path("host_key.pub")).unwrap());
        Record { name: "nas".into(), url, base, secret, host_key, ..Record::new(kind) }
    }

    pub(crate) fn start(&mut self) {
        let config = self.path("config");
        let mut command = match self.speech {
            Speech::Ssh | Speech::SftpAlone | Speech::RsyncOverSsh => {
                command("/usr/sbin/sshd", ["-D", "-e", "-f"])
            }
            Speech::Smb => command("smbd", ["-F", "--no-process-group", "-s"]),
            Speech::Rsync => command("rsync", ["--daemon", "--no-detach", "--config"]),
        };
        let log = fs::File::create(self.path("log")).unwrap();
        command.arg(config).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.server = Some(
            command.spawn().expect("openssh-server, samba and rsync are needed: scripts/check installs them"),
        );
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = || fs::read_to_string(self.path("log")).unwrap_or_default();
            assert!(began.elapsed() < PATIENCE, "{:?} does not begin: {}", self.speech, log());
            sleep(Duration::from_millis(20));
        }
    }

    /// Kills the server, with all of it that talks to somebody, as a power cut would.
    pub(crate) fn kill(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // Whoever stands still starts nobody while others are looked for, who would outlive this and keep the port.
        let (mut all, mut found) = (Vec::new(), vec![server.id()]);
        while !found.is_empty() {
            signal(&found, Signal::STOP);
            all.append(&mut found);
            found = descendants(server.id()).into_iter().filter(|id| !all.contains(id)).collect();
        }
        signal(&all, Signal::KILL);
        server.wait().unwrap();
    }

    /// How many processes of the server there are beside itself: for ssh, those who talk to somebody.
    pub(crate) fn guests(&self) -> usize {
        self.server.as_ref().map_or(0, |server| descendants(server.id()).len())
    }

    fn set_ssh_up(&self) {
        for name in ["host_key", "key", "other_key"] {
            let path = self.path(name);
            run(command("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path));
        }
        fs::copy(self.path("key.pub"), self.path("authorized_keys")).unwrap();
        // sshd does without privileges in it, and Debian makes it when the system starts.
        let _ = fs::create_dir_all("/run/sshd");
        let at = |name: &str| self.path(name).display().to_string();
        // SHLVL: bash then reads nothing of what its user has set up for himself, which may take long, and may keep a lock for
        // ever that was held when it was killed.
        let config = format!(
            "Port {}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication yes\nPermitRootLogin yes\nMaxStartups 100\nSubsystem sftp internal-sftp\nSetEnv SHLVL=1\n{}",
            self.port,
            at("host_key"),
            at("authorized_keys"),
            if self.speech == Speech::SftpAlone { "ForceCommand internal-sftp\n" } else { "" },
        );
        self.write("config", &config);
    }

    fn set_smb_up(&self) {
        let at = |name: &str| self.path(name).display().to_string();
        let folders = ["private", "state", "lock", "cache", "pid", "rpc"];
        for name in folders {
            fs::create_dir(self.path(name)).unwrap();
        }
        let config = format!(
            "[global]\nserver role = standalone server\nsmb ports = {}\ninterfaces = 127.0.0.1\nbind interfaces only = yes\n\
             disable netbios = yes\nload printers = no\nprintcap name = /dev/null\nmap to guest = never\n\
             private dir = {}\nstate directory = {}\nlock directory = {}\ncache directory = {}\npid directory = {}\nncalrpc dir = {}\n\
             [disk]\npath = {}\nread only = no\n",
            self.port,
            at("private"),
            at("state"),
            at("lock"),
            at("cache"),
            at("pid"),
            at("rpc"),
            self.folder.path().display(),
        );
        self.write("config", &config);
        let both = format!("{PASSWORD}\n{PASSWORD}\n");
        self.write("both", &both);
        let stdin = fs::File::open(self.path("both")).unwrap();
        run(command("smbpasswd", ["-c"]).arg(self.path("config")).args(["-s", "-a", "root"]).stdin(stdin));
    }

    fn set_rsync_up(&self) {
        self.write("secrets", &format!("ann:{PASSWORD}\n"));
        let config = format!(
            "port = {}\naddress = 127.0.0.1\nuse chroot = no\n[disk]\npath = {}\nread only = no\nuid = root\ngid = root\n\
             auth users = ann\nsecrets file = {}\n",
            self.port,
            self.folder.path().display(),
            self.path("secrets").display(),
        );
        self.write("config", &config);
    }

    /// A file that nobody else can read.
    pub(crate) fn write(&self, name: &str, text: &str) {
        replace(&self.path(name), text.as_bytes(), Access::Owner).unwrap();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
    }
}

/// One that nobody has. A server that was killed comes back to it, so it is none of those that the system gives to whoever
/// dials.
fn free_port() -> u16 {
    loop {
        let port = rand::random_range(15_000..30_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn command<const N: usize>(program: impl AsRef<OsStr>, arguments: [&str; N]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn run(command: &mut Command) {
    let output = command.output().expect("openssh-server and samba are needed: scripts/check installs them");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// To each of these, if it is still there.
fn signal(processes: &[u32], signal: Signal) {
    for id in processes {
        let id = Pid::from_raw(id.cast_signed()).unwrap();
        let _ = kill_process(id, signal);
    }
}

/// All who were begun by `id`, or by somebody who was.
fn descendants(id: u32) -> Vec<u32> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(other) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if parent(&entry.path()) == Some(id) {
            all.extend(descendants(other));
            all.push(other);
        }
    }
    all
}

fn parent(process: &Path) -> Option<u32> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
