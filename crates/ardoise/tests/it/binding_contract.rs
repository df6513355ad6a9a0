//! What every rail holds to that binds a mandate without a charge. Its [`Bench`] says how a reader agrees; [`binding_contract!`]
//! then asks all of this of it.

use crate::rail_contract::{Bench, SandboxBench, ScriptedBench, again, begin, ben, owes, stored};
use crate::shop::{Answer, Browser, TestApp};
use ardoise::rails::clock::turn;
use ardoise::rails::worker::work_off;
use ardoise::store::charge::{Purpose, State, Stored};
use ardoise::store::mandate::{self, Bound};
use ardoise::store::tab;
use http::StatusCode;
use ledger::{Currency, SettlementId, Tab, TabId};

/// The tab of somebody.
pub async fn tab_of(shop: &TestApp, ben: &Browser<'_>) -> Tab {
    let id = tab_id(ben);
    let read = shop.app.store.read(|db| tab::by_id(db, id, Currency::Eur)).await;
    read.expect("read").expect("a tab").tab
}

pub fn tab_id(ben: &Browser<'_>) -> TabId {
    let id = ben.cookies["ardoise_tab"].split('.').next().expect("an id");
    id.parse().expect("a tab")
}

pub async fn mandates_of(shop: &TestApp, ben: &Browser<'_>) -> Vec<Bound> {
    let id = tab_id(ben);
    let read = shop.app.store.read(|db| mandate::by_tab(db, id, Currency::Eur)).await;
    read.expect("read")
}

/// Ben chooses a rail on the page about binding, which names the binding so.
pub async fn begin_to_bind(
    ben: &mut Browser<'_>,
    shop: &TestApp,
    rail: &str,
    id: SettlementId,
) -> (Answer, Option<Stored>) {
    let answer = ben.post(&format!("/tab/bind/{rail}"), &[("binding", &id.to_string())]).await;
    (answer, stored(shop, id).await)
}

async fn come_back(ben: &mut Browser<'_>, binding: &Stored, query: &str) -> Answer {
    ben.get(&format!("/tab/charges/{}/return{query}", binding.id)).await
}

/// Ben agrees at the provider, and comes back.
async fn bind<B: Bench>(bench: &B, ben: &mut Browser<'_>) -> Stored {
    let shop = bench.shop();
    let id = shop.app.mint.settlement();
    let (_, binding) = begin_to_bind(ben, shop, bench.name(), id).await;
    let binding = binding.expect("a binding");
    bench.agree_to_bind(&binding).await;
    assert_eq!(come_back(ben, &binding, "").await.location(), "/tab?bound=1");
    binding
}

pub async fn binding_twice_is_one_mandate_and_no_charge<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    let id = shop.app.mint.settlement();
    let mut other = ben.clone();
    let (first, second) = tokio::join!(
        begin_to_bind(&mut ben, shop, bench.name(), id),
        begin_to_bind(&mut other, shop, bench.name(), id)
    );
    let binding = first.1.expect("a binding");
    assert_eq!(Some(&binding.id), second.1.as_ref().map(|binding| &binding.id));
    assert_eq!(binding.purpose, Purpose::Bind);
    if !B::AT_ONCE {
        // A page that was opened anew mints another id: still the same binding, while it is live.
        let id = shop.app.mint.settlement();
        let (third, none) = begin_to_bind(&mut ben, shop, bench.name(), id).await;
        assert_eq!(third.status, StatusCode::SEE_OTHER, "{}", third.text());
        assert!(none.is_none());
        assert!(!tab_of(shop, &ben).await.mandate, "nobody has agreed yet");
    }
    bench.agree_to_bind(&binding).await;
    for _ in 0..3 {
        assert_eq!(come_back(&mut ben, &binding, "").await.location(), "/tab?bound=1");
        begin_to_bind(&mut ben, shop, bench.name(), id).await;
    }
    let page = ben.get("/tab?bound=1").await.text();
    assert!(page.contains("Nothing was charged") && page.contains("of €6.00"), "{page}");
    let [mandate] = &mandates_of(shop, &ben).await[..] else { panic!("one mandate") };
    assert_eq!(mandate.most.map(|most| most.to_decimal()).as_deref(), Some("15.000000"));
    assert!(!page.contains(&mandate.reference), "what can move money is shown to nobody");
    assert_eq!((bench.bindings().await, bench.orders_and_captures().await), (1, (0, 0)));
    assert!(tab_of(shop, &ben).await.mandate);
    assert_eq!(owes(&mut ben).await, "0.20", "nothing was charged, and nothing is paid");
}

pub async fn what_the_reader_brings_back_binds_nothing<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    let id = shop.app.mint.settlement();
    let (_, binding) = begin_to_bind(&mut ben, shop, bench.name(), id).await;
    let binding = binding.expect("a binding");
    let place = format!("/tab/charges/{id}");
    let place = if B::AT_ONCE { "/tab?bound=1" } else { place.as_str() };
    for query in ["?status=approved", "?approval_token_id=X", "?setup_intent=seti_1&success=true"] {
        assert_eq!(come_back(&mut ben, &binding, query).await.location(), place, "{query}");
    }
    assert_eq!(tab_of(shop, &ben).await.mandate, B::AT_ONCE);
    assert_eq!(mandates_of(shop, &ben).await.len(), usize::from(B::AT_ONCE));
    // Neither whoever has no tab nor whoever has another one.
    let mut nobody = shop.browser();
    let mut zoe = crate::rail_contract::ben_again(shop, "Tides").await;
    for stranger in [&mut nobody, &mut zoe] {
        let answer = come_back(stranger, &binding, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "it is nobody else's");
    }
    let (refused, _) = begin_to_bind(&mut zoe, shop, bench.name(), id).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
    assert!(mandates_of(shop, &zoe).await.is_empty());
    let (refused, _) = begin(&mut ben, shop, bench.name(), id).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "a binding is no charge");
    assert_eq!(bench.orders_and_captures().await, (0, 0));
}

pub async fn an_answer_lost_while_binding_is_known_later<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    bench.lose_answers(true).await;
    let id = shop.app.mint.settlement();
    let (answer, binding) = begin_to_bind(&mut ben, shop, bench.name(), id).await;
    let binding = binding.expect("it is written");
    assert!(binding.in_doubt && binding.state == State::Begun, "{binding:?}");
    let page = ben.get(&answer.location()).await.text();
    assert!(page.contains("lost on the way") && page.contains("Nothing is charged"), "{page}");
    for lost in [true, false] {
        shop.pass_minutes(61);
        bench.lose_answers(lost).await;
        work_off(&shop.app).await.expect("asked");
    }
    let known = again(shop, &binding).await;
    assert!(!known.in_doubt && known.state == State::Waiting, "{known:?}");
    bench.agree_to_bind(&known).await;
    bench.lose_answers(true).await;
    assert_eq!(come_back(&mut ben, &known, "").await.location(), format!("/tab/charges/{id}"));
    assert!(again(shop, &known).await.in_doubt);
    assert!(!tab_of(shop, &ben).await.mandate, "nobody knows yet");
    // No money may have moved: whoever wants to pay meanwhile can.
    ben.html = false;
    let (paid, _) = begin(&mut ben, shop, "sandbox", shop.app.mint.settlement()).await;
    assert_eq!(paid.json()["state"], "settled", "{}", paid.text());
    bench.lose_answers(false).await;
    shop.pass_minutes(61);
    work_off(&shop.app).await.expect("asked");
    assert_eq!(again(shop, &known).await.state, State::Settled);
    // The charge meanwhile was by another rail, and bound that one.
    let bound = mandates_of(shop, &ben).await;
    assert_eq!(bound.iter().filter(|bound| bound.rail == known.rail).count(), 1);
    assert_eq!(bench.bindings().await, 1);
}

pub async fn a_binding_that_the_reader_left_ends_and_counts_once_they_agree<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    let id = shop.app.mint.settlement();
    let (_, binding) = begin_to_bind(&mut ben, shop, bench.name(), id).await;
    let binding = binding.expect("a binding");
    shop.pass_minutes(24 * 60 + 1);
    work_off(&shop.app).await.expect("asked");
    assert_eq!(again(shop, &binding).await.state, State::Abandoned);
    let page = ben.get(&format!("/tab/charges/{id}")).await.text();
    assert!(page.contains("href=\"/tab/bind\""), "it says how to begin anew: {page}");
    bench.agree_to_bind(&binding).await;
    assert_eq!(come_back(&mut ben, &binding, "").await.location(), "/tab?bound=1");
    assert_eq!(mandates_of(shop, &ben).await.len(), 1);
}

pub async fn a_reader_who_agrees_and_stays_away_is_asked_about<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    let id = shop.app.mint.settlement();
    let (_, binding) = begin_to_bind(&mut ben, shop, bench.name(), id).await;
    bench.agree_to_bind(&binding.expect("a binding")).await;
    shop.pass_minutes(61);
    work_off(&shop.app).await.expect("asked");
    assert!(tab_of(shop, &ben).await.mandate);
    assert_eq!(mandates_of(shop, &ben).await.len(), 1);
    assert_eq!(work_off(&shop.app).await, Ok(0), "nothing is asked about any more");
}

/// Days pass, and each has its tabs that are due.
pub async fn pass(shop: &TestApp, days: usize) {
    for _ in 0..days {
        shop.pass_days(1);
        for _ in 0..2 {
            turn(&shop.app).await.expect("turned");
            work_off(&shop.app).await.expect("asked");
        }
    }
}

pub async fn what_was_bound_is_charged_when_it_is_due_until_it_is_ended<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    bind(&bench, &mut ben).await;
    pass(shop, 37).await;
    assert_eq!(owes(&mut ben).await, "0.20", "not before its time");
    pass(shop, 5).await;
    assert_eq!(owes(&mut ben).await, "0.00");
    let (_, captures) = bench.orders_and_captures().await;
    assert_eq!(captures, 1);

    let (zoe, _) = shop.author("Zoe").await;
    let slug = shop.article(zoe, "Tides", 60).await;
    assert_eq!(ben.tap(&slug).await.status, StatusCode::SEE_OTHER);
    let ended = ben.post(&format!("/tab/mandates/{}/end", bench.name()), &[]).await;
    assert_eq!(ended.location(), "/tab/settle");
    assert!(mandates_of(shop, &ben).await.is_empty() && !tab_of(shop, &ben).await.mandate);
    pass(shop, 45).await;
    assert_eq!(owes(&mut ben).await, "0.60");
    assert_eq!(bench.orders_and_captures().await.1, captures);
}

/// Asks all of this of a rail, in a module of its own.
macro_rules! binding_contract {
    ($name:ident: $bench:ty; $($claim:ident)*) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $claim() {
                    $crate::binding_contract::$claim::<$bench>().await;
                }
            )*
        }
    };
    ($name:ident: $bench:ty) => {
        $crate::binding_contract::binding_contract! { $name: $bench;
            binding_twice_is_one_mandate_and_no_charge
            what_the_reader_brings_back_binds_nothing
            an_answer_lost_while_binding_is_known_later
            a_binding_that_the_reader_left_ends_and_counts_once_they_agree
            a_reader_who_agrees_and_stays_away_is_asked_about
            what_was_bound_is_charged_when_it_is_due_until_it_is_ended
        }
    };
}
pub(crate) use binding_contract;

binding_contract! { scripted: crate::binding_contract::ScriptedBench }
binding_contract! { sandbox: crate::binding_contract::SandboxBench;
    binding_twice_is_one_mandate_and_no_charge
    what_the_reader_brings_back_binds_nothing
    what_was_bound_is_charged_when_it_is_due_until_it_is_ended
}
