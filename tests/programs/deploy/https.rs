//! https of our own, with real clients.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::home::{Home, certificate, eventually, free_port, get, json, question};
use crate::program::{ffmpeg, text};

#[test]
fn everything_is_there_by_https_as_well_and_a_new_certificate_is_taken_while_somebody_watches() {
    let port = free_port();
    let home = Home::new(&format!(
        "[tls]\nlisten = \"127.0.0.1:{port}\"\ncertificate = \"chain.pem\"\nkey = \"chain.key\"\n"
    ));
    let folder = home.path("");
    let (first, _) = certificate(&folder, "chain", &["127.0.0.1"]);
    let first_copy = home.path("first.pem");
    fs::copy(&first, &first_copy).unwrap();
    let coax = home.up();
    let base = format!("https://127.0.0.1:{port}");
    let trusting = |authority: &std::path::Path| ["--cacert".to_owned(), authority.display().to_string()];
    let trusts_first = trusting(&first_copy);
    let trusts_first: Vec<&str> = trusts_first.iter().map(String::as_str).collect();

    // What is told fits how it was asked, and http goes on.
    let told = |url: &str, arguments: &[&str]| {
        let server = json(&question(url, ""), arguments)["server_info"].clone();
        (server["server_protocol"].clone(), server["https_port"].clone())
    };
    assert_eq!(told(&base, &trusts_first), ("https".into(), port.to_string().into()));
    assert_eq!(told(&coax.url, &[]).0, "http");
    let playlist =
        get(&format!("{base}/get.php?username=ann&password=watching&type=m3u_plus&output=ts"), &trusts_first)
            .1;
    let address = playlist.lines().find(|line| line.starts_with("http")).unwrap().to_owned();
    assert!(address.starts_with(&format!("{base}/live/")), "{address}");

    // ffmpeg, which looks at the certificate, plays both forms.
    for address in [address.clone(), address.replace(".ts", ".m3u8")] {
        let authority = first_copy.to_str().unwrap();
        let options = ["-v", "error", "-tls_verify", "1", "-ca_file", authority, "-t", "2", "-i", &address];
        let played =
            ffmpeg("ffmpeg", &[&options[..], &["-map", "0", "-c", "copy", "-f", "null", "-"]].concat());
        assert!(played.status.success(), "{address}: {}", text(&played.stderr));
    }

    // A viewer is there; both files are replaced.
    let mut viewer = Command::new("curl")
        .args(["-sN", "--cacert", trusts_first[1], &address])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut watched = viewer.stdout.take().unwrap();
    watched.read_exact(&mut [0; 100_000]).unwrap();
    let (second, _) = certificate(&folder, "chain", &["127.0.0.1"]);
    let trusts_second = trusting(&second);
    let trusts_second: Vec<&str> = trusts_second.iter().map(String::as_str).collect();
    eventually("the new certificate", || {
        (get(&format!("{base}/health"), &trusts_second).0 == 200).then_some(())
    });
    assert_eq!(get(&format!("{base}/health"), &trusts_first).0, 0, "the old one is not shown any more");
    watched.read_exact(&mut [0; 1_000_000]).unwrap();
    viewer.kill().unwrap();
    viewer.wait().unwrap();

    // A key that does not fit is not taken.
    certificate(&folder, "other", &["127.0.0.1"]);
    fs::rename(home.path("other.key"), home.path("chain.key")).unwrap();
    // It is looked at twice, once a second: for as long as that the other one is shown, and whether it was looked at stands in
    // the log, below.
    for _ in 0..8 {
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(get(&format!("{base}/health"), &trusts_second).0, 200);
    }

    // Who speaks something else there gets nothing, and one who says nothing keeps nobody waiting.
    let silent = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut plain = TcpStream::connect(("127.0.0.1", port)).unwrap();
    plain.write_all(b"GET /health HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!text(&answer).contains("HTTP/1"), "{answer:?}");
    assert_eq!(get(&format!("{base}/health"), &trusts_second).0, 200);
    drop(silent);
    let ended = coax.terminate();
    assert!(ended.status.success());
    assert!(ended.logged.contains("do not belong together"), "{}", ended.logged);
}

#[test]
fn serve_and_relay_by_themselves_speak_https_as_well() {
    let home = Home::new("");
    drop(home.up());
    let (chain, _) = certificate(&home.path(""), "chain", &["127.0.0.1"]);
    let trusts = ["--cacert", chain.to_str().unwrap()];
    for (name, path) in
        [("serve", "/xmltv.php?username=ann&password=watching"), ("relay", "/live/ann/watching/0.ts")]
    {
        let port = free_port();
        let files = "certificate = \"chain.pem\"\nkey = \"chain.key\"\n";
        home.configure(&format!("[tls]\nlisten = \"127.0.0.1:{port}\"\n{files}"));
        let part = home.part(name);
        let status = get(&format!("https://127.0.0.1:{port}{path}"), &trusts).0;
        assert_eq!(status, if name == "serve" { 200 } else { 404 }, "{name}");
        assert!(part.terminate().status.success());
    }
}

#[test]
fn files_that_hold_no_certificate_end_the_program_with_their_names() {
    let home = Home::new("");
    let up = |more: &str| {
        home.configure(more);
        let output = crate::program::run(&["up"], "", &home.path(""));
        (output.status.code(), text(&output.stderr))
    };
    let port = free_port();
    let tls = format!("[tls]\nlisten = \"127.0.0.1:{port}\"\n");
    let (code, said) = up(&format!("{tls}certificate = \"none.pem\"\nkey = \"none.key\"\n"));
    assert!(code == Some(1) && said.contains("none.pem") && said.contains("No such file"), "{said}");
    let (certificate, _) = certificate(&home.path(""), "one", &["127.0.0.1"]);
    let (code, said) = up(&format!("{tls}certificate = \"one.key\"\nkey = \"one.pem\"\n"));
    assert!(code == Some(1) && said.contains("one.key holds no certificate"), "{said}");
    let (code, said) = up(&format!("{tls}certificate = \"{}\"\n", certificate.display()));
    assert!(code == Some(2) && said.contains("give both"), "{said}");
}
