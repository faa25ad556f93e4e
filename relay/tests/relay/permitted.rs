//! What a user may watch, and for how long.

use contract::user::{Sight, State, Token, User};

use crate::stage::{EPISODE, FILM, LIVE, Plan, Stage, UNKNOWN_THERE};
use crate::viewer::{Viewer, eventually};

fn sight(text: &str) -> Sight {
    serde_json::from_str(text).unwrap()
}

fn change(stage: &Stage, change: impl Fn(&mut User)) {
    stage.users.edit(|all| all.iter_mut().filter(|user| user.name == "ann").for_each(change)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_user_may_not_see_is_as_unknown_as_what_there_is_not() {
    let stage = Stage::new().await;
    change(&stage, |ann| ann.sees = sight(r#"{"groups":["news","Drama"]}"#));
    let ask = async |path: &str| Viewer::get(&stage, path).await;
    let told = async |path: &str| {
        let mut viewer = ask(path).await;
        let dateless = |head: &str| head.lines().filter(|line| !line.starts_with("date")).collect::<String>();
        (viewer.status(), dateless(&viewer.head), viewer.rest().await)
    };
    for path in [
        "live/ann/secret/ID.ts",
        "ann/secret/ID",
        "live/ann/secret/ID.m3u8",
        "timeshift/ann/secret/60/1759996800/ID.ts",
    ] {
        let at = |id: u32| format!("/{}", path.replace("ID", &id.to_string()));
        let hidden = told(&at(LIVE + 1)).await;
        assert_eq!((hidden.0, &hidden), (404, &told(&at(77_777)).await), "{path}");
        // One that a rule hides from the lists is for those who may see everything.
        assert_eq!(told(&at(UNKNOWN_THERE)).await.0, 404, "{path}");
    }
    assert_eq!(told(&format!("/movie/ann/secret/{FILM}.mp4")).await.0, 404);
    for path in [format!("/live/ann/secret/{LIVE}.ts"), format!("/series/ann/secret/{EPISODE}.mkv")] {
        assert_eq!(ask(&path).await.status(), 200, "{path}");
    }
    assert_eq!(ask(&format!("/live/bob/secret/{}.ts", LIVE + 1)).await.status(), 200);
    change(&stage, |ann| ann.sees = sight(r#"{"lists":["movies"]}"#));
    assert_eq!(ask(&format!("/movie/ann/secret/{FILM}.mp4")).await.status(), 200);
    assert_eq!(ask(&format!("/live/ann/secret/{LIVE}.ts")).await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_watch_any_more_is_cut_and_nobody_else() {
    let stage = Stage::new().await;
    let (token, text) = Token::new("tv", false, 1);
    change(&stage, |ann| ann.tokens = vec![token.clone()]);
    let player = async |path: &str, player: &str| {
        let mut viewer = Viewer::ask(&stage, "GET", path, &format!("User-Agent: {player}\r\n")).await;
        assert_eq!(viewer.status(), 200, "{path}");
        viewer.read(10_000).await;
        viewer
    };
    let (by_token, by_pair) = (format!("/live/{text}/{LIVE}.ts"), format!("/live/ann/secret/{LIVE}.ts"));
    let television = player(&by_token, "television").await;
    let also = player(&format!("/live/ann/{text}/{LIVE}.ts"), "also").await;
    let sport = player(&format!("/live/ann/secret/{}.ts", LIVE + 1), "sport").await;
    let _news = player(&by_pair, "news").await;
    assert_eq!(stage.relay.sessions().iter().filter(|it| it.device.as_deref() == Some("tv")).count(), 2);
    change(&stage, |ann| ann.tokens.clear());
    eventually("those with the token are cut", || stage.relay.viewers("ann") == 2).await;
    drop((television, also));
    assert_eq!(Viewer::get(&stage, &by_token).await.status(), 403);
    change(&stage, |ann| ann.sees = sight(r#"{"groups":["News"]}"#));
    eventually("sport is cut", || stage.relay.viewers("ann") == 1).await;
    drop(sport);
    let left = stage.relay.sessions();
    assert_eq!((left[0].agent.as_str(), left[0].watches), ("news", LIVE));
    assert!(stage.relay.kick(left[0].id) && !stage.relay.kick(left[0].id));
    assert_eq!(stage.relay.viewers("ann"), 0);
    let _again = player(&by_pair, "news").await;
    change(&stage, |ann| ann.state = State::Disabled);
    eventually("nobody is left", || stage.relay.viewers("ann") == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn players_that_look_alike_are_told_apart_by_their_tokens() {
    let mut plan = Plan::default();
    plan.station.speed = 4.0;
    let stage = Stage::with(plan).await;
    let (token, text) = Token::new("tv", false, 1);
    change(&stage, |ann| ann.tokens = vec![token.clone()]);
    for path in [format!("/live/ann/secret/{LIVE}.m3u8"), format!("/live/{text}/{LIVE}.m3u8")] {
        assert_eq!(Viewer::get(&stage, &path).await.status(), 200, "{path}");
    }
    assert_eq!(stage.relay.viewers("ann"), 2);
    change(&stage, |ann| ann.tokens.clear());
    eventually("the one with the token is cut", || stage.relay.viewers("ann") == 1).await;
    assert_eq!(stage.relay.sessions()[0].device, None);
}
