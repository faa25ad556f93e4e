//! New jobs.

use rusqlite::{Connection, OptionalExtension, params};

use super::change::is_taken;
use super::events::{Action, By, Telling, tell};
use super::{Store, StoreError, row};
use crate::job::{Address, Airing, Wait, Wish};
use crate::queue::{self, Rules};

/// What became of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// There is a job of it now.
    New(i64),
    /// There was one already: of the same film in the same version, or from the same source, to the same target.
    There(i64),
}

impl Added {
    /// The job.
    pub const fn id(self) -> i64 {
        match self {
            Self::New(id) | Self::There(id) => id,
        }
    }
}

impl Store {
    /// Makes a job of each wish for which there is none yet, all of them or none. Those that follow each other keep their order
    /// in the queue; episodes have that of their numbers.
    ///
    /// # Errors
    /// [`StoreError`]; also if there is no such target.
    pub fn add(&self, wishes: &[Wish], by: &By, rules: &Rules, now: i64) -> Result<Vec<Added>, StoreError> {
        let year = queue::year(now);
        self.write(|writing| {
            wishes
                .iter()
                .map(|wish| {
                    let rank = wish.priority.unwrap_or_else(|| rules.class(wish, year));
                    if !insert(writing, wish, rank as i64, now)? {
                        return Ok(Added::There(existing(writing, wish)?));
                    }
                    let id = writing.last_insert_rowid();
                    let details = match wish.address {
                        None => format!("{} {} from {}", row::kind(wish.kind), wish.stream_id, wish.account),
                        Some(_) => format!("{} that is in no line-up", row::kind(wish.kind)),
                    };
                    tell(writing, by, now, &Telling::job(id, Action::Add, &details))?;
                    Ok(Added::New(id))
                })
                .collect()
        })
    }
}

/// Whether there was none.
fn insert(writing: &Connection, wish: &Wish, rank: i64, now: i64) -> Result<bool, StoreError> {
    let insert = "INSERT INTO job(identity, variant, target, kind, title, year, tmdb, tags, season, episode, ep_title,
          series, quality, account, stream_id, ext, user, priority, rank, aged, created, updated,
          channel, starts, stops, lead, tail, not_before, wait, address)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?19, ?20, ?20, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)
        ON CONFLICT DO NOTHING";
    let airing = wish.airing.as_ref();
    let tags = serde_json::to_string(&wish.tags).expect("texts are JSON");
    let values = params![
        wish.identity,
        wish.variant,
        wish.target,
        row::kind(wish.kind),
        wish.title,
        wish.year,
        wish.tmdb,
        tags,
        wish.season,
        wish.episode,
        wish.ep_title,
        wish.series,
        wish.quality,
        wish.account,
        wish.stream_id,
        wish.ext,
        wish.user,
        wish.priority.map(|it| it as i64),
        rank,
        now,
        airing.map(|it| &it.channel),
        airing.map(|it| it.starts),
        airing.map(|it| it.stops),
        airing.map(|it| it.lead),
        airing.map(|it| it.tail),
        airing.map_or(0, Airing::begins),
        airing.map(|_| Wait::Schedule),
        wish.address.as_ref().map(Address::reveal),
    ];
    match writing.prepare_cached(insert)?.execute(values) {
        // There is no such target: what else there may be of it is passed over above.
        Err(error) if is_taken(&error) => Ok(false),
        inserted => Ok(inserted? == 1),
    }
}

fn existing(writing: &Connection, wish: &Wish) -> Result<i64, StoreError> {
    let asked = "SELECT id FROM job WHERE target = ?1 AND state NOT IN ('failed', 'cancelled')
        AND (identity = ?2 AND variant = ?3 OR address = ?6
             OR ?6 IS NULL AND kind <> 'live' AND account = ?4 AND stream_id = ?5)";
    let address = wish.address.as_ref().map(Address::reveal);
    let values = params![wish.target, wish.identity, wish.variant, wish.account, wish.stream_id, address];
    let found = writing.prepare_cached(asked)?.query_row(values, |row| row.get(0)).optional()?;
    found.ok_or_else(|| {
        StoreError::Refused(
            "there is no such target; `coax download target list` shows which there are".into(),
        )
    })
}
