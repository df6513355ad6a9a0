//! The server under a running shop stops, hangs or waits for somebody: readers are told soon, and nothing is charged twice.

use crate::engine::{Connection, OwnServer, Way};
use crate::shop::{Browser, TestApp, ben_and_a_work, buy};
use ardoise::store::{Db, StoreError, Value};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use http::{StatusCode, header};
use std::time::{Duration, Instant};

/// Readers are told within ten seconds; what a busy machine may add.
const SOON: Duration = Duration::from_secs(13);

/// Asks for a purchase that cannot be made now; answers the code of the problem.
async fn is_told_soon(ben: &mut Browser<'_>, slug: &str, purchase: &str) -> String {
    let since = Instant::now();
    let refused = buy(ben, slug, purchase).await;
    assert!(since.elapsed() < SOON, "told after {:?}", since.elapsed());
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text());
    assert!(refused.headers.contains_key(header::RETRY_AFTER));
    refused.json()["code"].as_str().expect("a code").to_owned()
}

/// Asks for the same until it is answered: it is bought, once.
async fn is_bought_once(ben: &mut Browser<'_>, slug: &str, purchase: &str) {
    let bought = loop {
        let bought = buy(ben, slug, purchase).await;
        if bought.status != StatusCode::SERVICE_UNAVAILABLE {
            break bought;
        }
    };
    for bought in [bought, buy(ben, slug, purchase).await] {
        assert_eq!(bought.status, StatusCode::OK, "{}", bought.text());
        assert_eq!(bought.json()["status"], "bought");
        assert_eq!(bought.json()["total"]["amount"], "0.400000");
    }
}

#[tokio::test]
async fn a_server_that_hears_nothing_keeps_nobody_waiting_for_long() {
    let Some((shop, relay)) = TestApp::behind_a_relay() else { return };
    let (mut ben, slug) = ben_and_a_work(&shop).await;
    let purchase = shop.app.mint.purchase().to_string();
    let page = format!("/l/{slug}");
    assert_eq!(ben.get(&page).await.status, StatusCode::OK);
    relay.hold(Way::Asking);
    let since = Instant::now();
    // The first waits for an answer; those after it are told what is known by then.
    for _ in 0..200 {
        let shown = ben.get(&page).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text());
    }
    assert!(since.elapsed() < SOON, "shown after {:?}", since.elapsed());
    for _ in 0..2 {
        let code = is_told_soon(&mut ben, &slug, &purchase).await;
        assert!(["store.gone", "store.unknown"].contains(&code.as_str()), "{code}");
    }
    relay.mend();
    is_bought_once(&mut ben, &slug, &purchase).await;
}

#[tokio::test]
async fn those_who_ask_a_server_that_hears_nothing_are_all_told_and_keep_no_turn() {
    let Some((shop, relay)) = TestApp::behind_a_relay() else { return };
    let store = &shop.app.store;
    let ask = async |_| store.ask(|db| db.number("select count(*) from work", &[])).await;
    assert_eq!(join_all((0..200).map(ask)).await, vec![Ok(0); 200]);
    relay.hold(Way::Asking);
    let since = Instant::now();
    for told in join_all((0..200).map(ask)).await {
        assert!(matches!(told, Err(StoreError::Gone(_))), "{told:?}");
    }
    assert!(since.elapsed() < SOON, "told after {:?}", since.elapsed());
    relay.mend();
    while ask(0).await.is_err() {
        assert!(since.elapsed() < 4 * SOON, "nobody is answered");
    }
    assert_eq!(join_all((0..200).map(ask)).await, vec![Ok(0); 200]);
}

#[tokio::test]
async fn those_who_ask_and_go_away_leave_the_answers_of_others_as_they_are() {
    let shop = TestApp::open();
    let store = &shop.app.store;
    for number in 0..500 {
        let ask = store.ask(|db| db.number("select ?1 + 1", &[Value::Int(number)]));
        if number % 3 == 0 {
            assert_eq!(ask.await, Ok(number + 1));
        } else {
            // Asked, and not waited for: on a server its answer is still to come.
            let _ = ask.now_or_never();
        }
    }
}

#[tokio::test]
async fn a_server_whose_answers_are_lost_charges_once() {
    let Some((shop, relay)) = TestApp::behind_a_relay() else { return };
    let (mut ben, slug) = ben_and_a_work(&shop).await;
    let purchase = shop.app.mint.purchase().to_string();
    relay.hold(Way::Answering);
    is_told_soon(&mut ben, &slug, &purchase).await;
    relay.mend();
    is_bought_once(&mut ben, &slug, &purchase).await;
}

#[tokio::test]
async fn a_tab_that_somebody_holds_is_not_waited_for_for_long() {
    let shop = TestApp::open();
    // In a file one writes after the other; see `a_store_that_another_process_holds_charges_nothing`.
    if !shop.is_on_a_server() {
        return;
    }
    let (mut ben, slug) = ben_and_a_work(&shop).await;
    let purchase = shop.app.mint.purchase().to_string();
    let other = shop.database().connect();
    other.db.run_script("begin; select * from tab for update").expect("held");
    assert_eq!(is_told_soon(&mut ben, &slug, &purchase).await, "store.busy");
    // Reading goes on meanwhile.
    assert_eq!(ben.get(&format!("/l/{slug}")).await.status, StatusCode::OK);
    other.db.run_script("rollback").expect("let go");
    is_bought_once(&mut ben, &slug, &purchase).await;
}

fn count(connection: &Connection, sql: &'static str) -> i64 {
    let db: &dyn Db = &connection.db;
    db.number(sql, &[]).expect("a number")
}

#[tokio::test]
async fn a_commit_that_waits_for_a_standby_for_ever_is_answered_once_it_is_safe() {
    let Some(server) = OwnServer::where_wanted() else { return };
    let shop = TestApp::on_own(&server);
    let (mut ben, slug) = ben_and_a_work(&shop).await;
    let purchase = shop.app.mint.purchase().to_string();
    server.obey("alter system set synchronous_standby_names = 'nobody'");
    server.obey("select pg_reload_conf()");
    // The server takes its time to know: until then others commit at once.
    let other = shop.database().connect();
    let sql = "select count(*) from pg_settings where name = 'synchronous_standby_names' and setting = 'nobody'";
    while count(&other, sql) == 0 {}
    for _ in 0..3 {
        assert_eq!(is_told_soon(&mut ben, &slug, &purchase).await, "store.unknown");
    }
    // Pages go on, and no more than one commit is left waiting there.
    assert_eq!(ben.get(&format!("/l/{slug}")).await.status, StatusCode::OK);
    let waiting = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'";
    assert!(count(&other, waiting) <= 1, "more than one commit waits");
    server.obey("alter system reset synchronous_standby_names");
    server.obey("select pg_reload_conf()");
    is_bought_once(&mut ben, &slug, &purchase).await;
}

#[tokio::test]
async fn a_server_that_stops_and_starts_again_is_found_again() {
    let Some(server) = OwnServer::where_wanted() else { return };
    let shop = TestApp::on_own(&server);
    let (mut ben, slug) = ben_and_a_work(&shop).await;
    let purchase = shop.app.mint.purchase().to_string();
    server.halt();
    for _ in 0..2 {
        assert_eq!(is_told_soon(&mut ben, &slug, &purchase).await, "store.gone");
    }
    server.resume();
    is_bought_once(&mut ben, &slug, &purchase).await;
}
