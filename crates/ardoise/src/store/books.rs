//! The journal and what is remembered of it.

use super::{Db, StoreError, Value};
use ledger::books::Total;
use ledger::{Account, Currency, LineId, Reason, Subject, Transfer};

/// Rows of the journal that one step of following reads at most: it bounds how long the till waits.
const FOLLOWED_AT_ONCE: i64 = 100_000;

/// Adds what is new in the journal to the totals of the accounts; answers whether there may be more.
///
/// # Errors
/// Whatever the engine says.
pub fn follow(db: &dyn Db) -> Result<bool, StoreError> {
    let read = db.number("select read_through from cursor where follower = 'accounts'", &[])?;
    let newest = db.number("select coalesce(max(id), 0) from transfer", &[])?;
    let through = newest.min(read + FOLLOWED_AT_ONCE);
    if through == read {
        return Ok(false);
    }
    let range = [Value::Int(read), Value::Int(through)];
    db.execute(
        "insert into account_total (kind, owner, debit_micros, credit_micros) \
         select kind, owner, cast(sum(debit) as bigint), cast(sum(credit) as bigint) from ( \
           select debit_kind as kind, debit_owner as owner, micros as debit, 0 as credit from transfer \
           where id > ?1 and id <= ?2 union all \
           select credit_kind, credit_owner, 0, micros from transfer where id > ?1 and id <= ?2 \
         ) as moved where true group by kind, owner order by kind, owner \
         on conflict (kind, owner) do update set debit_micros = account_total.debit_micros + excluded.debit_micros, \
         credit_micros = account_total.credit_micros + excluded.credit_micros",
        &range,
    )?;
    db.execute(
        "update cursor set read_through = ?1 where follower = 'accounts'",
        &[Value::Int(through)],
    )?;
    Ok(through < newest)
}

/// The remembered total of an account. Exact once the followers have caught up.
///
/// # Errors
/// Whatever the engine says.
pub fn total(db: &dyn Db, account: Account) -> Result<Total, StoreError> {
    let (kind, owner) = account.stored();
    let sql =
        "select debit_micros, credit_micros from account_total where kind = ?1 and owner = ?2";
    let found = db.first(sql, &[Value::Int(kind), Value::Int(owner)], |row| {
        Ok(Total { debits: row.int(0)?.into(), credits: row.int(1)?.into() })
    })?;
    Ok(found.unwrap_or_default())
}

/// What stands on an account, to the last transfer of this very moment: what is remembered, and what came since.
///
/// # Errors
/// Whatever the engine says.
pub fn balance(db: &dyn Db, account: Account) -> Result<i128, StoreError> {
    let (kind, owner) = account.stored();
    let sql = "select cast(coalesce(sum(case when debit_kind = ?1 and debit_owner = ?2 then micros else 0 end), 0) \
        as bigint), cast(coalesce(sum(case when credit_kind = ?1 and credit_owner = ?2 then micros else 0 end), 0) \
        as bigint) from transfer where id > (select read_through from cursor where follower = 'accounts')";
    let since = db.first(sql, &[Value::Int(kind), Value::Int(owner)], |row| {
        Ok(Total { debits: row.int(0)?.into(), credits: row.int(1)?.into() })
    })?;
    let since = since.unwrap_or_default();
    Ok(total(db, account)?.balance(account) + since.balance(account))
}

/// Every remembered total.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn each_total(
    db: &dyn Db,
    each: &mut dyn FnMut(Account, Total) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql =
        "select kind, owner, debit_micros, credit_micros from account_total order by kind, owner";
    db.query(sql, &[], &mut |row| {
        let account = account(row.int(0)?, row.int(1)?)?;
        each(account, Total { debits: row.int(2)?.into(), credits: row.int(3)?.into() })
    })
}

/// How far the totals have followed the journal, and how far the journal goes.
///
/// # Errors
/// Whatever the engine says.
pub fn followed(db: &dyn Db) -> Result<(i64, i64), StoreError> {
    let read = db.number("select read_through from cursor where follower = 'accounts'", &[])?;
    Ok((read, db.number("select coalesce(max(id), 0) from transfer", &[])?))
}

/// The number of the newest transfer: whoever sees it grow knows that money moved, in whichever process.
///
/// # Errors
/// Whatever the engine says.
pub fn newest(db: &dyn Db) -> Result<i64, StoreError> {
    db.number("select coalesce(max(id), 0) from transfer", &[])
}

/// Every transfer after number `after` up to number `through`, in order, with its number.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn each_transfer(
    db: &dyn Db,
    after: i64,
    through: i64,
    currency: Currency,
    each: &mut dyn FnMut(i64, Transfer) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = "select id, made_at, reason, subject, debit_kind, debit_owner, credit_kind, credit_owner, micros \
        from transfer where id > ?1 and id <= ?2 order by id";
    db.query(sql, &[Value::Int(after), Value::Int(through)], &mut |row| {
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
