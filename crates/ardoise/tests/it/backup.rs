//! Olu keeps backups, and brings the shop back from one.

use crate::program::Program;
use crate::shop::TestApp;
use ardoise::backup::restore::restore;
use ardoise::backup::save::{Order, Saved, save};
use ardoise::backup::tar::Writer;
use ardoise::backup::{BackupError, Stage};
use ardoise::bench::{Seed, seed};
use ardoise::pages::author::{Draft as Typed, Pricing};
use ardoise::receipts::verify::verify;
use ardoise::store::Address;
use ardoise::store::file;
use ardoise::works::draft::Draft;
use ardoise::works::parts::Parts;
use ardoise::works::publishing::{self, Made, New};
use ardoise::works::uploads::{self, Announced};
use bytes::Bytes;
use futures_util::stream;
use ledger::AuthorId;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::Connection;
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

fn pieces(bytes: &[u8]) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> + use<> {
    stream::iter([Ok(Bytes::copy_from_slice(bytes))])
}

/// A work of `author` for 20 cents that is one file with these bytes.
async fn sell(shop: &TestApp, author: AuthorId, title: &str, bytes: &[u8]) -> Made {
    let most = shop.app.settings.upload_max_bytes;
    let name = format!("{title}.txt");
    let upload = uploads::receive(&shop.app, author, &name, most, pieces(bytes)).await;
    let typed = Typed {
        title: title.into(),
        pricing: Pricing::Fixed,
        price: "0.20".into(),
        ..Typed::default()
    };
    let draft = Draft::read(&typed, &shop.app.settings).expect("sound");
    let uploads = vec![upload.expect("received").id];
    let parts = Parts { uploads, ..Parts::default() };
    let new = New { id: shop.app.mint.id(), draft, parts, publish: true };
    publishing::create(&shop.app, author, new).await.expect("made")
}

/// Makes a backup of `shop` at `to`, while it is open.
fn save_to(
    shop: &TestApp,
    to: &Path,
    progress: &mut dyn FnMut(Stage, u64, u64),
) -> Result<Saved, BackupError> {
    let settings = shop.folder.path().join("ardoise.toml");
    let settings = settings.exists().then_some(settings.as_path());
    let order = Order {
        data: shop.folder.path(),
        files: &shop.app.files,
        settings,
        to,
        now: shop.app.now(),
    };
    save(&order, progress)
}

fn restore_to(archive: &Path, data: &Path) -> Result<usize, BackupError> {
    let now = ledger::Timestamp::from_micros(1_795_500_000_000_000);
    restore(archive, data, now, &mut |_, _, _| ()).map(|restored| restored.files)
}

/// Everything below a folder, by path.
fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            found.push(path.strip_prefix(folder).expect("below").display().to_string());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn the_whole_shop_comes_back() {
    let shop = TestApp::embedded();
    let (ada, _) = shop.ada().await;
    let (bus, tram) = (
        sell(&shop, ada, "Night bus", b"timetable").await,
        sell(&shop, ada, "Tram", &[7; 70_000]).await,
    );
    let mut ben = shop.browser();
    ben.tap(&bus.link.slug).await;
    ben.tap(&tram.link.slug).await;
    let receipt = ben.get("/receipts").await.text();
    let key = ben.get("/.well-known/ardoise").await.text();
    let announced = Announced { name: "half.bin".into(), metadata: String::new(), size: 10 };
    let half = uploads::begin(&shop.app, ada, announced).await.expect("begun");
    uploads::append(&shop.app, &half, 0, pieces(b"12345")).await.expect("appended");
    fs::write(shop.folder.path().join("ardoise.toml"), "[shop]\nname = \"Chez Ada\"\n")
        .expect("written");

    let most = shop.app.settings.upload_max_bytes;
    uploads::receive(&shop.app, ada, "waits.txt", most, pieces(b"waits")).await.expect("received");
    let program = Program::embedded();
    let archive = program.path("shop.tar");
    let saved = save_to(&shop, &archive, &mut |_, _, _| ()).expect("saved");
    assert_eq!((saved.files, &saved.lost[..], &saved.findings[..]), (4, &[][..], &[][..]));
    let said = program.run(&["restore", "shop.tar"]).well();
    assert!(said.contains("3 files, and books that balance: 4 transfers"), "{said}");
    // Looked at before the shop opens: by the machine's clock the upload may have expired.
    let partial = format!("data/files/partial/{}", half.storage_key);
    assert_eq!(fs::read(program.path(&partial)).expect("can be gone on with"), b"12345");

    let open = program.serve();
    assert!(open.greeting.starts_with("Chez Ada is open"), "{}", open.greeting);
    let mut again = open.reader().await;
    let tab = ben.cookies["ardoise_tab"].clone();
    again.cookie = format!("ardoise_tab={tab}");
    let content = again.get(&format!("/w/{}", bus.work.id)).await;
    let file = content.split("/files/").nth(1).expect("a file").split(['"', '?']).next();
    let path = format!("/w/{}/files/{}", bus.work.id, file.expect("an id"));
    assert_eq!(again.get(&path).await, "timetable");
    assert_eq!(
        again.get("/.well-known/ardoise").await.split("\"keys\"").nth(1),
        key.split("\"keys\"").nth(1)
    );
    verify(&again.get("/receipts").await, Some(&key)).expect("signed with the same key");
    verify(&receipt, Some(&key)).expect("as before");
    program.run(&["check-books"]).well();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_goes_while_the_backup_is_made_is_not_needed_by_it() {
    let shop = Arc::new(TestApp::embedded());
    let (ada, _) = shop.ada().await;
    let kept = sell(&shop, ada, "Kept", b"kept").await;
    let gone = sell(&shop, ada, "Gone", b"gone").await;
    shop.browser().tap(&kept.link.slug).await;
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("shop.tar");
    let (handle, beside, to) = (tokio::runtime::Handle::current(), shop.clone(), archive.clone());
    let saving = tokio::task::spawn_blocking(move || {
        let mut went = false;
        save_to(&beside, &to, &mut |stage, _, _| {
            // The first file is in the archive; the other one goes, its bytes too, and a new one comes.
            if stage == Stage::Files && !std::mem::replace(&mut went, true) {
                handle.block_on(replace(&beside, ada, &gone));
            }
        })
    });
    let saved = saving.await.expect("ended").expect("saved");
    assert_eq!(saved.lost, Vec::<String>::new());
    assert_eq!(restore_to(&archive, &folder.path().join("back")).expect("restored"), 2);
}

/// Takes the file of a work away, with its bytes, and puts another in.
async fn replace(shop: &TestApp, author: AuthorId, made: &Made) {
    let files = shop.app.store.read(|db| file::by_work(db, made.work.id)).await.expect("read");
    let [old] = &files[..] else { panic!("one file: {files:?}") };
    let most = shop.app.settings.upload_max_bytes;
    let new = uploads::receive(&shop.app, author, "new.txt", most, pieces(b"new")).await;
    let new = new.expect("received").id;
    publishing::replace_file(&shop.app, author, made.work.id, old.id, new).await.expect("replaced");
    shop.app.files.remove(&old.storage_key).await.expect("removed");
}

#[tokio::test]
async fn a_file_that_was_lost_before_is_told_and_does_not_stop_the_backup() {
    let shop = TestApp::embedded();
    let (ada, _) = shop.ada().await;
    let [lost, damaged] =
        [sell(&shop, ada, "Lost", b"1").await, sell(&shop, ada, "Bad", b"2").await];
    let key = async |made: &Made| {
        let files = shop.app.store.read(|db| file::by_work(db, made.work.id)).await.expect("read");
        files[0].storage_key.clone()
    };
    let (lost, damaged) = (key(&lost).await, key(&damaged).await);
    fs::remove_file(shop.file_path(&lost)).expect("removed");
    fs::write(shop.file_path(&damaged), b"3").expect("written");
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("shop.tar");
    let saved = save_to(&shop, &archive, &mut |_, _, _| ()).expect("saved");
    assert_eq!(saved.lost, [lost, damaged]);
    restore_to(&archive, &folder.path().join("back")).expect("restored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_while_readers_buy_and_holds_every_purchase_made_before() {
    let program = Program::embedded();
    fs::create_dir(program.path("data")).expect("a folder");
    let what = Seed { works: 40, authors: 2, tabs: 0, price_micros: 10_000 };
    let works = seed(&Address::Folder, &program.path("data"), &what).expect("filled").slugs;
    let shop = program.serve();
    let (bought, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let reading = async |works: &[String]| {
        while !over.load(Ordering::SeqCst) {
            let mut reader = shop.reader().await;
            for slug in works {
                assert_eq!(reader.tap(slug).await, 200);
                bought.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    let backing_up = async {
        let mut before = Vec::new();
        for number in 0..3 {
            while bought.load(Ordering::SeqCst) < 20 * (number + 1) {
                tokio::task::yield_now().await;
            }
            before.push(bought.load(Ordering::SeqCst));
            let name = format!("{number}.tar");
            let said = tokio::task::block_in_place(|| program.run(&["backup", &name])).well();
            assert!(said.contains("found whole"), "{said}");
        }
        over.store(true, Ordering::SeqCst);
        before
    };
    let (before, ..) = tokio::join!(backing_up, reading(&works), reading(&works[5..]));
    for (number, before) in before.into_iter().enumerate() {
        let (name, back) = (format!("{number}.tar"), format!("back-{number}"));
        program.run(&["restore", &name, "--data", &back]).well();
        let store = Connection::open(program.path(&back).join("ardoise.db")).expect("a store");
        let lines: i64 =
            store.query_row("select count(*) from line", [], |row| row.get(0)).expect("a count");
        assert!(
            lines.unsigned_abs() >= before,
            "{lines} lines, and {before} were acknowledged before"
        );
    }
}

/// A small backup with everything in it.
async fn small(folder: &Path) -> std::path::PathBuf {
    let shop = TestApp::embedded();
    let (ada, _) = shop.ada().await;
    let made = sell(&shop, ada, "Night bus", b"timetable").await;
    shop.browser().tap(&made.link.slug).await;
    fs::write(shop.folder.path().join("ardoise.toml"), "[shop]\nname = \"Chez Ada\"\n")
        .expect("written");
    let archive = folder.join("shop.tar");
    save_to(&shop, &archive, &mut |_, _, _| ()).expect("saved");
    archive
}

/// That a changed archive is refused, and that nothing of it stays.
fn refused(bytes: &[u8], folder: &Path) -> Result<String, TestCaseError> {
    let (changed, back) = (folder.join("changed.tar"), folder.join("back"));
    fs::write(&changed, bytes).expect("written");
    let result = restore_to(&changed, &back);
    prop_assert!(!back.exists(), "{:?} stays", listing(&back));
    match result {
        Err(refused) => Ok(refused.to_string()),
        Ok(_) => Err(TestCaseError::fail("it was accepted")),
    }
}

#[tokio::test]
async fn a_bit_flipped_anywhere_is_refused_and_nothing_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = fs::read(small(folder.path()).await).expect("read");
    let mut runner = TestRunner::new(Config::with_cases(48));
    let anywhere = (0..whole.len(), 0..8_u8);
    let flipped = runner.run(&anywhere, |(at, bit)| {
        let mut changed = whole.clone();
        changed[at] ^= 1_u8 << bit;
        refused(&changed, folder.path()).map(drop)
    });
    flipped.unwrap_or_else(|error| panic!("{error}"));
    let cut =
        runner.run(&(0..whole.len()), |length| refused(&whole[..length], folder.path()).map(drop));
    cut.unwrap_or_else(|error| panic!("{error}"));
    refused(&[&whole[..], b"\0"].concat(), folder.path()).unwrap_or_else(|error| panic!("{error}"));
    restore_to(&folder.path().join("shop.tar"), &folder.path().join("back")).expect("whole");
}

#[test]
fn an_archive_writes_nowhere_but_where_a_shop_keeps_things() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = [
        "../evil",
        "/tmp/evil",
        "files/content/../../evil",
        "files/content/ab/fil_xx",
        "files/partial/../x",
        "evil",
        "files/content/ab/FIL_ab",
        "ardoise.db-wal",
    ];
    for name in names {
        let mut writer = Writer::new(Vec::new());
        writer.add(name, 4, &b"evil"[..]).expect("written");
        let archive = writer.finish().expect("finished");
        let said = refused(&archive, folder.path()).unwrap_or_else(|error| panic!("{error}"));
        assert!(said.contains("not a part of a backup"), "{name}: {said}");
    }
    assert_eq!(listing(folder.path()), ["changed.tar"]);
}

#[tokio::test]
async fn a_shop_comes_back_to_an_empty_folder_only() {
    let program = Program::embedded();
    small(program.folder.path()).await;
    let restore = |data: &str| program.run(&["restore", "shop.tar", "--data", data]);
    fs::create_dir_all(program.path("full")).expect("a folder");
    fs::write(program.path("full/letter.txt"), "dear Olu").expect("written");
    assert!(restore("full").refused(1).contains("not empty"));
    assert_eq!(listing(&program.path("full")), ["letter.txt"]);
    // What a restore that was cut short has left does not stand in the way.
    fs::create_dir_all(program.path("cut/.restoring/files")).expect("a folder");
    restore("cut").well();
    assert!(restore("cut").refused(1).contains("not empty"));
    fs::create_dir(program.path("empty")).expect("a folder");
    restore("empty").well();
    assert_eq!(listing(&program.path("empty")), listing(&program.path("cut")));
    restore("new/and/deep").well();
    assert!(program.run(&["restore", "none.tar"]).refused(1).contains("none.tar"));
}

#[tokio::test]
async fn a_backup_replaces_none_and_leaves_nothing_unfinished() {
    let program = Program::embedded();
    drop(program.serve());
    // What a backup that was killed has left.
    fs::create_dir(program.path("shop.tar.partial")).expect("a folder");
    fs::write(program.path("shop.tar.partial/archive.tar"), "half").expect("written");
    program.run(&["backup", "shop.tar"]).well();
    let made = fs::read(program.path("shop.tar")).expect("made");
    assert!(program.run(&["backup", "shop.tar"]).refused(1).contains("is there already"));
    assert_eq!(fs::read(program.path("shop.tar")).expect("as it was"), made);
    program.run(&["backup", "no/such/folder/shop.tar"]).refused(1);
    assert!(!program.path("shop.tar.partial").exists());
    assert!(!program.path("no").exists(), "no folder is made for a slip of the fingers");
    let key = fs::metadata(program.path("shop.tar")).expect("there");
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(key.permissions().mode() & 0o777, 0o600, "it holds secrets");
}

#[tokio::test]
async fn books_that_do_not_balance_are_kept_and_not_brought_back() {
    let program = Program::embedded();
    fs::create_dir(program.path("data")).expect("a folder");
    let what = Seed { works: 1, authors: 1, tabs: 1, price_micros: 10_000 };
    seed(&Address::Folder, &program.path("data"), &what).expect("filled");
    drop(program.serve());
    let store = Connection::open(program.path("data/ardoise.db")).expect("a store");
    store.execute("update tab set open_micros = open_micros + 1", []).expect("changed");
    drop(store);
    let made = program.run(&["backup", "shop.tar"]);
    assert_eq!(made.code, 1, "{made:?}");
    assert!(made.out.contains("do NOT balance"), "{made:?}");
    let refused = program.run(&["restore", "shop.tar", "--data", "back"]).refused(1);
    assert!(refused.contains("the open total of tab"), "{refused}");
    assert!(!program.path("back").exists());
}
