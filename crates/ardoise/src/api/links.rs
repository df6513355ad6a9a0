//! Links, for programs.

use super::caller::Caller;
use super::input::{Act, Asked, Id};
use super::paging::{Listed, Paging, cursor, place};
use super::repeats::{Answer, once};
use super::wire::instant;
use super::works::of_own;
use crate::app::Shared;
use crate::problem::Problem;
use crate::store::Db;
use crate::store::link::{self, Link as Stored};
use crate::works::publishing::{self, LINKS_MOST};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use ledger::{LinkId, ShopId as _, WorkId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The letter of cursors of this list.
const LIST: u8 = b'l';

/// A short link to a work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Link {
    /// Its id.
    #[schema(example = "lnk_01vgz93hs0v2x")]
    pub id: String,
    /// The work it leads to.
    #[schema(example = "wrk_01vgz93hs0v2w")]
    pub work: String,
    /// What stands in its address.
    #[schema(example = "kq3vhw8r2m")]
    pub slug: String,
    /// The channel that it stands for; empty for a plain link.
    #[schema(example = "newsletter")]
    pub channel: String,
    /// Its address. `?via=` names another channel.
    #[schema(example = "https://shop.example/l/kq3vhw8r2m")]
    pub url: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl Link {
    /// A link of the shop at `url`.
    pub fn of(url: &str, link: &Stored) -> Self {
        Self {
            id: link.id.to_string(),
            work: link.work.to_string(),
            slug: link.slug.clone(),
            channel: link.label.clone(),
            url: format!("{url}/l/{}", link.slug),
            created_at: instant(link.created_at),
        }
    }
}

/// List links
///
/// Of all the author's works, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/links",
    operation_id = "list_links",
    tag = "links",
    params(Paging),
    responses((status = OK, description = "A page of links.", body = Listed<Link>))
)]
pub async fn list(
    State(app): State<Shared>,
    Caller(author): Caller,
    Asked(asked): Asked<Paging>,
) -> Result<Json<Listed<Link>>, Problem> {
    let before = before(asked.cursor.as_deref())?;
    let rows = asked.limit.rows();
    let found = app.store.read(|db| link::by_author(db, author, before, rows)).await?;
    Ok(Json(Listed::of(found, asked.limit, after, |link| Link::of(&app.settings.url, &link))))
}

fn after(last: &Stored) -> String {
    cursor(LIST, &last.id.raw().to_be_bytes())
}

fn before(cursor: Option<&str>) -> Result<LinkId, Problem> {
    let place = cursor.map(|text| place(LIST, text)).transpose()?;
    Ok(LinkId::from_raw(place.map_or(i64::MAX, i64::from_be_bytes)))
}

/// A link to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// The channel that it stands for: small letters, digits and hyphens.
    #[schema(example = "newsletter", min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    pub channel: String,
}

/// List the links of a work
///
/// Oldest first: the first is the one that it was made with. There are never more than fit on one page.
#[utoipa::path(
    get,
    path = "/api/v1/works/{work}/links",
    operation_id = "list_links_of_work",
    tag = "links",
    params(("work" = String, Path, description = "Its id.", example = "wrk_01vgz93hs0v2w")),
    responses((status = OK, description = "The links of the work.", body = Listed<Link>))
)]
pub async fn of_work(
    State(app): State<Shared>,
    Caller(author): Caller,
    Id(id): Id<WorkId>,
) -> Result<Json<Listed<Link>>, Problem> {
    let read = of_own(&app, author, id, |db, work| link::by_work(db, work.id, LINKS_MOST));
    let items = read.await?.iter().map(|link| Link::of(&app.settings.url, link)).collect();
    Ok(Json(Listed { items, next: None }))
}

/// Make a link to a work
///
/// It counts as a channel of its own. A channel that has a link already keeps it, and the answer is that link.
#[utoipa::path(
    post,
    path = "/api/v1/works/{work}/links",
    operation_id = "make_link",
    tag = "links",
    params(("work" = String, Path, description = "Its id.", example = "wrk_01vgz93hs0v2w")),
    request_body = NewLink,
    responses((status = CREATED, description = "The link.", body = Link))
)]
pub async fn make(
    State(app): State<Shared>,
    Id(id): Id<WorkId>,
    act: Act<NewLink>,
) -> Result<Answer, Problem> {
    let url = app.settings.url.clone();
    let prepare = async {
        let add = publishing::to_add_link(&app, act.author, id, &act.sent.channel)?;
        Ok(move |db: &dyn Db| Ok(Link::of(&url, &add(db)?)))
    };
    once(&app, act.repeat, StatusCode::CREATED, prepare).await
}
