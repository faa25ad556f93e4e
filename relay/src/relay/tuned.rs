//! Answers for channels of HDHomeRun devices.

use std::net::SocketAddr;

use contract::hdhomerun::{Address, Asked, DEVICE};
use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};
use httpd::{Params, Request, Response};

use super::Relay;
use super::admission::may_watch;
use crate::output;
use crate::output::ace::is_at_home;
use crate::refusal::Refusal;
use crate::seat::Client;

/// Why there is no picture, in the words of the maker's "HDHomeRun HTTP Development Guide".
const ERROR: HeaderName = HeaderName::from_static("x-hdhomerun-error");

impl Relay {
    /// The channel of a number, as it is sent to the device's user. For whoever is at home: media servers show no password.
    pub(super) async fn tuned(
        &self,
        address: Address,
        request: &Request,
        peer: SocketAddr,
    ) -> Result<Response, Refusal> {
        let headers = request.headers();
        let Asked::Tune(number) = address.asked else { return Err(Refusal::Unknown) };
        if self.devices.is_empty() || !is_at_home(headers, peer, self.headend.settings.public.as_ref()) {
            return Err(Refusal::Unknown);
        }
        let release = self.follower.release().ok_or(Refusal::NotReady)?;
        let (params, find) = (Params::from_query(request.uri().query()), |name: &str| self.users.find(name));
        let tuned = match params.get(DEVICE) {
            Some(name) => self.devices.named(name, &release, find),
            None => self.devices.find(address.device, &release, find),
        };
        let tuned = tuned.filter(|tuned| may_watch(&tuned.user)).ok_or(Refusal::Unknown)?;
        let channel = tuned.channel(number).and_then(|id| release.playable(id)).ok_or(Refusal::Unknown)?;
        if request.method() == Method::HEAD {
            return Ok(output::ts::head());
        }
        // A server that records several channels is one client of the network and many of the device: no recording takes
        // the place of another.
        let client = Client::of_session(&format!("hdhomerun {:x}", rand::random::<u64>()));
        self.live(channel, &tuned.user, &client).await
    }
}

/// Says in a refusal what a device would say.
pub(super) fn explain(mut refused: Response) -> Response {
    let why = match refused.status() {
        StatusCode::NOT_FOUND => "801 Unknown Channel",
        StatusCode::SERVICE_UNAVAILABLE => "805 All Tuners In Use",
        _ => "806 Tune Failed",
    };
    refused.headers_mut().insert(ERROR, HeaderValue::from_static(why));
    refused
}
