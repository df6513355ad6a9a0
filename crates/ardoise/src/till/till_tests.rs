//! The till on a store that fails, panics or is slow: everybody is told, nobody is charged, nobody hangs.

use super::command::{About, Command, Outcome};
use super::{Applied, Durable, QUEUE, Tariff, Threads, Till, TillNumber, TillStore};
use crate::clock::Clock;
use crate::store::sqlite::testing::{NOON, tap, tariff, undo};
use crate::store::{Db, StoreError};
use ledger::{LedgerRefusal, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Waker};

/// What the store does with a batch that has [`bad`] in it.
enum Fault {
    Fails(StoreError),
    Panics,
}

/// The command that the store cannot bear.
fn bad() -> Command {
    tap(99, 1, 0, 0)
}

/// Any other one. The store answers it with "no such line".
fn good() -> Command {
    undo(1, None)
}

const ANSWER: Told = Ok(Err(LedgerRefusal::NoLine));

/// A store that keeps nothing and does this with each batch that comes.
struct Stub<F>(F);

impl<F: FnMut(&[Command]) -> Told<()> + Send + 'static> TillStore for Stub<F> {
    fn number(&self) -> TillNumber {
        TillNumber::ONLY
    }

    fn apply(
        &mut self,
        _: &Tariff,
        _: Timestamp,
        batch: &[Command],
    ) -> Result<Applied, StoreError> {
        (self.0)(batch)?;
        let outcomes = batch.iter().map(|_| Err(LedgerRefusal::NoLine)).collect();
        Ok(Applied { outcomes, ..Applied::default() })
    }

    fn write(
        &mut self,
        _: Durable,
        work: &mut dyn FnMut(&dyn Db) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        work(&Nothing)
    }
}

/// Nothing can be read or written.
struct Nothing;

impl Db for Nothing {
    fn execute(&self, _: &'static str, _: &[crate::store::Value]) -> Result<usize, StoreError> {
        Ok(0)
    }

    fn query(
        &self,
        _: &'static str,
        _: &[crate::store::Value],
        _: crate::store::EachRow,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The till on a store that tells the size of each batch that comes, then waits to be let on.
struct Stand {
    till: Till,
    thread: Threads,
    batches: Receiver<usize>,
    let_on: Sender<()>,
}

type Told<T = Outcome> = Result<T, StoreError>;
type Asked = Pin<Box<dyn Future<Output = Told>>>;

impl Stand {
    fn new(fault: Fault) -> Self {
        let ((comes, batches), (let_on, waits)) = (channel(), channel());
        let store = Stub(move |batch: &[Command]| {
            let _ = comes.send(batch.len());
            // Once nobody holds the other end any more, it runs freely.
            let _ = waits.recv();
            match &fault {
                _ if !batch.contains(&bad()) => Ok(()),
                Fault::Fails(error) => Err(error.clone()),
                Fault::Panics => panic!("on purpose"),
            }
        });
        let (till, thread) =
            Till::start(vec![store], &tariff(), &Clock::standing_at(NOON)).expect("a thread");
        Self { till, thread, batches, let_on }
    }

    /// Asks for all of these, each so far that it is in the queue.
    fn ask(&self, commands: Vec<Command>) -> Vec<Asked> {
        let ask = |command| -> Asked {
            let till = self.till.clone();
            let mut asked: Asked = Box::pin(async move { till.ask(command).await });
            let mut nobody = Context::from_waker(Waker::noop());
            assert!(asked.as_mut().poll(&mut nobody).is_pending());
            asked
        };
        commands.into_iter().map(ask).collect()
    }

    /// Holds the store up with one command, so that what comes next waits and goes together.
    fn hold_up(&self) -> Vec<Asked> {
        let first = self.ask(vec![good()]);
        assert_eq!(self.batches.recv(), Ok(1));
        first
    }
}

async fn told(asked: Vec<Asked>) -> Vec<Told> {
    let mut told = Vec::new();
    for answer in asked {
        told.push(answer.await);
    }
    told
}

#[tokio::test]
async fn what_comes_during_a_commit_goes_together() {
    let stand = Stand::new(Fault::Panics);
    let first = stand.hold_up();
    let asked = stand.ask(vec![good(); 40]);
    drop(stand.let_on);
    assert_eq!(told(first).await, [ANSWER]);
    assert!(told(asked).await.iter().all(|told| *told == ANSWER));
    assert_eq!(stand.batches.recv(), Ok(40));
}

#[tokio::test]
async fn one_bad_command_spoils_nothing_for_the_others() {
    let broken = StoreError::Constraint("on purpose".into());
    let stand = Stand::new(Fault::Fails(broken.clone()));
    let first = stand.hold_up();
    let asked = stand.ask(vec![good(), bad(), good()]);
    drop(stand.let_on);
    assert_eq!(told(first).await, [ANSWER]);
    assert_eq!(told(asked).await, [ANSWER, Err(broken), ANSWER]);
    assert!(stand.till.is_open());
}

#[tokio::test]
async fn a_store_that_is_full_is_not_asked_again_for_each_command() {
    let full = StoreError::Full("on purpose".into());
    let stand = Stand::new(Fault::Fails(full.clone()));
    let first = stand.hold_up();
    let asked = stand.ask(vec![good(), bad(), good()]);
    drop(stand.let_on);
    told(first).await;
    assert_eq!(told(asked).await, [Err(full.clone()), Err(full.clone()), Err(full)]);
    assert_eq!(stand.batches.recv(), Ok(3));
    // It goes on as soon as there is room again.
    assert_eq!(stand.till.ask(good()).await, ANSWER);
    assert_eq!(stand.batches.recv(), Ok(1));
}

#[tokio::test]
async fn a_panic_where_money_is_decided_closes_the_till() {
    let stand = Stand::new(Fault::Panics);
    let first = stand.hold_up();
    let asked = stand.ask(vec![good(), bad()]);
    drop(stand.let_on);
    assert_eq!(told(first).await, [ANSWER]);
    assert_eq!(told(asked).await, [Err(StoreError::Closed), Err(StoreError::Closed)]);
    assert!(stand.thread.join().is_err());
    assert!(!stand.till.is_open());
    assert_eq!(stand.till.ask(good()).await, Err(StoreError::Closed));
    assert_eq!(stand.till.write(Durable::AtOnce, |_| Ok(())).await, Err(StoreError::Closed));
    assert_eq!(stand.till.catch_up().await, Err(StoreError::Closed));
}

#[tokio::test]
async fn a_panic_in_other_writing_only_fails_that_writing() {
    let stand = Stand::new(Fault::Panics);
    drop(stand.let_on);
    let work = |_: &dyn Db| -> Result<(), StoreError> { panic!("on purpose") };
    assert!(matches!(stand.till.write(Durable::AtOnce, work).await, Err(StoreError::Engine(_))));
    assert_eq!(stand.till.write(Durable::AtOnce, |_| Ok(7)).await, Ok(7));
    assert_eq!(stand.till.ask(good()).await, ANSWER);
}

#[tokio::test]
async fn what_was_read_holds_until_something_but_purchases_is_written_for_good() {
    let stand = Stand::new(Fault::Panics);
    drop(stand.let_on);
    assert_eq!(stand.till.ask(good()).await, ANSWER);
    assert_eq!(stand.till.write(Durable::InTime, |_| Ok(())).await, Ok(()));
    assert_eq!(stand.till.generation(), 0);
    assert_eq!(stand.till.write(Durable::AtOnce, |_| Ok(())).await, Ok(()));
    assert_eq!(stand.till.generation(), 1);
    let work = |_: &dyn Db| Err::<(), _>(StoreError::Unknown("on purpose".into()));
    assert!(stand.till.write(Durable::AtOnce, work).await.is_err());
    assert_eq!(stand.till.generation(), 2);
}

#[tokio::test]
async fn a_full_queue_turns_away_at_once_and_keeps_what_it_took() {
    let stand = Stand::new(Fault::Panics);
    let first = stand.hold_up();
    let asked = stand.ask(vec![good(); QUEUE]);
    let one_more = stand.till.ask(good()).await;
    assert!(matches!(one_more, Err(StoreError::Busy(_))), "{one_more:?}");
    let writing = stand.till.write(Durable::AtOnce, |_| Ok(())).await;
    assert!(matches!(writing, Err(StoreError::Busy(_))), "{writing:?}");
    drop(stand.let_on);
    assert_eq!(told(first).await, [ANSWER]);
    assert!(told(asked).await.iter().all(|told| *told == ANSWER));
}

#[tokio::test]
async fn who_waits_for_a_store_that_hangs_is_told_that_it_is_not_known() {
    let stand = Stand::new(Fault::Panics);
    let (first, second) = (stand.hold_up(), stand.ask(vec![good()]));
    let unknown = |told: &Told| matches!(told, Err(StoreError::Unknown(_)));
    assert!(told(first).await.iter().all(unknown));
    assert!(told(second).await.iter().all(unknown));
    drop(stand.let_on);
    assert_eq!(stand.till.ask(good()).await, ANSWER);
}

/// A till of three threads, each of which tells which one it is, and what each command that comes is about.
fn several() -> (Till, Receiver<(usize, About)>) {
    let (tells, told) = channel();
    let stores = (0..3).map(|which| {
        let tells = tells.clone();
        Stub(move |batch: &[Command]| {
            assert!(!batch.contains(&bad()), "on purpose");
            batch.iter().for_each(|command| tells.send((which, command.about())).expect("heard"));
            Ok(())
        })
    });
    let started = Till::start(stores.collect(), &tariff(), &Clock::standing_at(NOON));
    (started.expect("threads").0, told)
}

#[tokio::test]
async fn of_several_threads_always_the_same_decides_about_a_tab() {
    let (till, told) = several();
    for _ in 0..3 {
        for tab in 0..30 {
            assert_eq!(till.ask(undo(1, Some(tab))).await, ANSWER);
        }
    }
    drop(till);
    let mut threads = HashMap::<About, Vec<usize>>::new();
    for (which, about) in told {
        threads.entry(about).or_default().push(which);
    }
    assert_eq!(threads.len(), 30);
    assert!(threads.values().all(|of_tab| *of_tab == [of_tab[0]; 3]), "{threads:?}");
    let all: BTreeSet<usize> = threads.into_values().flatten().collect();
    assert_eq!(all, BTreeSet::from([0, 1, 2]));
}

#[tokio::test]
async fn a_panic_in_one_of_several_threads_closes_all_of_them() {
    let (till, _told) = several();
    assert!(till.is_open());
    assert_eq!(till.ask(bad()).await, Err(StoreError::Closed));
    while till.is_open() {
        tokio::task::yield_now().await;
    }
    for tab in 0..30 {
        assert_eq!(till.ask(undo(1, Some(tab))).await, Err(StoreError::Closed));
    }
}

#[tokio::test]
async fn the_till_ends_when_nobody_can_ask_any_more() {
    let Stand { till, thread, .. } = Stand::new(Fault::Panics);
    drop(till);
    assert!(thread.join().is_ok());
}
