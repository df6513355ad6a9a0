//! The peer as the bench sees it: filled, started, killed and counted.

use ledger::LineId;
use std::net::SocketAddr;

use ardoise::store::postgres::Server;
use ardoise::store::{Db, StoreError};

use crate::auditor::Violation;
use crate::fault::Fault;
use crate::place::Database;
use crate::process::ShopProcess;
use crate::product;
use crate::shop::{Seed, Seeded, Shop};

const SCHEMA: &str = include_str!("schema.sql");
/// What a tab may owe, in micro-units: more than the bench puts on one.
const MOST_OWED: i64 = 5_000_000;

/// The peer's process, whose books are checked by adding them up.
#[derive(Debug)]
pub struct Peer {
    process: ShopProcess,
    store: String,
}

impl Peer {
    /// The peer that `process` starts, with the books in `database`.
    pub fn new(process: ShopProcess, database: &Database) -> Self {
        let store = database.url();
        Self { process: process.with("ARDOISE_STORE", &store), store }
    }

    /// Fills an empty database as [`product::fill`] fills a shop.
    ///
    /// # Errors
    /// [`Fault::Shop`] when it cannot be filled.
    pub fn fill(database: &Database, seed: &Seed) -> Result<Seeded, Fault> {
        let Seed { works, authors, tabs, price_micros } = seed;
        let script = format!(
            "{SCHEMA}
             insert into account select number, 0 from generate_series(0, {authors} + 1) as number;
             insert into work select number, 'w' || number, 2 + number % {authors}, {price_micros}
                 from generate_series(0, {works} - 1) as number;
             insert into tab select number, sha256(('tab' || number)::bytea), 0, {MOST_OWED}
                 from generate_series(0, {tabs} - 1) as number;
             analyze;"
        );
        let filled = Server::at(&database.url()).and_then(|at| at.connect()?.run_script(&script));
        filled.map_err(|error| Fault::Shop(format!("filling the peer: {error}")))?;
        Ok(Seeded {
            slugs: (0..*works).map(|number| format!("w{number}")).collect(),
            tab_tokens: (0..*tabs).map(|number| format!("tab{number}")).collect(),
        })
    }

    /// How many of these lines the books hold: purchases, by their own names, with every entry.
    ///
    /// # Errors
    /// [`Fault::Shop`] when the books cannot be read.
    pub fn count(database: &Database, lines: &[LineId]) -> Result<usize, Fault> {
        let asked = "select count(*) from purchase where id in \
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
        read(&database.url(), |db| product::count_together(db, asked, lines))
    }
}

fn read<T>(store: &str, work: impl FnOnce(&dyn Db) -> Result<T, StoreError>) -> Result<T, Fault> {
    // A connection lives as long as the server that it is of.
    let read = Server::at(store).and_then(|server| work(&server.connect()?));
    read.map_err(|error| Fault::Shop(format!("the peer's books: {error}")))
}

impl Shop for Peer {
    fn start(&mut self) -> Result<SocketAddr, Fault> {
        self.process.start()
    }

    fn kill(&mut self) -> Result<(), Fault> {
        self.process.kill()
    }

    fn ended(&mut self) -> Option<String> {
        self.process.ended()
    }

    fn check_books(&mut self) -> Result<(), Fault> {
        let wrong = read(&self.store, |db| {
            let unbalanced =
                db.number("select cast(coalesce(sum(amount), 0) as bigint) from entry", &[])?;
            let owed = "select cast(coalesce((select sum(owed) from tab), 0) - \
                 coalesce((select sum(price) from purchase), 0) as bigint)";
            let earned = "select cast(coalesce((select sum(balance) from account), 0) - \
                 coalesce((select sum(price) from purchase), 0) as bigint)";
            let entries =
                "select (select count(*) from entry) - 4 * (select count(*) from purchase)";
            Ok([
                unbalanced,
                db.number(owed, &[])?,
                db.number(earned, &[])?,
                db.number(entries, &[])?,
            ])
        })?;
        if wrong == [0; 4] {
            return Ok(());
        }
        let what = format!("entries, tabs, accounts and their number are off by {wrong:?}");
        Err(Violation::BooksDoNotBalance(what).into())
    }
}
