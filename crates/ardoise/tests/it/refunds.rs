//! A refund, stopped after every step and each step run twice; and what Olu and Ben see of it.

use crate::provider::{Fault, Refunding};
use crate::rail_contract::{Bench as _, ScriptedBench, begin, ben, owes};
use crate::saga::{stopped_after, tab};
use crate::shop::{Browser, TestApp};
use ardoise::rails::refunds::{self, GiveBack, RefundLine};
use ardoise::rails::worker::work_off;
use ardoise::store::refund_order::{self, Order, State};
use ardoise::store::tab as tabs;
use http::StatusCode;
use ledger::{Currency, LineId, Money, RefundId, SettlementId, Tab, TabId};

fn cents(cents: i64) -> Money {
    Money::from_cents(cents, Currency::Eur).expect("small")
}

async fn stands(shop: &TestApp, tab: TabId) -> Tab {
    let read = shop.app.store.read(|db| tabs::by_id(db, tab, Currency::Eur)).await;
    read.expect("read").expect("a tab").tab
}

async fn order(shop: &TestApp, id: RefundId) -> Option<Order> {
    shop.app.store.read(|db| refund_order::by_id(db, id, Currency::Eur)).await.expect("read")
}

/// Ben, who paid €0.20 and whose line Olu took back since: his tab has €0.20 of credit, by this settlement.
async fn credited(bench: &ScriptedBench) -> (Browser<'_>, SettlementId, LineId) {
    let (ben, settlement) = paid(bench).await;
    let line = last_line(&bench.shop, tab(&ben)).await;
    ardoise::tabs::undo_by_shop(&bench.shop.app, line).await.expect("undone");
    (ben, settlement, line)
}

/// Ben, who paid €0.20.
async fn paid(bench: &ScriptedBench) -> (Browser<'_>, SettlementId) {
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    bench.provider.change(&charge.reference, |order| order.agreed = true);
    ben.get(&format!("/tab/charges/{}/return", charge.id)).await;
    assert_eq!(owes(&mut ben).await, "0.00");
    (ben, charge.id)
}

async fn last_line(shop: &TestApp, tab: TabId) -> LineId {
    use ardoise::store::statement::{Before, shown};
    let read = shop.app.store.read(|db| shown(db, tab, Before::NEWEST, 1, Currency::Eur)).await;
    read.expect("read").first().expect("a line").line.id
}

fn back(shop: &TestApp, ben: &Browser<'_>, settlement: SettlementId, amount: i64) -> GiveBack {
    let (id, tab) = (shop.app.mint.refund(), tab(ben));
    GiveBack { id, tab, settlement, amount: cents(amount) }
}

fn sent_back(bench: &ScriptedBench) -> i64 {
    bench.provider.orders().iter().map(|order| order.sent_back()).sum()
}

#[tokio::test]
async fn a_refund_stopped_anywhere_is_carried_on_and_sent_once() {
    for declines in [false, true] {
        for times in 0.. {
            let bench = ScriptedBench::open().await;
            let shop = &bench.shop;
            let (ben, settlement, _) = credited(&bench).await;
            if declines {
                bench.provider.change("ORDER-1", |order| order.refunding = Refunding::Declined);
            }
            let ask = back(shop, &ben, settlement, 15);
            let ended = stopped_after(times, refunds::begin(&shop.app, ask)).await;
            let order = carried_on(shop, ask).await;
            let (state, sent, credit) =
                if declines { (State::Declined, 0, 20) } else { (State::Done, 150_000, 5) };
            assert_eq!(order.state, state, "stopped after {times}");
            assert_eq!(sent_back(&bench), sent, "stopped after {times}");
            let known = bench.provider.orders()[0].refunds.len();
            assert_eq!(known, 1, "stopped after {times}: told of one refund only");
            assert_eq!(stands(shop, ask.tab).await.credit, cents(credit), "after {times}");
            if ended {
                assert!(times > 2, "it waits more often than {times} times");
                break;
            }
        }
    }
}

/// Whoever comes after the one that was stopped: the same form once more, and the worker, twice at once.
async fn carried_on(shop: &TestApp, ask: GiveBack) -> Order {
    shop.pass_minutes(61);
    let (one, other) = tokio::join!(work_off(&shop.app), work_off(&shop.app));
    assert!(one.is_ok() && other.is_ok());
    let (one, other) = tokio::join!(refunds::begin(&shop.app, ask), refunds::begin(&shop.app, ask));
    assert_eq!(one.expect("known").state, other.expect("known").state);
    order(shop, ask.id).await.expect("an order")
}

#[tokio::test]
async fn a_lost_answer_is_asked_about_until_it_is_known_and_nobody_gets_it_twice() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (ben, settlement, _) = credited(&bench).await;
    bench.provider.is(Fault::LosesAnswers);
    let ask = back(shop, &ben, settlement, 20);
    let begun = refunds::begin(&shop.app, ask).await.expect("begun");
    assert_eq!(begun.state, State::Begun);
    assert_eq!(stands(shop, ask.tab).await.credit, cents(0), "nobody spends it meanwhile");
    let again = back(shop, &ben, settlement, 20);
    let refused = refunds::begin(&shop.app, again).await.expect_err("it is under way");
    assert_eq!(refused.kind.code, "refund.too_large");
    let mut times = 0;
    for _ in 0..180 {
        shop.pass_minutes(1);
        times += work_off(&shop.app).await.expect("asked");
    }
    assert!((6..=9).contains(&times), "asked {times} times in three hours");
    let desk = shop.olu().await.get("/desk").await.text();
    assert!(desk.contains("Refunds at which you have to look"), "{desk}");
    bench.provider.is(Fault::None);
    shop.pass_minutes(61);
    work_off(&shop.app).await.expect("asked");
    assert_eq!(order(shop, ask.id).await.expect("an order").state, State::Done);
    assert_eq!(sent_back(&bench), 200_000);
}

#[tokio::test]
async fn what_was_sent_is_done_also_where_the_rail_has_forgotten_its_key_and_declines() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (ben, settlement, _) = credited(&bench).await;
    for reference in bench.provider.references() {
        bench.provider.change(&reference, |order| order.forgets_keys = true);
    }
    bench.provider.is(Fault::LosesAnswers);
    let ask = back(shop, &ben, settlement, 20);
    refunds::begin(&shop.app, ask).await.expect("begun");
    bench.provider.is(Fault::None);
    shop.pass_minutes(2);
    work_off(&shop.app).await.expect("asked");
    assert_eq!(order(shop, ask.id).await.expect("an order").state, State::Done);
    assert_eq!(stands(shop, ask.tab).await.credit, cents(0), "nobody has it twice");
    assert_eq!(sent_back(&bench), 200_000);
}

#[tokio::test]
async fn a_refund_on_its_way_is_done_later_or_is_credit_again() {
    for (later, state, credit) in
        [(Refunding::Done, State::Done, 0), (Refunding::Declined, State::Declined, 20)]
    {
        let bench = ScriptedBench::open().await;
        let shop = &bench.shop;
        let (mut ben, settlement, _) = credited(&bench).await;
        bench.provider.change("ORDER-1", |order| order.refunding = Refunding::Pending);
        let ask = back(shop, &ben, settlement, 20);
        refunds::begin(&shop.app, ask).await.expect("begun");
        assert!(ben.get("/tab").await.text().contains("on its way"));
        bench.provider.change("ORDER-1", |order| order.refunds[0].stand = later);
        shop.pass_minutes(2);
        work_off(&shop.app).await.expect("asked");
        assert_eq!(order(shop, ask.id).await.expect("an order").state, state);
        assert_eq!(stands(shop, ask.tab).await.credit, cents(credit));
    }
}

#[tokio::test]
async fn what_a_bank_returns_after_days_is_credit_again_once() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (ben, settlement, _) = credited(&bench).await;
    let ask = back(shop, &ben, settlement, 20);
    let done = refunds::begin(&shop.app, ask).await.expect("begun");
    assert_eq!(done.state, State::Done);
    for stand in [Refunding::Done, Refunding::Declined, Refunding::Done] {
        shop.pass_days(1);
        bench.provider.change("ORDER-1", |order| order.refunds[0].stand = stand);
        refunds::news(&shop.app, settlement).await.expect("heard");
        work_off(&shop.app).await.expect("asked");
    }
    assert_eq!(order(shop, ask.id).await.expect("an order").state, State::Declined);
    assert_eq!(stands(shop, ask.tab).await.credit, cents(20), "what was declined stays so");
}

#[tokio::test]
async fn more_than_there_is_is_refused_by_name_and_nothing_moves() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (ben, settlement, _) = credited(&bench).await;
    let nobodys = shop.app.mint.settlement();
    for (settlement, amount, code) in [
        (settlement, 21, "refund.too_large"),
        (settlement, 0, "refund.too_large"),
        (nobodys, 1, "settlement.unknown"),
    ] {
        let ask = back(shop, &ben, settlement, amount);
        let refused = refunds::begin(&shop.app, ask).await.expect_err("refused");
        assert_eq!(refused.kind.code, code);
        let by_hand = refunds::by_hand(&shop.app, ask, "").await.expect_err("refused");
        assert_eq!(by_hand.kind.code, code);
        assert!(order(shop, ask.id).await.is_none());
    }
    let ask = back(shop, &ben, settlement, 20);
    refunds::begin(&shop.app, ask).await.expect("begun");
    let other = GiveBack { amount: cents(10), ..ask };
    let refused = refunds::begin(&shop.app, other).await.expect_err("another amount");
    assert_eq!(refused.kind.code, "purchase.conflict");
    assert_eq!(sent_back(&bench), 200_000);
}

#[tokio::test]
async fn a_paid_line_is_taken_back_long_after_and_sent_back_once() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, _) = paid(&bench).await;
    shop.pass_days(20);
    let (tab, line) = (tab(&ben), last_line(shop, tab(&ben)).await);
    let ask = RefundLine { id: shop.app.mint.refund(), tab, line, send: true };
    for _ in 0..2 {
        let order = refunds::refund_line(&shop.app, ask).await.expect("taken back");
        assert_eq!(order.expect("sent").state, State::Done);
    }
    assert_eq!(sent_back(&bench), 200_000);
    assert_eq!(stands(shop, tab).await.credit, cents(0));
    assert!(ben.get("/tab").await.text().contains("undone"));
    let once_more = RefundLine { id: shop.app.mint.refund(), ..ask };
    assert_eq!(refunds::refund_line(&shop.app, once_more).await.expect("taken back"), None);
    assert_eq!(sent_back(&bench), 200_000, "another page does not send it again");
}

#[tokio::test]
async fn a_line_stopped_anywhere_is_taken_back_and_sent_back_once() {
    for times in 0.. {
        let bench = ScriptedBench::open().await;
        let shop = &bench.shop;
        let (ben, _) = paid(&bench).await;
        let (tab, line) = (tab(&ben), last_line(shop, tab(&ben)).await);
        let ask = RefundLine { id: shop.app.mint.refund(), tab, line, send: true };
        let ended = stopped_after(times, refunds::refund_line(&shop.app, ask)).await;
        shop.pass_minutes(61);
        work_off(&shop.app).await.expect("asked");
        refunds::refund_line(&shop.app, ask).await.expect("carried on");
        assert_eq!(sent_back(&bench), 200_000, "stopped after {times}");
        assert_eq!(stands(shop, tab).await.credit, cents(0), "stopped after {times}");
        if ended {
            break;
        }
    }
}

#[tokio::test]
async fn what_waits_on_the_tab_is_paid_before_anything_is_sent() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, _) = paid(&bench).await;
    let line = last_line(shop, tab(&ben)).await;
    let (zoe, _) = shop.author("Zoe").await;
    ben.tap(&shop.article(zoe, "Tides", 15).await).await;
    let ask = RefundLine { id: shop.app.mint.refund(), tab: tab(&ben), line, send: true };
    let order = refunds::refund_line(&shop.app, ask).await.expect("taken back").expect("sent");
    assert_eq!(order.refund.amount, cents(5));
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn a_rail_that_is_turned_off_is_told_when_it_is_on_again() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (ben, settlement, _) = credited(&bench).await;
    bench.provider.is(Fault::Broken);
    let ask = back(shop, &ben, settlement, 20);
    refunds::begin(&shop.app, ask).await.expect("begun");
    let without = shop.beside();
    let refused = refunds::begin(&without.app, back(shop, &ben, settlement, 1)).await;
    assert_eq!(refused.expect_err("nobody to ask").kind.code, "refund.by_hand");
    shop.pass_minutes(2);
    work_off(&without.app).await.expect("put off");
    bench.provider.is(Fault::None);
    shop.pass_minutes(61);
    work_off(&shop.app).await.expect("asked");
    assert_eq!(order(shop, ask.id).await.expect("an order").state, State::Done);
}

#[tokio::test]
async fn a_key_that_may_be_forgotten_is_not_told_again() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (ben, settlement, _) = credited(&bench).await;
    bench.provider.is(Fault::LosesAnswers);
    refunds::begin(&shop.app, back(shop, &ben, settlement, 20)).await.expect("begun");
    bench.provider.is(Fault::None);
    shop.pass_days(41);
    bench.provider.asked();
    assert_eq!(work_off(&shop.app).await, Ok(1));
    assert!(bench.provider.asked().is_empty());
}

#[tokio::test]
async fn a_mandate_that_the_provider_still_has_is_ended_there_later() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, _) = paid(&bench).await;
    bench.provider.is(Fault::Broken);
    assert_eq!(ben.post("/tab/mandates/scripted/end", &[]).await.status, StatusCode::SEE_OTHER);
    assert!(!ben.get("/tab/settle").await.text().contains("•••• 4242"));
    for _ in 0..10 {
        shop.pass_minutes(61);
        work_off(&shop.app).await.expect("asked");
    }
    assert!(bench.provider.ended().is_empty());
    bench.provider.is(Fault::None);
    shop.pass_minutes(61);
    assert_eq!(work_off(&shop.app).await, Ok(1));
    assert_eq!(bench.provider.ended(), ["MANDATE-ORDER-1"]);
    shop.pass_days(1);
    assert_eq!(work_off(&shop.app).await, Ok(0), "it is gone");
}

#[tokio::test]
async fn olu_gives_back_at_the_desk_and_ben_sees_it() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, settlement, _) = credited(&bench).await;
    let (mut olu, id) = (shop.olu().await, tab(&ben));
    let desk = olu.get("/desk").await.text();
    assert!(desk.contains(&format!("/desk/tabs/{id}")), "{desk}");
    let found = olu.get(&format!("/desk/tabs?tab={}", id.to_string().to_uppercase())).await;
    assert_eq!(found.location(), format!("/desk/tabs/{id}"));
    let page = olu.get(&found.location()).await;
    let text = page.text();
    assert!(text.contains("at most €0.20") && text.contains("value=\"rail\""), "{text}");
    let (refund, settlement) = (page.hidden("refund"), settlement.to_string());
    let path = format!("/desk/tabs/{id}/refunds");
    let fields = |amount: &'static str| {
        [
            ("refund", refund.as_str()),
            ("settlement", settlement.as_str()),
            ("amount", amount),
            ("way", "rail"),
        ]
    };
    olu.html = false;
    let refused = olu.post(&path, &fields("0.21")).await;
    assert_eq!(refused.json()["code"], "refund.too_large");
    assert_eq!(refused.json()["most"]["amount"], "0.200000");
    for _ in 0..2 {
        let sent = olu.post(&path, &fields("0.15")).await;
        assert_eq!(sent.json()["refund"]["state"], "done", "{}", sent.text());
        assert_eq!(sent.json()["credit"]["amount"], "0.050000");
    }
    assert_eq!(sent_back(&bench), 150_000);
    olu.html = true;
    assert!(olu.get(&found.location()).await.text().contains("sent"));
    assert!(ben.get("/tab").await.text().contains("Given back"));
    ben.language = "fr";
    let tab = ben.get("/tab").await.text();
    assert!(tab.contains("Remboursé") && tab.contains("0,05\u{a0}€"), "{tab}");
}

#[tokio::test]
async fn olu_takes_a_paid_line_back_and_sends_it_if_she_ticks_so() {
    for send in [false, true] {
        let bench = ScriptedBench::open().await;
        let shop = &bench.shop;
        let (ben, _) = paid(&bench).await;
        shop.pass_days(3);
        let (mut olu, id) = (shop.olu().await, tab(&ben));
        let line = last_line(shop, id).await;
        let page = olu.get(&format!("/desk/tabs/{id}")).await;
        let refund = page.hidden("refund");
        let mut fields = vec![("refund", refund.as_str())];
        fields.extend(send.then_some(("send", "yes")));
        let path = format!("/desk/tabs/{id}/lines/{line}/refund");
        assert_eq!(olu.post(&path, &fields).await.location(), format!("/desk/tabs/{id}"));
        assert_eq!(sent_back(&bench), if send { 200_000 } else { 0 });
        assert_eq!(stands(shop, id).await.credit, cents(if send { 0 } else { 20 }));
    }
}

#[tokio::test]
async fn what_came_by_hand_goes_back_by_hand() {
    let shop = TestApp::open();
    let ben = ben(&shop).await;
    let (mut olu, id) = (shop.olu().await, tab(&ben));
    let settlement = shop.app.mint.settlement().to_string();
    let paid = [("settlement", settlement.as_str()), ("amount", "0.20"), ("rail", "cash")];
    olu.post(&format!("/desk/tabs/{id}/settle"), &paid).await;
    let line = last_line(&shop, id).await;
    ardoise::tabs::undo_by_shop(&shop.app, line).await.expect("undone");
    let page = olu.get(&format!("/desk/tabs/{id}")).await;
    assert!(!page.text().contains("value=\"rail\""), "{}", page.text());
    let refund = page.hidden("refund");
    let back = |way| {
        [
            ("refund", refund.as_str()),
            ("settlement", settlement.as_str()),
            ("amount", "0.20"),
            ("way", way),
            ("note", "SEPA 4711"),
        ]
    };
    let path = format!("/desk/tabs/{id}/refunds");
    olu.html = false;
    assert_eq!(olu.post(&path, &back("rail")).await.json()["code"], "refund.by_hand");
    assert_eq!(olu.post(&path, &back("carrier pigeon")).await.json()["field"], "way");
    assert_eq!(stands(&shop, id).await.credit, cents(20), "nothing was moved");
    for _ in 0..2 {
        assert_eq!(olu.post(&path, &back("hand")).await.json()["credit"]["amount"], "0.000000");
    }
}

#[tokio::test]
async fn ben_has_his_credit_back_by_a_quiet_button_and_nobody_elses() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, settlement, _) = credited(&bench).await;
    let page = ben.get("/tab").await;
    assert!(page.text().contains("Give me back €0.20"), "{}", page.text());
    let (refund, settlement) = (page.hidden("refund"), settlement.to_string());
    let fields =
        [("refund", refund.as_str()), ("settlement", settlement.as_str()), ("amount", "0.200000")];
    let (ada, _) = shop.author("Ada").await;
    let mut zoe = shop.browser();
    zoe.tap(&shop.article(ada, "Tides", 15).await).await;
    zoe.html = false;
    let refused = zoe.post("/tab/refunds", &fields).await;
    assert_eq!(refused.json()["code"], "settlement.unknown");
    assert_eq!(ben.post("/tab/refunds", &fields).await.location(), "/tab");
    assert_eq!(sent_back(&bench), 200_000);
    assert!(!ben.get("/tab").await.text().contains("Give me back"));
}
