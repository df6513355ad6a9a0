//! Giving back: credit of a tab that goes back by the rail it came by.
//!
//! A paid line is undone first, which makes credit; what the shop gives back is always credit. What somebody gives back at the
//! provider's own page is gone, whether or not there is credit: what the credit lacks is borne by the operator.

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

/// What giving back did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenBack {
    /// What the credit lacked: the operator bears it.
    pub borne: Money,
    /// The transfers that say so.
    pub transfers: Vec<Transfer>,
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
) -> Result<GivenBack, LedgerRefusal> {
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
    let made = borne_by_operator(tab.id, ask.id, lacking, now);
    let transfers = std::iter::once(ask.transfer(tab.id, now)).chain(made).collect();
    Ok(GivenBack { borne: lacking, transfers })
}

/// Takes a refund back that did not arrive: the money is credit of the tab again, and the operator has again what they bore of it.
/// Once: the caller knows whether it was taken back before, and what was `borne`.
///
/// # Errors
/// [`LedgerRefusal::Amount`]. Tab and settlement are as they were.
pub fn take_again(
    refund: &Refund,
    borne: Money,
    tab: &mut Tab,
    settlement: &mut SettlementNow,
    now: Timestamp,
) -> Result<Vec<Transfer>, LedgerRefusal> {
    let amount = refund.amount;
    let credit = tab.credit.checked_add(amount.checked_sub(borne)?)?;
    let (left, given_back) =
        (tab.borne.checked_sub(borne)?, settlement.given_back.checked_sub(amount)?);
    (tab.credit, tab.borne, settlement.given_back) = (credit, left, given_back);
    tab.chain = tab.chain.with(&Entry::Returned { refund: refund.id, amount, at: now });
    let made = std::iter::once(refund.transfer(tab.id, now));
    let made = made.chain(borne_by_operator(tab.id, refund.id, borne, now));
    Ok(made.map(|made| made.reversed(now, Reason::Returned)).collect())
}
