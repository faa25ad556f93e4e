//! From where a page is to its bytes.

use contract::source::{Location, Source};
use url::Url;

use super::{LARGEST, Page};
use crate::fetch::{Ask, Fetcher, Target};
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
    run: &Gathering<'_>,
    source: &Source,
    location: &Location,
) -> Result<Received, String> {
    let received = async {
        let fetcher = Fetcher::new(source, run.fetching)?;
        let target = Target::new(location)?;
        let asked = fetcher.insist(|| async {
            let answer = fetcher.get(Ask::new(target.place(), fetcher.patience())).await?;
            let content_type = answer.facts().content_type.clone().unwrap_or_default();
            Ok((content_type, answer.whole(LARGEST).await?))
        });
        let (content_type, bytes) = asked.await?;
        let address = match target {
            Target::Web(url) => Some(url),
            Target::File(_) => None,
        };
        Ok(Received { bytes, content_type, address })
    };
    received.await.map_err(|failure: crate::fetch::Failure| failure.to_string())
}
