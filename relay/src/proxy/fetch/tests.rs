use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use contract::source::Transport;
use http::header::HeaderValue;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::upstream::headers::Headers;

/// Stands for all of the internet here; everything else on this machine is our own house.
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const HOME: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// Names and what they resolve to, one answer after the other; the last one stays.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<HashMap<String, Vec<IpAddr>>>>);

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let mut names = self.0.lock().unwrap();
        let answers = names.get_mut(name.as_str()).cloned().unwrap_or_default();
        if answers.len() > 1 {
            names.get_mut(name.as_str()).unwrap().remove(0);
        }
        let first: Vec<SocketAddr> =
            answers.first().map(|address| SocketAddr::new(*address, 0)).into_iter().collect();
        Box::pin(async move {
            let addresses: Addrs = Box::new(first.into_iter());
            Ok(addresses)
        })
    }
}

fn is_public(address: IpAddr) -> bool {
    address == IpAddr::V4(OUTSIDE) || contract::reach::is_public(address)
}

/// Answers everything with `answer`, and remembers who came and what was asked.
async fn server(address: Ipv4Addr, answer: String) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (answer, seen) = (answer.clone(), seen.clone());
            seen.lock().unwrap().push(CONNECTED.to_owned());
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                while let Ok(read @ 1..) = socket.read(&mut request).await {
                    seen.lock().unwrap().push(String::from_utf8_lossy(&request[..read]).into_owned());
                    let _ = socket.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    (address, asked)
}

const CONNECTED: &str = "a connection";

fn ok() -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".into()
}

fn to(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

fn fetcher(url: &str, trust: Trust, names: &Names) -> Fetcher {
    let internet = Internet { resolve: Arc::new(names.clone()), is_public };
    let all = HeaderMap::from_iter([
        (header::AUTHORIZATION, HeaderValue::from_static("Basic c2VjcmV0")),
        (header::USER_AGENT, HeaderValue::from_static("player")),
    ]);
    let headers = Headers { all, private: vec![header::AUTHORIZATION] };
    let (url, transport, secrets) = (url.parse().unwrap(), Transport::default(), Vec::new());
    let origin = Origin { url, headers, transport, trust, secrets };
    Fetcher::new(origin, internet, &Settings::default()).unwrap()
}

async fn get(fetcher: &Fetcher, url: &str) -> Result<StatusCode, Failure> {
    let answer = fetcher.get(&url.parse().unwrap(), &HeaderMap::new()).await;
    answer.map(|answer| answer.response.status())
}

/// What must not be reached from the internet, as addresses are written.
const INSIDE: [&str; 17] = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://100.64.0.1/",
    "http://192.168.1.1/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[fd00::1]/",
    "http://[fec0::1]/",
    "http://[64:ff9b::a00:1]/",
    "http://[2002:a00:1::]/",
    "http://198.18.0.1/",
    "http://240.0.0.1/",
];

#[tokio::test]
async fn a_provider_outside_names_and_redirects_to_nothing_in_our_house() {
    let names = Names::default();
    let (home, asked) = server(HOME, ok()).await;
    let (outside, _) = server(OUTSIDE, ok()).await;
    let own = format!("http://127.0.0.3:{}/", home.port());
    let named = format!("http://inside.example:{}/", home.port());
    names.0.lock().unwrap().insert("inside.example".into(), vec![HOME.into()]);
    let configured = format!("http://{outside}/list.m3u8");
    for trust in [Trust::Configured, Trust::Listed] {
        let fetcher = fetcher(&configured, trust, &names);
        assert_eq!(get(&fetcher, &configured).await, Ok(StatusCode::OK));
        for inside in INSIDE.iter().copied().chain([own.as_str()]) {
            assert_eq!(get(&fetcher, inside).await, Err(INWARDS), "{inside}");
        }
        assert!(get(&fetcher, &named).await.is_err(), "a name of our house");
        assert_eq!(get(&fetcher, &format!("http://{outside}/1.ts")).await, Ok(StatusCode::OK));
    }
    for inside in INSIDE.iter().copied().chain([own.as_str(), named.as_str()]) {
        let (redirecting, _) = server(OUTSIDE, to(inside)).await;
        let configured = format!("http://{redirecting}/");
        let fetcher = fetcher(&configured, Trust::Configured, &names);
        assert!(get(&fetcher, &configured).await.is_err(), "{inside}");
        assert!(get(&fetcher, &format!("http://{redirecting}/1.ts")).await.is_err(), "{inside}");
    }
    assert!(asked.lock().unwrap().is_empty(), "nobody in the house was asked");
}

#[tokio::test]
async fn a_name_that_moves_into_our_house_after_it_was_checked_is_not_followed() {
    let names = Names::default();
    let (home, asked) = server(HOME, ok()).await;
    let (outside, _) = server(OUTSIDE, ok()).await;
    let configured = format!("http://{outside}/list.m3u8");
    names.0.lock().unwrap().insert("moving.example".into(), vec![OUTSIDE.into(), HOME.into()]);
    let fetcher = fetcher(&configured, Trust::Configured, &names);
    get(&fetcher, &configured).await.unwrap();
    // Whoever resolves it first sees the internet; whoever dials must not dial what he finds then.
    let _ = get(&fetcher, &format!("http://moving.example:{}/", home.port())).await;
    assert!(get(&fetcher, &format!("http://moving.example:{}/", home.port())).await.is_err());
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_configured_name_that_was_outside_stays_outside() {
    let names = Names::default();
    let (outside, _) = server(OUTSIDE, ok()).await;
    names.0.lock().unwrap().insert("provider.example".into(), vec![OUTSIDE.into()]);
    let configured = format!("http://provider.example:{}/list.m3u8", outside.port());
    let fetcher = fetcher(&configured, Trust::Configured, &names);
    get(&fetcher, &configured).await.unwrap();
    names.0.lock().unwrap().insert("provider.example".into(), vec![HOME.into()]);
    let child = format!("http://provider.example:{}/other/1.ts", outside.port() + 1);
    assert!(get(&fetcher, &child).await.is_err());
    assert_eq!(fetcher.homes().outside, Some(true));
}

#[tokio::test]
async fn a_provider_in_our_house_names_what_is_at_its_own_place_and_what_is_outside() {
    let names = Names::default();
    let (neighbour, asked) = server(HOME, ok()).await;
    let (outside, _) = server(OUTSIDE, ok()).await;
    let (home, _) = server(HOME, ok()).await;
    let configured = format!("http://{home}/list.m3u8");
    let fetcher = fetcher(&configured, Trust::Configured, &names);
    assert_eq!(get(&fetcher, &format!("http://{home}/early.ts")).await, Err(INWARDS), "nothing is known yet");
    get(&fetcher, &configured).await.unwrap();
    assert_eq!(get(&fetcher, &format!("http://{home}/1.ts")).await, Ok(StatusCode::OK));
    assert_eq!(get(&fetcher, &format!("http://{outside}/1.ts")).await, Ok(StatusCode::OK));
    assert_eq!(get(&fetcher, &format!("http://{neighbour}/1.ts")).await, Err(INWARDS));
    assert_eq!(get(&fetcher, "http://169.254.169.254/").await, Err(INWARDS));
    assert!(asked.lock().unwrap().is_empty());
    let anywhere = self::fetcher(&configured, Trust::Anywhere, &names);
    assert_eq!(get(&anywhere, &format!("http://{neighbour}/1.ts")).await, Ok(StatusCode::OK));
}

#[tokio::test]
async fn one_connection_is_kept_and_another_host_sees_no_credentials() {
    let names = Names::default();
    let (outside, asked) = server(OUTSIDE, ok()).await;
    let (other, elsewhere) = server(OUTSIDE, ok()).await;
    names.0.lock().unwrap().insert("cdn.example".into(), vec![OUTSIDE.into()]);
    let configured = format!("http://{outside}/list.m3u8");
    let fetcher = fetcher(&configured, Trust::Configured, &names);
    for _ in 0..3 {
        let answer = fetcher.get(&configured.parse().unwrap(), &HeaderMap::new()).await.unwrap();
        answer.response.bytes().await.unwrap();
    }
    get(&fetcher, &format!("http://cdn.example:{}/1.ts", other.port())).await.unwrap();
    let (asked, elsewhere) = (asked.lock().unwrap(), elsewhere.lock().unwrap());
    assert!(asked.len() == 4 && asked[0] == CONNECTED, "{asked:?}");
    assert!(asked[1..].iter().all(|head| head.contains("authorization: Basic c2VjcmV0")), "{asked:?}");
    assert!(elsewhere.len() == 2 && elsewhere[1].contains("user-agent: player"), "{elsewhere:?}");
    assert!(!elsewhere[1].to_ascii_lowercase().contains("authorization"), "{elsewhere:?}");
}

#[tokio::test]
async fn redirects_are_counted() {
    let names = Names::default();
    let (looping, _) = server(HOME, to("/again")).await;
    let configured = format!("http://{looping}/");
    let fetcher = fetcher(&configured, Trust::Configured, &names);
    let answer = get(&fetcher, &configured).await;
    assert_eq!(answer, Err(Failure::Redirect("there are too many")));
}
