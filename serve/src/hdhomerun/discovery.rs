//! Where our devices are: answers to those who search the network at home for them.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use contract::hdhomerun::Tuned;
use contract::reach;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use super::packet::{self, Packet};
use super::ssdp;
use crate::Server;

/// Where the maker's library asks, by UDP for devices and by TCP for what they do.
const PORT: u16 = 65001;
/// Where UPnP searches.
const SSDP: (Ipv4Addr, u16) = (Ipv4Addr::new(239, 255, 255, 250), 1900);
/// Every device is of this type.
const TUNER: u32 = 1;
/// Any type, or any id.
const ANY: u32 = u32::MAX;
/// Who controls a device says something this often, or is forgotten.
const PATIENCE: Duration = Duration::from_secs(30);
/// The rest after a connection that could not be accepted.
const REST: Duration = Duration::from_millis(100);
/// How many may control at once. Others wait.
const MOST: usize = 8;

/// Who answers, and where what he tells of is to be had.
#[derive(Clone)]
pub struct Announcing {
    /// Knows the devices.
    pub server: Arc<Server>,
    /// The port that `server` is reached at.
    pub port: u16,
}

/// Answers those who search the network for devices, until it is dropped. Without devices there is nothing to be found, and
/// it ends at once, as it does if the settings say so; a port that somebody else has is left to him, and the log says so.
pub async fn announce(announcing: Announcing) {
    if announcing.server.devices.is_empty() || !announcing.server.settings.discovery {
        return;
    }
    for tuned in announcing.devices() {
        info!(device = %tuned.id, name = tuned.name, channels = tuned.len(), tuners = tuned.tuners, "HDHomeRun");
    }
    tokio::join!(
        told("HDHomeRun discovery", PORT, announcing.discovery()),
        told("HDHomeRun control", PORT, announcing.control()),
        told("SSDP", SSDP.1, announcing.ssdp()),
    );
}

async fn told(what: &str, port: u16, work: impl Future<Output = io::Result<()>>) {
    if let Err(error) = work.await {
        warn!(port, %error, "no {what}: media servers find the devices by their address only");
    }
}

impl Announcing {
    async fn discovery(&self) -> io::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
        let mut datagram = [0; packet::LONGEST];
        loop {
            let Some((length, peer)) = heard(socket.recv_from(&mut datagram).await) else { continue };
            let Some(asked) = Packet::read(&datagram[..length]) else { continue };
            for answer in self.discovered(&asked, peer.ip()) {
                sent(socket.send_to(&answer.write(), peer).await);
            }
        }
    }

    /// What is answered to a search.
    fn discovered(&self, asked: &Packet, peer: IpAddr) -> Vec<Packet> {
        let type_fits = asked.number(packet::DEVICE_TYPE).is_none_or(|kind| matches!(kind, TUNER | ANY));
        if asked.kind != packet::DISCOVER || !type_fits {
            return Vec::new();
        }
        let id = asked.number(packet::DEVICE_ID).filter(|id| *id != ANY);
        let Some(base) = self.base(peer) else { return Vec::new() };
        let found = self.devices().into_iter().filter(|tuned| id.is_none_or(|id| tuned.id.number() == id));
        let answer = |tuned: Tuned| {
            let base = format!("{base}/hdhomerun/{}", tuned.id);
            Packet::new(packet::DISCOVERED)
                .with(packet::DEVICE_TYPE, &TUNER.to_be_bytes())
                .with(packet::DEVICE_ID, &tuned.id.number().to_be_bytes())
                .with(packet::TUNERS, &[tuned.tuners as u8])
                .with(packet::BASE_URL, base.as_bytes())
                .with(packet::LINEUP_URL, format!("{base}/lineup.json").as_bytes())
        };
        found.map(answer).collect()
    }

    async fn control(&self) -> io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
        let places = Arc::new(Semaphore::new(MOST));
        loop {
            let place = places.clone().acquire_owned().await.expect("it is never closed");
            let Ok((stream, peer)) = listener.accept().await else {
                sleep(REST).await; // no file descriptors, or whoever came has gone: it passes
                continue;
            };
            if !reach::is_at_home(peer.ip()) {
                continue;
            }
            let announcing = self.clone();
            tokio::spawn(async move {
                let ended = announcing.controlled(stream).await;
                debug!(%peer, ?ended, "HDHomeRun control");
                drop(place);
            });
        }
    }

    /// One who controls a device. Which one cannot be told: they have one address. It is the first.
    async fn controlled(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut head = [0; 4];
        loop {
            timeout(PATIENCE, stream.read_exact(&mut head)).await??;
            let length = Packet::length(&head).filter(|length| *length <= packet::LONGEST);
            let mut whole = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
            whole[..4].copy_from_slice(&head);
            timeout(PATIENCE, stream.read_exact(&mut whole[4..])).await??;
            let asked = Packet::read(&whole).ok_or(io::ErrorKind::InvalidData)?;
            let tuners = self.devices().first().map_or(0, |tuned| tuned.tuners);
            let answer = said(&asked, tuners).ok_or(io::ErrorKind::InvalidData)?;
            timeout(PATIENCE, stream.write_all(&answer.write())).await??;
        }
    }

    async fn ssdp(&self) -> io::Result<()> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_reuse_address(true)?; // others on this machine answer as well
        socket.set_nonblocking(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, SSDP.1)).into())?;
        socket.join_multicast_v4(&SSDP.0, &Ipv4Addr::UNSPECIFIED)?;
        let socket = UdpSocket::from_std(socket.into())?;
        let mut datagram = [0; 2048];
        loop {
            let Some((length, peer)) = heard(socket.recv_from(&mut datagram).await) else { continue };
            let searched = ssdp::searched(&datagram[..length]);
            let Some(searched) = searched.filter(|searched| ssdp::may_be_ours(searched)) else { continue };
            let Some(base) = self.base(peer.ip()) else { continue };
            for tuned in self.devices() {
                let location = format!("{base}/hdhomerun/{}/device.xml", tuned.id);
                if let Some(answer) = ssdp::found(searched, tuned.id, &location) {
                    sent(socket.send_to(answer.as_bytes(), peer).await);
                }
            }
        }
    }

    fn devices(&self) -> Vec<Tuned> {
        self.server.tuned()
    }

    /// The address under which `peer` reaches us: the configured one, or that of the interface which leads to him. HTTPS is
    /// a proxy's, and who comes through one is told nothing.
    fn base(&self, peer: IpAddr) -> Option<String> {
        if let Some(public) = self.server.public.as_ref().filter(|public| !public.is_tls()) {
            return Some(public.url());
        }
        let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
        socket.connect((peer, PORT)).ok()?; // sends nothing
        let ours = socket.local_addr().ok()?.ip();
        Some(format!("http://{ours}:{}", self.port))
    }
}

/// What came, if it came from somebody at home.
fn heard(received: io::Result<(usize, SocketAddr)>) -> Option<(usize, SocketAddr)> {
    match received {
        // SECURITY: sender addresses are easily made up; whoever is flooded by our answers is in the house.
        Ok((length, peer)) if reach::is_at_home(peer.ip()) => Some((length, peer)),
        Ok(_) => None,
        Err(error) => {
            debug!(%error, "a datagram did not arrive"); // an answer of before could not be delivered
            None
        }
    }
}

fn sent(sent: io::Result<usize>) {
    if let Err(error) = sent {
        debug!(%error, "an answer was not sent");
    }
}

/// What a device of so many tuners says of itself. What it would have to be told is told over HTTP.
fn said(asked: &Packet, tuners: u32) -> Option<Packet> {
    let name = asked.text(packet::NAME).filter(|_| asked.kind == packet::GET)?;
    let answer = Packet::new(packet::GOT);
    let ended = |text: &str| [text.as_bytes(), &[0]].concat();
    if asked.value(packet::VALUE).is_some() {
        return Some(answer.with(packet::ERROR, &ended("ERROR: this device is tuned over HTTP")));
    }
    Some(match variable(name, tuners) {
        Some(value) => answer.with(packet::NAME, &ended(name)).with(packet::VALUE, &ended(&value)),
        None => answer.with(packet::ERROR, &ended("ERROR: unknown getset variable")),
    })
}

fn variable(name: &str, tuners: u32) -> Option<String> {
    const OF_A_TUNER: [(&str, &str); 7] = [
        ("channel", "none"),
        ("lockkey", "none"),
        ("program", "none"),
        ("status", "ch=none lock=none ss=0 snq=0 seq=0 bps=0 pps=0"),
        ("streaminfo", "none"),
        ("target", "none"),
        ("vchannel", "none"),
    ];
    const OF_THE_DEVICE: [(&str, &str); 4] = [
        ("/sys/features", "channelmap: us-cable\nmodulation: auto\n"),
        ("/sys/hwmodel", super::MODEL),
        ("/sys/model", super::FIRMWARE),
        ("/sys/version", super::VERSION),
    ];
    if name == "help" {
        let device = OF_THE_DEVICE.iter().map(|(name, _)| format!("{name}\n"));
        let tuner = OF_A_TUNER.iter().map(|(name, _)| format!("/tuner<n>/{name}\n"));
        return Some(device.chain(tuner).collect());
    }
    if let Some((_, value)) = OF_THE_DEVICE.iter().find(|(known, _)| *known == name) {
        return Some((*value).to_owned());
    }
    let (tuner, name) = name.strip_prefix("/tuner")?.split_once('/')?;
    let exists = tuner.parse::<u32>().is_ok_and(|tuner| tuner < tuners);
    let (_, value) = OF_A_TUNER.iter().find(|(known, _)| exists && *known == name)?;
    Some((*value).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(name: &str) -> Packet {
        said(&Packet::new(packet::GET).with(packet::NAME, name.as_bytes()), 2).unwrap()
    }

    #[test]
    fn a_device_says_what_it_is_and_has_its_tuners() {
        assert_eq!(ask("/sys/model\0").text(packet::VALUE), Some(super::super::FIRMWARE));
        assert!(ask("/tuner1/status").text(packet::VALUE).unwrap().starts_with("ch=none"));
        assert!(ask("help").text(packet::VALUE).unwrap().contains("/tuner<n>/status\n"));
        for unknown in ["/tuner2/status", "/tuner0/other", "/tuner/status", "/sys/other", ""] {
            assert_eq!(ask(unknown).text(packet::ERROR), Some("ERROR: unknown getset variable"), "{unknown}");
        }
    }

    #[test]
    fn nobody_tells_it_what_to_do() {
        let set = Packet::new(packet::GET)
            .with(packet::NAME, b"/tuner0/channel\0")
            .with(packet::VALUE, b"auto:7\0");
        assert!(said(&set, 2).unwrap().text(packet::ERROR).unwrap().contains("over HTTP"));
        assert_eq!(said(&Packet::new(packet::DISCOVER), 2), None);
    }
}
