//! How a provider treats a login. Pure: no clock of its own.
//!
//! A status hardly ever says whether it means the channel or the login: a panel answers 403 to a channel that is not in
//! the package, and 404 to everything once the line has expired. So the first refusal makes a login *suspect*, which is
//! asked after the others; only when different channels are refused one after the other, and none is sent in between,
//! does it *rest*, longer each time. Somebody's one login goes on serving nine channels when the tenth is refused.

use std::time::Duration;

use tokio::time::Instant;

use crate::refusal::Failure;
use crate::remedy::Blame;

/// So many channels in a row refused with a status of the login's, or
const LOGIN: usize = 2;
/// with one of the channel's, are the login's fault.
const CONTENT: usize = 5;
/// The first rest; each one that follows without a channel in between is twice as long,
const REST: Duration = Duration::from_secs(60);
/// up to this.
const LONGEST_REST: Duration = Duration::from_secs(600);

/// What is known of one login.
#[derive(Default)]
pub(super) struct Health {
    /// Different channels that were refused, none having been sent since. At most [`CONTENT`].
    channels: Vec<u32>,
    /// Those of them for which the login is to blame.
    blamed: usize,
    rest: Option<(Instant, Failure)>,
    /// Rests in a row.
    rests: u32,
}

impl Health {
    pub(super) fn accepted(&mut self) {
        *self = Self::default();
    }

    pub(super) fn refused(&mut self, channel: u32, blame: Blame, why: &Failure, now: Instant) {
        match blame {
            Blame::Nobody => {}
            Blame::Limit(time) => self.rest = Some((now + time, why.clone())),
            Blame::Login | Blame::Content => {
                if !self.channels.contains(&channel) && self.channels.len() < CONTENT {
                    self.channels.push(channel);
                    self.blamed += usize::from(blame == Blame::Login);
                }
                if self.blamed >= LOGIN || self.channels.len() >= CONTENT {
                    let time = LONGEST_REST.min(REST * 2_u32.pow(self.rests.min(8)));
                    self.rest = Some((now + time, why.clone()));
                    self.rests += 1;
                    // Afterwards one more is enough.
                    self.channels.pop();
                    self.blamed = self.blamed.min(LOGIN - 1);
                }
            }
        }
    }

    /// Refused something lately: others are asked first.
    pub(super) fn is_suspect(&self) -> bool {
        self.blamed > 0
    }

    /// For how long it rests, and why.
    pub(super) fn resting(&self, now: Instant) -> Option<(Duration, Failure)> {
        let (until, why) = self.rest.as_ref()?;
        let left = until.checked_duration_since(now).filter(|left| !left.is_zero())?;
        Some((left, why.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse(health: &mut Health, channels: std::ops::Range<u32>, blame: Blame, now: Instant) -> bool {
        channels.for_each(|channel| health.refused(channel, blame, &Failure::Refused(403), now));
        health.resting(now).is_some()
    }

    #[test]
    fn one_channel_that_is_refused_again_and_again_does_not_rest_a_login() {
        let (mut health, now) = (Health::default(), Instant::now());
        for _ in 0..100 {
            assert!(!refuse(&mut health, 7..8, Blame::Login, now) && health.is_suspect());
        }
        health.accepted();
        assert!(!health.is_suspect());
    }

    #[test]
    fn channels_refused_in_a_row_rest_it_longer_each_time() {
        let (mut health, now) = (Health::default(), Instant::now());
        assert!(!refuse(&mut health, 0..1, Blame::Login, now));
        assert!(refuse(&mut health, 1..2, Blame::Login, now));
        let (first, why) = health.resting(now).unwrap();
        assert_eq!((first, why), (REST, Failure::Refused(403)));
        let later = now + REST;
        assert!(health.resting(later).is_none());
        assert!(refuse(&mut health, 2..3, Blame::Login, later));
        assert_eq!(health.resting(later).unwrap().0, REST * 2);
        health.accepted();
        assert!(health.resting(later).is_none());
    }

    #[test]
    fn channels_that_are_unknown_there_count_less() {
        let (mut health, now) = (Health::default(), Instant::now());
        assert!(!refuse(&mut health, 0..CONTENT as u32 - 1, Blame::Content, now) && !health.is_suspect());
        assert!(refuse(&mut health, 50..51, Blame::Content, now));
        assert!(!refuse(&mut Health::default(), 0..50, Blame::Nobody, now), "a server that is down");
        let mut health = Health::default();
        refuse(&mut health, 0..50, Blame::Nobody, now);
        assert!(!refuse(&mut health, 50..51, Blame::Content, now), "which is the first that counts");
        let (mut health, long) = (Health::default(), Duration::from_secs(30));
        assert!(refuse(&mut health, 0..1, Blame::Limit(long), now), "the provider has said so");
    }
}
