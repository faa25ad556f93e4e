//! What is remembered of themoviedb.org, and what somebody has picked.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError};
use crate::tmdb::{Candidate, Question};

/// Found, or known to be none.
type Known = Option<Candidate>;

impl Store {
    /// What is remembered under `key`, if it is not older than the first of `ages`, or, where nothing was found, the second.
    pub(crate) fn remembered(
        &self,
        key: &str,
        (found, missed): (Duration, Duration),
        now: i64,
    ) -> Result<Option<Known>, StoreError> {
        self.write_soon(|writing| {
            let mut asking = writing.prepare_cached("SELECT body, fetched FROM tmdb WHERE key = ?")?;
            let row =
                asking.query_row([key], |row| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, i64>(1)?)));
            let Some((body, fetched)) = row.optional()? else { return Ok(None) };
            let age = if body.is_some() { found } else { missed };
            if now.saturating_sub(fetched) >= age.as_secs().cast_signed() {
                return Ok(None);
            }
            writing.prepare_cached("UPDATE tmdb SET used = ? WHERE key = ?")?.execute(params![now, key])?;
            Ok(body.map_or(Some(None), |body| serde_json::from_str(&body).ok().map(Some)))
        })
    }

    /// Remembers what was found, and forgets those that were not asked for longest if there are more than `most`.
    pub(crate) fn remember(
        &self,
        key: &str,
        found: Option<&Candidate>,
        most: u32,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write_soon(|writing| {
            let body = found.map(|it| serde_json::to_string(it).expect("it has nothing that JSON has not"));
            let insert = "INSERT OR REPLACE INTO tmdb(key, body, fetched, used) VALUES (?1, ?2, ?3, ?3)";
            writing.prepare_cached(insert)?.execute(params![key, body, now])?;
            let forget =
                "DELETE FROM tmdb WHERE key IN (SELECT key FROM tmdb ORDER BY used DESC LIMIT -1 OFFSET ?)";
            writing.prepare_cached(forget)?.execute([most])?;
            Ok(())
        })
    }

    /// What somebody has picked for a question, if anybody has.
    pub(crate) fn picked(&self, question: Question<'_>) -> Result<Option<Known>, StoreError> {
        let connection = self.connection();
        let mut asking = connection.prepare_cached("SELECT body FROM pick WHERE key = ?")?;
        let body: Option<Option<String>> =
            asking.query_row([question.key("")], |row| row.get(0)).optional()?;
        Ok(body.map(|body| body.and_then(|body| serde_json::from_str(&body).ok())))
    }

    /// Keeps what somebody has picked; `None`: it is none of those that are known.
    pub(crate) fn pick(
        &self,
        question: Question<'_>,
        picked: Option<&Candidate>,
        now: i64,
    ) -> Result<(), StoreError> {
        let body = picked.map(|it| serde_json::to_string(it).expect("it has nothing that JSON has not"));
        self.write(|writing| {
            let insert = "INSERT OR REPLACE INTO pick(key, body, made) VALUES (?, ?, ?)";
            writing.prepare_cached(insert)?.execute(params![question.key(""), body, now])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use contract::disk::Data;

    use super::*;

    #[test]
    fn what_is_remembered_gets_old_and_of_too_much_goes_what_nobody_has_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Data::new(folder.path())).unwrap();
        let ages = (Duration::from_secs(30), Duration::from_secs(7));
        let alien = Candidate { id: 348, ..Candidate::default() };
        store.remember("alien", Some(&alien), 2, 100).unwrap();
        store.remember("none", None, 2, 100).unwrap();
        let known = |key: &str, now: i64| store.remembered(key, ages, now).unwrap();
        assert_eq!((known("alien", 129), known("alien", 130)), (Some(Some(alien.clone())), None));
        assert_eq!(
            (known("none", 106), known("none", 107)),
            (Some(None), None),
            "that there is none, for less long"
        );
        store.remember("heat", Some(&alien), 2, 110).unwrap();
        assert_eq!((known("none", 106), known("alien", 111)), (None, Some(Some(alien.clone()))));
        store.remember("dune", Some(&alien), 2, 112).unwrap();
        assert!(
            known("alien", 113).is_some() && known("heat", 113).is_none(),
            "the one that was asked for last stays"
        );
    }
}
