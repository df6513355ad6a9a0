//! What breaks breaks cleanly: whoever asks is told so, nothing is charged, nothing is lost, and it goes on.

use crate::shop::{Answer, Browser, TestApp, ben_and_a_work, buy};
use ardoise::store::engine::Writer;
use ardoise::store::sqlite::FILE_NAME;
use ardoise::store::{Db, StoreError};
use ardoise::till::command::Command;
use ardoise::till::{Applied, Durable, Tariff, TillNumber, TillStore};
use http::{StatusCode, header};
use ledger::Timestamp;
use rusqlite::Connection;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

/// What becomes of the next batches.
#[derive(Debug, Clone, PartialEq)]
enum Weather {
    Fine,
    Fails(StoreError),
    /// The commit succeeds, and the answer is lost.
    LosesTheAnswer,
    Panics,
}

/// The real store, under bad weather.
struct Stormy {
    writer: Writer,
    weather: Arc<Mutex<Weather>>,
}

impl TillStore for Stormy {
    fn number(&self) -> TillNumber {
        self.writer.number()
    }

    fn apply(
        &mut self,
        tariff: &Tariff,
        now: Timestamp,
        batch: &[Command],
    ) -> Result<Applied, StoreError> {
        let weather = self.weather.lock().expect("nobody panics with it").clone();
        match weather {
            Weather::Fine => self.writer.apply(tariff, now, batch),
            Weather::Fails(error) => Err(error),
            Weather::LosesTheAnswer => {
                self.writer.apply(tariff, now, batch)?;
                Err(StoreError::Engine("on purpose, after the commit".into()))
            }
            Weather::Panics => panic!("on purpose"),
        }
    }

    fn write(
        &mut self,
        durable: Durable,
        work: &mut dyn FnMut(&dyn Db) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.writer.write(durable, work)
    }
}

fn stormy() -> (TestApp, Arc<Mutex<Weather>>) {
    let weather = Arc::new(Mutex::new(Weather::Fine));
    let between = |writer| Stormy { writer, weather: Arc::clone(&weather) };
    (TestApp::on(&[], between), weather)
}

fn change(weather: &Mutex<Weather>, to: Weather) {
    *weather.lock().expect("nobody panics with it") = to;
}

/// What is asked again with the same id is bought once.
async fn is_bought_once(ben: &mut Browser<'_>, slug: &str, purchase: &str) {
    for _ in 0..2 {
        let bought = buy(ben, slug, purchase).await;
        assert_eq!(bought.status, StatusCode::OK, "{}", bought.text());
        assert_eq!(bought.json()["status"], "bought");
        assert_eq!(bought.json()["total"]["amount"], "0.400000");
    }
}

#[tokio::test]
async fn whatever_the_store_fails_with_nothing_is_charged_and_asking_again_is_safe() {
    for (error, status, retries) in [
        (StoreError::Busy("on purpose".into()), 503, true),
        (StoreError::Full("on purpose".into()), 507, true),
        (StoreError::Engine("on purpose".into()), 500, false),
        (StoreError::Corrupt("on purpose".into()), 500, false),
    ] {
        let (shop, weather) = stormy();
        let (mut ben, slug) = ben_and_a_work(&shop).await;
        let purchase = shop.app.mint.purchase().to_string();
        change(&weather, Weather::Fails(error.clone()));
        let refused = buy(&mut ben, &slug, &purchase).await;
        assert_eq!(refused.status.as_u16(), status, "{error}: {}", refused.text());
        assert_eq!(refused.headers.contains_key(header::RETRY_AFTER), retries, "{error}");
        assert!(!refused.text().contains("on purpose"), "{}", refused.text());
        change(&weather, Weather::Fine);
        is_bought_once(&mut ben, &slug, &purchase).await;
    }
}

#[tokio::test]
async fn an_answer_lost_after_the_commit_is_found_again() {
    let (shop, weather) = stormy();
    let (mut ben, slug) = ben_and_a_work(&shop).await;
    let purchase = shop.app.mint.purchase().to_string();
    change(&weather, Weather::LosesTheAnswer);
    let lost = buy(&mut ben, &slug, &purchase).await;
    assert_eq!(lost.status, StatusCode::INTERNAL_SERVER_ERROR);
    change(&weather, Weather::Fine);
    is_bought_once(&mut ben, &slug, &purchase).await;
}

#[tokio::test]
async fn a_first_tap_whose_answer_was_lost_is_found_again_by_the_page() {
    let (shop, weather) = stormy();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut ben = shop.browser();
    let button = ben.button(&slug).await;
    change(&weather, Weather::LosesTheAnswer);
    let lost = ben.press(&button).await;
    assert_eq!(lost.status, StatusCode::INTERNAL_SERVER_ERROR);
    change(&weather, Weather::Fine);
    let again = ben.press(&button).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.text());
    assert!(ben.get("/tab").await.text().contains("€0.20"));
}

#[tokio::test]
async fn a_till_that_stopped_says_so_at_once_and_what_was_bought_can_still_be_read() {
    let (shop, weather) = stormy();
    {
        let (mut ben, slug) = ben_and_a_work(&shop).await;
        assert_eq!(ben.get("/health").await.status, StatusCode::OK);
        let purchase = shop.app.mint.purchase().to_string();
        change(&weather, Weather::Panics);
        for _ in 0..2 {
            let refused = buy(&mut ben, &slug, &purchase).await;
            assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text());
            assert_eq!(refused.json()["code"], "store.closed");
            assert!(refused.headers.contains_key(header::RETRY_AFTER));
        }
        assert_eq!(ben.get("/health").await.status, StatusCode::SERVICE_UNAVAILABLE);
        ben.html = true;
        let tab = ben.get("/tab").await;
        assert!(tab.text().contains("€0.20") && tab.text().contains("Night bus"), "{}", tab.text());
    }
    shop.with_a_dead_till();
}

#[tokio::test]
async fn a_store_that_another_process_holds_charges_nothing() {
    let shop = TestApp::embedded();
    let (mut ben, slug) = ben_and_a_work(&shop).await;
    let purchase = shop.app.mint.purchase().to_string();
    let other = Connection::open(shop.folder.path().join(FILE_NAME)).expect("opens");
    other.execute_batch("begin immediate").expect("held");
    let refused = buy(&mut ben, &slug, &purchase).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text());
    assert_eq!(refused.json()["code"], "store.busy");
    assert_eq!(refused.headers[header::RETRY_AFTER], "1");
    // Reading goes on meanwhile.
    assert_eq!(ben.get(&format!("/l/{slug}")).await.status, StatusCode::OK);
    other.execute_batch("rollback").expect("let go");
    is_bought_once(&mut ben, &slug, &purchase).await;
}

#[tokio::test]
async fn a_full_disk_charges_nothing_and_loses_nothing() {
    let shop = TestApp::embedded();
    let (ada, _) = shop.ada().await;
    let mut ben = shop.program();
    let mut slugs = Vec::new();
    for number in 0..100 {
        slugs.push(shop.article(ada, &format!("Work {number}"), 1).await);
    }
    let purchases: Vec<String> =
        slugs.iter().map(|_| shop.app.mint.purchase().to_string()).collect();
    let buy = async |ben: &mut Browser<'_>, number: usize| {
        let fields = [("purchase", purchases[number].as_str()), ("price", "0.01")];
        ben.post(&format!("/l/{}/buy", slugs[number]), &fields).await
    };
    limit_pages(&shop, "pragma max_page_count = 1").await;
    let mut bought = 0;
    let refused = loop {
        let answer = buy(&mut ben, bought).await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        bought += 1;
    };
    assert_eq!(refused.status.as_u16(), 507, "{}", refused.text());
    assert_eq!(refused.json()["code"], "store.full");
    assert!(refused.headers.contains_key(header::RETRY_AFTER));
    limit_pages(&shop, "pragma max_page_count = 1073741823").await;
    let answer = buy(&mut ben, bought).await.json();
    assert_eq!(answer["status"], "bought");
    let cents = bought + 1;
    assert_eq!(answer["total"]["amount"], format!("{}.{:02}0000", cents / 100, cents % 100));
}

/// Lets the till's connection take no page more than there are, or as many as it likes again.
async fn limit_pages(shop: &TestApp, pragma: &'static str) {
    let limited = shop.app.store.write(move |db| db.query(pragma, &[], &mut |_| Ok(())));
    limited.await.expect("limited");
}

/// The real store; it waits to be let on before each batch.
struct Slow {
    writer: Writer,
    comes: Sender<()>,
    let_on: Receiver<()>,
}

impl TillStore for Slow {
    fn number(&self) -> TillNumber {
        self.writer.number()
    }

    fn apply(
        &mut self,
        tariff: &Tariff,
        now: Timestamp,
        batch: &[Command],
    ) -> Result<Applied, StoreError> {
        let _ = self.comes.send(());
        // Once nobody holds the other end any more, it runs freely.
        let _ = self.let_on.recv();
        self.writer.apply(tariff, now, batch)
    }

    fn write(
        &mut self,
        durable: Durable,
        work: &mut dyn FnMut(&dyn Db) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.writer.write(durable, work)
    }
}

/// A purchase that is asked for and not yet answered.
type Asked<'a> = Pin<Box<dyn Future<Output = Answer> + 'a>>;

/// Asks as far as it goes without an answer.
fn begin<'a>(who: Browser<'a>, slug: String, purchase: String) -> Asked<'a> {
    let mut who = who;
    let mut asked: Asked = Box::pin(async move { buy(&mut who, &slug, &purchase).await });
    let mut nobody = Context::from_waker(Waker::noop());
    assert!(asked.as_mut().poll(&mut nobody).is_pending());
    asked
}

fn slow() -> (TestApp, Receiver<()>, Sender<()>) {
    let ((comes, came), (let_on, waits)) = (channel(), channel());
    let settings = [("tab.new_per_hour", "100000")];
    let shop = TestApp::on(&settings, |writer| Slow { writer, comes, let_on: waits });
    (shop, came, let_on)
}

#[tokio::test]
async fn a_reader_who_goes_away_during_a_purchase_has_bought_once() {
    let (shop, came, let_on) = slow();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut ben = shop.browser();
    let button = ben.button(&slug).await;
    {
        let mut gone = ben.clone();
        let mut asked: Pin<Box<dyn Future<Output = Answer>>> =
            Box::pin(async { gone.press(&button).await });
        let mut nobody = Context::from_waker(Waker::noop());
        assert!(asked.as_mut().poll(&mut nobody).is_pending());
        came.recv().expect("the till has it");
    }
    drop(let_on);
    let again = ben.press(&button).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.text());
    assert!(ben.get("/tab").await.text().contains("€0.20"));
}

#[tokio::test]
async fn a_full_queue_turns_readers_away_and_they_can_come_back() {
    const WAITING: usize = 1_024;
    let (shop, came, let_on) = slow();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let ben = shop.program();
    let one = || begin(ben.clone(), slug.clone(), shop.app.mint.purchase().to_string());
    let first = one();
    came.recv().expect("the till has it");
    let waiting: Vec<Asked> = (0..WAITING).map(|_| one()).collect();
    let purchase = shop.app.mint.purchase().to_string();
    let refused = buy(&mut ben.clone(), &slug, &purchase).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text());
    assert_eq!(refused.headers[header::RETRY_AFTER], "1");
    drop(let_on);
    for asked in waiting.into_iter().chain([first]) {
        let answer = asked.await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
    let counters = shop.app.store.till().counters();
    assert_eq!(counters.turned_away.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test]
async fn who_announces_one_question_asks_one_and_changes_nothing() {
    let shop = TestApp::open();
    let store = &shop.app.store;
    let works = "select count(*) from work";
    let ask = async || store.ask(|db| db.number(works, &[])).await;
    assert_eq!(ask().await, Ok(0));
    let twice = store.ask(|db| Ok(db.number(works, &[])? + db.number(works, &[])?)).await;
    assert!(matches!(twice, Err(StoreError::Engine(_))), "{twice:?}");
    let changes = store.ask(|db| db.execute("delete from work", &[])).await;
    assert!(matches!(changes, Err(StoreError::Engine(_))), "{changes:?}");
    assert_eq!(ask().await, Ok(0), "and the next one is answered");
}
