//! Output that may be long.

use std::io::ErrorKind;

/// `done`, but for a reader who has seen enough and went (`| head`): that is no error.
pub(super) fn quietly(done: anyhow::Result<()>) -> anyhow::Result<()> {
    let is_gone = |error: &anyhow::Error| {
        let io = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let json = error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(ErrorKind::BrokenPipe)
    };
    match done {
        Err(error) if is_gone(&error) => Ok(()),
        done => done,
    }
}
