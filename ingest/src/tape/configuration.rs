//! The configuration of a tape: the sources as they were understood, so that what came from the environment or from
//! files is there too, with what stands for their secrets and hosts.

use contract::source::{AceChannel, Format, Gate, Location, Origin, Paths, Selectors, Source, Times, Xtream};
use toml::{Table, Value};

use super::mask::Mask;

/// Keys of `[ingest]` that say who is told of a run, which a replay tells nobody of.
const TELLING: [&str; 4] = ["command", "command_timeout", "webhook", "tell"];

/// The text of the configuration. `ingest` is the section as it is written, if it is.
///
/// # Errors
/// A value cannot be written.
pub(super) fn text(
    sources: &[Source],
    ingest: Option<&Table>,
    mask: &Mask,
) -> Result<String, toml::ser::Error> {
    let mut settings = ingest.cloned().unwrap_or_default();
    settings.retain(|key, _| !TELLING.contains(&key));
    let mut settings = Value::Table(settings);
    masked(&mut settings, mask);
    let mut all = Table::new();
    all.insert("source".into(), Value::Array(sources.iter().map(|it| source(it, mask).into()).collect()));
    all.insert("ingest".into(), settings);
    toml::to_string(&all)
}

/// Masks every text. Not deep: a file was read by a parser that has a limit.
fn masked(value: &mut Value, mask: &Mask) {
    match value {
        Value::String(text) => *text = mask.text(text),
        Value::Array(list) => list.iter_mut().for_each(|it| masked(it, mask)),
        Value::Table(table) => table.iter_mut().for_each(|(_, it)| masked(it, mask)),
        _ => {}
    }
}

/// What a source says about what it gives. How it is asked does not matter to a tape.
fn source(source: &Source, mask: &Mask) -> Table {
    let Source { name, origin, transport, gate: limits } = source;
    let mut table = Table::new();
    set(&mut table, "name", name.as_str());
    set(&mut table, "kind", origin.word());
    match origin {
        Origin::Xtream(panel) => xtream(panel, mask, &mut table),
        Origin::M3u(list) => {
            location(&list.from, mask, &mut table);
            set(&mut table, "guides", list.guides);
            set(&mut table, "max_connections", i64::from(list.max_connections));
        }
        Origin::Xmltv(guide) => {
            location(&guide.from, mask, &mut table);
            times(&guide.times, &mut table);
        }
        Origin::Scrape(scrape) => {
            let pages: Vec<Value> = scrape.pages.iter().map(|page| place(page, mask).into()).collect();
            set(&mut table, "pages", pages);
            set(&mut table, "format", format(scrape.format));
            set(&mut table, "json", paths(&scrape.json));
            set(&mut table, "html", selectors(&scrape.html));
        }
        Origin::Acestream(list) => {
            list.from.iter().for_each(|from| location(from, mask, &mut table));
            let channels: Vec<Value> = list.channels.iter().map(|it| channel(it, mask).into()).collect();
            set(&mut table, "channels", channels);
        }
    }
    if let Some(retries) = transport.retries {
        set(&mut table, "retries", i64::from(retries));
    }
    set(&mut table, "gate", gate(limits));
    table
}

fn set(table: &mut Table, key: &str, value: impl Into<Value>) {
    table.insert(key.into(), value.into());
}

fn xtream(panel: &Xtream, mask: &Mask, table: &mut Table) {
    let urls: Vec<Value> = panel.urls.iter().map(|url| mask.text(url.as_str()).into()).collect();
    set(table, "url", urls);
    let accounts = panel.accounts.iter().map(|login| {
        let mut account = Table::new();
        set(&mut account, "username", mask.secret(login.username.reveal()));
        set(&mut account, "password", mask.secret(login.password.reveal()));
        login.max_connections.iter().for_each(|most| set(&mut account, "max_connections", i64::from(*most)));
        Value::Table(account)
    });
    set(table, "accounts", accounts.collect::<Vec<_>>());
}

fn location(from: &Location, mask: &Mask, table: &mut Table) {
    let key = if matches!(from, Location::Web(_)) { "url" } else { "file" };
    set(table, key, place(from, mask));
}

/// Of a file only its name: where it lies is nobody's matter, and it is not opened again.
fn place(from: &Location, mask: &Mask) -> String {
    match from {
        Location::Web(address) => mask.configured(address),
        Location::File(path) => {
            let name = path.file_name().unwrap_or(path.as_os_str());
            mask.text(&name.to_string_lossy())
        }
    }
}

fn times(times: &Times, table: &mut Table) {
    let hours = |seconds: i64| seconds as f64 / 3600.0;
    times.zone.iter().for_each(|zone| set(table, "zone", zone.as_str()));
    set(table, "shift", hours(times.shift));
    let mut shifts = Table::new();
    times.channel_shift.iter().for_each(|(id, shift)| set(&mut shifts, id, hours(*shift)));
    set(table, "channel_shift", shifts);
}

const fn format(format: Format) -> &'static str {
    match format {
        Format::Auto => "auto",
        Format::Json => "json",
        Format::Html => "html",
        Format::M3u => "m3u",
    }
}

fn paths(paths: &Paths) -> Table {
    let Paths { list, id, name, category, logo, guide } = paths;
    let keys = ["list", "id", "name", "category", "logo", "guide"];
    let values = [list, id, name, category, logo, guide];
    keys.iter().zip(values).map(|(key, value)| ((*key).to_owned(), value.as_str().into())).collect()
}

fn selectors(selectors: &Selectors) -> Table {
    let Selectors { item, name, category, logo } = selectors;
    let mut table = Table::new();
    set(&mut table, "item", item.as_str());
    for (key, value) in [("name", name), ("category", category), ("logo", logo)] {
        value.iter().for_each(|value| set(&mut table, key, value.as_str()));
    }
    table
}

fn channel(channel: &AceChannel, mask: &Mask) -> Table {
    let AceChannel { id, name, group, logo, guide } = channel;
    let mut table = Table::new();
    set(&mut table, "id", id.to_string());
    for (key, value) in [("name", name), ("group", group), ("logo", logo), ("guide", guide)] {
        set(&mut table, key, mask.text(value));
    }
    table
}

fn gate(gate: &Gate) -> Table {
    let Gate { live, movies, series, guide, .. } = gate;
    let mut table = Table::new();
    for (key, fall) in [("live", live), ("movies", movies), ("series", series), ("guide", guide)] {
        fall.iter().for_each(|fall| set(&mut table, key, i64::from(*fall)));
    }
    for (key, least) in [
        ("min_live", gate.min_live),
        ("min_movies", gate.min_movies),
        ("min_series", gate.min_series),
        ("min_guide", gate.min_guide),
    ] {
        set(&mut table, key, least.cast_signed());
    }
    gate.confirmations.iter().for_each(|most| set(&mut table, "confirmations", i64::from(*most)));
    gate.confirm_empty.iter().for_each(|empty| set(&mut table, "confirm_empty", *empty));
    table
}
