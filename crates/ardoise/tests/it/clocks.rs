//! The machine's clock jumps, back and forth, while the shop serves: money stays right, and nothing stays broken.

use crate::shop::{Browser, TestApp, buy};
use ardoise::receipts::verify::verify;
use http::StatusCode;

#[tokio::test]
async fn a_clock_that_is_set_back_harms_nothing() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let mut ben = shop.program();
    let bus = shop.article(ada, "Night bus", 20).await;
    let line = ben.tap(&bus).await.json()["line"].as_str().expect("a line").to_owned();
    shop.pass_days(-3);
    let tides = shop.article(ada, "Tides", 20).await;
    let second = ben.tap(&tides).await.json();
    assert_eq!(second["total"]["amount"], "0.400000");
    // The line bought in what is the future now can still be undone.
    let undone = ben.post(&format!("/lines/{line}/undo"), &[]).await;
    assert_eq!(undone.json()["total"]["amount"], "0.200000", "{}", undone.text());
    shop.pass_days(3 + 40);
    let third = shop.article(ada, "Third", 20).await;
    let refused = buy(&mut ben, &third, &shop.app.mint.purchase().to_string()).await;
    assert_eq!(refused.json()["code"], "tab.due", "{}", refused.text());
}

/// Jumps of a clock that is corrected, forgets its battery or is set by hand, in minutes.
const JUMPS: [i64; 8] = [-1, 60, -120, 3 * 24 * 60, -24 * 60, 25, -2 * 24 * 60 - 4, 43];

/// The titles of a tab's page, as they stand there.
async fn titles(ben: &mut Browser<'_>) -> Vec<String> {
    let page = ben.get("/tab").await.text();
    let mut found: Vec<(usize, String)> = (0..=JUMPS.len())
        .map(|number| format!("Work {number}."))
        .filter_map(|title| page.find(&title).map(|at| (at, title)))
        .collect();
    found.sort();
    found.into_iter().map(|(_, title)| title).collect()
}

#[tokio::test]
async fn lines_bought_while_the_clock_jumps_are_all_there_once_and_chained() {
    let shop = TestApp::open();
    let (ada, mut hers) = shop.ada().await;
    let mut ben = shop.browser();
    let mut bought_at = Vec::new();
    for number in 0..=JUMPS.len() {
        let slug = shop.article(ada, &format!("Work {number}."), 5).await;
        let button = ben.button(&slug).await;
        for _ in 0..2 {
            let tapped = ben.press(&button).await;
            assert_eq!(tapped.status, StatusCode::SEE_OTHER, "{}", tapped.text());
            assert_eq!(ben.get(&tapped.location()).await.status, StatusCode::OK);
        }
        bought_at.push((shop.app.now(), format!("Work {number}.")));
        if let Some(minutes) = JUMPS.get(number) {
            shop.pass_minutes(*minutes);
        }
    }
    assert!(ben.get("/tab").await.text().contains("€0.45"));
    // The newest by their own times stand first, whatever order they were bought in.
    bought_at.sort();
    let newest_first: Vec<String> = bought_at.into_iter().rev().map(|(_, title)| title).collect();
    assert_eq!(titles(&mut ben).await, newest_first);
    let published = shop.program().get("/.well-known/ardoise").await.text();
    let receipts = ben.get("/receipts").await.text();
    let verified = verify(&receipts, Some(&published)).expect("an unbroken chain");
    assert_eq!(verified.document.entries.len(), JUMPS.len() + 1);
    assert_eq!(verified.document.sums.expect("sums").owed.amount, "0.450000");
    // What is settled is all of it, and the gains say so.
    let settlement = ben.get("/tab/settle").await.hidden("settlement");
    let fields = [("settlement", settlement.as_str()), ("amount", "0.45")];
    for minutes in [-90, 200] {
        let settled = ben.post("/tab/settle/sandbox", &fields).await;
        assert_eq!(settled.status, StatusCode::SEE_OTHER, "{}", settled.text());
        shop.pass_minutes(minutes);
    }
    assert!(ben.get("/tab").await.text().contains("€0.00"));
    assert_eq!(hers.get("/gains").await.status, StatusCode::OK);
    let receipts = ben.get("/receipts").await.text();
    verify(&receipts, Some(&published)).expect("an unbroken chain");
}

#[tokio::test]
async fn the_time_to_undo_is_that_of_the_clock_and_an_undo_stands_whatever_it_says_later() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let mut ben = shop.program();
    let tap = async |ben: &mut Browser<'_>, title: &str| {
        let slug = shop.article(ada, title, 20).await;
        ben.tap(&slug).await.json()["line"].as_str().expect("a line").to_owned()
    };
    let line = tap(&mut ben, "Night bus").await;
    let undo = format!("/lines/{line}/undo");
    shop.pass_minutes(31);
    assert_eq!(ben.post(&undo, &[]).await.json()["code"], "undo.over");
    // An hour too early is as good as in time; then the clock is right again, and the line is still undone, once.
    shop.pass_minutes(-60);
    for minutes in [60, -60, 0] {
        let undone = ben.post(&undo, &[]).await;
        assert_eq!(undone.json()["total"]["amount"], "0.000000", "{}", undone.text());
        shop.pass_minutes(minutes);
    }
}

#[tokio::test]
async fn a_session_that_is_over_by_a_wrong_clock_holds_again_by_the_right_one() {
    let shop = TestApp::open();
    let (author, mut ada) = shop.ada().await;
    let slug = shop.article(author, "Night bus", 20).await;
    let mut ben = shop.browser();
    assert_eq!(ben.tap(&slug).await.status, StatusCode::SEE_OTHER);
    shop.pass_days(365);
    let asked = ada.get("/gains").await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED, "{}", asked.text());
    assert!(ben.get("/tab").await.text().contains("€0.20"));
    shop.pass_days(-365);
    assert_eq!(ada.get("/gains").await.status, StatusCode::OK);
    shop.pass_days(-30);
    assert_eq!(ada.get("/gains").await.status, StatusCode::OK);
    assert!(ben.get("/tab").await.text().contains("€0.20"));
}
