//! What the configuration makes of the line-up.

use contract::bundle::{LiveStream, Protocol, Section};
use contract::config::{Config, Skip};
use contract::source::Source;
use ingest::{Settings, Verdict};

use crate::renumbering::playlist;
use crate::{Bench, entries, source, station};

fn with_rules(bench: &mut Bench, rules: &str) {
    let config: Config<Settings, Skip, Skip> = Config::parse(rules, "coax.toml").unwrap();
    bench.settings.rule = config.ingest.rule;
}

fn live(bench: &Bench) -> Vec<LiveStream> {
    entries(&bench.release(), Section::LiveStreams)
}

/// Two playlists, of which the second has the channels 3, 4, 9 of the first under other spellings.
fn sources(bench: &Bench) -> [Source; 2] {
    bench.write("one.m3u", &playlist((1..=6).collect()));
    let two = playlist(vec![3, 4, 9]).replace("Channel 3", "CHANNEL 3").replace("http://h.", "http://two.");
    bench.write("two.m3u", &two);
    [bench.playlist("one", "one.m3u"), bench.playlist("two", "two.m3u")]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_channel_outlives_its_first_source() {
    let mut bench = Bench::new();
    with_rules(&mut bench, "[[ingest.rule]]\ndo = 'merge'");
    let [one, two] = sources(&bench);
    let report = bench.run(&[one.clone(), two.clone()]).await;
    assert_eq!(report.rules[0].touched, 4, "{report}");
    let before = live(&bench);
    assert_eq!(before.len(), 7);
    let merged: Vec<&LiveStream> =
        before.iter().filter(|it| ["Channel 3", "Channel 4"].contains(&it.name.as_str())).collect();
    for channel in &merged {
        let playable = bench.release().playable(channel.stream_id).unwrap();
        let accounts: Vec<&str> = playable.upstreams.iter().map(|it| it.account.as_str()).collect();
        assert_eq!(accounts, ["one", "two"]);
    }
    let report = bench.run(std::slice::from_ref(&two)).await;
    assert!(matches!(report.verdict, Verdict::Published(2)), "{report}");
    let after = live(&bench);
    assert_eq!(after.len(), 3);
    for channel in merged {
        let now = after.iter().find(|it| it.stream_id == channel.stream_id).expect("it is still there");
        assert_eq!((now.num, &now.epg_channel_id), (channel.num, &channel.epg_channel_id));
        assert_eq!(bench.release().playable(now.stream_id).unwrap().upstreams[0].account, "two");
    }
    // And when the first one returns, in another order even, everything is as before.
    bench.run(&[two, one]).await;
    let again = live(&bench);
    for channel in &before {
        assert!(again.iter().any(|it| it.stream_id == channel.stream_id), "{}", channel.name);
    }
    assert_eq!(again.len(), before.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_of_several_providers_has_upstreams_of_every_protocol() {
    let mut bench = Bench::new();
    with_rules(&mut bench, "[[ingest.rule]]\ndo = 'merge'");
    let station = station(station::Settings::default()).await;
    let list = |name: &str, wanted: &str| -> Source {
        let url = format!("{}/pages/upstreams.m3u?as={wanted}", station.url());
        toml::from_str(&format!("name = '{name}'\nkind = 'm3u'\nurl = '{url}'")).unwrap()
    };
    let sources = [source("panel", &station), list("origin", "origin:aes,gap:5"), list("ace", "ace")];
    let report = bench.run(&sources).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    let channels = live(&bench);
    assert_eq!(channels.len(), 12, "{report}");
    for channel in channels {
        let upstreams = bench.release().playable(channel.stream_id).unwrap().upstreams;
        let told: Vec<(&str, Protocol)> =
            upstreams.iter().map(|it| (it.account.as_str(), it.protocol)).collect();
        assert_eq!(told, [("panel", Protocol::Ts), ("origin", Protocol::Hls), ("ace", Protocol::Ace)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_channel_is_shown_if_one_of_them_is_and_is_what_rules_said_of_any() {
    let mut bench = Bench::new();
    let sources = sources(&bench);
    let rules = "[[ingest.rule]]\ndo = 'hide'\nsource = 'one'\nname = 'Channel 3'\n\
                 [[ingest.rule]]\ndo = 'hide'\nname = 'Channel 4'\n\
                 [[ingest.rule]]\ndo = 'adult'\nsource = 'two'\nname = 'Channel 3'\n\
                 [[ingest.rule]]\ndo = 'number'\nsource = 'two'\nnumbers = { 'Channel 3' = 700 }\n\
                 [[ingest.rule]]\ndo = 'merge'";
    with_rules(&mut bench, rules);
    bench.run(&sources).await;
    let live = live(&bench);
    let shown: Vec<(&str, u32, bool)> = live
        .iter()
        .map(|it| (it.name.as_str(), it.num, it.is_adult.0))
        .filter(|(_, num, _)| *num > 4)
        .collect();
    assert_eq!((live.len(), &shown[..]), (6, &[("Channel 9", 5, false), ("Channel 3", 700, true)][..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_that_are_taken_apart_again_are_two_and_one_of_them_is_the_old_one() {
    let mut bench = Bench::new();
    let [one, two] = sources(&bench);
    let rule = "[[ingest.rule]]\ndo = 'merge'";
    let mut seen = Vec::new();
    for rules in [rule, "", rule] {
        with_rules(&mut bench, rules);
        bench.run(&[one.clone(), two.clone()]).await;
        seen.push(live(&bench));
    }
    assert_eq!((seen[0].len(), seen[1].len(), seen[2].len()), (7, 9, 7));
    let ids = |at: usize| seen[at].iter().map(|it| it.stream_id).collect::<std::collections::BTreeSet<_>>();
    assert!(ids(0).is_subset(&ids(1)));
    assert_eq!((ids(1).len(), ids(0)), (9, ids(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rules_did_is_told_and_what_matches_nothing_is_told_with_its_line() {
    let station = station(station::Settings { live: 40, ..Default::default() }).await;
    let mut bench = Bench::new();
    with_rules(
        &mut bench,
        "[[ingest.rule]]\ndo = 'exclude'\nkind = 'live'\nname = '/./'\nsource = 'acme'\nquality = 'HD'\n\n\
         [[ingest.rule]]\ndo = 'hide'\nname = 'No such channel'\n",
    );
    let report = bench.run(&[source("acme", &station)]).await;
    assert!(report.rules[0].touched > 0 && live(&bench).len() < 40, "{report}");
    let told = report.to_string();
    assert!(
        told.contains(&format!("rule 1 (coax.toml:1, exclude): {}\n", report.rules[0].touched)),
        "{told}"
    );
    assert!(told.contains("rule 2 (coax.toml:8, hide): 0; matches nothing"), "{told}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["rules"][1]["place"], "coax.toml:8");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_stay_when_channels_come_and_go() {
    let bench = Bench::new();
    let numbers = |bench: &Bench| {
        let all = live(bench).into_iter().map(|it| (it.name, it.num));
        all.collect::<std::collections::BTreeMap<_, _>>()
    };
    let run = async |list: Vec<u32>| {
        bench.write("list.m3u", &playlist(list));
        bench.run(&[bench.playlist("list", "list.m3u")]).await
    };
    run((1..40).collect()).await;
    let before = numbers(&bench);
    run((1..40).filter(|number| number % 7 != 0).collect()).await;
    let gone = numbers(&bench);
    assert!(gone.iter().all(|(name, number)| before[name] == *number), "{gone:?}");
    run((1..44).collect()).await;
    let now = numbers(&bench);
    let moved = before.iter().filter(|(name, number)| now[*name] != **number).count();
    assert!(moved <= 29, "{moved}: groups come one behind the other, and the last stay");
    let order: Vec<u32> = live(&bench).iter().map(|it| it.num).collect();
    assert!(order.is_sorted_by(|a, b| a < b));
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_are_numbered_as_the_guide_lists_them() {
    let station = station(station::Settings { live: 12, ..Default::default() }).await;
    let mut bench = Bench::new();
    with_rules(&mut bench, "[[ingest.rule]]\ndo = 'number'\norder = 'guide'\nfrom = 100");
    bench.run(&[source("acme", &station)]).await;
    let channels = live(&bench);
    assert_eq!(channels[0].num, 100);
    let with_guide = channels.iter().take_while(|it| {
        bench
            .release()
            .index
            .guide(&it.epg_channel_id)
            .is_some_and(|range| range.programmes.0 < range.programmes.1)
    });
    assert!(with_guide.count() > 6, "those that have a guide come first");
}
