//! From where a user's password comes.

use std::io::Read;

use anyhow::{Context, ensure};
use clap::Args;
use contract::user::{PasswordHash, check_password, made_password};

/// More than any password or hash has, in bytes.
const MOST: u64 = 1024;

/// What is said of a password.
#[derive(Debug, Args)]
pub(crate) struct Origin {
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Read a hash of the password from standard input, as another program has it: Argon2 (`$argon2id$...`) or bcrypt
    /// (`$2b$...`); it is replaced by one of ours when the user first logs in
    #[arg(long, conflicts_with = "password_stdin")]
    hash_stdin: bool,
}

/// A password, or what another program has made of it.
pub(crate) enum Obtained {
    /// Made here.
    Made(String),
    /// Given.
    Given(String),
    /// Given as a hash.
    Hash(PasswordHash),
}

impl Origin {
    pub(crate) fn obtain(&self) -> anyhow::Result<Obtained> {
        if self.hash_stdin {
            let hash = PasswordHash::of_text(&given()?).map_err(anyhow::Error::msg)?;
            return Ok(Obtained::Hash(hash));
        }
        if !self.password_stdin {
            return Ok(Obtained::Made(made_password()));
        }
        let password = given()?;
        check_password(&password).map_err(anyhow::Error::msg)?;
        Ok(Obtained::Given(password))
    }
}

impl Obtained {
    pub(crate) fn hash(&self) -> PasswordHash {
        match self {
            Self::Made(text) | Self::Given(text) => PasswordHash::new(text),
            Self::Hash(hash) => hash.clone(),
        }
    }

    /// What nobody knows yet.
    pub(crate) fn made(&self) -> Option<&str> {
        match self {
            Self::Made(text) => Some(text),
            Self::Given(_) | Self::Hash(_) => None,
        }
    }
}

/// What stands on standard input, without the line break behind it.
///
/// # Errors
/// There is nothing, or it cannot be read.
pub(crate) fn given() -> anyhow::Result<String> {
    let mut text = String::new();
    let reading = std::io::stdin().take(MOST).read_to_string(&mut text);
    reading.context("cannot read the password from standard input")?;
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    ensure!(!text.is_empty(), "standard input holds no password");
    Ok(text)
}
