//! Readers put their tabs on their phone bills.

use crate::phone::{phone, settings};
use crate::phone_peer::{GOOD_CODE, Operator, Proof};
use crate::rail_contract::{Bench, Message, again, begin, contract, owes, send, stored};
use crate::saga::{stopped_after, tab};
use crate::shop::{Answer, Browser, TestApp};
use ardoise::rails::port::Next;
use ardoise::rails::saga::{self, Begin, Visit};
use ardoise::rails::worker::work_off;
use ardoise::store::charge::{State, Stored};
use futures_util::future::join_all;
use http::StatusCode;
use ledger::time::MICROS_PER_SECOND;
use ledger::{Money, SettlementId, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;

const NUMBER: &str = "06 12 34 56 78";

/// A shop with an operator.
struct Street {
    shop: TestApp,
    operator: Operator,
    slug: String,
}

impl Street {
    async fn open(more: &[(&'static str, &str)]) -> Self {
        let operator = Operator::unchecked().await;
        let mut all = settings(&operator);
        all.extend(more.iter().map(|(key, value)| (*key, (*value).to_owned())));
        let all: Vec<(&str, &str)> =
            all.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let shop = TestApp::with(&all);
        let (ada, _) = shop.ada().await;
        let slug = shop.article(ada, "Night bus", 20).await;
        Self { shop, operator, slug }
    }

    /// Somebody who owes €0.20.
    async fn reader(&self) -> Browser<'_> {
        let mut reader = self.shop.browser();
        assert_eq!(reader.tap(&self.slug).await.status, StatusCode::SEE_OTHER);
        reader
    }

    /// Their charge, as the settle page begins it.
    async fn charge(&self, reader: &mut Browser<'_>) -> Stored {
        let (_, charge) = begin(reader, &self.shop, "phone", self.shop.app.mint.settlement()).await;
        charge.expect("a charge")
    }

    /// Their charge, and the page that is shown after they have said this number.
    async fn with_number(&self, reader: &mut Browser<'_>, number: &str) -> (Stored, String) {
        let charge = self.charge(reader).await;
        let page = say(reader, &charge, ("number", number)).await;
        (again(&self.shop, &charge).await, page)
    }
}

async fn post(reader: &mut Browser<'_>, charge: &Stored, said: (&str, &str)) -> Answer {
    reader.post(&format!("/tab/charges/{}/return", charge.id), &[said]).await
}

/// The page after an answer.
async fn say(reader: &mut Browser<'_>, charge: &Stored, said: (&str, &str)) -> String {
    let answer = post(reader, charge, said).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    reader.get(&answer.location()).await.text()
}

#[tokio::test]
async fn a_tab_is_put_on_a_phone_bill_in_both_languages() {
    let street = Street::open(&[]).await;
    for (language, name, price, code, wrong, thanks) in [
        ("en", "Mobile phone bill", "€0.20", "text message", "another code", "Settled"),
        ("fr", "Facture mobile", "0,20\u{a0}€", "par SMS", "pas le code", "Réglé"),
    ] {
        let mut ben = street.reader().await;
        ben.language = language;
        let page = ben.get("/tab/settle").await.text();
        assert!(page.contains(name) && page.contains(price), "{page}");
        let charge = street.charge(&mut ben).await;
        let page = ben.get(&format!("/tab/charges/{}", charge.id)).await.text();
        assert!(page.contains(r#"<label for="number">"#), "{page}");
        assert!(page.contains(r#"id="number" name="number" type="tel" autocomplete="tel""#));
        assert!(page.contains(r#"name="turn_back" value="yes" formnovalidate"#), "{page}");
        assert!(!page.contains("<script"), "nothing is taken away while somebody types: {page}");

        let page = say(&mut ben, &charge, ("number", NUMBER)).await;
        assert!(page.contains(r#"<label for="otp">"#) && page.contains(code), "{page}");
        assert!(page.contains(r#"inputmode="numeric" autocomplete="one-time-code""#), "{page}");
        assert!(!page.contains("12 34") && !page.contains("612345678"), "{page}");
        let page = say(&mut ben, &charge, ("otp", "000000")).await;
        assert!(page.contains(wrong), "{page}");
        let page = say(&mut ben, &charge, ("otp", GOOD_CODE)).await;
        assert!(page.contains(thanks) && page.contains(price), "{page}");
        ben.language = "en";
        assert_eq!(owes(&mut ben).await, "0.00");
        let kept = again(&street.shop, &charge).await;
        for text in [kept.kept, kept.next, kept.reference, kept.reason] {
            assert!(!text.contains("612345678") && !text.contains("34 56"), "{text}");
        }
    }
    assert_eq!(street.operator.charged(), 2);
}

#[tokio::test]
async fn what_is_no_number_is_asked_for_again() {
    let street = Street::open(&[]).await;
    let mut ben = street.reader().await;
    let (charge, page) = street.with_number(&mut ben, "my phone").await;
    assert!(page.contains("That is no telephone number"), "{page}");
    assert_eq!((charge.state, street.operator.payments()), (State::Waiting, 0));
    assert!(say(&mut ben, &charge, ("number", NUMBER)).await.contains("one-time-code"));
}

#[tokio::test]
async fn a_code_that_is_wrong_three_times_charges_nothing() {
    let street = Street::open(&[]).await;
    let mut ben = street.reader().await;
    let (charge, _) = street.with_number(&mut ben, NUMBER).await;
    for _ in 0..2 {
        assert!(say(&mut ben, &charge, ("otp", "000000")).await.contains("another code"));
    }
    let page = say(&mut ben, &charge, ("otp", "000000")).await;
    assert!(
        page.contains("not confirmed by you") && page.contains("Nothing was charged"),
        "{page}"
    );
    assert_eq!(owes(&mut ben).await, "0.20");
    let (next, _) = street.with_number(&mut ben, NUMBER).await;
    say(&mut ben, &next, ("otp", GOOD_CODE)).await;
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn a_code_that_came_too_late_charges_nothing() {
    let street = Street::open(&[]).await;
    let mut ben = street.reader().await;
    let (charge, _) = street.with_number(&mut ben, NUMBER).await;
    street.operator.expire(&charge.id.to_string());
    let page = say(&mut ben, &charge, ("otp", GOOD_CODE)).await;
    assert!(page.contains("The time to pay has passed"), "{page}");
    assert_eq!(owes(&mut ben).await, "0.20");
}

#[tokio::test]
async fn a_reader_who_turns_back_is_charged_nothing_and_may_take_another_number() {
    let street = Street::open(&[]).await;
    let mut ben = street.reader().await;
    let (charge, _) = street.with_number(&mut ben, "06 99 99 99 99").await;
    let page = say(&mut ben, &charge, ("turn_back", "yes")).await;
    assert!(page.contains("You turned back"), "{page}");
    assert_eq!(street.operator.status(&charge.id.to_string()), "cancelled");
    let (charge, _) = street.with_number(&mut ben, NUMBER).await;
    say(&mut ben, &charge, ("otp", GOOD_CODE)).await;
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn an_operator_that_is_down_charges_nothing_and_says_so_at_once() {
    let nowhere = "http://127.0.0.1:1";
    // Without tokens the reader is not even asked for a number; without the operator they are.
    for (key, asks) in [("phone.token_url", false), ("phone.base", true)] {
        let street = Street::open(&[(key, nowhere)]).await;
        let mut ben = street.reader().await;
        let charge = street.charge(&mut ben).await;
        assert_eq!(charge.state.is_live(), asks, "{key}");
        let page = if asks {
            say(&mut ben, &charge, ("number", NUMBER)).await
        } else {
            ben.get(&format!("/tab/charges/{}", charge.id)).await.text()
        };
        assert!(
            page.contains("cannot be reached") && page.contains("Nothing was charged"),
            "{page}"
        );
        assert_eq!(again(&street.shop, &charge).await.reason, "unreached");
        assert_eq!(owes(&mut ben).await, "0.20");
    }
}

#[tokio::test]
async fn a_payment_ends_where_the_law_ends_it() {
    let street = Street::open(&[("phone.maximum", "0.30"), ("phone.minimum", "0.01")]).await;
    let mut ben = street.reader().await;
    let (ada, _) = street.shop.author("Zoe").await;
    let slug = street.shop.article(ada, "Tides", 20).await;
    ben.tap(&slug).await;
    let id = street.shop.app.mint.settlement().to_string();
    ben.html = false;
    let refused = ben.post("/tab/settle/phone", &[("settlement", &id)]).await;
    assert_eq!(refused.json()["code"], "charge.above_maximum", "{}", refused.text());
    assert_eq!(street.operator.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_number_pays_no_more_in_a_month_than_the_law_allows() {
    let street = Street::open(&[("phone.monthly", "0.50")]).await;
    let pay = async |number: &str| {
        let mut reader = street.reader().await;
        let (charge, page) = street.with_number(&mut reader, number).await;
        if charge.state.is_live() {
            say(&mut reader, &charge, ("otp", GOOD_CODE)).await;
        }
        (again(&street.shop, &charge).await, page)
    };
    for _ in 0..2 {
        assert_eq!(pay(NUMBER).await.0.state, State::Settled);
    }
    street.operator.calls();
    let (over, page) = pay("+33 6 12 34 56 78").await;
    assert_eq!((over.state, over.reason.as_str()), (State::Declined, "month"));
    assert!(page.contains("as much as it may in one month"), "{page}");
    let calls = street.operator.calls();
    assert!(calls.iter().all(|call| call == "POST /token"), "nobody was asked: {calls:?}");
    assert_eq!(pay("06 98 76 54 32").await.0.state, State::Settled, "another number");
    // It is the 22nd of November.
    street.shop.pass_days(9);
    assert_eq!(pay(NUMBER).await.0.state, State::Settled, "another month");
}

#[tokio::test]
async fn what_was_declined_or_left_counts_for_no_month() {
    let street = Street::open(&[("phone.monthly", "0.20")]).await;
    let mut ben = street.reader().await;
    let (charge, _) = street.with_number(&mut ben, NUMBER).await;
    let mut zoe = street.reader().await;
    let (refused, _) = street.with_number(&mut zoe, NUMBER).await;
    assert_eq!(refused.reason, "month", "what is under way counts");
    say(&mut ben, &charge, ("turn_back", "yes")).await;
    let (left, _) = street.with_number(&mut zoe, NUMBER).await;
    street.shop.pass_minutes(24 * 60 + 1);
    work_off(&street.shop.app).await.expect("asked");
    assert_eq!(again(&street.shop, &left).await.state, State::Abandoned);
    let (charge, _) = street.with_number(&mut ben, NUMBER).await;
    say(&mut ben, &charge, ("otp", GOOD_CODE)).await;
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn many_at_once_do_not_share_the_same_room() {
    let street = Street::open(&[("phone.monthly", "0.50")]).await;
    let other = street.shop.beside();
    let other =
        other.with_rail(phone(&street.operator, &[("phone.monthly", "0.50")], &street.shop.clock));
    let mut readers = Vec::new();
    for index in 0..6 {
        let mut reader = street.reader().await;
        let charge = street.charge(&mut reader).await;
        let mut there = if index % 2 == 0 { street.shop.browser() } else { other.browser() };
        there.cookies.clone_from(&reader.cookies);
        readers.push((there, charge));
    }
    let all = readers.iter_mut().map(|(reader, charge)| post(reader, charge, ("number", NUMBER)));
    join_all(all).await;
    assert_eq!(street.operator.payments(), 2, "€0.20 twice, and not a third time");
    let mut declined = 0;
    for (_, charge) in &readers {
        declined += usize::from(again(&street.shop, charge).await.reason == "month");
    }
    assert_eq!(declined, 4);
}

#[tokio::test]
async fn the_same_number_said_twice_at_once_is_one_payment() {
    let street = Street::open(&[]).await;
    let mut ben = street.reader().await;
    let charge = street.charge(&mut ben).await;
    let mut other = ben.clone();
    tokio::join!(
        post(&mut ben, &charge, ("number", NUMBER)),
        post(&mut other, &charge, ("number", NUMBER))
    );
    assert_eq!(street.operator.payments(), 1);
    street.shop.pass_minutes(6);
    work_off(&street.shop.app).await.expect("asked");
    tokio::join!(
        post(&mut ben, &charge, ("otp", GOOD_CODE)),
        post(&mut other, &charge, ("otp", GOOD_CODE))
    );
    street.shop.pass_minutes(61);
    work_off(&street.shop.app).await.expect("asked");
    assert_eq!(again(&street.shop, &charge).await.state, State::Settled);
    assert_eq!(street.operator.charged(), 1);
}

/// Says what the reader is asked, as often as it takes.
async fn carried_on(street: &Street, charge: SettlementId) {
    for _ in 0..6 {
        street.shop.pass_minutes(61);
        work_off(&street.shop.app).await.expect("asked");
        let known = stored(&street.shop, charge).await.expect("a charge");
        if known.state == State::Settled {
            return;
        }
        let said = match serde_json::from_str(&known.next) {
            Ok(Next::Ask { questions }) if questions[0].name == "number" => ("number", NUMBER),
            _ => ("otp", GOOD_CODE),
        };
        let said = BTreeMap::from([(said.0.to_owned(), said.1.to_owned())]);
        saga::go_on(&street.shop.app, known, Visit::Returned(&said)).await.expect("gone on");
    }
    panic!("{:?}", stored(&street.shop, charge).await);
}

#[tokio::test]
async fn a_charge_stopped_anywhere_is_carried_on_and_charged_once() {
    for times in 0.. {
        let street = Street::open(&[]).await;
        let ben = street.reader().await;
        let (id, tab) = (street.shop.app.mint.settlement(), tab(&ben));
        let app = &street.shop.app;
        let whole = async {
            let ask =
                Begin { id, tab, rail: "phone".into(), amount: None, binds: false, locale: "en" };
            let mut charge = saga::begin(app, ask).await.expect("begun");
            for said in [("number", NUMBER), ("otp", GOOD_CODE)] {
                let said = BTreeMap::from([(said.0.to_owned(), said.1.to_owned())]);
                charge = saga::go_on(app, charge, Visit::Returned(&said)).await.expect("gone on");
            }
        };
        let ended = stopped_after(times, whole).await;
        if stored(&street.shop, id).await.is_some() {
            carried_on(&street, id).await;
            assert_eq!(street.operator.payments(), 1, "stopped after {times}");
            assert_eq!(street.operator.charged(), 1, "stopped after {times}");
        }
        if ended {
            assert!(times > 10, "it waits more often than {times} times");
            break;
        }
    }
}

/// Everything as an operator tells it, with the token that it was given.
fn event(token: &str, kind: &str, at: Timestamp) -> Message {
    let body = json!({
        "id": "sd5e-uy52-88t4-za66", "source": "http://127.0.0.1:1/", "specversion": "1.0",
        "type": format!("org.camaraproject.carrier-billing.v0.{kind}"),
        "time": ardoise::api::wire::instant(at),
        "data": { "paymentId": "PAY000001", "status": "succeeded", "description": "Done" },
    });
    let headers = vec![
        ("authorization", format!("Bearer {token}")),
        ("content-type", "application/cloudevents+json".into()),
    ];
    Message { headers, body: body.to_string() }
}

/// The phone bill's whole way: the reader says a number, and agrees on the operator's page.
struct PhoneBench(Street);

impl PhoneBench {
    fn token(&self, charge: SettlementId) -> String {
        let asked = self.0.operator.asked(&charge.to_string());
        asked["sinkCredential"]["accessToken"].as_str().expect("a token").to_owned()
    }
}

impl Bench for PhoneBench {
    async fn open() -> Self {
        let set = [("serve.url", "https://shop.example"), ("rail.sandbox", "on")];
        let street = Street::open(&set).await;
        street.operator.asks_for(Proof::Page);
        Self(street)
    }

    fn shop(&self) -> &TestApp {
        &self.0.shop
    }

    fn name(&self) -> &'static str {
        "phone"
    }

    async fn begin(&self, ben: &mut Browser<'_>, id: SettlementId) -> (Answer, Option<Stored>) {
        let (answer, charge) = begin(ben, self.shop(), self.name(), id).await;
        match charge.filter(|charge| charge.state == State::Waiting && charge.kept.is_empty()) {
            None => (answer, stored(self.shop(), id).await),
            Some(charge) => {
                let answer = post(ben, &charge, ("number", NUMBER)).await;
                (answer, stored(self.shop(), id).await)
            }
        }
    }

    async fn agree(&self, charge: &Stored) {
        if charge.next.contains("\"ask\"") {
            let said = BTreeMap::from([("number".to_owned(), NUMBER.to_owned())]);
            let told = saga::go_on(&self.shop().app, charge.clone(), Visit::Returned(&said)).await;
            told.expect("told again");
        }
        self.0.operator.agree(&charge.id.to_string());
    }

    async fn refuse(&self, charge: &Stored) {
        self.agree(charge).await;
        self.0.operator.deny(&charge.id.to_string());
    }

    async fn lose_answers(&self, lost: bool) {
        self.0.operator.lose(if lost { usize::MAX } else { 0 });
    }

    async fn lie(&self, charge: &Stored, says: Money) {
        let amount: serde_json::Value = serde_json::from_str(&says.to_decimal()).expect("a number");
        let says =
            json!({ "amount": amount, "currency": says.currency().code(), "description": "x" });
        let place = "/amountTransaction/paymentAmount/chargingInformation";
        self.0.operator.lie(&charge.id.to_string(), place, says);
    }

    async fn orders_and_captures(&self) -> (usize, usize) {
        (self.0.operator.payments(), self.0.operator.charged())
    }

    async fn message(&self, charge: Option<&Stored>, genuine: bool, age_seconds: i64) -> Message {
        let mut token = self.token(charge.expect("a charge of this shop").id);
        if !genuine {
            token.replace_range(token.len() - 8.., "AAAAAAAA");
        }
        let at = self.shop().app.now().micros() - age_seconds * MICROS_PER_SECOND;
        event(&token, "payment-completed", Timestamp::from_micros(at))
    }
}

// Two claims are told below in the rail's own way: its messages bear no signature of their bytes, since all that they do is to
// have the operator asked; and what a reader agrees to after the end of a charge is let go.
contract! { phone_keeps_the_contract: crate::phone_stories::PhoneBench;
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
async fn a_forged_or_stale_message_moves_nothing_and_fetches_nothing() {
    let bench = PhoneBench::open().await;
    let street = &bench.0;
    let mut ben = street.reader().await;
    let (charge, _) = street.with_number(&mut ben, NUMBER).await;
    bench.agree(&charge).await;
    street.operator.calls();
    let now = street.shop.app.now();
    let token = bench.token(charge.id);
    let day = bench.stale_seconds() + 1;
    let mut messages = vec![
        bench.message(Some(&charge), false, 0).await,
        bench.message(Some(&charge), true, day).await,
        bench.message(Some(&charge), true, -day).await,
        event("", "payment-completed", now),
        event(&token.replacen('.', ".1", 1), "payment-completed", now),
        event(&format!("{}.{}", charge.id, i64::MAX), "payment-completed", now),
    ];
    for body in ["", "[]", "{}", r#"{"specversion":"0.3","type":"a","time":"b"}"#] {
        let headers = vec![("authorization", format!("Bearer {token}"))];
        messages.push(Message { headers, body: body.into() });
    }
    messages.push(Message { headers: Vec::new(), ..bench.message(Some(&charge), true, 0).await });
    for message in &messages {
        let answer = send(&street.shop, "phone", message).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{:?} {}",
            message.headers,
            message.body
        );
        assert_eq!(answer.json()["code"], "rail.forged");
    }
    assert_eq!(work_off(&street.shop.app).await, Ok(0), "nothing is asked about");
    assert_eq!(street.operator.calls(), Vec::<String>::new());
    let genuine = bench.message(Some(&charge), true, 0).await;
    assert_eq!(send(&street.shop, "phone", &genuine).await.status, StatusCode::NO_CONTENT);
    work_off(&street.shop.app).await.expect("asked");
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn a_message_is_believed_for_a_week_after_the_end_and_no_longer() {
    let bench = PhoneBench::open().await;
    let street = &bench.0;
    let mut ben = street.reader().await;
    let (charge, _) = street.with_number(&mut ben, NUMBER).await;
    for (days, status) in [(7, StatusCode::NO_CONTENT), (2, StatusCode::BAD_REQUEST)] {
        street.shop.pass_days(days);
        let message = bench.message(Some(&charge), true, 0).await;
        assert_eq!(send(&street.shop, "phone", &message).await.status, status, "{days}");
    }
}

#[tokio::test]
async fn what_a_reader_agrees_to_too_late_is_let_go_and_what_was_charged_counts() {
    let bench = PhoneBench::open().await;
    let street = &bench.0;
    let mut ben = street.reader().await;
    let (late, _) = street.with_number(&mut ben, NUMBER).await;
    street.shop.pass_minutes(24 * 60 + 1);
    work_off(&street.shop.app).await.expect("asked");
    assert_eq!(again(&street.shop, &late).await.state, State::Abandoned);
    bench.agree(&late).await;
    let message = bench.message(Some(&late), true, 0).await;
    send(&street.shop, "phone", &message).await;
    work_off(&street.shop.app).await.expect("asked");
    assert_eq!(again(&street.shop, &late).await.state, State::Abandoned);
    assert_eq!(street.operator.status(&late.id.to_string()), "cancelled");

    let (lost, _) = street.with_number(&mut ben, NUMBER).await;
    street.shop.pass_minutes(24 * 60 + 1);
    work_off(&street.shop.app).await.expect("asked");
    street.operator.get_on(&lost.id.to_string(), "succeeded");
    let message = bench.message(Some(&lost), true, 0).await;
    send(&street.shop, "phone", &message).await;
    work_off(&street.shop.app).await.expect("asked");
    assert_eq!(again(&street.shop, &lost).await.state, State::Settled);
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn an_operator_is_never_told_to_call_an_address_without_tls() {
    let street = Street::open(&[]).await;
    let mut ben = street.reader().await;
    let (charge, _) = street.with_number(&mut ben, NUMBER).await;
    let asked = street.operator.asked(&charge.id.to_string());
    assert!(asked.get("sink").is_none() && asked.get("sinkCredential").is_none(), "{asked}");
}

#[tokio::test]
async fn the_phone_bill_is_off_unless_it_is_set_up() {
    let shop = TestApp::open();
    assert!(shop.app.rails.by_name("phone").is_none());
    let street = Street::open(&[]).await;
    let rail = street.shop.app.rails.by_name("phone").expect("it is on");
    assert!(rail.terms().refunds && !rail.terms().charges_without_reader);
}
