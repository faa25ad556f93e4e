//! What is done about a failure: one table.

use std::time::Duration;

use crate::refusal::Failure;

/// A provider that limits connections or requests without saying for how long is left alone for this time; one that
/// says less is not believed.
const LEAVE_ALONE: Duration = Duration::from_secs(30);

/// Where a refusal may only mean that the provider still counts a connection that we have just closed, it is asked again
/// after these many seconds each.
pub(crate) const ASK_AGAIN: [u64; 3] = [1, 2, 4];

/// Whether a refusal may only mean that the provider still counts a connection that was closed.
pub(crate) fn may_be_counted(why: &Failure) -> bool {
    matches!(why, Failure::Refused(403 | 406 | 456 | 458 | 503 | 509 | 513))
}

/// Where the picture is looked for next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// At the same upstream, after a pause; elsewhere, where there is another.
    Again,
    /// At the same upstream as another kind of player, once; then with another login.
    OtherAgent,
    /// At the same upstream with another login of its account; elsewhere, where there is none.
    OtherLogin,
    /// At another upstream: this one is not asked again.
    Elsewhere,
    /// Nowhere.
    Nowhere,
}

/// Whose fault it is, as far as that can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// A server or a line broke.
    Nobody,
    /// The channel: unknown, not on air, gone.
    Content,
    /// The login: its credentials, its package, its address, its player.
    Login,
    /// The login has had as much as it may, for at least this long.
    Limit(Duration),
}

/// What is done about `failure`, and who is to blame.
pub(crate) fn remedy(failure: &Failure) -> (Next, Blame) {
    match failure {
        Failure::Refused(status) => refused(*status),
        Failure::Busy(time) => (Next::OtherLogin, Blame::Limit(LEAVE_ALONE.max(*time))),
        Failure::Dead(_) | Failure::Ended | Failure::Silent => (Next::Again, Blame::Nobody),
        // "Expired", "not on air", "too many connections", "blocked": which, nobody can read.
        Failure::Clip
        | Failure::Foreign(_)
        | Failure::Page
        | Failure::Exchanged
        | Failure::Incomplete
        | Failure::Redirect(_) => (Next::Elsewhere, Blame::Content),
        Failure::Ace(why) if why.is_refusal() => (Next::Elsewhere, Blame::Nobody),
        Failure::Ace(_) => (Next::Again, Blame::Nobody),
        Failure::Full | Failure::NoSource | Failure::Unsupported(_) => (Next::Elsewhere, Blame::Nobody),
        Failure::Changed | Failure::Closing => (Next::Nowhere, Blame::Nobody),
    }
}

/// What panels mean by their statuses, many of which are inventions.
fn refused(status: u16) -> (Next, Blame) {
    match status {
        // Credentials, or a limit.
        401 => (Next::OtherLogin, Blame::Login),
        // The player, the address, a limit, or an expired line.
        403 => (Next::OtherAgent, Blame::Login),
        // Country, session, or connections.
        451 | 454 | 456 | 458 => (Next::OtherLogin, Blame::Login),
        // Requests or connections; bandwidth; a feature that is blocked.
        429 | 509 | 513 | 884 => (Next::OtherLogin, Blame::Limit(LEAVE_ALONE)),
        // Not the provider at all: the proxy that leads there.
        407 => (Next::Elsewhere, Blame::Nobody),
        // The back-end, or a server in front of the panel.
        500 | 502..=504 | 520..=526 => (Next::Again, Blame::Nobody),
        // Unknown, of another format, gone, or nothing that we know.
        _ => (Next::Elsewhere, Blame::Content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_remedy() {
        let limit = Blame::Limit(LEAVE_ALONE);
        for (statuses, next, blame) in [
            (&[401, 451, 454, 456, 458][..], Next::OtherLogin, Blame::Login),
            (&[403], Next::OtherAgent, Blame::Login),
            (&[404, 406, 410, 416, 400, 405, 501, 204], Next::Elsewhere, Blame::Content),
            (&[429, 509, 513, 884], Next::OtherLogin, limit),
            (&[407], Next::Elsewhere, Blame::Nobody),
            (&[500, 502, 503, 504, 520, 521, 523, 526], Next::Again, Blame::Nobody),
        ] {
            for status in statuses {
                assert_eq!(remedy(&Failure::Refused(*status)), (next, blame), "{status}");
            }
        }
    }

    #[test]
    fn whatever_else_goes_wrong_has_its_remedy() {
        let (short, long) = (Duration::from_secs(3), Duration::from_secs(90));
        for (failure, next, blame) in [
            (Failure::Busy(short), Next::OtherLogin, Blame::Limit(LEAVE_ALONE)),
            (Failure::Busy(long), Next::OtherLogin, Blame::Limit(long)),
            (Failure::Silent, Next::Again, Blame::Nobody),
            (Failure::Dead("x"), Next::Again, Blame::Nobody),
            (Failure::Ended, Next::Again, Blame::Nobody),
            (Failure::Clip, Next::Elsewhere, Blame::Content),
            (Failure::Foreign("a web page"), Next::Elsewhere, Blame::Content),
            (Failure::Redirect("x"), Next::Elsewhere, Blame::Content),
            (Failure::Full, Next::Elsewhere, Blame::Nobody),
            (Failure::Changed, Next::Nowhere, Blame::Nobody),
        ] {
            assert_eq!(remedy(&failure), (next, blame), "{failure}");
        }
    }
}
