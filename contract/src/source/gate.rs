//! What of a source looks too odd to be believed.

use serde::Deserialize;

/// `gate` of a `[[source]]`: where this source differs from what `[ingest]` says for all.
///
/// ```toml
/// gate = { live = 80, guide = 100, min_live = 10, confirmations = 0 }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gate {
    /// By how many percent the channels may become fewer from one harvest to the next; 100 lets everything pass but
    /// an empty list.
    pub live: Option<u8>,
    /// The same for films.
    pub movies: Option<u8>,
    /// The same for series.
    pub series: Option<u8>,
    /// The same for the programmes of the guide.
    pub guide: Option<u8>,
    /// Fewer channels than this are refused whatever there was before, however often they are seen.
    pub min_live: u64,
    /// The same for films.
    pub min_movies: u64,
    /// The same for series.
    pub min_series: u64,
    /// The same for the programmes of the guide.
    pub min_guide: u64,
    /// How many further runs must see about the same before a list that became too small is taken; 0: never without
    /// `--accept`.
    pub confirmations: Option<u32>,
    /// Whether a list that became empty can be confirmed in this way too.
    pub confirm_empty: Option<bool>,
}
