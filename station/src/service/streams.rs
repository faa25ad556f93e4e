//! Streams of an account: what all kinds of them have in common.

use http::StatusCode;
use httpd::{Response, reply};

use super::{Call, instead, settle, suffer};
use crate::fault::Fault;
use crate::panel::page;
use crate::route::Form;
use crate::settings::Target;
use crate::stream::{self, Refusal, Wish};

impl Call {
    pub(super) fn stream(&self, username: &str, password: &str, id: u32, form: Form) -> Response {
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

    pub(super) fn archive(
        &self,
        username: &str,
        password: &str,
        id: u32,
        asked: stream::Asked<'_>,
    ) -> Response {
        if !self.redirected {
            self.provider.ledger.past(format!("{} {} {}", asked.form, asked.start, asked.minutes));
        }
        self.deliver("archive", username, password, id, |wish| stream::archive(wish, asked))
    }

    /// Credentials, redirects and faults, which all kinds of streams have in common.
    pub(super) fn deliver(
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
            Some(Fault::Edge) if !self.redirected => return self.elsewhere(&self.path_and_query),
            Some(Fault::Only(extension)) if endpoint == "film" && !self.asks_for(extension) => {
                return page(StatusCode::from_u16(551).expect("a status"), "551");
            }
            Some(Fault::Redirect(_) | Fault::Edge) | None => {}
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

    /// Whether the address ends with this extension.
    fn asks_for(&self, extension: &str) -> bool {
        let path = self.path_and_query.split('?').next().unwrap_or("/");
        path.rsplit_once('.').is_some_and(|(_, asked)| asked.eq_ignore_ascii_case(extension))
    }

    pub(super) fn segment(&self, session: &str, id: u32, number: u64) -> Response {
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
}
