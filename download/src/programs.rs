//! Programs of others that do part of the work, where they are installed.

use std::path::Path;

use crate::target::{Kind, Record};

/// Those that are not there: rsync, where a target is delivered to by it; ffprobe, which measures what came; and yt-dlp (which is
/// at `yt_dlp`), which fetches what is no file.
pub fn missing(yt_dlp: &Path, targets: &[Record]) -> Vec<String> {
    let by_rsync = targets.iter().any(|record| record.kind == Kind::Rsync);
    let wanted = [(by_rsync, Path::new("rsync")), (true, Path::new("ffprobe")), (true, yt_dlp)];
    let missing = wanted.into_iter().filter(|(is_wanted, program)| *is_wanted && !is_installed(program));
    missing.map(|(_, program)| program.display().to_string()).collect()
}

/// Whether there is such a program: there, or where programs are looked for (`PATH`).
fn is_installed(program: &Path) -> bool {
    if program.components().count() > 1 {
        return program.is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
