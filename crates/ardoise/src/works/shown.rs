//! The author's pages, filled with what is stored or with what was typed.

use super::draft::VAT_CLASS;
use super::form::Form;
use super::publishing::LINKS_MOST;
use super::{Whole, price_view, uploads, whole};
use crate::app::App;
use crate::gains;
use crate::pages::author::{
    ChannelLink, Draft, FieldError, KeepRow, KeepTable, KeepWay, ManagePage, Pricing, SellPage,
    SharePage, TaxClass, UploadView, WorkRow, WorksPage,
};
use crate::pages::locale::Arg;
use crate::pages::work::{FileView, Media};
use crate::pages::{Locale, Notice, Page, format};
use crate::people::SignedIn;
use crate::problem::{Problem, WORK_FOREIGN, WORK_UNKNOWN};
use crate::request::Ask;
use crate::store::file::File;
use crate::store::link::{self, Link};
use crate::store::people::Author;
use crate::store::work::State;
use crate::store::{StoreError, gains as counted, work};
use crate::works::media_type::Kind;
use ledger::{AuthorId, Money, Price, UploadId, WorkId};

/// Works on one page.
const WORKS_ON_A_PAGE: i64 = 50;
/// What stands in the price field before anybody typed: "readers pay by the tab, so cents are worth it".
const FIRST_PRICE_CENTS: i64 = 20;

fn page(app: &App, ask: &Ask, title: &str, author: &Author) -> Page {
    ask.page_for(app, title, &SignedIn::Author(author.clone()))
}

/// What stands beside the fields that are wrong.
pub(super) fn errors(locale: Locale, wrong: &[Problem]) -> Vec<FieldError> {
    let error = |problem: &Problem| FieldError {
        field: problem.field.unwrap_or_default().to_owned(),
        message: problem.told(locale),
    };
    wrong.iter().map(error).collect()
}

/// An empty form; `price` is what was typed to see what is kept of it.
pub(super) fn sell(app: &App, ask: &Ask, author: &Author, price: Option<&str>) -> SellPage {
    let first = Money::from_cents(FIRST_PRICE_CENTS, app.currency()).unwrap_or(app.nothing());
    let typed = price.map_or_else(|| format::decimal(ask.locale, first), str::to_owned);
    let draft = Draft { price: typed, vat_class: VAT_CLASS.to_owned(), ..Draft::default() };
    SellPage {
        page: page(app, ask, &ask.locale.text("nav-sell"), author),
        work: app.mint.id::<WorkId>().to_string(),
        keep: keep(app, ask.locale, &draft.price),
        draft,
        errors: Vec::new(),
        uploads: Vec::new(),
        cover: None,
        taxes: taxes(app),
        currency: app.currency(),
        most_bytes: app.settings.upload_max_bytes,
    }
}

/// The form as it was sent, with the files that came and with what is wrong.
pub(super) async fn sell_again(
    app: &App,
    ask: &Ask,
    author: &Author,
    form: &Form,
    wrong: &[Problem],
) -> Result<SellPage, Problem> {
    let empty = sell(app, ask, author, None);
    let draft = form.typed();
    Ok(SellPage {
        // Where the form is, not where it was sent.
        page: Page { path: "/sell".to_owned(), ..empty.page },
        work: form.fields.one("work").map_or(empty.work, str::to_owned),
        keep: keep(app, ask.locale, &draft.price),
        draft,
        errors: errors(ask.locale, wrong),
        uploads: here(app, author.id, form.uploads()).await?,
        cover: here(app, author.id, form.cover()).await?.pop(),
        ..empty
    })
}

/// Those of the uploads that can still be taken.
async fn here(
    app: &App,
    author: AuthorId,
    ids: impl IntoIterator<Item = UploadId>,
) -> Result<Vec<UploadView>, Problem> {
    let mut found = Vec::new();
    for id in ids {
        match uploads::own(app, author, id).await {
            Ok(upload) if upload.stored.is_some() => found.push(UploadView {
                upload: upload.id.to_string(),
                name: upload.name,
                bytes: upload.size,
            }),
            Ok(_) => {}
            Err(problem) if problem.kind.status == http::StatusCode::NOT_FOUND => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(found)
}

fn taxes(app: &App) -> Vec<TaxClass> {
    let mut taxes: Vec<(&String, &i64)> = app.settings.tariff.vat.iter().collect();
    taxes.sort_by_key(|(_, rate)| std::cmp::Reverse(**rate));
    let class = |(value, rate): (&String, &i64)| TaxClass {
        value: value.clone(),
        basis_points: rate.unsigned_abs(),
    };
    taxes.into_iter().map(class).collect()
}

/// What is kept of a price as it was typed; of one cent's worth of nonsense, what is kept of nothing.
fn keep(app: &App, locale: Locale, typed: &str) -> KeepTable {
    let rates = &app.settings.rates;
    let price = Money::parse(typed, app.currency()).unwrap_or(app.nothing());
    let row = |way, (rate, fixed): (i64, Money)| {
        KeepRow::new(way, u32::try_from(rate).unwrap_or(u32::MAX), fixed, price)
    };
    let args = [
        ("source", Arg::Word(rates.source.clone())),
        ("day", Arg::Word(format::day(locale, &rates.as_of))),
    ];
    KeepTable {
        price,
        rows: vec![
            row(KeepWay::CardAlone, rates.card),
            row(KeepWay::PaypalAlone, rates.paypal),
            row(KeepWay::Tab { of: rates.tab_total }, rates.card),
        ],
        source: locale.text_with("keep-source", &args).into_owned(),
    }
}

/// The works of an author with ids below `before`.
pub(super) async fn works(
    app: &App,
    ask: &Ask,
    author: &Author,
    before: WorkId,
) -> Result<WorksPage, Problem> {
    gains::catch_up(app).await?;
    let (id, currency) = (author.id, app.currency());
    let read = app.store.read(|db| {
        let works = work::by_author(db, id, before, WORKS_ON_A_PAGE, currency)?;
        let ends = works.last().zip(works.first()).map(|(last, first)| (last.id, first.id));
        let figures = match ends {
            Some(ends) => counted::of_works(db, id, ends, currency)?,
            None => Vec::new(),
        };
        Ok::<_, StoreError>((Whole::of(db, works)?, figures))
    });
    let (works, figures) = read.await?;
    let more = works.last().filter(|_| works.len() as i64 == WORKS_ON_A_PAGE);
    let more = more.map(|last| format!("/works?before={}", last.work.id));
    let mut rows = Vec::with_capacity(works.len());
    for whole in works {
        let (kind, work) = (whole.kind(), whole.work);
        let found = figures.iter().find(|(id, _)| *id == work.id).map(|(_, figures)| figures);
        rows.push(WorkRow {
            work: work.id.to_string(),
            kind,
            title: work.title,
            price: price_view(work.price),
            published: work.state == State::Published,
            kept: found.map_or(0, gains::http::kept),
            earned: found.map_or(app.nothing(), |figures| figures.share),
        });
    }
    let page = page(app, ask, &ask.locale.text("works-title"), author);
    Ok(WorksPage { page, works: rows, more })
}

/// A work that its author is about to change or to share, with its links.
pub(super) struct Owned {
    pub(super) whole: Whole,
    links: Vec<Link>,
}

/// A work of `author`.
///
/// # Errors
/// `work.unknown`, `work.foreign`, and the store's.
pub(super) async fn owned(app: &App, author: &Author, work: &str) -> Result<Owned, Problem> {
    let id = id(work)?;
    let whole = whole(app, id).await?;
    if whole.work.author != author.id {
        return Err(Problem::new(&WORK_FOREIGN));
    }
    let links = app.store.read(|db| link::by_work(db, id, LINKS_MOST)).await?;
    Ok(Owned { whole, links })
}

/// The id of a work in an address.
///
/// # Errors
/// `work.unknown`.
pub(super) fn id(work: &str) -> Result<WorkId, Problem> {
    work.parse().map_err(|_| Problem::new(&WORK_UNKNOWN))
}

impl Owned {
    fn slug(&self) -> String {
        self.links.first().map(|link| link.slug.clone()).unwrap_or_default()
    }

    /// The page on which its author changes it.
    pub(super) async fn manage(
        self,
        app: &App,
        ask: &Ask,
        author: &Author,
    ) -> Result<ManagePage, Problem> {
        let work = &self.whole.work;
        let draft = typed(ask.locale, &self.whole);
        let slug = self.slug();
        let cover_now = work.cover_key.as_ref().map(|key| format!("/l/{slug}/preview/{key}"));
        Ok(ManagePage {
            page: page(app, ask, &work.title, author),
            work: work.id.to_string(),
            keep: keep(app, ask.locale, &draft.price),
            draft,
            errors: Vec::new(),
            uploads: Vec::new(),
            cover: None,
            cover_now,
            taxes: taxes(app),
            currency: app.currency(),
            most_bytes: app.settings.upload_max_bytes,
            published: work.state == State::Published,
            is_draft: work.state == State::Draft,
            files: self.whole.files.iter().map(file_view).collect(),
            links: self.channels(app, author).await?,
            slug,
        })
    }

    /// The same page with what was typed and is wrong.
    pub(super) async fn manage_again(
        self,
        app: &App,
        ask: &Ask,
        author: &Author,
        form: &Form,
        wrong: &[Problem],
    ) -> Result<ManagePage, Problem> {
        let stored = self.manage(app, ask, author).await?;
        let draft = form.typed();
        // The little forms of the page carry a file or a channel alone.
        let draft = if form.fields.one("title").is_some() { draft } else { stored.draft.clone() };
        let path = format!("/works/{}", stored.work);
        Ok(ManagePage {
            page: Page { path, ..stored.page },
            keep: keep(app, ask.locale, &draft.price),
            draft,
            errors: errors(ask.locale, wrong),
            uploads: here(app, author.id, form.uploads()).await?,
            cover: here(app, author.id, form.cover()).await?.pop(),
            ..stored
        })
    }

    async fn channels(&self, app: &App, author: &Author) -> Result<Vec<ChannelLink>, Problem> {
        gains::catch_up(app).await?;
        let (by, id, currency) = (author.id, self.whole.work.id, app.currency());
        let figures = app.store.read(|db| counted::by_link(db, by, id, currency)).await?;
        let row = |link: &Link| {
            let found = figures.iter().find(|(id, _)| *id == link.id).map(|(_, figures)| figures);
            let visits = found.map_or(0, |figures| figures.visits);
            ChannelLink {
                channel: link.label.clone(),
                url: format!("{}/l/{}", app.settings.url, link.slug),
                visits: u64::try_from(visits).unwrap_or(0),
                kept: found.map_or(0, gains::http::kept),
            }
        };
        Ok(self.links.iter().map(row).collect())
    }

    /// The share kit.
    pub(super) fn share(&self, app: &App, ask: &Ask, author: &Author) -> SharePage {
        let work = &self.whole.work;
        SharePage {
            page: page(app, ask, &work.title, author),
            work: work.id.to_string(),
            slug: self.slug(),
            title: work.title.clone(),
            price: price_view(work.price),
            origin: app.settings.url.clone(),
        }
    }
}

/// What is stored of a work, as its author would type it.
fn typed(locale: Locale, whole: &Whole) -> Draft {
    let work = &whole.work;
    let decimal = |amount| format::decimal(locale, amount);
    let draft = Draft {
        title: work.title.clone(),
        description: work.description.clone(),
        article: whole.markdown.clone().unwrap_or_default(),
        vat_class: work.vat_class.clone(),
        ..Draft::default()
    };
    match work.price {
        Price::Free => Draft { pricing: Pricing::Free, ..draft },
        Price::Fixed(price) => Draft { pricing: Pricing::Fixed, price: decimal(price), ..draft },
        Price::Chosen { minimum, suggestion } => Draft {
            pricing: Pricing::Choose,
            minimum: decimal(minimum),
            suggestion: decimal(suggestion),
            ..draft
        },
    }
}

fn file_view(file: &File) -> FileView {
    let media = match file.media {
        Kind::Image => Media::Image,
        Kind::Audio => Media::Audio,
        Kind::Video => Media::Video,
        Kind::Pdf | Kind::Text | Kind::Other => Media::Other,
    };
    FileView { file: file.id.to_string(), name: file.name.clone(), bytes: file.size, media }
}

/// What just happened, from the address that it led to.
pub(super) fn notice(ask: &Ask) -> Option<Notice> {
    let (_, query) = ask.path.split_once('?')?;
    match query {
        "saved" => Some(Notice::Saved),
        "published" => Some(Notice::Published),
        "unpublished" => Some(Notice::Unpublished),
        _ => None,
    }
}
