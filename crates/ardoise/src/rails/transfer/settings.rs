//! What the settings say about transfers.

use super::epc::{self, Payee};
use super::reference;
use crate::settings::{SettingsError, Values};
use ledger::{Currency, Money};

/// What the settings say about transfers.
#[derive(Debug, Clone)]
pub struct TransferSettings {
    /// Whom they go to.
    pub payee: Payee,
    /// The smallest that is asked for.
    pub minimum: Money,
}

impl TransferSettings {
    /// Reads and checks them; `None` where no account is named.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn read(values: &Values, currency: Currency) -> Result<Option<Self>, SettingsError> {
        if values.words("transfer.iban").is_empty() {
            return Ok(None);
        }
        if currency != Currency::Eur {
            return Err(
                values.wrong("transfer.iban", "empty: only a shop in EUR can be paid by SEPA")
            );
        }
        let payee = Payee { name: name(values)?, iban: iban(values)?, bic: bic(values)? };
        let longest = Money::from_micros(i64::MAX, currency).unwrap_or(Money::zero(currency));
        let longest = epc::write(&payee, longest, &"X".repeat(reference::LENGTH));
        if longest.len() > epc::BYTES_MOST {
            return Err(values.wrong("transfer.name", "shorter, so that a code holds it"));
        }
        let minimum = values.money("transfer.minimum", currency)?;
        let is_whole = minimum.round_down_to_minor() == minimum && !minimum.is_zero();
        let wanted = "whole cents, such as 1.00";
        if !is_whole {
            return Err(values.wrong("transfer.minimum", wanted));
        }
        Ok(Some(Self { payee, minimum }))
    }
}

fn name(values: &Values) -> Result<String, SettingsError> {
    let name = values.words("transfer.name");
    let is_fit =
        (1..=epc::NAME_MOST).contains(&name.chars().count()) && !name.contains(char::is_control);
    let wanted = "the name of whoever has the account, of 70 characters at most";
    if is_fit { Ok(name) } else { Err(values.wrong("transfer.name", wanted)) }
}

fn iban(values: &Values) -> Result<String, SettingsError> {
    let wanted = "an IBAN whose check digits are right, such as FR76 3000 6000 0112 3456 7890 189";
    read_iban(&values.words("transfer.iban")).ok_or_else(|| values.wrong("transfer.iban", wanted))
}

fn bic(values: &Values) -> Result<String, SettingsError> {
    let bic = compact(&values.words("transfer.bic"));
    let has_form = |bic: &str| {
        let (letters, rest) = bic.split_at(bic.len().min(6));
        letters.bytes().all(|byte| byte.is_ascii_uppercase())
            && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    if bic.is_empty() || matches!(bic.len(), 8 | 11) && has_form(&bic) {
        return Ok(bic);
    }
    Err(values.wrong("transfer.bic", "a BIC of 8 or 11 characters, such as AGRIFRPP, or nothing"))
}

/// An account number without its spaces, if its check digits are right (ISO 13616).
pub fn read_iban(text: &str) -> Option<String> {
    let iban = compact(text);
    let is_fit = (15..=34).contains(&iban.len())
        && iban.is_ascii()
        && iban.bytes().take(2).all(|byte| byte.is_ascii_uppercase())
        && iban.bytes().skip(2).take(2).all(|byte| byte.is_ascii_digit())
        && reference::checks_out(&iban);
    is_fit.then_some(iban)
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        set: &[(&'static str, &str)],
        currency: Currency,
    ) -> Result<Option<TransferSettings>, SettingsError> {
        let mut values = Values::default();
        let base = [
            ("transfer.iban", "fr76 3000 6000 0112 3456 7890 189"),
            ("transfer.name", "La Fabrique"),
        ];
        for (key, value) in base.iter().chain(set) {
            values.set("a test", key, (*value).to_owned()).expect("a known key");
        }
        TransferSettings::read(&values, currency)
    }

    #[test]
    fn transfers_are_off_unless_an_account_is_named() {
        assert!(read(&[("transfer.iban", " ")], Currency::Eur).expect("fit").is_none());
        let on = read(&[], Currency::Eur).expect("fit").expect("on");
        assert_eq!(on.payee.iban, "FR7630006000011234567890189");
        assert_eq!((on.payee.bic.as_str(), on.minimum.to_decimal().as_str()), ("", "1.000000"));
    }

    #[test]
    fn what_cannot_be_is_refused_and_named() {
        let long = "x".repeat(71);
        // 70 characters that take up 280 bytes.
        let wide = "𝄞".repeat(70);
        let unfit: [(&'static str, &str); 9] = [
            ("transfer.iban", "FR76 3000 6000 0112 3456 7890 188"),
            ("transfer.iban", "FR76"),
            ("transfer.iban", "é".repeat(20).leak()),
            ("transfer.bic", "AGRI"),
            ("transfer.bic", "12345678"),
            ("transfer.name", ""),
            ("transfer.name", &long),
            ("transfer.name", &wide),
            ("transfer.minimum", "0.005"),
        ];
        for (key, value) in unfit {
            let refused = read(&[(key, value)], Currency::Eur).expect_err(value).to_string();
            assert!(refused.contains(key), "{refused}");
        }
        assert!(read(&[], Currency::Usd).expect_err("dollars").to_string().contains("EUR"));
    }

    #[test]
    fn account_numbers_of_the_registry_check_out() {
        for iban in ["DE89 3704 0044 0532 0130 00", "BE68 5390 0754 7034", "NL91 ABNA 0417 1643 00"]
        {
            assert!(read_iban(iban).is_some(), "{iban}");
        }
        assert_eq!(read_iban("DE89 3704 0044 0532 0130 01"), None);
    }
}
