//! What is said to be on the disk is there: the kernel is asked to put it there, and in which order, as strace sees it.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};

use contract::bundle::Kind;

use crate::house::{House, Running, eventually};

/// Calls that put bytes and names on the disk, and those that it matters for. At most machines a file is made by `openat`.
const CALLS: &str =
    "trace=fsync,fdatasync,openat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,unlink,unlinkat";

/// Calls that came to an end, in order: each as strace writes it, and in one piece.
fn calls(trace: &str) -> Vec<String> {
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if let Some(call) = call.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, call);
        } else if let Some((_, rest)) = call.split_once(" resumed>") {
            calls.push(format!("{}{rest}", begun.remove(thread).unwrap_or_default()));
        } else {
            calls.push(call.to_owned());
        }
    }
    calls
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "traces the program: scripts/synced"]
async fn nothing_counts_as_there_before_it_is_on_the_disk() {
    let house = House::with_target("nfo = false").await;
    let trace = house.data.path().join("trace");
    let plain = house.command(&["run"]);
    // The tracer is nobody's parent, so the program is ours, and is stopped as ever.
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-q", "-y", "-s", "4096", "-e", "signal=none", "-e", CALLS, "-o"]);
    command.arg(&trace).arg(plain.get_program()).args(plain.get_args());
    command.env_remove("COAX_DATA").stdout(Stdio::piped());
    let (worker, said) = Running::started(&mut command);
    assert_eq!(said, "ready\n", "strace may not trace here, or is not there");
    let films = house.ids(Kind::Movie);
    let place = async |job| house.until(job, "completed").await["final_path"].as_str().unwrap().to_owned();
    let job = house.add(films[0]);
    let (place, second) = (place(job).await, place(house.add(films[1])).await);
    assert!(worker.stop());
    let read = || fs::read_to_string(&trace).unwrap();
    eventually(|| read().lines().last().is_some_and(|line| line.contains("+++ exited"))).await.unwrap();

    let calls = calls(&read());
    let (temp, nas) = (house.data.downloads().join("temp"), house.nas.display().to_string());
    let (temp, part) = (temp.display().to_string(), temp.join(format!(".{job}.part")).display().to_string());
    let (folder, there) = (format!("{nas}/{}", place.rsplit_once('/').unwrap().0), format!("{nas}/{place}"));
    let sent = format!("/.{}.{job}.part", place.rsplit_once('/').unwrap().1);
    let movies = format!("{nas}/Movies");
    let other = format!("{nas}/{}", second.rsplit_once('/').unwrap().0);
    // What is done, in this order, whatever is done besides.
    let steps: [(&str, &[&str]); 12] = [
        ("openat", &[&part, "O_CREAT"]),
        ("fsync", &[&format!("<{temp}>")]),
        ("fdatasync", &[&format!("<{part}>")]),
        ("mkdir", &[&format!("\"{movies}\"")]),
        ("fsync", &[&format!("<{nas}>")]),
        ("mkdir", &[&format!("\"{folder}\"")]),
        ("fsync", &[&format!("<{movies}>")]),
        ("fdatasync", &[&sent]),
        ("link", &[&format!("{sent}\""), &format!("\"{there}\"")]),
        ("fsync", &[&format!("<{folder}>")]),
        // A folder that is there may be from somebody who has not come so far as to put it on the disk.
        ("fsync", &[&format!("<{nas}>")]),
        ("mkdir", &[&format!("\"{other}\"")]),
    ];
    let mut left = calls.iter();
    for (name, words) in steps {
        let fits = |call: &&String| {
            let has = |word: &&str| call.contains(word);
            call.starts_with(name) && words.iter().all(has) && !call.contains(") = -1 ")
        };
        let found = left.find(fits);
        let found =
            found.unwrap_or_else(|| panic!("no {name} {words:?} at its place:\n{}", calls.join("\n")));
        println!("{}", found.replace(&house.data.path().parent().unwrap().display().to_string(), ""));
    }
    // The name of what was sent is on the disk before that of the film is given.
    let at =
        |name: &str, word: &str| calls.iter().position(|call| call.starts_with(name) && call.contains(word));
    let (kept, linked) = (at("fsync", &format!("<{folder}>")), at("link", &format!("\"{there}\"")));
    assert!(kept.is_some() && kept < linked, "{kept:?} {linked:?}");
    assert!(at("unlink", &sent) > linked, "and what was sent is let go of after that");
}
