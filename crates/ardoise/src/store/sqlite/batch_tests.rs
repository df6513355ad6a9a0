//! A batch is stopped at each of its statements and at its commit: nothing of it is written, nobody is told anything,
//! and asking again does what would have been done.

use super::FILE_NAME;
use super::batch::{Writer, carry_out};
use super::testing::{
    NOON, everything, money, receive, send, shop, shop_in, tab, tap, tariff, undo,
};
use crate::store::{Db, EachRow, StoreError, Value};
use crate::till::command::{Answer, Command, Outcome, Purchase};
use crate::till::{Applied, Durable, TillStore as _};
use ledger::{LedgerRefusal, Price};
use rusqlite::Connection;
use std::cell::Cell;

/// A store of which one statement fails.
struct Failing<'a> {
    db: &'a dyn Db,
    /// Statements that still succeed.
    left: Cell<usize>,
}

impl Failing<'_> {
    fn count(&self) -> Result<(), StoreError> {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        if left == 0 { Err(StoreError::Full("on purpose".into())) } else { Ok(()) }
    }
}

impl Db for Failing<'_> {
    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<usize, StoreError> {
        self.count()?;
        self.db.execute(sql, values)
    }

    fn query(&self, sql: &'static str, values: &[Value], each: EachRow) -> Result<(), StoreError> {
        self.count()?;
        self.db.query(sql, values, each)
    }
}

/// Applies a batch of which only so many statements succeed, then stops before the commit. Answers whether it came so
/// far.
fn stopped(writer: &Writer, commands: &[Command], statements: usize) -> bool {
    let transaction = writer.connection().unchecked_transaction().expect("a transaction");
    let failing = Failing { db: &*transaction, left: Cell::new(statements) };
    carry_out(&failing, &tariff(), NOON, commands, writer.memory()).is_ok()
}

fn applied(writer: &mut Writer, commands: &[Command]) -> Applied {
    writer.apply(&tariff(), NOON, commands).expect("nothing is in the way")
}

/// Ben's tab holds three lines, one of which is paid; Cleo's holds one.
fn a_shop_in_use() -> Writer {
    let chosen = Price::Chosen { minimum: money(0), suggestion: money(300_000) };
    let prices = [
        Price::Fixed(money(200_000)),
        Price::Fixed(money(500_000)),
        Price::Free,
        chosen,
        Price::Fixed(money(100_000)),
        Price::Free,
    ];
    let mut writer = shop(&prices);
    applied(&mut writer, &[tap(1, 1, 0, 200_000), tap(2, 2, 0, 200_000)]);
    applied(&mut writer, &[receive(1, 1, 200_000), tap(3, 1, 1, 500_000), tap(4, 1, 2, 0)]);
    writer
}

/// Each verb alone, and all of them in one batch.
fn verbs() -> Vec<(&'static str, Vec<Command>)> {
    let all = vec![
        tap(20, 3, 3, 700_000),
        tap(21, 1, 4, 100_000),
        undo(21, Some(1)),
        undo(3, None),
        receive(9, 2, 200_000),
        send(3, 0, 1_000),
        tap(22, 1, 9, 0),
    ];
    vec![
        ("a first tap", vec![tap(10, 3, 0, 200_000)]),
        ("a tap on a tab", vec![tap(11, 1, 4, 100_000)]),
        ("a free work", vec![tap(12, 2, 2, 0)]),
        ("an undo by the reader", vec![undo(3, Some(1))]),
        ("an undo of a paid line", vec![undo(1, None)]),
        ("a settlement of everything", vec![receive(5, 1, 500_000)]),
        ("a settlement of a part", vec![receive(6, 1, 499_999)]),
        ("a payout", vec![send(1, 0, 100_000)]),
        ("everything at once", all),
    ]
}

#[test]
fn a_batch_that_is_stopped_at_any_statement_leaves_no_trace_and_can_be_asked_again() {
    for (verb, commands) in verbs() {
        let undisturbed = {
            let mut writer = a_shop_in_use();
            let outcomes = applied(&mut writer, &commands).outcomes;
            (outcomes, everything(writer.connection()))
        };
        let mut writer = a_shop_in_use();
        let before = everything(writer.connection());
        let mut statements = 0;
        while !stopped(&writer, &commands, statements) {
            assert_eq!(everything(writer.connection()), before, "{verb}, statement {statements}");
            statements += 1;
        }
        assert!(statements > 5, "{verb} is more than {statements} statements");
        assert_eq!(everything(writer.connection()), before, "{verb}, before the commit");
        let again = applied(&mut writer, &commands).outcomes;
        let after = everything(writer.connection());
        assert_eq!((again, after), undisturbed, "{verb}");
    }
}

/// The outcome that asking again has: what was new is known now.
fn known(outcome: Outcome) -> Outcome {
    outcome.map(|answer| match answer {
        Answer::Bought { purchase: Purchase::Bought, line, work, link, amount, now } => {
            Answer::Bought { purchase: Purchase::Again, line, work, link, amount, now }
        }
        Answer::Undone { line, work, now, .. } => Answer::Undone { line, work, at: None, now },
        Answer::Settled { now, .. } => Answer::Settled { settled: None, now },
        Answer::PaidOut { available, .. } => Answer::PaidOut { again: true, available },
        other @ Answer::Bought { .. } => other,
    })
}

#[test]
fn a_batch_that_is_carried_out_twice_does_nothing_the_second_time() {
    for (verb, commands) in verbs() {
        let mut writer = a_shop_in_use();
        let first = applied(&mut writer, &commands);
        let after = everything(writer.connection());
        let second = applied(&mut writer, &commands);
        assert!(first.committed && !second.committed, "{verb}");
        assert_eq!(everything(writer.connection()), after, "{verb}");
        if commands.len() == 1 {
            let first: Vec<Outcome> = first.outcomes.into_iter().map(known).collect();
            assert_eq!(second.outcomes, first, "{verb}");
        }
    }
}

#[test]
fn another_tabs_secret_opens_nothing() {
    let mut writer = a_shop_in_use();
    let before = everything(writer.connection());
    let (ben, _) = tab(1);
    let (_, cleos_secret) = tab(2);
    let Command::Buy(mut ask) = tap(30, 1, 4, 100_000) else { unreachable!("a tap buys") };
    ask.tab.secret_hash = cleos_secret;
    let mut commands = vec![Command::Buy(ask)];
    let Command::Undo(mut ask) = undo(3, Some(1)) else { unreachable!("an undo undoes") };
    ask.tab = Some((ben, cleos_secret));
    commands.push(Command::Undo(ask));
    commands.push(undo(3, Some(2)));
    let outcomes = applied(&mut writer, &commands).outcomes;
    assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
    assert_eq!(everything(writer.connection()), before);
}

#[test]
fn taps_of_one_batch_leave_what_the_same_taps_leave_one_after_the_other() {
    let taps: Vec<Command> = (0..90).map(|n| tap(100 + n, 1 + n % 40, 2, 0)).collect();
    let (mut together, mut alone) = (a_shop_in_use(), a_shop_in_use());
    assert_eq!(applied(&mut together, &taps).purchases, 39);
    for tap in taps.chunks(1) {
        applied(&mut alone, tap);
    }
    assert_eq!(everything(together.connection()), everything(alone.connection()));
}

#[test]
fn a_price_that_another_process_changes_is_the_price() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(FILE_NAME);
    let prices = [Price::Fixed(money(200_000)), Price::Free];
    let mut writer = shop_in(Connection::open(&path).expect("a store"), &prices);
    let bought = applied(&mut writer, &[tap(1, 1, 0, 200_000)]);
    assert_eq!(bought.purchases, 1);
    let other = Connection::open(&path).expect("the same store");
    other
        .execute("update work set price_micros = 300000 where price_micros > 0", [])
        .expect("done");
    let refused = applied(&mut writer, &[tap(2, 2, 0, 200_000)]).outcomes;
    assert_eq!(refused, [Err(LedgerRefusal::PriceChanged { now: money(300_000) })]);
    assert_eq!(applied(&mut writer, &[tap(3, 2, 0, 300_000)]).purchases, 1);
}

#[test]
fn after_what_may_be_lost_commits_are_flushed_again_also_when_it_panicked() {
    type Work = fn(&dyn Db) -> Result<(), StoreError>;
    const FULL: i64 = 2;
    let full = |_: &dyn Db| Err(StoreError::Full("on purpose".into()));
    let works: [Work; 3] = [|_| Ok(()), full, |_| panic!("on purpose")];
    let mut writer = shop(&[]);
    for mut work in works {
        let written = || writer.write(Durable::InTime, &mut work);
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(written));
        let now = writer.connection().pragma_query_value(None, "synchronous", |row| row.get(0));
        assert_eq!(now, Ok(FULL));
    }
}
