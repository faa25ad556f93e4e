//! Memory that is freed is the system's again. A process of its own: what is set here is set for all of it.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::thread;

/// What this process has of its own, in bytes.
fn own() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

#[test]
fn large_blocks_that_are_freed_are_not_kept_by_whoever_had_them() {
    httpd::return_memory();
    drop(vec![1_u8; 19 << 20]); // as large as what a password is hashed in
    let before = own();
    let threads = (0..4).map(|_| {
        thread::spawn(|| {
            // One above the other, as while something grows.
            let blocks: Vec<Vec<u8>> = (1..8).map(|size| vec![1; size << 19]).collect();
            let keep = Box::new([1_u8; 64]); // what is left above them
            drop(blocks);
            keep
        })
    });
    let kept: Vec<_> = threads.collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).collect();
    let grown = own().saturating_sub(before);
    assert!(grown < 6 << 20, "{grown} bytes are kept");
    drop(kept);
}
