//! What a person reads when Coax is ready.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use contract::bundle::Section;
use contract::release::Release;

/// The name and the password to type into an app; the password only when it is no secret.
pub(crate) struct Login {
    pub name: String,
    pub password: Option<&'static str>,
}

/// Prints `ready http://ADDRESS` for programs that wait for it, and below it what a person needs. Who has stopped
/// listening by then misses it; that is no reason to stop.
pub(crate) fn ready(
    listening: SocketAddr,
    public: Option<&str>,
    login: Option<&Login>,
    release: Option<&Release>,
    setup_code: Option<&str>,
) {
    let base = public.map_or_else(|| format!("http://{}", reachable(listening)), Into::into);
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "ready http://{listening}").and_then(|()| out.flush());
    let _ = writeln!(out, "{}", text(&base, login, release));
    if let Some(code) = setup_code {
        let _ = writeln!(out, "{}", setup(&base, code)).and_then(|()| out.flush());
    }
}

/// How to become the one who administers. The code stands behind the `#`, which browsers keep to themselves.
fn setup(base: &str, code: &str) -> String {
    format!(
        "\n  Nobody administers yet. To set it up, open in a browser\n    {base}/#/setup/{code}\n  or open {base} and type the code {code}"
    )
}

fn text(base: &str, login: Option<&Login>, release: Option<&Release>) -> String {
    let Some(login) = login else {
        return "\n  Nobody may watch yet: `coax user add NAME` lets somebody.".into();
    };
    let (name, password) = (&*login.name, login.password.unwrap_or("PASSWORD"));
    let mut text = String::from("\n  In an app, as an Xtream Codes account\n");
    let mut line =
        |what: &str, value: &str| writeln!(text, "    {what:9} {value}").expect("a string takes all");
    line("address", base);
    line("user", name);
    line("password", login.password.unwrap_or("as given to `coax user add`"));
    line("playlist", &format!("{base}/get.php?username={name}&password={password}&type=m3u_plus"));
    line("guide", &format!("{base}/xmltv.php?username={name}&password={password}"));
    if let Some(channel) = release.and_then(|release| release.index.entries(Section::LiveStreams).first()) {
        let url = format!("{base}/live/{name}/{password}/{}.ts", channel.id);
        let _ =
            write!(text, "\n  Try it\n    vlc '{url}'\n    curl -s '{url}' | head -c 1000000 > channel.ts\n");
    }
    text
}

/// The address another device would use: a machine that listens everywhere is asked for its own address.
fn reachable(listening: SocketAddr) -> SocketAddr {
    if !listening.ip().is_unspecified() {
        return listening;
    }
    SocketAddr::new(own_address().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), listening.port())
}

/// Connecting a UDP socket sends nothing; it only makes the kernel choose the interface that leads outside.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?; // TEST-NET-1 of RFC 5737: nobody's address
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_one_that_can_be_typed() {
        let typed = reachable("0.0.0.0:8080".parse().unwrap());
        assert!(!typed.ip().is_unspecified() && typed.port() == 8080);
        let login = Login { name: "ann".into(), password: None };
        let text = text("http://tv.example", Some(&login), None);
        assert!(text.contains("http://tv.example/get.php?username=ann&password=PASSWORD"), "{text}");
    }
}
