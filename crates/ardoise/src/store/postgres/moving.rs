//! A store on a server, to be carried to another engine or from there.

use super::batch::TILL_LOCK;
use super::{Connection, Server};
use crate::store::moving::{Cell, End, Kind, Table, cells};
use crate::store::{Db, StoreError, Value};
use futures_util::TryStreamExt as _;
use ledger::Timestamp;
use std::pin::pin;
use tokio_postgres::types::ToSql;

/// The store, in a transaction.
pub struct Remote {
    connection: Connection,
    // The connection lives in the server's runtime.
    _server: Server,
}

/// A store that no till writes to; none can open it until this is dropped.
///
/// # Errors
/// [`StoreError::Busy`] when a till writes; whatever the engine says.
pub fn sending(url: &str) -> Result<Remote, StoreError> {
    let remote = open(Server::at(url)?)?;
    let db: &dyn Db = &remote.connection;
    // Whoever opens the shop looks here first, and waits.
    remote.connection.run_script(
        "begin isolation level repeatable read; lock table migration in access exclusive mode",
    )?;
    let tills = "select count(*) from pg_locks where locktype = 'advisory' and classid = cast(cast(?1 as bigint) as oid) \
        and database = (select oid from pg_database where datname = current_database())";
    if db.number(tills, &[Value::Int(TILL_LOCK)])? > 0 {
        return Err(StoreError::Busy("a shop is open on it; close it first".into()));
    }
    Ok(remote)
}

/// A store that is made where there is none, and brought up to date.
///
/// # Errors
/// Whatever the engine says.
pub fn receiving(url: &str, now: Timestamp) -> Result<Remote, StoreError> {
    let server = Server::at(url)?;
    server.migrate(now)?;
    let remote = open(server)?;
    remote.connection.run_script("begin; lock table migration in access exclusive mode")?;
    Ok(remote)
}

fn open(server: Server) -> Result<Remote, StoreError> {
    Ok(Remote { connection: server.connect()?, _server: server })
}

impl End for Remote {
    fn db(&self) -> &dyn Db {
        &self.connection
    }

    fn count(&self, table: &Table) -> Result<u64, StoreError> {
        let sql = format!("select count(*) from {}", table.name);
        let row = self.connection.wait(self.connection.client().query_one(&sql, &[]))?;
        Ok(row.try_get::<_, i64>(0)?.unsigned_abs())
    }

    fn each(
        &self,
        table: &Table,
        each: &mut dyn FnMut(Vec<Cell>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let sql = format!("select {} from {}", table.names(), table.name);
        self.connection.wait(async {
            let none: [&(dyn ToSql + Sync); 0] = [];
            let mut rows = pin!(self.connection.client().query_raw(&sql, none).await?);
            while let Some(row) = rows.try_next().await? {
                each(cells(table, &row)?)?;
            }
            Ok::<_, StoreError>(())
        })
    }

    fn put(&self, table: &Table, rows: &[Vec<Cell>]) -> Result<(), StoreError> {
        let columns: Vec<_> =
            (0..table.columns.len()).map(|column| values(table, rows, column)).collect();
        let arrays: Vec<String> = (1..)
            .zip(&table.columns)
            .map(|(place, (_, kind))| match kind {
                Kind::Int => format!("cast(${place} as int8[])"),
                Kind::Text => format!("cast(${place} as text[])"),
                Kind::Blob => format!("cast(${place} as bytea[])"),
            })
            .collect();
        let (name, names, arrays) = (table.name, table.names(), arrays.join(", "));
        let sql = format!("insert into {name} ({names}) select * from unnest({arrays})");
        let columns = columns.iter().map(|column| &**column as &(dyn ToSql + Sync));
        self.connection.wait(self.connection.client().execute_raw(&sql, columns))?;
        Ok(())
    }

    fn commit(&self) -> Result<(), StoreError> {
        self.connection.commit()
    }
}

/// What stands in one column of all rows.
fn values<'a>(table: &Table, rows: &'a [Vec<Cell>], column: usize) -> Box<dyn ToSql + Sync + 'a> {
    let cells = rows.iter().map(move |row| &row[column]);
    match table.columns[column].1 {
        Kind::Int => Box::new(
            cells
                .map(|cell| match cell {
                    Cell::Int(number) => Some(*number),
                    _ => None,
                })
                .collect::<Vec<_>>(),
        ),
        Kind::Text => Box::new(
            cells
                .map(|cell| match cell {
                    Cell::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect::<Vec<_>>(),
        ),
        Kind::Blob => Box::new(
            cells
                .map(|cell| match cell {
                    Cell::Blob(bytes) => Some(bytes.as_slice()),
                    _ => None,
                })
                .collect::<Vec<_>>(),
        ),
    }
}
