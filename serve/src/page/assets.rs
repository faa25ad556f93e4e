//! The files that the page is made of: in the binary, and packed when they are asked for first.

use std::io::Write;
use std::sync::LazyLock;

use anyhow::Context;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use httpd::{Coding, Entity};
use tokio::sync::OnceCell;

use crate::refusal::Refusal;

/// What the page's build has put into `serve/web/dist/`: name and content.
type File = (&'static str, &'static [u8]);

/// All of them. The table is part of what is built.
const FILES: &[File] = include!("../../web/dist/table.rs");

/// The one that is not asked for by its name.
const INDEX: &str = "index.html";
/// Where the build leaves room for the sub-path below which a proxy shows us.
const BASE: &str = "<base href=\"/\"";

/// Kept for as long as anything is (a year): another content has another name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Of zstd: of the levels that take a few megabytes, the best.
const ZSTD: i32 = 12;
/// What is not worth packing is a packet as it is.
const SMALL: usize = 1400;

/// A file, and what is made of it once.
pub(super) struct Asset {
    name: &'static str,
    bytes: &'static [u8],
    etag: String,
    gzip: OnceCell<Bytes>,
    zstd: OnceCell<Bytes>,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let asset = |(name, bytes): &File| {
        let etag = blake3::hash(bytes).to_hex()[..16].to_owned();
        Asset { name, bytes, etag, gzip: OnceCell::new(), zstd: OnceCell::new() }
    };
    FILES.iter().filter(|(name, _)| *name != INDEX).map(asset).collect()
});

/// The place of the file of this name.
pub(super) fn find(name: &str) -> Option<usize> {
    ASSETS.iter().position(|asset| asset.name == name)
}

/// The file at a place that [`find`] gave.
pub(super) fn at(place: usize) -> &'static Asset {
    &ASSETS[place]
}

/// `index.html`, for those who see us below `prefix`: `""`, or `/tv` and the like. It names all others, so it is asked for
/// anew each time.
pub(super) fn index(prefix: &str) -> Entity {
    let page = FILES.iter().find(|(name, _)| *name == INDEX).map_or(&b""[..], |(_, bytes)| bytes);
    let page = String::from_utf8_lossy(page).replacen(BASE, &format!("<base href=\"{prefix}/\""), 1);
    let etag = blake3::hash(page.as_bytes()).to_hex()[..16].to_owned();
    Entity {
        chunks: vec![page.into_bytes().into()],
        content_type: "text/html; charset=utf-8",
        etag,
        coding: Coding::Identity,
        cache: "no-cache",
        ranges: false,
    }
}

impl Asset {
    /// The file as the client likes it best.
    pub(super) async fn entity(&'static self, headers: &HeaderMap) -> Result<Entity, Refusal> {
        let offered: &[Coding] = if self.is_worth_packing() { &[Coding::Zstd, Coding::Gzip] } else { &[] };
        let coding = Coding::preferred(headers, offered);
        let bytes = match coding {
            Coding::Identity => Bytes::from_static(self.bytes),
            Coding::Gzip => self.packed(&self.gzip, gzip).await?,
            Coding::Zstd => self.packed(&self.zstd, zstd).await?,
        };
        Ok(Entity {
            chunks: vec![bytes],
            content_type: content_type(self.name),
            etag: format!("{}{}", self.etag, coding.suffix()),
            coding,
            cache: FOR_EVER,
            ranges: false,
        })
    }

    fn is_worth_packing(&self) -> bool {
        let packed_already = self.name.ends_with(".png") || self.name.ends_with(".woff2");
        self.bytes.len() > SMALL && !packed_already
    }

    async fn packed(
        &'static self,
        made: &'static OnceCell<Bytes>,
        pack: fn(&[u8]) -> std::io::Result<Vec<u8>>,
    ) -> Result<Bytes, Refusal> {
        let packing = || async {
            let packed =
                tokio::task::spawn_blocking(move || pack(self.bytes)).await.context("packing the page")?;
            anyhow::Ok(Bytes::from(packed.context("packing the page")?))
        };
        Ok(made.get_or_try_init(packing).await?.clone())
    }
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes)?;
    packer.finish()
}

fn zstd(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    zstd::encode_all(bytes, ZSTD)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or("") {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `index.html` names.
    fn named() -> impl Iterator<Item = &'static Asset> {
        let page =
            String::from_utf8(FILES.iter().find(|(name, _)| *name == INDEX).unwrap().1.to_vec()).unwrap();
        ASSETS.iter().filter(move |asset| page.contains(&format!("page/{}\"", asset.name)))
    }

    /// What a browser loads before anything is to be seen.
    fn first_load() -> Vec<&'static Asset> {
        named().filter(|asset| !asset.name.ends_with(".txt")).collect()
    }

    #[test]
    fn the_licences_of_what_is_in_the_page_are_served_with_it() {
        let licences = named().find(|asset| asset.name.starts_with("licences-")).unwrap();
        let text = std::str::from_utf8(licences.bytes).unwrap();
        for package in ["hls.js", "mpegts.js", "preact", "uqr", "es6-promise"] {
            assert!(text.lines().any(|line| line.starts_with(&format!("{package} "))), "{package}");
        }
        assert!(text.contains("Apache License") && text.contains("MIT License"));
    }

    #[test]
    fn the_first_load_is_small_and_the_players_are_not_in_it() {
        let first = first_load();
        assert!(first.iter().any(|asset| asset.name.ends_with(".js")), "it runs");
        let packed: usize = first.iter().map(|asset| gzip(asset.bytes).unwrap().len()).sum();
        assert!(packed < 150_000, "{packed} bytes");
        for player in ["mpegts", "hls"] {
            assert!(ASSETS.iter().any(|asset| asset.name.starts_with(player)), "{player}");
            assert!(first.iter().all(|asset| !asset.name.starts_with(player)), "{player} loads on demand");
        }
    }

    #[test]
    fn everything_that_is_named_is_there_and_of_a_known_type() {
        for asset in ASSETS.iter() {
            assert_ne!(content_type(asset.name), "application/octet-stream", "{}", asset.name);
            assert!(!asset.bytes.is_empty());
        }
        let page = index("/tv");
        let page = std::str::from_utf8(&page.chunks[0]).unwrap();
        assert!(page.contains("<base href=\"/tv/\""), "{page}");
        assert_ne!(index("").etag, index("/tv").etag);
    }
}
