//! Every endpoint of downloads. What is decoded, who may ask and what `/api/openapi.json` says follows from here.

use http::Method;
use httpd::api::{self, Missed, Verb};

use super::Role;
use super::endpoint::{Does, Endpoint};
use super::schema::{Parameter, Schema};

/// One that nothing is sent to.
const fn asked(
    role: Role,
    method: Verb,
    path: &'static str,
    does: Does,
    summary: &'static str,
    answer: (u16, Option<Schema>),
) -> Endpoint {
    Endpoint { method, path, role: Some(role), does, summary, query: &[], body: None, answer, refusals: &[] }
}

use Role::{Admin, Operator, Viewer};
use Verb::{Delete, Get, Post, Put};

/// All of them.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        role: None,
        ..asked(
            Viewer,
            Get,
            "/api/role",
            Does::ShowRole,
            "Who asks, and what he may do with downloads",
            (200, Some(Schema::Asker)),
        )
    },
    Endpoint {
        query: &[
            Parameter::State,
            Parameter::Kinds,
            Parameter::Server,
            Parameter::Text,
            Parameter::From,
            Parameter::Most,
        ],
        ..asked(
            Viewer,
            Get,
            "/api/downloads",
            Does::ListDownloads,
            "Downloads in the order in which they have their turn, and what holds them up",
            (200, Some(Schema::Downloads)),
        )
    },
    Endpoint {
        body: Some(Schema::Wished),
        refusals: &[409],
        ..asked(
            Operator,
            Post,
            "/api/downloads",
            Does::AddDownloads,
            "Download films and episodes of the line-up, by `ids`, or record a channel, to `server`, or each to the one that suits it \
             best; what is there already is not had twice",
            (200, Some(Schema::Added)),
        )
    },
    Endpoint {
        body: Some(Schema::Act),
        ..asked(
            Operator,
            Put,
            "/api/downloads",
            Does::ChangeDownloads,
            "Pause, resume, cancel, retry, put on top or give a class to those of `ids`, or to all for which it means something",
            (200, Some(Schema::Answers)),
        )
    },
    Endpoint {
        refusals: &[404],
        ..asked(
            Viewer,
            Get,
            "/api/downloads/{id}",
            Does::ShowDownload,
            "A download, and what happened to it",
            (200, Some(Schema::DownloadShown)),
        )
    },
    Endpoint {
        body: Some(Schema::ActOne),
        refusals: &[404, 409],
        ..asked(
            Operator,
            Put,
            "/api/downloads/{id}",
            Does::ChangeDownload,
            "Pause, resume, cancel, retry, put on top or give a class to one",
            (200, Some(Schema::Download)),
        )
    },
    Endpoint {
        refusals: &[404, 409],
        ..asked(
            Operator,
            Delete,
            "/api/downloads/{id}",
            Does::CancelDownload,
            "Cancel one; what is there of it goes, and it stays in the list",
            (204, None),
        )
    },
    asked(
        Viewer,
        Get,
        "/api/lists",
        Does::ListLists,
        "The lists that were uploaded",
        (200, Some(Schema::Lists)),
    ),
    Endpoint {
        query: &[Parameter::Name, Parameter::Main],
        body: Some(Schema::Playlist),
        refusals: &[409, 503],
        ..asked(
            Operator,
            Post,
            "/api/lists",
            Does::AddList,
            "Upload a list (M3U, plain or as gzip), which is looked at while it arrives",
            (201, Some(Schema::List)),
        )
    },
    Endpoint {
        body: Some(Schema::Marked),
        refusals: &[404],
        ..asked(
            Operator,
            Put,
            "/api/lists/{id}",
            Does::ChangeList,
            "Say whether what it lists is something that one has",
            (200, Some(Schema::List)),
        )
    },
    Endpoint {
        refusals: &[404],
        ..asked(Operator, Delete, "/api/lists/{id}", Does::RemoveList, "Remove a list", (204, None))
    },
    Endpoint {
        query: &[
            Parameter::Class,
            Parameter::Text,
            Parameter::Group,
            Parameter::Min,
            Parameter::Max,
            Parameter::Unknown,
            Parameter::Cam,
            Parameter::From,
            Parameter::Most,
        ],
        refusals: &[404, 409],
        ..asked(
            Viewer,
            Get,
            "/api/lists/{id}/diff",
            Does::ShowDifference,
            "What is different in a list, or (id 0) in the line-up, from the main lists and all that was downloaded",
            (200, Some(Schema::Difference)),
        )
    },
    Endpoint {
        body: Some(Schema::Chosen),
        refusals: &[404, 409],
        ..asked(
            Operator,
            Post,
            "/api/lists/{id}/select",
            Does::SelectFromList,
            "Download what is chosen of a list, as far as the line-up has it, to `server`, or each to the one that suits it best",
            (200, Some(Schema::Added)),
        )
    },
    asked(
        Viewer,
        Get,
        "/api/servers",
        Does::ListServers,
        "Where downloads are delivered; how it is reached is told to administrators alone",
        (200, Some(Schema::Servers)),
    ),
    Endpoint {
        body: Some(Schema::NewServer),
        refusals: &[409],
        ..asked(
            Admin,
            Post,
            "/api/servers",
            Does::AddServer,
            "Add one, which has to be there and take files",
            (201, Some(Schema::Server)),
        )
    },
    Endpoint {
        query: &[Parameter::Kind, Parameter::Lines, Parameter::Bytes],
        ..asked(
            Viewer,
            Get,
            "/api/suggest",
            Does::SuggestServers,
            "The servers that take something of this kind, the one that suits it best first",
            (200, Some(Schema::Suggested)),
        )
    },
    Endpoint {
        refusals: &[404],
        ..asked(
            Viewer,
            Get,
            "/api/servers/{id}",
            Does::ShowServer,
            "One of them",
            (200, Some(Schema::Server)),
        )
    },
    Endpoint {
        body: Some(Schema::ServerChange),
        refusals: &[404, 409],
        ..asked(
            Admin,
            Put,
            "/api/servers/{id}",
            Does::ChangeServer,
            "Change what is said; the rest stays as it is",
            (200, Some(Schema::Server)),
        )
    },
    Endpoint {
        refusals: &[404, 409],
        ..asked(
            Admin,
            Delete,
            "/api/servers/{id}",
            Does::RemoveServer,
            "Deliver there no more; what is there stays",
            (204, None),
        )
    },
    Endpoint {
        refusals: &[404],
        ..asked(
            Operator,
            Post,
            "/api/servers/{id}/test",
            Does::TestServer,
            "See whether it can be reached and takes files, and how much room it has",
            (200, Some(Schema::Server)),
        )
    },
    asked(
        Viewer,
        Get,
        "/api/limits",
        Does::ShowLimits,
        "How many downloads and transfers go on at once",
        (200, Some(Schema::Limits)),
    ),
    Endpoint {
        body: Some(Schema::LimitsChange),
        ..asked(
            Operator,
            Put,
            "/api/limits",
            Does::ChangeLimits,
            "Change it; what is not said stays as it is",
            (200, Some(Schema::Limits)),
        )
    },
    asked(
        Operator,
        Delete,
        "/api/limits",
        Does::ResetLimits,
        "Back to what the configuration says",
        (200, Some(Schema::Limits)),
    ),
    asked(
        Viewer,
        Get,
        "/api/stats",
        Does::ShowStats,
        "All figures; those of users are told to administrators alone",
        (200, Some(Schema::Stats)),
    ),
    asked(
        Viewer,
        Get,
        "/api/stats/downloads",
        Does::ShowDownloadStats,
        "Downloads by state, bytes by day, speeds, failures by cause",
        (200, Some(Schema::DownloadStats)),
    ),
    asked(
        Viewer,
        Get,
        "/api/stats/servers",
        Does::ShowServerStats,
        "Bytes delivered to each server, and how it is",
        (200, Some(Schema::ServerStats)),
    ),
    asked(
        Admin,
        Get,
        "/api/stats/users",
        Does::ShowUserStats,
        "Downloads by who wished for them",
        (200, Some(Schema::UserStats)),
    ),
    asked(
        Viewer,
        Get,
        "/api/stats/accounts",
        Does::ShowAccountStats,
        "Seconds for which downloads have waited for a connection, by the account of which",
        (200, Some(Schema::AccountStats)),
    ),
    Endpoint {
        query: &[Parameter::Subject, Parameter::Title, Parameter::Year],
        refusals: &[404, 409, 503],
        ..asked(
            Operator,
            Get,
            "/api/tmdb/search",
            Does::SearchTmdb,
            "Films or series of this title (`text`) at themoviedb.org, to pick from",
            (200, Some(Schema::Found)),
        )
    },
    Endpoint {
        body: Some(Schema::Picked),
        refusals: &[404, 409, 503],
        ..asked(
            Operator,
            Put,
            "/api/tmdb/pick",
            Does::PickTmdb,
            "Say which number at themoviedb.org a title and a year stand for, or null for none; from now on it is named so",
            (204, None),
        )
    },
    Endpoint {
        refusals: &[503],
        ..asked(
            Viewer,
            Get,
            "/api/events",
            Does::Follow,
            "What happens as it happens (server-sent events): `event` with an id, and `progress` every second in which there is \
             any, with bytes, bytes per second (`speed`) and the seconds that are left (`eta`); goes on behind `Last-Event-ID`, or says `reset` if that is too long ago",
            (200, Some(Schema::Events)),
        )
    },
    Endpoint {
        query: &[Parameter::Level, Parameter::Download, Parameter::Text, Parameter::Before, Parameter::Most],
        ..asked(
            Admin,
            Get,
            "/api/log",
            Does::ShowLog,
            "What happened and who did it, the newest first",
            (200, Some(Schema::Log)),
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
            let segments = httpd::segments(&endpoint.path.replace("{id}", "7"));
            let (found, named) = find(&endpoint.method.word().parse().unwrap(), &segments).unwrap();
            assert_eq!((found.path, found.method), (endpoint.path, endpoint.method));
            assert_eq!(named.len(), api::names(endpoint.path).count());
            assert!(super::super::Service::takes(endpoint.path));
        }
        for path in
            ["/api/admin/users", "/api/openapi.json", "/api/streams/active", "/api", "/downloads", "/"]
        {
            assert!(!super::super::Service::takes(path), "{path}");
        }
    }
}
