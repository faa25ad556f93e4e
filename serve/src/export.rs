//! A release as a folder of files, which any web server or CDN can serve without us.
//!
//! ```text
//! DIR/
//!   current -> exports/000412-1      one link; the only thing that ever changes in place
//!   exports/000412-1/
//!     player_api/get_live_streams/all.json  .json.gz  .json.zst     one file for each answer that is the same for everybody
//!     player_api/get_live_streams/7.json    one category             player_api/get_live_streams/none.json    what is unknown
//!     player_api/get_vod_info/9001.json     player_api/get_short_epg/101.json    ...
//!     guide.xml  guide.xml.gz  guide.xml.zst
//!     user/5d41.../account.json  user/5d41.../m3u_plus.ts.m3u  ...    of one named user, if he is wanted
//!   nginx.conf                       serves all that at the addresses that apps ask for
//! ```
//!
//! The bytes are those that the server sends. What is the same as in the export before is a second link to the same file,
//! so that an export costs what has changed, and a web server's validators stay.
//!
//! With a named user everything is as he sees it. What tells the time (listings, the account) tells that of the export.

mod answers;
mod nginx;
mod site;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use contract::details::Details;
use contract::disk::Data;
use contract::release::{Release, Releases, View};
use contract::source::BaseUrl;
use contract::ticket::Key;
use contract::user::{Users, check_password};

use crate::login::Login;
use answers::Answers;
pub use site::Counts;
use site::Site;

/// What is exported, beside what is the same for everybody.
#[derive(Debug)]
pub struct Wanted {
    /// Where the folder will be served.
    pub url: BaseUrl,
    /// Where streams are: a relay, or Coax itself.
    pub streams: BaseUrl,
    /// Name and password of the user whose account and playlists are wanted.
    pub viewer: Option<(String, String)>,
    /// Whether there is a file with the listings of each channel. They go by the clock, so they want to be exported often.
    pub listings: bool,
}

/// Is told what has been done: a family of answers, how many files it has until now, and whether that is all of them.
pub type Told<'a> = dyn FnMut(&'static str, Counts, bool) + 'a;

/// Exports the release of `data` that is published now to `folder`, by the clock `now` (Unix time in seconds). Answers the
/// name of the export.
///
/// # Errors
/// There is no release, the user's pair is not right, or the disk refuses; the export before is then still there.
pub fn export(
    data: &Data,
    wanted: &Wanted,
    folder: &Path,
    now: u64,
    told: &mut Told<'_>,
) -> anyhow::Result<String> {
    let releases = Releases::new(data.clone());
    let number = releases.current().context("there is no release yet; `ingest run` makes one")?;
    let release = Release::open(&releases.folder(number)).context("the release cannot be opened")?;
    let release = Arc::new(release);
    let viewer = wanted.viewer.as_ref().map(|pair| viewer(data, pair, now)).transpose()?;
    let key = Key::load(&data.key()).context("secret.key cannot be used")?;
    let folder_of = viewer.as_ref().map(|login| folder_of(&key, login));
    let site = Site::begin(folder, &release.name).context("the folder cannot be written")?;
    let view = match &viewer {
        Some(login) => View::of(release.clone(), &login.user.sees),
        None => View::whole(release.clone()),
    };
    let answers = Answers {
        release: &release,
        view: &view,
        details: Details::new(data),
        now,
        wanted,
        viewer: viewer.as_ref().zip(folder_of.as_deref()),
        site: &site,
    };
    answers.write(told).context("the export cannot be written")?;
    let config = nginx::config(&site.current(), wanted, folder_of.as_deref());
    site.publish(&config).context("the export cannot be completed")
}

/// Where the files of one user are. Who has it in an address needs no other right: it cannot be guessed, and nothing lists
/// the folder. So a playlist can be fetched of a server that knows nothing of users.
///
/// SECURITY: a web server lets anybody try as many names as he likes, so this one does not follow from a pair that could be
/// guessed. What is in the folder may be read by everybody on the machine who knows where it is: the web server must.
fn folder_of(key: &Key, login: &Login) -> String {
    let secret = key.mac("export folder", &[login.name.as_bytes(), login.password.as_bytes()]);
    let digits: String = secret[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("user/{digits}")
}

/// SECURITY: both go into a configuration as they are.
fn viewer(data: &Data, (name, password): &(String, String), now: u64) -> anyhow::Result<Login> {
    check_password(password).map_err(anyhow::Error::msg)?;
    let user = Users::new(data.clone()).check(name, password);
    let user =
        user.context("there is no user of this name and password; `coax user list` tells who there is")?;
    let login = Login { user, name: name.clone(), password: password.clone() };
    Ok(login.active(now)?)
}
