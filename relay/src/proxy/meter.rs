//! Bytes of one channel, which are counted among those of the relay as well.

use std::sync::Arc;

use crate::tally::{Flow, Tally};

/// Counts what comes in and goes out.
#[derive(Default)]
pub(crate) struct Meter {
    pub(crate) own: Flow,
    tally: Arc<Tally>,
}

impl Meter {
    /// Nothing yet, of one channel of a relay with this `tally`.
    pub(crate) fn new(tally: Arc<Tally>) -> Arc<Self> {
        Arc::new(Self { own: Flow::default(), tally })
    }

    pub(crate) fn received(&self, bytes: u64) {
        self.own.received.add(bytes);
        self.tally.live.received.add(bytes);
    }

    pub(crate) fn sent(&self, bytes: u64) {
        self.own.sent.add(bytes);
        self.tally.live.sent.add(bytes);
    }
}
