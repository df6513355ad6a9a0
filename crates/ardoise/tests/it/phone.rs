//! The phone bill: numbers, codes, confirmations and refunds, through CAMARA's own descriptions of them.

use crate::phone_peer::{GOOD_CODE, Operator, Proof};
use ardoise::clock::Clock;
use ardoise::outbox::address::Reach;
use ardoise::rails::phone::Phone;
use ardoise::rails::port::{
    Answer, Before, Charge, Next, Note, Outcome, Rail as _, RailError, Reason, Receipt, Refund,
    Refunded,
};
use ardoise::rails::settings::RailSettings;
use ardoise::rails::wire::Wire;
use ardoise::settings::Values;
use ledger::{Currency, Money, SettlementId, ShopId as _, TabId, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// 28 November 2026, noon.
const NOON: Timestamp = Timestamp::from_micros(1_795_867_200_000_000);
/// An answer is asked for three times before it counts as lost.
const ALL_TRIES: usize = 3;
/// Ben's number, as he types it and as the operator knows it.
const BENS: (&str, &str) = ("06 12 34 56 78", "+33612345678");

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::Eur).expect("an amount")
}

/// What the settings say about an operator that is played here.
pub fn settings(operator: &Operator) -> Vec<(&'static str, String)> {
    vec![
        ("rails.to_private", "true".into()),
        ("phone.base", operator.base.clone()),
        ("phone.token_url", format!("{}/token", operator.base)),
        ("phone.client_id", "shop".into()),
        ("phone.secret", "hush".into()),
    ]
}

/// The rail with some more settings, by `clock`.
pub fn phone(operator: &Operator, more: &[(&'static str, &str)], clock: &Clock) -> Phone {
    let mut values = Values::default();
    let more = more.iter().map(|(key, value)| (*key, (*value).to_owned()));
    for (key, value) in settings(operator).into_iter().chain(more) {
        values.set("test", key, value).expect("a setting");
    }
    let settings = RailSettings::read(&values, Currency::Eur).expect("settings");
    let wire = Wire::new(Reach::Private, clock.clone());
    let webhook = Some("https://shop.example/rails/phone/webhook".to_owned());
    let settings = settings.phone.expect("the phone bill is on");
    Phone::new(&settings, Currency::Eur, webhook, wire, clock.clone())
}

fn at_noon(operator: &Operator, more: &[(&'static str, &str)]) -> Phone {
    phone(operator, more, &Clock::standing_at(NOON))
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
        binds: false,
        locale: "fr".into(),
        shop: "L’Ardoise".into(),
        return_url: "https://shop.example/tab/charges/1/return".into(),
    }
}

fn answers(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Tells the rail an answer as the flow does: what it wants written before is kept.
async fn answer(
    rail: &Phone,
    charge: &mut Charge,
    said: (&str, &str),
) -> Result<Outcome, RailError> {
    let said = answers(&[said]);
    let asked = match rail.before(charge, &said) {
        Before::Write(Note { kept, .. }) => {
            charge.kept = kept;
            rail.returned(charge, &said).await
        }
        Before::Nothing => rail.returned(charge, &said).await,
        Before::Look => rail.look(charge).await,
    };
    keep(charge, &asked);
    asked
}

async fn look(rail: &Phone, charge: &mut Charge) -> Result<Outcome, RailError> {
    let asked = rail.look(charge).await;
    keep(charge, &asked);
    asked
}

fn keep(charge: &mut Charge, asked: &Result<Outcome, RailError>) {
    if let Ok(Outcome::Waiting { kept: Some(kept) } | Outcome::Asking { kept: Some(kept), .. }) =
        asked
    {
        charge.kept.clone_from(kept);
    }
}

/// What the reader is asked, or why once more, and what the answer is like.
fn asked(outcome: &Result<Outcome, RailError>) -> (String, Answer) {
    let Ok(Outcome::Asking { next: Next::Ask { questions }, .. }) = outcome else {
        panic!("{outcome:?}")
    };
    let question = &questions[0];
    (question.wrong.as_ref().unwrap_or(&question.words).clone(), question.kind)
}

fn settled(outcome: Result<Outcome, RailError>) -> Receipt {
    match outcome {
        Ok(Outcome::Settled(receipt)) => receipt,
        other => panic!("{other:?}"),
    }
}

/// A charge whose reader has a code on their phone.
async fn with_code(rail: &Phone, number: u8) -> Charge {
    let mut charge = charge(number);
    let asks = answer(rail, &mut charge, ("number", BENS.0)).await;
    assert_eq!(asked(&asks), ("phone-code".into(), Answer::Code));
    charge
}

#[tokio::test]
async fn the_descriptions_stand_between_and_refuse_what_they_forbid() {
    let operator = Operator::open().await;
    for (path, body) in [
        ("/carrier-billing/v0.5/payments/prepare", json!({ "amountTransaction": {} })),
        ("/carrier-billing-refund/v0.3/payments/PAY000001/refunds", json!({ "type": "whole" })),
    ] {
        let asked = reqwest::Client::new()
            .post(format!("{}{path}", operator.base))
            .bearer_auth("token-0")
            .header("content-type", "application/json")
            .body(body.to_string());
        let answer = asked.send().await.expect("an answer");
        if operator.is_checked() {
            assert_eq!(answer.status().as_u16(), 422, "{path}");
            assert_eq!(operator.violations().len(), 1, "{path}");
        }
    }
}

#[tokio::test]
async fn a_number_then_a_code_and_the_money_comes_once() {
    let operator = Operator::open().await;
    let rail = at_noon(&operator, &[("phone.merchant", "ardoise-1")]);
    let begun = rail.begin(&charge(1)).await.expect("it began");
    let Next::Ask { questions } = &begun.next else { panic!("{:?}", begun.next) };
    assert_eq!(questions[0].kind, Answer::Telephone);
    assert_eq!(operator.payments(), 0, "nobody was charged for being asked");
    assert_eq!(rail.look(&charge(1)).await, Ok(Outcome::WAITING));

    let mut charge = with_code(&rail, 1).await;
    let id = charge.id.to_string();
    let sent = operator.asked(&id);
    assert_eq!(sent["amountTransaction"]["phoneNumber"], BENS.1);
    assert_eq!(sent["amountTransaction"]["clientCorrelator"], id);
    let amount = &sent["amountTransaction"]["paymentAmount"];
    assert_eq!(amount["chargingInformation"]["amount"].to_string(), "5.2");
    assert_eq!(amount["chargingInformation"]["isTaxIncluded"], true);
    assert_eq!(amount["chargingInformation"]["description"], "Votre ardoise chez L’Ardoise");
    assert_eq!(amount["chargingMetaData"]["merchantIdentifier"], "ardoise-1");
    assert!(matches!(look(&rail, &mut charge).await, Ok(Outcome::Waiting { .. })));
    assert!(!charge.kept.contains("612345678"), "the number is kept nowhere: {}", charge.kept);

    let receipt = settled(answer(&rail, &mut charge, ("otp", " 352 673 ")).await);
    assert_eq!((receipt.received, receipt.fee), (euros("5.20"), euros("2.19")), "42 %, rounded up");
    assert_eq!(receipt.reference, "PAY000001");
    assert_eq!(settled(look(&rail, &mut charge).await), receipt, "asked again it says the same");
    assert_eq!((operator.payments(), operator.charged()), (1, 1));
}

#[tokio::test]
async fn a_reader_may_agree_on_a_page_of_the_operators() {
    let operator = Operator::open().await;
    operator.asks_for(Proof::Page);
    let rail = at_noon(&operator, &[]);
    let mut charge = charge(1);
    let next = answer(&rail, &mut charge, ("number", BENS.0)).await;
    let Ok(Outcome::Asking { next: Next::Redirect { url }, .. }) = next else { panic!("{next:?}") };
    assert_eq!(url, "https://operator.example/agree/PAY000001");
    assert!(matches!(look(&rail, &mut charge).await, Ok(Outcome::Waiting { .. })));
    assert_eq!(operator.charged(), 0);
    operator.agree(&charge.id.to_string());
    settled(look(&rail, &mut charge).await);
    assert_eq!(operator.charged(), 1);
}

#[tokio::test]
async fn a_page_that_is_none_leads_nobody_anywhere() {
    let operator = Operator::unchecked().await;
    operator.asks_for(Proof::Page);
    let rail = at_noon(&operator, &[]);
    let mut charge = charge(1);
    answer(&rail, &mut charge, ("number", BENS.0)).await.expect("prepared");
    let validation = json!({ "action": "open", "validationURL": "javascript:alert(1)" });
    operator.lie(&charge.id.to_string(), "/validationInfo", validation);
    charge.kept = String::new();
    let next = answer(&rail, &mut charge, ("number", BENS.0)).await;
    assert!(matches!(next, Err(RailError::Nonsense(_))), "{next:?}");
}

#[tokio::test]
async fn in_one_step_a_number_is_enough() {
    let operator = Operator::open().await;
    let rail = at_noon(&operator, &[("phone.steps", "one")]);
    let mut first = charge(1);
    settled(answer(&rail, &mut first, ("number", BENS.0)).await);

    operator.is_slow();
    let mut second = charge(2);
    let next = answer(&rail, &mut second, ("number", BENS.0)).await;
    assert!(matches!(next, Ok(Outcome::Asking { next: Next::Wait, .. })), "{next:?}");
    assert!(matches!(look(&rail, &mut second).await, Ok(Outcome::Waiting { .. })));
    let again = answer(&rail, &mut second, ("number", BENS.0)).await;
    assert!(matches!(again, Ok(Outcome::Waiting { .. })), "{again:?}");
    operator.get_on(&second.id.to_string(), "succeeded");
    settled(look(&rail, &mut second).await);

    let mut third = charge(3);
    answer(&rail, &mut third, ("number", BENS.0)).await.expect("asked");
    operator.get_on(&third.id.to_string(), "denied");
    assert_eq!(look(&rail, &mut third).await, Ok(Outcome::Declined(Reason::Refused)));
    assert_eq!(operator.payments(), 3);
    assert!(!operator.calls().iter().any(|call| call.contains("prepare")));
}

#[tokio::test]
async fn in_one_step_what_was_lost_is_found_and_not_asked_for_again() {
    let operator = Operator::open().await;
    let clock = Clock::standing_at(NOON);
    let rail = phone(&operator, &[("phone.steps", "one")], &clock);
    let mut charge = charge(1);
    operator.lose(1);
    let lost = answer(&rail, &mut charge, ("number", BENS.0)).await;
    assert!(matches!(lost, Err(RailError::Lost(_))), "{lost:?}");
    settled(answer(&rail, &mut charge, ("number", BENS.0)).await);
    let calls = operator.calls();
    assert_eq!(calls.iter().filter(|call| *call == "POST /payments").count(), 1, "{calls:?}");
    operator.forget(&charge.id.to_string());
    let kept = charge.kept.clone();
    assert_eq!(look(&rail, &mut charge).await, Ok(Outcome::Unknown), "it may still come");
    assert_eq!(charge.kept, kept);
}

#[tokio::test]
async fn an_answer_lost_when_the_number_was_told_is_known_by_the_list() {
    let operator = Operator::open().await;
    let clock = Clock::standing_at(NOON);
    let rail = phone(&operator, &[], &clock);
    with_code(&rail, 9).await;
    let mut charge = charge(1);
    operator.lose(ALL_TRIES);
    let lost = answer(&rail, &mut charge, ("number", BENS.0)).await;
    assert!(matches!(lost, Err(RailError::Lost(_))), "{lost:?}");
    assert_eq!(asked(&look(&rail, &mut charge).await).0, "phone-number-again");
    let repeated = answer(&rail, &mut charge, ("number", BENS.0)).await;
    assert_eq!(asked(&repeated).0, "phone-code");
    settled(answer(&rail, &mut charge, ("otp", GOOD_CODE)).await);
    assert_eq!((operator.payments(), operator.charged()), (2, 1), "one for each charge");
}

#[tokio::test]
async fn an_operator_that_does_not_repeat_itself_is_told_to_let_go() {
    let operator = Operator::open().await;
    operator.says_exists();
    let rail = at_noon(&operator, &[]);
    let mut charge = charge(1);
    operator.lose(1);
    let told = answer(&rail, &mut charge, ("number", BENS.0)).await;
    assert_eq!(told, Ok(Outcome::Declined(Reason::Late)));
    assert_eq!(operator.status(&charge.id.to_string()), "cancelled");
}

#[tokio::test]
async fn what_never_arrived_is_asked_anew_after_some_minutes_and_not_before() {
    let operator = Operator::open().await;
    let clock = Clock::standing_at(NOON);
    let rail = phone(&operator, &[], &clock);
    let mut charge = charge(1);
    let said = answers(&[("number", BENS.0)]);
    let Before::Write(note) = rail.before(&charge, &said) else { panic!("it is written down") };
    charge.kept = note.kept;
    // The process ends before the operator is asked.
    assert_eq!(look(&rail, &mut charge).await, Ok(Outcome::Unknown));
    assert!(rail.before(&charge, &said) == Before::Look, "somebody may be asking right now");
    clock.set(NOON.plus_minutes(6));
    assert_eq!(asked(&look(&rail, &mut charge).await).0, "phone-number");
    assert_eq!(charge.kept, "");
    let again = answer(&rail, &mut charge, ("number", BENS.0)).await;
    assert_eq!(asked(&again).0, "phone-code");
}

#[tokio::test]
async fn a_confirmation_whose_answer_is_lost_confirms_once() {
    let operator = Operator::open().await;
    let rail = at_noon(&operator, &[]);
    for lost in 0..3 {
        let mut charge = with_code(&rail, lost).await;
        // The code, how it stands, the confirmation: one of these answers is lost for good.
        operator.lose_after(lost.into(), ALL_TRIES);
        let doubt = answer(&rail, &mut charge, ("otp", GOOD_CODE)).await;
        assert!(matches!(doubt, Err(RailError::Lost(_))), "{lost}: {doubt:?}");
        settled(look(&rail, &mut charge).await);
        assert_eq!(operator.charged(), usize::from(lost) + 1, "{lost}");
    }
}

#[tokio::test]
async fn a_wrong_code_may_be_typed_again_and_the_third_ends_it() {
    let operator = Operator::open().await;
    let rail = at_noon(&operator, &[]);
    let mut charge_1 = with_code(&rail, 1).await;
    let wrong = answer(&rail, &mut charge_1, ("otp", "000000")).await;
    assert_eq!(asked(&wrong), ("phone-code-wrong".into(), Answer::Code));
    settled(answer(&rail, &mut charge_1, ("otp", GOOD_CODE)).await);

    let mut charge_2 = with_code(&rail, 2).await;
    for _ in 0..2 {
        let wrong = answer(&rail, &mut charge_2, ("otp", "000000")).await;
        assert_eq!(asked(&wrong).0, "phone-code-wrong");
    }
    let ended = answer(&rail, &mut charge_2, ("otp", "000000")).await;
    assert_eq!(ended, Ok(Outcome::Declined(Reason::Proof)));
    assert_eq!(operator.charged(), 1);
}

#[tokio::test]
async fn a_code_that_is_too_old_ends_the_charge() {
    let operator = Operator::open().await;
    let rail = at_noon(&operator, &[]);
    let mut charge = with_code(&rail, 1).await;
    operator.expire(&charge.id.to_string());
    let late = answer(&rail, &mut charge, ("otp", GOOD_CODE)).await;
    assert_eq!(late, Ok(Outcome::Declined(Reason::Late)));
}

#[tokio::test]
async fn what_nobody_agreed_to_is_late_and_what_somebody_may_have_agreed_to_is_in_doubt() {
    let operator = Operator::open().await;
    let rail = at_noon(&operator, &[]);
    let mut left = with_code(&rail, 1).await;
    operator.forget(&left.id.to_string());
    assert_eq!(look(&rail, &mut left).await, Ok(Outcome::Declined(Reason::Late)));

    let mut told = with_code(&rail, 2).await;
    operator.lose(ALL_TRIES);
    let lost = answer(&rail, &mut told, ("otp", GOOD_CODE)).await;
    assert!(matches!(lost, Err(RailError::Lost(_))), "{lost:?}");
    operator.forget(&told.id.to_string());
    assert_eq!(look(&rail, &mut told).await, Ok(Outcome::Unknown));
}

#[tokio::test]
async fn nothing_is_charged_to_whom_nobody_asked() {
    let operator = Operator::open().await;
    operator.asks_for(Proof::Nothing);
    let rail = at_noon(&operator, &[]);
    let mut charge = charge(1);
    let refused = answer(&rail, &mut charge, ("number", BENS.0)).await;
    assert_eq!(refused, Ok(Outcome::Declined(Reason::Unserved)));
    assert_eq!(operator.status(&charge.id.to_string()), "cancelled");
    assert_eq!(operator.charged(), 0);
}

#[tokio::test]
async fn a_reader_who_turns_back_lets_go_of_what_was_set_aside() {
    let operator = Operator::open().await;
    let rail = at_noon(&operator, &[]);
    let turned = Ok(Outcome::Declined(Reason::Cancelled));
    assert_eq!(answer(&rail, &mut charge(1), ("turn_back", "yes")).await, turned);
    let mut charge_2 = with_code(&rail, 2).await;
    assert_eq!(answer(&rail, &mut charge_2, ("turn_back", "yes")).await, turned);
    assert_eq!(operator.status(&charge_2.id.to_string()), "cancelled");

    let mut charge_3 = with_code(&rail, 3).await;
    operator.lose_after(2, ALL_TRIES);
    let lost = answer(&rail, &mut charge_3, ("otp", GOOD_CODE)).await;
    assert!(matches!(lost, Err(RailError::Lost(_))), "{lost:?}");
    settled(answer(&rail, &mut charge_3, ("turn_back", "yes")).await);
}

#[tokio::test]
async fn every_no_of_the_operators_has_its_reason() {
    let operator = Operator::open().await;
    let rail = at_noon(&operator, &[]);
    for (status, code, reason) in [
        (403, "CARRIER_BILLING.PAYMENT_DENIED", Reason::Refused),
        (404, "IDENTIFIER_NOT_FOUND", Reason::Means),
        (409, "ALREADY_EXISTS", Reason::Refused),
        (422, "SERVICE_NOT_APPLICABLE", Reason::Unserved),
        (422, "CARRIER_BILLING.UNAUTHORIZED_AMOUNT", Reason::TooMuch),
        (422, "CARRIER_BILLING.USER_AMOUNT_THRESHOLD_OVERPASSED", Reason::Month),
    ] {
        operator.fail(status, code);
        let declined = answer(&rail, &mut charge(1), ("number", BENS.0)).await;
        assert_eq!(declined, Ok(Outcome::Declined(reason)), "{status} {code}");
    }
    for (status, code) in [
        (400, "INVALID_ARGUMENT"),
        (400, "INVALID_SINK"),
        (403, "PERMISSION_DENIED"),
        (422, "MISSING_IDENTIFIER"),
        (422, "UNNECESSARY_IDENTIFIER"),
    ] {
        operator.fail(status, code);
        let refused = answer(&rail, &mut charge(1), ("number", BENS.0)).await;
        assert!(matches!(refused, Err(RailError::Refused(_))), "{code}: {refused:?}");
    }
    operator.fail(429, "TOO_MANY_REQUESTS");
    let busy = answer(&rail, &mut charge(1), ("number", BENS.0)).await;
    assert!(matches!(busy, Err(RailError::NotReached(_))), "{busy:?}");
    let mut denied = with_code(&rail, 2).await;
    operator.deny(&denied.id.to_string());
    let declined = answer(&rail, &mut denied, ("otp", GOOD_CODE)).await;
    assert_eq!(declined, Ok(Outcome::Declined(Reason::Refused)));
}

#[tokio::test]
async fn another_payment_or_another_number_is_never_confirmed() {
    let operator = Operator::open().await;
    let rail = at_noon(&operator, &[]);
    for (number, pointer, says) in [
        (1, "/amountTransaction/referenceCode", "another-charge"),
        (2, "/amountTransaction/phoneNumber", "+33698765432"),
    ] {
        let mut charge = with_code(&rail, number).await;
        operator.lie(&charge.id.to_string(), pointer, json!(says));
        let refused = answer(&rail, &mut charge, ("otp", GOOD_CODE)).await;
        assert!(matches!(refused, Err(RailError::Nonsense(_))), "{pointer}: {refused:?}");
        assert_eq!(operator.charged(), 0);
    }
}

#[tokio::test]
async fn wrong_keys_are_the_operators_matter_and_a_token_that_is_withdrawn_is_nobodys() {
    let operator = Operator::open().await;
    let refused = at_noon(&operator, &[("phone.secret", "wrong")]).begin(&charge(1)).await;
    assert!(matches!(refused, Err(RailError::Refused(_))), "{refused:?}");
    let tried = at_noon(&operator, &[("phone.secret", "wrong")]).check(None).await;
    assert!(matches!(tried, Err(RailError::Refused(_))), "{tried:?}");
    let rail = at_noon(&operator, &[]);
    assert_eq!(rail.check(None).await, Ok(Some(vec![])));
    rail.begin(&charge(1)).await.expect("it began");
    operator.withdraw_token();
    with_code(&rail, 1).await;
}

fn refund(key: &str, amount: &str) -> Refund {
    Refund { key: key.into(), amount: euros(amount), reference: "PAY000001".into() }
}

async fn paid(rail: &Phone) -> Charge {
    let mut charge = with_code(rail, 1).await;
    settled(answer(rail, &mut charge, ("otp", GOOD_CODE)).await);
    charge
}

#[tokio::test]
async fn money_goes_back_in_parts_and_never_more_than_came() {
    let operator = Operator::open().await;
    let rail = at_noon(&operator, &[]);
    let charge = paid(&rail).await;
    let part = refund("refund-1", "2.00");
    let done = rail.refund(&charge, &part).await.expect("sent back");
    let expected = Refunded::Done { reference: "BACK000001".into(), fee_back: euros("0") };
    assert_eq!(done, expected);
    assert_eq!(rail.refund(&charge, &part).await, Ok(done), "once");
    let too_much = rail.refund(&charge, &refund("refund-2", "3.21")).await;
    assert_eq!(too_much, Ok(Refunded::Declined(Reason::TooMuch)));
    assert_eq!(operator.refunds().len(), 1);
    assert_eq!(operator.refunds()[0]["type"], "partial");
}

#[tokio::test]
async fn all_of_a_payment_goes_back_as_all_of_it() {
    let operator = Operator::open().await;
    let rail = at_noon(&operator, &[]);
    let charge = paid(&rail).await;
    operator.is_slow();
    let whole = refund("refund-1", "5.20");
    operator.lose_after(1, 1);
    let lost = rail.refund(&charge, &whole).await;
    assert!(matches!(lost, Err(RailError::Lost(_))), "{lost:?}");
    assert_eq!(rail.refund(&charge, &whole).await, Ok(Refunded::Waiting));
    assert_eq!(operator.refunds().len(), 1, "asked for once");
    assert_eq!(operator.refunds()[0]["type"], "total");
    operator.refunds_are("denied");
    let denied = rail.refund(&charge, &whole).await;
    assert_eq!(denied, Ok(Refunded::Declined(Reason::Refused)));
}

#[tokio::test]
async fn every_no_to_a_refund_has_its_reason() {
    let operator = Operator::open().await;
    let rail = at_noon(&operator, &[]);
    let charge = paid(&rail).await;
    for (status, code, reason) in [
        (403, "CARRIER_BILLING_REFUND.REFUND_DENIED", Reason::Refused),
        (403, "CARRIER_BILLING_REFUND.PAYMENT_NOT_ELIGIBLE_FOR_REFUND", Reason::Refused),
        (422, "CARRIER_BILLING_REFUND.UNAUTHORIZED_AMOUNT", Reason::TooMuch),
        (422, "CARRIER_BILLING_REFUND.USER_AMOUNT_THRESHOLD_OVERPASSED", Reason::TooMuch),
        (422, "CARRIER_BILLING_REFUND.INVALID_PAYMENT_STATUS", Reason::Refused),
    ] {
        operator.fail(status, code);
        let declined = rail.refund(&charge, &refund("refund-1", "1.00")).await;
        assert_eq!(declined, Ok(Refunded::Declined(reason)), "{code}");
    }
    operator.fail(422, "CARRIER_BILLING_REFUND.TAXES_MANAGEMENT_MISMATCH");
    let refused = rail.refund(&charge, &refund("refund-1", "1.00")).await;
    assert!(matches!(refused, Err(RailError::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn the_operator_is_told_where_to_send_word_and_with_what() {
    let operator = Operator::open().await;
    let rail = at_noon(&operator, &[]);
    let charge = with_code(&rail, 1).await;
    let sent = operator.asked(&charge.id.to_string());
    assert_eq!(sent["sink"], "https://shop.example/rails/phone/webhook");
    let credential: &Value = &sent["sinkCredential"];
    assert_eq!(credential["credentialType"], "ACCESSTOKEN");
    assert_eq!(credential["accessTokenExpiresUtc"], "2026-12-06T12:00:00Z");
}
