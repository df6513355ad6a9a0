//! PayPal: the reader agrees at PayPal's, the shop captures, and where the reader wished so, charges again later without them
//! (Orders v2, Payments v2, Payment Tokens v3; `docs/rails/paypal.md`). Authors are paid by it, too (Payouts v1).
//!
//! An order is made under the charge's id (`PayPal-Request-Id`), so that asking twice makes one. PayPal forgets that
//! key after some hours; the `invoice_id` in the order it never forgets, and of two orders with the same one it takes money
//! for one only.

mod check;
mod orders;
mod payouts;
mod sent;
pub mod settings;
mod signature;
#[cfg(test)]
mod tests;
mod vault;

use super::PAYPAL;
use super::port::{
    Asked, Became, Begun, Binding, Charge, Dispute, Flaw, Heard, Mandate, Message, Next,
    OPEN_HOURS, Outcome, PaidOut, Payout, Rail, RailError, Reason, Refund, Refunded, SentBack,
    Terms, Unheard,
};
use super::token::{Source, Token};
use super::wire::{Call, Reply, Wire, is_segment};
use crate::clock::Clock;
use futures_util::future::BoxFuture;
use http::{Method, StatusCode};
use ledger::{Currency, Money};
use orders::{Amount, Order, Refusal, Stage, nonsense, reason};
use sent::Sent;
use serde::Deserialize;
use serde_json::{Value, json};
use settings::PayPalSettings;
use signature::{Certificates, Spoken};
use std::collections::BTreeMap;

/// The largest charge: far above any tab, far below what PayPal asks questions about.
const MAXIMUM_CENTS: i64 = 100_000;

/// PayPal.
pub struct PayPal {
    terms: Terms,
    settings: PayPalSettings,
    wire: Wire,
    token: Token,
    certificates: Certificates,
}

impl PayPal {
    /// PayPal, for a shop in `currency`.
    pub fn new(settings: PayPalSettings, wire: Wire, clock: Clock, currency: Currency) -> Self {
        let coin = |cents| Money::from_cents(cents, currency).expect("above zero, and small");
        let terms = Terms {
            number: PAYPAL.number,
            name: PAYPAL.name,
            currencies: &Currency::ALL,
            unit: coin(1),
            minimum: coin(1),
            maximum: Some(coin(MAXIMUM_CENTS)),
            fee: settings.fee.clone(),
            open_hours: OPEN_HOURS,
            amount_may_differ: false,
            charges_without_reader: true,
            binds_without_charge: true,
            refunds: true,
            payouts: settings.payouts.clone(),
            is_fake: settings.is_fake,
            leads_to: settings.leads_to.clone(),
        };
        let certificates = Certificates::new(&settings, wire.clone());
        let source = Source {
            // <https://developer.paypal.com/api/rest/authentication/>
            url: format!("{}/v1/oauth2/token", settings.base),
            client_id: settings.client_id.clone(),
            secret: settings.secret.clone(),
            scope: String::new(),
        };
        Self { terms, token: Token::new(source, clock), certificates, wire, settings }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.base)
    }

    /// Does something under a key of idempotency, and has the answer say all there is to say.
    async fn post(&self, path: &str, key: &str, body: &Value) -> Result<Reply, RailError> {
        let call = || {
            Call::post(&self.url(path))
                .header("paypal-request-id", key)
                .header("prefer", "return=representation")
                .json(body)
                .repeatable()
        };
        self.token.ask(&self.wire, call).await
    }

    async fn order(&self, reference: &str) -> Result<Reply, RailError> {
        let path = format!("/v2/checkout/orders/{}", segment(reference)?);
        self.token.ask(&self.wire, || Call::get(&self.url(&path))).await
    }

    async fn make_order(&self, charge: &Charge, body: &Value) -> Result<Order, RailError> {
        let reply = self.post("/v2/checkout/orders", &charge.id.to_string(), body).await?;
        read(&reply)
    }

    async fn begin_charge(&self, charge: &Charge) -> Result<Begun, RailError> {
        let order = self.make_order(charge, &orders::to_agree(charge)).await?;
        let next = match order.where_to_agree() {
            Some(url) => Next::Redirect { url: url.to_owned() },
            // It was begun before, and has come further since.
            None => Next::Nothing,
        };
        Ok(Begun { next, reference: order.id, kept: String::new() })
    }

    async fn look_at(&self, charge: &Charge) -> Result<Outcome, RailError> {
        if charge.reference.is_empty() {
            return Ok(Outcome::Unknown);
        }
        let reply = self.order(&charge.reference).await?;
        if reply.status == StatusCode::NOT_FOUND {
            // PayPal keeps orders to which nobody agreed for some hours only.
            return Ok(Outcome::Declined(Reason::Late));
        }
        let order: Order = read(&reply)?;
        match order.stage(charge, &self.terms)? {
            Stage::Open => Ok(Outcome::WAITING),
            Stage::Agreed => self.capture(charge).await,
            Stage::Done(outcome) => Ok(outcome),
        }
    }

    async fn capture(&self, charge: &Charge) -> Result<Outcome, RailError> {
        let path = format!("/v2/checkout/orders/{}/capture", segment(&charge.reference)?);
        let reply = self.post(&path, &charge.id.to_string(), &json!({})).await?;
        match issue(&reply).as_deref() {
            Some("ORDER_ALREADY_CAPTURED") => {
                let order: Order = read(&self.order(&charge.reference).await?)?;
                return self.outcome(&order, charge);
            }
            // They agreed with something that PayPal has refused since: they may agree again.
            Some(
                "ORDER_NOT_APPROVED"
                | "PAYER_ACTION_REQUIRED"
                | "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING"
                | "INSTRUMENT_DECLINED",
            ) => return Ok(Outcome::WAITING),
            _ => {}
        }
        match read(&reply) {
            Ok(order) => self.outcome(&order, charge),
            Err(RailError::Declined(reason)) => Ok(Outcome::Declined(reason)),
            Err(error) => Err(error),
        }
    }

    fn outcome(&self, order: &Order, charge: &Charge) -> Result<Outcome, RailError> {
        match order.stage(charge, &self.terms)? {
            Stage::Open | Stage::Agreed => Ok(Outcome::WAITING),
            Stage::Done(outcome) => Ok(outcome),
        }
    }

    async fn charge_by(
        &self,
        charge: &Charge,
        mandate: &Mandate,
    ) -> Result<(Begun, Outcome), RailError> {
        let order = self.make_order(charge, &orders::by_mandate(charge, mandate)).await?;
        let outcome = match order.stage(charge, &self.terms)? {
            // A mandate that needs its owner has ended.
            Stage::Open => Outcome::Declined(Reason::Proof),
            Stage::Agreed => {
                let known = Charge { reference: order.id.clone(), ..charge.clone() };
                self.capture(&known).await?
            }
            Stage::Done(outcome) => outcome,
        };
        let begun = Begun { next: Next::Nothing, reference: order.id, kept: String::new() };
        Ok((begun, outcome))
    }

    async fn end_mandate(&self, mandate: &Mandate) -> Result<(), RailError> {
        let path = format!("/v3/vault/payment-tokens/{}", segment(&mandate.reference)?);
        let call = || Call::with_method(Method::DELETE, &self.url(&path)).repeatable();
        let reply = self.token.ask(&self.wire, call).await?;
        match reply.status {
            StatusCode::NO_CONTENT | StatusCode::OK | StatusCode::NOT_FOUND => Ok(()),
            _ => Err(refused(&reply)),
        }
    }

    async fn send_back(&self, charge: &Charge, refund: &Refund) -> Result<Refunded, RailError> {
        let path = format!("/v2/payments/captures/{}/refund", segment(&refund.reference)?);
        // By its name it is known again among those that somebody made at PayPal's own page.
        let body = json!({ "amount": orders::amount(refund.amount), "custom_id": refund.key });
        let reply = self.post(&path, &refund.key, &body).await?;
        match issue(&reply).as_deref() {
            Some("REFUND_AMOUNT_EXCEEDED" | "CAPTURE_FULLY_REFUNDED") => {
                return Ok(Refunded::Declined(Reason::TooMuch));
            }
            Some("REFUND_TIME_LIMIT_EXCEEDED") => return Ok(Refunded::Declined(Reason::Late)),
            Some("REFUND_FAILED_INSUFFICIENT_FUNDS") => {
                return Ok(Refunded::Declined(Reason::Funds));
            }
            Some(word) if word.starts_with("REFUND_") || word.starts_with("MAX_NUMBER_OF_") => {
                return Ok(Refunded::Declined(Reason::Refused));
            }
            _ => {}
        }
        read::<Sent>(&reply)?.refunded(charge.amount.currency())
    }

    async fn all_sent_back(&self, charge: &Charge) -> Result<Vec<SentBack>, RailError> {
        let order: Order = read(&self.order(&charge.reference).await?)?;
        order.sent_back(charge)
    }

    /// Whom a message about a refund speaks of that does not say it itself: its capture does.
    async fn heard_of_capture(&self, capture: &str) -> Result<Heard, Unheard> {
        let name = segment(capture).map_err(|_| Unheard::Forged("malformed"))?;
        let url = self.url(&format!("/v2/payments/captures/{name}"));
        let asked = self.token.ask(&self.wire, || Call::get(&url)).await;
        let reply = asked.map_err(Unheard::Later)?;
        if reply.status == StatusCode::NOT_FOUND {
            return Ok(Heard::Nothing);
        }
        let capture: orders::Named = read(&reply).map_err(Unheard::Later)?;
        Ok(capture.charge().map_or(Heard::Nothing, Heard::Refund))
    }

    async fn ask_dispute(&self, dispute: &str) -> Result<Dispute, RailError> {
        let path = format!("/v1/customer/disputes/{}", segment(dispute)?);
        let reply = self.token.ask(&self.wire, || Call::get(&self.url(&path))).await?;
        read::<Disputed>(&reply)?.dispute()
    }
}

/// A dispute (<https://developer.paypal.com/docs/api/customer-disputes/v1/>).
#[derive(Debug, Deserialize)]
struct Disputed {
    status: String,
    dispute_amount: Amount,
    dispute_outcome: Option<DisputeOutcome>,
}

#[derive(Debug, Deserialize)]
struct DisputeOutcome {
    outcome_code: String,
    amount_refunded: Option<Amount>,
}

impl Disputed {
    fn dispute(&self) -> Result<Dispute, RailError> {
        let amount = self.dispute_amount.money()?;
        let outcome = self.dispute_outcome.as_ref().filter(|_| self.status == "RESOLVED");
        let Some(outcome) = outcome else {
            return Ok(Dispute::Open(amount, Money::zero(amount.currency())));
        };
        let back = outcome.amount_refunded.as_ref().map_or(Ok(amount), Amount::money)?;
        Ok(match outcome.outcome_code.as_str() {
            "RESOLVED_BUYER_FAVOUR" | "ACCEPTED" => {
                Dispute::Lost(back, Money::zero(amount.currency()))
            }
            // PayPal has paid the reader itself, or they have given up.
            "RESOLVED_SELLER_FAVOUR" | "RESOLVED_WITH_PAYOUT" | "CANCELED_BY_BUYER" | "DENIED" => {
                Dispute::Won(Money::zero(amount.currency()))
            }
            _ => return Err(nonsense("a dispute's outcome")),
        })
    }
}

/// What PayPal calls something, as a part of a path: nothing from outside leads anywhere else.
fn segment(name: &str) -> Result<&str, RailError> {
    if is_segment(name, "-_") { Ok(name) } else { Err(nonsense("a name")) }
}

/// PayPal's word for why it did not do something, where it says that the request is the reason.
fn issue(reply: &Reply) -> Option<String> {
    let is_refusal = matches!(reply.status.as_u16(), 400 | 403 | 404 | 422);
    let refusal: Option<Refusal> =
        is_refusal.then(|| serde_json::from_slice(&reply.body).unwrap_or_default());
    refusal.map(|refusal| refusal.issue().to_owned())
}

/// What an answer that is none of success means.
fn refused(reply: &Reply) -> RailError {
    let status = reply.status;
    let issue = issue(reply).unwrap_or_default();
    // Only words that PayPal's manual knows are repeated.
    let is_word = issue.len() < 64 && issue.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let told = format!("{} {}", status.as_u16(), if is_word { issue.as_str() } else { "" });
    match status.as_u16() {
        429 => RailError::NotReached(told),
        409 | 500.. => RailError::Lost(told),
        _ => reason(&issue).map_or(RailError::Refused(told), RailError::Declined),
    }
}

fn read<T: serde::de::DeserializeOwned>(reply: &Reply) -> Result<T, RailError> {
    if !reply.status.is_success() {
        return Err(refused(reply));
    }
    serde_json::from_slice(&reply.body).map_err(|_| nonsense("an answer of another shape"))
}

impl Rail for PayPal {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn tells_address(&self) -> bool {
        true
    }

    fn begin<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Begun> {
        Box::pin(self.begin_charge(charge))
    }

    fn look<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Outcome> {
        Box::pin(self.look_at(charge))
    }

    fn hear<'a>(&'a self, message: Message<'a>) -> BoxFuture<'a, Result<Heard, Unheard>> {
        Box::pin(async move {
            self.certificates.check(&message).await?;
            match signature::heard(message.body)? {
                Spoken::Heard(heard) => Ok(heard),
                Spoken::RefundOf(capture) => self.heard_of_capture(&capture).await,
            }
        })
    }

    fn charge_mandate<'a>(
        &'a self,
        charge: &'a Charge,
        mandate: &'a Mandate,
    ) -> Asked<'a, (Begun, Outcome)> {
        Box::pin(self.charge_by(charge, mandate))
    }

    fn bind<'a>(&'a self, binding: &'a Binding) -> Asked<'a, Begun> {
        Box::pin(self.begin_binding(binding))
    }

    fn bound<'a>(
        &'a self,
        binding: &'a Binding,
        back: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Became> {
        Box::pin(self.ask_bound(binding, back))
    }

    fn unbind<'a>(&'a self, mandate: &'a Mandate) -> Asked<'a, ()> {
        Box::pin(self.end_mandate(mandate))
    }

    fn refund<'a>(&'a self, charge: &'a Charge, refund: &'a Refund) -> Asked<'a, Refunded> {
        Box::pin(self.send_back(charge, refund))
    }

    fn pay_out<'a>(&'a self, payout: &'a Payout) -> Asked<'a, PaidOut> {
        Box::pin(self.send_payout(payout))
    }

    fn paid_out<'a>(&'a self, payout: &'a Payout) -> Asked<'a, PaidOut> {
        Box::pin(self.ask_payout(payout, &payout.reference))
    }

    fn refunds_of<'a>(&'a self, charge: &'a Charge, _: &'a str) -> Asked<'a, Vec<SentBack>> {
        Box::pin(self.all_sent_back(charge))
    }

    fn check<'a>(&'a self, webhook: Option<&'a str>) -> Asked<'a, Option<Vec<Flaw>>> {
        Box::pin(async move { self.flaws(webhook).await.map(Some) })
    }

    fn dispute<'a>(&'a self, _: &'a Charge, dispute: &'a str) -> Asked<'a, Dispute> {
        Box::pin(self.ask_dispute(dispute))
    }
}
