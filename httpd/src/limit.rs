//! What the kernel allows the process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::debug;

/// Asks for as many open files as the process may have. Every viewer of a film takes two, and the usual 1024 are soon
/// gone. A refusal changes nothing.
pub fn raise_file_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        debug!(%error, ?current, "the limit of open files stays as it is");
    }
}
