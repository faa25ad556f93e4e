//! A release in the making.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::{DRAFT, FileFact, MANIFEST, Manifest};
use crate::disk;

/// A folder beside the releases that becomes one of them, or vanishes when dropped.
#[derive(Debug)]
pub struct Draft {
    folder: TempDir,
}

impl Draft {
    pub(super) fn new(releases: &Path) -> io::Result<Self> {
        Ok(Self { folder: tempfile::Builder::new().prefix(DRAFT).tempdir_in(releases)? })
    }

    /// Begins a file of the release. Files may be written at the same time, from several threads.
    ///
    /// # Errors
    /// The disk refuses, or the file was begun before.
    pub fn artefact(&self, name: &str) -> io::Result<Artefact> {
        let file = File::create_new(self.folder.path().join(name))?;
        Ok(Artefact { name: name.into(), out: BufWriter::with_capacity(1 << 18, Hashed::new(file)) })
    }

    /// Room for working files, on the same disk. They must be gone before publishing: only [`Draft::artefact`]s may
    /// be in a release.
    pub fn scratch(&self) -> &Path {
        self.folder.path()
    }

    /// Completes the folder and gives it its name. After the rename inside, it is whole for ever.
    pub(super) fn seal(self, manifest: &Manifest, name: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(manifest)?;
        text.push(b'\n');
        let mut artefact = self.artefact(MANIFEST)?;
        artefact.write_all(&text)?;
        artefact.finish()?;
        disk::sync_folder(self.folder.path())?;
        // mkdtemp makes folders for the owner only; other programs on the machine may read releases.
        fs::set_permissions(self.folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        fs::rename(self.folder.path(), name)?;
        let _ = self.folder.keep(); // nothing to remove under its old name
        Ok(())
    }
}

/// A file of a draft, hashed while it is written. It counts only after [`Artefact::finish`].
pub struct Artefact {
    name: String,
    out: BufWriter<Hashed>,
}

impl Artefact {
    /// Bytes written so far.
    pub fn position(&self) -> u64 {
        self.out.get_ref().size + self.out.buffer().len() as u64
    }

    /// Puts everything on the disk and says what was written.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn finish(self) -> io::Result<FileFact> {
        let Hashed { file, hash, size } = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(FileFact { name: self.name, size, sha256: hex(&hash.finalize()) })
    }
}

impl Write for Artefact {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

struct Hashed {
    file: File,
    hash: Sha256,
    size: u64,
}

impl Hashed {
    fn new(file: File) -> Self {
        Self { file, hash: Sha256::new(), size: 0 }
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
