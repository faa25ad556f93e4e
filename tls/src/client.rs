//! How an authority is asked: by https, with the roots of the world, or with its own.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client(reqwest::Client);

impl Client {
    /// Trusts the root in the file `authority`, if one is named, and else those that browsers trust.
    ///
    /// # Errors
    /// The file holds none.
    pub(crate) fn new(authority: &Path) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .tls_certs_only(roots(authority)?)
            .timeout(PATIENCE)
            .user_agent(concat!("coax/", env!("CARGO_PKG_VERSION"))) // RFC 8555 section 6.1 wants one
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self(client))
    }
}

/// Whom one trusts in place of an authority: the root in its file, or those that browsers trust.
///
/// # Errors
/// The file cannot be read, or holds none.
pub(crate) fn roots(authority: &Path) -> anyhow::Result<Vec<reqwest::Certificate>> {
    if authority.as_os_str().is_empty() {
        return Ok(httpc::roots().collect());
    }
    let pem = std::fs::read(authority);
    let pem = pem.with_context(|| format!("{} cannot be read", authority.display()))?;
    reqwest::Certificate::from_pem_bundle(&pem)
        .with_context(|| format!("{} holds no certificates in PEM", authority.display()))
}

type Answer = Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>>;

impl HttpClient for Client {
    fn request(&self, request: Request<BodyWrapper<Bytes>>) -> Answer {
        let client = self.0.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(other)?.to_bytes();
            let request = reqwest::Request::try_from(Request::from_parts(head, body)).map_err(other)?;
            let answer = client.execute(request).await.map_err(|error| other(error.without_url()))?;
            let answer = http::Response::from(answer);
            Ok(BytesResponse::from(answer))
        })
    }
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Other(Box::new(error))
}
