//! How programs speak to whoever has called them: lines on standard output.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write, stderr, stdout};

use serde::Serialize;

/// Prints a line, or several. A reader who has had enough and went, as `head` does, is no error: what was asked for is done to
/// its end, and the exit status tells how that went.
///
/// # Errors
/// Standard output takes nothing for another reason, such as a full disk.
pub fn say(text: impl Display) -> io::Result<()> {
    let mut out = stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        said => said,
    }
}

/// Prints a document for machines, as JSON.
///
/// # Errors
/// As [`say`].
pub fn document(told: &(impl Serialize + ?Sized)) -> io::Result<()> {
    say(serde_json::to_string_pretty(told)?)
}

/// Says on standard error why a program ends. There is nobody to tell that this cannot be said.
pub fn complain(why: impl Display) {
    let _ = writeln!(stderr(), "{why}");
}
