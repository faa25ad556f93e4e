//! Logos and posters, drawn: everything that has a picture has its name in it.

use std::fmt::Write as _;

use http::{HeaderValue, header};
use httpd::{Body, Response};

use crate::catalogue::{Catalogue, mix};

/// The picture of whatever has this id: a poster for films and series, a logo for channels and all others.
pub(crate) fn picture(catalogue: &Catalogue, id: u32) -> Response {
    let film = catalogue.film_index(id).map(|index| catalogue.film(index).title);
    let series = || catalogue.series_index(id).map(|index| catalogue.series_at(index).title);
    let svg = match film.or_else(series) {
        Some(title) => poster(id, &title),
        None => {
            let name = catalogue.live_index(id).map(|index| catalogue.live_name(index));
            logo(id, &name.unwrap_or_else(|| id.to_string()))
        }
    };
    let mut answer = Response::new(Body::from(svg));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
    answer
}

/// Two by three, as posters are.
fn poster(id: u32, title: &str) -> String {
    let number = mix(1, u64::from(id));
    let (hue, x, y) = (number % 360, number / 360 % 240, 40 + number / 90_000 % 120);
    let shapes = format!(
        "<circle cx=\"{x}\" cy=\"{y}\" r=\"90\" fill=\"hsl({},55%,48%)\"/>\
         <circle cx=\"{}\" cy=\"{}\" r=\"46\" fill=\"hsl({},70%,62%)\"/>\
         <rect y=\"200\" width=\"240\" height=\"160\" fill=\"hsl({hue},45%,16%)\"/>",
        (hue + 30) % 360,
        240 - x,
        y + 30,
        (hue + 60) % 360,
    );
    let lines = lines(title, 15);
    let size = size(&lines, 212, 28);
    let words = text(&lines, 120, 290 - (size + 4) * (lines.len() as i64 - 1) / 2, size);
    drawn((240, 360), &format!("hsl({hue},50%,30%)"), &(shapes + &words))
}

/// Four by three, with what tells a channel from its neighbours.
fn logo(id: u32, name: &str) -> String {
    let hue = mix(1, u64::from(id)) % 360;
    // Not the country that stands before the name, nor the quality behind it.
    let own = name.split_once([':', '|']).map_or(name, |(_, own)| own);
    let quality = |word: &&str| ["SD", "HD", "FHD", "UHD", "4K"].contains(word);
    let own: Vec<&str> = own.split_whitespace().filter(|word| !quality(word)).collect();
    let lines = lines(&own.join(" "), 9);
    let lines = &lines[..lines.len().min(3)];
    let size = size(lines, 144, 36);
    let words = text(lines, 80, 60 + size / 3 - (size + 4) * (lines.len() as i64 - 1) / 2, size);
    drawn((160, 120), &format!("hsl({hue},55%,34%)"), &words)
}

/// The largest size in which the longest line is no wider: a bold letter is about two thirds as wide as it is high.
fn size(lines: &[String], width: i64, most: i64) -> i64 {
    let longest = lines.iter().map(|line| line.chars().count() as i64).max().unwrap_or(1);
    (width * 3 / 2 / longest.max(1)).min(most)
}

fn drawn((width, height): (u32, u32), colour: &str, content: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{colour}\"/>{content}</svg>"
    )
}

/// Lines below each other, the first at `y`, in the middle of `x`.
fn text(lines: &[String], x: i64, y: i64, size: i64) -> String {
    let mut out = format!(
        "<g font-family=\"sans-serif\" font-weight=\"700\" font-size=\"{size}\" fill=\"white\" text-anchor=\"middle\">"
    );
    for (place, line) in lines.iter().enumerate() {
        let line = line.replace('&', "&amp;").replace('<', "&lt;");
        let _ = write!(out, "<text x=\"{x}\" y=\"{}\">{line}</text>", y + place as i64 * (size + 4));
    }
    out + "</g>"
}

/// Words in lines of so many characters, if none of them is longer.
fn lines(words: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_pictures_whatever_is_in_them() {
        let logo = logo(7, "UK: Drama & Comedy HD");
        assert!(logo.contains(">Drama &amp;</text>") && logo.contains(">Comedy</text>"), "{logo}");
        let poster = poster(7, "The <Last> Harbour of All");
        assert!(poster.contains(">The &lt;Last></text>"), "{poster}");
        assert_eq!(lines("", 9), Vec::<String>::new());
    }
}
