//! A mistake of the list of [`super::mutations`], at work.

use super::mutations::{Found, Mutation, Seam, Written};
use ardoise::store::engine::Writer;
use ardoise::store::sqlite::batch::{Memory, carry_out};
use ardoise::store::{Db, EachRow, Row, StoreError, Value};
use ardoise::till::command::Command;
use ardoise::till::{Applied, Durable, Tariff, TillStore as _};
use ledger::Timestamp;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;

/// Columns of a transfer, as they are written.
const REASON: usize = 3;
const SUBJECT: usize = 4;
const CREDIT_KIND: usize = 7;
const AMOUNT: usize = 9;
/// Columns of a line, as they are written.
const GROSS: usize = 7;
const VAT: usize = 8;
const AUTHOR: usize = 10;
const RATE: usize = 11;

/// A mistake at work.
pub struct Planted {
    mutation: Mutation,
    /// Occasions that it had so far.
    occasions: Cell<u32>,
    /// Lines whose tax was rounded down.
    rounded: RefCell<HashSet<[u8; 16]>>,
}

impl Planted {
    /// Plants a mistake.
    pub fn new(mutation: Mutation) -> Self {
        Self { mutation, occasions: Cell::new(0), rounded: RefCell::default() }
    }

    /// Whether what a batch wrote before it failed is committed all the same.
    pub fn keeps_what_failed(&self) -> bool {
        self.mutation.seams.iter().any(|seam| matches!(seam, Seam::Torn))
    }

    /// Has a batch decided and written with the mistake in it.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn apply(
        &self,
        writer: &mut Writer,
        tariff: &Tariff,
        now: Timestamp,
        batch: &[Command],
    ) -> Result<Applied, StoreError> {
        let (mut tariff, mut batch) = (tariff.clone(), batch.to_vec());
        let mut is_unwritten = false;
        for seam in self.mutation.seams {
            match seam {
                Seam::Tariff(change) => change(&mut tariff),
                Seam::Command(change) => batch.iter_mut().for_each(change),
                Seam::Unwritten => is_unwritten = self.is_time(),
                _ => {}
            }
        }
        let mut done = None;
        let written = writer.write(Durable::AtOnce, &mut |db| {
            let carried = carry_out(&self.tampered(db), &tariff, now, &batch, &Memory::default())?;
            if carried.applied.committed {
                self.write_too_much(db)?;
            }
            done = Some(carried.applied);
            if is_unwritten { Err(StoreError::Closed) } else { Ok(()) }
        });
        match done {
            Some(applied) if is_unwritten => Ok(applied),
            Some(applied) => written.map(|()| applied),
            None => Err(written.err().unwrap_or(StoreError::Closed)),
        }
    }

    /// Does other writing with the mistake in it.
    ///
    /// # Errors
    /// Whatever `work` says.
    pub fn around(
        &self,
        db: &dyn Db,
        work: &mut dyn FnMut(&dyn Db) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        work(&self.tampered(db))
    }

    const fn tampered<'a>(&'a self, db: &'a dyn Db) -> Tampered<'a> {
        Tampered { db, planted: self }
    }

    fn is_time(&self) -> bool {
        let occasions = self.occasions.get() + 1;
        self.occasions.set(occasions);
        occasions.is_multiple_of(self.mutation.every)
    }

    fn write_too_much(&self, db: &dyn Db) -> Result<(), StoreError> {
        for seam in self.mutation.seams {
            if let Seam::TooMuch(sql) = seam
                && self.is_time()
            {
                db.execute(sql, &[])?;
            }
        }
        Ok(())
    }

    fn written<'a>(&self, sql: &str, values: &[Value<'a>]) -> Written<'a> {
        for seam in self.mutation.seams {
            let written = match seam {
                Seam::Written(change) => change(sql, values),
                Seam::TaxRoundedDown => self.round_down(sql, values),
                _ => Written::AsItIs,
            };
            if !matches!(written, Written::AsItIs) && self.is_time() {
                return written;
            }
        }
        Written::AsItIs
    }

    /// A micro-unit less of tax, and one more for the author, where the tax was rounded up.
    fn round_down<'a>(&self, sql: &str, values: &[Value<'a>]) -> Written<'a> {
        let mut changed = values.to_vec();
        if sql.starts_with("insert into line") {
            let [gross, vat, author, rate] = [GROSS, VAT, AUTHOR, RATE].map(|at| whole(values[at]));
            let (Value::Id(id), true) = (values[0], author > 0 && vat > 1) else {
                return Written::AsItIs;
            };
            if gross * rate / (10_000 + rate) == vat {
                return Written::AsItIs;
            }
            self.rounded.borrow_mut().insert(id);
            changed[VAT] = Value::Int(vat - 1);
            changed[AUTHOR] = Value::Int(author + 1);
            return Written::With(changed);
        }
        let is_transfer = sql.starts_with("insert into transfer") && whole(values[REASON]) == 1;
        let more = match values[if is_transfer { CREDIT_KIND } else { 0 }] {
            Value::Int(2) if is_transfer => 1,
            Value::Int(5) if is_transfer => -1,
            _ => return Written::AsItIs,
        };
        let Value::Id(subject) = values[SUBJECT] else { return Written::AsItIs };
        if !self.rounded.borrow().contains(&subject) {
            return Written::AsItIs;
        }
        changed[AMOUNT] = Value::Int(whole(values[AMOUNT]) + more);
        Written::With(changed)
    }

    fn found(&self, sql: &str) -> Found {
        for seam in self.mutation.seams {
            if let Seam::Found(change) = seam {
                let found = change(sql);
                if !matches!(found, Found::WhatIsThere) && self.is_time() {
                    return found;
                }
            }
        }
        Found::WhatIsThere
    }
}

const fn whole(value: Value) -> i64 {
    if let Value::Int(value) = value { value } else { 0 }
}

/// A store with the mistake in its statements.
struct Tampered<'a> {
    db: &'a dyn Db,
    planted: &'a Planted,
}

impl Db for Tampered<'_> {
    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<usize, StoreError> {
        match self.planted.written(sql, values) {
            Written::AsItIs => self.db.execute(sql, values),
            Written::Skipped => Ok(1),
            Written::Otherwise(sql) => self.db.execute(sql, values),
            Written::With(values) => self.db.execute(sql, &values),
        }
    }

    fn query(&self, sql: &'static str, values: &[Value], each: EachRow) -> Result<(), StoreError> {
        match self.planted.found(sql) {
            Found::WhatIsThere => self.db.query(sql, values, each),
            Found::Nothing => Ok(()),
            Found::Otherwise(sql) => self.db.query(sql, values, each),
            Found::ZeroIn(column) => {
                self.db.query(sql, values, &mut |row| each(&ZeroIn { row, column }))
            }
        }
    }
}

/// A row that says zero in one of its columns.
struct ZeroIn<'a> {
    row: &'a dyn Row,
    column: usize,
}

impl Row for ZeroIn<'_> {
    fn int(&self, column: usize) -> Result<i64, StoreError> {
        if column == self.column { Ok(0) } else { self.row.int(column) }
    }
    fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.row.maybe_int(column)
    }
    fn text(&self, column: usize) -> Result<String, StoreError> {
        self.row.text(column)
    }
    fn maybe_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        self.row.maybe_text(column)
    }
    fn blob(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.row.blob(column)
    }
    fn maybe_blob(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.row.maybe_blob(column)
    }
}
