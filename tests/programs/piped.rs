//! Whoever reads what a program says may have seen enough and go, as `head` does: the program does what it was asked for, and its
//! exit status is that of what it has done.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::program::{built, coax, ours, run, text};

/// Runs a program whose standard output nobody reads any more.
fn unread(mut command: Command, folder: &Path) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child =
        command.current_dir(folder).stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).spawn();
    child.unwrap().wait_with_output().unwrap()
}

fn arguments(of: &str) -> Vec<&str> {
    of.split(' ').collect()
}

/// An installation with a user and a place to deliver to, where nothing was published yet.
fn house() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = "listen = '127.0.0.1:0'\n[[source]]\nname = 'list'\nkind = 'm3u'\nurl = 'http://127.0.0.1:9/list.m3u'\n";
    File::create(folder.path().join("coax.toml")).unwrap().write_all(config.as_bytes()).unwrap();
    std::fs::create_dir(folder.path().join("films")).unwrap();
    let films = folder.path().join("films");
    let add = ["download", "target", "add", "films", films.to_str().unwrap()];
    for command in [&["user", "add", "ann"][..], &add] {
        let output = run(command, "", folder.path());
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    folder
}

#[test]
fn whoever_stops_reading_ends_no_command_in_its_midst() {
    let house = house();
    let good = [
        "completions bash",
        "--help",
        "check-config",
        "user list",
        "user list --json",
        "user show ann",
        "user token add ann tv",
        "user token list ann",
        "user add bob",
        "status",
        "status --json",
        "backup all.coax",
        "restore all.coax --data again --config again.toml",
        "download status",
        "download status --json",
        "download stats",
        "download log",
        "download limits",
        "download pause --all",
        "download target list",
        "download backup jobs.db.gz",
    ];
    for command in good {
        let mut program = coax(&[]);
        program.args(arguments(command));
        let output = unread(program, house.path());
        assert_eq!((output.status.code(), &*text(&output.stderr)), (Some(0), ""), "{command}");
    }
    let shown = run(&["user", "show", "bob"], "", house.path());
    assert!(shown.status.success(), "what was asked for was done");
    let (mut nobody, (reader, writer)) = (coax(&[]), std::io::pipe().unwrap());
    drop(reader);
    let status = nobody.args(["user", "show", "nobody"]).current_dir(house.path()).stderr(writer).status();
    assert_eq!(status.unwrap().code(), Some(1), "nor does it matter that nobody reads why");
    // What has gone wrong is told by the status as ever: nothing is published, and the source is nowhere.
    for command in
        ["doctor --patience 1", "doctor --patience 1 --json", "user show nobody", "download diff no-such.m3u"]
    {
        let mut program = coax(&[]);
        program.args(arguments(command));
        let output = unread(program, house.path());
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(1) && !said.contains("panicked"), "{command}: {said}");
    }
}

#[test]
fn nor_do_the_other_programs_mind() {
    let house = house();
    for (package, program, command) in [
        ("ingest", "ingest", "list"),
        ("ingest", "ingest", "list --json"),
        ("download", "download", "status"),
        ("mpegts", "tscheck", "--help"),
    ] {
        let mut named = ours(&built(package, program), &[]);
        named.args(arguments(command));
        let output = unread(named, house.path());
        assert_eq!((output.status.code(), &*text(&output.stderr)), (Some(0), ""), "{program} {command}");
    }
}

/// The one that serves goes on when nobody reads its log.
#[test]
fn nor_does_a_server_whose_log_nobody_reads() {
    let house = house();
    let mut command = coax(&[("RUST_LOG", "debug")]);
    let mut child = command
        .arg("up")
        .current_dir(house.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    let mut ready = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut ready).unwrap();
    drop(out);
    let url = ready.trim().strip_prefix("ready ").expect("it begins").to_owned();
    // Each of these is in the log, and the last is answered as the first.
    for _ in 0..5 {
        let asked = Command::new("curl")
            .args(["-sS", "-o", "/dev/null", "-w", "%{http_code}", &url])
            .output()
            .unwrap();
        assert_eq!(text(&asked.stdout), "200");
    }
    let asked = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    assert!(asked.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
