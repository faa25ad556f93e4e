//! `[relay]` of `coax.toml`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use contract::config::{ConfigError, seconds, variable};
use contract::hdhomerun::Device;
use contract::network::Network;
use contract::secret::{SharedKey, optional_key};
use contract::source::BaseUrl;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::slot::Courtesy;

/// How channels are received and shared. Durations are written as seconds, such as `15` or `1.5`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Who shows this key (`Authorization: Bearer KEY`) may read `/status.json` and `/metrics` from anywhere; without one
    /// only this machine may. It opens nothing else.
    #[serde(deserialize_with = "optional_key")]
    pub key: Option<SharedKey>,
    /// The address that apps reach us under, if it is not the one they send: `public_base_url`, which stands outside of
    /// `[relay]`.
    #[serde(skip)]
    pub public: Option<BaseUrl>,
    /// The devices of `[[hdhomerun]]`, which stands outside of it as well.
    #[serde(skip)]
    pub hdhomerun: Vec<Device>,
    /// The server to copy the line-up and the users from, such as `https://tv.example.com`, for a relay without the data
    /// folder. `COAX_FOLLOW` overrides it. For the program `relay` alone.
    #[serde(deserialize_with = "optional_url")]
    pub follow: Option<BaseUrl>,
    /// The key that opens it there: the `relay_key` in its `[serve]`. `COAX_RELAY_KEY` overrides it.
    #[serde(deserialize_with = "optional_key")]
    pub follow_key: Option<SharedKey>,
    /// The folder that the copy is kept in, so that a relay that is started anew has it when the server is gone. Empty: a
    /// temporary one.
    pub cache: PathBuf,
    /// Proxies that are believed when they say (`X-Forwarded-For`) from where a client comes, by which devices of a user are
    /// told apart as well, and (`X-Forwarded-Prefix`) what they have put before a path: addresses, or networks such as
    /// `10.0.0.0/8`. `COAX_TRUSTED_PROXIES` overrides it, with commas between them. For the
    /// program `relay` alone: `coax up` believes those of `[serve]`.
    pub trusted_proxies: Vec<Network>,
    /// Different wrong pairs of name and password that an address may send within a minute. Then it is told to wait until the minute is
    /// over (429), unless its pair is one that was right before. 0: as many as it likes. For the program `relay` alone:
    /// `coax up` has that of `[serve]`, and counts together what is sent to either.
    pub login_failures: u32,
    /// Bytes that the feed of one channel remembers at most. Whatever the bitrate, a channel costs no more memory than
    /// this (and what slow viewers still hold on to, at most 64 KiB and a chunk each).
    pub feed_bytes: usize,
    /// Time that the feed of one channel remembers, unless `feed_bytes` is reached first: as long may a viewer's
    /// connection hang before he loses a part.
    #[serde(deserialize_with = "seconds")]
    pub feed_time: Duration,
    /// A chunk is passed on when it has this many bytes,
    pub chunk_bytes: usize,
    /// or when its first byte is this old. Larger values cost latency, smaller ones CPU for every viewer.
    #[serde(deserialize_with = "seconds")]
    pub chunk_time: Duration,
    /// How long a channel is received on after its last viewer has left. A lingering channel gives way at once when
    /// its account's connection is needed.
    #[serde(deserialize_with = "seconds")]
    pub linger: Duration,
    /// The same for a film between two requests for parts of it.
    #[serde(deserialize_with = "seconds")]
    pub film_linger: Duration,
    /// The same for catch-up: players that seek ask for another start, and providers count one viewer that long.
    #[serde(deserialize_with = "seconds")]
    pub catchup_linger: Duration,
    /// A viewer who joins begins at the newest access point at least this long ago, so that his player can fill its
    /// buffer at once,
    #[serde(deserialize_with = "seconds")]
    pub burst_least: Duration,
    /// but at none that is longer ago than this
    #[serde(deserialize_with = "seconds")]
    pub burst_most: Duration,
    /// or further back than this many bytes.
    pub burst_bytes: usize,
    /// How long a viewer waits for the first byte of a channel before he is told that nothing comes.
    #[serde(deserialize_with = "seconds")]
    pub start_budget: Duration,
    /// How long a connection to a provider may take to be made.
    #[serde(deserialize_with = "seconds")]
    pub connect_timeout: Duration,
    /// An upstream that has sent nothing this long after it was asked has nothing.
    #[serde(deserialize_with = "seconds")]
    pub first_byte: Duration,
    /// An upstream that was sending and sends nothing but filling for this long is lost. Upstreams of HLS, which come in
    /// segments, have three segments' time besides.
    #[serde(deserialize_with = "seconds")]
    pub silence: Duration,
    /// How a channel goes on after it was lost, or where its provider cuts from one time line to another.
    pub splice: Splice,
    /// How long viewers of a channel that was lost are held while it is received anew.
    #[serde(deserialize_with = "seconds")]
    pub give_up: Duration,
    /// Whether viewers who could be held no longer see an error card, "No signal", instead of the end, and the channel
    /// is looked for a little longer: it comes back where they see the card. Not where it is radio or coded unusually, nor
    /// where `splice` is "close".
    pub error_card: bool,
    /// How long they see it; an attempt that is under way by then is still waited for.
    #[serde(deserialize_with = "seconds")]
    pub error_card_time: Duration,
    /// A channel that could not be received is not tried again for this long.
    #[serde(deserialize_with = "seconds")]
    pub failure_memory: Duration,
    /// How long a viewer waits for a connection of a full account: somebody who zaps with another player opens the
    /// new channel a moment before he closes the old one.
    #[serde(deserialize_with = "seconds")]
    pub slot_patience: Duration,
    /// Bytes of segments that are kept of channels whose HLS is passed on, all of them together.
    pub hls_bytes: u64,
    /// How many channels and films a user may begin to receive in a minute, a quarter of them at once; 0 for as many as he
    /// likes. Who joins what is received already is not counted.
    pub starts_per_minute: u32,
    /// How long a provider goes on counting a connection that was closed: so long its place is not taken by another. Where
    /// a provider turns out to need longer, that is learnt.
    #[serde(deserialize_with = "seconds")]
    pub release_delay: Duration,
    /// Connections of each login of an account that downloads leave to viewers, where it allows more than one. Of a single
    /// one they take what nobody needs who watches, and give it back when somebody does.
    pub reserve_for_viewers: u32,
    /// How long downloads leave the place of a connection alone that was closed: some providers count it for a while, and
    /// who downloads has no hurry.
    #[serde(deserialize_with = "seconds")]
    pub download_rest: Duration,
    /// How long the segments are that a channel is cut into for players of HLS: 2 to 10 s. They end at access points, so
    /// they may be longer. A player begins three of them behind what is on the air.
    #[serde(deserialize_with = "seconds")]
    pub hls_segment: Duration,
    /// Of an HLS upstream in several qualities the best is received that needs no more than so many bits per second;
    /// 0 for the best of all.
    pub hls_bandwidth: u64,
    /// Whether any channel that the Ace Stream engine finds may be asked for, listed or not (`/ace/getstream?id=` and
    /// `/api/streams/start/ID`): by this machine and private networks, and by whoever has the name and the password of a
    /// user.
    pub ace_open: bool,
    /// Where the Ace Stream engine answers. Addresses that it gives are asked for here, whatever host they name.
    pub ace_engine: BaseUrl,
    /// How long a viewer waits for the first byte of a channel of Ace Stream, in place of `start_budget`: peers have to
    /// be found, and a link that says the wrong kind of id is tried as the other.
    #[serde(deserialize_with = "seconds")]
    pub ace_start_budget: Duration,
    /// How long the engine may take from its answer to the first byte. Slow channels need half a minute.
    #[serde(deserialize_with = "seconds")]
    pub ace_first_byte: Duration,
    /// A channel for which the engine finds no peer for this long is given up.
    #[serde(deserialize_with = "seconds")]
    pub ace_no_peers: Duration,
}

/// What players see where one time line ends and another begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Splice {
    /// One unbroken clock.
    #[default]
    Restamp,
    /// A clock that jumps, which is announced as ISO/IEC 13818-1 wants it (`discontinuity_indicator`).
    Flag,
    /// The end: players ask again.
    Close,
}

impl Settings {
    /// Lets the environment override what a relay without the disk, and a container without a file, needs.
    ///
    /// # Errors
    /// A variable holds what it must not.
    pub fn environment(&mut self) -> Result<(), ConfigError> {
        if let Some(url) = variable("COAX_FOLLOW") {
            let url = BaseUrl::new(&url).map_err(|what| ConfigError::new("COAX_FOLLOW", what))?;
            self.follow = Some(url);
        }
        if let Some(key) = SharedKey::of_environment("COAX_RELAY_KEY")? {
            self.follow_key = Some(key);
        }
        if let Some(key) = SharedKey::of_environment("COAX_MONITOR_KEY")? {
            self.key = Some(key);
        }
        if let Some(url) = variable("COAX_ACE_ENGINE") {
            self.ace_engine = BaseUrl::new(&url).map_err(|what| ConfigError::new("COAX_ACE_ENGINE", what))?;
        }
        if let Some(proxies) = Network::of_environment("COAX_TRUSTED_PROXIES")? {
            self.trusted_proxies = proxies;
        }
        Ok(())
    }

    /// What downloads leave to viewers.
    pub(crate) fn courtesy(&self) -> Courtesy {
        Courtesy { reserve: self.reserve_for_viewers, rest: self.download_rest }
    }

    /// Whether what a peer at `address` says of its clients is believed.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.holds(address))
    }
}

/// An address that need not be there: an empty one is none.
fn optional_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BaseUrl>, D::Error> {
    let text = String::deserialize(deserializer)?;
    (!text.is_empty()).then(|| BaseUrl::new(&text).map_err(D::Error::custom)).transpose()
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            key: None,
            public: None,
            hdhomerun: Vec::new(),
            follow: None,
            follow_key: None,
            cache: PathBuf::new(),
            trusted_proxies: Vec::new(),
            login_failures: 10,
            feed_bytes: 32 * 1024 * 1024,
            feed_time: Duration::from_secs(12),
            chunk_bytes: 256 * 1024,
            chunk_time: Duration::from_millis(100),
            linger: Duration::from_secs(15),
            film_linger: Duration::from_secs(4),
            catchup_linger: Duration::from_secs(45),
            burst_least: Duration::from_millis(1500),
            burst_most: Duration::from_secs(6),
            burst_bytes: 8 * 1024 * 1024,
            start_budget: Duration::from_secs(25),
            connect_timeout: Duration::from_secs(5),
            first_byte: Duration::from_secs(10),
            silence: Duration::from_secs(3),
            splice: Splice::Restamp,
            give_up: Duration::from_secs(60),
            error_card: false,
            error_card_time: Duration::from_secs(30),
            failure_memory: Duration::from_secs(5),
            slot_patience: Duration::from_secs(2),
            hls_bytes: 256 * 1024 * 1024,
            starts_per_minute: 180,
            release_delay: Duration::from_millis(500),
            reserve_for_viewers: 1,
            download_rest: Duration::from_secs(5),
            hls_segment: Duration::from_secs(4),
            hls_bandwidth: 0,
            ace_open: false,
            ace_engine: BaseUrl::new("http://127.0.0.1:6878").expect("it is an address"),
            ace_start_budget: Duration::from_secs(110),
            ace_first_byte: Duration::from_secs(60),
            ace_no_peers: Duration::from_secs(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::config::{Config, Skip};

    use super::*;

    #[test]
    fn durations_are_written_as_seconds() {
        let parse = |text: &str| Config::<Skip, Skip, Settings>::parse(text, "coax.toml");
        let settings = parse("[relay]\nlinger = 3\nburst_least = 0.5").unwrap().relay;
        assert_eq!(
            (settings.linger, settings.burst_least),
            (Duration::from_secs(3), Duration::from_millis(500))
        );
        assert!(parse("[relay]\nlinger = -1").unwrap_err().to_string().contains("expected seconds"));
        assert!(parse("[relay]\nlingr = 1").unwrap_err().to_string().contains("did you mean `linger`"));
    }
}
