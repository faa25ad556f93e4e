//! `[[ingest.notify]]`: an operator hears of what happens, once, whether Coax runs on or is started anew.

use std::fs;
use std::time::UNIX_EPOCH;

use station::{Account, Fault, Settings, Station, Target};
use tokio::runtime::Runtime;

use crate::deploy::eventually;
use crate::program::{Program, built, coax, ours, text};

#[test]
fn what_happens_is_told_once_over_restarts_and_what_happens_between_them_as_well() {
    let runtime = Runtime::new().unwrap();
    let ends = i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap() + 2 * 86_400;
    let account = Account { expires: Some(ends), ..Account::default() };
    let station = Station::start(Settings {
        live: 3,
        films: 0,
        series: 0,
        accounts: vec![account],
        ..Settings::default()
    });
    let station = runtime.block_on(station).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let configuration = format!(
        "listen = \"127.0.0.1:0\"\n[[source]]\nname = \"acme\"\nurl = \"{}\"\nusername = \"station\"\npassword = \"station\"\n\
         [[ingest.notify]]\ncommand = [\"tee\", \"-a\", \"told\"]\ncontent_type = \"text/plain\"\nbody = \"{{event}} {{source}}\\n\"\n",
        station.url()
    );
    contract::disk::put(&folder.path().join("coax.toml"), configuration.as_bytes()).unwrap();
    let told = || -> Vec<String> {
        let told = fs::read_to_string(folder.path().join("told")).unwrap_or_default();
        told.lines().map(|line| line.trim_end().to_owned()).collect()
    };
    let up = |until: &[&str]| {
        let mut command = coax(&[]);
        command.arg("up").current_dir(folder.path());
        let program = Program::launch(command);
        eventually(&format!("{until:?}"), || (told().len() >= until.len()).then_some(()));
        assert!(program.terminate().status.success());
        assert_eq!(told(), until);
    };
    up(&["expires acme", "published"]);
    // It fails by hand, while nobody is there who would tell.
    station.set_fault(Target::Action("account".into()), Fault::Status(403));
    let ran = ours(&built("ingest", "ingest"), &[]).arg("run").current_dir(folder.path()).output().unwrap();
    assert_eq!(ran.status.code(), Some(1), "{}", text(&ran.stderr));
    up(&["expires acme", "published", "failed", "kept acme"]);
}
