//! What is known of a film, a series or an episode, as a document beside it: the XML of Kodi, which Jellyfin and Emby read
//! as well.
//!
//! A media server believes it rather than what it finds by itself. So nothing is in it but what the list says, and what
//! the list does not say is left out, to be found.

use std::fmt::Write;

use super::{At, Title};
use crate::bundle::{Series, VodStream};
use crate::details::{Episode, MovieFacts};

/// A film; `imdb` is its number at imdb.com, or `""`.
pub fn film(title: &Title, imdb: &str, entry: &VodStream, facts: &MovieFacts) -> String {
    let mut nfo = Nfo::new("movie");
    nfo.title(title, imdb);
    if facts.o_name != title.name && facts.o_name != entry.name {
        nfo.text("originaltitle", &facts.o_name);
    }
    nfo.text("premiered", &facts.releasedate);
    nfo.text("plot", &facts.plot);
    nfo.rating(if is_said(&facts.rating) { &facts.rating } else { &entry.rating });
    nfo.minutes(if facts.duration_secs > 0 { facts.duration_secs / 60 } else { facts.runtime });
    nfo.text("mpaa", &facts.mpaa_rating);
    nfo.each("genre", &facts.genre);
    nfo.each("country", &facts.country);
    nfo.each("director", &facts.director);
    nfo.cast(&facts.cast);
    let trailer = [&facts.youtube_trailer, &entry.youtube_trailer];
    nfo.trailer(trailer.into_iter().find(|id| !id.is_empty()).map_or("", |id| id));
    nfo.picture("poster", if facts.cover_big.is_empty() { &entry.stream_icon } else { &facts.cover_big });
    nfo.backdrops(&facts.backdrop_path);
    nfo.finish()
}

/// A series, likewise.
pub fn series(title: &Title, imdb: &str, entry: &Series) -> String {
    let mut nfo = Nfo::new("tvshow");
    nfo.title(title, imdb);
    nfo.text("premiered", &entry.release_date);
    nfo.text("plot", &entry.plot);
    nfo.rating(&entry.rating);
    nfo.minutes(u32::try_from(entry.episode_run_time.0).unwrap_or(0));
    nfo.each("genre", &entry.genre);
    nfo.each("director", &entry.director);
    nfo.cast(&entry.cast);
    nfo.trailer(&entry.youtube_trailer);
    nfo.picture("poster", &entry.cover);
    nfo.backdrops(&entry.backdrop_path);
    nfo.finish()
}

/// An episode of `show`, which is called `name` if that is not empty.
pub fn episode(show: &Title, name: &str, episode: &Episode) -> String {
    let mut nfo = Nfo::new("episodedetails");
    nfo.text("title", name);
    nfo.text("showtitle", &show.name);
    nfo.text("season", &episode.season.to_string());
    nfo.text("episode", &episode.episode_num.to_string());
    nfo.text("aired", &episode.info.releasedate);
    nfo.text("plot", &episode.info.plot);
    nfo.rating(&episode.info.rating);
    nfo.minutes(episode.info.duration_secs / 60);
    nfo.picture("thumb", &episode.info.movie_image);
    nfo.finish()
}

/// A film (`movie`) or a series (`tvshow`) of which nothing is known but what it is called.
pub fn named(root: &'static str, title: &Title, imdb: &str) -> String {
    let mut nfo = Nfo::new(root);
    nfo.title(title, imdb);
    nfo.finish()
}

/// An episode of `show` of which nothing is known but its number and, if that is not empty, its name.
pub fn numbered(show: &Title, name: &str, (season, number): At) -> String {
    let mut nfo = Nfo::new("episodedetails");
    nfo.text("title", name);
    nfo.text("showtitle", &show.name);
    nfo.text("season", &season.unwrap_or(1).to_string());
    nfo.text("episode", &number.to_string());
    nfo.finish()
}

/// A document in the making. What is empty is left out.
struct Nfo {
    root: &'static str,
    text: String,
}

impl Nfo {
    fn new(root: &'static str) -> Self {
        Self {
            root,
            text: format!("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<{root}>\n"),
        }
    }

    fn element(&mut self, name: &str, attributes: &str, text: &str) {
        let text = escaped(text.trim());
        if !text.is_empty() {
            writeln!(self.text, "  <{name}{attributes}>{text}</{name}>").expect("text takes text");
        }
    }

    fn text(&mut self, name: &str, text: &str) {
        self.element(name, "", text);
    }

    fn title(&mut self, title: &Title, imdb: &str) {
        self.text("title", &title.name);
        self.text("year", &title.year);
        self.element("uniqueid", " type=\"tmdb\" default=\"true\"", &title.tmdb);
        self.text("tmdbid", &title.tmdb);
        self.element("uniqueid", " type=\"imdb\"", imdb);
    }

    fn rating(&mut self, rating: &str) {
        if is_said(rating) {
            self.text("rating", rating);
        }
    }

    fn minutes(&mut self, minutes: u32) {
        if minutes > 0 {
            self.text("runtime", &minutes.to_string());
        }
    }

    fn each(&mut self, name: &str, list: &str) {
        list.split([',', '/']).for_each(|item| self.text(name, item));
    }

    fn cast(&mut self, names: &str) {
        for name in names.split(',').map(|name| escaped(name.trim())).filter(|name| !name.is_empty()) {
            writeln!(self.text, "  <actor><name>{name}</name></actor>").expect("text takes text");
        }
    }

    /// SECURITY: the id goes into an address that Kodi runs as a command of its own.
    fn trailer(&mut self, id: &str) {
        if id.len() <= 32
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && !id.is_empty()
        {
            self.text("trailer", &format!("plugin://plugin.video.youtube/play/?video_id={id}"));
        }
    }

    fn picture(&mut self, aspect: &str, address: &str) {
        if is_web(address) {
            self.element("thumb", &format!(" aspect=\"{aspect}\""), address);
        }
    }

    fn backdrops(&mut self, addresses: &[String]) {
        let mut thumbs = addresses.iter().filter(|address| is_web(address)).map(|it| escaped(it)).peekable();
        if thumbs.peek().is_some() {
            let thumbs: String = thumbs.map(|address| format!("<thumb>{address}</thumb>")).collect();
            writeln!(self.text, "  <fanart>{thumbs}</fanart>").expect("text takes text");
        }
    }

    fn finish(mut self) -> String {
        writeln!(self.text, "</{}>", self.root).expect("text takes text");
        self.text
    }
}

fn is_said(rating: &str) -> bool {
    !matches!(rating.trim(), "" | "0" | "0.0")
}

fn is_web(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
}

/// Text of XML 1.0, which has no way at all to write most control characters.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(character),
            '\u{fffe}' | '\u{ffff}' => {}
            _ if character.is_control() => {}
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_title_is_markup() {
        let title = Title { name: "</title><x a=\"&\u{1}\">".into(), ..Title::default() };
        let mut nfo = Nfo::new("movie");
        nfo.title(&title, "");
        nfo.trailer("x\"&y");
        nfo.picture("poster", "javascript:alert(1)");
        nfo.picture("poster", "http://h/a?b&c");
        let text = nfo.finish();
        assert!(text.contains("<title>&lt;/title&gt;&lt;x a=&quot;&amp;&quot;&gt;</title>"), "{text}");
        assert!(text.contains("<thumb aspect=\"poster\">http://h/a?b&amp;c</thumb>"), "{text}");
        assert!(!text.contains("trailer") && !text.contains("javascript"), "{text}");
    }

    #[test]
    fn what_is_not_known_is_left_to_be_found() {
        let mut nfo = Nfo::new("tvshow");
        nfo.title(&Title::read("Show", "", ""), "");
        nfo.rating("0");
        nfo.each("genre", "Drama, , Crime / Thriller");
        nfo.cast("");
        nfo.backdrops(&[String::new()]);
        let (_, elements) = nfo.text.split_once("<tvshow>\n").unwrap();
        assert_eq!(
            elements,
            "  <title>Show</title>\n  <genre>Drama</genre>\n  <genre>Crime</genre>\n  <genre>Thriller</genre>\n"
        );
    }
}
