//! What Stripe says about itself. What it does is told in `tests/it/stripe.rs`, against a peer.

use super::*;
use crate::clock::Clock;
use crate::outbox::address::Reach;
use crate::settings::Values;
use ledger::{SettlementId, ShopId as _, TabId, Timestamp};

const NOW: Timestamp = Timestamp::from_micros(1_795_348_800_000_000);

fn cents(cents: i64, currency: Currency) -> Money {
    Money::from_cents(cents, currency).expect("an amount")
}

/// A charge of 5.12 €.
pub(super) fn charge() -> Charge {
    Charge {
        id: SettlementId::from_bytes([7; 16]),
        tab: TabId::from_raw(7),
        amount: cents(512, Currency::Eur),
        begun_at: NOW,
        ends_at: NOW.plus_days(1),
        reference: String::new(),
        kept: String::new(),
        binds: false,
        locale: "fr".into(),
        shop: "Ada".into(),
        return_url: "https://shop.example/tab/charges/7/return".into(),
    }
}

fn stripe(key: &str, currency: Currency) -> Stripe {
    let mut values = Values::default();
    values.set("here", "stripe.secret", key.into()).expect("known");
    let read = StripeSettings::read(&values, currency, Reach::Public).expect("sound");
    let wire = Wire::new(Reach::Public, Clock::standing_at(NOW));
    Stripe::new(&read.expect("on"), currency, wire)
}

#[test]
fn five_euros_cost_thirty_three_cents() {
    let stripe = stripe("sk_live_1", Currency::Eur);
    assert_eq!(stripe.terms().fee_on(cents(500, Currency::Eur)), Ok(cents(33, Currency::Eur)));
}

#[test]
fn money_of_the_test_mode_is_called_fake() {
    assert!(stripe("sk_test_1", Currency::Eur).terms().is_fake);
    assert!(!stripe("rk_live_1", Currency::Eur).terms().is_fake);
}

#[test]
fn every_currency_has_a_smallest_charge_and_a_largest() {
    for currency in Currency::ALL {
        let stripe = stripe("sk_live_1", currency);
        let terms = stripe.terms();
        let least = if currency == Currency::Gbp { 30 } else { 50 };
        assert_eq!(terms.minimum, cents(least, currency));
        assert_eq!(terms.maximum, Some(cents(99_999_999, currency)));
        assert_eq!(terms.unit, cents(1, currency));
    }
}

#[test]
fn readers_are_led_to_stripes_own_pages() {
    assert_eq!(stripe("sk_live_1", Currency::Eur).terms().leads_to, [PAGES]);
}
