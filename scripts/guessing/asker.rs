//! Somebody who logs in again and again on one connection.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

pub(crate) struct Asker {
    socket: TcpStream,
    /// Answers that knew the pair, and those that did not want to hear another.
    pub(crate) right: usize,
    pub(crate) refused: usize,
}

impl Asker {
    /// One who comes from the address `from` of this machine.
    pub(crate) fn new(server: SocketAddr, from: &str) -> Self {
        let from: IpAddr = from.parse().unwrap();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
        socket.connect(&server.into()).unwrap();
        socket.set_tcp_nodelay(true).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { socket: socket.into(), right: 0, refused: 0 }
    }

    /// How long it took until there was an answer, in milliseconds.
    pub(crate) fn login(&mut self, name: &str, password: &str) -> f64 {
        let request =
            format!("GET /player_api.php?username={name}&password={password} HTTP/1.1\r\nHost: x\r\n\r\n");
        let begin = Instant::now();
        self.socket.write_all(request.as_bytes()).unwrap();
        let mut answer = vec![0; 8192];
        let mut have = self.socket.read(&mut answer).unwrap();
        let took = begin.elapsed().as_secs_f64() * 1e3;
        let whole = loop {
            let text = std::str::from_utf8(&answer[..have]).unwrap();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if body.len() == length.unwrap().parse::<usize>().unwrap() {
                    break text;
                }
            }
            let read = self.socket.read(&mut answer[have..]).unwrap();
            assert!(read > 0, "the connection ended");
            have += read;
        };
        self.refused += usize::from(whole.starts_with("HTTP/1.1 429"));
        self.right += usize::from(whole.contains("\"auth\":1"));
        took
    }
}
