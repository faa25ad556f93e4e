//! Where a target is, as it is written down: `sftp://ann@nas:2222`, `smb://ann@nas/films`, `rsync://ann@nas/films`,
//! `ssh://ann@nas`, which is rsync over ssh.

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::{Kind, Record, Trouble};

/// How a machine is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// SFTP, over ssh.
    Sftp,
    /// SMB 2 or 3.
    Smb,
    /// The rsync daemon.
    Rsync,
    /// rsync over ssh.
    Ssh,
}

impl Scheme {
    const fn word(self) -> &'static str {
        match self {
            Self::Sftp => "sftp",
            Self::Smb => "smb",
            Self::Rsync => "rsync",
            Self::Ssh => "ssh",
        }
    }

    /// The port where the address says none.
    const fn port(self) -> u16 {
        match self {
            Self::Sftp | Self::Ssh => 22,
            Self::Smb => 445,
            Self::Rsync => 873,
        }
    }

    /// Whether there are shares, or modules, one of which the address has to name.
    const fn has_shares(self) -> bool {
        matches!(self, Self::Smb | Self::Rsync)
    }

    const fn example(self) -> &'static str {
        match self {
            Self::Sftp => "sftp://ann@nas:22",
            Self::Smb => "smb://ann@nas/films",
            Self::Rsync => "rsync://ann@nas/films",
            Self::Ssh => "ssh://ann@nas:22",
        }
    }
}

/// Which machine, as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) scheme: Scheme,
    /// A name, or a number; that of IPv6 has no brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Empty for nobody in particular.
    pub(super) user: String,
    /// The share or the module; empty where there are none.
    pub(super) share: String,
}

impl Address {
    /// Reads `text`, which has one of these schemes.
    ///
    /// # Errors
    /// [`Trouble::Refused`], without the text: somebody may have put a password into it.
    pub(super) fn new(text: &str, schemes: &[Scheme]) -> Result<Self, Trouble> {
        let examples = schemes.iter().map(|it| it.example()).collect::<Vec<_>>().join(" or ");
        let wrong =
            |what: &str| Trouble::Refused(format!("the address of the target {what}, such as {examples}"));
        let url =
            Url::parse(text).map_err(|error| wrong(&format!("cannot be read ({error}): expected one")))?;
        let scheme = schemes.iter().find(|it| it.word() == url.scheme()).copied();
        let scheme = scheme.ok_or_else(|| wrong("has another scheme than expected"))?;
        if url.password().is_some() {
            return Err(wrong(
                "holds a password; that belongs in a file or in the environment. Expected an address",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("ends with something that it should not"));
        }
        let host = match url.host() {
            Some(Host::Ipv6(number)) => number.to_string(),
            Some(host) => host.to_string(),
            None => return Err(wrong("names no machine")),
        };
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8().map_err(|_| wrong("is not UTF-8"))?;
            // SECURITY: these words are arguments of programs and parts of messages.
            let is_odd = text.starts_with('-') || text.contains(|it: char| it.is_control() || it == '/');
            if is_odd { Err(wrong("has a name in it that cannot be one")) } else { Ok(text.into_owned()) }
        };
        let share = url.path().trim_matches('/');
        match (scheme.has_shares(), share.is_empty()) {
            (true, true) => return Err(wrong("names no share")),
            (false, false) => {
                return Err(wrong("names a folder, which is the target's base. Expected an address"));
            }
            _ => {}
        }
        Ok(Self {
            scheme,
            host: decoded(&host)?,
            port: url.port().unwrap_or(scheme.port()),
            user: decoded(url.username())?,
            share: decoded(share)?,
        })
    }

    /// `host:port`, as it is dialled.
    pub(super) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl Record {
    /// A target at `text`, as people write it, with what is usual: a folder, or `sftp://ann@nas/srv/films`, `ssh://` likewise for
    /// rsync over ssh, `smb://ann@nas/share/films`, `rsync://ann@nas/module/films`. Over ssh `/~/films` begins at home.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it.
    pub fn at(text: &str) -> Result<Self, Trouble> {
        if !text.contains("://") {
            return Ok(Self { base: text.to_owned(), ..Self::new(Kind::Dir) });
        }
        let wrong = || {
            Trouble::Refused(
                "the address of the target cannot be read: expected one such as sftp://ann@nas/srv/films"
                    .into(),
            )
        };
        let mut url = Url::parse(text).map_err(|_| wrong())?;
        let path = url.path().to_owned();
        let (kind, share, base) = match url.scheme() {
            "sftp" | "ssh" => {
                let kind = if url.scheme() == "ssh" { Kind::Rsync } else { Kind::Sftp };
                let home = path.strip_prefix("/~").filter(|rest| rest.is_empty() || rest.starts_with('/'));
                (kind, "", home.map_or(&*path, |rest| rest.trim_start_matches('/')))
            }
            scheme => {
                let kind = if scheme == "smb" { Kind::Smb } else { Kind::Rsync };
                let (share, base) =
                    path[1.min(path.len())..].split_once('/').unwrap_or((path.trim_matches('/'), ""));
                (kind, share, base)
            }
        };
        let base = percent_decode_str(base).decode_utf8().map_err(|_| wrong())?.into_owned();
        url.set_path(&if share.is_empty() { String::new() } else { format!("/{share}") });
        let record = Self { url: url.to_string(), base, ..Self::new(kind) };
        super::Target::open(&record).map(|_| record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_says_how_a_target_is_reached_and_where_it_begins() {
        for (text, kind, url, base) in [
            ("/mnt/films", Kind::Dir, "", "/mnt/films"),
            ("sftp://ann@nas:2222/srv/My%20films", Kind::Sftp, "sftp://ann@nas:2222", "/srv/My films"),
            ("sftp://ann@nas/~/films", Kind::Sftp, "sftp://ann@nas", "films"),
            ("ssh://ann@nas/~", Kind::Rsync, "ssh://ann@nas", ""),
            ("smb://WORK;ann@nas/media/films/new", Kind::Smb, "smb://WORK;ann@nas/media", "films/new"),
            ("smb://nas/media", Kind::Smb, "smb://nas/media", ""),
            ("rsync://ann@nas/disk/films", Kind::Rsync, "rsync://ann@nas/disk", "films"),
        ] {
            let record = Record::at(text).unwrap();
            assert_eq!(
                (record.kind, &*record.url.replace("%3B", ";"), &*record.base),
                (kind, url, base),
                "{text}"
            );
        }
        for text in ["ftp://nas/films", "smb://nas", "sftp://ann:hunter2@nas/films", "sftp:///films", "://"] {
            let error = Record::at(text).unwrap_err().to_string();
            assert!(error.contains("://ann@nas") && !error.contains("hunter2"), "{text}: {error}");
        }
    }

    fn read(text: &str) -> Result<Address, String> {
        let all = [Scheme::Sftp, Scheme::Smb, Scheme::Rsync, Scheme::Ssh];
        Address::new(text, &all).map_err(|trouble| trouble.to_string())
    }

    #[test]
    fn an_address_names_the_machine_whose_account_it_is_and_the_share() {
        let nas = read("sftp://ann@nas").unwrap();
        assert_eq!((&*nas.host, nas.port, &*nas.user, &*nas.share), ("nas", 22, "ann", ""));
        let share = read("smb://WORK%3Bann@[::1]:4450/My%20films/").unwrap();
        assert_eq!(
            (&*share.host, share.port, &*share.user, &*share.share),
            ("::1", 4450, "WORK;ann", "My films")
        );
        assert_eq!(share.authority(), "[::1]:4450");
        assert_eq!(read("rsync://nas/films").unwrap().authority(), "nas:873");
        assert_eq!(read("ssh://ann@192.0.2.7:2222").unwrap().authority(), "192.0.2.7:2222");
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_without_being_repeated() {
        for (text, expected) in [
            ("nas", "cannot be read"),
            ("ftp://ann@nas", "another scheme"),
            ("sftp://ann:hunter2@nas", "holds a password"),
            ("smb://ann@nas", "names no share"),
            ("sftp://ann@nas/films", "the target's base"),
            ("sftp://-oProxyCommand=x@nas", "cannot be one"),
            ("ssh://ann@-oProxyCommand=x", "cannot be one"),
            ("rsync://nas/a/b", "cannot be one"),
            ("rsync://nas/films?x", "ends with"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected) && error.contains("://ann@nas"), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
