//! A release as its readers have it: mapped and indexed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{BUNDLE, FULL_M3U, GUIDE, GUIDE_GZ, LIVE_M3U, MANIFEST, Manifest};
use crate::bundle::{Index, IndexError, Playable, Section};
use crate::map::map;

/// An open release. Its files stay readable while it is held, even after the release was removed from the disk.
#[derive(Debug)]
pub struct Release {
    /// Its number as in its folder's name, such as `000412`.
    pub name: String,
    /// What it says about itself.
    pub manifest: Manifest,
    /// `bundle.json`.
    pub bundle: Bytes,
    /// `live.m3u`, with the tokens of [`crate::playlist`].
    pub live_m3u: Bytes,
    /// `full.m3u`, likewise.
    pub full_m3u: Bytes,
    /// `guide.xml`.
    pub guide: Bytes,
    /// `guide.xml.gz`.
    pub guide_gz: Bytes,
    /// Where everything stands in `bundle`.
    pub index: Index,
}

/// Why a folder is not a release that can be served.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file is missing or cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the disk says.
        error: io::Error,
    },
    /// A file has another size or another hash than `release.json` says.
    #[error("{} is not the file that was published: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// `release.json` cannot be understood.
    #[error("{}: {error}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: serde_json::Error,
    },
    /// The bundle cannot be understood.
    #[error("{}: {error}", path.display())]
    Bundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: IndexError,
    },
}

impl Release {
    /// Opens the release in `folder`: maps its files, compares their sizes with the manifest, and finds the ranges of
    /// the bundle. Takes a few milliseconds for each 10 MB of bundle.
    ///
    /// # Errors
    /// [`OpenError`], which names the file.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let manifest = manifest(folder)?;
        let artefact = |name: &str| {
            let path = folder.join(name);
            let mapped = map(&path).map_err(|error| OpenError::Read { path: path.clone(), error })?;
            match manifest.files.iter().find(|fact| fact.name == name) {
                None => Err(OpenError::Damaged { path, what: "release.json does not know it" }),
                Some(fact) if fact.size != mapped.len() as u64 => {
                    Err(OpenError::Damaged { path, what: "its size differs from release.json" })
                }
                // The hash goes into headers as it is.
                Some(fact) if !is_hash(&fact.sha256) => {
                    Err(OpenError::Damaged { path, what: "its hash in release.json is none" })
                }
                Some(_) => Ok(mapped),
            }
        };
        let (bundle, live_m3u, full_m3u) = (artefact(BUNDLE)?, artefact(LIVE_M3U)?, artefact(FULL_M3U)?);
        let (guide, guide_gz) = (artefact(GUIDE)?, artefact(GUIDE_GZ)?);
        let index =
            Index::read(&bundle).map_err(|error| OpenError::Bundle { path: folder.join(BUNDLE), error })?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, manifest, bundle, live_m3u, full_m3u, guide, guide_gz, index })
    }

    /// From where `id` can be received.
    pub fn playable(&self, id: u32) -> Option<Playable> {
        self.index.playable(&self.bundle, id)
    }

    /// The entry with this id, as JSON.
    pub fn find(&self, section: Section, id: u32) -> Option<Bytes> {
        self.index.find(&self.bundle, section, id)
    }

    /// The SHA-256 of an artefact, as hexadecimal; a strong validator for what is made of it alone.
    pub fn hash(&self, name: &str) -> &str {
        self.manifest.files.iter().find(|fact| fact.name == name).map_or("", |fact| &fact.sha256)
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Reads `release.json` of a release.
pub(super) fn manifest(folder: &Path) -> Result<Manifest, OpenError> {
    let path = folder.join(MANIFEST);
    let text = fs::read(&path).map_err(|error| OpenError::Read { path: path.clone(), error })?;
    serde_json::from_slice(&text).map_err(|error| OpenError::Manifest { path, error })
}

/// Compares every file of a release with the hash in its manifest.
pub(super) fn verify(folder: &Path) -> Result<Manifest, OpenError> {
    let manifest = manifest(folder)?;
    for fact in &manifest.files {
        let path = folder.join(&fact.name);
        let read = |path: &Path| -> io::Result<String> {
            let mut hash = Hasher(Sha256::new());
            io::copy(&mut File::open(path)?, &mut hash)?;
            Ok(super::draft::hex(&hash.0.finalize()))
        };
        let hash = read(&path).map_err(|error| OpenError::Read { path: path.clone(), error })?;
        if hash != fact.sha256 {
            return Err(OpenError::Damaged { path, what: "its SHA-256 differs from release.json" });
        }
    }
    Ok(manifest)
}

struct Hasher(Sha256);

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
