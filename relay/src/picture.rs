//! What a channel is made of, and whether a browser could show it.

use mpegts::look;
use mpegts::{Codec, Kind, Program};
use serde::Serialize;

/// Bytes of an elementary stream in which a parameter set or a frame is looked for.
const ENOUGH: usize = 4096;

/// A channel's picture and sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Picture {
    pub(crate) video_codec: Option<&'static str>,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    /// One for each stream of sound.
    pub(crate) audio_codecs: Vec<&'static str>,
    pub(crate) browser_playable: Playable,
}

/// What every browser of today can do with it, by Media Source Extensions and a player in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Playable {
    /// Show it.
    Yes,
    /// Show it without sound.
    NoAudio,
    /// Nothing.
    No,
}

impl Picture {
    /// Looks at `program` and at some bytes of it, whole packets that begin at an access point if they can.
    pub(crate) fn of(program: &Program, bytes: &[u8]) -> Self {
        let stream = |pid| look::elementary(bytes, pid, ENOUGH);
        let video = program.video();
        let size = video.and_then(|video| look::size(video.codec, &stream(video.pid)));
        let sounds = program.streams.iter().filter(|stream| stream.codec.kind() == Kind::Audio);
        let audio_codecs: Vec<_> = sounds
            .map(|sound| match sound.codec {
                Codec::MpegAudio if look::audio_layer(&stream(sound.pid)) == Some(3) => "mp3",
                codec => codec.name(),
            })
            .collect();
        let scrambled = video.is_some_and(|video| {
            mpegts::packets(bytes).any(|packet| packet.pid() == video.pid && packet.scrambled())
        });
        let video_codec = video.map(|video| video.codec.name());
        let browser_playable = match scrambled {
            true => Playable::No,
            false => playable(video_codec, &audio_codecs),
        };
        let (width, height) = (size.map(|size| size.0), size.map(|size| size.1));
        Self { video_codec, width, height, audio_codecs, browser_playable }
    }
}

/// HEVC depends on the machine, MPEG-2 pictures and MPEG audio of layer II have no decoder in browsers, and Dolby's
/// codings only in some.
fn playable(video: Option<&str>, audio: &[&str]) -> Playable {
    let heard = audio.iter().any(|codec| matches!(*codec, "aac" | "aac_latm" | "mp3"));
    match (video, audio) {
        (Some("h264"), []) => Playable::Yes,
        (Some("h264") | None, _) if heard => Playable::Yes,
        (Some("h264"), _) => Playable::NoAudio,
        _ => Playable::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_cannot_play_is_known_before_they_try() {
        for (video, audio, expected) in [
            (Some("h264"), &["aac"][..], Playable::Yes),
            (Some("h264"), &["aac_latm"], Playable::Yes),
            (Some("h264"), &["mp3"], Playable::Yes),
            (Some("h264"), &[], Playable::Yes),
            (Some("h264"), &["mp2"], Playable::NoAudio),
            (Some("h264"), &["ac3"], Playable::NoAudio),
            (Some("h264"), &["ac3", "aac"], Playable::Yes),
            (Some("mpeg2video"), &["aac"], Playable::No),
            (Some("hevc"), &["aac"], Playable::No),
            (None, &["aac"], Playable::Yes),
            (None, &["mp2"], Playable::No),
            (None, &[], Playable::No),
        ] {
            assert_eq!(playable(video, audio), expected, "{video:?} {audio:?}");
        }
    }
}
