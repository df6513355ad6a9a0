//! The journal and what is remembered of it.

use super::{Db, Row, StoreError, Value};
use crate::till::TillNumber;
use ledger::books::Total;
use ledger::{Account, Currency, LineId, Reason, Subject, Transfer};

/// Rows of the journal that one step of following reads at most: it bounds how long the till waits.
const FOLLOWED_AT_ONCE: i64 = 100_000;

/// Every till that ever wrote here.
///
/// # Errors
/// Whatever the engine says.
pub fn tills(db: &dyn Db) -> Result<Vec<TillNumber>, StoreError> {
    let sql = "select till from cursor where follower = 'accounts' order by till";
    db.all(sql, &[], |row| row.int(0).map(TillNumber))
}

/// Makes the rows of a till that opens for the first time.
///
/// # Errors
/// Whatever the engine says.
pub fn open_till(db: &dyn Db, till: TillNumber) -> Result<(), StoreError> {
    for follower in [Follower::Accounts, Follower::Gains, Follower::Webhooks] {
        db.execute(
            "insert into cursor (till, follower, read_through) values (?1, ?2, 0) \
             on conflict (till, follower) do nothing",
            &[Value::Int(till.0), Value::Text(follower.stored())],
        )?;
    }
    Ok(())
}

/// Who reads what a till wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follower {
    /// Adds the journal up into totals of accounts.
    Accounts,
    /// Adds the outbox up into sales by hour.
    Gains,
    /// Turns the outbox into deliveries.
    Webhooks,
}

impl Follower {
    const fn stored(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Gains => "gains",
            Self::Webhooks => "webhooks",
        }
    }
}

/// How far a follower has read what a till wrote, and until the transaction ends nobody else can read on: nothing is counted
/// twice however many processes follow.
///
/// # Errors
/// Whatever the engine says.
pub fn lock(db: &dyn Db, till: TillNumber, follower: Follower) -> Result<i64, StoreError> {
    // Written back unchanged: that is what locks the row on every engine.
    let sql = "update cursor set read_through = read_through where till = ?1 and follower = ?2 \
        returning read_through";
    db.number(sql, &[Value::Int(till.0), Value::Text(follower.stored())])
}

/// What a till's outbox holds that a follower has not read: after which row, and up to which, at most `most` rows. Nobody else
/// reads it meanwhile; see [`lock`].
///
/// # Errors
/// Whatever the engine says.
pub fn unread(
    db: &dyn Db,
    till: TillNumber,
    follower: Follower,
    most: i64,
) -> Result<Option<(i64, i64)>, StoreError> {
    let newest =
        db.number("select coalesce(max(id), 0) from outbox where till = ?1", &[till.into()])?;
    let sql = "select read_through from cursor where till = ?1 and follower = ?2";
    if newest <= db.number(sql, &[till.into(), Value::Text(follower.stored())])? {
        return Ok(None);
    }
    let read = lock(db, till, follower)?;
    let through = newest.min(read + most);
    Ok((through > read).then_some((read, through)))
}

/// A follower has read what a till wrote up to `through`.
///
/// # Errors
/// Whatever the engine says.
pub fn have_read(
    db: &dyn Db,
    till: TillNumber,
    follower: Follower,
    through: i64,
) -> Result<(), StoreError> {
    let sql = "update cursor set read_through = ?3 where till = ?1 and follower = ?2";
    let values = [Value::Int(till.0), Value::Text(follower.stored()), Value::Int(through)];
    db.execute(sql, &values)?;
    Ok(())
}

/// Adds what is new in a till's journal to the totals of the accounts; answers whether there may be more. Tabs are left out:
/// what a tab owes stands with the tab.
///
/// # Errors
/// Whatever the engine says.
pub fn follow(db: &dyn Db, till: TillNumber) -> Result<bool, StoreError> {
    let (seen, newest) = followed(db, till)?;
    if newest <= seen {
        return Ok(false);
    }
    let read = lock(db, till, Follower::Accounts)?;
    let through = newest.min(read + FOLLOWED_AT_ONCE);
    if through <= read {
        return Ok(false);
    }
    let range = [till.into(), Value::Int(read), Value::Int(through), Value::Int(Account::TAB_KIND)];
    db.execute(
        "insert into account_total (kind, owner, till, debit_micros, credit_micros) \
         select kind, owner, till, cast(sum(debit) as bigint), cast(sum(credit) as bigint) from ( \
           select debit_kind as kind, debit_owner as owner, till, micros as debit, 0 as credit from transfer \
           where till = ?1 and id > ?2 and id <= ?3 and debit_kind <> ?4 union all \
           select credit_kind, credit_owner, till, 0, micros from transfer \
           where till = ?1 and id > ?2 and id <= ?3 and credit_kind <> ?4 \
         ) as moved where true group by kind, owner, till order by kind, owner \
         on conflict (kind, owner, till) do update set \
         debit_micros = account_total.debit_micros + excluded.debit_micros, \
         credit_micros = account_total.credit_micros + excluded.credit_micros",
        &range,
    )?;
    have_read(db, till, Follower::Accounts, through)?;
    Ok(through < newest)
}

fn read_total(row: &dyn Row) -> Result<Total, StoreError> {
    Ok(Total { debits: row.int(0)?.into(), credits: row.int(1)?.into() })
}

/// The remembered total of an account that is not a tab. Exact once the followers have caught up.
///
/// # Errors
/// Whatever the engine says.
pub fn total(db: &dyn Db, account: Account) -> Result<Total, StoreError> {
    let (kind, owner) = account.stored();
    let sql = "select cast(coalesce(sum(debit_micros), 0) as bigint), \
        cast(coalesce(sum(credit_micros), 0) as bigint) from account_total where kind = ?1 and owner = ?2";
    let found = db.first(sql, &[Value::Int(kind), Value::Int(owner)], read_total)?;
    Ok(found.unwrap_or_default())
}

/// What stands on an account that is not a tab, to the last transfer of this very moment: what is remembered, and what came since.
///
/// # Errors
/// Whatever the engine says.
pub fn balance(db: &dyn Db, account: Account) -> Result<i128, StoreError> {
    let (kind, owner) = account.stored();
    let sql = "select \
        cast(coalesce(sum(case when t.debit_kind = ?1 and t.debit_owner = ?2 then t.micros else 0 end), 0) as bigint), \
        cast(coalesce(sum(case when t.credit_kind = ?1 and t.credit_owner = ?2 then t.micros else 0 end), 0) as bigint) \
        from cursor c join transfer t on t.till = c.till and t.id > c.read_through where c.follower = 'accounts'";
    let since = db.first(sql, &[Value::Int(kind), Value::Int(owner)], read_total)?;
    let since = since.unwrap_or_default();
    Ok(total(db, account)?.balance(account) + since.balance(account))
}

/// Every remembered total; tabs have none.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn each_total(
    db: &dyn Db,
    each: &mut dyn FnMut(Account, Total) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = "select kind, owner, cast(sum(debit_micros) as bigint), cast(sum(credit_micros) as bigint) \
        from account_total group by kind, owner order by kind, owner";
    db.query(sql, &[], &mut |row| {
        let account = account(row.int(0)?, row.int(1)?)?;
        each(account, Total { debits: row.int(2)?.into(), credits: row.int(3)?.into() })
    })
}

/// How far the totals have followed a till's journal, and how far that goes.
///
/// # Errors
/// Whatever the engine says.
pub fn followed(db: &dyn Db, till: TillNumber) -> Result<(i64, i64), StoreError> {
    let read = "select read_through from cursor where till = ?1 and follower = 'accounts'";
    let newest = "select coalesce(max(id), 0) from transfer where till = ?1";
    Ok((db.number(read, &[till.into()])?, db.number(newest, &[till.into()])?))
}

/// How many transfers there are: whoever sees the number grow knows that money moved, in whichever process.
///
/// # Errors
/// Whatever the engine says.
pub fn transfers(db: &dyn Db) -> Result<i64, StoreError> {
    // Each till numbers its own without gaps.
    let sql = "select cast(coalesce(sum((select max(t.id) from transfer t where t.till = c.till)), 0) as bigint) \
        from cursor c where c.follower = 'accounts'";
    db.number(sql, &[])
}

/// Every transfer of a till after number `after` up to number `through`, in order, with its number.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn each_transfer(
    db: &dyn Db,
    till: TillNumber,
    (after, through): (i64, i64),
    currency: Currency,
    each: &mut dyn FnMut(i64, Transfer) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = "select id, made_at, reason, subject, debit_kind, debit_owner, credit_kind, credit_owner, micros \
        from transfer where till = ?1 and id > ?2 and id <= ?3 order by id";
    db.query(sql, &[till.into(), Value::Int(after), Value::Int(through)], &mut |row| {
        let reason = row.int(2)?;
        let unknown = || StoreError::Corrupt(format!("a transfer's reason is {reason}"));
        let transfer = Transfer {
            at: row.time(1)?,
            reason: Reason::from_stored(reason).ok_or_else(unknown)?,
            subject: Subject::Line(LineId::from_bytes(row.bytes(3)?)),
            debit: account(row.int(4)?, row.int(5)?)?,
            credit: account(row.int(6)?, row.int(7)?)?,
            amount: row.money(8, currency)?,
        };
        each(row.int(0)?, transfer)
    })
}

fn account(kind: i64, owner: i64) -> Result<Account, StoreError> {
    Account::from_stored(kind, owner)
        .ok_or_else(|| StoreError::Corrupt(format!("an account of kind {kind}")))
}
