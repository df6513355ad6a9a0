//! Files on their way in: in pieces that can be resumed, or as one stream.
//!
//! An upload is a row from its first moment, so that whatever stops half-way is found and cleared away once it expires.
//! Its bytes are with the file store; a length that was told to an uploader survives a power cut.

pub mod http;

use super::deciding::write;
use super::file_name::safe_name;
use super::{derive, janitor};
use crate::app::App;
use crate::problem::{
    Detail, Problem, UPLOAD_OFFSET, UPLOAD_TOO_LARGE, UPLOAD_TOO_MANY, UPLOAD_UNKNOWN,
};
use crate::store::upload::{self, Upload};
use crate::store::{Db, StoreError, discarded};
use crate::works::storage::StorageError;
use bytes::Bytes;
use futures_util::Stream;
use ledger::{AuthorId, Timestamp, UploadId};
use std::error::Error;

/// Uploads of one author that may wait for a work to take them.
pub const WAITING_MOST: i64 = 500;

/// A file that is about to come.
#[derive(Debug, Clone, Default)]
pub struct Announced {
    /// What it is called; made safe before it is kept.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// What tus calls its metadata; may be empty.
    pub metadata: String,
}

/// The size of an upload whose length is not known before all of it is here.
const UNKNOWN_SIZE: u64 = i64::MAX.unsigned_abs();

/// Makes room for a file that was announced.
///
/// # Errors
/// [`UPLOAD_TOO_LARGE`], [`UPLOAD_TOO_MANY`], and the stores'.
pub async fn begin(app: &App, author: AuthorId, file: Announced) -> Result<Upload, Problem> {
    if file.size > app.settings.upload_max_bytes {
        return Err(too_large(app.settings.upload_max_bytes));
    }
    let begun = make_room(app, author, file).await?;
    if begun.size == 0 { finish(app, &begun).await } else { Ok(begun) }
}

async fn make_room(app: &App, author: AuthorId, file: Announced) -> Result<Upload, Problem> {
    let id: UploadId = app.mint.id();
    let begun = Upload {
        id,
        author,
        name: safe_name(&file.name),
        metadata: file.metadata,
        size: file.size,
        storage_key: id.to_string(),
        started_at: app.now(),
        expires_at: expiry(app),
        stored: None,
        work: None,
    };
    let kept = begun.clone();
    write(app, move |db| {
        if upload::waiting(db, author)? >= WAITING_MOST {
            let most = Detail::Count(WAITING_MOST.unsigned_abs());
            return Err(Problem::new(&UPLOAD_TOO_MANY).with("most", most).into());
        }
        Ok(upload::insert(db, &kept)?)
    })
    .await?;
    app.files.begin(&begun.storage_key).await?;
    Ok(begun)
}

fn too_large(most: u64) -> Problem {
    Problem::new(&UPLOAD_TOO_LARGE).with("maximum", Detail::Size(most))
}

/// Until when an upload waits that something happens to now.
fn expiry(app: &App) -> Timestamp {
    app.now().plus_minutes(app.settings.upload_keep_hours.saturating_mul(60))
}

/// An upload of `author` that no work has taken yet.
///
/// # Errors
/// [`UPLOAD_UNKNOWN`], also for an upload of somebody else, and the store's.
pub async fn own(app: &App, author: AuthorId, id: UploadId) -> Result<Upload, Problem> {
    let found = app.store.read(|db| upload::by_id(db, id)).await?;
    let mine = |upload: &Upload| {
        upload.author == author && upload.work.is_none() && upload.expires_at > app.now()
    };
    found.filter(mine).ok_or_else(|| Problem::new(&UPLOAD_UNKNOWN))
}

/// How much of an upload is here and safe, in bytes. One whose last piece came just before the process stopped is finished
/// now.
///
/// # Errors
/// [`UPLOAD_UNKNOWN`], and the stores'.
pub async fn offset(app: &App, upload: &Upload) -> Result<u64, Problem> {
    if upload.stored.is_some() {
        return Ok(upload.size);
    }
    match app.files.partial_len(&upload.storage_key).await {
        Ok(length) if length < upload.size => Ok(length),
        Ok(_) | Err(StorageError::Missing) => Ok(finish(app, upload).await?.size),
        Err(error) => Err(error.into()),
    }
}

/// Adds a piece at `offset`, as it comes; answers how much is here and safe then.
///
/// # Errors
/// [`UPLOAD_OFFSET`] when the upload goes on elsewhere, `upload.busy` while another request writes to it,
/// [`UPLOAD_TOO_LARGE`] when more comes than was announced, and the stores'. Whatever came before is kept.
pub async fn append<S, E>(
    app: &App,
    upload: &Upload,
    offset: u64,
    chunks: S,
) -> Result<u64, Problem>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    if upload.stored.is_some() {
        let elsewhere = Problem::new(&UPLOAD_OFFSET).field("Upload-Offset");
        return if offset == upload.size { Ok(offset) } else { Err(elsewhere) };
    }
    extend(app, upload).await?;
    let appended = app.files.append(&upload.storage_key, offset, chunks, upload.size).await;
    let length = match appended {
        Err(StorageError::TooLarge) => return Err(too_large(upload.size)),
        Err(StorageError::Missing) => return Err(Problem::new(&UPLOAD_UNKNOWN)),
        appended => appended?,
    };
    if length == upload.size { Ok(finish(app, upload).await?.size) } else { Ok(length) }
}

/// An upload that goes on does not expire; it is written down rarely.
async fn extend(app: &App, upload: &Upload) -> Result<(), StoreError> {
    let (id, until) = (upload.id, expiry(app));
    let half = until.micros_since(app.now()) / 2;
    if until.micros_since(upload.expires_at) < half {
        return Ok(());
    }
    app.store.write(move |db| upload::extend(db, id, until)).await
}

/// Receives a whole file of at most `most` bytes whose length is not known before.
///
/// # Errors
/// [`UPLOAD_TOO_LARGE`], [`UPLOAD_TOO_MANY`], `upload.broken`, and the stores'; nothing of the file is kept then.
pub async fn receive<S, E>(
    app: &App,
    author: AuthorId,
    name: &str,
    most: u64,
    chunks: S,
) -> Result<Upload, Problem>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let file = Announced { name: name.to_owned(), size: UNKNOWN_SIZE, metadata: String::new() };
    let begun = make_room(app, author, file).await?;
    match app.files.append(&begun.storage_key, 0, chunks, most).await {
        Ok(_) => finish(app, &begun).await,
        Err(error) => {
            discard(app, &begun).await?;
            Err(if matches!(error, StorageError::TooLarge) {
                too_large(most)
            } else {
                error.into()
            })
        }
    }
}

/// All bytes are here: sums them up and moves them where works take them from. Doing so again gives the same answer.
async fn finish(app: &App, upload: &Upload) -> Result<Upload, Problem> {
    let stored = match app.files.finish(&upload.storage_key).await {
        Err(StorageError::Missing) => return Err(Problem::new(&UPLOAD_UNKNOWN)),
        finished => finished?,
    };
    let (id, now) = (upload.id, app.now());
    let known = app.store.write(move |db| upload::finish(db, id, &stored, now)).await?;
    if !known {
        // It was taken away meanwhile, and its bytes moved after that.
        app.files.remove(&upload.storage_key).await?;
        return Err(Problem::new(&UPLOAD_UNKNOWN));
    }
    let stored_as = Some((stored.sha256, stored.crc32));
    Ok(Upload { size: stored.size, stored: stored_as, ..upload.clone() })
}

/// Takes an upload away that no work has taken.
///
/// # Errors
/// The stores'.
pub async fn discard(app: &App, upload: &Upload) -> Result<(), Problem> {
    let (gone, now) = (upload.clone(), app.now());
    app.store.write(move |db| forget(db, &gone, now)).await?;
    janitor::empty(app).await
}

/// Takes the row of an upload away and, unless a work has taken them, its bytes and all that was derived from them.
pub(super) fn forget(db: &dyn Db, upload: &Upload, now: Timestamp) -> Result<(), StoreError> {
    // Whether a work has taken it may have changed since it was read.
    let current = upload::by_id(db, upload.id)?;
    let Some(current) = current else { return Ok(()) };
    upload::remove(db, current.id)?;
    if current.work.is_none() {
        derive::keys(&current.storage_key)
            .iter()
            .try_for_each(|key| discarded::insert(db, key, now))?;
    }
    Ok(())
}
