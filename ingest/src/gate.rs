//! The gate: what does not look like the source's real state does not replace the last good harvest.

use crate::Settings;
use crate::harvest::Counts;

/// Compares how much came with how much there was.
///
/// # Errors
/// Why it is refused, in words.
pub(crate) fn judge(what: &str, now: u64, last: Option<&Counts>, settings: &Settings) -> Result<(), String> {
    let before = last.and_then(|last| last.get(what)).copied().unwrap_or(0);
    if settings.accept || before == 0 {
        return Ok(());
    }
    if now == 0 {
        return Err(format!("{what}: nothing, where there were {before}; `--accept` takes it"));
    }
    let fallen = before.saturating_sub(now) * 100 / before;
    if fallen > settings.largest_fall.into() {
        return Err(format!("{what}: {now}, where there were {before}; `--accept` takes it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_shrink_by_half_and_no_more() {
        let last = Counts::from([("live".into(), 100)]);
        let settings = Settings::default();
        for (now, passes) in [(100, true), (500, true), (50, true), (49, false), (1, false), (0, false)] {
            assert_eq!(judge("live", now, Some(&last), &settings).is_ok(), passes, "{now}");
        }
        assert!(judge("live", 0, None, &settings).is_ok());
        assert!(judge("movies", 0, Some(&last), &settings).is_ok());
        assert!(judge("live", 0, Some(&last), &Settings { accept: true, ..settings }).is_ok());
    }
}
