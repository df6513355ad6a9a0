//! The verbs of selling: make a work, change it, put it on sale and take it off, replace and remove its files.
//!
//! Each is one transaction. What is sold under a number never changes: whenever title, article or a file changes, the work
//! moves to its next version, and what that version is made of is written down with its digest. Who bought a work gets its
//! current version.
//!
//! Files come as uploads ([`super::uploads`]) that the same transaction takes. They are looked into before it
//! ([`super::derive`]); should it then be refused, the uploads are still there to be taken.

use super::deciding::{Refusal, write};
use super::derive;
use super::draft::Draft;
use super::parts::{self, FILES_MOST, Parts, Ready};
use crate::app::App;
use crate::ids::Mint;
use crate::links::CHANNEL_MOST;
use crate::problem::{Detail, FILE_MISSING, Problem, WORK_EMPTY, WORK_FOREIGN, WORK_UNKNOWN};
use crate::store::file::{self, File};
use crate::store::link::{self, Link};
use crate::store::work::{self, Kind, State, Work};
use crate::store::{Db, StoreError, people, upload};
use ledger::receipts::{Hash, version_digest};
use ledger::{AuthorId, Currency, FileId, Timestamp, UploadId, WorkId};
use sha2::{Digest as _, Sha256};

/// Links that a work may have.
pub const LINKS_MOST: i64 = 100;

/// A work to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// Its id, minted by whoever asks, so that asking twice makes one work.
    pub id: WorkId,
    /// What it is.
    pub draft: Draft,
    /// Its files.
    pub parts: Parts,
    /// Whether it goes on sale at once.
    pub publish: bool,
}

/// A work with its first link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The work.
    pub work: Work,
    /// The link that it was made with.
    pub link: Link,
}

/// Makes a work with its link. The same request again answers the same work; another one under the same id makes another
/// work.
///
/// # Errors
/// [`WORK_EMPTY`] when it is to be on sale without article and files; problems of the fields `files` and `cover`; the
/// stores'.
pub async fn create(app: &App, author: AuthorId, new: New) -> Result<Made, Problem> {
    let currency = app.currency();
    if let Some(made) = app.store.read(|db| made_before(db, author, &new, None, currency)).await? {
        return again(app, author, made, new.publish).await;
    }
    let deed = to_create(app, author, new).await?;
    write(app, deed).await
}

/// Makes everything ready for [`create`], and leaves its transaction to whoever has more to write in it.
///
/// # Errors
/// As for [`create`], now or then.
pub async fn to_create(
    app: &App,
    author: AuthorId,
    new: New,
) -> Result<impl Fn(&dyn Db) -> Result<Made, Refusal> + Send + 'static + use<>, Problem> {
    let ready = Ready::of(app, author, new.id, &new.parts).await?;
    let (mint, now, currency) = (app.mint.clone(), app.now(), app.currency());
    Ok(move |db: &dyn Db| {
        if let Some(made) = made_before(db, author, &new, Some(&ready), currency)? {
            return Ok(made);
        }
        let taken = work::by_id(db, new.id, currency)?.is_some();
        let id = if taken { mint.id() } else { new.id };
        let mut work = blank(db, author, id, &new.draft, now)?;
        work::insert(db, &work)?;
        new.draft.put(db, &mut work)?;
        ready.take(db, &mint, &mut work, now)?;
        if new.publish {
            put_on_sale(&mut work, now);
        }
        seal(db, &mut work, now)?;
        let link = new_link(&mint, id, String::new(), now);
        link::insert(db, &link)?;
        Ok(Made { work, link })
    })
}

/// What was kept for later and is sent again to be published goes on sale.
async fn again(app: &App, author: AuthorId, made: Made, publish_it: bool) -> Result<Made, Problem> {
    if publish_it && made.work.state == State::Draft {
        let work = publish(app, author, made.work.id).await?;
        return Ok(Made { work, ..made });
    }
    Ok(made)
}

/// Changes a work: all of the draft counts, files are added.
///
/// # Errors
/// [`WORK_UNKNOWN`], [`WORK_FOREIGN`]; [`WORK_EMPTY`] when nothing is left of what is on sale; problems of the fields
/// `files` and `cover`; the stores'.
pub async fn change(
    app: &App,
    author: AuthorId,
    id: WorkId,
    draft: Draft,
    parts: &Parts,
) -> Result<Work, Problem> {
    let deed = to_change(app, author, id, move |_, _| Ok(draft.clone()), parts).await?;
    write(app, deed).await
}

/// Makes everything ready for [`change`], and leaves its transaction to whoever has more to write in it. `draft` is made
/// there of what the work is now and its article.
///
/// # Errors
/// As for [`change`], now or then, and those of `draft`.
pub async fn to_change<F>(
    app: &App,
    author: AuthorId,
    id: WorkId,
    draft: F,
    parts: &Parts,
) -> Result<impl Fn(&dyn Db) -> Result<Work, Refusal> + Send + 'static + use<F>, Problem>
where
    F: Fn(&Work, Option<String>) -> Result<Draft, Problem> + Send + 'static,
{
    let ready = Ready::of(app, author, id, parts).await?;
    let (mint, now, currency) = (app.mint.clone(), app.now(), app.currency());
    Ok(move |db: &dyn Db| {
        let mut work = own(db, author, id, currency)?;
        draft(&work, work::article(db, id)?)?.put(db, &mut work)?;
        ready.take(db, &mint, &mut work, now)?;
        seal(db, &mut work, now)?;
        Ok(work)
    })
}

/// Puts a work on sale.
///
/// # Errors
/// [`WORK_UNKNOWN`], [`WORK_FOREIGN`], [`WORK_EMPTY`], and the store's.
pub async fn publish(app: &App, author: AuthorId, id: WorkId) -> Result<Work, Problem> {
    write(app, to_publish(app, author, id)).await
}

/// [`publish`], with its transaction left to whoever has more to write in it.
pub fn to_publish(
    app: &App,
    author: AuthorId,
    id: WorkId,
) -> impl Fn(&dyn Db) -> Result<Work, Refusal> + Send + 'static + use<> {
    to_alter(app, author, id, |_, work, now| {
        put_on_sale(work, now);
        Ok(())
    })
}

/// Takes a work off sale. Who has it keeps it.
///
/// # Errors
/// [`WORK_UNKNOWN`], [`WORK_FOREIGN`], and the store's.
pub async fn unpublish(app: &App, author: AuthorId, id: WorkId) -> Result<Work, Problem> {
    write(app, to_unpublish(app, author, id)).await
}

/// [`unpublish`], with its transaction left to whoever has more to write in it.
pub fn to_unpublish(
    app: &App,
    author: AuthorId,
    id: WorkId,
) -> impl Fn(&dyn Db) -> Result<Work, Refusal> + Send + 'static + use<> {
    to_alter(app, author, id, |_, work, _| {
        if work.state == State::Published {
            work.state = State::Unpublished;
        }
        Ok(())
    })
}

/// Puts an upload in the place of a file. Who has the work gets it from now on, under the same address.
///
/// # Errors
/// [`WORK_UNKNOWN`], [`WORK_FOREIGN`], [`FILE_MISSING`]; a problem of the field `file`; the stores'.
pub async fn replace_file(
    app: &App,
    author: AuthorId,
    id: WorkId,
    file: FileId,
    upload: UploadId,
) -> Result<Work, Problem> {
    let found = derive::look_into(app, author, &[upload], "file").await?;
    let deed = to_alter(app, author, id, move |db, work, now| {
        let old = part(db, work.id, file)?;
        found.iter().try_for_each(|looked| parts::replace(db, &old, looked, now))
    });
    write(app, deed).await
}

/// Takes a file out of a work.
///
/// # Errors
/// [`WORK_UNKNOWN`], [`WORK_FOREIGN`], [`FILE_MISSING`]; [`WORK_EMPTY`] when nothing is left of what is on sale; the store's.
pub async fn remove_file(
    app: &App,
    author: AuthorId,
    id: WorkId,
    file: FileId,
) -> Result<Work, Problem> {
    let remove =
        move |db: &dyn Db, work: &mut Work, now| parts::remove(db, &part(db, work.id, file)?, now);
    write(app, to_alter(app, author, id, remove)).await
}

/// Makes another link to a work, which counts as a channel of its own. A channel that has one already keeps it.
///
/// # Errors
/// [`WORK_UNKNOWN`], [`WORK_FOREIGN`]; a problem of the field `channel`; the store's.
pub async fn add_link(
    app: &App,
    author: AuthorId,
    id: WorkId,
    channel: &str,
) -> Result<Link, Problem> {
    write(app, to_add_link(app, author, id, channel)?).await
}

/// [`add_link`], with its transaction left to whoever has more to write in it.
///
/// # Errors
/// As for [`add_link`], now or then.
pub fn to_add_link(
    app: &App,
    author: AuthorId,
    id: WorkId,
    channel: &str,
) -> Result<impl Fn(&dyn Db) -> Result<Link, Refusal> + Send + 'static + use<>, Problem> {
    let label = crate::links::channel(Some(channel.trim()));
    if label.is_empty() {
        return Err(wrong_field("channel", "reason-channel", CHANNEL_MOST as u64));
    }
    let (mint, now, currency) = (app.mint.clone(), app.now(), app.currency());
    Ok(move |db: &dyn Db| {
        let work = own(db, author, id, currency)?;
        let links = link::by_work(db, work.id, LINKS_MOST)?;
        if let Some(link) = links.iter().find(|link| link.label == label) {
            return Ok(link.clone());
        }
        if links.len() as i64 >= LINKS_MOST {
            return Err(wrong_field("channel", "reason-links", LINKS_MOST.unsigned_abs()).into());
        }
        let link = new_link(&mint, work.id, label.clone(), now);
        link::insert(db, &link)?;
        Ok(link)
    })
}

fn wrong_field(field: &'static str, reason: &'static str, most: u64) -> Problem {
    Problem::invalid(field, reason).with("most", Detail::Count(most))
}

fn new_link(mint: &Mint, work: WorkId, label: String, now: Timestamp) -> Link {
    Link { id: mint.id(), work, slug: mint.slug(), label, created_at: now }
}

/// One change of a work of `author`, for one transaction.
fn to_alter<F>(
    app: &App,
    author: AuthorId,
    id: WorkId,
    change: F,
) -> impl Fn(&dyn Db) -> Result<Work, Refusal> + Send + 'static + use<F>
where
    F: Fn(&dyn Db, &mut Work, Timestamp) -> Result<(), Refusal> + Send + 'static,
{
    let (now, currency) = (app.now(), app.currency());
    move |db| {
        let mut work = own(db, author, id, currency)?;
        change(db, &mut work, now)?;
        seal(db, &mut work, now)?;
        Ok(work)
    }
}

/// A work that `author` may change.
///
/// # Errors
/// [`WORK_UNKNOWN`], [`WORK_FOREIGN`], and the store's.
pub fn own(db: &dyn Db, author: AuthorId, id: WorkId, currency: Currency) -> Result<Work, Refusal> {
    let work = work::by_id(db, id, currency)?.ok_or_else(|| Problem::new(&WORK_UNKNOWN))?;
    if work.author == author { Ok(work) } else { Err(Problem::new(&WORK_FOREIGN).into()) }
}

fn part(db: &dyn Db, work: WorkId, file: FileId) -> Result<File, Refusal> {
    let found = file::by_id(db, file)?.filter(|found| found.work == work);
    Ok(found.ok_or_else(|| Problem::new(&FILE_MISSING))?)
}

fn put_on_sale(work: &mut Work, now: Timestamp) {
    work.state = State::Published;
    work.published_at.get_or_insert(now);
}

/// A work that nothing but its draft's words is known of yet.
fn blank(
    db: &dyn Db,
    author: AuthorId,
    id: WorkId,
    draft: &Draft,
    now: Timestamp,
) -> Result<Work, Refusal> {
    let name = people::author(db, author)?.map(|author| author.name);
    Ok(Work {
        id,
        author,
        author_name: name.unwrap_or_default(),
        kind: Kind::Files,
        state: State::Draft,
        title: draft.title.clone(),
        description: draft.description.clone(),
        price: draft.price,
        vat_class: draft.vat_class.clone(),
        version: 1,
        digest: version_digest(&draft.title, &[]),
        cover_key: None,
        created_at: now,
        updated_at: now,
        published_at: None,
    })
}

impl Draft {
    /// Writes the draft's article, and its words into `work`.
    fn put(&self, db: &dyn Db, work: &mut Work) -> Result<(), Refusal> {
        work.title.clone_from(&self.title);
        work.description.clone_from(&self.description);
        work.vat_class.clone_from(&self.vat_class);
        work.price = self.price;
        match &self.article {
            Some(markdown) => work::write_article(db, work.id, markdown)?,
            None => work::remove_article(db, work.id)?,
        }
        Ok(())
    }

    fn is_said_by(&self, work: &Work, article: Option<&str>) -> bool {
        self.title == work.title
            && self.description == work.description
            && self.price == work.price
            && self.vat_class == work.vat_class
            && self.article.as_deref() == article
    }
}

/// Writes a changed work. Something for sale is never empty, and other contents are another version.
fn seal(db: &dyn Db, work: &mut Work, now: Timestamp) -> Result<(), Refusal> {
    let article = work::article(db, work.id)?;
    let files = file::by_work(db, work.id)?;
    if work.state == State::Published && article.is_none() && files.is_empty() {
        return Err(Problem::new(&WORK_EMPTY).field("files").into());
    }
    if files.len() > FILES_MOST {
        return Err(parts::too_many().into());
    }
    work.kind = if article.is_some() { Kind::Article } else { Kind::Files };
    work.updated_at = now;
    let parts = contents(article.as_deref(), files.iter().map(|file| file.sha256));
    let digest = version_digest(&work.title, &parts);
    let is_new = work::version(db, work.id, work.version)?.is_none();
    if is_new || digest != work.digest {
        work.version += u32::from(!is_new);
        work.digest = digest;
        work::keep_version(db, work, &parts, now)?;
    }
    Ok(work::update(db, work)?)
}

/// What a work is made of: the hash of its article, and those of its files.
fn contents(article: Option<&str>, files: impl Iterator<Item = Hash>) -> Vec<Hash> {
    let text: Option<Hash> = article.map(|markdown| Sha256::digest(markdown).into());
    text.into_iter().chain(files).collect()
}

/// The work that this very request made before: under its id, with the same words, of the same uploads or of files that are
/// the same byte for byte, as a form without scripts sends them again.
fn made_before(
    db: &dyn Db,
    author: AuthorId,
    new: &New,
    ready: Option<&Ready>,
    currency: Currency,
) -> Result<Option<Made>, StoreError> {
    let Some(work) = work::by_id(db, new.id, currency)?.filter(|work| work.author == author) else {
        return Ok(None);
    };
    let article = work::article(db, work.id)?;
    let has_all = || {
        let taken_by = |id: &UploadId| Ok(upload::by_id(db, *id)?.and_then(|upload| upload.work));
        let takers: Result<Vec<_>, StoreError> = new.parts.uploads.iter().map(taken_by).collect();
        Ok::<_, StoreError>(takers?.iter().all(|taker| *taker == Some(work.id)))
    };
    let is_alike = ready.is_some_and(|ready| {
        let parts = contents(new.draft.article.as_deref(), ready.hashes());
        version_digest(&new.draft.title, &parts) == work.digest
    });
    if !new.draft.is_said_by(&work, article.as_deref()) || !(is_alike || has_all()?) {
        return Ok(None);
    }
    let link = link::by_work(db, work.id, 1)?.pop();
    Ok(link.map(|link| Made { work, link }))
}
