//! Live television over one connection, paced by the channel's clock.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

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

/// One viewer.
struct Viewer {
    broadcast: Broadcast,
    seat: Seat,
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

/// The endless bytes of a channel.
pub(super) fn television(
    provider: &Arc<Provider>,
    broadcast: Broadcast,
    seat: Seat,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let settings = &provider.settings;
    let first = broadcast.at(clock::micros());
    let mut next = first.saturating_sub(broadcast.packets_in(settings.burst.as_micros() as u64));
    if settings.start == Start::KeyPicture {
        next = broadcast.entry(broadcast.entry_before(next));
    }
    let shift = match settings.time_base {
        TimeBase::Channel => 0,
        TimeBase::Connection => mix(clock::micros(), settings.seed) % 10_000 * broadcast.turn(),
    };
    let mut tick = interval(settings.tick.max(Duration::from_millis(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let speed = settings.speed;
    let viewer = Viewer { broadcast, seat, tick, began: Instant::now(), first, next, shift, speed };
    stream::unfold(viewer, |mut viewer| async move { Some((viewer.chunk().await, viewer)) })
}

impl Viewer {
    /// What is due, at most [`CHUNK`] packets of it.
    async fn chunk(&mut self) -> io::Result<Bytes> {
        let due = loop {
            if self.seat.is_kicked() {
                return Err(io::Error::other("the account's place was given to a newer connection"));
            }
            let due = self.due();
            if due > self.next {
                break due;
            }
            self.tick.tick().await;
        };
        if self.speed.is_finite() && due - self.next > self.broadcast.packets_in(self.patience()) {
            return Err(io::Error::other("the viewer is too slow"));
        }
        let end = due.min(self.next + CHUNK);
        let mut out = Vec::with_capacity((end - self.next) as usize * PACKET);
        self.broadcast.write(self.next + self.shift, end + self.shift, &mut out);
        self.next = end;
        Ok(out.into())
    }

    fn due(&self) -> u64 {
        if self.speed.is_infinite() {
            return self.next + CHUNK;
        }
        let elapsed = self.began.elapsed().as_secs_f64() * self.speed;
        self.first + self.broadcast.packets_in((elapsed * 1e6) as u64)
    }

    fn patience(&self) -> u64 {
        (PATIENCE.as_secs_f64() * self.speed.max(1.0) * 1e6) as u64
    }
}
