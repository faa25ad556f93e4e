//! `tscheck`: says what is wrong with a transport stream, or with a run of HLS segments.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use mpegts::check::{Checker, Finding, Limits, Report};

const USAGE: &str = "\
tscheck [OPTIONS] [FILE...]   checks a transport stream: the files one after the other, else standard input

  --segments               the files are HLS segments in their order: each begins with PAT, PMT and an access point,
                           no unit goes on in the next one, and counters and clocks run on
  --start-at-access-point  it begins with PAT, PMT and an access point, as it should for a viewer
  --believe-hints          random_access_indicator is proof enough of an access point
  --table-interval SECONDS between two PATs or PMTs at most; 0.5
  --clock-interval SECONDS between two clock references at most; 0.1
  --json                   for machines

Exit status: 0 nothing was found, 1 something was, 2 it could not be checked.";

/// Findings that are told; more are counted.
const TOLD: usize = 1000;

struct Arguments {
    files: Vec<String>,
    segments: bool,
    start: bool,
    json: bool,
    limits: Limits,
}

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(None) => return told(writeln!(io::stdout(), "{USAGE}"), ExitCode::SUCCESS),
        Err(Some(wrong)) => {
            return told(writeln!(io::stderr(), "tscheck: {wrong}\n\n{USAGE}"), ExitCode::from(2));
        }
    };
    let report = match check(&arguments) {
        Ok(report) => report,
        Err(wrong) => return told(writeln!(io::stderr(), "tscheck: {wrong}"), ExitCode::from(2)),
    };
    let status = ExitCode::from(u8::from(!report.is_clean()));
    let mut out = io::stdout().lock();
    told(if arguments.json { json(&report, &mut out) } else { text(&report, &mut out) }, status)
}

/// Whoever reads what we write may have gone: that changes nothing about what was found.
fn told(_written: io::Result<()>, status: ExitCode) -> ExitCode {
    status
}

impl Arguments {
    /// # Errors
    /// What is wrong with them, or nothing if help is asked for.
    fn read(words: impl Iterator<Item = String>) -> Result<Self, Option<String>> {
        let limits = Limits { findings: TOLD, ..Limits::default() };
        let mut read = Self { files: Vec::new(), segments: false, start: false, json: false, limits };
        let mut words = words;
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Err(None),
                "--segments" => read.segments = true,
                "--start-at-access-point" => read.start = true,
                "--believe-hints" => read.limits.believe_hints = true,
                "--table-interval" => read.limits.table_interval = seconds(&word, words.next())?,
                "--clock-interval" => read.limits.clock_interval = seconds(&word, words.next())?,
                "--json" => read.json = true,
                option if option.starts_with("--") => {
                    return Err(Some(format!("there is no option {option}")));
                }
                _ => read.files.push(word),
            }
        }
        if read.segments && read.files.is_empty() {
            return Err(Some("--segments needs the files of the segments".into()));
        }
        Ok(read)
    }
}

/// Ticks of 27 MHz.
fn seconds(option: &str, value: Option<String>) -> Result<i64, Option<String>> {
    let number = value.and_then(|value| value.parse::<f64>().ok()).filter(|it| (0.0..=3600.0).contains(it));
    let number = number.ok_or_else(|| Some(format!("{option} needs a number of seconds, such as 0.5")))?;
    Ok((number * mpegts::Pcr::HZ as f64) as i64)
}

/// # Errors
/// A file that cannot be read.
fn check(arguments: &Arguments) -> Result<Report, String> {
    let limits = arguments.limits.clone();
    let mut checker = if arguments.start { Checker::of_viewer(limits) } else { Checker::new(limits) };
    for file in &arguments.files {
        let cannot = |error| format!("{file} cannot be read: {error}");
        if arguments.segments {
            checker.segment(&std::fs::read(file).map_err(cannot)?);
        } else if file == "-" {
            stream(io::stdin().lock(), &mut checker).map_err(cannot)?;
        } else {
            File::open(file).and_then(|file| stream(file, &mut checker)).map_err(cannot)?;
        }
    }
    if arguments.files.is_empty() {
        let read = stream(io::stdin().lock(), &mut checker);
        read.map_err(|error| format!("standard input cannot be read: {error}"))?;
    }
    Ok(checker.finish())
}

fn stream(mut from: impl Read, checker: &mut Checker) -> io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            read => checker.push(&buffer[..read]),
        }
    }
}

fn text(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for finding in &report.findings {
        writeln!(out, "{finding}")?;
    }
    let seconds = report.passed as f64 / mpegts::Pcr::HZ as f64;
    writeln!(
        out,
        "{} findings in {} packets, {seconds:.3} s, {} changes of tables",
        report.total, report.packets, report.table_changes
    )
}

/// Names and digits only: nothing in it needs to be escaped.
fn json(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let seconds = report.passed as f64 / mpegts::Pcr::HZ as f64;
    write!(
        out,
        "{{\"total\":{},\"packets\":{},\"null_packets\":{},\"repeated_packets\":{},\"table_changes\":{},\
         \"seconds\":{seconds:.6},\"findings\":[",
        report.total, report.packets, report.nulls, report.repeated, report.table_changes
    )?;
    for (place, Finding { part, packet, pid, fault }) in report.findings.iter().enumerate() {
        let comma = if place > 0 { "," } else { "" };
        let pid = pid.map_or("null".into(), |pid| pid.get().to_string());
        let name = fault.name();
        write!(
            out,
            "{comma}{{\"part\":{part},\"packet\":{packet},\"pid\":{pid},\"fault\":\"{name}\",\"text\":\"{fault}\"}}"
        )?;
    }
    writeln!(out, "]}}")
}
