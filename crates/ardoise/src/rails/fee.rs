//! What a rail keeps of a charge: a share of it, and a fixed part. Whole numbers only.

use ledger::money::BASIS_POINTS;
use ledger::{Money, MoneyError, Rounding};

/// What a rail keeps of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// Its share, in hundredths of a percent.
    pub basis_points: i64,
    /// What it keeps besides.
    pub fixed: Money,
    /// The least that it keeps.
    pub least: Money,
    /// On which day that was looked up (`2026-11-28`).
    pub as_of: String,
    /// Where: whose public list of prices.
    pub source: String,
}

impl Fee {
    /// Nothing at all, in the currency of `nothing`.
    pub const fn none(nothing: Money) -> Self {
        Self {
            basis_points: 0,
            fixed: nothing,
            least: nothing,
            as_of: String::new(),
            source: String::new(),
        }
    }

    /// What the rail keeps of `amount`: its share, rounded up to a whole `unit` because no rail rounds for the shop, and the
    /// fixed part; but no less than the least, and no more than the amount.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`], [`MoneyError::TooLarge`], or a rate or unit that cannot be.
    pub fn of(&self, amount: Money, unit: Money) -> Result<Money, MoneyError> {
        let share = amount.scale_by(self.basis_points, BASIS_POINTS, Rounding::Up)?;
        let kept = round_up(share, unit)?.checked_add(self.fixed)?;
        Ok(kept.max(self.least).min(amount))
    }
}

/// The largest whole number of units not above `amount`.
///
/// # Errors
/// [`MoneyError::MixedCurrencies`]; [`MoneyError::Negative`] for a unit of nothing.
pub fn round_down(amount: Money, unit: Money) -> Result<Money, MoneyError> {
    if amount.currency() != unit.currency() {
        return Err(MoneyError::MixedCurrencies);
    }
    let rest = amount.micros().checked_rem(unit.micros()).ok_or(MoneyError::Negative)?;
    amount.checked_sub(Money::from_micros(rest, amount.currency())?)
}

/// The smallest whole number of units not below `amount`.
///
/// # Errors
/// [`MoneyError::MixedCurrencies`]; [`MoneyError::Negative`] for a unit of nothing.
pub fn round_up(amount: Money, unit: Money) -> Result<Money, MoneyError> {
    let down = round_down(amount, unit)?;
    if down == amount { Ok(amount) } else { down.checked_add(unit) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::Currency;
    use proptest::prelude::*;

    fn euros(text: &str) -> Money {
        Money::parse(text, Currency::Eur).expect("an amount")
    }

    fn card() -> Fee {
        Fee { basis_points: 150, fixed: euros("0.25"), ..Fee::none(euros("0")) }
    }

    #[test]
    fn a_share_of_a_cent_is_a_whole_cent() {
        let kept = |amount: &str| card().of(euros(amount), euros("0.01")).expect("a fee");
        assert_eq!(kept("5.00"), euros("0.33"), "seven and a half cents are eight");
        assert_eq!(kept("10.00"), euros("0.40"));
        assert_eq!(kept("0.20"), euros("0.20"), "no more than there is");
    }

    #[test]
    fn a_fee_may_have_a_floor() {
        let fee = Fee { least: euros("0.35"), ..card() };
        assert_eq!(fee.of(euros("5.00"), euros("0.01")), Ok(euros("0.35")));
        assert_eq!(fee.of(euros("10.00"), euros("0.01")), Ok(euros("0.40")));
    }

    #[test]
    fn another_currency_or_no_unit_is_refused() {
        let dollar = Money::from_cents(100, Currency::Usd).expect("an amount");
        assert_eq!(card().of(dollar, euros("0.01")), Err(MoneyError::MixedCurrencies));
        assert_eq!(round_down(euros("1"), euros("0")), Err(MoneyError::Negative));
    }

    proptest! {
        #[test]
        fn what_is_rounded_down_is_whole_and_leaves_less_than_a_unit(
            micros in 0..=i64::MAX, unit in 1..=1_000_000i64,
        ) {
            let money = |micros| Money::from_micros(micros, Currency::Eur).expect("an amount");
            let down = round_down(money(micros), money(unit)).expect("a unit");
            prop_assert_eq!(down.micros() % unit, 0);
            prop_assert!(micros - down.micros() < unit);
        }
    }
}
