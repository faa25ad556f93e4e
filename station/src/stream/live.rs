//! Live television over one connection, paced by the channel's clock.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::distortion::Distortion;
use super::variant::Variant;
use crate::ace::{Ending, Reader};
use crate::catalogue::mix;
use crate::clock;
use crate::ledger::Seat;
use crate::provider::Provider;
use crate::settings::{Start, TimeBase};
use crate::television::{Broadcast, PACKET};

/// Packets in the largest chunk, about 64 KiB.
const CHUNK: u64 = 348;
/// A client that takes so much less than is sent is cut: the panel does not keep more.
const PATIENCE: Duration = Duration::from_secs(15);

/// What lets a viewer watch.
pub(crate) enum Hold {
    /// A place of an account.
    Account(Seat),
    /// The one reader's place of an engine's session.
    Engine(Reader),
}

impl Hold {
    /// How it ends, if it has: with an error, or cleanly.
    fn ended(&self) -> Option<io::Result<()>> {
        let cut = |why| Some(Err(io::Error::other(why)));
        match self {
            Self::Account(seat) if seat.is_kicked() => {
                cut("the account's place was given to a newer connection")
            }
            Self::Account(_) => None,
            Self::Engine(reader) => match reader.ended()? {
                Ending::Superseded => cut("the broadcast was started by somebody else"),
                Ending::Stopped | Ending::Expired => Some(Ok(())),
            },
        }
    }

    fn sent(&self, bytes: usize) {
        if let Self::Engine(reader) = self {
            reader.sent(bytes as u64);
        }
    }
}

/// One viewer.
struct Viewer {
    broadcast: Broadcast,
    distortion: Option<Distortion>,
    hold: Hold,
    /// How far the viewer may be behind.
    patience: Duration,
    tick: Interval,
    began: Instant,
    /// The packet that was on the air when the viewer began.
    first: u64,
    /// The next packet to send.
    next: u64,
    /// Ahead of the channel's row, in packets of whole turns, for a clock of its own.
    shift: u64,
    speed: f64,
}

/// The endless bytes of a channel, which begin with a burst.
pub(crate) fn television(
    provider: &Arc<Provider>,
    broadcast: Broadcast,
    hold: Hold,
    burst: Duration,
    variant: &Variant,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let settings = &provider.settings;
    let first = broadcast.at(clock::micros());
    let mut next = first.saturating_sub(broadcast.packets_in(burst.as_micros() as u64));
    if settings.start == Start::KeyPicture {
        next = broadcast.entry(broadcast.entry_before(next));
    }
    let shift = match settings.time_base {
        TimeBase::Channel => 0,
        TimeBase::Connection => mix(clock::micros(), settings.seed) % 10_000 * broadcast.turn(),
    };
    let distortion = (*variant != Variant::default()).then(|| Distortion::new(variant, &broadcast));
    let broadcast = variant.begin(broadcast, next + shift);
    let mut tick = interval(variant.tick.unwrap_or(settings.tick).max(Duration::from_millis(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let speed = settings.speed;
    let patience = PATIENCE + burst;
    let viewer = Viewer {
        broadcast,
        distortion,
        hold,
        patience,
        tick,
        began: Instant::now(),
        first,
        next,
        shift,
        speed,
    };
    stream::unfold(viewer, |mut viewer| async move { Some((viewer.chunk().await?, viewer)) })
}

impl Viewer {
    /// What is due, at most [`CHUNK`] packets of it. `None` is a clean end.
    async fn chunk(&mut self) -> Option<io::Result<Bytes>> {
        let due = loop {
            if let Some(end) = self.hold.ended() {
                return end.err().map(Err);
            }
            let due = self.due();
            if due > self.next {
                break due;
            }
            self.tick.tick().await;
        };
        if self.speed.is_finite() && due - self.next > self.broadcast.packets_in(self.patience()) {
            return Some(Err(io::Error::other("the viewer is too slow")));
        }
        let end = due.min(self.next + CHUNK);
        let mut out = Vec::with_capacity((end - self.next) as usize * PACKET);
        self.broadcast.write(self.next + self.shift, end + self.shift, &mut out);
        if let Some(distortion) = &mut self.distortion {
            out = distortion.apply(&out);
        }
        self.next = end;
        self.hold.sent(out.len());
        Some(Ok(out.into()))
    }

    fn due(&self) -> u64 {
        if self.speed.is_infinite() {
            return self.next + CHUNK;
        }
        let elapsed = self.began.elapsed().as_secs_f64() * self.speed;
        self.first + self.broadcast.packets_in((elapsed * 1e6) as u64)
    }

    fn patience(&self) -> u64 {
        (self.patience.as_secs_f64() * self.speed.max(1.0) * 1e6) as u64
    }
}
