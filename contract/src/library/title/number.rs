//! Where a title says which episode it is: `S01E02`, `T05 E112`, `1x05`, `Temporada 2 Episódio 4`, `Capítulo 179`, `1 сезон 5 серия`.
//!
//! ```text
//! text ──▶ tokens: words, numbers, signs ──▶ season and episode, the last that there is
//!                                            └─ else an episode alone, which is weak: `Chapter 4` may be a title's end
//! ```

mod token;

use std::ops::Range;

use token::{Kind, Token, is_apart, is_digit, number, skip, tokens};

/// What was found, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    /// From its first letter to behind its last, in bytes.
    pub(super) place: Range<usize>,
    /// As it is said; 0 holds specials.
    pub(super) season: Option<u32>,
    /// As it is said; none where a whole season is meant.
    pub(super) episode: Option<u32>,
    pub(super) strength: Strength,
}

/// How much a marker proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// An episode without a season, or a season without an episode.
    Weak,
    /// Season and episode as two numbers with an `x` between, or with letters behind.
    Usual,
    /// Season and episode, each called by its name or its letter.
    Strong,
}

/// Words for a season, in order.
const SEASONS: &[&str] = &[
    "kausi",
    "saison",
    "season",
    "seizoen",
    "sesong",
    "sezon",
    "sezona",
    "sezonu",
    "sezonul",
    "sæson",
    "série",
    "säsong",
    "staffel",
    "stagione",
    "temp",
    "temporada",
    "évad",
    "сезон",
    "الموسم",
    "موسم",
];

/// Words for a part, in order: one of a film, unless an episode of it is said as well.
const PARTS: &[&str] = &["الجزء", "جزء"];

/// Words for an episode, in order.
const EPISODES: &[&str] = &[
    "afsnit",
    "aflevering",
    "avsnitt",
    "bolum",
    "bölüm",
    "bölümü",
    "cap",
    "capitulo",
    "capítulo",
    "díl",
    "ep",
    "epi",
    "epizod",
    "epizoda",
    "episode",
    "episodio",
    "episodul",
    "episódio",
    "folge",
    "jakso",
    "odc",
    "odcinek",
    "puntata",
    "rész",
    "épisode",
    "επεισόδιο",
    "выпуск",
    "сер",
    "серии",
    "серия",
    "серія",
    "эпизод",
    "الحلقة",
    "حلقة",
];

/// The marker that counts, if there is one.
pub(super) fn marker(text: &str) -> Option<Marker> {
    // Without a digit there is nothing to look for.
    if !text.chars().any(is_digit) {
        return None;
    }
    let tokens = tokens(text);
    let mut best: Option<Marker> = None;
    for at in 0..tokens.len() {
        let Some(mut found) = at_token(&tokens, at) else { continue };
        if let Some(best) = &mut best {
            if found.strength < best.strength || found.place.start < best.place.end {
                continue;
            }
            // A name that is repeated behind its number, and what is numbered twice (`S01E01 S01E02`): the title ends
            // before the first.
            if found.season == best.season && found.strength == best.strength {
                found.place.start = best.place.start;
            }
        }
        best = Some(found);
    }
    best.map(|marker| Marker { place: with_brackets(text, marker.place.clone()), ..marker })
}

/// With the brackets around it, if there is nothing else in them.
fn with_brackets(text: &str, place: Range<usize>) -> Range<usize> {
    let (before, behind) = (text[..place.start].trim_end(), text[place.end..].trim_start());
    let is_wrapped = [('(', ')'), ('[', ']')]
        .into_iter()
        .any(|(open, close)| before.ends_with(open) && behind.starts_with(close));
    if is_wrapped { before.len() - 1..text.len() - behind.len() + 1 } else { place }
}

/// What begins at the token `at`.
fn at_token(tokens: &[Token<'_>], at: usize) -> Option<Marker> {
    let token = tokens[at];
    match token.kind {
        Kind::Word => {
            lettered(tokens, at).or_else(|| worded(tokens, at)).or_else(|| counted_in_japanese(tokens, at))
        }
        Kind::Number => crossed(tokens, at).or_else(|| numbered_before(tokens, at)),
        Kind::Blank | Kind::Sign => None,
    }
}

/// `S01E02`, `S1 E2`, `T05E112`, `S01.E02`, `S01 Ep 02`.
fn lettered(tokens: &[Token<'_>], at: usize) -> Option<Marker> {
    if !tokens[at].is(&["S", "T"]) || !is_apart(tokens, at) {
        return None;
    }
    let season = number(tokens, at + 1, 4)?;
    let e = skip(tokens, at + 2, &[" ", ".", "-", ":", "_"], 3);
    // The last is the Turkish one.
    if !tokens.get(e)?.is(&["E", "EP", "CAP", "B"]) {
        return None;
    }
    let episode_at = skip(tokens, e + 1, &[" ", ".", "_"], 2);
    let episode = number(tokens, episode_at, 5)?;
    let end = ends(tokens, episode_at + 1)?;
    Some(Marker {
        place: tokens[at].start..end,
        season: Some(season),
        episode: Some(episode),
        strength: Strength::Strong,
    })
}

/// `1x05`, `1S 1B`.
fn crossed(tokens: &[Token<'_>], at: usize) -> Option<Marker> {
    if !is_apart(tokens, at) {
        return None;
    }
    let season = number(tokens, at, 2)?;
    let letter = tokens.get(at + 1)?;
    let (episode_at, digits) = if letter.is(&["x"]) || letter.text == "×" {
        // `4x4` and `10x1` are no episodes, and `1920x1080` is no place for one.
        (at + 2, tokens.get(at + 2)?.text.len())
    } else if letter.is(&["S"]) {
        let next = skip(tokens, at + 2, &[" "], 1);
        (tokens.get(next + 1)?.is(&["B"]).then_some(next)?, 2)
    } else {
        return None;
    };
    let episode = number(tokens, episode_at, 4)?;
    let end = if letter.is(&["S"]) { tokens[episode_at + 1].end() } else { ends(tokens, episode_at + 1)? };
    (2..=3).contains(&digits).then_some(Marker {
        place: tokens[at].start..end,
        season: Some(season),
        episode: Some(episode),
        strength: Strength::Usual,
    })
}

/// `Temporada 2 Episódio 4`, `Сезон 1, серия 5`, `T1 Cap 3`; `Capítulo 179` and `Staffel 2` alone.
fn worded(tokens: &[Token<'_>], at: usize) -> Option<Marker> {
    let start = tokens[at].start;
    let is_letter = tokens[at].is(&["T", "S"]) && is_apart(tokens, at);
    let is_part = is_word(tokens[at], PARTS);
    if is_letter || is_part || is_word(tokens[at], SEASONS) {
        let next = skip(tokens, at + 1, BETWEEN, 2);
        let season = number(tokens, next, 4)?;
        if let Some((episode, end)) = episode_behind(tokens, next + 1) {
            return Some(both(start..end, season, episode));
        }
        let is_last = tokens[next + 1..].iter().all(|token| matches!(token.kind, Kind::Blank | Kind::Sign));
        return (is_last && !is_letter && !is_part).then(|| Marker {
            place: start..tokens[next].end(),
            season: Some(season),
            episode: None,
            strength: Strength::Weak,
        });
    }
    let (episode, end) = episode_at(tokens, at)?;
    Some(Marker { place: start..end, season: None, episode: Some(episode), strength: Strength::Weak })
}

/// `2 сезон 11 серия`, `1. Sezon 5. Bölüm`, `2ª Temporada Ep 4`; `12. Bölüm` and `5 серия` alone.
fn numbered_before(tokens: &[Token<'_>], at: usize) -> Option<Marker> {
    if !is_apart(tokens, at) {
        return None;
    }
    let start = tokens[at].start;
    let first = number(tokens, at, 4);
    let word = skip(tokens, at + 1, ORDINAL, 2);
    if let (Some(season), true) = (first, tokens.get(word).is_some_and(|token| is_word(*token, SEASONS))) {
        let next = skip(tokens, word + 1, BETWEEN, 3);
        let (episode, end) = episode_behind(tokens, word + 1).or_else(|| counted(tokens, next))?;
        return Some(both(start..end, season, episode));
    }
    let (episode, end) = counted(tokens, at)?;
    Some(Marker { place: start..end, season: None, episode: Some(episode), strength: Strength::Weak })
}

/// `12. Bölüm`, `5 серия`, `1-2 серия`: the episode whose number is the token `at`, the first of several, and the end.
fn counted(tokens: &[Token<'_>], at: usize) -> Option<(u32, usize)> {
    let episode = number(tokens, at, 5)?;
    let dash = tokens.get(at + 1).is_some_and(|token| matches!(token.text, "-" | "–"));
    let last = if dash && number(tokens, at + 2, 5).is_some() { at + 2 } else { at };
    let word = skip(tokens, last + 1, ORDINAL, 2);
    let token = *tokens.get(word)?;
    // `13 Ep` is a number and an abbreviation of something else, unless there is a blank or a dot.
    let fits = is_word(token, EPISODES) && !(token.is(&["ep", "cap"]) && word == last + 1);
    let is_of_next = number(tokens, skip(tokens, word + 1, &[" ", "."], 2), 5).is_some();
    (fits && !is_of_next).then_some((episode, token.end()))
}

/// `第3話`, `第1期 第3話`, `エピソード3`.
fn counted_in_japanese(tokens: &[Token<'_>], at: usize) -> Option<Marker> {
    if let Some((start, episode, end)) = episode_in_japanese(tokens, at) {
        return Some(Marker {
            place: start..end,
            season: None,
            episode: Some(episode),
            strength: Strength::Weak,
        });
    }
    let token = tokens[at];
    let before = token.text.strip_suffix('第').or_else(|| token.text.strip_suffix("シーズン"))?;
    let season = number(tokens, at + 1, 4)?;
    let counts =
        tokens.get(at + 2).is_some_and(|next| next.kind == Kind::Word && next.text.starts_with('期'));
    let fits = counts || token.text.ends_with("シーズン");
    let behind = (at + 2..at + 5).find_map(|next| episode_in_japanese(tokens, next));
    let (_, episode, end) = behind.filter(|_| fits)?;
    Some(both(token.start + before.len()..end, season, episode))
}

/// Where it begins, its number, and where it ends.
fn episode_in_japanese(tokens: &[Token<'_>], at: usize) -> Option<(usize, u32, usize)> {
    let token = tokens.get(at).filter(|token| token.kind == Kind::Word)?;
    let number = number(tokens, at + 1, 4)?;
    if let Some(before) = token.text.strip_suffix("エピソード") {
        return Some((token.start + before.len(), number, tokens[at + 1].end()));
    }
    let before = token.text.strip_suffix('第')?;
    let counter = tokens.get(at + 2).filter(|next| next.text.starts_with(['話', '回']))?;
    Some((token.start + before.len(), number, counter.start + '話'.len_utf8()))
}

const fn both(place: Range<usize>, season: u32, episode: u32) -> Marker {
    Marker { place, season: Some(season), episode: Some(episode), strength: Strength::Strong }
}

/// What may stand between a word and its number, or a season and its episode.
const BETWEEN: &[&str] = &[" ", "-", "–", ",", ".", ":", "|", "/", "•", "·"];
/// What stands behind a number that counts.
const ORDINAL: &[&str] = &[" ", ".", "ª", "º", "°", "-"];

/// The episode that is called so within a few signs of `from`, and where that ends.
fn episode_behind(tokens: &[Token<'_>], from: usize) -> Option<(u32, usize)> {
    episode_at(tokens, skip(tokens, from, BETWEEN, 4))
}

/// `Episódio 4`, `Ep. 4`, `E04`: the word is the token `at`.
fn episode_at(tokens: &[Token<'_>], at: usize) -> Option<(u32, usize)> {
    let token = *tokens.get(at)?;
    let next = skip(tokens, at + 1, &[" ", ".", "º", "°", "#", ":"], 2);
    let episode = number(tokens, next, 5)?;
    // `E04` is short for it, `E 4` is not.
    let short = token.is(&["E"]) && next == at + 1 && tokens[next].text.len() > 1 && is_apart(tokens, at);
    (short || is_word(token, EPISODES)).then_some(())?;
    Some((episode, ends(tokens, next + 1)?))
}

fn is_word(token: Token<'_>, words: &[&str]) -> bool {
    if token.kind != Kind::Word || token.text.len() < 2 {
        return false;
    }
    // Most words of most titles are of another length, or begin with other letters.
    if token.text.is_ascii() {
        return words.iter().any(|word| word.eq_ignore_ascii_case(token.text));
    }
    let lower = token.text.to_lowercase();
    words.contains(&&*lower)
}

/// Behind the number before `at`, and behind further episodes (`E02`, `-E02`) that are said along with it. Nothing if a
/// letter follows that makes another word of it.
fn ends(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let end = tokens[at - 1].end();
    let dash = usize::from(tokens.get(at).is_some_and(|token| token.text == "-"));
    let e = usize::from(tokens.get(at + dash).is_some_and(|token| token.is(&["E", "EP"])));
    let more = tokens.get(at + dash + e).filter(|token| token.kind == Kind::Number && token.text.len() <= 4);
    match (dash + e, more, tokens.get(at)) {
        (1.., Some(more), _) => Some(more.end()),
        // A second cut of an episode.
        (_, _, Some(next)) if next.is(&["v"]) => Some(tokens.get(at + 1).map_or(next.end(), Token::end)),
        (_, _, Some(next)) if next.kind == Kind::Word => None,
        _ => Some(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> String {
        let word = |number: Option<u32>| number.map_or("-".to_owned(), |number| number.to_string());
        marker(text).map_or("none".into(), |it| {
            format!(
                "{}<{}x{}>{}",
                &text[..it.place.start],
                word(it.season),
                word(it.episode),
                &text[it.place.end..]
            )
        })
    }

    #[test]
    fn every_way_to_say_an_episode_is_understood() {
        for (text, expected) in [
            ("Show S01E02", "Show <1x2>"),
            ("Show S01 E02 Name", "Show <1x2> Name"),
            ("Show s1e1", "Show <1x1>"),
            ("Show T05E112", "Show <5x112>"),
            ("Show S21E1088", "Show <21x1088>"),
            ("Show S01.E02", "Show <1x2>"),
            ("Show S01 Ep 02", "Show <1x2>"),
            ("Show S01E01-E02 - Two", "Show <1x1> - Two"),
            ("Show S01E01E02", "Show <1x1>"),
            ("Show S01E01 S01E02 - Two", "Show <1x2> - Two"),
            ("Show 1x05: Name", "Show <1x5>: Name"),
            ("SHOW 1S 12B", "SHOW <1x12>"),
            ("Show - Temporada 2 Episódio 4", "Show - <2x4>"),
            ("Show Season 1, Episode 5", "Show <1x5>"),
            ("Show - 2ª Temporada - Ep. 4", "Show - <2x4>"),
            ("Show T1 Cap 3", "Show <1x3>"),
            ("Show Staffel 1 Folge 3", "Show <1x3>"),
            ("Show 1. Sezon 5. Bölüm", "Show <1x5>"),
            ("Шоу 2 сезон 11 серия", "Шоу <2x11>"),
            ("1 сезон 1-2 серия", "<1x1>"),
            ("Шоу: Сезон 1 серия 3", "Шоу: <1x3>"),
            ("برنامج الموسم 1 الحلقة 12", "برنامج <1x12>"),
            ("مسلسل الحلقة ١٢", "مسلسل <-x12>"),
            ("Novela - Capítulo 179", "Novela - <-x179>"),
            ("Novela Cap. 12", "Novela <-x12>"),
            ("Un posto al sole - Puntata 6500", "Un posto al sole - <-x6500>"),
            ("Arka Sokaklar S18B12", "Arka Sokaklar <18x12>"),
            ("مسلسل الاختيار الجزء 3 الحلقة 10", "مسلسل الاختيار <3x10>"),
            ("Игра (8 сезон: 6 серия)", "Игра <8x6>"),
            ("Show [S01E02] Name", "Show <1x2> Name"),
            ("DİZİ 300. BÖLÜM (Final)", "DİZİ <-x300> (Final)"),
            ("3 серия", "<-x3>"),
            ("Naruto E05", "Naruto <-x5>"),
            ("進撃の巨人 第3話", "進撃の巨人 <-x3>"),
            ("進撃の巨人第2期第3話", "進撃の巨人<2x3>"),
            ("Show - Temporada 2", "Show - <2x->"),
            ("EN - Show - S01E01 - EN - Show - S01E01", "EN - Show - <1x1>"),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_an_episode_is_none() {
        for text in [
            "Se7en",
            "Film (1920x1080)",
            "4x4",
            "10x1",
            "MAS1E2 9",
            "S1mone",
            "E.T.",
            "9-1-1",
            "Apollo 13",
            "Ep",
            "T2",
            "Temporada de Caça",
            "فيلم الجزء 2",
            "U571",
            "Capitulo",
            "S01E01abc",
            "3 Body Problem",
        ] {
            assert_eq!(found(text), "none", "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_its_marker_within_it(text: String) {
            if let Some(marker) = marker(&text) {
                let _ = (&text[..marker.place.start], &text[marker.place.clone()], &text[marker.place.end..]);
            }
        }

        #[test]
        fn any_row_of_tokens_has_its_marker_within_it(text in "([ST]|x|E| |-|第|話|期|[0-9]{1,6}|Cap|сезон|серия|١٢|ª){0,12}") {
            if let Some(marker) = marker(&text) {
                let _ = (&text[..marker.place.start], &text[marker.place.clone()], &text[marker.place.end..]);
            }
        }
    }
}
