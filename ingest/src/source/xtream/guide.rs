//! The guide of a panel, parsed on a thread of its own while it arrives.

use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use contract::source::Source;
use tokio::sync::mpsc;

use super::panel::{Answer, Failure, Panel, Question};
use crate::Settings;
use crate::guide::{Facts, GuideError, Reading, Spool, Wanted, ahead, decoded, read};
use crate::json::Oddity;

/// Pieces of the body that may wait for the parser; then the panel waits.
const WAITING: usize = 16;

/// Asks for the guide and spools what is wanted of it in `scratch`. `before` is how many programmes it had last time.
///
/// # Errors
/// Why there is none, in words without an address.
pub(crate) async fn guide(
    panel: &Panel<'_>,
    source: &Source,
    settings: &Settings,
    wanted: Wanted,
    window: Range<i64>,
    before: u64,
    scratch: &Path,
) -> Result<(Spool, Facts), String> {
    let question = Question { page: "xmltv.php", parameters: &[], patience: settings.guide_timeout };
    let wanted = Arc::new(wanted);
    panel
        .insist(|| async {
            let mut answer = panel.ask(question).await?;
            let (sender, receiver) = mpsc::channel(WAITING);
            let (wanted, window, source) = (wanted.clone(), window.clone(), source.clone());
            let spool = Spool::new(scratch).map_err(|error| Failure::Refused(error.to_string()))?;
            let parsing = tokio::task::spawn_blocking(move || {
                parse(Pieces { receiver, piece: Bytes::new() }, &wanted, window, &source, spool)
            });
            let broken = feed(&mut answer, sender).await.err();
            let parsed = parsing.await.map_err(|_| Failure::Refused("the guide broke the parser".into()))?;
            let (spool, facts) = match (parsed, broken) {
                (Ok(parsed), _) => parsed,
                (Err(_), Some(broken)) => return Err(broken),
                (Err(error), None) => return Err(Failure::Refused(error.to_string())),
            };
            if facts.enough(answer.percent(), before) { Ok((spool, facts)) } else { Err(Failure::Odd(Oddity::Truncated)) }
        })
        .await
        .map_err(|failure| failure.to_string())
}

fn parse(
    body: Pieces,
    wanted: &Wanted,
    window: Range<i64>,
    source: &Source,
    mut spool: Spool,
) -> Result<(Spool, Facts), GuideError> {
    let input = ahead(decoded(body).map_err(|_| GuideError::NoGuide)?).map_err(GuideError::Disk)?;
    let reading = Reading { window, ..Reading::default() };
    let facts = read(input, wanted, &reading, source, &mut spool)?;
    Ok((spool, facts))
}

/// Hands the body over, and then the end or the break.
async fn feed(answer: &mut Answer, sender: mpsc::Sender<io::Result<Bytes>>) -> Result<(), Failure> {
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => {
                if sender.send(Ok(chunk)).await.is_err() {
                    return Ok(()); // the parser has seen enough
                }
            }
            Ok(None) => return Ok(()),
            Err(failure) => {
                let _ = sender.send(Err(io::Error::other("the connection broke"))).await;
                return Err(failure);
            }
        }
    }
}

/// The body as the parser reads it.
struct Pieces {
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let length = self.piece.len().min(out.len());
        self.piece.copy_to_slice(&mut out[..length]);
        Ok(length)
    }
}
