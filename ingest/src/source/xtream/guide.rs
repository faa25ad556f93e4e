//! The guide of a panel, fetched into a file; or, from a panel that has none, the programmes of its channels.

use tokio::task::spawn_blocking;

use super::listings;
use super::panel::{Panel, Question};
use crate::gather::Gathering;
use crate::guide::Copy;
use crate::harvest::Harvest;
use crate::progress::Bar;

/// Their names below `state/<source>/`.
const NAME: &str = "guide";
const BY_CHANNEL: &str = "guide-1";

/// Asks for the guide of the channels in `harvest`, as a whole and else channel by channel. What comes is to be judged;
/// `notes` tells what does not.
pub(super) async fn guides(
    run: &Gathering<'_>,
    panel: Panel<'_>,
    harvest: Harvest,
    bar: &Bar,
    notes: &mut Vec<String>,
) -> (Harvest, Vec<Copy>) {
    bar.step("guide");
    let name = &panel.source().name;
    let mut whole = Copy::last(run.data, name, NAME);
    if let Err(why) = guide(&panel, &mut whole).await {
        let had = if whole.exists() { "the last one is kept" } else { "there is none" };
        notes.push(format!("guide: {why}; {had}"));
    }
    let now = run.now;
    let looked = spawn_blocking(move || (whole.is_present(now), whole));
    let (present, whole) = looked.await.expect("looking at a guide does not panic");
    let by_channel = Copy::last(run.data, name, BY_CHANNEL);
    if present || run.settings.guide_by_channel == 0 {
        if let Err(error) = by_channel.remove() {
            tracing::warn!(source = %name, error = crate::disk::words(&error), "an old guide cannot be removed");
        }
        return (harvest, vec![whole]);
    }
    let (harvest, by_channel) = listings::gather(run, panel, harvest, by_channel, bar, notes).await;
    (harvest, vec![whole, by_channel])
}

/// Asks for the guide and puts it into `copy`, to be judged.
///
/// # Errors
/// Why there is none, in words without an address.
async fn guide(panel: &Panel<'_>, copy: &mut Copy) -> Result<(), String> {
    let question = Question { page: "xmltv.php", parameters: &[], patience: panel.guide_patience() };
    let copy = std::sync::Mutex::new(copy);
    let fetched = panel.insist(|| async {
        let document = panel.document(question, NAME).await?;
        copy.lock().expect("nobody panics with it").take(document)
    });
    fetched.await.map_err(|failure| failure.to_string())
}
