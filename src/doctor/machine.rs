//! The machine: what the system allows, and whether the ports are free.

use std::fs;
use std::io::{Error, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use contract::config::Place;
use rustix::process::{Resource, getrlimit};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::web::{self, Health};
use super::{Finding, Patient};
use crate::cli::Settings;

/// Open files that an evening with a house full of viewers takes: each of a channel has one, of a film two.
const FILES: u64 = 4096;
/// Memory that Coax should find free, in bytes: what a run over the largest providers takes, and feeds beside it.
const MEMORY: u64 = 256 << 20;

/// What the configuration says, where it can be read.
pub(super) fn configuration(settings: &Settings, place: &Place) -> Vec<Finding> {
    let what = "configuration";
    let name = place.name();
    match settings.source.len() {
        0 => vec![Finding::warn(
            what,
            format!("{name}: no source"),
            "add a [[source]], or set XTREAM_BASE_URL, XTREAM_USERNAME and XTREAM_PASSWORD",
        )],
        1 => vec![Finding::ok(what, format!("{name}: 1 source"))],
        count => vec![Finding::ok(what, format!("{name}: {count} sources"))],
    }
}

/// What the system allows a process.
pub(super) fn limits() -> Vec<Finding> {
    let mut findings = Vec::new();
    // What is allowed at first does not matter: the programs ask for all that they may have.
    findings.push(match getrlimit(Resource::Nofile).maximum {
        Some(most) if most < FILES => Finding::warn(
            "open files",
            format!("{most} at most: about {} viewers", most.saturating_sub(64)),
            "`LimitNOFILE=65536` in the unit of systemd, `ulimits` in compose, or /etc/security/limits.conf",
        ),
        Some(most) => Finding::ok("open files", format!("{most} at most")),
        None => Finding::ok("open files", "as many as one likes"),
    });
    if let Some(free) = available_memory() {
        findings.push(if free < MEMORY {
            let found = format!("{} MB available", free >> 20);
            Finding::warn(
                "memory",
                found,
                "end what else takes memory, or make `feed_bytes` in [relay] smaller",
            )
        } else {
            Finding::ok("memory", format!("{} MB available", free >> 20))
        });
    }
    findings
}

/// Bytes that programs can still have: of the machine, or of the group that the process was put into, if that is less.
fn available_memory() -> Option<u64> {
    let told = fs::read_to_string("/proc/meminfo").ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let machine = line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024;
    let number = |name: &str| -> Option<u64> {
        fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?.trim().parse().ok()
    };
    let group = number("memory.max").zip(number("memory.current"));
    Some(group.map_or(machine, |(most, used)| machine.min(most.saturating_sub(used))))
}

/// Whether the ports are free, or Coax has them.
pub(super) async fn ports(patient: Arc<Patient>) -> Vec<Finding> {
    let settings = &patient.settings;
    let address: SocketAddr = settings.listen.parse().expect("the configuration was checked");
    let mut findings = vec![port(&patient, address).await];
    let running = findings[0].found.contains(RUNNING);
    if settings.tls.is_on() {
        let address = settings.tls.listen.parse().expect("the configuration was checked");
        findings.push(https(&patient, address, running).await);
    }
    if settings.serve.discovery && !settings.hdhomerun.is_empty() && !running {
        findings.extend([65001, 1900].into_iter().filter_map(discovery));
    }
    findings
}

const RUNNING: &str = "Coax runs there";

async fn port(patient: &Patient, address: SocketAddr) -> Finding {
    let what = format!("port {}", address.port());
    let error = match TcpListener::bind(address) {
        Ok(_) => return Finding::ok(what, format!("{address} is free: Coax is not running")),
        Err(error) => error,
    };
    // Who may not listen there is not told that somebody does.
    if !matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) {
        return refused(address, &error);
    }
    match web::health(&patient.web, &local(address)).await {
        Ok(Health::Serving) => Finding::ok(what, RUNNING),
        Ok(Health::Empty) => Finding::ok(what, format!("{RUNNING}, and has no release yet")),
        Err(why) if error.kind() == ErrorKind::AddrInUse => taken(address, &why),
        Err(_) => refused(address, &error),
    }
}

/// The port for https. Whether it is Coax that has it cannot be asked: the certificate is for a name, and this is an address.
async fn https(patient: &Patient, address: SocketAddr, running: bool) -> Finding {
    let what = format!("port {}", address.port());
    if running {
        let reached = timeout(patient.patience, TcpStream::connect(reachable(address))).await;
        return match reached.is_ok_and(|connected| connected.is_ok()) {
            true => Finding::ok(what, "https is listened for"),
            false => Finding::warn(what, "Coax runs, and does not listen for https", "start it anew"),
        };
    }
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok(what, format!("{address} is free for https")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => taken(address, "it is for https"),
        Err(error) => refused(address, &error),
    }
}

fn taken(address: SocketAddr, why: &str) -> Finding {
    let port = address.port();
    let found = format!("taken by another program: {why}");
    let remedy =
        format!("end that one (`ss -ltnp 'sport = :{port}'` tells which), or choose another `listen`");
    Finding::fail(format!("port {port}"), found, remedy)
}

fn refused(address: SocketAddr, error: &Error) -> Finding {
    let what = format!("port {}", address.port());
    match error.kind() {
        ErrorKind::PermissionDenied => Finding::fail(
            what,
            format!("{address} may not be listened on: ports below 1024 are the system's"),
            "choose one above, or give the right: `AmbientCapabilities=CAP_NET_BIND_SERVICE` in the unit of systemd",
        ),
        ErrorKind::AddrNotAvailable => Finding::fail(
            what,
            format!("this machine has no address {}", address.ip()),
            "`listen` on 0.0.0.0, or on an address that `ip address` shows",
        ),
        _ => Finding::fail(
            what,
            format!("{address} cannot be listened on: {error}"),
            "choose another `listen`",
        ),
    }
}

/// Where a program that listens at `address` is reached from this machine.
pub(crate) fn local(address: SocketAddr) -> String {
    format!("http://{}", reachable(address))
}

fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

fn discovery(port: u16) -> Option<Finding> {
    match UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => Some(Finding::warn(
            format!("port {port}"),
            "taken (UDP): media servers may not find the devices by themselves",
            "type the address into them, end what has the port, or `discovery = false` in [serve]",
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_listens_everywhere_is_reached_at_this_machine() {
        let reached = |listen: &str| local(listen.parse().unwrap());
        assert_eq!(reached("0.0.0.0:8080"), "http://127.0.0.1:8080");
        assert_eq!(reached("[::]:8080"), "http://[::1]:8080");
        assert_eq!(reached("192.168.1.5:80"), "http://192.168.1.5:80");
    }

    #[test]
    fn this_machine_has_memory() {
        assert!(available_memory().unwrap() > 0);
    }
}
