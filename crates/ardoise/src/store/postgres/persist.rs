//! What is written for a batch: each table's rows in one statement, column by column, and the commit, in one trip.

use super::Connection;
use super::connection::{ByTab, by_tab};
use crate::store::StoreError;
use crate::till::TillNumber;
use crate::till::batch::{NewLine, NewSettlement, NewUndo, Snapshot, WriteSet};
use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use ledger::{AuthorId, LineId, ShopId as _, Tab, TabId, Timestamp, Transfer, UndoneBy, WorkId};
use std::collections::HashMap;
use tokio_postgres::types::ToSql;

/// The next numbers of a till's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) transfer: i64,
    pub(super) outbox: i64,
}

/// A column of rows that are written together.
type Column<'a> = Box<dyn ToSql + Sync + Send + 'a>;

/// Rows of one table, column by column.
struct Rows<'a> {
    sql: &'static str,
    count: usize,
    columns: Vec<Column<'a>>,
}

macro_rules! rows {
    ($sql:expr, $items:expr, |$item:pat_param| [$($value:expr),+ $(,)?]) => {
        Rows {
            sql: $sql,
            count: $items.len(),
            columns: vec![$(
                {
                    // A column that is the same in every row does not look at it.
                    #[allow(unused_variables)]
                    let values: Vec<_> = $items.iter().map(|$item| $value).collect();
                    Box::new(values) as Column<'_>
                }
            ),+],
        }
    };
}

mod notices;
mod payouts;
mod returns;

/// Writes what a batch came to and commits. Answers the numbers that come next.
///
/// # Errors
/// [`StoreError::Unknown`] when the connection was lost: the commit was on its way. Whatever the engine says otherwise: nothing
/// was written.
pub(super) fn persist(
    connection: &Connection,
    till: TillNumber,
    numbers: Numbers,
    known: &Snapshot,
    writes: &WriteSet,
    now: Timestamp,
) -> Result<Numbers, StoreError> {
    let (news, told) = (news(writes), notices::told(known, writes, now));
    let mut tables = vec![consents(writes, now)];
    tables.extend(tabs(connection, known, writes));
    tables.push(lines(&writes.lines));
    tables.push(undos(&writes.undos, now));
    tables.extend(settlements(&writes.settlements, now));
    tables.extend(returns::rows(writes, now));
    tables.extend(accesses(connection, known, writes));
    tables.extend(payouts::rows(writes, now));
    tables.push(transfers(till, numbers.transfer, &writes.transfers));
    tables.extend(notices::rows(&told));
    tables.push(outbox(till, numbers.outbox, &news, now));
    send(connection, &tables)?;
    Ok(Numbers {
        transfer: numbers.transfer + count(writes.transfers.len()),
        outbox: numbers.outbox + count(news.len()),
    })
}

/// Sends everything and the commit behind it in one trip. A statement that fails spoils those behind it: the commit of a
/// failed transaction takes it back.
fn send(connection: &Connection, tables: &[Rows<'_>]) -> Result<(), StoreError> {
    let mut sent: Vec<BoxFuture<'_, Result<(), StoreError>>> = Vec::new();
    for table in tables.iter().filter(|table| table.count > 0) {
        let statement = connection.prepared(table.sql)?;
        let write = async move {
            let columns = table.columns.iter().map(|column| &**column as &(dyn ToSql + Sync));
            connection.client().execute_raw(&statement, columns).await?;
            Ok(())
        };
        sent.push(write.boxed());
    }
    sent.push(async { Ok(connection.client().batch_execute("commit").await?) }.boxed());
    // They are first polled, and so sent, in this order.
    let done = connection.wait(join_all(sent).map(Ok::<_, StoreError>));
    match done.map(|done| done.into_iter().find_map(Result::err)) {
        Ok(None) => Ok(()),
        Ok(Some(StoreError::Gone(why))) | Err(StoreError::Gone(why)) => {
            Err(StoreError::Unknown(why))
        }
        Ok(Some(error)) | Err(error) => Err(error),
    }
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn consents(writes: &WriteSet, now: Timestamp) -> Rows<'_> {
    rows!(
        "insert into consent (id, locale, label, first_at) \
         select * from unnest(cast(?1 as int8[]), cast(?2 as text[]), cast(?3 as text[]), cast(?4 as int8[])) \
         on conflict (id) do nothing",
        writes.consents,
        |consent| [consent.id, consent.locale, consent.label.as_str(), now.micros()]
    )
}

const CHANGED: ByTab = by_tab!(
    "update tab set open_micros = new.open, credit_micros = new.credit, open_lines = new.open_lines, \
         oldest_open_at = new.oldest, settlements = new.settlements, purchases = new.purchases, undone = new.undone, \
         chain_length = new.length, chain_head = new.head, written_off_micros = new.written_off, \
         mandate = new.mandate, disputes_open = new.disputes_open, disputes_lost = new.disputes_lost, \
         borne_micros = new.borne \
         from unnest(cast(?1 as int8[]), cast(?2 as int8[]), \
         cast(?3 as int8[]), cast(?4 as int8[]), cast(?5 as int8[]), cast(?6 as int8[]), cast(?7 as int8[]), \
         cast(?8 as int8[]), cast(?9 as int8[]), cast(?10 as bytea[]), cast(?11 as int8[]), cast(?12 as int8[]), \
         cast(?13 as int8[]), cast(?14 as int8[]), cast(?15 as int8[])) \
         as new(id, open, credit, open_lines, oldest, settlements, purchases, undone, length, head, written_off, \
         mandate, disputes_open, disputes_lost, borne) where tab.id = new.id",
    "tab.id = any(?1)"
);

/// In key order, so that neighbours are written together: those that are opened, and those that change.
fn tabs<'a>(connection: &Connection, known: &'a Snapshot, writes: &'a WriteSet) -> [Rows<'a>; 2] {
    let secrets: HashMap<TabId, &[u8]> =
        writes.opened.iter().map(|(tab, secret)| (*tab, secret.as_slice())).collect();
    let mut all: Vec<&Tab> = writes
        .changed
        .iter()
        .filter_map(|tab| known.tabs.get(tab))
        .map(|stored| &stored.tab)
        .collect();
    all.sort_unstable_by_key(|tab| tab.id);
    let (opened, changed): (Vec<&Tab>, Vec<&Tab>) =
        all.into_iter().partition(|tab| secrets.contains_key(&tab.id));
    let opened = rows!(
        "insert into tab (id, secret_hash, opened_at, open_micros, credit_micros, open_lines, oldest_open_at, \
         settlements, purchases, undone, chain_length, chain_head, written_off_micros, mandate, disputes_open, \
         disputes_lost, borne_micros) select * from unnest(cast(?1 as int8[]), \
         cast(?2 as bytea[]), cast(?3 as int8[]), cast(?4 as int8[]), cast(?5 as int8[]), cast(?6 as int8[]), \
         cast(?7 as int8[]), cast(?8 as int8[]), cast(?9 as int8[]), cast(?10 as int8[]), cast(?11 as int8[]), \
         cast(?12 as bytea[]), cast(?13 as int8[]), cast(?14 as int8[]), cast(?15 as int8[]), cast(?16 as int8[]), \
         cast(?17 as int8[]))",
        opened,
        |tab| [
            tab.id.raw(),
            secrets.get(&tab.id).copied().unwrap_or_default(),
            tab.opened_at.micros(),
            tab.open.micros(),
            tab.credit.micros(),
            i64::from(tab.open_lines),
            tab.oldest_open_at.map(Timestamp::micros),
            i64::from(tab.settlements),
            i64::from(tab.purchases),
            i64::from(tab.undone),
            tab.chain.length.cast_signed(),
            tab.chain.head.as_slice(),
            tab.written_off.micros(),
            i64::from(tab.mandate),
            i64::from(tab.disputes_open),
            i64::from(tab.disputes_lost),
            tab.borne.micros(),
        ]
    );
    let changed = rows!(connection.said(CHANGED), changed, |tab| [
        tab.id.raw(),
        tab.open.micros(),
        tab.credit.micros(),
        i64::from(tab.open_lines),
        tab.oldest_open_at.map(Timestamp::micros),
        i64::from(tab.settlements),
        i64::from(tab.purchases),
        i64::from(tab.undone),
        tab.chain.length.cast_signed(),
        tab.chain.head.as_slice(),
        tab.written_off.micros(),
        i64::from(tab.mandate),
        i64::from(tab.disputes_open),
        i64::from(tab.disputes_lost),
        tab.borne.micros(),
    ]);
    [opened, changed]
}

fn lines(lines: &[NewLine]) -> Rows<'_> {
    rows!(
        "insert into line (id, tab_id, work_id, version, author_id, link_id, channel, gross_micros, vat_micros, \
         fee_micros, author_micros, vat_basis_points, consent_id, bought_at, chain_number, chain_before) \
         select * from unnest(cast(?1 as bytea[]), cast(?2 as int8[]), cast(?3 as int8[]), cast(?4 as int8[]), \
         cast(?5 as int8[]), cast(?6 as int8[]), cast(?7 as text[]), cast(?8 as int8[]), cast(?9 as int8[]), \
         cast(?10 as int8[]), cast(?11 as int8[]), cast(?12 as int8[]), cast(?13 as int8[]), cast(?14 as int8[]), \
         cast(?15 as int8[]), cast(?16 as bytea[]))",
        lines,
        |new| [
            new.line.id.bytes().to_vec(),
            new.line.tab.raw(),
            new.line.work.raw(),
            i64::from(new.line.version),
            new.line.author.raw(),
            new.link.raw(),
            new.channel.as_str(),
            new.line.shares.gross.micros(),
            new.line.shares.vat.micros(),
            new.line.shares.fee.micros(),
            new.line.shares.author.micros(),
            new.line.vat_basis_points,
            new.line.consent,
            new.line.bought_at.micros(),
            new.before.length.cast_signed(),
            new.before.head.as_slice(),
        ]
    )
}

const TAKEN: ByTab = by_tab!(
    "delete from access using unnest(cast(?1 as int8[]), cast(?2 as int8[])) as gone(tab_id, work_id) \
         where access.tab_id = gone.tab_id and access.work_id = gone.work_id",
    "access.tab_id = any(?1)"
);

/// Who may read what after the batch: a work bought, undone and bought again in it is written once.
fn accesses(connection: &Connection, known: &Snapshot, writes: &WriteSet) -> [Rows<'static>; 2] {
    let mut given: Vec<(TabId, WorkId, LineId)> = Vec::new();
    let mut taken: Vec<(TabId, WorkId)> = Vec::new();
    for &(tab, work) in &writes.access {
        match known.access.get(&(tab, work)) {
            Some(&line) => given.push((tab, work, line)),
            None => taken.push((tab, work)),
        }
    }
    let given = rows!(
        "insert into access (tab_id, work_id, line_id) \
         select * from unnest(cast(?1 as int8[]), cast(?2 as int8[]), cast(?3 as bytea[])) \
         on conflict (tab_id, work_id) do update set line_id = excluded.line_id",
        given,
        |(tab, work, line)| [tab.raw(), work.raw(), line.bytes().to_vec()]
    );
    let taken = rows!(connection.said(TAKEN), taken, |(tab, work)| [tab.raw(), work.raw()]);
    [taken, given]
}

fn undos(undos: &[NewUndo], now: Timestamp) -> Rows<'_> {
    let by = |undo: &NewUndo| match undo.by {
        UndoneBy::Reader => "reader",
        UndoneBy::Shop => "shop",
    };
    rows!(
        "insert into undo (line_id, tab_id, undone_by, undone_at, was_paid, chain_number, chain_before) \
         select * from unnest(cast(?1 as bytea[]), cast(?2 as int8[]), cast(?3 as text[]), cast(?4 as int8[]), \
         cast(?5 as int8[]), cast(?6 as int8[]), cast(?7 as bytea[]))",
        undos,
        |undo| [
            undo.line.id.bytes().to_vec(),
            undo.line.tab.raw(),
            by(undo),
            now.micros(),
            i64::from(undo.was_paid),
            undo.before.length.cast_signed(),
            undo.before.head.as_slice(),
        ]
    )
}

fn settlements(settlements: &[NewSettlement], now: Timestamp) -> [Rows<'_>; 2] {
    let made = rows!(
        "insert into settlement (id, tab_id, rail, received_micros, rail_fee_micros, reference, settled_at, \
         chain_number, chain_before) select * from unnest(cast(?1 as bytea[]), cast(?2 as int8[]), cast(?3 as int8[]), \
         cast(?4 as int8[]), cast(?5 as int8[]), cast(?6 as text[]), cast(?7 as int8[]), cast(?8 as int8[]), \
         cast(?9 as bytea[]))",
        settlements,
        |made| [
            made.settle.id.bytes().to_vec(),
            made.tab.raw(),
            i64::from(made.settle.rail.0),
            made.settle.received.micros(),
            made.settle.rail_fee.micros(),
            made.reference.as_str(),
            now.micros(),
            made.before.length.cast_signed(),
            made.before.head.as_slice(),
        ]
    );
    let paid: Vec<_> = settlements
        .iter()
        .flat_map(|made| made.payments.iter().map(move |(payment, _)| (made, payment)))
        .collect();
    let payments = rows!(
        "insert into payment (line_id, settlement_id, rail_fee_micros, tab_id) \
         select * from unnest(cast(?1 as bytea[]), cast(?2 as bytea[]), cast(?3 as int8[]), cast(?4 as int8[]))",
        paid,
        |(made, payment)| [
            payment.line.bytes().to_vec(),
            made.settle.id.bytes().to_vec(),
            payment.rail_fee.micros(),
            made.tab.raw(),
        ]
    );
    [made, payments]
}

fn transfers(till: TillNumber, first: i64, transfers: &[Transfer]) -> Rows<'_> {
    let numbered: Vec<(i64, &Transfer)> = (first..).zip(transfers).collect();
    rows!(
        "insert into transfer (till, id, made_at, reason, subject, debit_kind, debit_owner, credit_kind, \
         credit_owner, micros) select * from unnest(cast(?1 as int8[]), cast(?2 as int8[]), cast(?3 as int8[]), \
         cast(?4 as int8[]), cast(?5 as bytea[]), cast(?6 as int8[]), cast(?7 as int8[]), cast(?8 as int8[]), \
         cast(?9 as int8[]), cast(?10 as int8[]))",
        numbered,
        |(number, transfer)| [
            till.0,
            *number,
            transfer.at.micros(),
            transfer.reason.stored(),
            transfer.subject.bytes().to_vec(),
            transfer.debit.stored().0,
            transfer.debit.stored().1,
            transfer.credit.stored().0,
            transfer.credit.stored().1,
            transfer.amount.micros(),
        ]
    )
}

/// What happened in a batch, for those who follow.
struct News {
    kind: &'static str,
    author: AuthorId,
    line: LineId,
}

fn news(writes: &WriteSet) -> Vec<News> {
    let bought = writes.lines.iter().map(|new| ("bought", new.line.author, new.line.id));
    let undone = writes.undos.iter().map(|undo| ("undone", undo.line.author, undo.line.id));
    let paid = writes.settlements.iter().flat_map(|made| {
        made.payments.iter().map(|(payment, author)| ("paid", *author, payment.line))
    });
    let all = bought.chain(undone).chain(paid);
    all.map(|(kind, author, line)| News { kind, author, line }).collect()
}

fn outbox(till: TillNumber, first: i64, news: &[News], now: Timestamp) -> Rows<'static> {
    let numbered: Vec<(i64, &News)> = (first..).zip(news).collect();
    rows!(
        "insert into outbox (till, id, happened_at, kind, author_id, subject) select * from unnest(cast(?1 as int8[]), \
         cast(?2 as int8[]), cast(?3 as int8[]), cast(?4 as text[]), cast(?5 as int8[]), cast(?6 as bytea[]))",
        numbered,
        |(number, news)| [
            till.0,
            *number,
            now.micros(),
            news.kind,
            news.author.raw(),
            news.line.bytes().to_vec(),
        ]
    )
}
