//! Whether anybody watches: the relay knows, and tells whoever may operate it.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::Work;
use crate::engine::{Known, Order, Reach};

/// How long it may take to say so.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 16 << 20;

/// What it says, as far as it matters here.
#[derive(Deserialize)]
struct Status {
    /// Streams that users have open.
    seats: usize,
}

/// Whether anybody watches; `None` if the relay does not say.
pub(super) async fn watched(work: &Work) -> Option<bool> {
    let key = work.settings.relay_key.reveal();
    let shown = (!key.is_empty()).then(|| ("authorization".to_owned(), format!("Bearer {key}")));
    let order = Order {
        url: format!("{}/status.json", work.relay.as_str()),
        headers: shown.into_iter().collect(),
        reach: Reach::Anywhere,
        part: PathBuf::new(),
        known: Known::default(),
        paces: Vec::new(),
        patience: PATIENCE,
    };
    let answer = tokio::time::timeout(PATIENCE, work.client.small(&order, LONGEST)).await.ok()??;
    serde_json::from_slice::<Status>(&answer).ok().map(|status| status.seats > 0)
}
