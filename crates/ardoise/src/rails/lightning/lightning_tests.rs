//! What is heard; the rest is told in `tests/it/lightning.rs`, against a wallet.

use super::super::rate::{Rate, Source};
use super::super::secret::Secret;
use super::*;
use crate::outbox::address::Reach;
use ledger::{SettlementId, ShopId as _, TabId};
use serde_json::json;

const NOW: Timestamp = Timestamp::from_micros(1_795_348_800_000_000);

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::Eur).expect("an amount")
}

fn lightning() -> Lightning {
    let settings = LightningSettings {
        base: "https://ln.example".into(),
        invoice_key: Secret::new("hush"),
        source: Source::Fixed(euros("50000")),
        network: Network::Bitcoin,
        is_fake: false,
        fee: Fee::none(euros("0")),
    };
    let clock = Clock::standing_at(NOW);
    let wire = Wire::new(Reach::Public, clock.clone());
    Lightning::new(&settings, Currency::Eur, None, wire, clock)
}

fn charge() -> Charge {
    Charge {
        id: SettlementId::from_bytes([7; 16]),
        tab: TabId::from_raw(7),
        amount: euros("5"),
        begun_at: NOW,
        ends_at: NOW.plus_days(1),
        reference: String::new(),
        kept: String::new(),
        binds: false,
        locale: "fr".into(),
        shop: "L’atelier\u{7} d’Ada".into(),
        return_url: "https://shop.example/".into(),
    }
}

fn hear(body: &serde_json::Value) -> Result<Heard, Unheard> {
    lightning().heard(body.to_string().as_bytes())
}

#[test]
fn a_message_says_whom_to_ask_when_it_repeats_what_the_shop_wrote() {
    let rate = Rate { per_bitcoin: euros("50000"), at: NOW };
    let order = Order::of(&charge(), rate, NOW, &lightning().signer).expect("an order");
    let genuine = json!({"payment_hash": "00", "status": "success", "extra": order});
    let asks = Ok(Heard::Charge(Which::Id(charge().id)));
    assert_eq!(hear(&genuine), asks);
    assert_eq!(hear(&json!(genuine.to_string())), asks, "LNbits 1.6 writes JSON within JSON");
    let mut forged = genuine.clone();
    forged["extra"]["charge"] = json!(SettlementId::from_bytes([8; 16]).to_string());
    assert_eq!(hear(&forged), Err(Unheard::Forged("signature")));
    assert_eq!(hear(&json!({"status": "success"})), Err(Unheard::Forged("signature")));
    assert_eq!(hear(&json!("{")), Err(Unheard::Forged("malformed")));
    assert_eq!(lightning().heard(b"paid=true"), Err(Unheard::Forged("malformed")));
}

#[test]
fn a_readers_wallet_shows_the_shop_and_the_amount() {
    assert_eq!(memo(&charge()), "L’atelier d’Ada · 5.00 EUR");
    let long = Charge { shop: "é".repeat(400), ..charge() };
    assert!(memo(&long).len() < 639, "as much as an invoice has room for");
}

#[test]
fn a_charge_of_which_no_invoice_came_was_offered_to_nobody() {
    let after = |minutes| unpaid(&charge(), Vec::new(), NOW.plus_minutes(minutes));
    assert_eq!(after(1), Outcome::Unknown, "it may still be on its way");
    assert_eq!(after(2), Outcome::Declined(Reason::Unreached));
}
