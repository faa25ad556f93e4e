//! A synthetic provider on a port of its own.

use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use station::{Account, AceSettings, Dialect, Fault, Limit, Settings, Start, Station, Target, TimeBase};

/// A synthetic television provider: panel API, playlist, guide, live TS and HLS, films, catch-up, faults on demand.
#[derive(Parser)]
#[command(version, after_help = station::help())]
struct Args {
    /// Where to listen; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where the Ace Stream engine listens; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:0")]
    ace_listen: SocketAddr,
    /// Live channels
    #[arg(long, default_value_t = 12)]
    live: u32,
    /// Films
    #[arg(long, default_value_t = 8)]
    films: u32,
    /// Series
    #[arg(long, default_value_t = 2)]
    series: u32,
    /// Days of guide ahead
    #[arg(long, default_value_t = 2)]
    guide_days: u32,
    /// Days of guide back
    #[arg(long, default_value_t = 1)]
    guide_past_days: u32,
    /// The guide as a whole has no programmes; they are told channel by channel only
    #[arg(long)]
    guide_by_channel: bool,
    /// Mean length of a programme
    #[arg(long, default_value_t = 60)]
    programme_minutes: u32,
    /// Another seed, other names and ids
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The time of lists and guide in seconds since 1970, for answers that are the same every time
    #[arg(long)]
    now: Option<i64>,
    /// The time zone in which the panel tells times
    #[arg(long, default_value = "UTC", value_parser = zone)]
    zone: String,
    /// The spelling of the panel
    #[arg(long, value_enum, default_value = "classic")]
    dialect: Spelling,
    /// Bits per second of a channel
    #[arg(long, default_value_t = 2_000_000)]
    bitrate: u64,
    /// Streams of the account at the same time, 0 for no limit
    #[arg(long, default_value_t = 1)]
    max_connections: u32,
    /// One connection too many: kick (the oldest), slate (a clip), or a status to refuse it with
    #[arg(long, default_value = "kick", value_parser = limit)]
    limit: Limit,
    /// Milliseconds until a closed connection is noticed
    #[arg(long, default_value_t = 0)]
    release_delay: u64,
    /// The account's name
    #[arg(long, default_value = "station")]
    username: String,
    /// The account's password
    #[arg(long, default_value = "station")]
    password: String,
    /// Redirects with one-use tokens before every stream
    #[arg(long, default_value_t = 0)]
    redirects: u32,
    /// Milliseconds between the writes of a live connection
    #[arg(long, default_value_t = 20)]
    tick: u64,
    /// Milliseconds of television at line speed before the real pace
    #[arg(long, default_value_t = 2000)]
    burst: u64,
    /// Begin every connection at a key picture
    #[arg(long)]
    start_at_key: bool,
    /// Every connection has time stamps of its own
    #[arg(long)]
    own_clocks: bool,
    /// The extensions by which live channels are given; by another they are refused with 406
    #[arg(long, value_delimiter = ',', default_value = "m3u8,ts")]
    formats: Vec<String>,
    /// Bytes of a film at least: what is missing is filled with what players skip
    #[arg(long, default_value_t = 0)]
    film_bytes: u64,
    /// Every answer takes a connection of its own, also those for parts of one film to one client
    #[arg(long)]
    each_body: bool,
    /// Films and episodes are HLS: lists call them m3u8, and their addresses lead to lists
    #[arg(long)]
    segmented_films: bool,
    /// Answer ranges the way many panels do
    #[arg(long)]
    dirty_ranges: bool,
    /// What goes wrong from the beginning, as TARGET=FAULT: '*=slow:500', '1017=cut:100000', 'action=get_series=html'
    #[arg(long, value_parser = fault)]
    fault: Vec<(Target, Fault)>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Spelling {
    Classic,
    Xui,
}

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "kick" => Ok(Limit::KickOldest),
        "slate" => Ok(Limit::Slate),
        status => match status.parse() {
            Ok(status @ 200..=999) => Ok(Limit::Refuse(status)),
            _ => Err("kick, slate, or a status from 200 to 999".to_owned()),
        },
    }
}

fn zone(text: &str) -> Result<String, String> {
    let known = jiff::tz::TimeZone::get(text).map(|_| text.to_owned());
    known.map_err(|_| "a name such as Europe/London, please".to_owned())
}

fn fault(text: &str) -> Result<(Target, Fault), String> {
    let (target, fault) = text.rsplit_once('=').ok_or("TARGET=FAULT, please")?;
    Ok((target.parse()?, fault.parse()?))
}

impl From<Args> for Settings {
    fn from(args: Args) -> Self {
        let account = Account {
            username: args.username,
            password: args.password,
            max_connections: args.max_connections,
            ..Account::default()
        };
        Self {
            listen: args.listen,
            ace: AceSettings { listen: args.ace_listen, ..AceSettings::default() },
            dialect: match args.dialect {
                Spelling::Classic => Dialect::Classic,
                Spelling::Xui => Dialect::Xui,
            },
            live: args.live,
            films: args.films,
            series: args.series,
            seed: args.seed,
            guide_days: args.guide_days,
            guide_past_days: args.guide_past_days,
            guide_by_channel: args.guide_by_channel,
            programme_minutes: args.programme_minutes,
            now: args.now,
            zone: args.zone,
            accounts: vec![account],
            limit: args.limit,
            release_delay: Duration::from_millis(args.release_delay),
            bitrate: args.bitrate,
            burst: Duration::from_millis(args.burst),
            start: if args.start_at_key { Start::KeyPicture } else { Start::Anywhere },
            time_base: if args.own_clocks { TimeBase::Connection } else { TimeBase::Channel },
            tick: Duration::from_millis(args.tick),
            formats: args.formats,
            redirects: args.redirects,
            film_bytes: args.film_bytes,
            each_body: args.each_body,
            segmented_films: args.segmented_films,
            dirty_ranges: args.dirty_ranges,
            faults: args.fault,
            ..Self::default()
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let station = Station::start(Args::parse().into()).await?;
    let terminated = httpd::terminated();
    // Who has stopped listening by then misses it.
    let _ = writeln!(stdout(), "engine {}\nready {}", station.engine_url(), station.url());
    terminated.await;
    Ok(())
}
