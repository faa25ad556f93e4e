//! Requests that nobody's app would send, made of those that apps do.

use std::fmt::Write as _;

use super::dice::Dice;
use super::words::{ACTIONS, HEADERS, METHODS, NAMES, SEGMENTS, STREAMS, VALUES};

/// What a request is made of before anything is done to it.
pub(crate) struct Known {
    pub(crate) method: &'static str,
    /// Path and query.
    pub(crate) target: String,
    /// Whether something is sent with it.
    pub(crate) takes_body: bool,
}

/// A request in the making, and as it goes out.
pub(crate) struct Asked {
    pub(crate) bytes: Vec<u8>,
    /// Whether it still is a request of HTTP, whole, and so has to be answered.
    pub(crate) is_whole: bool,
    /// Whether a stream may be asked for: those may be not to be had.
    pub(crate) is_stream: bool,
}

impl Asked {
    /// What `dice` makes of one of `known`. `key` opens the administration.
    pub(crate) fn thrown(dice: &mut Dice, known: &[Known], key: &str) -> Self {
        let from = &known[dice.throw(known.len())];
        let (path, query) = from.target.split_once('?').unwrap_or((&from.target, ""));
        let mut segments: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), value.to_owned())
        });
        let mut pairs: Vec<(String, String)> = pairs.collect();
        for _ in 0..dice.throw(4) {
            match dice.throw(5) {
                0 => path_changed(dice, &mut segments),
                _ => query_changed(dice, &mut pairs),
            }
        }
        let method = if dice.percent(75) { from.method } else { dice.pick(METHODS) };
        let mut pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let body = body(dice, from, &mut pairs);
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        let target = format!("/{}{query}", segments.join("/"));
        let is_stream = STREAMS.iter().any(|word| target.contains(word)) || segments.len() == 3;
        let mut asked = Self { bytes: Vec::new(), is_whole: true, is_stream };
        asked.write(dice, method, &target, body, key);
        asked.mangled(dice)
    }

    fn write(&mut self, dice: &mut Dice, method: &str, target: &str, body: Option<Vec<u8>>, key: &str) {
        // What cannot stand in a request line is escaped, now and then not.
        let raw = dice.percent(3);
        let target: String = target
            .chars()
            .map(|it| match it {
                ' ' | '#' | '"' | '<' | '>' | '\\' | '{' | '}' | '\u{7f}'.. if !raw => {
                    let mut bytes = [0; 4];
                    it.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect()
                }
                it => it.to_string(),
            })
            .collect();
        self.is_whole &= !raw;
        let version = if dice.percent(90) {
            "HTTP/1.1"
        } else {
            dice.pick(&["HTTP/1.0", "HTTP/1.0", "HTTP/2.0", "HTTP/9.9", ""])
        };
        self.is_whole &= version.starts_with("HTTP/1.");
        let absolute = if dice.percent(3) { "http://other.example" } else { "" };
        let mut head = format!("{method} {absolute}{target} {version}\r\n");
        if dice.percent(95) {
            head += "Host: surface\r\n";
        }
        if dice.percent(90) {
            head += "Connection: close\r\n";
        }
        if target.starts_with("/api/admin") && dice.percent(90) {
            let _ = write!(head, "Authorization: Bearer {key}\r\n");
        }
        for _ in 0..dice.throw(4) {
            let (name, values) = HEADERS[dice.throw(HEADERS.len())];
            let value = if dice.percent(85) { dice.pick(values).to_owned() } else { value(dice) };
            let value = value.replace(['\r', '\n', '\0'], "");
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let mut body = body.unwrap_or_default();
        if !body.is_empty() && !head.contains("Content-Type") && dice.percent(80) {
            let json = body.starts_with(b"{") || body.starts_with(b"[");
            head += if json {
                "Content-Type: application/json\r\n"
            } else {
                "Content-Type: application/x-www-form-urlencoded\r\n"
            };
        }
        match dice.throw(20) {
            _ if body.is_empty() && dice.percent(90) => {}
            0 => {
                // It promises more than comes.
                let _ = write!(head, "Content-Length: {}\r\n", body.len() + 1 + dice.throw(1000));
                self.is_whole = false;
            }
            1 => {
                head += dice.pick(&[
                    "Content-Length: -1\r\n",
                    "Content-Length: 99999999999999999999\r\n",
                    "Content-Length: 1\r\nContent-Length: 2\r\n",
                    "Transfer-Encoding: gzip\r\n",
                    "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                ]);
                self.is_whole = false;
            }
            2 | 3 => {
                head += "Transfer-Encoding: chunked\r\n";
                body = chunked(dice, &body);
            }
            _ => {
                let _ = write!(head, "Content-Length: {}\r\n", body.len());
            }
        }
        // Whoever expects to be told to go on may wait, but need not.
        self.bytes = [head.as_bytes(), b"\r\n", &body].concat();
    }

    /// Bytes lost, doubled, changed and put in: of one request in ten.
    fn mangled(mut self, dice: &mut Dice) -> Self {
        match dice.throw(40) {
            0 => {
                let length = dice.throw(self.bytes.len());
                self.bytes.truncate(length);
            }
            1 | 2 => {
                for _ in 0..=dice.throw(3) {
                    let at = dice.throw(self.bytes.len());
                    self.bytes[at] = dice.throw(256) as u8;
                }
            }
            3 => {
                let (at, much) = (dice.throw(self.bytes.len()), dice.throw(100_000));
                let byte = dice.throw(256) as u8;
                self.bytes.splice(at..at, std::iter::repeat_n(byte, much));
            }
            4 => {
                let again = self.bytes.clone();
                for _ in 0..dice.throw(5) {
                    self.bytes.extend_from_slice(&again);
                }
                return self; // several in a row are requests still
            }
            _ => return self,
        }
        self.is_whole = false;
        self
    }
}

fn path_changed(dice: &mut Dice, segments: &mut Vec<String>) {
    let at = dice.throw(segments.len().max(1));
    let new = if dice.percent(60) { dice.pick(SEGMENTS).to_owned() } else { value(dice) };
    match dice.throw(4) {
        0 if segments.len() > 1 => drop(segments.remove(at)),
        1 => segments.insert(at, new),
        2 if !segments.is_empty() => segments[at].push_str(&new),
        _ if segments.is_empty() => segments.push(new),
        _ => segments[at] = new,
    }
}

fn query_changed(dice: &mut Dice, pairs: &mut Vec<(String, String)>) {
    let name = dice.pick(NAMES).to_owned();
    let new = if name == "action" && dice.percent(90) { dice.pick(ACTIONS).to_owned() } else { value(dice) };
    // Name and password mostly stay: a stranger gets to see little.
    let at = dice.throw(pairs.len().max(1));
    match dice.throw(5) {
        0 if !pairs.is_empty() && dice.percent(30) => drop(pairs.remove(at)),
        1 | 2 if pairs.len() > 2 => pairs[2.max(at)].1 = new,
        3 if !pairs.is_empty() && dice.percent(10) => pairs[at].1 = new,
        _ => pairs.push((name, new)),
    }
}

fn value(dice: &mut Dice) -> String {
    match dice.throw(12) {
        0 => dice.throw(100_000).to_string(),
        1 => "9".repeat(dice.throw(300)),
        2 => dice.pick(VALUES).repeat(1 + dice.throw(200)),
        3 => (0..dice.throw(20)).map(|_| format!("%{:02x}", dice.throw(256))).collect(),
        _ => dice.pick(VALUES).to_owned(),
    }
}

/// Something to send. What is in the query may stand in it in place of there.
fn body(dice: &mut Dice, from: &Known, pairs: &mut Vec<String>) -> Option<Vec<u8>> {
    if from.takes_body {
        return Some(document(dice).into_bytes());
    }
    if !dice.percent(12) {
        return None;
    }
    Some(match dice.throw(5) {
        0 => document(dice).into_bytes(),
        1 => (0..dice.throw(2000)).map(|_| dice.throw(256) as u8).collect(),
        2 => format!(
            "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\n{}\r\n--x--",
            value(dice)
        )
        .into_bytes(),
        3 => vec![b'a'; dice.throw(400_000)],
        _ => std::mem::take(pairs).join("&").into_bytes(),
    })
}

/// A document as the administration wants one, more or less.
fn document(dice: &mut Dice) -> String {
    if dice.percent(5) {
        return "[".repeat(dice.throw(20_000));
    }
    let names = [
        "name",
        "username",
        "password",
        "device",
        "admin",
        "max_connections",
        "expires",
        "state",
        "trial",
        "notes",
        "sees",
        "catchup_zone",
        "lists",
        "groups",
    ];
    let mut pairs = Vec::new();
    for _ in 0..dice.throw(6) {
        let value = match dice.throw(8) {
            0 => "null".to_owned(),
            1 => dice.pick(&["true", "false"]).to_owned(),
            2 => dice.pick(&["0", "-1", "1e400", "4294967296", "1.5"]).to_owned(),
            3 => dice
                .pick(&["[]", "{}", "[null]", "{\"lists\":[\"live\"]}", "{\"groups\":[\"*\",\"\"]}"])
                .to_owned(),
            4 => serde_json::to_string(dice.pick(&["surface", "guest", "active", "banned", "tv"])).unwrap(),
            _ => serde_json::to_string(&value(dice)).unwrap(),
        };
        pairs.push(format!("\"{}\":{value}", dice.pick(&names)));
    }
    format!("{{{}}}", pairs.join(","))
}

fn chunked(dice: &mut Dice, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in body.chunks(1 + dice.throw(4096)) {
        out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}
