//! The ways to a film or to a part of the past: upstream after upstream, and where an account is a pool, login after
//! login, until one of them gives it.

use std::slice;
use std::time::Duration;

use contract::bundle::Upstream;
use tokio::time::sleep;

use crate::play::Request;
use crate::refusal::Failure;
use crate::remedy::{ASK_AGAIN, Next, may_be_counted, remedy};
use crate::upstream::file::Way;

/// The ways that have not been tried.
pub(super) struct Ways<'a> {
    request: &'a Request,
    id: u32,
    /// The one that is being tried first.
    upstreams: &'a [Upstream],
    /// Logins of its account that will not do.
    tried: Vec<usize>,
    /// The waits that are left before a way is tried once more. All ways share them: a viewer waits only so long.
    again: slice::Iter<'static, u64>,
    /// What went wrong.
    why: Option<Failure>,
}

impl<'a> Ways<'a> {
    /// Those to what we call `id`, by `upstreams`, for a request.
    pub(super) fn new(request: &'a Request, id: u32, upstreams: &'a [Upstream]) -> Self {
        Self { request, id, upstreams, tried: Vec::new(), again: ASK_AGAIN.iter(), why: None }
    }

    /// The next way, for which there is a connection now.
    pub(super) async fn next(&mut self) -> Option<Way> {
        while let Some((upstream, others)) = self.upstreams.split_first() {
            match self.request.claim(&upstream.account, &self.tried).await {
                Ok(login) => return Some(Way { upstream: upstream.clone(), login }),
                Err(why) => {
                    self.failed(why);
                    (self.upstreams, self.tried) = (others, Vec::new());
                }
            }
        }
        None
    }

    /// It was none; where that may only be so for the moment, it is the next one again, after a while.
    pub(super) async fn refused(&mut self, way: &Way, why: Failure) {
        // Whoever has no hurry comes back later.
        let momentary = self.request.is_watched() && may_be_counted(&why) && self.request.still_counted();
        if momentary && let Some(seconds) = self.again.next() {
            self.request.asked_again();
            sleep(Duration::from_secs(*seconds)).await;
            return;
        }
        let (next, blame) = remedy(&why);
        self.request.refused(self.id, blame, &why);
        match next {
            Next::OtherLogin | Next::OtherAgent => self.tried.push(way.login),
            _ => {
                self.upstreams = self.upstreams.get(1..).unwrap_or_default();
                self.tried.clear();
            }
        }
        self.failed(why);
    }

    /// What went wrong first counts; but that one of them will never do says nothing of another, which may do soon.
    fn failed(&mut self, why: Failure) {
        let counts = match &self.why {
            Some(first) => first.is_final() && !why.is_final(),
            None => true,
        };
        if counts {
            self.why = Some(why);
        }
    }

    /// Why none of them was one.
    pub(super) fn why(self) -> Failure {
        self.why.unwrap_or(Failure::NoSource)
    }
}
