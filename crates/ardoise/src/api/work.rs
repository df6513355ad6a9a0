//! A work, as programs read and write it.

use super::input::{Named, Object, given, some};
use super::price::Price;
use super::wire::instant;
use crate::app::App;
use crate::pages::author::Draft as Typed;
use crate::problem::Problem;
use crate::store::file::File as StoredFile;
use crate::store::work::{self, Kind, State as Shelf, Work as Stored};
use crate::store::{Db, StoreError, file, link};
use crate::works::parts::{Cover, Parts};
use ledger::UploadId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a work is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorkKind {
    /// Files.
    Files,
    /// An article, and files if it has some.
    Article,
}

/// Whether a work is on sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorkState {
    /// Not yet.
    Draft,
    /// Yes.
    Published,
    /// Not any more; who has it keeps it.
    Unpublished,
}

/// A file of a work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct File {
    /// Its id.
    #[schema(example = "fil_01vgz93hs0v30")]
    pub id: String,
    /// Its name.
    #[schema(example = "night-bus.pdf")]
    pub name: String,
    /// Its bytes.
    #[schema(example = 48213)]
    pub size: u64,
    /// Its media type.
    #[schema(example = "application/pdf")]
    pub content_type: String,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub sha256: String,
}

impl From<StoredFile> for File {
    fn from(file: StoredFile) -> Self {
        Self {
            id: file.id.to_string(),
            name: file.name,
            size: file.size,
            content_type: file.content_type,
            sha256: file.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// A thing for sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Work {
    /// Its id.
    #[schema(example = "wrk_01vgz93hs0v2w")]
    pub id: String,
    /// What it is made of.
    pub kind: WorkKind,
    /// Whether it is on sale.
    pub state: WorkState,
    /// Its title.
    #[schema(example = "Night bus")]
    pub title: String,
    /// A few words about it, in Markdown; may be empty.
    pub description: String,
    /// What it costs.
    pub price: Price,
    /// The class that says which tax rate is in the price.
    #[schema(example = "standard")]
    pub vat_class: String,
    /// Counts up whenever title, article or a file changes.
    #[schema(example = 1)]
    pub version: u32,
    /// The address of its first link.
    #[schema(example = "https://shop.example/l/kq3vhw8r2m", required = true)]
    pub url: Option<String>,
    /// Its files, in their order.
    pub files: Vec<File>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// When it was first published.
    #[schema(format = DateTime, required = true)]
    pub published_at: Option<String>,
}

/// A work with its article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WholeWork {
    /// The work.
    #[serde(flatten)]
    pub work: Work,
    /// The text of its article, in Markdown; null when it has none.
    #[schema(required = true)]
    pub article: Option<String>,
}

impl Work {
    /// A work of the shop at `url`.
    ///
    /// # Errors
    /// Whatever the store says.
    pub fn of(db: &dyn Db, url: &str, work: Stored) -> Result<Self, StoreError> {
        let first = link::by_work(db, work.id, 1)?.pop();
        Ok(Self {
            id: work.id.to_string(),
            kind: match work.kind {
                Kind::Files => WorkKind::Files,
                Kind::Article => WorkKind::Article,
            },
            state: match work.state {
                Shelf::Draft => WorkState::Draft,
                Shelf::Published => WorkState::Published,
                Shelf::Unpublished => WorkState::Unpublished,
            },
            title: work.title,
            description: work.description,
            price: work.price.into(),
            vat_class: work.vat_class,
            version: work.version,
            url: first.map(|link| format!("{url}/l/{}", link.slug)),
            files: file::by_work(db, work.id)?.into_iter().map(File::from).collect(),
            created_at: instant(work.created_at),
            updated_at: instant(work.updated_at),
            published_at: work.published_at.map(instant),
        })
    }
}

impl WholeWork {
    /// A work of the shop at `url`.
    ///
    /// # Errors
    /// Whatever the store says.
    pub fn of(db: &dyn Db, url: &str, work: Stored) -> Result<Self, StoreError> {
        let article = work::article(db, work.id)?;
        Ok(Self { work: Work::of(db, url, work)?, article })
    }
}

/// The id of a finished upload: the last part of the address that tus gave it.
#[derive(ToSchema)]
#[schema(pattern = "^upl_[0-9a-hjkmnp-tv-z]{13}$", example = "upl_01vgz93hs0v31")]
#[expect(dead_code, reason = "it only describes an id")]
struct UploadName(String);

/// A work to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Night bus",
    "price": { "kind": "fixed", "amount": { "amount": "0.20", "currency": "EUR" } },
    "article": "It was late, and the last bus was the only warm place in town.",
    "publish": true,
}))]
pub struct NewWork {
    /// Its title.
    #[schema(example = "Night bus", min_length = 1, max_length = 200)]
    pub title: String,
    /// A few words about it, in Markdown.
    #[serde(default)]
    #[schema(max_length = 5000)]
    pub description: String,
    /// What it costs.
    #[schema(value_type = Price)]
    pub price: Object<Price>,
    /// The class that says which tax rate is in the price: `standard`, `reduced` or `press`.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = String, required = false, default = "standard")]
    pub vat_class: Option<String>,
    /// The text of an article, in Markdown.
    #[serde(default)]
    pub article: String,
    /// Finished uploads (tus, at `/uploads`) that become its files, in this order.
    #[serde(default)]
    #[schema(value_type = Vec<UploadName>, max_items = 200, example = json!([]))]
    pub uploads: Vec<Named<UploadId>>,
    /// A finished upload that becomes its cover: a picture.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = UploadName, required = false)]
    pub cover: Option<Named<UploadId>>,
    /// Whether it goes on sale at once.
    #[serde(default)]
    #[schema(example = true)]
    pub publish: bool,
}

/// What is to change about a work. What is left out stays as it is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "price": { "kind": "fixed", "amount": { "amount": "0.30", "currency": "EUR" } },
}))]
pub struct WorkChange {
    /// Its title.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// A few words about it, in Markdown.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = String, required = false, max_length = 5000)]
    pub description: Option<String>,
    /// What it costs. Lines that were bought before keep their price.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Price, required = false)]
    pub price: Option<Object<Price>>,
    /// The class that says which tax rate is in the price.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = String, required = false)]
    pub vat_class: Option<String>,
    /// The text of its article, in Markdown; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, required = false)]
    pub article: Option<Option<String>>,
    /// Finished uploads that are added to its files.
    #[serde(default)]
    #[schema(value_type = Vec<UploadName>, max_items = 200)]
    pub uploads: Vec<Named<UploadId>>,
    /// A finished upload that becomes its cover; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<UploadName>, required = false)]
    pub cover: Option<Option<Named<UploadId>>>,
}

impl NewWork {
    /// What is read like a form.
    ///
    /// # Errors
    /// Problems of the members of `price`.
    pub fn typed(&self, app: &App) -> Result<Typed, Problem> {
        let mut typed = Typed {
            title: self.title.clone(),
            description: self.description.clone(),
            article: self.article.clone(),
            vat_class: self.vat_class.clone().unwrap_or_default(),
            ..Typed::default()
        };
        self.price.0.put(app, &mut typed)?;
        Ok(typed)
    }

    /// The files that go with it.
    pub fn parts(&self) -> Parts {
        let cover = self.cover.map_or(Cover::Keep, |upload| Cover::Put(upload.0));
        Parts { uploads: ids(&self.uploads), cover }
    }
}

impl WorkChange {
    /// What the work is to be, from what it is and its article.
    ///
    /// # Errors
    /// Problems of the members of `price`.
    pub fn typed(
        self,
        app: &App,
        work: &Stored,
        article: Option<String>,
    ) -> Result<Typed, Problem> {
        let mut typed = Typed {
            title: self.title.unwrap_or_else(|| work.title.clone()),
            description: self.description.unwrap_or_else(|| work.description.clone()),
            article: self.article.unwrap_or(article).unwrap_or_default(),
            vat_class: self.vat_class.unwrap_or_else(|| work.vat_class.clone()),
            ..Typed::default()
        };
        self.price.map_or(work.price.into(), |price| price.0).put(app, &mut typed)?;
        Ok(typed)
    }

    /// The files that go with it.
    pub fn parts(&self) -> Parts {
        let cover = match self.cover {
            None => Cover::Keep,
            Some(None) => Cover::Remove,
            Some(Some(upload)) => Cover::Put(upload.0),
        };
        Parts { uploads: ids(&self.uploads), cover }
    }
}

fn ids(uploads: &[Named<UploadId>]) -> Vec<UploadId> {
    uploads.iter().map(|upload| upload.0).collect()
}
