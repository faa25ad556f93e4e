//! What those who give way leave to viewers. Pure: no clock of its own.
//!
//! Whoever downloads has no hurry. He leaves a connection of each login free for who may come to watch, takes one that was
//! closed only when the provider has certainly noticed, and of a login's only one he has it while nobody watches.

use std::time::Duration;

use contract::ticket::pass::Class;
use tokio::time::Instant;

/// What is left to viewers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Courtesy {
    /// Connections of each login, as long as one is left.
    pub(crate) reserve: u32,
    /// For how long one that was closed is taken for still counted.
    pub(crate) rest: Duration,
}

impl Courtesy {
    /// How many of the `most` connections of a login downloads may have, recordings counted with them.
    pub(super) fn most(self, most: u32) -> usize {
        most.saturating_sub(self.reserve).max(most.min(1)) as usize
    }
}

/// A connection that was closed, and that the provider may still count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cooling {
    /// Until when it does, as far as is known.
    pub(super) counted: Instant,
    /// Until when those who have no hurry leave it alone.
    pub(super) left_alone: Instant,
}

impl Cooling {
    /// Until when somebody of `class` does not take its place.
    pub(super) fn until(self, class: Class) -> Instant {
        match class {
            Class::Viewer | Class::Record => self.counted,
            Class::Background => self.left_alone.max(self.counted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_left_to_viewers_unless_it_is_the_only_one() {
        let courtesy = Courtesy { reserve: 1, ..Courtesy::default() };
        for (most, left) in [(0, 0), (1, 1), (2, 1), (3, 2), (u32::MAX, u32::MAX - 1)] {
            assert_eq!(courtesy.most(most), left as usize, "{most}");
        }
        assert_eq!(Courtesy { reserve: 9, ..courtesy }.most(4), 1);
    }
}
