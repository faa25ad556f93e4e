//! `[serve]` of `coax.toml`.

use std::net::IpAddr;

use contract::config::ConfigError;
use contract::hdhomerun::Device;
use contract::network::Network;
use contract::secret::{SharedKey, optional_key};
use contract::source::BaseUrl;
use serde::Deserialize;

use crate::Catchup;

/// How the server answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Proxies that are believed when they say (`X-Forwarded-Host`, `-Proto`, `-Port`, `-Prefix`) at which address a
    /// client reached them, and (`X-Forwarded-For`) from where: addresses, or networks such as `10.0.0.0/8`. Nobody is by default, since anybody can
    /// send those headers. `COAX_TRUSTED_PROXIES` overrides it, with commas between them.
    pub trusted_proxies: Vec<Network>,
    /// Relays to send viewers to, when this server runs apart from them, or when one machine is not enough. A channel
    /// keeps its relay as long as that relay is listed, so that all its viewers share one upstream. A relay that can be
    /// reached under `http` and `https` is listed under both: many players follow no redirect from one to the other.
    pub relays: Vec<BaseUrl>,
    /// The key by which relays without the disk are known: who shows it may copy the line-up, the users (with hashed
    /// passwords) and what the addresses of providers need. Without one nobody may, and there is nothing to be found.
    /// `COAX_RELAY_KEY` overrides it.
    #[serde(deserialize_with = "optional_key")]
    pub relay_key: Option<SharedKey>,
    /// Who shows this key (`Authorization: Bearer KEY`) may administer, as users may who are administrators and have logged
    /// in. `COAX_ADMIN_KEY` overrides it.
    #[serde(deserialize_with = "optional_key")]
    pub admin_key: Option<SharedKey>,
    /// Who shows this key (`Authorization: Bearer KEY`) may read `/metrics` from anywhere; without one, only this machine
    /// may. For the program `serve` alone: otherwise that of `[relay]` holds.
    #[serde(deserialize_with = "optional_key")]
    pub key: Option<SharedKey>,
    /// Different wrong pairs of name and password that an address may send within a minute. Then it is told to wait until the
    /// minute is over (429), unless its pair is one that was right before. Whoever comes through a proxy that is not
    /// one of `trusted_proxies` shares the proxy's address. 0: as many as they like.
    pub login_failures: u32,
    /// Lists, details, playlists and guides that a user may ask for in a second, in the long run; ten times as many at once.
    /// Then he is told to wait (429). 0: as many as he likes.
    pub lists_per_second: u32,
    /// The same of listings of channels (`get_short_epg`, `get_simple_data_table`), which some apps ask for by the hundred.
    pub listings_per_second: u32,
    /// Refuses actions of `player_api.php` with 200 and the account's state, as old panels do, in place of 403. For
    /// apps that take a 403 for an outage; others take a 200 that is no list for an empty one and drop their library.
    pub classic_refusals: bool,
    /// Answers `panel_api.php`, which old apps and set-top boxes ask for; else there is no such address.
    pub panel_api: bool,
    /// How playlists say that the past of a channel can be watched, unless `&catchup=` says it.
    pub catchup: Catchup,
    /// Tells Kodi in playlists that channels are transport streams, which spares it a connection to find out.
    pub kodi_mimetype: bool,
    /// Answers those who search the network for HDHomeRun devices, at the UDP ports 65001 and 1900 and the TCP port 65001.
    /// Nobody is answered while there is no `[[hdhomerun]]`.
    pub discovery: bool,
    /// The devices of `[[hdhomerun]]`.
    #[serde(skip)]
    pub hdhomerun: Vec<Device>,
    /// Bytes of compressed lists kept in memory. What does not fit is sent uncompressed.
    pub packed_lists: usize,
}

impl Settings {
    /// Lets the environment override what a hosted installation needs.
    ///
    /// # Errors
    /// A variable holds what it must not.
    pub fn environment(&mut self) -> Result<(), ConfigError> {
        if let Some(key) = SharedKey::of_environment("COAX_RELAY_KEY")? {
            self.relay_key = Some(key);
        }
        if let Some(key) = SharedKey::of_environment("COAX_ADMIN_KEY")? {
            self.admin_key = Some(key);
        }
        if let Some(key) = SharedKey::of_environment("COAX_MONITOR_KEY")? {
            self.key = Some(key);
        }
        if let Some(proxies) = Network::of_environment("COAX_TRUSTED_PROXIES")? {
            self.trusted_proxies = proxies;
        }
        Ok(())
    }

    /// Whether what a peer at `address` says of its clients is believed.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.holds(address))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            relays: Vec::new(),
            relay_key: None,
            admin_key: None,
            key: None,
            login_failures: 10,
            lists_per_second: 0,
            listings_per_second: 0,
            classic_refusals: false,
            panel_api: true,
            catchup: Catchup::Shift,
            kodi_mimetype: false,
            discovery: true,
            hdhomerun: Vec::new(),
            packed_lists: 24 * 1024 * 1024,
        }
    }
}
