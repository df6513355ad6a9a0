//! What the settings say about rails. Each rail reads its own part.

use super::fee::Fee;
use super::lightning::settings::LightningSettings;
use super::secret::Secret;
use crate::outbox::address::Reach;
use crate::settings::{SettingsError, Values};
use ledger::Currency;
use std::path::Path;

/// What the settings say about rails: a field for each that can be turned on.
#[derive(Debug, Clone)]
pub struct RailSettings {
    /// Whether rails may be on loopback or in a private network: for tests.
    pub to_private: bool,
    /// Bitcoin over Lightning.
    pub lightning: Option<LightningSettings>,
}

impl RailSettings {
    /// Reads and checks them.
    ///
    /// # Errors
    /// [`SettingsError::Value`].
    pub fn read(values: &Values, currency: Currency) -> Result<Self, SettingsError> {
        let to_private = values.truth("rails.to_private")?;
        let reach = Reach::of(to_private);
        Ok(Self { to_private, lightning: LightningSettings::read(values, currency, reach)? })
    }
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
