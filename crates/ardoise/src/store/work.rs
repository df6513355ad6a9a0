//! Works: what is for sale.

use super::together::{self, ids};
use super::{Db, Row, StoreError, Value, id};
use crate::till::Tariff;
use crate::till::batch::StoredOffer;
use ledger::receipts::Hash;
use ledger::{AuthorId, Currency, Money, Offer, Price, Timestamp, WorkId};

/// Whether a work is shown and sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not yet.
    Draft,
    /// Yes.
    Published,
    /// Not any more; who has it keeps it.
    Unpublished,
}

impl State {
    /// The word under which it is stored.
    pub const fn stored(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Unpublished => "unpublished",
        }
    }

    fn read(word: &str) -> Result<Self, StoreError> {
        [Self::Draft, Self::Published, Self::Unpublished]
            .into_iter()
            .find(|state| state.stored() == word)
            .ok_or_else(|| StoreError::Corrupt(format!("a work's state is {word}")))
    }
}

/// What a work is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One or more files.
    Files,
    /// An article in Markdown.
    Article,
}

impl Kind {
    /// The word under which it is stored.
    pub const fn stored(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Article => "article",
        }
    }

    /// The kind stored under this word.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for any other word.
    pub fn read(word: &str) -> Result<Self, StoreError> {
        [Self::Files, Self::Article]
            .into_iter()
            .find(|kind| kind.stored() == word)
            .ok_or_else(|| StoreError::Corrupt(format!("a work's kind is {word}")))
    }
}

/// A work as its author keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Its id.
    pub id: WorkId,
    /// Who made it.
    pub author: AuthorId,
    /// Who made it, by name.
    pub author_name: String,
    /// What it is made of.
    pub kind: Kind,
    /// Whether it is for sale.
    pub state: State,
    /// Its title.
    pub title: String,
    /// A few words about it.
    pub description: String,
    /// What it costs.
    pub price: Price,
    /// The class that says which tax rate it has.
    pub vat_class: String,
    /// Which version it is at.
    pub version: u32,
    /// What that version is.
    pub digest: Hash,
    /// The picture on its cover, in the file store.
    pub cover_key: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was first published.
    pub published_at: Option<Timestamp>,
}

macro_rules! columns {
    ($($rest:expr),+) => {
        concat!(
            "select w.id, w.author_id, n.name, w.kind, w.state, w.title, w.description, w.price_kind, ",
            "w.price_micros, w.minimum_micros, w.vat_class, w.version, w.digest, w.cover_key, w.created_at, ",
            "w.updated_at, w.published_at from work w join author n on n.id = w.author_id ",
            $($rest),+
        )
    };
}

fn read(row: &dyn Row, currency: Currency) -> Result<Work, StoreError> {
    Ok(Work {
        id: row.id(0)?,
        author: row.id(1)?,
        author_name: row.text(2)?,
        kind: Kind::read(&row.text(3)?)?,
        state: State::read(&row.text(4)?)?,
        title: row.text(5)?,
        description: row.text(6)?,
        price: price(&row.text(7)?, row.money(8, currency)?, row.money(9, currency)?)?,
        vat_class: row.text(10)?,
        version: row.small(11)?,
        digest: row.bytes(12)?,
        cover_key: row.maybe_text(13)?,
        created_at: row.time(14)?,
        updated_at: row.time(15)?,
        published_at: row.maybe_time(16)?,
    })
}

fn price(kind: &str, amount: Money, minimum: Money) -> Result<Price, StoreError> {
    match kind {
        "free" => Ok(Price::Free),
        "fixed" => Ok(Price::Fixed(amount)),
        "chosen" => Ok(Price::Chosen { minimum, suggestion: amount }),
        other => Err(StoreError::Corrupt(format!("a price of kind {other}"))),
    }
}

/// The word and the two amounts under which a price is stored.
fn stored_price(price: Price) -> (&'static str, i64, i64) {
    match price {
        Price::Free => ("free", 0, 0),
        Price::Fixed(amount) => ("fixed", amount.micros(), 0),
        Price::Chosen { minimum, suggestion } => ("chosen", suggestion.micros(), minimum.micros()),
    }
}

/// A work.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_id(db: &dyn Db, work: WorkId, currency: Currency) -> Result<Option<Work>, StoreError> {
    db.first(columns!("where w.id = ?1"), &[id(work)], |row| read(row, currency))
}

/// These works, in any order.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_ids(db: &dyn Db, works: &[WorkId], currency: Currency) -> Result<Vec<Work>, StoreError> {
    together::all(db, columns!("where w.id in ", ids!()), works.iter().copied().map(id), |row| {
        read(row, currency)
    })
}

/// The works of an author with ids below `before`, newest first.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_author(
    db: &dyn Db,
    author: AuthorId,
    before: WorkId,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Work>, StoreError> {
    let values = [id(author), id(before), Value::Int(limit)];
    let sql = columns!("where w.author_id = ?1 and w.id < ?2 order by w.id desc limit ?3");
    db.all(sql, &values, |row| read(row, currency))
}

/// The newest published works, with the slug of their first link.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn published(
    db: &dyn Db,
    before: WorkId,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Work>, StoreError> {
    let sql = columns!("where w.state = 'published' and w.id < ?1 order by w.id desc limit ?2");
    db.all(sql, &[id(before), Value::Int(limit)], |row| read(row, currency))
}

/// Puts a new work in.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn insert(db: &dyn Db, work: &Work) -> Result<(), StoreError> {
    let (price_kind, price, minimum) = stored_price(work.price);
    let values = [
        id(work.id),
        id(work.author),
        Value::Text(work.kind.stored()),
        Value::Text(work.state.stored()),
        Value::Text(&work.title),
        Value::Text(&work.description),
        Value::Text(price_kind),
        Value::Int(price),
        Value::Int(minimum),
        Value::Text(&work.vat_class),
        Value::Int(work.version.into()),
        Value::Blob(&work.digest),
        work.cover_key.as_deref().into(),
        work.created_at.into(),
        work.updated_at.into(),
        work.published_at.into(),
    ];
    db.execute(
        "insert into work (id, author_id, kind, state, title, description, price_kind, price_micros, \
         minimum_micros, vat_class, version, digest, cover_key, created_at, updated_at, published_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        &values,
    )?;
    Ok(())
}

/// Writes everything of a work that can change.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn update(db: &dyn Db, work: &Work) -> Result<(), StoreError> {
    let (price_kind, price, minimum) = stored_price(work.price);
    let values = [
        id(work.id),
        Value::Text(work.kind.stored()),
        Value::Text(work.state.stored()),
        Value::Text(&work.title),
        Value::Text(&work.description),
        Value::Text(price_kind),
        Value::Int(price),
        Value::Int(minimum),
        Value::Text(&work.vat_class),
        Value::Int(work.version.into()),
        Value::Blob(&work.digest),
        work.cover_key.as_deref().into(),
        work.updated_at.into(),
        work.published_at.into(),
    ];
    db.execute(
        "update work set kind = ?2, state = ?3, title = ?4, description = ?5, price_kind = ?6, price_micros = ?7, \
         minimum_micros = ?8, vat_class = ?9, version = ?10, digest = ?11, cover_key = ?12, updated_at = ?13, \
         published_at = ?14 where id = ?1",
        &values,
    )?;
    Ok(())
}

/// Remembers what a version of a work was: its title and the SHA-256 of each of its parts.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn keep_version(
    db: &dyn Db,
    work: &Work,
    parts: &[Hash],
    now: Timestamp,
) -> Result<(), StoreError> {
    let parts = parts.concat();
    let values = [
        id(work.id),
        Value::Int(work.version.into()),
        Value::Text(&work.title),
        Value::Blob(&parts),
        Value::Blob(&work.digest),
        now.into(),
    ];
    db.execute(
        "insert into work_version (work_id, version, title, parts, digest, made_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6)",
        &values,
    )?;
    Ok(())
}

/// What a version of a work was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its title then.
    pub title: String,
    /// The SHA-256 of each of its parts.
    pub parts: Vec<Hash>,
}

/// What a version of a work was.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn version(db: &dyn Db, work: WorkId, version: u32) -> Result<Option<Version>, StoreError> {
    let sql = "select title, parts from work_version where work_id = ?1 and version = ?2";
    db.first(sql, &[id(work), Value::Int(version.into())], |row| {
        let parts = row.blob(1)?;
        let (whole, rest) = parts.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(StoreError::Corrupt("the parts of a version are not hashes".into()));
        }
        Ok(Version { title: row.text(0)?, parts: whole.to_vec() })
    })
}

/// The text of an article.
///
/// # Errors
/// Whatever the engine says.
pub fn article(db: &dyn Db, work: WorkId) -> Result<Option<String>, StoreError> {
    db.first("select markdown from article where work_id = ?1", &[id(work)], |row| row.text(0))
}

/// The texts of those of these works that are articles, in any order.
///
/// # Errors
/// Whatever the engine says.
pub fn articles(db: &dyn Db, works: &[WorkId]) -> Result<Vec<(WorkId, String)>, StoreError> {
    let sql = concat!("select work_id, markdown from article where work_id in ", ids!());
    together::all(db, sql, works.iter().copied().map(id), |row| Ok((row.id(0)?, row.text(1)?)))
}

/// Writes the text of an article.
///
/// # Errors
/// Whatever the engine says.
pub fn write_article(db: &dyn Db, work: WorkId, markdown: &str) -> Result<(), StoreError> {
    db.execute(
        "insert into article (work_id, markdown) values (?1, ?2) \
         on conflict (work_id) do update set markdown = excluded.markdown",
        &[id(work), Value::Text(markdown)],
    )?;
    Ok(())
}

/// Takes the text of an article away.
///
/// # Errors
/// Whatever the engine says.
pub fn remove_article(db: &dyn Db, work: WorkId) -> Result<(), StoreError> {
    db.execute("delete from article where work_id = ?1", &[id(work)])?;
    Ok(())
}
/// The columns of an offer that [`read_offer`] reads, from column 0, and its slug behind them.
macro_rules! offer_columns {
    ($rest:literal) => {
        concat!(
            "select l.id, w.id, w.author_id, w.version, w.digest, w.price_kind, w.price_micros, w.minimum_micros, ",
            "w.state, w.vat_class, l.slug from link l join work w on w.id = l.work_id ",
            $rest
        )
    };
}
pub(super) use offer_columns;

/// What is offered under a slug, as the till decides on it.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn offer(db: &dyn Db, slug: &str, tariff: &Tariff) -> Result<Option<StoredOffer>, StoreError> {
    let sql = offer_columns!("where l.slug = ?1");
    db.first(sql, &[Value::Text(slug)], |row| read_offer(row, tariff))
}

/// Reads the columns that [`offer_columns`] names.
pub(super) fn read_offer(row: &dyn Row, tariff: &Tariff) -> Result<StoredOffer, StoreError> {
    let (class, currency) = (row.text(9)?, tariff.currency);
    let vat_basis_points = *tariff
        .vat
        .get(&class)
        .ok_or_else(|| StoreError::Corrupt(format!("no tax rate is set for the class {class}")))?;
    let offer = Offer {
        work: row.id(1)?,
        author: row.id(2)?,
        version: row.small(3)?,
        version_digest: row.bytes(4)?,
        price: price(&row.text(5)?, row.money(6, currency)?, row.money(7, currency)?)?,
        for_sale: row.text(8)? == State::Published.stored(),
        vat_basis_points,
    };
    Ok(StoredOffer { link: row.id(0)?, offer })
}
