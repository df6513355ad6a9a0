//! A store in a file, to be carried to another engine or from there.

use super::{FILE_NAME, open_writer, set_up};
use crate::store::moving::{Cell, End, Table, cells};
use crate::store::{Db, StoreError};
use ledger::Timestamp;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql, params_from_iter};
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// The file, in a transaction.
pub struct File {
    connection: Connection,
    /// Where it was made for this. It goes away again unless something is committed.
    made: RefCell<Option<PathBuf>>,
}

impl Drop for File {
    fn drop(&mut self) {
        if let Some(path) = self.made.take() {
            for ending in ["", "-wal", "-shm"] {
                let mut name = path.clone().into_os_string();
                name.push(ending);
                // What was never there need not go.
                let _ = std::fs::remove_file(name);
            }
        }
    }
}

/// A store that nobody else has open; nobody can open it until this is dropped.
///
/// # Errors
/// [`StoreError::Busy`] when somebody has; whatever the engine says.
pub fn sending(folder: &Path) -> Result<File, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join(FILE_NAME), flags)?;
    set_up(&connection)?;
    connection.busy_timeout(std::time::Duration::ZERO)?;
    // The log can only be given up by whoever has the store for himself.
    let alone =
        connection.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get(0));
    let alone = alone.is_ok_and(|mode: String| mode == "delete");
    if !alone || connection.execute_batch("begin exclusive").is_err() {
        return Err(StoreError::Busy("somebody has it open; close the shop first".into()));
    }
    Ok(File { connection, made: RefCell::default() })
}

/// A store that is made where there is none, and brought up to date.
///
/// # Errors
/// Whatever the engine says.
pub fn receiving(folder: &Path, now: Timestamp) -> Result<File, StoreError> {
    let made = crate::app::App::make_folder(folder);
    made.map_err(|error| StoreError::Engine(error.to_string()))?;
    let path = folder.join(FILE_NAME);
    let made = RefCell::new((!path.exists()).then_some(path));
    let file = File { connection: open_writer(folder, now)?, made };
    file.connection.execute_batch("begin immediate")?;
    Ok(file)
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl End for File {
    fn db(&self) -> &dyn Db {
        &self.connection
    }

    fn count(&self, table: &Table) -> Result<u64, StoreError> {
        let sql = format!("select count(*) from {}", table.name);
        let count: i64 = self.connection.query_row(&sql, [], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    fn each(
        &self,
        table: &Table,
        each: &mut dyn FnMut(Vec<Cell>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let sql = format!("select {} from {}", table.names(), table.name);
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(cells(table, row)?)?;
        }
        Ok(())
    }

    fn put(&self, table: &Table, rows: &[Vec<Cell>]) -> Result<(), StoreError> {
        let places: Vec<String> =
            (1..=table.columns.len()).map(|place| format!("?{place}")).collect();
        let sql = format!(
            "insert into {} ({}) values ({})",
            table.name,
            table.names(),
            places.join(", ")
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        for row in rows {
            statement.execute(params_from_iter(row))?;
        }
        Ok(())
    }

    fn commit(&self) -> Result<(), StoreError> {
        self.connection.execute_batch("commit")?;
        self.made.take();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::store::moving::{Kind, tables};
    use crate::store::sqlite::testing;

    #[test]
    fn every_table_and_column_of_the_schema_is_moved() {
        let writer = testing::shop(&[]);
        let schema = "select m.name, c.name, c.type from sqlite_master m join pragma_table_info(m.name) c \
            where m.type = 'table' and m.name not in ('migration') and m.name not like 'sqlite_%' order by m.rowid, c.cid";
        let mut statement = writer.connection().prepare(schema).expect("the schema");
        let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let found: Vec<(String, String, String)> =
            found.expect("rows").map(|row| row.expect("a row")).collect();
        let known: Vec<_> = tables()
            .into_iter()
            .flat_map(|table| {
                table.columns.into_iter().map(move |(column, kind)| (table.name, column, kind))
            })
            .map(|(table, column, kind)| {
                let kind = match kind {
                    Kind::Int => "INTEGER",
                    Kind::Text => "TEXT",
                    Kind::Blob => "BLOB",
                };
                (table.to_owned(), column.to_owned(), kind.to_owned())
            })
            .collect();
        assert_eq!(found, known);
    }
}
