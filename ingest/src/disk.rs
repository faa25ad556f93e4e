//! What the disk says when it refuses, in words that say what to do.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;

use contract::disk::Data;

/// What the disk of the data folder says, for a note about a source: whose fault it is comes first.
pub(crate) fn words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull => format!("the disk is full ({error})"),
        ErrorKind::QuotaExceeded => format!("the disk is full: the quota is used up ({error})"),
        ErrorKind::ReadOnlyFilesystem => format!("the disk is read-only ({error})"),
        _ => error.to_string(),
    }
}

/// Why a run failed, with its causes. If it is the disk, that comes first: what was published is untouched and no
/// source is to blame.
pub fn explain(error: &anyhow::Error, data: &Data) -> String {
    let disk = error.chain().filter_map(disk_error).find(|error| is_full(error.kind()));
    match disk {
        Some(disk) => format!("{} ({error:#})", advice(disk.kind(), data.path())),
        None => format!("{error:#}"),
    }
}

fn advice(kind: ErrorKind, folder: &Path) -> String {
    let folder = folder.display();
    match kind {
        ErrorKind::ReadOnlyFilesystem => {
            format!("the disk is read-only: {folder} takes nothing; mount it for writing and run again")
        }
        ErrorKind::QuotaExceeded => {
            format!(
                "the disk is full: the quota of {folder} is used up; make room or raise it, and run again"
            )
        }
        _ => format!(
            "the disk is full: {folder} takes nothing more; make room or keep fewer releases, and run again"
        ),
    }
}

fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem)
}

fn disk_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    error.downcast_ref()
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_full_disk_is_named_before_everything_else() {
        let data = Data::new("/srv/coax");
        for (kind, expected) in [
            (ErrorKind::StorageFull, "the disk is full: /srv/coax takes nothing more"),
            (ErrorKind::QuotaExceeded, "the disk is full: the quota of /srv/coax"),
            (ErrorKind::ReadOnlyFilesystem, "the disk is read-only: /srv/coax"),
        ] {
            let error =
                Err::<(), _>(io::Error::from(kind)).context("the release cannot be written").unwrap_err();
            let said = explain(&error, &data);
            assert!(
                said.starts_with(expected) && said.contains("(the release cannot be written: "),
                "{said}"
            );
            assert!(words(&io::Error::from(kind)).starts_with("the disk is "));
        }
        let other = Err::<(), _>(io::Error::other("torn cable")).context("the ledger").unwrap_err();
        assert_eq!(explain(&other, &data), "the ledger: torn cable");
    }
}
