//! A work's page, and what goes with its link: card, oEmbed, QR code, previews.

use super::{channel, qr};
use crate::access::range::{FileToServe, serve_file};
use crate::app::{App, Shared};
use crate::pages::reader::{ShopFront, WorkCard};
use crate::pages::work::{EmbedCard, FileLine, Offer, Preview, WorkPage};
use crate::pages::{Meta, Notice};
use crate::people::{SignedIn, signed_in};
use crate::problem::{LINK_UNKNOWN, PAGE_MISSING, Problem, SHOP_FAILED};
use crate::render::html;
use crate::request::Ask;
use crate::store::file::Derived;
use crate::store::link::Link;
use crate::store::visit::Visited;
use crate::store::work::State as WorkState;
use crate::store::{file, gains, link, statement, work};
use crate::works::file_name::Disposition;
use crate::works::media_type::Kind as MediaKind;
use crate::works::{Whole, article, derive, price_view, whole};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, header};
use ledger::{Price, ShopId as _, Tab, WorkId};
use serde_json::json;
use std::collections::HashMap;

/// Works on one page of the shop's front.
const WORKS_ON_A_PAGE: i64 = 24;
/// The longest description in a link preview, in characters.
const DESCRIPTION_MOST: usize = 200;
/// Pixels of a side of one module of a QR code as a picture.
const QR_SCALE: u32 = 8;

type Asked = Result<Response, Problem>;
type Words = HashMap<String, String>;

/// The link with this slug, if it leads somewhere, and whether who asks made the work. Nobody else sees a draft.
async fn linked(app: &App, ask: &Ask, slug: &str) -> Result<(Link, Whole, bool), Problem> {
    let unknown = || Problem::new(&LINK_UNKNOWN);
    let link = app.store.read(|db| link::by_slug(db, slug)).await?.ok_or_else(unknown)?;
    let whole = whole(app, link.work).await?;
    let who = signed_in(app, ask).await?;
    let own = matches!(&who, Some(SignedIn::Author(author)) if author.id == whole.work.author);
    if whole.work.state == WorkState::Draft && !own {
        return Err(unknown());
    }
    Ok((link, whole, own))
}

/// The link with this slug, if it leads to something that is for sale.
async fn for_sale(app: &App, ask: &Ask, slug: &str) -> Result<(Link, Whole), Problem> {
    let (link, whole, _) = linked(app, ask, slug).await?;
    if whole.work.state == WorkState::Published {
        Ok((link, whole))
    } else {
        Err(Problem::new(&LINK_UNKNOWN))
    }
}

/// `GET /`: what the shop sells, newest first.
pub async fn show_front(State(app): State<Shared>, Query(query): Query<Words>, ask: Ask) -> Asked {
    let tab = ask.own_tab(&app).await?;
    let mut page = ask.page(&app, &app.settings.shop_name, tab.as_ref());
    page.meta = Meta {
        canonical: Some(format!("{}/", app.settings.url)),
        description: Some(app.settings.about.clone()).filter(|about| !about.is_empty()),
        ..Meta::default()
    };
    let before = query.get("before").and_then(|text| text.parse().ok());
    let before = before.unwrap_or(WorkId::from_raw(i64::MAX));
    let currency = app.currency();
    let works = app.store.read(|db| {
        let works = work::published(db, before, WORKS_ON_A_PAGE, currency)?;
        let with_slug = works.into_iter().map(|work| {
            let first = link::by_work(db, work.id, 1)?.pop();
            Ok(first.map(|link| (work, link.slug)))
        });
        with_slug.collect::<Result<Vec<_>, crate::store::StoreError>>()
    });
    let works: Vec<_> = works.await?.into_iter().flatten().collect();
    let more = works.last().filter(|_| works.len() as i64 == WORKS_ON_A_PAGE);
    let more = more.map(|(work, _)| format!("/?before={}", work.id));
    let mut cards = Vec::new();
    for (work, slug) in works {
        let whole = whole(&app, work.id).await?;
        cards.push(WorkCard {
            cover: picture(&whole).map(|key| preview_url(&slug, &derive::small(key))),
            kind: whole.kind(),
            slug,
            title: work.title,
            author: work.author_name,
            price: price_view(work.price),
        });
    }
    let about = Some(app.settings.about.clone()).filter(|about| !about.is_empty());
    html(&ShopFront { page, about, works: cards, more })
}

/// `GET /l/{slug}`: the page of a work.
pub async fn show_work(
    State(app): State<Shared>,
    Path(slug): Path<String>,
    Query(query): Query<Words>,
    ask: Ask,
) -> Asked {
    let (link, whole, own) = linked(&app, &ask, &slug).await?;
    let named = channel(query.get("via").map(String::as_str));
    // A link that was made for a channel counts as that channel, unless its address says another.
    let via = if named.is_empty() { link.label.clone() } else { named };
    let tab = ask.own_tab(&app).await?;
    if !own {
        count_visit(&app, &link, &whole, &via);
    }
    let page = work_page(&app, &ask, &link, &whole, tab.as_ref(), &via).await?;
    let changed = query.contains_key("changed").then_some(Notice::PriceChanged);
    html(&WorkPage { own, page: crate::pages::Page { notice: changed, ..page.page }, ..page })
}

fn count_visit(app: &App, link: &Link, whole: &Whole, via: &str) {
    app.visits.count(Visited {
        author: whole.work.author,
        hour: app.now().micros().div_euclid(gains::HOUR_MICROS),
        work: link.work,
        link: link.id,
        channel: via.to_owned(),
    });
}

async fn work_page(
    app: &App,
    ask: &Ask,
    link: &Link,
    whole: &Whole,
    tab: Option<&Tab>,
    via: &str,
) -> Result<WorkPage, Problem> {
    let work = &whole.work;
    let mut page = ask.page(app, &work.title, tab);
    let preview = preview(app, link, whole).await?;
    page.meta = meta(app, link, whole);
    let described = article::render(&work.description).html;
    let files =
        whole.files.iter().map(|file| FileLine { name: file.name.clone(), bytes: file.size });
    Ok(WorkPage {
        page,
        slug: link.slug.clone(),
        work: work.id.to_string(),
        kind: whole.kind(),
        title: work.title.clone(),
        author: work.author_name.clone(),
        description: Some(described).filter(|html| !html.is_empty()),
        preview,
        files: files.collect(),
        price: price_view(work.price),
        offer: offer(app, whole, tab).await?,
        purchase: app.mint.purchase().to_string(),
        device: device(app, ask),
        via: Some(via.to_owned()).filter(|via| !via.is_empty()),
        undo_minutes: u32::try_from(app.settings.tariff.rules.undo_minutes).unwrap_or(0),
        seller: app.settings.seller.lines().next().unwrap_or_default().to_owned(),
        own: false,
    })
}

/// The tab that a first tap from this page opens; see [`crate::tabs::buy`].
fn device(app: &App, ask: &Ask) -> Option<String> {
    let claim =
        crate::request::Claim::<ledger::TabId> { id: app.mint.id(), secret: app.mint.secret() };
    ask.tab.is_none().then(|| claim.reveal())
}

/// What the till would say to a tap now, so that the button says it first.
async fn offer(app: &App, whole: &Whole, tab: Option<&Tab>) -> Result<Offer, Problem> {
    let work = &whole.work;
    if let Some(tab) = tab {
        let access = app.store.read(|db| statement::access(db, tab.id, work.id)).await?;
        if access.is_some() {
            return Ok(Offer::Owned);
        }
    }
    match work.state {
        WorkState::Published => {}
        WorkState::Unpublished => return Ok(Offer::Unpublished),
        WorkState::Draft => return Ok(Offer::Draft),
    }
    let least = match work.price {
        Price::Free => return Ok(Offer::ForSale),
        Price::Fixed(amount) => amount,
        Price::Chosen { minimum, .. } => minimum,
    };
    let Some(tab) = tab else { return Ok(Offer::ForSale) };
    let rules = &app.settings.tariff.rules;
    let owed = tab.owed().map_err(ledger::LedgerRefusal::from)?;
    let after = owed.checked_add(least).map_err(ledger::LedgerRefusal::from)?;
    let is_full = (after > rules.limit(tab) || rules.is_due(tab, app.now())) && !owed.is_zero();
    Ok(if is_full { Offer::TabFull { owed } } else { Offer::ForSale })
}

async fn preview(app: &App, link: &Link, whole: &Whole) -> Result<Preview, Problem> {
    if let Some(markdown) = &whole.markdown {
        let preview = article::preview(markdown);
        let words = article::render(markdown).words;
        let words_left = words.saturating_sub(preview.words) as u64;
        return Ok(Preview::Article { html: preview.html, words_left });
    }
    let sample = whole.files.iter().find_map(|file| file.sample_key.as_deref());
    let Some(key) = sample.or(picture(whole)) else { return Ok(Preview::None) };
    let found = app.store.read(|db| file::derived(db, key)).await?;
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
fn picture(whole: &Whole) -> Option<&str> {
    let first = || whole.files.iter().find_map(|file| file.thumbnail_key.as_deref());
    whole.work.cover_key.as_deref().or_else(first)
}

fn preview_url(slug: &str, key: &str) -> String {
    format!("/l/{slug}/preview/{key}")
}

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
            "availability": if work.state == WorkState::Published { "https://schema.org/InStock" } else { "https://schema.org/Discontinued" },
            "seller": { "@type": "Organization", "name": app.settings.shop_name },
        },
    });
    Meta {
        description: Some(told).filter(|told| !told.is_empty()),
        image,
        author: Some(work.author_name.clone()),
        oembed: Some(format!("{url}/oembed?format=json&url={}", percent(&address))),
        json_ld: Some(json_ld),
        canonical: Some(address),
    }
}

fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// `GET /l/{slug}/preview/{key}`: a picture or a piece of sound, before buying.
pub async fn show_preview(
    State(app): State<Shared>,
    Path((slug, key)): Path<(String, String)>,
    ask: Ask,
    headers: HeaderMap,
) -> Asked {
    let missing = || Problem::new(&PAGE_MISSING);
    let (_, whole, _) = linked(&app, &ask, &slug).await?;
    if !is_shown(&whole, &key) {
        return Err(missing());
    }
    let derived = app.store.read(|db| file::derived(db, &key)).await?.ok_or_else(missing)?;
    let kind = if derived.pixels.is_some() { MediaKind::Image } else { MediaKind::Audio };
    let sent = FileToServe {
        key: &derived.storage_key,
        name: "preview",
        size: derived.size,
        sha256: derived.sha256,
        kind,
        content_type: &derived.content_type,
        disposition: Disposition::Inline,
    };
    let mut response = serve_file(&app.files, &sent, &headers).await?;
    if whole.work.state != WorkState::Draft {
        // Its key changes whenever its bytes do, and everybody may see it.
        let caching = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, caching);
    }
    Ok(response)
}

/// Whether what stands under `key` was made of this work.
fn is_shown(whole: &Whole, key: &str) -> bool {
    let pictures = whole.files.iter().filter_map(|file| file.thumbnail_key.as_deref());
    let mut pictures = pictures.chain(whole.work.cover_key.as_deref());
    let mut sounds = whole.files.iter().filter_map(|file| file.sample_key.as_deref());
    pictures.any(|picture| picture == key || derive::small(picture) == key)
        || sounds.any(|sound| sound == key)
}

/// `GET /embed/{slug}`: the small card for other people's pages.
pub async fn show_embed(
    State(app): State<Shared>,
    Path(slug): Path<String>,
    Query(query): Query<Words>,
    ask: Ask,
) -> Asked {
    let (link, whole) = for_sale(&app, &ask, &slug).await?;
    let via = channel(query.get("via").map(String::as_str));
    let via = if via.is_empty() { "embed".to_owned() } else { via };
    let card = EmbedCard {
        page: ask.page(&app, &whole.work.title, None),
        title: whole.work.title.clone(),
        author: whole.work.author_name.clone(),
        kind: whole.kind(),
        price: price_view(whole.work.price),
        url: format!("{}/l/{}?via={via}", app.settings.url, link.slug),
    };
    let mut response = html(&card)?;
    let policy = HeaderValue::from_static(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors *",
    );
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// `GET /oembed?url=…`: the card of a link, for sites that ask (oembed.com).
pub async fn show_oembed(State(app): State<Shared>, Query(query): Query<Words>, ask: Ask) -> Asked {
    let unknown = || Problem::new(&LINK_UNKNOWN);
    let asked = query.get("url").ok_or_else(unknown)?;
    let path = asked.strip_prefix(&app.settings.url).and_then(|path| path.strip_prefix("/l/"));
    let slug = path.ok_or_else(unknown)?.split(['?', '#']).next().unwrap_or_default();
    let (link, whole) = for_sale(&app, &ask, slug).await?;
    let frame = format!(
        "<iframe src=\"{}/embed/{}\" width=\"512\" height=\"112\" title=\"{}\" loading=\"lazy\"></iframe>",
        app.settings.url,
        link.slug,
        escaped(&whole.work.title),
    );
    let body = json!({
        "version": "1.0",
        "type": "rich",
        "title": whole.work.title,
        "author_name": whole.work.author_name,
        "provider_name": app.settings.shop_name,
        "provider_url": app.settings.url,
        "width": 512,
        "height": 112,
        "html": frame,
    });
    Ok(axum::Json(body).into_response())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `GET /l/{slug}/qr.svg` and `GET /l/{slug}/qr.png`.
pub async fn show_qr(
    State(app): State<Shared>,
    Path((slug, kind)): Path<(String, String)>,
    ask: Ask,
) -> Asked {
    let (link, _, _) = linked(&app, &ask, &slug).await?;
    let url = format!("{}/l/{}", app.settings.url, link.slug);
    let failed = |error: qr::TooLong| Problem::new(&SHOP_FAILED).because(error);
    let (content_type, bytes) = match kind.as_str() {
        "qr.svg" => ("image/svg+xml", qr::svg(&url).map_err(failed)?.into_bytes()),
        "qr.png" => ("image/png", qr::png(&url, QR_SCALE).map_err(failed)?),
        _ => return Err(Problem::new(&PAGE_MISSING)),
    };
    let content_type = HeaderValue::from_static(content_type);
    Ok(([(header::CONTENT_TYPE, content_type)], bytes).into_response())
}
