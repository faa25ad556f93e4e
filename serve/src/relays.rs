//! Viewers are sent to a relay, when relays run apart.

use contract::source::BaseUrl;
use http::Uri;
use httpd::{Response, reply};

use crate::refusal::Refusal;

/// 302 to the relay of `id`, with path and query as they came. The relay checks the credentials in them.
pub(crate) fn answer(relays: &[BaseUrl], id: u32, uri: &Uri) -> Result<Response, Refusal> {
    let relay = choose(relays, id).ok_or(Refusal::Unknown)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    // SECURITY: a path that begins with two slashes would be read as another host by what joins addresses.
    Ok(reply::redirect(&format!("{relay}/{}", path.trim_start_matches('/'))))
}

/// Rendezvous hashing: each relay draws a number for the id and the highest wins, so a relay that comes or goes moves
/// only the ids that it wins.
fn choose(relays: &[BaseUrl], id: u32) -> Option<&BaseUrl> {
    relays.iter().max_by_key(|relay| {
        let mut draw = blake3::Hasher::new();
        draw.update(relay.as_str().as_bytes()).update(&id.to_le_bytes());
        *draw.finalize().as_bytes()
    })
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
            let chosen = choose(&all, id).unwrap();
            won[all.iter().position(|relay| relay == chosen).unwrap()] += 1;
            let without_last = choose(&all[..2], id).unwrap();
            assert!(chosen == without_last || *chosen == all[2]);
        }
        assert!(won.iter().all(|won| (800..1200).contains(won)), "{won:?}");
    }
}
