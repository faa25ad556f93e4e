//! What a target is told so that it lets us in. The store knows only where that is kept.

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use contract::secret::Secret;

use super::Trouble;

/// A private key is longer than a password, and shorter than this.
const LONGEST: u64 = 64 * 1024;

/// Where the secret of a target is kept: `env:NAME` or `file:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// There is none.
    Nowhere,
    Env(String),
    File(PathBuf),
}

impl Kept {
    /// Reads a reference.
    ///
    /// # Errors
    /// [`Trouble::Refused`], without the text: somebody may have put the secret itself there.
    pub(super) fn new(reference: Option<&str>) -> Result<Self, Trouble> {
        let wrong = || {
            Trouble::Refused(
                "where the secret of the target is kept cannot be read: expected env:NAME or file:/PATH, and the secret there".into(),
            )
        };
        match reference.map(|text| text.split_once(':')) {
            None => Ok(Self::Nowhere),
            Some(Some(("env", name))) if !name.is_empty() && !name.contains(['=', '\0']) => {
                Ok(Self::Env(name.into()))
            }
            Some(Some(("file", path))) if Path::new(path).is_absolute() => Ok(Self::File(path.into())),
            Some(_) => Err(wrong()),
        }
    }

    /// The secret, as it is now; `None` if there is to be none.
    ///
    /// # Errors
    /// [`Trouble::Denied`] names the place.
    pub(super) fn read(&self) -> Result<Option<Secret>, Trouble> {
        match self {
            Self::Nowhere => Ok(None),
            Self::Env(name) => {
                let value = env::var(name);
                let value = value
                    .map_err(|_| Trouble::Denied(format!("the environment variable {name} is not set")))?;
                Ok(Some(Secret::new(value)))
            }
            Self::File(path) => {
                let wrong = |why: String| Trouble::Denied(format!("{}: {why}", path.display()));
                let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
                let about = file.metadata().map_err(|error| wrong(error.to_string()))?;
                // SECURITY: who can read this file is let in at the target.
                if about.permissions().mode() & 0o007 != 0 {
                    return Err(wrong("everybody may read it, and it holds a secret; chmod 600 it".into()));
                }
                let mut text = String::new();
                file.take(LONGEST).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
                Ok(Some(Secret::new(text.trim_end_matches(['\r', '\n']))))
            }
        }
    }
}

/// Whether this is a private key, and no password.
pub(super) fn is_key(secret: &Secret) -> bool {
    secret.reveal().starts_with("-----BEGIN ")
}

/// A new file that nobody else can read, with `text` in it.
pub(super) fn private(folder: &Path, name: &str, text: &str, mode: u32) -> std::io::Result<PathBuf> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let path = folder.join(name);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
    file.write_all(text.as_bytes())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_where_it_is_kept_and_only_if_not_everybody_can() {
        let folder = tempfile::tempdir().unwrap();
        let file = private(folder.path(), "password", "hunter2\n", 0o600).unwrap();
        let reference = format!("file:{}", file.display());
        let kept = Kept::new(Some(&reference)).unwrap();
        assert_eq!(kept.read().unwrap().unwrap().reveal(), "hunter2");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let error = kept.read().unwrap_err().to_string();
        assert!(error.contains("chmod 600") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn what_is_no_reference_is_not_repeated() {
        for text in ["hunter2", "env:", "file:hunter2", "pass:hunter2"] {
            let error = Kept::new(Some(text)).unwrap_err().to_string();
            assert!(error.contains("env:NAME") && !error.contains("hunter2"), "{error}");
        }
        let error = Kept::new(Some("env:COAX_NO_SUCH_VARIABLE")).unwrap().read().unwrap_err();
        assert!(error.to_string().contains("COAX_NO_SUCH_VARIABLE is not set"));
    }
}
