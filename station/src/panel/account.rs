//! The account document, and `panel_api.php` around it.

use http::StatusCode;
use httpd::{Response, reply};

use super::json::Json;
use super::lists::{At, category_list, live};
use super::pieces::{over, pieces};
use super::{Ask, Kind};
use crate::clock;

/// `player_api.php` without an action.
pub(super) fn account(ask: &Ask) -> Response {
    let mut out = Vec::new();
    let mut json = ask.json(&mut out);
    json.open(b'{');
    members(&mut json, ask);
    json.close(b'}');
    reply::json(StatusCode::OK, out)
}

/// `panel_api.php`: everything about live television in one document.
pub(super) fn panel(ask: Ask) -> Response {
    let mut head = Vec::new();
    let mut json = ask.json(&mut head);
    json.open(b'{');
    members(&mut json, &ask);
    json.key("categories").open(b'{');
    for (key, kind) in [("live", Kind::Live), ("movie", Kind::Films), ("series", Kind::Series)] {
        json.key(key).open(b'[');
        category_list(&mut json, &ask.provider.catalogue, kind);
        json.close(b']');
    }
    json.close(b'}').key("available_channels").open(b'{');
    let count = ask.provider.catalogue.live();
    let part = move |index: u32, out: &mut Vec<u8>| {
        let channel = ask.provider.catalogue.channel(index);
        if index > 0 {
            out.push(b',');
        }
        let mut json = ask.json(out);
        json.key(&channel.id.to_string());
        live(&mut json, &channel, &At { num: index + 1, base: &ask.base }, channel.category);
    };
    pieces(reply::JSON, over(0..count, head, part, b"}}"))
}

fn members(json: &mut Json<'_>, ask: &Ask) {
    user(json, ask);
    server(json, ask);
}

fn user(json: &mut Json<'_>, ask: &Ask) {
    let account = &ask.account;
    json.key("user_info").open(b'{').text("username", &account.username).text("password", &account.password);
    json.text("message", "").int("auth", 1).text("status", ask.provider.status(account).as_str());
    match account.expires {
        Some(time) => json.digits("exp_date", time),
        None => json.key("exp_date").raw("null"),
    };
    json.digits("is_trial", 0).either("active_cons", ask.provider.ledger.held(&account.username) as i64);
    json.digits("created_at", 1_700_000_000).digits("max_connections", account.max_connections);
    let formats: Vec<_> =
        ask.provider.settings.formats.iter().map(|format| format!("\"{format}\"")).collect();
    json.key("allowed_output_formats").raw(&format!("[{}]", formats.join(","))).close(b'}');
}

fn server(json: &mut Json<'_>, ask: &Ask) {
    let authority = ask.base.trim_start_matches("http://");
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
    let now = ask.provider.catalogue.guide().now();
    json.key("server_info").open(b'{');
    if !json.classic() {
        json.key("xui").raw("true").text("version", "1.5.12").key("revision").raw("null");
    }
    json.text("url", host).text("port", port).text("https_port", "").text("server_protocol", "http");
    json.text("rtmp_port", "")
        .text("timezone", &ask.provider.settings.zone)
        .int("timestamp_now", now)
        .text("time_now", &clock::shown(now, ask.provider.catalogue.guide().zone()));
    if json.classic() {
        json.key("process").raw("true");
    }
    json.close(b'}');
}
