//! Olu carries the store of the shop to another engine, and back.

use crate::engine::PrivateDatabase;
use crate::program::Program;
use ardoise::bench::{Seed, seed};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::fs;
use std::path::Path;

/// A closed shop in which things were bought, undone, paid, and paid out.
pub async fn used() -> Program {
    let program = Program::embedded();
    fs::create_dir(program.path("data")).expect("a folder");
    let what = Seed { works: 4, authors: 2, tabs: 3, price_micros: 240_000 };
    let seeded = seed(&program.store(), &program.path("data"), &what).expect("filled");
    let shop = program.serve();
    for take in [4, 2] {
        let mut reader = shop.reader().await;
        for slug in &seeded.slugs[..take] {
            assert_eq!(reader.tap(slug).await, 200);
        }
    }
    drop(shop);
    let store = Connection::open(program.path("data/ardoise.db")).expect("a store");
    let tab = "select id from tab where open_micros > 500000";
    let tab: i64 = store.query_row(tab, [], |row| row.get(0)).expect("a tab");
    drop(store);
    let tab = <ledger::TabId as ledger::ShopId>::from_raw(tab).to_string();
    program.run(&["settle", &tab, "--received", "0.48"]).well();
    program.run(&["pay-out", "Author 0", "--amount", "0.05"]).well();
    program
}

/// The names of a store's tables.
pub fn tables(store: &Connection) -> Vec<String> {
    let names = "select name from sqlite_master where type = 'table' and name <> 'migration'";
    let mut names = store.prepare(names).expect("the schema");
    let names = names.query_map([], |row| row.get(0)).expect("names");
    names.collect::<Result<_, _>>().expect("names")
}

/// Every row of every table of a store in a file.
pub fn everything(folder: &Path) -> Vec<String> {
    let store = Connection::open(folder.join("ardoise.db")).expect("a store");
    let mut rows = Vec::new();
    for name in tables(&store) {
        let mut table = store.prepare(&format!("select * from {name}")).expect("a table");
        let columns = table.column_count();
        let cells = |row: &rusqlite::Row| {
            (0..columns).map(|column| row.get::<_, Value>(column)).collect::<Result<Vec<_>, _>>()
        };
        let found = table.query_map([], cells).expect("rows");
        rows.extend(found.map(|cells| format!("{name} {:?}", cells.expect("cells"))));
    }
    rows.sort();
    rows
}

#[test]
fn every_table_and_column_of_a_store_is_one_that_is_moved() {
    let program = Program::embedded();
    drop(program.serve());
    let store = Connection::open(program.path("data/ardoise.db")).expect("a store");
    let there = "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c \
        where m.type = 'table' and m.name <> 'migration' order by m.name, c.cid";
    let mut there = store.prepare(there).expect("the schema");
    let there = there.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("columns");
    let there: Vec<(String, String)> = there.collect::<Result<_, _>>().expect("names");
    let mut tables = ardoise::store::moving::tables();
    tables.sort_by_key(|table| table.name);
    let columns = |table: &ardoise::store::moving::Table| {
        let columns = table.columns.iter().map(|(column, _)| (*column).to_owned());
        columns.map(|column| (table.name.to_owned(), column)).collect::<Vec<_>>()
    };
    assert_eq!(tables.iter().flat_map(columns).collect::<Vec<_>>(), there);
}

/// Where a store is moved to: a server where the stories are told of one, another folder else.
fn elsewhere(database: Option<&PrivateDatabase>) -> String {
    database.map_or_else(|| "elsewhere".to_owned(), PrivateDatabase::url)
}

#[tokio::test]
async fn a_shop_that_is_moved_there_and_back_is_the_same() {
    let program = used().await;
    let database = PrivateDatabase::where_wanted();
    let there = elsewhere(database.as_ref());
    let before = everything(&program.path("data"));
    assert!(before.iter().filter(|row| row.starts_with("line ")).count() == 6);
    for table in ["payment", "payout", "transfer", "access", "consent", "account_total", "sale"] {
        let name = format!("{table} ");
        assert!(before.iter().any(|row| row.starts_with(&name)), "nothing in {table}");
    }
    let said = program.run(&["move-store", "--from", "data", "--to", &there]).well();
    assert!(said.contains(&format!("{} rows", before.len())), "{said}");
    program.run(&["move-store", "--from", &there, "--to", "back"]).well();
    assert_eq!(everything(&program.path("back")), before);
    assert_eq!(everything(&program.path("data")), before, "the first is as it was");
    // It goes on selling, wherever it is.
    fs::copy(program.path("data/receipt.key"), program.path("back/receipt.key")).expect("copied");
    program.run(&["check-books", "--data", "back"]).well();
    if let Some(database) = &database {
        let sells = program.command(&["check-books"]).env("ARDOISE_STORE", database.url()).output();
        let said = String::from_utf8(sells.expect("starts").stdout).expect("UTF-8");
        assert!(said.contains("The books balance"), "{said}");
    }
}

#[tokio::test]
async fn a_store_is_moved_to_an_empty_place_only() {
    let program = used().await;
    let database = PrivateDatabase::where_wanted();
    let there = elsewhere(database.as_ref());
    program.run(&["move-store", "--from", "data", "--to", &there]).well();
    let again = program.run(&["move-store", "--from", "data", "--to", &there]).refused(1);
    assert!(again.contains("to an empty place only"), "{again}");
    let nothing = program.run(&["move-store", "--from", "none", "--to", "new"]).refused(1);
    assert!(nothing.contains("there is no shop at none"), "{nothing}");
    assert!(!program.path("none").exists() && !program.path("new").exists());
    let wrong =
        program.run(&["move-store", "--from", "data", "--to", "mysql://a:hunter2@b/c"]).refused(1);
    assert!(wrong.contains("mysql://a:***@b/c") && !wrong.contains("hunter2"), "{wrong}");
}

#[tokio::test]
async fn the_store_of_an_open_shop_is_not_moved() {
    let program = used().await;
    let database = PrivateDatabase::where_wanted();
    let there = elsewhere(database.as_ref());
    let shop = program.serve();
    let open = program.run(&["move-store", "--from", "data", "--to", &there]).refused(1);
    assert!(open.contains("close the shop first"), "{open}");
    drop(shop);
    program.run(&["move-store", "--from", "data", "--to", &there]).well();
    let Some(database) = &database else { return };
    let mut serve = program.command(&["serve", "--listen", "127.0.0.1:0"]);
    serve.env("ARDOISE_STORE", database.url());
    let shop = crate::program::Serving::start(serve);
    let open = program.run(&["move-store", "--from", &there, "--to", "back"]).refused(1);
    assert!(open.contains("close it first"), "{open}");
    assert!(!program.path("back/ardoise.db").exists());
    drop(shop);
}

#[tokio::test]
async fn books_that_do_not_balance_are_not_moved() {
    let program = used().await;
    let database = PrivateDatabase::where_wanted();
    let there = elsewhere(database.as_ref());
    program.meddle(
        "update tab set open_micros = open_micros + 1 where id = (select min(id) from tab)",
    );
    let refused = program.run(&["move-store", "--from", "data", "--to", &there]).refused(1);
    assert!(refused.contains("the open total of tab"), "{refused}");
    assert!(!program.path("elsewhere/ardoise.db").exists(), "nothing was kept");
    program.meddle(
        "update tab set open_micros = open_micros - 1 where id = (select min(id) from tab)",
    );
    program.run(&["move-store", "--from", "data", "--to", &there]).well();
}
