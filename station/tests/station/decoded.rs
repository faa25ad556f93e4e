//! What ffmpeg makes of it.

use station::{Settings, Start, Station};

use crate::start;

/// Decodes an address to its end, or for four seconds, and returns codecs and what ffmpeg had to say.
async fn decoded(url: String) -> (Vec<String>, String) {
    let run = |program: &'static str, arguments: Vec<String>| {
        tokio::task::spawn_blocking(move || {
            let output = std::process::Command::new(program).args(arguments).output();
            output.unwrap_or_else(|error| panic!("{program} is needed (scripts/check installs it): {error}"))
        })
    };
    let arguments = |text: &str| text.split(' ').map(|word| word.replace("URL", &url)).collect();
    let probe = run("ffprobe", arguments("-v error -show_entries stream=codec_name -of csv=p=0 URL"));
    let mut codecs: Vec<String> = String::from_utf8(probe.await.unwrap().stdout)
        .unwrap()
        .split(['\n', ','])
        .filter(|codec| !codec.is_empty() && *codec != "side_data")
        .map(str::to_owned)
        .collect();
    codecs.sort();
    codecs.dedup();
    let play = run("ffmpeg", arguments("-nostdin -v error -t 4 -i URL -f null -")).await.unwrap();
    (codecs, String::from_utf8(play.stderr).unwrap())
}

async fn station() -> Station {
    let account = station::Account { max_connections: 0, ..Default::default() };
    start(Settings { start: Start::KeyPicture, accounts: vec![account], ..Settings::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_codec_is_decoded_without_a_word() {
    let station = station().await;
    let id = station.catalogue().live_id(0);
    let table: [(&str, &[&str]); 6] = [
        ("hevc", &["aac", "hevc"]),
        ("mpeg2,mp2", &["mp2", "mpeg2video"]),
        ("no-aud,latm", &["aac_latm", "h264"]),
        ("silent,long-pmt", &["h264"]),
        ("ac3,pointer", &["ac3", "h264"]),
        ("wrap:3", &["aac", "h264"]),
    ];
    for (variant, expected) in table {
        let (codecs, words) = decoded(station.variant_url(variant, id)).await;
        assert_eq!(
            (codecs.iter().map(String::as_str).collect(), &*words),
            (expected.to_vec(), ""),
            "{variant}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn origins_of_every_kind_are_decoded_without_a_word() {
    let station = station().await;
    let id = station.catalogue().live_id(0);
    let table: [(&str, &[&str]); 6] = [
        ("fmp4", &["aac", "h264"]),
        ("fmp4,audio", &["aac", "h264"]),
        ("packed", &["aac"]),
        ("aes,counting", &["aac", "h264"]),
        ("aes-iv,counting,master", &["aac", "h264"]),
        ("range,counting", &["aac", "h264"]),
    ];
    for (quirks, expected) in table {
        let (codecs, words) = decoded(station.origin_url(&format!("vod,{quirks}"), id)).await;
        assert_eq!(
            (codecs.iter().map(String::as_str).collect(), &*words),
            (expected.to_vec(), ""),
            "{quirks}"
        );
    }
}
