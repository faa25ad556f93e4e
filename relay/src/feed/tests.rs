use std::task::Wake;

use super::*;

/// Counts how often it was woken.
#[derive(Default)]
struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn feed(bytes: usize) -> Feed {
    Feed::new(Limits::new(&Settings { feed_bytes: bytes, ..Settings::default() }), Arc::default())
}

/// A packet of `mark`s; every tenth is a point.
fn push(feed: &Feed, mark: u8, millis: u64) {
    let time = Duration::from_millis(millis);
    let point = || Point { offset: 0, time, tables: Bytes::new(), program: None, splice: false };
    let points = if mark.is_multiple_of(10) { vec![point()] } else { vec![] };
    feed.push(Cut { bytes: Bytes::from(vec![mark; PACKET]), time, points });
}

fn read(feed: &Feed, cursor: &mut Cursor) -> Option<u8> {
    let mut cx = Context::from_waker(std::task::Waker::noop());
    match feed.poll_next(cursor, &mut cx) {
        Poll::Ready(bytes) => bytes.map(|bytes| bytes[0]),
        Poll::Pending => None,
    }
}

#[test]
fn a_joiner_begins_far_enough_back_to_fill_his_player_and_not_further() {
    // A point each second, and half a second since the last one.
    let lively = feed(usize::MAX);
    (0..=45).for_each(|mark| push(&lively, mark, u64::from(mark) * 100));
    assert_eq!(read(&lively, &mut Cursor::default()), Some(30));
    // A point each ten seconds: three seconds back is far enough, thirteen would be too far.
    let slow = feed(usize::MAX);
    (0..=43).for_each(|mark| push(&slow, mark, u64::from(mark) * 1000));
    assert_eq!(read(&slow, &mut Cursor::default()), Some(40));
    // Nothing is far enough: the newest.
    let sudden = feed(usize::MAX);
    (0..=43).for_each(|mark| push(&sudden, mark, 0));
    assert_eq!(read(&sudden, &mut Cursor::default()), Some(40));
}

#[test]
fn nothing_is_seen_before_the_first_point() {
    let feed = feed(usize::MAX);
    push(&feed, 1, 1);
    let mut cursor = Cursor::default();
    assert_eq!(read(&feed, &mut cursor), None);
    push(&feed, 10, 1);
    push(&feed, 11, 1);
    assert_eq!([read(&feed, &mut cursor), read(&feed, &mut cursor)], [Some(10), Some(11)]);
}

#[test]
fn the_feed_forgets_and_a_laggard_jumps_but_not_for_ever() {
    let feed = feed(20 * PACKET);
    push(&feed, 10, 0);
    let mut cursor = Cursor::default();
    assert_eq!(read(&feed, &mut cursor), Some(10));
    for jump in 0..6 {
        (11..=50).for_each(|mark| push(&feed, mark, 1));
        assert_eq!(read(&feed, &mut cursor), (jump < 5).then_some(50), "{jump}");
    }
    assert_eq!(feed.ring().bytes, 20 * PACKET);
    assert_eq!(feed.counts().jumps, 6);
}

#[test]
fn whoever_waits_is_woken_once_however_often_he_was_polled() {
    let feed = feed(usize::MAX);
    let woken = Arc::new(Woken::default());
    let waker = std::task::Waker::from(woken.clone());
    let mut cursor = Cursor::default();
    for _ in 0..100 {
        assert!(feed.poll_next(&mut cursor, &mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(feed.ring().waiting.len(), 1);
    push(&feed, 10, 0);
    push(&feed, 11, 0);
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
}

#[test]
fn what_is_there_is_read_before_the_end() {
    let feed = feed(usize::MAX);
    push(&feed, 10, 0);
    feed.end(None);
    push(&feed, 11, 0);
    let mut cursor = Cursor::default();
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert_eq!(read(&feed, &mut cursor), Some(10));
    assert!(matches!(feed.poll_next(&mut cursor, &mut cx), Poll::Ready(None)));
}
