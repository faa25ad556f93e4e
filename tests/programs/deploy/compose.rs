//! deploy/compose.yaml names what there is: files, ports, variables, and what the Dockerfile makes. Its form is looked at by
//! scripts/container, with the schema of compose files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const COMPOSE: &str = include_str!("../../../deploy/compose.yaml");
const DOCKERFILE: &str = include_str!("../../../deploy/Dockerfile");
const EXAMPLE: &str = include_str!("../../../deploy/coax.env.example");
const PROMETHEUS: &str = include_str!("../../../deploy/monitoring/prometheus.yml");
const IGNORED: &str = include_str!("../../../.dockerignore");

fn house() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What a file says in its lines, without comments.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// The lines of a service.
fn service(name: &str) -> Vec<&'static str> {
    let (_, rest) = COMPOSE.split_once(&format!("\n  {name}:\n")).unwrap();
    let end = rest
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("   ") || line.trim().starts_with('#'));
    end.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// What the first line that begins so goes on with.
fn says<'a>(lines: &[&'a str], key: &str) -> &'a str {
    lines
        .iter()
        .find_map(|line| line.strip_prefix(key))
        .unwrap_or_else(|| panic!("no {key}: {lines:?}"))
        .trim()
}

#[test]
fn what_compose_yaml_says_of_coax_is_what_the_dockerfile_makes() {
    let (coax, image) = (service("coax"), lines(DOCKERFILE));
    let context = house().join("deploy").join(says(&coax, "context:"));
    assert!(context.join(says(&coax, "dockerfile:")).is_file());
    assert!(context.join("Cargo.toml").is_file());
    // What is copied out of the house is in it, and not left out.
    for line in image.iter().filter(|line| line.starts_with("COPY ") && !line.contains("--from")) {
        let from = line.split(' ').nth(1).unwrap();
        assert!(context.join(from).exists(), "{line}");
        assert!(
            IGNORED
                .lines()
                .all(|ignored| Path::new(from).components().next().unwrap().as_os_str() != ignored),
            "{line}"
        );
    }
    for member in include_str!("../../../Cargo.toml")
        .lines()
        .find_map(|it| it.strip_prefix("members = "))
        .unwrap()
        .split('"')
        .skip(1)
        .step_by(2)
    {
        assert!(!IGNORED.lines().any(|ignored| ignored == member), "{member} is built, and not sent to be");
    }
    let port = says(&image, "EXPOSE ");
    assert_eq!(says(&coax, "- \"${COAX_PORT:-"), format!("{port}}}:{port}\""));
    assert!(says(&image, "CMD wget").contains(&format!("${{PORT:-{port}}}")), "the health check asks there");
    let volume = says(&image, "VOLUME ");
    assert_eq!(says(&coax, "- data:"), volume);
    assert!(says(&image, "ENV ").starts_with(&format!("COAX_DATA={volume} ")));
    let user = says(&coax, "user:").trim_matches('"');
    assert!(DOCKERFILE.contains(&format!("coax:x:{user}:")), "{user}");
    assert!(DOCKERFILE.contains(&format!("chown {user} {volume}")), "{user}");
    assert!(says(&coax, "stop_grace_period:").trim_end_matches('s').parse::<u32>().unwrap() > 5);
    for program in ["coax", "ingest", "serve", "relay", "tscheck"] {
        assert!(says(&image, "RUN mkdir -p /programs").contains(program), "{program}");
    }
}

#[test]
fn the_variables_and_files_that_compose_yaml_names_exist() {
    let readme = include_str!("../../../README.md");
    let (_, table) = readme.split_once("\n### Environment\n").unwrap();
    let known: BTreeSet<&str> = table.split("\n## ").next().unwrap().split('`').skip(1).step_by(2).collect();
    let example = EXAMPLE.lines().filter_map(|line| line.trim_start_matches('#').split_once('='));
    let example: Vec<&str> = example.map(|(name, _)| name).filter(|name| !name.contains(' ')).collect();
    assert!(example.len() > 5, "{example:?}");
    for name in &example {
        assert!(known.contains(name), "coax.env.example: {name}");
    }
    let coax = service("coax");
    let (_, set) = COMPOSE.split_once("    environment:\n").unwrap();
    for line in set.lines().take_while(|line| line.starts_with("      ")) {
        let (name, _) = line.trim().split_once(':').unwrap();
        assert!(known.contains(name), "{name}");
    }
    let file = says(&coax, "env_file:");
    assert!(house().join("deploy").join(format!("{file}.example")).is_file(), "{file}");

    // The engine is where it is said to be, and the monitor's key is one of ours.
    assert!(COMPOSE.contains("COAX_ACE_ENGINE: http://acestream:6878\n"));
    assert_eq!(says(&service("acestream"), "expose:"), "[\"6878\"]");
    let prometheus = service("prometheus");
    let monitoring = house().join("deploy/monitoring");
    assert_eq!(says(&prometheus, "- ./monitoring:"), "/etc/prometheus:ro");
    assert!(says(&prometheus, "- 'printf").contains("--config.file=/etc/prometheus/prometheus.yml"));
    let asked = lines(PROMETHEUS);
    assert!(says(&prometheus, "- 'printf").contains(&format!("> {} ", says(&asked, "credentials_file:"))));
    assert!(asked.contains(&"- alerts.yml") && monitoring.join("alerts.yml").is_file());
    assert_eq!(says(&asked, "- targets:"), "[\"coax:8080\"]");
    assert!(
        example.contains(
            &says(&prometheus, "COAX_MONITOR_KEY:").trim_start_matches("${").trim_end_matches(":-}")
        )
    );
}
