//! Lists that somebody uploads, and what is different in them.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::house::{Answer, House};

const FILMS: &str = "#EXTM3U\n\
    #EXTINF:-1 group-title=\"Filmes | 4K\",Alien: Romulus (2024) 1080p\nhttp://h.example/movie/ann/hunter2/7.mkv\n\
    #EXTINF:-1 group-title=\"Films\",../../../etc/passwd (2020)\nhttp://h.example/movie/ann/hunter2/8.mkv\n\
    #EXTINF:-1 group-title=\"Films\",Film 3 (2001) 4K\nhttp://h.example/movie/ann/hunter2/9.mkv\n\
    #EXTINF:-1 group-title=\"News\",News 24\nhttp://h.example/live/ann/hunter2/10.ts\n";

async fn upload(house: &House, name: &str, bytes: impl Into<reqwest::Body>) -> Answer {
    let url = format!("http://{}/api/lists?name={name}", house.address);
    let ask = house.client.post(url).header("Content-Type", "application/x-mpegurl").body(bytes);
    let ask = house.login("operator").0.iter().fold(ask, |ask, (name, value)| ask.header(*name, value));
    let answer = ask.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, text: answer.text().await.unwrap() }
}

fn classes(document: &Value) -> Vec<(&str, &str)> {
    let entries = document["entries"].as_array().unwrap();
    entries.iter().map(|it| (it["title"].as_str().unwrap(), it["class"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn what_is_new_in_a_list_is_told_by_class_and_no_address_of_it_is() {
    let house = House::new().await;
    let kept = upload(&house, "..%2Ffilms.m3u", FILMS).await;
    assert_eq!(kept.status, 201, "{}", kept.text);
    let kept = kept.json();
    assert_eq!(
        (&kept["name"], &kept["entries"], &kept["user"]),
        (&json!("films.m3u"), &json!(4), &json!("operator"))
    );
    let viewer = house.login("viewer");
    let path = format!("/api/lists/{}/diff", kept["id"]);
    let answer = house.get(&viewer, &path).await;
    assert!(!answer.text.contains("hunter2") && !answer.text.contains("h.example"), "{}", answer.text);
    let different = answer.good();
    assert_eq!(different["total"], 4);
    let expected = [
        ("Alien: Romulus", "new"),
        ("../../../etc/passwd", "new"),
        ("Film 3", "filtered"),
        ("News 24", "filtered"),
    ];
    assert_eq!(classes(&different), expected);
    let counts = different["counts"].as_object().unwrap();
    assert_eq!(counts.values().map(|it| it.as_u64().unwrap()).sum::<u64>(), 4, "each is of one class");
    assert!(different["entries"][2]["reason"].is_string() && different["entries"][0]["available"] == true);
    let better =
        house.get(&viewer, &format!("{path}?max=2160&class=new&group=films&most=1&from=1")).await.good();
    assert_eq!((better["total"].as_u64(), classes(&better)), (Some(2), vec![("Film 3", "new")]));
    assert_eq!(classes(&house.get(&viewer, &format!("{path}?text=romulus")).await.good()).len(), 1);
    for wrong in ["class=all", "min=7", "most=501"] {
        assert_eq!(house.get(&viewer, &format!("{path}?{wrong}")).await.status, 400, "{wrong}");
    }
    // What a main list has is no news, and what it alone has is gone.
    let operator = house.login("operator");
    let other = upload(&house, "mine.m3u8", "#EXTM3U\n#EXTINF:-1,Alien Romulus (2024) 1080p\nhttp://i.example/a.mkv\n#EXTINF:-1,Mine (1999)\nhttp://i.example/b.mkv\n").await;
    let other = other.good()["id"].to_string();
    let main =
        house.ask(&operator, "PUT", &format!("/api/lists/{other}"), Some(json!({ "main": true }))).await;
    assert_eq!(main.good()["main"], true);
    let different = house.get(&viewer, &path).await.good();
    assert!(matches!(classes(&different)[0], ("Alien: Romulus", "same" | "moved")), "{different}");
    let gone = house.get(&viewer, &format!("{path}?class=gone")).await.good();
    assert_eq!(classes(&gone), [("Mine", "gone")]);
    // Nothing of it is in the line-up, since there is none: it is had from where the list says, of which nobody is told.
    let select = format!("/api/lists/{}/select", kept["id"]);
    let chosen = json!({ "classes": ["new"], "server": 1 });
    let answer = house.ask(&operator, "POST", &select, Some(chosen)).await.good();
    assert_eq!(answer, json!({ "added": [1], "there": 0, "unavailable": 0, "unserved": 0 }));
    for path in ["/api/downloads", "/api/downloads/1"] {
        let told = house.get(&viewer, path).await;
        assert!(told.status == 200 && !told.text.contains("hunter2") && !told.text.contains("h.example"));
    }
    let nowhere = json!({ "classes": ["new"], "server": 99 });
    assert_eq!(
        house.ask(&operator, "POST", &select, Some(nowhere)).await.status,
        409,
        "there is no such server"
    );
    for wrong in [json!({ "server": 1 }), json!({}), json!({ "classes": ["gone"], "server": 1 })] {
        assert_eq!(house.ask(&operator, "POST", &select, Some(wrong.clone())).await.status, 400, "{wrong}");
    }
    assert_eq!(house.ask(&operator, "DELETE", &format!("/api/lists/{other}"), None).await.status, 204);
    assert_eq!(house.get(&viewer, &format!("/api/lists/{other}/diff")).await.status, 404);
    assert_eq!(house.get(&viewer, "/api/lists").await.good()["lists"].as_array().unwrap().len(), 1);
    assert_eq!(
        house.get(&viewer, "/api/lists/0/diff").await.good()["total"],
        0,
        "the line-up is a list as well"
    );
}

#[tokio::test]
async fn what_is_chosen_by_class_group_text_or_place_is_one_job_however_many_ask_at_once() {
    let house = House::new().await;
    let operator = house.login("operator");
    let kept = upload(&house, "films.m3u", FILMS).await.good()["id"].to_string();
    let path = format!("/api/lists/{kept}/select");
    let select = async |mut chosen: Value| {
        chosen["server"] = json!(1);
        house.ask(&operator, "POST", &path, Some(chosen)).await.good()
    };
    let all = futures_util::future::join_all((0..50).map(|_| select(json!({ "places": [0, 1] })))).await;
    let count =
        |answer: &Value| (answer["added"].as_array().unwrap().len(), answer["there"].as_u64().unwrap());
    assert_eq!(all.iter().map(|answer| count(answer).0).sum::<usize>(), 2, "{all:?}");
    assert!(all.iter().all(|answer| matches!(count(answer), (2, 0) | (0, 2))), "{all:?}");
    for (chosen, there) in [
        (json!({ "classes": ["new"] }), 2),
        (json!({ "groups": ["filmes | 4k"] }), 1),
        (json!({ "groups": ["film*"], "classes": ["new"] }), 2),
        (json!({ "text": "romulus" }), 1),
        (json!({ "text": "nobody has this" }), 0),
        (json!({ "groups": ["News"] }), 0),
        (json!({ "places": [3] }), 0),
    ] {
        assert_eq!(count(&select(chosen.clone()).await), (0, there), "{chosen}");
    }
    // What is not wanted usually is had by whoever names it, by its place or by its class.
    assert_eq!(count(&select(json!({ "places": [2] })).await), (1, 0));
    assert_eq!(count(&select(json!({ "classes": ["filtered"] })).await), (0, 1), "and a channel by nobody");
    assert_eq!(house.store.jobs(&[], 0, 99).unwrap().len(), 3);
}

fn entries(number: usize) -> Vec<u8> {
    let entry = "#EXTINF:-1,Film\nhttp://h.example/movie/u/p/7.mkv\n";
    format!("#EXTM3U\n{}", entry.repeat(number)).into()
}

#[tokio::test]
async fn what_is_no_list_is_refused_with_its_reason_and_nothing_of_it_is_kept() {
    let house = House::new().await;
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(b"#EXTM3U\n#EXTINF:-1,Film\nhttp://h.example/").unwrap();
    (0..5).for_each(|_| packed.write_all(&vec![b'\n'; 1 << 20]).unwrap());
    let bomb = packed.finish().unwrap();
    for (name, bytes, why) in [
        ("page.m3u", b"<!doctype html><html><body>expired".to_vec(), "a web page came"),
        ("answer.m3u", br#"{"user_info":{"auth":0}}"#.to_vec(), "JSON came"),
        ("bomb.m3u.gz", bomb, "unpacks to"),
        ("packed.m3u", b"PK\x03\x04".to_vec(), "ZIP"),
        ("empty.m3u", b"".to_vec(), "empty"),
        ("nothing.m3u", b"#EXTM3U\n".to_vec(), "lists nothing"),
        ("large.m3u", vec![b'\n'; 5 << 20], "over 4 MiB"),
        ("many.m3u", entries(1001), "over 1000 entries"),
        ("films.exe", FILMS.into(), ".m3u8"),
    ] {
        let answer = upload(&house, name, bytes).await;
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(answer.status == 400 && detail.contains(why), "{name}: {detail}");
    }
    let folder = house.data.downloads().join("lists");
    let left: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
    // A line that does not end: who sends it is told why before he has sent all of it.
    for (name, mebibytes) in [("line.m3u", 40), ("endless.m3u", 1024)] {
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = sent.clone();
        let pieces = (0..mebibytes).map(move |at| {
            counted.fetch_add(1, Relaxed);
            let piece = if at == 0 { b"#EXTM3U\n#EXTINF:-1,".to_vec() } else { vec![b'x'; 1 << 20] };
            Ok::<_, std::io::Error>(piece)
        });
        let url = format!("http://{}/api/lists?name={name}", house.address);
        let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
        let ask = house.client.post(url).header("Content-Type", "application/x-mpegurl").body(body);
        let ask = house.key().0.iter().fold(ask, |ask, (name, value)| ask.header(*name, value));
        match ask.send().await {
            Ok(answer) => {
                assert_eq!(answer.status(), 400, "{name}");
                let text = answer.text().await.unwrap();
                assert!(text.contains("line 2: it is longer than 64 KiB"), "{text}");
            }
            // Whoever goes on for long is cut off, and may not have heard why.
            Err(error) => assert!(mebibytes > 64, "{name}: {error}"),
        }
        assert!(sent.load(Relaxed) < 200, "{name}: nobody takes a gigabyte");
    }
    let left = std::fs::read_dir(house.data.downloads().join("lists")).unwrap().count();
    assert_eq!(left, 0);
    // A form cannot send one.
    let form = house.client.post(format!("http://{}/api/lists?name=a.m3u", house.address));
    let form = form.header("Content-Type", "text/plain").header("Authorization", house.key().0[0].1.clone());
    assert_eq!(form.body(FILMS).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn whatever_bytes_are_uploaded_they_are_taken_or_refused_with_a_reason() {
    let house = House::new().await;
    let mut packing = GzEncoder::new(Vec::new(), Compression::fast());
    packing.write_all(FILMS.as_bytes()).unwrap();
    let (packed, mut taken) = (packing.finish().unwrap(), 0);
    for round in 0..200 {
        let mut bytes = if round % 3 == 0 { packed.clone() } else { FILMS.as_bytes().to_vec() };
        // Some of it is other bytes, or away, or there twice.
        for _ in 0..rand::random_range(1..4) {
            let from = rand::random_range(0..bytes.len());
            let to = (from + rand::random_range(0..40)).min(bytes.len());
            match rand::random_range(0..4) {
                0 => bytes[from..to].iter_mut().for_each(|byte| *byte = rand::random()),
                1 => drop(bytes.drain(from..to)),
                2 => bytes.extend_from_within(from..to),
                _ => bytes.truncate(to.max(1)),
            }
            if bytes.is_empty() {
                bytes.push(b'#');
            }
        }
        let shown = bytes.escape_ascii().to_string();
        let answer = upload(&house, "films.m3u", bytes).await;
        match answer.status {
            201 => {
                taken += 1;
                let path = format!("/api/lists/{}", answer.json()["id"]);
                let different = house.get(&house.key(), &format!("{path}/diff")).await;
                assert_eq!(different.status, 200, "{shown}: {}", different.text);
                assert_eq!(house.ask(&house.key(), "DELETE", &path, None).await.status, 204);
            }
            400 => assert!(answer.json()["detail"].as_str().unwrap().len() > 10, "{shown}: {}", answer.text),
            other => panic!("{other} to {shown}"),
        }
    }
    assert!((10..190).contains(&taken), "some of each: {taken}");
    assert_eq!(std::fs::read_dir(house.data.downloads().join("lists")).unwrap().count(), 0);
}
