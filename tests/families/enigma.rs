//! XStreamity and XKlass, players of Enigma2 receivers: Python that looks keys up without asking.

use serde::Deserialize;

use crate::answers::{Kind, read};
use crate::scalars::{Active, Base64, DateTime, Format, Int, Several, Text};

pub(crate) fn take(kind: Kind, body: &[u8]) -> Result<(), String> {
    match kind {
        Kind::Account => read::<Account>(body),
        Kind::Next => read::<Listings>(body),
        Kind::Table => read::<Listings>(body),
        Kind::Films => read::<Vec<Film>>(body),
        _ => Ok(()), // nothing that others do not need too
    }
}

#[derive(Deserialize)]
struct Account {
    user_info: User,
}

#[derive(Deserialize)]
struct User {
    status: Active,
    active_cons: Int,
    max_connections: Int,
    allowed_output_formats: Several<Format>,
}

#[derive(Deserialize)]
struct Film {
    name: Text,
    added: Int,
    container_extension: Text,
}

#[derive(Deserialize)]
struct Listings {
    epg_listings: Vec<Listing>,
}

#[derive(Deserialize)]
struct Listing {
    title: Base64,
    description: Base64,
    start: DateTime,
    end: DateTime,
    stop: DateTime,
}
