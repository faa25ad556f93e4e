//! Where a program finds its configuration: the same two options everywhere.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::de::DeserializeOwned;

use super::{Config, ConfigError, Section};

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "coax.toml";

/// The one that is read when that is not there: a service's.
pub const SYSTEM_FILE: &str = "/etc/coax/coax.toml";

/// `--config` and `--data`.
#[derive(Clone, Debug, Default, Args)]
pub struct Place {
    /// The configuration; by default ./coax.toml or /etc/coax/coax.toml, whichever is there, else the environment alone
    #[arg(long, global = true, value_name = "FILE", env = "COAX_CONFIG")]
    pub config: Option<PathBuf>,
    /// The data folder, instead of the configured one
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl Place {
    /// Reads the configuration: the named file, else ./coax.toml, else /etc/coax/coax.toml, else the environment alone.
    ///
    /// # Errors
    /// [`ConfigError`], which never shows a value.
    pub fn load<I, S, R, D>(&self) -> Result<Config<I, S, R, D>, ConfigError>
    where
        I: Section,
        S: DeserializeOwned + Default,
        R: DeserializeOwned + Default,
        D: DeserializeOwned + Default,
    {
        let mut config = Config::load(self.file())?;
        if let Some(data) = &self.data {
            config.data.clone_from(data);
        }
        config.add_sources()?;
        Ok(config)
    }

    /// The file that is read; `None` when there is only the environment.
    pub fn file(&self) -> Option<&Path> {
        let usual = [DEFAULT_FILE, SYSTEM_FILE].map(Path::new);
        self.config.as_deref().or_else(|| usual.into_iter().find(|file| file.exists()))
    }

    /// What it is called in errors and reports.
    pub fn name(&self) -> String {
        self.file().map_or_else(|| "the environment".into(), |file| file.display().to_string())
    }
}
