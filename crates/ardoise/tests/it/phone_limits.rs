//! What a number pays in a month, whatever happens in whatever order: counted beside a second, simpler count.

use crate::rail_contract::ben;
use crate::saga::tab;
use crate::shop::TestApp;
use ardoise::rails::PHONE;
use ardoise::store::charge::{self, State, Stored};
use ardoise::store::payer::{self, Reservation};
use ledger::{Currency, Money, SettlementId, TabId};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What one number may pay in a month, in cents.
const MONTHLY: i64 = 100;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A charge of so many cents is put to a payer in a month.
    Ask { payer: u8, month: u8, cents: i64 },
    /// The charge made so many steps ago is over.
    Ends { ago: usize, state: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..2u8, 0..2u8, 1..70i64)
            .prop_map(|(payer, month, cents)| Step::Ask { payer, month, cents }),
        1 => (0..6usize, 0..3usize).prop_map(|(ago, state)| Step::Ends { ago, state }),
    ]
}

fn cents(count: i64) -> Money {
    Money::from_cents(count, Currency::Eur).expect("an amount")
}

/// A charge of a tab that is asked about by somebody else.
fn fresh(shop: &TestApp, tab: TabId, id: SettlementId, amount: Money) -> Stored {
    ardoise::rails::saga::fresh(&shop.app, (id, tab, PHONE.number), amount)
}

async fn ask(shop: &TestApp, tab: TabId, wanted: Reservation) -> bool {
    let fresh = fresh(shop, tab, wanted.charge, wanted.amount);
    let at = shop.app.now();
    let asked = shop.app.store.write(move |db| {
        charge::insert(db, &fresh, at)?;
        let has_room = payer::has_room(db, &wanted)?;
        if has_room {
            payer::reserve(db, &wanted)?;
            // A tab has one live charge at a time by a rail; it settles, and may be said to have ended otherwise below.
            charge::close(db, wanted.charge, State::Settled, "", at)?;
        } else {
            charge::close(db, wanted.charge, State::Declined, "month", at)?;
        }
        Ok(has_room)
    });
    asked.await.expect("written")
}

async fn hold(steps: Vec<Step>) {
    let shop = TestApp::embedded();
    let tab = tab(&ben(&shop).await);
    let mut taken: BTreeMap<(u8, u8), i64> = BTreeMap::new();
    let mut made = Vec::new();
    for step in steps {
        match step {
            Step::Ask { payer, month, cents: count } => {
                let id = shop.app.mint.settlement();
                let wanted = Reservation {
                    charge: id,
                    rail: PHONE.number,
                    payer: [payer; 32],
                    month: 24_000 + i64::from(month),
                    amount: cents(count),
                    monthly: cents(MONTHLY),
                };
                let before = taken.entry((payer, month)).or_default();
                let expected = *before + count <= MONTHLY;
                assert_eq!(ask(&shop, tab, wanted).await, expected, "{step:?} after {before}");
                if expected {
                    *before += count;
                    made.push((id, payer, month, count));
                }
            }
            Step::Ends { ago, state } => {
                let Some(&(id, payer, month, count)) = made.iter().rev().nth(ago) else { continue };
                let state = ["declined", "abandoned", "refused"][state];
                let sql = "update charge set state = ?2 where id = ?1 and state = 'settled'";
                let changed =
                    shop.app.store.write(move |db| db.execute(sql, &[id.into(), state.into()]));
                let changed = changed.await.expect("written");
                if changed == 1 && state != "refused" {
                    *taken.get_mut(&(payer, month)).expect("counted") -= count;
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_number_pays_at_most_the_limit_in_a_month(steps in prop::collection::vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(hold(steps));
    }
}
