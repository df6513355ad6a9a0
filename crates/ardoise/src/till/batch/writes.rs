//! What a decided batch writes.

use crate::till::Applied;
use crate::till::command::{Outcome, SecretHash};
use ledger::receipts::Chain;
use ledger::{
    AuthorId, Dispute, Line, LinkId, Loss, PayOut, Payment, Refund, RefundId, Settle, SettlementId,
    TabId, Transfer, UndoneBy, Verdict, WorkId,
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

/// Money sent to an author.
#[derive(Debug, Clone)]
pub struct NewPayout {
    /// What is sent.
    pub pay_out: PayOut,
    /// What it is called.
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
    /// Refunds. One that was made and taken back in one batch is in the next list, too.
    pub refunds: Vec<NewRefund>,
    /// Refunds that were taken back.
    pub refund_failures: Vec<NewRefundFailure>,
    /// Disputes. One that was opened and has ended in one batch is in the next list, too.
    pub disputes: Vec<NewDispute>,
    /// Disputes that have ended.
    pub dispute_ends: Vec<NewDisputeEnd>,
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
        self.changed.is_empty() && self.payouts.is_empty()
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

    /// The authors to whom something happens.
    pub fn authors(&self) -> BTreeSet<AuthorId> {
        let bought = self.lines.iter().map(|new| new.line.author);
        let undone = self.undos.iter().map(|undo| undo.line.author);
        let paid =
            self.settlements.iter().flat_map(|made| &made.payments).map(|(_, author)| *author);
        let paid_out = self.payouts.iter().map(|made| made.pay_out.author);
        let lost = self.losses.iter().map(|(_, loss)| loss.line.author);
        bought.chain(undone).chain(paid).chain(paid_out).chain(lost).collect()
    }
}
