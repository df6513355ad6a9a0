//! [`Scripted`]: a rail to the made-up [`Provider`]. It sends readers away and captures when they come back.

use crate::provider::{Provider, SECRET};
use ardoise::clock::Clock;
use ardoise::outbox::address::Reach;
use ardoise::rails::SCRIPTED;
use ardoise::rails::port::{
    Asked, Became, Begun, Binding, Charge, Dispute, Fee, Heard, Mandate, Message, Next, OPEN_HOURS,
    Outcome, PaidOut, Payout, PayoutTerms, Rail, RailError, Reason, Receipt, Recipient, Refund,
    Refunded, SentBack, Terms, Unheard, Waits, Which,
};
use ardoise::rails::wire::{Call, Reply, Wire};
use aws_lc_rs::hmac;
use futures_util::future::BoxFuture;
use ledger::{Currency, Money};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Seconds for which a message is fresh.
const FRESH_SECONDS: i64 = 300;

pub struct Scripted {
    terms: Terms,
    wire: Wire,
    url: String,
}

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::Eur).expect("an amount")
}

impl Scripted {
    pub fn at(provider: &Provider, clock: &Clock) -> Self {
        let fee = Fee {
            basis_points: 150,
            fixed: euros("0.05"),
            least: euros("0"),
            as_of: "2026-11-28".into(),
            source: "Scripted".into(),
        };
        let terms = Terms {
            number: SCRIPTED.number,
            name: SCRIPTED.name,
            currencies: &[Currency::Eur],
            unit: euros("0.01"),
            minimum: euros("0.10"),
            maximum: Some(euros("50")),
            fee,
            open_hours: OPEN_HOURS,
            amount_may_differ: false,
            charges_without_reader: true,
            binds_without_charge: true,
            refunds: true,
            payouts: Some(PayoutTerms {
                fee: Fee { basis_points: 200, ..Fee::none(euros("0")) },
                fee_most: Some(euros("0.50")),
                minimum: euros("0.02"),
                maximum: Some(euros("20")),
                recipient: Recipient::Email { most: 100 },
                key_days: 28,
            }),
            is_fake: false,
            leads_to: vec![provider.url.clone()],
        };
        Self { terms, wire: Wire::new(Reach::Private, clock.clone()), url: provider.url.clone() }
    }

    async fn ask(&self, call: Call) -> Result<Value, RailError> {
        let reply: Reply = self.wire.ask(call).await?;
        match reply.status.as_u16() {
            200 => reply.json(),
            401 => Err(RailError::Refused("401".into())),
            other => Err(RailError::Lost(other.to_string())),
        }
    }

    fn wanted(charge: &Charge) -> Value {
        let currency = charge.amount.currency().code();
        let micros = charge.amount.micros();
        json!({ "key": charge.id.to_string(), "micros": micros, "currency": currency })
    }

    fn outcome(&self, charge: &Charge, order: &Value) -> Result<Outcome, RailError> {
        let nonsense = || RailError::Nonsense("an order without its parts".into());
        match order["status"].as_str().ok_or_else(nonsense)? {
            "open" | "agreed" => Ok(Outcome::WAITING),
            "proof" => Ok(Outcome::Declined(Reason::Proof)),
            "declined" if charge.kept == "mandate" => Ok(Outcome::Declined(Reason::Means)),
            "declined" => Ok(Outcome::Declined(Reason::Funds)),
            "paid" => {
                let currency = order["currency"].as_str().and_then(|code| code.parse().ok());
                let micros = order["micros"].as_i64().ok_or_else(nonsense)?;
                let received = Money::from_micros(micros, currency.ok_or_else(nonsense)?)?;
                let mandate = charge.binds.then(|| Mandate {
                    reference: format!("MANDATE-{}", charge.reference),
                    label: "•••• 4242".into(),
                });
                Ok(Outcome::Settled(Receipt {
                    received,
                    fee: self.terms.fee_on(charge.amount)?,
                    reference: format!("CAPTURE-{}", charge.reference),
                    mandate,
                    email: order["payer"].as_str().map(str::to_owned),
                }))
            }
            _ => Err(nonsense()),
        }
    }

    fn begun(order: &Value, next: Next, kept: &str) -> Result<Begun, RailError> {
        let reference = order["order"].as_str();
        let reference = reference.ok_or_else(|| RailError::Nonsense("no order".into()))?.to_owned();
        Ok(Begun { next, reference, kept: kept.into() })
    }
}

impl Rail for Scripted {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn tells_address(&self) -> bool {
        true
    }

    fn begin<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Begun> {
        Box::pin(async move {
            let call = Call::post(&format!("{}/orders", self.url)).json(&Self::wanted(charge));
            let order = self.ask(call.repeatable()).await?;
            let reference = order["order"].as_str().unwrap_or_default();
            let url = format!("{}/pay/{reference}", self.url);
            Self::begun(&order, Next::Redirect { url }, "")
        })
    }

    fn look<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Outcome> {
        Box::pin(async move {
            let url = match charge.reference.as_str() {
                "" => format!("{}/orders?key={}", self.url, charge.id),
                reference => format!("{}/orders/{reference}", self.url),
            };
            let order = self.ask(Call::get(&url)).await?;
            if order["status"] == "agreed" {
                return self.returned(charge, &BTreeMap::new()).await;
            }
            self.outcome(charge, &order)
        })
    }

    fn returned<'a>(
        &'a self,
        charge: &'a Charge,
        _: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Outcome> {
        Box::pin(async move {
            let url = format!("{}/orders/{}/capture", self.url, charge.reference);
            let order = self.ask(Call::post(&url)).await?;
            self.outcome(charge, &order)
        })
    }

    fn hear<'a>(&'a self, message: Message<'a>) -> BoxFuture<'a, Result<Heard, Unheard>> {
        Box::pin(async move { hear(message) })
    }

    fn bind<'a>(&'a self, binding: &'a Binding) -> Asked<'a, Begun> {
        Box::pin(async move {
            let wanted = json!({ "key": binding.id.to_string() });
            let call = Call::post(&format!("{}/bindings", self.url)).json(&wanted);
            let begun = self.ask(call.repeatable()).await?;
            let reference = begun["order"].as_str().unwrap_or_default();
            let url = format!("{}/agree/{reference}", self.url);
            Self::begun(&begun, Next::Redirect { url }, "")
        })
    }

    fn bound<'a>(
        &'a self,
        binding: &'a Binding,
        _: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Became> {
        Box::pin(async move {
            let url = format!("{}/bindings/{}", self.url, binding.reference);
            let shown = self.ask(Call::get(&url)).await?;
            if shown["status"] != "bound" {
                return Ok(Became::Waiting);
            }
            let reference = shown["mandate"].as_str().expect("a mandate").to_owned();
            Ok(Became::Bound(Mandate { reference, label: "•••• 4242".into() }))
        })
    }

    fn unbind<'a>(&'a self, mandate: &'a Mandate) -> Asked<'a, ()> {
        Box::pin(async move {
            let url = format!("{}/mandates/{}", self.url, mandate.reference);
            let call = Call::with_method(http::Method::DELETE, &url).repeatable();
            self.ask(call).await.map(drop)
        })
    }

    fn charge_mandate<'a>(
        &'a self,
        charge: &'a Charge,
        mandate: &'a Mandate,
    ) -> Asked<'a, (Begun, Outcome)> {
        Box::pin(async move {
            let url = format!("{}/mandates/{}/charge", self.url, mandate.reference);
            let call = Call::post(&url).json(&Self::wanted(charge)).repeatable();
            let order = self.ask(call).await?;
            let begun = Self::begun(&order, Next::Nothing, "mandate")?;
            let charge = Charge {
                reference: begun.reference.clone(),
                kept: begun.kept.clone(),
                ..charge.clone()
            };
            Ok((begun, self.outcome(&charge, &order)?))
        })
    }

    fn dispute<'a>(&'a self, charge: &'a Charge, name: &'a str) -> Asked<'a, Dispute> {
        Box::pin(async move {
            let told = self.ask(Call::get(&format!("{}/disputes/{name}", self.url))).await?;
            let nonsense = || RailError::Nonsense("a dispute without its parts".into());
            if told["order"] != charge.reference.as_str() {
                return Err(nonsense());
            }
            let sum = |name: &str| {
                let micros = told[name].as_i64().ok_or_else(nonsense)?;
                Ok::<_, RailError>(Money::from_micros(micros, Currency::Eur)?)
            };
            let (amount, fee) = (sum("micros")?, sum("fee")?);
            match told["status"].as_str().ok_or_else(nonsense)? {
                "open" => Ok(Dispute::Open(amount, fee)),
                "lost" => Ok(Dispute::Lost(amount, fee)),
                "won" => Ok(Dispute::Won(fee)),
                _ => Err(nonsense()),
            }
        })
    }

    fn pay_out<'a>(&'a self, payout: &'a Payout) -> Asked<'a, PaidOut> {
        Box::pin(async move {
            let micros = payout.amount.micros();
            let wanted = json!({ "key": payout.key, "micros": micros, "to": payout.to });
            let call = Call::post(&format!("{}/payouts", self.url)).json(&wanted);
            paid_out(&self.ask(call.repeatable()).await?)
        })
    }

    fn paid_out<'a>(&'a self, payout: &'a Payout) -> Asked<'a, PaidOut> {
        Box::pin(async move {
            let url = format!("{}/payouts/{}", self.url, payout.reference);
            paid_out(&self.ask(Call::get(&url)).await?)
        })
    }

    fn refunds_of<'a>(&'a self, _: &'a Charge, receipt: &'a str) -> Asked<'a, Vec<SentBack>> {
        Box::pin(async move {
            let order = receipt.strip_prefix("CAPTURE-").expect("what a receipt said");
            let told = self.ask(Call::get(&format!("{}/orders/{order}/refunds", self.url))).await?;
            let all = told["refunds"].as_array().ok_or_else(|| nonsense("refunds"))?;
            all.iter().map(sent_back).collect()
        })
    }

    fn refund<'a>(&'a self, _: &'a Charge, refund: &'a Refund) -> Asked<'a, Refunded> {
        Box::pin(async move {
            let order = refund.reference.strip_prefix("CAPTURE-").expect("what a receipt said");
            let url = format!("{}/orders/{order}/refunds", self.url);
            let wanted = json!({ "key": refund.key, "micros": refund.amount.micros() });
            let sent = self.ask(Call::post(&url).json(&wanted).repeatable()).await?;
            let nonsense = || RailError::Nonsense("a refund without its parts".into());
            match sent["status"].as_str().ok_or_else(nonsense)? {
                "done" => Ok(Refunded::Done {
                    reference: sent["refund"].as_str().ok_or_else(nonsense)?.to_owned(),
                    fee_back: micros(&sent, "fee_back")?,
                }),
                "pending" => Ok(Refunded::Waiting),
                "declined" => Ok(Refunded::Declined(Reason::Refused)),
                _ => Err(nonsense()),
            }
        })
    }
}

fn paid_out(told: &Value) -> Result<PaidOut, RailError> {
    let nonsense = || RailError::Nonsense("a payout without its parts".into());
    let reference = told["payout"].as_str().ok_or_else(nonsense)?.to_owned();
    let fee = told["fee"].as_i64().ok_or_else(nonsense)?;
    let fee = Money::from_micros(fee, Currency::Eur)?;
    Ok(match told["status"].as_str().ok_or_else(nonsense)? {
        "done" => PaidOut::Done { reference, fee },
        "pending" => PaidOut::UnderWay { reference, waits: Waits::Rail },
        "unclaimed" => PaidOut::UnderWay { reference, waits: Waits::Author },
        "returned" => PaidOut::Returned { reference, reason: Reason::Late, fee },
        _ => return Err(nonsense()),
    })
}

fn nonsense(what: &str) -> RailError {
    RailError::Nonsense(format!("{what} without its parts"))
}

fn micros(told: &Value, name: &str) -> Result<Money, RailError> {
    let micros = told[name].as_i64().ok_or_else(|| nonsense(name))?;
    Ok(Money::from_micros(micros, Currency::Eur)?)
}

fn sent_back(told: &Value) -> Result<SentBack, RailError> {
    let word = |name: &str| told[name].as_str().ok_or_else(|| nonsense(name));
    Ok(SentBack {
        reference: word("refund")?.to_owned(),
        key: Some(word("key")?.to_owned()).filter(|key| !key.is_empty()),
        amount: micros(told, "micros")?,
        fee_back: micros(told, "fee_back")?,
        has_failed: word("status")? == "declined",
    })
}

fn hear(message: Message<'_>) -> Result<Heard, Unheard> {
    let forged = Unheard::Forged;
    let signed = message.headers.get("signature").and_then(|value| value.to_str().ok());
    let (time, tag) = signed.and_then(|text| text.split_once(",v=")).ok_or(forged("signature"))?;
    let seconds: i64 =
        time.strip_prefix("t=").and_then(|text| text.parse().ok()).ok_or(forged("signature"))?;
    let tag: Option<Vec<u8>> = (0..tag.len() / 2)
        .map(|at| tag.get(at * 2..at * 2 + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let body = [format!("{seconds}.").as_bytes(), message.body].concat();
    hmac::verify(&key, &body, &tag.unwrap_or_default()).map_err(|_| forged("signature"))?;
    let age = message.at.micros() / 1_000_000 - seconds;
    if age.abs() > FRESH_SECONDS {
        return Err(forged("stale"));
    }
    let body: Value = serde_json::from_slice(message.body).map_err(|_| forged("malformed"))?;
    if let Some(paid) = body["payout"].as_str() {
        let payout = paid.strip_prefix("PAID-").and_then(|key| key.parse().ok());
        return Ok(Heard::Payout { payout, reference: paid.to_owned() });
    }
    let order = body["order"].as_str().ok_or(forged("malformed"))?;
    let which = Which::Reference(order.to_owned());
    Ok(if body["status"] == "sent_back" { Heard::Refund(which) } else { Heard::Charge(which) })
}
