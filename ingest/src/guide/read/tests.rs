use std::io::Read as _;

use super::super::{decoded, programmes as each};
use super::*;

fn source() -> Source {
    toml::from_str("name='a'\nurl='http://h'\nusername='someone'\npassword='hidden'").unwrap()
}

/// The programmes of a document as `channel start stop text`.
fn programmes(document: &[u8]) -> (Facts, Vec<String>) {
    programmes_by(document, &Reading { window: 1_700_000_000..1_800_000_000, ..Reading::default() })
}

fn programmes_by(document: &[u8], reading: &Reading) -> (Facts, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::new(folder.path()).unwrap();
    let wanted = Wanted::new(["One.uk", "two"].into_iter());
    let input = decoded(io::Cursor::new(document.to_vec())).unwrap();
    let facts = read(input, &wanted, reading, &source(), &mut spool).unwrap();
    let mut lines = Vec::new();
    for id in ["One.uk", "two"] {
        let mut bytes = Vec::new();
        let id = spool.spelling(id).unwrap_or_default();
        spool.read(id, &mut bytes).unwrap();
        let text = |text: &[u8]| String::from_utf8(text.to_vec()).unwrap();
        lines.extend(each(&bytes).map(|it| format!("{id} {} {} {}", it.start, it.stop, text(it.text))));
    }
    (facts, lines)
}

const NOON: &str = "20250101120000 +0000";

#[test]
fn children_are_written_in_the_order_of_the_dtd_and_characters_survive() {
    let document = format!(
        r#"<?xml version="1.0"?><!DOCTYPE tv SYSTEM "xmltv.dtd"><tv><channel id="One.uk"/>
        <programme start="{NOON}" stop="20250101130000 +0000" channel="one.UK">
        <star-rating system="x&quot;"><value> 7.1/10 </value></star-rating><category lang="de">Krimi</category><new/>
        <credits><actor role="y">A &amp; B</actor><director>C</director><other>z</other></credits>
        <desc><![CDATA[a < b]]> &nosuch; caf&eacute;
        &#x1f600; Tom & Jerry</desc><video><aspect>16:9</aspect></video><live/>
        <icon src="http://h/x.png?a=1&amp;b=2"/><icon src="http://h/hidden/x"/><icon src="x.png"/>
        <title lang="en">Tom &amp; Jerry</title><title/><date>2020</date><date>2021</date>
        <episode-num system="xmltv_ns">0.1.</episode-num></programme></tv>"#
    );
    let (facts, found) = programmes(document.as_bytes());
    assert!(facts.complete);
    assert_eq!(
        found,
        ["one.UK 1735732800 1735736400 <title lang=\"en\">Tom &amp; Jerry</title>\
          <desc>a &lt; b &amp;nosuch; café 😀 Tom &amp; Jerry</desc>\
          <credits><director>C</director><actor role=\"y\">A &amp; B</actor></credits><date>2020</date>\
          <category lang=\"de\">Krimi</category><icon src=\"http://h/x.png?a=1&amp;b=2\"/>\
          <episode-num system=\"xmltv_ns\">0.1.</episode-num><video><aspect>16:9</aspect></video><new/>\
          <star-rating system=\"x&quot;\"><value>7.1/10</value></star-rating>"]
    );
}

#[test]
fn credentials_in_a_guide_are_masked() {
    let document = format!(
        "<tv><programme start='{NOON}' channel='two'><title lang='http://hidden'>http://h/someone</title>\
         <credits><actor>At http://h?p=&#104;idden</actor></credits></programme></tv>"
    );
    let (_, found) = programmes(document.as_bytes());
    let expected = "two 1735732800 0 <title lang=\"http://***\">http://h/***</title>\
         <credits><actor>At http://h?p=***</actor></credits>";
    assert_eq!(found, [expected]);
}

#[test]
fn neighbours_of_a_broken_programme_survive() {
    let document = format!(
        "<tv><programme start='{NOON}' channel='two'><title>a</title></programme>\
         <programme start='{NOON}' channel='two'><title>b<desc>c</desc>\
         <programme start='{NOON}' channel='two'><title>d</title></programme></wrong>\
         <programme start='{NOON}' channel='two'><title>e\u{1}&bad</title></programme>\
         <programme start='never' channel='two'><title>f</title></programme>\
         <programme start='{NOON}' channel='three'><title>g</title></programme>\
         <programme start='{NOON}' stop='20250101110000' channel=' two '><x><title>y</title></x></programme></tv>"
    );
    let (facts, found) = programmes(document.as_bytes());
    let texts: Vec<&str> = found.iter().map(|line| line.trim_start_matches("two 1735732800 0 ")).collect();
    assert_eq!(
        texts,
        [
            "<title>a</title>",
            "<title>b</title><desc>c</desc>",
            "<title>d</title>",
            "<title>e &amp;bad</title>",
            "<title>Untitled</title>"
        ]
    );
    assert_eq!((facts.all, facts.programmes, facts.dropped, facts.complete), (7, 5, 1, true));
}

#[test]
fn a_guide_that_breaks_off_says_so_and_gives_what_came() {
    let document =
        format!("<tv><programme start='{NOON}' channel='two'><title>a</title></programme><programme st");
    let (facts, found) = programmes(document.as_bytes());
    assert_eq!((found.len(), facts.complete), (1, false));
}

#[test]
fn every_child_is_kept_as_the_dtd_has_it() {
    let child = |child: &str| {
        let document =
            format!("<tv><programme start='{NOON}' channel='two'><title>t</title>{child}</programme></tv>");
        let (facts, found) = programmes(document.as_bytes());
        assert_eq!((facts.programmes, facts.faults), (1, 0), "{child}");
        found[0].replace("two 1735732800 0 <title>t</title>", "")
    };
    for same in [
        "<sub-title lang=\"de\">x</sub-title>",
        "<orig-language>en</orig-language>",
        "<length units=\"minutes\">60</length>",
        "<icon src=\"http://h/x\" width=\"100\" height=\"50\"/>",
        "<episode-num>S01E02</episode-num><episode-num system=\"xmltv_ns\">0 . 1 . 0/1</episode-num>",
        "<audio><present>yes</present><stereo>dolby</stereo></audio>",
        "<previously-shown start=\"20240101120000 +0000\"/>",
        "<premiere>First</premiere><last-chance lang=\"en\">Last</last-chance>",
        "<premiere/>",
        "<subtitles type=\"teletext\"><language>de</language></subtitles><subtitles type=\"onscreen\"></subtitles>",
        "<rating system=\"FSK\"><value>12</value></rating><rating><value>PG</value></rating>",
        "<star-rating><value>7.1/10</value></star-rating>",
        "<credits><actor role=\"A\" guest=\"yes\">x</actor><actor>y</actor><guest>z</guest></credits>",
    ] {
        assert_eq!(child(same), same);
    }
    for (odd, even) in [
        ("<date>1991|2001</date>", "<date>1991</date>"),
        ("<date> 2020-05-01 </date>", "<date>2020</date>"),
        ("<date>202005010000</date>", "<date>20200501</date>"),
        ("<date>soon</date>", ""),
        ("<length>60</length>", ""),
        ("<length units='years'>60</length>", ""),
        ("<icon width='1'/>", ""),
        ("<icon src='http://h/x' width='wide'/>", "<icon src=\"http://h/x\"/>"),
        ("<rating>12</rating>", "<rating><value>12</value></rating>"),
        ("<rating><icon src='http://h/x'/></rating>", ""),
        ("<rating><value>12</rating>", "<rating><value>12</value></rating>"),
        (
            "<previously-shown start='20240101' channel='x'/>",
            "<previously-shown start=\"20240101000000 +0000\"/>",
        ),
        ("<subtitles type='none'/>", ""),
        ("<credits/><video></video>", ""),
        ("<actor>x</actor><live/><url>http://h</url>", ""),
        ("<desc></desc><desc>x > y</desc>", "<desc>x &gt; y</desc>"),
        ("<new>yes</new><new/>", "<new/>"),
    ] {
        assert_eq!(child(odd), even, "{odd}");
    }
}

#[test]
fn times_are_corrected_by_what_the_settings_know() {
    let times = |attributes: &str, reading: &Reading| {
        let (_, found) =
            programmes_by(format!("<tv><programme channel='two' {attributes}></tv>").as_bytes(), reading);
        found.first().map(|line| {
            line.trim_start_matches("two ").trim_end_matches(" <title>Untitled</title>").to_owned()
        })
    };
    let plain = Reading::default();
    let berlin = Clock { zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap() };
    let berlin = Reading { clock: berlin, ..Reading::default() };
    let late = Reading { shift: -3600, ..Reading::default() };
    let both = Reading { shifts: [("TWO".into(), 7200), ("other".into(), 1)].into(), ..late.clone() };
    let local = "start='20250101120000' stop='20250101130000'";
    let utc = "start='20250101120000 +0000' stop='20250101130000 +0000'";
    for (attributes, reading, expected) in [
        (local, &plain, Some("1735732800 1735736400")),
        (local, &berlin, Some("1735729200 1735732800")),
        (utc, &berlin, Some("1735732800 1735736400")),
        (utc, &late, Some("1735729200 1735732800")),
        (utc, &both, Some("1735736400 1735740000")),
        // A wrong offset, corrected by the panel's own numbers.
        (
            &format!("{utc} start_timestamp='1735729200' stop_timestamp='1735732800'"),
            &plain,
            Some("1735729200 1735732800"),
        ),
        // Numbers that make no sense, are not both there, or are about something else.
        (
            &format!("{utc} start_timestamp='1735729200' stop_timestamp='0'"),
            &plain,
            Some("1735732800 1735736400"),
        ),
        (&format!("{utc} start_timestamp='1735729200'"), &plain, Some("1735732800 1735736400")),
        (
            &format!("{utc} start_timestamp='1735729201' stop_timestamp='1735732800'"),
            &plain,
            Some("1735732800 1735736400"),
        ),
        (
            &format!("{utc} start_timestamp='1735329600' stop_timestamp='1735732800'"),
            &plain,
            Some("1735732800 1735736400"),
        ),
        // No end, an end before the start, one a month later.
        ("start='20250101120000'", &plain, Some("1735732800 0")),
        ("start='20250101120000' stop='20250101120000'", &plain, Some("1735732800 0")),
        ("start='20250101120000' stop='20250201120000'", &plain, Some("1735732800 0")),
        ("start='20250101120000 +9900' stop='20250101130000'", &plain, None),
        ("start='19700101000000'", &late, None),
        ("stop='20250101130000'", &plain, None),
    ] {
        assert_eq!(times(attributes, reading).as_deref(), expected, "{attributes}");
    }
}

#[test]
fn the_id_for_catch_up_is_kept_unless_it_names_a_credential() {
    let document = format!(
        "<tv><programme catchup-id=' a&amp;b \" ' start='{NOON}' channel='two'/>\
         <programme catchup-id='http://h/hidden/1' start='{NOON}' channel='two'/></tv>"
    );
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::new(folder.path()).unwrap();
    let wanted = Wanted::new(["two"].into_iter());
    read(document.as_bytes(), &wanted, &Reading::default(), &source(), &mut spool).unwrap();
    let mut bytes = Vec::new();
    spool.read("two", &mut bytes).unwrap();
    assert!(each(&bytes).map(|programme| programme.catchup).eq([&b"a&amp;b &quot;"[..], b""]));
}

#[test]
fn what_xml_forbids_does_not_come_through_in_an_id() {
    let document = format!(
        "<tv><channel id='tw&#xffff;o'/><programme start='{NOON}' channel='tw\u{ffff}o&#10;'><title>x</title></programme></tv>"
    );
    assert_eq!(programmes(document.as_bytes()).1, ["two 1735732800 0 <title>x</title>"]);
}

#[test]
fn letters_that_look_like_markup_stay_and_cost_nothing_else() {
    let document = format!(
        "<tv><programme start='{NOON}' channel='two'><title>1 < 2 & 3</title><desc>x</desc></programme>\
         <programme start='{NOON}' channel='two'><title lang='>a</title></programme>\
         <programme start='{NOON} channel='two'><title>b</title></programme>\
         <programme start='{NOON}' channel='two'><title>c</title><desc>d"
    );
    let (facts, found) = programmes(document.as_bytes());
    let texts: Vec<&str> = found.iter().map(|line| line.trim_start_matches("two 1735732800 0 ")).collect();
    let expected = [
        "<title>1 &lt; 2 &amp; 3</title><desc>x</desc>",
        "<title>Untitled</title>",
        "<title>c</title><desc>d</desc>",
    ];
    assert_eq!(texts, expected);
    assert_eq!((facts.all, facts.complete), (4, false));
    assert!(facts.faults >= 3);
}

#[test]
fn what_breaks_off_counts_if_it_has_almost_as_much_as_the_last_one() {
    for (all, complete, before, enough) in [
        (10, true, 1000, true),
        (950, false, 1000, true),
        (949, false, 1000, false),
        (1, false, 0, true),
        (0, false, 0, false),
    ] {
        let facts = Facts { all, complete, ..Facts::default() };
        assert_eq!(facts.enough(before), enough, "{all} {complete} {before}");
    }
}

/// A document that is made while it is read.
fn endless(piece: &'static str, pieces: usize) -> impl BufRead {
    let middle = io::Read::take(Repeated(piece.as_bytes(), 0), (piece.len() * pieces) as u64);
    let start = format!("<tv><programme start='{NOON}' channel='two'><title>a</title>");
    let end =
        format!("</programme><programme start='{NOON}' channel='two'><title>b</title></programme></tv>");
    io::BufReader::new(io::Cursor::new(start).chain(middle).chain(io::Cursor::new(end)))
}

struct Repeated(&'static [u8], usize);

impl io::Read for Repeated {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        for byte in &mut *out {
            *byte = self.0[self.1 % self.0.len()];
            self.1 += 1;
        }
        Ok(out.len())
    }
}

#[test]
fn nothing_in_a_guide_grows_without_limit_and_what_follows_is_still_read() {
    for (piece, pieces) in [
        ("words ", 1 << 20),
        ("<category>x</category>", 1 << 17),
        ("<credits><actor>x</actor></credits>", 1 << 17),
        ("<a>", 1 << 18),
        ("<title lang='", 1 << 19),
        ("<new/>", 1 << 17),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path()).unwrap();
        let wanted = Wanted::new(["two"].into_iter());
        let reading = Reading::default();
        let facts = read(endless(piece, pieces), &wanted, &reading, &source(), &mut spool).unwrap();
        assert!((1..=2).contains(&facts.programmes) && facts.complete, "{piece}: {facts:?}");
        assert!(piece != "words " || facts.faults > 0, "a text of {pieces} words was held");
        let mut bytes = Vec::new();
        spool.read("two", &mut bytes).unwrap();
        assert!(bytes.len() < 200_000, "{piece}: {}", bytes.len());
    }
}

#[test]
fn what_is_no_guide_is_refused() {
    for document in ["", "<html><body>hi</body></html>", "[]", "blocked", "<<<<"] {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path()).unwrap();
        let input = decoded(io::Cursor::new(document.as_bytes())).unwrap();
        let refused = read(input, &Wanted::default(), &Reading::default(), &source(), &mut spool);
        assert!(matches!(refused, Err(GuideError::NoGuide)), "{document}");
    }
}

#[test]
fn entity_bombs_and_outer_documents_are_text() {
    let document = format!(
        "<!DOCTYPE tv [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;\"><!ENTITY c SYSTEM \"file:///etc/passwd\">]>\
         <tv><programme start='{NOON}' channel='two'><title>&b;&c;</title></programme></tv>"
    );
    assert!(programmes(document.as_bytes()).1[0].ends_with("<title>&amp;b;&amp;c;</title>"));
}

proptest::proptest! {
    #[test]
    fn any_bytes_do_no_harm(bytes: Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path()).unwrap();
        if let Ok(input) = decoded(io::Cursor::new([b"<tv>".as_slice(), &bytes].concat())) {
            let _ = read(input, &Wanted::default(), &Reading::default(), &source(), &mut spool);
        }
    }
}
