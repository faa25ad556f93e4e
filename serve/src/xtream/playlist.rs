//! `get.php`: the line-up as a playlist, spliced for the viewer while it is sent.

mod catchup;
mod edit;
mod splice;
mod stencil;

use bytes::Bytes;
use contract::release::{FULL_M3U, LIVE_M3U};
use futures_util::stream;
use http::StatusCode;
use http::header::{self, HeaderValue};
use httpd::{Body, Coding, Entity, Params, Response};

pub use self::catchup::Catchup;
use self::edit::{Edit, Kinds};
pub(crate) use self::splice::Template;
use self::splice::Values;
use crate::pace::Kind;
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
/// an edited one, or a compressed one, is made while it is sent.
pub(crate) async fn answer(server: &Server, asked: &Asked) -> Result<Response, Refusal> {
    let login = server.viewer(asked, Kind::Lists).await?;
    let prepared = server.seen_by(&login).await?;
    let form = Form::decode(&asked.params, &server.settings);
    let values = Values::new(&asked.base()?.url(), &login.name, &login.password, form.extension);
    let (template, file, kinds) = match form.kinds == Kinds::LIVE {
        true => (&prepared.live_m3u, LIVE_M3U, Kinds::LIVE),
        false => (&prepared.full_m3u, FULL_M3U, Kinds::ALL),
    };
    let edit = form.edit();
    let template_name = format!("{}{}", prepared.release.hash(file), prepared.view.mark());
    let name = values.name(&template_name, &edit);
    let edit = (!edit.is_none(kinds)).then_some(edit);
    let wanted = Coding::preferred(&asked.headers, &[Coding::Gzip]);
    if wanted == Coding::Gzip
        && let Some(chunks) = template.stencilled(&values, edit)
    {
        // Other bytes than those that are compressed for one viewer alone, so another validator.
        let entity = Entity { chunks, etag: format!("{name}-cut"), ..unmade(name, wanted) };
        let mut response = entity.reply(&asked.headers);
        if response.status() == StatusCode::OK {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition(&login.name, form.plus));
        }
        return Ok(response);
    }
    let press = if wanted == Coding::Gzip && !asked.is_head() { server.presses.free() } else { None };
    let coding = if asked.is_head() || press.is_some() { wanted } else { Coding::Identity };
    let mut response = unmade(name, coding).reply(&asked.headers);
    if response.status() != StatusCode::OK {
        return Ok(response);
    }
    *response.body_mut() = match (press, edit) {
        (Some(press), edit) => template.packed(values, edit, press).await?,
        (None, None) if coding == Coding::Identity && asked.is_head() => template.promised(&values),
        (None, _) if asked.is_head() => Body::stream(stream::empty()),
        (None, None) => template.whole(values).await?,
        (None, Some(edit)) => template.edited(values, edit).await?,
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_DISPOSITION, disposition(&login.name, form.plus));
    Ok(response)
}

/// A playlist that is still to be made.
fn unmade(name: String, coding: Coding) -> Entity {
    Entity {
        chunks: Vec::new(),
        content_type: "audio/x-mpegurl; charset=utf-8",
        etag: format!("{name}{}", coding.suffix()),
        coding,
        cache: "no-store", // it holds credentials
        ranges: false,
    }
}

/// The name under which a browser keeps it.
fn disposition(name: &str, plus: bool) -> HeaderValue {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    let plus = if plus { "_plus" } else { "" };
    HeaderValue::try_from(format!("attachment; filename=\"tv_channels_{name}{plus}.m3u\""))
        .expect("letters, digits and quotes")
}

/// A playlist in pieces, for a viewer to whom streams come from one place and the guide from another. `playlist` is of whole
/// entries, as [`contract::release::View::playlist`] gives them.
pub(crate) fn pieces(
    playlist: Vec<Bytes>,
    (guide, streams): (&str, &str),
    (name, password): (&str, &str),
    plus: bool,
    extension: &'static str,
) -> impl Iterator<Item = Bytes> {
    let edit = Edit { plus, kinds: Kinds::ALL, catchup: Catchup::Shift, bare: false, mimetype: false };
    let (first, rest) = splice::halves(playlist);
    let values = |base| Values::new(base, name, password, extension);
    let first = splice::filled(&if plus { first } else { "#EXTM3U\n".into() }, &values(guide));
    [first].into_iter().chain(splice::edited(rest, values(streams), edit))
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
