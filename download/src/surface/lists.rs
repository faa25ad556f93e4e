//! Lists: the line-up and those that somebody has uploaded, what is new in them, and what of it is wanted.

use anyhow::Context;
use contract::library::title::Kind;
use http::StatusCode;
use httpd::api::Refusal;
use httpd::{Request, Response, api, reply};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Asker;
use super::answer::{Query, said, sent};
use super::comparing::compared;
use super::recording::Recording;
use super::schema::Parameter;
use super::{Service, upload};
use crate::compared::{Compared, by_ids, line_up};
use crate::difference::{Class, Word};
use crate::entry::Entry;
use crate::job::{Priority, Wish};
use crate::line_up::{For, wish};
use crate::quality::{Class as Lines, Wanted};
use crate::selection::Selection;
use crate::shelf::Kept;
use crate::store::{Added, Directed, now};

/// How many are told if nobody says.
const USUAL: usize = 100;

/// `GET /api/lists`.
pub(super) async fn list(service: &Service) -> Result<Response, Refusal> {
    let shelf = service.shelf.clone();
    let all = service.aside(move |_| shelf.all()).await?;
    Ok(api::told(StatusCode::OK, &json!({ "lists": all })))
}

/// `POST /api/lists`.
pub(super) async fn add(service: &Service, asker: &Asker, request: Request) -> Result<Response, Refusal> {
    let query = Query::of(&request);
    let main = query.read::<bool>("main")?.unwrap_or(false);
    let name = crate::shelf::name(query.text("name").unwrap_or(""))
        .map_err(|why| Refusal::Wrong(format!("`name`: {why}")))?;
    let about = Kept {
        id: 0,
        name,
        main,
        entries: 0,
        bytes: 0,
        sha256: String::new(),
        created: 0,
        user: asker.by().user,
    };
    let kept = upload::take(service, request, about).await?;
    Ok(api::told(StatusCode::CREATED, &kept))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Marked {
    main: bool,
}

/// `PUT /api/lists/{id}`.
pub(super) async fn change(service: &Service, id: i64, request: Request) -> Result<Response, Refusal> {
    let Marked { main } = sent(request).await?;
    let shelf = service.shelf.clone();
    let kept = service.aside(move |_| shelf.set_main(id, main)).await?.ok_or(Refusal::Unknown)?;
    service.comparing.forget();
    Ok(api::told(StatusCode::OK, &kept))
}

/// `DELETE /api/lists/{id}`.
pub(super) async fn remove(service: &Service, id: i64) -> Result<Response, Refusal> {
    let shelf = service.shelf.clone();
    let removed = service.aside(move |_| shelf.remove(id)).await?;
    service.comparing.forget();
    if removed { Ok(reply::empty(StatusCode::NO_CONTENT)) } else { Err(Refusal::Unknown) }
}

/// `GET /api/lists/{id}/diff`.
pub(super) async fn difference(service: &Service, id: i64, request: &Request) -> Result<Response, Refusal> {
    let query = Query::of(request);
    let lines = |name| Ok::<_, Refusal>(query.read::<Lines>(name)?.map(|lines| lines.0));
    let (min, max, unknown, cam) = (lines("min")?, lines("max")?, query.read("unknown")?, query.read("cam")?);
    let wanted = wanted(min, max, unknown, cam);
    let classes = query.several("class", str::parse::<Word>)?;
    let (text, group) = (query.text("text").unwrap_or("").to_owned(), query.text("group").map(str::to_owned));
    let from = query.number("from", 0, u32::MAX as usize)?;
    let most = query.number("most", USUAL, Parameter::MOST)?;
    let compared = compared(service, id, wanted).await?;
    let telling = tokio::task::spawn_blocking(move || page(&compared, &classes, (text, group), from, most));
    Ok(api::told(StatusCode::OK, &telling.await.context("telling a difference")?))
}

/// A page of a difference.
fn page(
    compared: &Compared,
    classes: &[Word],
    (text, group): (String, Option<String>),
    from: usize,
    most: usize,
) -> Value {
    let counts: serde_json::Map<String, Value> = compared
        .difference
        .counts()
        .into_iter()
        .map(|(word, count)| (word.word().into(), json!(count)))
        .collect();
    let selection =
        Selection { classes: Vec::new(), groups: group.into_iter().collect(), text, places: Vec::new() };
    // What is gone is in no list: it is told from those that had it.
    if classes == [Word::Gone] {
        let gone = &compared.difference.gone;
        let told = gone
            .iter()
            .skip(from)
            .take(most)
            .map(|place| shown(&compared.main[*place as usize], *place, Class::Gone, false));
        return json!({ "counts": counts, "total": gone.len(), "entries": told.collect::<Vec<_>>() });
    }
    let listed = classes.is_empty() && selection.groups.is_empty() && selection.text.is_empty();
    let places: Vec<u32> = if listed {
        (0..u32::try_from(compared.list.len()).unwrap_or(u32::MAX)).collect()
    } else {
        let classes = if classes.is_empty() { Word::ALL.to_vec() } else { classes.to_vec() };
        let class = |place: &u32| compared.difference.classes[*place as usize].word();
        let matching = selection.matching(&compared.list).into_iter();
        matching.filter(|place| classes.contains(&class(place))).collect()
    };
    let told = places.iter().skip(from).take(most).map(|place| {
        let class = compared.difference.classes[*place as usize];
        shown(&compared.list[*place as usize], *place, class, compared.source(*place).is_some())
    });
    json!({ "counts": counts, "total": places.len(), "entries": told.collect::<Vec<_>>() })
}

/// An entry as it is told.
///
/// SECURITY: its address is not, which holds a name and a password.
fn shown(entry: &Entry, place: u32, class: Class, available: bool) -> Value {
    let reason = match class {
        Class::Filtered(reason) => json!(reason.to_string()),
        _ => Value::Null,
    };
    let kind = match entry.kind {
        Kind::Film => "movie",
        Kind::Series => "series",
        Kind::Novela => "novela",
        Kind::Live => "live",
    };
    json!({
        "place": place, "class": class.word().word(), "reason": reason, "kind": kind,
        "title": entry.title, "year": entry.year, "season": entry.season, "episode": entry.episode,
        "name": entry.name, "quality": entry.quality.to_string(), "language": entry.language,
        "voice": entry.voice.map(|voice| voice.word()), "group": entry.group, "tmdb": entry.tmdb, "available": available,
    })
}

/// What is wanted of a list.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wished {
    #[serde(deserialize_with = "said")]
    classes: Option<Vec<Word>>,
    #[serde(deserialize_with = "said")]
    groups: Option<Vec<String>>,
    #[serde(deserialize_with = "said")]
    text: Option<String>,
    #[serde(deserialize_with = "said")]
    places: Option<Vec<u32>>,
    #[serde(deserialize_with = "said")]
    ids: Option<Vec<u32>>,
    #[serde(deserialize_with = "said")]
    recording: Option<Recording>,
    #[serde(deserialize_with = "said")]
    server: Option<i64>,
    #[serde(deserialize_with = "said")]
    priority: Option<Priority>,
    #[serde(deserialize_with = "said")]
    min: Option<u16>,
    #[serde(deserialize_with = "said")]
    max: Option<u16>,
    #[serde(deserialize_with = "said")]
    unknown: Option<bool>,
    #[serde(deserialize_with = "said")]
    cam: Option<bool>,
}

/// `POST /api/lists/{id}/select`.
pub(super) async fn select(
    service: &Service,
    asker: &Asker,
    id: i64,
    request: Request,
) -> Result<Response, Refusal> {
    let wished: Wished = sent(request).await?;
    let server = wished.server;
    if wished.ids.is_some() || wished.recording.is_some() {
        return Err(Refusal::Wrong("`ids` are those of the line-up: POST /api/downloads".into()));
    }
    let priority = wished.priority;
    let wanted = wanted(wished.min, wished.max, wished.unknown, wished.cam);
    let selection = Selection {
        classes: wished.classes.unwrap_or_default(),
        groups: wished.groups.unwrap_or_default(),
        text: wished.text.unwrap_or_default(),
        places: wished.places.unwrap_or_default(),
    };
    if selection == Selection::default() {
        return Err(Refusal::Wrong("say what: `classes`, `groups`, `text` or `places`".into()));
    }
    if selection.classes.contains(&Word::Gone) {
        return Err(Refusal::Wrong("what is gone cannot be had".into()));
    }
    let compared = compared(service, id, wanted).await?;
    let whom = For { target: server.unwrap_or(For::ANY), priority, user: asker.by().user };
    let choosing = tokio::task::spawn_blocking(move || {
        let chosen = selection.of(&compared.list, &compared.difference);
        let wishes = chosen.iter().map(|place| wish(compared.source(*place)?, &whom));
        wishes.collect::<Vec<Option<Wish>>>()
    });
    let wishes = choosing.await.context("choosing of a list")?;
    let unavailable = wishes.iter().filter(|wish| wish.is_none()).count();
    add_wishes(service, asker, wishes.into_iter().flatten().collect(), (server, unavailable)).await
}

/// `POST /api/downloads`: of the line-up, by its ids; or what a channel sends.
pub(super) async fn add_ids(service: &Service, asker: &Asker, request: Request) -> Result<Response, Refusal> {
    let mut wished: Wished = sent(request).await?;
    let server = wished.server;
    let whom = For { target: server.unwrap_or(For::ANY), priority: wished.priority, user: asker.by().user };
    if wished.recording.is_some() && wished.ids.is_some() {
        return Err(Refusal::Wrong("say either `ids` or `recording`".into()));
    }
    if let Some(recording) = wished.recording.take() {
        let (data, settings) = (service.data.clone(), service.settings.clone());
        let wishing = tokio::task::spawn_blocking(move || recording.wish(&data, &settings, &whom));
        let wish = wishing.await.context("choosing of a channel")??;
        return add_wishes(service, asker, vec![wish], (server, 0)).await;
    }
    let Wished { ids: Some(ids), classes: None, groups: None, text: None, places: None, .. } = wished else {
        return Err(Refusal::Wrong("say which: `ids`, as the lists of films and episodes have them".into()));
    };
    let data = service.data.clone();
    let choosing = tokio::task::spawn_blocking(move || {
        let (found, unknown) = by_ids(&line_up(&data)?, &ids);
        let wishes = found.iter().filter_map(|entry| wish(entry, &whom)).collect();
        anyhow::Ok((wishes, unknown.len()))
    });
    let (wishes, unknown) = choosing.await.context("choosing of the line-up")??;
    add_wishes(service, asker, wishes, (server, unknown)).await
}

/// Makes jobs, where there are none yet; each for the server that suits it best, if none is said.
async fn add_wishes(
    service: &Service,
    asker: &Asker,
    wishes: Vec<Wish>,
    (server, unavailable): (Option<i64>, usize),
) -> Result<Response, Refusal> {
    let (rules, reserve, by) = (service.settings.rules(), service.settings.reserve, asker.by());
    let adding = service.aside(move |store| {
        let Directed { wishes, nowhere } = match server {
            Some(_) => Directed { wishes, nowhere: Vec::new() },
            None => store.direct(wishes, reserve)?,
        };
        Ok((store.add(&wishes, &by, &rules, now())?, nowhere.len()))
    });
    let (all, unserved) = adding.await?;
    let added: Vec<i64> =
        all.iter().filter_map(|it| if let Added::New(id) = it { Some(*id) } else { None }).collect();
    let there = all.len() - added.len();
    Ok(api::told(
        StatusCode::OK,
        &json!({
            "added": added, "there": there, "unavailable": unavailable, "unserved": unserved
        }),
    ))
}

/// Which pictures are wanted, where something is said of it.
fn wanted(min: Option<u16>, max: Option<u16>, unknown: Option<bool>, cam: Option<bool>) -> Wanted {
    let usual = Wanted::default();
    // Whoever says one end of the range means it, whatever the other one usually is.
    Wanted {
        min: min.unwrap_or(usual.min.min(max.unwrap_or(u16::MAX))),
        max: max.unwrap_or(usual.max.max(min.unwrap_or(0))),
        unknown: unknown.unwrap_or(usual.unknown),
        cam: cam.unwrap_or(usual.cam),
    }
}
