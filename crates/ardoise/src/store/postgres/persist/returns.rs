//! Rows of money that goes back, and of lines that nobody pays.

use super::{Column, Rows};
use crate::till::batch::{
    NewDispute, NewDisputeEnd, NewFeeBack, NewRefund, NewRefundFailure, NewReopening, WriteSet,
};
use ledger::{AuthorId, Loss, ShopId as _, Shortfall, TabId, Timestamp, Verdict};

/// Money that goes back, and lines that nobody pays.
pub(super) fn rows(writes: &WriteSet, now: Timestamp) -> [Rows<'_>; 7] {
    [
        losses(&writes.losses, now),
        refunds(&writes.refunds, now),
        refund_failures(&writes.refund_failures, now),
        disputes(&writes.disputes, now),
        dispute_ends(&writes.dispute_ends, now),
        fees_back(&writes.fees_back, now),
        reopenings(&writes.reopenings, now),
    ]
}

fn losses(losses: &[(TabId, Loss)], now: Timestamp) -> Rows<'_> {
    rows!(
        "insert into write_off (line_id, tab_id, written_off_at, chain_number, chain_before) \
         select * from unnest(cast(?1 as bytea[]), cast(?2 as int8[]), cast(?3 as int8[]), cast(?4 as int8[]), \
         cast(?5 as bytea[]))",
        losses,
        |(tab, loss)| [
            loss.line.id.bytes().to_vec(),
            tab.raw(),
            now.micros(),
            loss.before.length.cast_signed(),
            loss.before.head.as_slice(),
        ]
    )
}

fn refunds(refunds: &[NewRefund], now: Timestamp) -> Rows<'_> {
    rows!(
        "insert into refund (id, tab_id, settlement_id, rail, micros, reference, refunded_at, chain_number, \
         chain_before, elsewhere, borne_micros) select * from unnest(cast(?1 as bytea[]), cast(?2 as int8[]), cast(?3 as bytea[]), \
         cast(?4 as int8[]), cast(?5 as int8[]), cast(?6 as text[]), cast(?7 as int8[]), cast(?8 as int8[]), \
         cast(?9 as bytea[]), cast(?10 as int8[]), cast(?11 as int8[]))",
        refunds,
        |made| [
            made.refund.id.bytes().to_vec(),
            made.tab.raw(),
            made.refund.settlement.bytes().to_vec(),
            i64::from(made.refund.rail.0),
            made.refund.amount.micros(),
            made.reference.as_str(),
            now.micros(),
            made.before.length.cast_signed(),
            made.before.head.as_slice(),
            i64::from(made.shortfall == Shortfall::Borne),
            made.borne.micros(),
        ]
    )
}

fn refund_failures(failures: &[NewRefundFailure], now: Timestamp) -> Rows<'_> {
    rows!(
        "insert into refund_failure (refund_id, reference, failed_at, chain_number, chain_before) \
         select * from unnest(cast(?1 as bytea[]), cast(?2 as text[]), cast(?3 as int8[]), cast(?4 as int8[]), \
         cast(?5 as bytea[]))",
        failures,
        |failure| [
            failure.refund.bytes().to_vec(),
            failure.reference.as_str(),
            now.micros(),
            failure.before.length.cast_signed(),
            failure.before.head.as_slice(),
        ]
    )
}

fn disputes(disputes: &[NewDispute], now: Timestamp) -> Rows<'_> {
    rows!(
        "insert into dispute (settlement_id, name, tab_id, rail, micros, fee_micros, opened_at, chain_number, \
         chain_before) select * from unnest(cast(?1 as bytea[]), cast(?2 as text[]), cast(?3 as int8[]), \
         cast(?4 as int8[]), cast(?5 as int8[]), cast(?6 as int8[]), cast(?7 as int8[]), cast(?8 as int8[]), \
         cast(?9 as bytea[]))",
        disputes,
        |opened| [
            opened.dispute.settlement.bytes().to_vec(),
            opened.name.as_str(),
            opened.tab.raw(),
            i64::from(opened.dispute.rail.0),
            opened.dispute.amount.micros(),
            opened.dispute.fee.micros(),
            now.micros(),
            opened.before.length.cast_signed(),
            opened.before.head.as_slice(),
        ]
    )
}

fn dispute_ends(ends: &[NewDisputeEnd], now: Timestamp) -> Rows<'_> {
    rows!(
        "insert into dispute_end (settlement_id, name, won, ended_at, chain_number, chain_before) \
         select * from unnest(cast(?1 as bytea[]), cast(?2 as text[]), cast(?3 as int8[]), cast(?4 as int8[]), \
         cast(?5 as int8[]), cast(?6 as bytea[]))",
        ends,
        |ended| [
            ended.settlement.bytes().to_vec(),
            ended.name.as_str(),
            i64::from(ended.verdict == Verdict::Won),
            now.micros(),
            ended.before.length.cast_signed(),
            ended.before.head.as_slice(),
        ]
    )
}

fn fees_back(fees_back: &[NewFeeBack], now: Timestamp) -> Rows<'_> {
    let parts = fees_back.iter().flat_map(|made| made.parts.iter().map(move |part| (made, part)));
    let parts: Vec<_> = parts.collect();
    rows!(
        "insert into fee_back (subject, name, author_id, tab_id, settlement_id, rail, micros, given_at) \
         select * from unnest(cast(?1 as bytea[]), cast(?2 as text[]), cast(?3 as int8[]), cast(?4 as int8[]), \
         cast(?5 as bytea[]), cast(?6 as int8[]), cast(?7 as int8[]), cast(?8 as int8[]))",
        parts,
        |(made, part)| [
            made.fee_back.subject().bytes().to_vec(),
            made.fee_back.name(),
            part.author.map_or(0, AuthorId::raw),
            made.tab.raw(),
            made.settlement.bytes().to_vec(),
            i64::from(made.rail.0),
            part.amount.micros(),
            now.micros(),
        ]
    )
}

fn reopenings(reopenings: &[NewReopening], now: Timestamp) -> Rows<'_> {
    rows!(
        "insert into reopening (tab_id, chain_number, chain_before, reopened_at) \
         select * from unnest(cast(?1 as int8[]), cast(?2 as int8[]), cast(?3 as bytea[]), cast(?4 as int8[]))",
        reopenings,
        |made| [
            made.tab.raw(),
            made.before.length.cast_signed(),
            made.before.head.as_slice(),
            now.micros(),
        ]
    )
}
