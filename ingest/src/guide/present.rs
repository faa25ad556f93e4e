//! Whether a guide is one for today.

use std::io::BufRead;

use super::index::attribute;
use super::scan::{Found, Piece, Scan};
use super::time::Clock;

/// Whether the guide `input` (which [`super::decoded`] made) has a programme that is not over at `now`, in Unix seconds.
/// Guides tell the times of a channel together, so that is found soon, or not at all.
pub(crate) fn is_present(input: impl BufRead, now: u64) -> bool {
    let mut scan = Scan::new(input);
    while let Some(found) = scan.next() {
        if let Found::Programme(piece) = found
            && ends(piece).is_some_and(|end| end > now as i64)
        {
            return true;
        }
    }
    false
}

/// When a programme ends, or begins if it does not say.
fn ends(piece: Piece<'_>) -> Option<i64> {
    let time = |name| Clock::default().parse(&attribute(piece, name)?);
    time("stop").or_else(|| time("start"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guide_is_present_while_one_of_its_programmes_is_not_over() {
        let guide = b"<tv><channel id='a'/><programme channel='a' start='20250101060000 +0000' stop='x'><title>A</title>\
            </programme><programme channel='b' start='20250101000000 +0100' stop='20250101120000 +0100'/></tv>";
        let noon = 1_735_732_800; // 2025-01-01 12:00 UTC
        assert!(is_present(&guide[..], noon - 3601));
        assert!(!is_present(&guide[..], noon - 3600));
        for nothing in
            ["", "<html><title>404</title></html>", "<tv><channel id='a'/></tv>", "<tv><programme/></tv>"]
        {
            assert!(!is_present(nothing.as_bytes(), 0), "{nothing}");
        }
    }
}
