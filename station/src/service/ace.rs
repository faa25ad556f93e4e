//! Requests of the Ace Stream engine.

use http::StatusCode;
use httpd::{Response, reply};

use super::{Call, instead, suffer};
use crate::ace;
use crate::settings::Target;

impl Call {
    /// A request of the engine; faults of it are planned under its name, such as `action=ace/stat`, and those of the
    /// media are the channel's.
    pub(super) fn ace(&self, call: &ace::Call) -> Response {
        let endpoint = call.endpoint();
        self.provider.ledger.request(endpoint);
        if self.head {
            return reply::empty(StatusCode::NOT_IMPLEMENTED);
        }
        let fault = match self.fault(Target::Action(endpoint.to_owned())) {
            Ok(fault) => fault,
            Err(why) => return reply::text(StatusCode::BAD_REQUEST, why + "\n"),
        };
        if let Some(answer) = fault.and_then(|fault| instead(fault, reply::JSON, b"{}")) {
            return answer;
        }
        let ask = ace::Ask { provider: &self.provider, params: &self.params, base: &self.base };
        suffer(fault, ask.answer(call))
    }

    /// `POST /_station/ace?channel=ID&content=CONTENT`
    pub(super) fn content(&self) -> Response {
        let id = self.params.get("channel").and_then(|id| id.parse().ok());
        let content = self.params.get("content").unwrap_or("normal").parse();
        match (id, content) {
            (Some(id), Ok(content)) => {
                self.provider.set_content(id, content);
                reply::text(StatusCode::OK, "planned\n")
            }
            (None, _) => reply::text(StatusCode::BAD_REQUEST, "channel=ID is missing\n"),
            (_, Err(why)) => reply::text(StatusCode::BAD_REQUEST, format!("{why}\n")),
        }
    }
}
