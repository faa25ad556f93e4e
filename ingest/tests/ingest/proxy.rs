//! Sources behind a proxy, and what a list from outside may lead to.

use std::sync::{Arc, Mutex};

use contract::source::Source;
use ingest::Verdict;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::{Bench, UNHURRIED, station};

type Seen = Arc<Mutex<Vec<String>>>;

/// A proxy of either kind on loopback, which notes whom it was asked for and with which credentials.
async fn proxy() -> (std::net::SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, seen) = (listener.local_addr().unwrap(), Seen::default());
    let noted = seen.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let noted = noted.clone();
            tokio::spawn(async move {
                let mut first = [0];
                if matches!(client.peek(&mut first).await, Ok(1)) && first[0] == 5 {
                    socks(client, &noted).await
                } else {
                    http(client, &noted).await
                }
            });
        }
    });
    (address, seen)
}

async fn socks(mut client: TcpStream, seen: &Seen) -> Option<()> {
    let mut greeting = [0; 2];
    client.read_exact(&mut greeting).await.ok()?;
    let mut methods = vec![0; greeting[1].into()];
    client.read_exact(&mut methods).await.ok()?;
    client.write_all(&[5, 2]).await.ok()?;
    client.read_u8().await.ok()?;
    let mut said = Vec::new();
    for _ in 0..2 {
        let mut word = vec![0; client.read_u8().await.ok()?.into()];
        client.read_exact(&mut word).await.ok()?;
        said.push(String::from_utf8(word).ok()?);
    }
    client.write_all(&[1, 0]).await.ok()?;
    let mut request = [0; 4];
    client.read_exact(&mut request).await.ok()?;
    let host = if request[3] == 3 {
        let mut name = vec![0; client.read_u8().await.ok()?.into()];
        client.read_exact(&mut name).await.ok()?;
        String::from_utf8(name).ok()?
    } else {
        let mut address = [0; 4];
        client.read_exact(&mut address).await.ok()?;
        std::net::Ipv4Addr::from(address).to_string()
    };
    let port = client.read_u16().await.ok()?;
    seen.lock().unwrap().push(format!("{} {host}", said.join(":")));
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    copy_bidirectional(&mut client, &mut server).await.ok().map(drop)
}

/// One request for each connection is enough: the head is passed on with what follows.
async fn http(mut client: TcpStream, seen: &Seen) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.ok()?);
    }
    let text = String::from_utf8(head).ok()?;
    let url = url::Url::parse(text.split(' ').nth(1)?).ok()?;
    let told = text.lines().find(|line| line.to_ascii_lowercase().starts_with("proxy-authorization"));
    seen.lock().unwrap().push(format!("{} {}", told.unwrap_or(""), url.host_str()?));
    let mut server = TcpStream::connect(("127.0.0.1", url.port()?)).await.ok()?;
    let path = text.replacen(url.as_str(), &url[url::Position::BeforePath..], 1);
    server.write_all(path.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes()).await.ok()?;
    copy_bidirectional(&mut client, &mut server).await.ok().map(drop)
}

fn list(url: &str, more: &str) -> Source {
    toml::from_str(&format!("name = 'list'\nkind = 'm3u'\nurl = '{url}/list.m3u'\n{UNHURRIED}\n{more}"))
        .unwrap()
}

const LIST: &str = "#EXTM3U\n#EXTINF:-1,One\nhttp://h.example/1.ts\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_asked_through_its_proxy_and_nobody_is_told_the_credentials() {
    let station = station(station::Settings::default()).await;
    station.publish("/list.m3u", LIST, "audio/x-mpegurl", None);
    // A name that only the proxy knows: whoever resolves it here gets nowhere.
    let url = format!("http://provider.invalid:{}", station.address().port());
    for (scheme, expected) in [("http", "Basic"), ("socks5h", "porter:hunter2 provider.invalid")] {
        let (address, seen) = proxy().await;
        let bench = Bench::new();
        let key = format!("proxy = '{scheme}://porter:hunter2@{address}'");
        let report = bench.run(&[list(&url, &key)]).await;
        assert_eq!(report.verdict, Verdict::Published(1), "{scheme}: {report}");
        let seen = seen.lock().unwrap().clone();
        assert!(seen.iter().any(|it| it.contains(expected)), "{scheme}: {seen:?}");
        assert!(seen.iter().all(|it| it.ends_with("provider.invalid")), "{seen:?}");

        // Where nobody listens there is an error, and not a word too many in it.
        let dead = format!("proxy = '{scheme}://porter:hunter2@127.0.0.1:9'");
        let report = bench.run(&[list(&url, &dead)]).await;
        assert_eq!(report.verdict, Verdict::Refused, "{report}");
        let said = format!("{report} {report:?}");
        assert!(!said.contains("hunter2") && !said.contains("porter"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_from_outside_does_not_lead_inside_unless_it_may() {
    let station = station(station::Settings::default()).await;
    let text = LIST.replacen("#EXTM3U", &format!("#EXTM3U url-tvg=\"{}/guide.xml\"", station.url()), 1);
    station.publish("/list.m3u", text, "audio/x-mpegurl", None);
    station.publish("/guide.xml", "<tv></tv>", "text/xml", None);
    // Behind a proxy nobody can tell who answered: it counts as outside.
    let (address, seen) = proxy().await;
    let proxy = format!("proxy = 'http://{address}'");
    let bench = Bench::new();
    let report = bench.run(&[list(&station.url(), &proxy)]).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    assert!(report.to_string().contains("it leads into a private network"), "{report}");
    assert_eq!(station.counts().requests("/guide.xml"), 0);
    bench.run(&[list(&station.url(), &format!("{proxy}\nprivate_addresses = true"))]).await;
    assert_eq!(station.counts().requests("/guide.xml"), 1);
    assert!(!seen.lock().unwrap().is_empty());
}
