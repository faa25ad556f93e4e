//! TiviMate, the Smarters family, XCIPTV and iptvnator: what is known of apps whose source nobody has seen.

use serde::Deserialize;

use crate::answers::{Kind, read};
use crate::scalars::{Active, Base64, Digits, Id, MaybeDigits, Name};

pub(crate) fn take(kind: Kind, body: &[u8]) -> Result<(), String> {
    match kind {
        Kind::Account => read::<Account>(body),
        Kind::Next => read::<Listings>(body),
        Kind::Table => read::<Table>(body),
        _ => Ok(()), // nothing that others do not need too
    }
}

#[derive(Deserialize)]
struct Account {
    user_info: User,
    server_info: Server,
}

#[derive(Deserialize)]
struct User {
    /// 1 is a number.
    auth: Id,
    status: Active,
    /// A date that people can read makes the account invalid.
    exp_date: Digits,
    created_at: Digits,
}

#[derive(Deserialize)]
struct Server {
    https_port: MaybeDigits,
    timezone: Name,
}

#[derive(Deserialize)]
struct Listings {
    epg_listings: Vec<Listing>,
}

#[derive(Deserialize)]
struct Listing {
    title: Base64,
}

#[derive(Deserialize)]
struct Table {
    epg_listings: Vec<Kept>,
}

#[derive(Deserialize)]
struct Kept {
    title: Base64,
    /// Screens of the past are filled from this alone.
    has_archive: u8,
}
