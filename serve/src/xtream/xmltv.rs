//! `xmltv.php`: the guide, as it lies in the release.

use contract::release::{GUIDE, GUIDE_GZ};
use httpd::{Entity, Response, accepts_gzip};

use crate::Server;
use crate::refusal::Refusal;
use crate::service::Asked;

/// Answers `xmltv.php`: compressed for those who take it, or as a compressed file for those who ask for one. Never
/// both: a file is a file.
pub(crate) async fn answer(server: &Server, asked: &Asked) -> Result<Response, Refusal> {
    server.viewer(asked).await?;
    let prepared = server.prepared()?;
    let release = &prepared.release;
    let file =
        asked.params.get("gzip").is_some_and(|gzip| matches!(gzip.trim(), "1" | "true" | "yes" | "gz"));
    let coded = !file && accepts_gzip(&asked.headers);
    let (bytes, hash) = match file || coded {
        true => (&release.guide_gz, release.hash(GUIDE_GZ)),
        false => (&release.guide, release.hash(GUIDE)),
    };
    let entity = Entity {
        chunks: vec![bytes.clone()],
        content_type: if file { "application/gzip" } else { "application/xml; charset=utf-8" },
        etag: hash.get(..32).unwrap_or(hash).to_owned(),
        gzip: coded,
        cache: "private, max-age=60",
        ranges: true,
    };
    Ok(entity.reply(&asked.headers))
}
