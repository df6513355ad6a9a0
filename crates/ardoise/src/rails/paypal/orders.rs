//! PayPal's orders, as they are asked for and read back: what this file knows of them is in PayPal's own description,
//! `checkout_orders_v2` and `payments_payment_v2`.

use super::sent::Sent;
use crate::rails::port::{
    Charge, Mandate, Outcome, RailError, Reason, Receipt, SentBack, Terms, Which,
};
use ledger::{Currency, Money};
use serde::Deserialize;
use serde_json::{Value, json};

/// The longest name that PayPal shows for a shop, in characters.
pub const BRAND_MOST: usize = 127;

/// The order for a charge that its reader agrees to at PayPal's.
pub fn to_agree(charge: &Charge) -> Value {
    let mut source = json!({
        "experience_context": {
            "brand_name": cut(&charge.shop, BRAND_MOST),
            "locale": locale(&charge.locale),
            "shipping_preference": "NO_SHIPPING",
            "user_action": "PAY_NOW",
            "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
            "return_url": charge.return_url,
            "cancel_url": charge.return_url,
        },
    });
    if charge.binds {
        source["attributes"] = json!({
            "vault": {
                "store_in_vault": "ON_SUCCESS",
                "usage_type": "MERCHANT",
                "usage_pattern": "THRESHOLD_POSTPAID",
            },
        });
    }
    order(charge, json!({ "paypal": source }))
}

/// The order for a charge by what its reader agreed to before.
pub fn by_mandate(charge: &Charge, mandate: &Mandate) -> Value {
    let stored = json!({
        "payment_initiator": "MERCHANT", "payment_type": "UNSCHEDULED", "usage": "SUBSEQUENT",
    });
    let source = json!({ "vault_id": mandate.reference, "stored_credential": stored });
    order(charge, json!({ "paypal": source }))
}

/// The charge's id stands in it twice: messages bring `custom_id` back, and of two orders with one `invoice_id` PayPal
/// takes money for one only, however they came to be.
fn order(charge: &Charge, source: Value) -> Value {
    let id = charge.id.to_string();
    json!({
        "intent": "CAPTURE",
        "purchase_units": [{
            "custom_id": id,
            "invoice_id": id,
            "description": cut(&charge.shop, BRAND_MOST),
            "amount": amount(charge.amount),
        }],
        "payment_source": source,
    })
}

/// An amount of whole cents, as PayPal writes it.
pub fn amount(money: Money) -> Value {
    json!({ "currency_code": money.currency().code(), "value": decimal(money) })
}

/// Without the digits that PayPal does not know; a charge has none there.
fn decimal(money: Money) -> String {
    let digits = money.currency().minor_digits() as usize;
    let text = money.round_down_to_minor().to_decimal();
    let point = text.find('.').unwrap_or(text.len());
    text.chars().take(point + 1 + digits).collect()
}

/// The first characters of a text.
pub fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// A language as PayPal writes it.
pub fn locale(code: &str) -> &'static str {
    if code == "fr" { "fr-FR" } else { "en-GB" }
}

/// An amount as PayPal writes it.
#[derive(Debug, Deserialize)]
pub struct Amount {
    currency_code: String,
    value: String,
}

impl Amount {
    /// # Errors
    /// [`RailError::Nonsense`] when it is none that a shop can have.
    pub fn money(&self) -> Result<Money, RailError> {
        let currency: Currency = self.currency_code.parse()?;
        Ok(Money::parse(&self.value, currency)?)
    }
}

/// What is read of an order.
#[derive(Debug, Deserialize)]
pub struct Order {
    /// PayPal's name for it.
    pub id: String,
    status: String,
    #[serde(default)]
    purchase_units: Vec<Unit>,
    payment_source: Option<Source>,
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Debug, Deserialize)]
struct Unit {
    custom_id: Option<String>,
    payments: Option<Payments>,
}

#[derive(Debug, Deserialize)]
struct Payments {
    #[serde(default)]
    captures: Vec<Capture>,
    #[serde(default)]
    refunds: Vec<Sent>,
}

/// Anything by which a charge is named, in two places.
#[derive(Debug, Deserialize)]
pub struct Named {
    custom_id: Option<String>,
    invoice_id: Option<String>,
}

impl Named {
    /// The charge.
    pub fn charge(&self) -> Option<Which> {
        let mut names = [&self.custom_id, &self.invoice_id].into_iter().flatten();
        names.find_map(|name| name.parse().ok()).map(Which::Id)
    }
}

#[derive(Debug, Deserialize)]
struct Capture {
    id: String,
    status: String,
    amount: Option<Amount>,
    custom_id: Option<String>,
    seller_receivable_breakdown: Option<Breakdown>,
}

#[derive(Debug, Deserialize)]
struct Breakdown {
    paypal_fee: Option<Amount>,
}

#[derive(Debug, Deserialize)]
struct Source {
    paypal: Option<Wallet>,
}

#[derive(Debug, Deserialize)]
struct Wallet {
    email_address: Option<String>,
    attributes: Option<Attributes>,
}

#[derive(Debug, Deserialize)]
struct Attributes {
    vault: Option<Vault>,
}

#[derive(Debug, Deserialize)]
struct Vault {
    id: Option<String>,
    status: Option<String>,
}

/// A link from an answer to something else.
#[derive(Debug, Deserialize)]
pub struct Link {
    /// To what.
    pub rel: String,
    /// Where.
    pub href: String,
}

/// How far an order has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Stage {
    /// The reader has still to agree.
    Open,
    /// The reader has agreed: the money can be captured.
    Agreed,
    /// It has an outcome, or waits for one that PayPal knows.
    Done(Outcome),
}

/// Where the reader agrees to something that has these links.
pub fn where_to_agree(links: &[Link]) -> Option<&str> {
    let leads = |link: &&Link| matches!(link.rel.as_str(), "payer-action" | "approve");
    links.iter().find(leads).map(|link| link.href.as_str())
}

impl Order {
    /// Where the reader agrees.
    pub fn where_to_agree(&self) -> Option<&str> {
        where_to_agree(&self.links)
    }

    /// How far it has come, for `charge`.
    ///
    /// # Errors
    /// [`RailError::Nonsense`] when it is another charge's order, or says what an order cannot say.
    pub fn stage(&self, charge: &Charge, terms: &Terms) -> Result<Stage, RailError> {
        Ok(match self.status.as_str() {
            "CREATED" | "SAVED" | "PAYER_ACTION_REQUIRED" => Stage::Open,
            "APPROVED" => Stage::Agreed,
            "VOIDED" => Stage::Done(Outcome::Declined(Reason::Cancelled)),
            "COMPLETED" => Stage::Done(self.captured(charge, terms)?),
            _ => return Err(nonsense("an order's status")),
        })
    }

    /// What was paid for the charge, and what went back of it.
    fn paid(&self, charge: &Charge) -> Result<(&Capture, &[Sent]), RailError> {
        let unit = self.purchase_units.first().ok_or(nonsense("an order without a unit"))?;
        let payments = unit.payments.as_ref();
        let captures = payments.map_or(&[][..], |payments| &payments.captures);
        let [capture] = captures else { return Err(nonsense("not one capture")) };
        let named = capture.custom_id.as_ref().or(unit.custom_id.as_ref());
        if named.is_some_and(|id| *id != charge.id.to_string()) {
            return Err(nonsense("the order of another charge"));
        }
        Ok((capture, payments.map_or(&[][..], |payments| &payments.refunds)))
    }

    /// What went back, whoever sent it.
    ///
    /// # Errors
    /// [`RailError::Nonsense`].
    pub fn sent_back(&self, charge: &Charge) -> Result<Vec<SentBack>, RailError> {
        self.paid(charge)?.1.iter().map(Sent::sent_back).collect()
    }

    fn captured(&self, charge: &Charge, terms: &Terms) -> Result<Outcome, RailError> {
        let (capture, _) = self.paid(charge)?;
        Ok(match capture.status.as_str() {
            // What was given back since was there first.
            "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED" => {
                Outcome::Settled(self.receipt(capture, charge, terms)?)
            }
            "PENDING" => Outcome::WAITING,
            "DECLINED" | "FAILED" => Outcome::Declined(Reason::Refused),
            _ => return Err(nonsense("a capture's status")),
        })
    }

    fn receipt(
        &self,
        capture: &Capture,
        charge: &Charge,
        terms: &Terms,
    ) -> Result<Receipt, RailError> {
        let amount = capture.amount.as_ref().ok_or(nonsense("a capture without an amount"))?;
        let received = amount.money()?;
        let said = capture.seller_receivable_breakdown.as_ref();
        let said = said.and_then(|breakdown| breakdown.paypal_fee.as_ref());
        let kept = match said {
            Some(said) => said.money()?,
            // In another currency than the shop's it says nothing, and the flow refuses what was received.
            None => terms.fee_on(received).unwrap_or(Money::zero(received.currency())),
        };
        Ok(Receipt {
            received,
            fee: kept,
            reference: capture.id.clone(),
            mandate: self.mandate().filter(|_| charge.binds),
            email: self.wallet().and_then(|wallet| wallet.email_address.clone()),
        })
    }

    fn wallet(&self) -> Option<&Wallet> {
        self.payment_source.as_ref()?.paypal.as_ref()
    }

    fn mandate(&self) -> Option<Mandate> {
        let wallet = self.wallet()?;
        let vault = wallet.attributes.as_ref()?.vault.as_ref()?;
        let is_kept = vault.status.as_deref().is_none_or(|status| status == "VAULTED");
        let label = wallet.email_address.as_deref().map_or_else(|| "PayPal".into(), label);
        let reference = vault.id.clone().filter(|_| is_kept)?;
        Some(Mandate { reference, label })
    }
}

/// An account as its owner knows it again, and nobody else: `PayPal b…@example.org`.
pub fn label(email: &str) -> String {
    match (email.chars().next(), email.split_once('@')) {
        (Some(first), Some((_, host))) => format!("PayPal {first}…@{host}"),
        _ => "PayPal".into(),
    }
}

pub fn nonsense(what: &'static str) -> RailError {
    RailError::Nonsense(format!("PayPal: {what}"))
}

/// What PayPal says when it does not do something.
#[derive(Debug, Default, Deserialize)]
pub struct Refusal {
    #[serde(default)]
    name: String,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Debug, Deserialize)]
struct Detail {
    #[serde(default)]
    issue: String,
}

impl Refusal {
    /// The most precise word there is.
    pub fn issue(&self) -> &str {
        self.details.first().map_or(&self.name, |detail| &detail.issue)
    }
}

/// Why a reader's money did not come, by PayPal's word for it, as the descriptions of orders and payments list them; nothing
/// when the word is about the shop.
pub fn reason(issue: &str) -> Option<Reason> {
    Some(match issue {
        "INSTRUMENT_DECLINED"
        | "PAYMENT_SOURCE_DECLINED_BY_PROCESSOR"
        | "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING"
        | "TRANSACTION_REFUSED"
        | "PAYER_CANNOT_PAY" => Reason::Refused,
        "PAYER_ACCOUNT_RESTRICTED"
        | "PAYER_ACCOUNT_LOCKED_OR_CLOSED"
        | "CARD_EXPIRED"
        | "REFERENCED_CARD_EXPIRED" => Reason::Means,
        "COMPLIANCE_VIOLATION" | "COUNTRY_NOT_SUPPORTED_BY_PAYMENT_SOURCE" => Reason::Unserved,
        "TRANSACTION_LIMIT_EXCEEDED" | "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED" => Reason::TooMuch,
        "ORDER_EXPIRED" | "ORDER_COMPLETED_OR_VOIDED" => Reason::Late,
        "PAYER_ACTION_REQUIRED" => Reason::Proof,
        "TOKEN_ID_NOT_FOUND"
        | "TOKEN_EXPIRED"
        | "MISMATCHED_VAULT_ID_TO_PAYMENT_SOURCE"
        | "AGREEMENT_ALREADY_CANCELLED"
        | "BILLING_AGREEMENT_NOT_FOUND" => Reason::Unbound,
        _ => return None,
    })
}
