//! What the shop makes of an author's files, to be seen and heard before buying.
//!
//! None of it is needed for a sale: a file that cannot be read, or that wants too much memory, has no preview and is sold
//! all the same. Only a cover that cannot be read is refused, because its author wants it to be seen.

use super::media_type::{HEAD_BYTES, Kind, MediaType};
use super::sample::{Sample, sample};
use super::storage::{FileStore, StorageError, Stored};
use super::thumbnail::{Side, Thumbnail, thumbnails};
use crate::app::App;
use crate::problem::{Detail, Problem};
use crate::store::file::{Derived, File};
use crate::store::upload::{self, Upload};
use bytes::Bytes;
use futures_util::stream;
use ledger::{AuthorId, FileId, Timestamp, UploadId, WorkId};
use std::convert::Infallible;
use std::io::{BufReader, ErrorKind};
use tokio::sync::Semaphore;

/// The longer side of a picture on a work's page, in pixels. Networks show previews large from 600 pixels on and ask for
/// 1200 on dense screens.
const PICTURE_PIXELS: u32 = 1_200;
/// The longer side of a picture in a list, in pixels: shown at 72, on dense screens with up to three pixels for one.
const SMALL_PIXELS: u32 = 288;
/// How much of a piece of sound can be heard, in seconds; of a short piece, half.
const SAMPLE_SECONDS: u32 = 30;
/// Files of one request that are looked into; a page shows one picture or one piece of sound.
const LOOKED_INTO: usize = 24;
/// The largest cover, in bytes.
pub const COVER_MOST: u64 = 32 * 1024 * 1024;

/// Pictures are unpacked one at a time: each may take hundreds of megabytes for a moment.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

/// Under which keys the file store may keep an upload and what was made of it.
pub fn keys(storage_key: &str) -> [String; 6] {
    let named = |ending: &str| format!("{storage_key}{ending}");
    [named(""), named("_t"), named("_tm"), named("_s"), named("_c"), named("_cm")]
}

/// Under which key the small version of a derived picture stands.
pub fn small(picture_key: &str) -> String {
    format!("{picture_key}m")
}

/// A finished upload that was looked into.
#[derive(Debug, Clone)]
pub struct LookedInto {
    /// The upload.
    pub upload: Upload,
    media: MediaType,
    seconds: Option<u64>,
    thumbnail: Option<Picture>,
    sample: Option<Derived>,
}

/// A picture that was made, in both its sizes.
#[derive(Debug, Clone)]
pub struct Picture {
    /// For a work's page.
    pub large: Derived,
    /// For lists.
    pub small: Derived,
}

impl LookedInto {
    /// Everything that was derived.
    pub fn derived(&self) -> impl Iterator<Item = &Derived> {
        let pictures = self.thumbnail.iter().flat_map(|made| [&made.large, &made.small]);
        pictures.chain(&self.sample)
    }

    /// The file that a work gets.
    pub fn file(&self, id: FileId, work: WorkId, position: u32, now: Timestamp) -> File {
        let (sha256, crc32) = self.upload.stored.unwrap_or_default();
        File {
            id,
            work,
            position,
            name: self.upload.name.clone(),
            storage_key: self.upload.storage_key.clone(),
            size: self.upload.size,
            sha256,
            crc32,
            media: self.media.kind,
            content_type: self.media.content_type.to_owned(),
            seconds: self.seconds,
            thumbnail_key: self.thumbnail.as_ref().map(|made| made.large.storage_key.clone()),
            sample_key: self.sample.as_ref().map(|made| made.storage_key.clone()),
            added_at: now,
        }
    }
}

/// Looks into uploads that a work is about to take.
///
/// # Errors
/// A problem of `field` when an upload is not the author's, not whole, or gone; and the stores'.
pub async fn look_into(
    app: &App,
    author: AuthorId,
    ids: &[UploadId],
    field: &'static str,
) -> Result<Vec<LookedInto>, Problem> {
    let mut found = Vec::with_capacity(ids.len());
    for (place, id) in ids.iter().enumerate() {
        let upload = finished(app, author, *id, field).await?;
        found.push(look_into_one(app, upload, place < LOOKED_INTO).await?);
    }
    Ok(found)
}

async fn finished(
    app: &App,
    author: AuthorId,
    id: UploadId,
    field: &'static str,
) -> Result<Upload, Problem> {
    let found = app.store.read(|db| upload::by_id(db, id)).await?;
    let usable = |upload: &Upload| {
        upload.author == author && upload.work.is_none() && upload.stored.is_some()
    };
    found.filter(usable).ok_or_else(|| Problem::invalid(field, "reason-upload"))
}

async fn look_into_one(app: &App, upload: Upload, deeply: bool) -> Result<LookedInto, Problem> {
    let head = match app.files.read_head(&upload.storage_key, HEAD_BYTES).await {
        Err(StorageError::Missing) => return Err(Problem::invalid("files", "reason-upload")),
        head => head?,
    };
    let media = MediaType::of(&head, &upload.name);
    let plain = LookedInto { upload, media, seconds: None, thumbnail: None, sample: None };
    if !deeply {
        return Ok(plain);
    }
    match media.kind {
        Kind::Image => {
            let thumbnail =
                picture(app, &plain.upload, "_t", Side::HalfAtMost(PICTURE_PIXELS)).await;
            Ok(LookedInto { thumbnail, ..plain })
        }
        Kind::Audio => {
            let (seconds, sample) = sound(app, &plain.upload).await;
            Ok(LookedInto { seconds, sample, ..plain })
        }
        Kind::Video | Kind::Pdf | Kind::Text | Kind::Other => Ok(plain),
    }
}

/// Makes a cover of an upload.
///
/// # Errors
/// A problem of the field `cover` when it is not a picture that can be read; and the stores'.
pub async fn cover(
    app: &App,
    author: AuthorId,
    id: UploadId,
) -> Result<(Upload, Picture), Problem> {
    let upload = finished(app, author, id, "cover").await?;
    match picture(app, &upload, "_c", Side::AtMost(PICTURE_PIXELS)).await {
        Some(picture) => Ok((upload, picture)),
        None => Err(not_a_cover()),
    }
}

/// What came as a cover is none.
pub fn not_a_cover() -> Problem {
    Problem::invalid("cover", "reason-cover").with("most", Detail::Size(COVER_MOST))
}

/// A picture of an upload, in both sizes; nothing when that does not work out.
async fn picture(app: &App, upload: &Upload, ending: &str, side: Side) -> Option<Picture> {
    let _turn = ONE_AT_A_TIME.acquire().await.ok()?;
    let sides = [side, Side::AtMost(SMALL_PIXELS)];
    let (files, original) = (app.files.clone(), upload.storage_key.clone());
    let make = move || {
        let file = files.reader(&original).map_err(|error| error.to_string())?;
        thumbnails(BufReader::new(file), sides).map_err(|error| error.to_string())
    };
    let [large, little] = work_out(upload, make).await?;
    let key = format!("{}{ending}", upload.storage_key);
    let small = keep_picture(app, &small(&key), little).await?;
    Some(Picture { large: keep_picture(app, &key, large).await?, small })
}

async fn keep_picture(app: &App, key: &str, picture: Thumbnail) -> Option<Derived> {
    let stored = kept(&app.files, key, picture.jpeg).await?;
    Some(Derived {
        storage_key: key.to_owned(),
        content_type: "image/jpeg".to_owned(),
        size: stored.size,
        sha256: stored.sha256,
        pixels: Some((picture.width, picture.height)),
        seconds: None,
    })
}

/// How long a piece of sound is, and its beginning.
async fn sound(app: &App, upload: &Upload) -> (Option<u64>, Option<Derived>) {
    let Ok(_turn) = ONE_AT_A_TIME.acquire().await else { return (None, None) };
    let (files, original) = (app.files.clone(), upload.storage_key.clone());
    let cut =
        work_out(upload, move || beginning(&files, &original).map_err(|error| error.to_string()));
    let cut = cut.await;
    let Some((total, cut)) = cut else { return (None, None) };
    let Some((seconds, cut)) = cut else { return (total, None) };
    let key = format!("{}_s", upload.storage_key);
    let stored = kept(&app.files, &key, cut.bytes).await;
    let derived = stored.map(|stored| Derived {
        storage_key: key,
        content_type: cut.media_type.to_owned(),
        size: stored.size,
        sha256: stored.sha256,
        pixels: None,
        seconds: Some(seconds.into()),
    });
    (total, derived)
}

type Cut = Option<(u32, Sample)>;

/// The first half minute; of what is shorter than a minute, the first half, so that the work is never given away.
fn beginning(files: &FileStore, key: &str) -> Result<(Option<u64>, Cut), StorageError> {
    let Some(first) = sample(files.reader(key)?, SAMPLE_SECONDS)? else { return Ok((None, None)) };
    let total = first.duration_seconds_total;
    let half = total.map_or(SAMPLE_SECONDS, |total| u32::try_from(total / 2).unwrap_or(u32::MAX));
    let cut = match half {
        0 => None,
        half if half < SAMPLE_SECONDS => sample(files.reader(key)?, half)?.map(|cut| (half, cut)),
        _ => Some((SAMPLE_SECONDS, first)),
    };
    Ok((total, cut.filter(|(_, cut)| !cut.is_whole)))
}

/// Does something with a file that may take long, or fall over what is in it.
async fn work_out<T: Send + 'static>(
    upload: &Upload,
    make: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Option<T> {
    let made = tokio::task::spawn_blocking(make).await.map_err(|error| error.to_string());
    match made.and_then(|made| made) {
        Ok(made) => Some(made),
        Err(error) => {
            tracing::info!(upload = %upload.id, error, "a file has no preview");
            None
        }
    }
}

/// Keeps what was made; nothing when the file store has no room. What stands under the key already was made before, of the
/// same file by the same rules.
async fn kept(files: &FileStore, key: &str, bytes: Vec<u8>) -> Option<Stored> {
    match keep(files, key, bytes).await {
        Ok(stored) => Some(stored),
        Err(error) => {
            tracing::warn!(%error, "a preview could not be kept");
            None
        }
    }
}

async fn keep(files: &FileStore, key: &str, bytes: Vec<u8>) -> Result<Stored, StorageError> {
    files.remove_partial(key).await?;
    match files.begin(key).await {
        Err(StorageError::Io(error)) if error.kind() == ErrorKind::AlreadyExists => {}
        begun => {
            begun?;
            let all = bytes.len() as u64;
            let one = stream::iter([Ok::<_, Infallible>(Bytes::from(bytes))]);
            files.append(key, 0, one, all).await?;
        }
    }
    files.finish(key).await
}
