//! `/page/api/channel/5001`: what a channel is made of, as far as the relay in this process is receiving it, so that the
//! page can say what a browser will not play.

use contract::bundle::Section;
use contract::user::User;
use httpd::Response;
use serde_json::{Map, Value};

use super::told;
use crate::Server;
use crate::refusal::Refusal;

/// What viewers are told of what the operator knows.
const TOLD: [&str; 8] = [
    "state",
    "protocol",
    "bitrate_kbps",
    "video_codec",
    "width",
    "height",
    "audio_codecs",
    "browser_playable",
];

/// Answers a user: an object that is empty for what is not being received here.
pub(super) async fn answer(server: &Server, user: &User, id: u32) -> Result<Response, Refusal> {
    let prepared = server.prepared()?.seen(&user.sees).await?;
    prepared.view.find(Section::LiveStreams, id).ok_or(Refusal::Unknown)?;
    let status = (server.programs.status)();
    let channels = status.get("channels").and_then(Value::as_array);
    let channel = channels.and_then(|all| all.iter().find(|channel| channel["id"] == id));
    let told_of = |channel: &Value| -> Map<String, Value> {
        let known = TOLD.iter().filter_map(|name| Some(((*name).to_owned(), channel.get(*name)?.clone())));
        known.collect()
    };
    Ok(told(&channel.map(told_of).unwrap_or_default()))
}
