//! Documents that are made for the one who asks and would be the same for everybody else: details and listings.

use bytes::Bytes;
use httpd::{Coding, Entity, Response, reply};

use crate::Server;
use crate::packed::{CODINGS, hurried};
use crate::refusal::Refusal;
use crate::service::Asked;

/// A longer document leaves the thread: others would wait for the milliseconds that it takes to hash and to compress it.
const LONG: usize = 256 * 1024;

/// The document that `pieces` are, compressed if the client takes it, and known by its content.
pub(super) async fn answer(server: &Server, pieces: Vec<Bytes>, asked: &Asked) -> Result<Response, Refusal> {
    kept(server, pieces, asked, asked.shared()).await
}

/// The same with another `Cache-Control`.
pub(super) async fn kept(
    server: &Server,
    pieces: Vec<Bytes>,
    asked: &Asked,
    cache: &'static str,
) -> Result<Response, Refusal> {
    let wanted = Coding::preferred(&asked.headers, &CODINGS);
    let is_long = pieces.iter().map(Bytes::len).sum::<usize>() > LONG;
    let make = move || {
        let mut hash = blake3::Hasher::new();
        for piece in &pieces {
            hash.update(piece);
        }
        let hash = hash.finalize().to_hex();
        match hurried(&pieces, wanted) {
            Some(made) => (hash, wanted, vec![made]),
            None => (hash, Coding::Identity, pieces),
        }
    };
    let (hash, coding, chunks) = if is_long { server.read(make).await? } else { make() };
    let entity = Entity {
        chunks,
        content_type: reply::JSON,
        etag: format!("{}{}", &hash[..32], coding.suffix()),
        coding,
        cache,
        ranges: false,
    };
    Ok(entity.reply(&asked.headers))
}
