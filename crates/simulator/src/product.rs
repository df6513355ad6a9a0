//! What `bench` and `crash` need of the shop's own code: filling a data folder, serving with the echo
//! route, counting lines. Everything else of theirs only speaks HTTP.

use ledger::LineId;
use std::net::SocketAddr;
use std::path::Path;

use ardoise::clock::Clock;
use ardoise::settings::{SettingsError, Values};
use ardoise::store::{Db, StoreError, Value, engine, together};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::place::Place;
use crate::shop::{Seed, Seeded};

/// New tabs an hour that stop no run: the shop's own limit is about strangers.
pub const NEW_TABS_PER_HOUR: &str = "100000000";

/// Fills an empty shop with works, authors and open tabs.
///
/// # Errors
/// [`Fault::Shop`] when it cannot be filled.
pub fn fill(place: &Place, seed: &Seed) -> Result<Seeded, Fault> {
    let unfilled = |error| Fault::Shop(format!("filling {}: {error}", place.data().display()));
    ardoise::bench::seed(&place.store(), place.data(), seed).map_err(unfilled)
}

/// Connections that a shop of the bench lets in at the same time: more than its crowd has, so that it is the till that turns
/// people away and not the door that keeps them waiting.
pub const CONNECTIONS: usize = 10_000;

/// What the bench sends to the echo, and gets back.
#[derive(Debug, Serialize, Deserialize)]
struct Echo {
    purchase: String,
    price: String,
}

/// Serves the shop with `POST /bench/echo` and `GET /bench/hello` beside it, until the process ends. They stand outside of
/// everything that the shop puts around its own routes, so that they show what the framework alone can do.
///
/// # Errors
/// [`Fault::Shop`] when it cannot.
pub fn serve(data: &Path, listen: SocketAddr, store: &str) -> Result<(), Fault> {
    let failed = |error: String| Fault::Shop(format!("serving {}: {error}", data.display()));
    let settings = || -> Result<_, SettingsError> {
        let mut values = Values::default();
        values.set("bench", "serve.listen", listen.to_string())?;
        values.set("bench", "tab.new_per_hour", NEW_TABS_PER_HOUR.to_owned())?;
        values.set("bench", "serve.connections", CONNECTIONS.to_string())?;
        values.set("bench", "store", store.to_owned())?;
        values.check()
    };
    ardoise::command_line::log_to_stderr();
    let settings = settings().map_err(|error| failed(error.to_string()))?;
    let beside = |shop: Router| {
        shop.route("/bench/echo", post(async |Json(echo): Json<Echo>| Json(echo)))
            .route("/bench/hello", get(async || "hello\n"))
    };
    let runtime = tokio::runtime::Runtime::new().map_err(Fault::io("starting a runtime"))?;
    let served = ardoise::serve::serve(settings, data, beside, async |_| ());
    runtime.block_on(served).map_err(|error| failed(error.to_string()))
}

/// How many of these lines are in the books, which allow each of them once.
///
/// # Errors
/// [`Fault::Shop`] when the books cannot be read.
pub fn count(place: &Place, lines: &[LineId]) -> Result<usize, Fault> {
    let unreadable = |error| Fault::Shop(format!("reading the books: {error}"));
    if !engine::is_there(&place.store(), place.data()).map_err(unreadable)? {
        return Err(Fault::Shop("there are no books".into()));
    }
    // Opened for writing: after a kill, that is what brings the last commits back.
    let opened = engine::open(&place.store(), place.data(), Clock::System.now());
    let (_writer, readers) = opened.map_err(unreadable)?;
    let asked = "select count(*) from line where id in \
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    readers.read(|db| count_together(db, asked, lines)).map_err(unreadable)
}

/// How many of these lines are found by `asked`, which counts the rows of sixteen ids.
///
/// # Errors
/// Whatever the store says.
pub fn count_together(
    db: &dyn Db,
    asked: &'static str,
    lines: &[LineId],
) -> Result<usize, StoreError> {
    let lines = lines.iter().map(|line| Value::from(*line));
    let found: i64 = together::all(db, asked, lines, |row| row.int(0))?.into_iter().sum();
    Ok(usize::try_from(found).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ardoise::store::sqlite::{FILE_NAME, open_writer};
    use ledger::Timestamp;
    use rusqlite::Connection;

    #[test]
    fn only_lines_in_the_books_are_found() {
        let data = tempfile::tempdir().unwrap();
        let line_of = |number: u128| LineId::from_bytes(number.to_be_bytes());
        let place = Place::new(data.path().to_owned(), None, "none").unwrap();
        let [held, lost] = [1, 2].map(line_of);
        assert!(count(&place, &[held]).is_err(), "a missing store is not an empty one");
        drop(open_writer(data.path(), Timestamp::from_micros(0)).unwrap());
        let books = Connection::open(data.path().join(FILE_NAME)).unwrap();
        let line =
            "insert into line values (?, 1, 1, 1, 1, 1, '', 0, 0, 0, 0, 0, 1, 0, 1, zeroblob(32))";
        books.pragma_update(None, "foreign_keys", false).unwrap();
        books.execute(line, [held.bytes()]).unwrap();
        assert_eq!(count(&place, &[held, lost]).unwrap(), 1);
        assert_eq!(count(&place, &[lost, held]).unwrap(), 1);
        assert_eq!(count(&place, &[]).unwrap(), 0);
        let more: Vec<_> = (10..50).map(line_of).collect();
        for one in &more {
            books.execute(line, [one.bytes()]).unwrap();
        }
        assert_eq!(count(&place, &more).unwrap(), 40);
    }
}
