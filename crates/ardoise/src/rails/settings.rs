//! What the settings say about rails. Each rail reads its own part.

use super::ecash::settings::EcashSettings;
use super::fee::Fee;
use super::lightning::settings::LightningSettings;
use super::paypal::settings::PayPalSettings;
use super::phone::settings::PhoneSettings;
use super::secret::Secret;
use super::stripe::StripeSettings;
use super::transfer::TransferSettings;
use super::voucher::VoucherSettings;
use super::wire::Wire;
use crate::outbox::address::Reach;
use crate::settings::{SettingsError, Values};
use ledger::Currency;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;

/// What the settings say about rails: a field for each that can be turned on.
#[derive(Debug, Clone)]
pub struct RailSettings {
    /// Whether rails may be on loopback or in a private network: for tests.
    pub to_private: bool,
    /// PayPal, where it is on.
    pub paypal: Option<PayPalSettings>,
    /// Stripe.
    pub stripe: Option<StripeSettings>,
    /// Bitcoin over Lightning.
    pub lightning: Option<LightningSettings>,
    /// E-cash.
    pub ecash: Option<EcashSettings>,
    /// The reader's phone bill.
    pub phone: Option<PhoneSettings>,
    /// SEPA credit transfers.
    pub transfer: Option<TransferSettings>,
    /// Vouchers.
    pub voucher: Option<VoucherSettings>,
}

impl RailSettings {
    /// Reads and checks them.
    ///
    /// # Errors
    /// [`SettingsError::Value`].
    pub fn read(values: &Values, currency: Currency) -> Result<Self, SettingsError> {
        let to_private = values.truth("rails.to_private")?;
        let (reach, roots) = (Reach::of(to_private), roots(values)?);
        let lightning = LightningSettings::read(values, currency, reach)?;
        let rate = lightning.as_ref().map(|on| &on.source);
        let ecash = EcashSettings::read(values, currency, reach, rate)?;
        Ok(Self {
            to_private,
            paypal: PayPalSettings::read(values, currency, (reach, &roots))?,
            stripe: StripeSettings::read(values, currency, reach)?,
            lightning,
            ecash,
            phone: PhoneSettings::read(values, currency, reach)?,
            transfer: TransferSettings::read(values, currency)?,
            voucher: VoucherSettings::read(values, currency)?,
        })
    }
}

/// The roots that are trusted besides the machine's own.
fn roots(values: &Values) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    const KEY: &str = "rails.certificates";
    let path = values.get(KEY).trim();
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    found.map_err(|_| values.wrong(KEY, "a file of certificates in PEM"))
}

/// The settings by which an operator says what a rail keeps in their contract.
#[derive(Debug, Clone, Copy)]
pub struct FeeKeys {
    /// The share, in hundredths of a percent.
    pub basis_points: &'static str,
    /// The fixed part.
    pub fixed: &'static str,
}

impl Values {
    /// A secret: the value of `key`, which only the environment can set, or else what stands in the file that `key_file`
    /// names. `None` where neither is set.
    ///
    /// # Errors
    /// [`SettingsError::Value`] for a file that cannot be read, or that others than its owner can.
    pub fn secret(
        &self,
        key: &'static str,
        key_file: &'static str,
    ) -> Result<Option<Secret>, SettingsError> {
        let said = self.get(key).trim();
        if !said.is_empty() {
            return Ok(Some(Secret::new(said)));
        }
        let path = self.get(key_file).trim();
        if path.is_empty() {
            return Ok(None);
        }
        Secret::from_file(Path::new(path)).map(Some).map_err(|unfit| SettingsError::SecretFile {
            key: key_file,
            path: path.to_owned(),
            wanted: unfit.to_string(),
        })
    }

    /// The address of a provider, as `key` has it: without a slash at the end.
    ///
    /// # Errors
    /// [`SettingsError::Value`].
    pub fn base(&self, key: &'static str, reach: Reach) -> Result<String, SettingsError> {
        let wanted = "an address such as https://rail.example; one of this machine or network \
                      needs `rails.to_private`";
        Wire::read_base(&self.words(key), reach).ok_or_else(|| self.wrong(key, wanted))
    }

    /// What a rail keeps: by `keys` where the operator has set them, else by their defaults, which were looked up on the day
    /// `as_of` in the public price list of `source`.
    ///
    /// # Errors
    /// [`SettingsError::Value`].
    pub fn fee(
        &self,
        keys: FeeKeys,
        currency: Currency,
        (as_of, source): (&str, &str),
    ) -> Result<Fee, SettingsError> {
        let is_own = self.sets(keys.basis_points) || self.sets(keys.fixed);
        Ok(Fee {
            basis_points: self.rate(keys.basis_points)?,
            fixed: self.money(keys.fixed, currency)?,
            least: ledger::Money::zero(currency),
            as_of: if is_own { String::new() } else { as_of.to_owned() },
            source: if is_own { String::new() } else { source.to_owned() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_price_list_holds_until_the_operator_has_a_contract_of_their_own() {
        let keys = FeeKeys { basis_points: "rates.card_basis_points", fixed: "rates.card_fixed" };
        let mut values = Values::default();
        let listed = ("2026-11-28", "Stripe");
        let fee = values.fee(keys, Currency::Eur, listed).expect("defaults");
        assert_eq!((fee.basis_points, fee.source.as_str()), (150, "Stripe"));
        values.set("here", keys.basis_points, "90".into()).expect("known");
        let fee = values.fee(keys, Currency::Eur, listed).expect("sound");
        assert_eq!((fee.basis_points, fee.source.as_str()), (90, ""));
    }

    #[test]
    fn a_secret_comes_from_its_setting_or_from_the_file_beside_it() {
        // Any two settings will do: what counts is where the value is looked for.
        let read = |values: &Values| values.secret("s3.secret", "s3.key_id");
        let mut values = Values::default();
        assert_eq!(read(&values), Ok(None));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, "hush").expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("a mode");
        values.set("here", "s3.key_id", path.display().to_string()).expect("known");
        let refused = read(&values).expect_err("others can read it").to_string();
        assert!(refused.contains("chmod 600") && !refused.contains("hush"), "{refused}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        assert_eq!(read(&values), Ok(Some(Secret::new("hush"))));
        values.set("here", "s3.secret", "said".into()).expect("known");
        assert_eq!(read(&values), Ok(Some(Secret::new("said"))));
    }
}
