//! Whose files are written.
//!
//! Where Coax is a service, the data folder is a user's of its own. Root who adds somebody there must not leave a file that the
//! service cannot read, so what root starts goes on as whom the folder belongs to.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

use crate::disk::Data;

/// Becomes the owner of the data folder, if root is asked and it is somebody else's. To be called before there is a second
/// thread: the kernel changes the one that asks, and those that it begins.
///
/// # Errors
/// The kernel refuses.
pub fn become_owner(data: &Data) -> io::Result<()> {
    // A folder that is not there yet will be root's.
    let Ok(folder) = fs::metadata(data.path()) else { return Ok(()) };
    if !geteuid().is_root() || folder.uid() == 0 {
        return Ok(());
    }
    let (user, group) = (Uid::from_raw(folder.uid()), Gid::from_raw(folder.gid()));
    set_thread_groups(&[group])?;
    set_thread_gid(group)?;
    set_thread_uid(user)?;
    Ok(())
}
