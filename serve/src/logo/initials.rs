//! A picture for what has none: the first letters of its name, on a colour that follows from it.

use contract::bundle::List;

/// Dark enough that white letters can be read on them.
const COLOURS: [&str; 12] = [
    "#7a3b3b", "#7a553b", "#6b6a2f", "#4a6b2f", "#2f6b45", "#2f6b66", "#2f566b", "#3b4a7a", "#4f3b7a",
    "#6b3b7a", "#7a3b61", "#4a4a52",
];

/// An SVG with nothing in it that could run.
pub(super) fn picture(list: List, name: &str) -> String {
    // Channels have logos, films and series have posters.
    let (width, height) = match list {
        List::Live => (400, 400),
        List::Movies | List::Series => (400, 600),
    };
    let colour = COLOURS[usize::from(blake3::hash(name.as_bytes()).as_bytes()[0]) % COLOURS.len()];
    let letters = letters(name);
    let size = if letters.chars().count() > 2 { 130 } else { 180 };
    let (x, y) = (width / 2, height / 2);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{colour}\"/>\
         <text x=\"{x}\" y=\"{y}\" dy=\"0.35em\" text-anchor=\"middle\" font-family=\"sans-serif\" font-weight=\"bold\" \
         font-size=\"{size}\" fill=\"#ffffff\">{letters}</text></svg>\n"
    )
}

/// Of the first three words one letter each, of a single word two; digits stay together, since they tell `BBC 1` from `BBC 2`.
/// What stands before the last bar or colon (`UK: `, `DE | `) is the provider's mark and the same for hundreds.
///
/// SECURITY: nothing but letters and digits, so no markup.
fn letters(name: &str) -> String {
    let own = name.rsplit(['|', ':']).find(|part| part.contains(char::is_alphanumeric)).unwrap_or("");
    let mut words = own.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    let (first, rest) = (words.next().unwrap_or(""), words.take(2).collect::<Vec<_>>());
    let begin = |word: &str, most: usize| {
        let is_number = word.chars().all(|character| character.is_ascii_digit());
        word.chars().take(if is_number { 2 } else { most }).flat_map(char::to_uppercase).collect::<String>()
    };
    if rest.is_empty() {
        return begin(first, 2);
    }
    std::iter::once(first).chain(rest).map(|word| begin(word, 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_tell_channels_apart() {
        for (name, expected) in [
            ("BBC 1", "B1"),
            ("UK: BBC Two HD", "BTH"),
            ("DE | Das Zweite", "DZ"),
            ("Arte", "AR"),
            ("24", "24"),
            ("<script>alert(1)</script>", "SA1"),
            ("القمر", "ال"),
            ("🔥", ""),
            ("", ""),
            ("One:", "ON"),
        ] {
            assert_eq!(letters(name), expected, "{name}");
        }
    }

    #[test]
    fn the_same_name_has_the_same_picture_and_no_name_has_markup() {
        let one = picture(List::Live, "One");
        assert_eq!(one, picture(List::Live, "One"));
        assert!(COLOURS.iter().any(|colour| one.contains(colour)));
        let hostile = picture(List::Movies, "\"><script>&");
        assert_eq!(hostile.matches('<').count(), 5, "{hostile}");
    }
}
