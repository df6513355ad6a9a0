//! What a decided batch writes.

use super::Snapshot;
use crate::notices::{Facts, Kind, Notice};
use crate::rails;
use crate::till::Applied;
use crate::till::command::{Outcome, SecretHash};
use ledger::receipts::Chain;
use ledger::{
    AuthorId, Dispute, FeeBack, Given, Line, LinkId, Loss, Money, PayOut, Payment, PayoutId,
    RailNumber, Refund, RefundId, Settle, SettlementId, Shortfall, TabId, Timestamp, Transfer,
    UndoneBy, Verdict, WorkId,
};
use std::collections::{BTreeSet, HashSet};

/// A new line, and what is written beside it.
#[derive(Debug, Clone)]
pub struct NewLine {
    /// The line.
    pub line: Line,
    /// The link it was bought through.
    pub link: LinkId,
    /// The channel; may be empty.
    pub channel: String,
    /// The tab's chain of receipts before it.
    pub before: Chain,
}

/// A line that was taken back.
#[derive(Debug, Clone, Copy)]
pub struct NewUndo {
    /// The line.
    pub line: Line,
    /// By whom.
    pub by: UndoneBy,
    /// Whether it had been paid.
    pub was_paid: bool,
    /// The tab's chain of receipts before it.
    pub before: Chain,
}

/// A settlement that was received.
#[derive(Debug, Clone)]
pub struct NewSettlement {
    /// The tab.
    pub tab: TabId,
    /// What came in.
    pub settle: Settle,
    /// What it is called.
    pub reference: String,
    /// The lines it paid, with their authors.
    pub payments: Vec<(Payment, ledger::AuthorId)>,
    /// The tab's chain of receipts before it.
    pub before: Chain,
}

/// Money that was given back.
#[derive(Debug, Clone)]
pub struct NewRefund {
    /// The tab whose credit it was.
    pub tab: TabId,
    /// What went back.
    pub refund: Refund,
    /// What held for more than the credit.
    pub shortfall: Shortfall,
    /// What of it the operator bears.
    pub borne: Money,
    /// What it is called.
    pub reference: String,
    /// The tab's chain of receipts before it.
    pub before: Chain,
}

/// A refund that was taken back.
#[derive(Debug, Clone)]
pub struct NewRefundFailure {
    /// The refund.
    pub refund: RefundId,
    /// What the rail said.
    pub reference: String,
    /// The tab's chain of receipts before it.
    pub before: Chain,
}

/// A dispute that was opened.
#[derive(Debug, Clone)]
pub struct NewDispute {
    /// The tab of the settlement.
    pub tab: TabId,
    /// What the rail has taken.
    pub dispute: Dispute,
    /// What the rail calls it.
    pub name: String,
    /// The tab's chain of receipts before it.
    pub before: Chain,
}

/// A dispute that has ended.
#[derive(Debug, Clone)]
pub struct NewDisputeEnd {
    /// The settlement.
    pub settlement: SettlementId,
    /// What the rail calls it.
    pub name: String,
    /// How.
    pub verdict: Verdict,
    /// The tab's chain of receipts before it.
    pub before: Chain,
}

/// A fee that was given back.
#[derive(Debug, Clone)]
pub struct NewFeeBack {
    /// The tab of the settlement.
    pub tab: TabId,
    /// The settlement.
    pub settlement: SettlementId,
    /// Its rail.
    pub rail: RailNumber,
    /// What for.
    pub fee_back: FeeBack,
    /// Who has which part.
    pub parts: Vec<Given>,
}

/// A tab that was opened again.
#[derive(Debug, Clone, Copy)]
pub struct NewReopening {
    /// The tab.
    pub tab: TabId,
    /// Its chain of receipts before it.
    pub before: Chain,
}

/// Money sent to an author.
#[derive(Debug, Clone)]
pub struct NewPayout {
    /// What is sent.
    pub pay_out: PayOut,
    /// What it is called.
    pub reference: String,
}

/// What a rail takes for a payout.
#[derive(Debug, Clone, Copy)]
pub struct NewPayoutFee {
    /// The payout.
    pub payout: PayoutId,
    /// How much.
    pub fee: Money,
}

/// A payout that was not carried out, or came back.
#[derive(Debug, Clone)]
pub struct NewPayoutReturn {
    /// The payout.
    pub payout: PayoutId,
    /// To whom it was.
    pub author: AuthorId,
    /// What the rail gives back of its fee.
    pub fee_back: Money,
    /// What the rail said.
    pub reference: String,
}

/// Words that somebody agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConsent {
    /// Their number.
    pub id: i64,
    /// The language.
    pub locale: &'static str,
    /// The words.
    pub label: String,
}

/// Everything that a batch writes.
#[derive(Debug, Default)]
pub struct WriteSet {
    /// Tabs opened in this batch, with the hash of their secret; their figures are in `tabs`.
    pub opened: Vec<(TabId, SecretHash)>,
    /// Tabs that changed; how they stand now is in [`Snapshot::tabs`].
    pub changed: HashSet<TabId>,
    /// Rights that came or went; who has which now is in [`Snapshot::access`]. In key order, so that
    /// neighbours are written together.
    pub access: BTreeSet<(TabId, WorkId)>,
    /// New lines. A line bought and undone in one batch is in both lists.
    pub lines: Vec<NewLine>,
    /// Undone lines.
    pub undos: Vec<NewUndo>,
    /// Settlements.
    pub settlements: Vec<NewSettlement>,
    /// Payouts.
    pub payouts: Vec<NewPayout>,
    /// What rails take for payouts.
    pub payout_fees: Vec<NewPayoutFee>,
    /// Payouts that came back.
    pub payout_returns: Vec<NewPayoutReturn>,
    /// Refunds. One that was made and taken back in one batch is in the next list, too.
    pub refunds: Vec<NewRefund>,
    /// Refunds that were taken back.
    pub refund_failures: Vec<NewRefundFailure>,
    /// Disputes. One that was opened and has ended in one batch is in the next list, too.
    pub disputes: Vec<NewDispute>,
    /// Disputes that have ended.
    pub dispute_ends: Vec<NewDisputeEnd>,
    /// Fees that were given back.
    pub fees_back: Vec<NewFeeBack>,
    /// Authors from whom rails have taken again what they had given back.
    pub fee_takers: Vec<AuthorId>,
    /// Tabs that were opened again.
    pub reopenings: Vec<NewReopening>,
    /// Lines that were written off, with their tab.
    pub losses: Vec<(TabId, Loss)>,
    /// The journal's new transfers, in order.
    pub transfers: Vec<Transfer>,
    /// Words agreed to.
    pub consents: Vec<NewConsent>,
}

impl WriteSet {
    /// Whether there is nothing to write, so that no commit is owed.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty()
            && self.payouts.is_empty()
            && self.payout_fees.is_empty()
            && self.payout_returns.is_empty()
    }

    /// What a batch with these outcomes comes to, once this is written.
    pub fn applied(&self, outcomes: Vec<Outcome>) -> Applied {
        Applied {
            outcomes,
            purchases: self.lines.len() as u64,
            committed: !self.is_empty(),
            authors: self.authors(),
        }
    }

    /// What readers are told of this batch, whose commands left their tabs as they are `known`.
    pub fn notices(&self, known: &Snapshot, now: Timestamp) -> Vec<Notice> {
        let came = self.settlements.iter().filter(|made| made.settle.rail != rails::CREDIT.number);
        let came = came.map(|made| receipt(made, known, now));
        let lost: BTreeSet<TabId> = self.losses.iter().map(|(tab, _)| *tab).collect();
        let lost = lost.into_iter().filter_map(|tab| self.closed(tab, known, now));
        came.chain(lost).collect()
    }

    /// Lines of a tab were written off: not paid in time, or paid by money that went back.
    fn closed(&self, id: TabId, known: &Snapshot, now: Timestamp) -> Option<Notice> {
        let tab = &known.tabs.get(&id)?.tab;
        let lines = self.losses.iter().filter(|(of, _)| *of == id).count() as u64;
        let was_disputed = tab.disputes_lost > 0;
        let facts = Facts {
            amount: tab.written_off.micros(),
            lines,
            reason: if was_disputed { "dispute".into() } else { String::new() },
            ..Facts::default()
        };
        let subject = now.micros().to_string();
        Some(Notice { tab: id, kind: Kind::Closed, subject, facts, told_at: now })
    }

    /// The authors to whom something happens.
    pub fn authors(&self) -> BTreeSet<AuthorId> {
        let bought = self.lines.iter().map(|new| new.line.author);
        let undone = self.undos.iter().map(|undo| undo.line.author);
        let paid =
            self.settlements.iter().flat_map(|made| &made.payments).map(|(_, author)| *author);
        let paid_out = self.payouts.iter().map(|made| made.pay_out.author);
        let back = self.payout_returns.iter().map(|made| made.author);
        let lost = self.losses.iter().map(|(_, loss)| loss.line.author);
        let given =
            self.fees_back.iter().flat_map(|made| &made.parts).filter_map(|part| part.author);
        let taken = self.fee_takers.iter().copied();
        let sold = bought.chain(undone).chain(paid).chain(paid_out).chain(back).chain(lost);
        sold.chain(given).chain(taken).collect()
    }
}

fn receipt(made: &NewSettlement, known: &Snapshot, now: Timestamp) -> Notice {
    let left = known.tabs.get(&made.tab).and_then(|stored| stored.tab.owed().ok());
    let facts = Facts {
        amount: made.settle.received.micros(),
        rest: left.map_or(0, Money::micros),
        fee: made.settle.rail_fee.micros(),
        lines: made.payments.len() as u64,
        ..Facts::default()
    };
    let subject = made.settle.id.to_string();
    Notice { tab: made.tab, kind: Kind::Receipt, subject, facts, told_at: now }
}
