//! A web server of files that are always the same: who has one already is told so.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

/// Serves the files of `folder`, one connection after the other.
pub(crate) fn serve(folder: &Path) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("ready http://{}", listener.local_addr().unwrap());
    for socket in listener.incoming() {
        let _ = answer(socket.unwrap(), folder); // a client that went away is none of its business
    }
}

fn answer(mut socket: TcpStream, folder: &Path) -> io::Result<()> {
    let mut lines = BufReader::new(socket.try_clone()?).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut known = false;
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        known |= line.to_ascii_lowercase().starts_with("if-none-match:");
    }
    if known {
        return socket.write_all(b"HTTP/1.1 304 Not Modified\r\nETag: \"same\"\r\nConnection: close\r\n\r\n");
    }
    let name = first.split(' ').nth(1).unwrap_or("/").trim_start_matches('/');
    let mut file = File::open(folder.join(name))?;
    let length = file.metadata()?.len();
    write!(
        socket,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nETag: \"same\"\r\nConnection: close\r\n\r\n"
    )?;
    io::copy(&mut file, &mut socket).map(drop)
}
