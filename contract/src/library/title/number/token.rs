//! Words, numbers and signs of a title.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    Blank,
    Sign,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl Token<'_> {
    pub(super) const fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(super) fn is(&self, letters: &[&str]) -> bool {
        self.kind == Kind::Word && letters.iter().any(|letter| self.text.eq_ignore_ascii_case(letter))
    }
}

pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::with_capacity(16);
    for (start, character) in text.char_indices() {
        let kind = match character {
            _ if is_digit(character) => Kind::Number,
            'ª' | 'º' => Kind::Sign,
            _ if character.is_alphabetic() || is_combining(character) => Kind::Word,
            ' ' => Kind::Blank,
            _ => Kind::Sign,
        };
        let length = character.len_utf8();
        match tokens.last_mut() {
            Some(last) if last.kind == kind && kind != Kind::Sign => {
                last.text = &text[last.start..start + length];
            }
            _ => tokens.push(Token { kind, text: &text[start..start + length], start }),
        }
    }
    tokens
}

/// Those of ASCII, of Arabic and of Persian.
pub(super) const fn is_digit(character: char) -> bool {
    matches!(character, '0'..='9' | '٠'..='٩' | '۰'..='۹')
}

/// Vowels of Arabic and accents that have no composed form: parts of the word they stand in.
pub(super) const fn is_combining(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{200c}' | '\u{200d}')
}

/// Whether no letter and no digit stands directly before the token.
pub(super) fn is_apart(tokens: &[Token<'_>], at: usize) -> bool {
    at == 0 || matches!(tokens[at - 1].kind, Kind::Blank | Kind::Sign)
}

/// The token behind at most `most` of `signs`.
pub(super) fn skip(tokens: &[Token<'_>], from: usize, signs: &[&str], most: usize) -> usize {
    let passed = tokens.iter().skip(from).take(most).take_while(|token| signs.contains(&token.text)).count();
    from + passed
}

/// The number of at most `most` digits that the token `at` is.
pub(super) fn number(tokens: &[Token<'_>], at: usize, most: usize) -> Option<u32> {
    let token = tokens.get(at).filter(|token| token.kind == Kind::Number)?;
    let digit = |character: char| match character {
        '٠'..='٩' => u32::from(character) - u32::from('٠'),
        '۰'..='۹' => u32::from(character) - u32::from('۰'),
        _ => u32::from(character) - u32::from('0'),
    };
    let mut characters = token.text.chars();
    let value = characters.by_ref().take(most).fold(0, |value, character| value * 10 + digit(character));
    characters.next().is_none().then_some(value)
}
