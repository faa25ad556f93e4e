//! One download: in this process, or as a process of its own.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::disk::Data;
use contract::ticket::Key;
use contract::ticket::pass::{Class, Pass};
use download::engine::http::{Client, fetch};
use download::engine::{Ended, Known, Order, Reach, Report};

/// An order for the file at an address.
pub(crate) fn order(url: &str, part: &Path, total: Option<u64>) -> Order {
    Order {
        url: url.into(),
        headers: Vec::new(),
        reach: Reach::Anywhere,
        part: part.into(),
        known: Known { total, synced: None },
        paces: Vec::new(),
        patience: Duration::from_secs(30),
    }
}

/// The path of a film at a relay of `data`, for whoever downloads.
pub(crate) fn path(data: &Path, film: u32) -> String {
    let key = Key::load(&Data::new(data).key()).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    format!("/movie/{}/{film}.mp4", Pass::new(Class::Background, now).sign(&key))
}

/// A process that fetches the file at `url`.
pub(crate) fn process(url: &str, part: &Path, total: Option<u64>) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let total = total.map_or("?".to_owned(), |total| total.to_string());
    command.args(["fetch", url]).arg(part).arg(total).stdout(Stdio::piped());
    command
}

/// What that process does: one attempt, of which it says `began HAVE TOTAL`, and at last `done`.
pub(crate) fn role(url: &str, part: &str, total: Option<u64>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = Client::new().unwrap();
    let order = order(url, Path::new(part), total);
    let mut out = std::io::stdout();
    let mut tell = |report| {
        let line = match report {
            Report::Began { have, total: Some(total), .. } => format!("began {have} {total}\n"),
            Report::Anew { .. } => "anew\n".to_owned(),
            _ => return,
        };
        out.write_all(line.as_bytes()).and_then(|()| out.flush()).unwrap();
    };
    match runtime.block_on(fetch(&client, &order, &mut tell)) {
        Ended::Done { .. } => println!("done"),
        other => {
            eprintln!("{other:?}");
            std::process::exit(1);
        }
    }
}
