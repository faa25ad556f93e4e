//! Pages that list the station's channels as broadcasts of Ace Stream, as people publish them: the same list as a web
//! page, as a JSON document and as a playlist, whole or in several parts.

mod upstreams;

use std::collections::HashMap;
use std::fmt::Write as _;

use http::HeaderValue;
use http::header::CONTENT_TYPE;
use httpd::{Body, Response};
use serde_json::json;

use crate::ace::listed_id;
use crate::catalogue::Catalogue;

pub(crate) use upstreams::upstreams;

/// What a page is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// `channels.html`
    Html,
    /// `channels.json`
    Json,
    /// `channels.m3u`
    M3u,
}

impl Page {
    /// From the name of its file.
    pub(crate) fn of(file: &str) -> Option<Self> {
        match file {
            "channels.html" => Some(Self::Html),
            "channels.json" => Some(Self::Json),
            "channels.m3u" => Some(Self::M3u),
            _ => None,
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Json => httpd::reply::JSON,
            Self::M3u => "audio/x-mpegurl",
        }
    }
}

/// A channel of a page.
struct Listed {
    id: String,
    name: String,
    category: String,
    logo: String,
    guide: String,
}

/// The page numbered `number`, from 1, of `pages` that have every channel between them. `base` is our address.
pub(crate) fn page(catalogue: &Catalogue, page: Page, number: u32, pages: u32, base: &str) -> Response {
    let listed = listed(catalogue, base).into_iter().zip(0..);
    let listed = listed.filter(|(_, index)| index % pages.max(1) + 1 == number).map(|(listed, _)| listed);
    let text = match page {
        Page::Html => html(listed),
        Page::Json => document(listed),
        Page::M3u => playlist(listed),
    };
    typed(page.media_type(), text)
}

/// Every channel in the order of the line-up.
fn listed(catalogue: &Catalogue, base: &str) -> Vec<Listed> {
    let categories: HashMap<u32, String> =
        catalogue.live_categories().map(|category| (category.id, category.name)).collect();
    let listed = (0..catalogue.live()).map(|index| {
        let channel = catalogue.channel(index);
        Listed {
            id: listed_id(catalogue.seed, index),
            logo: format!("{base}/logo/{}.svg", channel.id),
            category: categories.get(&channel.category).cloned().unwrap_or_default(),
            name: channel.name,
            guide: channel.guide,
        }
    });
    listed.collect()
}

fn typed(media_type: &'static str, text: String) -> Response {
    let mut answer = Response::new(Body::from(text));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

/// A heading for each run of a category, and links in a list.
fn html(listed: impl Iterator<Item = Listed>) -> String {
    let mut page =
        String::from("<!doctype html><html><head><title>Channels</title></head><body><h1>Channels</h1>\n");
    let mut category = None;
    for Listed { id, name, category: its, logo, .. } in listed {
        if category.as_ref() != Some(&its) {
            let _ = writeln!(page, "<h2>{}</h2>", escaped(&its));
            category = Some(its);
        }
        let (name, logo) = (escaped(&name), escaped(&logo));
        let _ =
            writeln!(page, "<p><a href=\"acestream://{id}\"><img src=\"{logo}\" alt=\"\"> {name}</a></p>");
    }
    page + "</body></html>\n"
}

fn document(listed: impl Iterator<Item = Listed>) -> String {
    let channels: Vec<_> = listed
        .map(|it| {
            json!({"id": it.id, "name": it.name, "category": it.category, "logo": it.logo, "epg_id": it.guide})
        })
        .collect();
    json!({"channels": channels}).to_string()
}

fn playlist(listed: impl Iterator<Item = Listed>) -> String {
    let mut list = String::from("#EXTM3U\n");
    for Listed { id, name, category, logo, guide } in listed {
        let _ = writeln!(
            list,
            "#EXTINF:-1 tvg-id=\"{guide}\" tvg-logo=\"{logo}\" group-title=\"{category}\",{name}\nacestream://{id}"
        );
    }
    list
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
