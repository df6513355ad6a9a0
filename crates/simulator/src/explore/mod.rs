//! The shop below HTTP, through everything that can happen to it: `simulator explore`.
//!
//! A history follows from one number. It draws a shop ([`scene`]) and a crowd ([`crowd`]): readers, authors, rails and a
//! network that lose, repeat and delay. Their commands go in batches to the product's own store ([`stand`]), which fails at
//! any statement or at the commit, loses answers, is killed and started again ([`faults`]). A second, naive ledger
//! ([`naive`]) says what every answer must be; the rest of what the store keeps is compared at intervals ([`checks`]), and
//! what leaves it at the other end ([`teller`]).
//!
//! Nothing here depends on the machine's clock or on threads, so that the same number always comes to the same end.
//! [`mutations`] plants mistakes, to see that they are found.

pub mod checks;
pub mod crowd;
pub mod faults;
pub mod finding;
pub mod history;
pub mod mutations;
pub mod naive;
pub mod planted;
pub mod scene;
pub mod stand;
pub mod teller;

use crate::fault::Fault;
use ardoise::till::command::Outcome;
use finding::Finding;
use history::History;
use stand::Stores;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

/// What histories were made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Histories that came to their end.
    pub histories: u64,
    /// Commands that were decided, or failed with their batch.
    pub operations: u64,
    /// Batches.
    pub batches: u64,
    /// Batches that failed, or whose answers were lost.
    pub failed: u64,
    /// Restarts.
    pub restarts: u64,
    /// Messages that webhooks heard, repeated ones left out.
    pub told: u64,
    /// Answers by their kind.
    pub answers: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn count(&mut self, outcome: &Outcome) {
        *self.answers.entry(history::kind(outcome)).or_default() += 1;
    }

    fn add(&mut self, other: &Self) {
        self.histories += 1;
        self.operations += other.operations;
        self.batches += other.batches;
        self.failed += other.failed;
        self.restarts += other.restarts;
        self.told += other.told;
        for (kind, count) in &other.answers {
            *self.answers.entry(kind).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { histories, operations, batches, failed, restarts, told, answers } = self;
        writeln!(f, "{operations} operations in {batches} batches of {histories} histories:")?;
        writeln!(
            f,
            "{failed} batches failed or were not heard of, {restarts} restarts, {told} messages told"
        )?;
        let answers: Vec<String> =
            answers.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        write!(f, "answers: {}", answers.join(", "))
    }
}

/// The seeds of about so many operations: half are the same in every run, the others follow from `fresh`.
pub fn seeds(operations: u64, fresh: u64) -> Vec<u64> {
    let count = operations.div_ceil(history::OPERATIONS);
    let fixed = count.div_ceil(2);
    (1..=fixed).chain((fresh..).take(usize::try_from(count - fixed).unwrap_or(0))).collect()
}

/// Lives the histories of these seeds, as many at a time as there are `threads`, until one of them comes to something wrong.
///
/// # Errors
/// [`Fault::History`] for the wrong that was found in the earliest of them, [`Fault::Shop`] when a store cannot be made.
pub fn explore(
    seeds: &[u64],
    stores: &Stores,
    threads: usize,
    progress: &(dyn Fn(&Tally) + Sync),
) -> Result<Tally, Fault> {
    let shared = Mutex::new((seeds.iter(), Tally::default(), None::<Fault>));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let Some(&seed) = next(&shared) else { return };
                    let lived = live(seed, stores);
                    let Ok(mut shared) = shared.lock() else { return };
                    match lived {
                        Ok(tally) => shared.1.add(&tally),
                        Err(fault) => drop(shared.2.get_or_insert(fault)),
                    }
                    progress(&shared.1);
                }
            });
        }
    });
    let Ok((_, tally, fault)) = shared.into_inner() else {
        return Err(Fault::Run("a history panicked".into()));
    };
    fault.map_or(Ok(tally), Err)
}

type Shared<'a> = Mutex<(std::slice::Iter<'a, u64>, Tally, Option<Fault>)>;

/// The next seed; none once something wrong was found.
fn next<'a>(shared: &Shared<'a>) -> Option<&'a u64> {
    let mut shared = shared.lock().ok()?;
    if shared.2.is_some() { None } else { shared.0.next() }
}

/// Lives one history.
///
/// # Errors
/// [`Fault::History`] or [`Fault::Shop`].
pub fn live(seed: u64, stores: &Stores) -> Result<Tally, Fault> {
    let lived = History::open(seed, stores, None)?.live(history::OPERATIONS);
    lived.map_err(|finding: Box<Finding>| Fault::History(finding))
}
