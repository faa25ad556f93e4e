//! A relay without the disk: a data folder of its own, kept as the server's is (see [`contract::mirror`]).
//!
//! ```text
//!  serve ──▶ Server (asks, shows the key) ──▶ Mirror ──▶ a data folder ──▶ Follower, Users, Secrets, Episodes
//! ```
//!
//! Whatever reads a data folder reads this one and knows nothing of servers. What was copied last stays when the server is
//! gone. In the folder lie the hashes of passwords and what the addresses of providers need: it is its owner's alone.

mod seats;
mod server;

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use contract::details::Episodes;
use contract::disk::{Access, Data, replace};
use contract::mirror::{Part, State, hash};
use contract::reach;
use contract::release::{ARTEFACTS, BUNDLE, Follower, Manifest, Releases};
use contract::user::Users;
use httpd::metrics::Page;
use serde::Serialize;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::headend::Headend;
use crate::settings::Settings;
use server::{Answer, Here, Server, Trouble};

/// From one question to the next, if the server does not let us wait.
const PAUSE: Duration = Duration::from_millis(250);
/// The same after trouble.
const AGAIN: Duration = Duration::from_secs(1);
/// Episodes that were looked for are not looked for again for this long.
const FRESH: Duration = Duration::from_secs(5);
/// Blocks of which that is remembered; when it is full, all are forgotten.
const BLOCKS: usize = 4096;
/// How long a viewer waits for an episode to be looked for.
const PATIENCE: Duration = Duration::from_secs(3);

/// A copy of what a server has.
pub struct Mirror {
    server: Server,
    data: Data,
    episodes: Episodes,
    /// When blocks of episodes were looked for.
    looked: Mutex<HashMap<u32, Instant>>,
    /// When the server last did not answer who looked for one.
    silent: Mutex<Option<Instant>>,
    looking: Semaphore,
    condition: Mutex<Condition>,
    /// Where viewers have seats.
    headend: OnceLock<Weak<Headend>>,
    /// The folder, if nobody else wants it.
    _folder: Option<TempDir>,
}

/// How good the copy is.
#[derive(Clone)]
struct Condition {
    /// When the server last said what it has.
    heard: Option<Instant>,
    trouble: Option<String>,
}

/// The same for the operator.
#[derive(Serialize)]
pub(crate) struct Report {
    /// Seconds since the server last said what it has; `None` before it did.
    pub(crate) age_s: Option<u64>,
    trouble: Option<String>,
}

/// What is in the folder.
#[derive(Default)]
struct Held {
    state: State,
    /// Of the server's last answer that was kept whole.
    etag: String,
}

impl Mirror {
    /// A copy of what the server at `follow` has. `None` if nobody is followed.
    ///
    /// # Errors
    /// The settings do not go together, or the system gives no folder or no TLS.
    pub fn new(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let Some(base) = settings.follow.clone() else { return Ok(None) };
        let key = settings.follow_key.clone();
        let key = key.context("`follow` in [relay] needs `follow_key`: the `relay_key` in [serve] there")?;
        if base.as_str().starts_with("http://") && !is_near(&base) {
            warn!(
                "`follow` in [relay] is not https: whoever listens on the way sees the key and what it opens"
            );
        }
        let (path, folder) = match settings.cache.as_os_str().is_empty() {
            true => {
                let folder = tempfile::Builder::new().prefix("coax-relay-").tempdir().context("no folder")?;
                (folder.path().to_owned(), Some(folder))
            }
            false => (settings.cache.clone(), None),
        };
        let data = Data::new(path);
        ensure!(
            !data.ids().exists(),
            "`cache` in [relay] is {}, where ingest keeps its own: give the relay another folder",
            data.path().display()
        );
        fs::create_dir_all(data.path()).with_context(|| data.path().display().to_string())?;
        Ok(Some(Self {
            server: Server::new(base, key)?,
            episodes: Episodes::new(&data),
            data,
            looked: Mutex::default(),
            silent: Mutex::default(),
            looking: Semaphore::new(2),
            condition: Mutex::new(Condition { heard: None, trouble: None }),
            headend: OnceLock::new(),
            _folder: folder,
        }))
    }

    /// The folder that it is kept in.
    pub const fn data(&self) -> &Data {
        &self.data
    }

    /// Copies what changes, for as long as somebody holds the mirror.
    pub(crate) fn start(self: &Arc<Self>, follower: Arc<Follower>, users: Arc<Users>) {
        let weak = Arc::downgrade(self);
        let mut held = self.held();
        tokio::spawn(async move {
            while let Some(mirror) = weak.upgrade() {
                let outcome = mirror.round(&mut held, &follower, &users).await;
                let pause = if outcome.is_ok() { PAUSE } else { AGAIN };
                mirror.tell(outcome);
                drop(mirror);
                sleep(pause).await;
            }
        });
    }

    /// Looks whether the server knows the episode `id`, which became known after the release.
    pub(crate) async fn look_for(&self, id: u32) {
        if self.is_silent() {
            return;
        }
        // The turn is waited for as patiently as the answer: a server that is gone holds nobody up for longer.
        let looked = tokio::time::timeout(PATIENCE, self.look(Episodes::block_of(id))).await;
        let Err(why) = looked.unwrap_or(Err(Trouble::Dead("it is silent"))) else { return };
        if matches!(why, Trouble::Dead(_)) {
            *lock(&self.silent) = Some(Instant::now());
        }
        warn!(%why, "episodes are not copied");
    }

    /// Whether the server has not answered a moment ago: whoever asks next need not wait for that again, whatever he
    /// looks for.
    fn is_silent(&self) -> bool {
        lock(&self.silent).is_some_and(|when| when.elapsed() < FRESH)
    }

    async fn look(&self, block: u32) -> Result<(), Trouble> {
        let Ok(_turn) = self.looking.acquire().await else { return Ok(()) };
        let known = lock(&self.looked).get(&block).is_some_and(|when| when.elapsed() < FRESH);
        if known || self.is_silent() {
            return Ok(());
        }
        let copying = async {
            if let Answer::Here(here) = self.server.get(Part::Episodes(block), "").await? {
                self.episodes.write_block(block, &here.whole().await?)?;
            }
            Ok(())
        };
        let copied = copying.await;
        let mut looked = lock(&self.looked);
        if looked.len() >= BLOCKS {
            looked.clear();
        }
        looked.insert(block, Instant::now()); // and not before: who comes meanwhile waits for it
        copied
    }

    pub(crate) fn report(&self) -> Report {
        let Condition { heard, trouble } = lock(&self.condition).clone();
        Report { age_s: heard.map(|heard| heard.elapsed().as_secs()), trouble }
    }

    pub(crate) fn render(&self, page: &mut Page) {
        let age = page.gauge("coax_relay_mirror_age_seconds", "Since the server that is followed was heard.");
        if let Some(seconds) = self.report().age_s {
            age.value(seconds);
        }
    }

    /// What an earlier run has left here.
    fn held(&self) -> Held {
        let small = |path: &Path| fs::read(path).map(|content| hash(&content)).unwrap_or_default();
        let (users, vault) = (small(&self.data.users()), small(&self.data.vault()));
        let releases = Releases::new(self.data.clone());
        let manifest = releases.current().and_then(|number| releases.manifest(number).ok());
        let bundle = manifest.and_then(|it| it.files.into_iter().find(|fact| fact.name == BUNDLE));
        let bundle = bundle.map(|fact| fact.sha256).unwrap_or_default();
        Held { state: State { bundle, users, vault, ..State::default() }, etag: String::new() }
    }

    /// Asks once, and copies what is new.
    async fn round(&self, held: &mut Held, follower: &Follower, users: &Users) -> Result<(), Trouble> {
        let here = match self.server.get(Part::State, &held.etag).await? {
            Answer::Same => return Ok(()),
            Answer::Nothing => return Err(Trouble::Nothing),
            Answer::Here(here) => here,
        };
        let etag = here.etag.clone();
        let state: State = serde_json::from_slice(&here.whole().await?).map_err(|_| Trouble::Foreign)?;
        // The bundle last: its addresses need what is in the vault.
        if state.vault != held.state.vault {
            held.state.vault = self.copy(Part::Vault, &self.data.vault(), &state.vault).await?;
        }
        if state.users != held.state.users {
            held.state.users = self.copy(Part::Users, &self.data.users(), &state.users).await?;
            users.look_again();
        }
        if state.bundle != held.state.bundle && !state.bundle.is_empty() {
            self.publish(&state).await?;
            held.state.bundle.clone_from(&state.bundle);
            if let Err(error) = follower.refresh() {
                warn!(%error, "the release that was copied cannot be opened");
            }
            info!(release = state.release, "copied");
        }
        // What was cut before we began was not open here.
        if !held.etag.is_empty() {
            self.cut(&held.state, &state);
        }
        held.state.cut = state.cut;
        held.etag = etag;
        Ok(())
    }

    /// Cuts the streams of users whose streams were cut at the server since `before`. They may begin anew.
    fn cut(&self, before: &State, now: &State) {
        let Some(headend) = self.headend.get().and_then(Weak::upgrade) else { return };
        let is_new = |user: &str| now.cut.get(user).is_some_and(|time| before.cut.get(user) != Some(time));
        headend.seats.cut_unless(|user, _, _| !is_new(user));
    }

    /// Copies a small file. Returns its hash.
    async fn copy(&self, part: Part, path: &Path, expected: &str) -> Result<String, Trouble> {
        match self.server.get(part, "").await? {
            Answer::Here(here) => {
                let content = here.whole().await?;
                let hash = hash(&content);
                if hash != expected {
                    return Err(Trouble::Different);
                }
                replace(path, &content, Access::Owner)?;
                Ok(hash)
            }
            Answer::Same | Answer::Nothing if expected.is_empty() => match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(String::new()),
            },
            Answer::Same | Answer::Nothing => Err(Trouble::Different),
        }
    }

    /// Makes a release of the server's bundle, which is all that a relay needs of one.
    async fn publish(&self, state: &State) -> Result<(), Trouble> {
        let Answer::Here(mut here) = self.server.get(Part::Bundle, "").await? else {
            return Err(Trouble::Different);
        };
        let releases = Releases::new(self.data.clone());
        let Some(lock) = releases.lock()? else {
            return Err(io::Error::other("another relay uses this `cache`").into());
        };
        let draft = releases.draft(&lock)?;
        let mut manifest =
            Manifest { schema: Manifest::SCHEMA, created: state.created, ..Manifest::default() };
        let mut bundle = draft.artefact(BUNDLE)?;
        write(&mut bundle, &mut here).await?;
        let publishing = move || {
            manifest.files.push(bundle.finish()?);
            for name in ARTEFACTS.into_iter().filter(|name| *name != BUNDLE) {
                manifest.files.push(draft.artefact(name)?.finish()?);
            }
            Ok::<_, io::Error>((draft, manifest))
        };
        let finished = tokio::task::spawn_blocking(publishing).await;
        let (draft, manifest) = finished.map_err(io::Error::other)??;
        if manifest.files[0].sha256 != state.bundle {
            return Err(Trouble::Different);
        }
        let _lock = lock;
        releases.publish(draft, &manifest, 1)?;
        Ok(())
    }

    /// Keeps for the operator how it went, and logs what is new about it.
    fn tell(&self, outcome: Result<(), Trouble>) {
        let mut condition = lock(&self.condition);
        let trouble = outcome.as_ref().err().map(ToString::to_string);
        let news = condition.trouble != trouble;
        match &trouble {
            None => condition.heard = Some(Instant::now()),
            Some(why) if news => warn!(%why, "the server cannot be followed; what was copied stays in use"),
            Some(_) => {}
        }
        if news && trouble.is_none() {
            info!("the server is followed again");
        }
        condition.trouble = trouble;
    }
}

/// Passes what comes in on to the disk, which takes it into its memory; waiting for the disk itself is left to others.
async fn write(file: &mut impl Write, here: &mut Here) -> Result<(), Trouble> {
    while let Some(bytes) = here.next().await? {
        file.write_all(&bytes)?;
    }
    Ok(())
}

/// Whether the server is in our own network, as far as its address tells: a name without a dot is one of a container.
fn is_near(base: &contract::source::BaseUrl) -> bool {
    let url = url::Url::parse(base.as_str()).ok();
    let host = url.as_ref().and_then(url::Url::host_str).unwrap_or("");
    reach::is_private_literal(host) || !host.contains(['.', ':'])
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while holding this lock")
}
