//! The gate: what does not look like the source's real state does not replace the last good harvest.

use crate::Settings;

/// Compares how much came with how much there was before, which is 0 when nothing is known of it.
///
/// # Errors
/// Why it is refused, in words.
pub(crate) fn judge(what: &str, now: u64, before: u64, settings: &Settings) -> Result<(), String> {
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
        let settings = Settings::default();
        for (now, passes) in [(100, true), (500, true), (50, true), (49, false), (1, false), (0, false)] {
            assert_eq!(judge("live", now, 100, &settings).is_ok(), passes, "{now}");
        }
        assert!(judge("live", 0, 0, &settings).is_ok());
        assert!(judge("live", 0, 100, &Settings { accept: true, ..settings }).is_ok());
    }
}
