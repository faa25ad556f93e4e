use std::fs;
use std::process::Command;

use super::*;
use crate::guide::{Reading, Wanted, decoded, read};

const CHANNELS: u32 = 200;
/// Programmes of an hour for seven days.
const PROGRAMMES: u32 = 7 * 24;

/// A guide with everything that may stand in one, and some things that may not, in the wrong order.
fn odd_guide() -> String {
    let mut document = String::from("<!DOCTYPE tv SYSTEM 'xmltv.dtd'><tv>");
    for channel in 0..CHANNELS {
        for hour in 0..PROGRAMMES {
            let start = time::written(1_735_689_600 + hour * 3600);
            let start = std::str::from_utf8(&start).unwrap();
            document += &format!(
                "<programme start='{start}' channel='c{channel}.example'><live/><star-rating system='x'><value>7/10</value>\
                 <icon src='http://h/star.png'/></star-rating><rating>12</rating><rating system='MPAA'><icon src='x'/>\
                 <value>PG</value></rating><review type='text'>!</review><image type='still'>http://h/i</image>\
                 <subtitles type='teletext'><language lang='en'>German</language></subtitles><new/><last-chance/>\
                 <premiere lang='en'>First &amp; only</premiere><previously-shown start='20240101' channel='z'/>\
                 <audio><stereo>dolby</stereo><present>yes</present></audio><video><quality>HDTV</quality>\
                 <aspect>16:9</aspect></video><episode-num system='xmltv_ns'>0 . {hour} . </episode-num>\
                 <episode-num>S01E02</episode-num><country>GB</country><url>http://h</url>\
                 <icon height='50' src='http://h/{hour}.png?a=1&amp;b' width='100'/><icon src='relative.png'/>\
                 <length units='minutes'>60</length><orig-language>de</orig-language><language>en</language>\
                 <keyword>k</keyword><category lang='en'>Film</category><category>Krimi</category><date>1991|2001</date>\
                 <credits><guest>g</guest><actor role='R &lt; S' guest='yes'>A</actor><director>D</director>\
                 <actor>B</actor><unknown><deep/></unknown></credits><desc lang='de'>1 < 2 &nbsp; <![CDATA[<b>]]>\u{1}</desc>\
                 <title lang='de'>T &eacute; {hour}</title><sub-title>S</sub-title><title lang='en'>T</title></programme>"
            );
        }
    }
    document + "</tv>"
}

#[test]
fn the_oddest_guide_becomes_one_that_the_dtd_allows() {
    let folder = tempfile::tempdir().unwrap();
    let source = toml::from_str("name='a'\nkind='xmltv'\nurl='http://h/guide.xml'").unwrap();
    let ids: Vec<String> = (0..CHANNELS).map(|channel| format!("c{channel}.example")).collect();
    let wanted = Wanted::new(ids.iter().map(String::as_str));
    let mut spool = crate::guide::Spool::new(folder.path()).unwrap();
    let input = decoded(io::Cursor::new(odd_guide().into_bytes())).unwrap();
    let facts = read(input, &wanted, &Reading::default(), &source, &mut spool).unwrap();
    assert_eq!((facts.programmes, facts.all), (u64::from(CHANNELS * PROGRAMMES), facts.programmes));

    let mut out = HEAD.to_vec();
    for id in &ids {
        let channel = GuideChannel { id, names: vec!["A & B <c>"], icon: "http://h/x?a=1&b=2".into() };
        describe(&mut out, &channel).unwrap();
    }
    for id in &ids {
        let mut bytes = Vec::new();
        spool.read(id, &mut bytes).unwrap();
        write_programmes(&mut out, id, &merge([programmes(&bytes).collect()])).unwrap();
    }
    out.extend_from_slice(b"</tv>\n");
    let path = folder.path().join("guide.xml");
    fs::File::create(&path).unwrap().write_all(&out).unwrap();
    let validated = Command::new("tv_validate_file")
        .env("XMLTV_SUPPLEMENT", "/usr/share/xmltv") // the DTD of the package, not of the network
        .arg(&path)
        .output()
        .expect("tv_validate_file (Debian package xmltv-util) is needed for this test");
    let said =
        String::from_utf8_lossy(&validated.stdout).into_owned() + &String::from_utf8_lossy(&validated.stderr);
    assert!(validated.status.success(), "{}", said.chars().take(2000).collect::<String>());
}

#[test]
fn a_programme_is_written_with_its_times_and_its_id_for_catch_up() {
    let mut out = Vec::new();
    let all = [
        Programme { start: 0, stop: 3600, text: b"<title>a</title>", catchup: b"x&amp;y" },
        Programme { start: 3600, stop: 86_400, text: b"<title>b</title>", catchup: b"" },
    ];
    write_programmes(&mut out, "a&b", &all).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "<programme start=\"19700101000000 +0000\" stop=\"19700101010000 +0000\" channel=\"a&amp;b\" \
         catchup-id=\"x&amp;y\"><title>a</title></programme>\n\
         <programme start=\"19700101010000 +0000\" stop=\"19700102000000 +0000\" channel=\"a&amp;b\">\
         <title>b</title></programme>\n"
    );
}

#[test]
fn a_programme_without_pictures_is_all_that_it_was_otherwise() {
    let bare = |text: &str| String::from_utf8(without_pictures(text.as_bytes())).unwrap();
    assert_eq!(bare("<title>A</title>"), "<title>A</title>");
    assert_eq!(
        bare(
            "<title>A</title><icon src=\"http://h/1.png\"/><rating><icon src=\"x\" width=\"1\"/><value>PG</value></rating>"
        ),
        "<title>A</title><rating><value>PG</value></rating>"
    );
    assert_eq!(bare("<icon src=\"broken"), "");
}
