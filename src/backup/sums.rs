//! Digests of what passes through, as `sha256sum` writes them.

use std::collections::BTreeMap;
use std::io::{self, Read};

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

/// Digests by path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sums(BTreeMap<String, String>);

impl Sums {
    pub(super) fn add(&mut self, path: &str, digest: String) {
        self.0.insert(path.to_owned(), digest);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// As text, one on each line.
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|(path, digest)| format!("{digest}  {path}\n")).collect()
    }

    /// Compares what was read with what was written.
    ///
    /// # Errors
    /// The first file that is missing, differs, or that nobody wrote.
    pub(super) fn compare(&self, written: &str) -> anyhow::Result<()> {
        let mut expected = Self::default();
        for line in written.lines() {
            let (digest, path) = line.split_once("  ").context("the list of digests is damaged")?;
            expected.add(path, digest.to_owned());
        }
        for (path, digest) in &expected.0 {
            let found = self.0.get(path).with_context(|| format!("{path} is missing"))?;
            ensure!(found == digest, "{path} is damaged: its SHA-256 differs from that in {}", super::SUMS);
        }
        let more = self.0.keys().find(|path| !expected.has(path));
        ensure!(more.is_none(), "{} is in no list of digests", more.map_or("", String::as_str));
        Ok(())
    }
}

/// A reader that tells the digest of what was read.
pub(super) struct Hashing<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Hashing<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, hash: Sha256::new() }
    }

    /// Lower-case hexadecimal.
    pub(super) fn digest(self) -> String {
        self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.hash.update(&out[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_named() {
        let mut sums = Sums::default();
        let mut reader = Hashing::new(&b"abc"[..]);
        io::copy(&mut reader, &mut io::sink()).unwrap();
        let digest = reader.digest();
        assert!(digest.starts_with("ba7816bf8f01cfea"), "FIPS 180-4, the first example: {digest}");
        sums.add("a", digest);
        sums.compare(&sums.text()).unwrap();
        let why = |written: &str| sums.compare(written).unwrap_err().to_string();
        assert!(why("").contains("a is in no list"));
        assert!(why("00  a\n").contains("a is damaged"));
        assert!(why(&format!("{}00  b\n", sums.text())).contains("b is missing"));
        assert!(why("nonsense\n").contains("the list of digests is damaged"));
    }
}
