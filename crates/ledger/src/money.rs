//! [`Money`]: a non-negative whole number of 10⁻⁶ of a currency's major unit.
//!
//! Nothing below a micro-unit exists, so nothing can be lost below it. There are no operators: every sum, difference
//! and share is a checked method that says what can go wrong.

use std::fmt;
use std::str::FromStr;

/// Micro-units in one major unit (one euro is 1 000 000).
pub const MICROS_PER_MAJOR: i64 = 1_000_000;

/// Basis points in a whole: a rate of 2 000 is 20 %.
pub const BASIS_POINTS: i64 = 10_000;

/// The currencies a shop can keep its books in (ISO 4217).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Currency {
    /// Euro.
    Eur,
    /// United States dollar.
    Usd,
    /// Pound sterling.
    Gbp,
    /// Swiss franc.
    Chf,
}

impl Currency {
    /// Every currency, in the order of their codes.
    pub const ALL: [Currency; 4] = [Self::Chf, Self::Eur, Self::Gbp, Self::Usd];

    /// The ISO 4217 alphabetic code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Eur => "EUR",
            Self::Usd => "USD",
            Self::Gbp => "GBP",
            Self::Chf => "CHF",
        }
    }

    /// Digits after the point in the smallest unit that a rail can move (ISO 4217 minor unit).
    pub const fn minor_digits(self) -> u32 {
        match self {
            Self::Eur | Self::Usd | Self::Gbp | Self::Chf => 2,
        }
    }

    /// Micro-units in the smallest amount that a rail can move (10 000 for a cent).
    pub const fn minor_micros(self) -> i64 {
        MICROS_PER_MAJOR / 10_i64.pow(self.minor_digits())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        Self::ALL
            .into_iter()
            .find(|currency| currency.code() == code)
            .ok_or(MoneyError::UnknownCurrency)
    }
}

/// What can go wrong with an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result or the input would be below zero.
    #[error("an amount of money cannot be below zero")]
    Negative,
    /// The result does not fit in 63 bits.
    #[error("the amount is too large")]
    TooLarge,
    /// Two amounts of different currencies met.
    #[error("amounts of different currencies cannot be combined")]
    MixedCurrencies,
    /// The text is not a decimal amount such as `0.20`.
    #[error("an amount is written like 0.20, with at most six decimals")]
    NotAnAmount,
    /// The currency code is not one that a shop can use.
    #[error("the currency is not one of EUR, USD, GBP, CHF")]
    UnknownCurrency,
    /// A split needs at least one part above zero.
    #[error("an amount can only be split over weights of which one is above zero")]
    NothingToSplitOver,
}

/// How a share that is not a whole micro-unit is made whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Towards zero.
    Down,
    /// To the nearest; a half goes up.
    HalfUp,
    /// Away from zero.
    Up,
}

/// A non-negative amount of one currency, exact to 10⁻⁶ of the major unit.
///
/// At most `i64::MAX` micro-units (9.2 × 10¹² major units), checked when built and when read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Money {
    currency: Currency,
    micros: i64,
}

impl Money {
    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self { currency, micros: 0 }
    }

    /// `micros` millionths of a major unit.
    ///
    /// # Errors
    /// [`MoneyError::Negative`] below zero.
    pub const fn from_micros(micros: i64, currency: Currency) -> Result<Self, MoneyError> {
        if micros < 0 { Err(MoneyError::Negative) } else { Ok(Self { currency, micros }) }
    }

    /// `cents` hundredths of a major unit: for constants and tests.
    ///
    /// # Errors
    /// [`MoneyError::Negative`] below zero, [`MoneyError::TooLarge`] when it does not fit.
    pub fn from_cents(cents: i64, currency: Currency) -> Result<Self, MoneyError> {
        let micros = cents.checked_mul(MICROS_PER_MAJOR / 100).ok_or(MoneyError::TooLarge)?;
        Self::from_micros(micros, currency)
    }

    /// Reads `0.20`, `0,20`, `12` or `0.000001` (spaces around are ignored; no sign, no exponent, no grouping).
    ///
    /// # Errors
    /// [`MoneyError::Negative`] for a leading minus, [`MoneyError::NotAnAmount`], [`MoneyError::TooLarge`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let text = text.trim();
        if text.starts_with(['-', '\u{2212}']) {
            return Err(MoneyError::Negative);
        }
        let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let has_point = whole.len() != text.len();
        if whole.is_empty()
            || !digits(whole)
            || !digits(fraction)
            || fraction.len() > 6
            || (has_point && fraction.is_empty())
        {
            return Err(MoneyError::NotAnAmount);
        }
        let whole: i64 = whole.parse().map_err(|_| MoneyError::TooLarge)?;
        let fraction: i64 =
            format!("{fraction:0<6}").parse().map_err(|_| MoneyError::NotAnAmount)?;
        let micros =
            whole.checked_mul(MICROS_PER_MAJOR).and_then(|micros| micros.checked_add(fraction));
        Self::from_micros(micros.ok_or(MoneyError::TooLarge)?, currency)
    }

    /// The amount in millionths of the major unit, at least zero.
    pub const fn micros(self) -> i64 {
        self.micros
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether there is nothing.
    pub const fn is_zero(self) -> bool {
        self.micros == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`], [`MoneyError::TooLarge`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let micros = self.micros.checked_add(other.micros).ok_or(MoneyError::TooLarge)?;
        Self::from_micros(micros, self.currency)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`], [`MoneyError::Negative`] when `other` is larger.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Self::from_micros(self.micros - other.micros, self.currency)
    }

    /// The difference, or nothing when `other` is larger.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`].
    pub fn saturating_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Ok(Self { micros: (self.micros - other.micros).max(0), ..self })
    }

    /// `self × numerator ÷ denominator`, made whole as `rounding` says.
    ///
    /// # Errors
    /// [`MoneyError::Negative`] when the ratio is below zero or its denominator is not above zero,
    /// [`MoneyError::TooLarge`] when the result does not fit.
    pub fn scale_by(
        self,
        numerator: i64,
        denominator: i64,
        rounding: Rounding,
    ) -> Result<Self, MoneyError> {
        if numerator < 0 || denominator <= 0 {
            return Err(MoneyError::Negative);
        }
        let product = i128::from(self.micros) * i128::from(numerator);
        let denominator = i128::from(denominator);
        let (quotient, rest) = (product / denominator, product % denominator);
        let up = match rounding {
            Rounding::Down => false,
            Rounding::HalfUp => rest * 2 >= denominator,
            Rounding::Up => rest > 0,
        };
        let micros = i64::try_from(quotient + i128::from(up)).map_err(|_| MoneyError::TooLarge)?;
        Self::from_micros(micros, self.currency)
    }

    /// Splits the amount over `weights` by the largest remainder: the parts add up to the whole, exactly; of equal
    /// remainders the earlier part gets the unit.
    ///
    /// # Errors
    /// [`MoneyError::NothingToSplitOver`] when no weight is above zero.
    pub fn split(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
        if total == 0 {
            return Err(MoneyError::NothingToSplitOver);
        }
        let whole = u128::from(self.micros.unsigned_abs());
        let exact = weights.iter().map(|&weight| whole * u128::from(weight));
        let mut parts: Vec<(u128, u128)> =
            exact.map(|product| (product / total, product % total)).collect();
        let given: u128 = parts.iter().map(|part| part.0).sum();
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|&index| (std::cmp::Reverse(parts[index].1), index));
        let missing = usize::try_from(whole - given).map_err(|_| MoneyError::TooLarge)?;
        for &index in order.iter().take(missing) {
            parts[index].0 += 1;
        }
        let money = |part: u128| i64::try_from(part).map_err(|_| MoneyError::TooLarge);
        parts.into_iter().map(|(part, _)| Self::from_micros(money(part)?, self.currency)).collect()
    }

    /// Splits a tax-included amount into its tax and the rest. The tax is rounded half up to a micro-unit; the two add
    /// up to the whole.
    ///
    /// # Errors
    /// [`MoneyError::Negative`] when the rate is below zero.
    pub fn tax_within(self, rate_basis_points: i64) -> Result<(Self, Self), MoneyError> {
        let tax = self.scale_by(
            rate_basis_points,
            BASIS_POINTS + rate_basis_points.max(0),
            Rounding::HalfUp,
        )?;
        Ok((tax, self.checked_sub(tax)?))
    }

    /// The largest amount not above this one that a rail can move (whole cents).
    pub const fn round_down_to_minor(self) -> Self {
        Self {
            currency: self.currency,
            micros: self.micros - self.micros % self.currency.minor_micros(),
        }
    }

    /// The decimal text with six decimals that programs exchange: `0.250000`.
    pub fn to_decimal(self) -> String {
        format!("{}.{:06}", self.micros / MICROS_PER_MAJOR, self.micros % MICROS_PER_MAJOR)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::MixedCurrencies) }
    }
}

impl fmt::Display for Money {
    /// For logs and the operator's terminal: `0.20 EUR`, with as many decimals as are needed, at least two.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = self.to_decimal();
        let shown = decimal.trim_end_matches('0');
        let least = decimal.len() - 4;
        write!(f, "{} {}", &decimal[..shown.len().max(least)], self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn euros(micros: i64) -> Money {
        Money::from_micros(micros, Currency::Eur).expect("test amounts are not negative")
    }

    #[test]
    fn an_amount_is_read_with_a_point_or_a_comma() {
        for text in ["0.20", "0,20", " 0.2 ", "0.200000"] {
            assert_eq!(Money::parse(text, Currency::Eur), Ok(euros(200_000)), "{text}");
        }
        assert_eq!(Money::parse("12", Currency::Eur), Ok(euros(12_000_000)));
    }

    #[test]
    fn what_is_not_an_amount_is_refused_by_name() {
        for text in
            ["", ".", "1.", ".5", "1e3", "0x1", "1 000", "0.0000001", "٣", "NaN", "+1", "1.2.3"]
        {
            assert_eq!(Money::parse(text, Currency::Eur), Err(MoneyError::NotAnAmount), "{text}");
        }
        for text in ["-1", "\u{2212}0.20"] {
            assert_eq!(Money::parse(text, Currency::Eur), Err(MoneyError::Negative), "{text}");
        }
        for text in ["9223372036855", "99999999999999999999"] {
            assert_eq!(Money::parse(text, Currency::Eur), Err(MoneyError::TooLarge), "{text}");
        }
    }

    #[test]
    fn currencies_do_not_mix() {
        let dollars = Money::zero(Currency::Usd);
        assert_eq!(euros(1).checked_add(dollars), Err(MoneyError::MixedCurrencies));
        assert_eq!(euros(1).checked_sub(dollars), Err(MoneyError::MixedCurrencies));
    }

    #[test]
    fn twenty_cents_hold_a_sixth_of_tax() {
        assert_eq!(euros(200_000).tax_within(2_000), Ok((euros(33_333), euros(166_667))));
        assert_eq!(euros(200_000).tax_within(0), Ok((euros(0), euros(200_000))));
    }

    #[test]
    fn a_log_shows_two_decimals_or_more() {
        assert_eq!(euros(200_000).to_string(), "0.20 EUR");
        assert_eq!(euros(1_000_001).to_string(), "1.000001 EUR");
    }

    proptest! {
        #[test]
        fn a_split_adds_up_and_is_fair(micros in 0..=i64::MAX, weights in prop::collection::vec(0u64..1_000_000, 1..12)) {
            prop_assume!(weights.iter().any(|&weight| weight > 0));
            let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
            let parts = euros(micros).split(&weights).expect("one weight is above zero");
            prop_assert_eq!(parts.iter().map(|part| i128::from(part.micros())).sum::<i128>(), i128::from(micros));
            for (part, &weight) in parts.iter().zip(&weights) {
                let floor = micros as u128 * u128::from(weight) / total;
                prop_assert!((floor..=floor + 1).contains(&(part.micros() as u128)));
            }
        }

        #[test]
        fn decimal_text_reads_back(micros in 0..=i64::MAX) {
            prop_assert_eq!(Money::parse(&euros(micros).to_decimal(), Currency::Eur), Ok(euros(micros)));
        }

        #[test]
        fn tax_and_rest_are_the_whole(micros in 0..=i64::MAX, rate in 0i64..=10_000) {
            let (tax, rest) = euros(micros).tax_within(rate).expect("a rate is not negative");
            prop_assert_eq!(tax.checked_add(rest), Ok(euros(micros)));
        }
    }
}
