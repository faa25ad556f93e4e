//! Parsers of foreign bytes, for the fuzz targets (`fuzz/`) and for the test that reads their seeds.
//!
//! ```text
//!  any bytes ──▶ the parser, as a run uses it ──▶ what must hold of whatever it gives, asserted here
//! ```
//!
//! Each function is one target. It panics when a parser does, and when what a parser gives is nothing that may be
//! published: that is a finding. Nobody else calls this, and it is no part of the crate's interface.

mod guide;
mod page;
mod panel;
mod playlist;

use std::path::Path;

use contract::source::Source;
use contract::vault::Vault;

use crate::guide::time::{Clock, written};
use crate::harvest::Address;
use crate::json::Scalar;
use crate::name::{Name, country_of_group};
use crate::seal::{sealed, secrets};
use crate::tidy;

pub use guide::guide;
pub use page::page;
pub use panel::panel;
pub use playlist::playlist;

/// The password in everything that a source is configured with here. It must not come out of any parser.
const PASSWORD: &str = "hunter22";

/// A source that is asked with [`PASSWORD`].
fn source() -> Source {
    let text = format!("name='a'\nurl='http://h'\nusername='someone'\npassword='{PASSWORD}'");
    toml::from_str(&text).expect("it is a source")
}

/// Text that people read: tidied, and without the password where it stands for itself.
fn readable(text: &str, source: &Source) {
    assert_eq!(tidy::words(text), text, "blanks or control characters");
    assert_eq!(tidy::masked(text.into(), source), text, "a credential");
}

/// The address of a picture, or nothing.
fn picture(address: &str, source: &Source) {
    assert_eq!(tidy::picture(address, source), address, "no address of a picture");
}

/// Dates and times, in guides and in JSON.
///
/// # Panics
/// A time is outside of what is written, or what is written is not read again as what it is.
pub fn date(bytes: &[u8]) {
    const DAY: i64 = 86_400;
    let text = String::from_utf8_lossy(bytes);
    for zone in ["UTC", "Europe/London", "America/St_Johns"] {
        let clock = Clock::of(zone).expect("it is a zone");
        if let Some(seconds) = clock.parse(&text) {
            assert!((-DAY..=i64::from(u32::MAX) + DAY).contains(&seconds), "{seconds}");
            assert_eq!(clock.parse(&format!(" {text}\n")), Some(seconds), "blanks count");
        }
    }
    if let Some(seconds) = Clock::default().parse(&text)
        && let Ok(seconds) = u32::try_from(seconds)
    {
        let again = Clock::default().parse(std::str::from_utf8(&written(seconds)).expect("it is ASCII"));
        // A day of 2106 is not read.
        assert!(again == Some(seconds.into()) || seconds > 4_291_747_200, "{seconds}: {again:?}");
    }
    let scalar = Scalar::Text(text.as_ref().into());
    if let Some(seconds) = scalar.epoch() {
        assert!((1..=i32::MAX as u64).contains(&seconds), "{seconds}");
        assert_eq!(Scalar::Whole(seconds as i64).epoch(), Some(seconds));
    }
    let date = scalar.date();
    assert!(date.is_empty() || date.len() == 10, "{date}");
    assert_eq!(Scalar::Text(date.as_str().into()).date(), date);
    assert!(matches!(scalar.year().len(), 0 | 4));
    assert!(scalar.float().is_none_or(f64::is_finite));
    if let (Some(id), Some(number)) = (scalar.id(), scalar.int()) {
        assert_eq!(u64::try_from(number), Ok(id), "an id is the number that it is");
    }
}

/// Names of channels and ids of guide channels.
///
/// # Panics
/// A name reads into something that keys cannot be made of.
pub fn name(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = country_of_group(&text);
    for name in [Name::parse(&text), Name::of_id(&text)] {
        let plain = |word: &String| {
            word == "+"
                || (!word.is_empty()
                    && word.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()))
        };
        assert!(name.words.iter().chain(&name.aside).all(plain), "{name:?}");
        assert_eq!(name.key().split('|').count(), if name.words.is_empty() { 1 } else { 5 }, "{name:?}");
        assert!(name.base().bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name:?}");
        assert!(name.numbers().iter().all(|number| !number.is_empty()), "{name:?}");
        let cores = name.cores();
        assert!(
            cores.len() <= 2 && cores.iter().all(|core| core.is_ascii() && !core.is_empty()),
            "{cores:?}"
        );
        assert!(name.telling_words().iter().all(|word| !word.is_empty()), "{name:?}");
    }
}

/// Addresses of streams, which may hold secrets.
///
/// # Panics
/// A secret is not found apart from the others, stays in the address, or does not come back.
pub fn address(bytes: &[u8]) {
    let url = String::from_utf8_lossy(bytes).into_owned();
    let mut end = 0;
    for secret in secrets(&url) {
        assert!(end <= secret.start && url.get(secret.clone()).is_some(), "{secret:?}");
        end = secret.end;
    }
    let mut vault = Vault::load(Path::new("/nowhere/vault.json")).expect("none is an empty one");
    let address = Address { url, ..Address::default() };
    let open = sealed(&address, "a", &[], &mut vault).expect("the vault has room");
    for secret in secrets(&open.url) {
        assert!(open.url[secret.clone()].starts_with("{secret:"), "{} still has a secret", open.url);
    }
    let literal = |text: &str| text.replace('{', "%7B").replace('}', "%7D");
    let revealed = vault.reveal("a", &open.url).expect("all of them are there");
    assert_eq!(literal(&revealed), literal(&address.url));
}
