//! What somebody needs to ask a provider for one thing after another by himself, as the HLS proxy does.

use contract::bundle::Upstream;
use contract::source::Transport;
use contract::vault::OPENING;
use url::Url;

use super::dial::{self, Dialler};
use super::headers::Headers;
use crate::refusal::Failure;

/// Where an upstream is, and with what it is asked. Never logged.
pub(crate) struct Origin {
    /// With credentials.
    pub(crate) url: Url,
    /// Of every request at the host of `url`.
    pub(crate) headers: Headers,
    /// How it is dialled.
    pub(crate) transport: Transport,
    pub(crate) trust: Trust,
    /// Words that must not reach a viewer.
    pub(crate) secrets: Vec<String>,
}

/// How far somebody who names addresses is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The configuration has the address.
    Configured,
    /// A list has it: it may only lead to the internet.
    Listed,
    /// The configuration says that it may lead anywhere.
    Anywhere,
}

impl Dialler {
    /// How `upstream` is asked for with one of its account's logins.
    ///
    /// # Errors
    /// The configuration or the vault does not have what that needs.
    pub(crate) async fn origin(&self, upstream: &Upstream, login: usize) -> Result<Origin, Failure> {
        let source = self.source(&upstream.account).ok_or(Failure::NoSource)?;
        let upstream = &self.allowed(upstream);
        let open = self.secrets.reveal(upstream).await?;
        let url = dial::url(source, self.reached(&upstream.account), login, &open.path)
            .ok_or(Failure::Dead("its address is no URL"))?;
        let headers = Headers::new(source, upstream, &open, &url, self.is_disguised(&upstream.account));
        let transport = source.transport.clone();
        let trust = match (transport.private_addresses, source.xtream()) {
            (true, _) => Trust::Anywhere,
            (false, Some(_)) => Trust::Configured,
            (false, None) => Trust::Listed,
        };
        let logins = source.logins().flat_map(|(name, password)| [name.to_owned(), password.to_owned()]);
        let secrets = logins.chain(headers.secrets()).chain(self.sealed(upstream).await?).collect();
        Ok(Origin { url, headers, transport, trust, secrets })
    }

    /// What the vault has for `upstream`.
    async fn sealed(&self, upstream: &Upstream) -> Result<Vec<String>, Failure> {
        let texts = upstream.headers.values().chain([&upstream.path]);
        let places = texts.flat_map(|text| text.split(OPENING).skip(1));
        let places: Vec<_> = places.filter_map(|rest| rest.split('}').next()).collect();
        let mut secrets = Vec::new();
        for place in places {
            let path = format!("{OPENING}{place}}}");
            let sealed = Upstream { path, headers: Default::default(), ..upstream.clone() };
            secrets.push(self.secrets.reveal(&sealed).await?.path);
        }
        Ok(secrets)
    }
}
