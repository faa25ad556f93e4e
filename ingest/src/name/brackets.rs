//! What stands in brackets: a country, a note of the provider, a remark, or a part of the name.

use super::country::{self, Place, Sure};
use super::lex::{Kind, Piece};
use super::read::{locate, noise, quality};
use super::{Name, words};

/// Takes away brackets that hold a country or a note: `(UK)`, `[Not 24/7]`, `(D)`.
pub(super) fn read(pieces: &mut Vec<Piece>, name: &mut Name) {
    let mut kept = Vec::with_capacity(pieces.len());
    let mut rest = pieces.as_slice();
    while let Some(piece) = rest.first() {
        let close = match piece.kind {
            Kind::Mark(b'(') => b')',
            Kind::Mark(b'[') => b']',
            Kind::Mark(b'{') => b'}',
            _ => {
                kept.push(piece.clone());
                rest = &rest[1..];
                continue;
            }
        };
        let end = rest.iter().position(|piece| piece.is_mark(close)).unwrap_or(rest.len() - 1);
        let inside: Vec<&Piece> = rest[1..end.max(1)].iter().filter(|piece| !piece.separates()).collect();
        // A small number above the line counts copies: `Globo RJ²`.
        let note = is_note(&inside, close == b'}');
        if note || is_remark(&inside, &kept, &rest[end + 1..]) {
            for piece in inside {
                let doubtful = matches!(country::place(&piece.text), Some(Place::Country(_, Sure::Doubtful)));
                if note || !doubtful {
                    locate(piece, name);
                }
                if !quality(piece, name) && !note && country::place(&piece.text).is_none() {
                    name.aside.push(piece.text.clone());
                }
            }
            rest = &rest[end + 1..];
        } else {
            kept.push(piece.clone());
            rest = &rest[1..];
        }
    }
    *pieces = kept;
}

/// Words in brackets at the end, without numbers, shifts and regions: `(Sky)`, `(Legendado)`, `(LFC TV)`.
fn is_remark(inside: &[&Piece], before: &[Piece], after: &[Piece]) -> bool {
    let plain = |piece: &&Piece| {
        piece.is_word() && words::region(&piece.text).is_none() && words::number(&piece.text).is_none()
    };
    let apart = |piece: &Piece| {
        piece.separates() || noise(piece) || matches!(piece.kind, Kind::Mark(b'(' | b'[' | b'{'))
    };
    before.iter().any(Piece::is_word) && inside.iter().all(plain) && after.first().is_none_or(apart)
}

fn is_note(inside: &[&Piece], superscript: bool) -> bool {
    let place = |piece: &&&Piece| match country::place(&piece.text) {
        Some(Place::Country(_, Sure::Doubtful)) => inside.len() == 1,
        None | Some(Place::Country(_, Sure::Adjective)) => false,
        Some(_) => true,
    };
    let note = |piece: &&Piece| {
        let text = piece.text.as_str();
        words::NOTES.contains(&text) || words::NOISE.contains(&text) || words::quality(text).is_some()
    };
    match inside {
        [] => true,
        // Letters for the provider's own use: `(D)`, `(S/F)`, or one circled.
        letters if letters.iter().all(|piece| piece.is_word() && piece.text.len() == 1) => true,
        [.., last] if inside.iter().any(|piece| piece.is_mark(b'+')) => last.text == "18",
        [one] if one.kind == Kind::Number => superscript,
        _ => inside.iter().all(note) || inside.iter().filter(place).count() == inside.len(),
    }
}
