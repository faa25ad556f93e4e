//! Files: all there, nothing else there, each as `release.json` says.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use contract::release::{ARTEFACTS, GUIDE, GUIDE_GZ, MANIFEST, Manifest};
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use super::Found;

pub(super) fn check(folder: &Path, found: &mut Found) {
    let manifest = match manifest(folder) {
        Ok(manifest) => manifest,
        Err(why) => return found.file(MANIFEST, why),
    };
    if manifest.schema != Manifest::SCHEMA {
        found.file(MANIFEST, format!("its schema is {}, not {}", manifest.schema, Manifest::SCHEMA));
    }
    for name in ARTEFACTS {
        if !manifest.files.iter().any(|fact| fact.name == name) {
            found.file(MANIFEST, format!("does not know {name}"));
        }
    }
    for fact in &manifest.files {
        match hash(&folder.join(&fact.name)) {
            Ok((size, _)) if size != fact.size => {
                found.file(&fact.name, format!("has {size} bytes, not {}", fact.size));
            }
            Ok((_, hash)) if hash != fact.sha256 => found.file(&fact.name, "its SHA-256 is another one"),
            Ok(_) => {}
            Err(error) => found.file(&fact.name, error.to_string()),
        }
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != MANIFEST && !manifest.files.iter().any(|fact| fact.name == name) {
            found.file(&name, "does not belong to the release");
        }
    }
    match same_guide(folder) {
        Ok(true) => {}
        Ok(false) => found.file(GUIDE_GZ, format!("does not hold {GUIDE}")),
        Err(error) => found.file(GUIDE_GZ, error.to_string()),
    }
}

fn manifest(folder: &Path) -> Result<Manifest, String> {
    let text = fs::read(folder.join(MANIFEST)).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

/// Size and SHA-256 of a file.
fn hash(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hash, mut piece, mut size) = (Sha256::new(), vec![0; 1 << 18], 0);
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        size += read as u64;
    }
    Ok((size, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// Whether the packed guide is the plain one.
fn same_guide(folder: &Path) -> io::Result<bool> {
    let mut plain = File::open(folder.join(GUIDE))?;
    let packed = BufReader::with_capacity(1 << 16, File::open(folder.join(GUIDE_GZ))?);
    let mut packed = MultiGzDecoder::new(packed);
    let (mut one, mut other) = (vec![0; 1 << 18], vec![0; 1 << 18]);
    loop {
        let read = packed.read(&mut one)?;
        if read == 0 {
            return Ok(plain.read(&mut other)? == 0);
        }
        match plain.read_exact(&mut other[..read]) {
            Ok(()) if one[..read] == other[..read] => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}
