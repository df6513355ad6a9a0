//! Those who follow the journal and the outbox: they turn what happened into what can be read fast.
//!
//! Each moves its own cursor in the transaction in which it writes, so a step that is cut short is
//! simply done again, and nothing is counted twice.

use super::TillNumber;
use crate::outbox::follower;
use crate::store::{Db, StoreError, books, gains};
use ledger::Timestamp;

/// Lets every follower read what these tills wrote, to the end. Answers whether somebody outside is to be told something.
///
/// # Errors
/// Whatever the engine says: then nobody has moved.
pub fn catch_up(db: &dyn Db, tills: &[TillNumber], now: Timestamp) -> Result<bool, StoreError> {
    let mut written = 0;
    for &till in tills {
        while books::follow(db, till)? {}
        while gains::follow(db, till)? {}
        while let Some(more) = follower::follow(db, till, now)? {
            written += more;
        }
        gains::prune_outbox(db, till)?;
    }
    Ok(written > 0)
}
