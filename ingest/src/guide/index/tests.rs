use std::io::{BufReader, Cursor, Read as _};

use super::*;

fn source() -> Source {
    toml::from_str("name='a'\nurl='http://h'\nusername='someone'\npassword='hidden7'").unwrap()
}

fn listed(document: &str) -> Vec<(String, Vec<String>, String)> {
    let found = index(Cursor::new(document.as_bytes()), &source()).unwrap();
    found.channels.into_iter().map(|it| (it.id, it.names, it.icon)).collect()
}

fn owned(channels: &[(&str, &[&str], &str)]) -> Vec<(String, Vec<String>, String)> {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    channels.iter().map(|(id, all, icon)| ((*id).to_owned(), names(all), (*icon).to_owned())).collect()
}

#[test]
fn channels_are_listed_once_with_all_their_names() {
    let found = listed(
        "<tv><channel id=' a.uk '><display-name lang='en'> A &amp;  B </display-name><display-name>7</display-name>\
         <icon src='logo.png'/><icon src='http://h/a.png'/></channel><channel id='A.uk'/>\
         <channel id='a.uk'><display-name>7</display-name><display-name><![CDATA[C<]]></display-name>\
         <icon src='http://h/b.png'/></channel><channel id=''><display-name>x</display-name></channel>\
         <channel><display-name>y</display-name></channel><channel id='b'><display-name/><icon src='http://h/hidden7'/>",
    );
    let expected: [(&str, &[&str], &str); 3] =
        [("a.uk", &["A & B", "7", "C<"], "http://h/a.png"), ("A.uk", &[], ""), ("b", &[], "")];
    assert_eq!(found, owned(&expected));
}

#[test]
fn reading_ends_when_programmes_have_come_for_long() {
    let head = "<tv><channel id='a'><display-name>A</display-name></channel>";
    let programme = "<programme channel='a'></programme>";
    let document = format!("{head}{}<programme>{}", programme.repeat(SETTLED as usize), " ".repeat(500));
    let endless = BufReader::new(Cursor::new(document).chain(Broken));
    assert_eq!(index(endless, &source()).unwrap().channels.len(), 1);
    let in_turns = format!("{head}{programme}{programme}<channel id='b'/><programme channel='b'/></tv>");
    assert_eq!(listed(&in_turns).len(), 2);
}

/// Fails the test when it is read.
struct Broken;

impl std::io::Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        panic!("read to the end")
    }
}

#[test]
fn channels_behind_the_programmes_are_found_and_missing_ones_are_those_of_programmes() {
    let programmes = "<programme channel='b'/><programme channel=' a '/><programme channel='b'/><programme/>";
    let found =
        listed(&format!("<tv>{programmes}<channel id='a'><display-name>A</display-name></channel></tv>"));
    assert_eq!(found, owned(&[("a", &["A"], "")]));
    assert_eq!(listed(&format!("<tv>{programmes}</tv>")), owned(&[("b", &[], ""), ("a", &[], "")]));
    assert_eq!(listed("<tv></tv>"), []);
}

#[test]
fn what_is_no_guide_is_refused_and_nothing_grows_without_limit() {
    for document in ["", "<html><body>hi</body></html>", "[]", "<<<<"] {
        assert!(
            matches!(index(Cursor::new(document.as_bytes()), &source()), Err(GuideError::NoGuide)),
            "{document}"
        );
    }
    let names =
        |count: usize| (0..count).map(|n| format!("<display-name>{n}{}</display-name>", "é".repeat(500)));
    let long = "x".repeat(LONGEST + 1);
    let document =
        format!("<tv><channel id='a'>{}</channel><channel id='{long}'/></tv>", names(50).collect::<String>());
    let found = index(Cursor::new(document.as_bytes()), &source()).unwrap();
    assert_eq!((found.channels.len(), found.left_out), (1, 1));
    assert_eq!(found.channels[0].names.len(), NAMES);
    assert!(found.channels[0].names.iter().all(|name| name.len() <= LONGEST));
}
