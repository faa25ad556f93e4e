//! The Xtream API: what `player_api.php` is asked for, decoded once, and one file per family of answers.

pub(crate) mod account;
pub(crate) mod details;
mod document;
pub(crate) mod guide;
mod lists;
pub(crate) mod panel;
pub(crate) mod playlist;
mod search;
pub(crate) mod xmltv;

use contract::bundle::Section;
use httpd::Response;

pub(crate) use lists::Selection;

use crate::Server;
use crate::pace::Kind;
use crate::refusal::Refusal;
use crate::service::Asked;

/// An action of `player_api.php`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// None, or one nobody knows: the account.
    Account,
    /// One of the three category lists.
    Categories(Section),
    /// One of the three lists, whole or one category of it.
    List(Section),
    /// A film.
    MovieInfo,
    /// A series with its episodes.
    SeriesInfo,
    /// What is on now and next.
    ShortListings,
    /// All listings of a channel, past and future.
    AllListings,
}

/// The names of actions, and the numbers that some panels take instead.
const ACTIONS: &[(&str, &str, Action)] = &[
    ("get_live_categories", "201", Action::Categories(Section::LiveCategories)),
    ("get_live_streams", "202", Action::List(Section::LiveStreams)),
    ("get_vod_categories", "200", Action::Categories(Section::VodCategories)),
    ("get_vod_streams", "203", Action::List(Section::VodStreams)),
    ("get_series_categories", "206", Action::Categories(Section::SeriesCategories)),
    ("get_series", "208", Action::List(Section::Series)),
    ("get_vod_info", "209", Action::MovieInfo),
    ("get_series_info", "204", Action::SeriesInfo),
    ("get_short_epg", "205", Action::ShortListings),
    ("get_epg", "205", Action::ShortListings),
    ("get_simple_data_table", "207", Action::AllListings),
];

/// The names of all actions of `player_api.php`.
pub fn actions() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|(name, ..)| *name)
}

impl Action {
    fn decode(action: Option<&str>) -> Self {
        let asked = action.unwrap_or("").trim();
        let known = ACTIONS.iter().find(|(name, number, _)| *name == asked || *number == asked);
        known.map_or(Self::Account, |(_, _, action)| *action)
    }

    const fn kind(self) -> Kind {
        match self {
            Self::ShortListings | Self::AllListings => Kind::Listings,
            Self::Account | Self::Categories(_) | Self::List(_) | Self::MovieInfo | Self::SeriesInfo => {
                Kind::Lists
            }
        }
    }
}

/// Answers `player_api.php`.
pub(crate) async fn answer(server: &Server, asked: &Asked) -> Result<Response, Refusal> {
    let action = Action::decode(asked.params.get("action"));
    if action == Action::Account {
        return account::answer(server, asked).await;
    }
    let login = server.viewer(asked, action.kind()).await?;
    let prepared = server.seen_by(&login).await?;
    match action {
        Action::Account => {
            unreachable!("answered above: it needs no release, and tells those who are barred so")
        }
        Action::Categories(section) => lists::answer(&prepared, Selection::all(section), asked).await,
        Action::List(section) => lists::answer(&prepared, lists::selection(section, asked), asked).await,
        Action::MovieInfo => details::movie(server, &prepared, asked).await,
        Action::SeriesInfo => details::series(server, &prepared, asked).await,
        Action::ShortListings => guide::short(server, prepared, asked).await,
        Action::AllListings => guide::all(server, prepared, asked).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_action_asks_for_the_account() {
        for action in
            [None, Some(""), Some("get_profile"), Some("get_account_info"), Some("nonsense"), Some("199")]
        {
            assert_eq!(Action::decode(action), Action::Account, "{action:?}");
        }
        assert_eq!(Action::decode(Some("202")), Action::List(Section::LiveStreams));
        assert_eq!(Action::decode(Some("get_epg")), Action::ShortListings);
    }
}
