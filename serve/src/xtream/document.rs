//! Documents that are made for the one who asks and would be the same for everybody else: details and listings.

use bytes::Bytes;
use httpd::{Coding, Entity, Response, reply};

use crate::packed::{CODINGS, hurried};
use crate::service::Asked;

/// The document that `pieces` are, compressed if the client takes it, and known by its content.
pub(super) fn answer(pieces: Vec<Bytes>, asked: &Asked) -> Response {
    let mut hash = blake3::Hasher::new();
    for piece in &pieces {
        hash.update(piece);
    }
    let hash = hash.finalize().to_hex();
    let coding = Coding::preferred(&asked.headers, &CODINGS);
    let (coding, chunks) = match hurried(&pieces, coding) {
        Some(made) => (coding, vec![made]),
        None => (Coding::Identity, pieces),
    };
    let entity = Entity {
        chunks,
        content_type: reply::JSON,
        etag: format!("{}{}", &hash[..32], coding.suffix()),
        coding,
        cache: asked.shared(),
        ranges: false,
    };
    entity.reply(&asked.headers)
}
