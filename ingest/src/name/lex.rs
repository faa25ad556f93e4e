//! Folded text as pieces: words, numbers and marks, with what glued writing hides (`BBCOne`, `bbc1`, `skysportshd`).

use super::words;

/// Pieces of a name, at most.
const MOST: usize = 48;

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, or a mixture that is a word of quality.
    Word,
    /// Digits.
    Number,
    /// A sign that is no letter.
    Mark(u8),
}

/// One piece.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// In lower case; digits without leading zeros; the sign itself.
    pub(super) text: String,
    pub(super) kind: Kind,
    /// Written in capitals only.
    pub(super) capital: bool,
    /// Nothing, not even a blank, between the piece before and this one.
    pub(super) glued: bool,
}

impl Piece {
    pub(super) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }

    pub(super) fn is_mark(&self, mark: u8) -> bool {
        self.kind == Kind::Mark(mark)
    }

    /// Whether it is a sign other than those that mean a word.
    pub(super) fn separates(&self) -> bool {
        matches!(self.kind, Kind::Mark(mark) if !matches!(mark, b'+' | b'&' | b'.'))
    }
}

/// Splits ASCII text, at most [`MOST`] pieces.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut lexer = Lexer { pieces: Vec::new(), glued: false };
    let mut run = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            run.push(byte as char);
            continue;
        }
        // An apostrophe is inside of a word, and no part of it.
        if byte == b'\'' {
            continue;
        }
        lexer.run(&run);
        run.clear();
        match byte {
            b' ' | b'_' => lexer.glued = false,
            _ => lexer.push((byte as char).to_string(), Kind::Mark(byte), false),
        }
    }
    lexer.run(&run);
    lexer.pieces
}

struct Lexer {
    pieces: Vec<Piece>,
    glued: bool,
}

impl Lexer {
    fn push(&mut self, text: String, kind: Kind, capital: bool) {
        if self.pieces.len() < MOST {
            self.pieces.push(Piece { text, kind, capital, glued: self.glued });
        }
        self.glued = true;
    }

    /// Letters and digits without anything between.
    fn run(&mut self, run: &str) {
        if run.is_empty() {
            return;
        }
        let lower = run.to_ascii_lowercase();
        let capital = !run.bytes().any(|byte| byte.is_ascii_lowercase());
        if words::quality(&lower).is_some() {
            return self.push(lower, Kind::Word, capital);
        }
        let glued = words::GLUED_QUALITY.iter().find_map(|word| Some((*word, lower.strip_suffix(word)?)));
        if let Some((quality, rest)) = glued.filter(|(_, rest)| letters(rest) >= 3) {
            self.letters_and_digits(&run[..rest.len()]);
            return self.push(quality.to_owned(), Kind::Word, capital);
        }
        self.letters_and_digits(run);
    }

    fn letters_and_digits(&mut self, run: &str) {
        let mut rest = run;
        while let Some(first) = rest.bytes().next() {
            let digits = first.is_ascii_digit();
            let end = rest.bytes().position(|byte| byte.is_ascii_digit() != digits).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            rest = after;
            if digits {
                let number = part.trim_start_matches('0');
                let number = if number.is_empty() { "0" } else { number };
                self.push(number.to_owned(), Kind::Number, false);
            } else if !(self.glued && is_ordinal(part) && self.after_number()) {
                self.letters(part);
            }
        }
    }

    fn after_number(&self) -> bool {
        self.pieces.last().is_some_and(|piece| piece.kind == Kind::Number)
    }

    /// Letters, split where a number word ends them and where capitals begin a word.
    fn letters(&mut self, part: &str) {
        let lower = part.to_ascii_lowercase();
        let capital = !part.bytes().any(|byte| byte.is_ascii_lowercase());
        let glued = words::GLUED_NUMBERS.iter().find_map(|word| Some((*word, lower.strip_suffix(word)?)));
        if let Some((number, rest)) = glued.filter(|(_, rest)| rest.len() >= 3) {
            self.camel(&part[..rest.len()]);
            return self.push(number.to_owned(), Kind::Word, capital);
        }
        self.camel(part);
    }

    fn camel(&mut self, part: &str) {
        let bytes = part.as_bytes();
        let mut from = 0;
        for at in 1..bytes.len() {
            let before_lower = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            let begins =
                bytes[at].is_ascii_uppercase() && (bytes[at - 1].is_ascii_lowercase() || before_lower);
            if begins {
                self.word(&part[from..at]);
                from = at;
            }
        }
        self.word(&part[from..]);
    }

    fn word(&mut self, part: &str) {
        let capital = !part.bytes().any(|byte| byte.is_ascii_lowercase());
        self.push(part.to_ascii_lowercase(), Kind::Word, capital);
    }
}

fn letters(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_alphabetic).count()
}

fn is_ordinal(part: &str) -> bool {
    ["st", "nd", "rd", "th"].iter().any(|end| part.eq_ignore_ascii_case(end))
}
