use super::*;

fn offer<'a>(account: &'a str, allowed: &'a [u32]) -> Offer<'a> {
    Offer { account, allowed, except: &[], class: Class::Viewer }
}

#[test]
fn an_account_gives_what_it_allows_and_gets_it_back() {
    let slots = Slots::new(Duration::ZERO, Courtesy::default());
    let take = |account| slots.take(offer(account, &[1]), Holder::Channel(7));
    let one = take("acme").unwrap();
    assert!(take("acme").is_err() && take("other").is_ok());
    assert_eq!(slots.login_of("acme", Holder::Channel(7)), Some(0));
    assert_eq!(slots.login_of("other", Holder::Channel(7)), None);
    assert!(!one.still_counted());
    drop(one);
    assert!(take("acme").unwrap().still_counted());
}

#[test]
fn logins_form_a_pool_and_each_has_its_own_limit() {
    let slots = Slots::new(Duration::ZERO, Courtesy::default());
    let take = |channel| slots.take(offer("acme", &[1, 2]), Holder::Channel(channel));
    let held: Vec<Slot> = (0..3).map(|channel| take(channel).unwrap()).collect();
    assert_eq!(held.iter().map(Slot::login).collect::<Vec<_>>(), [0, 1, 1]);
    assert!(matches!(take(3), Err(Taken::Until(None))));
    let without_first = Offer { except: &[0], ..offer("acme", &[1, 2]) };
    drop(held);
    assert_eq!(slots.take(without_first, Holder::Probe).unwrap().login(), 1);
}

#[test]
fn what_the_provider_still_counts_is_not_used() {
    let slots = Slots::new(Duration::from_secs(60), Courtesy::default());
    let take = |most| slots.take(offer("acme", &[most]), Holder::Film(1));
    drop(take(1));
    assert!(matches!(take(1), Err(Taken::Until(Some(_)))) && take(2).is_ok());
}

#[test]
fn a_login_that_is_refused_is_asked_last_and_then_rests() {
    let slots = Slots::new(Duration::ZERO, Courtesy::default());
    let take = |channel| slots.take(offer("acme", &[1, 1]), Holder::Channel(channel));
    let refuse = |slot: &Slot, channel| slot.refused(channel, Blame::Login, &Failure::Refused(401));
    let first = take(1).unwrap();
    refuse(&first, 1);
    drop(first);
    let second = take(2).unwrap();
    assert_eq!(second.login(), 1);
    let first = take(3).unwrap();
    assert_eq!(first.login(), 0, "better than none");
    refuse(&first, 3);
    drop(first);
    assert!(matches!(take(4), Err(Taken::Until(None))), "the other one is in use");
    refuse(&second, 5);
    refuse(&second, 6);
    drop(second);
    assert!(matches!(take(4), Err(Taken::Resting(Failure::Refused(401)))));
    let resting = slots.standings().iter().filter(|standing| standing.resting.is_some()).count();
    assert_eq!(resting, 2);
}

#[test]
fn one_that_rests_says_nothing_of_one_that_is_in_use_whichever_comes_first() {
    for (resting, used) in [(0, 1), (1, 0)] {
        let slots = Slots::new(Duration::ZERO, Courtesy::default());
        let take = |except: &[usize]| {
            let offer = Offer { except, ..offer("acme", &[1, 1]) };
            slots.take(offer, Holder::Channel(7))
        };
        let login = take(&[used]).unwrap();
        login.refused(7, Blame::Limit(Duration::from_secs(60)), &Failure::Refused(429));
        drop(login);
        let in_use = take(&[resting]).unwrap();
        assert!(matches!(take(&[]), Err(Taken::Until(None))), "it may become free");
        assert!(matches!(take(&[used]), Err(Taken::Resting(Failure::Refused(429)))));
        drop(in_use);
        assert_eq!(take(&[]).unwrap().login(), used);
    }
}

#[test]
fn how_long_a_closed_connection_counts_is_learnt() {
    let slots = Slots::new(Duration::ZERO, Courtesy::default());
    let take = || slots.take(offer("acme", &[1]), Holder::Channel(7));
    let closed_before = |time| {
        slots.accounts().get_mut("acme").unwrap()[0].released = Instant::now().checked_sub(time);
    };
    drop(take());
    closed_before(Duration::from_secs(3));
    let again = take().unwrap();
    again.accepted(true);
    drop(again);
    let Err(Taken::Until(Some(until))) = take() else { panic!("it is still counted") };
    let left = until.duration_since(Instant::now());
    assert!(left > Duration::from_secs(1) && left < Duration::from_secs(4), "{left:?}");
}

#[test]
fn the_lesser_leave_to_viewers_what_these_may_need() {
    let courtesy = Courtesy { reserve: 1, rest: Duration::from_secs(60) };
    let slots = Slots::new(Duration::ZERO, courtesy);
    let take = |class, most, film| slots.take(Offer { class, ..offer("acme", &[most]) }, Holder::Film(film));
    let download = take(Class::Background, 3, 1).unwrap();
    let record = take(Class::Record, 3, 2).unwrap();
    assert!(take(Class::Background, 3, 3).is_err(), "one is left to viewers");
    let viewer = take(Class::Viewer, 3, 4).unwrap();
    assert!(take(Class::Viewer, 3, 5).is_err(), "there are no more");
    assert_eq!(slots.standings()[0].classes, [1, 1, 1]);
    slots.reclass(Holder::Film(2), Class::Viewer);
    assert_eq!(slots.standings()[0].classes, [2, 0, 1]);
    drop((download, record, viewer));
    let Err(Taken::Until(Some(_))) = take(Class::Background, 3, 6) else {
        panic!("they were closed just now")
    };
    assert!(take(Class::Viewer, 3, 7).is_ok(), "whoever watches does not wait for that");
}

#[test]
fn whoever_gave_way_has_closed_his_connection_before_another_is_made() {
    let slots = Slots::new(Duration::ZERO, Courtesy::default());
    let take = || slots.take(offer("acme", &[1]), Holder::Film(1));
    let slot = take().unwrap();
    slots.give_way(Holder::Film(1));
    drop(slot);
    assert!(matches!(take(), Err(Taken::Until(Some(_)))));
}

#[test]
fn in_no_schedule_anybody_has_more_than_he_may() {
    for schedule in 0..10_000_u32 {
        let (allowed, reserve) = ([schedule % 4, schedule / 4 % 3], schedule % 3);
        let slots = Slots::new(Duration::ZERO, Courtesy { reserve, ..Courtesy::default() });
        let mut taken: Vec<Slot> = Vec::new();
        for step in 0..30 {
            if !taken.is_empty() && rand::random_bool(0.4) {
                taken.swap_remove(rand::random_range(0..taken.len()));
                continue;
            }
            let class = Class::ALL[rand::random_range(0..3)];
            let most = |login: usize| allowed[login] as usize;
            let before = slots.standings();
            let used =
                |login: usize| before.iter().find(|it| it.login == login).map_or([0; 3], |it| it.classes);
            let offer = Offer { class, ..offer("acme", &allowed) };
            match slots.take(offer, Holder::Film(step)) {
                Ok(slot) => {
                    let [viewers, recording, downloading] = used(slot.login());
                    let lesser = recording + downloading;
                    assert!(viewers + lesser < most(slot.login()));
                    let left = most(slot.login()).saturating_sub(reserve as usize).max(1);
                    assert!(class > Class::Background || lesser < left);
                    taken.push(slot);
                }
                Err(_) if class > Class::Background => {
                    let full = |login| used(login).iter().sum::<usize>() == most(login);
                    assert!(full(0) && full(1), "nobody waits for what is free");
                }
                Err(_) => {}
            }
        }
    }
}
