//! `coax backup` and `coax restore`: what cannot be had again comes back as it was, or nothing is touched.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown};
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::program::{Program, ffmpeg, run, text};
use contract::disk::Data;
use contract::stock::Stock;
use download::shelf::{self, Shelf};
use download::store::{By, Changed, Limits, Store};
use tar::EntryType;

const KEPT: [&str; 4] = ["users.json", "ids.json", "secret.key", "vault.json"];

/// A demo that was running when its data folder was backed up, with and without what it publishes.
struct Kept {
    folder: tempfile::TempDir,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept = Self { folder };
        let data = kept.path("data");
        let demo =
            Program::start(&["demo", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()], &[]);
        kept.write("coax.toml", "listen = \"127.0.0.1:0\"\n# mine\n");
        kept.write("aliases.toml", "\"One\" = \"one.example\"\n");
        // The relay makes the key when somebody needs it.
        let list = format!("{}/player_api.php?username=demo&password=demo&action=get_live_streams", demo.url);
        assert!(ffmpeg("curl", &["-sS", "--fail", &list]).status.success());
        assert!(kept.coax(&["backup", "small.coax"]).status.success());
        let output = kept.coax(&["backup", "whole.coax", "--with-release"]);
        assert!(text(&output.stdout).starts_with("whole.coax: "), "{}", text(&output.stdout));
        assert!(demo.terminate().status.success());
        kept
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        File::create(self.path(name)).unwrap().write_all(content.as_bytes()).unwrap();
    }

    fn coax(&self, arguments: &[&str]) -> Output {
        run(arguments, "", self.folder.path())
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }
}

/// All files below a folder, with their contents and modes.
fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>, u32)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            found.extend(tree(&path));
        } else if entry.file_type().unwrap().is_file() {
            found.push((
                path.clone(),
                fs::read(&path).unwrap(),
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            ));
        }
    }
    found.sort();
    found
}

#[test]
fn what_was_backed_up_comes_back_as_it_was() {
    let kept = Kept::new();
    for name in ["small.coax", "whole.coax"] {
        let mode = fs::metadata(kept.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    // Anybody can look into it, and check it.
    let unpacked = tempfile::tempdir().unwrap();
    let file = kept.path("small.coax");
    let mut tar = tar::Archive::new(zstd::Decoder::new(File::open(&file).unwrap()).unwrap());
    tar.unpack(unpacked.path()).unwrap();
    let sums = std::process::Command::new("sha256sum")
        .args(["--check", "--strict", "SHA256SUMS"])
        .current_dir(unpacked.path())
        .output()
        .unwrap();
    assert!(sums.status.success(), "{}", text(&sums.stdout));

    // On a machine that has nothing.
    let other = tempfile::tempdir().unwrap();
    let output = run(&["restore", file.to_str().unwrap()], "", other.path());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let there = |name: &str| fs::read(other.path().join(name)).unwrap();
    for name in KEPT
        .map(|name| format!("data/{name}"))
        .iter()
        .map(String::as_str)
        .chain(["coax.toml", "aliases.toml"])
    {
        if kept.path(name).exists() {
            assert_eq!(there(name), kept.read(name), "{name}");
        }
    }
    assert_eq!(tree(&other.path().join("data/details")).len(), tree(&kept.path("data/details")).len());
    assert!(!other.path().join("data/current").exists(), "nothing is published there");
    let mode = |name: &str| fs::metadata(other.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data/users.json"), mode("coax.toml")), (0o600, 0o600));
    let users = run(&["user", "list"], "", other.path());
    assert!(text(&users.stdout).contains("demo"), "{}", text(&users.stdout));

    // With what is published, into another folder: everything is there without anybody being asked.
    let whole = kept.path("whole.coax");
    let output = run(&["restore", whole.to_str().unwrap(), "--data", "elsewhere"], "", other.path());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let current = fs::read_link(kept.path("data/current")).unwrap();
    assert_eq!(fs::read_link(other.path().join("elsewhere/current")).unwrap(), current);
    let status = run(&["status", "--json", "--data", "elsewhere"], "", other.path());
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!((&status["release"]["live"], &status["running"]), (&12.into(), &serde_json::Value::Null));
}

/// A list that has arrived, and is kept nowhere yet.
fn arrived(shelf: &Shelf) -> tempfile::NamedTempFile {
    let mut draft = shelf.draft().unwrap();
    let list = "#EXTM3U\n#EXTINF:-1,Nobody Has This One (2021)\nhttp://h.example/movie/u/p/7.mkv\n";
    draft.write_all(list.as_bytes()).unwrap();
    draft
}

/// What is known of it.
fn about(name: &str) -> shelf::Kept {
    let (sha256, user) = (String::new(), "ann".to_owned());
    shelf::Kept { id: 0, name: name.into(), main: false, entries: 1, bytes: 1, sha256, created: 0, user }
}

#[test]
fn downloads_come_back_without_what_is_on_its_way_and_what_was_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::new(folder.path().join("data"));
    let configured = Limits { downloads: 3, per_account: 1, transfers: 3 };
    let said = Limits { downloads: 7, ..configured };
    // Held open, as a worker does, with what is not in the file itself yet.
    let store = Store::open(&data).unwrap();
    let changed = Changed { downloads: Some(7), ..Changed::default() };
    store.set_limits(Some(changed), &By::worker(), 1).unwrap();
    let noise: Vec<u8> = (0..1 << 20).map(|_| rand::random()).collect();
    let film = folder.path().join("film.mkv");
    for name in ["temp", "backup"] {
        fs::create_dir(data.downloads().join(name)).unwrap();
    }
    let (part, copy) =
        (data.downloads().join("temp/1.part"), data.downloads().join("backup/coax-20261128T071500Z.toml"));
    for path in [&film, &part, &copy] {
        File::create(path).unwrap().write_all(&noise).unwrap();
    }
    Stock::new(&data).put(7, &film).unwrap();
    let shelf = Shelf::new(&data);
    let kept = shelf.keep(arrived(&shelf), about("films.m3u")).unwrap();
    shelf.set_main(kept.id, true).unwrap();
    let done = |arguments: &[&str]| {
        let output = run(arguments, "", folder.path());
        assert!(output.status.success(), "{}", text(&output.stderr));
    };
    done(&["backup", "whole.coax", "--data", "data"]);
    assert!(fs::metadata(folder.path().join("whole.coax")).unwrap().len() < 1 << 19);
    done(&["restore", "whole.coax", "--data", "new"]);
    let restored = Data::new(folder.path().join("new"));
    let files = tree(&restored.downloads());
    let named = |path: &PathBuf| path.strip_prefix(restored.downloads()).unwrap().display().to_string();
    assert_eq!(
        files.iter().map(|it| (named(&it.0), it.2)).collect::<Vec<_>>(),
        ["jobs.db".into(), format!("lists/{}.json", kept.id), format!("lists/{}.m3u", kept.id)]
            .map(|it| (it, 0o600))
    );
    let shelf = Shelf::new(&restored);
    assert_eq!(shelf.all().unwrap(), [shelf::Kept { main: true, ..kept }]);
    assert_eq!(shelf.entries(&shelf.all().unwrap()[0]).unwrap()[0].title.as_ref(), "Nobody Has This One");
    assert_eq!(Stock::new(&restored).open(7).unwrap().1, film, "it is played from where it lies");
    assert_eq!(Store::open(&restored).unwrap().limits(configured).unwrap(), said);
    assert_eq!(store.limits(configured).unwrap(), said);
}

#[test]
fn what_was_killed_leaves_nothing_for_long() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    // A backup that was never finished, and a restore beside the folder that it was to become.
    let left = [".coax-backup-a", ".restoring-a", ".coax-backup-b"].map(|name| folder.path().join(name));
    for path in &left {
        File::create(path).unwrap();
    }
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 86_400);
    let (one_of_today, old_ones) = left.split_last().unwrap();
    for path in old_ones {
        File::open(path).unwrap().set_modified(old).unwrap();
    }
    let done = |arguments: &[&str]| {
        let output = run(arguments, "", folder.path());
        assert!(output.status.success(), "{}", text(&output.stderr));
    };
    done(&["backup", "whole.coax", "--data", "data"]);
    done(&["restore", "whole.coax", "--data", "new"]);
    assert!(old_ones.iter().all(|path| !path.exists()) && one_of_today.exists());
}

#[test]
fn what_is_there_is_not_touched_unless_that_is_said() {
    let kept = Kept::new();
    let before = tree(kept.folder.path());
    let refused = kept.coax(&["restore", "small.coax"]);
    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.contains("is not empty"), "{said}");
    assert_eq!(tree(kept.folder.path()), before);
    // What was refused for one file has not written the other.
    let aliases = kept.read("aliases.toml");
    fs::remove_file(kept.path("coax.toml")).unwrap();
    kept.write("aliases.toml", "\"Two\" = \"two.example\"\n");
    let refused = kept.coax(&["restore", "small.coax", "--data", "new"]);
    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.contains("aliases.toml is there and differs"), "{said}");
    assert!(!kept.path("coax.toml").exists() && !kept.path("new").exists());
    kept.write("aliases.toml", &text(&aliases));
    kept.write("coax.toml", "listen = \"127.0.0.1:1\"\n");
    let refused = kept.coax(&["restore", "small.coax", "--data", "new"]);
    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.contains("coax.toml is there and differs"), "{said}");
    assert!(!kept.path("new/users.json").exists());

    kept.write("data/users.json", "{ a slip");
    let forced = kept.coax(&["restore", "small.coax", "--force"]);
    let said = text(&forced.stdout);
    assert!(
        forced.status.success() && said.contains("what was there is in"),
        "{said}{}",
        text(&forced.stderr)
    );
    assert!(text(&kept.coax(&["user", "list"]).stdout).contains("demo"));
    assert_eq!(kept.read("coax.toml"), b"listen = \"127.0.0.1:0\"\n# mine\n");
    let aside = fs::read_dir(kept.path("data")).unwrap().flatten();
    let aside: Vec<_> =
        aside.filter(|it| it.file_name().to_string_lossy().starts_with(".before-restore-")).collect();
    assert_eq!(fs::read(aside[0].path().join("users.json")).unwrap(), b"{ a slip");
}

#[test]
fn what_root_restores_for_a_service_is_the_services() {
    let kept = Kept::new();
    let service = 65534;
    let is_root = chown(kept.path("data"), Some(service), Some(service)).is_ok();
    let owner = if is_root { service } else { fs::metadata(kept.path("data")).unwrap().uid() };
    fs::set_permissions(kept.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(kept.path("data")).unwrap() {
        let path = entry.unwrap().path();
        lchown(path, Some(owner), is_root.then_some(owner)).unwrap();
    }
    kept.write("coax.toml", "# another one\n");
    lchown(kept.path("coax.toml"), None, is_root.then_some(owner)).unwrap();
    fs::set_permissions(kept.path("coax.toml"), fs::Permissions::from_mode(0o640)).unwrap();
    let before = fs::metadata(kept.path("coax.toml")).unwrap();
    let restored = kept.coax(&["restore", "small.coax", "--force"]);
    assert!(restored.status.success(), "{}", text(&restored.stderr));
    for name in ["users.json", "ids.json", "details", "ingest.lock"] {
        assert_eq!(fs::metadata(kept.path("data").join(name)).unwrap().uid(), owner, "{name}");
    }
    let after = fs::metadata(kept.path("coax.toml")).unwrap();
    assert_eq!((after.uid(), after.gid(), after.mode()), (before.uid(), before.gid(), before.mode()));
    assert_eq!(kept.read("coax.toml"), b"listen = \"127.0.0.1:0\"\n# mine\n");
}

#[test]
fn a_backup_that_is_damaged_or_newer_is_refused_before_anything_is_touched() {
    let kept = Kept::new();
    let whole = kept.read("small.coax");
    let mut bent = whole.clone();
    let middle = bent.len() / 2;
    bent[middle] ^= 0xff;
    let tar = zstd::decode_all(&whole[..]).unwrap();
    // The name of a file that is in it, one letter of its content changed: unpacks well, and is not what was written.
    let at = tar.windows(8).position(|window| window == b"\"version").unwrap();
    let mut forged = tar.clone();
    forged[at + 1] = b'w';
    let newer = String::from_utf8_lossy(&tar[..1024]).contains("\"schema\": 1");
    assert!(newer);
    let mut next = tar.clone();
    let at = next.windows(11).position(|window| window == b"\"schema\": 1").unwrap();
    next[at + 10] = b'9';
    // Who has made it himself gets nowhere with it, either.
    let entry = |kind, name: &str| {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_link_name("/etc/passwd").unwrap();
        header.set_size(0);
        header.set_mode(0o644);
        header.set_cksum();
        [&tar[..1024], header.as_bytes(), &[0; 1024]].concat()
    };
    let upwards = entry(EntryType::Regular, "data/../../escaped");
    let absolute = entry(EntryType::Regular, "/escaped");
    let link = entry(EntryType::Symlink, "data/users.json");
    let long = entry(EntryType::GNULongName, "././@LongLink");
    let pack = |tar: &[u8]| zstd::encode_all(tar, 1).unwrap();
    for (name, content, expected) in [
        ("cut", whole[..whole.len() / 2].to_vec(), ""),
        ("bent", bent, ""),
        ("forged", pack(&forged), "is damaged: its SHA-256 differs"),
        ("next", pack(&next), "use the newer one"),
        ("upwards", pack(&upwards), "such a name is in no backup"),
        ("absolute", pack(&absolute), "such a name is in no backup"),
        ("link", pack(&link), "it has more than files"),
        ("long", pack(&long), "it has more than files"),
        ("short", pack(&tar[..tar.len() / 2 / 512 * 512]), ""),
        ("words", b"hello".to_vec(), "no backup of Coax"),
        ("nothing", Vec::new(), ""),
    ] {
        File::create(kept.path(name)).unwrap().write_all(&content).unwrap();
        let refused = kept.coax(&["restore", name, "--data", "new"]);
        let said = text(&refused.stderr);
        assert!(!refused.status.success() && said.contains(expected), "{name}: {said}");
        assert!(said.starts_with(&format!("coax: {name}")), "{name}: {said}");
        assert!(!kept.path("new").exists(), "{name}");
        let left = fs::read_dir(kept.folder.path()).unwrap().flatten();
        let left: Vec<_> = left
            .map(|it| it.file_name())
            .filter(|it| it.to_string_lossy().starts_with(".restoring"))
            .collect();
        assert!(left.is_empty(), "{name}: {left:?}");
    }
}
