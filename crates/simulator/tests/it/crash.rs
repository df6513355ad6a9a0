//! An honest shop passes the crash test and every liar is caught: a checker that cannot fail is a
//! defect.

use simulator::auditor::Violation;
use simulator::crash::{self, Options, Survived};
use simulator::fault::Fault;
use simulator::shop::Seed;

use crate::stub::{Lie, Stub};

const SEED: Seed = Seed { works: 60, authors: 3, tabs: 600, price_micros: 10_000 };

fn crash(shop: &mut Stub, kills: u32) -> Result<Survived, Fault> {
    let seeded = shop.fill(&SEED);
    let options = Options { kills, readers: 4, seed: 11, price_micros: 10_000, lines_per_tab: 20 };
    crash::run(shop, &seeded, &options, &|_| ())
}

fn caught(lie: Lie) -> Violation {
    match crash(&mut Stub::new(lie), 12) {
        Err(Fault::Violation(violation)) => violation,
        other => panic!("{lie:?} was not caught: {other:?}"),
    }
}

#[test]
fn an_honest_shop_survives_and_its_doubts_are_resolved() {
    let mut shop = Stub::new(Lie::Nothing);
    let survived = crash(&mut shop, 12).unwrap();
    let tally = survived.tally;
    assert_eq!(tally.kills, 12);
    assert!(tally.acknowledged > 100 && tally.undone > 10 && tally.asked_again > 100, "{tally}");
    assert!(tally.resolved > 0, "{tally}");
    let found = |lines: &[_]| Ok(shop.counts(lines));
    crash::recount(&survived.lines, &found).unwrap();
}

#[test]
fn a_lost_purchase_is_caught() {
    let violation = caught(Lie::LosesAPurchase);
    assert!(
        matches!(violation, Violation::WrongTotal(..) | Violation::ChargedTwice(..)),
        "{violation}"
    );
}

#[test]
fn an_answer_before_the_write_is_caught() {
    let violation = caught(Lie::AnswersTooSoon);
    assert!(
        matches!(violation, Violation::WrongTotal(..) | Violation::ChargedTwice(..)),
        "{violation}"
    );
}

#[test]
fn a_second_charge_for_one_purchase_is_caught() {
    let violation = caught(Lie::ChargesTwice);
    assert!(matches!(violation, Violation::WrongTotal(..)), "{violation}");
}

#[test]
fn a_forgotten_undo_is_caught() {
    let violation = caught(Lie::ForgetsAnUndo);
    assert!(
        matches!(violation, Violation::WrongTotal(..) | Violation::NeverBought(..)),
        "{violation}"
    );
}

#[test]
fn a_loss_hidden_by_a_second_charge_is_caught() {
    let violation = caught(Lie::SwapsLines);
    assert!(
        matches!(violation, Violation::WrongTotal(..) | Violation::ChargedTwice(..)),
        "{violation}"
    );
}

#[test]
fn books_that_do_not_balance_are_caught() {
    let violation = caught(Lie::DoesNotBalance);
    assert!(matches!(violation, Violation::BooksDoNotBalance(_)), "{violation}");
}

#[test]
fn a_recount_that_finds_less_is_a_violation() {
    let lines = crash(&mut Stub::new(Lie::Nothing), 1).unwrap().lines;
    let recount = crash::recount(&lines, &|all| Ok(all.len() - 1));
    assert!(matches!(recount, Err(Fault::Violation(Violation::Missing { .. }))), "{recount:?}");
}
