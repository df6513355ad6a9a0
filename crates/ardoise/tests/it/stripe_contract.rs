//! Stripe holds to what every rail holds to.

use crate::binding_contract::binding_contract;
use crate::rail_contract::{Bench, Message, contract};
use crate::refund_contract::{RefundBench, refund_contract};
use crate::shop::TestApp;
use crate::stripe_peer::{KEY, Peer, WEBHOOK_SECRET, rail, signed};
use ardoise::rails::port::{
    self, Asked, Became, Begun, Binding, Charge, Heard, Mandate, Outcome, Rail, Refund, Refunded,
    SentBack, Terms, Unheard,
};
use ardoise::rails::stripe::Stripe;
use ardoise::store::charge::Stored;
use futures_util::future::BoxFuture;
use ledger::Money;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Stripe, with charges of twenty cents, which the contract is told in: Stripe itself wants fifty.
struct Small {
    stripe: Stripe,
    terms: Terms,
}

impl Rail for Small {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn begin<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Begun> {
        self.stripe.begin(charge)
    }

    fn look<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Outcome> {
        self.stripe.look(charge)
    }

    fn returned<'a>(
        &'a self,
        charge: &'a Charge,
        query: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Outcome> {
        self.stripe.returned(charge, query)
    }

    fn bind<'a>(&'a self, binding: &'a Binding) -> Asked<'a, Begun> {
        self.stripe.bind(binding)
    }

    fn bound<'a>(
        &'a self,
        binding: &'a Binding,
        back: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Became> {
        self.stripe.bound(binding, back)
    }

    fn charge_mandate<'a>(
        &'a self,
        charge: &'a Charge,
        mandate: &'a Mandate,
    ) -> Asked<'a, (Begun, Outcome)> {
        self.stripe.charge_mandate(charge, mandate)
    }

    fn unbind<'a>(&'a self, mandate: &'a Mandate) -> Asked<'a, ()> {
        self.stripe.unbind(mandate)
    }

    fn refund<'a>(&'a self, charge: &'a Charge, refund: &'a Refund) -> Asked<'a, Refunded> {
        self.stripe.refund(charge, refund)
    }

    fn refunds_of<'a>(&'a self, charge: &'a Charge, receipt: &'a str) -> Asked<'a, Vec<SentBack>> {
        self.stripe.refunds_of(charge, receipt)
    }

    fn hear<'a>(&'a self, message: port::Message<'a>) -> BoxFuture<'a, Result<Heard, Unheard>> {
        self.stripe.hear(message)
    }
}

pub struct StripeBench {
    shop: TestApp,
    peer: Peer,
}

fn card() -> Value {
    json!({"type": "card", "card": {"brand": "visa", "last4": "4242"}})
}

impl Bench for StripeBench {
    async fn open() -> Self {
        let shop = TestApp::open();
        let peer = Peer::at(shop.clock.clone()).await;
        let stripe = rail(peer.url(), KEY, shop.clock.clone());
        let terms = Terms { minimum: stripe.terms().unit, ..stripe.terms().clone() };
        Self { shop: shop.with_rail(Small { stripe, terms }), peer }
    }

    fn shop(&self) -> &TestApp {
        &self.shop
    }

    fn name(&self) -> &'static str {
        "stripe"
    }

    async fn agree(&self, charge: &Stored) {
        self.peer.will_pay(&charge.reference, &card());
    }

    async fn agree_to_bind(&self, binding: &Stored) {
        self.peer.leave_card(&binding.reference);
    }

    async fn bindings(&self) -> usize {
        self.peer.count("checkout.session")
    }

    /// Stripe lets the reader try another card; a debit that fails is final.
    async fn refuse(&self, charge: &Stored) {
        let sepa = json!({"type": "sepa_debit", "sepa_debit": {"last4": "3000"}});
        let intent = self.peer.agree(&charge.reference, &sepa);
        self.peer.fail(&intent, "insufficient_funds");
    }

    async fn lose_answers(&self, lost: bool) {
        self.peer.loses_answers(lost);
    }

    async fn lie(&self, charge: &Stored, says: Money) {
        let intent = self.peer.pay(&charge.reference, &card());
        self.peer.set(&intent, "amount_received", json!(says.micros() / 10_000));
        let currency = says.currency().code().to_lowercase();
        self.peer.set(&intent, "currency", json!(currency));
    }

    async fn orders_and_captures(&self) -> (usize, usize) {
        (self.peer.count_to_pay(), self.peer.count_paid())
    }

    async fn message(&self, charge: Option<&Stored>, genuine: bool, age_seconds: i64) -> Message {
        let other = || "00000000-0000-7000-8000-000000000000".to_owned();
        let charge = charge.map_or_else(other, |charge| charge.id.to_string());
        let session = json!({
            "id": "cs_test_0001", "object": "checkout.session", "payment_status": "paid",
            "metadata": {"charge": charge}, "amount_total": 1,
        });
        let kind = "checkout.session.completed";
        self.signed(kind, &session, genuine, age_seconds)
    }
}

impl StripeBench {
    fn signed(&self, kind: &str, object: &Value, genuine: bool, age_seconds: i64) -> Message {
        let event = json!({"object": "event", "type": kind, "data": {"object": object}});
        let body = event.to_string();
        let secret = if genuine { WEBHOOK_SECRET } else { "whsec_other" };
        let at = self.shop.app.now().plus_minutes(-age_seconds / 60);
        let headers = signed(&body, secret, at);
        let value = headers["stripe-signature"].to_str().expect("text").to_owned();
        Message { headers: vec![("stripe-signature", value)], body }
    }
}

impl RefundBench for StripeBench {
    async fn send_back_at_its_page(&self, _: &Stored, cents: i64) {
        self.peer.send_back_at_its_page(&self.peer.only("payment_intent"), cents);
    }

    async fn does_not_arrive(&self, _: &Stored) {
        self.peer.set(&self.peer.newest("refund"), "status", json!("failed"));
    }

    async fn gives_fee_back(&self, _: &Stored, cents: i64) {
        self.peer.gives_fee_back(cents);
    }

    /// As Stripe sends it of what was pressed on its own page.
    async fn refund_message(
        &self,
        charge: Option<&Stored>,
        genuine: bool,
        age_seconds: i64,
    ) -> Message {
        let intent = charge.map(|_| self.peer.only("payment_intent"));
        let object = json!({
            "id": "ch_1", "object": "charge", "amount_refunded": 99_900, "refunded": true,
            "metadata": {}, "payment_intent": intent,
        });
        self.signed("charge.refunded", &object, genuine, age_seconds)
    }
}

contract! { stripe: crate::stripe_contract::StripeBench }
refund_contract! { stripe_tells: crate::stripe_contract::StripeBench }
binding_contract! { stripe_binds: crate::stripe_contract::StripeBench }

/// A shop whose settings turn Stripe on, with a key of its test mode; and Ben, who owes that many cents.
async fn settle_page(cents: i64) -> String {
    let shop = TestApp::with(&[
        ("rails.to_private", "true"),
        ("stripe.base", "http://127.0.0.1:9"),
        ("stripe.secret", KEY),
    ]);
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", cents).await;
    let mut ben = shop.browser();
    assert_eq!(ben.tap(&slug).await.status, http::StatusCode::SEE_OTHER);
    ben.get("/tab/settle").await.text()
}

#[tokio::test]
async fn the_settings_offer_it_and_a_key_of_the_test_mode_moves_no_real_money() {
    let page = settle_page(60).await;
    let card = page.split("Card, Google Pay, Apple Pay").nth(1).expect("it is offered");
    assert!(card.contains("/tab/settle/stripe") && card.contains("fake money"), "{page}");
}

#[tokio::test]
async fn what_is_less_than_stripe_takes_is_not_offered_to_it() {
    let page = settle_page(49).await;
    assert!(page.contains("From €0.50") && !page.contains("/tab/settle/stripe"), "{page}");
}
