//! In which of two forms a host gives channels: panels give each by two extensions, and some allow only one of them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use contract::bundle::{Protocol, Upstream};

/// Hosts of one source of which it is remembered; when it is full, all are forgotten.
const HOSTS: usize = 1024;

/// In which form the hosts of a source give channels, where they have refused the other one: those of a list are none of
/// each other's business.
#[derive(Default)]
pub(super) struct Forms(Mutex<HashMap<String, Protocol>>);

impl Forms {
    /// The channel in the form in which its host gives channels, if that is known to be the other one.
    pub(super) fn of(&self, upstream: &Upstream) -> Option<Upstream> {
        let form = *self.hosts().get(host(&upstream.path))?;
        other_form(upstream).filter(|other| other.protocol == form)
    }

    /// A channel was refused in one form, and given in this one.
    pub(super) fn add(&self, upstream: &Upstream) {
        let mut hosts = self.hosts();
        if hosts.len() >= HOSTS {
            hosts.clear();
        }
        hosts.insert(host(&upstream.path).to_owned(), upstream.protocol);
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<String, Protocol>> {
        self.0.lock().expect("nobody panics while holding this lock")
    }
}

/// An address up to its path; nothing of one below a panel.
fn host(path: &str) -> &str {
    let Some(authority) = path.find("://").map(|at| at + 3) else { return "" };
    let end = path[authority..].find(['/', '?', '#']).map_or(path.len(), |at| authority + at);
    &path[..end]
}

/// A channel by the other of the extensions by which panels give it, which say in what form it comes.
pub(super) fn other_form(upstream: &Upstream) -> Option<Upstream> {
    let (path, query) = upstream.path.split_at(upstream.path.find('?').unwrap_or(upstream.path.len()));
    let (path, protocol) = match (path.strip_suffix(".ts"), path.strip_suffix(".m3u8")) {
        (Some(path), _) => (format!("{path}.m3u8{query}"), Protocol::Hls),
        (_, Some(path)) => (format!("{path}.ts{query}"), Protocol::Ts),
        _ => return None,
    };
    Some(Upstream { path, protocol, ..upstream.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_has_two_forms_and_a_film_one() {
        let other = |path: &str| {
            let (account, path) = ("acme".into(), path.into());
            let upstream = Upstream {
                account,
                path,
                protocol: Protocol::Ts,
                headers: Default::default(),
                archive: 0,
                past: None,
            };
            other_form(&upstream).map(|other| (other.path, other.protocol))
        };
        assert_eq!(other("live/{username}/7.ts"), Some(("live/{username}/7.m3u8".into(), Protocol::Hls)));
        assert_eq!(other("http://h/7.m3u8?a=.ts"), Some(("http://h/7.ts?a=.ts".into(), Protocol::Ts)));
        assert_eq!(other("movie/7.mp4"), None);
        assert_eq!(other("http://h/7?file=x.ts"), None);
    }
}
