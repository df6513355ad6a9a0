//! Ben transfers money: what he is shown, and what becomes of what the bank says.

use crate::rail_contract::{begin, owes, stored};
use crate::shop::{Browser, TestApp};
use ardoise::rails::transfer::reference;
use ardoise::store::charge::State;
use http::StatusCode;

pub const IBAN: &str = "FR7630006000011234567890189";

/// A shop that can be paid by transfer.
pub fn shop() -> TestApp {
    TestApp::with(&[
        ("transfer.iban", IBAN),
        ("transfer.name", "La Fabrique SARL"),
        ("transfer.bic", "AGRIFRPP"),
    ])
}

/// Ben, who owes so many cents.
pub async fn ben(shop: &TestApp, cents: i64) -> Browser<'_> {
    let (ada, _) = shop.ada().await;
    let mut ben = shop.browser();
    let slug = shop.article(ada, "Night bus", cents).await;
    assert_eq!(ben.tap(&slug).await.status, StatusCode::SEE_OTHER);
    ben
}

/// What a camera reads in the first picture of a page.
pub fn scanned(page: &str) -> String {
    let svg =
        page.split("<svg xmlns").nth(1).expect("a code").split("</svg>").next().expect("it ends");
    let side = svg.split("viewBox=\"0 0 ").nth(1).expect("a size").split(' ').next();
    let side: usize = side.expect("a number").parse().expect("a number");
    let mut dark = vec![false; side * side];
    let path = svg.split("fill=\"#000\" d=\"").nth(1).expect("the dark squares");
    for run in path.split('M').skip(1) {
        let (x, rest) = run.split_once(' ').expect("a place");
        let (y, rest) = rest.split_once('h').expect("a row");
        let (length, _) = rest.split_once('v').expect("a length");
        let [x, y, length] = [x, y, length].map(|n| n.parse::<usize>().expect("a number"));
        dark[y * side + x..][..length].fill(true);
    }
    // As many pixels for each square as a camera needs.
    let pixel = |x: usize, y: usize| if dark[y / 4 * side + x / 4] { 0 } else { u8::MAX };
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side * 4, side * 4, pixel);
    let grids = picture.detect_grids();
    let (meta, text) = grids.first().expect("a code is found").decode().expect("it is readable");
    // The two bits of the level in the code's format: M is 00 (ISO/IEC 18004, table 12).
    assert_eq!(meta.ecc_level, 0, "a medium level of error correction");
    assert!(meta.version.0 <= 13, "{:?}", meta.version);
    text
}

#[tokio::test]
async fn a_reader_scans_or_copies_what_their_bank_needs() {
    let shop = shop();
    let mut ben = ben(&shop, 150).await;
    assert!(ben.get("/tab/settle").await.text().contains("Bank transfer"));
    let (begun, charge) = begin(&mut ben, &shop, "transfer", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    assert_eq!(begun.location(), format!("/tab/charges/{}", charge.id));
    let page = ben.get(&begun.location()).await.text();
    let reference = reference::of(charge.id);
    assert_eq!(charge.reference, reference);
    let elements = scanned(&page);
    let expected =
        ["BCD", "002", "1", "SCT", "AGRIFRPP", "La Fabrique SARL", IBAN, "EUR1.50", "", &reference];
    assert_eq!(elements.split('\n').collect::<Vec<_>>(), expected);
    for fact in ["FR76 3000 6000 0112 3456 7890 189", "La Fabrique SARL", "AGRIFRPP", "€1.50"] {
        assert!(page.contains(&format!("value=\"{fact}\"")), "{fact}: {page}");
    }
    assert!(page.contains(&reference::grouped(&reference)), "{page}");
    assert!(!page.contains("http-equiv=\"refresh\""), "what is copied is not taken away: {page}");
    let again = format!("href=\"{}\">Bank transfer: we are waiting for €1.50", begun.location());
    for path in ["/tab", "/tab/settle"] {
        assert!(ben.get(path).await.text().contains(&again), "{path} leads back to what is copied");
    }
    ben.language = "fr";
    let page = ben.get(&begun.location()).await.text();
    assert!(page.contains("Recopiez la référence") && page.contains("1,50\u{a0}€"), "{page}");
    ben.html = false;
    let told = ben.get(&begun.location()).await;
    assert_eq!(told.status, StatusCode::ACCEPTED);
    assert_eq!(told.json()["next"]["next"], "copy");
    assert_eq!(told.json()["next"]["facts"][1]["value"], "FR76 3000 6000 0112 3456 7890 189");
}

#[tokio::test]
async fn a_transfer_that_is_too_small_is_not_asked_for() {
    let shop = shop();
    let mut ben = ben(&shop, 20).await;
    let (refused, none) = begin(&mut ben, &shop, "transfer", shop.app.mint.settlement()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    assert!(none.is_none());
}

#[tokio::test]
async fn a_tab_that_grew_is_asked_for_as_it_stands() {
    let shop = shop();
    let mut ben = ben(&shop, 120).await;
    let (_, first) = begin(&mut ben, &shop, "transfer", shop.app.mint.settlement()).await;
    let first = first.expect("a charge");
    let (again, none) = begin(&mut ben, &shop, "transfer", shop.app.mint.settlement()).await;
    assert!(none.is_none(), "as long as it is the same amount");
    assert_eq!(again.location(), format!("/tab/charges/{}", first.id));
    let (zoe, _) = shop.author("Zoe").await;
    ben.tap(&shop.article(zoe, "Tides", 40).await).await;
    let (_, second) = begin(&mut ben, &shop, "transfer", shop.app.mint.settlement()).await;
    let second = second.expect("another charge");
    assert_eq!(second.amount.to_decimal(), "1.600000");
    let first = stored(&shop, first.id).await.expect("it is kept");
    assert_eq!(first.state, State::Abandoned);
    let page = ben.get(&format!("/tab/charges/{}", first.id)).await.text();
    assert!(page.contains("another amount"), "{page}");
    assert_eq!(owes(&mut ben).await, "1.60");
}

#[tokio::test]
async fn a_transfer_is_waited_for_a_week() {
    let shop = shop();
    let mut ben = ben(&shop, 120).await;
    let (_, charge) = begin(&mut ben, &shop, "transfer", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    for (days, state) in [(6, State::Waiting), (1, State::Abandoned)] {
        shop.pass_days(days);
        ardoise::rails::worker::work_off(&shop.app).await.expect("asked");
        assert_eq!(stored(&shop, charge.id).await.expect("kept").state, state);
    }
}
