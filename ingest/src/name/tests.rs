use proptest::prelude::*;

use super::*;

fn base(raw: &str) -> String {
    Name::parse(raw).base()
}

fn country(raw: &str) -> &'static str {
    Name::parse(raw).country.map_or("", Country::code)
}

#[test]
fn every_way_to_write_a_name_has_one_base() {
    for (same, written) in [
        (
            "bbc1",
            &[
                "BBC One",
                "BBC 1",
                "bbc1",
                "UK: BBC ONE HD",
                "UK | BBC 1 FHD",
                "BBC Oneᴴᴰ",
                "ＢＢＣ Ｏｎｅ",
                "B\u{200b}BC\u{200f} One",
            ][..],
        ),
        ("rtl2", &["RTL 2", "RTL II", "RTLZWEI", "RTLzwei", "DE: RTL ZWEI HD", "|DE| RTL 2 ᴿᴬᵂ"]),
        ("pro7", &["ProSieben", "PRO 7", "Pro7 HD", "[DE] ProSieben UHD"]),
        ("rai1", &["Rai Uno", "RAI 1", "IT - RAI 1 FHD", "IT| RAI UNO ◉"]),
        ("canalplus", &["Canal+", "Canal Plus", "FR: CANAL+ UHD"]),
        ("crimeinvestigation", &["Crime & Investigation", "Crime and Investigation HD"]),
        ("crimeplusinvestigation", &["Crime + Investigation", "Crime+Investigation"]),
        ("13street", &["13th Street", "13 Street HD"]),
        ("cnnturk", &["CNN TÜRK", "TR: CNN Türk HD", "🇹🇷 CNN Türk"]),
        ("skai", &["ΣΚΑΪ", "SKAI"]),
        (
            "skysportsmainevent",
            &[
                "UK ★ Sky Sports Main Event [Multi-Audio]",
                "Sky Sports Main Event (D)",
                "skysportsmaineventhd",
            ],
        ),
        ("usanetwork", &["USA Network", "US: USA Network HD", "US| USA NETWORK ᵁᴴᴰ"]),
        ("rtl", &["RTL HD+", "DE: RTL 50fps HEVC", "RTL (1080p) [Not 24/7]", "RTL 4K", "VIP | DE | RTL"]),
        ("1plus1", &["1+1", "UA: 1+1 HD"]),
    ] {
        for raw in written {
            assert_eq!(base(raw), same, "{raw}");
        }
    }
}

#[test]
fn quality_and_codec_are_read_and_are_no_part_of_the_name() {
    use Quality::*;
    for (raw, quality, codec) in [
        ("Arte", None, None),
        ("Arte SD", Some(Sd), None),
        ("Arte HD HEVC", Some(Hd), Some(Codec::Hevc)),
        ("Arte Full HD", Some(Fhd), None),
        ("Arte ᶠᴴᴰ", Some(Fhd), None),
        ("Arte 4K H.265", Some(Uhd), None),
        ("Arte UHD 3840P x265", Some(Uhd), Some(Codec::Hevc)),
        ("Arte 8K", Some(Uhd8k), None),
        ("Arte (720p)", Some(Hd), None),
    ] {
        let name = Name::parse(raw);
        assert_eq!((name.quality, name.codec), (quality, codec), "{raw}");
    }
}

#[test]
fn a_shift_is_not_a_plus_in_the_name() {
    for (raw, same, shift) in [
        ("ITV2 +1", "itv2", 1),
        ("ITV2+1 HD", "itv2", 1),
        ("UK: Channel 4 (+1)", "channel4", 1),
        ("Film4 Plus 1", "film4", 1),
        ("Canale 5 +24", "canale5", 24),
        ("Sky Cinema Uno +1h", "skycinema1", 1),
        ("TV3+", "tv3plus", 0),
        ("Discovery+ 2", "discoveryplus2", 0),
        ("XXX 18+", "xxx", 0),
    ] {
        let name = Name::parse(raw);
        assert_eq!((name.base().as_str(), name.shift), (same, shift), "{raw}");
    }
}

#[test]
fn a_country_is_found_where_lists_write_it() {
    for (raw, code) in [
        ("UK: BBC One", "GB"),
        ("UK | BBC One", "GB"),
        ("|DE| ARD", "DE"),
        ("[FR] M6", "FR"),
        ("(IT) La7", "IT"),
        ("DE - Das Erste", "DE"),
        ("US★ CNN", "US"),
        ("USA: CNN", "US"),
        ("🇵🇱 TVN", "PL"),
        ("UK BBC ONE", "GB"),
        ("TLC DE", "DE"),
        ("Comedy Central (NL)", "NL"),
        ("MTV Deutschland", "DE"),
        ("GERMANY | RTL", "DE"),
        ("EN: CNN", ""),
        ("AR: beIN Sports 1", ""),
        ("beIN Sports", ""),
        ("BR Fernsehen", ""),
        ("Discovery ID", ""),
        ("No Limits", ""),
        ("USA Network", ""),
        ("i24 News French", ""),
    ] {
        assert_eq!(country(raw), code, "{raw}");
    }
    for (group, code) in [
        ("UK | Sports", "GB"),
        ("GERMANY", "DE"),
        ("|FR| CINEMA", "FR"),
        ("Turkish Channels", "TR"),
        ("🇮🇹 Italia", "IT"),
        ("EU| Netherlands", "NL"),
        ("Sports", ""),
        ("AR | Sports", ""),
    ] {
        assert_eq!(country_of_group(group).map_or("", Country::code), code, "{group}");
    }
}

#[test]
fn variants_are_different_channels() {
    let keys: std::collections::BTreeSet<String> = [
        "Sky Sport",
        "Sky Sport 1",
        "Sky Sport 2",
        "Sky Sport 11",
        "BBC One",
        "BBC One Wales",
        "BBC One Scotland",
        "BBC One HD",
        "BBC One +1",
        "UK: BBC One",
        "WDR Köln",
        "WDR Bonn",
        "HBO East",
        "HBO West",
    ]
    .iter()
    .map(|raw| Name::parse(raw).key())
    .collect();
    assert_eq!(keys.len(), 14, "{keys:?}");
    assert_eq!(Name::parse("UK: BBC One (Cymru) HD").key(), "bbc1|HD|GB|+0|wales");
    assert_eq!(Name::parse("BBC One HD").key_of_any_quality(), Name::parse("BBC 1").key_of_any_quality());
    assert_eq!(Name::parse(" \u{200b}").key(), "");
}

#[test]
fn a_core_is_what_every_list_writes() {
    for (raw, cores) in [
        ("Discovery Channel Deutschland", &["discovery"][..]),
        ("Crime + Investigation", &["crimeplusinvestigation", "crimeinvestigation"]),
        ("Crime & Investigation", &["crimeinvestigation"]),
        ("Nat Geo Wild (Sky)", &["nationalgeowild"]),
        ("Sport TV", &[]),
        ("TV 8", &[]),
    ] {
        assert_eq!(Name::parse(raw).cores(), cores, "{raw}");
    }
}

#[test]
fn an_id_says_a_name() {
    for (id, key) in [
        ("BBCOne.uk", "bbc1||GB|+0|"),
        ("bbc1.uk@HD", "bbc1|HD|GB|+0|"),
        ("RaiUno.it", "rai1||IT|+0|"),
        ("C4.1234.schedulesdirect", "c4|||+0|"),
        ("Sky.Sports.Main.Event.HD.uk", "skysportsmainevent|HD|GB|+0|"),
        ("BBCOne.uk@Wales", "bbc1||GB|+0|wales"),
        ("ITV1.uk@Plus1", "itv1||GB|+1|"),
        ("BeInSports1France.qa", "beinsports1france||FR|+0|"),
    ] {
        assert_eq!(Name::of_id(id).key(), key, "{id}");
    }
}

proptest! {
    #[test]
    fn any_text_has_a_meaning(raw in "\\PC*") {
        let name = Name::parse(&raw);
        let again = Name::parse(&name.words.join(" "));
        prop_assert!(name.words.len() <= 64 && again.words.len() <= 64);
        Name::of_id(&raw).key();
        name.cores();
        country_of_group(&raw);
    }

    #[test]
    fn names_of_the_right_letters_have_a_meaning(raw in "[A-Da-d0-9+&.:|()\\[\\] -]{0,40}") {
        Name::parse(&raw).key();
        Name::of_id(&raw).cores();
        country_of_group(&raw);
    }
}
