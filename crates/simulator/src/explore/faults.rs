//! What goes wrong on the way to the disk: a store that fails at some statement, or at the commit, or whose answer is lost.

use super::scene::{Temper, pick};
use crate::chance::Chance;
use ardoise::store::{Db, EachRow, StoreError, Value};
use std::cell::Cell;

/// What happens to one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing out of the ordinary.
    None,
    /// So many statements succeed, then one fails; where there are not that many, the commit does.
    Statement(u64),
    /// It is committed, and nobody hears so.
    Answer,
}

/// What goes wrong with one transaction, and what becomes of the process then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// What happens.
    pub fault: Fault,
    /// What becomes of the process.
    pub then: Then,
}

/// What becomes of the process once a transaction has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It goes on.
    GoesOn,
    /// It is ended in good order and starts again.
    Restarts,
    /// It is gone at once, and what starts again finds the store as it lies there.
    Dies,
}

impl Trouble {
    /// None at all.
    pub const NONE: Self = Self { fault: Fault::None, then: Then::GoesOn };

    /// What happens to a transaction of about so many statements.
    pub fn drawn(chance: &mut Chance, temper: &Temper, statements: u64) -> Self {
        if !chance.percent(temper.failing) {
            return Self::NONE;
        }
        let fault = match chance.below(4) {
            0 => Fault::Answer,
            1 => Fault::Statement(u64::MAX),
            _ => Fault::Statement(chance.below(statements)),
        };
        let then = match chance.percent(temper.restarting) {
            true => pick(chance, &[Then::Restarts, Then::Dies]),
            false => Then::GoesOn,
        };
        Self { fault, then }
    }
}

/// What a store says when it fails.
pub fn complaint(chance: &mut Chance) -> StoreError {
    let why = || "on purpose".to_owned();
    match chance.below(5) {
        0 => StoreError::Busy(why()),
        1 => StoreError::Full(why()),
        2 => StoreError::Gone(why()),
        3 => StoreError::Constraint(why()),
        _ => StoreError::Engine(why()),
    }
}

/// A store of which one statement fails, and every one after it.
pub struct Failing<'a> {
    db: &'a dyn Db,
    /// Statements that still succeed.
    left: Cell<u64>,
    error: StoreError,
}

impl<'a> Failing<'a> {
    /// A store that fails with `error` after so many statements.
    pub const fn after(db: &'a dyn Db, statements: u64, error: StoreError) -> Self {
        Self { db, left: Cell::new(statements), error }
    }

    fn count(&self) -> Result<(), StoreError> {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        if left == 0 { Err(self.error.clone()) } else { Ok(()) }
    }
}

impl Db for Failing<'_> {
    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<usize, StoreError> {
        self.count()?;
        self.db.execute(sql, values)
    }

    fn query(&self, sql: &'static str, values: &[Value], each: EachRow) -> Result<(), StoreError> {
        self.count()?;
        self.db.query(sql, values, each)
    }
}
