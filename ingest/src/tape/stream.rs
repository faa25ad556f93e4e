//! Masking what is too large to be held: a window at a time, cut where neither an address nor a secret goes on.

use std::io::{self, Read, Write};

use super::address;
use super::mask::Mask;

/// Bytes that are masked together.
const WINDOW: usize = 1 << 18;
/// The longest word that is kept, in bytes. Of a longer one, its beginning would be masked without its end.
const LONGEST_WORD: usize = 1 << 20;
/// What stands for one.
const TOO_LONG: &[u8] = b"too-long-for-the-tape";

/// Copies `input` to `out`, masked. Answers how many bytes were written, and what broke the input, if anything did:
/// what came before that is written.
///
/// # Errors
/// `out` refuses.
pub(super) fn masked(
    mut input: impl Read,
    out: &mut impl Write,
    mask: &Mask,
) -> io::Result<(u64, Option<io::Error>)> {
    let (mut held, mut written, mut wanted) = (Vec::new(), 0, WINDOW);
    let mut passing = false; // over a word that is too long
    let broken = loop {
        let had = held.len();
        let more = (wanted + mask.reach()).saturating_sub(had).max(1) as u64;
        let read = input.by_ref().take(more).read_to_end(&mut held);
        if passing {
            let end = held.iter().position(|byte| address::ends(*byte));
            passing = end.is_none();
            held.drain(..end.unwrap_or(held.len()));
        }
        match read {
            Err(error) => break Some(error),
            Ok(0) => break None,
            Ok(_) => {}
        }
        let found = mask.found(&held);
        let cut = cut(&held, mask, &found);
        if cut == 0 {
            wanted += WINDOW;
            if held.len() > LONGEST_WORD {
                out.write_all(TOO_LONG)?;
                written += TOO_LONG.len() as u64;
                held.clear();
                (passing, wanted) = (true, WINDOW);
            }
            continue;
        }
        wanted = WINDOW;
        let before = found.iter().take_while(|found| found.end <= cut).count();
        let block = address::masked(&mask.replaced(&held[..cut], &found[..before]), mask);
        out.write_all(&block)?;
        written += block.len() as u64;
        held.drain(..cut);
    };
    let rest = mask.bytes(&held);
    out.write_all(&rest)?;
    Ok((written + rest.len() as u64, broken))
}

/// How much of `held` can be masked without knowing what follows.
fn cut(held: &[u8], mask: &Mask, found: &[super::mask::Found]) -> usize {
    let mut limit = held.len().saturating_sub(mask.reach());
    let mut found = found.iter().rev().peekable();
    loop {
        let cut = held[..limit].iter().rposition(|byte| address::ends(*byte)).map_or(0, |at| at + 1);
        while found.next_if(|found| found.start >= cut).is_some() {}
        match found.peek() {
            Some(found) if found.end > cut && cut > 0 => limit = found.start,
            _ => return cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask() -> Mask {
        let text = "name='a'\nurl='http://panel.example:8080'\nusername='annabel'\npassword='open sesame/1'";
        Mask::new(&[toml::from_str(text).unwrap()]).unwrap()
    }

    #[test]
    fn a_long_text_is_masked_as_a_short_one_wherever_it_is_cut() {
        let mask = mask();
        let line =
            "<url>http:\\/\\/panel.example:8080/live/annabel/open%20sesame%2F1/7.ts</url> \"open sesame/1\" ";
        for filler in [0, 1, 17, 64] {
            let text = format!("{}{}", "x ".repeat(filler), line.repeat(20_000));
            let mut out = Vec::new();
            let (length, broken) = masked(text.as_bytes(), &mut out, &mask).unwrap();
            assert!(broken.is_none() && length == out.len() as u64);
            let expected = format!("{}{}", "x ".repeat(filler), mask.text(line).repeat(20_000));
            assert!(out == expected.as_bytes());
            assert!(
                !expected.contains("annabel") && !expected.contains("sesame") && !expected.contains("panel")
            );
        }
    }

    #[test]
    fn an_endless_word_is_left_out() {
        let text = format!("a \"{}annabel\" http://panel.example:8080/x b", "z".repeat(3 << 20));
        let mut out = Vec::new();
        masked(text.as_bytes(), &mut out, &mask()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a \"too-long-for-the-tape\" http://host1.invalid/x b");
    }
}
