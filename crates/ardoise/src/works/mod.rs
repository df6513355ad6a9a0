//! What is for sale: files, articles, prices, previews.

pub mod archive;
pub mod article;
pub mod deciding;
pub mod derive;
pub mod draft;
pub mod file_name;
pub mod form;
pub mod http;
pub mod janitor;
pub mod media_type;
pub mod parts;
pub mod publishing;
pub mod sample;
mod shown;
pub mod storage;
pub mod thumbnail;
pub mod uploads;
pub mod words;

use crate::app::App;
use crate::links::last_seen::Weighed;
use crate::pages::work::{Kind as KindView, Price as PriceView};
use crate::problem::{Problem, WORK_UNKNOWN};
use crate::store::file::File;
use crate::store::work::{Kind, Work};
use crate::store::{Db, StoreError, file, work};
use ledger::{Currency, Price, WorkId};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A work with what it is made of.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The work.
    pub work: Work,
    /// The text of an article, in Markdown.
    pub markdown: Option<String>,
    /// Its files, in their order.
    pub files: Vec<File>,
}

/// A work with what it is made of.
///
/// # Errors
/// [`WORK_UNKNOWN`], or the store's.
pub async fn whole(app: &App, id: WorkId) -> Result<Whole, Problem> {
    let found = app.store.read(|db| Whole::read(db, id, app.currency()));
    found.await?.ok_or_else(|| Problem::new(&WORK_UNKNOWN))
}

/// A work as those see it who may read all of it.
#[derive(Debug, Clone)]
pub struct Readable {
    /// The work.
    pub work: Work,
    /// What it is, for the quiet line above its title.
    pub kind: KindView,
    /// The text of an article: HTML that is safe to show.
    pub article: Option<String>,
    /// Its files, in their order.
    pub files: Vec<File>,
}

/// A work as those see it who may read all of it, from the store or as it was read a moment ago.
///
/// # Errors
/// [`WORK_UNKNOWN`], or the store's.
pub async fn readable(app: &App, id: WorkId) -> Result<Arc<Readable>, Problem> {
    let (shelf, key, now) = (&app.last_seen.readables, id.to_string(), app.moment());
    if let Some(fresh) = shelf.fresh(&key, now) {
        return Ok(fresh);
    }
    let readable = Arc::new(Readable::from(whole(app, id).await?));
    shelf.keep(&key, &readable, now);
    Ok(readable)
}

impl From<Whole> for Readable {
    fn from(whole: Whole) -> Self {
        let article = whole.markdown.as_deref().map(|markdown| article::render(markdown).html);
        Self { kind: whole.kind(), article, work: whole.work, files: whole.files }
    }
}

impl Weighed for Readable {
    fn bytes(&self) -> usize {
        let files: usize = self.files.iter().map(|file| file.name.len() + 512).sum();
        self.work.bytes() + self.article.as_ref().map_or(0, String::len) + files
    }
}

impl Whole {
    /// A work with what it is made of, where there is one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or whatever the engine says.
    pub fn read(db: &dyn Db, id: WorkId, currency: Currency) -> Result<Option<Self>, StoreError> {
        let Some(work) = work::by_id(db, id, currency)? else { return Ok(None) };
        let markdown = work::article(db, id)?;
        Ok(Some(Self { work, markdown, files: file::by_work(db, id)? }))
    }

    /// These works with what they are made of, in their order, however many in a few questions.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or whatever the engine says.
    pub fn of(db: &dyn Db, works: Vec<Work>) -> Result<Vec<Self>, StoreError> {
        let ids: Vec<WorkId> = works.iter().map(|work| work.id).collect();
        let mut articles: HashMap<WorkId, String> = work::articles(db, &ids)?.into_iter().collect();
        let mut files: HashMap<WorkId, Vec<File>> = HashMap::new();
        for file in file::by_works(db, &ids)? {
            files.entry(file.work).or_default().push(file);
        }
        let whole = works.into_iter().map(|work| Self {
            markdown: articles.remove(&work.id),
            files: files.remove(&work.id).unwrap_or_default(),
            work,
        });
        Ok(whole.collect())
    }

    /// What it is, for the quiet line above its title.
    pub fn kind(&self) -> KindView {
        match (self.work.kind, self.files.as_slice()) {
            (Kind::Article, _) => {
                let minutes = self.markdown.as_deref().map_or(1, article::minutes);
                let minutes = u32::try_from(minutes).unwrap_or(u32::MAX);
                KindView::Article { minutes }
            }
            (Kind::Files, [only]) => kind_of_file(only),
            (Kind::Files, files) => KindView::Files {
                count: files.len() as u64,
                bytes: files.iter().map(|file| file.size).fold(0, u64::saturating_add),
            },
        }
    }
}

fn kind_of_file(file: &File) -> KindView {
    match file.media {
        media_type::Kind::Image => KindView::Image,
        media_type::Kind::Audio => KindView::Audio { seconds: file.seconds },
        media_type::Kind::Video => KindView::Video { seconds: file.seconds },
        media_type::Kind::Pdf | media_type::Kind::Text | media_type::Kind::Other => {
            KindView::Files { count: 1, bytes: file.size }
        }
    }
}

/// What each of these works is, some of them perhaps named twice, for the quiet line above its title.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn kinds(
    db: &dyn Db,
    works: &[WorkId],
    currency: Currency,
) -> Result<HashMap<WorkId, KindView>, StoreError> {
    let once: BTreeSet<WorkId> = works.iter().copied().collect();
    let works = work::by_ids(db, &Vec::from_iter(once), currency)?;
    let works = Whole::of(db, works)?;
    Ok(works.into_iter().map(|whole| (whole.work.id, whole.kind())).collect())
}

/// A price as pages show it.
pub const fn price_view(price: Price) -> PriceView {
    match price {
        Price::Free => PriceView::Free,
        Price::Fixed(amount) => PriceView::Fixed(amount),
        Price::Chosen { minimum, suggestion } => PriceView::Choose { minimum, suggestion },
    }
}
