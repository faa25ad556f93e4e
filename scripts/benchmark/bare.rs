//! The least that reading a packed guide takes: one thread that unpacks it and cuts it into the tokens of XML.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Says how many programmes there are.
pub(crate) fn guide(path: &Path) {
    let unpacked = BufReader::with_capacity(1 << 16, MultiGzDecoder::new(File::open(path).unwrap()));
    let mut reader = Reader::from_reader(unpacked);
    reader.config_mut().check_end_names = false;
    let (mut buffer, mut programmes) = (Vec::new(), 0_u64);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).unwrap() {
            Event::Start(element) if element.name().0 == "programme" => programmes += 1,
            Event::Eof => break println!("{programmes}"),
            _ => {}
        }
    }
}
