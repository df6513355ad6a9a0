//! Several processes serve one shop: what one of them did holds for all, and none waits for another for long.

use crate::engine::Way;
use crate::forms::Form;
use crate::selling::sell;
use crate::shop::{Browser, TestApp, buy};
use crate::webhooks::listens;
use ardoise::store::delivery::{self, Load};
use ardoise::store::{Db, Value};
use http::{StatusCode, header};
use ledger::ShopId as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

/// The same person at another process of the shop.
fn moved<'a>(who: &Browser<'_>, to: &'a TestApp) -> Browser<'a> {
    let mut there = to.program();
    there.cookies.clone_from(&who.cookies);
    there
}

/// Ben, whose tab has one line.
async fn ben<'a>(shop: &'a TestApp, first: &str) -> Browser<'a> {
    let mut ben = shop.program();
    assert_eq!(ben.tap(first).await.json()["total"]["amount"], "0.200000");
    ben
}

#[tokio::test]
async fn a_double_tap_through_two_processes_charges_once() {
    let shop = TestApp::open();
    let other = shop.beside();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut here = ben(&shop, &slug).await;
    let mut there = moved(&here, &other);
    for number in 0..9 {
        let slug = shop.article(ada, &format!("Work {number}"), 20).await;
        let purchase = shop.app.mint.purchase().to_string();
        let (one, two) =
            tokio::join!(buy(&mut here, &slug, &purchase), buy(&mut there, &slug, &purchase));
        assert_eq!(
            (one.status, two.status),
            (StatusCode::OK, StatusCode::OK),
            "{}{}",
            one.text(),
            two.text()
        );
        let (one, two) = (one.json(), two.json());
        assert_eq!(one["line"], two["line"]);
        assert_eq!(one["total"], two["total"]);
        let cents = 20 * (number + 2);
        assert_eq!(one["total"]["amount"], format!("{}.{:02}0000", cents / 100, cents % 100));
    }
}

#[tokio::test]
async fn what_an_author_changes_is_seen_at_once_here_and_within_a_second_elsewhere() {
    let shop = TestApp::open();
    let other = shop.beside();
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("Tides", "0.35").text("article", "Salt.");
    let (work, slug) = sell(&shop, &mut ada, form).await;
    let path = format!("/l/{slug}");
    let changes = [
        (Form::selling("Ebb", "0.45").text("article", "Salt."), "€0.45"),
        (Form::selling("Ebb", "0.55").text("article", "More salt."), "€0.55"),
    ];
    for (form, price) in changes {
        for at in [&shop, &other] {
            assert_eq!(at.browser().get(&path).await.status, StatusCode::OK);
            assert_eq!(at.browser().get("/").await.status, StatusCode::OK);
        }
        let changed = form.send(&mut ada, &format!("/works/{work}")).await;
        assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text());
        for (at, seconds) in [(&shop, 0), (&other, 1)] {
            shop.pass_seconds(seconds);
            for path in [path.as_str(), "/"] {
                let page = at.browser().get(path).await.text();
                assert!(page.contains(price) && page.contains("Ebb"), "{path}: {page}");
            }
        }
    }
    ada.post(&format!("/works/{work}/unpublish"), &[]).await;
    for (at, seconds) in [(&shop, 0), (&other, 1)] {
        shop.pass_seconds(seconds);
        let page = at.browser().get(&path).await.text();
        assert!(page.contains("Not on sale"), "{page}");
        assert!(!at.browser().get("/").await.text().contains("Ebb"));
    }
}

#[tokio::test]
async fn who_bought_reads_what_its_author_wrote_last() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("Tides", "0.35").text("article", "Salt.");
    let (work, slug) = sell(&shop, &mut ada, form).await;
    let mut ben = shop.browser();
    assert_eq!(ben.tap(&slug).await.status, StatusCode::SEE_OTHER);
    let path = format!("/w/{work}");
    assert!(ben.get(&path).await.text().contains("Salt."));
    assert_eq!(shop.browser().get(&path).await.status, StatusCode::FORBIDDEN);
    let form = Form::selling("Tides", "0.35").text("article", "Salt, and more of it.");
    assert_eq!(
        form.send(&mut ada, &path.replace("/w/", "/works/")).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(ben.get(&path).await.text().contains("and more of it"));
}

#[tokio::test]
async fn a_first_tap_through_two_processes_opens_one_tab() {
    let shop = TestApp::open();
    let other = shop.beside();
    let (ada, _) = shop.ada().await;
    for number in 0..10 {
        let slug = shop.article(ada, &format!("Work {number}"), 20).await;
        let mut here = shop.program();
        here.html = true;
        let button = here.button(&slug).await;
        let mut there = other.browser();
        let (one, two) = tokio::join!(here.press(&button), there.press(&button));
        assert_eq!((one.status, two.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
        assert_eq!(one.location(), two.location());
        let tab = here.get("/tab").await.text();
        assert!(tab.contains("€0.20") && !tab.contains("€0.40"), "{tab}");
    }
}

#[tokio::test]
async fn one_tab_at_two_processes_adds_up() {
    let shop = TestApp::open();
    let other = shop.beside();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut here = ben(&shop, &slug).await;
    let mut there = moved(&here, &other);
    let mut slugs = Vec::new();
    for number in 0..8 {
        slugs.push(shop.article(ada, &format!("Work {number}"), 20).await);
    }
    let (mine, yours) = slugs.split_at(4);
    let taps = async |who: &mut Browser<'_>, slugs: &[String]| {
        for slug in slugs {
            let purchase = shop.app.mint.purchase().to_string();
            assert_eq!(buy(who, slug, &purchase).await.json()["status"], "bought");
        }
    };
    tokio::join!(taps(&mut here, mine), taps(&mut there, yours));
    for who in [&mut here, &mut there] {
        who.html = true;
        let tab = who.get("/tab").await.text();
        assert!(tab.contains("€1.80"), "{tab}");
    }
}

#[tokio::test]
async fn what_is_sold_at_one_process_is_news_at_the_other() {
    let shop = TestApp::open();
    // In a file there are no such news: whoever looks asks it now and then.
    if !shop.is_on_a_server() {
        return;
    }
    let other = shop.beside();
    let (ada, _) = shop.ada().await;
    let mut news = other.app.store.till().news();
    // The other one may only just have begun to listen.
    loop {
        let slug = shop.article(ada, "Night bus", 20).await;
        shop.program().tap(&slug).await;
        let heard = tokio::time::timeout(std::time::Duration::from_secs(2), news.recv()).await;
        if let Ok(author) = heard {
            assert_eq!(author, Ok(ada));
            break;
        }
    }
}

#[tokio::test]
async fn what_a_webhook_is_to_be_told_is_taken_once() {
    let shop = TestApp::open();
    let other = shop.beside();
    let (ada, _) = shop.ada().await;
    let now = shop.app.now();
    listens(&shop, ada, "https://ada.example/heard").await;
    let mut ben = shop.program();
    for number in 0..6 {
        let slug = shop.article(ada, &format!("Work {number}"), 20).await;
        ben.tap(&slug).await;
    }
    shop.app.store.till().catch_up().await.expect("followed");
    let load = Load { most: 100, most_to_one: 100 };
    let due = shop.app.store.read(|db| delivery::due(db, now, load)).await.expect("read");
    assert_eq!(due.len(), 6);
    let take = async |shop: &TestApp| {
        let due = due.clone();
        let taken = shop.app.store.write(move |db| {
            due.iter().try_fold(0, |taken, delivery| {
                delivery::take(db, delivery, now, now.plus_minutes(5))
                    .map(|took| taken + usize::from(took))
            })
        });
        taken.await.expect("taken")
    };
    let (one, two) = tokio::join!(take(&shop), take(&other));
    assert_eq!(one + two, 6, "{one} and {two}");
}

#[tokio::test]
async fn a_deadlock_is_undone_without_anybody_noticing() {
    let shop = TestApp::open();
    // In a file one writes after the other.
    if !shop.is_on_a_server() {
        return;
    }
    let other = shop.beside();
    let (ada, _) = shop.author("Ada").await;
    let (zoe, _) = shop.author("Zoe").await;
    let (both, tries) = (Arc::new(Barrier::new(2)), Arc::new(AtomicUsize::new(0)));
    let rename = |shop: &TestApp, authors: [i64; 2]| {
        let (both, tries) = (Arc::clone(&both), Arc::clone(&tries));
        let mut is_first = true;
        let work = move |db: &dyn Db| {
            tries.fetch_add(1, Ordering::SeqCst);
            let sql = "update author set name = name || '.' where id = ?1";
            db.execute(sql, &[Value::Int(authors[0])])?;
            if std::mem::take(&mut is_first) {
                // Each holds one of the two, and wants the other.
                both.wait();
            }
            db.execute(sql, &[Value::Int(authors[1])])
        };
        let store = shop.app.store.clone();
        async move { store.write(work).await }
    };
    let (ada, zoe) = (ada.raw(), zoe.raw());
    let (one, two) = tokio::join!(rename(&shop, [ada, zoe]), rename(&other, [zoe, ada]));
    assert_eq!((one, two), (Ok(1), Ok(1)));
    assert_eq!(tries.load(Ordering::SeqCst), 3, "one of them is done again");
    let sql = "select count(*) from author where name in ('Ada..', 'Zoe..')";
    assert_eq!(shop.app.store.read(|db| db.number(sql, &[])).await, Ok(2));
}

#[tokio::test]
async fn a_store_that_is_gone_charges_nothing_and_comes_back_by_itself() {
    let Some((shop, relay)) = TestApp::behind_a_relay() else { return };
    let (ada, _) = shop.ada().await;
    let first = shop.article(ada, "Night bus", 20).await;
    let slug = shop.article(ada, "Tides", 20).await;
    let mut ben = ben(&shop, &first).await;
    let purchase = shop.app.mint.purchase().to_string();
    relay.cut();
    for _ in 0..2 {
        let refused = buy(&mut ben, &slug, &purchase).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text());
        assert_eq!(refused.json()["code"], "store.gone");
        assert!(refused.headers.contains_key(header::RETRY_AFTER));
        // What asks the store nothing is served.
        assert_eq!(ben.get("/.well-known/ardoise").await.status, StatusCode::OK);
    }
    relay.mend();
    for _ in 0..2 {
        let bought = buy(&mut ben, &slug, &purchase).await;
        assert_eq!(bought.json()["total"]["amount"], "0.400000", "{}", bought.text());
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_anywhere_in_a_purchase_charges_once() {
    let Some((shop, relay)) = TestApp::behind_a_relay() else { return };
    let (ada, _) = shop.ada().await;
    let mut ben = shop.program();
    let mut cents = 0;
    let mut lost = 0;
    for way in [Way::Asking, Way::Answering] {
        for bytes in (0..3_000).step_by(31) {
            let slug = shop.article(ada, &format!("Work {cents}"), 1).await;
            let purchase = shop.app.mint.purchase().to_string();
            let fields = [("purchase", purchase.as_str()), ("price", "0.01")];
            relay.lose_one_after(bytes, way);
            let mut bought = ben.post(&format!("/l/{slug}/buy"), &fields).await;
            lost += usize::from(relay.lose_no_more(way));
            if bought.status == StatusCode::SERVICE_UNAVAILABLE {
                assert!(bought.headers.contains_key(header::RETRY_AFTER));
                bought = ben.post(&format!("/l/{slug}/buy"), &fields).await;
            }
            cents += 1;
            let total = format!("{}.{:02}0000", cents / 100, cents % 100);
            assert_eq!(
                bought.json()["total"]["amount"],
                total,
                "{way:?} {bytes}: {}",
                bought.text()
            );
        }
    }
    assert!(lost > 60, "only {lost} connections were lost");
}
