//! Flash Video: tags, with the length of each one behind it. The last four bytes of a whole file lead to its last tag.

use std::io::{Read, Seek};

use super::{Container, Defect, Look, Walked};

/// What stands before the content of a tag.
const TAG: u64 = 11;
/// The head of a file, and the length of no tag behind it.
const HEAD: u64 = 9 + 4;

pub(super) fn walk(look: &mut Look<'_, impl Read + Seek>) -> Result<Walked, Defect> {
    let missing = (HEAD + TAG + 4).saturating_sub(look.size);
    if missing > 0 {
        return Err(Defect::Cut { at: 0, missing });
    }
    let last = u64::from(u32::from_be_bytes(look.exactly(look.size - 4)?));
    let at = (look.size - 4).checked_sub(last).filter(|at| *at >= HEAD && last >= TAG);
    let whole = match at {
        None => false,
        Some(at) => {
            let [_, l1, l2, l3]: [u8; 4] = look.exactly(at)?;
            u64::from(u32::from_be_bytes([0, l1, l2, l3])) + TAG == last
        }
    };
    Ok(Walked { container: Container::Flv, duration: None, picture: None, ragged: !whole })
}
