//! The account document: the first thing every app asks for.

use contract::bundle::Digits;
use http::StatusCode;
use http::header::{self, HeaderValue};
use httpd::{Response, reply};
use jiff::Timestamp;
use serde::Serialize;

use crate::Server;
use crate::base::Base;
use crate::login::Login;
use crate::refusal::Refusal;
use crate::service::Asked;

/// The forms in which the relay plays every live channel. Some apps choose the extension of their URLs from this,
/// others refuse what is not in it.
const FORMATS: [&str; 2] = ["ts", "m3u8"];

/// "Never" as 2038-01-01: some apps fail on null, and old ones keep times in 32 bits.
const NEVER: u64 = 2_145_916_800;

/// "As many as you like": some apps take an account whose streams are not fewer than this number for busy, so 0 would
/// lock them out.
const UNLIMITED: u64 = 1000;

#[derive(Serialize)]
struct Document<'a> {
    user_info: UserInfo<'a>,
    server_info: ServerInfo<'a>,
}

#[derive(Serialize)]
struct UserInfo<'a> {
    username: &'a str,
    password: &'a str,
    message: &'static str,
    auth: u8,
    status: &'static str,
    exp_date: Digits,
    is_trial: Digits,
    active_cons: Digits,
    created_at: Digits,
    max_connections: Digits,
    allowed_output_formats: [&'static str; 2],
}

#[derive(Serialize)]
struct ServerInfo<'a> {
    url: &'a str,
    port: Digits,
    /// Empty without TLS.
    https_port: String,
    server_protocol: &'static str,
    rtmp_port: Digits,
    /// UTC here and in all listings: apps that copy times, convert them or assume UTC then agree.
    timezone: &'static str,
    timestamp_now: u64,
    time_now: String,
    process: bool,
}

/// Answers the call without an action. Needs no release, so that an app can log in while the first one is made.
pub(super) async fn answer(server: &Server, asked: &Asked) -> Result<Response, Refusal> {
    let (_, document) = document(server, asked).await?;
    let mut response = reply::json(StatusCode::OK, document);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Who asks, and his account: an object that ends with its last brace.
pub(super) async fn document(server: &Server, asked: &Asked) -> Result<(Login, Vec<u8>), Refusal> {
    let login = server.login(asked).await.map_err(|refusal| match refusal {
        Refusal::Forbidden => Refusal::Stranger,
        other => other,
    })?;
    let document = written(&login, asked.base()?, server.now(), server.viewers(&login.user.name));
    Ok((login, document))
}

/// The document at `now`, for one who has so many streams open and reached us at `base`.
pub(crate) fn written(login: &Login, base: &Base, now: u64, viewers: u32) -> Vec<u8> {
    let document =
        Document { user_info: user_info(login, now, viewers), server_info: server_info(base, now) };
    serde_json::to_vec(&document).expect("plain fields become JSON")
}

fn user_info(login: &Login, now: u64, viewers: u32) -> UserInfo<'_> {
    let user = &login.user;
    UserInfo {
        username: &login.name,
        password: &login.password,
        message: "",
        auth: 1,
        status: user.standing(now).word(),
        exp_date: Digits(user.expires.unwrap_or(NEVER).min(NEVER)),
        is_trial: Digits(user.trial.into()),
        active_cons: Digits(viewers.into()),
        created_at: Digits(user.created),
        max_connections: Digits(if user.max_connections == 0 {
            UNLIMITED
        } else {
            user.max_connections.into()
        }),
        allowed_output_formats: FORMATS,
    }
}

fn server_info(base: &Base, now: u64) -> ServerInfo<'_> {
    ServerInfo {
        url: &base.host,
        port: Digits(base.port().into()),
        https_port: if base.is_tls() { base.port().to_string() } else { String::new() },
        server_protocol: base.scheme,
        rtmp_port: Digits(0),
        timezone: "UTC",
        timestamp_now: now,
        time_now: date_time(now),
        process: true,
    }
}

/// `YYYY-MM-DD HH:MM:SS` in UTC.
pub(super) fn date_time(unix: u64) -> String {
    let time =
        i64::try_from(unix).ok().and_then(|unix| Timestamp::from_second(unix).ok()).unwrap_or_default();
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
