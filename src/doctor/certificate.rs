//! The certificate for https of our own: whether there is one, for whom it is, and when it ends.

use contract::config::Tls;
use jiff::Timestamp;
use reqwest::Url;
use tls::Seen;

use super::line_up::span;
use super::{Finding, Patient};
use crate::user::now;

const WHAT: &str = "certificate";
/// An authority is asked as soon as it is time. Whose certificate is older than that by so many seconds was asked in vain.
const LATE: u64 = 86_400;

/// Looks at the certificate, if there is to be one.
pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let (settings, data) = (&patient.settings.tls, patient.settings.data());
    if !settings.is_on() {
        return Vec::new();
    }
    let public = patient.settings.public_base_url.as_ref().and_then(|base| Url::parse(base.as_str()).ok());
    // Whoever comes by http sees no certificate.
    let public =
        public.filter(|base| base.scheme() == "https").and_then(|base| Some(base.host_str()?.into()));
    vec![match tls::look(settings, &data) {
        Ok(Some(seen)) => seen_at(&seen, settings, public, now()),
        Ok(None) => Finding::warn(
            WHAT,
            format!("none yet for {}: nobody can come by https", settings.domains.join(", ")),
            "have port 443 of the name lead to `listen` in [tls]; the log says why the authority gave none",
        ),
        Err(error) => Finding::fail(
            WHAT,
            format!("{error:#}"),
            "check `certificate`, `key` and `authority` in [tls], and whether the user whom Coax runs as may read them",
        ),
    }]
}

/// How a certificate is at `now`. Apps are given addresses at `public`, if that is by https.
fn seen_at(seen: &Seen, settings: &Tls, public: Option<String>, now: u64) -> Finding {
    let has_files = settings.domains.is_empty();
    let remedy = match has_files {
        true => {
            "have whoever made the files renew them (certbot, acme.sh, your own authority); Coax takes them at once"
        }
        false => {
            "the log says why the authority gives no other; port 443 of the name has to lead to `listen` in [tls]"
        }
    };
    let Some(holds) = &seen.holds else {
        return Finding::warn(WHAT, "when it ends cannot be read", "have it made anew");
    };
    if now < holds.start {
        let found = format!("it holds from {} on only", day(holds.start));
        return Finding::fail(WHAT, found, "is the clock of this machine right? (`timedatectl`)");
    }
    if now >= holds.end {
        return Finding::fail(WHAT, format!("it ended {} ago", span(now - holds.end)), remedy);
    }
    let refused = |names: &str| format!("it is not for {names}: who comes by that name refuses it");
    let foreign: Vec<&str> =
        settings.domains.iter().filter(|name| !seen.is_for(name)).map(String::as_str).collect();
    if !foreign.is_empty() {
        return Finding::fail(WHAT, refused(&foreign.join(", ")), remedy);
    }
    // A proxy may stand there, which has one of its own.
    if let Some(host) = public.filter(|host| !seen.is_for(host)) {
        let remedy =
            "unless a proxy speaks https there: have one made for that name, or mend `public_base_url`";
        return Finding::warn(WHAT, refused(&host), remedy);
    }
    let late = !has_files && seen.renewal().is_some_and(|at| now > at + LATE);
    if late || seen.ends_soon(now) {
        return Finding::warn(WHAT, format!("it ends in {}", span(holds.end - now)), remedy);
    }
    Finding::ok(WHAT, format!("until {}", day(holds.end)))
}

fn day(at: u64) -> String {
    Timestamp::from_second(at.cast_signed())
        .map_or_else(|_| at.to_string(), |at| at.strftime("%Y-%m-%d").to_string())
}
