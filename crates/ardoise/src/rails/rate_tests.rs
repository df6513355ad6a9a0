use super::*;
use crate::outbox::address::Reach;
use axum::Router;
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const NOW: Timestamp = Timestamp::from_micros(1_795_348_800_000_000);

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::Eur).expect("an amount")
}

fn rate(text: &str) -> Rate {
    Rate { per_bitcoin: read(text, Currency::Eur).expect("a rate"), at: NOW }
}

#[test]
fn satoshis_are_rounded_up() {
    let sats = |amount, per| rate(per).sats_for(euros(amount)).map(Sats::count);
    assert_eq!(sats("5.00", "50000"), Ok(10_000));
    assert_eq!(sats("5.00", "50000.01"), Ok(9_999 + 1), "9999.998 are ten thousand");
    assert_eq!(sats("0.000001", "100000"), Ok(1), "there is nothing below one");
    assert_eq!(sats("0", "100000"), Err(MoneyError::NotAnAmount));
    let dollars = Money::parse("1", Currency::Usd).expect("an amount");
    assert_eq!(rate("50000").sats_for(dollars), Err(MoneyError::MixedCurrencies));
}

#[test]
fn a_rate_is_read_from_any_decimal_and_only_where_a_bitcoin_can_cost_that() {
    let euro = |text| read(text, Currency::Eur);
    assert_eq!(euro("83716.43333333333"), Some(euros("83716.433333")));
    assert_eq!(euro(" 83716 "), Some(euros("83716")));
    for text in
        ["0.0", "0.000012", "9e4", "1e400", "-5000", "8371643333", "83716.", "", "NaN", "83,716.4"]
    {
        assert_eq!(euro(text), None, "{text}");
    }
}

#[test]
fn a_pointer_finds_a_number_as_it_is_written() {
    let answer = r#"{"a/b": [{"price": 83716.43333333333}, "61000.10"], "~": {"": 1}}"#;
    assert_eq!(at(answer, "/a~1b/0/price").as_deref(), Some("83716.43333333333"));
    assert_eq!(at(answer, "/a~1b/1").as_deref(), Some("61000.10"));
    assert_eq!(at(answer, "/~0/").as_deref(), Some("1"));
    assert_eq!(at("83716.5", "").as_deref(), Some("83716.5"));
    for pointer in ["/none", "/a~1b/2", "/a~1b/x", "a", "/a~1b/1/x"] {
        assert_eq!(at(answer, pointer), None, "{pointer}");
    }
}

/// A source that says 60000, and from its second answer on that it cannot; and how often it was asked.
async fn source() -> (Rates, Clock, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let router = Router::new().fallback(async move || {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        if first { r#"{"price": 60000.5}"# } else { r#"{"price": 0.0}"# }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let clock = Clock::standing_at(NOW);
    let wire = Wire::new(Reach::Private, clock.clone());
    let source = Source::Address { url, pointer: "/price".into(), key: None };
    (Rates::new(source, Currency::Eur, wire, clock.clone()), clock, asked)
}

#[tokio::test]
async fn a_rate_is_used_for_a_minute_and_when_nobody_tells_a_newer_one_for_ten() {
    let (rates, clock, asked) = source().await;
    let first = rates.now().await.expect("a rate");
    assert_eq!(first, Rate { per_bitcoin: euros("60000.5"), at: NOW });
    clock.set(Timestamp::from_micros(NOW.plus_minutes(1).micros() - 1));
    assert_eq!(rates.now().await, Ok(first));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    clock.set(NOW.plus_minutes(9));
    assert_eq!(rates.now().await, Ok(first), "and it says when it was so");
    clock.set(NOW.plus_minutes(10));
    assert!(matches!(rates.now().await, Err(RailError::NotReached(_))));
    clock.set(NOW.plus_minutes(-1));
    assert!(rates.now().await.is_err(), "a clock that was set back makes no rate fresh");
    assert_eq!(asked.load(Ordering::SeqCst), 4);
}

proptest! {
    /// What is asked for is worth no less than the amount, and one satoshi less would be.
    #[test]
    fn satoshis_are_the_fewest_that_are_worth_the_amount(
        micros in 1..=1_000_000_000_000i64, units in LEAST..=MOST, rest in 0..1_000_000i64,
    ) {
        prop_assume!(units < MOST || rest == 0);
        let rate = rate(&format!("{units}.{rest:06}"));
        let amount = Money::from_micros(micros, Currency::Eur).expect("an amount");
        let sats = rate.sats_for(amount).expect("satoshis");
        let exact = i128::from(sats.count()) * i128::from(rate.per_bitcoin.micros());
        prop_assert!(exact >= i128::from(micros) * i128::from(SATS_PER_BITCOIN));
        prop_assert!(rate.worth(sats).expect("worth") >= amount);
        if let Some(fewer) = Sats::new(sats.count() - 1) {
            prop_assert!(rate.worth(fewer).expect("worth") < amount);
        }
    }

    #[test]
    fn no_text_makes_a_rate_fall_over(text in "\\PC{0,40}|[0-9.]{0,30}") {
        let _ = read(&text, Currency::Chf);
    }
}
