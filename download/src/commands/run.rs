//! `coax download run`.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use contract::say::say;
use contract::secret::SharedKey;
use contract::user::Users;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::Desk;
use crate::Worker;
use crate::front::{Front, Pulse, Written};
use crate::store::Store;
use crate::surface::{Access, Service};

/// What runs beside the worker.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Answer there as well, such as 127.0.0.1:7890: /health, /metrics, and what the page and programs ask of downloads
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
}

impl Desk {
    pub(super) async fn work(&self, arguments: &Arguments) -> anyhow::Result<ExitCode> {
        let worker = Worker::new(&self.data, self.settings.clone(), self.relay.clone(), self.config.clone())?;
        // Before anybody is told that it is ready: he may stop it at once.
        let (terminated, stopped) = (httpd::terminated(), CancellationToken::new());
        let answering = match &arguments.listen {
            None => {
                ready("")?;
                None
            }
            Some(listen) => {
                let bound = TcpListener::bind(listen).await;
                let listener = bound.with_context(|| format!("cannot listen on {listen}"))?;
                let front = Arc::new(self.front(worker.pulse())?);
                ready(&format!(" http://{}", listener.local_addr()?))?;
                Some(tokio::spawn(answer(listener, front, stopped.clone())))
            }
        };
        let token = stopped.clone();
        tokio::spawn(async move {
            terminated.await;
            token.cancel();
        });
        // It waits for the disk, so it has a thread of its own.
        let working = move || Handle::current().block_on(worker.run(stopped.cancelled_owned()));
        tokio::task::spawn_blocking(working).await.context("the worker ended unexpectedly")?;
        if let Some(answering) = answering {
            answering.await.context("what answers ended unexpectedly")?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn front(&self, pulse: Pulse) -> anyhow::Result<Front> {
        let users = Arc::new(Users::new(self.data.clone()));
        Ok(Front {
            service: Service::new(&self.data, users, self.settings.clone(), Access::of_environment()?)?,
            store: Arc::new(Store::open(&self.data)?),
            pulse,
            temp: self.settings.temp(&self.data),
            yt_dlp: self.settings.yt_dlp.clone(),
            monitor: SharedKey::of_environment("COAX_MONITOR_KEY")?,
            written: Written::new(),
        })
    }
}

async fn answer(listener: TcpListener, front: Arc<Front>, stopped: CancellationToken) {
    let closing = front.clone();
    let answer = move |request, peer| front.clone().answer(request, peer);
    let shutdown = async move {
        stopped.cancelled().await;
        closing.service.close(); // endless answers end, so that the drain finds only those that finish by themselves
    };
    httpd::serve(listener, httpd::Settings::default(), answer, shutdown).await;
}

/// The line that scripts wait for.
fn ready(address: &str) -> io::Result<()> {
    say(format_args!("ready{address}"))
}
