//! Why the books refuse a command. Each variant is a reason the asker can act on; nothing was charged.

use crate::money::{Money, MoneyError};
use crate::time::Timestamp;

/// A command that was decided against. The variants stand in the order in which they are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerRefusal {
    /// The tab is not known, or the secret is not its own.
    #[error("there is no such tab")]
    NoTab,
    /// There is nothing under this link.
    #[error("there is no such link")]
    NoLink,
    /// There is no such line on this tab.
    #[error("there is no such line on this tab")]
    NoLine,
    /// The id was used before for something else.
    #[error("this id was used before, for something else")]
    IdConflict,
    /// The work is not for sale now.
    #[error("the work is not for sale")]
    NotForSale,
    /// The price is not the one that the reader saw.
    #[error("the price has changed to {now}")]
    PriceChanged {
        /// The price now.
        now: Money,
    },
    /// Less than the least price of a pay-what-you-want work.
    #[error("the amount is below the minimum of {minimum}")]
    BelowMinimum {
        /// The least that can be paid.
        minimum: Money,
    },
    /// A payment of this tab is disputed: nothing new is put on it until that has ended.
    #[error("a payment of the tab is disputed: nothing is put on it until that has ended")]
    TabDisputed,
    /// Lines were written off and not paid since, or a dispute was lost, which closes the tab for good.
    #[error("the tab is closed: {owed} is owed")]
    TabClosed {
        /// What is owed; nothing on a tab that is closed for good.
        owed: Money,
    },
    /// The oldest open line has waited as long as a line may.
    #[error("the tab is due: {owed} is to be settled before anything else")]
    TabDue {
        /// What is owed.
        owed: Money,
    },
    /// The tab has no room for this price.
    #[error("the tab has no room: {owed} of {limit} is used")]
    OverLimit {
        /// What is owed.
        owed: Money,
        /// What may be owed.
        limit: Money,
    },
    /// The time in which a line can be undone is over.
    #[error("the time to undo this line is over")]
    UndoOver,
    /// More than half of many purchases were undone: one-tap undo is no longer offered.
    #[error("one-tap undo is not offered on this tab any more")]
    UndoWithheld,
    /// More was received than is owed.
    #[error("{owed} is owed; more cannot be received")]
    MoreThanOwed {
        /// What is owed.
        owed: Money,
    },
    /// Nothing is owed.
    #[error("nothing is owed")]
    NothingOwed,
    /// There is no such settlement, refund or dispute on this tab, nor such a payout to this author.
    #[error("there is no such settlement, refund, dispute or payout")]
    NoSettlement,
    /// More than the credit of the tab, or than what is left of the settlement, cannot be given back; nor nothing.
    #[error("at most {most} can be given back of this settlement")]
    RefundTooLarge {
        /// What can be given back.
        most: Money,
    },
    /// The lines of the tab may still be paid in time.
    #[error("nothing of this tab is written off yet")]
    TooEarly {
        /// When they are written off.
        until: Timestamp,
    },
    /// An author cannot be paid more than is available.
    #[error("only {available} is available")]
    MoreThanAvailable {
        /// What can be paid out.
        available: Money,
    },
    /// An amount that cannot be.
    #[error(transparent)]
    Amount(#[from] MoneyError),
}
