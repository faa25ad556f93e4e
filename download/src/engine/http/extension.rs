//! Under which extension a file is, where its list lies about that.

use std::time::Duration;

use super::answer::{self, Answer};
use super::{Client, Order, Stop};
use crate::engine::Rest;
use crate::job::Wait;

/// What is tried, in this order: what there is most of first.
pub const EXTENSIONS: [&str; 5] = ["mkv", "mp4", "avi", "ts", "m4v"];

/// How often a connection is waited for, for each extension.
const TURNS: u32 = 4;
/// The longest that it is waited for each time: a relay says when there may be one.
const PATIENCE: Duration = Duration::from_secs(15);

/// Looks under which extension the file of `order` is had, whose address with another one `address` tells: first those of
/// `likely`, such as the one that its details say, then all of [`EXTENSIONS`]. Asks for one byte of each, one after the
/// other. Worth it once, after [`Ended::Misnamed`](crate::engine::Ended::Misnamed).
///
/// `None` where no other one helps: then there was no connection to spare.
pub async fn extension<'a>(
    client: &Client,
    order: &Order,
    likely: &[&'a str],
    address: impl Fn(&str) -> String,
) -> Option<&'a str> {
    let others = EXTENSIONS.iter().filter(|extension| !likely.contains(extension));
    for extension in likely.iter().chain(others) {
        let url = address(extension);
        if url != order.url && is_there(client, order, &url).await {
            return Some(extension);
        }
    }
    None
}

async fn is_there(client: &Client, order: &Order, url: &str) -> bool {
    for _ in 0..TURNS {
        let asked = match client.first(order, url).await {
            Ok(response) => answer::read(response.status().as_u16(), response.headers()),
            Err(stop) => Err(stop),
        };
        match asked {
            Ok(Answer::Bytes { .. }) => return true,
            // The connection that the one before had may still be counted.
            Err(Stop::Waits(Wait::Slot, Rest::Said(time), _)) => tokio::time::sleep(time.min(PATIENCE)).await,
            Ok(Answer::Behind(_)) | Err(_) => return false,
        }
    }
    false
}
