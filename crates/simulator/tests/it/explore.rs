//! Histories below HTTP: repeatable, rich enough to prove something, and not to be fooled.

use simulator::explore::finding::Finding;
use simulator::explore::history::History;
use simulator::explore::mutations::{self, Mutation};
use simulator::explore::planted::Planted;
use simulator::explore::stand::Stores;
use simulator::explore::{Tally, seeds};
use std::collections::BTreeSet;

/// Every answer that the till can give, as the tally calls it.
const ANSWERS: &[&str] = &[
    "below the minimum",
    "bought",
    "bought before",
    "bound",
    "dispute ended",
    "dispute ended before",
    "disputed",
    "disputed before",
    "fee given back",
    "fee given back before",
    "given back",
    "given back before",
    "id taken",
    "more than available",
    "more than owed",
    "no such line",
    "no such link",
    "no such settlement",
    "no such tab",
    "not for sale",
    "nothing owed",
    "nothing written off",
    "open already",
    "opened again",
    "over the limit",
    "owned",
    "paid out",
    "paid out before",
    "payout ended",
    "payout ended before",
    "price changed",
    "refund failed",
    "refund failed before",
    "refund too large",
    "settled",
    "settled before",
    "tab closed",
    "tab disputed",
    "tab due",
    "too early to write off",
    "too late to undo",
    "undo withheld",
    "undone",
    "undone before",
    "undone since",
    "written off",
];

fn stores() -> Stores {
    Stores::Folder(std::env::temp_dir())
}

fn live(seed: u64, operations: u64) -> Tally {
    let lived = History::open(seed, &stores(), None).expect("a store").live(operations);
    lived.unwrap_or_else(|finding| panic!("{finding}"))
}

/// Where two in one batch said of one settlement that a fee was given back, one of them under another tab, and its author got
/// nothing.
const FOUND: u64 = 2_284_140_195;

fn found(seed: u64, mutation: &Mutation) -> Box<Finding> {
    let history = History::open(seed, &stores(), Some(Planted::new(*mutation))).expect("a store");
    history.live(2_000).expect_err(mutation.name)
}

fn named(name: &str) -> &'static Mutation {
    mutations::ALL.iter().find(|mutation| mutation.name == name).expect("on the list")
}

#[test]
fn a_seed_comes_to_the_same_end_again() {
    let once = live(7, 600);
    assert_eq!(once, live(7, 600));
    assert_ne!(once, live(8, 600));
}

#[test]
fn a_mistake_is_found_in_the_same_batch_again_and_says_how_to_repeat_it() {
    let mutation = named("the newest line is paid first");
    let finding = found(2, mutation);
    assert_eq!(finding, found(2, mutation));
    let said = finding.to_string();
    assert!(said.contains("explore --seed 2") && said.contains("answer"), "{said}");
}

#[test]
fn what_was_acknowledged_and_not_committed_is_missed() {
    let finding = found(1, named("a batch is acknowledged and not committed"));
    assert!(finding.batch > 0 && finding.operations > 0, "{finding}");
}

#[test]
fn histories_meet_every_answer_and_all_trouble() {
    // A second ledger that is never put to the question proves nothing.
    let tallies: Vec<Tally> = (1..=16).map(|seed| live(seed, 900)).collect();
    let met: BTreeSet<&str> =
        tallies.iter().flat_map(|tally| tally.answers.keys().copied()).collect();
    let missed: Vec<&&str> = ANSWERS.iter().filter(|kind| !met.contains(**kind)).collect();
    assert!(missed.is_empty(), "{missed:?} in {met:?}");
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    assert!(sum(|tally| tally.failed) > 100 && sum(|tally| tally.told) > 100);
    // Each history starts again once at its end.
    assert!(sum(|tally| tally.restarts) > 50);
}

#[test]
fn what_a_history_found_is_mended() {
    live(FOUND, 8_000);
}

#[test]
fn half_of_the_histories_are_new_in_every_run() {
    assert_eq!(seeds(5 * 8_000, 1_000), [1, 2, 3, 1_000, 1_001]);
    assert_eq!(seeds(1, 1_000), [1]);
}
