//! Telling the server who watches here, so that its account documents count every machine's streams.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tracing::debug;

use super::Mirror;
use crate::headend::Headend;

/// How often it is looked whether other seats are taken than the server was told of,
const LOOK: Duration = Duration::from_secs(1);
/// and how often it is told all the same, long before it takes us for gone.
const REMIND: Duration = Duration::from_secs(5);

impl Mirror {
    /// Tells the server who has how many streams open here, for as long as somebody holds the headend.
    pub(crate) fn tell_seats(self: &Arc<Self>, headend: &Arc<Headend>) {
        let (mirror, headend) = (Arc::downgrade(self), Arc::downgrade(headend));
        let _ = self.headend.set(headend.clone()); // there is one
        let name = format!("{:016x}", rand::random::<u64>());
        tokio::spawn(async move {
            let mut told: Option<(Instant, BTreeMap<String, usize>)> = None;
            loop {
                sleep(LOOK).await;
                let (Some(mirror), Some(headend)) = (mirror.upgrade(), headend.upgrade()) else { break };
                let seats = headend.seats.by_user();
                drop(headend);
                let known =
                    told.as_ref().is_some_and(|(when, told)| *told == seats && when.elapsed() < REMIND);
                if known {
                    continue;
                }
                match mirror.server.tell(&name, &seats).await {
                    Ok(()) => told = Some((Instant::now(), seats)),
                    // What is wrong with the server is told by who copies from it.
                    Err(why) => debug!(%why, "the server does not hear of seats"),
                }
            }
        });
    }
}
