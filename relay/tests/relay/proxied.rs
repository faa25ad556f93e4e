//! Sources that are asked through a proxy, and with headers of their own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use contract::secret::Secret;
use contract::source::Transport;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::stage::{FILM, LIVE, ORIGIN, Plan, Stage};
use crate::viewer::{Viewer, assert_begins_well, eventually};

/// A name that nobody but a proxy can resolve (RFC 6761, 6.4): whoever reaches it has gone through one.
const HOST: &str = "provider.invalid";

/// A proxy on this machine that speaks HTTP (RFC 9110, 7.6) and SOCKS 5 (RFC 1928), and takes [`HOST`] for this machine.
struct Proxy {
    address: SocketAddr,
    /// The heads of what was asked in HTTP, and where SOCKS was asked to go.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let noted = asked.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(through(client, noted.clone()));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn transport(&self, scheme: &str) -> Transport {
        let proxy = Secret::new(format!("{scheme}://me:hunter2@{}", self.address));
        Transport { proxy: Some(proxy), ..Transport::default() }
    }
}

async fn through(mut client: TcpStream, asked: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let mut first = [0; 1];
    client.peek(&mut first).await.ok()?;
    let (place, before) = if first == [5] { socks(&mut client).await? } else { http(&mut client).await? };
    let head = if before.is_empty() { place.clone() } else { String::from_utf8(before.clone()).ok()? };
    asked.lock().unwrap().push(head);
    let place = place.replace(HOST, "127.0.0.1");
    let place = place.parse::<SocketAddr>().ok().filter(|place| place.ip().is_loopback())?;
    let mut server = TcpStream::connect(place).await.ok()?;
    server.write_all(&before).await.ok()?;
    copy_bidirectional(&mut client, &mut server).await.ok()?;
    Some(())
}

/// Host and port of a request, and its head as the server gets it.
async fn http(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let place = head.strip_prefix("GET http://")?.split('/').next()?.to_owned();
    Some((place.clone(), head.replacen(&format!("http://{place}"), "", 1).into_bytes()))
}

/// Host and port of a connection with a login (RFC 1929).
async fn socks(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let text = async |client: &mut TcpStream| {
        let mut text = vec![0; client.read_u8().await.ok()?.into()];
        client.read_exact(&mut text).await.ok()?;
        Some(text)
    };
    client.read_u8().await.ok()?;
    let methods = text(client).await?;
    let method = if methods.contains(&2) { 2 } else { 0 };
    client.write_all(&[5, method]).await.ok()?;
    if method == 2 {
        client.read_u8().await.ok()?;
        let login = (text(client).await?, text(client).await?);
        let right = login == (b"me".to_vec(), b"hunter2".to_vec());
        client.write_all(&[1, u8::from(!right)]).await.ok()?;
    }
    let mut head = [0; 4];
    client.read_exact(&mut head).await.ok()?;
    let host = match head {
        [5, 1, 0, 1] => client.read_u32().await.map(|v4| std::net::Ipv4Addr::from(v4).to_string()).ok()?,
        [5, 1, 0, 3] => String::from_utf8(text(client).await?).ok()?,
        _ => return None,
    };
    let port = client.read_u16().await.ok()?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    Some((format!("{host}:{port}"), Vec::new()))
}

async fn watched(stage: &Stage, path: &str) -> Vec<u8> {
    let mut viewer = Viewer::get(stage, path).await;
    assert_eq!(viewer.status(), 200, "{path}");
    viewer.read(100_000).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_with_a_proxy_is_reached_through_it_and_not_otherwise() {
    for scheme in ["http", "socks5h"] {
        let proxy = Proxy::start().await;
        let mut plan = Plan { transport: proxy.transport(scheme), named: Some(HOST), ..Plan::default() };
        plan.origins = vec!["new".into(), "fmp4".into()];
        plan.station.segment_entries = 1;
        let stage = Stage::with(plan).await;
        assert_begins_well(&watched(&stage, &Stage::path(LIVE)).await);
        watched(&stage, &format!("/movie/ann/secret/{FILM}.mp4")).await;
        assert_begins_well(&watched(&stage, &Stage::path(ORIGIN)).await);
        let mut passed = Viewer::get(&stage, &format!("/live/ann/secret/{}.m3u8", ORIGIN + 1)).await;
        assert_eq!(passed.status(), 200);
        let list = String::from_utf8(passed.rest().await).unwrap();
        assert!(list.contains("#EXT-X-MAP") && !list.contains(HOST) && !list.contains("hunter2"), "{list}");
        let (asked, port) = (proxy.asked(), stage.station.address().port());
        assert!(asked.len() >= 4, "{asked:?}");
        match scheme {
            "http" => {
                assert!(asked.iter().all(|head| head.contains("proxy-authorization: Basic ")), "{asked:?}")
            }
            _ => assert!(asked.iter().all(|place| *place == format!("{HOST}:{port}")), "{asked:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_through_a_proxy_leads_to_no_address_of_our_house_that_is_written_out() {
    let proxy = Proxy::start().await;
    let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let asked = inside.local_addr().unwrap();
    let redirecting = crate::provider::giving(move |_, _| {
        format!("HTTP/1.1 302 Found\r\nLocation: http://{asked}/\r\nConnection: close\r\n\r\n").into_bytes()
    });
    let provider = redirecting.await;
    for free in [false, true] {
        let transport = Transport { private_addresses: free, ..proxy.transport("socks5h") };
        let plan = Plan { transport, before: vec![provider], ..Plan::default() };
        let stage = Stage::with(plan).await;
        let path = Stage::path(LIVE);
        let viewer = tokio::spawn(Viewer::at(stage.address, path.leak()));
        if free {
            let (_socket, _) = inside.accept().await.unwrap();
            viewer.abort();
        } else {
            assert_eq!(viewer.await.unwrap().status(), 502);
            assert!(!proxy.asked().contains(&asked.to_string()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_a_source_go_to_its_host_and_what_may_be_a_secret_goes_nowhere_else() {
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let seen = heads.clone();
    let elsewhere = crate::provider::giving(move |_, head| {
        seen.lock().unwrap().push(head.to_owned());
        b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n".to_vec()
    });
    // Another name for this machine: another host.
    let elsewhere = format!("http://localhost:{}/", elsewhere.await.port());
    let seen = heads.clone();
    let provider = crate::provider::giving(move |_, head| {
        seen.lock().unwrap().push(head.to_owned());
        format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nConnection: close\r\n\r\n").into_bytes()
    });
    let headers = [("Authorization", "Basic c2VjcmV0"), ("X-Token", "t0ken"), ("Referer", "http://page/")];
    let headers = headers.map(|(name, value)| (name.to_owned(), Secret::new(value)));
    let transport =
        Transport { headers: headers.into(), user_agent: "Mine/1".into(), ..Transport::default() };
    let plan = Plan { transport, before: vec![provider.await], ..Plan::default() };
    let stage = Stage::with(plan).await;
    assert_eq!(Viewer::get(&stage, &Stage::path(LIVE)).await.status(), 502);
    eventually("both were asked", || heads.lock().unwrap().len() >= 2).await;
    let heads = heads.lock().unwrap().clone();
    let both = ["user-agent: mine/1", "referer: http://page/"];
    assert!(heads.iter().all(|head| both.iter().all(|header| head.contains(header))), "{heads:?}");
    let private = ["authorization: basic c2vjcmv0", "x-token: t0ken"];
    assert!(private.iter().all(|header| heads[0].contains(header)), "{heads:?}");
    assert!(private.iter().all(|header| !heads[1].contains(header)), "{heads:?}");
}
