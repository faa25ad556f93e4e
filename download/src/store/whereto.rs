//! Where to, for wishes that do not say it.

use std::collections::HashMap;

use contract::bundle::Kind;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError};
use crate::job::{Address, Wish};
use crate::target::{Record, Wanted, suited};

/// Jobs that are there, or on their way.
const KEPT: &str = "state NOT IN ('failed', 'cancelled')";

/// What became of wishes.
#[derive(Clone, Debug, Default)]
pub struct Directed {
    /// Those that have a target now, in their order.
    pub wishes: Vec<Wish>,
    /// Those that no target takes.
    pub nowhere: Vec<Wish>,
}

impl Store {
    /// How many jobs for each target have not ended, by its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn burdens(&self) -> Result<HashMap<i64, u32>, StoreError> {
        let connection = self.connection();
        let asked = "SELECT target, count(*) FROM job WHERE state NOT IN ('completed', 'failed', 'cancelled') GROUP BY target";
        let mut asking = connection.prepare_cached(asked)?;
        let rows = asking.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Gives each wish the target that suits it best, whatever target it says. What is at a target already, or on its way to
    /// one, is had there and not once more elsewhere, and the episodes of a series stay together. `reserve` is how many bytes
    /// are left free at a target.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn direct(&self, wishes: Vec<Wish>, reserve: u64) -> Result<Directed, StoreError> {
        let (targets, mut burdens) = (self.targets()?, self.burdens()?);
        let connection = self.connection();
        let mut series = series(&connection)?;
        let mut directed = Directed::default();
        for mut wish in wishes {
            let together = series.get(&wish.title).copied().filter(|_| wish.kind == Kind::Episode);
            let found = match there(&connection, &wish)?.or(together) {
                Some(target) => Some(target),
                None => best(&targets, &wish, reserve, &burdens),
            };
            let Some(target) = found else {
                directed.nowhere.push(wish);
                continue;
            };
            *burdens.entry(target).or_default() += 1;
            if wish.kind == Kind::Episode {
                series.entry(wish.title.clone()).or_insert(target);
            }
            wish.target = target;
            directed.wishes.push(wish);
        }
        Ok(directed)
    }
}

fn best(targets: &[Record], wish: &Wish, reserve: u64, burdens: &HashMap<i64, u32>) -> Option<i64> {
    let open = |target: &Record| burdens.get(&target.id).copied().unwrap_or(0);
    suited(targets, &Wanted::of(wish), reserve, open).first().map(|target| target.id)
}

/// The target of the job of this film in this version, or from this source, if there is one.
fn there(reading: &Connection, wish: &Wish) -> rusqlite::Result<Option<i64>> {
    // What has an address of its own has no number at a source, and of a channel there are many recordings.
    let asked = format!(
        "SELECT target FROM job WHERE {KEPT} AND identity = ?1 AND variant = ?2
         UNION ALL SELECT target FROM job WHERE {KEPT} AND address = ?5
         UNION ALL SELECT target FROM job WHERE {KEPT} AND account = ?3 AND stream_id = ?4
           AND kind <> 'live' AND address IS NULL AND ?5 IS NULL LIMIT 1"
    );
    let address = wish.address.as_ref().map(Address::reveal);
    let values = params![wish.identity, wish.variant, wish.account, wish.stream_id, address];
    reading.prepare_cached(&asked)?.query_row(values, |row| row.get(0)).optional()
}

/// Where the newest episode of each series goes, or went.
fn series(reading: &Connection) -> rusqlite::Result<HashMap<String, i64>> {
    // The one row of a group that has the maximum is the one that SQLite takes the other columns of.
    let asked =
        format!("SELECT title, target, max(id) FROM job WHERE kind = 'episode' AND {KEPT} GROUP BY title");
    let mut asking = reading.prepare_cached(&asked)?;
    let rows = asking.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use contract::disk::Data;

    use super::*;
    use crate::store::By;
    use crate::store::tests::{RULES, film, folder};

    fn episode(id: u32) -> Wish {
        let identity = format!("episode|show|-|1|{id}");
        Wish {
            identity,
            kind: Kind::Episode,
            title: "Show".into(),
            season: Some(1),
            episode: Some(id),
            ..film(id)
        }
    }

    #[test]
    fn each_goes_where_it_is_taken_and_there_is_least_to_do_and_a_series_stays_together() {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(&Data::new(data.path())).unwrap();
        let target = |name: &str, max_q: Option<u32>| {
            let record = Record { name: name.into(), max_q, ..folder("/mnt") };
            store.add_target(&record, &By::command(), 1).unwrap()
        };
        let (first, second) = (target("a", None), target("b", Some(1080)));
        let direct = |wishes: Vec<Wish>| store.direct(wishes, 0).unwrap();
        let targets =
            |wishes: Vec<Wish>| direct(wishes).wishes.iter().map(|wish| wish.target).collect::<Vec<_>>();
        assert_eq!(targets(vec![film(1), film(2), film(3)]), [first, second, first], "by turns");
        let sharp = |id| Wish { quality: Some(2160), ..film(id) };
        assert_eq!(targets(vec![sharp(1), sharp(2)]), [first, first], "the other one takes none of these");
        assert_eq!(targets(vec![film(1), episode(2), film(3), episode(4)]), [first, second, first, second]);

        // What is on its way somewhere goes nowhere else, and neither do later episodes.
        let busy: Vec<Wish> = (10..20).map(|id| Wish { target: second, ..film(id) }).collect();
        store.add(&busy, &By::command(), &RULES, 1).unwrap();
        store.add(&[Wish { target: second, ..episode(30) }], &By::command(), &RULES, 1).unwrap();
        assert_eq!(targets(vec![film(10), film(40), episode(31)]), [second, first, second]);
        let renamed = Wish { identity: "movie|other|-".into(), ..film(11) };
        assert_eq!(targets(vec![renamed]), [second], "it is had from the same source");

        let nowhere = tempfile::tempdir().unwrap();
        let store = Store::open(&Data::new(nowhere.path())).unwrap();
        assert_eq!(store.direct(vec![film(1)], 0).unwrap().nowhere, [film(1)]);
    }
}
