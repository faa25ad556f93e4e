//! From pieces to meaning. Each step takes from the pieces what it understands; what is left is the name.

use super::brackets;
use super::country::{self, Country, Place, Sure};
use super::lex::{self, Kind, Piece};
use super::{AND, Name, Quality, fold, words};

/// Words before a separator that may be a prefix: `UK VIP HD:`.
const LONGEST_PREFIX: usize = 3;

/// A display name.
pub(super) fn display(raw: &str) -> Name {
    let folded = fold::fold(raw);
    let mut name = Name { country: folded.flag, ..Name::default() };
    let pieces = lex::pieces(&folded.text);
    read(pieces, &mut name);
    name
}

/// A guide's id: labels separated by dots, the last of them a country, after `@` the feed.
pub(super) fn id(id: &str) -> Name {
    let folded = fold::fold(id);
    let (id, feed) = folded.text.split_once('@').unwrap_or((&folded.text, ""));
    let mut labels: Vec<&str> = id.split('.').filter(|label| !label.trim().is_empty()).collect();
    let mut name = Name::default();
    if let [_, .., last] = labels[..]
        && let Some(country) = country::domain(&last.trim().to_ascii_lowercase())
    {
        name.country = Some(country);
        labels.pop();
    }
    // `C4.1234.schedulesdirect`: a station number and who numbered it.
    let number = |label: &&str| label.bytes().all(|byte| byte.is_ascii_digit()) && label.len() > 2;
    if let Some(at) = labels.iter().position(number).filter(|at| *at > 0) {
        labels.truncate(at);
    }
    let feed = if feed.eq_ignore_ascii_case("plus1") { "+1" } else { feed };
    read(lex::pieces(&format!("{} {feed}", labels.join(" "))), &mut name);
    // The name's own country is that of the feed, the domain that of the company: `BeInSports1France.qa`.
    if let Some(Place::Country(country, Sure::Name)) = name.words.last().and_then(|word| country::place(word))
        && name.words.len() > 1
    {
        (name.country, name.ends_with_country) = (Some(country), true);
    }
    name
}

/// The country of a group's name.
pub(super) fn group(raw: &str) -> Option<Country> {
    let folded = fold::fold(raw);
    if folded.flag.is_some() {
        return folded.flag;
    }
    let pieces = lex::pieces(&folded.text);
    let mut name = Name::default();
    prefixes(&pieces, &mut name);
    name.country.or_else(|| {
        let found = pieces.iter().filter(|piece| piece.is_word()).find_map(|piece| {
            match country::place(&piece.text)? {
                Place::Country(country, Sure::Name | Sure::Adjective) => Some(country),
                Place::Country(country, Sure::Bare) if piece.capital => Some(country),
                _ => None,
            }
        });
        found.or_else(|| match (pieces.first(), pieces.get(1)) {
            (Some(piece), next) if piece.capital && next.is_none_or(|next| !next.glued) => code(&piece.text),
            _ => None,
        })
    })
}

fn code(word: &str) -> Option<Country> {
    match country::place(word)? {
        Place::Country(country, _) => Some(country),
        Place::Area(_) => None,
    }
}

fn read(mut pieces: Vec<Piece>, name: &mut Name) {
    let from = prefixes(&pieces, name);
    pieces.drain(..from);
    brackets::read(&mut pieces, name);
    bare_prefix(&mut pieces, name);
    let whole = pieces.clone();
    shift(&mut pieces, name);
    quality_and_noise(&mut pieces, name);
    trailing_code(&mut pieces, name);
    plain(&pieces, name);
    if !name.words.iter().any(|word| word.bytes().any(|byte| byte.is_ascii_alphabetic())) {
        restore(&whole, name);
    }
}

/// A name of nothing but notes, such as `UHD 1` or `1+1 HD`, is one after all.
fn restore(whole: &[Piece], name: &mut Name) {
    let telling: Vec<Piece> = whole.iter().filter(|piece| !noise(piece)).cloned().collect();
    let sign = telling.len() > 1 || telling.iter().any(Piece::is_word);
    name.shift = 0;
    name.regions.clear();
    name.words.clear();
    plain(if sign { &telling } else { whole }, name);
    if name.words.is_empty() {
        name.words.extend(std::mem::take(&mut name.regions).into_iter().map(str::to_owned));
    }
}

/// Takes note of prefixes (`UK:`, `|DE|`, `[FR]`, `VIP | 4K |`) and says where the name begins.
fn prefixes(pieces: &[Piece], name: &mut Name) -> usize {
    let mut from = 0;
    if let Some(end) = source_prefix(pieces) {
        locate(&pieces[0], name);
        return end;
    }
    loop {
        let begin = from + pieces[from..].iter().take_while(|piece| piece.separates()).count();
        let words = pieces[begin..].iter().take(LONGEST_PREFIX).take_while(|piece| piece.is_word());
        let end = begin + words.count();
        let Some(separator) = pieces.get(end).filter(|_| end > begin) else { return from };
        let dash_in_word = separator.is_mark(b'-')
            && separator.glued
            && pieces.get(end + 1).is_some_and(|next| next.glued)
            && !pieces[begin..end].iter().all(|piece| piece.capital);
        let separates =
            (separator.separates() && !dash_in_word && !separator.is_mark(b'(') && !separator.is_mark(b'['))
                || (separator.is_mark(b'.') && pieces.get(end + 1).is_some_and(|next| !next.glued));
        let known = |piece: &Piece| {
            country::place(&piece.text).is_some()
                || words::quality(&piece.text).is_some()
                || words::NOISE.contains(&piece.text.as_str())
        };
        if !separates
            || !pieces[begin..end].iter().all(known)
            || !pieces[end..].iter().any(|piece| !piece.separates())
        {
            return from;
        }
        for piece in &pieces[begin..end] {
            locate(piece, name);
            quality(piece, name);
        }
        from = end + 1;
    }
}

/// `PL-[EXTRA]:` and `UK-NOWTV:`: a country, where it comes from, and a colon.
fn source_prefix(pieces: &[Piece]) -> Option<usize> {
    let [first, second, ..] = pieces else { return None };
    let code = matches!(country::place(&first.text), Some(Place::Country(..)));
    let joined = second.glued && matches!(second.kind, Kind::Mark(b'-' | b'[' | b'('));
    let end = 2 + pieces[2..].iter().take(LONGEST_PREFIX + 3).position(|piece| piece.is_mark(b':'))?;
    (code && first.capital && joined && end + 1 < pieces.len()).then_some(end + 1)
}

/// Takes the place that a word says, unless one is known: the first is the most telling.
pub(super) fn locate(piece: &Piece, name: &mut Name) {
    match country::place(&piece.text) {
        Some(Place::Country(country, _)) => name.country = name.country.or(Some(country)),
        Some(Place::Area(area)) => name.area = name.area.or(Some(area)),
        None => {}
    }
}

pub(super) fn quality(piece: &Piece, name: &mut Name) -> bool {
    let Some((quality, codec)) = words::quality(&piece.text) else { return false };
    name.quality = name.quality.max(quality);
    name.codec = name.codec.or(codec);
    true
}

/// `UK BBC ONE`: a code in capitals that is hardly anything else, when a name follows.
fn bare_prefix(pieces: &mut Vec<Piece>, name: &mut Name) {
    let [first, second, ..] = pieces.as_slice() else { return };
    let telling = |piece: &Piece| {
        piece.is_word()
            && piece.text.len() > 1
            && !words::OPTIONAL.contains(&piece.text.as_str())
            && !noise(piece)
    };
    if first.capital
        && !second.glued
        && matches!(country::place(&first.text), Some(Place::Country(_, Sure::Bare)))
        && pieces[1..].iter().any(telling)
    {
        locate(first, name);
        pieces.remove(0);
    }
}

pub(super) fn noise(piece: &Piece) -> bool {
    words::NOISE.contains(&piece.text.as_str()) || words::quality(&piece.text).is_some()
}

/// Takes away `+1`, `+ 1h`, `+24` and, at the end, `plus 1`; and `18+`, which is no shift.
fn shift(pieces: &mut Vec<Piece>, name: &mut Name) {
    let hours = |piece: &Piece| match piece.kind {
        Kind::Number => {
            piece.text.parse::<u32>().ok().filter(|hours| (1..=12).contains(hours) || *hours == 24)
        }
        _ => None,
    };
    for at in 1..pieces.len() {
        let (sign, number) = (&pieces[at - 1], &pieces[at]);
        let adult =
            (number.text == "18" && sign.is_mark(b'+')) || (sign.text == "18" && number.is_mark(b'+'));
        if adult {
            pieces.drain(at - 1..=at);
            return;
        }
        let ends = pieces[at + 1..].iter().all(|piece| piece.separates() || noise(piece));
        let canal = at > 1 && pieces[at - 2].text == "canal";
        // `Discovery+ 2` is the second channel of that name.
        let named = sign.glued && !number.glued;
        let shifts = (sign.is_mark(b'+') && !named) || (sign.text == "plus" && ends && !canal && at > 1);
        if let Some(hours) = hours(number).filter(|_| shifts) {
            let unit =
                |piece: &Piece| matches!(piece.text.as_str(), "h" | "hr" | "hour" | "hours" | "std" | "ora");
            let end = if pieces.get(at + 1).is_some_and(unit) { at + 1 } else { at };
            name.shift = hours;
            pieces.drain(at - 1..=end);
            return;
        }
    }
}

fn quality_and_noise(pieces: &mut Vec<Piece>, name: &mut Name) {
    let mut kept: Vec<Piece> = Vec::with_capacity(pieces.len());
    let mut after_quality = false;
    for (at, piece) in pieces.iter().enumerate() {
        let next_is_hd = pieces.get(at + 1).is_some_and(|next| next.text == "hd");
        let finer = match piece.text.as_str() {
            "full" if next_is_hd => Some(Quality::Fhd),
            "ultra" if next_is_hd => Some(Quality::Uhd),
            _ => None,
        };
        name.quality = name.quality.max(finer);
        // `RTL HD+` is the packet it is sold in.
        if finer.is_some() || (after_quality && piece.is_mark(b'+')) || quality(piece, name) {
            after_quality = true;
            continue;
        }
        after_quality = false;
        if !words::NOISE.contains(&piece.text.as_str()) {
            kept.push(piece.clone());
        }
    }
    *pieces = kept;
}

/// `Discovery UK`, `TLC DE`: a code in capitals at the end.
fn trailing_code(pieces: &mut Vec<Piece>, name: &mut Name) {
    while pieces.last().is_some_and(Piece::separates) {
        pieces.pop();
    }
    let Some((last, before)) = pieces.split_last() else { return };
    // `BRAVO+1 • NZ`: after a sign of its own, any code will do.
    let apart = before.last().is_some_and(|piece| piece.is_mark(b'|'));
    let sure = match country::place(&last.text) {
        Some(Place::Country(_, Sure::Bare | Sure::Code)) => true,
        Some(Place::Country(_, Sure::Doubtful)) => apart,
        _ => false,
    };
    if sure && last.capital && !last.glued && before.iter().any(|piece| !matches!(piece.kind, Kind::Mark(_)))
    {
        let here = name.country;
        locate(last, name);
        // `UK: SkySp PL` is about the Premier League.
        if here.is_none() || code(&last.text) == here {
            pieces.pop();
        }
    }
}

/// What is left: words, numbers, regions.
fn plain(pieces: &[Piece], name: &mut Name) {
    let mut skip = 0;
    for (at, piece) in pieces.iter().enumerate() {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        let next = |by: usize| pieces.get(at + by).map_or("", |piece| piece.text.as_str());
        match piece.kind {
            Kind::Number if piece.text == "24" && next(1) == "/" && next(2) == "7" => skip = 2,
            Kind::Number => name.words.push(piece.text.clone()),
            // `Canal+` is a name, `Crime + Investigation` two words.
            Kind::Mark(b'+') if at > 0 && !name.words.is_empty() => {
                let between = pieces.get(at + 1).is_some_and(|next| next.glued == piece.glued);
                name.words.push(if between { AND } else { "plus" }.to_owned());
            }
            Kind::Mark(_) => {}
            Kind::Word if piece.text == "and" && !name.words.is_empty() => {}
            Kind::Word if piece.text == "northern" && next(1) == "ireland" => {
                name.regions.insert("ni");
                skip = 1;
            }
            Kind::Word => word(piece, name),
        }
    }
    let last = name.words.last().map(String::as_str).and_then(country::place);
    if let Some(Place::Country(country, Sure::Name)) = last
        && name.words.len() > 1
    {
        name.ends_with_country = name.country.is_none_or(|known| known == country);
        name.country = name.country.or(Some(country));
    }
}

fn word(piece: &Piece, name: &mut Name) {
    let text = piece.text.as_str();
    let roman = || words::roman(text).filter(|_| piece.capital && !name.words.is_empty());
    if let Some(number) = words::number(text).or_else(roman) {
        return name.words.push(number.to_string());
    }
    let far =
        name.words.last().is_some_and(|before| matches!(before.as_str(), "middle" | "near" | "far" | "wild"));
    match words::region(text).filter(|_| !far && (text != "ni" || piece.capital)) {
        Some(region) => {
            name.regions.insert(region);
        }
        None => name.words.push(piece.text.clone()),
    }
}

/// See [`Name::cores`].
pub(super) fn cores(name: &Name) -> Vec<String> {
    let telling = |word: &&str| !is_digits(word) && *word != AND && !words::COMMON.contains(word);
    let letters: usize = core_words(name).filter(telling).map(str::len).sum();
    if letters < 3 && !(letters > 0 && core_words(name).any(is_digits)) {
        return Vec::new();
    }
    let with_plus: String = core_words(name).map(|word| if word == AND { "plus" } else { word }).collect();
    let without: String = core_words(name).filter(|word| *word != AND).collect();
    if with_plus == without { vec![without] } else { vec![with_plus, without] }
}

fn is_digits(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The words that every list writes, in one form each: short forms long, without the `s` of a plural.
pub(super) fn core_words(name: &Name) -> impl Iterator<Item = &str> {
    let end = name.words.len() - usize::from(name.ends_with_country);
    let written = name.words[..end].iter().filter(|word| !words::OPTIONAL.contains(&word.as_str()));
    written.flat_map(|word| {
        let long = words::long_form(word);
        let short = long.is_none().then_some(word.as_str());
        let parts = long.unwrap_or(&[]).iter().copied().chain(short);
        parts.map(|part| if part.len() >= 5 { part.strip_suffix('s').unwrap_or(part) } else { part })
    })
}
