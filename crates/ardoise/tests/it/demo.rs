//! Somebody looks around in a made-up shop.

use crate::program::{Program, Serving, post};
use ardoise::app::{App, Running};
use ardoise::clock::Clock;
use ardoise::demo;
use ardoise::desk::books;
use ardoise::ids::Chance;
use ardoise::pages::gains::Period;
use ardoise::settings::Values;
use ledger::Timestamp;
use std::fs;

/// 22 November 2026, noon.
const NOON: Timestamp = Timestamp::from_micros(1_795_348_800_000_000);
/// Days that are made up here: the works are published faster, the rest is the same.
const DAYS: i64 = 5;

#[tokio::test]
async fn the_made_up_past_is_one_that_could_have_been() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ardoise.toml");
    fs::write(&file, demo::SETTINGS).expect("written");
    let mut values = Values::default();
    values.read_file(&file).expect("sound");
    let settings = values.check().expect("sound");
    let clock = Clock::standing_at(NOON);
    let Running { app, .. } =
        App::open(settings, folder.path(), clock.clone(), Chance::seeded(7)).expect("opens");
    let made = demo::fill(&app, &clock, NOON, DAYS, &mut |_, _| ()).await.expect("filled");

    app.store.till().catch_up().await.expect("caught up");
    let currency = app.currency();
    let check = move |db: &dyn ardoise::store::Db| books::check(db, currency, &mut |_, _| ());
    let report = app.store.study(check).await.expect("checked");
    assert_eq!(report.findings, Vec::<String>::new());
    assert!(report.transfers > 300, "{report:?}");

    let gains = ardoise::gains::gains(&app, made.author, Period::Month).await.expect("read");
    assert_eq!(gains.works.len(), 3);
    let figures = gains.period;
    assert!(figures.visits > figures.taps && figures.taps > figures.undone, "{figures:?}");
    assert!(figures.undone > 0 && gains.channels.len() >= 5, "{gains:?}");
    for amount in [gains.today.share, gains.pending, gains.available, gains.paid_out] {
        assert!(!amount.is_zero(), "{gains:?}");
    }
}

/// The next event of a stream of gains.
async fn event(stream: &mut reqwest::Response) -> String {
    let mut text = String::new();
    while !text.contains("\n\n") || !text.contains("data:") {
        let chunk = stream.chunk().await.expect("the stream goes on").expect("an event");
        text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
    }
    text
}

#[tokio::test]
async fn in_the_demonstration_gains_move_by_themselves() {
    let program = Program::embedded();
    let words = ["demo", "--days", "2", "--listen", "127.0.0.1:0"];
    let shop = Serving::start(program.command(&words));
    let link = shop.greeting.split_whitespace().find(|word| word.contains("/invite/"));
    let session = shop.enter(link.expect("a link for an author")).await;
    let client = reqwest::Client::new();
    let stream = client.get(format!("{}/gains/stream?period=today", shop.url));
    let mut stream = stream.header("cookie", &session).send().await.expect("an answer");
    let first = event(&mut stream).await;
    assert!(first.contains("\"pending\""), "{first}");
    let second = event(&mut stream).await;
    assert_ne!(first, second);

    // The operator is let in, and every work opens.
    let [operator] = shop.links()[..] else { panic!("one link in {}", shop.greeting) };
    shop.enter(operator).await;
    let front = shop.reader().await.get("/").await;
    let slugs: Vec<&str> =
        front.split("href=\"/l/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(slugs.len(), 10, "{front}");
    for slug in slugs {
        assert_eq!(shop.reader().await.tap(slug).await, 200, "{slug}");
    }
    program.run(&["check-books", "--data", "demo-data"]).well();
    drop((stream, shop));

    let again = program.run(&words).refused(1);
    assert!(again.contains("ardoise serve --data demo-data"), "{again}");
    assert_eq!(front_afterwards(&program).await, 200, "it is a shop like any other");
}

/// Serves the folder of the demonstration as a shop of its own, and asks for its front.
async fn front_afterwards(program: &Program) -> u16 {
    let words = ["serve", "--data", "demo-data", "--listen", "127.0.0.1:0"];
    let shop = Serving::start(program.command(&words));
    assert!(shop.greeting.starts_with("La Fabrique is open"), "{}", shop.greeting);
    let front = reqwest::get(&shop.url).await.expect("an answer").status().as_u16();
    let refused = post(&format!("{}/desk/books", shop.url), &[], "").await;
    assert_eq!(refused.status().as_u16(), 401);
    front
}
