//! The panel's API in the shapes that real panels emit, in two dialects.

mod account;
mod details;
mod epg;
mod json;
mod lists;
mod pieces;
mod text;

use std::sync::Arc;

use http::StatusCode;
use httpd::{Body, Params, Response, reply};

use crate::provider::Provider;
use crate::settings::{Account, Dialect, Status};
use json::Json;

/// One authenticated request.
pub(crate) struct Ask {
    pub(crate) provider: Arc<Provider>,
    pub(crate) account: Account,
    pub(crate) params: Params,
    /// Scheme and authority that the client used.
    pub(crate) base: String,
}

impl Ask {
    fn classic(&self) -> bool {
        self.provider.settings.dialect == Dialect::Classic
    }

    fn json<'a>(&self, out: &'a mut Vec<u8>) -> Json<'a> {
        Json { out, dialect: self.provider.settings.dialect }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Live,
    Films,
    Series,
}

/// What `action` names. Panels know numbers for them, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Account,
    LiveCategories,
    FilmCategories,
    SeriesCategories,
    Live,
    Films,
    Series,
    FilmInfo,
    SeriesInfo,
    ShortEpg,
    Table,
}

impl Action {
    /// An unknown action is the account document.
    pub(crate) fn of(params: &Params) -> Self {
        match params.get("action").unwrap_or("") {
            "get_live_categories" | "201" => Self::LiveCategories,
            "get_vod_categories" | "200" => Self::FilmCategories,
            "get_series_categories" | "206" => Self::SeriesCategories,
            "get_live_streams" | "202" => Self::Live,
            "get_vod_streams" | "203" => Self::Films,
            "get_series" | "208" => Self::Series,
            "get_vod_info" | "209" => Self::FilmInfo,
            "get_series_info" | "204" => Self::SeriesInfo,
            "get_short_epg" | "205" => Self::ShortEpg,
            "get_simple_data_table" | "207" => Self::Table,
            _ => Self::Account,
        }
    }

    /// The name under which it is counted and afflicted.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::LiveCategories => "get_live_categories",
            Self::FilmCategories => "get_vod_categories",
            Self::SeriesCategories => "get_series_categories",
            Self::Live => "get_live_streams",
            Self::Films => "get_vod_streams",
            Self::Series => "get_series",
            Self::FilmInfo => "get_vod_info",
            Self::SeriesInfo => "get_series_info",
            Self::ShortEpg => "get_short_epg",
            Self::Table => "get_simple_data_table",
        }
    }
}

/// A document that stands for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    /// `player_api.php`
    Player(Action),
    /// `panel_api.php`
    Panel,
    /// `get.php`
    Playlist,
    /// `xmltv.php`
    Guide,
}

impl Document {
    /// The name under which it is counted and afflicted.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Player(action) => action.name(),
            Self::Panel => "panel_api",
            Self::Playlist => "get",
            Self::Guide => "xmltv",
        }
    }
}

/// Answers an account that may ask. One that may not watch still gets its account document.
pub(crate) fn answer(ask: Ask, document: Document) -> Response {
    if ask.provider.status(&ask.account) != Status::Active && document != Document::Player(Action::Account) {
        return rejected(ask.provider.settings.dialect);
    }
    match document {
        Document::Panel => account::panel(ask),
        Document::Playlist => text::playlist(ask),
        Document::Guide => text::guide(ask),
        Document::Player(action) => match action {
            Action::Account => account::account(&ask),
            Action::LiveCategories => lists::categories(&ask, Kind::Live),
            Action::FilmCategories => lists::categories(&ask, Kind::Films),
            Action::SeriesCategories => lists::categories(&ask, Kind::Series),
            Action::Live => lists::streams(ask, Kind::Live),
            Action::Films => lists::streams(ask, Kind::Films),
            Action::Series => lists::streams(ask, Kind::Series),
            Action::FilmInfo => details::film(&ask),
            Action::SeriesInfo => details::series(&ask),
            Action::ShortEpg => epg::short(&ask),
            Action::Table => epg::table(&ask),
        },
    }
}

/// What bad credentials get.
pub(crate) fn rejected(dialect: Dialect) -> Response {
    match dialect {
        Dialect::Classic => reply::json(StatusCode::OK, r#"{"user_info":{"auth":0}}"#),
        Dialect::Xui => page(StatusCode::NOT_FOUND, "404 Not Found"),
    }
}

/// A page as a bare web server shows it.
pub(crate) fn page(status: StatusCode, title: &str) -> Response {
    let html = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    let mut answer = Response::new(Body::from(html));
    *answer.status_mut() = status;
    answer.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/html"));
    answer
}
