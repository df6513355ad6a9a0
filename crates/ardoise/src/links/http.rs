//! A work's page, and what goes with its link: card, oEmbed, QR code, previews.

use super::public::{Front, PublicWork, picture, preview_url, previews};
use super::{channel, qr};
use crate::access::range::{FileToServe, serve_file};
use crate::app::{App, Shared};
use crate::pages::reader::Closed;
use crate::pages::reader::{ShopFront, WorkCard};
use crate::pages::work::{EmbedCard, Offer, WorkPage};
use crate::pages::{Meta, Notice};
use crate::people::{SignedIn, signed_in};
use crate::problem::{LINK_UNKNOWN, PAGE_MISSING, Problem, SHOP_FAILED};
use crate::rails::binding;
use crate::render::html;
use crate::request::Ask;
use crate::store::file::Derived;
use crate::store::link::Link;
use crate::store::tab::Claimed;
use crate::store::visit::Visited;
use crate::store::work::{State as WorkState, Work};
use crate::store::{StoreError, file, gains, link, statement, work};
use crate::tabs::{closed, waits_since};
use crate::works::file_name::Disposition;
use crate::works::media_type::Kind as MediaKind;
use crate::works::{Whole, derive, price_view};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, header};
use ledger::{Price, ShopId as _, Tab, WorkId};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

/// Works on one page of the shop's front.
const WORKS_ON_A_PAGE: i64 = 24;
/// Pixels of a side of one module of a QR code as a picture.
const QR_SCALE: u32 = 8;

type Asked = Result<Response, Problem>;
type Words = HashMap<String, String>;

/// The link with this slug, if it leads somewhere, and whether who asks made the work. Nobody else sees a draft.
async fn linked(app: &App, ask: &Ask, slug: &str) -> Result<(Link, Whole, bool), Problem> {
    let unknown = || Problem::new(&LINK_UNKNOWN);
    let found = app.store.read(|db| {
        let Some(link) = link::by_slug(db, slug)? else { return Ok(None) };
        let whole = Whole::read(db, link.work, app.currency())?;
        Ok::<_, StoreError>(whole.map(|whole| (link, whole)))
    });
    let (link, whole) = found.await?.ok_or_else(unknown)?;
    let own = is_own(app, ask, &whole.work).await?;
    if whole.work.state == WorkState::Draft && !own {
        return Err(unknown());
    }
    Ok((link, whole, own))
}

/// Whether who asks made the work.
async fn is_own(app: &App, ask: &Ask, work: &Work) -> Result<bool, Problem> {
    let who = signed_in(app, ask).await?;
    Ok(matches!(who, Some(SignedIn::Author(author)) if author.id == work.author))
}

/// A work as everybody sees it.
struct Seen {
    public: Arc<PublicWork>,
    when: When,
}

/// When a page was as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// The store says so.
    Now {
        /// Whether who asks made the work.
        own: bool,
    },
    /// The store does not answer; it was so the last time.
    Last,
}

/// What everybody sees by the link with this slug: as it is or, while the store does not answer, as it was last seen.
async fn seen(app: &App, ask: &Ask, slug: &str) -> Result<Seen, Problem> {
    match seen_now(app, ask, slug).await {
        Ok((public, own)) => Ok(Seen { public, when: When::Now { own } }),
        Err(problem) => {
            let public = last(problem, || app.last_seen.works.last(slug, app.now()))?;
            Ok(Seen { public, when: When::Last })
        }
    }
}

/// What everybody sees by the link with this slug, and whether who asks made the work.
async fn seen_now(app: &App, ask: &Ask, slug: &str) -> Result<(Arc<PublicWork>, bool), Problem> {
    let (works, now) = (&app.last_seen.works, app.moment());
    if let Some(public) = works.fresh(slug, now) {
        let own = is_own(app, ask, &public.work).await?;
        return Ok((public, own));
    }
    let (link, whole, own) = linked(app, ask, slug).await?;
    let public = Arc::new(PublicWork::of(app, link, whole).await?);
    if public.is_public() {
        works.keep(slug, &public, now);
    }
    Ok((public, own))
}

/// What was last seen, where the problem is that the store does not answer.
fn last<T>(problem: Problem, seen: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
    if problem.is_a_silent_store() { seen().ok_or(problem) } else { Err(problem) }
}

/// What everybody sees by the link with this slug, if it leads to something that is for sale.
async fn for_sale(app: &App, ask: &Ask, slug: &str) -> Result<Arc<PublicWork>, Problem> {
    let Seen { public, .. } = seen(app, ask, slug).await?;
    if public.work.state == WorkState::Published {
        Ok(public)
    } else {
        Err(Problem::new(&LINK_UNKNOWN))
    }
}

/// `GET /`: what the shop sells, newest first.
pub async fn show_front(State(app): State<Shared>, Query(query): Query<Words>, ask: Ask) -> Asked {
    let before = query.get("before").and_then(|text| text.parse().ok());
    let before: WorkId = before.unwrap_or(WorkId::from_raw(i64::MAX));
    let now = async { Ok((ask.own_tab(&app).await?, front_now(&app, before).await?)) };
    let (tab, shown, notice) = match now.await {
        Ok((tab, now)) => (tab, now, None),
        Err(problem) => {
            let seen = || app.last_seen.fronts.last(&before.to_string(), app.now());
            (None, last(problem, seen)?, Some(Notice::Resting))
        }
    };
    let about = Some(app.settings.about.clone()).filter(|about| !about.is_empty());
    let mut page = ask.page(&app, &app.settings.shop_name, tab.as_ref());
    page.notice = notice;
    page.meta = Meta {
        canonical: Some(format!("{}/", app.settings.url)),
        description: about.clone(),
        ..Meta::default()
    };
    let Front { works, more } = Front::clone(&shown);
    html(&ShopFront { page, about, works, more })
}

/// A page of the front, from after the work `before` on, from the store or as it was read a moment ago.
async fn front_now(app: &App, before: WorkId) -> Result<Arc<Front>, Problem> {
    let (fronts, key, now) = (&app.last_seen.fronts, before.to_string(), app.moment());
    if let Some(fresh) = fronts.fresh(&key, now) {
        return Ok(fresh);
    }
    let front = Arc::new(front(app, before).await?);
    fronts.keep(&key, &front, now);
    Ok(front)
}

/// A page of the front, from after the work `before` on.
async fn front(app: &App, before: WorkId) -> Result<Front, Problem> {
    let currency = app.currency();
    let read = app.store.read(|db| {
        let works = work::published(db, before, WORKS_ON_A_PAGE, currency)?;
        let ids: Vec<WorkId> = works.iter().map(|work| work.id).collect();
        Ok::<_, StoreError>((Whole::of(db, works)?, link::firsts(db, &ids)?))
    });
    let (works, links) = read.await?;
    let slugs: HashMap<WorkId, String> =
        links.into_iter().map(|link| (link.work, link.slug)).collect();
    let more = works.last().filter(|_| works.len() as i64 == WORKS_ON_A_PAGE);
    let more = more.map(|whole| format!("/?before={}", whole.work.id));
    let mut cards = Vec::new();
    for whole in works {
        let Some(slug) = slugs.get(&whole.work.id) else { continue };
        cards.push(WorkCard {
            cover: picture(&whole).map(|key| preview_url(slug, &derive::small(key))),
            kind: whole.kind(),
            slug: slug.clone(),
            title: whole.work.title,
            author: whole.work.author_name,
            price: price_view(whole.work.price),
        });
    }
    Ok(Front { works: cards, more })
}

/// `GET /l/{slug}`: the page of a work.
pub async fn show_work(
    State(app): State<Shared>,
    Path(slug): Path<String>,
    Query(query): Query<Words>,
    ask: Ask,
) -> Asked {
    let Seen { public, when } = seen(&app, &ask, &slug).await?;
    let named = channel(query.get("via").map(String::as_str));
    // A link that was made for a channel counts as that channel, unless its address says another.
    let via = if named.is_empty() { public.link.label.clone() } else { named };
    if when == (When::Now { own: false }) {
        count_visit(&app, &public, &via);
    }
    let (tab, offer) = match when {
        When::Now { .. } => on_offer(&app, &ask, &public.work).await?,
        When::Last => (None, resting(&public.work)),
    };
    let page = work_page(&app, &ask, &public, tab.as_ref(), offer, &via);
    let own = when == (When::Now { own: true });
    let changed = query.contains_key("changed").then_some(Notice::PriceChanged);
    html(&WorkPage { own, page: crate::pages::Page { notice: changed, ..page.page }, ..page })
}

fn count_visit(app: &App, public: &PublicWork, via: &str) {
    app.visits.count(Visited {
        author: public.work.author,
        hour: app.now().micros().div_euclid(gains::HOUR_MICROS),
        work: public.work.id,
        link: public.link.id,
        channel: via.to_owned(),
    });
}

/// The tab of who asks, and what they can do; nothing for the moment where the store has just fallen silent.
async fn on_offer(app: &App, ask: &Ask, work: &Work) -> Result<(Option<Claimed>, Offer), Problem> {
    let now = async {
        let tab = ask.own_tab(app).await?;
        let offer = offer(app, work, tab.as_deref()).await?;
        Ok((tab, offer))
    };
    now.await.or_else(|problem| last(problem, || Some((None, resting(work)))))
}

/// What can be done while the store does not answer.
fn resting(work: &Work) -> Offer {
    if work.state == WorkState::Published { Offer::Resting } else { Offer::Unpublished }
}

fn work_page(
    app: &App,
    ask: &Ask,
    public: &PublicWork,
    tab: Option<&Claimed>,
    offer: Offer,
    via: &str,
) -> WorkPage {
    let work = &public.work;
    let mut page = ask.page(app, &work.title, tab);
    page.meta = public.meta.clone();
    WorkPage {
        page,
        slug: public.link.slug.clone(),
        work: work.id.to_string(),
        kind: public.kind.clone(),
        title: work.title.clone(),
        author: work.author_name.clone(),
        description: Some(public.described.clone()).filter(|html| !html.is_empty()),
        preview: public.preview.clone(),
        files: public.files.clone(),
        price: price_view(work.price),
        offer,
        purchase: app.mint.purchase().to_string(),
        device: device(app, ask),
        via: Some(via.to_owned()).filter(|via| !via.is_empty()),
        undo_minutes: u32::try_from(app.settings.tariff.rules.undo_minutes).unwrap_or(0),
        seller: app.settings.seller.lines().next().unwrap_or_default().to_owned(),
        own: false,
    }
}

/// The tab that a first tap from this page opens; see [`crate::tabs::buy`].
fn device(app: &App, ask: &Ask) -> Option<String> {
    let claim =
        crate::request::Claim::<ledger::TabId> { id: app.mint.id(), secret: app.mint.secret() };
    ask.tab.is_none().then(|| claim.reveal())
}

/// What the till would say to a tap now, so that the button says it first.
async fn offer(app: &App, work: &Work, tab: Option<&Tab>) -> Result<Offer, Problem> {
    if let Some(tab) = tab {
        let access = app.store.ask(|db| statement::access(db, tab.id, work.id)).await?;
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
    let is_full = after > rules.limit(tab) && !owed.is_zero();
    let limit_with = binding::limit_with(app, tab).filter(|limit| after <= *limit);
    Ok(match closed(app, tab, waits_since(app, tab).await?) {
        Some(why @ (Closed::Disputed | Closed::ForGood)) => Offer::TabClosed(why),
        Some(Closed::Due | Closed::WrittenOff) => Offer::TabFull { owed, limit_with: None },
        None if is_full => Offer::TabFull { owed, limit_with },
        None => Offer::ForSale,
    })
}

/// `GET /l/{slug}/preview/{key}`: a picture or a piece of sound, before buying.
pub async fn show_preview(
    State(app): State<Shared>,
    Path((slug, key)): Path<(String, String)>,
    ask: Ask,
    headers: HeaderMap,
) -> Asked {
    let (derived, is_public) = match preview_now(&app, &ask, &slug, &key).await {
        Ok(now) => now,
        Err(problem) => (last(problem, || preview_last(&app, &slug, &key))?, true),
    };
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
    if is_public {
        // Its key changes whenever its bytes do, and everybody may see it.
        let caching = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, caching);
    }
    Ok(response)
}

/// What stands under `key`, if it is shown of the work behind the link, and whether everybody may see it.
async fn preview_now(
    app: &App,
    ask: &Ask,
    slug: &str,
    key: &str,
) -> Result<(Arc<Derived>, bool), Problem> {
    let missing = || Problem::new(&PAGE_MISSING);
    let now = app.moment();
    let (_, whole, _) = linked(app, ask, slug).await?;
    if !previews(&whole).iter().any(|shown| shown == key) {
        return Err(missing());
    }
    let derived = app.store.ask(|db| file::derived(db, key)).await?.ok_or_else(missing)?;
    let (derived, is_public) = (Arc::new(derived), whole.work.state != WorkState::Draft);
    if is_public {
        app.last_seen.previews.keep(key, &derived, now);
    }
    Ok((derived, is_public))
}

/// The same as it was last seen, on the work's page as that was last seen.
fn preview_last(app: &App, slug: &str, key: &str) -> Option<Arc<Derived>> {
    let public = app.last_seen.works.last(slug, app.now())?;
    let shown = public.shows(key).then_some(key)?;
    app.last_seen.previews.last(shown, app.now())
}

/// `GET /embed/{slug}`: the small card for other people's pages.
pub async fn show_embed(
    State(app): State<Shared>,
    Path(slug): Path<String>,
    Query(query): Query<Words>,
    ask: Ask,
) -> Asked {
    let public = for_sale(&app, &ask, &slug).await?;
    let via = channel(query.get("via").map(String::as_str));
    let via = if via.is_empty() { "embed".to_owned() } else { via };
    let card = EmbedCard {
        page: ask.page(&app, &public.work.title, None),
        title: public.work.title.clone(),
        author: public.work.author_name.clone(),
        kind: public.kind.clone(),
        price: price_view(public.work.price),
        url: format!("{}/l/{}?via={via}", app.settings.url, public.link.slug),
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
    let public = for_sale(&app, &ask, slug).await?;
    let frame = format!(
        "<iframe src=\"{}/embed/{}\" width=\"512\" height=\"112\" title=\"{}\" loading=\"lazy\"></iframe>",
        app.settings.url,
        public.link.slug,
        escaped(&public.work.title),
    );
    let body = json!({
        "version": "1.0",
        "type": "rich",
        "title": public.work.title,
        "author_name": public.work.author_name,
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
    match linked(&app, &ask, &slug).await {
        Ok(_) => {}
        Err(problem) => drop(last(problem, || app.last_seen.works.last(&slug, app.now()))?),
    }
    let url = format!("{}/l/{slug}", app.settings.url);
    let failed = |error: qr::TooLong| Problem::new(&SHOP_FAILED).because(error);
    let (content_type, bytes) = match kind.as_str() {
        "qr.svg" => ("image/svg+xml", qr::svg(&url).map_err(failed)?.into_bytes()),
        "qr.png" => ("image/png", qr::png(&url, QR_SCALE).map_err(failed)?),
        _ => return Err(Problem::new(&PAGE_MISSING)),
    };
    let content_type = HeaderValue::from_static(content_type);
    Ok(([(header::CONTENT_TYPE, content_type)], bytes).into_response())
}
