//! What has happened in a relay since it began: counters that only rise, whatever channels come and go.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) use httpd::metrics::Counter;
use httpd::metrics::{Histogram, Page};

use crate::refusal::{Failure, Refusal};

/// Bytes of one kind of thing.
#[derive(Default)]
pub(crate) struct Flow {
    /// From providers.
    pub(crate) received: Counter,
    /// To viewers.
    pub(crate) sent: Counter,
}

/// How often something happened, by the word for its reason. The words are those of this program, so they are few.
#[derive(Default)]
struct Reasons(Mutex<BTreeMap<&'static str, u64>>);

impl Reasons {
    fn add(&self, reason: &'static str) {
        *self.lock().entry(reason).or_default() += 1;
    }

    fn all(&self) -> BTreeMap<&'static str, u64> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.0.lock().expect("nobody panics while holding this lock")
    }
}

/// The counters of one relay.
pub(crate) struct Tally {
    began: Instant,
    /// Channels. What goes out as HLS is in it as well.
    pub(crate) live: Flow,
    /// Films, episodes.
    pub(crate) films: Flow,
    /// Viewers who fell out of a feed and jumped.
    pub(crate) jumps: Counter,
    /// Downloads and recordings that were ended because somebody who watches needed their connection.
    pub(crate) gave_way: Counter,
    /// Times that a channel had nothing new for its viewers for half a second or more.
    pub(crate) stalls: Counter,
    /// Connections to the upstream of a channel after its first.
    pub(crate) restarts: Counter,
    /// Jumps of continuity counters in what upstreams sent.
    pub(crate) lost_packets: Counter,
    /// From a viewer's request to his first bytes: of a channel that was on the air,
    pub(crate) zaps: Histogram,
    /// and of one that had to be tuned first.
    pub(crate) tunings: Histogram,
    /// From dialling to the first byte of an upstream.
    pub(crate) first_bytes: Histogram,
    failures: Reasons,
    refusals: Reasons,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            live: Flow::default(),
            films: Flow::default(),
            jumps: Counter::default(),
            gave_way: Counter::default(),
            stalls: Counter::default(),
            restarts: Counter::default(),
            lost_packets: Counter::default(),
            zaps: Histogram::default(),
            tunings: Histogram::default(),
            first_bytes: Histogram::default(),
            failures: Reasons::default(),
            refusals: Reasons::default(),
        }
    }
}

impl Tally {
    /// How long the relay has been running.
    pub(crate) fn uptime(&self) -> Duration {
        self.began.elapsed()
    }

    /// A viewer has the first bytes of a channel, which was `running` when he came.
    pub(crate) fn zapped(&self, running: bool, time: Duration) {
        if running { self.zaps.add(time) } else { self.tunings.add(time) }
    }

    /// An upstream gave nothing, or no more.
    pub(crate) fn failed(&self, why: &Failure) {
        self.failures.add(why.kind());
    }

    /// A viewer was refused.
    pub(crate) fn refused(&self, why: &Refusal) {
        self.refusals.add(why.kind());
    }

    /// Upstream connections that gave nothing, or no more, since the relay began.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.all().values().sum()
    }

    pub(crate) fn render(&self, page: &mut Page) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began = now.saturating_sub(self.uptime()).as_secs_f64();
        page.gauge("coax_relay_start_time_seconds", "When the relay began, in Unix time.").value(began);
        let flows = [("live", &self.live), ("film", &self.films)];
        let mut received = page.counter("coax_relay_received_bytes", "Bytes from upstreams.");
        for (kind, flow) in flows {
            received = received.with(&[("kind", kind)], flow.received.get());
        }
        let mut sent = page.counter("coax_relay_sent_bytes", "Bytes to viewers.");
        for (kind, flow) in flows {
            sent = sent.with(&[("kind", kind)], flow.sent.get());
        }
        page.counter("coax_relay_laggard_jumps", "Viewers who fell behind and lost a part.")
            .value(self.jumps.get());
        page.counter(
            "coax_relay_gave_way",
            "Downloads and recordings that gave their connection to a viewer.",
        )
        .value(self.gave_way.get());
        page.counter("coax_relay_stalls", "Times a channel had nothing new for half a second or more.")
            .value(self.stalls.get());
        page.counter("coax_relay_restarts", "Connections to the upstream of a channel after its first.")
            .value(self.restarts.get());
        page.counter("coax_relay_lost_packets", "Jumps of continuity counters in what upstreams sent.")
            .value(self.lost_packets.get());
        page.histogram("coax_relay_zap_seconds", "From a viewer's request to his first bytes.")
            .distribution(&[("channel", "on_air")], &self.zaps)
            .distribution(&[("channel", "tuned")], &self.tunings);
        page.histogram("coax_relay_first_byte_seconds", "From dialling an upstream to its first byte.")
            .distribution(&[], &self.first_bytes);
        let mut failures =
            page.counter("coax_relay_upstream_errors", "Upstreams that gave nothing, or no more.");
        for (kind, count) in self.failures.all() {
            failures = failures.with(&[("kind", kind)], count);
        }
        let mut refusals =
            page.counter("coax_relay_refusals", "Requests that did not get what they asked for.");
        for (kind, count) in self.refusals.all() {
            refusals = refusals.with(&[("kind", kind)], count);
        }
    }
}
