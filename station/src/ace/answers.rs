//! What the engine answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use http::StatusCode;
use httpd::{Body, Params, Response, reply};
use serde_json::{Value, json};

use super::content::StartFault;
use super::engine::{Ending, Refused, View};
use super::{Call, Content, Form, Selector, broken, error, forbidden, playlist, socket, ts, unknown_session};
use crate::fault::{Fault, afflict};
use crate::panel::page;
use crate::provider::Provider;
use crate::service::{Late, instead, refused};
use crate::settings::Target;
use crate::stream::{Hold, Variant, television};
use crate::television::{Broadcast, Make};

/// How long an engine looks for an infohash, in times of how long it looks for a content id.
const INFOHASH_SEARCH: u32 = 6;
/// How long an event is waited for before the answer is that there is none.
const EVENT_WAIT: Duration = Duration::from_secs(60);
/// Statistics move in steps of so many bytes.
const STEP: u64 = 16 * 1024;
/// When an account turns out to lack an option.
const OPTION_LOST: Duration = Duration::from_secs(2);

/// One request of the engine.
pub(crate) struct Ask<'a> {
    pub(crate) provider: &'a Arc<Provider>,
    pub(crate) params: &'a Params,
    /// Scheme and authority that the client used.
    pub(crate) base: &'a str,
}

impl Ask<'_> {
    pub(crate) fn answer(&self, call: &Call) -> Response {
        match call {
            Call::Service => self.service(),
            Call::Api => self.api(),
            Call::Start(form) => self.start(*form),
            Call::Read(session) => self.read(session),
            Call::Content(session) => self.content(session).unwrap_or_else(|refused| *refused),
            Call::Playlist(session) => self.playlist(session).unwrap_or_else(|refused| *refused),
            Call::Segment(session, number) => {
                self.segment(session, *number).unwrap_or_else(|refused| *refused)
            }
            Call::Stat(session) => self.stat(session),
            Call::Command(session) => match self.params.get("method") {
                Some("stop") if self.provider.engine.stop(session) => done(json!("ok")),
                Some("stop") => unknown_session(),
                _ => error("unknown method"),
            },
            Call::Event(session) => self.event(session),
        }
    }

    fn version(&self) -> Value {
        let [major, minor, patch] = self.provider.settings.ace.version;
        let code = major * 1_000_000 + minor * 10_000 + patch * 100;
        json!({"version": format!("{major}.{minor}.{patch}"), "code": code, "platform": "linux"})
    }

    fn service(&self) -> Response {
        match self.params.get("method") {
            Some("get_version") => result(self.version()),
            _ => reply::json(StatusCode::OK, r#"{"result":null,"error":"unknown method"}"#),
        }
    }

    fn api(&self) -> Response {
        let failed = |message: &str| {
            let document = json!({"error": {"message": message, "code": 500}});
            reply::json(StatusCode::OK, document.to_string())
        };
        let catalogue = &self.provider.catalogue;
        let selected = || Selector::of(self.params)?.find(catalogue);
        match self.params.get("method").unwrap_or("") {
            "get_status" => result(json!({"version": self.version(), "playlist_loaded": true})),
            "get_network_connection_status" => result(json!({"connected": true})),
            "get_content_id" => match selected() {
                Some(index) => result(json!({"content_id": super::content_id(catalogue.seed, index)})),
                None => failed("unknown infohash"),
            },
            method @ ("get_media_files" | "analyze_content") => match selected() {
                Some(index) => {
                    let infohash = super::infohash(catalogue.seed, index);
                    // Broadcasters advertise in their names.
                    let name = format!("{} http://{index}.advert.invalid", catalogue.live_name(index));
                    let files = json!([{"index": 0, "filename": name, "infohash": infohash}]);
                    let kind = if method == "analyze_content" { "is_live" } else { "type" };
                    result(json!({kind: "live", "name": name, "transport_type": "bt",
                                  "infohash": infohash, "files": files}))
                }
                None => late(self.provider.settings.ace.search, failed("cannot get transport file")),
            },
            _ => failed("access denied"),
        }
    }

    fn start(&self, form: Form) -> Response {
        let as_json = self.params.get("format") == Some("json");
        let failed = |text: &str| {
            if as_json { error(text) } else { broken("Internal Server Error, couldn't find resource") }
        };
        let Some(selector) = Selector::of(self.params) else { return broken("Internal Server Error") };
        let search = self.provider.settings.ace.search;
        let Some(index) = selector.find(&self.provider.catalogue) else {
            let times = if matches!(selector, Selector::Content(_)) { 1 } else { INFOHASH_SEARCH };
            return late(search * times, failed("failed to load content"));
        };
        let id = self.provider.catalogue.live_id(index);
        let content = self.provider.content(id);
        match content.start {
            Some(StartFault::InfohashOnly) if matches!(selector, Selector::Infohash(_)) => {}
            Some(StartFault::Failed | StartFault::InfohashOnly) => {
                return late(search, failed("failed to load content"));
            }
            Some(StartFault::Option) => {
                let document = json!({"response": null, "error": "premium subscription is required",
                                      "extra_data": {"reason": "missing_option", "option": "proxyServer"}});
                return reply::json(StatusCode::OK, document.to_string());
            }
            Some(StartFault::Null) => return done(json!({"infohash": null, "client_session_id": -1})),
            Some(StartFault::Unavailable) => {
                return page(StatusCode::SERVICE_UNAVAILABLE, "503 Service Unavailable");
            }
            Some(StartFault::Refuse) => return refused(),
            Some(StartFault::HlsOnly) if form == Form::Ts => return broken("Internal Server Error"),
            Some(StartFault::HlsOnly) | None => {}
        }
        let player = self.params.get("pid").or_else(|| self.params.get("sid"));
        // The session is there from now on, whether or not somebody waits for the answer.
        let session = self.provider.engine.start(id, player, form);
        let answer = if as_json {
            done(self.session(index, &session, form))
        } else {
            reply::redirect(&self.media(index, &session, form))
        };
        late(content.meta.unwrap_or(self.provider.settings.ace.meta), answer)
    }

    /// What the engine believes to be its address.
    fn own(&self) -> &str {
        self.provider.settings.ace.announce.as_deref().unwrap_or(self.base)
    }

    fn media(&self, index: u32, session: &View, form: Form) -> String {
        let (own, infohash) = (self.own(), super::infohash(self.provider.catalogue.seed, index));
        match form {
            Form::Ts => format!("{own}/ace/r/{infohash}/{}", session.name),
            Form::Hls => format!("{own}/ace/m/{infohash}/{}.m3u8", session.name),
        }
    }

    fn session(&self, index: u32, session: &View, form: Form) -> Value {
        let infohash = super::infohash(self.provider.catalogue.seed, index);
        let url = |kind: &str| format!("{}/ace/{kind}/{infohash}/{}", self.own(), session.name);
        let mut told = json!({
            "playback_url": self.media(index, session, form),
            "stat_url": url("stat"),
            "command_url": url("cmd"),
            "infohash": infohash,
            "playback_session_id": session.name,
            "is_live": 1,
            "is_encrypted": 0,
            "client_session_id": -1,
        });
        if self.params.get("use_api_events") == Some("1") {
            told["event_url"] = json!(url("event"));
        }
        told
    }

    fn read(&self, session: &str) -> Response {
        match self.provider.engine.touch(session) {
            Ok(view) => {
                let index = self.provider.catalogue.live_index(view.id).unwrap_or(0);
                let infohash = super::infohash(self.provider.catalogue.seed, index);
                reply::redirect(&format!("{}/content/{infohash}/{session}", self.own()))
            }
            Err(refused) => *answer_to(refused),
        }
    }

    /// The transport stream of a session, for one reader.
    fn content(&self, session: &str) -> Result<Response, Box<Response>> {
        let (view, reader) = self.provider.engine.read(session).map_err(answer_to)?;
        let content = self.provider.content(view.id);
        if content.no_media {
            return Ok(broken("Internal Server Error"));
        }
        if content.redirect_loop {
            let index = self.provider.catalogue.live_index(view.id).unwrap_or(0);
            return Ok(reply::redirect(&self.media(index, &view, Form::Ts)));
        }
        let fault = self.provider.fault(&Target::Stream(view.id));
        if let Some(answer) = fault.and_then(|fault| instead(fault, "video/mp2t", b"")) {
            return Ok(answer);
        }
        let burst = content.backlog.unwrap_or(self.provider.settings.ace.burst);
        let broadcast = self.broadcast(view.id, content);
        let media = television(self.provider, broadcast, Hold::Engine(reader), burst, &Variant::default());
        let mut answer = ts(if content.lost_option {
            Body::stream(media.boxed().take_until(Box::pin(tokio::time::sleep(OPTION_LOST))))
        } else {
            Body::stream(media)
        });
        for fault in [content.stall.map(Fault::Stall), content.cut.map(Fault::Cut), fault] {
            answer = match fault {
                Some(fault) => afflict(fault, answer),
                None => answer,
            };
        }
        Ok(self.warm(&view, content, answer))
    }

    fn playlist(&self, session: &str) -> Result<Response, Box<Response>> {
        let view = self.provider.engine.touch(session).map_err(answer_to)?;
        let content = self.provider.content(view.id);
        let base = format!("{}/ace/c/{session}", self.own());
        let answer = playlist::playlist(&self.broadcast(view.id, content), view.began, &base);
        Ok(self.warm(&view, content, answer))
    }

    fn segment(&self, session: &str, number: u64) -> Result<Response, Box<Response>> {
        let view = self.provider.engine.touch(session).map_err(answer_to)?;
        let broadcast = self.broadcast(view.id, self.provider.content(view.id));
        Ok(match playlist::segment(&broadcast, view.began, number) {
            Some(segment) => ts(Body::from(segment)),
            None => reply::text(StatusCode::NOT_FOUND, "download not found"),
        })
    }

    /// The answer when the first byte is there, or never.
    fn warm(&self, view: &View, content: Content, mut answer: Response) -> Response {
        let ready = self.ready(view, content);
        answer.extensions_mut().insert(Late { until: ready, unless: Some(view.ended.clone()) });
        answer
    }

    /// When the first byte is there; `None` never.
    fn ready(&self, view: &View, content: Content) -> Option<Instant> {
        let first = content.first.unwrap_or(self.provider.settings.ace.first);
        (!content.no_peers).then(|| view.began + first)
    }

    fn broadcast(&self, id: u32, content: Content) -> Broadcast {
        let catalogue = &self.provider.catalogue;
        let channel = catalogue.channel(catalogue.live_index(id).unwrap_or(0));
        let make = if channel.radio { Make::RADIO } else { Make::TELEVISION };
        self.provider.reels.broadcast(id, &channel.name, make, self.bitrate(content))
    }

    fn bitrate(&self, content: Content) -> u64 {
        self.provider.settings.bitrate / if content.low { 100 } else { 1 }
    }

    fn stat(&self, session: &str) -> Response {
        let Some(view) = self.provider.engine.poll(session) else { return unknown_session() };
        if view.polls == 1 {
            return done(json!({}));
        }
        let content = self.provider.content(view.id);
        let rate = self.bitrate(content) / 8;
        let warm = self.ready(&view, content).and_then(|ready| Instant::now().checked_duration_since(ready));
        let came = warm.map_or(0, |warm| (warm.as_secs_f64() * rate as f64) as u64).max(view.sent);
        let came = content.stall.map_or(came, |most| came.min(most));
        let stalled = content.stall.is_some_and(|most| came >= most);
        let (status, speed) = match warm {
            None => ("prebuf", 0),
            Some(_) if stalled => ("buf", 0),
            Some(_) => ("dl", rate / 1024),
        };
        let index = self.provider.catalogue.live_index(view.id).unwrap_or(0);
        let now = crate::clock::now();
        let text = |time: i64| time.to_string();
        done(json!({
            "status": status,
            "peers": if content.no_peers { 0 } else { 7 },
            "http_peers": 0,
            "speed_down": speed,
            "speed_up": speed / 10,
            "http_speed_down": 0,
            "downloaded": if came == 0 { 0 } else { came / STEP * STEP + STEP },
            "uploaded": came / 10,
            "http_downloaded": 0,
            "progress": if warm.is_some() { 100 } else { 0 },
            "total_progress": 0,
            "immediate_progress": 0,
            "livepos": {"first_ts": text(now - 1800), "last_ts": text(now), "live_first": text(now - 1800),
                        "live_last": text(now), "pos": text(now - 5), "last": text(now), "is_live": "1",
                        "buffer_pieces": "15"},
            "playback_session_id": view.name,
            "client_session_id": -1,
            "infohash": super::infohash(self.provider.catalogue.seed, index),
            "is_live": 1,
            "is_encrypted": 0,
        }))
    }

    /// One event: what a live broadcast says at first, what went wrong, or nothing for a while.
    fn event(&self, session: &str) -> Response {
        let Ok(view) = self.provider.engine.event(session) else { return unknown_session() };
        let event = |name: &str, params: Value| done(json!({"name": name, "params": params}));
        if view.events == 1 {
            return event("live_changed", json!({"is_live": 1}));
        }
        if self.provider.content(view.id).lost_option && view.events == 2 {
            let stopped = json!({"reason": "missing_option", "option": "proxyServer"});
            // As some builds tell it: a JSON text in the place of the object.
            let text = json!({"name": "download_stopped", "params": stopped}).to_string();
            return until(view.began + OPTION_LOST, &view, done(json!(text)));
        }
        until(Instant::now() + EVENT_WAIT, &view, unknown_session())
    }
}

fn result(value: Value) -> Response {
    reply::json(StatusCode::OK, json!({"result": value, "error": null}).to_string())
}

fn done(value: Value) -> Response {
    reply::json(StatusCode::OK, json!({"response": value, "error": null}).to_string())
}

fn late(wait: Duration, mut answer: Response) -> Response {
    answer.extensions_mut().insert(Late { until: Some(Instant::now() + wait), unless: None });
    answer
}

fn until(time: Instant, view: &View, mut answer: Response) -> Response {
    answer.extensions_mut().insert(Late { until: Some(time), unless: Some(view.ended.clone()) });
    answer
}

/// What somebody gets who may not read.
fn answer_to(refused: Refused) -> Box<Response> {
    Box::new(match refused {
        Refused::Ended(Ending::Superseded) => forbidden(),
        Refused::Ended(Ending::Stopped | Ending::Expired) => broken("Internal Server Error"),
        Refused::Unknown => broken("download not found"),
        Refused::Conflict => {
            let mut answer = broken("Internal Server Error");
            answer.extensions_mut().insert(socket::Doubled);
            answer
        }
    })
}
