//! Pictures: from the data folder, where ingest puts what is wished for; and for what has none, the initials of its name.
//!
//! Nobody shows a name and a password here, since pictures are loaded by what knows none. An address is sealed, so nobody
//! makes one, and whoever has one has got it from a list.

mod initials;

use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use contract::disk::Data;
use contract::logo::{Found, LogoPath, Logos, Media, Owner, Sealer, Wish};
use contract::ticket::Key;
use http::{HeaderMap, HeaderValue, header};
use httpd::{Coding, Entity, Response};
use serde::Deserialize;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::Server;
use crate::refusal::Refusal;

/// How long an app waits for a picture that nobody has fetched yet.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often it is looked whether it is there.
const LOOK: Duration = Duration::from_millis(100);
/// So many wait at a time; others get initials at once, and ask again later.
const WAITING: usize = 128;
/// A picture that is older is fetched again, while the old one is shown.
const OLD: Duration = Duration::from_secs(7 * 86_400);
/// Where there was no picture, it is looked again after this time.
const NOTHING_FOR: Duration = Duration::from_secs(3600);
/// SECURITY: pictures come from strangers, and SVG is a document. Whoever opens one by itself runs nothing of it.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// What pictures need.
pub(crate) struct Gallery {
    data: Data,
    logos: Logos,
    /// Opened with the installation's key, which is read when it is needed first.
    sealer: OnceCell<Sealer>,
    waiting: Semaphore,
}

/// How long clients and caches may keep what they get.
#[derive(Clone, Copy)]
enum Keep {
    /// It is what it is.
    Week,
    /// It may become a picture.
    Hour,
    /// It will soon.
    Minute,
}

impl Gallery {
    pub(crate) fn new(data: &Data) -> Self {
        let (data, logos) = (data.clone(), Logos::new(data));
        Self { data, logos, sealer: OnceCell::new(), waiting: Semaphore::new(WAITING) }
    }

    async fn sealer(&self) -> Result<&Sealer, Refusal> {
        let loaded = || async {
            let path = self.data.key();
            let key = spawn_blocking(move || Key::load(&path)).await.context("reading secret.key")?;
            anyhow::Ok(Sealer::new(&key.context("secret.key cannot be used")?))
        };
        Ok(self.sealer.get_or_try_init(loaded).await?)
    }

    /// What is known, after a while in which somebody may have fetched it.
    async fn found(&self, sealed: &str) -> Result<Found, Refusal> {
        let found = self.look(sealed).await?;
        let is_due = match &found {
            Found::Picture { age, .. } => *age > OLD,
            Found::None(age) => *age > NOTHING_FOR,
            Found::Nothing => true,
        };
        if !is_due || self.wish(sealed).await? == Wish::Later || found != Found::Nothing {
            return Ok(found);
        }
        let Ok(_turn) = self.waiting.try_acquire() else { return Ok(found) };
        let ends = Instant::now() + PATIENCE;
        while Instant::now() < ends {
            sleep(LOOK).await;
            let found = self.look(sealed).await?;
            if found != Found::Nothing {
                return Ok(found);
            }
        }
        Ok(found)
    }

    async fn look(&self, sealed: &str) -> Result<Found, Refusal> {
        let (logos, sealed) = (self.logos.clone(), sealed.to_owned());
        Ok(spawn_blocking(move || logos.find(&sealed)).await.context("reading a picture")?)
    }

    async fn wish(&self, sealed: &str) -> Result<Wish, Refusal> {
        let (logos, sealed) = (self.logos.clone(), sealed.to_owned());
        let wish = spawn_blocking(move || logos.ask(&sealed)).await.context("wishing for a picture")?;
        // Without the disk there are no wishes, but there are initials.
        Ok(wish.unwrap_or_else(|error| {
            tracing::warn!(%error, "a wish cannot be written");
            Wish::Later
        }))
    }
}

/// Answers a path of [`crate::Route::Logo`].
pub(crate) async fn answer(server: &Server, path: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
    let segments = httpd::segments(path);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let LogoPath { owner, sealed } = LogoPath::read(&segments).ok_or(Refusal::Unknown)?;
    shown(server, owner, &sealed, headers).await
}

/// The picture that the entry of `owner`, which `source` tells of, has at `address`, wherever that is: for pages that know
/// who asks.
pub(crate) async fn of_entry(
    server: &Server,
    owner: Owner,
    source: &str,
    address: &str,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let ours = LogoPath::is_in(owner, address).then(|| address.rsplit('/').next()).flatten();
    let sealer = server.gallery.sealer().await?;
    // One that is too long to be sealed is none.
    let sealed = ours.map(str::to_owned).or_else(|| sealer.seal(source, address));
    let sealed = sealed.or_else(|| sealer.seal(source, "")).ok_or(Refusal::Unknown)?;
    shown(server, owner, &sealed, headers).await
}

async fn shown(
    server: &Server,
    owner: Owner,
    sealed: &str,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let gallery = &server.gallery;
    let picture = gallery.sealer().await?.open(sealed).ok_or(Refusal::Unknown)?;
    // What has no picture never gets one: its entry would have another address then.
    let found = if picture.address.is_empty() { None } else { Some(gallery.found(sealed).await?) };
    let entity = match found {
        Some(Found::Picture { media, hash, bytes, .. }) => entity(media, hash, bytes, Keep::Week),
        None => initials(server, owner, Keep::Week)?,
        Some(Found::None(_)) => initials(server, owner, Keep::Hour)?,
        Some(Found::Nothing) => initials(server, owner, Keep::Minute)?,
    };
    Ok(guarded(entity.reply(headers)))
}

fn initials(server: &Server, owner: Owner, keep: Keep) -> Result<Entity, Refusal> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let entry = server.prepared()?.release.find(owner.list.entries(), owner.id);
    let named = entry.and_then(|entry| serde_json::from_slice::<Named>(&entry).ok());
    let picture = Bytes::from(initials::picture(owner.list, named.as_ref().map_or("", |named| &named.name)));
    let hash = blake3::hash(&picture).to_hex()[..32].to_owned();
    Ok(entity(Media::Svg, hash, picture, keep))
}

fn entity(media: Media, hash: String, bytes: Bytes, keep: Keep) -> Entity {
    let cache = match keep {
        Keep::Week => "public, max-age=604800",
        Keep::Hour => "public, max-age=3600",
        Keep::Minute => "public, max-age=60",
    };
    Entity {
        chunks: vec![bytes],
        content_type: media.content_type(),
        etag: hash,
        coding: Coding::Identity,
        cache,
        ranges: false,
    }
}

fn guarded(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
