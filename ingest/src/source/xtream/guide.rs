//! The guide of a panel, stored as it arrives.

use super::panel::{Failure, Panel, Question};
use crate::fetch::Document;
use crate::guide::Copy;

/// A guide that breaks off counts if at least so much of it came, in percent.
const ENOUGH: u64 = 95;

/// Asks for the guide, unless it is as it was, and stores it in `copy`, to be judged.
///
/// # Errors
/// Why there is none, in words without an address.
pub(crate) async fn guide(panel: &Panel<'_>, copy: &mut Copy) -> Result<(), String> {
    let question = Question { page: "xmltv.php", parameters: &[], patience: panel.guide_patience() };
    let fresh = panel
        .insist(|| async {
            match panel.document(question, Copy::NAME).await? {
                Document::Same(_) => Ok(None),
                Document::Fresh(fresh) => Ok(Some(fresh)),
                Document::Part(fresh, _) if fresh.percent().is_some_and(|percent| percent >= ENOUGH) => {
                    Ok(Some(fresh))
                }
                Document::Part(_, broken) => Err(broken),
            }
        })
        .await
        .map_err(|failure: Failure| failure.to_string())?;
    if let Some(fresh) = fresh {
        copy.came(fresh);
    }
    Ok(())
}
