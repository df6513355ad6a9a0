//! A reader who agrees at PayPal's to be charged later, and pays nothing: a setup token, to which they agree, and the payment
//! token that is made of it. What this file knows is in PayPal's description `vault_payment_tokens_v3`; that a token is of the
//! type `SETUP_TOKEN`, and what states there are, in its manual: <https://developer.paypal.com/api/payment-tokens/v3/>.
//!
//! PayPal forgets its keys of idempotency after three hours. Whose answer was lost until then finds the payment token in the
//! list of those of the customer whom PayPal made up for the setup token.

use super::orders::{BRAND_MOST, cut, label, locale, nonsense};
use super::{PayPal, read, segment};
use crate::rails::port::{Became, Begun, Binding, Mandate, Next, RailError, Reason};
use crate::rails::wire::Call;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the way back says of a reader who did not agree.
const LEFT: &str = "left";

impl PayPal {
    pub(super) async fn begin_binding(&self, binding: &Binding) -> Result<Begun, RailError> {
        let key = binding.id.to_string();
        let reply = self.post("/v3/vault/setup-tokens", &key, &to_agree(binding)).await?;
        let token: SetupToken = read(&reply)?;
        let next = match token.where_to_agree() {
            Some(url) => Next::Redirect { url: url.to_owned() },
            // It was begun before, and has come further since.
            None => Next::Nothing,
        };
        Ok(Begun { next, reference: token.id, kept: String::new() })
    }

    pub(super) async fn ask_bound(
        &self,
        binding: &Binding,
        back: &BTreeMap<String, String>,
    ) -> Result<Became, RailError> {
        let path = format!("/v3/vault/setup-tokens/{}", segment(&binding.reference)?);
        let reply = self.token.ask(&self.wire, || Call::get(&self.url(&path))).await?;
        if reply.status == StatusCode::NOT_FOUND {
            // PayPal keeps those to which nobody agreed for three days at most.
            return Ok(Became::Declined(Reason::Late));
        }
        let token: SetupToken = read(&reply)?;
        match token.status.as_deref() {
            Some("CREATED" | "PAYER_ACTION_REQUIRED") if back.contains_key(LEFT) => {
                Ok(Became::Declined(Reason::Cancelled))
            }
            Some("CREATED" | "PAYER_ACTION_REQUIRED") => Ok(Became::Waiting),
            Some("APPROVED") => self.make_mandate(binding).await,
            Some("VAULTED" | "TOKENIZED") => self.find_mandate(&token).await,
            _ => Err(nonsense("a setup token's status")),
        }
    }

    async fn make_mandate(&self, binding: &Binding) -> Result<Became, RailError> {
        let source = json!({ "token": { "id": binding.reference, "type": "SETUP_TOKEN" } });
        let body = json!({ "payment_source": source });
        let key = format!("{}-token", binding.id);
        let reply = self.post("/v3/vault/payment-tokens", &key, &body).await?;
        match read::<PaymentToken>(&reply) {
            Ok(token) => Ok(Became::Bound(token.mandate())),
            Err(RailError::Declined(reason)) => Ok(Became::Declined(reason)),
            Err(error) => Err(error),
        }
    }

    /// The payment token that was made of a setup token, by somebody whose answer was lost.
    async fn find_mandate(&self, token: &SetupToken) -> Result<Became, RailError> {
        let customer = token.customer.as_ref().and_then(|customer| customer.id.as_deref());
        let customer = segment(customer.unwrap_or_default())?;
        let path = format!("/v3/vault/payment-tokens?customer_id={customer}");
        let reply = self.token.ask(&self.wire, || Call::get(&self.url(&path))).await?;
        let all: PaymentTokens = read(&reply)?;
        let [made] = &all.payment_tokens[..] else { return Err(nonsense("not one payment token")) };
        Ok(Became::Bound(made.mandate()))
    }
}

/// The setup token to which a reader agrees. Nobody is signed in at the shop: whoever comes a second time gives a second token,
/// so that ending one leaves the other.
fn to_agree(binding: &Binding) -> Value {
    let mark = if binding.return_url.contains('?') { '&' } else { '?' };
    let source = json!({
        "usage_type": "MERCHANT",
        "usage_pattern": "THRESHOLD_POSTPAID",
        "permit_multiple_payment_tokens": true,
        "experience_context": {
            "brand_name": cut(&binding.shop, BRAND_MOST),
            "locale": locale(&binding.locale),
            "shipping_preference": "NO_SHIPPING",
            "return_url": binding.return_url,
            "cancel_url": format!("{}{mark}{LEFT}=1", binding.return_url),
        },
    });
    json!({ "payment_source": { "paypal": source } })
}

/// What is read of a setup token.
#[derive(Debug, Deserialize)]
struct SetupToken {
    id: String,
    status: Option<String>,
    customer: Option<Customer>,
    #[serde(default)]
    links: Vec<super::orders::Link>,
}

impl SetupToken {
    fn where_to_agree(&self) -> Option<&str> {
        super::orders::where_to_agree(&self.links)
    }
}

#[derive(Debug, Deserialize)]
struct Customer {
    id: Option<String>,
}

/// What is read of a payment token.
#[derive(Debug, Deserialize)]
struct PaymentToken {
    id: String,
    payment_source: Option<Source>,
}

#[derive(Debug, Deserialize)]
struct Source {
    paypal: Option<Wallet>,
}

#[derive(Debug, Deserialize)]
struct Wallet {
    email_address: Option<String>,
}

#[derive(Debug, Deserialize)]
struct PaymentTokens {
    #[serde(default)]
    payment_tokens: Vec<PaymentToken>,
}

impl PaymentToken {
    fn mandate(&self) -> Mandate {
        let wallet = self.payment_source.as_ref().and_then(|source| source.paypal.as_ref());
        let email = wallet.and_then(|wallet| wallet.email_address.as_deref());
        let label = email.map_or_else(|| "PayPal".into(), label);
        Mandate { reference: self.id.clone(), label }
    }
}
