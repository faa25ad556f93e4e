//! `serve`: the Xtream API, playlists and guide from the published release, with relays elsewhere.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use contract::config::{ConfigError, Place, Skip};
use contract::log::{self, Format};
use contract::release::Follower;
use contract::say::{complain, say};
use contract::user::Users;
use serve::{Announcing, Server, Settings};
use tokio::net::TcpListener;

/// Answers apps from the release that is published now.
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
    httpd::return_memory();
    let arguments = Arguments::parse();
    log::init(arguments.log_format);
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(format_args!("serve: {error:#}"));
            ExitCode::from(if error.is::<ConfigError>() { 2 } else { 1 })
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut config = arguments.place.load::<Skip, Settings, Skip, Skip>()?;
    config.serve.environment()?;
    config.serve.hdhomerun.clone_from(&config.hdhomerun);
    httpd::raise_file_limit();

    let data = config.data();
    let https = tls::listen(&config.tls, &data).await?;
    let follower = Follower::start(data.clone());
    let users = Arc::new(Users::new(data.clone()));
    // Streams are open at the relays, which tell us how many.
    let nobody = |_: &str| 0;
    let prefix = config.public_base_url.as_ref().map_or("", |url| url.path()).to_owned();
    let server = Server::new(config.serve, config.public_base_url, follower, users, &data, nobody);
    let server = Arc::new(server);

    let listen = arguments.listen.unwrap_or(config.listen);
    let listener = TcpListener::bind(&listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let terminated = httpd::terminated();
    ready(&address.to_string(), server.setup_code())?;
    tokio::spawn(serve::announce(Announcing { server: server.clone(), port: address.port() }));
    let answer = move |mut request, peer| {
        let server = server.clone();
        server.strip(&mut request, peer);
        async move { server.answer(request, peer).await }
    };
    let settings = httpd::Settings { prefix, ..httpd::Settings::default() };
    let secure = https.as_ref().map(tls::Https::secure).transpose()?;
    httpd::serve(httpd::Listeners { plain: listener, secure }, settings, answer, terminated).await;
    Ok(())
}

/// The line that scripts wait for, and how to become the one who administers.
fn ready(address: &str, setup_code: Option<&str>) -> io::Result<()> {
    say(format_args!("ready http://{address}"))?;
    match setup_code {
        Some(code) => {
            say(format_args!("nobody administers yet: the page at / sets it up, with the code {code}"))
        }
        None => Ok(()),
    }
}
