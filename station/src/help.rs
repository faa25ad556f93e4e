//! What can be asked of a station by address, for `station --help`.

use std::fmt::Write as _;

use crate::{ace, fault, origin, stream};

/// The end of the help: every address that is not a panel's, and every spelling.
pub fn help() -> String {
    let mut text = String::from(ADDRESSES);
    table("Faults", fault::SPELLINGS, &mut text);
    table("What can be the matter with a content of the engine, joined by commas", ace::SPELLINGS, &mut text);
    table("Variants of transport streams, joined by commas", stream::SPELLINGS, &mut text);
    table("Quirks of HLS origins, joined by commas", origin::SPELLINGS, &mut text);
    text
}

const ADDRESSES: &str = "\
Addresses besides the panel's:
  /origin/QUIRKS/USER/PASSWORD/ID/index.m3u8   a live channel as another server's HLS, see the quirks below
  /variant/VARIANT/USER/PASSWORD/ID.ts         a live channel as another encoder makes it, see the variants below
  /ace/getstream, /ace/manifest.m3u8, ...      an Ace Stream engine, also on a port of its own, see --ace-listen;
                                               every live channel is a content, with an id and another infohash
  POST /_station/ace?channel=ID&content=CONTENT
                                               what is the matter with a channel as a content, see below
  /pages/channels.html, .json, .m3u            the channels as broadcasts of Ace Stream; ?page=1&pages=3 for parts
  /pages/upstreams.m3u?as=AS                   the channels as ts or hls of the panel, variant:VARIANT,
                                               origin:QUIRKS, ace or infohash of the engine, or every one of these;
                                               &username=USER&password=PASSWORD for another account
  /tmdb/3/search/movie?query=WORDS, /tmdb/3/movie/ID, and tv in place of movie
                                               the films and series as themoviedb.org has them, with the token
                                               station-tmdb-token; action=tmdb is where it fails
  /_station/counts                             what was asked for, and who is connected
  POST /_station/reset                         forgets what it has seen, and all faults
  POST /_station/fault?channel=ID|*&fault=FAULT[&after=N][&times=N]
                                               plans a fault, the first N requests excepted; fault=none takes it back; action=NAME instead of channel
                                               for an API action, a document, segment, init or key of HLS origins, ace/stat and the like
                                               of the engine
  ...?fault=FAULT                              on any address: what goes wrong with this request
";

fn table(title: &str, rows: &[(&str, &str)], text: &mut String) {
    let _ = writeln!(text, "\n{title}:");
    for (spelling, meaning) in rows {
        let _ = writeln!(text, "  {spelling:<24} {meaning}");
    }
}
