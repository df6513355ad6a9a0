//! The one place that knows the shop's own code: filling a data folder, serving with the echo
//! route, counting lines. Everything else in this crate only speaks HTTP.

use std::net::SocketAddr;
use std::path::Path;

use ardoise::store::sqlite::FILE_NAME;
use rusqlite::{Connection, OpenFlags};

use crate::fault::Fault;
use crate::purchase_id::PurchaseId;
use crate::shop::{Seed, Seeded};

const NOT_YET: &str = "the product cannot do this yet";

/// Fills an empty data folder with works, authors and open tabs.
///
/// # Errors
/// [`Fault::Shop`] when the folder cannot be filled.
pub fn fill(data: &Path, seed: &Seed) -> Result<Seeded, Fault> {
    Err(Fault::Shop(format!("filling {} with {seed:?}: {NOT_YET}", data.display())))
}

/// Serves the shop with `POST /bench/echo` beside it, until the process ends.
///
/// # Errors
/// [`Fault::Shop`] when it cannot.
pub fn serve(data: &Path, listen: SocketAddr) -> Result<(), Fault> {
    Err(Fault::Shop(format!("serving {} on {listen}: {NOT_YET}", data.display())))
}

/// How many of these purchases are in the books. A line's id is the purchase's, and the table allows
/// it once.
///
/// # Errors
/// [`Fault::Shop`] when the books cannot be read.
pub fn count(data: &Path, purchases: &[PurchaseId]) -> Result<usize, Fault> {
    let path = data.join(FILE_NAME);
    let unreadable = |error| Fault::Shop(format!("reading {}: {error}", path.display()));
    // Not read-only: after a kill, opening the store is what brings the last commits back.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let books = Connection::open_with_flags(&path, flags).map_err(unreadable)?;
    let mut line = books.prepare("select 1 from line where id = ?").map_err(unreadable)?;
    let mut found = 0;
    for purchase in purchases {
        let held = line.exists([purchase.bits().to_be_bytes()]).map_err(unreadable)?;
        found += usize::from(held);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use ardoise::store::sqlite::open_writer;
    use ledger::Timestamp;

    #[test]
    fn only_lines_in_the_books_are_found() {
        let data = tempfile::tempdir().unwrap();
        let mut chance = Chance::new(4);
        let [held, lost] = [(); 2].map(|()| PurchaseId::mint(&mut chance));
        assert!(count(data.path(), &[held]).is_err(), "a missing store is not an empty one");
        drop(open_writer(data.path(), Timestamp::from_micros(0)).unwrap());
        let books = Connection::open(data.path().join(FILE_NAME)).unwrap();
        let line =
            "insert into line values (?, 1, 1, 1, 1, 1, '', 0, 0, 0, 0, 0, 1, 0, 1, zeroblob(32))";
        books.pragma_update(None, "foreign_keys", false).unwrap();
        books.execute(line, [held.bits().to_be_bytes()]).unwrap();
        assert_eq!(count(data.path(), &[held, lost]).unwrap(), 1);
    }
}
