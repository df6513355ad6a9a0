//! Olu has the shop looked over.

use crate::bucket;
use crate::program::{Program, Ran};
use crate::stripe_peer::{KEY, Peer};
use ardoise::clock::Clock;
use ardoise::doctor::{Finding, Level, Patient, examine};
use ledger::Timestamp;
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// What was said about a subject: its level and its words, with the next step.
fn about<'a>(ran: &'a Ran, subject: &str) -> Vec<(&'a str, String)> {
    let mut lines = ran.out.lines().peekable();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let next = lines.next_if(|line| line.trim_start().starts_with('→'));
        let (level, rest) = line.split_once(' ').expect("a level");
        if let Some(what) = rest.trim_start().strip_prefix(subject) {
            found.push((level, format!("{} {}", what.trim(), next.unwrap_or_default().trim())));
        }
    }
    found
}

const COMPLETE: &str = "[shop]\nseller = \"Ada, Lyon\"\nemail = \"ada@shop.example\"\n";

/// A shop in which nothing is wrong.
fn well() -> Program {
    let program = Program::with_shop();
    fs::write(program.path("data/ardoise.toml"), COMPLETE).expect("written");
    program
}

#[tokio::test]
async fn a_shop_in_which_nothing_is_wrong_is_well() {
    let program = well();
    let closed = program.run(&["doctor"]);
    assert_eq!(closed.code, 0, "{closed:?}");
    let levels = closed.out.lines().map(|line| line.split(' ').next().expect("a word"));
    assert_eq!(levels.collect::<Vec<_>>(), ["ok"; 9], "{}", closed.out);
    assert!(about(&closed, "address")[0].1.contains("not open now"), "{}", closed.out);
    let shop = program.serve();
    let open = program.run(&["doctor"]);
    assert!(about(&open, "address")[0].1.contains(&shop.url), "{}", open.out);
    assert!(about(&open, "address")[0].1.contains("which is open"), "{}", open.out);
}

#[tokio::test]
async fn an_address_that_leads_to_another_shop_is_a_failure() {
    let (program, other) = (well(), well().serve());
    let text = format!("{COMPLETE}[serve]\nurl = \"{}\"\n", other.url);
    fs::write(program.path("data/ardoise.toml"), text).expect("written");
    let ran = program.run(&["doctor"]);
    assert_eq!(ran.code, 1);
    assert_eq!(about(&ran, "address")[0].0, "FAIL", "{}", ran.out);
    assert!(about(&ran, "address")[0].1.contains("somebody else answers"), "{}", ran.out);
}

#[tokio::test]
async fn an_address_that_does_not_lead_to_the_open_shop_is_a_failure() {
    let program = well();
    let _shop = program.serve();
    // Nobody listens on port 1 of this machine; where the shop does, it has remembered.
    let text = format!("{COMPLETE}[serve]\nurl = \"http://localhost:1\"\n");
    fs::write(program.path("data/ardoise.toml"), text).expect("written");
    let ran = program.run(&["doctor"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(about(&ran, "address")[0].1.contains("does not lead to it"), "{}", ran.out);
}

#[test]
fn what_is_wrong_is_told_with_the_next_step() {
    let program = well();
    let key = program.path("data/receipt.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("changed");
    fs::write(program.path("data/ardoise.toml"), "[tab]\nundo_minuts = 5\n").expect("written");
    program.meddle(
        "insert into tab select 1, secret_hash, 0, 5, 0, 0, null, 0, 0, 0, 0, secret_hash, 0, 0, 0, 0, 0 from invite limit 1",
    );
    let ran = program.run(&["doctor"]);
    assert_eq!(ran.code, 1);
    for (subject, word) in [
        ("receipt key", "→ chmod 600"),
        ("settings", "did you mean `tab.undo_minutes`"),
        ("books", "`ardoise check-books` lists them"),
    ] {
        let (level, said) = &about(&ran, subject)[0];
        assert_eq!(*level, "FAIL", "{subject}");
        assert!(said.contains(word), "{subject}: {said}");
    }
}

#[test]
fn a_store_that_is_damaged_or_too_new_is_a_failure() {
    let program = Program::embedded();
    drop(program.serve());
    let store = Connection::open(program.path("data/ardoise.db")).expect("a store");
    store.execute("insert into migration values (999, 0)", []).expect("changed");
    let ran = program.run(&["doctor"]);
    assert!(about(&ran, "store")[0].1.contains("version 999"), "{}", ran.out);
    store.execute("delete from migration where version = 999", []).expect("changed");
    store.execute_batch("pragma wal_checkpoint(truncate)").expect("written");
    drop(store);
    let path = program.path("data/ardoise.db");
    let mut bytes = fs::read(&path).expect("read");
    for byte in &mut bytes[8_192..40_960] {
        *byte ^= 0x55;
    }
    fs::write(&path, bytes).expect("written");
    let ran = program.run(&["doctor"]);
    assert_eq!(ran.code, 1);
    assert_eq!(about(&ran, "store")[0].0, "FAIL", "{}", ran.out);
}

#[test]
fn a_folder_without_a_shop_is_told_and_stays_as_it_is() {
    let program = Program::new();
    let ran = program.run(&["doctor"]);
    assert_eq!(ran.code, 1);
    assert!(about(&ran, "data folder")[0].1.contains("there is no folder data"), "{}", ran.out);
    assert!(!program.path("data").exists());
}

#[tokio::test]
async fn a_clock_that_was_set_back_is_a_failure() {
    let program = well();
    let levels = async |clock: Clock| {
        let patient = Patient {
            data: &program.path("data"),
            settings_file: Ok(None),
            environment: program.environment(),
            clock,
        };
        let mut found: Vec<Finding> = Vec::new();
        examine(&patient, &mut |finding| found.push(finding.clone()), &mut |_, _| ()).await;
        let clock = found.into_iter().find(|finding| finding.subject == "clock");
        clock.expect("it was looked at")
    };
    assert_eq!(levels(Clock::System).await.level, Level::Ok);
    let now = Clock::System.now();
    let back = levels(Clock::standing_at(now.plus_minutes(-90))).await;
    assert_eq!(back.level, Level::Fail);
    assert!(back.what.contains("set back by 90 minutes"), "{}", back.what);
    let long_ago = levels(Clock::standing_at(Timestamp::from_micros(0))).await;
    assert_eq!(long_ago.level, Level::Fail);
}

#[tokio::test]
async fn a_bucket_is_tried_out_and_one_that_cannot_be_used_is_a_failure() {
    let (program, files) = (well(), bucket::fresh());
    let settings = |secret: &str| {
        let (endpoint, key) = (bucket::endpoint(), bucket::KEY);
        let text = format!(
            "files = \"{files}\"\n{COMPLETE}[s3]\nendpoint = \"{endpoint}\"\nkey_id = \"{key}\"\nsecret = \"{secret}\"\n"
        );
        fs::write(program.path("data/ardoise.toml"), text).expect("written");
    };
    settings(bucket::KEY);
    let ran = program.run(&["doctor"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(about(&ran, "files")[0].1.contains(&files), "{}", ran.out);
    settings("wrongsecret");
    let ran = program.run(&["doctor"]);
    assert_eq!((ran.code, about(&ran, "files")[0].0), (1, "FAIL"), "{}", ran.out);
    assert!(about(&ran, "files")[0].1.contains("403"), "{}", ran.out);
    let shown = program.run(&["settings"]);
    assert!(shown.out.contains(&files) && shown.out.contains("secret = \"***\""), "{}", shown.out);
    assert!(!format!("{shown:?} {ran:?}").contains("wrongsecret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_to_settle_is_tried_out_and_one_that_cannot_work_is_a_failure() {
    let (program, stripe) = (well(), Peer::at(Clock::System).await);
    let set = |key: &str| {
        let file = program.path("stripe-key");
        fs::write(&file, key).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("changed");
        let text = format!(
            "{COMPLETE}[rails]\nto_private = true\n[stripe]\nbase = \"{}\"\nsecret_file = \"{}\"\n",
            stripe.url(),
            file.display()
        );
        fs::write(program.path("data/ardoise.toml"), text).expect("written");
    };
    set(KEY);
    let ran = program.run(&["doctor"]);
    let said = about(&ran, "rails");
    assert_eq!((ran.code, said.len()), (1, 2), "{}", ran.out);
    assert!(said[0].1.contains("→ set stripe.webhook_secret_file"), "{}", ran.out);
    assert!(said[1].1.contains("→ add the endpoint http://localhost:"), "{}", ran.out);
    stripe.tells(&format!("{}/rails/stripe/webhook", endpoint(&said[1].1)), "enabled", &["*"]);
    let ran = program.run(&["doctor"]);
    assert_eq!((ran.code, about(&ran, "rails")[0].0), (0, "warn"), "{}", ran.out);
    set("sk_test_wrong");
    let ran = program.run(&["doctor"]);
    let said = about(&ran, "rails");
    assert_eq!((ran.code, said[0].0), (1, "FAIL"), "{}", ran.out);
    assert!(said[0].1.contains("stripe: refused: 401"), "{}", ran.out);
    assert!(!format!("{ran:?}").contains("sk_test"), "{}", ran.out);
}

/// The shop's own address in what was said.
fn endpoint(said: &str) -> String {
    let from = said.find("http://").expect("an address");
    said[from..].split("/rails/").next().expect("a text").to_owned()
}
