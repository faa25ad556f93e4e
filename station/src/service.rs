//! One request: what it is for, whose it is, what goes wrong with it, and the answer.

mod ace;
mod late;
mod origin;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use httpd::{Body, Params, Request, Response, reply};

use crate::fault::{Fault, afflict};
use crate::pages;
use crate::panel::{self, Action, Ask, Document, page};
use crate::provider::{Provider, Published};
use crate::route::{Form, Route};
use crate::settings::Target;
use crate::stream::{self, Refusal, Variant, Wish};
pub(crate) use late::Late;

/// What is needed of a request after its body has been read.
struct Call {
    provider: Arc<Provider>,
    params: Params,
    headers: HeaderMap,
    base: String,
    path_and_query: String,
    head: bool,
    /// It came through its redirects.
    redirected: bool,
}

/// Answers one request.
pub(crate) async fn answer(provider: Arc<Provider>, request: Request) -> Response {
    let head = request.method() == Method::HEAD;
    if request.method() == Method::OPTIONS {
        return reply::preflight(request.headers());
    }
    let headers = request.headers().clone();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let base = format!("http://{host}");
    let path_and_query = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let post = request.method() == Method::POST;
    let params = Params::read(request).await;
    let call = Call { provider, params, headers, base, path_and_query, head, redirected: false };
    let answer = reply::cors(call.answer(post));
    if let Some(late) = answer.extensions().get::<Late>().cloned() {
        late.wait().await;
    }
    answer
}

impl Call {
    fn answer(mut self, post: bool) -> Response {
        let path = self.path_and_query.split('?').next().unwrap_or("/");
        if let Some(document) = self.provider.published(path) {
            let path = path.to_owned();
            return self.published(&path, document);
        }
        let mut route = self.route();
        if let Route::Token(token) = &route {
            self.provider.ledger.request("auth");
            let Some((hops, path_and_query)) = self.provider.redeem(token) else {
                return page(StatusCode::FORBIDDEN, "403 Forbidden");
            };
            if hops > 0 {
                return self.redirect(hops, &path_and_query);
            }
            self.params = Params::from_query(path_and_query.split_once('?').map(|(_, query)| query));
            self.path_and_query = path_and_query;
            self.redirected = true;
            route = self.route();
        }
        match route {
            Route::Document(document) => self.document(document),
            Route::Stream { ref username, ref password, id, form } => {
                self.stream(username, password, id, form)
            }
            Route::Archive { username, password, minutes, start, id } => {
                let asked = stream::Asked { form: "path", start: &start, minutes: &minutes };
                self.archive(&username, &password, id, asked)
            }
            Route::ArchiveQuery => {
                let value = |name| self.params.get(name).unwrap_or("").to_owned();
                let id = value("stream").trim().parse().unwrap_or(0);
                let (start, minutes) = (value("start"), value("duration"));
                let asked = stream::Asked { form: "query", start: &start, minutes: &minutes };
                self.archive(&value("username"), &value("password"), id, asked)
            }
            Route::Segment { session, id, number } => self.segment(&session, id, number),
            Route::Variant { variant, username, password, id } => match variant.parse::<Variant>() {
                Ok(variant) => {
                    let answer = |wish: &Wish<'_>| stream::variant(wish, &variant);
                    self.deliver("live", &username, &password, id, answer)
                }
                Err(why) => reply::text(StatusCode::BAD_REQUEST, why + "\n"),
            },
            Route::Origin { quirks, username, password, id, place } => {
                self.origin(&quirks, &username, &password, id, place)
            }
            Route::Page(page) => self.listing(|number, pages| {
                pages::page(&self.provider.catalogue, page, number, pages, &self.base)
            }),
            Route::Upstreams => {
                self.listing(|_, _| pages::upstreams(&self.provider, &self.params, &self.base))
            }
            Route::Picture(id) => picture(id),
            Route::Counts => self.counts(),
            Route::Ace(call) => self.ace(&call),
            Route::Reset if post => {
                self.provider.reset();
                reply::text(StatusCode::OK, "reset\n")
            }
            Route::Fault if post => self.plan(),
            Route::Content if post => self.content(),
            Route::Reset | Route::Fault | Route::Content => {
                reply::text(StatusCode::METHOD_NOT_ALLOWED, "POST, please\n")
            }
            Route::Token(_) | Route::Unknown => page(StatusCode::NOT_FOUND, "404 Not Found"),
        }
    }

    fn route(&self) -> Route {
        let path = self.path_and_query.split('?').next().unwrap_or("/");
        Route::of(path, || Action::of(&self.params))
    }

    fn document(self, document: Document) -> Response {
        self.provider.ledger.request(document.name());
        let fault = match self.fault(Target::Action(document.name().to_owned())) {
            Ok(fault) => fault,
            Err(why) => return reply::text(StatusCode::BAD_REQUEST, why + "\n"),
        };
        self.provider.ledger.asked(self.params.get("username").unwrap_or(""));
        if let Some(answer) = fault.and_then(|fault| instead(fault, reply::JSON, b"[]")) {
            return answer;
        }
        if self.head {
            return Response::new(Body::empty());
        }
        let (username, password) =
            (self.params.get("username").unwrap_or(""), self.params.get("password").unwrap_or(""));
        let Some(account) = self.provider.account(username, password).cloned() else {
            return panel::rejected(self.provider.settings.dialect);
        };
        // The account document has the time in it; everything else is a function of what was asked and of the hour.
        let etag = (document != Document::Player(Action::Account) && fault.is_none()).then(|| {
            let hour = self.provider.catalogue.guide().now();
            validator(&(format!("{:?}", self.provider.settings), hour, &self.base, &self.path_and_query))
        });
        let (provider, headers) = (self.provider.clone(), self.headers);
        let ask = Ask { provider: self.provider, account, params: self.params, base: self.base };
        let answer = suffer(fault, panel::answer(ask, document));
        match etag {
            Some(etag) if answer.status().is_success() => {
                conditional(&provider, document.name(), &headers, &etag, answer)
            }
            _ => answer,
        }
    }

    /// A document that a test put here, which stands for itself: no account is asked for.
    fn published(&self, path: &str, document: Published) -> Response {
        self.provider.ledger.request(path);
        let fault = match self.fault(Target::Action(path.to_owned())) {
            Ok(fault) => fault,
            Err(why) => return reply::text(StatusCode::BAD_REQUEST, why + "\n"),
        };
        match fault {
            Some(Fault::Redirect(hops)) if !self.redirected => {
                return self.redirect(hops, &self.path_and_query);
            }
            Some(fault) => {
                if let Some(answer) = instead(fault, "application/octet-stream", b"") {
                    return answer;
                }
            }
            None => {}
        }
        let etag = validator(&document.bytes);
        let mut answer = Response::new(Body::from(document.bytes));
        answer.headers_mut().insert(header::CONTENT_TYPE, document.content_type);
        if let Some(encoding) = document.encoding {
            answer.headers_mut().insert(header::CONTENT_ENCODING, encoding);
        }
        match fault {
            None => conditional(&self.provider, path, &self.headers, &etag, answer),
            fault => suffer(fault, answer),
        }
    }

    /// A page that lists channels, for everybody; `action=pages` is where faults of it are planned.
    fn listing(&self, page: impl FnOnce(u32, u32) -> Response) -> Response {
        self.provider.ledger.request("pages");
        let fault = match self.fault(Target::Action("pages".into())) {
            Ok(fault) => fault,
            Err(why) => return reply::text(StatusCode::BAD_REQUEST, why + "\n"),
        };
        if let Some(answer) = fault.and_then(|fault| instead(fault, "text/html", b"")) {
            return answer;
        }
        let number = |name| self.params.get(name).and_then(|number| number.parse().ok()).unwrap_or(1);
        let (number, pages) = (number("page"), number("pages"));
        suffer(fault, page(number, pages))
    }

    fn stream(&self, username: &str, password: &str, id: u32, form: Form) -> Response {
        let endpoint = match (self.provider.catalogue.live_index(id), form) {
            (Some(_), Form::Hls) => "hls",
            (Some(_), _) => "live",
            (None, _) => "film",
        };
        if let Some(start) = self.params.get("utc").filter(|_| endpoint != "film") {
            return self.shifted(username, password, id, form, start);
        }
        self.deliver(endpoint, username, password, id, |wish| stream::stream(wish, form))
    }

    /// The channel's own address with a time in it, as players ask whose playlist says `catchup="shift"`.
    fn shifted(&self, username: &str, password: &str, id: u32, form: Form, start: &str) -> Response {
        if form != Form::Hls {
            return self.archive(username, password, id, stream::Asked { form: "shift", start, minutes: "" });
        }
        if !self.redirected {
            self.provider.ledger.past(format!("list {start}"));
        }
        let end = self.params.get("lutc").and_then(|end| end.parse().ok());
        let start = start.parse().unwrap_or(0);
        self.deliver("archive", username, password, id, |wish| stream::past(wish, start, end))
    }

    fn archive(&self, username: &str, password: &str, id: u32, asked: stream::Asked<'_>) -> Response {
        if !self.redirected {
            self.provider.ledger.past(format!("{} {} {}", asked.form, asked.start, asked.minutes));
        }
        self.deliver("archive", username, password, id, |wish| stream::archive(wish, asked))
    }

    /// Credentials, redirects and faults, which all kinds of streams have in common.
    fn deliver(
        &self,
        endpoint: &str,
        username: &str,
        password: &str,
        id: u32,
        answer: impl FnOnce(&Wish<'_>) -> Result<Response, Refusal>,
    ) -> Response {
        if !self.redirected {
            self.provider.ledger.request(endpoint);
            self.provider.ledger.stream_request(id);
        }
        let Some(account) = self.provider.account(username, password) else {
            return stream::denied(self.provider.settings.dialect);
        };
        let redirects = self.provider.settings.redirects;
        if redirects > 0 && !self.redirected {
            return self.redirect(redirects, &self.path_and_query);
        }
        let fault = match self.fault(Target::Stream(id)) {
            Ok(fault) => fault,
            Err(why) => return reply::text(StatusCode::BAD_REQUEST, why + "\n"),
        };
        match fault {
            Some(Fault::Redirect(hops)) if !self.redirected => {
                return self.redirect(hops, &self.path_and_query);
            }
            Some(Fault::Redirect(_)) | None => {}
            Some(fault) => {
                if let Some(answer) = instead(fault, "video/mp2t", b"") {
                    return answer;
                }
            }
        }
        let live = self.provider.catalogue.live_index(id).is_some() && endpoint == "live";
        let wish =
            Wish { provider: &self.provider, account, id, headers: &self.headers, fault, head: self.head };
        match fault {
            // Prepared by the stream itself.
            Some(Fault::Clip(_) | Fault::Half) if live => settle(answer(&wish)),
            fault => suffer(fault, settle(answer(&wish))),
        }
    }

    fn segment(&self, session: &str, id: u32, number: u64) -> Response {
        self.provider.ledger.request("segment");
        let account = session.rsplitn(3, '-').nth(2).unwrap_or("");
        let Some(account) = self.provider.settings.accounts.iter().find(|known| known.username == account)
        else {
            return page(StatusCode::FORBIDDEN, "403 Forbidden");
        };
        let fault = match self.fault(Target::Stream(id)) {
            Ok(fault) => fault,
            Err(why) => return reply::text(StatusCode::BAD_REQUEST, why + "\n"),
        };
        if let Some(answer) = fault.and_then(|fault| instead(fault, "video/mp2t", b"")) {
            return answer;
        }
        let wish =
            Wish { provider: &self.provider, account, id, headers: &self.headers, fault, head: self.head };
        suffer(fault, settle(stream::segment(&wish, session, number)))
    }

    /// What goes wrong: as the query says, or as was planned.
    fn fault(&self, target: Target) -> Result<Option<Fault>, String> {
        match self.params.get("fault") {
            Some(fault) => fault.parse().map(Some),
            None => Ok(self.provider.fault(&target)),
        }
    }

    fn redirect(&self, hops: u32, path_and_query: &str) -> Response {
        let token = self.provider.issue(hops - 1, path_and_query);
        reply::redirect(&format!("{}/auth/{token}", self.base))
    }

    fn counts(&self) -> Response {
        let counts = serde_json::to_vec_pretty(&self.provider.counts());
        reply::json(StatusCode::OK, counts.expect("numbers and strings are JSON"))
    }

    /// `POST /_station/fault?channel=ID|*|action=NAME&fault=FAULT[&after=N][&times=N]`; `fault=none` takes it back.
    fn plan(&self) -> Response {
        let target = match (self.params.get("channel"), self.params.get("action")) {
            (Some(channel), _) => channel.parse(),
            (None, Some(action)) => Ok(Target::Action(action.to_owned())),
            (None, None) => Err("channel=ID, channel=* or action=NAME is missing".to_owned()),
        };
        let fault = match self.params.get("fault") {
            None | Some("" | "none") => Ok(None),
            Some(fault) => fault.parse().map(Some),
        };
        let number = |name| self.params.get(name).and_then(|number| number.parse().ok());
        let (after, times) = (number("after").unwrap_or(0), number("times"));
        match target.and_then(|target| fault.map(|fault| (target, fault))) {
            Ok((target, fault)) => {
                self.provider.set_fault(target, fault, after, times);
                reply::text(StatusCode::OK, "planned\n")
            }
            Err(why) => reply::text(StatusCode::BAD_REQUEST, why + "\n"),
        }
    }
}

/// A strong validator for what has been made from `what`.
fn validator(what: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

/// The answer with its validator, or 304 for who has it already.
fn conditional(
    provider: &Provider,
    name: &str,
    request: &HeaderMap,
    etag: &str,
    answer: Response,
) -> Response {
    let known = request.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut answer = if known {
        provider.ledger.unchanged(name);
        let mut unchanged = Response::new(Body::empty());
        *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
        unchanged
    } else {
        answer
    };
    answer.headers_mut().insert(header::ETAG, HeaderValue::try_from(etag).expect("hexadecimal digits"));
    answer
}

/// Faults that stand instead of an answer.
pub(crate) fn instead(fault: Fault, media_type: &'static str, nothing: &'static [u8]) -> Option<Response> {
    match fault {
        Fault::Status(status) => {
            Some(page(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY), &status.to_string()))
        }
        Fault::Busy(seconds) => {
            let mut answer = page(StatusCode::TOO_MANY_REQUESTS, "429 Too Many Requests");
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Some(answer)
        }
        Fault::Refuse => Some(refused()),
        Fault::Mute => {
            let mut answer = Response::new(Body::empty());
            answer.extensions_mut().insert(Late { until: None, unless: None });
            Some(answer)
        }
        Fault::Html => Some(page(StatusCode::OK, "Service temporarily unavailable")),
        Fault::Empty => {
            let mut answer = Response::new(Body::from(nothing));
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
            Some(answer)
        }
        _ => None,
    }
}

/// The connection is closed without an answer: what fails before the head has left takes the head with it.
pub(crate) fn refused() -> Response {
    let broken = std::io::Error::other("refused on request");
    Response::new(Body::stream(futures_util::stream::once(std::future::ready(Err(broken)))))
}

/// A refusal is an answer.
fn settle(answer: Result<Response, Refusal>) -> Response {
    answer.unwrap_or_else(|refusal| *refusal)
}

fn suffer(fault: Option<Fault>, answer: Response) -> Response {
    match fault {
        Some(fault) if answer.status().is_success() => afflict(fault, answer),
        _ => answer,
    }
}

/// A picture for everything that has one: its colour tells the id.
fn picture(id: u32) -> Response {
    let hue = crate::catalogue::mix(1, u64::from(id)) % 360;
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\" height=\"200\"><rect width=\"200\" height=\"200\" rx=\"24\" \
         fill=\"hsl({hue},60%,40%)\"/><text x=\"100\" y=\"115\" font-family=\"sans-serif\" font-size=\"40\" fill=\"white\" \
         text-anchor=\"middle\">{id}</text></svg>"
    );
    let mut answer = Response::new(Body::from(svg));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
    answer
}
