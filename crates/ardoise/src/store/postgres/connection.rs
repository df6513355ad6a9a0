//! One connection, asked from a thread that waits for the answer.

use super::dialect;
use crate::store::{Db, EachRow, Row, StoreError, Value};
use futures_util::TryStreamExt as _;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::Mutex;
use tokio::runtime::Handle;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

/// One connection.
pub struct Connection {
    client: Client,
    statements: Mutex<HashMap<&'static str, Statement>>,
}

impl Connection {
    /// Opens a connection whose bytes travel in the runtime `io`.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when nobody answers; whatever the engine says.
    pub(super) fn open(config: &Config, io: &Handle) -> Result<Self, StoreError> {
        let config = config.clone();
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        io.spawn(async move {
            // Whoever asks waits for this.
            let _ = tell.send(connect(&config).await);
        });
        let client = told.recv().map_err(|_| StoreError::Closed)??;
        Ok(Self { client, statements: Mutex::default() })
    }

    /// Whether the server has not hung up, as far as is known here.
    pub fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    /// The client, for what goes out together in one trip.
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Runs several statements without parameters.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn run_script(&self, script: &str) -> Result<(), StoreError> {
        Ok(wait(self.client.batch_execute(script))?)
    }

    /// Runs `work` in one transaction.
    ///
    /// # Errors
    /// Whatever `work` or the engine says: nothing was written. [`StoreError::Unknown`] when the connection was lost while
    /// the transaction was being committed.
    pub fn transaction<T>(
        &self,
        work: impl FnOnce(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.run_script("begin")?;
        let begun = Begun(self);
        let value = work(self)?;
        std::mem::forget(begun);
        self.commit().map(|()| value)
    }

    /// Commits.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] when the connection was lost meanwhile; whatever the engine says.
    pub(super) fn commit(&self) -> Result<(), StoreError> {
        self.run_script("commit").map_err(|error| match error {
            StoreError::Gone(why) => StoreError::Unknown(why),
            other => other,
        })
    }

    /// From here on everything is read as it is at one moment, until [`Connection::end_moment`].
    ///
    /// # Errors
    /// Whatever the engine says.
    pub(super) fn begin_moment(&self) -> Result<(), StoreError> {
        self.run_script("begin isolation level repeatable read read only")
    }

    /// The moment is over.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub(super) fn end_moment(&self) -> Result<(), StoreError> {
        self.run_script("commit")
    }

    /// The statement, prepared once.
    pub(super) fn prepared(&self, sql: &'static str) -> Result<Statement, StoreError> {
        let known = self.statements.lock().ok().and_then(|known| known.get(sql).cloned());
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = wait(self.client.prepare(&dialect::statement(sql)))?;
        if let Ok(mut known) = self.statements.lock() {
            known.insert(sql, statement.clone());
        }
        Ok(statement)
    }
}

/// Waits in this thread until the server has answered.
///
/// Tokio makes a task that has done much wait for the next turn of its thread, which never comes while the thread waits
/// here: so whatever of tokio's is waited for is told not to.
pub(super) fn wait<F: Future>(answer: F) -> F::Output {
    pollster::block_on(tokio::task::unconstrained(answer))
}

async fn connect(config: &Config) -> Result<Client, StoreError> {
    let (client, connection) = config.connect(tls()?).await?;
    // It ends when the client is dropped; an error is told to whoever asks the client next.
    tokio::spawn(connection);
    Ok(client)
}

/// TLS where the server offers it (or where the address demands it), checked against this machine's own certificates.
pub(super) fn tls() -> Result<MakeRustlsConnect, StoreError> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let failed = |error: rustls::Error| StoreError::Engine(error.to_string());
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(failed)?;
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

/// A transaction that is taken back unless it is committed, also where whoever wrote in it panics.
struct Begun<'a>(&'a Connection);

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        // A connection that is gone has rolled back by itself.
        let _ = self.0.run_script("rollback");
    }
}

impl Db for Connection {
    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<usize, StoreError> {
        let statement = self.prepared(sql)?;
        let changed = wait(self.client.execute_raw(&statement, values))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    fn query(&self, sql: &'static str, values: &[Value], each: EachRow) -> Result<(), StoreError> {
        if values.iter().any(cannot_be_kept) {
            return Ok(());
        }
        let statement = self.prepared(sql)?;
        wait(async {
            let mut rows = pin!(self.client.query_raw(&statement, values).await?);
            while let Some(row) = rows.try_next().await? {
                each(&row)?;
            }
            Ok(())
        })
    }
}

/// PostgreSQL keeps no text with a zero in it, and refuses to look for one: there is none.
fn cannot_be_kept(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.contains('\0'))
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Int(value) if *kind == Type::INT4 => i32::try_from(*value)?.to_sql(kind, out),
            Self::Int(value) => value.to_sql(kind, out),
            Self::Text(value) => value.to_sql(kind, out),
            Self::Blob(value) => value.to_sql(kind, out),
            Self::Id(value) => value.as_slice().to_sql(kind, out),
            Self::Null => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A whole number, of whatever width the engine chose, or a truth.
struct Whole(i64);

impl<'a> FromSql<'a> for Whole {
    fn from_sql(
        kind: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(match *kind {
            Type::BOOL => bool::from_sql(kind, raw)?.into(),
            Type::INT2 => i16::from_sql(kind, raw)?.into(),
            Type::INT4 => i32::from_sql(kind, raw)?.into(),
            _ => i64::from_sql(kind, raw)?,
        }))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::BOOL | Type::INT2 | Type::INT4 | Type::INT8)
    }
}

impl Row for tokio_postgres::Row {
    fn int(&self, column: usize) -> Result<i64, StoreError> {
        Ok(self.try_get::<_, Whole>(column)?.0)
    }
    fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        Ok(self.try_get::<_, Option<Whole>>(column)?.map(|whole| whole.0))
    }
    fn text(&self, column: usize) -> Result<String, StoreError> {
        Ok(self.try_get(column)?)
    }
    fn maybe_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        Ok(self.try_get(column)?)
    }
    fn blob(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        Ok(self.try_get(column)?)
    }
    fn maybe_blob(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.try_get(column)?)
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let text = with_causes(&error);
        let Some(code) = error.code() else {
            // Without a code the server did not answer: it is gone, or was never there.
            return if error.is_closed() || is_io(&error) {
                Self::Gone(text)
            } else {
                Self::Engine(text)
            };
        };
        match *code {
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::LOCK_NOT_AVAILABLE => Self::Busy(text),
            SqlState::DISK_FULL => Self::Full(text),
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::TOO_MANY_CONNECTIONS
            | SqlState::READ_ONLY_SQL_TRANSACTION => Self::Gone(text),
            // Class 22 is what a value cannot be, class 23 is what a row cannot be.
            ref other if ["22", "23"].contains(&&other.code()[..2]) => Self::Constraint(text),
            ref other if other.code().starts_with("08") => Self::Gone(text),
            _ => Self::Engine(text),
        }
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(found) = cause {
        if found.is::<std::io::Error>() {
            return true;
        }
        cause = found.source();
    }
    false
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(found) = cause {
        text.push_str(": ");
        text.push_str(&found.to_string());
        cause = found.source();
    }
    text
}
