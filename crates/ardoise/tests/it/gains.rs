//! Ada follows what she earns.

use crate::shop::{Browser, TestApp};
use http::StatusCode;

/// The text that the page shows under this name.
async fn gain(ada: &mut Browser<'_>, name: &str) -> String {
    let page = ada.get("/gains?period=all").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let marked = format!("data-gain=\"{name}\">");
    let text = page.text();
    let rest = text.split(&marked).nth(1).unwrap_or_else(|| panic!("no {name} in {text}"));
    rest.split('<').next().expect("a text").to_owned()
}

/// The lines on Ben's tab that can be undone, newest first.
async fn undo_newest(ben: &mut Browser<'_>) {
    let tab = ben.get("/tab").await.text();
    let line = tab.split("/lines/").nth(1).expect("an undo").split('/').next().expect("an id");
    let undone = ben.post(&format!("/lines/{line}/undo"), &[]).await;
    assert_eq!(undone.status, StatusCode::SEE_OTHER, "{}", undone.text());
}

#[tokio::test]
async fn ada_sees_a_tap_at_once_and_an_undo_leaves() {
    let shop = TestApp::open();
    let (author, mut ada) = shop.ada().await;
    let slug = shop.article(author, "Night bus", 24).await;
    let mut ben = shop.browser();
    ben.tap(&slug).await;
    // Of 24 cents, a sixth is tax.
    assert_eq!(gain(&mut ada, "today").await, "€0.20");
    assert_eq!(gain(&mut ada, "pending").await, "€0.20");
    assert_eq!(gain(&mut ada, "bought").await, "100%");
    undo_newest(&mut ben).await;
    assert_eq!(gain(&mut ada, "today").await, "€0.00");
    assert_eq!(gain(&mut ada, "pending").await, "€0.00");
    assert_eq!(gain(&mut ada, "undone").await, "100%");
}

#[tokio::test]
async fn each_period_has_its_bars() {
    let shop = TestApp::open();
    let (author, mut ada) = shop.ada().await;
    let slug = shop.article(author, "Night bus", 24).await;
    shop.browser().tap(&slug).await;
    shop.pass_days(8);
    shop.browser().tap(&slug).await;
    for (period, bars, gained) in [("today", 13, 1), ("7", 7, 1), ("30", 30, 2), ("all", 1, 2)] {
        let page = ada.get(&format!("/gains?period={period}")).await.text();
        assert_eq!(page.matches("<rect").count(), bars, "{period}");
        let table = page.split("<tbody>").nth(1).expect("a table").split("</tbody>").next();
        let table = table.expect("its end");
        assert_eq!(table.matches("<tr>").count(), bars, "{period}");
        let sums = table.matches("€0.20").count() + 2 * table.matches("€0.40").count();
        assert_eq!(sums, gained, "{period}: {table}");
    }
}

#[tokio::test]
async fn only_the_author_sees_their_gains() {
    let shop = TestApp::open();
    let (author, _) = shop.ada().await;
    let slug = shop.article(author, "Night bus", 24).await;
    let mut ben = shop.browser();
    ben.tap(&slug).await;
    let (_, mut zoe) = shop.author("Zoe").await;
    assert_eq!(gain(&mut zoe, "pending").await, "€0.00");
    assert!(!zoe.get("/gains?period=all").await.text().contains("Night bus"));
    assert!(!zoe.get("/gains.csv?period=all").await.text().contains("Night bus"));
    let mut olu = shop.olu().await;
    for path in ["/gains", "/gains.csv", "/gains/stream"] {
        assert_eq!(ben.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(olu.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}
