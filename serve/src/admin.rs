//! The administration: users, sources, releases and what is running, as JSON under `/api/admin`.
//!
//! ```text
//!  request ─▶ Endpoint (one table) ─▶ Operator (who asks: key, token or cookie) ─▶ one function per endpoint
//!                    │                                                                   │ users.json, releases/, run.json
//!                    └─▶ /api/openapi.json                                               └ Programs: relay and ingest
//! ```
//!
//! Everything follows from [`table`]: what is decoded, who may ask, and what the document says. SECURITY: who may ask is
//! decided before anything else is looked at, so that an endpoint cannot forget to.
//!
//! What does *not* belong here: anything that a viewer may ask for.

mod answer;
mod keeper;
mod openapi;
mod people;
mod programs;
mod releases;
mod running;
mod schema;
mod sources;
mod table;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use contract::user::User;
use httpd::api::Refusal;
use httpd::{Request, Response, api};

pub use self::keeper::Keeper;
pub use self::openapi::document;
pub use self::programs::{Probing, Programs, Wished};
pub use self::table::{ENDPOINTS, Endpoint};
pub use httpd::api::Verb;

pub(crate) use self::keeper::begin;

use self::table::Does;
use crate::Server;

/// Who administers.
struct Operator {
    /// `None` for whoever has the key of the configuration.
    user: Option<Arc<User>>,
}

/// Answers what lies under `/api`.
pub(crate) async fn answer(server: &Server, request: Request, peer: SocketAddr) -> Response {
    let client = server.client(request.headers(), peer);
    let method = request.method().clone();
    // SECURITY: for the log, which is told no names of users.
    let path = table::find(&method, &httpd::segments(request.uri().path())).map_or("unknown", |it| it.0.path);
    match found(server, request, peer, client).await {
        Ok(response) => api::closed(response),
        Err(refusal) => api::closed(refusal.answer("the administration", &method, path, client)),
    }
}

async fn found(
    server: &Server,
    request: Request,
    peer: SocketAddr,
    client: IpAddr,
) -> Result<Response, Refusal> {
    let segments = httpd::segments(request.uri().path());
    let found = table::find(request.method(), &segments);
    if let Ok((endpoint, _)) = &found
        && endpoint.public
    {
        return match endpoint.does {
            Does::Describe => Ok(openapi::answer(server)),
            Does::LogIn => keeper::log_in(server, request, peer, client).await,
            _ => Err(Refusal::Unknown), // nothing else is public
        };
    }
    let operator = keeper::admit(server, &request, client)?;
    let (endpoint, named) = found?;
    let named = |at: usize| named.get(at).map_or("", String::as_str);
    match endpoint.does {
        Does::Describe | Does::LogIn => Err(Refusal::Unknown), // answered above
        Does::LogOut => Ok(keeper::log_out(server, &request, peer)),
        Does::Who => Ok(keeper::who(&operator)),
        Does::Users => people::list(server).await,
        Does::AddUser => people::add(server, request).await,
        Does::User => people::one(server, named(0)).await,
        Does::ChangeUser => people::change(server, named(0), request).await,
        Does::RemoveUser => people::remove(server, named(0)).await,
        Does::AddToken => people::add_token(server, named(0), request).await,
        Does::RevokeToken => people::revoke_token(server, named(0), named(1)).await,
        Does::Groups => releases::groups(server).await,
        Does::Sources => releases::sources(server).await,
        Does::TestSource => sources::test(server, request).await,
        Does::AddSource => sources::add(server, request).await,
        Does::RemoveSource => sources::remove(server, named(0)).await,
        Does::Releases => releases::list(server).await,
        Does::RollBack => releases::roll_back(server, named(0)).await,
        Does::Run => running::run(server),
        Does::Progress => Ok(running::progress(server)),
        Does::Status => running::status(server),
        Does::Logs => Ok(running::logs(&request)),
        Does::Settings => Ok(running::settings(server)),
        Does::Matches => running::matches(server).await,
        Does::Sessions => running::sessions(server),
        Does::Kick => running::kick(server, named(0)),
        Does::KickUser => running::kick_user(server, named(0)),
    }
}
