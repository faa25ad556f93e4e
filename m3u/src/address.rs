//! The address of an entry, taken apart.

/// The parts of an address. Nothing is decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts<'a> {
    /// Before the colon; empty without one.
    pub scheme: &'a str,
    /// Host and port, without credentials.
    pub host: &'a str,
    /// From its first slash on.
    pub path: &'a str,
    /// Behind `?`, without `#` and what follows it.
    pub query: &'a str,
}

impl<'a> Parts<'a> {
    /// Takes `address` apart, whatever it is.
    pub fn of(address: &'a str) -> Self {
        let whole = address.split('#').next().unwrap_or("");
        let (front, query) = whole.split_once('?').unwrap_or((whole, ""));
        if let Some((scheme, rest)) = front.split_once("://") {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            return Self { scheme, host, path, query };
        }
        match front.split_once(':') {
            // `C:\` is a disk.
            Some((scheme, path)) if scheme.len() > 1 && !scheme.contains(['/', '\\']) => {
                Self { scheme, host: "", path, query }
            }
            _ => Self { scheme: "", host: "", path: front, query },
        }
    }

    /// The ending of the path's last segment, without its dot; empty without one.
    pub fn ending(&self) -> &'a str {
        let last = self.path.rsplit('/').next().unwrap_or("");
        last.rsplit_once('.').map_or("", |(_, ending)| ending)
    }

    /// Whether the path has the segment `word`.
    pub fn passes(&self, word: &str) -> bool {
        self.path.split('/').any(|segment| segment.eq_ignore_ascii_case(word))
    }

    /// The pairs of the query, as they are written.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.query.split('&').filter_map(|pair| pair.split_once('='))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let parts = Parts::of("http://u:p@h:80/a/b.c/x.M3U8?a=b&c#d?e");
        let expected = Parts { scheme: "http", host: "h:80", path: "/a/b.c/x.M3U8", query: "a=b&c" };
        assert_eq!((parts, parts.ending()), (expected, "M3U8"));
        assert_eq!(Parts::of("http://h?x=1"), Parts { scheme: "http", host: "h", path: "", query: "x=1" });
    }
}
