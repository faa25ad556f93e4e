//! Downloads: which there are, how far they are, and what shall become of them.

use contract::bundle::Kind;
use http::StatusCode;
use httpd::api::Refusal;
use httpd::{Request, Response, api, reply};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Service;
use super::access::Asker;
use super::answer::{Query, said, sent};
use super::schema::{KINDS, Parameter};
use crate::job::{Job, Priority, State};
use crate::store::{Act, Answer, Changed, Sought, Store, StoreError, Which, now};
use crate::tmdb::{Candidate, Question};

/// How many are told if nobody says.
const USUAL: usize = 100;
/// How many may go on at once.
const LIMIT: std::ops::RangeInclusive<u32> = 1..=100;

/// What shall become of downloads.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Order {
    #[serde(deserialize_with = "said")]
    action: Option<Verb>,
    #[serde(deserialize_with = "said")]
    priority: Option<Priority>,
    /// Of which; `None`: of all.
    #[serde(deserialize_with = "said")]
    ids: Option<Vec<i64>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verb {
    Pause,
    Resume,
    Cancel,
    Retry,
    Top,
}

impl Order {
    fn act(&self) -> Result<Act, Refusal> {
        match (self.action, self.priority) {
            (Some(Verb::Pause), None) => Ok(Act::Pause),
            (Some(Verb::Resume), None) => Ok(Act::Resume),
            (Some(Verb::Cancel), None) => Ok(Act::Cancel),
            (Some(Verb::Retry), None) => Ok(Act::Retry),
            (Some(Verb::Top), None) => Ok(Act::Top),
            (None, Some(class)) => Ok(Act::Priority(class)),
            _ => Err(Refusal::Wrong("say either an `action` or a `priority`".into())),
        }
    }
}

/// `GET /api/downloads`.
pub(super) async fn list(service: &Service, request: &Request) -> Result<Response, Refusal> {
    let query = Query::of(request);
    let sought = Sought {
        states: query.several("state", str::parse::<State>)?,
        kinds: query.several("kind", kind)?,
        target: query.read("server")?,
        text: query.text("text").unwrap_or("").to_owned(),
    };
    let from = query.number("from", 0, u32::MAX as usize)?;
    let most = query.number("most", USUAL, Parameter::MOST)?;
    let asking = service.aside(move |store| {
        let (total, jobs) = store.sought(&sought, from, most)?;
        Ok(json!({ "total": total, "downloads": shown(store, &jobs)?, "holds": store.holds(now())? }))
    });
    Ok(api::told(StatusCode::OK, &asking.await?))
}

/// What is looked for, as answers call it.
fn kind(word: &str) -> Result<Kind, String> {
    serde_json::from_value(word.into()).map_err(|_| format!("expected one of {}", KINDS.join(", ")))
}

/// `GET /api/downloads/{id}`.
pub(super) async fn one(service: &Service, id: i64) -> Result<Response, Refusal> {
    let asking =
        service.aside(move |store| Ok((told(store, id)?, store.events(0, Some(id), Parameter::MOST)?)));
    let (job, events) = asking.await?;
    let job = job.ok_or(Refusal::Unknown)?;
    let events: Vec<Value> = events.iter().map(|event| super::events::shown(event, false)).collect();
    Ok(api::told(StatusCode::OK, &json!({ "download": job, "events": events })))
}

/// `PUT /api/downloads`.
pub(super) async fn change_all(
    service: &Service,
    asker: &Asker,
    request: Request,
) -> Result<Response, Refusal> {
    let order: Order = sent(request).await?;
    let (act, by) = (order.act()?, asker.by());
    let acting = service.aside(move |store| {
        let which = order.ids.as_deref().map_or(Which::All, Which::These);
        store.act(act, which, &by, now())
    });
    Ok(api::told(StatusCode::OK, &json!({ "answers": acting.await? })))
}

/// `PUT /api/downloads/{id}`.
pub(super) async fn change(
    service: &Service,
    asker: &Asker,
    id: i64,
    request: Request,
) -> Result<Response, Refusal> {
    let order: Order = sent(request).await?;
    if order.ids.is_some() {
        return Err(Refusal::Wrong("`ids` are said of several: PUT /api/downloads".into()));
    }
    let job = act(service, asker, id, order.act()?).await?;
    Ok(api::told(StatusCode::OK, &job))
}

/// `DELETE /api/downloads/{id}`.
pub(super) async fn cancel(service: &Service, asker: &Asker, id: i64) -> Result<Response, Refusal> {
    act(service, asker, id, Act::Cancel).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Does it. How the job is told then.
async fn act(service: &Service, asker: &Asker, id: i64, act: Act) -> Result<Value, Refusal> {
    let by = asker.by();
    let acting =
        service.aside(move |store| Ok((store.act(act, Which::These(&[id]), &by, now())?, told(store, id)?)));
    let (answers, job) = acting.await?;
    let job = job.ok_or(Refusal::Unknown)?;
    match answers.into_iter().next() {
        Some(Answer { refused: Some(why), .. }) => Err(Refusal::Conflict(why)),
        _ => Ok(job),
    }
}

fn told(store: &Store, id: i64) -> Result<Option<Value>, StoreError> {
    Ok(shown(store, store.job(id)?.as_slice())?.pop())
}

/// Jobs as they are told: all of them but where on this machine they lie, and what somebody has picked for their titles.
fn shown(store: &Store, jobs: &[Job]) -> Result<Vec<Value>, StoreError> {
    let picks = store.picks(&jobs.iter().filter_map(question).collect::<Vec<_>>())?;
    let shown = jobs.iter().map(|job| {
        let mut shown = serde_json::to_value(job).expect("plain fields become JSON");
        if let Some(fields) = shown.as_object_mut() {
            fields.remove("temp_path");
            let picked = question(job).and_then(|question| picks.get(&question.key("")));
            fields.insert("picked".into(), picked.map_or(Value::Null, picked_as));
        }
        shown
    });
    Ok(shown.collect())
}

/// What may have been picked for a job.
fn question(job: &Job) -> Option<Question<'_>> {
    Question::is_of(&job.wish).then(|| Question::of(&job.wish))
}

/// `null` in `tmdb` where it is none of those that are known.
fn picked_as(picked: &Option<Candidate>) -> Value {
    let known = picked.clone().unwrap_or_default();
    json!({ "tmdb": (known.id > 0).then_some(known.id), "title": known.title, "year": known.year })
}

/// What shall be different of the limits.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Limits {
    #[serde(deserialize_with = "said")]
    downloads: Option<u32>,
    #[serde(deserialize_with = "said")]
    per_account: Option<u32>,
    #[serde(deserialize_with = "said")]
    transfers: Option<u32>,
}

/// `GET /api/limits`.
pub(super) async fn limits(service: &Service) -> Result<Response, Refusal> {
    let configured = service.settings.limits();
    let limits = service.aside(move |store| store.limits(configured)).await?;
    Ok(api::told(StatusCode::OK, &limits))
}

/// `PUT /api/limits`.
pub(super) async fn set_limits(
    service: &Service,
    asker: &Asker,
    request: Request,
) -> Result<Response, Refusal> {
    let Limits { downloads, per_account, transfers } = sent(request).await?;
    if [downloads, per_account, transfers].into_iter().flatten().any(|limit| !LIMIT.contains(&limit)) {
        return Err(Refusal::Wrong(format!("a limit is a number from {} to {}", LIMIT.start(), LIMIT.end())));
    }
    let (changed, by) = (Changed { downloads, per_account, transfers }, asker.by());
    service.aside(move |store| store.set_limits(Some(changed), &by, now())).await?;
    limits(service).await
}

/// `DELETE /api/limits`.
pub(super) async fn reset_limits(service: &Service, asker: &Asker) -> Result<Response, Refusal> {
    let by = asker.by();
    service.aside(move |store| store.set_limits(None, &by, now())).await?;
    limits(service).await
}
