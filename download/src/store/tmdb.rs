//! What is remembered of themoviedb.org, and what somebody has picked.

use std::collections::HashMap;
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
        Ok(self.picks(&[question])?.remove(&question.key("")))
    }

    /// What somebody has picked for these questions, by their keys; for others nobody has.
    pub(crate) fn picks(&self, questions: &[Question<'_>]) -> Result<HashMap<String, Known>, StoreError> {
        let keys: Vec<String> = questions.iter().map(|question| question.key("")).collect();
        let connection = self.connection();
        let asked = "SELECT key, body FROM pick WHERE key IN (SELECT value FROM json_each(?))";
        let mut asking = connection.prepare_cached(asked)?;
        let rows = asking.query_map([serde_json::Value::from(keys).to_string()], |row| {
            let body: Option<String> = row.get(1)?;
            Ok((row.get(0)?, body.and_then(|body| serde_json::from_str(&body).ok())))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
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
    fn what_is_picked_for_many_is_asked_for_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Data::new(folder.path())).unwrap();
        let question = |title| Question { subject: crate::tmdb::Subject::Film, title, year: 1979 };
        let alien = Candidate { id: 348, ..Candidate::default() };
        store.pick(question("Alien"), Some(&alien), 1).unwrap();
        store.pick(question("O'Horten \"x\""), None, 1).unwrap();
        let asked = ["Alien", "Heat", "O'Horten \"x\"", "ALIEN"].map(question);
        let picks = store.picks(&asked).unwrap();
        let picked = asked.map(|it| picks.get(&it.key("")).cloned());
        assert_eq!(picked, [Some(Some(alien.clone())), None, Some(None), Some(Some(alien))]);
        assert_eq!(picked.map(Some), asked.map(|it| store.picked(it).ok()), "as each by itself");
    }

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
