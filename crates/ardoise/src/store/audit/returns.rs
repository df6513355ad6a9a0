//! Money that went back, and lines that nobody pays, as they are kept.

use crate::store::{Db, StoreError, dispute, id, refund};
use ledger::receipts::{Chain, Entry};
use ledger::{
    AuthorId, Currency, Dispute, FeeBack, Given, LineId, Money, RailNumber, Refund, RefundId,
    SettlementId, ShopId as _, Shortfall, TabId, Timestamp, Verdict,
};

/// A line that was written off, as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct KeptLoss {
    /// The line.
    pub line: LineId,
    /// When.
    pub at: Timestamp,
    /// The chain before it.
    pub before: Chain,
}

/// A refund as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct KeptRefund {
    /// What went back.
    pub refund: Refund,
    /// What held for more than the credit.
    pub shortfall: Shortfall,
    /// What of it the operator bore.
    pub borne: Money,
    /// When.
    pub at: Timestamp,
    /// The chain before it.
    pub before: Chain,
    /// When it was taken back, and the chain before that.
    pub failed: Option<(Timestamp, Chain)>,
}

/// A dispute as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct KeptDispute {
    /// What the rail took.
    pub dispute: Dispute,
    /// When.
    pub at: Timestamp,
    /// The chain before it.
    pub before: Chain,
    /// How and when it ended, and the chain before that.
    pub ended: Option<(Verdict, Timestamp, Chain)>,
}

/// A part of a fee that was given back, as it is kept.
#[derive(Debug, Clone)]
pub struct KeptFeeBack {
    /// Of which settlement.
    pub settlement: SettlementId,
    /// By which rail.
    pub rail: RailNumber,
    /// What for.
    pub fee_back: FeeBack,
    /// The part.
    pub part: Given,
    /// When.
    pub at: Timestamp,
}

/// That a tab was opened again, as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct KeptReopening {
    /// When.
    pub at: Timestamp,
    /// The chain before it.
    pub before: Chain,
}

impl KeptReopening {
    /// The receipt of it, with the chain before it.
    pub const fn entry(&self) -> (Chain, Entry) {
        (self.before, Entry::Reopened { at: self.at })
    }
}

impl KeptRefund {
    /// The receipts of it, each with the chain before it.
    pub fn entries(&self) -> impl Iterator<Item = (Chain, Entry)> {
        let Refund { id: refund, amount, .. } = self.refund;
        let made = (self.before, self.shortfall.entry(&self.refund, self.at));
        let failed =
            self.failed.map(|(at, before)| (before, Entry::Returned { refund, amount, at }));
        std::iter::once(made).chain(failed)
    }
}

impl KeptDispute {
    /// The receipts of it, each with the chain before it.
    pub fn entries(&self) -> impl Iterator<Item = (Chain, Entry)> {
        let Dispute { settlement, amount, .. } = self.dispute;
        let opened = (self.before, Entry::Disputed { settlement, amount, at: self.at });
        let ended = self.ended.map(|(verdict, at, before)| {
            let won = verdict == Verdict::Won;
            (before, Entry::DisputeEnded { settlement, amount, won, at })
        });
        std::iter::once(opened).chain(ended)
    }
}

pub(super) fn losses(db: &dyn Db, tab: TabId) -> Result<Vec<KeptLoss>, StoreError> {
    let sql = "select line_id, written_off_at, chain_number, chain_before from write_off where tab_id = ?1";
    db.all(sql, &[id(tab)], |row| {
        Ok(KeptLoss {
            line: LineId::from_bytes(row.bytes(0)?),
            at: row.time(1)?,
            before: Chain { length: row.count(2)?, head: row.bytes(3)? },
        })
    })
}

pub(super) fn refunds(
    db: &dyn Db,
    tab: TabId,
    currency: Currency,
) -> Result<Vec<KeptRefund>, StoreError> {
    let sql = "select r.id, r.settlement_id, r.rail, r.micros, r.refunded_at, r.chain_number, r.chain_before, \
        f.failed_at, coalesce(f.chain_number, 0), coalesce(f.chain_before, r.chain_before), r.elsewhere, \
        r.borne_micros \
        from refund r left join refund_failure f on f.refund_id = r.id where r.tab_id = ?1";
    db.all(sql, &[id(tab)], |row| {
        let refund = Refund {
            id: RefundId::from_bytes(row.bytes(0)?),
            settlement: SettlementId::from_bytes(row.bytes(1)?),
            rail: RailNumber(row.small(2)?),
            amount: row.money(3, currency)?,
        };
        let before = Chain { length: row.count(5)?, head: row.bytes(6)? };
        let chain = Chain { length: row.count(8)?, head: row.bytes(9)? };
        let failed = row.maybe_time(7)?.map(|at| (at, chain));
        let shortfall = refund::shortfall(row.int(10)?);
        let borne = row.money(11, currency)?;
        Ok(KeptRefund { refund, shortfall, borne, at: row.time(4)?, before, failed })
    })
}

pub(super) fn disputes(
    db: &dyn Db,
    tab: TabId,
    currency: Currency,
) -> Result<Vec<KeptDispute>, StoreError> {
    let sql = "select d.settlement_id, d.rail, d.micros, d.fee_micros, d.opened_at, d.chain_number, d.chain_before, \
        e.ended_at, coalesce(e.won, 0), coalesce(e.chain_number, 0), coalesce(e.chain_before, d.chain_before) \
        from dispute d left join dispute_end e on e.settlement_id = d.settlement_id and e.name = d.name \
        where d.tab_id = ?1";
    db.all(sql, &[id(tab)], |row| {
        let dispute = Dispute {
            settlement: SettlementId::from_bytes(row.bytes(0)?),
            rail: RailNumber(row.small(1)?),
            amount: row.money(2, currency)?,
            fee: row.money(3, currency)?,
        };
        let before = Chain { length: row.count(5)?, head: row.bytes(6)? };
        let (verdict, chain) =
            (dispute::verdict(row.int(8)?), Chain { length: row.count(9)?, head: row.bytes(10)? });
        let ended = row.maybe_time(7)?.map(|at| (verdict, at, chain));
        Ok(KeptDispute { dispute, at: row.time(4)?, before, ended })
    })
}

pub(super) fn fees_back(
    db: &dyn Db,
    tab: TabId,
    currency: Currency,
) -> Result<Vec<KeptFeeBack>, StoreError> {
    let sql = "select subject, name, author_id, settlement_id, rail, micros, given_at from fee_back where tab_id = ?1";
    db.all(sql, &[id(tab)], |row| {
        let settlement = SettlementId::from_bytes(row.bytes(3)?);
        let fee_back = match row.text(1)? {
            name if name.is_empty() => FeeBack::Refund(RefundId::from_bytes(row.bytes(0)?)),
            name => FeeBack::Dispute(settlement, name),
        };
        let author = Some(row.int(2)?).filter(|raw| *raw != 0).map(AuthorId::from_raw);
        let part = Given { author, amount: row.money(5, currency)? };
        let (rail, at) = (RailNumber(row.small(4)?), row.time(6)?);
        Ok(KeptFeeBack { settlement, rail, fee_back, part, at })
    })
}

pub(super) fn reopenings(db: &dyn Db, tab: TabId) -> Result<Vec<KeptReopening>, StoreError> {
    let sql = "select chain_number, chain_before, reopened_at from reopening where tab_id = ?1";
    db.all(sql, &[id(tab)], |row| {
        let before = Chain { length: row.count(0)?, head: row.bytes(1)? };
        Ok(KeptReopening { at: row.time(2)?, before })
    })
}
