//! One request: what it is for, whose it is, what goes wrong with it, and the answer.

mod ace;
mod documents;
mod faults;
mod late;
mod origin;
mod streams;

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use httpd::{Params, Request, Response, reply};

use crate::clock;
use crate::pages;
use crate::panel::{Action, page};
use crate::picture::picture;
use crate::provider::Provider;
use crate::route::Route;
use crate::stream::{self, Variant, Wish};
pub(crate) use faults::{instead, refused};
use faults::{settle, suffer};
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
    let ahead = call.provider.settings.clock_ahead;
    let mut answer = reply::cors(call.answer(post));
    if ahead != 0 {
        let date = HeaderValue::try_from(clock::http_date(clock::now() + ahead)).expect("a date is text");
        answer.headers_mut().insert(header::DATE, date);
    }
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
            Route::Database(query) => self.database(query),
            Route::Picture(id) => picture(&self.provider.catalogue, id),
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

    fn redirect(&self, hops: u32, path_and_query: &str) -> Response {
        let token = self.provider.issue(hops - 1, path_and_query);
        reply::redirect(&format!("{}/auth/{token}", self.base))
    }

    /// A redirect to the other port, as to another server of the provider.
    fn elsewhere(&self, path_and_query: &str) -> Response {
        let token = self.provider.issue(0, path_and_query);
        reply::redirect(&format!("http://{}/auth/{token}", self.provider.edge()))
    }

    fn counts(&self) -> Response {
        let counts = serde_json::to_vec_pretty(&self.provider.counts());
        reply::json(StatusCode::OK, counts.expect("numbers and strings are JSON"))
    }
}
