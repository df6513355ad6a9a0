//! The books as a whole: every account's total, recomputed from the transfers alone.

use crate::accounts::{Account, Transfer};
use crate::money::Currency;
use std::collections::BTreeMap;

/// What an account was debited and credited, in micro-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    /// The sum of its debits.
    pub debits: i128,
    /// The sum of its credits.
    pub credits: i128,
}

impl Total {
    /// What stands on the account, counted the way that makes it larger when it grows.
    pub const fn balance(self, account: Account) -> i128 {
        let net = self.debits - self.credits;
        if account.is_asset() { net } else { -net }
    }
}

/// Every account's total in one currency.
#[derive(Debug, Clone)]
pub struct Books {
    currency: Currency,
    totals: BTreeMap<Account, Total>,
}

impl Books {
    /// Books without a transfer.
    pub const fn new(currency: Currency) -> Self {
        Self { currency, totals: BTreeMap::new() }
    }

    /// Posts one transfer; answers whether it is in the books' currency, moves something, and joins two accounts.
    /// One that does not is left out.
    #[must_use]
    pub fn post(&mut self, transfer: &Transfer) -> bool {
        let amount = transfer.amount;
        let sound = amount.currency() == self.currency
            && !amount.is_zero()
            && transfer.debit != transfer.credit;
        if sound {
            let micros = i128::from(amount.micros());
            self.totals.entry(transfer.debit).or_default().debits += micros;
            self.totals.entry(transfer.credit).or_default().credits += micros;
        }
        sound
    }

    /// The balance of `account`.
    pub fn balance(&self, account: Account) -> i128 {
        self.total(account).balance(account)
    }

    /// The total of `account`.
    pub fn total(&self, account: Account) -> Total {
        self.totals.get(&account).copied().unwrap_or_default()
    }

    /// Every account that was ever touched, with its total.
    pub fn totals(&self) -> impl Iterator<Item = (Account, Total)> + '_ {
        self.totals.iter().map(|(account, total)| (*account, *total))
    }

    /// Debits less credits over all accounts: zero in sound books.
    pub fn imbalance(&self) -> i128 {
        self.totals.values().map(|total| total.debits - total.credits).sum()
    }
}
