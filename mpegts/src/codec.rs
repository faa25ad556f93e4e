//! What an elementary stream carries, from its stream type and descriptors in the PMT.

/// The coding of an elementary stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are the field's own
pub enum Codec {
    Mpeg1Video,
    Mpeg2Video,
    Mpeg4Video,
    H264,
    Hevc,
    Vvc,
    Vc1,
    /// MPEG audio, layers I to III.
    MpegAudio,
    /// AAC in ADTS.
    Aac,
    /// AAC in LATM.
    AacLatm,
    Ac3,
    Eac3,
    Dts,
    Opus,
    Teletext,
    DvbSubtitle,
    TimedId3,
    Scte35,
    /// Something else, with its stream type.
    Other(u8),
}

/// What a viewer does with a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Kind {
    Video,
    Audio,
    Subtitle,
    Data,
}

impl Codec {
    /// Reads stream type (ISO/IEC 13818-1 table 2-34, ATSC A/53, SCTE 35) and, for private streams, the descriptors
    /// (ETSI EN 300 468) of one entry of a PMT.
    pub fn of(stream_type: u8, descriptors: &[u8]) -> Self {
        match stream_type {
            0x01 => Self::Mpeg1Video,
            0x02 => Self::Mpeg2Video,
            0x03 | 0x04 => Self::MpegAudio,
            0x0F => Self::Aac,
            0x10 => Self::Mpeg4Video,
            0x11 => Self::AacLatm,
            0x15 => Self::TimedId3,
            0x1B => Self::H264,
            0x24 => Self::Hevc,
            0x33 => Self::Vvc,
            0x81 => Self::Ac3,
            0x86 => Self::Scte35,
            0x87 => Self::Eac3,
            0xEA => Self::Vc1,
            0x06 => Self::private(descriptors).unwrap_or(Self::Other(0x06)),
            other => Self::Other(other),
        }
    }

    fn private(descriptors: &[u8]) -> Option<Self> {
        Descriptors(descriptors).find_map(|(tag, body)| match tag {
            0x05 => match body.first_chunk::<4>()? {
                b"AC-3" => Some(Self::Ac3),
                b"EAC3" => Some(Self::Eac3),
                b"HEVC" => Some(Self::Hevc),
                b"DTS1" | b"DTS2" | b"DTS3" => Some(Self::Dts),
                b"Opus" => Some(Self::Opus),
                _ => None,
            },
            0x56 => Some(Self::Teletext),
            0x59 => Some(Self::DvbSubtitle),
            0x6A => Some(Self::Ac3),
            0x7A => Some(Self::Eac3),
            0x7B => Some(Self::Dts),
            0x7C => Some(Self::Aac),
            _ => None,
        })
    }

    /// The name by which engineers and ffprobe know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mpeg1Video => "mpeg1video",
            Self::Mpeg2Video => "mpeg2video",
            Self::Mpeg4Video => "mpeg4",
            Self::H264 => "h264",
            Self::Hevc => "hevc",
            Self::Vvc => "vvc",
            Self::Vc1 => "vc1",
            Self::MpegAudio => "mp2",
            Self::Aac => "aac",
            Self::AacLatm => "aac_latm",
            Self::Ac3 => "ac3",
            Self::Eac3 => "eac3",
            Self::Dts => "dts",
            Self::Opus => "opus",
            Self::Teletext => "dvb_teletext",
            Self::DvbSubtitle => "dvb_subtitle",
            Self::TimedId3 => "timed_id3",
            Self::Scte35 => "scte_35",
            Self::Other(_) => "unknown",
        }
    }

    /// Picture, sound, text or neither.
    pub fn kind(self) -> Kind {
        match self {
            Self::Mpeg1Video | Self::Mpeg2Video | Self::Mpeg4Video | Self::H264 => Kind::Video,
            Self::Hevc | Self::Vvc | Self::Vc1 => Kind::Video,
            Self::MpegAudio | Self::Aac | Self::AacLatm | Self::Ac3 => Kind::Audio,
            Self::Eac3 | Self::Dts | Self::Opus => Kind::Audio,
            Self::Teletext | Self::DvbSubtitle => Kind::Subtitle,
            Self::TimedId3 | Self::Scte35 | Self::Other(_) => Kind::Data,
        }
    }
}

/// Tag and body of each descriptor in a descriptor loop; ends at the first that does not fit.
#[derive(Clone, Debug)]
pub struct Descriptors<'a>(
    /// The loop's bytes.
    pub &'a [u8],
);

impl<'a> Iterator for Descriptors<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[tag, length], rest) = self.0.split_first_chunk::<2>()?;
        let (body, rest) = rest.split_at_checked(usize::from(length))?;
        self.0 = rest;
        Some((tag, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_stream_is_named_by_its_descriptors() {
        let language = [0x0A, 4, b'd', b'e', b'u', 0];
        let of = |descriptor: &[u8]| Codec::of(0x06, &[&language, descriptor].concat()).name();
        assert_eq!(of(&[0x6A, 1, 0]), "ac3");
        assert_eq!(of(&[0x7A, 1, 0]), "eac3");
        assert_eq!(of(&[0x7B, 0]), "dts");
        assert_eq!(of(&[0x7C, 1, 0x58]), "aac");
        assert_eq!(of(&[0x56, 0]), "dvb_teletext");
        assert_eq!(of(&[0x59, 0]), "dvb_subtitle");
        assert_eq!(of(b"\x05\x04HEVC"), "hevc");
        assert_eq!(of(b"\x05\x04AC-3"), "ac3");
        assert_eq!(of(b"\x05\x04EAC3\x00"), "eac3");
        assert_eq!(of(b"\x05\x09EAC"), "unknown");
        assert_eq!(of(&[]), "unknown");
    }
}
