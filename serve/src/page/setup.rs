//! `/page/api/setup`: the first administrator of an installation that has none.
//!
//! SECURITY: whoever comes first to an address in the internet is not its owner. So it takes a code, which is shown where the
//! program was started, and which another start changes; wrong ones count like wrong passwords. Once somebody administers,
//! there is nothing here any more.

use std::net::SocketAddr;

use anyhow::Context;
use contract::user::{PasswordHash, User, check_name, check_password};
use httpd::{Request, Response};
use serde::Deserialize;
use serde_json::json;

use super::{door, told};
use crate::Server;
use crate::refusal::Refusal;

/// Characters of a code: 58 bits.
const LENGTH: usize = 12;
/// Of an administrator's password, at least: it guards more than television.
const SHORTEST: usize = 8;
/// A longer document is none of ours, in bytes.
const LONGEST: usize = 4096;

/// The code of this start.
pub(crate) struct Setup(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Beginning {
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

impl Default for Setup {
    fn default() -> Self {
        Self(contract::user::typeable(LENGTH))
    }
}

impl Server {
    /// What opens the set-up of an installation that nobody administers; nothing where somebody does, or could by the key of
    /// the configuration.
    pub fn setup_code(&self) -> Option<&str> {
        let somebody = self.settings.admin_key.is_some() || self.users.find_by(|user| user.admin).is_some();
        (!somebody).then_some(self.setup.0.as_str())
    }
}

/// `GET /page/api/setup`: whether there is something to set up.
pub(super) fn state(server: &Server) -> Response {
    told(&json!({ "open": server.setup_code().is_some() }))
}

/// `POST /page/api/setup`: with the code alone, whether it is the one; with a name and a password, the administrator, who is
/// then logged in.
pub(super) async fn begin(server: &Server, request: Request, peer: SocketAddr) -> Result<Response, Refusal> {
    let client = server.client(request.headers(), peer);
    let agent = door::device(request.headers());
    let place = door::place(server, &request, peer)?;
    let code = server.setup_code().ok_or(Refusal::Unknown)?;
    let beginning: Beginning = door::sent(request, LONGEST).await?;
    server.logins.waits(client)?;
    // Whole hashes are compared, in a time that does not tell where they differ.
    let typed = beginning.code.trim().to_ascii_lowercase().replace('-', "");
    if blake3::hash(typed.as_bytes()) != blake3::hash(code.as_bytes()) {
        server.logins.was_wrong(&typed, client);
        return Err(Refusal::Forbidden);
    }
    if beginning.name.is_empty() && beginning.password.is_empty() {
        return Ok(told(&json!({ "open": true })));
    }
    let user = made(server, beginning).await?;
    tracing::info!(%client, "an administrator was made with the setup code");
    door::enter(server, &user, agent, place).await
}

async fn made(server: &Server, beginning: Beginning) -> Result<User, Refusal> {
    let Beginning { name, password, .. } = beginning;
    check_name(&name).map_err(|why| Refusal::Wrong(why.into()))?;
    check_password(&password).map_err(|why| Refusal::Wrong(why.into()))?;
    if password.len() < SHORTEST {
        return Err(Refusal::Wrong(format!("a password of at least {SHORTEST} characters, please")));
    }
    let (users, now) = (server.users.clone(), server.now());
    let making = tokio::task::spawn_blocking(move || {
        let hash = PasswordHash::new(&password);
        users.edit(|all| {
            // Another one may have been quicker.
            if all.iter().any(|user| user.admin) {
                return Err(Refusal::Unknown);
            }
            if all.iter().any(|user| user.name == name) {
                return Err(Refusal::Wrong("there is a user of this name already; choose another".into()));
            }
            let user = User { admin: true, max_connections: 0, ..User::new(&name, hash, now) };
            all.push(user.clone());
            Ok(user)
        })
    });
    making.await.context("making an administrator")?.context("making an administrator")?
}
