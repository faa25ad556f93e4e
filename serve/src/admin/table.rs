//! Every endpoint of the administration. What is decoded, who may ask and what `/api/openapi.json` says follows from here.

use http::Method;
use httpd::api::{self, Missed, Verb};

use super::schema::Schema;

/// What can be asked for at one address in one way.
pub struct Endpoint {
    /// How.
    pub method: Verb,
    /// Where, with `{names}` in the places of what differs.
    pub path: &'static str,
    /// Whether anybody may ask.
    pub public: bool,
    pub(super) does: Does,
    /// In a few words.
    pub summary: &'static str,
    /// What must be sent.
    pub(super) body: Option<Schema>,
    /// What comes back when it is done: the status, and what.
    pub(super) answer: (u16, Option<Schema>),
    /// What else may come back than 401, 429 and, where something is sent, 400.
    pub(super) refusals: &'static [u16],
}

/// What an endpoint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// The document of this table.
    Describe,
    LogIn,
    LogOut,
    /// Who asks.
    Who,
    Users,
    AddUser,
    User,
    ChangeUser,
    RemoveUser,
    AddToken,
    RevokeToken,
    /// What a user may be shown.
    Groups,
    /// How sources do.
    Sources,
    /// How one would do.
    TestSource,
    AddSource,
    RemoveSource,
    Releases,
    RollBack,
    /// A run of ingest, now.
    Run,
    /// How far that is.
    Progress,
    /// What the relay is doing.
    Status,
    Logs,
    Settings,
    /// Which guide each channel has.
    Matches,
    Sessions,
    Kick,
    /// Every stream of a user.
    KickUser,
}

/// One that only an operator may ask, and that nothing is sent to.
const fn operators(
    method: Verb,
    path: &'static str,
    does: Does,
    summary: &'static str,
    answer: (u16, Option<Schema>),
) -> Endpoint {
    Endpoint { method, path, public: false, does, summary, body: None, answer, refusals: &[] }
}

/// All of them.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        public: true,
        ..operators(
            Verb::Get,
            "/api/openapi.json",
            Does::Describe,
            "This document",
            (200, Some(Schema::Anything)),
        )
    },
    Endpoint {
        public: true,
        body: Some(Schema::LogIn),
        ..operators(
            Verb::Post,
            "/api/admin/login",
            Does::LogIn,
            "Log in; gives a cookie that opens the rest for 12 hours",
            (200, Some(Schema::Who)),
        )
    },
    operators(Verb::Post, "/api/admin/logout", Does::LogOut, "Give the cookie back", (204, None)),
    operators(Verb::Get, "/api/admin/session", Does::Who, "Who asks", (200, Some(Schema::Who))),
    operators(Verb::Get, "/api/admin/users", Does::Users, "All users", (200, Some(Schema::Users))),
    Endpoint {
        body: Some(Schema::NewUser),
        refusals: &[409],
        ..operators(
            Verb::Post,
            "/api/admin/users",
            Does::AddUser,
            "Let somebody watch; without a password one is made, and told once",
            (201, Some(Schema::AddedUser)),
        )
    },
    Endpoint {
        refusals: &[404],
        ..operators(Verb::Get, "/api/admin/users/{name}", Does::User, "One user", (200, Some(Schema::User)))
    },
    Endpoint {
        body: Some(Schema::Change),
        refusals: &[404],
        ..operators(
            Verb::Patch,
            "/api/admin/users/{name}",
            Does::ChangeUser,
            "Change what is said; the rest stays as it is",
            (200, Some(Schema::User)),
        )
    },
    Endpoint {
        refusals: &[404],
        ..operators(
            Verb::Delete,
            "/api/admin/users/{name}",
            Does::RemoveUser,
            "Let somebody watch no more",
            (204, None),
        )
    },
    Endpoint {
        body: Some(Schema::NewToken),
        refusals: &[404, 409],
        ..operators(
            Verb::Post,
            "/api/admin/users/{name}/tokens",
            Does::AddToken,
            "Give a device a token, which is told once",
            (201, Some(Schema::AddedToken)),
        )
    },
    Endpoint {
        refusals: &[404],
        ..operators(
            Verb::Delete,
            "/api/admin/users/{name}/tokens/{device}",
            Does::RevokeToken,
            "Take a token back",
            (204, None),
        )
    },
    Endpoint {
        refusals: &[404],
        ..operators(
            Verb::Delete,
            "/api/admin/users/{name}/sessions",
            Does::KickUser,
            "Cut all streams of a user, here and at relays elsewhere; he may begin anew",
            (204, None),
        )
    },
    Endpoint {
        refusals: &[503],
        ..operators(
            Verb::Get,
            "/api/admin/groups",
            Does::Groups,
            "The groups of the line-up, by which it is said what a user may see",
            (200, Some(Schema::Groups)),
        )
    },
    operators(
        Verb::Get,
        "/api/admin/sources",
        Does::Sources,
        "What the last run did, and what each source gave",
        (200, Some(Schema::Sources)),
    ),
    Endpoint {
        body: Some(Schema::Source),
        refusals: &[503],
        ..operators(
            Verb::Post,
            "/api/admin/sources/test",
            Does::TestSource,
            "Ask a source how it is; nothing is kept",
            (200, Some(Schema::Probed)),
        )
    },
    Endpoint {
        body: Some(Schema::Source),
        refusals: &[409],
        ..operators(
            Verb::Post,
            "/api/admin/sources",
            Does::AddSource,
            "Add a source to those of the configuration; everything begins anew with it",
            (204, None),
        )
    },
    Endpoint {
        refusals: &[404],
        ..operators(
            Verb::Delete,
            "/api/admin/sources/{name}",
            Does::RemoveSource,
            "Take back a source that was added so; everything begins anew without it",
            (204, None),
        )
    },
    operators(
        Verb::Get,
        "/api/admin/releases",
        Does::Releases,
        "The kept releases, newest first",
        (200, Some(Schema::Releases)),
    ),
    Endpoint {
        refusals: &[404, 409],
        ..operators(
            Verb::Post,
            "/api/admin/releases/{number}/rollback",
            Does::RollBack,
            "Make a kept release the one in force",
            (204, None),
        )
    },
    Endpoint {
        refusals: &[409, 503],
        ..operators(Verb::Post, "/api/admin/run", Does::Run, "Ask for a run of ingest", (202, None))
    },
    operators(
        Verb::Get,
        "/api/admin/run",
        Does::Progress,
        "What the sources of the run that is going on are doing",
        (200, Some(Schema::Progress)),
    ),
    Endpoint {
        refusals: &[503],
        ..operators(
            Verb::Get,
            "/api/admin/status",
            Does::Status,
            "What the relay in this process is doing, as /status.json",
            (200, Some(Schema::Anything)),
        )
    },
    operators(
        Verb::Get,
        "/api/admin/logs",
        Does::Logs,
        "The newest lines of the log, oldest first; with `after`, those after the one of this number",
        (200, Some(Schema::Logs)),
    ),
    operators(
        Verb::Get,
        "/api/admin/settings",
        Does::Settings,
        "What this process runs with; secrets are not told",
        (200, Some(Schema::Settings)),
    ),
    Endpoint {
        refusals: &[409],
        ..operators(
            Verb::Get,
            "/api/admin/matches",
            Does::Matches,
            "Which guide each channel has, how it was found and what else was considered",
            (200, Some(Schema::Matches)),
        )
    },
    operators(
        Verb::Get,
        "/api/admin/sessions",
        Does::Sessions,
        "The streams that users have open here, and how many they have at relays elsewhere",
        (200, Some(Schema::Sessions)),
    ),
    Endpoint {
        refusals: &[404],
        ..operators(
            Verb::Delete,
            "/api/admin/sessions/{id}",
            Does::Kick,
            "Cut a stream; whoever has it may begin anew",
            (204, None),
        )
    },
];

/// The endpoint of an address, and what stands in the places of its names.
///
/// # Errors
/// There is none, or none that is asked in this way.
pub(super) fn find(method: &Method, segments: &[String]) -> Result<(&'static Endpoint, Vec<String>), Missed> {
    api::find(ENDPOINTS, |endpoint| (endpoint.method, endpoint.path), method, segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_found_where_it_says_it_is_and_once() {
        for endpoint in ENDPOINTS {
            let path =
                endpoint.path.replace("{name}", "ann").replace("{device}", "a b").replace("{number}", "7");
            let segments: Vec<String> = path.split('/').skip(1).map(|it| it.replace("{id}", "9")).collect();
            let method = endpoint.method.word().parse().unwrap();
            let (found, named) = find(&method, &segments).ok().unwrap();
            assert_eq!((found.path, found.method), (endpoint.path, endpoint.method));
            assert_eq!(named.len(), api::names(endpoint.path).count());
        }
        let segments = ["api", "admin", "users"].map(str::to_owned);
        assert!(matches!(find(&Method::PUT, &segments), Err(Missed::Method(allowed)) if allowed.len() == 2));
        assert!(matches!(find(&Method::GET, &segments[..2]), Err(Missed::Unknown)));
    }
}
