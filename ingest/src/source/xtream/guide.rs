//! The guide of a panel: fetched into a file and read from there.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use contract::source::Source;

use super::panel::{Failure, Panel, Question};
use crate::fetch::{Document, Fresh};
use crate::guide::{Facts, GuideError, Spool, Wanted, decoded, read};
use crate::json::Oddity;

/// A guide that breaks off counts if at least so much of it came, in percent.
const ENOUGH: u64 = 95;
/// The guide below `state/<source>/`.
const NAME: &str = "guide";

/// A guide that was read.
pub(crate) struct Guide {
    /// What was wanted of it.
    pub(crate) spool: Spool,
    pub(crate) facts: Facts,
    /// The document, to be kept if the guide is good; `None` if it is the one that was kept the last time.
    pub(crate) fresh: Option<Fresh>,
}

/// Asks for the guide and spools what is wanted of it in `scratch`.
///
/// # Errors
/// Why there is none, in words without an address.
pub(crate) async fn guide(
    panel: &Panel<'_>,
    source: &Source,
    wanted: Wanted,
    window: Range<i64>,
    scratch: &Path,
) -> Result<Guide, String> {
    let question = Question { page: "xmltv.php", parameters: &[], patience: panel.guide_patience() };
    let wanted = Arc::new(wanted);
    let parsed = |path: &Path| {
        let (path, wanted, window) = (path.to_owned(), wanted.clone(), window.clone());
        let (source, scratch) = (source.clone(), scratch.to_owned());
        let parsing = tokio::task::spawn_blocking(move || parse(path, &wanted, window, &source, &scratch));
        async { parsing.await.map_err(|_| Failure::Refused("the guide broke the parser".into())) }
    };
    panel
        .insist(|| async {
            let (fresh, broken) = match panel.document(question, NAME).await? {
                Document::Same(path) => {
                    let parsed = parsed(&path).await?;
                    let (spool, facts) = parsed.map_err(|error| Failure::Refused(error.to_string()))?;
                    return Ok(Guide { spool, facts, fresh: None });
                }
                Document::Fresh(fresh) => (fresh, None),
                Document::Part(fresh, broken) => (fresh, Some(broken)),
            };
            let (spool, facts) = match (parsed(fresh.path()).await?, broken) {
                (Ok(parsed), _) => parsed,
                (Err(_), Some(broken)) => return Err(broken),
                (Err(error), None) => return Err(Failure::Refused(error.to_string())),
            };
            // Whole or not, what ends without its last tag may be half of what its server wanted to send.
            let enough = facts.complete || fresh.percent().is_some_and(|percent| percent >= ENOUGH);
            if !enough {
                return Err(Failure::Odd(Oddity::Truncated));
            }
            Ok(Guide { spool, facts, fresh: Some(fresh) })
        })
        .await
        .map_err(|failure| failure.to_string())
}

fn parse(
    path: PathBuf,
    wanted: &Wanted,
    window: Range<i64>,
    source: &Source,
    scratch: &Path,
) -> Result<(Spool, Facts), GuideError> {
    let input = File::open(path).and_then(decoded).map_err(|_| GuideError::NoGuide)?;
    let mut spool = Spool::new(scratch).map_err(GuideError::Disk)?;
    let facts = read(input, wanted, window, source, &mut spool)?;
    Ok((spool, facts))
}
