//! `coax completions` and `coax man`: what the commands say of themselves, for shells and for `man`.

use std::fs;
use std::path::Path;

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;
use contract::say::say;

use crate::cli::Cli;

/// Prints what makes `shell` complete commands.
pub(crate) fn completions(shell: Shell) -> anyhow::Result<()> {
    // In memory: clap panics where it cannot write, and whoever reads may have seen enough.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "coax", &mut script);
    Ok(say(String::from_utf8(script)?.trim_end())?)
}

/// Writes a page for each command into `folder`.
pub(crate) fn man(folder: &Path) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be written", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    clap_mangen::generate_to(Cli::command(), folder).with_context(cannot)
}
