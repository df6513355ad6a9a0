//! "You keep": what is left of a price, by the way in which it is paid.

use ledger::{Money, Rounding};

use super::Page;

/// A way in which money reaches the seller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepWay {
    /// One card charge for this work alone.
    CardAlone,
    /// One PayPal micropayment for this work alone.
    PaypalAlone,
    /// As a line of a tab that is settled by card at this total.
    Tab {
        /// The tab's total when it is charged, above zero.
        of: Money,
    },
}

/// To how many micro-units "you keep" is told: a tenth of a cent.
const KEPT_TO_MICROS: i64 = 1_000;

/// What the author keeps of a price in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepRow {
    way: KeepWay,
    pub(super) rate_basis_points: u32,
    pub(super) fixed: Money,
    pub(super) keeps: Money,
}

impl KeepRow {
    /// The price less a rail's rate and its fixed fee; inside a tab the fixed fee is shared pro
    /// rata. Fees are rounded up to the micro-unit, what is kept down to a tenth of a cent, and nothing
    /// is kept below nothing. `keep.js` does the same sum while one types.
    pub fn new(way: KeepWay, rate_basis_points: u32, fixed: Money, price: Money) -> Self {
        let nothing = Money::zero(price.currency());
        let rate = price.scale_by(rate_basis_points.into(), 10_000, Rounding::Up);
        let share = match way {
            KeepWay::Tab { of } => fixed.scale_by(price.micros(), of.micros(), Rounding::Up),
            KeepWay::CardAlone | KeepWay::PaypalAlone => Ok(fixed),
        };
        let fee = rate.and_then(|rate| rate.checked_add(share?));
        let keeps = fee.and_then(|fee| price.saturating_sub(fee)).unwrap_or(nothing);
        let tenths = keeps.micros() / KEPT_TO_MICROS;
        let keeps =
            Money::from_micros(tenths * KEPT_TO_MICROS, price.currency()).unwrap_or(nothing);
        Self { way, rate_basis_points, fixed, keeps }
    }

    /// What the author keeps.
    pub const fn keeps(&self) -> Money {
        self.keeps
    }

    pub(super) fn label(&self, page: &Page) -> String {
        match self.way {
            KeepWay::CardAlone => page.text("keep-card").into_owned(),
            KeepWay::PaypalAlone => page.text("keep-paypal").into_owned(),
            KeepWay::Tab { of } => page.say("keep-tab", "amount", page.money(&of)).into_owned(),
        }
    }

    /// The micro-units over which the fixed fee is shared; 0 when the work bears it alone.
    pub(super) fn shared_over(&self) -> i64 {
        match self.way {
            KeepWay::Tab { of } => of.micros(),
            KeepWay::CardAlone | KeepWay::PaypalAlone => 0,
        }
    }
}

/// "You keep": from settings' rates, for one price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepTable {
    /// The price it is about.
    pub price: Money,
    /// The ways, in order of interest.
    pub rows: Vec<KeepRow>,
    /// Where the rates are from, and of which day, in the author's language.
    pub source: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::Currency;

    fn cents(cents: i64) -> Money {
        Money::from_cents(cents, Currency::Eur).expect("test amounts are not negative")
    }

    #[test]
    fn a_tab_keeps_what_a_card_alone_eats() {
        let keeps = |way, rate, fixed| KeepRow::new(way, rate, cents(fixed), cents(20)).keeps();
        assert_eq!(keeps(KeepWay::CardAlone, 150, 25), cents(0));
        // 1.5 % is 0.003; a twenty-fifth of 0.25 is 0.01.
        let tab = keeps(KeepWay::Tab { of: cents(500) }, 150, 25);
        assert_eq!(tab.micros(), 187_000);
        // 4.99 % of 20 cents is 0.00998, and 9 cents: 0.10002 is left.
        assert_eq!(keeps(KeepWay::PaypalAlone, 499, 9).micros(), 100_000);
    }
}
