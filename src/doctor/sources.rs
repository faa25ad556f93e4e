//! Sources: whether their names are known, whether they answer, and what they say of accounts and of the time.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Duration;

use contract::disk::Data;
use contract::source::Source;
use ingest::{Part, Probe, Standing, State, Trouble, Why};
use jiff::Timestamp;
use reqwest::Url;
use rustix::process::geteuid;
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::{Finding, Patient};
use crate::user::now;

/// An account that ends within this, in seconds, is told of.
const SOON: u64 = 7 * 86_400;
/// By how many seconds clocks may differ: answers take their time, and servers are set by hand.
const EVEN: u64 = 30;
/// By how many seconds before it is wrong.
const WRONG: u64 = 120;

/// Asks all sources at the same time.
pub(super) async fn ask(patient: Arc<Patient>) -> Vec<Finding> {
    let books = match Books::new(&patient.settings.data()) {
        Ok(books) => books,
        Err(error) => {
            let found = format!("none is asked, since nothing can be written: {error}");
            return vec![Finding::fail("sources", found, "make room in the folder for temporary files")];
        }
    };
    let asking = patient.settings.source.iter().map(|source| {
        let (source, data, patience) = (source.clone(), books.data.clone(), patient.patience);
        tokio::spawn(async move { examine(&source, &data, patience).await })
    });
    let (mut findings, mut clocks) = (Vec::new(), Vec::new());
    for (source, asked) in patient.settings.source.iter().zip(asking.collect::<Vec<_>>()) {
        let Ok((found, ahead)) = asked.await else { continue };
        findings.extend(found);
        clocks.extend(ahead.map(|ahead| (source.name.as_str().to_owned(), ahead)));
    }
    findings.extend(clock(&clocks));
    findings
}

/// Where it is written what was asked. SECURITY: an operator who looks as root must leave nothing in the folder that the
/// user whom Coax runs as cannot write.
struct Books {
    data: Data,
    _temporary: Option<tempfile::TempDir>,
}

impl Books {
    fn new(data: &Data) -> std::io::Result<Self> {
        let ours = fs::metadata(data.path()).is_ok_and(|it| it.is_dir() && it.uid() == geteuid().as_raw());
        if ours {
            return Ok(Self { data: data.clone(), _temporary: None });
        }
        let temporary = tempfile::tempdir()?;
        Ok(Self { data: Data::new(temporary.path()), _temporary: Some(temporary) })
    }
}

/// How one source is, and by how many seconds its clock is ahead of ours.
async fn examine(source: &Source, data: &Data, patience: Duration) -> (Vec<Finding>, Option<i64>) {
    let what = format!("source {}", source.name);
    let mut findings = Vec::new();
    if source.transport.insecure_tls {
        findings.push(Finding::warn(
            &what,
            "takes any certificate: whoever is on the way reads and changes everything",
            "remove `insecure_tls` once the provider's certificate is right",
        ));
    }
    if let Err(host) = resolve(source, patience).await {
        findings.push(Finding::fail(
            &what,
            format!("the name of {host} cannot be resolved"),
            "check the spelling; if other sources fail as well, this machine has no DNS (/etc/resolv.conf)",
        ));
        return (findings, None);
    }
    let probed = ingest::probe(data, source, patience).await;
    findings.extend(probed.probes.iter().map(|probe| finding(&what, source, probe)));
    if findings.is_empty() {
        findings.push(Finding::ok(&what, "its channels stand in the configuration"));
    }
    (findings, probed.ahead)
}

/// # Errors
/// Whose name is not known: the proxy's, if there is one, since that knows the names of others.
async fn resolve(source: &Source, patience: Duration) -> Result<(), &'static str> {
    let (addresses, whose) = match &source.transport.proxy {
        Some(proxy) => (vec![proxy.reveal()], "its proxy"),
        None => (source.addresses(), "its host"),
    };
    let mut unknown = None;
    for address in addresses {
        let Some((host, port)) = host(address) else { continue };
        let found = timeout(patience, lookup_host((host, port))).await;
        if found.is_ok_and(|found| found.is_ok_and(|mut addresses| addresses.next().is_some())) {
            return Ok(()); // one that works is enough
        }
        unknown = Some(whose);
    }
    unknown.map_or(Ok(()), Err)
}

/// The name and the port that have to be found; `None` for what needs no finding.
fn host(address: &str) -> Option<(String, u16)> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?.to_owned();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_name = bare.parse::<IpAddr>().is_err();
    is_name.then(|| (host, url.port_or_known_default().unwrap_or(1080)))
}

fn finding(what: &str, source: &Source, probe: &Probe) -> Finding {
    let several = source.xtream().is_some_and(|panel| panel.accounts.len() > 1);
    let part = match probe.part {
        Part::Account(number) if several => format!("account {number}"),
        Part::Account(_) => "account".into(),
        Part::Playlist => "playlist".into(),
        Part::Guide => "guide".into(),
        Part::Page(number) => format!("page {number}"),
    };
    match &probe.outcome {
        Ok(State::There) => Finding::ok(what, format!("{part}: it answers")),
        Ok(State::Account { connections, active, expires }) => {
            account(what, &part, (*connections, *active), *expires)
        }
        Err(trouble) => {
            let found = format!("{part}: {}", trouble.words);
            let remedy = remedy(trouble, probe.part);
            // Without its guide a panel is asked channel by channel, and what may not be asked now may be fine.
            let bearable =
                trouble.why == Why::Unasked || (probe.part == Part::Guide && source.xtream().is_some());
            if bearable { Finding::warn(what, found, remedy) } else { Finding::fail(what, found, remedy) }
        }
    }
}

fn account(what: &str, part: &str, (connections, active): (u32, u32), expires: Option<u64>) -> Finding {
    let used = match connections {
        0 => format!("{active} connections open, no limit"),
        _ => format!("{active} of {connections} connections in use"),
    };
    let left = expires.map(|expires| expires.saturating_sub(now()));
    match left {
        Some(0) => Finding::fail(what, format!("{part}: its time is over"), "renew it with the provider"),
        Some(left) if left < SOON => {
            let found = format!("{part}: ends in {}", days(left));
            Finding::warn(what, found, "renew it with the provider")
        }
        _ if connections > 0 && active >= connections => Finding::warn(
            what,
            format!("{part}: {used}: another channel may be refused"),
            "`coax status` tells what Coax has open; what is more, somebody else has open with this account",
        ),
        Some(_) => {
            let until = expires.and_then(|at| Timestamp::from_second(at.cast_signed()).ok());
            let until = until.map_or_else(String::new, |at| at.strftime(", until %Y-%m-%d").to_string());
            Finding::ok(what, format!("{part}: {used}{until}"))
        }
        None => Finding::ok(what, format!("{part}: {used}")),
    }
}

fn days(seconds: u64) -> String {
    match seconds / 86_400 {
        0 => format!("{} h", seconds / 3600),
        1 => "1 day".into(),
        days => format!("{days} days"),
    }
}

/// What to do about it.
fn remedy(trouble: &Trouble, part: Part) -> &'static str {
    match (trouble.why, part) {
        (Why::Connection, _) => {
            "check `url`, whether the provider is up, and whether a firewall is between (`proxy` goes around one)"
        }
        (Why::Certificate, _) => {
            "ask the provider to mend it; a wrong clock here does that as well; `insecure_tls = true` takes any"
        }
        (Why::Slow, Part::Guide) => "panels may take long to make a guide; ingest waits `first_byte_timeout`",
        (Why::Slow, _) => "try again later, or with `--patience 60`; ingest waits `first_byte_timeout`",
        (Why::Status(404), Part::Playlist | Part::Guide | Part::Page(_)) => {
            "check `url`: there is nothing there"
        }
        (Why::Status(401 | 403 | 404 | 456 | 884), _) => {
            "check `username`, `password` and `url`; some providers reject `user_agent` or this place as well"
        }
        (Why::Status(407), _) => "put name and password into the address of `proxy`",
        (Why::Status(429 | 509 | 513), _) => {
            "ask less: `requests` of the source; wait until the provider is calm"
        }
        (Why::Status(500..=599), _) => "the provider's server is broken: try again later, or tell him",
        (Why::Status(_), _) => "check `url` and what the provider says of the account",
        (Why::Account(Standing::Rejected), _) => "check `username` and `password`: capitals, blanks, quotes",
        (Why::Account(Standing::Expired), _) => "renew it with the provider",
        (Why::Account(Standing::Banned | Standing::Disabled), _) => "ask the provider why",
        (Why::Odd, Part::Account(_)) => {
            "check `url`: a panel answers player_api.php there; some block `user_agent`"
        }
        (Why::Odd, _) => "open the address in a browser: it may want a login, or have moved",
        (Why::Unasked, _) => {
            "try again when the run is over; `requests` of the source says how much may be asked"
        }
        (Why::File, _) => "check `file`, and whether the user whom Coax runs as may read it",
    }
}

/// Whether our clock is right, by those of who answered: as long as one agrees with ours, the others are wrong.
fn clock(clocks: &[(String, i64)]) -> Vec<Finding> {
    let Some((name, ahead)) = clocks.iter().min_by_key(|(_, ahead)| ahead.unsigned_abs()) else {
        return Vec::new();
    };
    let differs = |ahead: i64| {
        let (amount, word) = (ahead.unsigned_abs(), if ahead > 0 { "behind" } else { "ahead of" });
        // To the nearest minute: an answer takes a moment, by which its clock seems to be behind.
        let amount = if amount < 120 { format!("{amount} s") } else { format!("{} min", (amount + 30) / 60) };
        format!("{amount} {word}")
    };
    let remedy =
        "set the clock (`timedatectl set-ntp true`): programmes and catch-up shift, certificates fail";
    let mut findings = vec![match ahead.unsigned_abs() {
        0..=EVEN => Finding::ok("clock", "agrees with the providers'"),
        _ => {
            let found = format!("{} that of {name}", differs(*ahead));
            match ahead.unsigned_abs() > WRONG {
                true => Finding::fail("clock", found, remedy),
                false => Finding::warn("clock", found, remedy),
            }
        }
    }];
    let odd = clocks.iter().filter(|(_, other)| (other - ahead).unsigned_abs() > WRONG);
    findings.extend(odd.map(|(name, other)| {
        let found = format!("its clock is wrong: ours is {} it", differs(*other));
        let what = format!("source {name}");
        Finding::warn(what, found, "nothing can be done here; tell the provider if programmes are shifted")
    }));
    findings
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn only_names_have_to_be_resolved() {
        assert_eq!(host("http://panel.example:8080/x"), Some(("panel.example".into(), 8080)));
        assert_eq!(host("https://panel.example"), Some(("panel.example".into(), 443)));
        assert_eq!(host("socks5h://u:p@proxy.example"), Some(("proxy.example".into(), 1080)));
        assert_eq!(
            (host("http://127.0.0.1:80"), host("http://[::1]:80"), host("nonsense")),
            (None, None, None)
        );
    }

    #[test]
    fn a_clock_that_somebody_agrees_with_is_right() {
        let found = |clocks: &[(&str, i64)]| {
            let clocks: Vec<_> = clocks.iter().map(|(name, ahead)| ((*name).to_owned(), *ahead)).collect();
            clock(&clocks).iter().map(|it| (it.level, it.what.clone(), it.found.clone())).collect::<Vec<_>>()
        };
        assert!(found(&[]).is_empty());
        assert_eq!(found(&[("a", 2), ("b", -30)])[0].0, Level::Ok);
        let behind = found(&[("a", 600)]);
        assert_eq!(behind, [(Level::Fail, "clock".into(), "10 min behind that of a".into())]);
        assert_eq!(found(&[("a", 571)]), behind, "it took half a minute to answer");
        assert_eq!(found(&[("a", -60)])[0], (Level::Warn, "clock".into(), "60 s ahead of that of a".into()));
        let one_of_two = found(&[("a", 1), ("b", 3600)]);
        assert_eq!((one_of_two[0].0, one_of_two[1].0), (Level::Ok, Level::Warn));
        assert_eq!(one_of_two[1].2, "its clock is wrong: ours is 60 min behind it");
    }

    #[test]
    fn an_account_is_told_of_before_it_ends() {
        let of = |connections, expires: Option<u64>| account("source a", "account", connections, expires);
        assert_eq!(of((2, 1), None).found, "account: 1 of 2 connections in use");
        assert_eq!(of((2, 2), None).level, Level::Warn);
        assert_eq!(of((0, 9), None).level, Level::Ok);
        assert_eq!(of((2, 0), Some(1)).level, Level::Fail);
        let soon = of((2, 0), Some(now() + 2 * 86_400 + 9));
        assert_eq!((soon.level, soon.found.as_str()), (Level::Warn, "account: ends in 2 days"));
        assert_eq!(of((2, 0), Some(now() + 30 * 86_400)).level, Level::Ok);
    }
}
