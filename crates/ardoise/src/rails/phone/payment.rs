//! Payments and refunds, as the operator is asked for them and tells of them: what this file knows is in the descriptions
//! `carrier-billing` 0.5 and `carrier-billing-refund` 0.3 of CAMARA's release r3.2.

use super::number::Number;
use crate::pages::Locale;
use crate::pages::locale::Arg;
use crate::rails::port::{Charge, RailError, Refund};
use crate::rails::wire::is_segment;
use ledger::{Currency, Money};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The longest name of an operator's for something, in characters.
const NAME_MOST: usize = 200;
/// The longest description on a bill, in characters.
const WORDS_MOST: usize = 100;

/// A payment, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// The operator's name for it.
    #[serde(rename = "paymentId")]
    pub id: String,
    #[serde(rename = "paymentStatus")]
    status: String,
    amount_transaction: Transaction,
    /// How the subscriber agrees: told once, when the payment is prepared.
    pub validation_info: Option<Validation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transaction {
    phone_number: String,
    reference_code: String,
    payment_amount: Amount,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Amount {
    charging_information: Charging,
}

#[derive(Deserialize)]
struct Charging {
    /// As it was written: no digit of it is lost.
    amount: Box<RawValue>,
    currency: String,
}

/// How a subscriber agrees.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum Validation {
    /// By a code that they get by a message, and tell the shop.
    #[serde(rename_all = "camelCase")]
    Validate {
        /// What the code is sent with.
        authorization_id: String,
    },
    /// On a page of the operator's.
    Open {
        /// Its address.
        #[serde(rename = "validationURL")]
        url: String,
    },
}

/// How far a payment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The operator is at it.
    Processing,
    /// The subscriber is to agree.
    PendingValidation,
    /// The amount is set aside, and waits for the shop.
    Reserved,
    /// The money came.
    Succeeded,
    /// The operator said no.
    Denied,
    /// It was called off.
    Cancelled,
}

impl Payment {
    /// How far it has come.
    ///
    /// # Errors
    /// [`RailError::Nonsense`] for a word that the description does not have.
    pub fn status(&self) -> Result<Status, RailError> {
        Ok(match self.status.as_str() {
            "processing" => Status::Processing,
            "pending_validation" => Status::PendingValidation,
            "reserved" => Status::Reserved,
            "succeeded" => Status::Succeeded,
            "denied" => Status::Denied,
            "cancelled" => Status::Cancelled,
            _ => return Err(nonsense("a payment's status")),
        })
    }

    /// Whether it is the payment of `charge`.
    pub fn is_of(&self, charge: &Charge) -> bool {
        self.amount_transaction.reference_code == charge.id.to_string()
    }

    /// Whose number pays.
    ///
    /// # Errors
    /// [`RailError::Nonsense`] for what is no number.
    pub fn number(&self) -> Result<Number, RailError> {
        Number::read(&self.amount_transaction.phone_number).ok_or_else(|| nonsense("a number"))
    }

    /// How much, in the currency in which the operator says it.
    ///
    /// # Errors
    /// [`RailError::Nonsense`] when it is none that a shop can have.
    pub fn amount(&self) -> Result<Money, RailError> {
        let said = &self.amount_transaction.payment_amount.charging_information;
        let currency: Currency = said.currency.parse()?;
        Ok(Money::parse(said.amount.get(), currency)?)
    }
}

/// A refund, as far as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Returned {
    /// The operator's name for it.
    #[serde(rename = "refundId")]
    pub id: String,
    /// How far it has come.
    #[serde(rename = "refundStatus")]
    pub status: String,
    amount_transaction: Option<ReturnedTransaction>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReturnedTransaction {
    reference_code: String,
}

impl Returned {
    /// Whether it is the one with this key.
    pub fn is_of(&self, refund: &Refund) -> bool {
        let transaction = self.amount_transaction.as_ref();
        transaction.is_some_and(|transaction| transaction.reference_code == refund.key)
    }
}

/// What the operator is asked for: that `number` pays `charge`.
///
/// # Errors
/// [`RailError::Nonsense`] for an amount that is no number.
pub fn to_pay(charge: &Charge, number: &Number, merchant: &str) -> Result<Value, RailError> {
    let mut about = json!({ "merchantName": charge.shop });
    if !merchant.is_empty() {
        about["merchantIdentifier"] = json!(merchant);
    }
    let id = charge.id.to_string();
    Ok(json!({
        "amountTransaction": {
            "phoneNumber": number.reveal(),
            "clientCorrelator": id,
            "referenceCode": id,
            "paymentAmount": {
                "chargingInformation": charging(charge, charge.amount)?,
                "chargingMetaData": about,
            },
        },
    }))
}

/// What the operator is asked for: that so much of `charge` goes back.
///
/// # Errors
/// [`RailError::Nonsense`] for an amount that is no number.
pub fn to_give_back(charge: &Charge, refund: &Refund, merchant: &str) -> Result<Value, RailError> {
    let is_all = refund.amount == charge.amount;
    let mut amount = json!({});
    if !is_all {
        amount["chargingInformation"] = charging(charge, refund.amount)?;
    }
    if !merchant.is_empty() {
        amount["chargingMetaData"] = json!({ "merchantIdentifier": merchant });
    }
    Ok(json!({
        "type": if is_all { "total" } else { "partial" },
        "amountTransaction": {
            "clientCorrelator": refund.key,
            "referenceCode": refund.key,
            "refundAmount": amount,
        },
    }))
}

/// What stands on the bill. Prices have their tax in them.
fn charging(charge: &Charge, amount: Money) -> Result<Value, RailError> {
    let locale = Locale::from_code(&charge.locale).unwrap_or_default();
    let words = locale.text_with("phone-item", &[("shop", Arg::Word(charge.shop.clone()))]);
    let words: String = words.chars().filter(|c| !c.is_control()).take(WORDS_MOST).collect();
    Ok(json!({
        "amount": number(amount)?,
        "currency": amount.currency().code(),
        "description": words,
        "isTaxIncluded": true,
    }))
}

/// An amount as the description has it: a number of JSON. It is read from the decimal text, and written as the shortest one that
/// reads the same; up to fifteen digits that is the very number.
fn number(amount: Money) -> Result<serde_json::Number, RailError> {
    serde_json::from_str(&amount.to_decimal()).map_err(|_| nonsense("an amount"))
}

/// What the operator calls something, as a part of a path: nothing from outside leads anywhere else.
///
/// # Errors
/// [`RailError::Nonsense`].
pub fn segment(name: &str) -> Result<&str, RailError> {
    let is_name = name.len() <= NAME_MOST && is_segment(name, "-_:");
    if is_name { Ok(name) } else { Err(nonsense("a name")) }
}

/// An answer that cannot be: a word about what.
pub fn nonsense(what: &str) -> RailError {
    RailError::Nonsense(format!("{what} that the description does not have"))
}
