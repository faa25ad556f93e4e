//! What lies beside a film that was delivered.

use std::fs;
use std::process::Stdio;

use contract::bundle::Kind;
use download::target::Delivery;
use station::{Dialect, TMDB_TOKEN};

use crate::delivered::ALL;
use crate::house::{House, Running, eventually};
use crate::machine::Machine;

#[tokio::test(flavor = "multi_thread")]
async fn documents_lie_beside_films_and_episodes_for_those_who_read_them() {
    for (style, reads) in [("jellyfin", true), ("kodi", true), ("emby", true), ("plex", false)] {
        let house = House::with_target("").await;
        house.told(&["target", "set", "nas", "--style", style]);
        let (film, episode) = (house.ids(Kind::Movie)[0], house.ids(Kind::Episode)[0]);
        let _worker = house.run();
        for id in [film, episode] {
            house.until(house.add(id), "completed").await;
        }
        if !reads {
            eventually(|| house.parts().is_empty()).await.expect("all is swept");
            assert_eq!(house.delivered().len(), 2, "{style}: {:?}", house.delivered());
            continue;
        }
        let documents = || {
            let is_one = |name: &String| name.ends_with(".nfo");
            house.delivered().into_iter().filter(is_one).collect::<Vec<String>>()
        };
        eventually(|| documents().len() == 3).await.unwrap_or_else(|()| panic!("{:?}", house.delivered()));
        let documents = documents();
        let [film, of_episode, show] = &documents[..] else { panic!("{documents:?}") };
        let read = |name: &str| fs::read_to_string(house.nas.join(name)).unwrap();
        assert!(read(film).contains("<movie>") && read(film).contains("<title>"), "{}", read(film));
        assert!(of_episode.contains("/Season ") && read(of_episode).contains("<episodedetails>"));
        assert!(show.ends_with("/tvshow.nfo") && read(show).contains("<tvshow>"), "{}", read(show));
        let stem = |name: &str| name.rsplit_once('.').unwrap().0.to_owned();
        let films = house.delivered().into_iter().filter(|name| stem(name) == stem(film)).count();
        assert_eq!(films, 2, "the document is called as the film is");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_somebodys_and_stays() {
    // Every house has the same films, and a film the same name in each.
    let deliver = async |house: &House| {
        let job = house.add(house.ids(Kind::Movie)[0]);
        let worker = house.run();
        let done = house.until(job, "completed").await;
        eventually(|| house.parts().is_empty()).await.expect("all is swept");
        assert!(worker.stop());
        done["final_path"].as_str().unwrap().to_owned()
    };
    let house = House::with_target("").await;
    let place = deliver(&house).await;
    let document = place.rsplit_once('.').unwrap().0.to_owned() + ".nfo";
    eventually(|| house.delivered().contains(&document)).await.expect("it is written");

    let other = House::with_target("").await;
    let mine = other.nas.join(&document);
    fs::create_dir_all(mine.parent().unwrap()).unwrap();
    contract::disk::replace(&mine, b"mine", contract::disk::Access::Owner).unwrap();
    assert_eq!(deliver(&other).await, place);
    assert_eq!(fs::read(&mine).unwrap(), b"mine");
    assert_eq!(other.delivered().len(), 2, "{:?}", other.delivered());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_something_of_it_is_left_that_cannot_be_removed_it_is_put_there_when_it_can() {
    // Every house has the same films, and a film the same name in each.
    let other = House::with_target("").await;
    let worker = other.run();
    let job = other.add(other.ids(Kind::Movie)[0]);
    other.until(job, "completed").await;
    let document = || other.delivered().into_iter().find(|name| name.ends_with(".nfo"));
    eventually(|| document().is_some()).await.expect("it is written");
    assert!(worker.stop());

    let house = House::with_target("").await;
    let document = document().unwrap();
    let (file, length, paces) = (Default::default(), 0, Vec::new());
    let delivery = Delivery { file, length, place: document.clone(), job, paces };
    // A folder with something in it can be neither written nor removed.
    let obstacle = house.nas.join(delivery.temporary());
    fs::create_dir_all(obstacle.join("full")).unwrap();
    let log = house.data.path().join("log");
    let mut command = house.command(&["run"]);
    command.env("RUST_LOG", "download=debug").stderr(Stdio::from(fs::File::create(&log).unwrap()));
    let (_worker, _) = Running::started(&mut command);
    assert_eq!(house.add(house.ids(Kind::Movie)[0]), job);
    let done = house.until(job, "completed").await;
    let told = || fs::read_to_string(&log).unwrap().matches("it is tried again").count();
    eventually(|| told() >= 2).await.expect("it cannot be put there, once and again");
    assert!(
        !house.nas.join(&document).exists() && house.nas.join(done["final_path"].as_str().unwrap()).exists()
    );
    assert_eq!(house.events(job, "beside"), [] as [String; 0], "it is not given up");
    fs::remove_dir_all(&obstacle).unwrap();
    eventually(|| house.nas.join(&document).exists()).await.expect("it is put there");
    assert!(fs::read_to_string(house.nas.join(&document)).unwrap().ends_with("</movie>\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poster_lies_there_if_it_is_wanted_and_where_strangers_say_only_if_that_is_allowed() {
    for (more, is_there) in [("private_addresses = true", true), ("", false)] {
        let house = House::with_target(&format!("posters = true\n{more}")).await;
        let film = house.ids(Kind::Movie)[0];
        let (there, _) = house.original(film).await;
        let picture = [&[0xFF, 0xD8, 0xFF, 0xE0][..], &[7; 5000]].concat();
        house.station.publish(&format!("/poster/{there}.svg"), picture, "image/jpeg", None);
        let job = house.add(film);
        let _worker = house.run();
        let done = house.until(job, "completed").await;
        let folder = done["final_path"].as_str().unwrap().rsplit_once('/').unwrap().0.to_owned();
        let posters = || {
            let all = house.delivered().into_iter();
            all.filter(|name| name.starts_with(&format!("{folder}/poster."))).collect::<Vec<_>>()
        };
        let told = || {
            let events = house.told(&["log", &job.to_string()]);
            events.as_array().unwrap().iter().any(|event| event["action"] == "beside")
        };
        if is_there {
            eventually(|| !posters().is_empty()).await.unwrap_or_else(|()| panic!("{:?}", house.delivered()));
        } else {
            eventually(told).await.expect("why there is none is told");
            assert!(posters().is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_at_another_database_is_asked_for_once_and_stands_in_the_document() {
    let provider = station::Settings { films: 4, dialect: Dialect::Xui, ..station::Settings::default() };
    let house = House::with(provider, "").await;
    let url = house.station.url();
    house.configure(&format!("[download.tmdb]\ntoken = '{TMDB_TOKEN}'\nurl = '{url}/tmdb/3'\n"));
    house.told(&["target", "add", "nas", house.nas.to_str().unwrap()]);
    let _worker = house.run();
    let job = house.add(house.ids(Kind::Movie)[0]);
    let done = house.until(job, "completed").await;
    let number: u32 = done["tmdb"].as_str().unwrap().parse().unwrap();
    let document = || house.delivered().into_iter().find(|name| name.ends_with(".nfo"));
    eventually(|| document().is_some()).await.expect("it is written");
    let text = fs::read_to_string(house.nas.join(document().unwrap())).unwrap();
    assert!(text.contains(&format!("<uniqueid type=\"imdb\">tt{number:07}</uniqueid>")), "{text}");
    assert_eq!(house.station.counts().requests("tmdb"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_lie_there_on_other_machines_as_well() {
    for speech in ALL {
        let house = House::with(station::Settings { films: 4, ..station::Settings::default() }, "").await;
        let machine = Machine::new(speech);
        let record = machine.record();
        let address = format!("{}/{}", record.url, record.base.trim_start_matches('/'));
        let mut arguments = vec!["target", "add", "nas", &address];
        arguments.extend(["--secret", record.secret.as_deref().unwrap()]);
        arguments
            .extend(record.host_key.as_deref().map(|key| ["--host-key", key.trim()]).into_iter().flatten());
        house.told(&arguments);
        let _worker = house.run();
        let done = house.until(house.add(house.ids(Kind::Movie)[0]), "completed").await;
        let film = machine.films().join(done["final_path"].as_str().unwrap());
        let document = film.with_extension("nfo");
        eventually(|| document.exists()).await.unwrap_or_else(|()| panic!("{speech:?}"));
        assert!(fs::read_to_string(&document).unwrap().ends_with("</movie>\n"), "{speech:?}");
        let is_hidden = |name: &str| name.starts_with('.');
        let folder = || fs::read_dir(film.parent().unwrap()).unwrap().map(|it| it.unwrap().file_name());
        let is_done = || folder().all(|name| !is_hidden(name.to_str().unwrap())) && folder().count() == 2;
        eventually(is_done)
            .await
            .unwrap_or_else(|()| panic!("{speech:?}: {:?}", folder().collect::<Vec<_>>()));
    }
}
