//! Requests of HLS origins.

use http::StatusCode;
use httpd::{Response, reply};

use super::{Call, instead, settle, suffer};
use crate::fault::Fault;
use crate::origin::{Origin, Place, Quirks, Resource};
use crate::settings::Target;
use crate::stream::{self, Wish, accompanied};

impl Call {
    /// A file of an origin. Faults of a playlist are its channel's; those of anything else are planned as
    /// `action=segment`, `action=init` and `action=key`, or are a quirk.
    pub(super) fn origin(
        &self,
        quirks: &str,
        username: &str,
        password: &str,
        id: u32,
        place: Place,
    ) -> Response {
        let bad = |why: String| reply::text(StatusCode::BAD_REQUEST, why + "\n");
        let quirks: Quirks = match quirks.parse() {
            Ok(quirks) => quirks,
            Err(why) => return bad(why),
        };
        let place = place.with(&self.params);
        let endpoint = place.resource.endpoint();
        if !self.redirected {
            let ledger = &self.provider.ledger;
            ledger.request(endpoint);
            ledger.fetched(id, &place.name());
            if place.resource == Resource::Playlist {
                ledger.stream_request(id);
            }
        }
        let Some(account) = self.provider.account(username, password) else {
            return stream::denied(self.provider.settings.dialect);
        };
        let target = match place.resource {
            Resource::Playlist => Target::Stream(id),
            _ => Target::Action(endpoint.to_owned()),
        };
        let fault = match self.fault(target) {
            Ok(fault) => fault.or_else(|| place.resource.fault(&quirks)),
            Err(why) => return bad(why),
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
        let wish =
            Wish { provider: &self.provider, account, id, headers: &self.headers, fault, head: self.head };
        let path = self.path_and_query.split('?').next().unwrap_or("/");
        let origin = Origin {
            wish: &wish,
            quirks: &quirks,
            place: &place,
            params: &self.params,
            base: &self.base,
            path,
        };
        let answer = settle(origin.answer());
        suffer(fault, accompanied(answer, self.provider.ledger.sending(id)))
    }
}
