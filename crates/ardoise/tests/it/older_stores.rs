//! A shop that an older program left opens in this one, with everything that was in it.

use crate::moving::{everything, tables, used};
use crate::program::Program;
use ardoise::store::migrations;
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
        // What an older program kept, and what the newest makes of it.
        let is_kept = |row: &&String| {
            let table = row.split(' ').next().unwrap_or_default();
            table == "rail_fee_total" || there.iter().any(|name| name == table)
        };
        let lost = before.iter().filter(is_kept).filter(|row| !after.contains(row));
        let lost: Vec<&String> = lost.collect();
        assert_eq!(lost, Vec::<&String>::new(), "from version {version}");
    }
}
