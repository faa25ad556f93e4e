//! Stock: films and episodes that were downloaded and are on a disk of this machine. Whoever asks for one is given the file,
//! and no provider is asked.
//!
//! ```text
//! downloads/stock/9001 ──▶ /mnt/films/Movies/Film (2020)/Film (2020).mkv      a link, by our id of the film or the episode
//! ```
//!
//! Download makes a link when it has delivered something to a folder that it can see, the relay follows it. A link that leads
//! nowhere is as good as none: the disk may not be mounted, or somebody has tidied up.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::disk::Data;

/// What is in stock.
#[derive(Clone, Debug)]
pub struct Stock(PathBuf);

impl Stock {
    /// The one of `data`.
    pub fn new(data: &Data) -> Self {
        Self(data.downloads().join("stock"))
    }

    /// From now on `id` is the file at `path`, which is absolute.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn put(&self, id: u32, path: &Path) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let (link, new) = (self.link(id), self.0.join(format!(".{id}")));
        let _ = fs::remove_file(&new); // of somebody who was killed here
        symlink(path, &new)?;
        fs::rename(new, link)
    }

    /// From now on `id` is had from its provider again.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn take(&self, id: u32) -> io::Result<()> {
        match fs::remove_file(self.link(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The file of `id`, and where it lies, if it is there and can be read.
    pub fn open(&self, id: u32) -> Option<(File, PathBuf)> {
        let path = fs::read_link(self.link(id)).ok()?;
        let file = File::open(&path).ok()?;
        file.metadata().ok()?.is_file().then_some((file, path))
    }

    /// All of it: ids and where their files are, whether they are there or not.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn all(&self) -> io::Result<BTreeMap<u32, PathBuf>> {
        let links = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            links => links?,
        };
        let mut all = BTreeMap::new();
        for link in links {
            let link = link?;
            let id = link.file_name().to_str().and_then(|name| name.parse().ok());
            // One that was taken meanwhile, or that somebody has put there, is none.
            all.extend(id.zip(fs::read_link(link.path()).ok()));
        }
        Ok(all)
    }

    fn link(&self, id: u32) -> PathBuf {
        self.0.join(id.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_in_stock_is_found_until_it_is_taken_or_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (stock, path) = (Stock::new(&Data::new(folder.path())), folder.path().join("film.mkv"));
        assert!(stock.open(7).is_none());
        stock.take(7).unwrap();
        assert!(stock.all().unwrap().is_empty());
        stock.put(7, &path).unwrap();
        assert!(stock.open(7).is_none(), "it leads nowhere");
        File::create(folder.path().join("downloads/stock/README")).unwrap();
        assert_eq!(stock.all().unwrap(), BTreeMap::from([(7, path.clone())]));
        File::create(&path).unwrap().write_all(b"film").unwrap();
        assert_eq!(stock.open(7).unwrap().1, path);
        stock.put(7, folder.path()).unwrap();
        assert!(stock.open(7).is_none(), "a folder is no film");
        stock.put(7, &path).unwrap();
        stock.take(7).unwrap();
        assert!(stock.open(7).is_none());
    }
}
