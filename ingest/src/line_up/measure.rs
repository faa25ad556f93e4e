//! What a line-up of the largest known size takes: `cargo test --release -p ingest --lib measure -- --ignored --nocapture`.

use std::time::Instant;

use contract::bundle::Kind;
use contract::config::{Config, Skip};
use contract::disk::Data;
use contract::ids::Ledger;
use contract::release::Releases;
use contract::source::Name;
use contract::vault::Vault;

use super::{Before, LineUp, Part};
use crate::harvest::{Address, Channel, List, Movie, Writer};
use crate::identity::recognise;
use crate::{Settings, output};

const ENTRIES: u32 = 600_000;
/// Channels among them.
const LIVE: u32 = 60_000;

/// What this process had in memory at most, in megabytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// A harvest whose ids begin at `first`.
fn part(data: &Data, first: u32) -> Part {
    let name = Name::new("acme").unwrap();
    let mut writer = Writer::new(data, &name).unwrap();
    for at in 0..ENTRIES {
        let list = if at < LIVE { List::Live } else { List::Movies };
        let places = vec![writer.category(list, &format!("UK | Group {}", at % 300)).unwrap()];
        let (id, name) =
            ((first + at).to_string(), format!("UK: Something Called {} HD", at % (ENTRIES - 1000)));
        let url = format!("http://host.example:8080/{}/user/password/{id}.ts", Kind::Live as u8);
        let address = Address { url, ..Address::default() };
        let icon = format!("https://pictures.example/{id}/a-picture-of-it.png");
        if at < LIVE {
            let guide = format!("something{}.uk", at / 2);
            writer
                .channel(&Channel { id, name, icon, guide, places, address, ..Channel::default() })
                .unwrap();
        } else {
            writer.movie(&Movie { id, name, icon, places, address, ..Movie::default() }).unwrap();
        }
    }
    let source = toml::from_str("name='acme'\nkind='m3u'\nurl='http://h/l.m3u'").unwrap();
    let mut harvest = writer.finish(1, vec![]).unwrap();
    harvest.hold().unwrap();
    Part { source, harvest }
}

#[test]
#[ignore = "takes a while; prints what a line-up of 600 000 entries takes"]
#[allow(clippy::print_stdout)]
fn a_line_up_of_600_000_entries() {
    let folder = tempfile::tempdir_in(std::env::var("COAX_MEASURE").unwrap_or("/tmp".into())).unwrap();
    let data = Data::new(folder.path());
    let rules = "[[ingest.rule]]\ndo = 'rename'\nname = '/^UK: /'\nto = ''\n\
                 [[ingest.rule]]\ndo = 'merge'\n[[ingest.rule]]\ndo = 'sort'\nby = 'name'";
    let config: Config<Settings, Skip, Skip> = Config::parse(rules, "coax.toml").unwrap();
    let mut last = Before::default();
    for first in [1, 1, 1_000_000] {
        let begin = Instant::now();
        let mut ledger = Ledger::load(&data.ids()).unwrap();
        let mut harvested = part(&data, first);
        println!("harvest written: {:.1?}, peak {} MB", begin.elapsed(), peak());
        let begin = Instant::now();
        let notes = recognise(&data, &mut harvested, &mut ledger).unwrap();
        println!("recognised: {:.1?}, peak {} MB, {notes:?}", begin.elapsed(), peak());
        let begin = Instant::now();
        let mut line_up = LineUp::new(vec![harvested], &config.ingest.rule, &mut ledger).unwrap();
        line_up.number(&last);
        println!("line-up: {:.1?}, peak {} MB", begin.elapsed(), peak());
        ledger.save().unwrap();
        line_up.parts[0].harvest.keep().unwrap();
        let begin = Instant::now();
        let releases = Releases::new(data.clone());
        let lock = releases.lock().unwrap().unwrap();
        let draft = releases.draft(&lock).unwrap();
        let mut vault = Vault::load(&data.vault()).unwrap();
        output::write(&draft, &line_up, &mut vault, &output::Pictures::default()).unwrap();
        println!("written: {:.1?}, peak {} MB, {} channels", begin.elapsed(), peak(), line_up.live.len());
        last = Before::of_release(draft.scratch());
    }
}
