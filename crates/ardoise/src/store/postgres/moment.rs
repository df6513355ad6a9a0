//! One moment of the store: whatever is asked within it is answered as it was at the first question.
//!
//! A question is a trip to the server and back, and so would be the beginning of the moment and its end. The beginning
//! therefore travels with the first question, and nobody waits for what the server says about the end: what only read has
//! nothing to lose there. Whoever uses the connection next is answered after it.

use super::connection::{Connection, Pace};
use super::{Lent, READERS, Readers, lost_while_idle};
use crate::store::{Db, EachRow, StoreError, Value};
use std::cell::OnceCell;

/// A moment that the first question opens.
pub(super) struct Moment<'a> {
    readers: &'a Readers,
    pace: Pace,
    lent: OnceCell<Lent<'a>>,
}

impl<'a> Moment<'a> {
    /// One that is still to come.
    pub(super) const fn new(readers: &'a Readers, pace: Pace) -> Self {
        Self { readers, pace, lent: OnceCell::new() }
    }

    /// The moment is over; its connection goes back.
    pub(super) fn end(self) {
        if let Some(Lent { connection: Some(connection), .. }) = self.lent.get() {
            connection.end_moment();
        }
    }

    /// The connection, once something was asked.
    fn connection(&self) -> Option<&Connection> {
        self.lent.get().and_then(|lent| lent.connection.as_ref())
    }

    /// Asks the first question.
    fn first(&self, sql: &'static str, values: &[Value], each: EachRow) -> Result<(), StoreError> {
        for _ in 0..READERS {
            let lent = self.readers.lend_here()?;
            let mut rows = 0;
            let answered = lent.connection()?.begin_moment(self.pace, sql, values, &mut |row| {
                rows += 1;
                each(row)
            });
            if let Some(answered) = lent.last_word(answered, rows > 0) {
                let _ = self.lent.set(lent);
                return answered;
            }
        }
        Err(lost_while_idle())
    }
}

impl Db for Moment<'_> {
    /// The server refuses it: nothing is written in a moment.
    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<usize, StoreError> {
        let mut rows = 0;
        self.query(sql, values, &mut |_| {
            rows += 1;
            Ok(())
        })?;
        Ok(rows)
    }

    fn query(&self, sql: &'static str, values: &[Value], each: EachRow) -> Result<(), StoreError> {
        match self.connection() {
            Some(connection) => connection.query(sql, values, each),
            None => self.first(sql, values, each),
        }
    }
}
