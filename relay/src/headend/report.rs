//! What the headend says of itself.

use std::collections::BTreeMap;

use contract::ticket::pass::Class;
use serde::Serialize;

use super::Headend;
use crate::signal::State;
use httpd::metrics::Page;

/// The connections of one login of an account.
#[derive(Debug, Serialize)]
pub(crate) struct Used {
    account: String,
    /// Its place in the configuration, from 1.
    login: usize,
    used: usize,
    /// Of them, what records,
    #[serde(skip_serializing_if = "is_zero")]
    recording: usize,
    /// and what downloads: both give way to viewers.
    #[serde(skip_serializing_if = "is_zero")]
    downloading: usize,
    /// That it allows; `None` if it sets no limit, or is not configured any more.
    limit: Option<u32>,
    /// The provider refuses it, so that it is not dialled: for so many seconds more,
    #[serde(skip_serializing_if = "Option::is_none")]
    resting_s: Option<u64>,
    /// and what the provider did.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Headend {
    /// The connections of logins that something was received with.
    pub(crate) fn slots_used(&self) -> Vec<Used> {
        let limit = |account: &str, login: usize| {
            let allowed = self.allowed(account).ok()?;
            allowed.get(login).copied().filter(|limit| *limit < u32::MAX)
        };
        let standings = self.slots.standings().into_iter();
        let used = standings.map(|standing| Used {
            recording: standing.classes[1],
            downloading: standing.classes[2],
            limit: limit(&standing.account, standing.login),
            resting_s: standing.resting.as_ref().map(|(time, _)| time.as_secs()),
            why: standing.resting.map(|(_, why)| why.to_string()),
            account: standing.account,
            login: standing.login + 1,
            used: standing.used,
        });
        used.collect()
    }

    /// The accounts whose provider refuses one of their logins now, and what he did.
    pub(crate) fn refused(&self) -> BTreeMap<String, String> {
        let standings = self.slots.standings().into_iter();
        standings.filter_map(|standing| Some((standing.account, standing.resting?.1.to_string()))).collect()
    }

    pub(crate) fn render(&self, page: &mut Page) {
        let tuners = self.tuners();
        let mut channels = page.gauge("coax_relay_channels", "Channels that are tuned.");
        for state in State::ALL {
            let count = tuners.iter().filter(|tuner| tuner.signal.now().state == state).count();
            channels = channels.with(&[("state", state.word())], count);
        }
        let viewers: u32 = tuners.iter().map(|tuner| tuner.feed.watching()).sum();
        page.gauge("coax_relay_viewers", "Viewers of channels, in whatever form.").value(viewers);
        let buffered: usize = tuners.iter().map(|tuner| tuner.feed.buffer().bytes).sum();
        page.gauge("coax_relay_buffer_bytes", "Bytes that channels remember.").value(buffered);
        self.render_slots(page);
    }

    fn render_slots(&self, page: &mut Page) {
        let logins = self.slots_used();
        let accounts = || logins.chunk_by(|one, other| one.account == other.account);
        let mut used = page.gauge("coax_relay_slots_used", "Connections of provider accounts in use.");
        for logins in accounts() {
            let sum: usize = logins.iter().map(|login| login.used).sum();
            used = used.with(&[("account", &logins[0].account)], sum);
        }
        let mut yielding = page.gauge(
            "coax_relay_slots_yielding",
            "Connections in use that give way to viewers, by what they are used for.",
        );
        for logins in accounts() {
            let account = ("account", logins[0].account.as_str());
            let sum = |of: fn(&Used) -> usize| logins.iter().map(of).sum::<usize>();
            yielding = yielding
                .with(&[account, ("class", Class::Record.word())], sum(|login| login.recording))
                .with(&[account, ("class", Class::Background.word())], sum(|login| login.downloading));
        }
        let mut limits = page.gauge(
            "coax_relay_slots_limit",
            "Connections that provider accounts allow, if they set a limit.",
        );
        for logins in accounts() {
            if let Some(sum) = logins.iter().map(|login| login.limit).sum::<Option<u32>>() {
                limits = limits.with(&[("account", &logins[0].account)], sum);
            }
        }
        let mut resting =
            page.gauge("coax_relay_logins_resting", "Logins that are not dialled because they were refused.");
        for logins in accounts() {
            let count = logins.iter().filter(|login| login.resting_s.is_some()).count();
            resting = resting.with(&[("account", &logins[0].account)], count);
        }
    }
}
