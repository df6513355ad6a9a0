//! Giving back: credit of a tab that goes back by the rail it came by.
//!
//! A paid line is undone first, which makes credit; what is given back is always credit.

use crate::accounts::{Account, RailNumber, Reason, Subject, Transfer};
use crate::ids::{RefundId, SettlementId, TabId};
use crate::money::{Money, MoneyError};
use crate::receipts::Entry;
use crate::refusal::LedgerRefusal;
use crate::tab::Tab;
use crate::time::Timestamp;

/// Money that is to go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refund {
    /// The refund, named by whoever asks for it.
    pub id: RefundId,
    /// The settlement by which the money came in.
    pub settlement: SettlementId,
    /// The rail of that settlement.
    pub rail: RailNumber,
    /// How much goes back.
    pub amount: Money,
}

/// How a settlement stands: what came in, and what went back of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettlementNow {
    /// The tab it was for.
    pub tab: TabId,
    /// The rail it came by.
    pub rail: RailNumber,
    /// What came in.
    pub received: Money,
    /// What was given back of it, less what the rail did not carry out.
    pub given_back: Money,
    /// What is disputed of it, or was lost in a dispute.
    pub disputed: Money,
}

impl SettlementNow {
    /// A settlement of which nothing went back.
    pub const fn new(tab: TabId, rail: RailNumber, received: Money) -> Self {
        let nothing = Money::zero(received.currency());
        Self { tab, rail, received, given_back: nothing, disputed: nothing }
    }

    /// Whether it is money that came in for `tab` by `rail`; lines paid from credit brought none.
    ///
    /// # Errors
    /// [`LedgerRefusal::NoSettlement`].
    pub fn check_is_of(&self, tab: TabId, rail: RailNumber) -> Result<(), LedgerRefusal> {
        let is_of = (self.tab, self.rail) == (tab, rail) && rail != RailNumber::CREDIT;
        if is_of { Ok(()) } else { Err(LedgerRefusal::NoSettlement) }
    }

    /// What is left of it: nobody has got it back.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`] when it was read back wrongly.
    pub fn left(&self) -> Result<Money, MoneyError> {
        self.received.saturating_sub(self.given_back)?.saturating_sub(self.disputed)
    }
}

impl Refund {
    /// The transfer that says so.
    pub const fn transfer(&self, tab: TabId, at: Timestamp) -> Transfer {
        let (debit, credit) = (Account::Tab(tab), Account::Rail(self.rail));
        let (reason, subject) = (Reason::GivenBack, Subject::Refund(self.id));
        Transfer { at, reason, subject, debit, credit, amount: self.amount }
    }
}

/// Gives credit of `tab` back by the rail of a settlement: never more than the credit, nor than is left of the settlement.
///
/// # Errors
/// [`LedgerRefusal::NoSettlement`] when it is another tab's or another rail's; [`LedgerRefusal::RefundTooLarge`], also for
/// nothing, which cannot be given back; [`LedgerRefusal::Amount`]. Tab and settlement are as they were.
pub fn give_back(
    ask: &Refund,
    tab: &mut Tab,
    settlement: &mut SettlementNow,
    now: Timestamp,
) -> Result<Transfer, LedgerRefusal> {
    settlement.check_is_of(tab.id, ask.rail)?;
    let most = tab.credit.min(settlement.left()?);
    if ask.amount.is_zero() || ask.amount > most {
        return Err(LedgerRefusal::RefundTooLarge { most });
    }
    let (credit, given_back) =
        (tab.credit.checked_sub(ask.amount)?, settlement.given_back.checked_add(ask.amount)?);
    (tab.credit, settlement.given_back) = (credit, given_back);
    let entry = Entry::GivenBack { refund: ask.id, amount: ask.amount, at: now };
    tab.chain = tab.chain.with(&entry);
    Ok(ask.transfer(tab.id, now))
}

/// Takes a refund back that its rail did not carry out: the money is credit of the tab again. Once: the caller knows
/// whether it was taken back before.
///
/// # Errors
/// [`LedgerRefusal::Amount`]. Tab and settlement are as they were.
pub fn take_again(
    refund: &Refund,
    tab: &mut Tab,
    settlement: &mut SettlementNow,
    now: Timestamp,
) -> Result<Transfer, LedgerRefusal> {
    let amount = refund.amount;
    let (credit, given_back) =
        (tab.credit.checked_add(amount)?, settlement.given_back.checked_sub(amount)?);
    (tab.credit, settlement.given_back) = (credit, given_back);
    tab.chain = tab.chain.with(&Entry::Returned { refund: refund.id, amount, at: now });
    Ok(refund.transfer(tab.id, now).reversed(now, Reason::Returned))
}
