//! The peer's purchase: one transaction, statement by statement.

use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tokio_postgres::{Client, Error, NoTls, Statement, Transaction};

use crate::fault::Fault;

/// Connections to the server, as a pool of an application has them on a small machine.
const CONNECTIONS: usize = 8;
/// What the shop keeps of a price without its tax, in basis points.
const FEE_BASIS_POINTS: i64 = 1_000;
/// The tax, in basis points of a price without it.
const VAT_BASIS_POINTS: i64 = 2_000;
/// The whole, in basis points.
const WHOLE: i64 = 10_000;

const FIND_TAB: &str = "select id from tab where secret_hash = $1";
const FIND_WORK: &str = "select id, author from work where slug = $1 and price = $2";
const INSERT: &str = "insert into purchase (id, tab, work, price) values ($1, $2, $3, $4) \
     on conflict (id) do nothing";
const CHARGE: &str = "update tab set owed = owed + $2 where id = $1 and owed + $2 <= most \
     returning owed, most";
const ENTER: &str = "insert into entry (purchase, tab, account, amount) values \
     ($1, $2, null, -$3::bigint), ($1, null, $4, $5), ($1, null, 0, $6), ($1, null, 1, $7)";
const CREDIT: &str = "update account set balance = balance + $2 where id = $1";
const STANDING: &str = "select owed, most from tab where id = $1";

/// A purchase that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Purchase<'a> {
    /// Its id.
    pub id: [u8; 16],
    /// The secret of the tab.
    pub secret: &'a str,
    /// The link of the work.
    pub slug: &'a str,
    /// The price seen, in micro-units.
    pub price: i64,
}

/// A purchase that stands.
#[derive(Debug, Clone, Copy)]
pub struct Entered {
    /// The work.
    pub work: i64,
    /// What the tab owes now, in micro-units.
    pub owed: i64,
    /// What it may owe.
    pub most: i64,
}

/// The books, and the connections to them.
pub struct Books {
    turns: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

/// One connection, with every statement prepared.
struct Connection {
    client: Client,
    statements: Statements,
}

struct Statements {
    find_tab: Statement,
    find_work: Statement,
    insert: Statement,
    charge: Statement,
    enter: Statement,
    credit: Statement,
    standing: Statement,
}

impl Books {
    /// Opens every connection.
    ///
    /// # Errors
    /// [`Fault::Shop`] when the server does not let them in.
    pub async fn open(store: &str) -> Result<Self, Fault> {
        let mut idle = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            idle.push(Connection::open(store).await.map_err(unanswered)?);
        }
        Ok(Self { turns: Semaphore::new(CONNECTIONS), idle: Mutex::new(idle) })
    }

    /// Enters a purchase; nothing when the tab or the work is not known or the tab is full. When this answers, the
    /// purchase is durable. The same again changes nothing.
    ///
    /// # Errors
    /// [`Fault::Shop`] when the server fails: nothing was entered, as far as is known.
    pub async fn enter(&self, purchase: Purchase<'_>) -> Result<Option<Entered>, Fault> {
        let closed = |_| Fault::Run("the peer's connections are gone".into());
        let _turn = self.turns.acquire().await.map_err(closed)?;
        let taken = self.idle().pop();
        let mut connection = taken.ok_or_else(|| Fault::Run("a connection is lost".into()))?;
        let entered = connection.enter(purchase).await;
        self.idle().push(connection);
        entered.map_err(unanswered)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unanswered(error: Error) -> Fault {
    Fault::Shop(format!("the peer's books: {error:?}"))
}

impl Connection {
    async fn open(store: &str) -> Result<Self, Error> {
        let (client, io) = tokio_postgres::connect(store, NoTls).await?;
        // It ends with the client; what goes wrong shows there.
        tokio::spawn(io);
        let statements = Statements {
            find_tab: client.prepare(FIND_TAB).await?,
            find_work: client.prepare(FIND_WORK).await?,
            insert: client.prepare(INSERT).await?,
            charge: client.prepare(CHARGE).await?,
            enter: client.prepare(ENTER).await?,
            credit: client.prepare(CREDIT).await?,
            standing: client.prepare(STANDING).await?,
        };
        Ok(Self { client, statements })
    }

    async fn enter(&mut self, asked: Purchase<'_>) -> Result<Option<Entered>, Error> {
        let Self { client, statements } = self;
        let hash = Sha256::digest(asked.secret.as_bytes());
        let tab = client.query_opt(&statements.find_tab, &[&&hash[..]]).await?;
        let work = client.query_opt(&statements.find_work, &[&asked.slug, &asked.price]).await?;
        let (Some(tab), Some(work)) = (tab, work) else { return Ok(None) };
        let (tab, author): (i64, i64) = (tab.try_get(0)?, work.try_get(1)?);
        let work: i64 = work.try_get(0)?;
        let transaction = client.transaction().await?;
        let id = &asked.id[..];
        let values = [&id as _, &tab as _, &work as _, &asked.price as _];
        if transaction.execute(&statements.insert, &values).await? == 0 {
            let now = transaction.query_one(&statements.standing, &[&tab]).await?;
            return Ok(Some(Entered { work, owed: now.try_get(0)?, most: now.try_get(1)? }));
        }
        let now = transaction.query_opt(&statements.charge, &[&tab, &asked.price]).await?;
        let Some(now) = now else { return Ok(None) };
        let entered = Entered { work, owed: now.try_get(0)?, most: now.try_get(1)? };
        statements.share(&transaction, (id, tab, author), asked.price).await?;
        transaction.commit().await?;
        Ok(Some(entered))
    }
}

impl Statements {
    /// Writes the journal, then the balances: those that everybody changes last.
    async fn share(
        &self,
        transaction: &Transaction<'_>,
        (id, tab, author): (&[u8], i64, i64),
        price: i64,
    ) -> Result<(), Error> {
        let vat = price - price * WHOLE / (WHOLE + VAT_BASIS_POINTS);
        let fee = (price - vat) * FEE_BASIS_POINTS / WHOLE;
        let earned = price - vat - fee;
        let entries = [&id as _, &tab as _, &price as _, &author as _];
        let shares = [&earned as _, &fee as _, &vat as _];
        transaction.execute(&self.enter, &[&entries[..], &shares[..]].concat()).await?;
        for (account, share) in [(author, earned), (0, fee), (1, vat)] {
            transaction.execute(&self.credit, &[&account, &share]).await?;
        }
        Ok(())
    }
}
