//! One connection, asked from a thread that waits for the answer.

use super::dialect;
use super::waiting::{ANSWER, LIMITS, wait};
use crate::store::question::Question;
use crate::store::{Db, EachRow, StoreError, Value};
use futures_util::TryStreamExt as _;
use futures_util::future::try_join;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, Row, Socket, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection may take to open, to each of the server's machines, where the address says nothing else.
pub(super) const CONNECTING: Duration = Duration::from_secs(3);

/// What is read from here on is as it is now.
const BEGIN: &str = "begin isolation level repeatable read read only";

/// What the bytes go through, encrypted or not.
type TlsStream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// One connection.
pub struct Connection {
    client: Client,
    statements: Mutex<HashMap<&'static str, Statement>>,
    /// What carries its bytes. By itself it ends when the client is dropped and the server has answered everything.
    carrier: AbortHandle,
    /// Whether each answer must come within [`ANSWER`].
    is_hurried: AtomicBool,
    /// Whether the server spreads rows over several machines.
    is_spread: bool,
    /// Whether an answer did not come in time: what came now would be the answer to something else.
    is_given_up: AtomicBool,
}

/// A statement about rows of many tabs: as it is, and with the tabs named once more. By that a server that spreads rows over
/// machines knows which of them to ask; any other would only compare each row with each tab.
#[derive(Debug, Clone, Copy)]
pub(super) struct ByTab {
    pub(super) plain: &'static str,
    pub(super) spread: &'static str,
}

/// A [`ByTab`] of a statement that ends in its conditions, and of the one that names the tabs once more.
macro_rules! by_tab {
    ($sql:literal, $tabs:literal) => {
        $crate::store::postgres::connection::ByTab {
            plain: $sql,
            spread: concat!($sql, " and ", $tabs),
        }
    };
}
pub(super) use by_tab;

impl Connection {
    /// Opens a connection whose bytes travel in the runtime `io`, and whose answers may take as long as they need.
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
        let (client, carrier) = told.recv().map_err(|_| StoreError::Closed)??;
        Ok(Self {
            client,
            statements: Mutex::default(),
            carrier,
            is_hurried: AtomicBool::new(false),
            is_spread: false,
            is_given_up: AtomicBool::new(false),
        })
    }

    /// The same, with a limit for each answer, here and on the server.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub(super) fn hurried(self) -> Result<Self, StoreError> {
        self.hurry(true);
        self.run_script(LIMITS)?;
        Ok(self)
    }

    /// The same, knowing whether the server spreads rows over several machines: whether the list that Citus keeps of spread tables
    /// is there.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub(super) fn by_tab(mut self) -> Result<Self, StoreError> {
        let db: &dyn Db = &self;
        let spread = "select to_regclass('pg_dist_partition') is not null";
        self.is_spread = db.number(spread, &[])? == 1;
        if self.is_spread {
            // What a batch writes after it has read from several machines goes by the same connections.
            self.run_script(
                "set citus.multi_shard_modify_mode = 'sequential'; set citus.max_adaptive_executor_pool_size = 1",
            )?;
        }
        Ok(self)
    }

    /// How a statement is said here.
    pub(super) fn said(&self, statement: ByTab) -> &'static str {
        if self.is_spread() { statement.spread } else { statement.plain }
    }

    /// Whether rows are spread over several machines, as far as was [asked](Self::by_tab).
    pub(super) const fn is_spread(&self) -> bool {
        self.is_spread
    }

    /// Whether there is a limit for each answer from here on.
    fn hurry(&self, is_hurried: bool) {
        self.is_hurried.store(is_hurried, Ordering::Relaxed);
    }

    /// Whether the server has not hung up, as far as is known here.
    pub fn is_open(&self) -> bool {
        !self.client.is_closed() && !self.is_given_up()
    }

    /// Whether the server said nothing for too long.
    pub(super) fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }

    /// Waits in this thread until the server has answered.
    ///
    /// # Errors
    /// Whatever the engine says; [`StoreError::Gone`] when it says nothing in time: the connection is of no use any more.
    pub(super) fn wait<T, E>(
        &self,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, StoreError>
    where
        StoreError: From<E>,
    {
        if self.is_given_up() {
            return Err(StoreError::Gone("it was given up".into()));
        }
        let most = self.is_hurried.load(Ordering::Relaxed).then_some(ANSWER);
        match wait(answer, most) {
            Some(answered) => Ok(answered?),
            None => Err(self.give_up()),
        }
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
        self.wait(self.client.batch_execute(script))
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

    /// Asks, and from here on everything is read as it is at this moment, until [`Connection::end_moment`].
    ///
    /// # Errors
    /// Whatever the engine says.
    pub(super) fn begin_moment(
        &self,
        pace: Pace,
        sql: &'static str,
        values: &[Value],
        each: EachRow,
    ) -> Result<(), StoreError> {
        if pace == Pace::Long {
            self.run_script(BEGIN)?;
            self.run_script("set local statement_timeout = 0")?;
            self.hurry(false);
            return self.query(sql, values, each);
        }
        if values.iter().any(cannot_be_kept) {
            return self.run_script(BEGIN);
        }
        let statement = self.prepared(sql)?;
        let begun = async { Ok(self.client.batch_execute(BEGIN).await?) };
        self.wait(try_join(begun, self.rows(&statement, values, each))).map(drop)
    }

    /// The moment is over. Nobody waits for the server to say so.
    pub(super) fn end_moment(&self) {
        self.hurry(true);
        let _ = wait(self.client.batch_execute("commit"), Some(Duration::ZERO));
    }

    /// The statement, prepared once.
    pub(super) fn prepared(&self, sql: &'static str) -> Result<Statement, StoreError> {
        self.known(sql).map_or_else(|| self.wait(self.prepare(sql)), Ok)
    }

    fn known(&self, sql: &'static str) -> Option<Statement> {
        self.statements.lock().ok()?.get(sql).cloned()
    }

    async fn prepare(&self, sql: &'static str) -> Result<Statement, StoreError> {
        let statement = self.client.prepare(&dialect::statement(sql)).await?;
        if let Ok(mut known) = self.statements.lock() {
            known.insert(sql, statement.clone());
        }
        Ok(statement)
    }

    /// The answer to a question, in time; no thread waits for it.
    ///
    /// # Errors
    /// Whatever the engine says; [`StoreError::Gone`] when it says nothing in time: the connection is of no use any more.
    pub(super) async fn answer(&self, question: &Question) -> Result<Vec<Row>, StoreError> {
        let values = question.values();
        if values.iter().any(cannot_be_kept) {
            return Ok(Vec::new());
        }
        let answer = async {
            let statement = match self.known(question.sql) {
                Some(statement) => statement,
                None => self.prepare(question.sql).await?,
            };
            Ok(self.client.query_raw(&statement, values).await?.try_collect().await?)
        };
        tokio::time::timeout(ANSWER, answer).await.unwrap_or_else(|_| Err(self.give_up()))
    }

    /// The server has said nothing in time.
    fn give_up(&self) -> StoreError {
        self.is_given_up.store(true, Ordering::Relaxed);
        StoreError::Gone(format!("it has said nothing for {} s", ANSWER.as_secs()))
    }

    async fn rows(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
        each: EachRow<'_>,
    ) -> Result<(), StoreError> {
        let mut rows = pin!(self.client.query_raw(statement, values).await?);
        while let Some(row) = rows.try_next().await? {
            each(&row)?;
        }
        Ok(())
    }
}

async fn connect(config: &Config) -> Result<(Client, AbortHandle), StoreError> {
    let (client, connection) = reach(config).await?;
    // An error is told to whoever asks the client next.
    Ok((client, tokio::spawn(connection).abort_handle()))
}

/// Reaches the server and is let in, in time.
pub(super) async fn reach(
    config: &Config,
) -> Result<(Client, tokio_postgres::Connection<Socket, TlsStream>), StoreError> {
    let machines = u32::try_from(config.get_hosts().len()).unwrap_or(u32::MAX).max(1);
    let most = config.get_connect_timeout().copied().unwrap_or(CONNECTING).saturating_mul(machines);
    match tokio::time::timeout(most, config.connect(tls()?)).await {
        Ok(reached) => Ok(reached?),
        Err(_) => Err(StoreError::Gone(format!("nobody was let in for {} s", most.as_secs()))),
    }
}

/// TLS where the server offers it (or where the address demands it), checked against this machine's own certificates.
fn tls() -> Result<MakeRustlsConnect, StoreError> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let failed = |error: rustls::Error| StoreError::Engine(error.to_string());
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(failed)?;
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

/// How long what is read in one moment may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Somebody waits for it.
    Short,
    /// As long as it needs: the whole of the books, say.
    Long,
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.is_given_up() {
            // The server may never answer; what carries the bytes would wait with it.
            self.carrier.abort();
        }
    }
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
        let changed = self.wait(self.client.execute_raw(&statement, values))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    fn query(&self, sql: &'static str, values: &[Value], each: EachRow) -> Result<(), StoreError> {
        if values.iter().any(cannot_be_kept) {
            return Ok(());
        }
        let statement = self.prepared(sql)?;
        self.wait(self.rows(&statement, values, each))
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

impl crate::store::Row for Row {
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
            | SqlState::LOCK_NOT_AVAILABLE
            | SqlState::QUERY_CANCELED => Self::Busy(text),
            SqlState::DISK_FULL => Self::Full(text),
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::TOO_MANY_CONNECTIONS
            | SqlState::READ_ONLY_SQL_TRANSACTION => Self::Gone(text),
            // Class 22 is what a value cannot be, class 23 is what a row cannot be.
            ref other if ["22", "23"].contains(&&other.code()[..2]) => Self::Constraint(text),
            // Citus loses the class of what a machine refused when it sent rows there to be written.
            SqlState::INTERNAL_ERROR if text.contains("duplicate key value") => {
                Self::Constraint(text)
            }
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
