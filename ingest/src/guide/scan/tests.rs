use std::io::Cursor;

use super::*;

/// What is found in a document, one line each; however it comes in pieces.
fn found(document: &str) -> (Vec<String>, u64) {
    let scanned = |length: usize| {
        let mut scan =
            Scan::new(std::io::BufReader::with_capacity(length, Cursor::new(document.as_bytes().to_vec())));
        let mut lines = Vec::new();
        while let Some(found) = scan.next() {
            let (word, piece) = match found {
                Found::Root => ("root", None),
                Found::End => ("end", None),
                Found::Channel(piece) => ("channel", Some(piece)),
                Found::Programme(piece) => ("programme", Some(piece)),
            };
            let text = |piece: Piece<'_>| {
                format!("{word} {} {}", piece.closed, String::from_utf8_lossy(piece.text).trim())
            };
            lines.push(piece.map_or(word.to_owned(), text));
        }
        (lines, scan.faults)
    };
    let whole = scanned(1 << 16);
    for length in [1, 2, 7, 64] {
        assert_eq!(scanned(length), whole, "in pieces of {length}");
    }
    whole
}

#[test]
fn a_document_is_cut_where_its_elements_begin_and_end() {
    let (lines, faults) = found(
        "<?xml version='1.0'?><!DOCTYPE tv [<!ENTITY a '<programme>'>]><!-- <programme> --><tv x='y'>\
         <channel id='a'><display-name>A</display-name></channel >\n<channel id='b'/>\
         <programme a='1'><title>x</title></programme><programmes/><programme b='2'/><programme\nc='3'>\
         <!-- </programme> --><desc><![CDATA[<programme>]]></desc></programme\n></tv>",
    );
    assert_eq!(
        lines,
        [
            "root",
            "channel true <channel id='a'><display-name>A</display-name></channel >",
            "channel false <channel id='b'/>",
            "programme true <programme a='1'><title>x</title></programme>",
            "programme false <programme b='2'/>",
            "programme true <programme\nc='3'><!-- </programme> --><desc><![CDATA[<programme>]]></desc></programme\n>",
            "end",
        ]
    );
    assert_eq!(faults, 0);
}

#[test]
fn damage_ends_where_the_next_programme_begins() {
    let (lines, faults) = found(
        "<tv><programme a='1><title>x</programme><programme b='2'><title <programme c='3'></programme>\
         </programme><programme d='4'>a < b<!-- </programme><programme e='5'><![CDATA[</programme><programme f",
    );
    assert_eq!(
        lines,
        [
            "root",
            "programme true <programme a='1><title>x</programme>",
            "programme false <programme b='2'><title",
            "programme true <programme c='3'></programme>",
            "programme true <programme d='4'>a < b<!-- </programme>",
            "programme true <programme e='5'><![CDATA[</programme>",
            "programme false <programme f",
        ]
    );
    assert_eq!(faults, 3, "an end too many, a comment and a CDATA section without one");
}

#[test]
fn a_letter_that_looks_like_a_tag_is_mended_outside_of_cdata() {
    for (odd, whole) in [
        ("<a>1 < 2 <3> <é> </a><", "<a>1 &lt; 2 &lt;3> <é> </a>&lt;"),
        ("<a><![CDATA[1 < 2]]> < <!-- < --></a>", "<a><![CDATA[1 < 2]]> &lt; <!-- < --></a>"),
        ("<!-- < <![CDATA[ < <!-- <", "<!-- &lt; <![CDATA[ &lt; <!-- &lt;"),
    ] {
        assert_eq!(String::from_utf8(mended(odd.as_bytes())).unwrap(), whole);
    }
}

#[test]
fn neither_length_nor_repetition_makes_it_slow_or_large() {
    for piece in [
        "<programme>",
        "<!--",
        "<![CDATA[",
        "<!DOCTYPE",
        "<programme><!--",
        "<programme <a ",
        "<a>",
        "< ",
        "<",
        "x",
    ] {
        let document = format!(
            "<tv>{}<!-- --> ]]></programme><programme>z</programme></tv>",
            piece.repeat((6 << 20) / piece.len())
        );
        let mut scan = Scan::new(Cursor::new(document.as_bytes()));
        let mut last = None;
        while let Some(found) = scan.next() {
            if let Found::Programme(piece) = found {
                last = Some(piece.text.to_vec());
            }
        }
        assert_eq!(last.as_deref(), Some(&b"<programme>z</programme>"[..]), "{piece}");
    }
    let endless = std::io::BufReader::new(std::io::Read::take(std::io::repeat(b'x'), 8 << 20));
    let mut scan = Scan::new(std::io::Read::chain(Cursor::new(b"<tv><programme>"), endless));
    while scan.next().is_some() {
        assert!(scan.window.capacity() < 4 * LONGEST, "{}", scan.window.capacity());
    }
}

proptest::proptest! {
    #[test]
    fn any_text_does_no_harm(text in "(<programme|<channel|</programme>|</channel>|<tv>|</tv>|<!--|-->|<!\\[CDATA\\[|\\]\\]>|<!DOCTYPE|<|>| |\"|=|x|é){0,60}") {
        let (lines, _) = found(&text);
        proptest::prop_assert!(lines.len() <= text.matches('<').count());
    }
}
