//! What relays without the disk copy ([`contract::mirror`]), for those who have the key.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use contract::details::Episodes;
use contract::disk::Data;
use contract::mirror::{Part, State, WAIT, hash};
use contract::release::{BUNDLE, Follower};
use http::HeaderMap;
use httpd::{Coding, Entity, Response};

use crate::elsewhere::Elsewhere;
use crate::refusal::Refusal;

/// How often it is looked for a change while relays wait for one.
const LOOK: Duration = Duration::from_millis(200);

/// What relays copy from.
pub(crate) struct Mirror {
    users: File,
    vault: File,
    episodes: Episodes,
}

/// A small file that is replaced now and then.
struct File {
    path: PathBuf,
    /// Its hash, and what it was when that was computed.
    known: Mutex<(Option<Stamp>, String)>,
}

/// What changes when a file is replaced.
type Stamp = (u64, i64, i64, u64);

impl Mirror {
    pub(crate) fn new(data: &Data) -> Self {
        let file = |path| File { path, known: Mutex::default() };
        Self { users: file(data.users()), vault: file(data.vault()), episodes: Episodes::new(data) }
    }

    /// Answers a relay, which has shown the right key.
    pub(crate) async fn answer(
        &self,
        part: Part,
        follower: &Follower,
        elsewhere: &Elsewhere,
        headers: &HeaderMap,
    ) -> Result<Response, Refusal> {
        let document = |content: Vec<u8>| {
            let etag = hash(&content);
            entity(vec![content.into()], etag).reply(headers)
        };
        match part {
            Part::State => self.state(follower, elsewhere, headers).await,
            Part::Bundle => {
                let release = follower.release().ok_or(Refusal::NotReady)?;
                Ok(entity(vec![release.bundle.clone()], release.hash(BUNDLE).to_owned()).reply(headers))
            }
            Part::Seats => Err(Refusal::Method), // is told, and not asked for
            Part::Users => read(&self.users.path).map(document),
            Part::Vault => read(&self.vault.path).map(document),
            Part::Episodes(block) => {
                let content = self.episodes.read_block(block).context("reading episodes")?;
                if content.is_empty() { Err(Refusal::Unknown) } else { Ok(document(content)) }
            }
        }
    }

    /// What there is now. A relay that has it waits a moment for something else, if it says so.
    async fn state(
        &self,
        follower: &Follower,
        elsewhere: &Elsewhere,
        headers: &HeaderMap,
    ) -> Result<Response, Refusal> {
        let until = Instant::now() + patience(headers);
        loop {
            let state = self.now(follower).context("looking for changes")?;
            let state = State { cut: elsewhere.lately_cut(), ..state };
            let document = serde_json::to_vec(&state).expect("plain fields become JSON");
            let etag = hash(&document);
            let response = entity(vec![document.into()], etag).reply(headers);
            if response.status() != http::StatusCode::NOT_MODIFIED || Instant::now() + LOOK > until {
                return Ok(response);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn now(&self, follower: &Follower) -> io::Result<State> {
        // The release first: what its addresses need is in the vault by the time it is published.
        let release = follower.release();
        let release = release.as_deref();
        Ok(State {
            release: release.map(|release| release.name.clone()).unwrap_or_default(),
            created: release.map_or(0, |release| release.manifest.created),
            bundle: release.map(|release| release.hash(BUNDLE).to_owned()).unwrap_or_default(),
            users: self.users.hash()?,
            vault: self.vault.hash()?,
            ..State::default()
        })
    }
}

impl File {
    /// The hash of its content; empty if it is not there.
    fn hash(&self) -> io::Result<String> {
        let stamp = match fs::metadata(&self.path) {
            Ok(it) => Some((it.ino(), it.mtime(), it.mtime_nsec(), it.size())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let mut known = self.known.lock().expect("nobody panics while holding this lock");
        if known.0 != stamp {
            let hashed = stamp.map(|_| fs::read(&self.path).map(|content| hash(&content)));
            *known = (stamp, hashed.transpose()?.unwrap_or_default());
        }
        Ok(known.1.clone())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    match fs::read(path) {
        Ok(content) => Ok(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Refusal::Unknown),
        Err(error) => Err(anyhow::Error::new(error).context("reading what relays copy").into()),
    }
}

/// RFC 7240, 4.3: how long the client would wait, and may.
fn patience(headers: &HeaderMap) -> Duration {
    let prefer = headers.get("prefer").and_then(|value| value.to_str().ok()).unwrap_or("");
    let wait = prefer.split(',').find_map(|preference| preference.trim().strip_prefix("wait=")?.parse().ok());
    Duration::from_secs(wait.unwrap_or(0)).min(WAIT)
}

fn entity(chunks: Vec<Bytes>, etag: String) -> Entity {
    // SECURITY: no cache between us and a relay may keep it.
    let cache = "private, no-store";
    Entity { chunks, content_type: httpd::reply::JSON, etag, coding: Coding::Identity, cache, ranges: false }
}
