//! The `[ingest]` section of `coax.toml`.

use std::time::Duration;

use contract::config::{Section, seconds};
use contract::source::BaseUrl;
use serde::Deserialize;

use crate::hooks::{Tell, Webhook};
use crate::matching;
use crate::notices::Notify;
use crate::rules::Rule;
use crate::schedule::Calendar;

/// How sources are read and releases are kept. Times are in seconds, fractions allowed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// When to run, as a cron expression: five fields, or six or seven with seconds first.
    #[serde(deserialize_with = "schedule")]
    pub schedule: String,
    /// The time zone of `schedule`, such as `Europe/London`; local times stay right when the clock is set.
    #[serde(deserialize_with = "zone")]
    pub zone: String,
    /// By how much a run may come later than `schedule` says, so that not everybody asks a provider at the same second:
    /// always the same for an installation, at most a tenth of the time between two runs.
    #[serde(deserialize_with = "seconds")]
    pub jitter: Duration,
    /// Releases that are kept, the current one included; at least 1.
    #[serde(deserialize_with = "at_least_one")]
    pub keep: usize,
    /// How long a connection may take.
    #[serde(deserialize_with = "seconds")]
    pub connect_timeout: Duration,
    /// How long an answer may take to begin.
    #[serde(deserialize_with = "seconds")]
    pub first_byte_timeout: Duration,
    /// How long a whole request may take.
    #[serde(deserialize_with = "seconds")]
    pub request_timeout: Duration,
    /// How long the guide may take, which is larger than anything else.
    #[serde(deserialize_with = "seconds")]
    pub guide_timeout: Duration,
    /// How often a request that failed for the moment is made again.
    pub retries: u32,
    /// The rest before a request is made again; twice as long each time.
    #[serde(deserialize_with = "seconds")]
    pub retry_pause: Duration,
    /// By how many percent a list may shrink from one harvest to the next; more is held back, since it is more often the
    /// provider's mishap than his intention.
    #[serde(deserialize_with = "percent")]
    pub largest_fall: u8,
    /// How many further runs must see about the same list before one that was held back is taken; 0: never without
    /// `--accept`.
    pub confirmations: u32,
    /// Whether a list that became empty can be confirmed in this way too.
    pub confirm_empty: bool,
    /// Films and series whose details are fetched after a single run, at most: providers count requests. A schedule
    /// fetches all of them, between its runs.
    pub details_per_run: usize,
    /// The time from one such request to the next, for each source.
    #[serde(deserialize_with = "seconds")]
    pub details_pause: Duration,
    /// Days after which details are fetched again although the provider does not say that they changed.
    pub details_max_age: u32,
    /// Requests in one run, at most, with which a panel that has no guide as a whole is asked for the programmes of its
    /// channels, one after the other; the next run goes on where they ended. 0: none, for who has another guide.
    pub guide_by_channel: usize,
    /// How long a run waits for them, at most.
    #[serde(deserialize_with = "seconds")]
    pub guide_by_channel_time: Duration,
    /// Hours after which a channel is asked for again.
    pub guide_by_channel_age: u32,
    /// Where apps find pictures, if lists shall name them there in place of where they are: the address of the server, as
    /// all apps reach it. Pictures are then fetched when somebody looks at them, by `ingest schedule` or `coax up`.
    #[serde(deserialize_with = "address")]
    pub logos: Option<BaseUrl>,
    /// Bytes of pictures that are kept on the disk; those that were not used for longest make room.
    pub logo_cache: u64,
    /// How channels find their guides.
    pub matching: matching::Settings,
    /// Of which runs `command` and `webhook` are told.
    pub tell: Tell,
    /// A program and its arguments that get a summary of the run as JSON on standard input.
    #[serde(deserialize_with = "command")]
    pub command: Vec<String>,
    /// How long it may take; then it is killed.
    #[serde(deserialize_with = "seconds")]
    pub command_timeout: Duration,
    /// An address that gets the same.
    pub webhook: Webhook,
    /// Who is told when something happens, with what is sent made from a template.
    #[serde(deserialize_with = "notify")]
    pub notify: Vec<Notify>,
    /// Bytes on the disk of the data folder below which those in `notify` are told.
    pub disk_low: u64,
    /// The rules of the line-up, in the order in which they are applied.
    pub rule: Vec<Rule>,
    /// Take what the gate would refuse as too small. Only ever for one run, so not a key of the file.
    #[serde(skip)]
    pub accept: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            schedule: "0 */6 * * *".into(),
            zone: "UTC".into(),
            jitter: Duration::from_secs(300),
            keep: 10,
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(60),
            request_timeout: Duration::from_secs(180),
            guide_timeout: Duration::from_secs(900),
            retries: 2,
            retry_pause: Duration::from_secs(3),
            largest_fall: 50,
            confirmations: 2,
            confirm_empty: false,
            details_per_run: 20,
            details_pause: Duration::from_millis(500),
            details_max_age: 30,
            guide_by_channel: 200,
            guide_by_channel_time: Duration::from_secs(180),
            guide_by_channel_age: 8,
            logos: None,
            logo_cache: 512 * 1024 * 1024,
            matching: matching::Settings::default(),
            tell: Tell::default(),
            command: Vec::new(),
            command_timeout: Duration::from_secs(60),
            webhook: Webhook::default(),
            notify: Vec::new(),
            disk_low: 1 << 30,
            rule: Vec::new(),
            accept: false,
        }
    }
}

impl Settings {
    /// After this time details are fetched again although the provider does not say that they changed.
    pub(crate) const fn details_max_age(&self) -> Duration {
        Duration::from_secs(86_400 * self.details_max_age as u64)
    }
}

impl Section for Settings {
    fn locate(&mut self, place: &dyn Fn(usize) -> String) {
        self.rule.iter_mut().for_each(|rule| rule.locate(place));
    }
}

/// A cron expression that the scheduler understands.
fn schedule<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let expression = String::deserialize(deserializer)?;
    Calendar::new(&expression, "UTC").map_err(serde::de::Error::custom)?;
    Ok(expression)
}

/// So many percent, of something that cannot lose more than all.
fn percent<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let percent = u64::deserialize(deserializer)?;
    let fits = u8::try_from(percent).ok().filter(|percent| *percent <= 100);
    fits.ok_or_else(|| serde::de::Error::custom("expected percent, 0 to 100"))
}

/// An address that need not be there: an empty one is none.
fn address<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<BaseUrl>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    BaseUrl::new(&text).map(Some).map_err(serde::de::Error::custom)
}

/// A number of releases.
fn at_least_one<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    match usize::deserialize(deserializer)? {
        0 => Err(serde::de::Error::custom("expected at least 1: the current release is always kept")),
        keep => Ok(keep),
    }
}

/// A program that has a name, and its arguments; or nothing.
fn command<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let command = Vec::<String>::deserialize(deserializer)?;
    if command.first().is_some_and(|program| program.trim().is_empty()) {
        return Err(serde::de::Error::custom(
            "expected a program and its arguments, such as [\"/usr/bin/logger\"]",
        ));
    }
    Ok(command)
}

/// Those who are told: each at an address, or by a program.
fn notify<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Notify>, D::Error> {
    let all = Vec::<Notify>::deserialize(deserializer)?;
    match all.iter().find_map(|notify| notify.check().err()) {
        Some(wrong) => Err(serde::de::Error::custom(wrong)),
        None => Ok(all),
    }
}

/// The name of a time zone.
fn zone<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let zone = String::deserialize(deserializer)?;
    Calendar::new("0 0 * * *", &zone).map_err(serde::de::Error::custom)?;
    Ok(zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_says_only_what_is_different() {
        let settings: Settings =
            toml::from_str("keep = 3\ndetails_pause = 0.25\nconnect_timeout = 5").unwrap();
        assert_eq!(settings.details_pause, Duration::from_millis(250));
        let expected = Settings {
            keep: 3,
            details_pause: Duration::from_millis(250),
            connect_timeout: Duration::from_secs(5),
            ..Settings::default()
        };
        assert_eq!(settings, expected);
        assert!(toml::from_str::<Settings>("request_timeout = -1").is_err());
        for (wrong, expected) in [
            ("keep = 0", "expected at least 1"),
            ("largest_fall = 101", "expected percent, 0 to 100"),
            ("command = ['']", "expected a program"),
            ("webhook = { url = 'chat.example/hook' }", "expected an address such as"),
            ("[[notify]]\nbody = 'x'", "needs `url` or `command`"),
            ("[[notify]]\nurl = 'http://h'\nevents = ['fail']", "unknown variant `fail`"),
            ("[[notify]]\nurl = 'http://h'\nheaders = { 'a b' = 'x' }", "`a b` is no name of a header"),
            ("[[notify]]\nurl = 'http://h'\nbody = 'x'", "is no JSON"),
        ] {
            let error = toml::from_str::<Settings>(wrong).unwrap_err();
            assert!(error.message().contains(expected), "{wrong}: {}", error.message());
            assert!(!error.message().contains("chat.example/hook"), "it is a secret");
        }
        assert!(toml::from_str::<Settings>("accept = true").is_err());
    }
}
