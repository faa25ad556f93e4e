//! Asking for a file, and following where its address leads.

use std::time::Duration;

use contract::reach;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use httpc::{Internet, lenient, plain, redirect};
use reqwest::{ClientBuilder, Response, Url};

use super::{Order, Stop};
use crate::engine::Reach;

/// Redirects that are followed for one request. Panels send to an edge server, which may send on.
const REDIRECTS: usize = 10;
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(15);

/// What dials. One is enough for all downloads.
#[derive(Clone, Debug)]
pub struct Client {
    anywhere: reqwest::Client,
    /// For what somebody outside has chosen.
    outside: reqwest::Client,
    /// A transport stream of less than so many bytes is no film, where another container was asked for or a relay has made it:
    /// panels show a clip to whoever has one connection too many.
    pub(super) clip: u64,
}

/// No clip that panels show is as large, in bytes, and hardly a film so small.
pub(crate) const CLIP: u64 = 32 << 20;

impl Client {
    /// # Errors
    /// The system gives no TLS.
    pub fn new() -> reqwest::Result<Self> {
        let outside = builder().dns_resolver(Internet::default().public_only()).build()?;
        Ok(Self { anywhere: builder().build()?, outside, clip: CLIP })
    }

    /// The same, where a clip has less than so many bytes; 0: nothing is taken for one.
    #[must_use]
    pub fn with_clip(self, clip: u64) -> Self {
        Self { clip, ..self }
    }

    /// Asks for the file of `order`, from byte `from` on.
    pub(super) async fn ask(&self, order: &Order, from: u64) -> Result<Response, Stop> {
        self.part(order, &order.url, Some(&format!("bytes={from}-"))).await
    }

    /// Asks for whatever there is.
    pub(super) async fn whole(&self, order: &Order) -> Result<Response, Stop> {
        self.part(order, &order.url, None).await
    }

    /// Asks for the first byte of a file, which may be had at another address than the order says.
    pub(super) async fn first(&self, order: &Order, url: &str) -> Result<Response, Stop> {
        self.part(order, url, Some("bytes=0-0")).await
    }

    async fn part(&self, order: &Order, url: &str, range: Option<&str>) -> Result<Response, Stop> {
        let range = range.map(|range| HeaderValue::try_from(range).expect("words and digits"));
        let mut url = address(url).ok_or_else(|| Stop::broken("its address is none"))?;
        let home = url.clone();
        let mut guarded = order.reach == Reach::Internet;
        for _ in 0..=REDIRECTS {
            if guarded && url.host_str().is_some_and(reach::is_private_literal) {
                return Err(Stop::inside());
            }
            let client = if guarded { &self.outside } else { &self.anywhere };
            let mut headers = headers(order, url.origin() == home.origin());
            headers.extend(range.clone().map(|range| (header::RANGE, range)));
            let asked = client.get(url.clone()).headers(headers).send();
            let response = tokio::time::timeout(order.patience, asked).await;
            let response = response.map_err(|_| Stop::broken("nobody answers in time"))?;
            let response = response.map_err(|error| Stop::broken(failure(&error)))?;
            // SECURITY: what answers from the internet may not send us into our own house.
            guarded |= reach::came_from_outside(response.remote_addr());
            match redirect(&response, &url).map_err(|_| Stop::broken("the source redirects to nowhere"))? {
                Some(next) => url = next,
                None => return Ok(response),
            }
        }
        Err(Stop::broken("there are too many redirects"))
    }
}

fn builder() -> ClientBuilder {
    // A connection that is kept open counts against the account.
    lenient(plain(CONNECT)).pool_max_idle_per_host(0)
}

fn address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// What is said with a request. SECURITY: what the order says besides may be a credential, and is for its own host alone.
fn headers(order: &Order, home: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    // Bytes are counted from the beginning of the file, not of something packed.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("coax/", env!("CARGO_PKG_VERSION"))));
    // A relay says behind a body why it ends early.
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    for (name, value) in order.headers.iter().filter(|_| home) {
        if let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }
    headers
}

/// What went wrong, in words that hold no address: reqwest's own would show credentials.
pub(super) fn failure(error: &reqwest::Error) -> &'static str {
    if error.is_connect() {
        "there is no connection"
    } else if error.is_timeout() {
        "nobody answers in time"
    } else if error.is_decode() || error.is_body() {
        "the connection broke"
    } else {
        "the answer is no HTTP"
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::path::PathBuf;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::engine::Known;

    /// Sends whoever asks on to where his path says, and gives everybody else a byte.
    async fn host() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = vec![0; 4096];
                let read = stream.read(&mut asked).await.unwrap_or(0);
                let asked = String::from_utf8_lossy(&asked[..read]).into_owned();
                let path = asked.split(' ').nth(1).unwrap_or("");
                let answer = match path.strip_prefix("/to/") {
                    Some(next) => format!("302 Found\r\nLocation: {next}\r\nContent-Length: 0"),
                    None => "200 OK\r\nContent-Length: 0".to_owned(),
                };
                let _ = stream
                    .write_all(format!("HTTP/1.1 {answer}\r\nConnection: close\r\n\r\n").as_bytes())
                    .await;
            }
        });
        address
    }

    #[tokio::test]
    async fn what_a_stranger_names_leads_into_no_house_wherever_it_is_redirected() {
        let address = host().await;
        let port = address.port();
        let mut client = Client::new().unwrap();
        // A name of the internet, as far as anybody who asks can tell.
        let public =
            builder().dns_resolver(Internet::default().public_only()).resolve("public.example", address);
        client.outside = public.build().unwrap();
        let ask = async |url: &str, reach| {
            let order = Order {
                url: url.into(),
                headers: Vec::new(),
                reach,
                part: PathBuf::new(),
                known: Known::default(),
                paces: Vec::new(),
                patience: Duration::from_secs(20),
            };
            client.whole(&order).await.map(|response| response.status().as_u16())
        };
        let out = format!("http://public.example:{port}");
        assert_eq!(ask(&format!("{out}/film"), Reach::Internet).await.ok(), Some(200));
        assert_eq!(ask(&format!("{out}/to/{out}/film"), Reach::Internet).await.ok(), Some(200));
        for inside in
            ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "192.168.1.1"]
        {
            let inside = format!("http://{inside}:{port}/film");
            for url in [inside.clone(), format!("{out}/to/{inside}"), format!("{out}/to/{out}/to/{inside}")] {
                assert!(ask(&url, Reach::Internet).await.is_err(), "{url}");
            }
        }
        for odd in ["file:///etc/passwd", "ftp://public.example/film", "//[", "gopher://127.0.0.1"] {
            assert!(ask(&format!("{out}/to/{odd}"), Reach::Internet).await.is_err(), "{odd}");
        }
        // What is configured may be at home, and go on there.
        let home = format!("http://127.0.0.1:{port}");
        assert_eq!(ask(&format!("{home}/to/{home}/film"), Reach::Anywhere).await.ok(), Some(200));
    }
}
