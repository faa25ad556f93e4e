//! What viewers are given: the pieces of the channel, and what there is in between.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tracing::info;

use crate::card::Card;
use crate::cutter::Cutter;
use crate::feed::{Cut, Feed};
use crate::settings::Settings;

/// Viewers get a sign of life when there is nothing else for this long,
pub(super) const QUIET: Duration = Duration::from_millis(500);
/// or so often what is due of the error card.
const CARD_STEP: Duration = Duration::from_millis(100);

/// The writing end of a feed.
pub(super) struct Air {
    feed: Arc<Feed>,
    pub(super) cutter: Cutter,
    /// While nothing else can be shown.
    card: Option<Card>,
}

impl Air {
    pub(super) fn new(feed: Arc<Feed>, settings: &Settings) -> Self {
        Self { feed, cutter: Cutter::new(settings), card: None }
    }

    /// The channel goes on.
    pub(super) fn push(&mut self, cut: Cut) {
        self.card = None;
        self.feed.push(cut);
    }

    /// Shows the error card from now on until the channel goes on. Whether viewers can see it: the channel must have been
    /// seen, and be coded alike.
    pub(super) fn show_card(&mut self) -> bool {
        let Some(program) = self.cutter.program().filter(|_| self.feed.started()) else { return false };
        self.card = Card::for_viewers_of(program, std::time::Instant::now(), self.cutter.time());
        if self.card() {
            self.cutter.begin(); // nothing comes of the piece that broke off
            info!("the error card is shown");
        }
        self.card()
    }

    /// Whether the error card is shown.
    pub(super) fn card(&self) -> bool {
        self.card.is_some()
    }

    /// Gives viewers what there is to give while there is nothing of the channel: the card, or a sign of life if they
    /// have seen anything yet.
    pub(super) fn fill(&mut self) {
        let Some(card) = &mut self.card else { return self.feed.fill() };
        let now = std::time::Instant::now();
        while let Some(cut) = self.cutter.interlude(card, now) {
            self.feed.push(cut);
        }
    }

    /// When that is to be done next.
    pub(super) fn next_filling(&self) -> Instant {
        Instant::now() + if self.card() { CARD_STEP } else { QUIET }
    }

    pub(super) async fn wait(&mut self, time: Duration) {
        self.held(sleep(time)).await;
    }

    /// Does `something` and meanwhile fills.
    pub(super) async fn held<T>(&mut self, something: impl Future<Output = T>) -> T {
        let mut something = pin!(something);
        loop {
            match timeout_at(self.next_filling(), &mut something).await {
                Ok(done) => return done,
                Err(_) => self.fill(),
            }
        }
    }
}
