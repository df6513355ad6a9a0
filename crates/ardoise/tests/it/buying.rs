//! Ben buys what Ada sells.

use crate::forms::Form;
use crate::selling::sell;
use crate::shop::TestApp;
use http::StatusCode;

#[tokio::test]
async fn one_tap_opens_a_tab_and_the_work() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut ben = shop.browser();
    let page = ben.get(&format!("/l/{slug}")).await;
    assert!(page.text().contains("Pay €0.20"), "{}", page.text());
    let tapped = ben.tap(&slug).await;
    assert_eq!(tapped.status, StatusCode::SEE_OTHER, "{}", tapped.text());
    let content = ben.get(&tapped.location()).await;
    assert_eq!(content.status, StatusCode::OK);
    assert!(content.text().contains("Night bus"));
    let tab = ben.get("/tab").await.text();
    assert!(tab.contains("€0.20"), "{tab}");
}

#[tokio::test]
async fn a_second_tap_does_not_pay_twice() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut ben = shop.program();
    let first = ben.tap(&slug).await.json();
    assert_eq!(first["status"], "bought");
    // The page now offers to open the work; a program that asks again with a new purchase owns it already.
    let purchase = shop.app.mint.purchase().to_string();
    let second =
        ben.post(&format!("/l/{slug}/buy"), &[("purchase", &purchase), ("price", "0.20")]).await;
    assert_eq!(second.json()["status"], "owned");
    assert_eq!(second.json()["total"]["amount"], "0.200000");
}

#[tokio::test]
async fn a_button_pressed_twice_at_once_on_a_new_device_opens_one_tab() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut ben = shop.browser();
    let button = ben.button(&slug).await;
    let (mut one, mut two) = (ben.clone(), ben.clone());
    let (first, second) = tokio::join!(one.press(&button), two.press(&button));
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    assert_eq!(second.status, StatusCode::SEE_OTHER, "{}", second.text());
    assert_eq!(one.cookies, two.cookies);
    assert!(one.get("/tab").await.text().contains("€0.20"));
}

#[tokio::test]
async fn undo_restores_the_tab_and_takes_the_access_away() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut ben = shop.browser();
    let work = ben.tap(&slug).await.location();
    let line = ben.get("/tab").await.text();
    let line = line.split("/lines/").nth(1).expect("an undo").split('/').next().expect("an id");
    let undone = ben.post(&format!("/lines/{line}/undo"), &[]).await;
    assert_eq!(undone.status, StatusCode::SEE_OTHER, "{}", undone.text());
    assert_eq!(ben.get(&work).await.status, StatusCode::FORBIDDEN);
    assert!(ben.get("/tab").await.text().contains("€0.00"));
}

#[tokio::test]
async fn after_half_an_hour_a_line_stays() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut ben = shop.program();
    let line = ben.tap(&slug).await.json()["line"].as_str().expect("a line").to_owned();
    shop.pass_minutes(31);
    let refused = ben.post(&format!("/lines/{line}/undo"), &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.json()["code"], "undo.over");
    assert!(!ben.get("/tab").await.text().contains("/undo"));
}

#[tokio::test]
async fn the_key_of_the_receipts_is_the_operators_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let shop = TestApp::open();
    let key = std::fs::metadata(shop.folder.path().join("receipt.key")).expect("a key");
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

/// More works than are asked about at once, one of them taken back and bought again.
#[tokio::test]
async fn a_library_and_a_front_say_of_each_work_what_it_is() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let mut ben = shop.program();
    let mut titles = Vec::new();
    for minutes in 1..=18 {
        let title = format!("Tale of {minutes}");
        let text = "word ".repeat(200 * minutes);
        let form = Form::selling(&title, "0.10").text("article", &text);
        let (_, slug) = sell(&shop, &mut ada, form).await;
        let bought = ben.tap(&slug).await.json();
        assert_eq!(bought["status"], "bought");
        if minutes == 9 {
            let line = bought["line"].as_str().expect("a line");
            ben.post(&format!("/lines/{line}/undo"), &[]).await;
            assert_eq!(ben.tap(&slug).await.json()["status"], "bought");
        }
        titles.push((title, slug, minutes));
    }
    ben.html = true;
    let (library, front) = (ben.get("/library").await.text(), ben.get("/").await.text());
    let works = ada.get("/works").await.text();
    for page in [&library, &front, &works] {
        let page = page.replace(['\u{2068}', '\u{2069}'], "").replace('\u{a0}', " ");
        for (title, _, minutes) in &titles {
            let rows = page.split("<li").filter(|row| row.contains(&format!(">{title}<")));
            let rows: Vec<&str> = rows.collect();
            assert_eq!(rows.len(), 1, "{title} in {page}");
            assert!(rows[0].contains(&format!("Article · {minutes} min")), "{}", rows[0]);
        }
    }
    for (title, slug, _) in &titles {
        assert!(front.contains(&format!("/l/{slug}\"")), "{title} in {front}");
    }
}
