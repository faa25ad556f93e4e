//! A library of .strm and .nfo files, as a media server would find it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::program::{Program, ffmpeg, run, text};
use serde_json::Value;

/// The folder, and what fills it.
struct Library {
    folder: PathBuf,
    data: PathBuf,
    url: String,
}

impl Library {
    /// Runs `coax strm`, and answers its summary.
    fn write(&self, more: &[&str]) -> Value {
        self.write_as(&[&["--user", "demo"], more].concat(), "demo")
    }

    /// The same for whoever shows this.
    fn write_as(&self, more: &[&str], shown: &str) -> Value {
        let paths = [&self.folder, &self.data].map(|path| path.to_str().unwrap());
        let usual = ["strm", paths[0], "--data", paths[1], "--url", &self.url, "--json"];
        let output = run(&[&usual[..], more].concat(), shown, &self.data);
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// All files, with what shows that one has been touched.
    fn files(&self) -> BTreeMap<String, (u64, i64, i64)> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                let name = entry.path().strip_prefix(&self.folder).unwrap().to_str().unwrap().to_owned();
                let metadata = entry.metadata().unwrap();
                found.insert(name, (metadata.ino(), metadata.mtime(), metadata.mtime_nsec()));
            }
        }
        found.retain(|name, _| !name.starts_with(".coax-strm."));
        found
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap()
    }

    fn mode(&self, file: &str) -> u32 {
        fs::metadata(self.folder.join(file)).unwrap().mode() & 0o777
    }
}

fn list(url: &str, action: &str) -> Value {
    let url = format!("{url}/player_api.php?username=demo&password=demo&action={action}");
    serde_json::from_slice(&ffmpeg("curl", &["-sS", "--max-time", "30", &url]).stdout).unwrap()
}

/// Every address in `text` is one of ours: the demo shows pictures from there, and so do details.
fn only_ours(text: &str, url: &str) {
    let mut addresses = text.match_indices("http").map(|(at, _)| &text[at..]).peekable();
    assert!(addresses.peek().is_some(), "there are pictures: {text}");
    addresses.for_each(|address| assert!(address.starts_with(&format!("{url}/logo/")), "{address:.80}"));
}

/// The first element of an NFO, and the text of each of its children that has some.
fn nfo(document: &str) -> (String, BTreeMap<String, String>) {
    let mut reader = quick_xml::Reader::from_str(document);
    let (mut open, mut root, mut found) = (Vec::new(), String::new(), BTreeMap::new());
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(element) => {
                let name: String = element.name().as_ref().to_owned();
                if open.is_empty() {
                    root.clone_from(&name);
                }
                open.push(name);
            }
            quick_xml::events::Event::End(_) => drop(open.pop()),
            quick_xml::events::Event::Text(words) if open.len() == 2 => {
                found.entry(open[1].clone()).or_insert_with(String::new).push_str(&words.xml10_content());
            }
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty());
    (root, found)
}

#[test]
fn a_media_server_finds_films_and_series_and_only_what_has_changed_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let demo = Program::start(&["demo", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()], &[]);
    let library = Library { folder: folder.path().join("library"), data, url: demo.url.clone() };
    let first = library.write(&[]);
    let films = list(&demo.url, "get_vod_streams").as_array().unwrap().clone();
    let series = list(&demo.url, "get_series").as_array().unwrap().clone();
    assert_eq!(first["films"], films.len());
    assert_eq!((&first["series"], &first["series_without_episodes"]), (&series.len().into(), &0.into()));
    let files = library.files();
    assert_eq!(first["written"], files.len());

    it_plays(&library, &files, &films, &series);
    again(&library, &files);
    by_hand(&library, &files);
    otherwise(&library);
    of_another(&library, &films);
}

/// Every film and every episode has an address that plays, and a document that says what it is.
fn it_plays(library: &Library, files: &BTreeMap<String, (u64, i64, i64)>, films: &[Value], series: &[Value]) {
    let mut addresses: Vec<String> = Vec::new();
    for file in files.keys().filter(|name| name.ends_with(".strm")) {
        assert_eq!(library.mode(file), 0o600, "{file}");
        let (root, found) = nfo(&library.read(&format!("{}nfo", file.strip_suffix("strm").unwrap())));
        let is_film = file.starts_with("Movies/");
        only_ours(&library.read(&format!("{}nfo", file.strip_suffix("strm").unwrap())), &library.url);
        assert_eq!(root, if is_film { "movie" } else { "episodedetails" });
        assert!(is_film || file.starts_with("Shows/") && found.contains_key("season"), "{file}");
        let address = library.read(file);
        assert_eq!(address.lines().count(), 1);
        addresses.push(address.trim_end().to_owned());
    }
    addresses.sort();
    for film in films {
        let (id, container) = (&film["stream_id"], film["container_extension"].as_str().unwrap());
        let address = format!("{}/movie/demo/demo/{id}.{container}", library.url);
        assert!(addresses.binary_search(&address).is_ok(), "{address}");
    }
    let shows = files.keys().filter(|name| name.ends_with("/tvshow.nfo")).count();
    assert_eq!(shows, series.len());
    for form in ["movie", "series"] {
        let address = addresses.iter().find(|address| address.contains(&format!("/{form}/"))).unwrap();
        let asked =
            ["-sS", "--max-time", "20", "-r", "0-1", "-o", "/dev/null", "-w", "%{http_code}", address];
        assert_eq!(text(&ffmpeg("curl", &asked).stdout), "206", "{form}");
    }
    for one in series {
        let info = list(&library.url, &format!("get_series_info&series_id={}", one["series_id"]));
        only_ours(&info.to_string(), &library.url);
    }
    // A film is called by its id, also where only its details have it.
    let (film, id) = films
        .iter()
        .find_map(|film| {
            let info = list(&library.url, &format!("get_vod_info&vod_id={}", film["stream_id"]));
            only_ours(&info.to_string(), &library.url);
            Some((film, info["info"]["tmdb_id"].as_str().filter(|id| !id.is_empty())?.to_owned()))
        })
        .unwrap();
    let (year, mark) = (film["year"].as_str().unwrap(), format!(" [tmdbid-{id}]"));
    let file = files.keys().find(|name| name.contains(&mark) && name.ends_with(".nfo")).unwrap();
    assert!(file.contains(&format!("({year}){mark}/")), "{file}");
    let (_, found) = nfo(&library.read(file));
    assert_eq!(
        (&*found["uniqueid"], &*found["year"], &*found["title"]),
        (&*id, year, film["title"].as_str().unwrap())
    );
    assert!(found.contains_key("plot") && found.contains_key("genre"), "{found:?}");
}

/// The next run touches nothing, and another password only what holds it.
fn again(library: &Library, before: &BTreeMap<String, (u64, i64, i64)>) {
    let summary = library.write(&[]);
    assert_eq!((&summary["written"], &summary["removed"]), (&0.into(), &0.into()));
    assert_eq!(summary["unchanged"], before.len());
    assert!(library.files() == *before);
    let elsewhere = Library {
        url: "http://tv.example/x".into(),
        folder: library.folder.clone(),
        data: library.data.clone(),
    };
    let summary = elsewhere.write(&["--group"]);
    let streams = before.keys().filter(|name| name.ends_with(".strm")).count();
    assert_eq!(
        (&summary["written"], &summary["unchanged"]),
        (&streams.into(), &(before.len() - streams).into())
    );
    let after = library.files();
    let file = after.keys().find(|name| name.ends_with(".strm")).unwrap();
    assert!(library.read(file).starts_with("http://tv.example/x/") && library.mode(file) == 0o640);
    assert!(before.iter().all(|(name, touched)| name.ends_with(".strm") || after[name] == *touched));
    library.write(&[]);
}

/// What somebody else wrote or changed stays, and what he took away comes back.
fn by_hand(library: &Library, files: &BTreeMap<String, (u64, i64, i64)>) {
    let mut of_films = files.keys().filter(|name| name.starts_with("Movies/") && name.ends_with(".nfo"));
    let (changed, gone) = (of_films.next().unwrap(), of_films.next().unwrap());
    let picture = Path::new(changed).with_file_name("poster.jpg");
    for file in [Path::new(changed), &picture] {
        File::create(library.folder.join(file)).unwrap().write_all(b"by hand").unwrap();
    }
    fs::remove_file(library.folder.join(gone)).unwrap();
    let summary = library.write(&[]);
    assert_eq!((&summary["written"], &summary["left_alone"]), (&1.into(), &1.into()));
    assert_eq!(summary["left_alone_files"][0], **changed);
    let summary = library.write(&["--style", "plex", "--no-nfo"]);
    let streams = files.keys().filter(|name| name.ends_with(".strm")).count();
    // Some names are the same in both spellings: those of films of which nobody knows the id.
    let moved = summary["written"].as_u64().unwrap();
    assert!(moved > 0 && moved + summary["unchanged"].as_u64().unwrap() == streams as u64, "{summary}");
    let there = library.files();
    assert_eq!(there.len(), streams + 2, "and the two that are not ours");
    assert_eq!(library.read(changed), "by hand");
    assert_eq!(library.read(picture.to_str().unwrap()), "by hand");
    assert!(
        there.keys().any(|name| name.contains(" {tmdb-"))
            && there.keys().any(|name| name.contains(" - s01e0"))
    );
    let empty = |folder: &Path| fs::read_dir(folder).unwrap().next().is_none();
    let movies = fs::read_dir(library.folder.join("Movies")).unwrap().map(|it| it.unwrap().path());
    assert!(movies.into_iter().all(|folder| !empty(&folder)), "no empty folder is left");
}

/// What cannot be done is said, without the password.
fn otherwise(library: &Library) {
    let (folder, data) = (library.folder.to_str().unwrap(), library.data.to_str().unwrap());
    for (arguments, input, said) in [
        (&["--user", "demo"][..], "demo\n", "--url"),
        (&["--user", "demo", "--url", "http://h"], "wr0ng\n", "no user of this name and password"),
        (&["--user", "nobody", "--url", "http://h"], "demo\n", "no user of this name and password"),
        (&["--user", "demo", "--url", "http://h", "--style", "vhs"], "", "jellyfin"),
    ] {
        let before = library.files();
        let output = run(&[&["strm", folder, "--data", data], arguments].concat(), input, &library.data);
        let error = text(&output.stderr);
        assert!(!output.status.success() && error.contains(said), "{error}");
        assert!(!error.contains("wr0ng") && library.files() == before, "{error}");
    }
    let output = run(
        &["strm", "/dev/null/x", "--data", data, "--user", "demo", "--url", "http://h"],
        "demo\n",
        &library.data,
    );
    assert!(!output.status.success() && text(&output.stderr).contains("/dev/null/x cannot be used"));
}

/// A user sees what he may, and a token stands for him; what he sees no more is removed.
fn of_another(library: &Library, films: &[Value]) {
    let data = library.data.to_str().unwrap();
    let category = &films[0]["category_id"];
    let all = list(&library.url, "get_vod_categories");
    let group = all.as_array().unwrap().iter().find(|of| of["category_id"] == *category).unwrap();
    let group = group["category_name"].as_str().unwrap();
    let user = |arguments: &[&str]| {
        let output = run(&[&["user", "--data", data], arguments].concat(), "kid\n", &library.data);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    user(&["add", "kid", "--password-stdin", "--list", "movies", "--group", group]);
    let token = user(&["token", "add", "kid", "library", "--json"]);
    let token = serde_json::from_str::<Value>(&token).unwrap()["token"].as_str().unwrap().to_owned();
    let few =
        Library { folder: library.data.join("few"), data: library.data.clone(), url: library.url.clone() };
    let everything = few.write(&[]);
    let his = few.write_as(&["--user", "kid"], "kid");
    let number = Value::from(category.as_str().unwrap().parse::<u32>().unwrap());
    let seen = films.iter().filter(|film| film["category_ids"].as_array().unwrap().contains(&number)).count();
    assert_eq!((&his["films"], &his["series"]), (&seen.into(), &0.into()));
    assert_eq!(his["removed"].as_u64().unwrap() + 2 * seen as u64, everything["written"].as_u64().unwrap());
    assert!(!few.folder.join("Shows").exists());
    few.write_as(&[], &token);
    let file = few.files().into_keys().find(|name| name.ends_with(".strm")).unwrap();
    let address = few.read(&file);
    assert!(address.starts_with(&format!("{}/movie/{token}/", few.url)), "{file}");
    let asked =
        ["-sS", "--max-time", "20", "-r", "0-1", "-o", "/dev/null", "-w", "%{http_code}", address.trim_end()];
    // A moment after the token was made the server knows of it.
    let mut answers = (0..50).map(|_| {
        thread::sleep(Duration::from_millis(100));
        text(&ffmpeg("curl", &asked).stdout)
    });
    assert!(answers.any(|answer| answer == "206"), "it is never taken");
}
