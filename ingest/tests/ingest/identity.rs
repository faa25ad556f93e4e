//! Who is who stays so.

use std::collections::BTreeMap;

use contract::bundle::{Category, Section, Series};
use contract::vault::Vault;
use ingest::{Progress, Verdict};
use station::{Account, Dialect};

use crate::{Bench, entries, ids, source, station, with_account};

#[tokio::test(flavor = "multi_thread")]
async fn ids_survive_another_host_other_credentials_and_another_dialect() {
    let settings = station::Settings { live: 60, films: 20, series: 4, ..Default::default() };
    let bench = Bench::new();
    let names = |bench: &Bench| -> BTreeMap<String, u32> {
        let release = bench.release();
        let series =
            entries::<Series>(&release, Section::Series).into_iter().map(|it| (it.name, it.series_id));
        let categories = [Section::LiveCategories, Section::VodCategories, Section::SeriesCategories]
            .into_iter()
            .flat_map(|section| {
                let listed: Vec<Category> = entries(&release, section);
                listed
                    .into_iter()
                    .map(move |it| (format!("{section:?} {}", it.category_name), it.category_id.0 as u32))
            });
        series.chain(categories).collect()
    };
    let old = station(settings.clone()).await;
    bench.run(&[source("acme", &old)]).await;
    let before = (ids(&bench.release()), names(&bench));
    drop(old);
    for dialect in [Dialect::Classic, Dialect::Xui] {
        let account = Account { username: "other".into(), password: "words".into(), ..Account::default() };
        let moved = station(station::Settings { accounts: vec![account], dialect, ..settings.clone() }).await;
        let report = bench.run(&[with_account("acme", &moved.url(), "other", "words")]).await;
        assert!(matches!(report.verdict, Verdict::Published(_)), "pictures moved: {report}");
        assert_eq!((ids(&bench.release()), names(&bench)), before, "{dialect:?}");
        assert!(report.changes.values().all(|change| change.added + change.removed == 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_ledger_stops_the_run_and_nothing_changes() {
    let station = station(station::Settings::default()).await;
    let bench = Bench::new();
    bench.run(&[source("acme", &station)]).await;
    contract::disk::replace(&bench.data.ids(), b"[", contract::disk::Access::Everybody).unwrap();
    let sources = [source("acme", &station)];
    let error =
        ingest::run(&bench.data, &sources, &bench.settings, &ingest::Progress::log()).await.unwrap_err();
    assert!(error.to_string().contains("restore ids.json"), "{error}");
    assert_eq!(bench.release().name, "000001");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ledger_stops_the_run_and_a_lost_vault_is_written_again() {
    let bench = Bench::new();
    bench.write("list.m3u", "#EXTM3U\n#EXTINF:-1,One\nhttp://h.example/ann/pw/7.ts\n");
    let list = [bench.playlist("list", "list.m3u")];
    bench.run(&list).await;
    let data = &bench.data;
    let vault = std::fs::read(data.vault()).unwrap();
    std::fs::remove_file(data.vault()).unwrap();
    let report = bench.run(&list).await;
    assert!(matches!(report.verdict, Verdict::Unchanged(1)), "{report}");
    assert!(std::fs::read(data.vault()).unwrap() == vault);

    // Another list instead: what the release before needs is not there any more, and nothing else in its place.
    std::fs::remove_file(data.vault()).unwrap();
    let needs = |bench: &Bench| ids(&bench.release()).into_keys().next().unwrap();
    let before = needs(&bench);
    bench.write("list.m3u", "#EXTM3U\n#EXTINF:-1,One\nhttp://h.example/bob/word/7.ts\n");
    let report = bench.run(&list).await;
    assert!(matches!(report.verdict, Verdict::Published(2)), "{report}");
    let vault = Vault::load(&data.vault()).unwrap();
    assert!(vault.reveal("list", &needs(&bench)).unwrap().contains("/bob/word/"));
    assert_eq!(vault.reveal("list", &before), None);

    std::fs::remove_file(data.ids()).unwrap();
    let error = ingest::run(data, &list, &bench.settings, &Progress::log()).await.unwrap_err();
    assert!(error.to_string().contains("ids.json is missing"), "{error}");
    assert!(!data.ids().exists());
}
