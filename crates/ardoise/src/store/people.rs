//! Authors, the operator, and how they are let in.

use super::{Db, Row, StoreError, Value, id};
use crate::till::command::SecretHash;
use ledger::{AuthorId, InviteId, SessionId, Timestamp};

/// Somebody who makes works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Their id.
    pub id: AuthorId,
    /// The name that readers see.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// Who somebody is once let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// An author.
    Author(AuthorId),
    /// The operator.
    Operator,
}

impl Role {
    const fn stored(self) -> &'static str {
        match self {
            Self::Author(_) => "author",
            Self::Operator => "operator",
        }
    }

    fn author<'a>(self) -> Value<'a> {
        match self {
            Self::Author(author) => id(author),
            Self::Operator => Value::Null,
        }
    }

    fn read(row: &dyn Row, word: usize, author: usize) -> Result<Self, StoreError> {
        match (row.text(word)?.as_str(), row.maybe_int(author)?) {
            ("author", Some(raw)) => Ok(Self::Author(ledger::ShopId::from_raw(raw))),
            ("operator", None) => Ok(Self::Operator),
            (other, _) => Err(StoreError::Corrupt(format!("a role is {other}"))),
        }
    }
}

/// Puts a new author in.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn insert_author(db: &dyn Db, author: &Author) -> Result<(), StoreError> {
    let values = [id(author.id), Value::Text(&author.name), author.created_at.into()];
    db.execute("insert into author (id, name, created_at) values (?1, ?2, ?3)", &values)?;
    Ok(())
}

/// An author.
///
/// # Errors
/// Whatever the engine says.
pub fn author(db: &dyn Db, author: AuthorId) -> Result<Option<Author>, StoreError> {
    let sql = "select id, name, created_at from author where id = ?1";
    db.first(sql, &[id(author)], read_author)
}

/// Authors who are called `name`, to the letter, oldest first.
///
/// # Errors
/// Whatever the engine says.
pub fn called(db: &dyn Db, name: &str, limit: i64) -> Result<Vec<Author>, StoreError> {
    let sql = "select id, name, created_at from author where name = ?1 order by id limit ?2";
    db.all(sql, &[Value::Text(name), Value::Int(limit)], read_author)
}

/// Authors with ids above `after`, oldest first.
///
/// # Errors
/// Whatever the engine says.
pub fn authors(db: &dyn Db, after: AuthorId, limit: i64) -> Result<Vec<Author>, StoreError> {
    let sql = "select id, name, created_at from author where id > ?1 order by id limit ?2";
    db.all(sql, &[id(after), Value::Int(limit)], read_author)
}

fn read_author(row: &dyn Row) -> Result<Author, StoreError> {
    Ok(Author { id: row.id(0)?, name: row.text(1)?, created_at: row.time(2)? })
}

/// An author as the operator sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The author.
    pub author: Author,
    /// Works on sale.
    pub works: u64,
    /// Whether they never came in.
    pub invited: bool,
}

/// Authors with ids above `after`, oldest first, with how they stand.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn standings(db: &dyn Db, after: AuthorId, limit: i64) -> Result<Vec<Standing>, StoreError> {
    let sql = "select a.id, a.name, a.created_at, \
        (select count(*) from work w where w.author_id = a.id and w.state = 'published'), \
        not exists (select 1 from invite i where i.author_id = a.id and i.used_at is not null) \
        and exists (select 1 from invite i where i.author_id = a.id) \
        from author a where a.id > ?1 order by a.id limit ?2";
    db.all(sql, &[id(after), Value::Int(limit)], |row| {
        let (author, works) = (read_author(row)?, row.count(3)?);
        Ok(Standing { author, works, invited: row.int(4)? != 0 })
    })
}

/// Changes the name that readers see.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn rename_author(db: &dyn Db, author: AuthorId, name: &str) -> Result<(), StoreError> {
    db.execute("update author set name = ?2 where id = ?1", &[id(author), Value::Text(name)])?;
    Ok(())
}

/// A link that lets somebody in, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Its id.
    pub id: InviteId,
    /// The hash of its secret.
    pub secret_hash: SecretHash,
    /// As what it lets in.
    pub role: Role,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// Puts an invitation in, in place of one with the same id.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn put_invite(db: &dyn Db, invite: &Invite, now: Timestamp) -> Result<(), StoreError> {
    let values = [
        id(invite.id),
        Value::from(&invite.secret_hash),
        Value::Text(invite.role.stored()),
        invite.role.author(),
        now.into(),
        invite.expires_at.into(),
    ];
    db.execute("delete from invite where id = ?1", &values[..1])?;
    db.execute(
        "insert into invite (id, secret_hash, role, author_id, created_at, expires_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6)",
        &values,
    )?;
    Ok(())
}

/// An invitation.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn invite(db: &dyn Db, invite: InviteId) -> Result<Option<Invite>, StoreError> {
    let sql =
        "select id, secret_hash, role, author_id, expires_at, used_at from invite where id = ?1";
    db.first(sql, &[id(invite)], |row| {
        Ok(Invite {
            id: row.id(0)?,
            secret_hash: row.bytes(1)?,
            role: Role::read(row, 2, 3)?,
            expires_at: row.time(4)?,
            used_at: row.maybe_time(5)?,
        })
    })
}

/// Uses an invitation up; answers whether it was still there to use.
///
/// # Errors
/// Whatever the engine says.
pub fn use_invite(db: &dyn Db, invite: InviteId, now: Timestamp) -> Result<bool, StoreError> {
    let sql =
        "update invite set used_at = ?2 where id = ?1 and used_at is null and expires_at > ?2";
    Ok(db.execute(sql, &[id(invite), now.into()])? == 1)
}

/// A browser in which somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The hash of its secret.
    pub secret_hash: SecretHash,
    /// As what.
    pub role: Role,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Puts a session in.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn insert_session(db: &dyn Db, session: &Session, now: Timestamp) -> Result<(), StoreError> {
    let values = [
        id(session.id),
        Value::from(&session.secret_hash),
        Value::Text(session.role.stored()),
        session.role.author(),
        now.into(),
        session.expires_at.into(),
    ];
    db.execute(
        "insert into session (id, secret_hash, role, author_id, created_at, expires_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6)",
        &values,
    )?;
    Ok(())
}

/// A session.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn session(db: &dyn Db, session: SessionId) -> Result<Option<Session>, StoreError> {
    let sql = "select id, secret_hash, role, author_id, expires_at from session where id = ?1";
    db.first(sql, &[id(session)], |row| {
        Ok(Session {
            id: row.id(0)?,
            secret_hash: row.bytes(1)?,
            role: Role::read(row, 2, 3)?,
            expires_at: row.time(4)?,
        })
    })
}

/// Whether a browser is signed in as the operator.
///
/// # Errors
/// Whatever the engine says.
pub fn operator_is_in(db: &dyn Db, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "select count(*) from session where role = 'operator' and expires_at > ?1";
    Ok(db.number(sql, &[now.into()])? > 0)
}

/// Ends a session.
///
/// # Errors
/// Whatever the engine says.
pub fn remove_session(db: &dyn Db, session: SessionId) -> Result<(), StoreError> {
    db.execute("delete from session where id = ?1", &[id(session)])?;
    Ok(())
}
