//! Guides of several sources, merged: what is published is one guide, and a valid one.

use std::process::Command;

use contract::source::Source;
use ingest::Verdict;

use crate::Bench;
use crate::sources::guide;

fn valid(bench: &Bench) {
    let validated = Command::new("tv_validate_file")
        .env("XMLTV_SUPPLEMENT", "/usr/share/xmltv") // the DTD of the package, not of the network
        .arg(bench.data.current().join("guide.xml"))
        .output()
        .expect("tv_validate_file (Debian package xmltv-util) is needed for this test");
    let said = [validated.stdout, validated.stderr].concat();
    assert!(validated.status.success(), "{}", String::from_utf8_lossy(&said));
}

fn xmltv(bench: &Bench, name: &str, more: &str) -> Source {
    let file = bench.path().join(format!("{name}.xml"));
    toml::from_str(&format!("name = '{name}'\nkind = 'xmltv'\nfile = '{}'\n{more}", file.display())).unwrap()
}

/// The start of the programme with this title, as written, and its channel.
fn programme(guide: &str, title: &str) -> Vec<(String, String)> {
    let all = guide.split("<programme ").skip(1).filter(|it| it.contains(&format!(">{title}</title>")));
    let attribute = |of: &str, name: &str| {
        let from = of.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
        of[from..].split('"').next().unwrap().to_owned()
    };
    all.map(|it| (attribute(it, "channel"), attribute(it, "start"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn guides_are_merged_by_their_order_and_shifted_as_sources_and_channels_say() {
    let bench = Bench::new();
    bench.write(
        "list.m3u",
        "#EXTM3U\n#EXTINF:-1 tvg-id=\"a.example\",A\nhttp://h.example/a.ts\n#EXTINF:-1 tvg-id=\"a.example\" tvg-shift=\"2\",A plus\n\
         http://h.example/late.ts\n#EXTINF:-1 tvg-id=\"b.example\",B\nhttp://h.example/b.ts\n",
    );
    bench.write("first.xml", &guide(&["a.example"], 10).replace("<title>", "<title>first "));
    bench.write("second.xml", &guide(&["a.example", "b.example"], 20).replace("<title>", "<title>second "));
    let sources = [
        bench.playlist("list", "list.m3u"),
        xmltv(&bench, "first", ""),
        xmltv(&bench, "second", "shift = 1\nchannel_shift = { 'B.Example' = -2 }"),
    ];
    let report = bench.run(&sources).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    valid(&bench);
    let guide = std::fs::read_to_string(bench.data.current().join("guide.xml")).unwrap();
    let hours = |title: &str| -> Vec<u32> {
        let starts = programme(&guide, title);
        starts.iter().map(|(_, start)| start[8..10].parse().unwrap()).collect()
    };
    // The channel, and the one that shows the same two hours later.
    assert_eq!(hours("first a.example 3"), [3, 5], "{guide:.2000}");
    assert_eq!(programme(&guide, "first a.example 3").len(), 2);
    assert_ne!(programme(&guide, "first a.example 3")[0].0, programme(&guide, "first a.example 3")[1].0);
    assert!(hours("second a.example 3").is_empty(), "the first guide has something else then");
    assert_eq!(hours("second a.example 12"), [13, 15], "where it ends, the second one goes on");
    assert_eq!(hours("second b.example 12"), [11], "an hour later by its source, two earlier by its channel");
    assert_eq!(bench.run(&sources).await.verdict, Verdict::Unchanged(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_that_have_names_only_find_their_guide_by_name() {
    let bench = Bench::new();
    let names = ["Cooking Channel", "History Vault", "Comedy Classics", "Nature Time", "World Poker TV"];
    let ids = ["5f1.gb", "5f2.gb", "5f3.gb", "5f4.gb", "5f5.gb"];
    let mut list = String::from("#EXTM3U\n");
    let mut text = guide(&ids, 4);
    for (number, (name, id)) in names.iter().zip(ids).enumerate() {
        list += &format!("#EXTINF:-1 group-title=\"All\",{name} HD\nhttp://h.example/{number}.m3u8\n");
        text = text.replace(
            &format!("<display-name>{id}</display-name>"),
            &format!("<display-name>{name}</display-name>"),
        );
    }
    list += "#EXTINF:-1,Nobody Knows\nhttp://h.example/none.m3u8\n";
    bench.write("list.m3u", &list);
    bench.write("guide.xml", &text);
    let report = bench.run(&[bench.playlist("list", "list.m3u"), xmltv(&bench, "guide", "")]).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    valid(&bench);
    assert_eq!(report.sources[1].counts["programmes"], 20, "{report}");
    let published = std::fs::read_to_string(bench.data.current().join("guide.xml")).unwrap();
    assert!(ids.iter().all(|id| !programme(&published, &format!("{id} 3")).is_empty()));
}
