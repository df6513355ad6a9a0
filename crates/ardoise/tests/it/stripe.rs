//! Stripe: what is asked of it, what becomes of a charge, and what is believed.

use crate::stripe_peer::{Fault, KEY, NOW, Peer, WEBHOOK_SECRET, description, rail, signed};
use ardoise::clock::Clock;
use ardoise::rails::port::{
    Became, Begun, Binding, Charge, Dispute, Heard, Mandate, Message, Next, Outcome, Rail,
    RailError, Reason, Receipt, Refund, Refunded, Unheard, Which,
};
use ardoise::rails::stripe::Stripe;
use ledger::{Currency, Money, SettlementId, ShopId as _, TabId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn euros(cents: i64) -> Money {
    Money::from_cents(cents, Currency::Eur).expect("an amount")
}

fn charge(number: u8) -> Charge {
    Charge {
        id: SettlementId::from_bytes([number; 16]),
        tab: TabId::from_raw(7),
        amount: euros(500),
        begun_at: NOW,
        ends_at: NOW.plus_days(1),
        reference: String::new(),
        kept: String::new(),
        binds: false,
        locale: "fr".into(),
        shop: "Ada".into(),
        return_url: "http://localhost:8080/tab/charges/1/return".into(),
    }
}

fn binding(number: u8) -> Binding {
    let charge = charge(number);
    Binding {
        id: charge.id,
        tab: charge.tab,
        begun_at: charge.begun_at,
        ends_at: charge.ends_at,
        reference: String::new(),
        kept: String::new(),
        locale: charge.locale,
        currency: Currency::Eur,
        shop: charge.shop,
        return_url: charge.return_url,
    }
}

/// The binding as it is kept once it has begun.
async fn begin_to_bind(rail: &Stripe, binding: Binding) -> Binding {
    let begun = rail.bind(&binding).await.expect("begun");
    Binding { reference: begun.reference, ..binding }
}

async fn became(rail: &Stripe, binding: &Binding) -> Result<Became, RailError> {
    rail.bound(binding, &BTreeMap::new()).await
}

fn card() -> Value {
    json!({"type": "card", "card": {"brand": "visa", "last4": "4242"}})
}

/// The charge as it is kept once it has begun.
async fn begin(rail: &Stripe, charge: Charge) -> Charge {
    let begun = rail.begin(&charge).await.expect("begun");
    Charge { reference: begun.reference, kept: begun.kept, ..charge }
}

fn settled(outcome: Result<Outcome, RailError>) -> Receipt {
    match outcome {
        Ok(Outcome::Settled(receipt)) => receipt,
        other => panic!("{other:?}"),
    }
}

/// A charge that was paid by card, and left a mandate where it binds.
async fn paid(peer: &Peer, charge: Charge) -> (Charge, Receipt) {
    let rail = peer.rail();
    let charge = begin(&rail, charge).await;
    peer.pay(&charge.reference, &card());
    let receipt = settled(rail.look(&charge).await);
    (charge, receipt)
}

async fn bound(peer: &Peer) -> Mandate {
    let (_, receipt) = paid(peer, Charge { binds: true, ..charge(1) }).await;
    receipt.mandate.expect("a mandate")
}

fn method(mandate: &Mandate) -> &str {
    mandate.reference.split_once('/').expect("two names").1
}

/// Posts that did something.
fn posts(peer: &Peer) -> Vec<String> {
    peer.requests().into_iter().filter(|asked| asked.starts_with("POST")).collect()
}

#[test]
fn what_stripe_would_refuse_the_description_refuses() {
    let Some(stripe) = description() else { return };
    let sessions = |form: &str| stripe.request("POST", "/v1/checkout/sessions", form);
    assert_eq!(sessions("success_url=x&mode=payment&expires_at=5"), Ok(()));
    for wrong in [
        "mode=payment",
        "success_url=x&mode=pay",
        "success_url=x&expires_at=soon",
        "success_url=x&sucess=1",
        "success_url=x&line_items[0][price_data][currency]=eur&line_items[0][price_data][unit_amount]=5.12",
        "success_url=x&line_items[0][price_data][unit_amount]=512",
        "success_url=x&payment_intent_data[setup_future]=off_session",
    ] {
        assert!(sessions(wrong).is_err(), "{wrong}");
    }
    assert!(stripe.request("POST", "/v1/checkout/session", "success_url=x").is_err());
    assert!(stripe.request("DELETE", "/v1/refunds", "").is_err());
    assert!(stripe.request("GET", "/v1/refunds?payment=pi_1", "").is_err());
    assert!(stripe.answer("refund", &json!({"amount": "5"})).is_err());
    assert!(stripe.answer("refund", &json!({"ammount": 5})).is_err());
    assert_eq!(stripe.answer("refund", &json!({"amount": 5, "status": null})), Ok(()));
}

#[tokio::test]
async fn a_charge_that_begins_twice_is_one_page_of_stripes() {
    let peer = Peer::open().await;
    let first = peer.rail().begin(&charge(1)).await.expect("begun");
    let again = peer.rail().begin(&charge(1)).await.expect("begun");
    assert_eq!(first, again);
    assert_eq!(peer.count("checkout.session"), 1);
    let Begun { next: Next::Redirect { url }, .. } = first else { panic!("{first:?}") };
    assert!(peer.rail().terms().leads_to.iter().any(|base| url.starts_with(base)), "{url}");
}

#[tokio::test]
async fn what_stripe_says_it_kept_is_the_fee() {
    let peer = Peer::open().await;
    let (_, receipt) = paid(&peer, charge(1)).await;
    assert_eq!((receipt.received, receipt.fee), (euros(500), euros(32)));
    assert_eq!(receipt.email.as_deref(), Some("ben@reader.example"));
    assert!(receipt.reference.starts_with("pi_") && receipt.mandate.is_none());
}

#[tokio::test]
async fn as_long_as_stripe_does_not_say_the_price_list_holds() {
    let peer = Peer::open().await;
    let (charge, receipt) = paid(&peer, charge(1)).await;
    let attempt = peer.get(&receipt.reference)["latest_charge"].as_str().expect("text").to_owned();
    peer.set(&attempt, "balance_transaction", Value::Null);
    assert_eq!(settled(peer.rail().look(&charge).await).fee, euros(33));
}

#[tokio::test]
async fn a_reader_who_has_not_paid_is_waited_for_until_the_page_closes() {
    let peer = Peer::open().await;
    let charge = begin(&peer.rail(), charge(1)).await;
    assert_eq!(peer.rail().look(&charge).await, Ok(Outcome::WAITING));
    peer.set(&charge.reference, "status", json!("expired"));
    assert_eq!(peer.rail().look(&charge).await, Ok(Outcome::Declined(Reason::Late)));
}

#[tokio::test]
async fn whoever_turns_back_closes_the_page_and_whoever_just_came_back_does_not() {
    let peer = Peer::open().await;
    let charge = begin(&peer.rail(), charge(1)).await;
    let came = BTreeMap::from([("payment_status".to_owned(), "paid".to_owned())]);
    assert_eq!(peer.rail().returned(&charge, &came).await, Ok(Outcome::WAITING));
    let left = BTreeMap::from([("left".to_owned(), "1".to_owned())]);
    let outcome = peer.rail().returned(&charge, &left).await;
    assert_eq!(outcome, Ok(Outcome::Declined(Reason::Cancelled)));
    assert_eq!(peer.get(&charge.reference)["status"], "expired");
}

#[tokio::test]
async fn whoever_paid_and_then_turned_back_has_paid() {
    let peer = Peer::open().await;
    let charge = begin(&peer.rail(), charge(1)).await;
    peer.pay(&charge.reference, &card());
    let left = BTreeMap::from([("left".to_owned(), "1".to_owned())]);
    settled(peer.rail().returned(&charge, &left).await);
}

#[tokio::test]
async fn a_debit_under_way_is_in_doubt_until_it_arrives_or_fails() {
    let peer = Peer::open().await;
    let sepa = json!({"type": "sepa_debit", "sepa_debit": {"last4": "3000"}});
    for (number, fails) in [(1, false), (2, true)] {
        let charge = begin(&peer.rail(), charge(number)).await;
        let intent = peer.agree(&charge.reference, &sepa);
        assert_eq!(peer.rail().look(&charge).await, Ok(Outcome::UnderWay));
        if fails {
            peer.fail(&intent, "debit_not_authorized");
            let outcome = peer.rail().look(&charge).await;
            assert_eq!(outcome, Ok(Outcome::Declined(Reason::Unbound)));
        } else {
            peer.arrive(&intent, &sepa);
            settled(peer.rail().look(&charge).await);
        }
    }
}

#[tokio::test]
async fn a_page_for_another_charge_is_nonsense() {
    let peer = Peer::open().await;
    let (first, _) = paid(&peer, charge(1)).await;
    let second = Charge { reference: first.reference, ..charge(2) };
    assert!(matches!(peer.rail().look(&second).await, Err(RailError::Nonsense(_))));
    let intent = peer.get(&second.reference)["payment_intent"].as_str().expect("text").to_owned();
    let third = Charge { reference: intent, ..charge(3) };
    assert!(matches!(peer.rail().look(&third).await, Err(RailError::Nonsense(_))));
}

#[tokio::test]
async fn another_amount_or_currency_is_told_as_it_is() {
    let peer = Peer::open().await;
    let (charge, receipt) = paid(&peer, charge(1)).await;
    peer.set(&receipt.reference, "amount_received", json!(499));
    assert_eq!(settled(peer.rail().look(&charge).await).received, euros(499));
    peer.set(&receipt.reference, "currency", json!("usd"));
    let dollars = Money::from_cents(499, Currency::Usd).expect("an amount");
    assert_eq!(settled(peer.rail().look(&charge).await).received, dollars);
}

#[tokio::test]
async fn the_same_charge_of_another_amount_is_refused_by_its_key() {
    let peer = Peer::open().await;
    peer.rail().begin(&charge(1)).await.expect("begun");
    let changed = Charge { amount: euros(501), ..charge(1) };
    assert!(matches!(peer.rail().begin(&changed).await, Err(RailError::Nonsense(_))));
    assert_eq!(peer.count("checkout.session"), 1);
}

#[tokio::test]
async fn a_charge_begun_when_its_end_is_near_is_late() {
    let peer = Peer::open().await;
    let old = Charge { begun_at: NOW.plus_minutes(-23 * 60), ..charge(1) };
    assert_eq!(peer.rail().begin(&old).await, Err(RailError::Declined(Reason::Late)));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_makes_nothing_twice() {
    let peer = Peer::open().await;
    peer.will(Fault::Lost);
    peer.will(Fault::Status(503));
    peer.rail().begin(&charge(1)).await.expect("begun");
    assert_eq!(posts(&peer).len(), 3);
    assert_eq!(peer.count("checkout.session"), 1);
}

#[tokio::test]
async fn a_page_that_nobody_heard_of_is_waited_for_and_found_again_by_its_key() {
    let peer = Peer::open().await;
    for _ in 0..3 {
        peer.will(Fault::Lost);
    }
    let lost = peer.rail().begin(&charge(1)).await.expect_err("no answer");
    assert!(!lost.left_nothing(), "{lost}");
    assert_eq!(peer.rail().look(&charge(1)).await, Ok(Outcome::WAITING));
    peer.rail().begin(&charge(1)).await.expect("found");
    assert_eq!(peer.count("checkout.session"), 1);
}

#[tokio::test]
async fn a_wrong_key_is_told_to_the_operator_and_shown_to_nobody() {
    let peer = Peer::open().await;
    let refused = peer.rail_with("sk_test_other").begin(&charge(1)).await.expect_err("refused");
    assert_eq!(refused, RailError::Refused("401".into()));
    assert!(!format!("{refused:?} {refused}").contains("hush"));
}

#[tokio::test]
async fn a_reader_who_pays_nothing_leaves_a_card_that_is_charged_later() {
    let peer = Peer::open().await;
    let rail = peer.rail();
    let first = rail.bind(&binding(1)).await.expect("begun");
    assert_eq!(rail.bind(&binding(1)).await.expect("begun"), first);
    let Begun { next: Next::Redirect { url }, .. } = &first else { panic!("{first:?}") };
    assert!(rail.terms().leads_to.iter().any(|base| url.starts_with(base)), "{url}");
    let binding = begin_to_bind(&rail, binding(1)).await;
    assert_eq!(became(&rail, &binding).await, Ok(Became::Waiting));
    peer.leave_card(&binding.reference);
    let Ok(Became::Bound(mandate)) = became(&rail, &binding).await else { panic!() };
    assert_eq!(mandate.label, "Visa •••• 4242");
    assert_eq!((peer.count("checkout.session"), peer.count("payment_intent")), (1, 0));

    let charged = rail.charge_mandate(&charge(2), &mandate).await.expect("an outcome");
    assert_eq!(settled(Ok(charged.1)).received, euros(500));
    rail.unbind(&mandate).await.expect("ended");
    let charged = rail.charge_mandate(&charge(3), &mandate).await.expect("an outcome");
    assert_eq!(charged.1, Outcome::Declined(Reason::Unbound));
}

#[tokio::test]
async fn what_becomes_of_a_card_to_be_left_is_told_as_it_is() {
    let peer = Peer::open().await;
    let rail = peer.rail();
    let left = BTreeMap::from([("left".to_owned(), "1".to_owned())]);
    let turned = begin_to_bind(&rail, binding(1)).await;
    assert_eq!(rail.bound(&turned, &left).await, Ok(Became::Declined(Reason::Cancelled)));
    assert_eq!(peer.get(&turned.reference)["status"], "expired");
    assert_eq!(became(&rail, &turned).await, Ok(Became::Declined(Reason::Late)));

    let refused = begin_to_bind(&rail, binding(2)).await;
    peer.refuse_card(&refused.reference, "expired_card");
    assert_eq!(became(&rail, &refused).await, Ok(Became::Declined(Reason::Means)));

    let agreed = begin_to_bind(&rail, binding(3)).await;
    peer.leave_card(&agreed.reference);
    let agreed_to = rail.bound(&agreed, &left).await;
    assert!(matches!(agreed_to, Ok(Became::Bound(_))), "what they agreed to counts");
    let of_another = Binding { reference: agreed.reference, ..binding(4) };
    assert!(matches!(became(&rail, &of_another).await, Err(RailError::Nonsense(_))));
}

#[tokio::test]
async fn a_page_in_setup_mode_whose_answer_is_lost_is_found_again_and_heard_of() {
    let peer = Peer::open().await;
    let rail = peer.rail();
    for _ in 0..3 {
        peer.will(Fault::Lost);
    }
    let lost = rail.bind(&binding(1)).await.expect_err("no answer");
    assert!(!lost.left_nothing(), "{lost}");
    let binding = begin_to_bind(&rail, binding(1)).await;
    assert_eq!(peer.count("checkout.session"), 1);
    peer.leave_card(&binding.reference);
    let set_up = peer.get(&peer.only("setup_intent"));
    for object in [peer.get(&binding.reference), set_up] {
        let heard = hear(&rail, &object, WEBHOOK_SECRET).await;
        assert_eq!(heard, Ok(Heard::Charge(Which::Id(binding.id))));
    }
}

#[tokio::test]
async fn a_reader_who_binds_is_charged_while_away() {
    let peer = Peer::open().await;
    let mandate = bound(&peer).await;
    assert_eq!(mandate.label, "Visa •••• 4242");
    let (begun, outcome) =
        peer.rail().charge_mandate(&charge(2), &mandate).await.expect("an outcome");
    let receipt = settled(Ok(outcome));
    assert_eq!((receipt.received, receipt.reference), (euros(500), begun.reference.clone()));
    let kept = Charge { reference: begun.reference, ..charge(2) };
    settled(peer.rail().look(&kept).await);
}

#[tokio::test]
async fn a_mandate_charged_twice_moves_money_once_though_the_key_is_forgotten() {
    let peer = Peer::open().await;
    let mandate = bound(&peer).await;
    for _ in 0..3 {
        let charged = peer.rail().charge_mandate(&charge(2), &mandate).await;
        settled(charged.map(|(_, outcome)| outcome));
        peer.forget_keys();
    }
    assert_eq!(peer.count("payment_intent"), 2, "the one that bound, and one more");
}

#[tokio::test]
async fn a_mandate_whose_answers_are_lost_is_found_by_its_charge() {
    let peer = Peer::open().await;
    let mandate = bound(&peer).await;
    let others = begin(&peer.rail(), charge(3)).await;
    peer.pay(&others.reference, &card());
    let asked = peer.requests().len();
    // The list is read; then every answer about the payment breaks off.
    peer.lose_from_the_second_on();
    let lost = peer.rail().charge_mandate(&charge(2), &mandate).await.expect_err("no answer");
    assert!(!lost.left_nothing(), "{lost}");
    assert_eq!(peer.requests().len() - asked, 4);
    settled(peer.rail().look(&charge(2)).await);
    assert_eq!(peer.rail().look(&charge(4)).await, Ok(Outcome::WAITING), "never heard of");
}

#[tokio::test]
async fn a_payment_is_found_however_many_came_after_it() {
    let peer = Peer::open().await;
    let mandate = bound(&peer).await;
    peer.rail().charge_mandate(&charge(2), &mandate).await.expect("charged");
    for number in 3..=210 {
        let charge = charge(number);
        peer.crowd(&charge.id.to_string());
    }
    settled(peer.rail().look(&charge(2)).await);
    assert_eq!(peer.rail().look(&charge(250)).await, Ok(Outcome::WAITING));
}

#[tokio::test]
async fn a_bank_that_wants_to_see_the_reader_declines_for_want_of_proof() {
    let peer = Peer::open().await;
    let mandate = bound(&peer).await;
    for (number, code, reason) in [
        (2, "authentication_required", Reason::Proof),
        (3, "insufficient_funds", Reason::Funds),
        (4, "expired_card", Reason::Means),
        (5, "fraudulent", Reason::Refused),
    ] {
        peer.decline(method(&mandate), code);
        let charged = peer.rail().charge_mandate(&charge(number), &mandate).await;
        let (begun, outcome) = charged.expect("an outcome");
        assert_eq!(outcome, Outcome::Declined(reason));
        assert!(begun.reference.starts_with("pi_"), "{begun:?}");
        let kept = Charge { reference: begun.reference, ..charge(number) };
        assert_eq!(peer.rail().look(&kept).await, Ok(Outcome::Declined(reason)));
    }
}

#[tokio::test]
async fn a_debit_by_mandate_is_in_doubt_for_days() {
    let peer = Peer::open().await;
    let mandate = bound(&peer).await;
    peer.is_slow(method(&mandate));
    let charged = peer.rail().charge_mandate(&charge(2), &mandate).await.expect("an outcome");
    assert_eq!(charged.1, Outcome::UnderWay);
}

#[tokio::test]
async fn a_mandate_that_was_ended_charges_nothing_any_more_and_ends_once() {
    let peer = Peer::open().await;
    let mandate = bound(&peer).await;
    for _ in 0..2 {
        peer.rail().unbind(&mandate).await.expect("ended");
        peer.forget_keys();
    }
    assert_eq!(posts(&peer).iter().filter(|asked| asked.ends_with("/detach")).count(), 1);
    let charged = peer.rail().charge_mandate(&charge(2), &mandate).await.expect("an outcome");
    assert_eq!(charged.1, Outcome::Declined(Reason::Unbound));
    let unknown = Mandate { reference: "cus_9/pm_9".into(), ..mandate };
    peer.rail().unbind(&unknown).await.expect("never was");
    let charged = peer.rail().charge_mandate(&charge(3), &unknown).await.expect("an outcome");
    assert_eq!(charged.1, Outcome::Declined(Reason::Unbound));
}

fn refund(receipt: &Receipt, key: &str, cents: i64) -> Refund {
    Refund { key: key.into(), amount: euros(cents), reference: receipt.reference.clone() }
}

#[tokio::test]
async fn money_is_sent_back_once_for_a_key_though_stripe_forgets_it() {
    let peer = Peer::open().await;
    let (charge, receipt) = paid(&peer, charge(1)).await;
    let mut done = Vec::new();
    for _ in 0..3 {
        let back = peer.rail().refund(&charge, &refund(&receipt, "one", 200)).await;
        done.push(back.expect("sent back"));
        peer.forget_keys();
    }
    assert_eq!(peer.count("refund"), 1);
    assert!(matches!(&done[0], Refunded::Done { fee_back, .. } if fee_back.is_zero()));
    assert!(done.iter().all(|again| *again == done[0]));
    let rest = peer.rail().refund(&charge, &refund(&receipt, "two", 300)).await;
    assert!(matches!(rest, Ok(Refunded::Done { .. })));
    let more = peer.rail().refund(&charge, &refund(&receipt, "three", 1)).await;
    assert_eq!(more, Ok(Refunded::Declined(Reason::Refused)));
}

#[tokio::test]
async fn money_on_its_way_back_is_asked_about_until_it_is_there_or_not() {
    let peer = Peer::open().await;
    let (charge, receipt) = paid(&peer, charge(1)).await;
    let method = peer.get(&receipt.reference)["payment_method"].as_str().expect("text").to_owned();
    peer.is_slow(&method);
    let ask = async || peer.rail().refund(&charge, &refund(&receipt, "one", 200)).await;
    assert_eq!(ask().await, Ok(Refunded::Waiting));
    assert_eq!(ask().await, Ok(Refunded::Waiting));
    let made = peer.only("refund");
    peer.set(&made, "status", json!("failed"));
    peer.set(&made, "failure_reason", json!("expired_or_canceled_card"));
    assert_eq!(ask().await, Ok(Refunded::Declined(Reason::Means)));
    peer.set(&made, "status", json!("succeeded"));
    let movement = peer.get(&made)["balance_transaction"].as_str().expect("text").to_owned();
    peer.set(&movement, "fee", json!(-7));
    let wanted = Refunded::Done { reference: made, fee_back: euros(7) };
    assert_eq!(ask().await, Ok(wanted));
}

#[tokio::test]
async fn a_dispute_holds_money_back_until_it_is_won_or_lost_with_its_price() {
    let peer = Peer::open().await;
    let (charge, receipt) = paid(&peer, charge(1)).await;
    for (status, wanted) in [
        ("warning_needs_response", Dispute::Open(euros(0), euros(2_000))),
        ("needs_response", Dispute::Open(euros(500), euros(2_000))),
        ("under_review", Dispute::Open(euros(500), euros(2_000))),
        ("won", Dispute::Won(euros(2_000))),
        ("warning_closed", Dispute::Won(euros(2_000))),
        ("lost", Dispute::Lost(euros(500), euros(2_000))),
    ] {
        let dispute = peer.dispute(&receipt.reference, status, 2_000);
        assert_eq!(peer.rail().dispute(&charge, &dispute).await, Ok(wanted), "{status}");
        let other = Charge { id: SettlementId::from_bytes([9; 16]), ..charge.clone() };
        let told = peer.rail().dispute(&other, &dispute).await;
        assert!(matches!(told, Err(RailError::Nonsense(_))), "{told:?}");
    }
}

async fn hear(rail: &Stripe, object: &Value, secret: &str) -> Result<Heard, Unheard> {
    let event = json!({"id": "evt_1", "object": "event", "type": "x", "data": {"object": object}});
    let event = event.to_string();
    let headers = signed(&event, secret, NOW);
    rail.hear(Message { headers: &headers, body: event.as_bytes(), at: NOW }).await
}

#[tokio::test]
async fn a_message_says_whom_to_ask_and_nothing_else() {
    let peer = Peer::open().await;
    let (charge, receipt) = paid(&peer, charge(1)).await;
    let dispute = peer.dispute(&receipt.reference, "needs_response", 0);
    let asked = peer.requests().len();
    for id in [&charge.reference, &receipt.reference] {
        let heard = hear(&peer.rail(), &peer.get(id), WEBHOOK_SECRET).await;
        assert_eq!(heard, Ok(Heard::Charge(Which::Id(charge.id))));
    }
    assert_eq!(peer.requests().len(), asked);
    let heard = hear(&peer.rail(), &peer.get(&dispute), WEBHOOK_SECRET).await;
    assert_eq!(heard, Ok(Heard::Dispute { charge: Which::Id(charge.id), dispute }));
    let sent = peer.rail().refund(&charge, &refund(&receipt, "one", 200)).await;
    assert!(matches!(sent, Ok(Refunded::Done { .. })), "{sent:?}");
    let heard = hear(&peer.rail(), &peer.get(&peer.only("refund")), WEBHOOK_SECRET).await;
    assert_eq!(heard, Ok(Heard::Refund(Which::Id(charge.id))));
}

#[tokio::test]
async fn what_else_happens_on_the_account_is_nothing_to_the_shop() {
    let peer = Peer::open().await;
    for object in [
        json!({"id": "pi_9", "object": "payment_intent", "metadata": {}}),
        json!({"id": "pi_9", "object": "payment_intent", "metadata": {"charge": "7"}}),
        json!({"id": "cs_9", "object": "checkout.session", "metadata": null}),
        json!({"id": "cus_9", "object": "customer"}),
        json!({"object": "balance"}),
    ] {
        let heard = hear(&peer.rail(), &object, WEBHOOK_SECRET).await;
        assert_eq!(heard, Ok(Heard::Nothing), "{object}");
    }
}

#[tokio::test]
async fn a_forged_message_is_not_even_asked_about() {
    let peer = Peer::open().await;
    let (charge, receipt) = paid(&peer, charge(1)).await;
    let dispute = peer.dispute(&receipt.reference, "lost", 0);
    let asked = peer.requests().len();
    for id in [&charge.reference, &receipt.reference, &dispute] {
        let heard = hear(&peer.rail(), &peer.get(id), "whsec_other").await;
        assert_eq!(heard, Err(Unheard::Forged("signature")));
    }
    let headers = signed("[]", WEBHOOK_SECRET, NOW);
    let message = Message { headers: &headers, body: b"[]", at: NOW };
    assert_eq!(peer.rail().hear(message).await, Err(Unheard::Forged("malformed")));
    assert_eq!(peer.requests().len(), asked);
}

#[tokio::test]
async fn a_dispute_that_cannot_be_looked_into_now_is_to_be_told_again() {
    let peer = Peer::open().await;
    let (_, receipt) = paid(&peer, charge(1)).await;
    let dispute = peer.get(&peer.dispute(&receipt.reference, "needs_response", 0));
    peer.will(Fault::Status(500));
    let heard = hear(&peer.rail(), &dispute, WEBHOOK_SECRET).await;
    assert!(matches!(heard, Err(Unheard::Later(_))), "{heard:?}");
}

#[tokio::test]
async fn where_nobody_listens_nothing_happened() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let failed =
        rail(&url, KEY, Clock::standing_at(NOW)).begin(&charge(1)).await.expect_err("nobody");
    assert!(failed.left_nothing(), "{failed}");
}

async fn flaws(peer: &Peer) -> Vec<(String, bool)> {
    let webhook = "https://shop.example/rails/stripe/webhook";
    let flaws = peer.rail().check(Some(webhook)).await.expect("it answers").expect("somebody");
    flaws.into_iter().map(|flaw| (flaw.what, flaw.is_grave)).collect()
}

#[tokio::test]
async fn an_operator_is_told_what_is_wrong_with_keys_and_messages() {
    const OURS: &str = "https://shop.example/rails/stripe/webhook";
    let peer = Peer::open().await;
    let refused = peer.rail_with("sk_test_wrong").check(Some(OURS)).await;
    assert_eq!(refused.map(|_| ()), Err(RailError::Refused("401".into())));
    let nobody = flaws(&peer).await;
    assert!(matches!(&nobody[..], [(what, true)] if what.contains("sends no messages")));
    peer.tells(OURS, "disabled", &["*"]);
    let off = flaws(&peer).await;
    assert!(matches!(&off[..], [(what, true)] if what.contains("turned off")), "{off:?}");
    peer.tells(OURS, "enabled", &["checkout.session.completed"]);
    let some = flaws(&peer).await;
    assert!(matches!(&some[..], [(what, false)] if what.contains("charge.dispute.created")));
    assert!(some[0].0.contains("charge.refunded, refund.updated, refund.failed"), "{some:?}");
    peer.tells(OURS, "enabled", &["*"]);
    assert_eq!(flaws(&peer).await, []);
    peer.will(Fault::Status(403));
    let forbidden = flaws(&peer).await;
    assert!(matches!(&forbidden[..], [(what, false)] if what.contains("may not read")));
    assert!(posts(&peer).is_empty());
}
