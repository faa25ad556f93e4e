//! Targets, which the replaced system called servers.

use contract::bundle::Kind as What;
use contract::library::Style;
use http::StatusCode;
use httpd::api::Refusal;
use httpd::{Request, Response, api, reply};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Service;
use super::access::Asker;
use super::answer::{Query, said, said_or_null, sent};
use crate::store::now;
use crate::target::{Health, Kind, Record, Status, Target, Wanted, suited};

/// The longest that a text of a target may be, in bytes.
const LONGEST: usize = 4096;

/// What is said of a target; what is not said stays as it is, or as it usually is.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Said {
    #[serde(deserialize_with = "said")]
    name: Option<String>,
    #[serde(deserialize_with = "said")]
    kind: Option<Kind>,
    #[serde(deserialize_with = "said")]
    url: Option<String>,
    #[serde(deserialize_with = "said")]
    base: Option<String>,
    #[serde(deserialize_with = "said_or_null")]
    secret: Option<Option<String>>,
    #[serde(deserialize_with = "said_or_null")]
    host_key: Option<Option<String>>,
    #[serde(deserialize_with = "said")]
    style: Option<Spelling>,
    #[serde(deserialize_with = "said")]
    types: Option<Vec<What>>,
    #[serde(deserialize_with = "said_or_null")]
    min_q: Option<Option<u32>>,
    #[serde(deserialize_with = "said_or_null")]
    max_q: Option<Option<u32>>,
    #[serde(deserialize_with = "said")]
    max_parallel: Option<u32>,
    #[serde(deserialize_with = "said")]
    bwlimit: Option<u64>,
    #[serde(deserialize_with = "said")]
    cleanup: Option<bool>,
    #[serde(deserialize_with = "said")]
    maintenance: Option<bool>,
}

/// A style by its word.
#[derive(Clone, Copy)]
struct Spelling(Style);

impl<'de> Deserialize<'de> for Spelling {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = String::deserialize(from)?;
        clap::ValueEnum::from_str(&word, false).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Said {
    /// Makes the changes.
    fn apply(self, record: &mut Record) -> Result<(), Refusal> {
        fn set<T>(place: &mut T, said: Option<T>) {
            if let Some(said) = said {
                *place = said;
            }
        }
        set(&mut record.name, self.name);
        set(&mut record.kind, self.kind);
        set(&mut record.url, self.url);
        set(&mut record.base, self.base);
        set(&mut record.secret, self.secret);
        set(&mut record.host_key, self.host_key);
        set(&mut record.style, self.style.map(|spelling| spelling.0));
        set(&mut record.types, self.types);
        set(&mut record.min_q, self.min_q);
        set(&mut record.max_q, self.max_q);
        set(&mut record.max_parallel, self.max_parallel);
        set(&mut record.bwlimit, self.bwlimit);
        set(&mut record.cleanup, self.cleanup);
        set(&mut record.maintenance, self.maintenance);
        check(record).map_err(|why| Refusal::Wrong(why.into()))
    }
}

/// Whether there can be such a target. Whether it is there, only asking it tells.
fn check(record: &Record) -> Result<(), &'static str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !(1..=64).contains(&record.name.len()) || !record.name.bytes().all(fits) {
        return Err("a server's name is 1 to 64 letters, digits, `-` or `_`");
    }
    // A machine may have several keys, each in a line of its own.
    let is_control = |it: char| it.is_control() && it != '\n';
    let texts = [Some(&record.url), Some(&record.base), record.secret.as_ref(), record.host_key.as_ref()];
    if texts.into_iter().flatten().any(|text| text.len() > LONGEST || text.contains(is_control)) {
        return Err("an address, a folder or a key is at most 4096 bytes of text");
    }
    let one_line = [Some(&record.url), Some(&record.base), record.secret.as_ref()];
    if one_line.into_iter().flatten().any(|text| text.contains('\n')) {
        return Err("an address or a folder is one line");
    }
    if record.kind == Kind::Dir && !record.base.starts_with('/') {
        return Err("the folder `base` is named from the root on");
    }
    // SECURITY: what is kept here is told again, and stands in backups.
    let is_reference = |secret: &String| secret.starts_with("env:") || secret.starts_with("file:");
    if record.secret.as_ref().is_some_and(|secret| !is_reference(secret)) {
        return Err("`secret` says where the password is kept: `env:NAME` or `file:PATH`");
    }
    let after_scheme = record.url.split_once("://").map_or(record.url.as_str(), |(_, rest)| rest);
    if after_scheme.rsplit_once('@').is_some_and(|(account, _)| account.contains(':')) {
        return Err("no password stands in `url`: `secret` says where it is kept");
    }
    if record.bwlimit > i64::MAX as u64 || !(1..=100).contains(&record.max_parallel) {
        return Err("`max_parallel` is a number from 1 to 100");
    }
    let is_range = |lines: u32| (1..=65535).contains(&lines);
    if ![record.min_q, record.max_q].into_iter().flatten().all(is_range) {
        return Err("lines of a picture are a number from 1 to 65535");
    }
    if record.min_q.zip(record.max_q).is_some_and(|(least, most)| least > most) {
        return Err("`min_q` is more than `max_q`");
    }
    Ok(())
}

/// `GET /api/servers`.
pub(super) async fn list(service: &Service, asker: &Asker) -> Result<Response, Refusal> {
    let all = service.aside(crate::store::Store::targets).await?;
    let servers: Vec<Value> = all.iter().map(|record| shown(record, asker)).collect();
    Ok(api::told(StatusCode::OK, &json!({ "servers": servers })))
}

/// `GET /api/suggest`.
pub(super) async fn suggest(service: &Service, request: &Request) -> Result<Response, Refusal> {
    let query = Query::of(request);
    let kind = match query.text("kind") {
        None | Some("movie") => What::Movie,
        Some("episode") => What::Episode,
        Some(_) => return Err(Refusal::Wrong("`kind` is movie or episode".into())),
    };
    let lines = query.number("lines", 0, usize::from(u16::MAX))?;
    if query.text("lines").is_some() && lines == 0 {
        return Err(Refusal::Wrong("a picture has lines".into()));
    }
    let lines = u32::try_from(lines).ok().filter(|lines| *lines > 0);
    let wanted = Wanted { kind, lines, bytes: query.read("bytes")? };
    let (targets, burdens) = service.aside(|store| Ok((store.targets()?, store.burdens()?))).await?;
    let open = |target: &Record| burdens.get(&target.id).copied().unwrap_or(0);
    let all = suited(&targets, &wanted, service.settings.reserve, open);
    let servers: Vec<Value> = all
        .into_iter()
        .map(|target| {
            let free = target.health.space.map(|space| space.free);
            json!({ "id": target.id, "name": target.name, "free": free, "open": open(target) })
        })
        .collect();
    Ok(api::told(StatusCode::OK, &json!({ "servers": servers })))
}

/// `GET /api/servers/{id}`.
pub(super) async fn one(service: &Service, asker: &Asker, id: i64) -> Result<Response, Refusal> {
    let record = find(service, id).await?;
    Ok(api::told(StatusCode::OK, &shown(&record, asker)))
}

/// `POST /api/servers`.
pub(super) async fn add(service: &Service, asker: &Asker, request: Request) -> Result<Response, Refusal> {
    let said: Said = sent(request).await?;
    if said.name.is_none() || said.base.is_none() {
        return Err(Refusal::Wrong("a server has a `name` and a `base`".into()));
    }
    let mut record = Record::new(Kind::Dir);
    said.apply(&mut record)?;
    record.health = found(&record).await?;
    let by = asker.by();
    let adding = service.aside(move |store| {
        record.id = store.add_target(&record, &by, now())?;
        store.set_health(record.id, &record.health, now())?;
        Ok(record)
    });
    Ok(api::told(StatusCode::CREATED, &shown(&adding.await?, asker)))
}

/// `PUT /api/servers/{id}`.
pub(super) async fn change(
    service: &Service,
    asker: &Asker,
    id: i64,
    request: Request,
) -> Result<Response, Refusal> {
    let said: Said = sent(request).await?;
    let is_moved = said.kind.is_some() || said.url.is_some() || said.base.is_some();
    let mut record = find(service, id).await?;
    said.apply(&mut record)?;
    if is_moved {
        record.health = found(&record).await?;
    }
    let by = asker.by();
    let changing = service.aside(move |store| {
        store.set_target(&record, &by, now())?;
        if is_moved {
            store.set_health(id, &record.health, now())?;
        }
        store.target(id)
    });
    let record = changing.await?.ok_or(Refusal::Unknown)?;
    Ok(api::told(StatusCode::OK, &shown(&record, asker)))
}

/// `DELETE /api/servers/{id}`.
pub(super) async fn remove(service: &Service, asker: &Asker, id: i64) -> Result<Response, Refusal> {
    find(service, id).await?;
    let by = asker.by();
    service.aside(move |store| store.remove_target(id, &by, now())).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// `POST /api/servers/{id}/test`.
pub(super) async fn test(service: &Service, asker: &Asker, id: i64) -> Result<Response, Refusal> {
    let record = find(service, id).await?;
    let health = match Target::open(&record) {
        Ok(target) => probed(target).await?,
        Err(trouble) => Health {
            status: Status::Error,
            checked: now(),
            error: Some(trouble.to_string()),
            ..Health::default()
        },
    };
    let asking = service.aside(move |store| {
        store.set_health(id, &health, now())?;
        store.target(id)
    });
    let record = asking.await?.ok_or(Refusal::Unknown)?;
    Ok(api::told(StatusCode::OK, &shown(&record, asker)))
}

async fn find(service: &Service, id: i64) -> Result<Record, Refusal> {
    service.aside(move |store| store.target(id)).await?.ok_or(Refusal::Unknown)
}

/// Makes of a place a target, which has to be there and take files.
async fn found(record: &Record) -> Result<Health, Refusal> {
    let cannot = |why: String| Refusal::Wrong(format!("it cannot be a server: {why}"));
    let target = Target::open(record).map_err(|trouble| cannot(trouble.to_string()))?;
    let founding = tokio::task::spawn_blocking(move || {
        // Its calls may block in the disk.
        tokio::runtime::Handle::current().block_on(async { target.found().await.map(|()| target) })
    });
    let target =
        founding.await.map_err(anyhow::Error::from)?.map_err(|trouble| cannot(trouble.to_string()))?;
    let health = probed(target).await?;
    match &health.error {
        Some(why) => Err(cannot(why.clone())),
        None => Ok(health),
    }
}

async fn probed(target: Target) -> Result<Health, Refusal> {
    let probing =
        tokio::task::spawn_blocking(move || tokio::runtime::Handle::current().block_on(target.health(now())));
    Ok(probing.await.map_err(anyhow::Error::from)?)
}

/// A target as it is told.
///
/// SECURITY: how it is reached is the operator's; where its secret is kept as well, and what that is is never read here.
fn shown(record: &Record, asker: &Asker) -> Value {
    let mut shown = serde_json::to_value(record).expect("plain fields become JSON");
    for space in ["free", "total"] {
        if shown.get(space).is_none() {
            shown[space] = Value::Null;
        }
    }
    if !asker.is_admin() {
        for how in ["url", "base", "secret", "host_key"] {
            shown[how] = Value::Null;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_keeps_no_password() {
        let wrong = |text: &str| {
            let said: Said = serde_json::from_str(text).unwrap();
            said.apply(&mut Record { name: "nas".into(), base: "/srv".into(), ..Record::new(Kind::Dir) })
                .err()
                .map(|it| it.to_string())
        };
        assert_eq!(wrong(r#"{"secret":"env:NAS"}"#), None);
        assert!(
            wrong(r#"{"secret":"hunter2"}"#)
                .is_some_and(|why| why.contains("env:NAME") && !why.contains("hunter2"))
        );
        assert!(wrong(r#"{"url":"sftp://ann:hunter2@nas"}"#).is_some_and(|why| !why.contains("hunter2")));
        for text in [
            r#"{"name":"a b"}"#,
            r#"{"base":"films"}"#,
            r#"{"max_parallel":0}"#,
            r#"{"min_q":1080,"max_q":720}"#,
            "{\"base\":\"/a\\u0000b\"}",
        ] {
            assert!(wrong(text).is_some(), "{text}");
        }
        for slip in [r#"{"passwd":"x"}"#, r#"{"style":"dvd"}"#, r#"{"types":["music"]}"#] {
            assert!(serde_json::from_str::<Said>(slip).is_err(), "{slip}");
        }
    }
}
