//! An outlet to the internet, for a program of others: it leads nowhere else.
//!
//! ```text
//!  yt-dlp ──CONNECT host:443──▶ Outlet ──is every address public?──▶ host       no: 403, which is known while nothing else is asked for
//!         ──GET http://host/──▶
//! ```
//!
//! Such a program resolves names and follows redirects by itself, to where whoever has written the list or owns the page sends
//! it. Through an outlet it gets no further than we would: it is a proxy on this machine (RFC 9110, 9.3.6 and RFC 9112, 3.2.2),
//! which looks at an address at the moment of dialling it. It is open as long as it is kept.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use url::{Host, Url};

/// The longest head of a request, in bytes.
const HEAD: usize = 64 << 10;
/// How long a head may take to come, and a connection to be made.
const PATIENCE: Duration = Duration::from_secs(15);
/// When it is tried again to take a connection that could not be taken.
const ANEW: Duration = Duration::from_millis(100);
/// Connections at a time; a program that wants more waits.
const MOST: usize = 16;

/// One that is open.
#[derive(Debug)]
pub struct Outlet {
    address: SocketAddr,
    refused: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Outlet {
    /// Opens one to all addresses for which `leads` is true: as a rule [`contract::reach::is_public`].
    ///
    /// # Errors
    /// The system gives no port.
    pub async fn open(leads: fn(IpAddr) -> bool) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, refused) = (listener.local_addr()?, Arc::new(AtomicBool::new(false)));
        let task = tokio::spawn(keep(listener, leads, refused.clone()));
        Ok(Self { address, refused, task })
    }

    /// What a program is told.
    pub fn proxy(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Whether the last thing that somebody wanted was to go where it does not lead. What was refused before that, such as a
    /// picture beside a film, was nothing that he could not do without.
    pub fn has_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.task.abort(); // and with it all that have come through
    }
}

async fn keep(listener: TcpListener, leads: fn(IpAddr) -> bool, refused: Arc<AtomicBool>) {
    let mut inside = JoinSet::new();
    loop {
        if inside.len() >= MOST {
            inside.join_next().await;
            continue;
        }
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ANEW).await; // there are too many open files, as a rule: it is still so at once
            continue;
        };
        let refused = refused.clone();
        inside.spawn(async move {
            // Whatever goes wrong, the program sees a connection that ends.
            let _ = pass(stream, leads, &refused).await;
        });
        while inside.try_join_next().is_some() {}
    }
}

/// One request, and from then on whatever goes to and fro.
async fn pass(mut stream: TcpStream, leads: fn(IpAddr) -> bool, refused: &AtomicBool) -> io::Result<()> {
    let (head, rest) = tokio::time::timeout(PATIENCE, head(&mut stream)).await??;
    let Some(asked) = Asked::read(&head) else {
        return answer(&mut stream, "400 Bad Request").await;
    };
    let mut there = match tokio::time::timeout(PATIENCE, dial(&asked.host, asked.port, leads)).await {
        Ok(Ok(there)) => there,
        Ok(Err(error)) if error.kind() == ErrorKind::PermissionDenied => {
            refused.store(true, Ordering::Relaxed);
            return answer(&mut stream, "403 Forbidden").await;
        }
        Ok(Err(_)) => return answer(&mut stream, "502 Bad Gateway").await,
        Err(_) => return answer(&mut stream, "504 Gateway Timeout").await,
    };
    refused.store(false, Ordering::Relaxed);
    match &asked.head {
        Some(head) => there.write_all(head.as_bytes()).await?,
        None => stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?,
    }
    there.write_all(&rest).await?;
    copy_bidirectional(&mut stream, &mut there).await.map(drop)
}

async fn answer(stream: &mut TcpStream, status: &str) -> io::Result<()> {
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await
}

/// The head of a request, and what came behind it.
async fn head(stream: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            let head = String::from_utf8(bytes).map_err(|_| ErrorKind::InvalidData)?;
            return Ok((head, rest));
        }
        if bytes.len() > HEAD || stream.read_buf(&mut bytes).await? == 0 {
            return Err(ErrorKind::InvalidData.into());
        }
    }
}

/// Where somebody wants to go.
struct Asked {
    host: Host,
    port: u16,
    /// What is said there; `None` if he says it himself.
    head: Option<String>,
}

impl Asked {
    fn read(head: &str) -> Option<Self> {
        let (line, fields) = head.split_once("\r\n")?;
        let mut words = line.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        if method == "CONNECT" {
            let url = Url::parse(&format!("https://{target}")).ok()?;
            return Some(Self {
                host: url.host()?.to_owned(),
                port: url.port_or_known_default()?,
                head: None,
            });
        }
        let url = Url::parse(target).ok().filter(|url| url.scheme() == "http")?;
        // One request for each connection: the next one may be for somebody else.
        let stays = |field: &&str| {
            let name = field.split(':').next().unwrap_or("").trim().to_ascii_lowercase();
            !matches!(&*name, "" | "connection" | "keep-alive" | "proxy-connection" | "proxy-authorization")
        };
        let fields: String = fields.split("\r\n").filter(stays).map(|field| format!("{field}\r\n")).collect();
        let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
        let said = format!("{method} {}{query} {version}\r\n{fields}Connection: close\r\n\r\n", url.path());
        Some(Self { host: url.host()?.to_owned(), port: url.port_or_known_default()?, head: Some(said) })
    }
}

/// Makes a connection to the first of its addresses that answers.
///
/// # Errors
/// [`ErrorKind::PermissionDenied`] if it has none that the outlet leads to.
async fn dial(host: &Host, port: u16, leads: fn(IpAddr) -> bool) -> io::Result<TcpStream> {
    let all: Vec<SocketAddr> = match host {
        Host::Ipv4(ip) => vec![SocketAddr::new((*ip).into(), port)],
        Host::Ipv6(ip) => vec![SocketAddr::new((*ip).into(), port)],
        Host::Domain(name) => tokio::net::lookup_host((name.as_str(), port)).await?.collect(),
    };
    // SECURITY: looked at and dialled is the same address; a name is not resolved again in between.
    let mut last = io::Error::from(ErrorKind::PermissionDenied);
    for address in all.into_iter().filter(|address| leads(address.ip())) {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => last = ErrorKind::Other.into(),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_a_proxy_is_said_as_it_is_said_to_a_host() {
        let head = "GET http://h.example:81/a%20b?c=d HTTP/1.1\r\nHost: h.example:81\r\nProxy-Connection: keep-alive\r\n\
                    Range: bytes=0-\r\nConnection: keep-alive\r\n\r\n";
        let asked = Asked::read(head).unwrap();
        assert_eq!((asked.host.to_string(), asked.port), ("h.example".into(), 81));
        assert_eq!(
            asked.head.unwrap(),
            "GET /a%20b?c=d HTTP/1.1\r\nHost: h.example:81\r\nRange: bytes=0-\r\nConnection: close\r\n\r\n"
        );
        let asked = Asked::read("CONNECT [2606:4700::1]:8443 HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!((asked.host.to_string(), asked.port, asked.head), ("[2606:4700::1]".into(), 8443, None));
        for none in ["GET / HTTP/1.1\r\n\r\n", "GET ftp://h/ HTTP/1.1\r\n\r\n", "CONNECT\r\n\r\n", "\r\n\r\n"]
        {
            assert!(Asked::read(none).is_none(), "{none}");
        }
    }
}
