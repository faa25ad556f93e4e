//! `/metrics`: the text that monitors read (OpenMetrics 1.0). Each part of the relay renders its own lines; here is
//! only how lines look.
//!
//! Labels are bounded: names of configured accounts, and words of this program. No users, no channels, no addresses.

use std::fmt::{Display, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The media type of the text.
pub(crate) const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The text, while it is being written.
#[derive(Default)]
pub(crate) struct Page(String);

/// The metrics of one name.
pub(crate) struct Family<'a> {
    page: &'a mut String,
    name: &'static str,
    suffix: &'static str,
}

impl Page {
    /// What may rise and fall.
    pub(crate) fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "gauge", "", help)
    }

    /// What only rises; `name` has no `_total` at its end.
    pub(crate) fn counter(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "counter", "_total", help)
    }

    /// How long something took; `name` ends in `_seconds`.
    pub(crate) fn histogram(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "histogram", "", help)
    }

    fn family(&mut self, name: &'static str, kind: &str, suffix: &'static str, help: &str) -> Family<'_> {
        append(&mut self.0, format_args!("# TYPE {name} {kind}\n# HELP {name} {help}\n"));
        Family { page: &mut self.0, name, suffix }
    }

    /// The whole text.
    pub(crate) fn finish(mut self) -> String {
        self.0.push_str("# EOF\n");
        self.0
    }
}

impl Family<'_> {
    /// A value without labels.
    pub(crate) fn value(self, value: impl Display) {
        self.with(&[], value);
    }

    /// A value with labels.
    pub(crate) fn with(self, labels: &[(&str, &str)], value: impl Display) -> Self {
        self.line("", labels, value)
    }

    /// A distribution with labels.
    pub(crate) fn distribution(mut self, labels: &[(&str, &str)], histogram: &Histogram) -> Self {
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

fn append(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("text can always be appended to");
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Upper bounds of the classes that times fall into, in seconds: a picture that is there at once, and a channel of Ace
/// Stream that takes half a minute.
const BOUNDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How long something took, each time it happened.
#[derive(Default)]
pub(crate) struct Histogram {
    /// By class; the last one is everything above the highest bound.
    counts: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

impl Histogram {
    pub(crate) fn add(&self, time: Duration) {
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
