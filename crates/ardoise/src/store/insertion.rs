//! Rows written to one table with few statements.

use super::{Db, StoreError, Value};
use std::sync::OnceLock;

/// Rows that one statement takes, the most first. A statement costs an engine in this process about as much as the row that
/// it writes, and a batch of the till has some dozens of rows; more of them in one statement save hardly anything.
const AT_ONCE: [usize; 2] = [32, 8];

/// How a row is written into a table, alone or with others.
#[derive(Debug)]
pub struct Insertion {
    one: &'static str,
    many: OnceLock<[String; AT_ONCE.len()]>,
}

impl Insertion {
    /// By the statement for one row: `insert into … values (?1, …, ?n)`, and whatever comes after.
    pub const fn new(one: &'static str) -> Self {
        Self { one, many: OnceLock::new() }
    }

    /// Values of a row.
    pub fn columns(&self) -> usize {
        self.one.matches('?').count()
    }

    /// The statements for many rows, with how many each takes, the most first.
    pub fn many(&self) -> impl Iterator<Item = (usize, &str)> {
        let texts = self.many.get_or_init(|| AT_ONCE.map(|rows| self.repeated(rows)));
        AT_ONCE.into_iter().zip(texts.iter().map(String::as_str))
    }

    /// Writes each row by a statement of its own; `values` has them one after the other.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn one_by_one<D: Db + ?Sized>(&self, db: &D, values: &[Value]) -> Result<(), StoreError> {
        values.chunks(self.columns()).try_for_each(|row| db.execute(self.one, row).map(drop))
    }

    fn repeated(&self, rows: usize) -> String {
        let first = self.one.find("(?1").unwrap_or(self.one.len());
        let (before, row) = self.one.split_at(first);
        let after = row.find(')').map_or("", |end| &row[end + 1..]);
        let row = format!("({})", vec!["?"; self.columns()].join(", "));
        format!("{before}{}{after}", vec![row.as_str(); rows].join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_the_row_stays_there() {
        let tide = Insertion::new(
            "insert into tide (port, metres) values (?1, ?2) on conflict (port) do nothing",
        );
        let many: Vec<_> = tide.many().collect();
        assert_eq!(many.iter().map(|(rows, _)| *rows).collect::<Vec<_>>(), AT_ONCE);
        let (rows, text) = many[1];
        let tail = text.strip_prefix("insert into tide (port, metres) values (?, ?), (?, ?), ");
        assert!(
            tail.is_some_and(|tail| tail.ends_with("(?, ?) on conflict (port) do nothing")),
            "{text}"
        );
        assert_eq!(text.matches('?').count(), rows * tide.columns());
    }
}
