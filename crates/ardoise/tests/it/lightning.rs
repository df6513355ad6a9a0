//! Settling a tab over Lightning, with a wallet that is made up.

use crate::lnbits::{ADMIN_KEY, Fault, INVOICE_KEY, Lnbits};
use crate::rail_contract::{Bench, Message, again, begin, ben, contract, owes};
use crate::shop::{Answer, TestApp};
use ardoise::clock::Clock;
use ardoise::rails::worker::work_off;
use ardoise::store::charge::{State, Stored};
use axum::body::Body;
use http::{Request, StatusCode};
use ledger::{Currency, Money, Timestamp};

/// Satoshis of a euro, at the wallet's price.
const SATS_PER_EURO: i64 = 2_000;
/// Of a dollar.
const SATS_PER_DOLLAR: i64 = 1_800;

/// A shop with a wallet.
struct Lightning {
    shop: TestApp,
    wallet: Lnbits,
}

impl Lightning {
    async fn with(settings: &[(&str, &str)]) -> Self {
        // The wallet is there before the shop and goes by its clock.
        let clock = Clock::standing_at(Timestamp::from_micros(0));
        let wallet = Lnbits::open(clock.clone()).await;
        let base = [
            ("rails.to_private", "true"),
            ("lightning.base", wallet.url.as_str()),
            ("lightning.invoice_key", INVOICE_KEY),
        ];
        let shop = TestApp::with(&[&base, settings].concat());
        clock.set(shop.clock.now());
        Self { shop, wallet }
    }

    /// Begins a charge of Ben's, who owes €0.20.
    async fn charge(&self) -> (crate::shop::Browser<'_>, Stored) {
        let mut ben = ben(&self.shop).await;
        let id = self.shop.app.mint.settlement();
        let (_, charge) = begin(&mut ben, &self.shop, "lightning", id).await;
        (ben, charge.expect("a charge"))
    }

    async fn tell(&self, body: String) -> Answer {
        let request = Request::post("/rails/lightning/webhook");
        let request = request.header("content-type", "application/json").body(Body::from(body));
        self.shop.program().send(request.expect("a request")).await
    }

    async fn look(&self, charge: &Stored) -> Stored {
        self.shop.pass_minutes(61);
        work_off(&self.shop.app).await.expect("asked");
        again(&self.shop, charge).await
    }
}

impl Bench for Lightning {
    async fn open() -> Self {
        Self::with(&[]).await
    }

    fn shop(&self) -> &TestApp {
        &self.shop
    }

    fn name(&self) -> &'static str {
        "lightning"
    }

    async fn agree(&self, charge: &Stored) {
        self.wallet.pay(&charge.id.to_string());
    }

    /// There is nobody who says no: the reader lets the time pass.
    async fn refuse(&self, _: &Stored) {
        self.shop.pass_minutes(13);
    }

    async fn lose_answers(&self, lost: bool) {
        self.wallet.is(if lost { Fault::LosesAnswers } else { Fault::None });
    }

    async fn lie(&self, charge: &Stored, says: Money) {
        let sats = match says.currency() {
            Currency::Usd => SATS_PER_DOLLAR,
            _ => SATS_PER_EURO,
        };
        let millisats = u64::try_from(says.micros() * sats / 1_000).expect("an amount");
        self.wallet.change(&charge.id.to_string(), |kept| kept.says = Some(millisats));
    }

    async fn orders_and_captures(&self) -> (usize, usize) {
        let invoices = self.wallet.invoices();
        (invoices.len(), invoices.iter().filter(|kept| kept.paid).count())
    }

    async fn message(&self, charge: Option<&Stored>, _: bool, _: i64) -> Message {
        let body = self.wallet.message(&charge.expect("a charge").id.to_string());
        Message { headers: vec![("content-type", "application/json".into())], body }
    }
}

// Two claims are told below in the rail's own way: its messages bear no signature of their bytes and no time, since all that they
// do is to have the wallet asked; and a charge that nobody pays is declined after minutes, long before it is abandoned.
contract! { contract: crate::lightning::Lightning;
    beginning_twice_is_one_charge
    a_reader_who_does_not_come_back_is_asked_about
    an_answer_lost_at_the_beginning_is_known_later
    an_answer_lost_when_the_money_moves_is_known_later
    a_declined_charge_leaves_the_tab_as_it_was
    another_amount_or_currency_is_refused
    what_the_reader_brings_back_proves_nothing
    a_message_only_says_whom_to_ask
}

#[tokio::test]
async fn a_reader_scans_an_invoice_for_exactly_the_satoshis_of_the_tab() {
    let lightning = Lightning::open().await;
    let (mut ben, charge) = lightning.charge().await;
    let [invoice] = &lightning.wallet.invoices()[..] else { panic!("one invoice") };
    assert_eq!(invoice.sats(), 400, "€0.20 at 50 000 a bitcoin");
    assert_eq!(invoice.asked["expiry"], 600);
    assert_eq!(invoice.asked["memo"], "Ardoise · 0.20 EUR");
    let webhook = invoice.asked["webhook"].as_str().expect("an address");
    assert!(webhook.ends_with("/rails/lightning/webhook"), "{webhook}");
    let page = ben.get(&format!("/tab/charges/{}", charge.id)).await.text();
    assert!(page.contains(&format!("LIGHTNING:{}", invoice.text.to_uppercase())), "{page}");
    assert!(page.contains(&format!("value=\"{}\"", invoice.text)), "{page}");
    assert!(page.contains("<svg"), "and a picture of it");
    assert!(!page.contains(INVOICE_KEY));
    lightning.wallet.pay(invoice.charge());
    lightning.shop.pass_seconds(5);
    let paid = ben.get(&format!("/tab/charges/{}", charge.id)).await;
    assert_eq!(paid.location(), format!("/tab/settled/{}", charge.id));
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn the_rate_is_frozen_with_the_invoice() {
    let lightning = Lightning::open().await;
    let (mut ben, charge) = lightning.charge().await;
    let [invoice] = &lightning.wallet.invoices()[..] else { panic!("one invoice") };
    assert_eq!(invoice.asked["extra"]["rate"], "50000.000000");
    assert_eq!(invoice.asked["extra"]["rate_at"], lightning.shop.clock.now().micros());
    lightning.wallet.is(Fault::HasNoPrice);
    lightning.wallet.pay(invoice.charge());
    assert_eq!(lightning.look(&charge).await.state, State::Settled, "whatever it is by then");
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn without_a_rate_a_key_or_a_wallet_nothing_is_begun() {
    for fault in [Fault::HasNoPrice, Fault::LosesAll, Fault::Refuses] {
        let lightning = Lightning::open().await;
        lightning.wallet.is(fault);
        let (mut ben, charge) = lightning.charge().await;
        assert_eq!(charge.state, State::Declined, "{fault:?}");
        assert!(!charge.in_doubt, "{fault:?}");
        assert!(lightning.wallet.invoices().is_empty(), "{fault:?}");
        assert_eq!(owes(&mut ben).await, "0.20");
    }
    for key in [ADMIN_KEY, "another"] {
        let lightning = Lightning::with(&[("lightning.invoice_key", key)]).await;
        let (_, charge) = lightning.charge().await;
        assert_eq!((charge.state, charge.reason.as_str()), (State::Declined, "unserved"), "{key}");
        assert!(lightning.wallet.invoices().is_empty(), "{key}");
    }
}

#[tokio::test]
async fn an_invoice_that_is_not_what_was_ordered_is_shown_to_nobody() {
    for fault in [Fault::AsksForMore, Fault::OfTests, Fault::LivesLong] {
        let lightning = Lightning::open().await;
        lightning.wallet.is(fault);
        let (mut ben, charge) = lightning.charge().await;
        assert_eq!(charge.state, State::Begun, "{fault:?}");
        assert!(charge.next.is_empty(), "{fault:?}");
        let page = ben.get(&format!("/tab/charges/{}", charge.id)).await.text();
        assert!(!page.to_lowercase().contains("lightning:ln"), "{fault:?}: {page}");
        // The wallet mends its ways: an invoice is made that can be shown.
        lightning.wallet.is(Fault::None);
        assert_eq!(lightning.look(&charge).await.state, State::Waiting, "{fault:?}");
    }
}

#[tokio::test]
async fn of_two_invoices_for_one_charge_either_settles_it_once() {
    for paid in [0, 1] {
        let lightning = Lightning::open().await;
        let (mut ben, charge) = lightning.charge().await;
        lightning.wallet.make_again(&charge.id.to_string());
        let hash = lightning.wallet.invoices()[paid].hash.clone();
        lightning.wallet.change(&charge.id.to_string(), |kept| kept.paid = kept.hash == hash);
        assert_eq!(lightning.look(&charge).await.state, State::Settled, "{paid}");
        lightning.wallet.pay(&charge.id.to_string());
        let message = lightning.wallet.message(&charge.id.to_string());
        assert_eq!(lightning.tell(message).await.status, StatusCode::OK);
        work_off(&lightning.shop.app).await.expect("asked");
        assert_eq!(owes(&mut ben).await, "0.00");
    }
}

#[tokio::test]
async fn an_invoice_is_kept_where_the_wallet_cannot_be_searched() {
    let lightning = Lightning::open().await;
    lightning.wallet.is(Fault::FindsNothing);
    let (mut ben, charge) = lightning.charge().await;
    assert_eq!(charge.state, State::Waiting);
    lightning.wallet.pay(&charge.id.to_string());
    assert_eq!(lightning.look(&charge).await.state, State::Settled);
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn a_wallet_that_may_not_call_the_shop_is_asked_all_the_same() {
    let lightning = Lightning::open().await;
    lightning.wallet.is(Fault::CallsNobody);
    let (mut ben, charge) = lightning.charge().await;
    let [invoice] = &lightning.wallet.invoices()[..] else { panic!("one invoice") };
    assert!(invoice.asked["webhook"].is_null());
    lightning.wallet.pay(&charge.id.to_string());
    assert_eq!(lightning.look(&charge).await.state, State::Settled);
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn a_wallet_that_forgot_an_invoice_leaves_it_in_doubt() {
    let lightning = Lightning::open().await;
    let (_, charge) = lightning.charge().await;
    lightning.wallet.is(Fault::Forgets);
    let doubtful = lightning.look(&charge).await;
    assert!(doubtful.in_doubt && doubtful.state == State::Waiting, "{doubtful:?}");
}

#[tokio::test]
async fn an_invoice_ends_after_ten_minutes_and_what_comes_late_counts_all_the_same() {
    let lightning = Lightning::open().await;
    let (mut ben, charge) = lightning.charge().await;
    lightning.shop.pass_minutes(11);
    work_off(&lightning.shop.app).await.expect("asked");
    assert_eq!(again(&lightning.shop, &charge).await.state, State::Waiting, "it may still be told");
    lightning.shop.pass_minutes(1);
    let page = ben.get(&format!("/tab/charges/{}", charge.id)).await.text();
    assert!(page.contains("The time to pay has passed"), "{page}");
    lightning.wallet.pay(&charge.id.to_string());
    let message = lightning.wallet.message(&charge.id.to_string());
    assert_eq!(lightning.tell(message).await.status, StatusCode::OK);
    work_off(&lightning.shop.app).await.expect("asked");
    assert_eq!(again(&lightning.shop, &charge).await.state, State::Settled);
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn a_forged_message_has_nobody_asked() {
    let lightning = Lightning::open().await;
    let (_, charge) = lightning.charge().await;
    let genuine = lightning.wallet.message(&charge.id.to_string());
    lightning.wallet.pay(&charge.id.to_string());
    lightning.wallet.asked();
    let text: String = serde_json::from_str(&genuine).expect("JSON within JSON");
    let mut forged: serde_json::Value = serde_json::from_str(&text).expect("a payment");
    forged["extra"]["charge"] = lightning.shop.app.mint.settlement().to_string().into();
    let unsigned = format!(r#"{{"external_id": "{}", "status": "success"}}"#, charge.id);
    for body in [forged.to_string(), unsigned, "paid".to_owned(), String::new()] {
        let answer = lightning.tell(body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.json()["code"], "rail.forged");
    }
    assert_eq!(work_off(&lightning.shop.app).await, Ok(0));
    assert!(lightning.wallet.asked().is_empty());
    assert_eq!(again(&lightning.shop, &charge).await.state, State::Waiting);
}

#[tokio::test]
async fn fake_bitcoin_is_called_fake() {
    let lightning = Lightning::with(&[("lightning.network", "fake")]).await;
    let mut ben = ben(&lightning.shop).await;
    let page = ben.get("/tab/settle").await.text();
    let form = page.split("action=\"/tab/settle/lightning\"").nth(1).expect("a form");
    assert!(
        form.split("</form>").next().is_some_and(|form| form.contains("button fake")),
        "{page}"
    );
}
