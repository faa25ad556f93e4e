//! `Accept-Encoding` of RFC 9110 section 12.5.3, for the codings that are offered.

use http::{HeaderMap, header};

/// How the bytes of an answer are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As they are.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// What the client likes best of `offered`, the first of those that it likes equally. Without the header nothing is
    /// coded: many players send none and cannot read it. A client that takes anything (`*`) gets no zstd, which those
    /// who can name.
    pub fn preferred(headers: &HeaderMap, offered: &[Self]) -> Self {
        let mut anything = 0;
        let mut named = [None; 3];
        for value in headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()) {
            for item in value.split(',') {
                let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
                let weight = weight(parameters);
                match coding.trim() {
                    "*" => anything = weight,
                    coding => {
                        if let Some(coding) = Self::named(coding) {
                            named[coding as usize] = Some(weight);
                        }
                    }
                }
            }
        }
        let liked =
            |coding: Self| named[coding as usize].unwrap_or(if coding == Self::Gzip { anything } else { 0 });
        let best = offered.iter().copied().rev().max_by_key(|coding| liked(*coding));
        best.filter(|best| liked(*best) > 0 && liked(*best) >= liked(Self::Identity))
            .unwrap_or(Self::Identity)
    }

    /// In `Content-Encoding`; nothing for what is not coded.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// Behind a validator, of which there is one for each coding (RFC 9110 section 8.8.3).
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => "-gz",
            Self::Zstd => "-zst",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let names = [
            ("gzip", Self::Gzip),
            ("x-gzip", Self::Gzip),
            ("zstd", Self::Zstd),
            ("identity", Self::Identity),
        ];
        names.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, coding)| coding)
    }
}

/// The `q` of a coding in thousandths, 1000 unless it says another.
fn weight(parameters: &str) -> u16 {
    let q = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let mut q = q.filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    let q = q.next().and_then(|(_, q)| q.trim().parse::<f32>().ok());
    q.map_or(1000, |q| (q.clamp(0.0, 1.0) * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::Coding::{Gzip, Identity, Zstd};
    use super::*;

    fn preferred(value: &str, offered: &[Coding]) -> Coding {
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]);
        Coding::preferred(&headers, offered)
    }

    #[test]
    fn what_a_client_likes_best_is_sent() {
        for (value, expected) in [
            ("gzip", Gzip),
            ("deflate, gzip;q=0.5", Gzip),
            ("gzip;q=0", Identity),
            ("gzip;q=0, *", Identity),
            ("*", Gzip),
            ("identity, *;q=0", Identity),
            ("br", Identity),
            ("", Identity),
            ("gzip, deflate, br, zstd", Zstd),
            ("gzip;q=1.0, zstd;q=0.9", Gzip),
            ("ZSTD;Q=0.2, gzip ; q = 0.1", Zstd),
            ("zstd;q=0.001", Zstd),
            ("zstd;q=0, gzip;q=0.000", Identity),
            ("zstd, *;q=0.1", Zstd),
            ("gzip;q=0.5, identity", Identity),
            ("gzip, identity", Gzip),
            ("gzip;q=nonsense", Gzip),
            ("x-gzip", Gzip),
        ] {
            assert_eq!(preferred(value, &[Zstd, Gzip]), expected, "{value}");
        }
        assert_eq!(preferred("gzip, zstd", &[Gzip]), Gzip);
        assert_eq!(preferred("gzip, zstd", &[]), Identity);
        assert_eq!(Coding::preferred(&HeaderMap::new(), &[Zstd, Gzip]), Identity);
    }

    #[test]
    fn several_headers_are_one() {
        let both = [(header::ACCEPT_ENCODING, "gzip;q=0.3"), (header::ACCEPT_ENCODING, "zstd;q=0.1")];
        let mut headers = HeaderMap::new();
        for (name, value) in both {
            headers.append(name, value.parse().unwrap());
        }
        assert_eq!(Coding::preferred(&headers, &[Zstd, Gzip]), Gzip);
    }
}
