//! HDHomeRun: devices that media servers (Plex, Jellyfin, Emby, Channels) know how to find and to tune.
//!
//! Serve tells of devices and their line-ups, the relay tunes them: they agree here on which devices there are, on the
//! numbers of their channels and on their addresses. What a device is: "HDHomeRun HTTP Development Guide" and
//! `hdhomerun_pkt.h` of its maker.

mod device;
mod id;

pub use device::{Channel, DEVICE, Device, Devices, MOST_CHANNELS, Tuned};
pub use id::DeviceId;

/// An address of a device: of one by its id, `/hdhomerun/1A2B3C4D/lineup.json`, or of the first, `/lineup.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// `None`: the first.
    pub device: Option<DeviceId>,
    /// What is asked of it.
    pub asked: Asked,
}

/// What is asked of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `discover.json`: what it is.
    Discover,
    /// `device.xml`: the same for UPnP.
    Description,
    /// `lineup.json`.
    Lineup,
    /// `lineup.xml`.
    LineupXml,
    /// `lineup.m3u`.
    LineupM3u,
    /// `lineup_status.json`: whether it is looking for channels. It never is.
    LineupStatus,
    /// `lineup.post`: to look for channels.
    Scan,
    /// `auto/v7`: the channel of this number.
    Tune(u32),
}

impl Address {
    /// Reads the segments of a path; `None` for what is no address of a device.
    pub fn read(segments: &[&str]) -> Option<Self> {
        let (device, rest) = match segments {
            ["hdhomerun", id, rest @ ..] => (Some(DeviceId::parse(id)?), rest),
            _ => (None, segments),
        };
        Some(Self { device, asked: Asked::read(rest)? })
    }

    /// Whether it is for the relay.
    pub const fn is_tuned(&self) -> bool {
        matches!(self.asked, Asked::Tune(_))
    }
}

impl Asked {
    fn read(path: &[&str]) -> Option<Self> {
        Some(match *path {
            ["discover.json"] => Self::Discover,
            ["device.xml"] => Self::Description,
            ["lineup.json"] => Self::Lineup,
            ["lineup.xml"] => Self::LineupXml,
            ["lineup.m3u"] => Self::LineupM3u,
            ["lineup_status.json"] => Self::LineupStatus,
            ["lineup.post"] => Self::Scan,
            // `auto` or one of its tuners: whichever is free, here as well.
            [tuner, channel] if tuner == "auto" || tuner.strip_prefix("tuner").is_some_and(digits) => {
                let number = channel.strip_prefix('v').filter(|number| digits(number))?;
                Self::Tune(number.parse().ok()?)
            }
            _ => return None,
        })
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_its_addresses() {
        let read = |path: &str| {
            let segments: Vec<&str> = path.split('/').skip(1).collect();
            Address::read(&segments)
        };
        let first = |asked| Some(Address { device: None, asked });
        assert_eq!(read("/discover.json"), first(Asked::Discover));
        assert_eq!(read("/device.xml"), first(Asked::Description));
        assert_eq!(read("/lineup.post"), first(Asked::Scan));
        assert_eq!(read("/auto/v7"), first(Asked::Tune(7)));
        assert_eq!(read("/tuner3/v70"), first(Asked::Tune(70)));
        let id = DeviceId::of(&crate::ticket::Key::known([7; 32]), "Coax", 0);
        let of = |asked| Some(Address { device: Some(id), asked });
        assert_eq!(read(&format!("/hdhomerun/{id}/lineup.json")), of(Asked::Lineup));
        assert_eq!(
            read(&format!("/hdhomerun/{}/auto/v7", id.to_string().to_lowercase())),
            of(Asked::Tune(7))
        );
        for none in [
            "/",
            "/lineup",
            "/auto/7",
            "/auto/v",
            "/auto/v7/x",
            "/auto/v+7",
            "/tuner/v7",
            "/hdhomerun/lineup.json",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
