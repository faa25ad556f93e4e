//! What is running, for the operator: `/status.json` for people and scripts, `/metrics` for monitors.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use contract::bundle::{Protocol, Section};
use contract::release::Release;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use httpd::{Response, reply};
use serde::Serialize;

use crate::headend::{Headend, Used};
use crate::mirror::{self, Mirror};
use crate::output::hls::Sessions;
use crate::picture::Picture;
use crate::proxy::{Account, Proxies};
use crate::refusal::Refusal;
use crate::signal::State;
use crate::tuner::Tuner;
use crate::upstream::ace::Snapshot as Session;
use httpd::metrics::Page;

/// All there is at one moment. The totals are those of the channels beside them.
#[derive(Serialize)]
pub(crate) struct Snapshot {
    /// Unix time, in seconds.
    as_of: u64,
    uptime_s: u64,
    /// The release whose channels are received.
    release: Option<String>,
    /// How good the copy is, if the disk is elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    mirror: Option<mirror::Report>,
    totals: Totals,
    channels: Vec<Channel>,
    /// Connections of provider accounts, by login.
    slots: Vec<Used>,
    seats: usize,
}

#[derive(Serialize)]
struct Totals {
    channels: usize,
    /// Of channels, in whatever form.
    viewers: u32,
    hls_sessions: usize,
    bitrate_kbps: u64,
    buffer_bytes: usize,
    #[serde(flatten)]
    counted: Counted,
    upstream_errors: u64,
}

/// What is counted since the relay began; of a channel, since it did.
#[derive(Default, Serialize)]
struct Counted {
    bytes_in: u64,
    bytes_out: u64,
    restarts: u64,
    lost_packets: u64,
    jumps: u64,
    stalls: u64,
}

#[derive(Serialize)]
struct Channel {
    id: u32,
    name: Option<String>,
    state: &'static str,
    viewers: u32,
    /// How many of the viewers get it as HLS.
    hls_sessions: usize,
    /// The upstream that is in use: its account,
    account: String,
    /// and how it is received.
    protocol: Option<Protocol>,
    /// What the channel takes, over what is in the buffer.
    bitrate_kbps: Option<u64>,
    buffer_seconds: f64,
    buffer_bytes: usize,
    uptime_s: u64,
    ttfb_ms: Option<u64>,
    #[serde(flatten)]
    counted: Counted,
    #[serde(flatten)]
    picture: Option<Picture>,
    /// What the Ace Stream engine said last, if the channel comes from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    ace: Option<Session>,
}

/// Lets the operator in: whoever asks from this machine itself, or shows the key of `[relay] key`. For everybody else
/// there is nothing here.
pub(crate) fn admit(headend: &Headend, headers: &HeaderMap, peer: SocketAddr) -> Result<(), Refusal> {
    match (&headend.settings.key, httpd::bearer(headers)) {
        (Some(key), Some(shown)) if key.is(shown) => Ok(()),
        (Some(_), Some(_)) => Err(Refusal::Key),
        _ if httpd::is_from_this_machine(headers, peer) => Ok(()),
        _ => Err(Refusal::Unknown),
    }
}

/// `/status.json`.
pub(crate) fn status(
    headend: &Headend,
    sessions: &Sessions,
    proxies: &Proxies,
    release: Option<&Release>,
    mirror: Option<&Mirror>,
) -> Response {
    let snapshot = snapshot(headend, sessions, proxies, release, mirror);
    let document = serde_json::to_vec(&snapshot).expect("plain fields become JSON");
    not_stored(reply::json(StatusCode::OK, document))
}

/// What it tells.
pub(crate) fn snapshot(
    headend: &Headend,
    sessions: &Sessions,
    proxies: &Proxies,
    release: Option<&Release>,
    mirror: Option<&Mirror>,
) -> Snapshot {
    let tuners = headend.tuners();
    let tuned = tuners.iter().map(|tuner| channel(headend, tuner, sessions, release));
    let passed = proxies.running();
    let channels: Vec<_> = tuned.chain(passed.into_iter().map(|proxy| passed_on(proxy, release))).collect();
    let tally = &headend.tally;
    let totals = Totals {
        channels: channels.len(),
        viewers: channels.iter().map(|channel| channel.viewers).sum(),
        hls_sessions: channels.iter().map(|channel| channel.hls_sessions).sum(),
        bitrate_kbps: channels.iter().filter_map(|channel| channel.bitrate_kbps).sum(),
        buffer_bytes: channels.iter().map(|channel| channel.buffer_bytes).sum(),
        counted: Counted {
            bytes_in: tally.live.received.get() + tally.films.received.get(),
            bytes_out: tally.live.sent.get() + tally.films.sent.get(),
            restarts: tally.restarts.get(),
            lost_packets: tally.lost_packets.get(),
            jumps: tally.jumps.get(),
            stalls: tally.stalls.get(),
        },
        upstream_errors: tally.failures(),
    };
    Snapshot {
        as_of: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
        uptime_s: tally.uptime().as_secs(),
        release: release.map(|release| release.name.clone()),
        mirror: mirror.map(Mirror::report),
        totals,
        channels,
        slots: headend.slots_used(),
        seats: headend.seats.taken(),
    }
}

/// How a channel is doing, if it is received.
pub(crate) fn of(headend: &Headend, sessions: &Sessions, id: u32) -> Option<serde_json::Value> {
    let tuner = headend.tuners().into_iter().find(|tuner| tuner.channel == id)?;
    serde_json::to_value(channel(headend, &tuner, sessions, None)).ok()
}

/// `/metrics`.
pub(crate) fn metrics(
    headend: &Headend,
    sessions: &Sessions,
    proxies: &Proxies,
    mirror: Option<&Mirror>,
) -> Page {
    let mut page = Page::default();
    page.gauge("coax_build", "The program that answers.").with(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    page.process();
    headend.render(&mut page);
    sessions.render(&mut page);
    proxies.render(&mut page);
    headend.seats.render(&mut page);
    mirror.iter().for_each(|mirror| mirror.render(&mut page));
    headend.tally.render(&mut page);
    page
}

fn channel(headend: &Headend, tuner: &Tuner, sessions: &Sessions, release: Option<&Release>) -> Channel {
    let (now, counts, buffer) = (tuner.signal.now(), tuner.feed.counts(), tuner.feed.buffer());
    let viewers = tuner.feed.watching();
    let seconds = buffer.time.as_secs_f64();
    let picture = tuner.feed.glimpse().map(|(program, bytes)| Picture::of(&program, &bytes));
    Channel {
        id: tuner.channel,
        name: release.and_then(|release| name(release, tuner.channel)),
        state: match (now.state, viewers) {
            (State::OnAir, 0) => "lingering",
            (state, _) => state.word(),
        },
        viewers,
        hls_sessions: sessions.of(tuner.channel),
        account: now.account,
        protocol: now.protocol,
        bitrate_kbps: (seconds >= 1.0).then_some((buffer.bytes as f64 * 0.008 / seconds) as u64),
        buffer_seconds: (seconds * 1000.0).round() / 1000.0,
        buffer_bytes: buffer.bytes,
        uptime_s: now.began.elapsed().as_secs(),
        ttfb_ms: now.first_byte.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        counted: Counted {
            bytes_in: counts.received,
            bytes_out: counts.sent,
            restarts: counts.restarts,
            lost_packets: counts.lost_packets,
            jumps: counts.jumps,
            stalls: counts.stalls,
        },
        picture,
        ace: now.upstream.and_then(|upstream| headend.dialler.engine.snapshot(&upstream)),
    }
}

/// A channel whose HLS is passed on: what only a feed has is not there.
fn passed_on(proxy: Account, release: Option<&Release>) -> Channel {
    Channel {
        id: proxy.channel,
        name: release.and_then(|release| name(release, proxy.channel)),
        state: if proxy.on_air { State::OnAir.word() } else { State::Starting.word() },
        viewers: proxy.viewers,
        hls_sessions: proxy.viewers as usize,
        account: proxy.source,
        protocol: Some(Protocol::Hls),
        bitrate_kbps: None,
        buffer_seconds: 0.0,
        buffer_bytes: proxy.kept,
        uptime_s: proxy.uptime.as_secs(),
        ttfb_ms: None,
        counted: Counted { bytes_in: proxy.received, bytes_out: proxy.sent, ..Counted::default() },
        picture: None,
        ace: None,
    }
}

/// What viewers know the channel as.
fn name(release: &Release, id: u32) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        name: String,
    }
    let entry = release.find(Section::LiveStreams, id)?;
    serde_json::from_slice(&entry).ok().map(|Named { name }| name)
}

fn not_stored(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
