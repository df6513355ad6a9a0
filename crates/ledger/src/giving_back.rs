//! Giving back: credit of a tab that goes back by the rail it came by.
//!
//! A paid line is undone first, which makes credit; what the shop gives back is always credit. What somebody gives back at the
//! provider's own page is gone, whether or not there is credit: what the credit lacks is borne by the operator, and made
//! good by credit that arises later of what the reader has already got back.

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

/// What holds for money that goes back beyond the credit of its tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortfall {
    /// It is refused: the shop sends no more than there is.
    Refused,
    /// The operator bears it: it was sent at the provider's own page, and is gone.
    Borne,
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

impl Shortfall {
    /// The receipt of a refund.
    pub const fn entry(self, refund: &Refund, at: Timestamp) -> Entry {
        let (refund, amount) = (refund.id, refund.amount);
        match self {
            Self::Refused => Entry::GivenBack { refund, amount, at },
            Self::Borne => Entry::GivenElsewhere { refund, amount, at },
        }
    }
}

/// The transfer by which the operator bears what the credit of a tab lacks of a refund.
pub fn borne_by_operator(
    tab: TabId,
    refund: RefundId,
    amount: Money,
    at: Timestamp,
) -> Option<Transfer> {
    let (debit, credit) = (Account::OperatorFees, Account::Tab(tab));
    let (reason, subject) = (Reason::Borne, Subject::Refund(refund));
    let made = Transfer { at, reason, subject, debit, credit, amount };
    (!amount.is_zero()).then_some(made)
}

/// The transfer by which credit that arises makes good what the operator bears.
pub fn made_good(tab: TabId, subject: Subject, amount: Money, at: Timestamp) -> Option<Transfer> {
    let (debit, credit) = (Account::Tab(tab), Account::OperatorFees);
    let made = Transfer { at, reason: Reason::MadeGood, subject, debit, credit, amount };
    (!amount.is_zero()).then_some(made)
}

impl Tab {
    /// Credit arises of what was paid before. What its reader has got back of that already is made good first; answers how
    /// much that is.
    ///
    /// # Errors
    /// [`MoneyError`]. The tab is as it was.
    pub(crate) fn regain(&mut self, amount: Money) -> Result<Money, MoneyError> {
        let good = self.borne.min(amount);
        let credit = self.credit.checked_add(amount.checked_sub(good)?)?;
        (self.borne, self.credit) = (self.borne.checked_sub(good)?, credit);
        Ok(good)
    }
}

/// Gives money of `tab` back by the rail of a settlement: never more than is left of the settlement, and where a `shortfall` is
/// refused never more than the credit.
///
/// # Errors
/// [`LedgerRefusal::NoSettlement`] when it is another tab's or another rail's; [`LedgerRefusal::RefundTooLarge`], also for
/// nothing, which cannot be given back; [`LedgerRefusal::Amount`]. Tab and settlement are as they were.
pub fn give_back(
    ask: &Refund,
    shortfall: Shortfall,
    tab: &mut Tab,
    settlement: &mut SettlementNow,
    now: Timestamp,
) -> Result<Vec<Transfer>, LedgerRefusal> {
    settlement.check_is_of(tab.id, ask.rail)?;
    let left = settlement.left()?;
    let most = match shortfall {
        Shortfall::Refused => tab.credit.min(left),
        Shortfall::Borne => left,
    };
    if ask.amount.is_zero() || ask.amount > most {
        return Err(LedgerRefusal::RefundTooLarge { most });
    }
    let lacking = ask.amount.saturating_sub(tab.credit)?;
    let (credit, borne) = (tab.credit.saturating_sub(ask.amount)?, tab.borne.checked_add(lacking)?);
    settlement.given_back = settlement.given_back.checked_add(ask.amount)?;
    (tab.credit, tab.borne) = (credit, borne);
    tab.chain = tab.chain.with(&shortfall.entry(ask, now));
    let borne = borne_by_operator(tab.id, ask.id, lacking, now);
    Ok(std::iter::once(ask.transfer(tab.id, now)).chain(borne).collect())
}

/// Takes a refund back that its rail did not carry out: the money is credit of the tab again. Once: the caller knows
/// whether it was taken back before.
///
/// # Errors
/// [`LedgerRefusal::Amount`]. The tab may then be changed: the caller drops it.
pub fn take_again(
    refund: &Refund,
    tab: &mut Tab,
    settlement: &mut SettlementNow,
    now: Timestamp,
) -> Result<Vec<Transfer>, LedgerRefusal> {
    let amount = refund.amount;
    let good = tab.regain(amount)?;
    settlement.given_back = settlement.given_back.checked_sub(amount)?;
    tab.chain = tab.chain.with(&Entry::Returned { refund: refund.id, amount, at: now });
    let back = refund.transfer(tab.id, now).reversed(now, Reason::Returned);
    let good = made_good(tab.id, back.subject, good, now);
    Ok(std::iter::once(back).chain(good).collect())
}
