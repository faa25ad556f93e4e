//! What `ffprobe` says of a file, where it is installed: it decodes a little, and so knows more than lengths.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use super::seconds;

/// It looks at the beginning and the end of a file only. A disk may be slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// What it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probed {
    /// How long it plays.
    pub duration: Option<Duration>,
    /// Width and height of the first picture that is no cover.
    pub picture: Option<(u32, u32)>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    format: Format,
}

#[derive(Deserialize)]
struct Stream {
    width: Option<u32>,
    height: Option<u32>,
    #[serde(default)]
    disposition: Disposition,
}

#[derive(Default, Deserialize)]
struct Disposition {
    #[serde(default)]
    attached_pic: u8,
}

#[derive(Default, Deserialize)]
struct Format {
    duration: Option<String>,
}

/// Asks the program `ffprobe` about the file at `path`; `None` if there is no such program, or it does not understand the
/// file.
pub async fn ffprobe(path: &Path) -> Option<Probed> {
    const SHOWN: &str = "format=duration:stream=width,height:stream_disposition=attached_pic";
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-select_streams", "v", "-show_entries", SHOWN, "-of", "json"]);
    // A name that begins with a minus is a file all the same.
    command.arg("-i").arg(path).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.ok()?.ok()?;
    if output.status.success() { read(&output.stdout) } else { None }
}

fn read(said: &[u8]) -> Option<Probed> {
    let said: Said = serde_json::from_slice(said).ok()?;
    let duration = said.format.duration.and_then(|text| text.parse().ok()).and_then(seconds);
    let mut pictures = said.streams.iter().filter(|stream| stream.disposition.attached_pic == 0);
    let picture = pictures.find_map(|stream| stream.width.zip(stream.height));
    Some(Probed { duration, picture })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_is_read_and_a_cover_is_no_picture() {
        let said = br#"{"programs":[],"streams":[
            {"width":600,"height":900,"disposition":{"attached_pic":1}},
            {"width":1920,"height":1080,"disposition":{"attached_pic":0}}],
            "format":{"duration":"5400.480000"}}"#;
        let duration = Some(Duration::from_millis(5_400_480));
        assert_eq!(read(said), Some(Probed { duration, picture: Some((1920, 1080)) }));
        assert_eq!(read(br#"{"format":{"duration":"N/A"}}"#), Some(Probed::default()));
        assert_eq!(read(b"garbage"), None);
    }
}
