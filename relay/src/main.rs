//! `relay`: streams of the published release, for its users.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::Parser;
use contract::config::{ConfigError, Place, Skip};
use contract::log::{self, Format};
use contract::release::Follower;
use contract::say::{complain, say};
use contract::user::Users;
use relay::{Mirror, Relay, Settings};
use tokio::net::TcpListener;

/// Receives each channel once, for all who watch it.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Where to listen, instead of where the configuration says.
    #[arg(long)]
    listen: Option<String>,
    /// How to log.
    #[arg(long, value_enum, default_value_t, env = "COAX_LOG_FORMAT")]
    log_format: Format,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log::init(arguments.log_format);
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(format_args!("relay: {error:#}"));
            ExitCode::from(if error.is::<ConfigError>() { 2 } else { 1 })
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> anyhow::Result<()> {
    httpd::raise_file_limit();
    let provider = rustls::crypto::ring::default_provider();
    provider.install_default().map_err(|_| anyhow!("two TLS implementations in one program"))?;
    let mut config = arguments.place.load::<Skip, Skip, Settings, Skip>()?;
    config.relay.environment()?;
    config.relay.public.clone_from(&config.public_base_url);
    config.relay.hdhomerun.clone_from(&config.hdhomerun);
    let data = config.data();
    let https = tls::listen(&config.tls, &data).await?;
    let prefix = config.public_base_url.as_ref().map_or("", |url| url.path()).to_owned();
    let relay = match Mirror::new(&config.relay)? {
        Some(mirror) => Relay::following(config.relay, config.source, mirror)?,
        None => {
            let follower = Follower::start(data.clone());
            Relay::new(config.relay, config.source, follower, Arc::new(Users::new(data)))?
        }
    };

    let listen = arguments.listen.unwrap_or(config.listen);
    let listener = TcpListener::bind(&listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let terminated = httpd::terminated();
    // The line that scripts wait for.
    say(format_args!("ready http://{}", listener.local_addr()?))?;
    let (answering, closing) = (relay.clone(), relay.clone());
    let answer = move |mut request, peer| {
        let relay = answering.clone();
        relay.strip(&mut request, peer);
        async move { relay.answer(request, peer).await }
    };
    let shutdown = async move {
        terminated.await;
        closing.close();
    };
    let settings = httpd::Settings { prefix, ..httpd::Settings::default() };
    let secure = https.as_ref().map(tls::Https::secure).transpose()?;
    httpd::serve(httpd::Listeners { plain: listener, secure }, settings, answer, shutdown).await;
    relay.closed().await;
    Ok(())
}
