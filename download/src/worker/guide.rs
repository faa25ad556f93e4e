//! Recordings follow the guide: what is on at another time is recorded at another time.

use tracing::warn;

use super::Work;
use crate::line_up::{LineUp, moved};
use crate::store::now;

/// Looks where what is to be recorded is in the guide that is published now.
pub(super) fn follow(work: &Work) {
    let followed = (|| {
        let scheduled = work.store.scheduled()?;
        if scheduled.is_empty() {
            return Ok(());
        }
        let Some(line_up) = LineUp::published(&work.data)? else { return Ok(()) };
        for job in scheduled {
            let Some(airing) = &job.wish.airing else { continue };
            // A channel that is gone may come back until then.
            let Ok(channel) = line_up.channel_of(job.wish.stream_id) else { continue };
            let mut programmes = line_up.programmes(&channel);
            programmes.retain(|it| it.stops > now());
            if let Some(times) = moved(&programmes, &job.wish.title, airing) {
                work.store.moved(&job, times, now())?;
            }
        }
        anyhow::Ok(())
    })();
    if let Err(error) = followed {
        warn!(%error, "recordings stay at the times that they had");
    }
}
