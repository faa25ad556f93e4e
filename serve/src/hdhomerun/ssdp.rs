//! SSDP (UPnP Device Architecture 1.0, 1.2): the answer to who searches the network for devices.

use contract::hdhomerun::DeviceId;

/// The kind of device that we say we are: what the maker's devices say, and what media servers search for.
pub(super) const KIND: &str = "urn:schemas-upnp-org:device:MediaServer:1";

/// What the unique names of our devices begin with.
const PREFIX: &str = "uuid:636f6178-0000-4000-8000-0000";

/// The unique name of a device. Made of its id alone, so that it is the same after every start.
pub(super) fn unique(id: DeviceId) -> String {
    format!("{PREFIX}{:08x}", id.number())
}

/// What a search is for, if `datagram` is one.
pub(super) fn searched(datagram: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(datagram).ok()?;
    let mut lines = text.split("\r\n");
    if !lines.next()?.starts_with("M-SEARCH * HTTP/1.1") {
        return None;
    }
    let headers = lines.filter_map(|line| line.split_once(':'));
    let value = |name: &str| {
        let mut named = headers.clone().filter(|(known, _)| known.trim().eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim())
    };
    value("man").filter(|man| man.trim_matches('"') == "ssdp:discover")?;
    value("st")
}

/// Whether a search can be for a device of ours; which one it is for takes longer to know.
pub(super) fn may_be_ours(searched: &str) -> bool {
    matches!(searched, "ssdp:all" | "upnp:rootdevice" | KIND) || searched.starts_with(PREFIX)
}

/// The answer of the device `id`, which is described at `location`; `None` if it was not searched for.
pub(super) fn found(searched: &str, id: DeviceId, location: &str) -> Option<String> {
    let unique = unique(id);
    let target = match searched {
        "ssdp:all" => "upnp:rootdevice",
        "upnp:rootdevice" | KIND => searched,
        _ if searched == unique => searched,
        _ => return None,
    };
    let name = if target == unique { unique } else { format!("{unique}::{target}") };
    Some(format!(
        "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\nLOCATION: {location}\r\n\
         SERVER: Linux/1.0 UPnP/1.0 HDHomeRun/1.0\r\nST: {target}\r\nUSN: {name}\r\n\r\n"
    ))
}

#[cfg(test)]
mod tests {
    use contract::ticket::Key;

    use super::*;

    fn search(target: &str) -> Vec<u8> {
        let head = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMan: \"ssdp:discover\"\r\nMX: 2\r\n";
        format!("{head}ST: {target}\r\n\r\n").into_bytes()
    }

    #[test]
    fn who_searches_for_us_or_for_anything_finds_us() {
        let id = DeviceId::of(&Key::known([1; 32]), "Coax", 0);
        let ask = |target: &str| found(searched(&search(target)).unwrap(), id, "http://h/device.xml");
        for target in ["ssdp:all", "upnp:rootdevice", KIND, &unique(id)] {
            let answer = ask(target).unwrap();
            assert!(answer.contains("\r\nLOCATION: http://h/device.xml\r\n") && answer.ends_with("\r\n\r\n"));
        }
        let gateway = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";
        assert!(may_be_ours("ssdp:all") && may_be_ours(&unique(id)) && !may_be_ours(gateway));
        assert!(ask("urn:schemas-upnp-org:device:InternetGatewayDevice:1").is_none());
        assert!(ask("uuid:636f6178-0000-4000-8000-000000000000").is_none());
    }

    #[test]
    fn what_is_no_search_is_not_answered() {
        let other = String::from_utf8(search("ssdp:all")).unwrap();
        for no in [
            other.replace("M-SEARCH", "NOTIFY"),
            other.replace("ssdp:discover", "ssdp:other"),
            other.replace("ST:", "XT:"),
            String::new(),
        ] {
            assert_eq!(searched(no.as_bytes()), None);
        }
        assert_eq!(searched(&[0xFF, 0xFE]), None);
    }
}
