//! The documents tell of what there is: their links lead somewhere, and every setting, endpoint, variable and command that they name
//! exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{built, ffmpeg, run, text};

const HOUSE: &str = env!("CARGO_MANIFEST_DIR");
/// Where a path of a file system begins, and no address of ours.
const FILES: [&str; 8] = ["/etc/", "/var/", "/usr/", "/srv/", "/opt/", "/home/", "/dev/", "/tmp"];

/// A document, and its pieces that are not prose.
struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    /// All of them.
    fn all() -> Vec<Self> {
        let mut paths = vec![Path::new(HOUSE).join("README.md"), Path::new(HOUSE).join("data/README.md")];
        let folder = fs::read_dir(Path::new(HOUSE).join("docs")).unwrap();
        let is_text = |path: &PathBuf| path.extension().is_some_and(|it| it == "md");
        paths.extend(folder.map(|entry| entry.unwrap().path()).filter(is_text));
        assert!(paths.len() > 8, "{paths:?}");
        paths.sort();
        paths.into_iter().map(|path| Self { text: fs::read_to_string(&path).unwrap(), path }).collect()
    }

    fn name(&self) -> String {
        self.path.strip_prefix(HOUSE).unwrap().display().to_string()
    }

    /// Line by line without what is between fences.
    fn prose(&self) -> String {
        let mut fenced = false;
        let lines = self.text.lines().filter(|line| {
            let fence = line.starts_with("```");
            fenced ^= fence;
            !fenced && !fence
        });
        lines.flat_map(|line| [line, "\n"]).collect()
    }

    /// What stands between fences of this kind.
    fn blocks(&self, kind: &str) -> Vec<String> {
        let parts = self.text.split("```").skip(1).step_by(2);
        parts.filter_map(|part| Some(part.strip_prefix(kind)?.strip_prefix('\n')?.to_owned())).collect()
    }

    /// What stands between backticks.
    fn code(&self) -> Vec<String> {
        let prose = self.prose().replace('\n', " ");
        prose.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    /// The anchors of its headings, as they are made of them.
    fn anchors(&self) -> BTreeSet<String> {
        let anchor = |heading: &str| {
            let kept = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = kept.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
        };
        self.prose().lines().filter(|line| line.starts_with('#')).map(anchor).collect()
    }
}

#[test]
fn links_lead_somewhere() {
    let documents = Document::all();
    let anchors: BTreeMap<&Path, BTreeSet<String>> =
        documents.iter().map(|document| (&*document.path, document.anchors())).collect();
    let mut links = 0;
    for document in &documents {
        for link in
            document.prose().split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link)
        {
            if link.contains("://") {
                continue;
            }
            links += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if path.is_empty() { document.path.clone() } else { document.path.with_file_name(path) };
            let target =
                target.canonicalize().unwrap_or_else(|_| panic!("{}: {link} leads nowhere", document.name()));
            if !anchor.is_empty() {
                let there = anchors.get(&*target).is_some_and(|anchors| anchors.contains(anchor));
                assert!(there, "{}: {link} has no such heading", document.name());
            }
        }
    }
    assert!(links > 50, "only {links} links");
}

#[test]
fn every_configuration_that_is_shown_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let mut shown = 0;
    for document in Document::all() {
        for block in document.blocks("toml") {
            shown += 1;
            // What a secret is read from is not here.
            let mut block = block;
            while let Some(at) = block.find("{ env =").or_else(|| block.find("{ file =")) {
                let end = at + block[at..].find('}').unwrap();
                block.replace_range(at..=end, "\"http://stands-elsewhere-and-is-long-enough/\"");
            }
            let path = folder.path().join("coax.toml");
            contract::disk::put(&path, block.as_bytes()).unwrap();
            let output = run(&["check-config"], "", folder.path());
            assert!(output.status.success(), "{}: {}\n{block}", document.name(), text(&output.stderr));
        }
    }
    assert!(shown > 20, "only {shown} configurations");
}

#[test]
fn every_setting_that_is_named_exists() {
    let example = fs::read_to_string(Path::new(HOUSE).join("coax.example.toml")).unwrap();
    let mut named = 0;
    for document in Document::all() {
        for code in document.code() {
            let Some((key, _)) = code.split_once(" = ").filter(|(key, _)| !key.contains(['{', ' ', '"']))
            else {
                continue;
            };
            named += 1;
            let there =
                ["\n#", "{ ", ", ", "\n"].iter().any(|before| example.contains(&format!("{before}{key} = ")));
            assert!(there, "{}: `{code}`", document.name());
        }
        // `a` in [relay], with or without backticks around the section.
        let prose = document.prose().replace('\n', " ").replace("`[", "[").replace("]`", "]");
        for section in ["ingest", "serve", "relay", "tls"] {
            let pieces: Vec<&str> = prose.split(&format!("` in [{section}]")).collect();
            for piece in &pieces[..pieces.len() - 1] {
                named += 1;
                let code = piece.rsplit('`').next().unwrap();
                let key = code.split(" = ").next().unwrap();
                let (_, rest) = example.split_once(&format!("\n#[{section}]\n")).unwrap();
                let keys = rest.split("\n#[").find(|part| !part.starts_with('[')).unwrap();
                let nested = example.contains(&format!("\n#[{section}.{key}]"));
                let there = keys.contains(&format!("\n#{key} = ")) || nested;
                assert!(there, "{}: `{code}` in [{section}]", document.name());
            }
        }
    }
    assert!(named > 30, "only {named} settings");
}

#[test]
fn every_variable_that_is_named_exists() {
    let mut sources = String::new();
    for folder in ["src", "contract/src", "serve/src", "relay/src", "ingest/src"] {
        read_all(&Path::new(HOUSE).join(folder), &mut sources);
    }
    let mut named = 0;
    for document in Document::all() {
        let words = document.text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
        for word in words.filter(|word| word.starts_with("COAX_") || word.starts_with("XTREAM_")) {
            named += 1;
            // What an operator may call his own.
            let his = ["COAX_WEBHOOK", "COAX_PORT"].contains(&word);
            assert!(his || sources.contains(&format!("\"{word}\"")), "{}: {word}", document.name());
        }
    }
    assert!(named > 20, "only {named} variables");
}

fn read_all(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_endpoint_that_is_named_is_in_the_readme() {
    let readme = fs::read_to_string(Path::new(HOUSE).join("README.md")).unwrap();
    let mut named = 0;
    for document in Document::all().iter().filter(|document| document.name() != "README.md") {
        let mut code = document.code();
        code.extend(document.blocks("sh"));
        for piece in code {
            let address = match piece.split_once("192.168.1.5:8080") {
                Some((_, address)) => address,
                None if piece.starts_with("POST /") => piece.trim_start_matches("POST "),
                None => &piece,
            };
            let path = address.split(['?', '&', ' ', '\n', '"']).next().unwrap();
            let ours = path.starts_with('/') && path.len() > 1 && !path.contains("...");
            if !ours
                || path == "/tv"
                || FILES.iter().any(|root| path.starts_with(root))
                || is_expression(path)
            {
                continue;
            }
            named += 1;
            let there = readme.contains(&format!("`{path}")) || readme.contains(&format!("`POST {path}"));
            assert!(there, "{}: `{piece}`", document.name());
        }
    }
    assert!(named > 20, "only {named} endpoints");
}

/// `/^BBC/` and the like.
fn is_expression(path: &str) -> bool {
    path.ends_with("/i") || path.ends_with('/')
}

#[test]
fn every_command_that_is_named_exists() {
    let mut known = BTreeMap::new();
    let mut named = 0;
    for document in Document::all() {
        let mut lines = document.code();
        for block in document.blocks("sh") {
            lines.extend(block.replace("\\\n", " ").lines().map(str::to_owned));
        }
        for line in lines {
            let words = words(&line);
            let Some(at) = words.iter().position(|word| PROGRAMS.iter().any(|(name, _)| is(word, name)))
            else {
                continue;
            };
            // In prose the name of a program is a word like others, unless something is said to it.
            let (program, said) = (words[at].rsplit('/').next().unwrap(), &words[at + 1..]);
            let before_is_said =
                words[..at].iter().all(|word| BEFORE.contains(&&**word) || word.contains('='));
            if said.is_empty() || !before_is_said || program.starts_with("scripts/") {
                continue;
            }
            named += 1;
            check(program, said, &mut known)
                .unwrap_or_else(|wrong| panic!("{}: `{line}`: {wrong}", document.name()));
        }
        for code in document.code() {
            if let Some(script) = code.split(' ').next().filter(|script| script.starts_with("scripts/")) {
                assert!(Path::new(HOUSE).join(script).is_file(), "{}: {script}", document.name());
            }
        }
    }
    assert!(named > 40, "only {named} commands");
}

/// Programs, and where they are built.
const PROGRAMS: [(&str, &str); 6] = [
    ("coax", "coax"),
    ("ingest", "ingest"),
    ("serve", "serve"),
    ("relay", "relay"),
    ("tscheck", "mpegts"),
    ("station", "station"),
];
/// What may stand before a program.
const BEFORE: [&str; 9] =
    ["sudo", "-u", "coax", "docker", "compose", "-f", "exec", "deploy/compose.yaml", "export"];

fn is(word: &str, program: &str) -> bool {
    word == program || word.ends_with(&format!("/{program}"))
}

/// The words of a command, up to what is a comment, another command or an example of what may come.
fn words(line: &str) -> Vec<String> {
    let line = line.split(" #").next().unwrap().split(" | ").next().unwrap();
    let mut quoted = None;
    let mut words = vec![String::new()];
    for letter in line.chars() {
        match quoted {
            Some(quote) if letter == quote => quoted = None,
            None if letter == '"' || letter == '\'' => quoted = Some(letter),
            None if letter.is_whitespace() => words.push(String::new()),
            _ => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    // `sudo -u coax coax ...`: the user is no program.
    if let Some(at) = words.windows(2).position(|pair| pair[0] == "-u" || pair[0] == "exec") {
        words.drain(..at + 2);
    }
    words
}

/// Whether a program takes this: its commands one after the other, and all its options.
fn check(program: &str, said: &[String], known: &mut BTreeMap<Vec<String>, String>) -> Result<(), String> {
    let mut chain = vec![program.to_owned()];
    let mut help = help(&chain, known);
    for word in said {
        let word = word.trim_start_matches('[').trim_end_matches([']', ',']);
        if let Some(option) = word.strip_prefix("--") {
            let option = format!("--{}", option.split(['=', '`']).next().unwrap());
            let there = help.split([' ', '\n', ',', '[']).any(|other| other == option);
            if !there {
                return Err(format!("{} takes no {option}", chain.join(" ")));
            }
        } else if let Some((_, commands)) = help.split_once("\nCommands:\n") {
            let commands = commands.lines().take_while(|line| line.starts_with("  "));
            let mut commands = commands.filter_map(|line| line.split_whitespace().next());
            if commands.any(|command| command == word) {
                chain.push(word.to_owned());
                help = self::help(&chain, known);
            } else if word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
                && !help.contains("[COMMAND]")
            {
                return Err(format!("{} has no command {word}", chain.join(" ")));
            }
        }
    }
    Ok(())
}

fn help(chain: &[String], known: &mut BTreeMap<Vec<String>, String>) -> String {
    let ask = || {
        let (_, package) = PROGRAMS.iter().find(|(name, _)| *name == chain[0]).unwrap();
        let program = built(package, &chain[0]);
        let mut arguments: Vec<&str> = chain[1..].iter().map(String::as_str).collect();
        arguments.push("--help");
        text(&ffmpeg(program.to_str().unwrap(), &arguments).stdout)
    };
    known.entry(chain.to_vec()).or_insert_with(ask).clone()
}
