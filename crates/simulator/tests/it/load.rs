//! The generator counts what the shop did, neither more nor less.

use std::rc::Rc;
use std::time::Duration;

use simulator::chance::Chance;
use simulator::load::{Load, Pace, run};
use simulator::purchases::Purchases;
use simulator::shop::{Seed, Shop};

use crate::stub::{Lie, Stub};

const SEED: Seed = Seed { works: 200, authors: 4, tabs: 2_000, price_micros: 10_000 };

fn load(shop: &mut Stub, pace: Pace, seed: Seed) -> (simulator::load::Answers, Purchases) {
    let seeded = Rc::new(shop.fill(&seed));
    let (uniform, _) = Purchases::uniform_and_hot(&seeded, &seed, &mut Chance::new(5))
        .expect("the price is not negative");
    let address = shop.start().expect("the stub starts");
    let length = Duration::from_millis(200);
    let answers =
        run(&Load { address, connections: 8, length, pace }, uniform).expect("the stub answers");
    shop.kill().expect("the stub ends");
    answers
}

#[test]
fn every_purchase_is_counted_once() {
    for mut shop in [Stub::new(Lie::Nothing), Stub::new(Lie::Nothing).chunked()] {
        let (answers, purchases) = load(&mut shop, Pace::AsFastAsAnswered, SEED);
        assert!(answers.right > 0);
        assert_eq!(answers.first_wrong, None);
        assert_eq!(answers.statuses.get(&200), Some(&answers.right));
        assert_eq!(answers.latency.recorded(), answers.right);
        assert_eq!(purchases.acknowledged().len() as u64, answers.right);
        assert_eq!(shop.lines() as u64, answers.right);
        let some: Vec<_> = purchases.acknowledged().iter().copied().step_by(50).collect();
        assert_eq!(shop.counts(&some), some.len());
    }
}

#[test]
fn a_refused_purchase_is_not_counted_as_bought() {
    let mut shop = Stub::new(Lie::RefusesEverySecond);
    let (answers, purchases) = load(&mut shop, Pace::AsFastAsAnswered, SEED);
    let refused = answers.statuses[&402];
    assert!(refused.abs_diff(answers.right) <= 1, "{:?}", answers.statuses);
    assert!(answers.first_wrong.is_some_and(|answer| answer.contains("tab.limit")));
    assert_eq!(purchases.acknowledged().len(), shop.lines());
}

#[test]
fn whoever_is_turned_away_is_counted_apart() {
    let mut shop = Stub::new(Lie::TurnsAwayEverySecond);
    let (answers, purchases) = load(&mut shop, Pace::AsFastAsAnswered, SEED);
    let turned_away = answers.turned_away.recorded();
    assert!(turned_away > 0 && turned_away.abs_diff(answers.right) <= 1, "{:?}", answers.statuses);
    assert!(answers.first_turned_away.is_some_and(|answer| answer.contains("store.busy")));
    assert_eq!(answers.first_wrong, None);
    assert_eq!(purchases.acknowledged().len(), shop.lines());
}

#[test]
fn due_requests_are_all_asked_at_the_given_rate() {
    let pace = Pace::Poisson { per_second: 1_000.0, seed: 9 };
    let (answers, _) = load(&mut Stub::new(Lie::Nothing), pace, SEED);
    assert!((140..=260).contains(&answers.right), "{}", answers.right);
}

#[test]
fn running_out_of_pairs_is_said() {
    let few = Seed { works: 4, authors: 2, tabs: 3, price_micros: 10_000 };
    let (answers, _) = load(&mut Stub::new(Lie::Nothing), Pace::AsFastAsAnswered, few);
    assert!(answers.ran_out);
    assert_eq!(answers.right, 6);
}
