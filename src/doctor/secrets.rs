//! What nobody else on the machine should read.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use contract::config::Place;
use contract::disk::Data;
use toml::{Table, Value};

use super::Finding;

/// The keys of the configuration whose values are secrets, where they are written out.
const KEYS: [&str; 6] = ["password", "username", "admin_key", "relay_key", "follow_key", "proxy"];
/// Those that are secrets in some tables alone. Who knows the address of a chat's webhook may write there.
const KEYS_WITHIN: [(&str, &str); 5] =
    [("serve", "key"), ("relay", "key"), ("tmdb", "token"), ("webhook", "url"), ("notify", "url")];

/// Files whose mode lets others read them.
pub(super) fn readable(data: &Data, place: &Place) -> Vec<Finding> {
    let mut secret: Vec<PathBuf> = vec![data.key(), data.vault(), data.users(), data.sources()];
    secret.extend(["account.json", "certificate.json"].map(|name| data.tls().join(name)));
    secret.push(data.downloads().join("jobs.db"));
    if let Some(file) = place.file() {
        let written = fs::read_to_string(file).ok().and_then(|text| text.parse::<Table>().ok());
        let written = Value::Table(written.unwrap_or_default());
        if has_secret("", &written) {
            secret.push(file.to_owned());
        }
        secret.extend(files(&written));
        secret.extend(written.get("tls").and_then(|tls| tls.get("key")?.as_str()).map(PathBuf::from));
    }
    let open: Vec<Finding> = secret.iter().filter_map(|path| open(path)).collect();
    match open.is_empty() {
        true => vec![Finding::ok("secrets", "nobody else on this machine can read them")],
        false => open,
    }
}

fn open(path: &Path) -> Option<Finding> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o004 != 0).then(|| {
        let found = format!("{} can be read by everybody on this machine", path.display());
        Finding::fail("secrets", found, format!("chmod o-rwx {}", path.display()))
    })
}

/// Whether a secret is written out in `value`, which stands in the configuration as `within`.
fn has_secret(within: &str, value: &Value) -> bool {
    match value {
        Value::Table(table) => table.iter().any(|(key, value)| {
            let is_written = value.as_str().is_some_and(|text| !text.is_empty());
            let is_secret =
                within == "headers" || KEYS.contains(&&**key) || KEYS_WITHIN.contains(&(within, key));
            (is_secret && is_written) || has_login(value) || has_secret(key, value)
        }),
        Value::Array(list) => list.iter().any(|value| has_secret(within, value)),
        _ => false,
    }
}

/// Whether a text is an address with a name and a password, or with what may be such.
fn has_login(value: &Value) -> bool {
    value.as_str().and_then(|text| text.split_once("://")).is_some_and(|(_, rest)| {
        rest.split('/').next().is_some_and(|host| host.contains('@')) || rest.contains("password=")
    })
}

/// The files that the configuration takes secrets from: `{ file = "path" }` and nothing else in it.
fn files(value: &Value) -> BTreeSet<PathBuf> {
    match value {
        Value::Table(table) if table.len() == 1 => match table.get("file").and_then(Value::as_str) {
            Some(path) => BTreeSet::from([PathBuf::from(path)]),
            None => table.values().flat_map(files).collect(),
        },
        Value::Table(table) => table.values().flat_map(files).collect(),
        Value::Array(list) => list.iter().flat_map(files).collect(),
        _ => BTreeSet::new(),
    }
}

/// The files that the configuration `text` takes secrets from.
pub(crate) fn files_of(text: &str) -> BTreeSet<PathBuf> {
    text.parse::<Table>().map_or_else(|_| BTreeSet::new(), |table| files(&Value::Table(table)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_in_a_configuration_is_found() {
        let secret = |text: &str| has_secret("", &Value::Table(text.parse().unwrap()));
        for text in [
            "[[source]]\npassword = 'x'",
            "[serve]\nadmin_key = 'x'",
            "[relay]\nkey = 'x'",
            "[download.tmdb]\ntoken = 'x'",
            "[[ingest.notify]]\nurl = 'https://chat.example/x'",
            "[ingest.webhook]\nurl = 'https://chat.example/x'",
            "[[source]]\nheaders = { Cookie = 'x' }",
            "[[source]]\nurl = 'http://h/get.php?username=u&password=p'",
            "[[source]]\nurl = 'http://u:p@h/list'",
            "[[source]]\naccounts = [{ username = 'a', password = 'b' }]",
        ] {
            assert!(secret(text), "{text}");
        }
        for text in [
            "",
            "[[source]]\npassword = { env = 'X' }\nusername = { file = '/run/x' }",
            "[serve]\nadmin_key = ''",
            "[tls]\nkey = '/etc/coax/key.pem'",
            "[[ingest.rule]]\nkey = 'acme/live/1'",
            "[[source]]\nheaders = { Cookie = { env = 'X' } }",
            "[[source]]\nurl = 'http://h:8080/a@b'",
        ] {
            assert!(!secret(text), "{text}");
        }
        let text = "[[source]]\npassword = { file = 'a' }\n[[source]]\nfile = 'list.m3u'\nkind = 'm3u'\n[relay]\nkey = { file = 'b' }";
        assert_eq!(files_of(text), ["a", "b"].map(PathBuf::from).into());
    }
}
