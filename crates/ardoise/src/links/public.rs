//! What everybody sees of a work, whoever they are.

use super::last_seen::Weighed;
use crate::app::App;
use crate::pages::Meta;
use crate::pages::meta::DataBlock;
use crate::pages::reader::WorkCard;
use crate::pages::work::{FileLine, Kind, Preview};
use crate::problem::Problem;
use crate::store::file::{self, Derived};
use crate::store::link::Link;
use crate::store::work::{State, Work};
use crate::works::{Whole, article, derive};
use ledger::Price;
use serde_json::json;

/// The longest description in a link preview, in characters.
const DESCRIPTION_MOST: usize = 200;
/// What any of these takes beside its texts, in bytes: generously.
const BESIDE_TEXTS: usize = 1_024;

/// A work as everybody sees it by one of its links.
#[derive(Debug, Clone)]
pub struct PublicWork {
    /// The link.
    pub link: Link,
    /// The work.
    pub work: Work,
    /// What it is, for the quiet line above its title.
    pub kind: Kind,
    /// What can be seen.
    pub preview: Preview,
    /// The files that come with it.
    pub files: Vec<FileLine>,
    /// What its author says about it: HTML that is safe to show.
    pub described: String,
    /// What search engines, networks and link previews read.
    pub meta: Meta,
    /// Under which everything is kept that is shown of it.
    previews: Vec<String>,
}

/// One page of the shop's front.
#[derive(Debug, Clone)]
pub struct Front {
    /// The works on it.
    pub works: Vec<WorkCard>,
    /// Address of the next page.
    pub more: Option<String>,
}

impl PublicWork {
    /// What everybody sees of `whole` by `link`.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn of(app: &App, link: Link, whole: Whole) -> Result<Self, Problem> {
        let preview = preview(app, &link, &whole).await?;
        let files =
            whole.files.iter().map(|file| FileLine { name: file.name.clone(), bytes: file.size });
        Ok(Self {
            kind: whole.kind(),
            preview,
            files: files.collect(),
            described: article::render(&whole.work.description).html,
            meta: meta(app, &link, &whole),
            previews: previews(&whole),
            link,
            work: whole.work,
        })
    }

    /// Whether others than its author see it.
    pub fn is_public(&self) -> bool {
        self.work.state != State::Draft
    }

    /// Whether what stands under `key` is shown of it.
    pub fn shows(&self, key: &str) -> bool {
        self.previews.iter().any(|shown| shown == key)
    }
}

/// What search engines, networks and link previews read.
fn meta(app: &App, link: &Link, whole: &Whole) -> Meta {
    let (work, url) = (&whole.work, &app.settings.url);
    let address = format!("{url}/l/{}", link.slug);
    let image = picture(whole).map(|key| format!("{url}{}", preview_url(&link.slug, key)));
    let told: String = work.description.chars().take(DESCRIPTION_MOST).collect();
    let amount = match work.price {
        Price::Free => app.nothing(),
        Price::Fixed(amount) | Price::Chosen { minimum: amount, .. } => amount,
    };
    let json_ld = json!({
        "@context": "https://schema.org",
        "@type": if whole.markdown.is_some() { "Article" } else { "CreativeWork" },
        "name": work.title,
        "headline": work.title,
        "url": address,
        "author": { "@type": "Person", "name": work.author_name },
        "isAccessibleForFree": amount.is_zero(),
        "offers": {
            "@type": "Offer",
            "price": amount.to_decimal(),
            "priceCurrency": amount.currency().code(),
            "availability": if work.state == State::Published { "https://schema.org/InStock" } else { "https://schema.org/Discontinued" },
            "seller": { "@type": "Organization", "name": app.settings.shop_name },
        },
    });
    Meta {
        description: Some(told).filter(|told| !told.is_empty()),
        image,
        author: Some(work.author_name.clone()),
        oembed: Some(format!("{url}/oembed?format=json&url={}", percent(&address))),
        json_ld: Some(DataBlock::from(&json_ld)),
        canonical: Some(address),
    }
}

async fn preview(app: &App, link: &Link, whole: &Whole) -> Result<Preview, Problem> {
    if let Some(markdown) = &whole.markdown {
        let preview = article::preview(markdown);
        let words_left = preview.words_left as u64;
        return Ok(Preview::Article { html: preview.html, words_left });
    }
    let sample = whole.files.iter().find_map(|file| file.sample_key.as_deref());
    let Some(key) = sample.or(picture(whole)) else { return Ok(Preview::None) };
    let found = app.store.ask(|db| file::derived(db, key)).await?;
    let url = preview_url(&link.slug, key);
    Ok(match found {
        Some(Derived { pixels: Some((width, height)), .. }) => {
            Preview::Picture { url, width, height }
        }
        Some(Derived { seconds: Some(seconds), .. }) => Preview::Sound { url, seconds },
        Some(_) | None => Preview::None,
    })
}

/// The picture that stands for a work: its cover, or what was made of its first picture.
pub fn picture(whole: &Whole) -> Option<&str> {
    let first = || whole.files.iter().find_map(|file| file.thumbnail_key.as_deref());
    whole.work.cover_key.as_deref().or_else(first)
}

/// Under which everything is kept that may be seen of a work.
pub fn previews(whole: &Whole) -> Vec<String> {
    let pictures = whole.files.iter().filter_map(|file| file.thumbnail_key.as_deref());
    let pictures = pictures.chain(whole.work.cover_key.as_deref());
    let both = pictures.flat_map(|picture| [picture.to_owned(), derive::small(picture)]);
    let sounds = whole.files.iter().filter_map(|file| file.sample_key.clone());
    both.chain(sounds).collect()
}

/// Where a picture or a piece of sound is seen.
pub fn preview_url(slug: &str, key: &str) -> String {
    format!("/l/{slug}/preview/{key}")
}

fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

impl Weighed for PublicWork {
    fn bytes(&self) -> usize {
        let preview = match &self.preview {
            Preview::Article { html: text, .. }
            | Preview::Picture { url: text, .. }
            | Preview::Sound { url: text, .. } => text.len(),
            Preview::None => 0,
        };
        let files: usize = self.files.iter().map(|file| file.name.len() + 64).sum();
        let keys: usize = self.previews.iter().map(|key| key.len() + 32).sum();
        // The description stands in it as HTML, and once more for the networks.
        2 * self.work.bytes() + self.described.len() + preview + files + keys
    }
}

impl Weighed for Work {
    fn bytes(&self) -> usize {
        BESIDE_TEXTS + self.title.len() + self.description.len()
    }
}

impl Weighed for Front {
    fn bytes(&self) -> usize {
        let card = |card: &WorkCard| card.title.len() + card.author.len() + 256;
        BESIDE_TEXTS + self.works.iter().map(card).sum::<usize>()
    }
}

impl Weighed for Derived {
    fn bytes(&self) -> usize {
        BESIDE_TEXTS
    }
}
