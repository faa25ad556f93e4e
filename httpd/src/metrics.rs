//! `/metrics`: the text that monitors read (OpenMetrics 1.0). Each part of a program renders its own lines; here is
//! only how lines look.
//!
//! Labels are bounded: names that are configured, and words of the programs. No users, no channels, no addresses.

use std::fmt::{Display, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;
use http::header::{self, HeaderValue};
use rustix::param::clock_ticks_per_second;
use rustix::process::{Resource, getrlimit};

use crate::{Response, reply};

/// The media type of the text.
pub const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The text, while it is being written.
#[derive(Debug, Default)]
pub struct Page(String);

/// The metrics of one name.
#[derive(Debug)]
pub struct Family<'a> {
    page: &'a mut String,
    name: &'static str,
    suffix: &'static str,
}

impl Page {
    /// What may rise and fall.
    pub fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "gauge", "", help)
    }

    /// What only rises; `name` has no `_total` at its end.
    pub fn counter(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "counter", "_total", help)
    }

    /// How long something took; `name` ends in `_seconds`.
    pub fn histogram(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "histogram", "", help)
    }

    /// What the system says of the process, by the names that monitors know. Where it does not say, nothing is told.
    pub fn process(&mut self) {
        if let Some(bytes) = resident() {
            self.gauge("process_resident_memory_bytes", "Memory that is in use.").value(bytes);
        }
        if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
            self.gauge("process_open_fds", "Open files and connections.").value(open.count());
        }
        if let Some(most) = getrlimit(Resource::Nofile).current {
            self.gauge("process_max_fds", "How many there may be.").value(most);
        }
        if let Some(seconds) = cpu_seconds() {
            self.counter("process_cpu_seconds", "Time that processors have worked for it.").value(seconds);
        }
    }

    fn family(&mut self, name: &'static str, kind: &str, suffix: &'static str, help: &str) -> Family<'_> {
        append(&mut self.0, format_args!("# TYPE {name} {kind}\n# HELP {name} {help}\n"));
        Family { page: &mut self.0, name, suffix }
    }

    /// The whole text as an answer, which nobody keeps.
    pub fn answer(self) -> Response {
        let mut answer = reply::text(StatusCode::OK, self.finish());
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(TYPE));
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }

    /// The whole text.
    pub fn finish(mut self) -> String {
        self.0.push_str("# EOF\n");
        self.0
    }
}

impl Family<'_> {
    /// A value without labels.
    pub fn value(self, value: impl Display) {
        self.with(&[], value);
    }

    /// A value with labels.
    pub fn with(self, labels: &[(&str, &str)], value: impl Display) -> Self {
        self.line("", labels, value)
    }

    /// A distribution with labels.
    pub fn distribution(mut self, labels: &[(&str, &str)], histogram: &Histogram) -> Self {
        let mut below = 0;
        for (place, count) in histogram.counts.iter().enumerate() {
            below += count.load(Ordering::Relaxed);
            let bound = BOUNDS.get(place).map_or_else(|| "+Inf".to_owned(), |bound| format!("{bound:?}"));
            let labels: Vec<_> = labels.iter().copied().chain([("le", bound.as_str())]).collect();
            self = self.line("_bucket", &labels, below);
        }
        let sum = Duration::from_micros(histogram.micros.load(Ordering::Relaxed)).as_secs_f64();
        self.line("_count", labels, below).line("_sum", labels, format_args!("{sum:?}"))
    }

    fn line(self, part: &str, labels: &[(&str, &str)], value: impl Display) -> Self {
        let Self { page, name, suffix } = self;
        append(page, format_args!("{name}{part}{suffix}"));
        for (place, (label, text)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            append(page, format_args!("{before}{label}=\"{}\"", escaped(text)));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        append(page, format_args!("{end} {value}\n"));
        Self { page, name, suffix }
    }
}

/// Of the process, in bytes.
fn resident() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// In the program and in the kernel on its behalf (proc(5), fields 14 and 15 of `stat`).
fn cpu_seconds() -> Option<f64> {
    let told = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, behind_name) = told.rsplit_once(')')?; // the name may hold blanks
    let mut ticks = behind_name.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let (user, system) = (ticks.next()?.ok()?, ticks.next()?.ok()?);
    Some((user + system) as f64 / clock_ticks_per_second() as f64)
}

fn append(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("text can always be appended to");
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Upper bounds of the classes that times fall into, in seconds: a picture that is there at once, and a channel of Ace
/// Stream that takes half a minute.
const BOUNDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Something that is counted.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts so many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many there were so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How long something took, each time it happened.
#[derive(Debug, Default)]
pub struct Histogram {
    /// By class; the last one is everything above the highest bound.
    counts: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

impl Histogram {
    /// It happened once more.
    pub fn add(&self, time: Duration) {
        let seconds = time.as_secs_f64();
        let class = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        self.micros.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.counts[class].fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_written_as_the_standard_says() {
        let mut page = Page::default();
        page.gauge("a", "What a is.").value(7);
        page.counter("b", "What b is.").with(&[("x", "1"), ("y", "q\"\\\n")], 2).with(&[("x", "2")], 3);
        let text = page.finish();
        let expected = "# TYPE a gauge\n# HELP a What a is.\na 7\n# TYPE b counter\n# HELP b What b is.\n\
                        b_total{x=\"1\",y=\"q\\\"\\\\\\n\"} 2\nb_total{x=\"2\"} 3\n# EOF\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_system_knows_the_process() {
        let mut page = Page::default();
        page.process();
        let text = page.finish();
        for name in [
            "process_resident_memory_bytes",
            "process_open_fds",
            "process_max_fds",
            "process_cpu_seconds_total",
        ] {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            assert!(line.unwrap().parse::<f64>().unwrap() >= 0.0, "{name}: {text}");
        }
    }

    #[test]
    fn times_fall_into_classes_that_add_up() {
        let histogram = Histogram::default();
        for millis in [1, 5, 6, 99_000] {
            histogram.add(Duration::from_millis(millis));
        }
        let mut page = Page::default();
        page.histogram("t_seconds", "T.").distribution(&[], &histogram);
        let text = page.finish();
        for line in [
            "t_seconds_bucket{le=\"0.005\"} 2\n",
            "t_seconds_bucket{le=\"0.01\"} 3\n",
            "t_seconds_bucket{le=\"30.0\"} 3\n",
            "t_seconds_bucket{le=\"+Inf\"} 4\n",
            "t_seconds_count 4\nt_seconds_sum 99.012\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
    }
}
