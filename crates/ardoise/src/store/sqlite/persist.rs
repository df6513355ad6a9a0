//! What a decided batch writes: rows of one table together, in key order where neighbours share a page.

use crate::store::insertion::Insertion;
use crate::store::{Db, StoreError, Value, id, notice, payout, shop, statement, tab};
use crate::till::TillNumber;
use crate::till::batch::{
    NewConsent, NewDispute, NewDisputeEnd, NewFeeBack, NewLine, NewRefund, NewRefundFailure,
    NewReopening, NewSettlement, NewUndo, Snapshot, WriteSet,
};
use ledger::{AuthorId, LineId, Loss, Shortfall, TabId, Timestamp, Transfer, UndoneBy, Verdict};
use std::collections::HashSet;

static ACCESS: Insertion = Insertion::new(
    "insert into access (tab_id, work_id, line_id) values (?1, ?2, ?3) \
     on conflict (tab_id, work_id) do update set line_id = excluded.line_id",
);
static DISPUTE: Insertion = Insertion::new(
    "insert into dispute (settlement_id, name, tab_id, rail, micros, fee_micros, opened_at, chain_number, \
     chain_before) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
);
static DISPUTE_END: Insertion = Insertion::new(
    "insert into dispute_end (settlement_id, name, won, ended_at, chain_number, chain_before) \
     values (?1, ?2, ?3, ?4, ?5, ?6)",
);
static FEE_BACK: Insertion = Insertion::new(
    "insert into fee_back (subject, name, author_id, tab_id, settlement_id, rail, micros, given_at) \
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
);
static LINE: Insertion = Insertion::new(
    "insert into line (id, tab_id, work_id, version, author_id, link_id, channel, gross_micros, vat_micros, \
     fee_micros, author_micros, vat_basis_points, consent_id, bought_at, chain_number, chain_before) \
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
);
static OUTBOX: Insertion = Insertion::new(
    "insert into outbox (till, id, happened_at, kind, author_id, subject) values (?1, ?2, ?3, ?4, ?5, ?6)",
);
static PAYMENT: Insertion = Insertion::new(
    "insert into payment (line_id, settlement_id, rail_fee_micros, tab_id) values (?1, ?2, ?3, ?4)",
);
static REFUND: Insertion = Insertion::new(
    "insert into refund (id, tab_id, settlement_id, rail, micros, reference, refunded_at, chain_number, \
     chain_before, elsewhere, borne_micros) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
);
static REOPENING: Insertion = Insertion::new(
    "insert into reopening (tab_id, chain_number, chain_before, reopened_at) values (?1, ?2, ?3, ?4)",
);
static REFUND_FAILURE: Insertion = Insertion::new(
    "insert into refund_failure (refund_id, reference, failed_at, chain_number, chain_before) \
     values (?1, ?2, ?3, ?4, ?5)",
);
static SETTLEMENT: Insertion = Insertion::new(
    "insert into settlement (id, tab_id, rail, received_micros, rail_fee_micros, reference, settled_at, \
     chain_number, chain_before) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
);
static TRANSFER: Insertion = Insertion::new(
    "insert into transfer (till, id, made_at, reason, subject, debit_kind, debit_owner, credit_kind, credit_owner, micros) \
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
);
static UNDO: Insertion = Insertion::new(
    "insert into undo (line_id, tab_id, undone_by, undone_at, was_paid, chain_number, chain_before) \
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
);

static WRITE_OFF: Insertion = Insertion::new(
    "insert into write_off (line_id, tab_id, written_off_at, chain_number, chain_before) \
     values (?1, ?2, ?3, ?4, ?5)",
);

/// Writes everything that a batch decided.
///
/// # Errors
/// Whatever the engine says: then the transaction must not be committed.
pub fn persist(
    db: &dyn Db,
    known: &Snapshot,
    writes: &WriteSet,
    consents: &[NewConsent],
    now: Timestamp,
) -> Result<(), StoreError> {
    for consent in consents {
        statement::keep_consent(db, consent, now)?;
    }
    persist_tabs(db, known, writes)?;
    insert(db, &LINE, writes.lines.iter().map(line_row))?;
    insert(db, &UNDO, writes.undos.iter().map(|undo| undo_row(undo, now)))?;
    insert(db, &SETTLEMENT, writes.settlements.iter().map(|made| settlement_row(made, now)))?;
    insert(db, &PAYMENT, writes.settlements.iter().flat_map(payment_rows))?;
    persist_returns(db, writes, now)?;
    persist_access(db, known, writes)?;
    for made in &writes.payouts {
        payout::insert(db, made, now)?;
    }
    for made in &writes.payout_fees {
        payout::insert_fee(db, made, now)?;
    }
    for made in &writes.payout_returns {
        payout::insert_return(db, made, now)?;
    }
    for told in writes.notices(known, now) {
        notice::tell(db, &told)?;
    }
    persist_transfers(db, &writes.transfers)?;
    persist_news(db, writes, now)
}

/// Most batches have none of this, and ask nothing for it.
fn persist_returns(db: &dyn Db, writes: &WriteSet, now: Timestamp) -> Result<(), StoreError> {
    insert(db, &WRITE_OFF, writes.losses.iter().map(|(tab, loss)| loss_row(*tab, loss, now)))?;
    insert(db, &REFUND, writes.refunds.iter().map(|made| refund_row(made, now)))?;
    let failures = writes.refund_failures.iter();
    insert(db, &REFUND_FAILURE, failures.map(|failure| refund_failure_row(failure, now)))?;
    insert(db, &DISPUTE, writes.disputes.iter().map(|opened| dispute_row(opened, now)))?;
    let ends = writes.dispute_ends.iter();
    insert(db, &DISPUTE_END, ends.map(|ended| dispute_end_row(ended, now)))?;
    insert(db, &FEE_BACK, writes.fees_back.iter().flat_map(|made| fee_back_rows(made, now)))?;
    insert(db, &REOPENING, writes.reopenings.iter().map(|made| reopening_row(made, now)))
}

fn insert<'a, const N: usize>(
    db: &dyn Db,
    into: &Insertion,
    rows: impl Iterator<Item = [Value<'a>; N]>,
) -> Result<(), StoreError> {
    let values: Vec<Value<'a>> = rows.flatten().collect();
    db.insert(into, &values)
}

/// In key order, so that neighbours are written together.
fn persist_tabs(db: &dyn Db, known: &Snapshot, writes: &WriteSet) -> Result<(), StoreError> {
    for (tab, secret_hash) in &writes.opened {
        let Some(stored) = known.tabs.get(tab) else { continue };
        tab::open(db, &stored.tab, secret_hash)?;
    }
    let opened: HashSet<TabId> = writes.opened.iter().map(|(tab, _)| *tab).collect();
    let mut changed: Vec<TabId> =
        writes.changed.iter().copied().filter(|tab| !opened.contains(tab)).collect();
    changed.sort_unstable();
    for tab in changed {
        let Some(stored) = known.tabs.get(&tab) else { continue };
        tab::update(db, &stored.tab)?;
    }
    Ok(())
}

/// Who may read what after the batch: a work bought, undone and bought again in it is written once.
fn persist_access(db: &dyn Db, known: &Snapshot, writes: &WriteSet) -> Result<(), StoreError> {
    let (mut given, mut taken) = (Vec::new(), Vec::new());
    for &(tab, work) in &writes.access {
        match known.access.get(&(tab, work)) {
            Some(&line) => given.push([id(tab), id(work), line.into()]),
            None => taken.push((tab, work)),
        }
    }
    insert(db, &ACCESS, given.into_iter())?;
    taken.into_iter().try_for_each(|(tab, work)| statement::take_access(db, tab, work))
}

fn line_row(new: &NewLine) -> [Value<'_>; 16] {
    let line = &new.line;
    [
        line.id.into(),
        id(line.tab),
        id(line.work),
        Value::Int(line.version.into()),
        id(line.author),
        id(new.link),
        Value::Text(&new.channel),
        line.shares.gross.into(),
        line.shares.vat.into(),
        line.shares.fee.into(),
        line.shares.author.into(),
        Value::Int(line.vat_basis_points),
        Value::Int(line.consent),
        line.bought_at.into(),
        Value::Int(new.before.length.cast_signed()),
        Value::Blob(&new.before.head),
    ]
}

fn undo_row(undo: &NewUndo, now: Timestamp) -> [Value<'_>; 7] {
    let by = match undo.by {
        UndoneBy::Reader => "reader",
        UndoneBy::Shop => "shop",
    };
    [
        undo.line.id.into(),
        id(undo.line.tab),
        Value::Text(by),
        now.into(),
        Value::Int(undo.was_paid.into()),
        Value::Int(undo.before.length.cast_signed()),
        Value::Blob(&undo.before.head),
    ]
}

fn settlement_row(made: &NewSettlement, now: Timestamp) -> [Value<'_>; 9] {
    [
        made.settle.id.into(),
        id(made.tab),
        Value::Int(made.settle.rail.0.into()),
        made.settle.received.into(),
        made.settle.rail_fee.into(),
        Value::Text(&made.reference),
        now.into(),
        Value::Int(made.before.length.cast_signed()),
        Value::Blob(&made.before.head),
    ]
}

fn payment_rows(made: &NewSettlement) -> impl Iterator<Item = [Value<'_>; 4]> {
    let (settlement, tab) = (made.settle.id.into(), id(made.tab));
    let rows = made.payments.iter();
    rows.map(move |(paid, _)| [paid.line.into(), settlement, paid.rail_fee.into(), tab])
}

fn loss_row(tab: TabId, loss: &Loss, now: Timestamp) -> [Value<'_>; 5] {
    [
        loss.line.id.into(),
        id(tab),
        now.into(),
        Value::Int(loss.before.length.cast_signed()),
        Value::Blob(&loss.before.head),
    ]
}

fn refund_row(made: &NewRefund, now: Timestamp) -> [Value<'_>; 11] {
    [
        made.refund.id.into(),
        id(made.tab),
        made.refund.settlement.into(),
        Value::Int(made.refund.rail.0.into()),
        made.refund.amount.into(),
        Value::Text(&made.reference),
        now.into(),
        Value::Int(made.before.length.cast_signed()),
        Value::Blob(&made.before.head),
        Value::Int((made.shortfall == Shortfall::Borne).into()),
        made.borne.into(),
    ]
}

fn fee_back_rows(made: &NewFeeBack, now: Timestamp) -> impl Iterator<Item = [Value<'_>; 8]> {
    made.parts.iter().map(move |part| {
        [
            Value::Id(made.fee_back.subject().bytes()),
            Value::Text(made.fee_back.name()),
            part.author.map_or(Value::Int(0), id),
            id(made.tab),
            made.settlement.into(),
            Value::Int(made.rail.0.into()),
            part.amount.into(),
            now.into(),
        ]
    })
}

fn reopening_row(made: &NewReopening, now: Timestamp) -> [Value<'_>; 4] {
    [
        id(made.tab),
        Value::Int(made.before.length.cast_signed()),
        Value::Blob(&made.before.head),
        now.into(),
    ]
}

fn refund_failure_row(failure: &NewRefundFailure, now: Timestamp) -> [Value<'_>; 5] {
    [
        failure.refund.into(),
        Value::Text(&failure.reference),
        now.into(),
        Value::Int(failure.before.length.cast_signed()),
        Value::Blob(&failure.before.head),
    ]
}

fn dispute_row(opened: &NewDispute, now: Timestamp) -> [Value<'_>; 9] {
    [
        opened.dispute.settlement.into(),
        Value::Text(&opened.name),
        id(opened.tab),
        Value::Int(opened.dispute.rail.0.into()),
        opened.dispute.amount.into(),
        opened.dispute.fee.into(),
        now.into(),
        Value::Int(opened.before.length.cast_signed()),
        Value::Blob(&opened.before.head),
    ]
}

fn dispute_end_row(ended: &NewDisputeEnd, now: Timestamp) -> [Value<'_>; 6] {
    [
        ended.settlement.into(),
        Value::Text(&ended.name),
        Value::Int((ended.verdict == Verdict::Won).into()),
        now.into(),
        Value::Int(ended.before.length.cast_signed()),
        Value::Blob(&ended.before.head),
    ]
}

fn persist_transfers(db: &dyn Db, transfers: &[Transfer]) -> Result<(), StoreError> {
    let first = shop::next_number(db, TillNumber::ONLY, shop::Numbered::Transfer)?;
    insert(db, &TRANSFER, (first..).zip(transfers).map(|(number, made)| transfer_row(number, made)))
}

fn transfer_row<'a>(number: i64, transfer: &Transfer) -> [Value<'a>; 10] {
    let (debit_kind, debit_owner) = transfer.debit.stored();
    let (credit_kind, credit_owner) = transfer.credit.stored();
    [
        TillNumber::ONLY.into(),
        Value::Int(number),
        transfer.at.into(),
        Value::Int(transfer.reason.stored()),
        Value::Id(transfer.subject.bytes()),
        Value::Int(debit_kind),
        Value::Int(debit_owner),
        Value::Int(credit_kind),
        Value::Int(credit_owner),
        transfer.amount.into(),
    ]
}

/// What followers are to hear, in the order in which it may have happened to one line.
fn persist_news(db: &dyn Db, writes: &WriteSet, now: Timestamp) -> Result<(), StoreError> {
    let bought = writes.lines.iter().map(|new| ("bought", new.line.author, new.line.id));
    let undone = writes.undos.iter().map(|undo| ("undone", undo.line.author, undo.line.id));
    let paid = writes.settlements.iter().flat_map(|made| &made.payments);
    let paid = paid.map(|(payment, author)| ("paid", *author, payment.line));
    let news: Vec<(&str, AuthorId, LineId)> = bought.chain(undone).chain(paid).collect();
    if news.is_empty() {
        return Ok(());
    }
    let first = shop::next_number(db, TillNumber::ONLY, shop::Numbered::Outbox)?;
    let rows = (first..).zip(news).map(|(number, (kind, author, line))| {
        let till = TillNumber::ONLY.into();
        [till, Value::Int(number), now.into(), Value::Text(kind), id(author), line.into()]
    });
    insert(db, &OUTBOX, rows)
}
