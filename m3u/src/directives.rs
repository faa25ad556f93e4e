//! What the lines say that begin with `#`.

/// A line that begins with `#`, with what follows the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Directive<'a> {
    /// `#EXTM3U`: attributes of the playlist.
    Header(&'a str),
    /// `#EXTINF`: attributes and the name of an entry.
    Entry(&'a str),
    /// `#EXTGRP`: its group.
    Group(&'a str),
    /// `#EXTVLCOPT`: an option of the player VLC.
    Vlc(&'a str),
    /// `#KODIPROP`: a property of the player Kodi.
    Kodi(&'a str),
    /// `#EXTHTTP`: headers as a JSON object.
    Http(&'a str),
    /// `#EXTIMG`: its picture.
    Picture(&'a str),
    /// `#EXT-X-PLAYLIST-TYPE:VOD`: it is a film.
    Vod,
    /// What only an HLS playlist has.
    Hls,
    /// Anything else.
    Other,
}

/// What begins with `word`, in whatever letters, without it; not what begins with a longer word.
fn after<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let (head, rest) = line.split_at_checked(word.len())?;
    let longer = rest.bytes().next().is_some_and(|next| next.is_ascii_alphabetic());
    (head.eq_ignore_ascii_case(word) && !longer).then_some(rest)
}

/// What `line` says, which begins with `#`.
pub(crate) fn directive(line: &str) -> Directive<'_> {
    if let Some(rest) = after(line, "#EXTINF") {
        return Directive::Entry(rest);
    }
    type Meaning = for<'a> fn(&'a str) -> Directive<'a>;
    const TABLE: [(&str, Meaning); 11] = [
        ("#EXTM3U", |rest| Directive::Header(rest)),
        ("#EXTGRP", |rest| Directive::Group(value(rest))),
        // Historic spelling: `#EXTVLCOPT--http-reconnect=true`.
        ("#EXTVLCOPT", |rest| Directive::Vlc(value(rest.trim_start_matches(['-', ':'])))),
        ("#KODIPROP", |rest| Directive::Kodi(value(rest))),
        ("#EXTHTTP", |rest| Directive::Http(value(rest))),
        ("#EXTIMG", |rest| Directive::Picture(value(rest))),
        ("#EXT-X-PLAYLIST-TYPE", |rest| {
            if value(rest).eq_ignore_ascii_case("vod") { Directive::Vod } else { Directive::Other }
        }),
        ("#EXT-X-STREAM-INF", |_| Directive::Hls),
        ("#EXT-X-TARGETDURATION", |_| Directive::Hls),
        ("#EXT-X-MEDIA-SEQUENCE", |_| Directive::Hls),
        ("#EXT-X-MEDIA", |_| Directive::Hls),
    ];
    for (word, meaning) in TABLE {
        if let Some(rest) = after(line, word) {
            return meaning(rest);
        }
    }
    Directive::Other
}

fn value(rest: &str) -> &str {
    rest.trim_start_matches(':').trim()
}
