//! The `[ingest]` section of `coax.toml`.

use std::time::Duration;

use contract::config::seconds;
use serde::Deserialize;

/// How sources are read and releases are kept. Times are in seconds, fractions allowed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// When to run, as a cron expression in UTC: five fields, or six or seven with seconds first.
    #[serde(deserialize_with = "schedule")]
    pub schedule: String,
    /// Releases that are kept, the current one included; at least 1.
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
    pub largest_fall: u8,
    /// How many further runs must see about the same list before one that was held back is taken; 0: never without
    /// `--accept`.
    pub confirmations: u32,
    /// Whether a list that became empty can be confirmed in this way too.
    pub confirm_empty: bool,
    /// Series whose details are fetched in a run, at most: providers count requests.
    pub details_per_run: usize,
    /// The rest between two of those.
    #[serde(deserialize_with = "seconds")]
    pub details_pause: Duration,
    /// Take what the gate would refuse as too small. Only ever for one run, so not a key of the file.
    #[serde(skip)]
    pub accept: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            schedule: "0 */6 * * *".into(),
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
            accept: false,
        }
    }
}

/// A cron expression that the scheduler understands.
fn schedule<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let expression = String::deserialize(deserializer)?;
    crate::schedule::check(&expression).map_err(serde::de::Error::custom)?;
    Ok(expression)
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
        assert!(toml::from_str::<Settings>("accept = true").is_err());
    }
}
