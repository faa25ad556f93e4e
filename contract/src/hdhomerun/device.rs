//! Which devices there are, and which channels they have.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, Weak};

use serde::Deserialize;

use super::DeviceId;
use crate::bundle::{List, Section};
use crate::release::{Release, View};
use crate::ticket::Key;
use crate::user::{Groups, Sight, User};

/// Plex takes no device with more channels. What is more goes on in another device.
pub const MOST_CHANNELS: usize = 480;
/// Tuners of a device of which nothing says how many it has, and the most that one may have.
const USUAL_TUNERS: u32 = 4;
const MOST_TUNERS: u32 = 32;

/// What is before the name of a device in a query.
pub const DEVICE: &str = "device";

/// `[[hdhomerun]]` of `coax.toml`: a device.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// What media servers call it. Another name is another device to them.
    pub name: String,
    /// As whom everybody watches who is at home and asks the device: what that user may see is its line-up, what he may
    /// watch at once its limit. Media servers show no password.
    pub user: String,
    /// Only these groups of that, `*` standing for any text; all without.
    #[serde(default)]
    pub groups: Option<Vec<Groups>>,
    /// How many streams it says it has at once; 0: as many as the user may watch and the accounts allow.
    #[serde(default)]
    pub tuners: u32,
}

/// The devices of an installation.
#[derive(Clone, Debug)]
pub struct Devices {
    list: Vec<Device>,
    key: Key,
    /// What was found for each.
    found: Arc<Mutex<Vec<Option<Found>>>>,
}

/// What a device has of a release for one who may see so much.
#[derive(Clone, Debug)]
struct Found {
    /// It is not kept for this.
    release: Weak<Release>,
    sees: Sight,
    channels: Arc<[u32]>,
}

/// A device as media servers see it: a configured one, or as much of it as a device may have channels.
#[derive(Clone, Debug)]
pub struct Tuned {
    /// `Coax`, or `Coax 2` for what follows its first channels.
    pub name: String,
    /// By which it is known.
    pub id: DeviceId,
    /// As whom one watches.
    pub user: Arc<User>,
    /// Streams at once: 1 to 32.
    pub tuners: u32,
    /// The ids of its channels, in the order of the line-up.
    channels: Arc<[u32]>,
    /// Those of them that are its own: a device has [`MOST_CHANNELS`] at most.
    part: Range<usize>,
    release: Arc<Release>,
}

/// A channel of a device: what the line-up says of it that a device says as well.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Channel {
    /// The number by which it is tuned.
    pub num: u32,
    /// Not empty.
    pub name: String,
    /// Our id.
    pub stream_id: u32,
}

impl Devices {
    /// Those that are configured; `key` makes their ids.
    pub fn new(list: Vec<Device>, key: Key) -> Self {
        let found = Arc::new(Mutex::new(vec![None; list.len()]));
        Self { list, key, found }
    }

    /// Whether there are any.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them with what `release` has for them. A device whose user `find` does not find is none.
    pub fn all(&self, release: &Arc<Release>, find: impl Fn(&str) -> Option<Arc<User>>) -> Vec<Tuned> {
        let found =
            self.list.iter().enumerate().filter_map(|(at, device)| Some((at, device, find(&device.user)?)));
        found.flat_map(|(at, device, user)| self.tuned(at, device, &user, release)).collect()
    }

    /// The one of this id; the first without.
    pub fn find(
        &self,
        id: Option<DeviceId>,
        release: &Arc<Release>,
        find: impl Fn(&str) -> Option<Arc<User>>,
    ) -> Option<Tuned> {
        self.all(release, find).into_iter().find(|tuned| id.is_none_or(|id| tuned.id == id))
    }

    /// The one of this name.
    pub fn named(
        &self,
        name: &str,
        release: &Arc<Release>,
        find: impl Fn(&str) -> Option<Arc<User>>,
    ) -> Option<Tuned> {
        self.all(release, find).into_iter().find(|tuned| tuned.name == name)
    }

    fn tuned(&self, at: usize, device: &Device, user: &Arc<User>, release: &Arc<Release>) -> Vec<Tuned> {
        let channels = self.channels(at, device, user, release);
        let tuners = device.tuners(user, release);
        let starts = (0..channels.len().max(1)).step_by(MOST_CHANNELS);
        let part = |(number, start): (u32, usize)| Tuned {
            name: if number == 0 { device.name.clone() } else { format!("{} {}", device.name, number + 1) },
            id: DeviceId::of(&self.key, &device.name, number),
            user: user.clone(),
            tuners,
            channels: channels.clone(),
            part: start..channels.len().min(start + MOST_CHANNELS),
            release: release.clone(),
        };
        (0..).zip(starts).map(part).collect()
    }

    /// The channels of a device, which are looked for once for each release and sight: media servers ask again and again.
    fn channels(&self, at: usize, device: &Device, user: &User, release: &Arc<Release>) -> Arc<[u32]> {
        let found = || self.found.lock().expect("nobody panics while holding this lock");
        let is_it = |it: &&Found| it.release.as_ptr() == Arc::as_ptr(release) && it.sees == user.sees;
        if let Some(known) = found()[at].as_ref().filter(is_it) {
            return known.channels.clone();
        }
        let channels: Arc<[u32]> = device.channels(user, release).into();
        let (release, sees) = (Arc::downgrade(release), user.sees.clone());
        found()[at] = Some(Found { release, sees, channels: channels.clone() });
        channels
    }
}

impl Device {
    fn channels(&self, user: &User, release: &Arc<Release>) -> Vec<u32> {
        let seen = View::of(release.clone(), &user.sees).ids(List::Live);
        let Some(groups) = &self.groups else { return seen };
        let sight = Sight { groups: Some(groups.clone()), ..Sight::default() };
        let ours: HashSet<u32> = View::of(release.clone(), &sight).ids(List::Live).into_iter().collect();
        seen.into_iter().filter(|id| ours.contains(id)).collect()
    }

    fn tuners(&self, user: &User, release: &Release) -> u32 {
        let accounts = release.index.accounts().iter().map(|account| account.max_connections);
        let allowed =
            accounts.reduce(|all, more| if all == 0 || more == 0 { 0 } else { all.saturating_add(more) });
        let known = [user.max_connections, allowed.unwrap_or(0)].into_iter().filter(|most| *most > 0).min();
        let tuners = if self.tuners > 0 { self.tuners } else { known.unwrap_or(USUAL_TUNERS) };
        tuners.min(MOST_TUNERS)
    }
}

impl Tuned {
    /// What tells it from others in the query of an address: `device=Coax+2`.
    pub fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).append_pair(DEVICE, &self.name).finish()
    }

    /// Its channels as the line-up has them, in its order.
    pub fn line_up(&self) -> impl Iterator<Item = Channel> + '_ {
        let channels = self.channels[self.part.clone()].iter();
        let entries = channels.filter_map(|id| self.release.find(Section::LiveStreams, *id));
        entries.filter_map(|entry| serde_json::from_slice(&entry).ok())
    }

    /// How many channels it has.
    pub fn len(&self) -> usize {
        self.part.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.part.is_empty()
    }

    /// The id of the channel of this number.
    pub fn channel(&self, number: u32) -> Option<u32> {
        self.line_up().find(|channel| channel.num == number).map(|channel| channel.stream_id)
    }
}
