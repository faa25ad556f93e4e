//! HDHomeRun: what devices say of themselves and of their channels, to media servers at home.
//!
//! ```text
//!  Plex, Jellyfin, ... ──▶ UDP 65001, UDP 1900 ──▶ discovery: where our devices are
//!                     └──▶ /discover.json, /lineup.json, ... (here) ──▶ /auto/v7 (the relay)
//! ```
//!
//! SECURITY: media servers show no name and no password, so nobody from outside the house is answered.

mod discovery;
mod packet;
mod ssdp;

use std::net::SocketAddr;

use contract::disk::Data;
use contract::hdhomerun::{Address, Asked, Channel, Tuned};
use contract::reach;
use contract::ticket::Key;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use httpd::{Request, Response, reply};
use quick_xml::escape::escape;
use serde::Serialize;
use tracing::warn;

use crate::base::Base;
use crate::refusal::Refusal;
use crate::{Server, relays};

pub use discovery::{Announcing, announce};

/// What we say we are: a device with tuners for television from the air, which clients take as it is, and ask nothing of
/// that only others can do.
const MODEL: &str = "HDHR5-4US";
const FIRMWARE: &str = "hdhomerun5_atsc";
const VERSION: &str = "20231214";

/// `discover.json`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Discovered<'a> {
    friendly_name: &'a str,
    model_number: &'static str,
    firmware_name: &'static str,
    firmware_version: &'static str,
    #[serde(rename = "DeviceID")]
    device_id: String,
    /// By which the maker's own guide service would know a device.
    device_auth: &'static str,
    #[serde(rename = "BaseURL")]
    base_url: &'a str,
    #[serde(rename = "LineupURL")]
    lineup_url: String,
    tuner_count: u32,
}

/// An entry of `lineup.json`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    guide_number: String,
    guide_name: String,
    #[serde(rename = "URL")]
    url: String,
}

/// Answers what is asked of a device.
pub(crate) fn answer(
    server: &Server,
    address: Address,
    request: &Request,
    peer: SocketAddr,
) -> Result<Response, Refusal> {
    if server.devices.is_empty() || !is_at_home(server, request.headers(), peer) {
        return Err(Refusal::Unknown);
    }
    if (*request.method() == Method::POST) != (address.asked == Asked::Scan) {
        return Err(Refusal::Method);
    }
    let release = server.prepared()?.release.clone();
    let find = |name: &str| server.watcher(name);
    let tuned = server.devices.find(address.device, &release, find).ok_or(Refusal::Unknown)?;
    // As he asks, whatever is public: who comes through a proxy finds nothing there.
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let here =
        Base::requested(request.headers(), authority, httpd::scheme(request), false).ok_or(Refusal::Host)?;
    let base = here.url();
    let base = match address.device {
        Some(id) => format!("{base}/hdhomerun/{id}"),
        None => base,
    };
    let mut response = match address.asked {
        Asked::Discover => json(&discovered(&tuned, &base)),
        Asked::Lineup => json(&listed(&tuned, &base)),
        Asked::LineupStatus => reply::json(
            StatusCode::OK,
            r#"{"ScanInProgress":0,"ScanPossible":1,"Source":"Cable","SourceList":["Cable"]}"#,
        ),
        Asked::Scan => reply::empty(StatusCode::OK),
        Asked::Description => typed("application/xml; charset=utf-8", description(&tuned, &base)),
        Asked::LineupXml => typed("application/xml; charset=utf-8", line_up_xml(&tuned, &base)),
        Asked::LineupM3u => typed("audio/x-mpegurl; charset=utf-8", line_up_m3u(&tuned, &base)),
        Asked::Tune(number) => {
            let channel = tuned.channel(number).ok_or(Refusal::Unknown)?;
            // By its name: a relay without the disk knows the names of devices, and not their ids.
            let path = format!("/auto/v{number}?{}", tuned.query());
            return relays::answer(&server.settings.relays, channel, &path, here.is_tls());
        }
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What the ids of our devices are made with. Without a disk that can be written they are others after the next start.
pub(crate) fn key(data: &Data) -> Key {
    Key::load(&data.key()).unwrap_or_else(|error| {
        warn!(%error, "no secret.key: media servers will take HDHomeRun devices for new ones after the next start");
        Key::random()
    })
}

/// SECURITY: and not a page of another site that is open in a browser at home.
fn is_at_home(server: &Server, headers: &HeaderMap, peer: SocketAddr) -> bool {
    let public = server.public.as_ref().map(|base| base.host());
    reach::is_at_home(peer.ip()) && httpd::is_for_himself(headers, public)
}

fn discovered<'a>(tuned: &'a Tuned, base: &'a str) -> Discovered<'a> {
    Discovered {
        friendly_name: &tuned.name,
        model_number: MODEL,
        firmware_name: FIRMWARE,
        firmware_version: VERSION,
        device_id: tuned.id.to_string(),
        device_auth: "coax",
        base_url: base,
        lineup_url: format!("{base}/lineup.json"),
        tuner_count: tuned.tuners,
    }
}

fn listed(tuned: &Tuned, base: &str) -> Vec<Listed> {
    let entry = |channel: Channel| Listed {
        guide_number: channel.num.to_string(),
        guide_name: channel.name,
        url: format!("{base}/auto/v{}", channel.num),
    };
    tuned.line_up().map(entry).collect()
}

/// As the maker's devices write it.
fn line_up_xml(tuned: &Tuned, base: &str) -> String {
    let program = |entry: Listed| {
        let (name, url) = (escape(&entry.guide_name), escape(&entry.url));
        let number = entry.guide_number;
        format!(
            "<Program><GuideNumber>{number}</GuideNumber><GuideName>{name}</GuideName><URL>{url}</URL></Program>"
        )
    };
    let programs: String = listed(tuned, base).into_iter().map(program).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Lineup>{programs}</Lineup>\n")
}

fn line_up_m3u(tuned: &Tuned, base: &str) -> String {
    let entry = |entry: Listed| {
        let Listed { guide_number: number, guide_name: name, url } = entry;
        let quoted = name.replace('"', "'");
        format!(
            "#EXTINF:-1 channel-id=\"{number}\" channel-number=\"{number}\" tvg-name=\"{quoted}\",{name}\n{url}\n"
        )
    };
    let entries: String = listed(tuned, base).into_iter().map(entry).collect();
    format!("#EXTM3U\n{entries}")
}

/// The device description of UPnP Device Architecture 1.0, 2.1.
fn description(tuned: &Tuned, base: &str) -> String {
    let (name, base, id) = (escape(&tuned.name), escape(base), tuned.id);
    let unique = ssdp::unique(id);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <root xmlns=\"urn:schemas-upnp-org:device-1-0\">\
         <specVersion><major>1</major><minor>0</minor></specVersion><URLBase>{base}</URLBase>\
         <device><deviceType>{kind}</deviceType><friendlyName>{name}</friendlyName>\
         <manufacturer>Silicondust</manufacturer><modelName>{MODEL}</modelName><modelNumber>{MODEL}</modelNumber>\
         <serialNumber>{id}</serialNumber><UDN>{unique}</UDN></device></root>\n",
        kind = ssdp::KIND,
    )
}

fn json(document: &impl Serialize) -> Response {
    reply::json(StatusCode::OK, serde_json::to_vec(document).expect("plain fields become JSON"))
}

fn typed(content_type: &'static str, document: String) -> Response {
    let mut response = reply::text(StatusCode::OK, document);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
