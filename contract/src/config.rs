//! `coax.toml`: one file for all programs, each of which owns a section.
//!
//! The keys that several programs need are fields of [`Config`]; the sections `[ingest]`, `[serve]`, `[relay]` and
//! `[download]` are the settings of those programs, whole. A program that is not interested in a section reads it as [`Skip`].
//!
//! Environment variables come last and win, so that one provider works with no file at all.

mod place;
mod tls;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};

use crate::disk::Data;
use crate::hdhomerun::Device;
use crate::secret::Secret;
pub use place::{DEFAULT_FILE, Place, SYSTEM_FILE};
pub use tls::Tls;

use crate::source::{Added, BaseUrl, Login, Name, Source};

/// The configuration, with the sections a program is interested in.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    default,
    deny_unknown_fields,
    bound = "I: DeserializeOwned + Default, S: DeserializeOwned + Default, R: DeserializeOwned + Default, \
             D: DeserializeOwned + Default"
)]
pub struct Config<I = Skip, S = Skip, R = Skip, D = Skip> {
    /// The file that it was read from; `None` where there is only the environment.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// The folder that the programs share. `COAX_DATA` overrides it.
    pub data: PathBuf,
    /// Where to listen. `COAX_LISTEN` overrides it, and `PORT` its port.
    pub listen: String,
    /// The address that apps reach us under, when it is not the one they send: behind a proxy with a sub-path, say.
    /// `PUBLIC_BASE_URL` overrides it.
    pub public_base_url: Option<BaseUrl>,
    /// https of our own, for programs that answer.
    pub tls: Tls,
    /// What ingest reads and the relay dials. `XTREAM_BASE_URL`, `XTREAM_USERNAME` and `XTREAM_PASSWORD` together
    /// add one named `xtream`.
    pub source: Vec<Source>,
    /// Devices that media servers find by themselves. Serve tells of them, and the relay tunes them.
    pub hdhomerun: Vec<Device>,
    /// Settings of ingest.
    pub ingest: I,
    /// Settings of the server.
    pub serve: S,
    /// Settings of the relay.
    pub relay: R,
    /// Settings of downloads.
    pub download: D,
}

impl<I: Default, S: Default, R: Default, D: Default> Default for Config<I, S, R, D> {
    fn default() -> Self {
        Self {
            file: None,
            data: "data".into(),
            listen: "0.0.0.0:8080".into(),
            public_base_url: None,
            tls: Tls::default(),
            source: Vec::new(),
            hdhomerun: Vec::new(),
            ingest: I::default(),
            serve: S::default(),
            relay: R::default(),
            download: D::default(),
        }
    }
}

/// A section that this program does not look into.
#[derive(Clone, Copy, Debug, Default)]
pub struct Skip;

impl<'de> Deserialize<'de> for Skip {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// A section that may want to know where its parts stand in the file.
pub trait Section: DeserializeOwned + Default {
    /// Is told after reading: `place` names file and line of a byte, as in `coax.toml:41`.
    fn locate(&mut self, _place: &dyn Fn(usize) -> String) {}
}

impl Section for Skip {}

/// Reads a duration written as seconds, such as `15` or `1.5`, of at most a year. For `deserialize_with`.
///
/// # Errors
/// What was expected, in words.
pub fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    let fits = (0.0..=31_536_000.0).contains(&seconds);
    fits.then(|| Duration::from_secs_f64(seconds))
        .ok_or_else(|| serde::de::Error::custom("expected seconds, such as 15 or 1.5, of at most a year"))
}

/// An environment variable; one that is set to nothing is not set.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What is wrong with a configuration: `file:line: what, and what to do`.
#[derive(Debug)]
pub struct ConfigError {
    place: String,
    what: String,
}

impl ConfigError {
    /// `what` is wrong at `place`: a file with or without a line, or the name of a variable.
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl std::error::Error for ConfigError {}

impl<I, S, R, D> Config<I, S, R, D>
where
    I: Section,
    S: DeserializeOwned + Default,
    R: DeserializeOwned + Default,
    D: DeserializeOwned + Default,
{
    /// Reads `path` (or starts from the defaults without one), lets the environment override it, and checks what
    /// only the whole can tell.
    ///
    /// # Errors
    /// [`ConfigError`], which never shows a value.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let mut config = match path {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    ConfigError::new(path.display().to_string(), format!("cannot be read: {error}"))
                })?;
                Self::parse(&text, &path.display().to_string())?
            }
            None => Self::default(),
        };
        config.file = path.map(Path::to_owned);
        config.environment(variable)?;
        let place = path.map_or_else(|| "the environment".into(), |path| path.display().to_string());
        config.check(place)?;
        Ok(config)
    }

    /// Adds the sources of `sources.json`, behind those that are configured. One of a name that is configured as well is
    /// passed over, and the log tells it.
    ///
    /// # Errors
    /// [`ConfigError`], which never shows a value.
    pub fn add_sources(&mut self) -> Result<(), ConfigError> {
        let data = Data::new(&self.data);
        let wrong = |what: String| ConfigError::new(data.sources().display().to_string(), what);
        for added in Added::all(&data).map_err(|error| wrong(format!("cannot be used: {error}")))? {
            let source = added.source().map_err(|why| wrong(format!("source `{}`: {why}", added.name)))?;
            if self.source.iter().any(|known| known.name == source.name) {
                tracing::warn!(source = %source.name, "the configuration has a source of this name: the one that was added is passed over");
            } else {
                self.source.push(source);
            }
        }
        Ok(())
    }

    /// Reads a configuration that is called `name` in errors.
    ///
    /// # Errors
    /// [`ConfigError`] with the line.
    pub fn parse(text: &str, name: &str) -> Result<Self, ConfigError> {
        let place = |at: usize| {
            let before = text.as_bytes().iter().take(at);
            format!("{name}:{}", before.filter(|byte| **byte == b'\n').count() + 1)
        };
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            ConfigError::new(place(at), explain(error.message()))
        })?;
        config.ingest.locate(&place);
        Ok(config)
    }

    /// The shared folder.
    pub fn data(&self) -> Data {
        Data::new(&self.data)
    }

    fn environment(&mut self, get: impl Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
        if let Some(data) = get("COAX_DATA") {
            self.data = data.into();
        }
        if let Some(listen) = get("COAX_LISTEN") {
            self.listen = listen;
        }
        if let Some(port) = get("PORT") {
            let host = self.listen.rsplit_once(':').map_or("0.0.0.0", |(host, _)| host);
            self.listen = format!("{host}:{port}");
        }
        let base_url = |name: &str| match get(name) {
            Some(url) => BaseUrl::new(&url).map(Some).map_err(|what| ConfigError::new(name, what)),
            None => Ok(None),
        };
        if let Some(url) = base_url("PUBLIC_BASE_URL")? {
            self.public_base_url = Some(url);
        }
        let Some(url) = base_url("XTREAM_BASE_URL")? else { return Ok(()) };
        let secret = |name: &str| {
            get(name).map(Secret::new).ok_or_else(|| {
                let what = "is not set, but XTREAM_BASE_URL is: set all three of XTREAM_BASE_URL, XTREAM_USERNAME \
                            and XTREAM_PASSWORD";
                ConfigError::new(name, what)
            })
        };
        let account = Login {
            username: secret("XTREAM_USERNAME")?,
            password: secret("XTREAM_PASSWORD")?,
            max_connections: None,
        };
        let mut source = Source::panel(Name::new("xtream").expect("fits the rule"), url, account);
        if let Some(agent) = get("XTREAM_USER_AGENT") {
            source.transport.user_agent = agent;
        }
        self.source.push(source);
        Ok(())
    }

    fn check(&self, place: String) -> Result<(), ConfigError> {
        if self.listen.parse::<std::net::SocketAddr>().is_err() {
            let what =
                format!("`listen` is {:?}; expected an address and a port such as 0.0.0.0:8080", self.listen);
            return Err(ConfigError::new(place, what));
        }
        if let Err(what) = self.tls.check() {
            return Err(ConfigError::new(place, what));
        }
        for (at, source) in self.source.iter().enumerate() {
            if self.source[..at].iter().any(|before| before.name == source.name) {
                let what = format!("two sources are called `{}`; give each its own `name`", source.name);
                return Err(ConfigError::new(place, what));
            }
        }
        for (at, device) in self.hdhomerun.iter().enumerate() {
            let what = if device.name.trim().is_empty() {
                "a [[hdhomerun]] has an empty `name`; media servers know it by that".to_owned()
            } else if self.hdhomerun[..at].iter().any(|before| before.name == device.name) {
                format!("two [[hdhomerun]] are called {:?}; give each its own `name`", device.name)
            } else {
                continue;
            };
            return Err(ConfigError::new(place, what));
        }
        Ok(())
    }
}

/// Turns serde's "unknown field" into words for people, with the nearest valid key.
fn explain(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if !(message.starts_with("unknown field") || message.starts_with("unknown variant")) {
        return message.trim().to_owned();
    }
    let what = if message.starts_with("unknown field") { "key" } else { "value" };
    let Some(wrong) = quoted.next() else { return message.to_owned() };
    let valid: Vec<&str> = quoted.collect();
    let nearest = valid
        .iter()
        .map(|key| (strsim::damerau_levenshtein(wrong, key), key))
        .min()
        .filter(|(distance, key)| *distance <= key.len().max(wrong.len()) / 2);
    let hint = nearest.map(|(_, key)| format!("; did you mean `{key}`?")).unwrap_or_default();
    format!("unknown {what} `{wrong}`{hint} (valid here: {})", valid.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "[[source]]\nname = \"acme\"\nurl = \"http://h\"\nusername = \"u\"\n";

    fn error(text: &str) -> String {
        Config::<Skip, Skip, Skip>::parse(text, "coax.toml").unwrap_err().to_string()
    }

    #[test]
    fn errors_name_file_line_key_and_the_nearest_valid_key() {
        let text = format!("{SOURCE}pasword = \"hunter2\"\n");
        let error_text = error(&text);
        assert!(
            error_text.starts_with("coax.toml:5: unknown key `pasword`; did you mean `password`?"),
            "{error_text}"
        );
        assert!(error("lisen = \"x\"").contains("did you mean `listen`?"));
        let unlike_all = error("zzzzzzzzzzzz = 1");
        assert!(!unlike_all.contains("did you mean") && unlike_all.contains("valid here: data, listen"));
        assert!(error("[[source]]\nkind = \"xtreme\"").contains("did you mean `xtream`?"));
        assert!(error("[[source]]\nname = \"a b\"").starts_with("coax.toml:2: a source's name"));
        assert!(error(SOURCE).contains("missing field `password`"));
    }

    #[test]
    fn errors_never_show_a_value_that_may_be_secret() {
        for text in [
            format!("{SOURCE}password = 31337"),
            format!("{SOURCE}password = [\"31337\"]"),
            format!("{SOURCE}password = \"31337\nx"),
            "[[source]]\nurl = \"http://u:31337@h\"".into(),
        ] {
            assert!(!error(&text).contains("31337"), "{}", error(&text));
        }
    }

    #[test]
    fn the_environment_alone_makes_a_configuration() {
        let set = |pairs: &'static [(&str, &str)]| {
            move |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let mut config = Config::<Skip, Skip, Skip>::default();
        config
            .environment(set(&[
                ("XTREAM_BASE_URL", "http://panel.example/"),
                ("XTREAM_USERNAME", "u"),
                ("XTREAM_PASSWORD", "p"),
                ("PORT", "10000"),
                ("COAX_DATA", "/var/data"),
                ("PUBLIC_BASE_URL", "https://tv.example/x"),
            ]))
            .unwrap();
        assert_eq!(config.source[0].whereabouts(), "http://panel.example");
        assert_eq!(config.listen, "0.0.0.0:10000");
        assert_eq!(config.data, Path::new("/var/data"));
        assert_eq!(config.public_base_url.unwrap().as_str(), "https://tv.example/x");
        let half = Config::<Skip, Skip, Skip>::default().environment(set(&[("XTREAM_BASE_URL", "http://h")]));
        assert!(half.unwrap_err().to_string().starts_with("XTREAM_USERNAME: is not set"));
    }

    #[test]
    fn two_devices_of_one_name_are_refused() {
        let device = |name: &str| format!("[[hdhomerun]]\nname = \"{name}\"\nuser = \"ann\"\n");
        let check = |text: String| {
            Config::<Skip, Skip, Skip>::parse(&text, "coax.toml").unwrap().check("coax.toml".into())
        };
        assert!(check(device("Coax") + &device("Sport")).is_ok());
        let why = check(device("Coax").repeat(2)).unwrap_err().to_string();
        assert!(why.contains("two [[hdhomerun]] are called \"Coax\""), "{why}");
        assert!(check(device(" ")).unwrap_err().to_string().contains("empty `name`"));
    }

    #[test]
    fn two_sources_of_one_name_are_refused() {
        let source = format!("{SOURCE}password = \"p\"\n");
        let config = Config::<Skip, Skip, Skip>::parse(&source.repeat(2), "coax.toml").unwrap();
        assert!(config.check("coax.toml".into()).unwrap_err().to_string().contains("`acme`"));
    }
}
