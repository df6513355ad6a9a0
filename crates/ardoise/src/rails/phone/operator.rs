//! The operator, or whoever speaks for several: its calls, one by one.

use super::payment::{self, Payment, Returned, nonsense, segment};
use super::refusal::refused;
use super::settings::PhoneSettings;
use super::sink::Sink;
use crate::api::wire::instant;
use crate::clock::Clock;
use crate::rails::port::{Charge, RailError, Refund};
use crate::rails::token::Token;
use crate::rails::wire::{Call, Reply, Wire};
use ledger::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Where the two interfaces are, under the operator's address.
const PAYMENTS: &str = "/carrier-billing/v0.5/payments";
/// See [`PAYMENTS`].
const REFUNDS: &str = "/carrier-billing-refund/v0.3/payments";
/// Payments that are listed at once, and how many such lists are read: what is not among so many is not known.
const PAGE: usize = 50;
/// See [`PAGE`].
const PAGES_MOST: usize = 20;
/// Minutes by which the operator's clock may be behind the shop's, and by which it may name a payment later than it was asked.
const CLOCKS_MINUTES: i64 = 5;
/// See [`CLOCKS_MINUTES`].
const LATE_MINUTES: i64 = 30;

/// The operator.
pub struct Operator {
    base: String,
    merchant: String,
    token: Token,
    sink: Sink,
    wire: Wire,
}

/// Where a payment stands among those that the operator lists.
pub enum Listed {
    /// It is there.
    Found(Payment),
    /// It is not.
    Absent,
    /// There are more than are read.
    Unknown,
}

impl Operator {
    /// The operator as the settings say; it sends word to `webhook`, if it can.
    pub fn new(
        settings: &PhoneSettings,
        webhook: Option<String>,
        wire: Wire,
        clock: Clock,
    ) -> Self {
        Self {
            base: settings.base.clone(),
            merchant: settings.merchant.clone(),
            token: Token::new(settings.token.clone(), clock),
            sink: Sink::new(webhook, &settings.token.secret),
            wire,
        }
    }

    /// What is known of messages.
    pub const fn sink(&self) -> &Sink {
        &self.sink
    }

    /// Makes sure that the operator knows the shop, before anybody is asked for a number.
    pub async fn greet(&self) -> Result<(), RailError> {
        self.token.get(&self.wire).await.map(drop)
    }

    /// Has `number` pay at once. Asked once: what became of it is looked up.
    pub async fn pay(&self, charge: &Charge, number: &super::Number) -> Result<Reply, RailError> {
        let body = self.to_pay(charge, number)?;
        self.ask(charge, || Call::post(&self.payments("")).json(&body)).await
    }

    /// Has `number` set the amount aside; nothing is charged yet.
    pub async fn prepare(
        &self,
        charge: &Charge,
        number: &super::Number,
    ) -> Result<Reply, RailError> {
        let body = self.to_pay(charge, number)?;
        let url = self.payments("/prepare");
        self.ask(charge, || Call::post(&url).json(&body).repeatable()).await
    }

    fn to_pay(&self, charge: &Charge, number: &super::Number) -> Result<Value, RailError> {
        let mut body = payment::to_pay(charge, number, &self.merchant)?;
        self.sink.add_to(&mut body, charge);
        Ok(body)
    }

    /// Tells the code that the subscriber got.
    pub async fn validate(
        &self,
        charge: &Charge,
        payment: &str,
        (authorization, code): (&str, &str),
    ) -> Result<Reply, RailError> {
        let body = json!({ "authorizationId": authorization, "code": code });
        self.post(charge, payment, "validate", &body).await
    }

    /// Has what was set aside charged.
    pub async fn confirm(&self, charge: &Charge, payment: &Payment) -> Result<Reply, RailError> {
        self.end(charge, payment, "confirm").await
    }

    /// Has what was set aside let go.
    pub async fn cancel(&self, charge: &Charge, payment: &Payment) -> Result<Reply, RailError> {
        self.end(charge, payment, "cancel").await
    }

    async fn end(
        &self,
        charge: &Charge,
        payment: &Payment,
        verb: &str,
    ) -> Result<Reply, RailError> {
        let body = json!({ "phoneNumber": payment.number()?.reveal() });
        self.post(charge, &payment.id, verb, &body).await
    }

    async fn post(
        &self,
        charge: &Charge,
        payment: &str,
        verb: &str,
        body: &Value,
    ) -> Result<Reply, RailError> {
        let url = self.payments(&format!("/{}/{verb}", segment(payment)?));
        self.ask(charge, || Call::post(&url).json(body).repeatable()).await
    }

    /// How a payment stands; `None` where the operator does not know it.
    pub async fn show(&self, charge: &Charge, payment: &str) -> Result<Option<Payment>, RailError> {
        let url = self.payments(&format!("/{}", segment(payment)?));
        let reply = self.ask(charge, || Call::get(&url)).await?;
        if reply.status == http::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let payment: Payment = read(&reply)?;
        if payment.is_of(charge) { Ok(Some(payment)) } else { Err(nonsense("another payment")) }
    }

    /// The payment of a charge for which the operator was asked at `asked_at`, where its answer was lost.
    pub async fn find(&self, charge: &Charge, asked_at: Timestamp) -> Result<Listed, RailError> {
        let from = instant(asked_at.plus_minutes(-CLOCKS_MINUTES));
        let to = instant(asked_at.plus_minutes(LATE_MINUTES));
        let mut query = format!(
            "?paymentCreationDate.gte={from}&paymentCreationDate.lte={to}&order=asc&perPage={PAGE}"
        );
        if !self.merchant.is_empty() {
            query += &format!("&merchantIdentifier={}", encoded(&self.merchant));
        }
        for page in 1..=PAGES_MOST {
            let url = self.payments(&format!("{query}&page={page}"));
            let reply = self.ask(charge, || Call::get(&url)).await?;
            let payments: Vec<Payment> = read(&reply)?;
            let is_last = payments.len() < PAGE;
            if let Some(found) = payments.into_iter().find(|payment| payment.is_of(charge)) {
                return Ok(Listed::Found(found));
            }
            if is_last {
                return Ok(Listed::Absent);
            }
        }
        Ok(Listed::Unknown)
    }

    /// Has money go back. What became of it is looked up where the answer is lost.
    pub async fn give_back(&self, charge: &Charge, refund: &Refund) -> Result<Reply, RailError> {
        let url = self.refunds(refund)?;
        let body = payment::to_give_back(charge, refund, &self.merchant)?;
        self.ask(charge, || Call::post(&url).json(&body)).await
    }

    /// The refund with this key, where the operator has it already.
    pub async fn given_back(
        &self,
        charge: &Charge,
        refund: &Refund,
    ) -> Result<Option<Returned>, RailError> {
        for page in 1..=PAGES_MOST {
            let url = format!("{}?perPage={PAGE}&page={page}", self.refunds(refund)?);
            let refunds: Vec<Returned> = read(&self.ask(charge, || Call::get(&url)).await?)?;
            let is_last = refunds.len() < PAGE;
            let found = refunds.into_iter().find(|made| made.is_of(refund));
            if found.is_some() || is_last {
                return Ok(found);
            }
        }
        Err(nonsense("so many refunds"))
    }

    fn payments(&self, path: &str) -> String {
        format!("{}{PAYMENTS}{path}", self.base)
    }

    fn refunds(&self, refund: &Refund) -> Result<String, RailError> {
        Ok(format!("{}{REFUNDS}/{}/refunds", self.base, segment(&refund.reference)?))
    }

    async fn ask(&self, charge: &Charge, call: impl Fn() -> Call) -> Result<Reply, RailError> {
        let correlator = charge.id.to_string();
        self.token.ask(&self.wire, || call().header("x-correlator", &correlator)).await
    }
}

/// What an answer of success says.
pub fn read<T: DeserializeOwned>(reply: &Reply) -> Result<T, RailError> {
    if !reply.status.is_success() {
        return Err(refused(reply));
    }
    serde_json::from_slice(&reply.body).map_err(|_| nonsense("an answer"))
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
