//! Fetches pictures for servers that wish for them: what apps show comes from us, and no provider's host is seen.
//!
//! ```text
//!  logos/wanted/ ──(5 a second)──▶ open the seal ──▶ ask, 8 at a time ──▶ is it a picture? ──▶ logos/
//! ```
//!
//! Whoever tells of a picture says where it is, and that may be anywhere: so it is asked for as what a list names is, and
//! nothing of it is believed but its bytes. A wish that is fulfilled, or never will be, is taken away; so all who wait for
//! the same picture cost one request.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::disk::Data;
use contract::logo::{Logos, Media, Picture, Sealer};
use contract::source::{Budget, Location, Name, Origin, Source};
use contract::ticket::Key;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;
use url::Url;

use crate::Settings;
use crate::fetch::{Ask, Failure, Fetcher, Fetching, Ledgers, Place};
use crate::tape::Tape;

/// Wishes are looked for this often: file events are not trusted on shared disks.
const EVERY: Duration = Duration::from_millis(200);
/// So long nobody is asked when the disk refuses to keep what came: it would be asked for anew, again and again.
const REFUSED: Duration = Duration::from_secs(30);
/// Pictures that are asked for at a time.
const AT_ONCE: usize = 8;
/// What is larger is no logo, in bytes.
const LARGEST: usize = 4 << 20;
/// How long one may take, from the question to its last byte.
const PATIENCE: Duration = Duration::from_secs(10);
/// What nobody has asked for anew within this time is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(60 * 86_400);
/// Pictures are asked for in the pace of people who scroll, which is no matter of any account.
const PACE: Budget = Budget { parallel: AT_ONCE as u32, per_second: 20.0, per_hour: 50_000 };

/// Fulfils wishes until what it gives is dropped. There are some although lists name pictures where sources have them: the
/// page for browsers shows none from elsewhere.
pub(crate) fn start(
    data: &Data,
    sources: &[Source],
    settings: &Settings,
    ledgers: &Arc<Ledgers>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(fulfil(data.clone(), sources.into(), settings.clone(), ledgers.clone()));
    tasks
}

async fn fulfil(data: Data, sources: Vec<Source>, settings: Settings, ledgers: Arc<Ledgers>) {
    let (data, settings, ledgers) = (&data, &settings, &*ledgers);
    let strangers: Vec<Source> = sources.iter().map(as_stranger).collect();
    let fetching = Fetching { data, settings, ledgers, tape: Tape::None };
    let mut desks = HashMap::new();
    for (source, stranger) in sources.iter().zip(&strangers) {
        match Fetcher::new(stranger, fetching) {
            Ok(fetcher) => drop(desks.insert(source.name.as_str(), Desk { fetcher, home: home(source) })),
            Err(failure) => tracing::error!(source = %source.name, %failure, "pictures cannot be asked for"),
        }
    }
    let key = match Key::load(&data.key()) {
        Ok(key) => key,
        Err(error) => return tracing::error!(%error, "secret.key cannot be used: there are no pictures"),
    };
    let (logos, sealer) = (Logos::new(data), Sealer::new(&key));
    let mut studio = Studio { logos, sealer, most: settings.logo_cache, bytes: 0, refused: None };
    studio.prune().await;
    studio.work(&desks).await;
}

/// Where pictures are kept.
struct Studio {
    logos: Logos,
    sealer: Sealer,
    /// Bytes of pictures that may be there.
    most: u64,
    /// Bytes of pictures that are.
    bytes: u64,
    /// When the disk refused last.
    refused: Option<Instant>,
}

/// Asks where one source says that pictures are.
struct Desk<'a> {
    fetcher: Fetcher<'a>,
    /// The host that the configuration names.
    home: Option<String>,
}

impl Studio {
    async fn work(&mut self, desks: &HashMap<&str, Desk<'_>>) {
        let mut running = FuturesUnordered::new();
        let mut known = HashSet::new();
        loop {
            let is_closed = self.refused.is_some_and(|refused| refused.elapsed() < REFUSED);
            let room = if is_closed { 0 } else { AT_ONCE - running.len() };
            let wishes = if room > 0 { self.wishes(&known, room).await } else { Vec::new() };
            for (name, sealed) in wishes {
                known.insert(name.clone());
                let picture = self.sealer.open(&sealed);
                running.push(async move {
                    let outcome = asked(desks, picture).await;
                    (name, sealed, outcome)
                });
            }
            tokio::select! {
                () = sleep(EVERY) => {}
                Some((name, sealed, outcome)) = running.next() => {
                    self.keep(&name, sealed, outcome).await;
                    known.remove(&name);
                }
            }
        }
    }

    /// So many wishes at most that are not `known`, oldest first. What is no wish is taken away.
    async fn wishes(&self, known: &HashSet<String>, room: usize) -> Vec<(String, String)> {
        let (logos, known) = (self.logos.clone(), known.clone());
        let looking = spawn_blocking(move || {
            let names = logos.wishes().inspect_err(|error| tracing::warn!(%error, "wishes cannot be read"));
            let fresh = names.unwrap_or_default().into_iter().filter(|(name, _)| !known.contains(name));
            let opened = fresh.filter_map(|(name, _)| match logos.wish(&name) {
                Some(sealed) => Some((name, sealed)),
                None => logos.done(&name).map_or(None, |()| None),
            });
            opened.take(room).collect()
        });
        looking.await.unwrap_or_default()
    }

    async fn keep(&mut self, name: &str, sealed: String, outcome: Result<(Media, Vec<u8>), Failure>) {
        // Nobody was asked, so nothing is known of it: who still wants it wishes again.
        let is_told = !outcome.as_ref().is_err_and(Failure::is_unasked);
        let (logos, name) = (self.logos.clone(), name.to_owned());
        let keeping = spawn_blocking(move || {
            let picture = outcome.as_ref().ok().map(|(media, bytes)| (*media, &bytes[..]));
            let grown = if is_told { logos.keep(&sealed, picture)? } else { 0 };
            logos.done(&name).map(|()| grown)
        });
        match keeping.await {
            Ok(Ok(grown)) => self.bytes += grown,
            Ok(Err(error)) => {
                tracing::warn!(%error, "a picture cannot be kept; there are no others for {} s", REFUSED.as_secs());
                self.refused = Some(Instant::now());
            }
            Err(_) => {}
        }
        if self.bytes > self.most {
            self.prune().await;
        }
    }

    /// Makes room: a tenth of it, so that it is not one search for each picture.
    async fn prune(&mut self) {
        let (logos, most) = (self.logos.clone(), self.most - self.most / 10);
        match spawn_blocking(move || logos.prune(most, FORGOTTEN)).await {
            Ok(Ok(bytes)) => self.bytes = bytes,
            Ok(Err(error)) => tracing::warn!(%error, "pictures that nobody needs cannot be removed"),
            Err(_) => {}
        }
    }
}

async fn asked(
    desks: &HashMap<&str, Desk<'_>>,
    picture: Option<Picture>,
) -> Result<(Media, Vec<u8>), Failure> {
    let gone = || Failure::Refused("no source tells of it any more".into());
    let picture = picture.ok_or_else(gone)?;
    let desk = desks.get(&*picture.source).ok_or_else(gone)?;
    let outcome = desk.ask(&picture.address).await;
    if let Err(failure) = &outcome {
        tracing::debug!(source = picture.source, %failure, "no picture");
    }
    outcome
}

impl Desk<'_> {
    async fn ask(&self, address: &str) -> Result<(Media, Vec<u8>), Failure> {
        let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or_else(|| Failure::Refused("that is no address".into()))?;
        // A panel in our own network may show what itself has; what lists name elsewhere there is not looked at, unless
        // the source is allowed to.
        let is_home = self.home.is_some() && url.host_str() == self.home.as_deref();
        let place = if is_home { Place::Configured(&url) } else { Place::Listed(&url) };
        let bytes = self.fetcher.get(Ask::new(place, PATIENCE)).await?.whole(LARGEST).await?;
        let media = Media::of(&bytes).ok_or_else(|| Failure::Refused("that is no picture".into()))?;
        Ok((media, bytes))
    }
}

/// A source as it asks for pictures: in its own way, but without what it shows its provider, and in a pace that all share.
fn as_stranger(source: &Source) -> Source {
    let mut stranger = source.clone();
    stranger.name = Name::new("pictures-of-lists").expect("fits the rule"); // for what is counted
    stranger.transport.headers.clear();
    stranger.transport.requests = PACE;
    stranger
}

/// The host that the configuration of `source` names.
fn home(source: &Source) -> Option<String> {
    let location = match &source.origin {
        Origin::Xtream(panel) => return host(panel.urls.first()?.as_str()),
        Origin::M3u(playlist) => &playlist.from,
        Origin::Xmltv(guide) => &guide.from,
        Origin::Scrape(_) | Origin::Acestream(_) => return None,
    };
    match location {
        Location::Web(address) => host(address.reveal()),
        Location::File(_) => None,
    }
}

fn host(address: &str) -> Option<String> {
    Url::parse(address).ok()?.host_str().map(str::to_owned)
}
