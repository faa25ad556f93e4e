//! `/page/api/guide?ids=5001,5002&from=UNIX&until=UNIX`: what is on at some channels within a span of time, in few bytes:
//! begin, end and title of each programme. What a programme is about is asked for as apps do.

use std::collections::BTreeMap;

use contract::user::User;
use httpd::{Params, Request, Response};

use super::told;
use crate::Server;
use crate::pace::Kind;
use crate::refusal::Refusal;
use crate::xtream::guide::{Brief, between};

/// Channels that are answered at once; the rest is left out.
const MOST: usize = 256;
/// The longest span, in seconds: two weeks.
const LONGEST: u64 = 14 * 86_400;

/// Answers a user.
pub(super) async fn answer(server: &Server, user: &User, request: &Request) -> Result<Response, Refusal> {
    server.paced(&user.name, Kind::Listings)?;
    let params = Params::from_query(request.uri().query());
    let number = |name| params.get(name).and_then(|value| value.trim().parse::<u64>().ok());
    let from = number("from").unwrap_or_else(|| server.now());
    let until = number("until").unwrap_or(from).min(from.saturating_add(LONGEST));
    let ids = params.get("ids").unwrap_or("").split(',').filter_map(|id| super::digits(id.trim()));
    let ids: Vec<u32> = ids.take(MOST).collect();
    let prepared = server.prepared()?.seen(&user.sees).await?;
    let reading = move || -> BTreeMap<u32, Vec<Brief>> {
        ids.into_iter().map(|id| (id, between(&prepared.view, id, from, until))).collect()
    };
    Ok(told(&server.read(reading).await?))
}
