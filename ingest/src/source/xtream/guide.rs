//! The guide of a panel, fetched into a file.

use super::panel::{Panel, Question};
use crate::guide::Copy;

/// Its name below `state/<source>/`.
pub(super) const NAME: &str = "guide";

/// Asks for the guide and puts it into `copy`, to be judged.
///
/// # Errors
/// Why there is none, in words without an address.
pub(crate) async fn guide(panel: &Panel<'_>, copy: &mut Copy) -> Result<(), String> {
    let question = Question { page: "xmltv.php", parameters: &[], patience: panel.guide_patience() };
    let copy = std::sync::Mutex::new(copy);
    let fetched = panel.insist(|| async {
        let document = panel.document(question, NAME).await?;
        copy.lock().expect("nobody panics with it").take(document)
    });
    fetched.await.map_err(|failure| failure.to_string())
}
