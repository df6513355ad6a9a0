//! The till on PostgreSQL: one transaction per batch, a few statements over whole sets of rows, three trips.
//!
//! # One batch
//! 1. *First trip:* begin; the offers that the commands name, and the tabs of the lines that are to be undone.
//! 2. *Second trip:* the tabs, locked in the order of their ids (`for update`), then what stands on them. Whoever else wants one
//!    of these tabs waits for this batch, in the same order, so that two tills never wait for each other. Nothing else is locked:
//!    a popular author, the operator's fee and the tax are no rows that purchases meet in.
//! 3. [`Batch::decide`] answers the commands.
//! 4. *Third trip:* everything that is written, column by column (`unnest`), and the commit.
//!
//! When the server says that the batch collided with another one, the whole batch is done again. When the connection is lost before
//! the commit, nothing happened, and it is done again on a new one. When it is lost *during* the commit, nobody knows; it is done again
//! all the same, because a command that stands already is answered as before and changes nothing.

use super::{Connection, Server};
use crate::store::{Db, StoreError, Value, statement, tab, work};
use crate::till::batch::{Batch, Snapshot, WriteSet};
use crate::till::command::Command;
use crate::till::{Applied, Tariff, TillStore};
use futures_util::future::{try_join, try_join3};
use ledger::{LineId, ShopId as _, TabId, Timestamp};
use std::collections::{BTreeSet, HashSet};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// How often a batch that collided, or that lost its connection, is done again before those who wait are told.
const TRIES: u32 = 8;
