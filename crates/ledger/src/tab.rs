//! A tab, and the shop's rules about it.

use crate::ids::TabId;
use crate::money::{Money, MoneyError};
use crate::receipts::Chain;
use crate::time::{MICROS_PER_DAY, Timestamp};

/// The rules that the operator sets. The defaults are those of the design.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// What a tab may owe while only a device stands behind it (default 2.00).
    pub limit_device: Money,
    /// What a tab may owe with a way to pay bound to it and no settlement yet (default 6.00).
    pub limit_mandate: Money,
    /// What a tab may owe after one settlement (default 10.00).
    pub limit_settled: Money,
    /// What a tab may owe after three settlements (default 15.00).
    pub limit_trusted: Money,
    /// Minutes in which a line can be undone without a question (default 30).
    pub undo_minutes: i64,
    /// Days after which the oldest open line makes the tab due (default 40: what is paid within 50 days
    /// stays outside consumer credit in France).
    pub due_days: i64,
    /// What a tab owes when it is charged before it is due (default 5.00: a card's fixed fee is 5 % of it).
    pub settle_at: Money,
    /// Days after which a charge that failed is tried again, once each (default 43 and 46).
    pub retry_days: [i64; 2],
    /// Days after which open lines are written off (default 49: a day before the 50 of the exemption).
    pub write_off_days: i64,
    /// Days before the due day on which the reader is reminded (default 2).
    pub remind_days: i64,
    /// Days between telling a reader of a charge by the way to pay that is bound to the tab, and making it (default 2).
    pub notice_days: i64,
    /// The operator's fee on a price without its tax, in basis points (default 0).
    pub fee_basis_points: i64,
    /// Purchases from which the share of undone ones is looked at (default 10).
    pub undo_watch_from: u32,
}

/// Settlements after which a tab is trusted most.
const TRUSTED_AFTER: u32 = 3;

impl Rules {
    /// What `tab` may owe.
    pub const fn limit(&self, tab: &Tab) -> Money {
        match tab.settlements {
            0 if tab.mandate => self.limit_mandate,
            0 => self.limit_device,
            1..TRUSTED_AFTER => self.limit_settled,
            _ => self.limit_trusted,
        }
    }

    /// The most that any tab may owe, and so the most that is ever charged at once.
    pub fn limit_most(&self) -> Money {
        let grown = [self.limit_mandate, self.limit_settled, self.limit_trusted];
        grown.into_iter().fold(self.limit_device, Money::max)
    }

    /// Whether what has waited `since` an instant ([`Tab::waits_since`]) has waited as long as it may.
    pub fn is_due(&self, since: Option<Timestamp>, now: Timestamp) -> bool {
        since.is_some_and(|at| now.micros_since(at) >= self.due_days * MICROS_PER_DAY)
    }

    /// Whether one-tap undo is withheld: more than half of many purchases were undone.
    pub const fn withholds_undo(&self, tab: &Tab) -> bool {
        tab.purchases >= self.undo_watch_from && tab.undone * 2 > tab.purchases
    }

    /// The last instant at which a line bought at `bought_at` can be undone.
    pub const fn undo_until(&self, bought_at: Timestamp) -> Timestamp {
        bought_at.plus_minutes(self.undo_minutes)
    }
}

/// A reader's open account, as the books need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Its id.
    pub id: TabId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The sum of its open lines.
    pub open: Money,
    /// The sum of its lines that were written off and not paid since.
    pub written_off: Money,
    /// Money received that does not yet pay a whole line, and paid lines taken back.
    pub credit: Money,
    /// What went back at a provider's own page beyond the credit there was: the operator bears it.
    pub borne: Money,
    /// How many lines are open and cost something.
    pub open_lines: u32,
    /// When the oldest open line that costs something was bought.
    pub oldest_open_at: Option<Timestamp>,
    /// How often it was settled.
    pub settlements: u32,
    /// Whether a way to pay is bound to it, so that it can be charged.
    pub mandate: bool,
    /// How many disputes of its settlements are open.
    pub disputes_open: u32,
    /// How many the shop has lost since the operator opened it again, if they ever did.
    pub disputes_lost: u32,
    /// How many lines were ever put on it.
    pub purchases: u32,
    /// How many of those were undone by the reader.
    pub undone: u32,
    /// The head of its chain of receipts.
    pub chain: Chain,
}

impl Tab {
    /// A new tab that owes nothing.
    pub fn opened(id: TabId, at: Timestamp, nothing: Money) -> Self {
        Self {
            id,
            opened_at: at,
            open: nothing,
            written_off: nothing,
            credit: nothing,
            borne: nothing,
            open_lines: 0,
            oldest_open_at: None,
            settlements: 0,
            mandate: false,
            disputes_open: 0,
            disputes_lost: 0,
            purchases: 0,
            undone: 0,
            chain: Chain::of(id),
        }
    }

    /// What the reader owes now: the open lines and those written off, less what was already received for them.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`] when the tab was read back wrongly.
    pub fn owed(&self) -> Result<Money, MoneyError> {
        self.open.checked_add(self.written_off)?.saturating_sub(self.credit)
    }

    /// Whether it takes nothing new: until what was written off is paid, or, once a dispute was lost, until the operator
    /// opens it again.
    pub const fn is_closed(&self) -> bool {
        !self.written_off.is_zero() || self.disputes_lost > 0
    }
}
