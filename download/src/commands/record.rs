//! `coax download record`.

use anyhow::{Context, bail, ensure};
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::json;

use super::Desk;
use super::show::{time, title};
use super::when::When;
use super::whereto::target;
use crate::job::Airing;
use crate::line_up::{Channel, For, LineUp, Programme, recording};
use crate::store::{Added, By, now};

/// So many seconds ago a time of the day is still that of today: somebody has begun to watch, and wants the rest.
const AGO: i64 = 3600;

/// What is recorded, and where it goes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// By its name, its number or its id
    channel: String,
    /// The next programme with this in its title
    #[arg(long, value_name = "TITLE")]
    programme: Option<String>,
    /// The programme that is on at this time: 20:15, or "2026-11-27 20:15"
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "programme"])]
    at: Option<When>,
    /// From this time on, whatever is sent; with --programme, the first one from this time on
    #[arg(long, value_name = "TIME")]
    from: Option<When>,
    /// Until this time
    #[arg(long, value_name = "TIME", requires = "from", conflicts_with_all = ["length", "programme"])]
    to: Option<When>,
    /// For so many minutes
    #[arg(long, value_name = "MINUTES", requires = "from", conflicts_with = "programme")]
    length: Option<u32>,
    /// What the recording is called, where it is not called as its programme
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Seconds by which it begins before its programme, in place of what is configured
    #[arg(long, value_name = "SECONDS")]
    before: Option<u32>,
    /// Seconds by which it ends after its programme, likewise
    #[arg(long, value_name = "SECONDS")]
    after: Option<u32>,
    /// Where to; if it is not said, to the target that suits it best
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Say what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl Desk {
    pub(super) fn record(&self, arguments: &Arguments) -> anyhow::Result<()> {
        let (line_up, store, now) = (LineUp::open(&self.data)?, self.store()?, now());
        let target = target(&store, arguments.target.as_deref())?;
        let channel = line_up.channel(&arguments.channel)?;
        let programme = arguments.programme(&line_up, &channel, now)?;
        // Whoever says from when until when means it.
        let is_said = arguments.programme.is_none() && arguments.at.is_none();
        let padding = |said: Option<u32>, usual: std::time::Duration| {
            let usual = u32::try_from(usual.as_secs()).unwrap_or(u32::MAX);
            said.unwrap_or(if is_said { 0 } else { usual })
        };
        let lead = padding(arguments.before, self.settings.record_before);
        let tail = padding(arguments.after, self.settings.record_after);
        let Programme { starts, stops, title: named } = programme;
        let airing = Airing { channel: channel.name.clone(), starts, stops, lead, tail };
        ensure!(airing.ends() > now, "it was over at {}", time(airing.ends()));
        let by = By::command();
        let whom = For { target, priority: None, user: by.user.clone() };
        // What somebody calls as he likes is not found in the guide again.
        let of_guide = !is_said && arguments.title.is_none();
        let named = arguments.title.clone().unwrap_or(named);
        let wish = recording(&channel, named, airing, of_guide, &whom)?;
        let wish = self.directed(&store, vec![wish])?.pop().context("what no target takes is an error")?;
        let to = store.target(wish.target)?.context("the target was removed meanwhile")?;
        if arguments.dry_run {
            return self.say(&title(&wish), &wish);
        }
        let added = store.add(std::slice::from_ref(&wish), &by, &self.settings.rules(), now)?;
        let (id, word) = match added.first().context("there is one for each wish")? {
            Added::New(id) => (id, "will be recorded"),
            Added::There(id) => (id, "was to be recorded already"),
        };
        let airing = wish.airing.as_ref().expect("it is a recording");
        let (begins, ends) = (time(airing.begins()), time(airing.ends()));
        let line = format!("{id}  {} {word}, from {begins} to {ends}, for {}", title(&wish), to.name);
        self.say(&line, &json!({ "id": id, "begins": airing.begins(), "ends": airing.ends(), "wish": wish }))
    }
}

impl Arguments {
    /// What is to be recorded.
    fn programme(&self, line_up: &LineUp, channel: &Channel, now: i64) -> anyhow::Result<Programme> {
        let zone = TimeZone::system();
        let on = |when: When| when.after(now - AGO, &zone).context("there is no such time on that day");
        if self.programme.is_none() && self.at.is_none() {
            let from =
                self.from.context("what? --programme, --at, or --from with --to or --length say so")?;
            let (starts, title) = (on(from)?, channel.name.clone());
            let stops = match (self.to, self.length) {
                (Some(to), _) => to.after(starts, &zone).context("there is no such time on that day")?,
                (None, Some(minutes)) => starts + i64::from(minutes) * 60,
                (None, None) => bail!("until when? --to or --length say so"),
            };
            ensure!(stops > starts, "it would end before it begins");
            return Ok(Programme { starts, stops, title });
        }
        let all = line_up.programmes(channel);
        ensure!(!all.is_empty(), "the guide has nothing of {}; --from and --to say when", channel.name);
        let mut all = all.into_iter().filter(|it| it.stops > now);
        let found = match self.at.map(on).transpose()? {
            Some(at) => all.find(|it| (it.starts..it.stops).contains(&at)),
            None => {
                let text = self.programme.as_deref().unwrap_or_default().to_lowercase();
                let from = self.from.map(on).transpose()?.unwrap_or(i64::MIN);
                all.find(|it| it.starts >= from && it.title.to_lowercase().contains(&text))
            }
        };
        let found = found.with_context(|| format!("the guide has no such programme of {}", channel.name))?;
        let title = if found.title.is_empty() { channel.name.clone() } else { found.title };
        Ok(Programme { title, ..found })
    }
}
