//! Settling: one sum of money that pays the oldest open lines of a tab.

use crate::accounts::{Account, RailNumber, Reason, Subject, Transfer};
use crate::buying::Shares;
use crate::ids::{AuthorId, LineId, SettlementId, TabId};
use crate::money::Money;
use crate::receipts::{Chain, Entry};
use crate::refusal::LedgerRefusal;
use crate::tab::Tab;
use crate::time::Timestamp;

/// Money that came in for a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settle {
    /// The settlement, named by whoever asked for it.
    pub id: SettlementId,
    /// The rail it came by.
    pub rail: RailNumber,
    /// How much came in.
    pub received: Money,
    /// What the rail keeps of it.
    pub rail_fee: Money,
}

/// What holds for money beyond what is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// It is refused: somebody typed the amount, and may have mistyped it.
    Refused,
    /// It becomes credit of the tab: a rail has taken it in already, and it must not be lost.
    Credited,
}

/// A line that waits to be paid, as far as settling needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenLine {
    /// The line.
    pub id: LineId,
    /// Whose work it is.
    pub author: AuthorId,
    /// Its price, and who gets what of it.
    pub shares: Shares,
    /// When it was bought.
    pub bought_at: Timestamp,
    /// Whether it was written off: then its own transfers are posted again when it is paid.
    pub written_off: bool,
}

impl OpenLine {
    /// Its place among the lines of its tab that wait: those written off first, the oldest first, and lines of one moment
    /// by their ids.
    pub const fn place(&self) -> (bool, Timestamp, LineId) {
        (!self.written_off, self.bought_at, self.id)
    }
}

/// A line that a settlement paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// The line.
    pub line: LineId,
    /// Its part of what the rail kept.
    pub rail_fee: Money,
}

/// What a settlement did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The lines it paid, oldest first.
    pub payments: Vec<Payment>,
    /// The transfers that say so.
    pub transfers: Vec<Transfer>,
}

/// Receives money for `tab` and pays the lines that wait, those written off first, then the oldest, as far as it reaches.
/// What does not pay a whole line stays on the tab as credit; so does what nobody owes, where `excess` says so.
///
/// Of each paid line the author's share moves from pending to available, less that line's part of the rail's fee, which
/// is shared over the paid lines by price. A fee without a paid line to bear it is borne by the operator.
///
/// `open_lines` are all lines of the tab that wait and cost something, in the order of [`OpenLine::place`].
///
/// # Errors
/// [`LedgerRefusal::NothingOwed`], also for nothing, which cannot be received; [`LedgerRefusal::MoreThanOwed`];
/// [`LedgerRefusal::Amount`]. The tab may then be half changed: the caller drops it.
pub fn settle(
    ask: &Settle,
    excess: Excess,
    tab: &mut Tab,
    open_lines: &[OpenLine],
    now: Timestamp,
) -> Result<Settled, LedgerRefusal> {
    let owed = tab.owed()?;
    let is_guarded = excess == Excess::Refused;
    if is_guarded && owed.is_zero() || ask.received.is_zero() {
        return Err(LedgerRefusal::NothingOwed);
    }
    if is_guarded && ask.received > owed {
        return Err(LedgerRefusal::MoreThanOwed { owed });
    }
    tab.credit = tab.credit.checked_add(ask.received)?;
    let settled = ask.carry_out(tab, open_lines, now)?;
    if !settled.payments.is_empty() {
        tab.settlements = tab.settlements.saturating_add(1);
    }
    Ok(settled)
}

/// Pays the oldest open lines of `tab` from its credit, where it reaches: it may have grown since (a paid line was taken
/// back), or what it has to pay may have become less. Nobody settles then, so no trust is earned; but the lines are paid
/// and their authors' shares available. Nothing when the credit does not pay a whole line.
///
/// Whoever puts a line on a tab or takes one back does this after it, so that a tab with open lines always owes something.
///
/// # Errors
/// [`LedgerRefusal::Amount`]. The tab may then be half changed: the caller drops it.
pub fn spend_credit(
    tab: &mut Tab,
    open_lines: &[OpenLine],
    now: Timestamp,
) -> Result<Option<(Settle, Settled)>, LedgerRefusal> {
    if open_lines.first().is_none_or(|oldest| tab.credit < oldest.shares.gross) {
        return Ok(None);
    }
    let nothing = Money::zero(tab.credit.currency());
    let ask = Settle {
        id: SettlementId::of_credit(&tab.chain),
        rail: RailNumber::CREDIT,
        received: nothing,
        rail_fee: nothing,
    };
    let settled = ask.carry_out(tab, open_lines, now)?;
    Ok(Some((ask, settled)))
}

impl Tab {
    fn pay_oldest<'a>(&mut self, open: &'a [OpenLine]) -> Result<&'a [OpenLine], LedgerRefusal> {
        let mut count = 0;
        for line in open {
            let gross = line.shares.gross;
            let Ok(rest) = self.credit.checked_sub(gross) else { break };
            self.credit = rest;
            if line.written_off {
                self.written_off = self.written_off.checked_sub(gross)?;
            } else {
                self.open = self.open.checked_sub(gross)?;
                self.open_lines = self.open_lines.saturating_sub(1);
            }
            count += 1;
        }
        let left = open[count..].iter().filter(|line| !line.written_off);
        self.oldest_open_at = left.map(|line| line.bought_at).min();
        Ok(&open[..count])
    }
}

impl SettlementId {
    /// What pays from a tab's credit is named after the receipt that let it: no two of a shop are equal, none is known
    /// before, and nobody can have named another settlement so.
    pub fn of_credit(chain: &Chain) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&chain.head[..16]);
        Self::from_bytes(bytes)
    }
}

impl Settle {
    /// Pays what the credit of `tab`, with what was received already in it, reaches.
    fn carry_out(
        &self,
        tab: &mut Tab,
        open_lines: &[OpenLine],
        now: Timestamp,
    ) -> Result<Settled, LedgerRefusal> {
        let paid = tab.pay_oldest(open_lines)?;
        let entry = Entry::Settled { settlement: self.id, received: self.received, at: now };
        tab.chain = tab.chain.with(&entry);
        let mut transfers = Vec::from_iter(self.receipt(tab.id, now));
        let payments = self.pay(paid, tab.id, now, &mut transfers)?;
        Ok(Settled { payments, transfers })
    }

    /// The transfer that takes the money in, if any came in.
    pub fn receipt(&self, tab: TabId, at: Timestamp) -> Option<Transfer> {
        let debit = Account::Rail(self.rail);
        let credit = Account::Tab(tab);
        let (reason, subject) = (Reason::Settled, Subject::Settlement(self.id));
        let received = Transfer { at, reason, subject, debit, credit, amount: self.received };
        (!self.received.is_zero()).then_some(received)
    }

    /// The transfer by which the operator bears the rail's fee, where no paid line can.
    pub fn unborne(&self, at: Timestamp) -> Option<Transfer> {
        let (debit, credit) = (Account::OperatorFees, Account::Rail(self.rail));
        let (reason, subject) = (Reason::RailFee, Subject::Settlement(self.id));
        let borne = Transfer { at, reason, subject, debit, credit, amount: self.rail_fee };
        (!self.rail_fee.is_zero()).then_some(borne)
    }

    fn pay(
        &self,
        paid: &[OpenLine],
        tab: TabId,
        at: Timestamp,
        transfers: &mut Vec<Transfer>,
    ) -> Result<Vec<Payment>, LedgerRefusal> {
        if paid.is_empty() {
            transfers.extend(self.unborne(at));
            return Ok(Vec::new());
        }
        let weights: Vec<u64> =
            paid.iter().map(|line| line.shares.gross.micros().unsigned_abs()).collect();
        let fees = self.rail_fee.split(&weights)?;
        let mut payments = Vec::with_capacity(paid.len());
        for (line, rail_fee) in paid.iter().zip(fees) {
            if line.written_off {
                transfers.extend(line.posted(tab, at, Reason::Recovered));
            }
            transfers.extend(self.share(line, rail_fee, at)?);
            payments.push(Payment { line: line.id, rail_fee });
        }
        Ok(payments)
    }

    /// The transfers that make the author's share of a paid line available, less the line's part of the rail's fee. The
    /// fee is taken from the pending share; only what exceeds it is taken from what was available before.
    ///
    /// # Errors
    /// [`LedgerRefusal::Amount`] for amounts of different currencies.
    pub fn share(
        &self,
        line: &OpenLine,
        fee: Money,
        at: Timestamp,
    ) -> Result<Vec<Transfer>, LedgerRefusal> {
        let (pending, available) = (Account::Pending(line.author), Account::Available(line.author));
        let rail = Account::Rail(self.rail);
        let share = line.shares.author;
        let kept = share.saturating_sub(fee)?;
        let from_pending = share.checked_sub(kept)?;
        let from_available = fee.checked_sub(from_pending)?;
        let moves = [
            (Reason::Settled, pending, available, kept),
            (Reason::RailFee, pending, rail, from_pending),
            (Reason::RailFee, available, rail, from_available),
        ];
        let subject = Subject::Line(line.id);
        let made = moves.into_iter().filter(|(.., amount)| !amount.is_zero()).map(
            |(reason, debit, credit, amount)| Transfer {
                at,
                reason,
                subject,
                debit,
                credit,
                amount,
            },
        );
        Ok(made.collect())
    }
}
