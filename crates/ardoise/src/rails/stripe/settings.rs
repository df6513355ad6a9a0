//! What the settings say about Stripe.

use crate::outbox::address::Reach;
use crate::rails::fee::Fee;
use crate::rails::secret::Secret;
use crate::rails::settings::FeeKeys;
use crate::rails::wire::Wire;
use crate::settings::{SettingsError, Values};
use ledger::Currency;

/// Where Stripe is.
const BASE: &str = "https://api.stripe.com";
/// The day on which the fees in the list of settings were looked up, and where: cards of the European Economic Area.
const FEE_SOURCE: (&str, &str) = ("2026-11-22", "https://stripe.com/fr/pricing");

/// What the settings say about Stripe.
#[derive(Debug, Clone)]
pub struct StripeSettings {
    /// The key of the account.
    pub secret: Secret,
    /// What signs its messages; without it none is believed, and every outcome is asked for in time.
    pub webhook_secret: Option<Secret>,
    /// Where it is, without a slash at the end.
    pub base: String,
    /// What it keeps.
    pub fee: Fee,
}

impl StripeSettings {
    /// Reads and checks them; `None` where no key is set, so that the rail is off.
    ///
    /// # Errors
    /// [`SettingsError::Value`], [`SettingsError::SecretFile`].
    pub fn read(
        values: &Values,
        currency: Currency,
        reach: Reach,
    ) -> Result<Option<Self>, SettingsError> {
        let keys = FeeKeys { basis_points: "stripe.fee_basis_points", fixed: "stripe.fee_fixed" };
        let fee = values.fee(keys, currency, FEE_SOURCE)?;
        let base = base(values, reach)?;
        let secret = SECRET.read(values)?;
        let webhook_secret = WEBHOOK_SECRET.read(values)?;
        Ok(secret.map(|secret| Self { secret, webhook_secret, base, fee }))
    }

    /// Whether the key is one of Stripe's test mode, where no money is real.
    pub fn is_test(&self) -> bool {
        ["sk_test_", "rk_test_"].iter().any(|start| self.secret.reveal().starts_with(start))
    }

    /// Whether Stripe is where everybody finds it.
    pub fn is_public(&self) -> bool {
        self.base == BASE
    }
}

fn base(values: &Values, reach: Reach) -> Result<String, SettingsError> {
    const KEY: &str = "stripe.base";
    let said = values.words(KEY);
    if said.is_empty() {
        return Ok(BASE.into());
    }
    if reach == Reach::Public {
        return Err(values.wrong(KEY, "empty, as it has to be unless rails.to_private is on"));
    }
    let wanted = "an address such as https://stripe.example";
    Wire::read_base(&said, reach).ok_or_else(|| values.wrong(KEY, wanted))
}

/// A secret as Stripe writes it.
struct Written {
    key: &'static str,
    key_file: &'static str,
    starts: &'static [&'static str],
    wanted: &'static str,
}

/// <https://docs.stripe.com/keys>: secret and restricted keys; a publishable one (`pk_`) can do nothing here.
const SECRET: Written = Written {
    key: "stripe.secret",
    key_file: "stripe.secret_file",
    starts: &["sk_", "rk_"],
    wanted: "a secret key of Stripe (sk_… or rk_…)",
};

/// <https://docs.stripe.com/webhooks>: the signing secret of an endpoint.
const WEBHOOK_SECRET: Written = Written {
    key: "stripe.webhook_secret",
    key_file: "stripe.webhook_secret_file",
    starts: &["whsec_"],
    wanted: "the signing secret of a webhook endpoint of Stripe (whsec_…)",
};

impl Written {
    fn read(&self, values: &Values) -> Result<Option<Secret>, SettingsError> {
        let Some(secret) = values.secret(self.key, self.key_file)? else { return Ok(None) };
        let text = secret.reveal();
        let starts = self.starts.iter().any(|start| text.starts_with(start));
        // It becomes a header.
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if starts && is_plain { Ok(Some(secret)) } else { Err(self.refuse(values)) }
    }

    fn refuse(&self, values: &Values) -> SettingsError {
        if !values.words(self.key).is_empty() {
            return values.wrong(self.key, self.wanted);
        }
        let (path, wanted) = (values.words(self.key_file), format!("a file with {}", self.wanted));
        SettingsError::SecretFile { key: self.key_file, path, wanted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(set: &[(&str, &str)]) -> Values {
        let mut values = Values::default();
        for (key, value) in set {
            values.set("here", key, (*value).into()).expect("known");
        }
        values
    }

    fn read(set: &[(&str, &str)], reach: Reach) -> Result<Option<StripeSettings>, SettingsError> {
        StripeSettings::read(&values(set), Currency::Eur, reach)
    }

    #[test]
    fn without_a_key_the_rail_is_off() {
        assert!(read(&[], Reach::Public).expect("sound").is_none());
    }

    #[test]
    fn a_key_turns_it_on_at_the_public_price() {
        let set = [("stripe.secret", "sk_live_hush"), ("stripe.webhook_secret", "whsec_hush")];
        let read = read(&set, Reach::Public).expect("sound").expect("on");
        assert_eq!(read.base, "https://api.stripe.com");
        assert_eq!((read.fee.basis_points, read.fee.fixed.to_string().as_str()), (150, "0.25 EUR"));
        assert_eq!(read.fee.as_of, "2026-11-22");
        assert!(!read.is_test());
        assert!(!format!("{read:?}").contains("hush"));
    }

    #[test]
    fn a_key_of_the_test_mode_is_known_as_one() {
        for (key, is_test) in [("sk_test_1", true), ("rk_test_1", true), ("rk_live_1", false)] {
            let read = read(&[("stripe.secret", key)], Reach::Public).expect("sound").expect("on");
            assert_eq!(read.is_test(), is_test, "{key}");
        }
    }

    #[test]
    fn what_is_no_secret_key_is_refused_and_not_repeated() {
        for (key, value) in [
            ("stripe.secret", "pk_live_hush"),
            ("stripe.secret", "sk_live_hu sh"),
            ("stripe.webhook_secret", "hush"),
        ] {
            let refused = read(&[(key, value)], Reach::Public).expect_err(value).to_string();
            assert!(refused.contains(key) && !refused.contains("hu"), "{refused}");
        }
    }

    #[test]
    fn another_address_needs_the_leave_for_tests() {
        let set = [("stripe.secret", "sk_test_1"), ("stripe.base", "http://127.0.0.1:9/")];
        let refused = read(&set, Reach::Public).expect_err("public").to_string();
        assert!(refused.contains("rails.to_private"), "{refused}");
        let read = read(&set, Reach::Private).expect("sound").expect("on");
        assert_eq!(read.base, "http://127.0.0.1:9");
        assert!(!read.is_public());
    }
}
