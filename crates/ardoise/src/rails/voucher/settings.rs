//! What the settings say about vouchers.

use crate::settings::{SettingsError, Values};
use ledger::{Currency, Money};

/// The most that one voucher may be printed for, in cents: what one seller may hold for a reader without being more than a seller.
pub const MOST_CENTS: i64 = 5_000;
/// Days for which one can be used at most: ten years.
const DAYS_MOST: i64 = 3_650;

/// What the settings say about vouchers.
#[derive(Debug, Clone)]
pub struct VoucherSettings {
    /// What one may be printed for.
    pub most: Money,
    /// Days for which one can be used.
    pub days: i64,
}

impl VoucherSettings {
    /// Reads and checks them; `None` where no vouchers are printed.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn read(values: &Values, currency: Currency) -> Result<Option<Self>, SettingsError> {
        if values.words("voucher.most").is_empty() {
            return Ok(None);
        }
        let most = values.money("voucher.most", currency)?;
        let limit = Money::from_cents(MOST_CENTS, currency);
        if most.is_zero() || limit.is_ok_and(|limit| most > limit) {
            return Err(values.wrong("voucher.most", "above 0, and 50.00 at most"));
        }
        let days: i64 = values.number("voucher.days")?;
        if !(1..=DAYS_MOST).contains(&days) {
            return Err(values.wrong("voucher.days", "between 1 and 3650 days"));
        }
        Ok(Some(Self { most, days }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&'static str, &str)]) -> Result<Option<VoucherSettings>, SettingsError> {
        let mut values = Values::default();
        for (key, value) in set {
            values.set("a test", key, (*value).to_owned()).expect("a known key");
        }
        VoucherSettings::read(&values, Currency::Eur)
    }

    #[test]
    fn there_are_no_vouchers_unless_the_operator_wants_some() {
        assert!(read(&[]).expect("fit").is_none());
        let on = read(&[("voucher.most", "20")]).expect("fit").expect("on");
        assert_eq!((on.most.to_decimal().as_str(), on.days), ("20.000000", 730));
    }

    #[test]
    fn what_cannot_be_is_refused_and_named() {
        for (key, value) in [
            ("voucher.most", "0"),
            ("voucher.most", "50.01"),
            ("voucher.days", "0"),
            ("voucher.days", "4000"),
        ] {
            let refused =
                read(&[("voucher.most", "20"), (key, value)]).expect_err(value).to_string();
            assert!(refused.contains(key), "{refused}");
        }
    }
}
