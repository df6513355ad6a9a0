//! Disputes: whoever paid has their bank take the money back, and somebody decides whose it is.

use crate::accounts::{Account, RailNumber, Reason, Subject, Transfer};
use crate::giving_back::SettlementNow;
use crate::ids::SettlementId;
use crate::money::Money;
use crate::receipts::Entry;
use crate::refusal::LedgerRefusal;
use crate::settling::OpenLine;
use crate::tab::Tab;
use crate::time::Timestamp;
use crate::writing_off::Losses;

/// A dispute of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dispute {
    /// The settlement.
    pub settlement: SettlementId,
    /// The rail it came by.
    pub rail: RailNumber,
    /// What the rail has taken back.
    pub amount: Money,
    /// What the rail takes for the dispute, whoever wins it.
    pub fee: Money,
}

/// How a dispute has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The shop has the money again.
    Won,
    /// The shop has lost it.
    Lost,
}

/// What the end of a dispute did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeEnded {
    /// The transfers of the money in dispute.
    pub transfers: Vec<Transfer>,
    /// What was written off for it.
    pub losses: Losses,
}

impl Dispute {
    /// The transfers that open it. The rail has moved the money already: none of this can be refused.
    pub fn opening(&self, at: Timestamp) -> Vec<Transfer> {
        let rail = Account::Rail(self.rail);
        let taken = self.moved(Reason::Disputed, Account::Disputes, rail, self.amount, at);
        let fee = self.moved(Reason::RailFee, Account::OperatorFees, rail, self.fee, at);
        taken.into_iter().chain(fee).collect()
    }

    /// The transfers that end it. The operator bears what is lost; the rail keeps its fee.
    pub fn ending(&self, verdict: Verdict, at: Timestamp) -> Vec<Transfer> {
        let (reason, debit) = match verdict {
            Verdict::Won => (Reason::DisputeWon, Account::Rail(self.rail)),
            Verdict::Lost => (Reason::DisputeLost, Account::OperatorFees),
        };
        Vec::from_iter(self.moved(reason, debit, Account::Disputes, self.amount, at))
    }

    fn moved(
        &self,
        reason: Reason,
        debit: Account,
        credit: Account,
        amount: Money,
        at: Timestamp,
    ) -> Option<Transfer> {
        let subject = Subject::Settlement(self.settlement);
        let made = Transfer { at, reason, subject, debit, credit, amount };
        (!amount.is_zero()).then_some(made)
    }
}

/// Opens a dispute: the rail takes the money, and a fee that the operator bears. Until it has ended nothing is put on the
/// tab. The caller knows whether the dispute was opened before.
///
/// # Errors
/// [`LedgerRefusal::NoSettlement`] when it is another tab's or another rail's; [`LedgerRefusal::Amount`]. Tab and
/// settlement are as they were.
pub fn open_dispute(
    ask: &Dispute,
    tab: &mut Tab,
    settlement: &mut SettlementNow,
    now: Timestamp,
) -> Result<Vec<Transfer>, LedgerRefusal> {
    settlement.check_is_of(tab.id, ask.rail)?;
    settlement.disputed = settlement.disputed.checked_add(ask.amount)?;
    tab.disputes_open = tab.disputes_open.saturating_add(1);
    let (settlement, amount) = (ask.settlement, ask.amount);
    tab.chain = tab.chain.with(&Entry::Disputed { settlement, amount, at: now });
    Ok(ask.opening(now))
}

/// Ends a dispute. Won, the money is the shop's again. Lost, the operator bears it: authors who were paid keep what they
/// have, the tab's open lines are written off, and it stays closed until the
/// operator opens it again ([`reopen`]). The caller knows whether the dispute has ended before.
///
/// `open_lines` are all lines of the tab that wait and cost something, in the order of [`OpenLine::place`].
///
/// # Errors
/// [`LedgerRefusal::Amount`]. Tab and settlement may then be half changed: the caller drops them.
pub fn end_dispute(
    dispute: &Dispute,
    verdict: Verdict,
    tab: &mut Tab,
    settlement: &mut SettlementNow,
    open_lines: &[OpenLine],
    now: Timestamp,
) -> Result<DisputeEnded, LedgerRefusal> {
    tab.disputes_open = tab.disputes_open.saturating_sub(1);
    let won = verdict == Verdict::Won;
    let (of, amount) = (dispute.settlement, dispute.amount);
    let entry = Entry::DisputeEnded { settlement: of, amount, won, at: now };
    tab.chain = tab.chain.with(&entry);
    let losses = if won {
        settlement.disputed = settlement.disputed.checked_sub(amount)?;
        Losses::default()
    } else {
        tab.disputes_lost = tab.disputes_lost.saturating_add(1);
        tab.lose_open(open_lines, now)?
    };
    Ok(DisputeEnded { transfers: dispute.ending(verdict, now), losses })
}

/// Opens a tab again that a lost dispute has closed: the operator trusts its reader once more. What was written off is still owed,
/// and keeps it closed until it is paid. Answers whether there was anything to forgive.
pub fn reopen(tab: &mut Tab, now: Timestamp) -> bool {
    if tab.disputes_lost == 0 {
        return false;
    }
    tab.disputes_lost = 0;
    tab.chain = tab.chain.with(&Entry::Reopened { at: now });
    true
}
