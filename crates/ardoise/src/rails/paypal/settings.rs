//! What the settings say about PayPal.

use crate::outbox::address::Reach;
use crate::rails::fee::Fee;
use crate::rails::port::{PayoutTerms, Recipient};
use crate::rails::secret::Secret;
use crate::rails::settings::FeeKeys;
use crate::rails::wire::Wire;
use crate::settings::{SettingsError, Values};
use ledger::{Currency, Money};
use rustls::pki_types::CertificateDer;

/// PayPal's own addresses: of real money, and of its sandbox.
const PLACES: [Place; 2] = [
    Place {
        word: "live",
        base: "https://api-m.paypal.com",
        agrees_at: "https://www.paypal.com",
        signs_as: "messageverificationcerts.paypal.com",
        certificates_at: &["https://api.paypal.com", "https://api-m.paypal.com"],
    },
    Place {
        word: "sandbox",
        base: "https://api-m.sandbox.paypal.com",
        agrees_at: "https://www.sandbox.paypal.com",
        signs_as: "messageverificationcerts.sandbox.paypal.com",
        certificates_at: &["https://api.sandbox.paypal.com", "https://api-m.sandbox.paypal.com"],
    },
];
/// The same for payouts: a share of each, up to a sum that differs from country to country.
const PAYOUT_PRICES: (&str, &str) = ("2026-11-28", "developer.paypal.com/payouts/fees");
/// Days for which PayPal refuses an id of a payout that it knows, less two for clocks and for what waits:
/// <https://developer.paypal.com/docs/api/payments.payouts-batch/v1/#payouts_post>.
const PAYOUT_KEY_DAYS: i64 = 28;
/// The longest address of a recipient, in bytes: the description of the same.
const RECIPIENT_MOST: usize = 127;
/// The largest payout, in whole units of any currency: about 20 000 dollars is the most that PayPal sends at once.
const PAYOUT_MOST_CENTS: i64 = 1_500_000;
/// Where the defaults of the fee were looked up, and on which day.
const PRICE_LIST: (&str, &str) = ("2026-11-28", "paypal.com/fr/webapps/mpp/merchant-fees");

struct Place {
    word: &'static str,
    base: &'static str,
    agrees_at: &'static str,
    signs_as: &'static str,
    certificates_at: &'static [&'static str],
}

/// What the settings say about PayPal.
#[derive(Debug, Clone)]
pub struct PayPalSettings {
    /// Where its interface is, without a slash at the end.
    pub base: String,
    /// Where a reader agrees.
    pub leads_to: Vec<String>,
    /// In whose name its messages are signed.
    pub signs_as: &'static str,
    /// The origins of the certificates that sign them.
    pub certificates_at: Vec<String>,
    /// Roots trusted besides the machine's own.
    pub roots: Vec<CertificateDer<'static>>,
    /// The shop's name at PayPal.
    pub client_id: String,
    /// The shop's key.
    pub secret: Secret,
    /// PayPal's name for the shop's address of messages; empty where there is none, and messages are not believed then.
    pub webhook_id: String,
    /// What it keeps.
    pub fee: Fee,
    /// Whether its money is not real.
    pub is_fake: bool,
    /// How it pays authors; nothing where it does not.
    pub payouts: Option<PayoutTerms>,
}

impl PayPalSettings {
    /// What the settings say, or nothing where PayPal is off: without a client id.
    ///
    /// # Errors
    /// [`SettingsError::Value`].
    pub fn read(
        values: &Values,
        currency: Currency,
        (reach, roots): (Reach, &[CertificateDer<'static>]),
    ) -> Result<Option<Self>, SettingsError> {
        let client_id = values.get("paypal.client_id").trim().to_owned();
        if client_id.is_empty() {
            return Ok(None);
        }
        let secret = values.secret("paypal.secret", "paypal.secret_file")?;
        let secret = secret.ok_or_else(|| {
            values.wrong("paypal.secret", "the secret that belongs to the client id")
        })?;
        let said = values.get("paypal.place").trim();
        let settings = match PLACES.iter().find(|place| place.word == said) {
            Some(place) => Self {
                base: place.base.into(),
                leads_to: vec![place.agrees_at.into()],
                signs_as: place.signs_as,
                certificates_at: place.certificates_at.iter().map(|&at| at.into()).collect(),
                ..Self::of(values, currency, client_id, secret)?
            },
            None => {
                let base = Wire::read_base(said, reach).filter(|_| reach == Reach::Private);
                let base = base.ok_or_else(|| values.wrong("paypal.place", "live or sandbox"))?;
                Self {
                    leads_to: vec![base.clone()],
                    certificates_at: vec![base.clone()],
                    base,
                    ..Self::of(values, currency, client_id, secret)?
                }
            }
        };
        Ok(Some(Self { roots: roots.to_vec(), ..settings }))
    }

    fn of(
        values: &Values,
        currency: Currency,
        client_id: String,
        secret: Secret,
    ) -> Result<Self, SettingsError> {
        let keys = FeeKeys { basis_points: "paypal.fee_basis_points", fixed: "paypal.fee_fixed" };
        Ok(Self {
            base: String::new(),
            leads_to: Vec::new(),
            signs_as: PLACES[1].signs_as,
            certificates_at: Vec::new(),
            roots: Vec::new(),
            client_id,
            secret,
            webhook_id: values.get("paypal.webhook_id").trim().to_owned(),
            fee: values.fee(keys, currency, PRICE_LIST)?,
            is_fake: values.get("paypal.place").trim() != "live",
            payouts: payouts(values, currency)?,
        })
    }
}

/// How PayPal pays authors, where that is turned on.
fn payouts(values: &Values, currency: Currency) -> Result<Option<PayoutTerms>, SettingsError> {
    if !values.truth("paypal.payouts")? {
        return Ok(None);
    }
    let keys = FeeKeys {
        basis_points: "paypal.payout_fee_basis_points",
        fixed: "paypal.payout_fee_fixed",
    };
    let most = values.money("paypal.payout_fee_most", currency)?;
    let coin = |cents| Money::from_cents(cents, currency).expect("above zero, and small");
    Ok(Some(PayoutTerms {
        fee: values.fee(keys, currency, PAYOUT_PRICES)?,
        fee_most: Some(most).filter(|most| !most.is_zero()),
        minimum: coin(1),
        maximum: Some(coin(PAYOUT_MOST_CENTS)),
        recipient: Recipient::Email { most: RECIPIENT_MOST },
        key_days: PAYOUT_KEY_DAYS,
    }))
}
