//! `get.php`: the line-up as a playlist, spliced for the viewer while it is sent.

mod reduce;
mod splice;

use http::Response;
use http::header::{self, HeaderValue};
use httpd::{Body, Params};

use self::reduce::{Kinds, Reduction};
pub(crate) use self::splice::Template;
use self::splice::Values;
use crate::Server;
use crate::refusal::Refusal;
use crate::service::Asked;

/// What is asked of the playlist.
struct Form {
    /// `m3u_plus`: with attributes.
    plus: bool,
    /// The extension of live addresses.
    extension: &'static str,
    kinds: Kinds,
}

/// Answers `get.php`. The whole playlist is sent with its length, which is known from the number of places to fill;
/// a reduced one is made while it is sent.
pub(crate) async fn answer(server: &Server, asked: &Asked) -> Result<httpd::Response, Refusal> {
    let login = server.viewer(asked).await?;
    let prepared = server.prepared()?;
    let form = Form::decode(&asked.params);
    let values = Values::new(&asked.base()?.url(), &login.name, &login.password, form.extension);
    let (template, kinds) = match form.kinds == Kinds::LIVE {
        true => (&prepared.live_m3u, Kinds::LIVE),
        false => (&prepared.full_m3u, Kinds::ALL),
    };
    let body = if !form.plus || form.kinds != kinds {
        template.reduced(values, Reduction { plus: form.plus, kinds: form.kinds })
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
    fn decode(params: &Params) -> Self {
        let lower = |name| params.get(name).unwrap_or("").trim().to_ascii_lowercase();
        Self {
            plus: lower("type") != "m3u",
            extension: match lower("output").as_str() {
                "m3u8" | "hls" => "m3u8",
                _ => "ts",
            },
            kinds: Kinds::decode(&lower("key")),
        }
    }
}
