//! One batch of commands: what is read for it, how each is decided, what is written for it.
//!
//! The store loads a [`Snapshot`] of everything that the commands name, [`Batch::decide`] answers them
//! one after the other (each sees what those before it did), and the store writes the [`WriteSet`] in
//! the same transaction. No decision is made anywhere else, so every store decides alike.

mod payouts;
mod returns;
mod writes;

use super::command::{
    Answer, BuyAsk, Command, Outcome, Purchase, SecretHash, SettleAsk, TabClaim, TabNow, UndoAsk,
};
use ledger::receipts::Chain;
use ledger::{
    AuthorId, Before, Bought, Currency, Dispute, Earlier, FeeBack, Given, LedgerRefusal, Line,
    LineId, LineState, LinkId, Money, Offer, OpenLine, Payment, PayoutId, PayoutNow, Refund,
    RefundId, Rules, Settle, SettlementId, SettlementNow, Shortfall, Tab, TabId, Timestamp,
    Transfer, Undone, UndoneBy, Verdict, WorkId,
};
use std::collections::{BTreeMap, HashMap};
pub use writes::{
    NewConsent, NewDispute, NewDisputeEnd, NewFeeBack, NewLine, NewPayout, NewPayoutFee,
    NewPayoutReturn, NewRefund, NewRefundFailure, NewReopening, NewSettlement, NewUndo, WriteSet,
};

/// A tab as it is stored.
#[derive(Debug, Clone)]
pub struct StoredTab {
    /// The hash of its secret.
    pub secret_hash: SecretHash,
    /// The tab.
    pub tab: Tab,
}

/// A link as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct StoredOffer {
    /// The link.
    pub link: LinkId,
    /// The work behind it.
    pub offer: Offer,
}

/// A refund as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct StoredRefund {
    /// The tab whose credit it was.
    pub tab: TabId,
    /// The refund.
    pub refund: Refund,
    /// What held for more than the credit.
    pub shortfall: Shortfall,
    /// What of it the operator bore.
    pub borne: Money,
    /// Whether the rail did not carry it out.
    pub has_failed: bool,
}

/// A dispute as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct StoredDispute {
    /// The tab of the settlement.
    pub tab: TabId,
    /// The dispute.
    pub dispute: Dispute,
    /// How it has ended.
    pub ended: Option<Verdict>,
}

/// What authors bear of the fee of a settlement.
pub type Bearers = BTreeMap<AuthorId, Money>;

/// Everything that the commands of a batch name, as it stood before them.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Tabs.
    pub tabs: HashMap<TabId, StoredTab>,
    /// Offers by the slug of their link.
    pub offers: HashMap<String, StoredOffer>,
    /// Lines, with what became of them.
    pub lines: HashMap<LineId, (Line, LineState)>,
    /// What readers have already.
    pub access: HashMap<(TabId, WorkId), LineId>,
    /// Of tabs that have credit, or on which something other than a purchase happens: the lines that wait to
    /// be paid and cost something, in the order of [`OpenLine::place`].
    pub open_lines: HashMap<TabId, Vec<OpenLine>>,
    /// Settlements that were received before.
    pub settlements: HashMap<SettlementId, SettlementNow>,
    /// Refunds that were made before.
    pub refunds: HashMap<RefundId, StoredRefund>,
    /// Disputes that were opened before, by settlement and by what the rail calls them.
    pub disputes: HashMap<(SettlementId, String), StoredDispute>,
    /// Fees that were given back before, with who has which part.
    pub fees_back: HashMap<FeeBack, Vec<Given>>,
    /// Of settlements of which a fee is given back, by the tab that is said to have paid them: what each author bears of it still.
    pub bearers: HashMap<(TabId, SettlementId), Bearers>,
    /// Payouts that were made before.
    pub payouts: HashMap<PayoutId, PayoutNow>,
    /// Of authors of whose payouts something is said: what they may be paid, in micro-units.
    pub available: HashMap<AuthorId, i128>,
}

/// A batch being decided.
pub struct Batch<'a> {
    rules: &'a Rules,
    currency: Currency,
    now: Timestamp,
    /// What is known, kept up to date as commands are decided.
    pub known: Snapshot,
    /// What is to be written.
    pub writes: WriteSet,
}

impl<'a> Batch<'a> {
    /// A batch on what is `known`, decided at `now`.
    pub fn new(rules: &'a Rules, currency: Currency, now: Timestamp, known: Snapshot) -> Self {
        Self { rules, currency, now, known, writes: WriteSet::default() }
    }

    /// Decides one command. A refused one changes nothing.
    pub fn decide(&mut self, command: &Command) -> Outcome {
        match command {
            Command::Buy(ask) => self.buy(ask),
            Command::Undo(ask) => self.undo(ask),
            Command::Settle(ask) => self.settle(ask),
            Command::PayOut(ask) => self.pay_out(ask),
            Command::PayOutEnded(ask) => self.pay_out_ended(ask),
            Command::Refund(ask) => self.refund(ask),
            Command::RefundFailed(ask) => self.refund_failed(ask),
            Command::Dispute(ask) => self.dispute(ask),
            Command::DisputeEnded(ask) => self.dispute_ended(ask),
            Command::FeeBack(ask) => self.fee_back(ask),
            Command::Reopen(tab) => self.reopen(*tab),
            Command::WriteOff(tab) => self.write_off(*tab),
            Command::Bind(tab) => self.bind(*tab, true),
            Command::Unbind(tab) => self.bind(*tab, false),
        }
    }

    fn buy(&mut self, ask: &BuyAsk) -> Outcome {
        let offer = *self.known.offers.get(&ask.slug).ok_or(LedgerRefusal::NoLink)?;
        let mut tab = self.claimed(ask.tab)?;
        let chain_before = tab.chain;
        let work = offer.offer.work;
        let before = Before {
            same_id: self.earlier(ask.buy.line),
            access: self.known.access.get(&(tab.id, work)).copied(),
            waits_since: self.waits_since(&tab),
        };
        let bought = ledger::buy(&ask.buy, &offer.offer, &mut tab, before, self.rules, self.now)?;
        let (purchase, line) = match bought {
            Bought::New(line) => {
                self.write_line(ask, offer.link, line, chain_before, &tab);
                self.spend_credit(&mut tab)?;
                (Purchase::Bought, line.id)
            }
            Bought::Again { undone: false } => (Purchase::Again, ask.buy.line),
            Bought::Again { undone: true } => (Purchase::UndoneSince, ask.buy.line),
            Bought::Owned(line) => (Purchase::Owned, line),
        };
        let amount = ask.buy.amount;
        Ok(Answer::Bought { purchase, line, work, link: offer.link, amount, now: self.stand(tab)? })
    }

    /// The tab that is claimed, if the secret is its own; a new one when the purchase opens it.
    fn claimed(&self, claim: TabClaim) -> Result<Tab, LedgerRefusal> {
        match self.known.tabs.get(&claim.id) {
            Some(stored) if stored.secret_hash == claim.secret_hash => Ok(stored.tab.clone()),
            None if claim.opens => Ok(Tab::opened(claim.id, self.now, Money::zero(self.currency))),
            Some(_) | None => Err(LedgerRefusal::NoTab),
        }
    }

    /// Since when something waits on a tab. Where there is no credit, nothing of it is paid in part.
    fn waits_since(&self, tab: &Tab) -> Option<Timestamp> {
        let open = self.known.open_lines.get(&tab.id).filter(|_| !tab.credit.is_zero());
        open.map_or(tab.oldest_open_at, |open| tab.waits_since(open))
    }

    fn earlier(&self, id: LineId) -> Option<Earlier> {
        self.known.lines.get(&id).map(|(line, state)| Earlier {
            tab: line.tab,
            work: line.work,
            gross: line.shares.gross,
            undone: *state == LineState::Undone,
        })
    }

    fn write_line(&mut self, ask: &BuyAsk, link: LinkId, line: Line, before: Chain, tab: &Tab) {
        if ask.tab.opens && !self.known.tabs.contains_key(&tab.id) {
            self.writes.opened.push((tab.id, ask.tab.secret_hash));
        }
        let secret_hash = ask.tab.secret_hash;
        self.known.tabs.insert(tab.id, StoredTab { secret_hash, tab: tab.clone() });
        self.known.access.insert((tab.id, line.work), line.id);
        self.writes.access.insert((tab.id, line.work));
        self.known.lines.insert(line.id, (line, LineState::Open));
        if let Some(open) = self.known.open_lines.get_mut(&tab.id)
            && !line.shares.gross.is_zero()
        {
            // Lines of one moment have an order too, and the clock may have been set back: as the store has it.
            let new = line.as_open();
            let place = open.partition_point(|other| other.place() < new.place());
            open.insert(place, new);
        }
        self.writes.changed.insert(tab.id);
        self.writes.transfers.extend(line.transfers());
        self.writes.consents.push(NewConsent {
            id: line.consent,
            locale: ask.locale,
            label: ask.label.clone(),
        });
        self.writes.lines.push(NewLine { line, link, channel: ask.channel.clone(), before });
    }

    fn undo(&mut self, ask: &UndoAsk) -> Outcome {
        let &(line, state) = self.known.lines.get(&ask.line).ok_or(LedgerRefusal::NoLine)?;
        let stored = self.known.tabs.get(&line.tab).ok_or(LedgerRefusal::NoLine)?;
        if ask.tab.is_some_and(|(id, hash)| id != line.tab || hash != stored.secret_hash) {
            return Err(LedgerRefusal::NoLine);
        }
        let mut tab = stored.tab.clone();
        let before = tab.chain;
        let next_open = self.next_open(line.tab, line.id);
        let undone = ledger::undo(&line, state, ask.by, &mut tab, next_open, self.rules, self.now)?;
        let at = match undone {
            Undone::Before => None,
            Undone::Now(transfers) => {
                self.write_undo(line, state, ask.by, before, transfers, &tab);
                self.spend_credit(&mut tab)?;
                Some(self.now)
            }
        };
        Ok(Answer::Undone { line: line.id, work: line.work, at, now: self.stand(tab)? })
    }

    fn next_open(&self, tab: TabId, without: LineId) -> Option<Timestamp> {
        let open = self.known.open_lines.get(&tab)?;
        open.iter()
            .filter(|line| line.id != without && !line.written_off)
            .map(|line| line.bought_at)
            .min()
    }

    fn write_undo(
        &mut self,
        line: Line,
        state: LineState,
        by: UndoneBy,
        before: Chain,
        transfers: Vec<Transfer>,
        tab: &Tab,
    ) {
        if let Some(stored) = self.known.tabs.get_mut(&tab.id) {
            stored.tab = tab.clone();
        }
        if self.known.access.get(&(tab.id, line.work)) == Some(&line.id) {
            self.known.access.remove(&(tab.id, line.work));
            self.writes.access.insert((tab.id, line.work));
        }
        self.known.lines.insert(line.id, (line, LineState::Undone));
        if let Some(open) = self.known.open_lines.get_mut(&tab.id) {
            open.retain(|open| open.id != line.id);
        }
        self.writes.changed.insert(tab.id);
        self.writes.transfers.extend(transfers);
        self.writes.undos.push(NewUndo { line, by, was_paid: state == LineState::Paid, before });
    }

    fn settle(&mut self, ask: &SettleAsk) -> Outcome {
        let stored = self.known.tabs.get(&ask.tab).ok_or(LedgerRefusal::NoTab)?;
        let mut tab = stored.tab.clone();
        if let Some(&earlier) = self.known.settlements.get(&ask.settle.id) {
            let asked = (ask.tab, ask.settle.rail, ask.settle.received);
            if (earlier.tab, earlier.rail, earlier.received) != asked {
                return Err(LedgerRefusal::IdConflict);
            }
            return Ok(Answer::Settled { settled: None, now: self.stand(tab)? });
        }
        let before = tab.chain;
        let none = Vec::new();
        let open = self.known.open_lines.get(&ask.tab).unwrap_or(&none);
        let settled = ledger::settle(&ask.settle, ask.excess, &mut tab, open, self.now)?;
        let settlement = NewSettlement {
            tab: tab.id,
            settle: ask.settle,
            reference: ask.reference.clone(),
            payments: with_authors(&settled.payments, open),
            before,
        };
        self.write_settlement(settlement, &settled.transfers, &tab)?;
        Ok(Answer::Settled { settled: Some(settled), now: self.stand(tab)? })
    }

    /// Pays from the credit of `tab` what it has come to reach.
    fn spend_credit(&mut self, tab: &mut Tab) -> Result<(), LedgerRefusal> {
        let none = Vec::new();
        let open = self.known.open_lines.get(&tab.id).unwrap_or(&none);
        let before = tab.chain;
        if let Some((settle, settled)) = ledger::spend_credit(tab, open, self.now)? {
            let reference = String::new();
            let payments = with_authors(&settled.payments, open);
            let made = NewSettlement { tab: tab.id, settle, reference, payments, before };
            self.write_settlement(made, &settled.transfers, tab)?;
        }
        Ok(())
    }

    fn write_settlement(
        &mut self,
        made: NewSettlement,
        transfers: &[Transfer],
        tab: &Tab,
    ) -> Result<(), LedgerRefusal> {
        for (payment, _) in &made.payments {
            if let Some((_, state)) = self.known.lines.get_mut(&payment.line) {
                *state = LineState::Paid;
            }
        }
        if let Some(open) = self.known.open_lines.get_mut(&tab.id) {
            open.drain(..made.payments.len());
        }
        if let Some(stored) = self.known.tabs.get_mut(&tab.id) {
            stored.tab = tab.clone();
        }
        let Settle { id, rail, received, .. } = made.settle;
        if let Some(bearers) = self.known.bearers.get_mut(&(tab.id, id)) {
            for (paid, author) in &made.payments {
                let fee = bearers.entry(*author).or_insert(Money::zero(self.currency));
                *fee = fee.checked_add(paid.rail_fee)?;
            }
        }
        self.known.settlements.insert(id, SettlementNow::new(tab.id, rail, received));
        self.writes.changed.insert(tab.id);
        self.writes.transfers.extend_from_slice(transfers);
        self.writes.settlements.push(made);
        Ok(())
    }

    fn stand(&self, tab: Tab) -> Result<TabNow, LedgerRefusal> {
        Ok(TabNow { owed: tab.owed()?, limit: self.rules.limit(&tab), tab })
    }
}

/// The lines paid are the first that waited.
fn with_authors(payments: &[Payment], open: &[OpenLine]) -> Vec<(Payment, AuthorId)> {
    payments.iter().zip(open).map(|(paid, line)| (*paid, line.author)).collect()
}
