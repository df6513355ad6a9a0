//! Authors are paid by PayPal, through PayPal's own description of payouts.

use crate::payout_contract::{Fate, PayoutBench, payout_contract};
use crate::paypal::{paypal_with, with_webhook};
use crate::paypal_peer::{PayPal as Peer, Paying, WEBHOOK, root_of_trust, sign};
use crate::rail_contract::Message;
use crate::shop::TestApp;
use ardoise::rails::paypal::PayPal;
use ardoise::rails::port::{PaidOut, Payout, Rail as _, RailError, Reason, Waits};
use ardoise::store::payout_order::Order;
use ledger::{Currency, Money};
use serde_json::json;

/// An answer is asked for three times before it counts as lost.
const ALL_TRIES: usize = 3;

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::Eur).expect("an amount")
}

fn paying(peer: &Peer) -> PayPal {
    paypal_with(peer, "hush", &[("paypal.payouts", "true")])
}

fn payout(number: u8) -> Payout {
    Payout {
        key: format!("pay_00000000000{number:02}"),
        amount: euros("42.50"),
        to: "ada@author.example".into(),
        reference: String::new(),
        shop: "L’Ardoise".into(),
    }
}

/// Sends a payout: it is known under PayPal's name for it from then on.
async fn sent(rail: &PayPal, payout: Payout) -> Payout {
    match rail.pay_out(&payout).await {
        Ok(PaidOut::UnderWay { reference, waits: Waits::Rail }) => Payout { reference, ..payout },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_description_of_payouts_stands_between_and_refuses_what_it_forbids() {
    let peer = Peer::open().await;
    let items = json!([{ "amount": { "currency": "EUR", "value": 4.2 } }]);
    let asked = reqwest::Client::new()
        .post(format!("{}/v1/payments/payouts", peer.base))
        .bearer_auth("token-0")
        .header("content-type", "application/json")
        .body(json!({ "sender_batch_header": {}, "items": items }).to_string());
    let answer = asked.send().await.expect("an answer");
    if peer.is_checked() {
        assert_eq!(answer.status().as_u16(), 422);
        assert_eq!(peer.violations().len(), 1);
    }
}

#[tokio::test]
async fn an_author_is_sent_what_it_says_and_the_fee_is_what_paypal_says() {
    let peer = Peer::open().await;
    let rail = paying(&peer);
    peer.pays(Paying { item: "SUCCESS", fee: "0.85", error: None });
    let payout = sent(&rail, payout(1)).await;
    let [(asked, _)] = &peer.payouts()[..] else { panic!("not one") };
    let item = &asked["items"][0];
    assert_eq!(item["receiver"], "ada@author.example");
    assert_eq!(item["amount"], json!({ "currency": "EUR", "value": "42.50" }));
    assert_eq!(asked["sender_batch_header"]["sender_batch_id"], payout.key.as_str());
    let done = rail.paid_out(&payout).await;
    let reference = payout.reference.clone();
    assert_eq!(done, Ok(PaidOut::Done { reference, fee: euros("0.85") }));
    let terms = rail.terms().payouts.clone().expect("it pays authors");
    assert_eq!(terms.fee_on(euros("42.50"), euros("0.01")), Ok(euros("0.85")), "as listed");
}

#[tokio::test]
async fn what_was_sent_and_not_heard_of_is_found_by_the_key_and_by_the_link_to_the_first() {
    let peer = Peer::open().await;
    let rail = paying(&peer);
    peer.lose(ALL_TRIES);
    assert!(matches!(rail.pay_out(&payout(1)).await, Err(RailError::Lost(_))));
    let known = sent(&rail, payout(1)).await;
    peer.forget_keys();
    let found = rail.pay_out(&payout(1)).await;
    let Ok(PaidOut::Done { reference, .. }) = &found else { panic!("{found:?}") };
    assert_eq!((reference, peer.payouts().len()), (&known.reference, 1));
    let other = Payout { amount: euros("42.51"), ..payout(1) };
    assert!(matches!(rail.pay_out(&other).await, Err(RailError::Nonsense(_))), "another amount");
}

#[tokio::test]
async fn each_way_in_which_a_payout_can_stand_is_told_apart() {
    let peer = Peer::open().await;
    let rail = paying(&peer);
    let payout = sent(&rail, payout(1)).await;
    let under_way = |waits| PaidOut::UnderWay { reference: payout.reference.clone(), waits };
    let returned = |reason, fee: &str| PaidOut::Returned {
        reference: payout.reference.clone(),
        reason,
        fee: euros(fee),
    };
    for (item, error, expected) in [
        ("PENDING", None, under_way(Waits::Rail)),
        ("UNCLAIMED", Some("RECEIVER_UNREGISTERED"), under_way(Waits::Author)),
        ("ONHOLD", None, under_way(Waits::Review)),
        ("RETURNED", None, returned(Reason::Late, "0.85")),
        ("RETURNED", Some("RECEIVER_UNREGISTERED"), returned(Reason::Means, "0.85")),
        ("REFUNDED", None, returned(Reason::Cancelled, "0.85")),
        ("REVERSED", None, returned(Reason::Refused, "0.85")),
        ("BLOCKED", None, returned(Reason::Refused, "0.00")),
        ("FAILED", Some("INSUFFICIENT_FUNDS"), returned(Reason::Funds, "0.00")),
        ("FAILED", Some("TRANSACTION_LIMIT_EXCEEDED"), returned(Reason::TooMuch, "0.00")),
        ("DENIED", None, returned(Reason::Refused, "0.00")),
    ] {
        peer.pays(Paying { item, fee: "0.85", error });
        assert_eq!(rail.paid_out(&payout).await, Ok(expected), "{item} {error:?}");
    }
}

#[tokio::test]
async fn a_no_to_the_shop_is_no_no_to_the_payout() {
    let peer = Peer::open().await;
    let rail = paying(&peer);
    for name in ["NOT_AUTHORIZED", "INSUFFICIENT_FUNDS"] {
        peer.refuse_payouts(Some(name));
        let refused = rail.pay_out(&payout(1)).await;
        assert!(matches!(refused, Err(RailError::Refused(_))), "{name}: {refused:?}");
    }
    peer.refuse_payouts(Some("VALIDATION_ERROR"));
    assert_eq!(rail.pay_out(&payout(1)).await, Err(RailError::Declined(Reason::Means)));
    peer.refuse_payouts(None);
    sent(&rail, payout(1)).await;
    let unknown = Payout { reference: "BATCHOFANOTHER".into(), ..payout(1) };
    assert!(matches!(rail.paid_out(&unknown).await, Err(RailError::Lost(_))));
    let elsewhere = Payout { reference: "../orders/1".into(), ..payout(1) };
    assert!(matches!(rail.paid_out(&elsewhere).await, Err(RailError::Nonsense(_))));
}

#[tokio::test]
async fn paypal_pays_nobody_unless_that_is_turned_on() {
    let peer = Peer::open().await;
    let rail = paypal_with(&peer, "hush", &[]);
    assert_eq!(rail.terms().payouts, None);
    assert_eq!(rail.pay_out(&payout(1)).await, Err(RailError::NotOffered));
    assert_eq!(peer.payouts().len(), 0);
}

#[tokio::test]
async fn an_operator_is_told_when_news_of_payouts_is_not_told() {
    const OURS: &str = "https://shop.example/rails/paypal/webhook";
    let peer = Peer::open().await;
    let events = [
        "CHECKOUT.ORDER.APPROVED",
        "PAYMENT.CAPTURE.COMPLETED",
        "PAYMENT.CAPTURE.DENIED",
        "PAYMENT.CAPTURE.REFUNDED",
        "PAYMENT.CAPTURE.REVERSED",
        "CUSTOMER.DISPUTE.CREATED",
        "CUSTOMER.DISPUTE.UPDATED",
        "CUSTOMER.DISPUTE.RESOLVED",
    ];
    peer.tells(OURS, &events);
    let without = with_webhook(&peer).check(Some(OURS)).await.expect("it answers");
    assert_eq!(without, Some(vec![]), "nobody is paid by it");
    let on = [("paypal.payouts", "true"), ("paypal.webhook_id", WEBHOOK)];
    let told = paypal_with(&peer, "hush", &on).check(Some(OURS)).await.expect("it answers");
    let [flaw] = &told.expect("somebody to ask")[..] else { panic!("not one") };
    assert!(flaw.what.contains("PAYMENT.PAYOUTS-ITEM.RETURNED"), "{}", flaw.what);
}

/// PayPal's whole way, from the desk to the books.
struct PayPalPays {
    shop: TestApp,
    peer: Peer,
}

impl PayoutBench for PayPalPays {
    async fn open() -> Self {
        let peer = Peer::open().await;
        let shop = TestApp::with(&[
            ("rails.to_private", "true"),
            ("rails.certificates", &root_of_trust()),
            ("paypal.client_id", "shop"),
            ("paypal.secret", "hush"),
            ("paypal.webhook_id", WEBHOOK),
            ("paypal.place", &peer.base),
            ("paypal.payouts", "true"),
        ]);
        Self { shop, peer }
    }

    fn shop(&self) -> &TestApp {
        &self.shop
    }

    fn name(&self) -> &'static str {
        "paypal"
    }

    async fn fate(&self, fate: Fate) {
        const FEES: [&str; 5] = ["0.00", "0.01", "0.02", "0.03", "0.04"];
        let fee = |cents: i64| FEES[usize::try_from(cents).expect("few")];
        let (item, fee) = match fate {
            Fate::Sent(cents) => ("SUCCESS", fee(cents)),
            Fate::UnderWay => ("PENDING", "0.00"),
            Fate::Unclaimed => ("UNCLAIMED", "0.00"),
            Fate::Returned(cents) => ("RETURNED", fee(cents)),
        };
        self.peer.pays(Paying { item, fee, error: None });
    }

    async fn lose_answers(&self, lost: bool) {
        self.peer.lose(if lost { usize::MAX } else { 0 });
    }

    async fn asked_and_sent(&self) -> (usize, i64) {
        let payouts = self.peer.payouts();
        let sent = payouts.iter().filter(|(_, item)| *item == "SUCCESS");
        let cents = sent.map(|(asked, _)| {
            let value = asked["items"][0]["amount"]["value"].as_str().expect("text");
            value.replace('.', "").parse::<i64>().expect("cents")
        });
        (payouts.len(), cents.sum())
    }

    async fn addresses(&self) -> Vec<String> {
        let payouts = self.peer.payouts().into_iter();
        let receiver =
            |asked: serde_json::Value| asked["items"][0]["receiver"].as_str().map(str::to_owned);
        payouts.filter_map(|(asked, _)| receiver(asked)).collect()
    }

    async fn message(&self, payout: Option<&Order>, genuine: bool) -> Message {
        let (own, batch) = payout.map_or(("pay_0000000000001".into(), "BATCHOFANOTHER"), |order| {
            (order.pay_out.id.to_string(), order.reference.as_str())
        });
        let body = json!({
            "event_type": "PAYMENT.PAYOUTS-ITEM.RETURNED",
            "resource": { "payout_item_id": "ITEM1", "payout_batch_id": batch, "sender_batch_id": own },
        });
        let body = body.to_string();
        let sent = ardoise::api::wire::instant(self.shop.app.now());
        Message { headers: sign(&self.peer.base, &sent, &body, genuine), body }
    }
}

payout_contract! { paypal: crate::paypal_payouts::PayPalPays }

#[tokio::test]
async fn a_message_about_a_batch_is_heard_as_well() {
    use ardoise::rails::port::Heard;
    let peer = Peer::unchecked().await;
    let bench = PayPalPays { shop: TestApp::open(), peer };
    let roots = root_of_trust();
    let more = [("paypal.webhook_id", WEBHOOK), ("rails.certificates", roots.as_str())];
    let rail = paypal_with(&bench.peer, "hush", &more);
    let id = bench.shop.app.mint.id::<ledger::PayoutId>();
    let body = json!({
        "event_type": "PAYMENT.PAYOUTSBATCH.SUCCESS",
        "resource": { "batch_header": {
            "payout_batch_id": "BATCH1", "batch_status": "SUCCESS",
            "sender_batch_header": { "sender_batch_id": id.to_string() },
        } },
    });
    let body = body.to_string();
    let now = bench.shop.app.now();
    let mut headers = http::HeaderMap::new();
    for (name, value) in sign(&bench.peer.base, &ardoise::api::wire::instant(now), &body, true) {
        headers.insert(name, value.parse().expect("a header"));
    }
    let message =
        ardoise::rails::port::Message { headers: &headers, body: body.as_bytes(), at: now };
    let heard = rail.hear(message).await;
    assert_eq!(heard, Ok(Heard::Payout { payout: Some(id), reference: "BATCH1".into() }));
}
