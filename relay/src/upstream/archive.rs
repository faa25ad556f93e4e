//! A channel's past, as panels give it, where no playlist says how: in their own time, and in one of several spellings.
//! Nobody says in which, so they are tried in the order in which they are common, and the one that was good is
//! remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use contract::address::Past;
use contract::bundle::Upstream;
use contract::zone::Zone;
use mpegts::PACKET;

use super::dial::Dialler;
use super::file::{Ask, File, Open, Way};
use super::templated;
use crate::refusal::Failure;

/// A panel may be replaced by another one under the same name.
const FRESH: Duration = Duration::from_secs(3600);
/// What every packet begins with (ISO/IEC 13818-1, 2.4.3.2).
const SYNC: u8 = 0x47;

/// A form of the address, and of the start in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// `/timeshift/USER/PASS/MINUTES/START/ID.ts`
    Path(&'static str),
    /// `/streaming/timeshift.php`, and all of that in the query.
    Query(&'static str),
}

/// The forms there are, the common ones first; starts in `strftime`'s words.
const SPELLINGS: [Spelling; 7] = [
    Spelling::Path("%Y-%m-%d:%H-%M"),
    Spelling::Path("%Y-%m-%d_%H-%M"),
    Spelling::Path("%Y-%m-%d:%H:%M:%S"),
    Spelling::Query("%Y-%m-%d_%H-%M"),
    Spelling::Query("%Y-%m-%d %H:%M:%S"),
    Spelling::Query("%Y-%m-%d:%H-%M"),
    Spelling::Query("%Y-%m-%d:%H:%M:%S"),
];

/// Which spelling was good, by account.
#[derive(Default)]
pub(crate) struct Spellings(Mutex<HashMap<String, (Spelling, Instant)>>);

/// A part of a channel's past, at one of its upstreams.
pub(crate) struct Search<'a> {
    pub(crate) dialler: &'a Arc<Dialler>,
    /// To the channel as it is on the air.
    pub(crate) way: &'a Way,
    /// By which clock the panel tells times.
    pub(crate) zone: &'a Zone,
    pub(crate) past: Past,
    /// Unix time, in seconds.
    pub(crate) now: i64,
}

/// Where it was found.
pub(crate) struct Found {
    pub(crate) way: Way,
    pub(crate) file: File,
}

impl Search<'_> {
    /// Asks for it in one spelling after the other until television comes. Each of them costs a connection, one at a
    /// time.
    ///
    /// # Errors
    /// The account is refused; or the provider is not well; or it has nothing in any spelling, which is
    /// [`Failure::Refused`] with 404 if it ever said so.
    pub(crate) async fn open(&self, spellings: &Spellings, ask: &Ask) -> Result<Found, Failure> {
        if let Some(template) = &self.way.upstream.past {
            return templated::open(self, template, ask).await;
        }
        let account = &self.way.upstream.account;
        let known = spellings.get(account);
        let others = SPELLINGS.into_iter().filter(|spelling| Some(*spelling) != known);
        let mut why = None;
        for spelling in known.into_iter().chain(others) {
            let upstream = spelling.upstream(self).ok_or(Failure::NoSource)?;
            let way = Way { upstream, login: self.way.login };
            let failure = match self.attempt(spelling, &way, ask).await {
                Ok(file) => {
                    spellings.put(account, spelling);
                    return Ok(Found { way, file });
                }
                Err(failure) => failure,
            };
            tracing::debug!(account, ?spelling, %failure, "no past");
            match failure {
                // Said in a spelling that it understands.
                Failure::Refused(404) if known == Some(spelling) => return Err(failure),
                Failure::Refused(404) => why = Some(failure),
                Failure::Foreign(_) | Failure::Refused(400 | 405 | 410 | 500) => why = why.or(Some(failure)),
                failure => return Err(failure),
            }
        }
        spellings.forget(account);
        Err(why.unwrap_or(Failure::NoSource))
    }

    async fn attempt(&self, spelling: Spelling, way: &Way, ask: &Ask) -> Result<File, Failure> {
        match File::open(self.dialler, way, ask).await? {
            File::Open(mut open) => {
                prove(&mut open, spelling).await?;
                Ok(File::Open(open))
            }
            behind @ File::Behind { .. } => Ok(behind),
            File::List => Err(Failure::Foreign("a playlist")),
        }
    }
}

impl Spelling {
    /// The address in this spelling.
    fn upstream(self, search: &Search<'_>) -> Option<Upstream> {
        let Past { start, minutes } = search.past;
        let (Self::Path(format) | Self::Query(format)) = self;
        let start = search.zone.shown(start, format)?;
        // `/live/{username}/{password}/ID.ts`
        let name = search.way.upstream.path.rsplit('/').next()?;
        let id = name.split('.').next().filter(|id| !id.is_empty())?;
        let path = match self {
            Self::Path(_) => format!("/timeshift/{{username}}/{{password}}/{minutes}/{start}/{id}.ts"),
            Self::Query(_) => format!(
                "/streaming/timeshift.php?username={{username}}&password={{password}}\
                 &stream={id}&start={start}&duration={minutes}"
            ),
        };
        Some(Upstream { path, ..search.way.upstream.clone() })
    }
}

/// Panels answer 200 with the words of PHP, or, asked in a query, with the channel as it is on the air, which has no end.
async fn prove(open: &mut Open, spelling: Spelling) -> Result<(), Failure> {
    if matches!(spelling, Spelling::Query(_)) && open.size.is_none() {
        return Err(Failure::Foreign("the channel as it is on the air"));
    }
    is_in_step(open).await
}

/// Whether it is a transport stream, by its first packets, which stay.
///
/// # Errors
/// It is none, or nothing comes.
pub(super) async fn is_in_step(open: &mut Open) -> Result<(), Failure> {
    let first = open.from.next_multiple_of(PACKET as u64) - open.from;
    let first = usize::try_from(first).expect("less than a packet");
    let head = open.body.peek(first + PACKET + 1).await?;
    let in_step = [first, first + PACKET].iter().all(|at| head.get(*at).is_none_or(|byte| *byte == SYNC));
    if head.is_empty() || !in_step { Err(Failure::Foreign("no television")) } else { Ok(()) }
}

impl Spellings {
    fn get(&self, account: &str) -> Option<Spelling> {
        let known = self.known();
        known.get(account).filter(|(_, since)| since.elapsed() < FRESH).map(|(spelling, _)| *spelling)
    }

    /// As many as there are accounts.
    fn put(&self, account: &str, spelling: Spelling) {
        self.known().insert(account.to_owned(), (spelling, Instant::now()));
    }

    fn forget(&self, account: &str) {
        self.known().remove(account);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, (Spelling, Instant)>> {
        self.0.lock().expect("nobody panics while holding this lock")
    }
}
