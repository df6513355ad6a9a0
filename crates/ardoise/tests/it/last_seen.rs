//! While the store does not answer, pages that show nobody's money are shown as they were last seen.

use crate::client::Client;
use crate::forms::{Form, png};
use crate::selling::sell;
use crate::shop::{Answer, Browser, TestApp, buy};
use ardoise::store::StoreError;
use ardoise::store::sqlite::FILE_NAME;
use http::{StatusCode, header};

const RESTING: &str = "Buying is not possible for the moment";

/// A shop with a work that many have seen, one that nobody has, and Ben, who has bought something.
struct Street<'a> {
    shop: &'a TestApp,
    ada: Browser<'a>,
    ben: Browser<'a>,
    program: Client<'a>,
    seen: String,
    unseen: String,
    draft: String,
    preview: String,
}

impl<'a> Street<'a> {
    async fn new(shop: &'a TestApp) -> Self {
        let (author, mut ada) = shop.ada().await;
        let mut ben = shop.browser();
        let bought = shop.article(author, "Night bus", 20).await;
        assert_eq!(ben.tap(&bought).await.status, StatusCode::SEE_OTHER);
        let form = Form::selling("Tides", "0.35").file("files", "tides.png", &png(900, 600));
        let (_, seen) = sell(shop, &mut ada, form).await;
        let form = Form::selling("Drafted", "0.35").text("article", "A.");
        let (drafted, draft) = sell(shop, &mut ada, form).await;
        ada.post(&format!("/works/{drafted}/unpublish"), &[]).await;
        let unseen = shop.article(author, "Moss", 20).await;
        let page = shop.browser().get(&format!("/l/{seen}")).await.text();
        let preview = page.split("class=\"picture\" src=\"").nth(1).expect("a picture");
        let preview = preview.split('"').next().expect("its end").to_owned();
        assert_eq!(shop.browser().get(&preview).await.status, StatusCode::OK);
        assert_eq!(shop.browser().get("/").await.status, StatusCode::OK);
        assert_eq!(shop.browser().get(&format!("/l/{draft}")).await.status, StatusCode::OK);
        let program = Client::of(shop, &mut ada).await;
        Self { shop, ada, ben, program, seen, unseen, draft, preview }
    }

    /// What everybody sees is shown; what is somebody's own is not.
    async fn is_as_last_seen(&mut self) {
        // What was read within the last second is not asked for again.
        self.shop.pass_seconds(2);
        let path = format!("/l/{}", self.seen);
        for who in [&mut self.shop.browser(), &mut self.ben, &mut self.ada] {
            let page = who.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text());
            for words in ["Tides", "€0.35", RESTING] {
                assert!(page.text().contains(words), "no {words} in {}", page.text());
            }
            assert!(!page.text().contains("/buy\""), "a button in {}", page.text());
        }
        let mut french = self.shop.browser();
        french.language = "fr";
        assert!(french.get(&path).await.text().contains("Achat impossible pour l’instant"));
        let front = self.shop.browser().get("/").await;
        assert!(front.text().contains("Nothing can be bought for the moment"), "{}", front.text());
        assert!(front.text().contains("Tides"), "{}", front.text());
        let withdrawn = self.shop.browser().get(&format!("/l/{}", self.draft)).await.text();
        assert!(withdrawn.contains("Not on sale") && !withdrawn.contains(RESTING), "{withdrawn}");
        let oembed = format!("/oembed?url={}{path}", self.shop.app.settings.url);
        let embed = format!("/embed/{}", self.seen);
        let codes = [format!("{path}/qr.svg"), format!("{path}/qr.png")];
        let others = [embed, oembed, self.preview.clone(), "/embed.js".into()];
        for path in others.into_iter().chain(codes).chain(["/.well-known/ardoise".into()]) {
            let shown = self.shop.browser().get(&path).await;
            assert_eq!(shown.status, StatusCode::OK, "{path}: {}", shown.status);
        }
        assert!(self.shop.browser().get(&self.preview).await.body.len() > 100);
        for path in [format!("/l/{}", self.unseen), "/l/nothing".into()] {
            is_later(&self.shop.browser().get(&path).await);
        }
        for path in ["/tab", "/library", "/tab/settle"] {
            is_later(&self.ben.get(path).await);
        }
        is_later(&self.ada.get("/gains").await);
        let asked = self.program.get("/api/v1/works").await;
        is_later(&asked);
        assert_eq!(asked.json()["code"], "store.gone");
    }

    /// It sells again, at the price that holds now.
    async fn is_on_sale_again(&mut self) {
        loop {
            let page = self.ben.get(&format!("/l/{}", self.seen)).await;
            if !page.text().contains(RESTING) {
                break;
            }
        }
        assert_eq!(self.ben.tap(&self.seen).await.status, StatusCode::SEE_OTHER);
        assert!(self.ben.get("/tab").await.text().contains("€0.55"));
    }
}

fn is_later(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
    assert!(answer.headers.contains_key(header::RETRY_AFTER), "{}", answer.text());
}

#[tokio::test]
async fn pages_are_as_last_seen_while_a_server_is_gone() {
    let Some((shop, relay)) = TestApp::behind_a_relay() else { return };
    let mut street = Street::new(&shop).await;
    relay.cut();
    street.is_as_last_seen().await;
    let purchase = shop.app.mint.purchase().to_string();
    for html in [true, false] {
        street.ben.html = html;
        is_later(&buy(&mut street.ben, &street.seen.clone(), &purchase).await);
    }
    street.ben.html = true;
    relay.mend();
    street.is_on_sale_again().await;
}

#[tokio::test]
async fn pages_are_as_last_seen_while_a_file_cannot_be_opened() {
    /// More than any engine keeps open between questions.
    const CONNECTIONS: usize = 32;
    let shop = TestApp::embedded();
    let mut street = Street::new(&shop).await;
    let store = shop.folder.path().join(FILE_NAME);
    let away = shop.folder.path().join("away");
    std::fs::rename(&store, &away).expect("renamed");
    for _ in 0..CONNECTIONS {
        // Whatever reads badly is closed, and opened anew for the next question.
        let lost = || StoreError::Gone("on purpose".into());
        let _ = shop.app.store.read(|_| Err::<(), _>(lost())).await;
    }
    street.is_as_last_seen().await;
    std::fs::rename(&away, &store).expect("renamed");
    street.is_on_sale_again().await;
}

#[tokio::test]
async fn a_price_that_was_last_seen_is_never_charged() {
    let Some((shop, relay)) = TestApp::behind_a_relay() else { return };
    let (_, mut ada) = shop.ada().await;
    let form = || Form::selling("Tides", "0.35").text("article", "A.");
    let (work, slug) = sell(&shop, &mut ada, form()).await;
    let mut ben = shop.browser();
    let button = ben.button(&slug).await;
    let dearer = Form::selling("Tides", "0.45").text("article", "A.");
    let changed = dearer.send(&mut ada, &format!("/works/{work}")).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text());
    relay.cut();
    let page = shop.browser().get(&format!("/l/{slug}")).await.text();
    assert!(page.contains("€0.35") && page.contains(RESTING), "{page}");
    is_later(&ben.press(&button).await);
    relay.mend();
    let told = loop {
        let told = ben.press(&button).await;
        if told.status != StatusCode::SERVICE_UNAVAILABLE {
            break told;
        }
    };
    assert_eq!(told.location(), format!("/l/{slug}?changed=1"));
    assert!(!ben.cookies.contains_key("ardoise_tab"), "nothing was opened");
}
