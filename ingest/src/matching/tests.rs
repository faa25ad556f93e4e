use std::path::Path;

use super::*;

fn listed(id: &str, names: &[&str]) -> Listed {
    Listed { id: id.into(), names: names.iter().map(|name| (*name).into()).collect(), icon: String::new() }
}

fn wish(name: &str) -> Wish {
    Wish { id: "acme:1".into(), name: name.into(), ..Wish::default() }
}

fn given(name: &str, guide_id: &str) -> Wish {
    Wish { guide_id: guide_id.into(), ..wish(name) }
}

fn matched(guides: &[&[Listed]], aliases: &str, wishes: &[Wish]) -> Vec<Match> {
    let aliases = Aliases::parse(aliases, Path::new("aliases.toml")).unwrap();
    choose(wishes, &Index::new(guides.iter().copied()), &aliases, &Settings::default())
}

/// The id and the method of what was chosen for one wish.
fn chosen(guides: &[&[Listed]], aliases: &str, wish: Wish) -> (String, Option<Method>) {
    let found = matched(guides, aliases, &[wish]).remove(0).chosen;
    found.map_or_else(Default::default, |(candidate, method)| (candidate.id, Some(method)))
}

#[test]
fn an_exact_id_is_preferred_to_one_that_differs_in_case() {
    let guide = [listed("rtl", &["Radio Tele"]), listed("RTL", &["Luxembourg"]), listed("Vox.de", &["VOX"])];
    for (id, expected, method) in
        [("rtl", "rtl", Method::Id), ("RTL", "RTL", Method::Id), (" vox.DE ", "Vox.de", Method::FoldedId)]
    {
        assert_eq!(chosen(&[&guide], "", given("whatever", id)), (expected.into(), Some(method)), "{id}");
    }
    assert_eq!(chosen(&[&guide], "", given("whatever", "Rtl")).1, None, "both are meant as much");
}

#[test]
fn one_channel_of_a_guide_serves_many() {
    let guide = [listed("BBCOne.uk", &["BBC One"])];
    let wishes = [given("BBC One HD", "BBCOne.uk"), wish("UK: BBC ONE FHD"), wish("BBC 1 (Backup)")];
    for found in matched(&[&guide], "", &wishes) {
        assert_eq!(found.chosen.unwrap().0.id, "BBCOne.uk");
    }
}

#[test]
fn an_id_that_no_guide_has_gives_way_to_the_names() {
    let guide = [
        listed("BBCOne.uk", &["BBC One"]),
        listed("c4", &["Channel 4"]),
        listed("x9", &["Discovery Science"]),
    ];
    for (wish, expected, method) in [
        (given("BBC ONE HD", "bbc1-hd"), "BBCOne.uk", Method::Name),
        (Wish { guide_name: "Channel 4".into(), ..given("C4 UK", "x") }, "c4", Method::GuideName),
        (given("Britain's first", "bbc1.uk"), "BBCOne.uk", Method::NameInId),
        (wish("UK: Discovry Science"), "x9", Method::Fuzzy),
    ] {
        let name = wish.name.clone();
        assert_eq!(chosen(&[&guide], "", wish), (expected.into(), Some(method)), "{name}");
    }
    assert_eq!(chosen(&[&guide], "", given("Something else", "nothing")), (String::new(), None));
}

#[test]
fn numbers_shift_region_and_country_must_agree() {
    let guide = [
        listed("SkySport1.de", &["Sky Sport 1"]),
        listed("ITV2.uk", &["ITV 2"]),
        listed("BBCTwoWales.uk", &["BBC Two Wales"]),
        listed("RaiUno.it", &["Rai Uno"]),
    ];
    for name in [
        "DE: Sky Sport 2",
        "DE: Sky Sport",
        "DE: Sky Sport 11",
        "UK: ITV 2 +1",
        "UK: BBC Two",
        "UK: BBC Two Scotland",
        "FR: Rai 1",
        "AR: Sky Sport 1",
    ] {
        assert_eq!(chosen(&[&guide], "", wish(name)).1, None, "{name}");
    }
    assert_eq!(chosen(&[&guide], "", wish("IT: RAI 1 HD")).0, "RaiUno.it");
    assert_eq!(chosen(&[&guide], "", wish("UK| BBC 2 (Cymru)")).0, "BBCTwoWales.uk");
}

#[test]
fn two_that_are_equally_likely_are_runners_up_and_none_is_taken() {
    let guide = [listed("SkyNews.uk", &["Sky News"]), listed("SkyNews.au", &["Sky News"])];
    let found = matched(&[&guide], "", &[wish("Sky News HD"), wish("UK: Sky News HD")]);
    assert_eq!(found[0].chosen, None);
    assert_eq!(found[0].runners_up.len(), 2);
    assert!(!found[0].note.is_empty());
    assert_eq!(found[1].chosen.as_ref().unwrap().0.id, "SkyNews.uk");
}

#[test]
fn a_picture_tells_namesakes_apart() {
    let one = Listed { icon: "http://a/1.png".into(), ..listed("one.us", &["Cars"]) };
    let two = Listed { icon: "http://a/2.png".into(), ..listed("two.us", &["Cars"]) };
    let pictured = Wish { icon: "http://a/2.png".into(), ..wish("Cars") };
    assert_eq!(chosen(&[&[one, two]], "", pictured).0, "two.us");
}

#[test]
fn the_first_guide_that_has_a_channel_is_taken() {
    let (first, second) = ([listed("a", &["ZDF"])], [listed("b", &["ZDF"]), listed("c", &["Arte"])]);
    let found = matched(&[&first, &second], "", &[wish("DE: ZDF HD"), wish("DE: Arte HD")]);
    let places: Vec<usize> = found.into_iter().map(|found| found.chosen.unwrap().0.guide).collect();
    assert_eq!(places, [0, 1]);
}

#[test]
fn a_group_says_the_country_that_its_names_do_not() {
    let ours = ["TRT 1", "Kanal D", "Show TV", "Star TV", "Halk TV"];
    let mut guide: Vec<Listed> =
        ours.iter().enumerate().map(|(at, name)| listed(&format!("{at}.tr"), &[name])).collect();
    guide.extend([listed("NTV.tr", &["NTV"]), listed("ntv.de", &["n-tv"])]);
    let wishes: Vec<Wish> =
        ours.iter().chain(&["NTV"]).map(|name| Wish { group: "Ulusal".into(), ..wish(name) }).collect();
    let found = matched(&[&guide], "", &wishes);
    assert_eq!(found[5].chosen.as_ref().unwrap().0.id, "NTV.tr");
}

#[test]
fn a_guide_without_countries_needs_more_than_a_few_names_in_common() {
    let american: Vec<Listed> = (0..100)
        .map(|at| listed(&format!("{at:x}"), &[&format!("Station {at}")]))
        .chain(["QVC", "Sky News", "Bloomberg TV"].map(|name| listed(name, &[name])))
        .collect();
    let german = ["QVC", "Sky News", "Bloomberg TV"].map(|name| given(name, &format!("{name}.de")));
    let others = (0..60).map(|at| given(&format!("Sender {at}"), &format!("Sender{at}.de")));
    let mut wishes: Vec<Wish> = german.iter().cloned().chain(others).collect();
    wishes.extend((0..80).map(|at| wish(&format!("Station {at}"))));
    let found = matched(&[&american], "", &wishes);
    for found in &found[..3] {
        assert!(found.chosen.is_none() && found.note.contains("country"), "{found:?}");
        assert_eq!(found.runners_up.len(), 1);
    }
    assert!(found[63..].iter().all(|found| found.chosen.is_some()), "who says no country finds it");

    // The same picture is more than a name.
    let icon = "http://h/qvc.png".to_owned();
    let mut pictured = american.clone();
    pictured[100].icon.clone_from(&icon);
    wishes[0].icon = icon;
    let found = matched(&[&pictured], "", &wishes);
    assert!(found[0].chosen.is_some() && found[1].chosen.is_none());

    // A German guide that comes later is asked instead.
    let own = [listed("qvc", &["QVC"]), listed("x.de", &["Sky News"])];
    let found = matched(&[&american, &own], "", &wishes);
    assert_eq!(found[1].chosen.as_ref().unwrap().0.id, "x.de");

    // A guide that has every third of them is for them, though it does not say so.
    let plain: Vec<Listed> =
        (0..20).map(|at| listed(&format!("{at:x}"), &[&format!("Sender {at}")])).collect();
    let found = matched(&[&plain], "", &wishes);
    assert_eq!(found.iter().filter(|found| found.chosen.is_some()).count(), 20);
}

#[test]
fn what_was_reviewed_comes_before_everything() {
    let guide = [listed("zdf.de", &["ZDF"]), listed("neo.de", &["ZDFneo"])];
    let aliases = "\"de: zdf hd\" = \"neo.de\"\n\"acme:7\" = \"\"\n\"gone\" = \"nowhere.de\"\n";
    assert_eq!(
        chosen(&[&guide], aliases, given("DE: ZDF HD", "zdf.de")),
        ("neo.de".into(), Some(Method::Alias))
    );
    let none = chosen(&[&guide], aliases, Wish { id: "acme:7".into(), ..given("ZDF", "zdf.de") });
    assert_eq!(none, (String::new(), Some(Method::Alias)));
    let gone = matched(&[&guide], aliases, &[given("ZDF", "gone")]).remove(0);
    assert!(gone.chosen.is_none() && gone.note.contains("nowhere.de"), "{gone:?}");
}

#[test]
fn a_malformed_alias_is_told_with_its_line() {
    for (text, line) in
        [("# ok\n\"a\" = 1\n", 2), ("\"a\" = \"b\"\n\n\"c\" = \n", 3), ("\"a\" = \"b\"\n\"A\" = \"c\"\n", 0)]
    {
        let error = Aliases::parse(text, Path::new("my/aliases.toml")).unwrap_err().to_string();
        assert!(error.starts_with("aliases my/aliases.toml:"), "{error}");
        assert!(line == 0 || error.contains(&format!(":{line}: ")), "{error}");
    }
    assert_eq!(Aliases::read(Path::new("/nowhere/aliases.toml")).unwrap(), Aliases::default());
}

#[test]
fn an_export_is_a_reviewed_file_and_never_overwrites_one() {
    let guide =
        [listed("zdf \"x\".de", &["ZDF"]), listed("a.uk", &["Sky News"]), listed("a.au", &["Sky News"])];
    let wishes = [wish("DE: ZDF \\ HD"), wish("Sky News")];
    let found = matched(&[&guide], "", &wishes);
    let names = ["first".to_owned()];
    let rows = rows(&wishes, &found, &names);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new.toml");
    export(&rows, &file).unwrap();
    let again = Aliases::read(&file).unwrap();
    assert_eq!(again.of(&wishes[0], &Name::parse(&wishes[0].name)), Some("zdf \"x\".de"));
    assert_eq!(again.of(&wishes[1], &Name::parse(&wishes[1].name)), None);
    assert_eq!(export(&rows, &file).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
}

#[test]
fn the_table_is_aligned_and_rows_are_json() {
    let guide = [listed("zdf.de", &["ZDF"])];
    let wishes = [wish("DE: ZDF ᴴᴰ"), wish("Nothing")];
    let found = matched(&[&guide], "", &wishes);
    let names = ["first".to_owned()];
    let rows = rows(&wishes, &found, &names);
    let table = table(&rows);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3);
    let column = |line: &str, word: &str| line.split(word).next().unwrap().chars().count();
    assert_eq!(column(lines[0], "GUIDE ID"), column(lines[1], "zdf.de"), "{table}");
    let json = serde_json::to_value(&rows).unwrap();
    assert_eq!(json[0]["guide_id"], "zdf.de");
    assert_eq!(json[0]["method"], "name");
    assert_eq!(json[0]["guide"], "first");
}

#[test]
fn a_guide_that_calls_everything_the_same_is_survived() {
    let guide: Vec<Listed> = (0..5_000).map(|at| listed(&format!("{at}"), &["Channel Television"])).collect();
    let wishes: Vec<Wish> = (0..500).map(|_| wish("Channel Television")).collect();
    assert!(matched(&[&guide], "", &wishes).iter().all(|found| found.chosen.is_none()));
}
