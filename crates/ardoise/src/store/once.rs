//! A single question, which is a moment of the store by itself: nothing need begin before it, or end after it.

use super::{Db, EachRow, StoreError, Value};
use std::cell::Cell;

/// Lets one question through. A second one might be answered as of another moment, and is refused.
pub(super) struct Once<'a> {
    db: &'a dyn Db,
    is_asked: Cell<bool>,
}

impl<'a> Once<'a> {
    pub(super) const fn new(db: &'a dyn Db) -> Self {
        Self { db, is_asked: Cell::new(false) }
    }
}

impl Db for Once<'_> {
    fn execute(&self, _: &'static str, _: &[Value]) -> Result<usize, StoreError> {
        Err(StoreError::Engine("a question changes nothing".into()))
    }

    fn query(&self, sql: &'static str, values: &[Value], each: EachRow) -> Result<(), StoreError> {
        if self.is_asked.replace(true) {
            return Err(StoreError::Engine(
                "one question was announced, and this is another".into(),
            ));
        }
        self.db.query(sql, values, each)
    }
}
