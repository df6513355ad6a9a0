//! What the settings say about the phone bill.

use crate::outbox::address::Reach;
use crate::rails::fee::Fee;
use crate::rails::secret::Secret;
use crate::rails::settings::FeeKeys;
use crate::rails::token::Source;
use crate::rails::wire::Wire;
use crate::settings::{SettingsError, Values};
use ledger::{Currency, Money};

/// Where the default of the fee was looked up, and on which day. Operators publish no price list; what French ones left to
/// publishers in 2002 was 58 to 62 % of a payment.
const PRICE_LIST: (&str, &str) = ("2026-11-22", "01net.com, 2002");
/// Digits of a country's code (ITU-T E.164).
const COUNTRY_DIGITS_MOST: usize = 3;

/// How many calls a payment takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    /// One: the operator makes sure by itself that its subscriber agrees.
    One,
    /// Several: the subscriber proves to the operator that they agree, and the shop then confirms.
    Two,
}

/// What the settings say about the phone bill.
#[derive(Debug, Clone)]
pub struct PhoneSettings {
    /// Where the operator's or aggregator's APIs are (`apiRoot`), without a slash at the end.
    pub base: String,
    /// Where its tokens come from.
    pub token: Source,
    /// How many calls a payment takes.
    pub steps: Steps,
    /// What goes before a number that is typed without its country: digits.
    pub country: String,
    /// The shop's name in the aggregator's contract; may be empty.
    pub merchant: String,
    /// Whether its money is not real.
    pub is_fake: bool,
    /// The smallest payment.
    pub minimum: Money,
    /// The largest payment.
    pub maximum: Money,
    /// What one number pays in a month at most.
    pub monthly: Money,
    /// What the operator keeps.
    pub fee: Fee,
}

impl PhoneSettings {
    /// Reads and checks them; `None` where no operator is named.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn read(
        values: &Values,
        currency: Currency,
        reach: Reach,
    ) -> Result<Option<Self>, SettingsError> {
        if values.words("phone.base").is_empty() {
            return Ok(None);
        }
        let keys = FeeKeys { basis_points: "phone.fee_basis_points", fixed: "phone.fee_fixed" };
        Ok(Some(Self {
            base: address(values, "phone.base", reach)?,
            token: token(values, reach)?,
            steps: steps(values)?,
            country: country(values)?,
            merchant: values.words("phone.merchant"),
            is_fake: values.truth("phone.sandbox")?,
            minimum: positive(values, "phone.minimum", currency)?,
            maximum: positive(values, "phone.maximum", currency)?,
            monthly: positive(values, "phone.monthly", currency)?,
            fee: values.fee(keys, currency, PRICE_LIST)?,
        }))
    }
}

fn address(values: &Values, key: &'static str, reach: Reach) -> Result<String, SettingsError> {
    let wanted = "an address such as https://api.operator.example";
    Wire::read_base(&values.words(key), reach).ok_or_else(|| values.wrong(key, wanted))
}

fn token(values: &Values, reach: Reach) -> Result<Source, SettingsError> {
    let client_id = values.words("phone.client_id");
    if client_id.is_empty() {
        return Err(values.wrong("phone.client_id", "who the shop is to the operator"));
    }
    let secret: Option<Secret> = values.secret("phone.secret", "phone.secret_file")?;
    let wanted = "the secret that belongs to the client id";
    let secret = secret.ok_or_else(|| values.wrong("phone.secret", wanted))?;
    let url = address(values, "phone.token_url", reach)?;
    Ok(Source { url, client_id, secret, scope: values.words("phone.scope") })
}

fn steps(values: &Values) -> Result<Steps, SettingsError> {
    match values.words("phone.steps").as_str() {
        "one" => Ok(Steps::One),
        "two" => Ok(Steps::Two),
        _ => Err(values.wrong("phone.steps", "one or two")),
    }
}

fn country(values: &Values) -> Result<String, SettingsError> {
    let code = values.words("phone.country");
    let is_code = (1..=COUNTRY_DIGITS_MOST).contains(&code.len())
        && code.chars().all(|digit| digit.is_ascii_digit())
        && !code.starts_with('0');
    if is_code { Ok(code) } else { Err(values.wrong("phone.country", "digits such as 33")) }
}

fn positive(
    values: &Values,
    key: &'static str,
    currency: Currency,
) -> Result<Money, SettingsError> {
    let amount = values.money(key, currency)?;
    if amount.is_zero() { Err(values.wrong(key, "an amount above zero")) } else { Ok(amount) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&'static str, &str)]) -> Result<Option<PhoneSettings>, SettingsError> {
        let mut values = Values::default();
        let base = [
            ("phone.base", "https://api.operator.example/"),
            ("phone.token_url", "https://login.operator.example/token"),
            ("phone.client_id", "shop"),
            ("phone.secret", "hush"),
        ];
        for (key, value) in base.iter().chain(set) {
            values.set("a test", key, (*value).to_owned()).expect("a known key");
        }
        PhoneSettings::read(&values, Currency::Eur, Reach::Public)
    }

    #[test]
    fn the_phone_bill_is_off_unless_an_operator_is_named() {
        assert!(read(&[("phone.base", "")]).expect("fit").is_none());
        let on = read(&[]).expect("fit").expect("on");
        assert_eq!((on.base.as_str(), on.steps), ("https://api.operator.example", Steps::Two));
        assert!(on.token.scope.contains("carrier-billing:payments:create"));
        assert!(!format!("{on:?}").contains("hush"));
    }

    #[test]
    fn the_law_has_fifty_and_three_hundred_euros_unless_the_operator_has_less() {
        let euros = |text: &str| Money::parse(text, Currency::Eur).expect("an amount");
        let on = read(&[]).expect("fit").expect("on");
        assert_eq!((on.maximum, on.monthly), (euros("50"), euros("300")));
        let on = read(&[("phone.maximum", "10"), ("phone.monthly", "30")]).expect("fit");
        let on = on.expect("on");
        assert_eq!((on.maximum, on.monthly), (euros("10"), euros("30")));
    }

    #[test]
    fn what_cannot_be_is_refused_and_named() {
        let unfit: [(&'static str, &str); 10] = [
            ("phone.base", "http://api.operator.example"),
            ("phone.base", "https://10.0.0.7"),
            ("phone.token_url", ""),
            ("phone.client_id", " "),
            ("phone.secret", ""),
            ("phone.steps", "three"),
            ("phone.country", "+33"),
            ("phone.country", "0"),
            ("phone.maximum", "0"),
            ("phone.monthly", "much"),
        ];
        for (key, value) in unfit {
            let refused = read(&[(key, value)]).expect_err(key).to_string();
            assert!(refused.contains(key), "{refused}");
        }
    }
}
