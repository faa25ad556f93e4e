//! What fuzzing found stays found.

#[cfg(test)]
#[path = "../../../fuzz/tried.rs"]
mod tried;

use download::foreign;
use tried::Target;

const TARGETS: &[Target] =
    &[("container", foreign::container), ("list", foreign::list), ("title", foreign::title)];

#[test]
fn what_is_made_of_every_seed_may_be_used() {
    tried::every_seed_of(TARGETS);
}

#[test]
fn every_target_that_calls_this_crate_is_tried_here() {
    tried::every_target_is_tried("download", TARGETS);
}
