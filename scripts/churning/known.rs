//! What the releases hold that there were, read by other means than the server has.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The releases that were published until now.
#[derive(Default)]
pub(crate) struct Known {
    /// By the beginning of the bundle's hash.
    bundles: Mutex<HashMap<String, Arc<Value>>>,
    /// Hashes of playlists and guides.
    files: Mutex<HashMap<String, String>>,
}

/// What an answer must be a part of.
#[derive(Clone, Debug)]
pub(crate) enum Of {
    /// A section of the bundle, or a category of it.
    List(&'static str, Option<u32>),
    /// The playlist of everything.
    Playlist,
    Guide,
    /// A document with this key, of the time.
    Document(&'static str),
}

/// An answer with what is to be looked at.
pub(crate) struct Answer {
    pub(crate) etag: String,
    pub(crate) coding: String,
    pub(crate) body: Vec<u8>,
}

impl Known {
    /// The release in `folder`.
    pub(crate) fn add(&self, folder: &Path) {
        let bundle = fs::read(folder.join("bundle.json")).unwrap();
        let name = hash(&bundle)[..16].to_owned();
        let bundle = serde_json::from_slice(&bundle).unwrap();
        self.bundles.lock().unwrap().insert(name, Arc::new(bundle));
        for file in ["full.m3u", "guide.xml", "guide.xml.gz"] {
            let hash = hash(&fs::read(folder.join(file)).unwrap());
            self.files.lock().unwrap().insert(hash, file.to_owned());
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.bundles.lock().unwrap().len()
    }

    /// Compares an answer with the release that it says it is of. Waits a moment for one that was published just now.
    pub(crate) fn check(&self, of: &Of, answer: &Answer) {
        match of {
            Of::Document(key) => {
                let document: Value = serde_json::from_slice(&answer.decoded()).unwrap();
                assert!(document.get(key).is_some(), "{of:?}");
            }
            Of::List(section, category) => {
                let bundle = wait(|| self.bundles.lock().unwrap().get(&answer.etag[..16]).cloned());
                let belongs = |entry: &Value| {
                    category.is_none_or(|category| {
                        entry["category_ids"].as_array().unwrap().contains(&category.into())
                    })
                };
                let expected = bundle[section].as_array().unwrap().iter().filter(|entry| belongs(entry));
                let list: Vec<Value> = serde_json::from_slice(&answer.decoded()).unwrap();
                assert!(expected.eq(list.iter()), "{of:?} is not as in its release");
            }
            Of::Guide => {
                let hash = hash(&answer.body);
                assert_eq!(hash[..32], answer.etag, "the guide is not what its validator says");
                wait(|| self.files.lock().unwrap().get(&hash).cloned());
            }
            Of::Playlist => {
                let text = String::from_utf8(answer.decoded()).unwrap();
                let hash = hash(emptied(&text).as_bytes());
                assert_eq!(wait(|| self.files.lock().unwrap().get(&hash).cloned()), "full.m3u");
            }
        }
    }
}

impl Answer {
    fn decoded(&self) -> Vec<u8> {
        match self.coding.as_str() {
            "" => self.body.clone(),
            "zstd" => zstd::decode_all(&*self.body).unwrap(),
            "gzip" => {
                let mut bytes = Vec::new();
                GzDecoder::new(&*self.body).read_to_end(&mut bytes).unwrap();
                bytes
            }
            other => panic!("nobody asked for {other}"),
        }
    }
}

/// A playlist with the places as they are on disk.
fn emptied(text: &str) -> String {
    let mut emptied = String::new();
    for line in text.split_inclusive('\n') {
        let line = line.replace("username=bench&password=bench", "username={username}&password={password}");
        let line = line.replace("/bench/bench/", "/{username}/{password}/").replace("http://churn", "{base}");
        let is_live = line.starts_with("{base}/live/");
        emptied += &if is_live { line.replace(".ts\n", ".{ext}\n") } else { line };
    }
    emptied
}

fn wait<T>(find: impl Fn() -> Option<T>) -> T {
    for _ in 0..500 {
        if let Some(found) = find() {
            return found;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("an answer is of no release that there was");
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
