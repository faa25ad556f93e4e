//! From one connection to the feed, until that ends.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::Pump;
use super::air::QUIET;
use crate::refusal::Failure;
use crate::settings::Splice;
use crate::upstream::{Received, Reception};

/// An upstream that ends by itself sooner than this was a clip and no channel.
const CLIP: Duration = Duration::from_secs(15);

/// When there was something last.
struct Heard {
    when: Instant,
    /// How many packets there had been.
    packets: u64,
}

impl Pump {
    /// Feeds what comes in, to the end.
    pub(super) async fn pump(&mut self, reception: Reception) -> Failure {
        let why = self.feed_from(reception).await;
        self.close_piece(false);
        why
    }

    /// What came last goes out as far as it is `whole`.
    fn close_piece(&mut self, whole: bool) {
        if !self.air.cutter.changed() {
            self.air.cutter.end(whole);
            self.publish(true);
        }
    }

    /// One timer for the channel: when the pending chunk is due, or the viewers have heard nothing for too long.
    async fn feed_from(&mut self, mut reception: Reception) -> Failure {
        let began = Instant::now();
        let mut heard = Heard { when: began, packets: 0 };
        let mut timer = pin!(sleep_until(self.next_turn()));
        loop {
            tokio::select! {
                biased;
                read = reception.next() => match read {
                    Ok(Some(Received::Splice)) => {
                        self.close_piece(true);
                        if self.headend.settings.splice == Splice::Close {
                            return Failure::Changed;
                        }
                        self.air.cutter.begin();
                    }
                    Ok(Some(Received::Bytes(bytes))) => {
                        let pending = self.air.cutter.due();
                        if let Err(why) = self.take_in(&bytes) {
                            return why;
                        }
                        if self.publish(false) || pending != self.air.cutter.due() {
                            timer.as_mut().reset(self.next_turn());
                        }
                        if self.silent(&reception, &mut heard) {
                            return Failure::Silent;
                        }
                    }
                    Ok(None) => return self.ended(began),
                    Err(why) => return why,
                },
                () = &mut timer => {
                    if self.silent(&reception, &mut heard) {
                        return Failure::Silent;
                    }
                    let turn = if self.publish(true) {
                        self.next_turn()
                    } else {
                        if self.air.card() || heard.when.elapsed() >= QUIET {
                            self.air.fill();
                        }
                        self.air.next_filling() // what is held back may be due, and stays so
                    };
                    timer.as_mut().reset(turn);
                }
            }
        }
    }

    fn take_in(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.feed.received(bytes.len(), self.air.cutter.lost_packets());
        if let Some(time) = self.signal.receiving() {
            self.headend.tally.first_bytes.add(time);
        }
        self.air.cutter.push(bytes, std::time::Instant::now());
        match self.air.cutter.foreign() {
            Some(foreign) => Err(Failure::Foreign(foreign)),
            None if self.air.cutter.changed() => Err(Failure::Changed),
            None => Ok(()),
        }
    }

    /// Whether there was nothing but filling for too long. Segments of HLS come when they come, and an engine has to
    /// find its peers: those know by themselves when they have waited enough.
    fn silent(&self, reception: &Reception, heard: &mut Heard) -> bool {
        let packets = self.air.cutter.packets();
        if packets != heard.packets {
            *heard = Heard { when: Instant::now(), packets };
        }
        let settings = &self.headend.settings;
        let patience = if self.air.cutter.running() { settings.silence } else { settings.first_byte };
        matches!(reception, Reception::Ts(_)) && heard.when.elapsed() > patience
    }

    /// Gives the feed what is ready, or `all` of what is pending. Whether there was something.
    fn publish(&mut self, all: bool) -> bool {
        let due = self.air.cutter.due().is_some_and(|due| due <= std::time::Instant::now());
        let mut published = false;
        while let Some(cut) = self.air.cutter.take(all || due) {
            self.air.push(cut);
            published = true;
        }
        if published && !std::mem::replace(&mut self.received, true) {
            let again = std::mem::take(&mut self.counted);
            self.slot.iter().for_each(|slot| slot.accepted(again));
        }
        published
    }

    fn next_turn(&self) -> Instant {
        self.air.cutter.due().map_or_else(|| self.air.next_filling(), Instant::from_std)
    }

    fn ended(&mut self, began: Instant) -> Failure {
        match self.air.cutter.foreign_at_end() {
            Some(foreign) => Failure::Foreign(foreign),
            None if began.elapsed() < CLIP => Failure::Clip,
            None => Failure::Ended,
        }
    }
}
