//! The files and the cover of a work: how they come in, and what becomes of those that go.

use super::deciding::Refusal;
use super::derive::{self, LookedInto, Picture};
use super::janitor::GRACE_DAYS;
use crate::app::App;
use crate::ids::Mint;
use crate::problem::{Detail, Problem};
use crate::store::file::{self, Derived, File};
use crate::store::upload::{self, Upload};
use crate::store::work::{self, Work};
use crate::store::{Db, discarded};
use ledger::receipts::Hash;
use ledger::{AuthorId, Timestamp, UploadId, WorkId};

/// Files that a work may have.
pub const FILES_MOST: usize = 200;

/// What becomes of a work's cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cover {
    /// It stays.
    #[default]
    Keep,
    /// This upload takes its place.
    Put(UploadId),
    /// It goes.
    Remove,
}

/// Files that go with a draft.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// Uploads that become files, in this order, after those that are there.
    pub uploads: Vec<UploadId>,
    /// The cover.
    pub cover: Cover,
}

/// Parts that were looked into and can be taken.
pub(super) struct Ready {
    files: Vec<LookedInto>,
    cover: NewCover,
}

enum NewCover {
    Keep,
    Put(Box<(Upload, Picture)>),
    Remove,
}

impl Ready {
    /// Looks into the parts that `work` does not have yet: a request that comes twice adds nothing the second time.
    ///
    /// # Errors
    /// Problems of the fields `files` and `cover`, and the stores'.
    pub(super) async fn of(
        app: &App,
        author: AuthorId,
        work: WorkId,
        parts: &Parts,
    ) -> Result<Self, Problem> {
        if parts.uploads.len() > FILES_MOST {
            return Err(too_many());
        }
        let cover = match parts.cover {
            Cover::Keep => NewCover::Keep,
            Cover::Remove => NewCover::Remove,
            Cover::Put(upload) if has_taken(app, work, upload).await? => NewCover::Keep,
            Cover::Put(upload) => {
                NewCover::Put(Box::new(derive::cover(app, author, upload).await?))
            }
        };
        let mut new = Vec::with_capacity(parts.uploads.len());
        for upload in &parts.uploads {
            if !has_taken(app, work, *upload).await? {
                new.push(*upload);
            }
        }
        let files = derive::look_into(app, author, &new, "files").await?;
        Ok(Self { files, cover })
    }

    /// The hashes of the files.
    pub(super) fn hashes(&self) -> impl Iterator<Item = Hash> {
        self.files.iter().filter_map(|looked| Some(looked.upload.stored?.0))
    }

    /// Puts everything into `work`, which is stored already and is written again afterwards.
    ///
    /// # Errors
    /// Problems of the fields `files` and `cover`, and the store's.
    pub(super) fn take(
        &self,
        db: &dyn Db,
        mint: &Mint,
        work: &mut Work,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.take_cover(db, work, now)?;
        let last = file::by_work(db, work.id)?.last().map(|file| file.position);
        let positions = last.map_or(0, |last| last + 1)..;
        for (looked, position) in self.files.iter().zip(positions) {
            take_one(db, &looked.upload, work.id, "files")?;
            insert_derived(db, looked.derived())?;
            file::insert(db, &looked.file(mint.id(), work.id, position, now))?;
        }
        Ok(())
    }

    fn take_cover(&self, db: &dyn Db, work: &mut Work, now: Timestamp) -> Result<(), Refusal> {
        let new = match &self.cover {
            NewCover::Keep => return Ok(()),
            NewCover::Remove => None,
            NewCover::Put(put) => {
                let (upload, picture) = &**put;
                take_one(db, upload, work.id, "cover")?;
                // Only what was made of it is needed.
                discarded::insert(db, &upload.storage_key, now)?;
                insert_derived(db, [&picture.large, &picture.small].into_iter())?;
                Some(picture.large.storage_key.clone())
            }
        };
        let Some(old) = std::mem::replace(&mut work.cover_key, new) else { return Ok(()) };
        // The stored row names the old cover until it is written.
        work::update(db, work)?;
        discard_derived(db, &old, now)
    }
}

/// Whether a request that came before has given this upload to the work.
async fn has_taken(app: &App, work: WorkId, upload: UploadId) -> Result<bool, Problem> {
    let found = app.store.read(|db| upload::by_id(db, upload)).await?;
    Ok(found.is_some_and(|upload| upload.work == Some(work)))
}

/// A work has more files than it may.
pub(super) fn too_many() -> Problem {
    Problem::invalid("files", "reason-files").with("most", Detail::Count(FILES_MOST as u64))
}

/// Puts an upload that was looked into in the place of the file `old`.
///
/// # Errors
/// A problem of the field `file`, and the store's.
pub(super) fn replace(
    db: &dyn Db,
    old: &File,
    looked: &LookedInto,
    now: Timestamp,
) -> Result<(), Refusal> {
    take_one(db, &looked.upload, old.work, "file")?;
    insert_derived(db, looked.derived())?;
    file::replace(db, &looked.file(old.id, old.work, old.position, now))?;
    discard(db, old, now)
}

/// Takes a file out of its work.
///
/// # Errors
/// The store's.
pub(super) fn remove(db: &dyn Db, old: &File, now: Timestamp) -> Result<(), Refusal> {
    file::remove(db, old.work, old.id)?;
    discard(db, old, now)
}

/// A work takes an upload, unless another took it meanwhile.
fn take_one(
    db: &dyn Db,
    upload: &Upload,
    work: WorkId,
    field: &'static str,
) -> Result<(), Refusal> {
    if upload::take(db, upload.author, upload.id, work)? {
        Ok(())
    } else {
        Err(Problem::invalid(field, "reason-upload").into())
    }
}

fn insert_derived<'a>(
    db: &dyn Db,
    mut made: impl Iterator<Item = &'a Derived>,
) -> Result<(), Refusal> {
    Ok(made.try_for_each(|derived| file::insert_derived(db, derived))?)
}

/// Has the bytes of a file that its work has no more cleared away later, with all that was made of it.
fn discard(db: &dyn Db, old: &File, now: Timestamp) -> Result<(), Refusal> {
    discarded::insert(db, &old.storage_key, now.plus_days(GRACE_DAYS))?;
    let made = old.thumbnail_key.iter().chain(&old.sample_key);
    made.map(String::as_str).try_for_each(|key| discard_derived(db, key, now))
}

fn discard_derived(db: &dyn Db, key: &str, now: Timestamp) -> Result<(), Refusal> {
    for key in [key.to_owned(), derive::small(key)] {
        file::remove_derived(db, &key)?;
        discarded::insert(db, &key, now.plus_days(GRACE_DAYS))?;
    }
    Ok(())
}
