//! The account document: whether we may ask at all, how many connections there are, and what time it is there.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::source::Source;
use contract::zone::Zone;
use serde::Deserialize;

use super::panel::{Failure, Panel, Question};
use crate::fetch::Standing;
use crate::json::{Elements, Scalar, readable};

/// What the panel says about the account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// At once; 0 when unlimited or unsaid.
    pub(crate) max_connections: u32,
    /// Connections that are open now, whoever has them; 0 when unsaid.
    pub(crate) active: u32,
    /// Unix time, in seconds; `None` for never.
    pub(crate) expires: Option<u64>,
    /// By which clock the panel tells times.
    pub(crate) zone: Zone,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UserInfo<'a> {
    #[serde(borrow)]
    auth: Scalar<'a>,
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    exp_date: Scalar<'a>,
    #[serde(borrow)]
    max_connections: Scalar<'a>,
    #[serde(borrow)]
    active_cons: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ServerInfo<'a> {
    #[serde(borrow)]
    timezone: Scalar<'a>,
    #[serde(borrow)]
    time_now: Scalar<'a>,
    #[serde(borrow)]
    timestamp_now: Scalar<'a>,
}

/// Asks for the documents of all accounts, in their order: the first that the panel accepts is the one that is asked
/// for everything else, of the others only the connections count. Answers what the accepted ones are, by their number.
///
/// # Errors
/// Why none can be used: that of the first.
pub(super) async fn check(
    panel: &Panel<'_>,
    source: &Source,
    patience: Duration,
) -> Result<BTreeMap<usize, Account>, Failure> {
    let question = Question { page: "player_api.php", parameters: &[], patience };
    let mut accepted = BTreeMap::new();
    let mut first = None;
    for number in 0..panel.accounts().len() {
        let checked = panel.insist(|| panel.check(number, question, |body| read(body, source))).await;
        match checked {
            Ok(account) => drop(accepted.insert(number, account)),
            Err(failure) => {
                if panel.accounts().len() > 1 {
                    tracing::warn!(source = %source.name, account = number + 1, %failure, "not used");
                }
                first.get_or_insert(failure);
            }
        }
    }
    match first {
        Some(failure) if accepted.is_empty() => Err(failure),
        _ => Ok(accepted),
    }
}

/// Connections that each account allows; 0 when it did not say and neither did the configuration.
pub(super) fn connections(panel: &Panel<'_>, accounts: &BTreeMap<usize, Account>) -> Vec<u32> {
    let said = |number: usize| accounts.get(&number).map_or(0, |account| account.max_connections);
    let logins = panel.accounts().iter().enumerate();
    logins.map(|(number, login)| login.max_connections.unwrap_or_else(|| said(number))).collect()
}

/// Reads the document.
///
/// # Errors
/// Why the account cannot be used, in words.
pub(crate) fn read(body: &[u8], source: &Source) -> Result<Account, Failure> {
    let mut account = None;
    let mut words = None;
    let mut zone = Zone::default();
    let mut elements = Elements::default();
    elements.push(body, &mut |key, value| match key {
        Some(b"\"user_info\"") => account = Some(judge(value)),
        Some(b"\"server_info\"") => zone = clock(value),
        Some(b"\"message\"" | b"\"error\"") => words = said(value, source),
        _ => {}
    })?;
    match (elements.finish()?, account, words) {
        (_, Some(account), _) => account.map(|account| Account { zone, ..account }),
        (_, None, Some(words)) => Err(Failure::Refused(format!("the panel says: {words}"))),
        (_, None, None) => Err(Failure::Refused("the answer is no account document".into())),
    }
}

fn judge(user_info: &[u8]) -> Result<Account, Failure> {
    // PHP writes an object that has nothing in it as a list.
    let user_info = if user_info.starts_with(b"[") { b"null" } else { user_info };
    readable(user_info, |text| {
        let info: Option<UserInfo<'_>> = serde_json::from_str(text)?;
        let info = info.unwrap_or_default();
        let status = info.status.text().to_ascii_lowercase();
        let count = |scalar: &Scalar<'_>| scalar.int().and_then(|n| n.try_into().ok()).unwrap_or(0);
        Ok(match status.as_str() {
            _ if !info.auth.flag() => Err(Standing::Rejected),
            "expired" => Err(Standing::Expired),
            "banned" => Err(Standing::Banned),
            "disabled" => Err(Standing::Disabled),
            _ => Ok(Account {
                max_connections: count(&info.max_connections),
                active: count(&info.active_cons),
                expires: info.exp_date.epoch(),
                zone: Zone::default(),
            }),
        })
    })
    .map_err(|_| Failure::Refused("the account document cannot be read".into()))?
    .map_err(Failure::Account)
}

/// By which clock the panel tells times; one that says nothing readable is taken to mean UTC.
fn clock(server_info: &[u8]) -> Zone {
    let read = readable(server_info, |text| {
        let info: Option<ServerInfo<'_>> = serde_json::from_str(text)?;
        let info = info.unwrap_or_default();
        let now = info.timestamp_now.epoch().and_then(|now| now.try_into().ok());
        Ok(Zone::told(&info.timezone.text(), &info.time_now.text(), now))
    });
    read.unwrap_or_default()
}

/// The words of an error message, shortened. Never shown when they could repeat an address or a
/// credential.
pub(crate) fn said(value: &[u8], source: &Source) -> Option<String> {
    let text =
        readable(value, |text| Ok(serde_json::from_str::<Scalar<'_>>(text)?.text().into_owned())).ok()?;
    let text = crate::tidy::text(&text, source);
    let mut secrets = source.logins().flat_map(<[&str; 2]>::from);
    let repeats = secrets.any(|secret| !secret.is_empty() && text.contains(secret));
    let words: String = text.chars().take(80).collect();
    let harmless = !words.is_empty() && !repeats && !text.contains("://") && !text.contains('=');
    harmless.then(|| words.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8]) -> Result<Account, Failure> {
        let source = "name='a'\nurl='http://h'\nusername='someone'\npassword='hidden'";
        super::read(body, &toml::from_str(source).unwrap())
    }

    #[test]
    fn an_account_is_understood_in_all_its_spellings() {
        for (auth, max) in [("1", "\"2\""), ("\"1\"", "2"), ("true", "2.0")] {
            for expires in ["null", "\"\"", "\"0\"", "\"Unlimited\"", "0"] {
                let body = format!(
                    r#"{{"user_info":{{"auth":{auth},"status":"Active","exp_date":{expires},"max_connections":{max}}}}}"#
                );
                let account = read(body.as_bytes()).unwrap();
                assert_eq!((account.max_connections, account.expires), (2, None));
            }
        }
        let body = br#"{"user_info":{"auth":1,"exp_date":"1900000000"},"server_info":{"url":"h"}}"#;
        assert_eq!(read(body).unwrap().expires, Some(1_900_000_000));
    }

    #[test]
    fn the_clock_is_understood_in_all_its_spellings() {
        for (server_info, expected) in [
            (
                r#"{"timezone":"Europe/London","timestamp_now":1784116800,"time_now":"2026-07-15 13:00:01"}"#,
                "Europe/London",
            ),
            (r#"{"time_now":"2026-07-15 17-30-00","timestamp_now":"1784116800","timezone":"UTC"}"#, "+05:30"),
            (r#"{"timezone":"Asia/Kolkata","time_now":null}"#, "Asia/Kolkata"),
            (r#"{"timezone":7,"time_now":{},"timestamp_now":"soon"}"#, "UTC"),
            ("[]", "UTC"),
            ("null", "UTC"),
        ] {
            for body in [
                format!(r#"{{"user_info":{{"auth":1}},"server_info":{server_info}}}"#),
                format!(r#"{{"server_info":{server_info},"user_info":{{"auth":1}}}}"#),
            ] {
                assert_eq!(read(body.as_bytes()).unwrap().zone.to_string(), expected, "{body}");
            }
        }
    }

    #[test]
    fn a_rejection_is_understood_in_all_its_spellings() {
        let shortened = format!(r#"{{"error":"{} {}"}}"#, "x".repeat(79), "y".repeat(9));
        for (body, expected) in [
            (r#"{"user_info":{"auth":0}}"#, "rejects"),
            (r#"{"user_info":{"auth":"0"}}"#, "rejects"),
            (r#"{"user_info":null}"#, "rejects"),
            (r#"{"user_info":{"auth":1,"status":"Expired"}}"#, "expired"),
            (r#"{"user_info":{"auth":1,"status":"Banned"}}"#, "banned"),
            (r#"{"error":"Unauthorized"}"#, "Unauthorized"),
            (&shortened, "panel says: xx"),
            (r#"{"error":"someone has no hidden rights"}"#, "no account document"),
            (r#"{"error":"see http://h?password=hunter2"}"#, "no account document"),
            ("[]", "no account document"),
            ("blocked", "text and no JSON"),
            ("<html>x</html>", "web page"),
            ("", "empty"),
            (r#"{"user_info":{"au"#, "breaks off"),
            (r#"{"user_info":[7]}"#, "rejects"),
            (r#"{"user_info":"x"}"#, "cannot be read"),
        ] {
            let said = read(body.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(expected) && said.trim_end() == said, "{body}: {said}");
        }
    }
}
