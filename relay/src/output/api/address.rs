//! Every address of this API, decoded once.

/// What was asked of `/api/`. `session` is a watch's id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the words are those of the addresses
pub enum Api {
    /// `POST /api/streams/start/ID`
    Start { ace: String },
    /// `/api/streams/hls/SESSION/manifest.m3u8`
    Playlist { session: String },
    /// `/api/streams/proxy/c/SESSION/7.ts`
    Segment { session: String, number: u64 },
    /// `/api/streams/status/SESSION`
    Status { session: String },
    /// `POST /api/streams/stop/SESSION`
    Stop { session: String },
    /// `/api/streams/active`
    Active,
    /// `/api/health`
    Health,
    /// `/api/health/acestream`
    EngineHealth,
}

impl Api {
    /// Reads the segments behind `/api`.
    pub(crate) fn read(segments: &[&str]) -> Option<Self> {
        let is_session = |text: &str| text.len() == 40 && text.bytes().all(|it| it.is_ascii_hexdigit());
        let text = |text: &str| text.to_owned();
        Some(match *segments {
            ["streams", "start", ace] => Self::Start { ace: text(ace) },
            ["streams", "hls", session, "manifest.m3u8"] => Self::Playlist { session: text(session) },
            ["streams", "proxy", "c", session, name] if is_session(session) => {
                let digits = name.strip_suffix(".ts")?;
                let number = digits.bytes().all(|it| it.is_ascii_digit()).then(|| digits.parse().ok())??;
                Self::Segment { session: text(session), number }
            }
            ["streams", "status", session] => Self::Status { session: text(session) },
            ["streams", "stop", session] => Self::Stop { session: text(session) },
            ["streams", "active"] => Self::Active,
            ["health"] => Self::Health,
            ["health", "acestream"] => Self::EngineHealth,
            _ => return None,
        })
    }

    /// Whether it changes something, so that it is posted.
    pub(crate) fn is_posted(&self) -> bool {
        matches!(self, Self::Start { .. } | Self::Stop { .. })
    }
}
