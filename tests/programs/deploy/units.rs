//! The units of deploy/systemd, as systemd reads them.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The most exposure that `systemd-analyze security` may find, in tenths: "OK" ends at 5.
const EXPOSED: u32 = 20;

#[test]
fn systemd_understands_the_units_and_finds_little_exposed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/systemd");
    let mut units = 0;
    for unit in fs::read_dir(folder).unwrap() {
        units += 1;
        let unit = unit.unwrap().path();
        let analyze = |arguments: &[&str]| {
            let output = Command::new("systemd-analyze").args(arguments).arg(&unit).output();
            let output = output.expect("systemd-analyze is needed for this test (scripts/check installs it)");
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
        };
        // The program is not installed here; nothing else may be said.
        let said = analyze(&["verify", "--man=no"]);
        let odd: Vec<&str> = said.lines().filter(|line| !line.contains("Command /usr/bin/coax")).collect();
        assert!(odd.is_empty(), "{odd:?}");
        let said = analyze(&["security", "--no-pager", "--offline=true"]);
        let (_, level) = said.rsplit_once("Overall exposure level for ").unwrap();
        let level = level.split_whitespace().nth(1).unwrap().replace('.', "");
        assert!(level.parse::<u32>().unwrap() <= EXPOSED, "{}: {level}", unit.display());
    }
    assert_eq!(units, 5);
}

#[test]
fn the_units_differ_in_what_they_run_and_in_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/systemd");
    let common = |name: &str| {
        let unit = fs::read_to_string(folder.join(name)).unwrap();
        let lines =
            unit.lines().filter(|line| !line.starts_with("Description=") && !line.starts_with("ExecStart="));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    for program in ["ingest", "serve", "relay", "download"] {
        let name = format!("coax-{program}.service");
        assert_eq!(common(&name), common("coax.service"), "{name}");
    }
}

/// The programs that the README's map names, but for the one that is for tests and the demo.
fn programs() -> Vec<String> {
    let readme = include_str!("../../../README.md");
    let named = readme.split("bin `").skip(1).filter_map(|rest| rest.split('`').next());
    let mut all: Vec<String> = named.filter(|name| *name != "station").map(str::to_owned).collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn every_program_is_in_the_package_and_in_the_image() {
    let programs = programs();
    assert_eq!(programs, ["download", "ingest", "relay", "serve", "tscheck"]);
    let manifest = include_str!("../../../Cargo.toml");
    let image = include_str!("../../../deploy/Dockerfile");
    let (_, copied) = image.split_once("&& cp coax ").unwrap();
    let copied: Vec<&str> = copied.lines().next().unwrap().split_whitespace().collect();
    for program in programs {
        let asset = format!("[\"target/release/{program}\", \"usr/bin/coax-{program}\", \"755\"]");
        assert!(manifest.contains(&asset), "{program} is not in the package");
        assert!(copied.contains(&program.as_str()), "{program} is not in the image");
    }
}
