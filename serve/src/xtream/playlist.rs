//! `get.php`: the line-up as a playlist, spliced for the viewer while it is sent.

mod catchup;
mod edit;
mod splice;

use http::Response;
use http::header::{self, HeaderValue};
use httpd::{Body, Params};

pub use self::catchup::Catchup;
use self::edit::{Edit, Kinds};
pub(crate) use self::splice::Template;
use self::splice::Values;
use crate::refusal::Refusal;
use crate::service::Asked;
use crate::{Server, Settings};

/// What is asked of the playlist.
struct Form {
    /// `m3u_plus`: with attributes.
    plus: bool,
    /// The extension of live addresses.
    extension: &'static str,
    kinds: Kinds,
    catchup: Catchup,
    mimetype: bool,
}

/// Answers `get.php`. The whole playlist is sent with its length, which is known from the number of places to fill;
/// an edited one is made while it is sent.
pub(crate) async fn answer(server: &Server, asked: &Asked) -> Result<httpd::Response, Refusal> {
    let login = server.viewer(asked).await?;
    let prepared = server.prepared()?;
    let form = Form::decode(&asked.params, &server.settings);
    let values = Values::new(&asked.base()?.url(), &login.name, &login.password, form.extension);
    let (template, kinds) = match form.kinds == Kinds::LIVE {
        true => (&prepared.live_m3u, Kinds::LIVE),
        false => (&prepared.full_m3u, Kinds::ALL),
    };
    let edit = form.edit();
    let body = if !edit.is_none(kinds) {
        template.edited(values, edit)
    } else if asked.is_head() {
        template.promised(&values)
    } else {
        template.whole(values).await?
    };
    Ok(attachment(body, &login.name, form.plus))
}

fn attachment(body: Body, name: &str, plus: bool) -> httpd::Response {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    let disposition =
        format!("attachment; filename=\"tv_channels_{name}{}.m3u\"", if plus { "_plus" } else { "" });
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("audio/x-mpegurl; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store")); // it holds credentials
    let disposition = HeaderValue::try_from(disposition).expect("letters, digits and quotes");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    response
}

impl Form {
    /// What is not known means the usual: apps send the names of set-top boxes here.
    fn decode(params: &Params, settings: &Settings) -> Self {
        let lower = |name| params.get(name).unwrap_or("").trim().to_ascii_lowercase();
        Self {
            plus: lower("type") != "m3u",
            extension: match lower("output").as_str() {
                "m3u8" | "hls" => "m3u8",
                _ => "ts",
            },
            kinds: Kinds::decode(&lower("key")),
            catchup: Catchup::of(&lower("catchup")).unwrap_or(settings.catchup),
            mimetype: settings.kodi_mimetype,
        }
    }

    /// What makes the wanted playlist of the whole one.
    fn edit(&self) -> Edit {
        let stream = self.extension == "ts";
        Edit {
            plus: self.plus,
            kinds: self.kinds,
            catchup: self.catchup,
            // Kodi knows the addresses of Xtream apps without an extension or with `.m3u8` alone.
            bare: self.catchup == Catchup::Xc && stream,
            mimetype: self.mimetype && stream,
        }
    }
}
