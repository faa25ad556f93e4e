//! Documents: of panels, of tests, and pages.

use std::hash::{DefaultHasher, Hash, Hasher};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use httpd::{Body, Response, reply};

use super::{Call, instead, suffer};
use crate::database;
use crate::fault::Fault;
use crate::panel::{self, Action, Ask, Document};
use crate::provider::{Provider, Published};
use crate::settings::Target;

impl Call {
    pub(super) fn document(self, document: Document) -> Response {
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
    pub(super) fn published(&self, path: &str, document: Published) -> Response {
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
    pub(super) fn listing(&self, page: impl FnOnce(u32, u32) -> Response) -> Response {
        let number = |name| self.params.get(name).and_then(|number| number.parse().ok()).unwrap_or(1);
        self.aside("pages", "text/html", || page(number("page"), number("pages")))
    }

    /// The database of films, for who has its token; `action=tmdb` is where faults of it are planned.
    pub(super) fn database(&self, query: database::Query) -> Response {
        let token = httpd::bearer(&self.headers);
        let catalogue = &self.provider.catalogue;
        self.aside("tmdb", reply::JSON, || database::answer(catalogue, query, &self.params, token))
    }

    /// What is no panel's, is counted and suffers faults under `name`.
    fn aside(&self, name: &str, media_type: &'static str, answer: impl FnOnce() -> Response) -> Response {
        self.provider.ledger.request(name);
        let fault = match self.fault(Target::Action(name.into())) {
            Ok(fault) => fault,
            Err(why) => return reply::text(StatusCode::BAD_REQUEST, why + "\n"),
        };
        if let Some(answer) = fault.and_then(|fault| instead(fault, media_type, b"")) {
            return answer;
        }
        suffer(fault, answer())
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
