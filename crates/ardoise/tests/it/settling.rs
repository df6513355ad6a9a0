//! Olu keeps the shop: invites, receives money, checks the books.

use crate::shop::{Browser, TestApp};
use http::StatusCode;

/// The id of the tab that a browser holds.
fn tab(browser: &Browser<'_>) -> String {
    browser.cookies["ardoise_tab"].split('.').next().expect("an id").to_owned()
}

#[tokio::test]
async fn the_desk_is_for_the_operator_only() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let mut olu = shop.olu().await;
    assert_eq!(olu.get("/desk").await.status, StatusCode::OK);
    assert_eq!(ada.get("/desk").await.status, StatusCode::FORBIDDEN);
    assert_eq!(shop.browser().get("/desk").await.status, StatusCode::UNAUTHORIZED);
    for path in ["/desk/invitations", "/desk/books", "/desk/tabs/tab_0000000000001/settle"] {
        assert_eq!(ada.post(path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(shop.browser().post(path, &[]).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn an_invitation_is_shown_once() {
    let shop = TestApp::open();
    let mut olu = shop.olu().await;
    let made = olu.post("/desk/invitations", &[("name", "Zoe")]).await;
    assert_eq!(made.status, StatusCode::OK);
    assert_eq!(made.headers["cache-control"], "private, no-store");
    let text = made.text();
    assert!(text.contains("/invite/inv_"), "{text}");
    let again = olu.get("/desk").await.text();
    assert!(again.contains("Zoe") && !again.contains("/invite/inv_"));
    assert_eq!(olu.post("/desk/invitations", &[("name", " ")]).await.status.as_u16(), 422);
}

#[tokio::test]
async fn money_received_pays_the_tab() {
    let shop = TestApp::open();
    let (author, _) = shop.ada().await;
    let slug = shop.article(author, "Night bus", 24).await;
    let mut ben = shop.browser();
    ben.tap(&slug).await;
    let mut olu = shop.olu().await;
    let desk = olu.get("/desk").await;
    assert!(desk.text().contains(&tab(&ben)), "{}", desk.text());
    let settlement = desk.hidden("settlement");
    let path = format!("/desk/tabs/{}/settle", tab(&ben));
    let fields = [("settlement", settlement.as_str()), ("amount", "0.24"), ("rail", "transfer")];
    assert_eq!(olu.post(&path, &fields).await.status, StatusCode::SEE_OTHER);
    assert!(!olu.get("/desk").await.text().contains(&tab(&ben)));
    assert!(ben.get("/tab").await.text().contains("€0.00"));
}

#[tokio::test]
async fn what_a_reader_has_to_their_credit_pays_what_they_take_next() {
    let shop = TestApp::open();
    let (author, mut ada) = shop.ada().await;
    let [first, second, third] = [("Night bus", 24), ("Day bus", 20), ("Ferry", 20)];
    let mut ben = shop.browser();
    ben.tap(&shop.article(author, first.0, first.1).await).await;
    let settlement = ben.get("/tab/settle").await.hidden("settlement");
    let fields = [("settlement", settlement.as_str()), ("amount", "0.24")];
    assert_eq!(ben.post("/tab/settle/sandbox", &fields).await.status, StatusCode::SEE_OTHER);
    let undo = ben.get("/tab").await.text();
    let undo = undo.split("action=\"/lines/").nth(1).expect("an undo").split('/').next();
    let undo = format!("/lines/{}/undo", undo.expect("an id"));
    assert_eq!(ben.post(&undo, &[]).await.status, StatusCode::SEE_OTHER);
    ben.tap(&shop.article(author, second.0, second.1).await).await;
    assert!(ben.get("/tab").await.text().contains("€0.00"), "nothing is owed");
    let gains = ada.get("/gains").await.text();
    assert!(gains.contains("data-gain=\"available\">€0.16<"), "the share of it is paid: {gains}");
    // What is paid does not become due, however long the reader stays away.
    shop.pass_days(60);
    let bought = ben.tap(&shop.article(author, third.0, third.1).await).await;
    assert_eq!(bought.status, StatusCode::SEE_OTHER, "{}", bought.text());
    assert!(ben.get("/tab").await.text().contains("€0.16"), "four cents were left");
}
