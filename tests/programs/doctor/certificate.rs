//! What the doctor says of a certificate.

use std::fs;
use std::time::Duration;

use super::House;

/// A certificate for a name or an address, by itself, that holds so many seconds from now; and its key. Both PEM.
fn certificate(name: &str, from: i64, until: i64) -> (String, String) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let at = |seconds: i64| epoch + Duration::from_secs((now + seconds).cast_unsigned());
    let mut parameters = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    (parameters.not_before, parameters.not_after) = (at(from), at(until));
    let key = rcgen::KeyPair::generate().unwrap();
    (parameters.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[test]
fn what_is_wrong_with_the_certificate_is_named() {
    const DAY: i64 = 86_400;
    let mut house = House::new();
    let files = "[tls]\nlisten = \"127.0.0.1:0\"\ncertificate = \"chain.pem\"\nkey = \"chain.key\"\n";
    house.sources = files.into();
    house.ask(&[]).has("fail", "certificate", "chain.pem cannot be read");
    let put = |house: &House, (chain, key): &(String, String)| {
        house.write("chain.pem", chain);
        house.write("chain.key", key);
    };
    let good = certificate("127.0.0.1", -DAY, 89 * DAY);
    house.write("chain.pem", &good.0);
    house.ask(&[]).has("fail", "certificate", "chain.key cannot be read as a key");
    house.write("chain.key", &certificate("127.0.0.1", -DAY, DAY).1);
    house.ask(&[]).has("fail", "certificate", "do not belong together");
    for (from, until, level, words) in [
        (-90 * DAY, -3 * DAY - 60, "fail", "it ended 3 days ago"),
        (DAY, 90 * DAY, "fail", "on only"),
        (-88 * DAY, 2 * DAY + 60, "warn", "it ends in 2 days"),
        (-DAY, 89 * DAY, "ok", "until 2"),
    ] {
        put(&house, &certificate("127.0.0.1", from, until));
        house.ask(&[]).has(level, "certificate", words);
    }
    house.top += "public_base_url = \"https://localhost:1\"\n";
    house.ask(&[]).has("warn", "certificate", "it is not for localhost");

    // One that an authority gives.
    house.sources = "[tls]\nlisten = \"127.0.0.1:0\"\ndomains = [\"tv.example.com\"]\n".into();
    house.ask(&[]).has("warn", "certificate", "none yet for tv.example.com");
    let given = |(chain, key): (String, String)| {
        let given = serde_json::json!({ "directory": "", "domains": [], "chain": chain, "key": key });
        fs::create_dir_all(house.path("data/tls")).unwrap();
        house.write("data/tls/certificate.json", &given.to_string());
    };
    given(good);
    house.ask(&[]).has("fail", "certificate", "it is not for tv.example.com");
    given(certificate("tv.example.com", -70 * DAY, 20 * DAY + 60));
    let said = house.ask(&[]);
    said.has("warn", "certificate", "it is not for localhost");
    said.has("fail", "secrets", "certificate.json can be read by everybody");
    house.top = "listen = \"127.0.0.1:0\"\n".into();
    house.ask(&[]).has("warn", "certificate", "it ends in 20 days");
    house.sources += "authority = \"nowhere.pem\"\n";
    house.ask(&[]).has("fail", "certificate", "nowhere.pem cannot be read");
}
