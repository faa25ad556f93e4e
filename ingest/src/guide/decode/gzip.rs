//! gzip of any number of members, whatever stands behind the last.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

use super::layer::Layer;

/// Unpacks member after member. What is no member ends it without an error: some servers append to a file, or pad it.
pub(super) struct Gzip {
    /// `None` after the last.
    member: Option<GzDecoder<Layer>>,
}

impl Gzip {
    /// Of a layer that begins with a member.
    pub(super) fn new(packed: Layer) -> Self {
        Self { member: Some(GzDecoder::new(packed)) }
    }
}

impl Read for Gzip {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let read = member.read(out)?;
            if read > 0 {
                return Ok(read);
            }
            let mut rest = self.member.take().expect("it is here: it has just been read").into_inner();
            if rest.head(3)?.starts_with(b"\x1f\x8b\x08") {
                self.member = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}
