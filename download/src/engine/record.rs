//! Recording a channel as it is sent: one more client of what the relay receives.
//!
//! What is written is the transport stream itself, packet by packet. After an interruption more of it is appended; players
//! go over such a place as they do over any other loss. What is missing there is known from when the file was written last.

use std::time::{Duration, SystemTime};

use super::http::{Client, Stop, Told, settle};
use super::part::Part;
use super::{Ended, Order, Report, Rest};
use crate::job::{Cause, Wait};
use crate::walk::{Container, PACKET};

/// What is sent meanwhile is lost, so whoever records comes back soon.
const SOON: Rest = Rest::Said(Duration::from_secs(1));

/// What is recorded, and how long.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Where, and into which file.
    pub order: Order,
    /// When it is over.
    pub until: SystemTime,
}

/// Makes one attempt to record until it is over. `told` hears what it would hear of a film; `gap`, for how long nothing was
/// written since the attempt before this one.
pub async fn record(
    client: &Client,
    recording: &Recording,
    told: Told<'_>,
    gap: &mut (dyn FnMut(Duration) + Send),
) -> Ended {
    let Recording { order, until } = recording;
    let (interrupted, left) = (written_last(order), left(*until));
    let mut part = match Part::open(&order.part, order.known.synced).await {
        Ok(part) => part,
        Err(error) => return Stop::from(error).ended(false),
    };
    let before = part.len();
    if left.is_zero() {
        if before == 0 {
            return Ended::Failed { cause: Cause::Missed, why: "its time has gone by".to_owned() };
        }
        // What is missing at its end is missing until it was over, and not until somebody has noticed.
        let late = SystemTime::now().duration_since(*until).unwrap_or_default();
        interrupted.and_then(|time| time.checked_sub(late)).into_iter().for_each(gap);
        return Ended::Done { total: before };
    }
    let receiving = receive(client, order, &mut part, told, || interrupted.into_iter().for_each(&mut *gap));
    let received = tokio::time::timeout(left, receiving).await;
    let settled = settle(&mut part, told).await;
    let progress = part.len() > before;
    match (received, settled) {
        (_, Err(error)) => Stop::from(error).ended(progress),
        (Err(_), Ok(())) => Ended::Done { total: part.len() },
        (Ok(stop), Ok(())) => stop.ended(progress),
    }
}

/// Writes what comes, until there is no more: why.
async fn receive(
    client: &Client,
    order: &Order,
    part: &mut Part,
    told: Told<'_>,
    begins: impl FnOnce(),
) -> Stop {
    let received = async {
        let mut incoming = client.live(order).await?;
        if incoming.begins().await? != Container::Ts {
            return Err(Stop::Failed(Cause::Content, "the channel is no transport stream".to_owned()));
        }
        begins();
        // What was written last may end within a packet, and what follows begins with one.
        part.shorten(part.len() / PACKET as u64 * PACKET as u64).await?;
        told(Report::Began { have: part.len(), total: None, etag: None });
        incoming.pour(order, part, told, None).await?;
        Err(Stop::broken("the channel has ended"))
    };
    match received.await {
        Err(Stop::Waits(Wait::Retry, Rest::Broken, why)) => Stop::Waits(Wait::Retry, SOON, why),
        Err(stop) => stop,
        Ok(never) => never,
    }
}

/// For how long nothing was written, if something was.
fn written_last(order: &Order) -> Option<Duration> {
    let there = std::fs::metadata(&order.part).ok().filter(|part| part.len() > 0)?;
    there.modified().ok()?.elapsed().ok()
}

fn left(until: SystemTime) -> Duration {
    until.duration_since(SystemTime::now()).unwrap_or_default()
}
