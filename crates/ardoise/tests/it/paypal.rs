//! PayPal: orders, captures, mandates and refunds, through PayPal's own description of them.

use crate::binding_contract::binding_contract;
use crate::paypal_peer::{FEE, PayPal as Peer, WEBHOOK, root_of_trust, sign};
use crate::rail_contract::{Bench, Message, begin, ben, contract, owes, send};
use crate::refund_contract::{RefundBench, refund_contract};
use crate::shop::TestApp;
use ardoise::clock::Clock;
use ardoise::outbox::address::Reach;
use ardoise::rails::paypal::PayPal;
use ardoise::rails::port::{
    Became, Binding, Charge, Dispute, Mandate, Next, Outcome, Rail as _, RailError, Reason,
    Receipt, Refund, Refunded,
};
use ardoise::rails::settings::RailSettings;
use ardoise::rails::wire::Wire;
use ardoise::settings::Values;
use ardoise::store::charge::Stored;
use ledger::time::MICROS_PER_SECOND;
use ledger::{Currency, Money, SettlementId, ShopId as _, TabId, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;

/// 28 November 2026, noon.
const NOON: Timestamp = Timestamp::from_micros(1_795_867_200_000_000);
/// An answer is asked for three times before it counts as lost.
const ALL_TRIES: usize = 3;

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::Eur).expect("an amount")
}

fn paypal(peer: &Peer, secret: &str) -> PayPal {
    paypal_with(peer, secret, &[])
}

pub fn paypal_with(peer: &Peer, secret: &str, more: &[(&'static str, &str)]) -> PayPal {
    let mut values = Values::default();
    let set = [
        ("rails.to_private", "true"),
        ("paypal.client_id", "shop"),
        ("paypal.secret", secret),
        ("paypal.place", &peer.base),
    ];
    for (key, value) in set.iter().chain(more) {
        values.set("test", key, (*value).into()).expect("a setting");
    }
    let clock = Clock::standing_at(NOON);
    let settings = RailSettings::read(&values, Currency::Eur).expect("settings");
    let wire = Wire::new(Reach::Private, clock.clone());
    PayPal::new(settings.paypal.expect("PayPal is on"), wire, clock, Currency::Eur)
}

pub fn with_webhook(peer: &Peer) -> PayPal {
    paypal_with(peer, "hush", &[("paypal.webhook_id", WEBHOOK)])
}

fn charge(number: u8) -> Charge {
    Charge {
        id: SettlementId::from_bytes([number; 16]),
        tab: TabId::from_raw(1),
        amount: euros("5.20"),
        begun_at: NOON,
        ends_at: NOON.plus_days(1),
        reference: String::new(),
        kept: String::new(),
        binds: true,
        locale: "fr".into(),
        shop: "L’Ardoise".into(),
        return_url: "https://shop.example/tab/charges/1/return".into(),
    }
}

/// Begins a charge: it is known under PayPal's name for it from then on.
async fn begun(rail: &PayPal, charge: Charge) -> Charge {
    let begun = rail.begin(&charge).await.expect("it began");
    Charge { reference: begun.reference, ..charge }
}

async fn settled(rail: &PayPal, charge: &Charge) -> Receipt {
    match rail.look(charge).await {
        Ok(Outcome::Settled(receipt)) => receipt,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_description_stands_between_and_refuses_what_it_forbids() {
    let peer = Peer::open().await;
    let asked = reqwest::Client::new()
        .post(format!("{}/v2/checkout/orders", peer.base))
        .bearer_auth("token-0")
        .header("content-type", "application/json")
        .body(json!({ "intent": "TAKE", "purchase_units": [] }).to_string());
    let answer = asked.send().await.expect("an answer");
    if peer.is_checked() {
        assert_eq!(answer.status().as_u16(), 422);
        assert_eq!(peer.violations().len(), 1);
    }
}

#[tokio::test]
async fn the_description_of_the_vault_refuses_what_it_forbids_as_well() {
    let peer = Peer::open().await;
    for (path, body) in [
        ("setup-tokens", json!({ "payment_source": { "paypal": { "usage_type": 7 } } })),
        ("setup-tokens", json!({})),
        ("payment-tokens", json!({ "payment_source": { "token": { "id": "SETUP1" } } })),
    ] {
        let asked = reqwest::Client::new()
            .post(format!("{}/v3/vault/{path}", peer.base))
            .bearer_auth("token-0")
            .header("content-type", "application/json")
            .body(body.to_string());
        let answer = asked.send().await.expect("an answer");
        if peer.is_checked() {
            assert_eq!(answer.status().as_u16(), 422, "{path} {body}");
            assert_eq!(peer.violations().len(), 1);
        }
    }
}

fn binding(number: u8) -> Binding {
    Binding {
        id: SettlementId::from_bytes([number; 16]),
        tab: TabId::from_raw(1),
        begun_at: NOON,
        ends_at: NOON.plus_days(1),
        reference: String::new(),
        kept: String::new(),
        locale: "fr".into(),
        currency: Currency::Eur,
        shop: "L’Ardoise".into(),
        return_url: "https://shop.example/tab/charges/1/return".into(),
    }
}

/// Begins a binding: it is known under PayPal's name for it from then on.
async fn begun_to_bind(rail: &PayPal, binding: Binding) -> Binding {
    let begun = rail.bind(&binding).await.expect("it began");
    Binding { reference: begun.reference, ..binding }
}

async fn became(rail: &PayPal, binding: &Binding) -> Result<Became, RailError> {
    rail.bound(binding, &BTreeMap::new()).await
}

async fn bound(rail: &PayPal, binding: &Binding) -> Mandate {
    match became(rail, binding).await {
        Ok(Became::Bound(mandate)) => mandate,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reader_who_pays_nothing_leaves_a_mandate_that_is_charged_later() {
    let peer = Peer::open().await;
    let rail = paypal(&peer, "hush");
    let first = rail.bind(&binding(1)).await.expect("it began");
    let Next::Redirect { url } = &first.next else { panic!("{:?}", first.next) };
    assert_eq!(*url, format!("{}/agree/{}", peer.base, first.reference));
    let binding = begun_to_bind(&rail, binding(1)).await;
    assert_eq!((&binding.reference, peer.set_up()), (&first.reference, (1, 0)));
    assert_eq!(became(&rail, &binding).await, Ok(Became::Waiting));
    peer.agree(&binding.reference);
    let mandate = bound(&rail, &binding).await;
    assert_eq!(mandate.label, "PayPal b…@example.org");
    assert_eq!(bound(&rail, &binding).await, mandate, "asked again it says the same");
    assert_eq!((peer.set_up(), peer.orders()), ((1, 1), 0), "nothing was charged");

    let later = Charge { binds: false, ..charge(2) };
    let (_, outcome) = rail.charge_mandate(&later, &mandate).await.expect("charged");
    assert!(matches!(outcome, Outcome::Settled(_)), "{outcome:?}");
    assert_eq!(rail.unbind(&mandate).await, Ok(()));
    let gone = rail.charge_mandate(&charge(3), &mandate).await;
    assert_eq!(gone, Err(RailError::Declined(Reason::Unbound)));
}

#[tokio::test]
async fn a_mandate_whose_answer_was_lost_is_found_though_the_key_is_forgotten() {
    let peer = Peer::open().await;
    let rail = paypal(&peer, "hush");
    let other = begun_to_bind(&rail, binding(9)).await;
    peer.agree(&other.reference);
    let others = bound(&rail, &other).await;
    peer.lose(ALL_TRIES);
    assert!(matches!(rail.bind(&binding(1)).await, Err(RailError::Lost(_))));
    let binding = begun_to_bind(&rail, binding(1)).await;
    peer.agree(&binding.reference);
    peer.lose_after(1, ALL_TRIES);
    assert!(matches!(became(&rail, &binding).await, Err(RailError::Lost(_))));
    peer.forget_keys();
    let found = bound(&rail, &binding).await;
    assert_ne!(found, others);
    assert_eq!(peer.set_up(), (2, 2));
}

#[tokio::test]
async fn whoever_turns_back_binds_nothing() {
    let peer = Peer::open().await;
    let rail = paypal(&peer, "hush");
    let one = begun_to_bind(&rail, binding(1)).await;
    let cancelled = peer.cancel_url(&one.reference);
    let (_, query) = cancelled.split_once('?').expect("a query");
    let (name, value) = query.split_once('=').expect("a pair");
    let back = BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let turned = rail.bound(&one, &back).await;
    assert_eq!(turned, Ok(Became::Declined(Reason::Cancelled)));
    peer.forget_setup(&one.reference);
    assert_eq!(became(&rail, &one).await, Ok(Became::Declined(Reason::Late)));
    let agreed = begun_to_bind(&rail, binding(2)).await;
    peer.agree(&agreed.reference);
    let agreed = rail.bound(&agreed, &back).await;
    assert!(matches!(agreed, Ok(Became::Bound(_))), "what they agreed to counts: {agreed:?}");
}

#[tokio::test]
async fn a_reader_agrees_and_the_money_comes_once() {
    let peer = Peer::open().await;
    let rail = paypal(&peer, "hush");
    let first = rail.begin(&charge(1)).await.expect("it began");
    let Next::Redirect { url } = &first.next else { panic!("{:?}", first.next) };
    assert_eq!(*url, format!("{}/agree/{}", peer.base, first.reference));
    let charge = begun(&rail, charge(1)).await;
    assert_eq!((charge.reference.as_str(), peer.orders()), (first.reference.as_str(), 1));

    assert_eq!(rail.look(&charge).await, Ok(Outcome::WAITING));
    peer.approve(&charge.reference);
    let receipt = settled(&rail, &charge).await;
    assert_eq!((receipt.received, receipt.fee), (euros("5.20"), euros(FEE)));
    assert_eq!(receipt.email.as_deref(), Some("ben@example.org"));
    assert_eq!(
        receipt.mandate.as_ref().map(|mandate| mandate.label.as_str()),
        Some("PayPal b…@example.org")
    );
    assert_eq!(settled(&rail, &charge).await, receipt, "asked again it says the same");
    assert_eq!(peer.captures(), 1);
}

#[tokio::test]
async fn what_is_lost_on_the_way_is_known_by_asking_again() {
    let peer = Peer::open().await;
    let rail = paypal(&peer, "hush");
    let other = begun(&rail, charge(9)).await;
    peer.lose(ALL_TRIES);
    assert!(matches!(rail.begin(&charge(1)).await, Err(RailError::Lost(_))));
    let charge = begun(&rail, charge(1)).await;
    assert_eq!(peer.orders(), 2, "one for each charge");
    assert_ne!(charge.reference, other.reference);

    peer.approve(&charge.reference);
    peer.lose_after(1, ALL_TRIES);
    assert!(matches!(rail.look(&charge).await, Err(RailError::Lost(_))));
    assert_eq!(peer.captures(), 1);
    settled(&rail, &charge).await;
    assert_eq!(peer.captures(), 1);
}

#[tokio::test]
async fn a_second_order_of_one_charge_takes_no_second_payment() {
    let peer = Peer::open().await;
    let rail = paypal(&peer, "hush");
    let first = begun(&rail, charge(1)).await;
    peer.forget_keys();
    let second = begun(&rail, charge(1)).await;
    assert_ne!(first.reference, second.reference);
    peer.approve(&first.reference);
    peer.approve(&second.reference);
    settled(&rail, &first).await;
    assert!(rail.look(&second).await.is_err());
    assert_eq!(peer.captures(), 1);
}

#[tokio::test]
async fn a_no_is_told_from_a_not_yet() {
    let peer = Peer::open().await;
    let rail = paypal(&peer, "hush");
    let charge_1 = begun(&rail, charge(1)).await;
    peer.approve(&charge_1.reference);
    peer.refuse_capture("INSTRUMENT_DECLINED");
    assert_eq!(rail.look(&charge_1).await, Ok(Outcome::WAITING), "they may take another card");
    peer.refuse_capture("TRANSACTION_REFUSED");
    assert_eq!(rail.look(&charge_1).await, Ok(Outcome::Declined(Reason::Refused)));
    peer.void(&charge_1.reference);
    assert_eq!(rail.look(&charge_1).await, Ok(Outcome::Declined(Reason::Cancelled)));
    let charge_2 = begun(&rail, charge(2)).await;
    peer.forget(&charge_2.reference);
    assert_eq!(rail.look(&charge_2).await, Ok(Outcome::Declined(Reason::Late)));
    assert_eq!(peer.captures(), 0);
}

#[tokio::test]
async fn a_mandate_is_charged_without_the_reader_until_it_ends() {
    let peer = Peer::open().await;
    let rail = paypal(&peer, "hush");
    let first = begun(&rail, charge(1)).await;
    peer.approve(&first.reference);
    let mandate = settled(&rail, &first).await.mandate.expect("a mandate");

    let later = Charge { binds: false, ..charge(2) };
    let (begun, outcome) = rail.charge_mandate(&later, &mandate).await.expect("charged");
    assert!(matches!(outcome, Outcome::Settled(_)), "{outcome:?}");
    let again = rail.charge_mandate(&later, &mandate).await.expect("charged");
    assert_eq!(again.0.reference, begun.reference);
    assert_eq!(peer.captures(), 2, "the first, and one by mandate");

    assert_eq!(rail.unbind(&mandate).await, Ok(()));
    assert_eq!(rail.unbind(&mandate).await, Ok(()), "what has ended has ended");
    let gone = rail.charge_mandate(&charge(3), &mandate).await;
    assert_eq!(gone, Err(RailError::Declined(Reason::Unbound)));
}

#[tokio::test]
async fn a_mandate_that_nobody_gave_charges_nothing() {
    let peer = Peer::open().await;
    let mandate = Mandate { reference: "8kk8451t".into(), label: String::new() };
    let charged = paypal(&peer, "hush").charge_mandate(&charge(1), &mandate).await;
    assert_eq!(charged, Err(RailError::Declined(Reason::Unbound)));
}

#[tokio::test]
async fn money_goes_back_in_parts_and_never_more_than_came() {
    let peer = Peer::open().await;
    let rail = paypal(&peer, "hush");
    let charge = begun(&rail, charge(1)).await;
    peer.approve(&charge.reference);
    let reference = settled(&rail, &charge).await.reference;
    let refund = |key: &str, amount: &str| Refund {
        key: key.into(),
        amount: euros(amount),
        reference: reference.clone(),
    };
    let part = refund("refund-1", "2.00");
    let done = rail.refund(&charge, &part).await.expect("sent back");
    assert!(matches!(done, Refunded::Done { .. }), "{done:?}");
    assert_eq!(rail.refund(&charge, &part).await, Ok(done), "once");
    let too_much = rail.refund(&charge, &refund("refund-2", "3.21")).await;
    assert_eq!(too_much, Ok(Refunded::Declined(Reason::TooMuch)));
    assert_eq!(peer.refunds(), 1);
    // What somebody presses on PayPal's own page has no name of the shop's.
    let pressed = peer.send_back_at_its_page(&charge.reference, 120);
    let all = rail.refunds_of(&charge, &reference).await.expect("told");
    let told: Vec<_> = all.iter().map(|one| (one.key.as_deref(), one.amount)).collect();
    assert_eq!(told, [(Some("refund-1"), euros("2.00")), (None, euros("1.20"))]);
    assert_eq!(all[1].reference, pressed);
    assert_eq!(peer.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn wrong_keys_are_the_operators_matter_and_a_token_that_is_withdrawn_is_nobodys() {
    let peer = Peer::open().await;
    let refused = paypal(&peer, "wrong").begin(&charge(1)).await;
    assert!(matches!(refused, Err(RailError::Refused(_))), "{refused:?}");
    let rail = paypal(&peer, "hush");
    begun(&rail, charge(1)).await;
    peer.withdraw_token();
    begun(&rail, charge(2)).await;
}

#[tokio::test]
async fn a_dispute_is_followed_to_its_end() {
    let peer = Peer::open().await;
    let rail = paypal(&peer, "hush");
    let charge = begun(&rail, charge(1)).await;
    let euros_of = |value: &str| json!({ "currency_code": "EUR", "value": value });
    let dispute = |status: &str, outcome: Option<&str>| {
        json!({
            "dispute_id": "PP-D-1", "status": status, "dispute_amount": euros_of("5.20"),
            "dispute_outcome": outcome.map(|code| json!({ "outcome_code": code })),
        })
    };
    for (told, expected) in [
        (dispute("WAITING_FOR_SELLER_RESPONSE", None), Dispute::Open(euros("5.20"), euros("0"))),
        (dispute("RESOLVED", Some("RESOLVED_SELLER_FAVOUR")), Dispute::Won(euros("0"))),
        (
            dispute("RESOLVED", Some("RESOLVED_BUYER_FAVOUR")),
            Dispute::Lost(euros("5.20"), euros("0")),
        ),
    ] {
        peer.dispute("PP-D-1", told);
        assert_eq!(rail.dispute(&charge, "PP-D-1").await, Ok(expected));
    }
}

/// PayPal's whole way, from the settle page to the books.
struct PayPalBench {
    shop: TestApp,
    peer: Peer,
}

impl Bench for PayPalBench {
    async fn open() -> Self {
        let peer = Peer::unchecked().await;
        let shop = TestApp::with(&[
            ("rails.to_private", "true"),
            ("rails.certificates", &root_of_trust()),
            ("paypal.client_id", "shop"),
            ("paypal.secret", "hush"),
            ("paypal.webhook_id", WEBHOOK),
            ("paypal.place", &peer.base),
        ]);
        Self { shop, peer }
    }

    fn shop(&self) -> &TestApp {
        &self.shop
    }

    fn name(&self) -> &'static str {
        "paypal"
    }

    async fn agree(&self, charge: &Stored) {
        self.peer.approve(&charge.reference);
    }

    async fn agree_to_bind(&self, binding: &Stored) {
        self.peer.agree(&binding.reference);
    }

    async fn bindings(&self) -> usize {
        self.peer.set_up().0
    }

    async fn refuse(&self, charge: &Stored) {
        self.peer.approve(&charge.reference);
        self.peer.refuse_capture("TRANSACTION_REFUSED");
    }

    async fn lose_answers(&self, lost: bool) {
        self.peer.lose(if lost { usize::MAX } else { 0 });
    }

    async fn lie(&self, charge: &Stored, says: Money) {
        let value: String = says.to_decimal().chars().take("0.00".len()).collect();
        self.peer.lie(&charge.reference, &value, says.currency().code());
    }

    async fn orders_and_captures(&self) -> (usize, usize) {
        (self.peer.orders(), self.peer.captures())
    }

    async fn message(&self, charge: Option<&Stored>, genuine: bool, age_seconds: i64) -> Message {
        let reference = charge.map_or("ORDEROFANOTHERSHOP", |charge| &charge.reference);
        let body = json!({
            "id": "WH-2WR32451HC0233532-67976317FL4543714", "event_type": "CHECKOUT.ORDER.APPROVED",
            "resource": { "id": reference, "status": "COMPLETED" },
        });
        self.signed(body.to_string(), genuine, age_seconds)
    }

    /// PayPal sends a message again for three days.
    fn stale_seconds(&self) -> i64 {
        5 * 24 * 3_600
    }
}

impl RefundBench for PayPalBench {
    async fn send_back_at_its_page(&self, charge: &Stored, cents: i64) {
        self.peer.send_back_at_its_page(&charge.reference, cents.unsigned_abs());
    }

    async fn does_not_arrive(&self, _: &Stored) {
        self.peer.fail_last_refund();
    }

    async fn gives_fee_back(&self, _: &Stored, cents: i64) {
        self.peer.gives_fee_back(cents.unsigned_abs());
    }

    /// As PayPal sends it of what was pressed on its own page: only the capture is named.
    async fn refund_message(
        &self,
        charge: Option<&Stored>,
        genuine: bool,
        age_seconds: i64,
    ) -> Message {
        let capture = charge.map(|charge| self.peer.capture_of(&charge.reference));
        let capture = capture.unwrap_or_else(|| "CAPTUREOFANOTHERSHOP".into());
        let up = format!("{}/v2/payments/captures/{capture}", self.peer.base);
        let body = json!({
            "id": "WH-1GE84257G0350133W-6RW800890C634293G", "event_type": "PAYMENT.CAPTURE.REFUNDED",
            "resource": {
                "id": "REFUND1", "amount": { "currency_code": "EUR", "value": "999.00" },
                "links": [{ "href": up, "rel": "up", "method": "GET" }],
            },
        });
        self.signed(body.to_string(), genuine, age_seconds)
    }
}

impl PayPalBench {
    fn signed(&self, body: String, genuine: bool, age_seconds: i64) -> Message {
        let sent = self.shop.app.now().micros() - age_seconds * MICROS_PER_SECOND;
        let sent = ardoise::api::wire::instant(Timestamp::from_micros(sent));
        Message { headers: sign(&self.peer.base, &sent, &body, genuine), body }
    }
}

contract! { paypal_keeps_the_contract: crate::paypal::PayPalBench }
refund_contract! { paypal_tells: crate::paypal::PayPalBench }
binding_contract! { paypal_binds: crate::paypal::PayPalBench }

/// Ben, whose tab was settled by PayPal, and the charge.
async fn ben_who_settled(bench: &PayPalBench) -> (crate::shop::Browser<'_>, Stored) {
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (_, charge) = begin(&mut ben, shop, "paypal", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    bench.peer.approve(&charge.reference);
    ben.get(&format!("/tab/charges/{}/return", charge.id)).await;
    assert_eq!(owes(&mut ben).await, "0.00");
    (ben, charge)
}

/// PayPal says that something has happened to the dispute of a charge.
async fn tell_of_dispute(
    bench: &PayPalBench,
    charge: &Stored,
    status: &str,
    outcome: Option<&str>,
) {
    let amount = json!({ "currency_code": "EUR", "value": "0.20" });
    let outcome = outcome.map(|code| json!({ "outcome_code": code }));
    let stand = json!({
        "dispute_id": "PP-D-1", "status": status, "dispute_amount": amount, "dispute_outcome": outcome,
    });
    bench.peer.dispute("PP-D-1", stand);
    let body = json!({
        "event_type": "CUSTOMER.DISPUTE.UPDATED",
        "resource": {
            "dispute_id": "PP-D-1",
            "disputed_transactions": [{ "invoice_number": charge.id.to_string() }],
        },
    });
    let sent = ardoise::api::wire::instant(bench.shop.app.now());
    let body = body.to_string();
    for _ in 0..2 {
        let headers = sign(&bench.peer.base, &sent, &body, true);
        let answer = send(&bench.shop, "paypal", &Message { headers, body: body.clone() }).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_disputed_payment_closes_the_tab_until_it_is_won() {
    let bench = PayPalBench::open().await;
    let (mut ben, charge) = ben_who_settled(&bench).await;
    let (zoe, _) = bench.shop.author("Zoe").await;
    let slug = bench.shop.article(zoe, "Tides", 10).await;
    let button = ben.button(&slug).await;
    tell_of_dispute(&bench, &charge, "WAITING_FOR_SELLER_RESPONSE", None).await;
    let refused = ben.press(&button).await;
    assert!(refused.status.is_client_error(), "{}", refused.status);
    let desk = bench.shop.olu().await.get("/desk").await.text();
    assert!(desk.contains("disputed"), "the operator is told: {desk}");
    tell_of_dispute(&bench, &charge, "RESOLVED", Some("RESOLVED_SELLER_FAVOUR")).await;
    assert_eq!(ben.tap(&slug).await.status.as_u16(), 303);
}

#[tokio::test]
async fn a_dispute_that_is_lost_costs_the_operator_and_closes_the_tab_for_good() {
    let bench = PayPalBench::open().await;
    let (mut ben, charge) = ben_who_settled(&bench).await;
    let (zoe, _) = bench.shop.author("Zoe").await;
    let slug = bench.shop.article(zoe, "Tides", 10).await;
    let button = ben.button(&slug).await;
    tell_of_dispute(&bench, &charge, "RESOLVED", Some("RESOLVED_BUYER_FAVOUR")).await;
    let refused = ben.press(&button).await;
    assert_eq!(refused.status.as_u16(), 403, "{}", refused.text());
}

/// What an operator is told: the beginning of each flaw, and whether something does not work.
async fn flaws(rail: &PayPal, webhook: Option<&str>) -> Vec<(String, bool)> {
    let flaws = rail.check(webhook).await.expect("it answers").expect("somebody to ask");
    flaws.into_iter().map(|flaw| (flaw.what, flaw.is_grave)).collect()
}

#[tokio::test]
async fn an_operator_is_told_what_is_wrong_with_keys_and_messages() {
    const OURS: &str = "https://shop.example/rails/paypal/webhook";
    const ALL: [&str; 8] = [
        "CHECKOUT.ORDER.APPROVED",
        "PAYMENT.CAPTURE.COMPLETED",
        "PAYMENT.CAPTURE.DENIED",
        "PAYMENT.CAPTURE.REFUNDED",
        "PAYMENT.CAPTURE.REVERSED",
        "CUSTOMER.DISPUTE.CREATED",
        "CUSTOMER.DISPUTE.UPDATED",
        "CUSTOMER.DISPUTE.RESOLVED",
    ];
    let peer = Peer::open().await;
    let wrong = paypal(&peer, "wrong").check(Some(OURS)).await;
    assert!(matches!(wrong, Err(RailError::Refused(_))), "{wrong:?}");
    let without = flaws(&paypal(&peer, "hush"), Some(OURS)).await;
    assert!(matches!(&without[..], [(what, false)] if what.contains("tells the shop nothing")));

    let rail = with_webhook(&peer);
    let unknown = flaws(&rail, Some(OURS)).await;
    assert!(matches!(&unknown[..], [(what, true)] if what.contains("knows no webhook")));
    peer.tells("https://old.example/rails/paypal/webhook", &ALL[..7]);
    let told = flaws(&rail, Some(OURS)).await;
    let [(elsewhere, true), (untold, false)] = &told[..] else { panic!("{told:?}") };
    assert!(elsewhere.contains("https://old.example/"), "{elsewhere}");
    assert!(untold.ends_with("CUSTOMER.DISPUTE.RESOLVED"), "{untold}");
    peer.tells(OURS, &[&ALL[..3], &ALL[5..]].concat());
    let untold = flaws(&rail, Some(OURS)).await;
    let named = "PAYMENT.CAPTURE.REFUNDED, PAYMENT.CAPTURE.REVERSED";
    assert!(matches!(&untold[..], [(what, false)] if what.ends_with(named)), "{untold:?}");
    peer.tells(OURS, &ALL);
    assert_eq!(flaws(&rail, Some(OURS)).await, []);
    peer.tells(OURS, &["*"]);
    assert_eq!(
        flaws(&rail, None).await,
        [],
        "nobody expects messages at an address for one machine"
    );
    assert_eq!((peer.orders(), peer.captures()), (0, 0));
}
