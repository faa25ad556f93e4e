//! What `coax user` prints: for people, and with `--json` for machines.

use contract::say::{document, say};
use contract::user::{Groups, Profile, User};
use jiff::Timestamp;
use serde_json::Value;

use super::now;

/// Something was done, and what came of it.
pub(super) fn done(said: &str, outcome: &Value, json: bool) -> anyhow::Result<()> {
    if json {
        return Ok(document(outcome)?);
    }
    say(said)?;
    for secret in ["password", "token"] {
        if let Some(text) = outcome[secret].as_str() {
            say(format_args!("{secret} {text}"))?;
        }
    }
    Ok(())
}

pub(super) fn list(users: &[User], json: bool) -> anyhow::Result<()> {
    let profiles: Vec<Profile> = users.iter().map(|user| user.profile(now())).collect();
    if json {
        return Ok(document(&profiles)?);
    }
    let width = profiles.iter().map(|user| user.name.len()).max().unwrap_or(0).max(4);
    say(format_args!(
        "{:width$}  {:8}  {:>9}  {:10}  {:10}",
        "NAME", "STATUS", "STREAMS", "LAST DAY", "CREATED"
    ))?;
    for user in profiles {
        let (name, status, created) = (&user.name, user.status, day(user.created));
        let (streams, last) = (streams(&user), last_day(&user));
        say(format_args!("{name:width$}  {status:8}  {streams:>9}  {last:10}  {created:10}"))?;
    }
    Ok(())
}

pub(super) fn one(user: &User, json: bool) -> anyhow::Result<()> {
    let user = user.profile(now());
    if json {
        return Ok(document(&user)?);
    }
    let line = |what: &str, value: &str| say(format_args!("{what:13} {value}"));
    let all = |groups: &[Groups]| groups.iter().map(|it| it.0.as_str()).collect::<Vec<_>>().join(", ");
    let lists = user.sees.lists.as_ref();
    let lists = lists.map(|lists| lists.iter().map(|list| list.word()).collect::<Vec<_>>().join(", "));
    line("name", &user.name)?;
    line("status", user.status)?;
    line("streams", &streams(&user))?;
    line("last day", &last_day(&user))?;
    line("created", &day(user.created))?;
    line("trial", if user.trial { "yes" } else { "no" })?;
    line("admin", if user.admin { "yes" } else { "no" })?;
    line("downloads", user.downloads.word())?;
    line("lists", lists.as_deref().unwrap_or("all"))?;
    line("groups", user.sees.groups.as_deref().map_or("all".into(), all).as_str())?;
    line("not groups", &all(&user.sees.not_groups))?;
    line("catch-up zone", &user.catchup_zone.to_string())?;
    line("tokens", &user.tokens.iter().map(|it| it.device.as_str()).collect::<Vec<_>>().join(", "))?;
    line("notes", &user.notes)?;
    Ok(())
}

pub(super) fn tokens(user: &User, json: bool) -> anyhow::Result<()> {
    let tokens = user.profile(now()).tokens;
    if json {
        return Ok(document(&tokens)?);
    }
    let width = tokens.iter().map(|token| token.device.chars().count()).max().unwrap_or(0).max(6);
    say(format_args!("{:width$}  {:8}  CREATED", "DEVICE", "FOR"))?;
    for token in tokens {
        let what = if token.admin { "admin" } else { "watching" };
        say(format_args!("{:width$}  {what:8}  {}", token.device, day(token.created)))?;
    }
    Ok(())
}

fn streams(user: &Profile) -> String {
    if user.max_connections == 0 { "unlimited".into() } else { user.max_connections.to_string() }
}

fn last_day(user: &Profile) -> String {
    user.expires.map_or_else(|| "never".into(), |expires| day(expires.saturating_sub(1)))
}

fn day(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    at.map_or_else(|| "?".into(), |at| at.strftime("%Y-%m-%d").to_string())
}
