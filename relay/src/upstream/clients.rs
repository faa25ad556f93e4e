//! The connections of one source: its proxy, and where they may lead.

use contract::reach;
use contract::source::Transport;
use httpc::Internet;
use reqwest::{Client, Response};

use crate::client;
use crate::settings::Settings;

/// What dials for one source. A clone is the same.
#[derive(Clone)]
pub(super) struct Clients {
    /// For what is configured.
    direct: Client,
    /// For where public sources lead.
    guarded: Client,
    /// A proxy is between us and whoever answers.
    proxied: bool,
}

impl Clients {
    /// # Errors
    /// The system gives no TLS, or the proxy is no address.
    pub(super) fn new(settings: &Settings, transport: &Transport) -> anyhow::Result<Self> {
        let proxied = transport.proxy.is_some();
        let mut guarded = client::of_provider(settings, transport)?;
        // Behind a proxy names are the proxy's matter, and so is its network; what is written out is checked all the same.
        if !proxied {
            guarded = guarded.dns_resolver(Internet::default().public_only());
        }
        let direct = client::of_provider(settings, transport)?;
        Ok(Self { direct: direct.build()?, guarded: guarded.build()?, proxied })
    }

    /// Whether a source has the connections that most have, which can be shared.
    pub(super) fn is_usual(transport: &Transport) -> bool {
        transport.proxy.is_none() && !transport.insecure_tls
    }

    /// What dials anything, or only what is outside.
    pub(super) fn of(&self, guarded: bool) -> &Client {
        if guarded { &self.guarded } else { &self.direct }
    }

    /// Whether an answer came from the internet, or one cannot tell.
    pub(super) fn came_from_outside(&self, response: &Response) -> bool {
        self.proxied || reach::came_from_outside(response.remote_addr())
    }
}
