//! `coax completions` and `coax man`: what the commands say of themselves, for shells and for `man`.

use std::fs;
use std::io::stdout;
use std::path::Path;

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;

/// Prints what makes `shell` complete commands.
pub(crate) fn completions(shell: Shell) {
    clap_complete::generate(shell, &mut Cli::command(), "coax", &mut stdout());
}

/// Writes a page for each command into `folder`.
pub(crate) fn man(folder: &Path) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be written", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    clap_mangen::generate_to(Cli::command(), folder).with_context(cannot)
}
