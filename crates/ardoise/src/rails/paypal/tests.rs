//! What is sent to PayPal, what is read of its answers, and which messages are believed.

use super::orders::{self, Order, Stage};
use super::settings::PayPalSettings;
use super::signature::{Certificates, Spoken, heard};
use super::*;
use crate::outbox::address::Reach;
use crate::rails::port::{Outcome, Receipt, Which};
use crate::rails::settings::RailSettings;
use crate::settings::Values;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use http::HeaderMap;
use ledger::{SettlementId, ShopId as _, TabId, Timestamp};

/// 28 November 2026, noon.
const NOON: Timestamp = Timestamp::from_micros(1_795_867_200_000_000);
const SENT: &str = "2026-11-28T12:00:00Z";
const WEBHOOK: &str = "8PT597110X687430LKGECATA";
const TRANSMISSION: &str = "69cd13f0-d67a-11e5-baa3-778b53f4ae55";
const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rails/paypal/vectors");

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::Eur).expect("an amount")
}

fn charge() -> Charge {
    Charge {
        id: SettlementId::from_bytes([7; 16]),
        tab: TabId::from_raw(1),
        amount: euros("5.20"),
        begun_at: NOON,
        ends_at: NOON.plus_days(1),
        reference: "5O190127TN364715T".into(),
        kept: String::new(),
        binds: true,
        locale: "fr".into(),
        shop: "L’Ardoise".into(),
        return_url: "https://shop.example/tab/charges/1/return".into(),
    }
}

fn settings(base: &str) -> PayPalSettings {
    let mut values = Values::default();
    for (key, value) in [
        ("rails.to_private", "true"),
        ("rails.certificates", &format!("{VECTORS}/root.pem")),
        ("paypal.client_id", "shop"),
        ("paypal.secret", "hush"),
        ("paypal.webhook_id", WEBHOOK),
        ("paypal.place", base),
    ] {
        values.set("test", key, value.into()).expect("a setting");
    }
    let read = RailSettings::read(&values, Currency::Eur).expect("settings");
    read.paypal.expect("PayPal is on")
}

fn terms() -> Terms {
    let clock = Clock::standing_at(NOON);
    let wire = Wire::new(Reach::Private, clock.clone());
    PayPal::new(settings("http://127.0.0.1:9"), wire, clock, Currency::Eur).terms
}

#[test]
fn an_order_says_how_much_for_whom_and_where_the_reader_goes_afterwards() {
    let order = orders::to_agree(&charge());
    let unit = &order["purchase_units"][0];
    assert_eq!(unit["amount"], json!({ "currency_code": "EUR", "value": "5.20" }));
    assert_eq!(unit["custom_id"], charge().id.to_string());
    assert_eq!(unit["invoice_id"], charge().id.to_string());
    let context = &order["payment_source"]["paypal"]["experience_context"];
    assert_eq!(context["locale"], "fr-FR");
    assert_eq!(context["return_url"], charge().return_url);
    let vault = &order["payment_source"]["paypal"]["attributes"]["vault"];
    assert_eq!(vault["store_in_vault"], "ON_SUCCESS");
    let once = orders::to_agree(&Charge { binds: false, ..charge() });
    assert_eq!(once["payment_source"]["paypal"].get("attributes"), None);
}

#[test]
fn an_amount_has_two_digits_whatever_it_is() {
    for (amount, value) in [("5", "5.00"), ("0.01", "0.01"), ("1000.5", "1000.50")] {
        assert_eq!(orders::amount(euros(amount))["value"], value);
    }
}

/// An order that was captured, as PayPal answers with `Prefer: return=representation`.
fn captured(capture: &str, value: &str, id: &str) -> Order {
    let answer = json!({
        "id": "5O190127TN364715T",
        "status": "COMPLETED",
        "payment_source": { "paypal": {
            "email_address": "ben@example.org", "account_id": "QYR5Z8XDVJNXQ",
            "attributes": { "vault": { "id": "8kk8451t", "status": "VAULTED", "customer": { "id": "X" } } },
        } },
        "purchase_units": [{
            "reference_id": "default",
            "payments": { "captures": [{
                "id": "3C679366HH908993F", "status": capture, "custom_id": id,
                "amount": { "currency_code": "EUR", "value": value },
                "seller_receivable_breakdown": {
                    "gross_amount": { "currency_code": "EUR", "value": value },
                    "paypal_fee": { "currency_code": "EUR", "value": "0.35" },
                },
            }] },
        }],
    });
    serde_json::from_value(answer).expect("an order")
}

#[test]
fn a_captured_order_says_what_came_what_paypal_kept_and_what_the_reader_agreed_to() {
    let order = captured("COMPLETED", "5.20", &charge().id.to_string());
    let stage = order.stage(&charge(), &terms()).expect("an outcome");
    let Stage::Done(Outcome::Settled(Receipt { received, fee, reference, mandate, email })) = stage
    else {
        panic!("{stage:?}");
    };
    assert_eq!((received, fee), (euros("5.20"), euros("0.35")));
    assert_eq!(
        (reference.as_str(), email.as_deref()),
        ("3C679366HH908993F", Some("ben@example.org"))
    );
    let mandate = mandate.expect("a mandate");
    assert_eq!(
        (mandate.reference.as_str(), mandate.label.as_str()),
        ("8kk8451t", "PayPal b…@example.org")
    );
}

#[test]
fn a_reader_who_did_not_wish_it_binds_nothing() {
    let order = captured("COMPLETED", "5.20", &charge().id.to_string());
    let once = Charge { binds: false, ..charge() };
    let Ok(Stage::Done(Outcome::Settled(receipt))) = order.stage(&once, &terms()) else { panic!() };
    assert_eq!(receipt.mandate, None);
}

#[test]
fn the_state_of_a_capture_is_told_as_it_is() {
    let id = charge().id.to_string();
    for (status, outcome) in [
        ("PENDING", Outcome::WAITING),
        ("DECLINED", Outcome::Declined(Reason::Refused)),
        ("FAILED", Outcome::Declined(Reason::Refused)),
    ] {
        let stage = captured(status, "5.20", &id).stage(&charge(), &terms());
        assert_eq!(stage, Ok(Stage::Done(outcome)), "{status}");
    }
    let refunded = captured("REFUNDED", "5.20", &id).stage(&charge(), &terms());
    assert!(matches!(refunded, Ok(Stage::Done(Outcome::Settled(_)))), "what came came");
}

#[test]
fn the_order_of_another_charge_or_a_state_that_nobody_knows_says_nothing() {
    let other = captured("COMPLETED", "5.20", &SettlementId::from_bytes([8; 16]).to_string());
    assert!(matches!(other.stage(&charge(), &terms()), Err(RailError::Nonsense(_))));
    let odd = captured("MAYBE", "5.20", &charge().id.to_string());
    assert!(matches!(odd.stage(&charge(), &terms()), Err(RailError::Nonsense(_))));
}

#[test]
fn a_name_from_outside_leads_nowhere_else() {
    assert!(segment("5O190127TN364715T").is_ok());
    for name in ["", "../tokens", "a/b", "a?b", "a%2Fb", "é"] {
        assert!(segment(name).is_err(), "{name}");
    }
}

/// PayPal's certificates, on a port of this machine.
async fn certificates() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let file = |name: &str| std::fs::read(format!("{VECTORS}/{name}")).expect("a vector");
    let (good, other) = (file("paypal.pem"), file("other.pem"));
    let router = Router::new()
        .route("/v1/notifications/certs/CERT-1", get(async move || good))
        .route("/v1/notifications/certs/CERT-2", get(async move || other));
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

/// The headers of a message with `body`, signed with the key in `key`.
fn signed(base: &str, certificate: &str, key: &str, body: &[u8]) -> HeaderMap {
    let key = std::fs::read(format!("{VECTORS}/{key}")).expect("a key");
    let key = RsaKeyPair::from_pkcs8(&key).expect("a key");
    let text = format!("{TRANSMISSION}|{SENT}|{WEBHOOK}|{}", crc32fast::hash(body));
    let mut signature = vec![0; key.public_modulus_len()];
    let random = SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).expect("signed");
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("paypal-transmission-id", TRANSMISSION.into()),
        ("paypal-transmission-time", SENT.into()),
        ("paypal-auth-algo", "SHA256withRSA".into()),
        ("paypal-cert-url", format!("{base}/v1/notifications/certs/{certificate}")),
        ("paypal-transmission-sig", base64::engine::general_purpose::STANDARD.encode(signature)),
    ] {
        headers.insert(name, value.parse().expect("a header"));
    }
    headers
}

async fn check(base: &str, headers: &HeaderMap, body: &[u8], at: Timestamp) -> Result<(), Unheard> {
    let wire = Wire::new(Reach::Private, Clock::standing_at(at));
    let certificates = Certificates::new(&settings(base), wire);
    certificates.check(&Message { headers, body, at }).await
}

#[tokio::test]
async fn a_message_that_paypal_signed_is_believed() {
    let base = certificates().await;
    let body = br#"{"event_type":"PAYMENT.CAPTURE.COMPLETED"}"#;
    let headers = signed(&base, "CERT-1", "paypal.pk8", body);
    assert_eq!(check(&base, &headers, body, NOON).await, Ok(()));
    assert_eq!(
        check(&base, &headers, body, NOON.plus_days(3)).await,
        Ok(()),
        "sent again for days"
    );
}

#[tokio::test]
async fn a_message_that_was_altered_is_of_another_name_or_too_old_is_not_believed() {
    let base = certificates().await;
    let body = b"{}";
    let forged = |word| Err(Unheard::Forged(word));
    let headers = signed(&base, "CERT-1", "paypal.pk8", body);
    assert_eq!(check(&base, &headers, b"{ }", NOON).await, forged("signature"));
    assert_eq!(check(&base, &headers, body, NOON.plus_days(5)).await, forged("stale"));
    assert_eq!(check(&base, &headers, body, NOON.plus_minutes(-60)).await, forged("stale"));
    // A certificate of somebody else's, and their key: anybody can have those.
    let other = signed(&base, "CERT-2", "other.pk8", body);
    assert_eq!(check(&base, &other, body, NOON).await, forged("certificate"));
    let wrong_key = signed(&base, "CERT-1", "other.pk8", body);
    assert_eq!(check(&base, &wrong_key, body, NOON).await, forged("signature"));
}

#[tokio::test]
async fn certificates_are_fetched_from_paypals_own_hosts_only() {
    let base = certificates().await;
    for address in [
        "http://127.0.0.1:1/v1/notifications/certs/CERT-1".to_owned(),
        format!("{base}.example.org/v1/notifications/certs/CERT-1"),
        format!("{base}/v1/notifications/certs/../../internal"),
        format!("{base}/v1/notifications/certs/CERT-1?x"),
        format!("{base}/elsewhere/CERT-1"),
    ] {
        let mut headers = signed(&base, "CERT-1", "paypal.pk8", b"{}");
        headers.insert("paypal-cert-url", address.parse().expect("a header"));
        let checked = check(&base, &headers, b"{}", NOON).await;
        assert_eq!(checked, Err(Unheard::Forged("certificate")), "{address}");
    }
}

#[test]
fn a_message_only_says_whom_to_ask_about() {
    let id = charge().id;
    let order = json!({"event_type": "CHECKOUT.ORDER.APPROVED", "resource": {"id": "5O19"}});
    let capture = json!({
        "event_type": "PAYMENT.CAPTURE.COMPLETED",
        "resource": {"id": "3C67", "custom_id": id.to_string(), "amount": {"value": "999.00"}},
    });
    let dispute = json!({
        "event_type": "CUSTOMER.DISPUTE.CREATED",
        "resource": {
            "dispute_id": "PP-D-27803",
            "disputed_transactions": [{"seller_transaction_id": "3C67", "invoice_number": id.to_string()}],
        },
    });
    let hear = |event: &Value| heard(event.to_string().as_bytes());
    let said = |heard| Ok(Spoken::Heard(heard));
    assert_eq!(hear(&order), said(Heard::Charge(Which::Reference("5O19".into()))));
    assert_eq!(hear(&capture), said(Heard::Charge(Which::Id(id))));
    let dispute_of = Heard::Dispute { charge: Which::Id(id), dispute: "PP-D-27803".into() };
    assert_eq!(hear(&dispute), said(dispute_of));
    let elsewhere = json!({"event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": {"id": "1"}});
    assert_eq!(hear(&elsewhere), said(Heard::Nothing), "a sale that is not this shop's");
    let refund = |links: Value, custom_id: &str| {
        json!({"event_type": "PAYMENT.CAPTURE.REFUNDED", "resource": {
            "id": "1Y10", "custom_id": custom_id, "links": links, "amount": {"value": "999.00"},
        }})
    };
    let to = |place: &str| json!([{"rel": "self", "href": "x"}, {"rel": "up", "href": place}]);
    let named = refund(json!([]), &id.to_string());
    assert_eq!(hear(&named), said(Heard::Refund(Which::Id(id))));
    let up = to("https://api.paypal.com/v2/payments/captures/3C67");
    let unnamed = refund(up, "refund-of-the-shop");
    assert_eq!(hear(&unnamed), Ok(Spoken::RefundOf("3C67".into())), "its capture knows");
    assert_eq!(hear(&refund(to("https://evil.example/"), "")), said(Heard::Nothing));
    assert_eq!(heard(b"[]"), Err(Unheard::Forged("malformed")));
}
