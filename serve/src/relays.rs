//! Viewers are sent to a relay, when relays run apart.

use contract::source::BaseUrl;
use httpd::{Response, reply};

use crate::base::Base;
use crate::refusal::Refusal;

/// 302 to the relay of `id`, with this path and query. The relay checks the credentials in them. `secure`: the client asks
/// by HTTPS.
pub(crate) fn answer(relays: &[BaseUrl], id: u32, path: &str, secure: bool) -> Result<Response, Refusal> {
    let relay = choose(relays, id, secure).ok_or(Refusal::Unknown)?;
    // SECURITY: a path that begins with two slashes would be read as another host by what joins addresses.
    Ok(reply::redirect(&format!("{relay}/{}", path.trim_start_matches('/'))))
}

/// The relay of `id` under the client's own scheme if one is listed so, since many players follow no redirect from one
/// scheme to the other.
fn choose(relays: &[BaseUrl], id: u32, secure: bool) -> Option<&BaseUrl> {
    let same = |relay: &&BaseUrl| Base::configured(relay).is_tls() == secure;
    drawn(relays.iter().filter(same), id).or_else(|| drawn(relays.iter(), id))
}

/// Rendezvous hashing: each relay draws a number for the id and the highest wins, so a relay that comes or goes moves
/// only the ids that it wins. Machines draw first: one that is listed under both schemes has the same ids under both.
fn drawn<'a>(relays: impl Iterator<Item = &'a BaseUrl>, id: u32) -> Option<&'a BaseUrl> {
    let draw = |text: &str| {
        *blake3::Hasher::new().update(text.as_bytes()).update(&id.to_le_bytes()).finalize().as_bytes()
    };
    relays.max_by_key(|relay| (draw(&Base::configured(relay).host), draw(relay.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_that_leaves_moves_only_its_own_channels() {
        let all: Vec<BaseUrl> =
            ["http://r1", "http://r2", "http://r3"].iter().map(|url| BaseUrl::new(url).unwrap()).collect();
        let mut won = [0; 3];
        for id in 0..3000 {
            let chosen = choose(&all, id, false).unwrap();
            won[all.iter().position(|relay| relay == chosen).unwrap()] += 1;
            let without_last = choose(&all[..2], id, false).unwrap();
            assert!(chosen == without_last || *chosen == all[2]);
        }
        assert!(won.iter().all(|won| (800..1200).contains(won)), "{won:?}");
    }

    #[test]
    fn nobody_is_sent_to_another_scheme_if_that_can_be_helped_nor_to_another_machine_for_it() {
        let urls = ["http://r1:8080", "https://r1", "http://r2:8080", "http://r2:8081", "https://r2/tv"];
        let all = urls.map(|url| BaseUrl::new(url).unwrap());
        let host = |relay: &BaseUrl| Base::configured(relay).host;
        let mut won = std::collections::BTreeMap::new();
        for id in 0..1000 {
            let (plain, secure) = (choose(&all, id, false).unwrap(), choose(&all, id, true).unwrap());
            assert!(plain.as_str().starts_with("http:") && secure.as_str().starts_with("https:"));
            assert_eq!(host(plain), host(secure), "one connection for the viewers of either");
            *won.entry(plain.as_str()).or_insert(0) += 1;
            // Rather by another scheme than not at all.
            assert_eq!(choose(&all[..1], id, true), Some(&all[0]));
            assert_eq!(choose(&all[1..2], id, false), Some(&all[1]));
        }
        assert!(won.len() == 3 && won.values().all(|won| *won > 150), "{won:?}");
    }
}
