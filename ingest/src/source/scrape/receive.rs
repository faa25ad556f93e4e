//! From where a page is to its bytes.

use contract::source::{Location, Source};
use url::Url;

use super::{LARGEST, Page};
use crate::gather::Gathering;

/// A page as it was received.
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    content_type: String,
    address: Option<Url>,
}

impl Received {
    /// For a reader.
    pub(crate) fn page(&self) -> Page<'_> {
        Page { bytes: &self.bytes, content_type: &self.content_type, address: self.address.as_ref() }
    }
}

/// Reads a page.
///
/// # Errors
/// Why it did not come, in words without an address.
pub(crate) async fn receive(
    _run: &Gathering<'_>,
    _source: &Source,
    location: &Location,
) -> Result<Received, String> {
    match location {
        Location::File(path) => file(path).await,
        Location::Web(_) => Err("pages are read from files only, so far".into()),
    }
}

async fn file(path: &std::path::Path) -> Result<Received, String> {
    use tokio::io::AsyncReadExt as _;

    let told = |error: std::io::Error| format!("the file cannot be read: {error}");
    let file = tokio::fs::File::open(path).await.map_err(told)?;
    let mut bytes = Vec::new();
    // One byte more, so that what is too large is seen.
    file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).await.map_err(told)?;
    Ok(Received { bytes, content_type: String::new(), address: None })
}
