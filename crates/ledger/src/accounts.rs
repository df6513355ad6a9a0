//! The accounts of a shop and the transfers between them.
//!
//! A transfer debits one account and credits another with one unsigned amount, so the books balance by construction.

use crate::ids::{AuthorId, LineId, PayoutId, RefundId, SettlementId, ShopId, TabId};
use crate::money::Money;
use crate::time::Timestamp;

/// The number under which a rail keeps its books; each rail states its own and never changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RailNumber(pub u16);

impl RailNumber {
    /// No rail: lines paid from the credit of their tab. No money comes in by it.
    pub const CREDIT: Self = Self(0);
}

/// Where money can stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// What a reader owes the shop (an asset).
    Tab(TabId),
    /// What an author has earned on lines that are not paid yet.
    Pending(AuthorId),
    /// What an author has earned on paid lines and can be paid out.
    Available(AuthorId),
    /// The operator's fee.
    OperatorFees,
    /// Tax collected for the state.
    Vat,
    /// Money that stands at a rail for the shop (an asset).
    Rail(RailNumber),
    /// Money that rails have taken back while somebody decides whose it is (an asset).
    Disputes,
}

impl Account {
    /// The kind under which tabs are stored.
    pub const TAB_KIND: i64 = 1;

    /// The two numbers under which the account is stored: its kind and its owner.
    pub fn stored(self) -> (i64, i64) {
        match self {
            Self::Tab(tab) => (Self::TAB_KIND, tab.raw()),
            Self::Pending(author) => (2, author.raw()),
            Self::Available(author) => (3, author.raw()),
            Self::OperatorFees => (4, 0),
            Self::Vat => (5, 0),
            Self::Rail(RailNumber(number)) => (6, number.into()),
            Self::Disputes => (7, 0),
        }
    }

    /// The account stored under these two numbers; `None` when there is no such kind.
    pub fn from_stored(kind: i64, owner: i64) -> Option<Self> {
        Some(match kind {
            Self::TAB_KIND => Self::Tab(TabId::from_raw(owner)),
            2 => Self::Pending(AuthorId::from_raw(owner)),
            3 => Self::Available(AuthorId::from_raw(owner)),
            4 => Self::OperatorFees,
            5 => Self::Vat,
            6 => Self::Rail(RailNumber(u16::try_from(owner).ok()?)),
            7 => Self::Disputes,
            _ => return None,
        })
    }

    /// Whether a debit makes the account larger: what the shop has, as against what it owes or earns.
    pub const fn is_asset(self) -> bool {
        matches!(self, Self::Tab(_) | Self::Rail(_) | Self::Disputes)
    }
}

/// Why a transfer was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A line was put on a tab.
    Bought,
    /// A line was taken back.
    Undone,
    /// Money came in for a tab, or a paid line's shares became available.
    Settled,
    /// What a rail kept of a charge, or takes for a payout.
    RailFee,
    /// An author was paid.
    PaidOut,
    /// Credit of a tab went back by the rail it came by.
    GivenBack,
    /// The rail did not carry out what was to be given back.
    Returned,
    /// Whoever paid has the rail take the money back, until somebody decides.
    Disputed,
    /// The shop has that money again.
    DisputeWon,
    /// The shop has lost that money.
    DisputeLost,
    /// Nobody expects a line to be paid any more.
    WrittenOff,
    /// A line that was written off was paid after all.
    Recovered,
    /// A rail did not carry a payout out, or it came back: it can be paid out again. Also what the rail gives back of its fee.
    PayoutReturned,
    /// Money went back of which a tab has no credit: the operator bears it.
    Borne,
    /// A rail gave back of what it had kept.
    FeeBack,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::Bought,
        Self::Undone,
        Self::Settled,
        Self::RailFee,
        Self::PaidOut,
        Self::GivenBack,
        Self::Returned,
        Self::Disputed,
        Self::DisputeWon,
        Self::DisputeLost,
        Self::WrittenOff,
        Self::Recovered,
        Self::PayoutReturned,
        Self::Borne,
        Self::FeeBack,
    ];

    /// The number under which the reason is stored.
    pub const fn stored(self) -> i64 {
        match self {
            Self::Bought => 1,
            Self::Undone => 2,
            Self::Settled => 3,
            Self::RailFee => 4,
            Self::PaidOut => 5,
            Self::GivenBack => 6,
            Self::Returned => 7,
            Self::Disputed => 8,
            Self::DisputeWon => 9,
            Self::DisputeLost => 10,
            Self::WrittenOff => 11,
            Self::Recovered => 12,
            Self::PayoutReturned => 13,
            Self::Borne => 14,
            Self::FeeBack => 15,
        }
    }

    /// The reason stored under this number.
    pub fn from_stored(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.stored() == number)
    }
}

/// What a transfer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A line of a tab.
    Line(LineId),
    /// A settlement as a whole, or a dispute of it.
    Settlement(SettlementId),
    /// Money given back.
    Refund(RefundId),
    /// Money sent to an author.
    Payout(PayoutId),
}

impl Subject {
    /// The 128 bits under which the subject is stored; the reason and the account say which noun it is.
    pub fn bytes(self) -> [u8; 16] {
        match self {
            Self::Line(line) => line.bytes(),
            Self::Settlement(settlement) => settlement.bytes(),
            Self::Refund(refund) => refund.bytes(),
            Self::Payout(payout) => i128::from(payout.raw()).to_be_bytes(),
        }
    }
}

/// One movement of money: `amount` from the credited to the debited account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// When it was decided.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// About what.
    pub subject: Subject,
    /// The account that is debited.
    pub debit: Account,
    /// The account that is credited.
    pub credit: Account,
    /// How much; never zero.
    pub amount: Money,
}

impl Transfer {
    /// The transfer that takes this one back.
    pub const fn reversed(self, at: Timestamp, reason: Reason) -> Self {
        Self { at, reason, debit: self.credit, credit: self.debit, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_and_reasons_are_read_back_as_they_were_stored() {
        let accounts = [
            Account::Tab(TabId::from_raw(7)),
            Account::Pending(AuthorId::from_raw(8)),
            Account::Available(AuthorId::from_raw(9)),
            Account::OperatorFees,
            Account::Vat,
            Account::Rail(RailNumber(3)),
            Account::Disputes,
        ];
        for account in accounts {
            let (kind, owner) = account.stored();
            assert_eq!(Account::from_stored(kind, owner), Some(account));
        }
        assert_eq!(Account::from_stored(0, 0), None);
        assert_eq!(Account::from_stored(6, 70_000), None);
        for reason in Reason::ALL {
            assert_eq!(Reason::from_stored(reason.stored()), Some(reason));
        }
    }
}
