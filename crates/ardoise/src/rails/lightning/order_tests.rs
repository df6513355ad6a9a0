use super::*;
use ledger::{ShopId as _, TabId};
use serde_json::json;

const NOW: Timestamp = Timestamp::from_micros(1_795_348_800_000_000);
/// An invoice of LNbits 1.6.2 over 777 satoshis for ten minutes, and its hash.
const INVOICE: &str = "lnbc7770n1p4s4z4sdpdgdskdsafyrp2kgxr5qsxccfqd35kwmn9yrptkgpxyp3k7xqzjcsp5j97stee45aysnz6uwdp4yac03\
     rrcxwpufut25epx37dfqv48jvsspp5dxs6wkw5u54fz53z23gqpwdxxrl0d7fj8mzw733xa5yztqjcdf2syrgpz7qe3zurdfpy5\
     d8g4qfht6zkh8an8ytrsjsm83gzdjf3sf35jnyp46873g66j7hyfsgfccqz7tnsvyyhfky9jzmz3zj9v92dd3cpynyfyq";
const HASH: &str = "69a1a759d4e52a915222545000b9a630fef6f9323ec4ef4626ed082582586a55";

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::Eur).expect("an amount")
}

fn signer() -> Signer {
    Signer::new(&Secret::new("hush"))
}

fn charge(amount: &str) -> Charge {
    Charge {
        id: SettlementId::from_bytes([7; 16]),
        tab: TabId::from_raw(7),
        amount: euros(amount),
        begun_at: NOW,
        ends_at: NOW.plus_days(1),
        reference: String::new(),
        kept: String::new(),
        binds: false,
        locale: "fr".into(),
        shop: "Ardoise".into(),
        return_url: "https://shop.example/".into(),
    }
}

/// At 50 000 a bitcoin, 0.3885 are 777 satoshis.
fn order(amount: &str) -> Order {
    let rate = Rate { per_bitcoin: euros("50000"), at: NOW };
    Order::of(&charge(amount), rate, NOW.plus_minutes(10), &signer()).expect("an order")
}

#[test]
fn an_order_is_known_again_and_only_as_it_was_written() {
    let order = order("0.3885");
    assert_eq!(order.sats, 777);
    let written = json!(order);
    assert_eq!(Order::read(&written, &signer()), Some(order));
    let changes = [
        ("charge", json!(SettlementId::from_bytes([8; 16]).to_string())),
        ("sats", json!(1)),
        ("rate", json!("100000.000000")),
        ("rate_at", json!(0)),
        ("ends_at", json!(i64::MAX)),
        ("key", json!("")),
        ("key", json!(7)),
    ];
    for (member, value) in changes {
        let mut changed = written.clone();
        changed[member] = value;
        assert_eq!(Order::read(&changed, &signer()), None, "{member}");
    }
    assert_eq!(Order::read(&written, &Signer::new(&Secret::new("another"))), None);
    assert_eq!(Order::read(&serde_json::Value::Null, &signer()), None);
}

#[test]
fn an_invoice_that_asks_for_something_else_is_found_out() {
    let check = |amount, hash, network| order(amount).check(INVOICE, hash, network);
    assert_eq!(check("0.3885", HASH, Network::Bitcoin), Ok(()));
    let wrong = |what: &str| Err(RailError::Nonsense(format!("an invoice with another {what}")));
    assert_eq!(check("0.3886", HASH, Network::Bitcoin), wrong("amount"), "one satoshi less");
    assert_eq!(check("0.3885", "69a1", Network::Bitcoin), wrong("hash"));
    assert_eq!(check("0.3885", HASH, Network::Regtest), wrong("network"));
    let nothing = order("0.3885").check("lnbc", HASH, Network::Bitcoin);
    assert!(matches!(nothing, Err(RailError::Nonsense(_))));
}

#[test]
fn the_satoshis_that_were_asked_for_are_the_amount_whatever_a_bitcoin_costs_by_then() {
    let order = order("0.38849");
    assert_eq!(order.sats, 777, "rounded up");
    let received = |millisats| order.received(&charge("0.38849"), millisats);
    assert_eq!(received(777_000), Ok(euros("0.38849")));
    assert_eq!(received(777_999), Ok(euros("0.38849")), "there is nothing below a satoshi");
    assert_eq!(received(778_000), Ok(euros("0.389")), "more is said to be more");
    assert_eq!(received(776_999), Ok(euros("0.388")), "less is said to be less");
    assert!(received(999).is_err());
}

#[test]
fn what_is_kept_is_of_this_charge_and_this_amount() {
    let invoice = Invoice { hash: HASH.into(), text: INVOICE.into(), order: order("0.3885") };
    let kept = |amount, kept: String| Invoice::kept(&Charge { kept, ..charge(amount) });
    assert_eq!(kept("0.3885", String::new()), Ok(None));
    assert_eq!(kept("0.3885", invoice.to_keep()), Ok(Some(invoice.clone())));
    assert!(kept("0.39", invoice.to_keep()).is_err());
    assert!(kept("0.3885", "{}".into()).is_err());
}
