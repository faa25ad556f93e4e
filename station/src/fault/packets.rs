//! Faults that happen to the packets of a transport stream.

use std::io;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use mpegts::packet::PacketMut;
use mpegts::{PACKET, pes};

use super::afflict::Source;

/// By how much clocks jump, in seconds.
const JUMP: i64 = 3600;

/// After so many bytes PCR, PTS and DTS are an hour ahead, and nothing says so.
pub(super) fn jump(source: Source, bytes: u64) -> impl Stream<Item = io::Result<Bytes>> + Send {
    each(source, move |packet, at| {
        if let Some(mut packet) = PacketMut::new(packet).filter(|_| at >= bytes) {
            packet.shift_references(JUMP * 27_000_000);
            if packet.view().unit_start() {
                let _ = pes::shift(packet.payload_mut(), JUMP * 90_000);
            }
        }
        true
    })
}

/// After every so many bytes a packet is missing.
pub(super) fn corrupt(source: Source, every: u64) -> impl Stream<Item = io::Result<Bytes>> + Send {
    each(source, move |_, at| at / every == (at + PACKET as u64) / every)
}

/// Every packet with the number of bytes before it; those of which `keep` says no are left out. What is no whole packet
/// at the end passes as it is.
fn each(
    source: Source,
    keep: impl FnMut(&mut [u8; PACKET], u64) -> bool + Send,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let state = (source.fuse(), Vec::new(), 0, keep);
    stream::unfold(state, |(mut source, mut held, mut at, mut keep)| async move {
        loop {
            match source.next().await {
                Some(Ok(chunk)) => held.extend_from_slice(&chunk),
                Some(Err(error)) => return Some((Err(error), (source, held, at, keep))),
                None if held.is_empty() => return None,
                None => {
                    let rest = Bytes::from(std::mem::take(&mut held));
                    return Some((Ok(rest), (source, held, at, keep)));
                }
            }
            let later = held.split_off(held.len() / PACKET * PACKET);
            let mut out = Vec::with_capacity(held.len());
            for packet in held.as_chunks_mut::<PACKET>().0 {
                if keep(packet, at) {
                    out.extend_from_slice(packet);
                }
                at += PACKET as u64;
            }
            held = later;
            if !out.is_empty() {
                return Some((Ok(Bytes::from(out)), (source, held, at, keep)));
            }
        }
    })
}
