//! Programs beside this one: the Ace Stream engine, relays elsewhere, a server that is followed, and the address that apps
//! are given.

use std::sync::Arc;

use contract::bundle::Section;
use contract::release::{Release, Releases};
use contract::source::{BaseUrl, Origin};
use reqwest::Client;
use tokio::task::spawn_blocking;

use super::{Finding, Patient, web};

/// Asks all of them at the same time.
pub(super) async fn ask(patient: Arc<Patient>) -> Vec<Finding> {
    let relays = patient.settings.serve.relays.iter().enumerate().map(|(at, base)| {
        let (web, base) = (patient.web.clone(), base.clone());
        tokio::spawn(async move { relay(&web, format!("relay {}", at + 1), &base).await })
    });
    let relays: Vec<_> = relays.collect();
    let (engine, public, followed) =
        tokio::join!(engine(patient.clone()), public(&patient), followed(&patient));
    let mut findings: Vec<Finding> = engine.into_iter().collect();
    for relay in relays {
        findings.extend(relay.await);
    }
    findings.extend(public.into_iter().chain(followed));
    findings
}

/// The engine, if there is anything that needs one.
async fn engine(patient: Arc<Patient>) -> Option<Finding> {
    let asking = patient.clone();
    let needed = spawn_blocking(move || needs_engine(&asking)).await.unwrap_or(true);
    if !needed {
        return None;
    }
    let base = &patient.settings.relay.ace_engine;
    let version = tokio::time::timeout(patient.patience, relay::engine_version(base)).await;
    Some(match version {
        Ok(Ok(version)) => Finding::ok("engine", format!("Ace Stream {version}")),
        Ok(Err(why)) => {
            let remedy =
                "start it, or say where it is: `ace_engine` in [relay]; only channels of Ace Stream need it";
            Finding::fail("engine", format!("{why} (at {base})"), remedy)
        }
        Err(_) => Finding::fail("engine", format!("it does not answer (at {base})"), "start it anew"),
    })
}

/// Whether there are channels of Ace Stream, or any may be asked for.
fn needs_engine(patient: &Patient) -> bool {
    let settings = &patient.settings;
    let listed = |origin: &Origin| matches!(origin, Origin::Acestream(_));
    if settings.relay.ace_open || settings.source.iter().any(|source| listed(&source.origin)) {
        return true;
    }
    let releases = Releases::new(settings.data());
    let Some(release) = releases.current().and_then(|it| Release::open(&releases.folder(it)).ok()) else {
        return false;
    };
    let mut playables = release.index.entries(Section::Playables).iter();
    playables.any(|entry| {
        let entry = release.find(Section::Playables, entry.id).unwrap_or_default();
        const MARK: &[u8] = b"acestream://";
        entry.windows(MARK.len()).any(|window| window == MARK)
    })
}

/// A relay elsewhere: whether anybody is there. What it is is not known, since a relay tells nobody but its operator.
async fn relay(web: &Client, what: String, base: &BaseUrl) -> Finding {
    match web.get(format!("{base}/api/health")).send().await {
        Ok(answer) if !matches!(answer.status().as_u16(), 502 | 504) => Finding::ok(what, "it answers"),
        Ok(answer) => {
            let found = format!("{base}: what stands before it cannot reach it ({})", answer.status());
            Finding::fail(what, found, "start it, or take it out of `relays` in [serve]")
        }
        Err(error) => {
            let why = if error.is_timeout() { "no answer in time" } else { "no connection" };
            let remedy = "start it, or take it out of `relays` in [serve]: its viewers see nothing";
            Finding::fail(what, format!("{base}: {why}"), remedy)
        }
    }
}

/// The address that apps are given.
async fn public(patient: &Patient) -> Option<Finding> {
    let public = patient.settings.public_base_url.as_ref()?;
    Some(match web::health(&patient.web, public.as_str()).await {
        Ok(_) => Finding::ok("public address", format!("Coax answers at {public}")),
        Err(why) => Finding::warn(
            "public address",
            format!("{public}: {why}"),
            "check `public_base_url`, the proxy before Coax, and whether Coax runs; some routers do not let those at home \
             use the address from outside",
        ),
    })
}

/// The server from which a relay copies.
async fn followed(patient: &Patient) -> Option<Finding> {
    let server = patient.settings.relay.follow.as_ref()?;
    Some(match web::health(&patient.web, server.as_str()).await {
        Ok(_) => Finding::ok("server", "the one that is followed answers"),
        Err(why) => {
            let remedy = "check `follow` in [relay], and whether the server runs";
            Finding::fail("server", format!("the one that is followed: {why}"), remedy)
        }
    })
}
