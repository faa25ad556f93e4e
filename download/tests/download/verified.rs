//! What is looked at before something is delivered, and what is told of it.

use std::fs;

use contract::bundle::Kind;
use sha2::{Digest, Sha256};

use crate::house::{House, SIZE};

/// Says of every film that it is a small picture of an hour.
const SAYS: &str = r#"echo '{"streams":[{"width":720,"height":404}],"format":{"duration":"3600.0"}}'"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_measured_and_the_sum_are_kept_and_what_is_not_as_it_was_said_is_told() {
    let house = House::with_target("").await;
    house.told(&["target", "set", "nas", "--min", "720"]);
    let (_, original) = house.original(house.ids(Kind::Movie)[0]).await;
    let folder = house.script("ffprobe", SAYS).parent().unwrap().display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
    let (_worker, _) = house.run_as(&[], &[("PATH", path)]);
    let done = house.until(house.add(house.ids(Kind::Movie)[0]), "completed").await;
    assert_eq!(done["measured_h"], 360, "a picture of 404 lines is of the class 360: {done:#}");
    let sum: String = Sha256::digest(&original).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((done["sha256"].as_str(), done["total"].as_u64()), (Some(&*sum), Some(original.len() as u64)));
    assert!(original.len() as u64 >= SIZE);
    let told = house.events(done["id"].as_i64().unwrap(), "measured");
    assert!(told.iter().any(|what| what.contains("is not what nas is for")), "{told:?}");
    assert!(told.iter().any(|what| what.contains("plays 3600 s")), "{told:?}");
    assert!(fs::read(house.nas.join(done["final_path"].as_str().unwrap())).unwrap() == original);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_another_program_the_container_tells_what_it_knows() {
    let house = House::with_target("").await;
    let (_worker, _) = house.run_as(&[], &[("PATH", "/nowhere".to_owned())]);
    let done = house.until(house.add(house.ids(Kind::Movie)[0]), "completed").await;
    assert!(done["sha256"].as_str().is_some_and(|sum| sum.len() == 64), "{done:#}");
    assert!(done["measured_h"].as_u64().is_some_and(|lines| lines >= 240), "{done:#}");
    let told = house.events(done["id"].as_i64().unwrap(), "measured");
    assert!(told.iter().all(|what| !what.contains("is not what nas is for")), "{told:?}");
}
