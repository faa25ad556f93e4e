//! The guide of a panel, stored as it arrives.

use std::io::Write;

use super::panel::{Failure, Panel, Question};
use crate::Settings;
use crate::guide::Copy;
use crate::json::Oddity;

/// The most that is stored of a guide, in bytes; the largest known have 1 GB.
const LARGEST: u64 = 4 << 30;
/// A guide that breaks off counts if at least so much of it came, in percent.
const ENOUGH: u64 = 95;

/// Asks for the guide and stores it in `copy`, to be judged.
///
/// # Errors
/// Why there is none, in words without an address.
pub(crate) async fn guide(panel: &Panel<'_>, settings: &Settings, copy: &mut Copy) -> Result<(), String> {
    let question = Question { page: "xmltv.php", parameters: &[], patience: settings.guide_timeout };
    let copy = tokio::sync::Mutex::new(copy);
    panel
        .insist(|| async {
            let mut copy = copy.lock().await;
            let stored = store(panel, question, &mut copy).await;
            if stored.is_err() {
                copy.refuse();
            }
            stored
        })
        .await
        .map_err(|failure| failure.to_string())
}

async fn store(panel: &Panel<'_>, question: Question<'_>, copy: &mut Copy) -> Result<(), Failure> {
    let disk = |error: std::io::Error| {
        Failure::Refused(format!("it cannot be stored: {}", crate::disk::words(&error)))
    };
    let mut answer = panel.ask(question).await?;
    let file = copy.begin().map_err(disk)?;
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => file.write_all(&chunk).map_err(disk)?,
            Ok(None) => break,
            Err(_) if answer.percent().is_some_and(|percent| percent >= ENOUGH) => break,
            Err(failure) => return Err(failure),
        }
        if answer.received() > LARGEST {
            return Err(Failure::Refused(format!("the guide is larger than {LARGEST} bytes")));
        }
    }
    if answer.received() == 0 { Err(Failure::Odd(Oddity::Empty)) } else { Ok(()) }
}
