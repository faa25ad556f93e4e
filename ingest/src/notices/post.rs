//! Telling: a short queue for each who is told, and patience with those who do not answer.

use std::time::Duration;

use reqwest::{StatusCode, header};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, warn};

use super::template::filled;
use super::{Event, Notify};
use crate::hooks::{command, webhook};

/// What waits to be told to somebody. More is dropped: who does not answer for hours need not hear of all of it.
const QUEUE: usize = 32;
/// The rests between attempts.
const RESTS: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(300)];

/// Somebody who is told. Dropped, what still waits is not told.
pub(super) struct Told {
    notify: Notify,
    /// His place in the configuration, from 1: what the log calls him, since his address is a secret.
    number: usize,
    queue: mpsc::Sender<String>,
    _task: AbortOnDropHandle<()>,
}

impl Told {
    pub(super) fn start(number: usize, notify: &Notify) -> Self {
        Self::with_rests(number, notify, &RESTS)
    }

    fn with_rests(number: usize, notify: &Notify, rests: &'static [Duration]) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let task = tokio::spawn(tell(notify.clone(), number, waiting, rests));
        Self { notify: notify.clone(), number, queue, _task: AbortOnDropHandle::new(task) }
    }

    /// Takes an event, if it is one of his. Waits for nothing.
    pub(super) fn take(&self, event: &Event, at: u64) {
        if !self.notify.wants(event) {
            return;
        }
        let body = filled(&self.notify.body, &self.notify.content_type, event, at);
        if self.queue.try_send(body).is_err() {
            let (notify, event) = (self.number, event.happening().word());
            warn!(notify, event, "not told: too much waits to be told to him");
        }
    }
}

async fn tell(notify: Notify, number: usize, mut waiting: mpsc::Receiver<String>, rests: &[Duration]) {
    while let Some(body) = waiting.recv().await {
        let mut rests = rests.iter();
        loop {
            match attempt(&notify, &body).await {
                Ok(()) => {
                    debug!(notify = number, "told");
                    break;
                }
                Err(Failed { why, again: true }) if rests.len() > 0 => {
                    debug!(notify = number, why, "not told yet");
                    tokio::time::sleep(*rests.next().expect("there is one")).await;
                }
                Err(Failed { why, .. }) => {
                    warn!(notify = number, why, "not told");
                    break;
                }
            }
        }
    }
}

/// Why somebody was not told, and whether he may be another time.
struct Failed {
    why: String,
    again: bool,
}

/// Tells somebody once, and waits for what becomes of it.
///
/// # Errors
/// Why he was not told, in words without his address.
pub(super) async fn once(notify: &Notify, event: &Event, at: u64) -> Result<(), String> {
    let body = filled(&notify.body, &notify.content_type, event, at);
    attempt(notify, &body).await.map_err(|failed| failed.why)
}

async fn attempt(notify: &Notify, body: &str) -> Result<(), Failed> {
    if notify.url.reveal().is_empty() {
        let ran = command::run(&notify.command, body.as_bytes(), notify.timeout).await;
        return ran.map_err(|why| Failed { why, again: true });
    }
    let client =
        webhook::client(notify.timeout).map_err(|error| never(webhook::words(error, notify.timeout)))?;
    let mut request = client.post(notify.url.reveal()).header(header::CONTENT_TYPE, &notify.content_type);
    for (name, value) in &notify.headers {
        let value = header::HeaderValue::try_from(value.reveal());
        let mut value = value.map_err(|_| never(format!("the header {name} cannot be sent")))?;
        value.set_sensitive(true);
        request = request.header(name, value);
    }
    let answer = request.body(body.to_owned()).send().await;
    let status = answer
        .map_err(|error| Failed { again: !error.is_builder(), why: webhook::words(error, notify.timeout) })?
        .status();
    let again = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    let why = || format!("it answered {status}");
    if status.is_success() { Ok(()) } else { Err(Failed { why: why(), again }) }
}

fn never(why: String) -> Failed {
    Failed { why, again: false }
}

#[cfg(test)]
mod tests {
    use contract::secret::Secret;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::super::Happening;
    use super::*;

    const QUICK: [Duration; 2] = [Duration::from_millis(10); 2];

    /// What somebody who answers so, one time after the other, hears of `events`.
    async fn heard(notify: Notify, answers: &[&str], events: &[Event]) -> Vec<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Secret::new(format!("http://{}/hook", listener.local_addr().unwrap()));
        let told = Told::with_rests(1, &Notify { url, ..notify }, &QUICK);
        events.iter().for_each(|event| told.take(event, 7));
        let mut heard = Vec::new();
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut got = Vec::new();
            while !got.ends_with(b"END") {
                assert!(socket.read_buf(&mut got).await.unwrap() > 0);
            }
            heard.push(String::from_utf8(got).unwrap());
            let _ =
                socket.write_all(format!("HTTP/1.1 {answer}\r\nconnection: close\r\n\r\n").as_bytes()).await;
        }
        heard
    }

    #[tokio::test]
    async fn who_does_not_listen_at_first_is_told_again_and_who_refuses_is_not() {
        let notify = Notify {
            events: vec![Happening::Disk, Happening::Failed],
            headers: [("Authorization".to_owned(), Secret::new("Bearer hunter2"))].into(),
            content_type: "text/plain".into(),
            body: "{title}: {text} END".into(),
            ..Notify::default()
        };
        let events = [
            Event::Disk { free: 5_000_000 },
            Event::Refused { source: "acme".into(), why: "403".into() }, // not one of his
            Event::Failed { why: "no disk".into() },
            Event::Failed { why: "again".into() },
        ];
        let answers = ["503 Busy", "429 Slow", "200 OK", "404 Not Found", "204 No Content"];
        let heard = heard(notify, &answers, &events).await;
        for (request, expected) in heard.iter().zip(["5 MB", "5 MB", "5 MB", "no disk", "again"]) {
            assert!(request.contains(expected), "{expected}: {request}");
            assert!(request.contains("authorization: Bearer hunter2"), "{request}");
        }
    }

    #[tokio::test]
    async fn a_program_gets_it_on_standard_input() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter");
        let script = format!("cat > {0}.new; mv {0}.new {0}", path.display());
        let notify = Notify {
            command: ["/bin/sh", "-c", &script].map(str::to_owned).to_vec(),
            content_type: "text/plain".into(),
            body: "Subject: {title}\n\n{text}\n".into(),
            ..Notify::default()
        };
        let told = Told::start(1, &notify);
        told.take(&Event::Rollback { release: 3, from: 4 }, 7);
        for _ in 0..6000 {
            if path.exists() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let letter = std::fs::read_to_string(path).unwrap();
        assert!(letter.starts_with("Subject: back to release 000003\n\nit was 000004"), "{letter}");
    }

    #[tokio::test]
    async fn what_does_not_fit_into_the_queue_is_dropped() {
        let notify = Notify { command: vec!["/bin/sleep".into(), "60".into()], ..Notify::default() };
        let told = Told::start(1, &notify);
        (0..10 * QUEUE).for_each(|_| told.take(&Event::Disk { free: 1 }, 7));
        assert_eq!(told.queue.capacity(), 0);
    }
}
