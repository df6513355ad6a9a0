//! What the settings say about Lightning.

use super::super::fee::Fee;
use super::super::rate::{RateKeys, Source};
use super::super::secret::Secret;
use super::super::settings::FeeKeys;
use super::bolt11::Network;
use crate::outbox::address::Reach;
use crate::settings::{SettingsError, Values};
use ledger::Currency;

/// Where LNbits tells the price of a bitcoin in its answer to `/api/v1/rate/{currency}`.
const PRICE: &str = "/price";

/// The settings by which the operator says what a bitcoin costs.
pub const RATE: RateKeys = RateKeys {
    fixed: "lightning.rate",
    url: "lightning.rate_url",
    pointer: "lightning.rate_pointer",
};

/// What the settings say about Lightning.
#[derive(Debug, Clone)]
pub struct LightningSettings {
    /// Where the wallet is, without a slash at the end.
    pub base: String,
    /// The key that can ask for money and cannot send any.
    pub invoice_key: Secret,
    /// Where the rate comes from.
    pub source: Source,
    /// Whose bitcoin it is.
    pub network: Network,
    /// Whether it is worth nothing.
    pub is_fake: bool,
    /// What it costs the shop.
    pub fee: Fee,
}

impl LightningSettings {
    /// Reads and checks them; `None` where no wallet is named.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn read(
        values: &Values,
        currency: Currency,
        reach: Reach,
    ) -> Result<Option<Self>, SettingsError> {
        if values.words("lightning.base").is_empty() {
            return Ok(None);
        }
        let base = values.base("lightning.base", reach)?;
        let key = values.secret("lightning.invoice_key", "lightning.invoice_key_file")?;
        let wanted = "set, or in the file that `lightning.invoice_key_file` names";
        let invoice_key = key.ok_or_else(|| values.wrong("lightning.invoice_key", wanted))?;
        let source = Source::read(values, currency, reach, RATE)?;
        let source = source.unwrap_or_else(|| of_wallet(&base, &invoice_key, currency));
        let (network, is_fake) = network(values)?;
        let keys =
            FeeKeys { basis_points: "lightning.fee_basis_points", fixed: "lightning.fee_fixed" };
        let fee = values.fee(keys, currency, ("", ""))?;
        Ok(Some(Self { base, invoice_key, source, network, is_fake, fee }))
    }
}

/// The wallet itself says it.
fn of_wallet(base: &str, invoice_key: &Secret, currency: Currency) -> Source {
    let url = format!("{base}/api/v1/rate/{}", currency.code());
    Source::Address { url, pointer: PRICE.into(), key: Some(invoice_key.clone()) }
}

fn network(values: &Values) -> Result<(Network, bool), SettingsError> {
    match values.words("lightning.network").as_str() {
        "bitcoin" => Ok((Network::Bitcoin, false)),
        "testnet" => Ok((Network::Testnet, true)),
        "signet" => Ok((Network::Signet, true)),
        "regtest" => Ok((Network::Regtest, true)),
        // Its invoices look like bitcoin.
        "fake" => Ok((Network::Bitcoin, true)),
        _ => {
            let wanted = "bitcoin, testnet, signet, regtest or fake";
            Err(values.wrong("lightning.network", wanted))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&'static str, &str)]) -> Result<Option<LightningSettings>, SettingsError> {
        let mut values = Values::default();
        let base = [("lightning.base", "https://ln.example/"), ("lightning.invoice_key", "hush")];
        for (key, value) in base.iter().chain(set) {
            values.set("a test", key, (*value).to_owned()).expect("a known key");
        }
        LightningSettings::read(&values, Currency::Eur, Reach::Public)
    }

    #[test]
    fn lightning_is_off_unless_a_wallet_is_named() {
        assert!(read(&[("lightning.base", "")]).expect("fit").is_none());
        let on = read(&[]).expect("fit").expect("on");
        assert_eq!(on.base, "https://ln.example");
        let Source::Address { url, pointer, key } = on.source else { panic!("asks the wallet") };
        assert_eq!(
            (url.as_str(), pointer.as_str()),
            ("https://ln.example/api/v1/rate/EUR", "/price")
        );
        assert!(key.is_some());
    }

    #[test]
    fn what_the_operator_says_of_the_rate_stands_first() {
        fn source(set: &[(&'static str, &str)]) -> Source {
            read(set).expect("fit").expect("on").source
        }
        let rate = ("lightning.rate", "61234.5");
        let url = ("lightning.rate_url", "https://rates.example/btc");
        assert!(matches!(source(&[rate, url]), Source::Fixed(_)));
        let Source::Address { key, .. } = source(&[url]) else { panic!("an address") };
        assert!(key.is_none(), "nobody else is told the wallet's key");
    }

    #[test]
    fn what_cannot_be_is_refused_and_named() {
        let unfit: [(&'static str, &str); 7] = [
            ("lightning.base", "http://ln.example"),
            ("lightning.base", "https://10.0.0.7"),
            ("lightning.invoice_key", " "),
            ("lightning.rate", "0.5"),
            ("lightning.rate_url", "ftp://x"),
            ("lightning.network", "litecoin"),
            ("lightning.fee_fixed", "x"),
        ];
        for (key, value) in unfit {
            let refused = read(&[(key, value)]).expect_err(key).to_string();
            assert!(refused.contains(key), "{refused}");
        }
        let url = ("lightning.rate_url", "https://rates.example/btc");
        assert!(read(&[url, ("lightning.rate_pointer", "price")]).is_err());
    }

    #[test]
    fn money_of_a_network_for_tests_is_not_real() {
        let is_fake =
            |network| read(&[("lightning.network", network)]).expect("fit").map(|on| on.is_fake);
        assert_eq!(is_fake("bitcoin"), Some(false));
        assert_eq!(is_fake("signet"), Some(true));
        assert_eq!(is_fake("fake"), Some(true));
    }
}
