//! A station, a release that lists what it sends, some users, and a relay between them.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use contract::address::Template;
use contract::bundle::{self, Kind, Playable, Protocol, Section, Upstream, Writer};
use contract::disk::Data;
use contract::release::{ARTEFACTS, BUNDLE, Follower, Manifest, Releases};
use contract::secret::Secret;
use contract::source::{Acestream, BaseUrl, Location, Login, M3u, Name, Origin, Source, Transport, Xtream};
use contract::user::{PasswordHash, User, Users};
use contract::zone::Zone;
use relay::{Relay, Settings};
use station::Station;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Our id of the first channel; the others follow.
pub(crate) const LIVE: u32 = 1;
/// Our id of the first film.
pub(crate) const FILM: u32 = 9001;
/// Our id of the first episode.
pub(crate) const EPISODE: u32 = 9501;
/// A series.
pub(crate) const SERIES: u32 = 77;
/// A channel that the provider does not know.
pub(crate) const UNKNOWN_THERE: u32 = 701;
/// A channel of a provider that is switched off.
pub(crate) const DEAD: u32 = 702;
/// A channel with a dead upstream before a living one.
pub(crate) const SECOND_CHOICE: u32 = 703;
/// A channel with an upstream that its provider does not know before one that it has.
pub(crate) const SECOND_OF_ONE: u32 = 704;
/// The first of ten channels of Ace Stream, as lists have them; ten more follow, the same by infohash.
pub(crate) const ACE: u32 = 821;
/// The first of the channels that come from HLS origins.
pub(crate) const ORIGIN: u32 = 801;
/// A channel with two upstreams that send, of the first and of the second channel.
pub(crate) const TWO_UPSTREAMS: u32 = 705;
/// The first of the channels of a playlist, one for each of [`TEMPLATES`].
pub(crate) const TEMPLATED: u32 = 751;
/// How the past of these is asked for, below the provider's address, of the channel `ID`.
pub(crate) const TEMPLATES: [&str; 4] = [
    "timeshift/station/station/{duration:60}/${start}/ID.ts",
    "timeshift/station/station/{duration:60}/{Y}-{m}-{d}:{H}-{M}/ID.ts",
    "live/station/station/ID.ts?utc={utc}&lutc={lutc}",
    "live/station/station/ID.m3u8?utc={utc}&lutc={utcend}",
];
/// A film of the provider that is switched off.
pub(crate) const DEAD_FILM: u32 = 9901;
/// A film with an upstream at that provider before a living one.
pub(crate) const FILM_OF_TWO: u32 = 9902;

/// A film that its provider has as HLS; the next one has gaps, the one after it no end; then come fragmented MP4,
/// sound that has a playlist of its own, rights, and fragmented MP4 before an upstream at the provider of `Plan::dead`.
pub(crate) const SEGMENTED: u32 = 9903;

/// What is running in a test. Ends with it.
pub(crate) struct Stage {
    pub(crate) station: Station,
    pub(crate) relay: Arc<Relay>,
    pub(crate) address: SocketAddr,
    pub(crate) users: Arc<Users>,
    server: tokio::task::JoinHandle<()>,
    pub(crate) data: Data,
    /// What another relay is made with.
    again: (Settings, Vec<Source>),
    _folder: TempDir,
}

/// What a test can ask for. The rest is as in life, only quicker.
pub(crate) struct Plan {
    pub(crate) station: station::Settings,
    pub(crate) relay: Settings,
    pub(crate) http: httpd::Settings,
    /// Connections that each login allows.
    pub(crate) connections: u32,
    /// What time it is, in Unix seconds, if it is not now.
    pub(crate) now: Option<u64>,
    /// Addresses of the provider that are tried before the one where it is.
    pub(crate) before: Vec<SocketAddr>,
    /// Where the provider that is switched off lives, if somebody else is there now.
    pub(crate) dead: Option<SocketAddr>,
    /// Where the Ace Stream engine is, if it is not the station's.
    pub(crate) engine: Option<BaseUrl>,
    /// How the provider is asked.
    pub(crate) transport: Transport,
    /// The host that the provider is configured by, if it is not its address.
    pub(crate) named: Option<&'static str>,
    /// Channels that come from HLS origins with these quirks, as `variant/` and a variant of the station's transport
    /// streams, or from a path that begins with a slash, in which `{id}` is the provider's id: ids from [`ORIGIN`] on, in
    /// order. Behind `called-ts,` is a list that the release calls a transport stream.
    pub(crate) origins: Vec<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            station: station::Settings {
                accounts: vec![station::Account { max_connections: 8, ..Default::default() }],
                ..Default::default()
            },
            relay: Settings {
                linger: Duration::ZERO,
                film_linger: Duration::from_millis(300),
                slot_patience: Duration::from_millis(300),
                failure_memory: Duration::ZERO,
                ..Settings::default()
            },
            http: httpd::Settings::default(),
            connections: 8,
            now: None,
            before: Vec::new(),
            dead: None,
            engine: None,
            transport: Transport::default(),
            named: None,
            origins: Vec::new(),
        }
    }
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(Plan::default()).await
    }

    pub(crate) async fn with(plan: Plan) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let zone = plan.station.zone.clone();
        let logins: Vec<Login> = plan.station.accounts.iter().map(login).collect();
        let station = Station::start(plan.station).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let connections = vec![plan.connections; logins.len()];
        publish(&data, &station, (&connections, &zone), &plan.origins);
        let users = Arc::new(Users::new(data.clone()));
        users.edit(|users| users.extend([user("ann", 0), user("bob", 1)])).unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let closed = plan.dead.unwrap_or(closed);
        let mut addresses = plan.before;
        addresses.push(station.address());
        let mut addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        if let Some(host) = plan.named {
            addresses = vec![format!("{host}:{}", station.address().port())];
        }
        let sources = vec![
            Source { transport: plan.transport, ..source("station", &addresses, logins) },
            source("dead", &[closed.to_string()], vec![login(&station::Account::default())]),
            listed_by_hand(),
            playlist(),
        ];
        let mut settings = plan.relay;
        settings.ace_engine = plan.engine.unwrap_or_else(|| BaseUrl::new(&station.engine_url()).unwrap());
        let again = (settings.clone(), sources.clone());
        let follower = Follower::start(data.clone());
        let relay = match plan.now {
            Some(now) => Relay::with_clock(settings, sources, follower, users.clone(), move || now),
            None => Relay::new(settings, sources, follower, users.clone()),
        };
        let relay = relay.unwrap();
        let (server, address) = serve(&relay, plan.http).await;
        Self { station, relay, address, users, server, data, again, _folder: folder }
    }

    /// The relay ends, and another one begins in its place with what is on the disk.
    pub(crate) async fn restart(&mut self) {
        self.relay.close();
        self.server.abort();
        let (settings, sources) = self.again.clone();
        self.users = Arc::new(Users::new(self.data.clone()));
        let follower = Follower::start(self.data.clone());
        self.relay = Relay::new(settings, sources, follower, self.users.clone()).unwrap();
        (self.server, self.address) = serve(&self.relay, httpd::Settings::default()).await;
    }

    /// The provider's id of a channel of Ace Stream.
    pub(crate) fn content(&self, channel: u32) -> u32 {
        self.station.catalogue().live_id((channel - ACE) % 10)
    }

    /// The provider's id of the `place`th channel that comes from an HLS origin.
    pub(crate) fn origin(&self, place: u32) -> u32 {
        self.station.catalogue().live_id(place)
    }

    /// The provider's id of one of our channels.
    pub(crate) fn there(&self, channel: u32) -> u32 {
        self.station.catalogue().live_id(channel - LIVE)
    }

    /// The address of a stream for `ann`.
    pub(crate) fn path(channel: u32) -> String {
        format!("/live/ann/secret/{channel}.ts")
    }
}

/// Answers for `relay`, at which address.
pub(crate) async fn serve(
    relay: &Arc<Relay>,
    settings: httpd::Settings,
) -> (tokio::task::JoinHandle<()>, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answering = relay.clone();
    let answer = move |mut request, peer| {
        let relay = answering.clone();
        relay.strip(&mut request, peer);
        async move { relay.answer(request, peer).await }
    };
    (tokio::spawn(httpd::serve(listener, settings, answer, std::future::pending())), address)
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn source(name: &str, addresses: &[String], accounts: Vec<Login>) -> Source {
    let urls = addresses.iter().map(|address| BaseUrl::new(&format!("http://{address}")).unwrap()).collect();
    let origin = Origin::Xtream(Xtream { urls, accounts });
    let (transport, gate) = Default::default();
    Source { name: Name::new(name).unwrap(), origin, transport, gate }
}

/// A playlist whose provider is a neighbour.
fn playlist() -> Source {
    let from = Location::File("list.m3u".into());
    let origin = Origin::M3u(M3u { from, guides: false, max_connections: 4 });
    let transport = Transport { private_addresses: true, ..Transport::default() };
    Source { name: Name::new("list").unwrap(), origin, transport, gate: Default::default() }
}

/// Where channels of Ace Stream are listed.
fn listed_by_hand() -> Source {
    let origin = Origin::Acestream(Acestream { channels: Vec::new(), from: None });
    let (transport, gate) = Default::default();
    Source { name: Name::new("ace").unwrap(), origin, transport, gate }
}

fn login(account: &station::Account) -> Login {
    let secret = |text: &str| Secret::new(text);
    Login { username: secret(&account.username), password: secret(&account.password), max_connections: None }
}

pub(crate) fn user(name: &str, max_connections: u32) -> User {
    User { max_connections, ..User::new(name, PasswordHash::new("secret"), 1) }
}

/// A release with everything the station has, whose logins allow so many connections each and whose clock is that of a
/// zone.
pub(crate) fn publish(
    data: &Data,
    station: &Station,
    (connections, zone): (&[u32], &str),
    origins: &[String],
) {
    let releases = Releases::new(data.clone());
    let lock = releases.lock().unwrap().unwrap();
    let draft = releases.draft(&lock).unwrap();
    let mut manifest = Manifest { schema: Manifest::SCHEMA, ..Manifest::default() };
    for name in ARTEFACTS {
        let mut artefact = draft.artefact(name).unwrap();
        if name == BUNDLE {
            let mut bundle = Writer::new(&mut artefact).unwrap();
            for (section, entry) in lists() {
                bundle.push(section, &entry).unwrap();
            }
            for (login, most) in connections.iter().enumerate() {
                let account = bundle::Account::new("station", login, *most);
                let account = bundle::Account { zone: Zone::of(zone).unwrap(), ..account };
                bundle.push(Section::Accounts, &account).unwrap();
            }
            for playable in playables(station)
                .into_iter()
                .chain(from_origins(station, origins))
                .chain(from_engine(station))
                .chain(from_playlist(station))
            {
                bundle.push(Section::Playables, &playable).unwrap();
            }
            bundle.finish().unwrap();
        } else {
            artefact.write_all(b"-").unwrap();
        }
        manifest.files.push(artefact.finish().unwrap());
    }
    releases.publish(draft, &manifest, 2).unwrap();
}

/// The first two channels, the first film and a series, each in a group of its own.
fn lists() -> Vec<(Section, serde_json::Value)> {
    let group = |section, id: &str, name: &str| {
        (section, serde_json::json!({ "category_id": id, "category_name": name }))
    };
    let entry = |section, key: &str, id: u32, group: u32| {
        (section, serde_json::json!({ key: id, "num": id, "name": "One", "category_ids": [group] }))
    };
    vec![
        group(Section::LiveCategories, "1", "News"),
        group(Section::LiveCategories, "2", "Sport"),
        entry(Section::LiveStreams, "stream_id", LIVE, 1),
        entry(Section::LiveStreams, "stream_id", LIVE + 1, 2),
        group(Section::VodCategories, "3", "Films"),
        entry(Section::VodStreams, "stream_id", FILM, 3),
        group(Section::SeriesCategories, "4", "Drama"),
        entry(Section::Series, "series_id", SERIES, 4),
    ]
}

fn from_origins(station: &Station, origins: &[String]) -> Vec<Playable> {
    let origins = origins.iter().zip(0..).map(|(quirks, place)| {
        let called_ts = quirks.strip_prefix("called-ts,");
        let protocol = if called_ts.is_some() { Protocol::Ts } else { Protocol::Hls };
        let quirks = called_ts.unwrap_or(quirks);
        let there = station.catalogue().live_id(place);
        let (path, protocol) = match (quirks.strip_prefix('/'), quirks.strip_prefix("variant/")) {
            (Some(path), _) => (path.replace("{id}", &there.to_string()), protocol),
            (_, Some(_)) => (format!("{quirks}/{{username}}/{{password}}/{there}.ts"), Protocol::Ts),
            _ => (format!("origin/{quirks}/{{username}}/{{password}}/{there}/index.m3u8"), protocol),
        };
        let upstreams = vec![upstream("station", &path, protocol)];
        Playable { id: ORIGIN + place, kind: Kind::Live, container: "ts".into(), series: 0, upstreams }
    });
    origins.collect()
}

fn from_engine(station: &Station) -> Vec<Playable> {
    let links = (0..10).map(|index| format!("acestream://{}", station.listed_id(index)));
    let hashes = (0..10).map(|index| format!("acestream:?infohash={}", station.infohash(index)));
    let channel = |(path, id): (String, u32)| {
        let upstreams = vec![upstream("ace", &path, Protocol::Ace)];
        Playable { id, kind: Kind::Live, container: "ts".into(), series: 0, upstreams }
    };
    links.chain(hashes).zip(ACE..).map(channel).collect()
}

/// Channels of a playlist, with the past of the provider's sixth channel.
fn from_playlist(station: &Station) -> Vec<Playable> {
    let there = station.catalogue().live_id(5);
    let channel = |(template, id): (&str, u32)| {
        let url = station.url();
        let text = format!("{url}/{}", template.replace("ID", &there.to_string()));
        let live = upstream("list", &format!("{url}/live/station/station/{there}.ts"), Protocol::Ts);
        let past = Some(Box::new(Template { text, correction: 0 }));
        let upstreams = vec![Upstream { archive: 3, past, ..live }];
        Playable { id, kind: Kind::Live, container: "ts".into(), series: 0, upstreams }
    };
    TEMPLATES.into_iter().zip(TEMPLATED..).map(channel).collect()
}

fn playables(station: &Station) -> Vec<Playable> {
    let catalogue = station.catalogue();
    let live = |id, account: &str, there: u32| Playable {
        id,
        kind: Kind::Live,
        container: "ts".into(),
        series: 0,
        upstreams: vec![upstream(
            account,
            &format!("live/{{username}}/{{password}}/{there}.ts"),
            Protocol::Ts,
        )],
    };
    let file = |id, kind, word: &str, there: u32, container: &str| Playable {
        id,
        kind,
        container: container.into(),
        series: if kind == Kind::Episode { SERIES } else { 0 },
        upstreams: vec![upstream(
            "station",
            &format!("{word}/{{username}}/{{password}}/{there}.{container}"),
            Protocol::File,
        )],
    };
    let mut all: Vec<Playable> =
        (0..catalogue.live()).map(|place| live(LIVE + place, "station", catalogue.live_id(place))).collect();
    all.iter_mut()
        .zip(0..)
        .for_each(|(channel, at)| channel.upstreams[0].archive = catalogue.archive_days(at));
    let mut second = live(SECOND_CHOICE, "dead", catalogue.live_id(0));
    second.upstreams.extend(live(0, "station", catalogue.live_id(0)).upstreams);
    let mut other = live(SECOND_OF_ONE, "station", 999_999);
    other.upstreams.extend(live(0, "station", catalogue.live_id(0)).upstreams);
    let mut two = live(TWO_UPSTREAMS, "station", catalogue.live_id(0));
    two.upstreams.extend(live(0, "station", catalogue.live_id(1)).upstreams);
    all.extend([live(UNKNOWN_THERE, "station", 999_999), live(DEAD, "dead", 1), second, other, two]);
    let elsewhere = upstream("dead", "film.mp4", Protocol::File);
    all.push(Playable {
        id: DEAD_FILM,
        kind: Kind::Movie,
        container: "mp4".into(),
        series: 0,
        upstreams: vec![elsewhere],
    });
    let mut of_two = file(FILM_OF_TWO, Kind::Movie, "movie", catalogue.film_id(0), "mp4");
    of_two.upstreams.insert(0, upstream("dead", "film.mp4", Protocol::File));
    all.push(of_two);
    for (quirks, id) in ["vod", "vod,gap:3", "plain", "vod,fmp4", "vod,audio", "vod,sample-aes", "vod,fmp4"]
        .into_iter()
        .zip(SEGMENTED..)
    {
        let there = catalogue.live_id(0);
        let path = format!("origin/{quirks}/{{username}}/{{password}}/{there}/index.m3u8");
        let mut upstreams = vec![upstream("station", &path, Protocol::Hls)];
        if id == SEGMENTED + 6 {
            upstreams.push(upstream("dead", "film.ts", Protocol::File));
        }
        all.push(Playable { id, kind: Kind::Movie, container: "ts".into(), series: 0, upstreams });
    }
    let films = 0..catalogue.films();
    all.extend(films.map(|place| file(FILM + place, Kind::Movie, "movie", catalogue.film_id(place), "mp4")));
    let episodes = catalogue.episode_ids(0).into_iter().zip(EPISODE..);
    all.extend(episodes.map(|(there, id)| file(id, Kind::Episode, "series", there, "mkv")));
    all
}

pub(crate) fn upstream(account: &str, path: &str, protocol: Protocol) -> Upstream {
    Upstream {
        account: account.into(),
        path: path.into(),
        protocol,
        headers: Default::default(),
        archive: 0,
        past: None,
    }
}
