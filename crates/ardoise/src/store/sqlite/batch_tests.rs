//! A batch is stopped at each of its statements and at its commit: nothing of it is written, nobody is told anything,
//! and asking again does what would have been done.

use super::FILE_NAME;
use super::batch::{Writer, carry_out};
use super::testing::{
    NOON, dispute, end_dispute, everything, fee_back, give_back, goes_elsewhere, money, of_refund,
    payout_ends, receive, refund_fails, send, settlement, shop, shop_in, tab, take_in, tap, tariff,
    undo,
};
use crate::store::{Db, EachRow, StoreError, Value};
use crate::till::command::{Answer, Command, Outcome, Purchase};
use crate::till::{Applied, Durable, TillStore as _};
use ledger::{FeeBack, LedgerRefusal, PayoutEnd, Price, Verdict};
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

/// Ben's tab holds three lines, one of which is paid; Cleo's holds one. The fifth tab has credit, some of which was given
/// back; the sixth is disputed and holds a line; the lines of the seventh have waited too long.
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
    applied(&mut writer, &[tap(5, 5, 0, 200_000), take_in(50, 5, 900_000)]);
    applied(&mut writer, &[give_back(1, 5, 50, 300_000)]);
    applied(&mut writer, &[tap(6, 6, 0, 200_000), receive(60, 6, 200_000)]);
    applied(&mut writer, &[tap(7, 6, 1, 500_000), dispute("d1", 6, 60, 200_000)]);
    let long_ago = [tap(8, 7, 0, 200_000), tap(9, 7, 1, 500_000)];
    let bought = writer.apply(&tariff(), NOON.plus_days(-49), &long_ago);
    assert_eq!(bought.expect("nothing is in the way").purchases, 2);
    writer
}

/// Each verb alone, and all of them in one batch.
fn verbs() -> Vec<(&'static str, Vec<Command>)> {
    let of_dispute = FeeBack::Dispute(settlement(60), "d1".into());
    let all = vec![
        tap(20, 3, 3, 700_000),
        tap(21, 1, 4, 100_000),
        undo(21, Some(1)),
        undo(3, None),
        receive(9, 2, 200_000),
        send(3, 0, 1_000),
        tap(22, 1, 9, 0),
        give_back(2, 5, 50, 100_000),
        refund_fails(2, 5),
        refund_fails(1, 5),
        dispute("d2", 6, 60, 1_000),
        end_dispute("d2", 6, 60, Verdict::Won),
        end_dispute("d1", 6, 60, Verdict::Lost),
        fee_back(of_refund(2), 5, 50, 9_000),
        goes_elsewhere(6, 5, 50, 250_000),
        undo(5, None),
        Command::Reopen(tab(6).0),
        Command::WriteOff(tab(7).0),
        take_in(70, 7, 800_000),
        Command::Bind(tab(3).0),
    ];
    let sent = payout_ends(1, 0, PayoutEnd::Sent, 2_000);
    let back = payout_ends(1, 0, PayoutEnd::Returned, 2_000);
    vec![
        ("a first tap", vec![tap(10, 3, 0, 200_000)]),
        ("a tap on a tab", vec![tap(11, 1, 4, 100_000)]),
        ("a free work", vec![tap(12, 2, 2, 0)]),
        ("an undo by the reader", vec![undo(3, Some(1))]),
        ("an undo of a paid line", vec![undo(1, None)]),
        ("a settlement of everything", vec![receive(5, 1, 500_000)]),
        ("a settlement of a part", vec![receive(6, 1, 499_999)]),
        ("money of a rail for nothing", vec![take_in(7, 1, 900_000)]),
        ("a refund", vec![give_back(3, 5, 50, 400_000)]),
        ("a refund that fails", vec![refund_fails(1, 5)]),
        ("a refund elsewhere", vec![goes_elsewhere(3, 5, 50, 500_000)]),
        (
            "a refund elsewhere that does not arrive",
            vec![goes_elsewhere(3, 5, 50, 600_000), refund_fails(3, 5)],
        ),
        ("a fee given back", vec![fee_back(of_refund(1), 5, 50, 100_000)]),
        ("a fee of a dispute given back", vec![fee_back(of_dispute, 6, 60, 15_000)]),
        (
            "a fee given back and taken again",
            vec![fee_back(of_refund(1), 5, 50, 100_000), refund_fails(1, 5)],
        ),
        (
            "a tab that is opened again",
            vec![end_dispute("d1", 6, 60, Verdict::Lost), Command::Reopen(tab(6).0)],
        ),
        ("a dispute", vec![dispute("d3", 5, 50, 900_000)]),
        ("a dispute that is won", vec![end_dispute("d1", 6, 60, Verdict::Won)]),
        ("a dispute that is lost", vec![end_dispute("d1", 6, 60, Verdict::Lost)]),
        ("a write-off", vec![Command::WriteOff(tab(7).0)]),
        ("a way to pay", vec![Command::Bind(tab(1).0)]),
        ("a payout", vec![send(1, 0, 100_000)]),
        ("a payout that was sent", vec![send(1, 0, 100_000), sent]),
        ("a payout that comes back", vec![send(1, 0, 100_000), back]),
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
        assert!(statements > 2, "{verb} is more than {statements} statements");
        assert_eq!(everything(writer.connection()), before, "{verb}, before the commit");
        let again = applied(&mut writer, &commands).outcomes;
        let after = everything(writer.connection());
        assert_eq!((again, after), undisturbed, "{verb}");
    }
}

#[test]
fn what_is_said_of_a_fee_under_another_tab_takes_nothing_from_those_who_bore_it() {
    let said = |of: &[Command]| {
        let mut writer = a_shop_in_use();
        let outcomes = applied(&mut writer, of).outcomes;
        (outcomes, everything(writer.connection()))
    };
    let (own, other) =
        (fee_back(of_refund(1), 5, 50, 100_000), fee_back(of_refund(2), 6, 50, 9_000));
    let (_, alone) = said(std::slice::from_ref(&own));
    let (outcomes, together) = said(&[own, other]);
    assert_eq!(outcomes[1], Err(LedgerRefusal::NoSettlement));
    assert_eq!(together, alone);
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
        Answer::PayOutEnded { available, .. } => Answer::PayOutEnded { again: true, available },
        Answer::Refunded { now, .. } => Answer::Refunded { again: true, now },
        Answer::RefundFailed { now, .. } => Answer::RefundFailed { again: true, now },
        Answer::Disputed { now, .. } => Answer::Disputed { again: true, now },
        Answer::DisputeEnded { now, .. } => {
            Answer::DisputeEnded { again: true, lost: Vec::new(), now }
        }
        Answer::FeeBack { now, .. } => Answer::FeeBack { again: true, now },
        Answer::Reopened { now, .. } => Answer::Reopened { again: true, now },
        Answer::WrittenOff { now, .. } => Answer::WrittenOff { lost: Vec::new(), now },
        other @ (Answer::Bought { .. } | Answer::Bound { .. }) => other,
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
fn what_goes_back_is_refused_by_other_content_and_by_what_is_not_there() {
    let mut writer = a_shop_in_use();
    let before = everything(writer.connection());
    let too_large = LedgerRefusal::RefundTooLarge { most: money(400_000) };
    for (command, refusal) in [
        (give_back(1, 5, 50, 299_999), LedgerRefusal::IdConflict),
        (give_back(3, 5, 50, 400_001), too_large),
        (give_back(3, 1, 50, 1), LedgerRefusal::NoSettlement),
        (give_back(3, 5, 99, 1), LedgerRefusal::NoSettlement),
        (refund_fails(9, 5), LedgerRefusal::NoSettlement),
        (refund_fails(1, 1), LedgerRefusal::NoSettlement),
        (dispute("d1", 6, 60, 1), LedgerRefusal::IdConflict),
        (dispute("d2", 1, 60, 1), LedgerRefusal::NoSettlement),
        (end_dispute("d9", 6, 60, Verdict::Won), LedgerRefusal::NoSettlement),
        (tap(30, 6, 4, 100_000), LedgerRefusal::TabDisputed),
        (receive(90, 6, 500_001), LedgerRefusal::MoreThanOwed { owed: money(500_000) }),
        (Command::WriteOff(tab(9).0), LedgerRefusal::NoTab),
    ] {
        let named = format!("{command:?}");
        assert_eq!(applied(&mut writer, &[command]).outcomes, [Err(refusal)], "{named}");
    }
    assert_eq!(everything(writer.connection()), before);
}

#[test]
fn a_tab_whose_lines_were_written_off_is_closed_until_they_are_paid() {
    let mut writer = a_shop_in_use();
    let outcomes = applied(&mut writer, &[Command::WriteOff(tab(7).0), tap(30, 7, 4, 100_000)]);
    let closed = LedgerRefusal::TabClosed { owed: money(700_000) };
    assert_eq!(outcomes.outcomes[1], Err(closed));
    let paid = [take_in(70, 7, 200_000), tap(31, 7, 4, 100_000), take_in(71, 7, 500_000)];
    let outcomes = applied(&mut writer, &paid).outcomes;
    assert_eq!(outcomes[1], Err(LedgerRefusal::TabClosed { owed: money(500_000) }));
    assert_eq!(applied(&mut writer, &[tap(32, 7, 4, 100_000)]).purchases, 1);
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
