//! A shop that an older program left opens in this one, with everything that was in it.

use crate::engine::PrivateDatabase;
use crate::moving::{everything, tables, used};
use crate::program::Program;
use ardoise::store::postgres::Server;
use ardoise::store::{Db, migrations, moving};
use ledger::Timestamp;
use rusqlite::Connection;
use std::fs;
use std::path::Path;

/// Puts in the place of the shop's store what a program that knew no step after `version` would have left of `newest`.
fn as_of(program: &Program, newest: &Path, version: i64) -> Vec<String> {
    for old in ["data/ardoise.db", "data/ardoise.db-wal", "data/ardoise.db-shm"] {
        let _ = fs::remove_file(program.path(old));
    }
    let store = Connection::open(program.path("data/ardoise.db")).expect("a store");
    store
        .execute_batch(
            "create table migration (version integer primary key, applied_at integer not null) strict",
        )
        .expect("made");
    for step in migrations::ALL.iter().filter(|step| step.version <= version) {
        store.execute_batch(step.common).expect("a step");
        store.execute_batch(step.sqlite).expect("a step");
        let applied = "insert into migration (version, applied_at) values (?1, 0)";
        store.execute(applied, [step.version]).expect("noted");
    }
    store.execute("attach ?1 as newest", [newest.to_str()]).expect("attached");
    let there = tables(&store);
    for table in &there {
        let columns = "select group_concat(name) from pragma_table_info(?1)";
        let columns: String = store.query_row(columns, [table], |row| row.get(0)).expect("columns");
        let copy = format!("insert into {table} ({columns}) select {columns} from newest.{table}");
        store.execute(&copy, []).unwrap_or_else(|error| panic!("{copy}: {error}"));
    }
    there
}

/// What lasts of a row: the shop is given another key for the names of lines, where an older program had none.
fn lasting(row: &str) -> &str {
    let key = row.find(", Blob(").or_else(|| row.find(r#","\\x"#));
    if row.starts_with("shop ") { &row[..key.expect("a key")] } else { row }
}

/// Rows of `before`, in tables that were `there` in an older store, that are not in `after`.
fn lost<'a>(before: &'a [String], there: &[String], after: &[String]) -> Vec<&'a String> {
    // What an older program kept, and what the newest makes of it.
    let is_kept = |row: &&String| {
        let table = row.split(' ').next().unwrap_or_default();
        table == "rail_fee_total" || there.iter().any(|name| name == table)
    };
    let is_there = |row: &str| after.iter().any(|found| lasting(found) == lasting(row));
    before.iter().filter(is_kept).filter(|row| !is_there(row)).collect()
}

#[tokio::test]
async fn a_store_of_any_version_becomes_the_newest_and_loses_nothing() {
    let program = used().await;
    program.run(&["check-books"]).well();
    let before = everything(&program.path("data"));
    let newest = program.path("newest.db");
    fs::rename(program.path("data/ardoise.db"), &newest).expect("put aside");
    for version in 1..migrations::newest() {
        let there = as_of(&program, &newest, version);
        let refused = program.run(&["check-books"]);
        assert_ne!(refused.code, 0, "it is of version {version}: {refused:?}");
        program.run(&["invite", "author", "Zoe"]).well();
        program.run(&["check-books"]).well();
        let after = everything(&program.path("data"));
        assert_eq!(lost(&before, &there, &after), Vec::<&String>::new(), "from version {version}");
    }
}

/// Every row of every table of a store on a server.
fn everything_on(db: &dyn Db) -> Vec<String> {
    let rows = moving::tables().into_iter().flat_map(|table| {
        let sql = format!("select cast(t as text) from {} t", table.name).leak();
        let rows = db.all(sql, &[], |row| row.text(0)).expect("rows");
        rows.into_iter().map(move |row| format!("{} {row}", table.name))
    });
    rows.collect()
}

/// Makes in `public` what a program that knew no step after `version` would have left of what is in the schema `newest`.
fn left_on(server: &Server, version: i64) -> Vec<String> {
    let connection = server.connect().expect("a connection");
    connection.run_script("create schema public").expect("made");
    server.migrate_through(version, Timestamp::from_micros(0)).expect("migrated");
    let db: &dyn Db = &connection;
    let mut there = Vec::new();
    for table in moving::tables() {
        let columns = "select string_agg(quote_ident(column_name), ', ' order by ordinal_position) \
            from information_schema.columns where table_schema = 'public' and table_name = ?1";
        let name = table.name.into();
        let Some(columns) =
            db.first(columns, &[name], |row| row.maybe_text(0)).expect("read").flatten()
        else {
            continue;
        };
        let name = table.name;
        let copy = format!("insert into {name} ({columns}) select {columns} from newest.{name}");
        connection.run_script(&copy).unwrap_or_else(|error| panic!("{copy}: {error}"));
        there.push(name.to_owned());
    }
    there
}

#[tokio::test]
async fn a_store_of_any_version_on_a_server_becomes_the_newest_and_loses_nothing() {
    let Some(database) = PrivateDatabase::where_wanted() else { return };
    let program = used().await;
    program.run(&["move-store", "--from", "data", "--to", &database.url()]).well();
    let server = Server::at(&database.url()).expect("an address");
    let connection = server.connect().expect("a connection");
    let before = everything_on(&connection);
    connection.run_script("alter schema public rename to newest").expect("put aside");
    let run = |words: &[&str]| {
        let mut command = program.command(words);
        let done = command.env("ARDOISE_STORE", database.url()).output().expect("it starts");
        (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    for version in 1..migrations::newest() {
        let there = left_on(&server, version);
        let (checked, said) = run(&["check-books"]);
        assert!(!checked, "it is of version {version}: {said}");
        for words in [["invite", "author", "Zoe"].as_slice(), &["check-books"]] {
            let (done, said) = run(words);
            assert!(done, "{words:?} from version {version}: {said}");
        }
        let after = everything_on(&connection);
        assert_eq!(lost(&before, &there, &after), Vec::<&String>::new(), "from version {version}");
        connection.run_script("drop schema public cascade").expect("dropped");
    }
}
