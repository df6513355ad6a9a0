//! What the settings say about e-cash.

use super::super::rate::{RateKeys, Source};
use super::super::wire::Wire;
use crate::outbox::address::Reach;
use crate::settings::{SettingsError, Values};
use ledger::Currency;

/// The settings by which the operator says what a bitcoin costs.
pub const RATE: RateKeys =
    RateKeys { fixed: "ecash.rate", url: "ecash.rate_url", pointer: "ecash.rate_pointer" };
/// The most mints that one shop trusts: each of them is asked when a charge begins.
const MINTS_MOST: usize = 4;

/// What the settings say about e-cash.
#[derive(Debug, Clone)]
pub struct EcashSettings {
    /// The mints that are trusted: their addresses, without a slash at the end.
    pub mints: Vec<String>,
    /// Where the rate comes from.
    pub source: Source,
    /// Whether it is worth nothing.
    pub is_fake: bool,
}

impl EcashSettings {
    /// Reads and checks them; `None` where no mint is named. Where nothing is said about the rate, that of Lightning holds
    /// (`elsewhere`).
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn read(
        values: &Values,
        currency: Currency,
        reach: Reach,
        elsewhere: Option<&Source>,
    ) -> Result<Option<Self>, SettingsError> {
        let mints = mints(values, reach)?;
        if mints.is_empty() {
            return Ok(None);
        }
        let source = Source::read(values, currency, reach, RATE)?;
        let wanted = "the price of one bitcoin in the shop's currency (or set `ecash.rate_url`, or turn Lightning on)";
        let source = source.or_else(|| elsewhere.cloned());
        let source = source.ok_or_else(|| values.wrong(RATE.fixed, wanted))?;
        Ok(Some(Self { mints, source, is_fake: values.truth("ecash.is_fake")? }))
    }
}

fn mints(values: &Values, reach: Reach) -> Result<Vec<String>, SettingsError> {
    const KEY: &str = "ecash.mints";
    let text = values.words(KEY);
    let wanted = "addresses of mints such as https://mint.example, at most 4, with commas between; one of this machine or \
                  network needs `rails.to_private`";
    let mints: Option<Vec<String>> = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| Wire::read_base(part, reach))
        .collect();
    mints.filter(|mints| mints.len() <= MINTS_MOST).ok_or_else(|| values.wrong(KEY, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rails::lightning::settings::LightningSettings;

    fn read(set: &[(&'static str, &str)]) -> Result<Option<EcashSettings>, SettingsError> {
        let mut values = Values::default();
        for (key, value) in set {
            values.set("a test", key, (*value).to_owned()).expect("a known key");
        }
        let lightning = LightningSettings::read(&values, Currency::Eur, Reach::Public)?;
        let elsewhere = lightning.as_ref().map(|lightning| &lightning.source);
        EcashSettings::read(&values, Currency::Eur, Reach::Public, elsewhere)
    }

    #[test]
    fn e_cash_is_off_unless_a_mint_is_trusted() {
        assert!(read(&[]).expect("fit").is_none());
        let mints = ("ecash.mints", "https://one.example/ , https://two.example/Bitcoin");
        let on = read(&[mints, ("ecash.rate", "61234.5")]).expect("fit").expect("on");
        assert_eq!(on.mints, ["https://one.example", "https://two.example/Bitcoin"]);
        assert!(!on.is_fake);
    }

    #[test]
    fn without_a_rate_of_its_own_that_of_lightning_holds() {
        let mint = ("ecash.mints", "https://one.example");
        let refused = read(&[mint]).expect_err("no rate").to_string();
        assert!(refused.contains("ecash.rate"), "{refused}");
        let lightning =
            [("lightning.base", "https://ln.example"), ("lightning.invoice_key", "hush")];
        let on = read(&[&[mint], &lightning[..]].concat()).expect("fit").expect("on");
        let Source::Address { url, .. } = on.source else { panic!("asks the wallet") };
        assert_eq!(url, "https://ln.example/api/v1/rate/EUR");
    }

    #[test]
    fn what_cannot_be_is_refused_and_named() {
        let mint = ("ecash.mints", "https://one.example");
        let unfit: [(&'static str, &str); 4] = [
            ("ecash.mints", "http://one.example"),
            ("ecash.mints", "https://one.example,https://10.0.0.7"),
            ("ecash.rate", "0.5"),
            ("ecash.rate_url", "ftp://x"),
        ];
        for (key, value) in unfit {
            let refused = read(&[mint, (key, value)]).expect_err(key).to_string();
            assert!(refused.contains(key), "{refused}");
        }
    }
}
