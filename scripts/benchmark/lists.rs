//! A list from `serve` against the same bytes from nginx.

use std::path::Path;

use super::load;
use super::process::Process;

/// What `config` has published, asked for again and again.
pub(crate) fn against_nginx(folder: &Path, config: &Path) {
    let serve = Process::start("serve", &["--config", config.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    let list = "/player_api.php?username=bench&password=bench&action=get_live_streams";
    load::against_nginx(folder, "get_live_streams", &serve, || list.to_owned());
}
