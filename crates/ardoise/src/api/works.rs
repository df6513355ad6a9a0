//! Works, for programs.

use super::caller::Caller;
use super::input::{Act, Asked, Id, Nothing};
use super::paging::{Listed, Paging, cursor, place};
use super::price::member;
use super::repeats::{Answer, once};
use super::work::{NewWork, WholeWork, Work, WorkChange};
use crate::app::{App, Shared};
use crate::pages::author::Draft as Typed;
use crate::problem::Problem;
use crate::store::work::{self, Work as Stored};
use crate::store::{Db, StoreError};
use crate::works::deciding::Refusal;
use crate::works::draft::Draft;
use crate::works::publishing::{self, New, own};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use ledger::{AuthorId, ShopId as _, WorkId};

/// Where works are found.
const COLLECTION: &str = "/api/v1/works";
/// The letter of cursors of this list.
const LIST: u8 = b'w';

/// Reads a draft; of what is wrong with it, the first is told.
fn draft(app: &App, typed: &Typed) -> Result<Draft, Problem> {
    Draft::read(typed, &app.settings).map_err(|mut wrong| in_json(wrong.swap_remove(0)))
}

/// A problem about a field of the form, as one about the JSON.
fn in_json(problem: Problem) -> Problem {
    Problem { field: problem.field.map(member), ..problem }
}

/// A deed whose answer is the work as it is then.
fn whole<D>(
    app: &App,
    deed: D,
) -> impl Fn(&dyn Db) -> Result<WholeWork, Refusal> + Send + 'static + use<D>
where
    D: Fn(&dyn Db) -> Result<Stored, Refusal> + Send + 'static,
{
    let url = app.settings.url.clone();
    move |db| {
        let work = deed(db).map_err(|refusal| match refusal {
            Refusal::Rule(problem) => in_json(*problem).into(),
            store @ Refusal::Store(_) => store,
        })?;
        Ok(WholeWork::of(db, &url, work)?)
    }
}

/// List works
///
/// Newest first, drafts too.
#[utoipa::path(
    get,
    path = "/api/v1/works",
    operation_id = "list_works",
    tag = "works",
    params(Paging),
    responses((status = OK, description = "A page of works.", body = Listed<Work>))
)]
pub async fn list(
    State(app): State<Shared>,
    Caller(author): Caller,
    Asked(asked): Asked<Paging>,
) -> Result<Json<Listed<Work>>, Problem> {
    let before = asked.cursor.as_deref().map(|text| place(LIST, text)).transpose()?;
    let before = WorkId::from_raw(before.map_or(i64::MAX, i64::from_be_bytes));
    let (rows, currency, url) = (asked.limit.rows(), app.currency(), &app.settings.url);
    let read = app.store.read(|db| {
        let works = work::by_author(db, author, before, rows, currency)?;
        let told = |work: Stored| Ok((work.id, Work::of(db, url, work)?));
        works.into_iter().map(told).collect::<Result<Vec<_>, StoreError>>()
    });
    let after = |(id, _): &(WorkId, Work)| cursor(LIST, &id.raw().to_be_bytes());
    Ok(Json(Listed::of(read.await?, asked.limit, after, |(_, work)| work)))
}

/// Make a work
///
/// Of finished uploads, an article, or both. It has a link from the start.
#[utoipa::path(
    post,
    path = "/api/v1/works",
    operation_id = "make_work",
    tag = "works",
    request_body = NewWork,
    responses((
        status = CREATED,
        description = "The work.",
        body = WholeWork,
        headers(("Location" = String, description = "Where the work is found."))
    ))
)]
pub async fn make(State(app): State<Shared>, act: Act<NewWork>) -> Result<Answer, Problem> {
    let prepare = async {
        let draft = draft(&app, &act.sent.typed(&app)?)?;
        let (id, parts, publish) = (app.mint.id(), act.sent.parts(), act.sent.publish);
        let new = New { id, draft, parts, publish };
        let create = publishing::to_create(&app, act.author, new).await.map_err(in_json)?;
        Ok(whole(&app, move |db: &dyn Db| Ok(create(db)?.work)))
    };
    Ok(once(&app, act.repeat, StatusCode::CREATED, prepare).await?.located(COLLECTION))
}

/// Get a work
#[utoipa::path(
    get,
    path = "/api/v1/works/{work}",
    operation_id = "get_work",
    tag = "works",
    params(("work" = String, Path, description = "Its id.", example = "wrk_01vgz93hs0v2w")),
    responses((status = OK, description = "The work, with its article.", body = WholeWork))
)]
pub async fn show(
    State(app): State<Shared>,
    Caller(author): Caller,
    Id(id): Id<WorkId>,
) -> Result<Json<WholeWork>, Problem> {
    let url = &app.settings.url;
    Ok(Json(of_own(&app, author, id, |db, work| WholeWork::of(db, url, work)).await?))
}

/// Reads something about a work of the caller's own.
///
/// # Errors
/// `work.unknown`, `work.foreign`, and the store's.
pub async fn of_own<T>(
    app: &App,
    author: AuthorId,
    id: WorkId,
    read: impl FnOnce(&dyn Db, Stored) -> Result<T, StoreError>,
) -> Result<T, Problem> {
    let currency = app.currency();
    let read = app.store.read(|db| match own(db, author, id, currency) {
        Ok(work) => read(db, work).map(Ok),
        Err(Refusal::Rule(problem)) => Ok(Err(*problem)),
        Err(Refusal::Store(error)) => Err(error),
    });
    read.await?
}

/// Change a work
///
/// What is left out stays as it is. Who bought the work gets the new version.
#[utoipa::path(
    patch,
    path = "/api/v1/works/{work}",
    operation_id = "change_work",
    tag = "works",
    params(("work" = String, Path, description = "Its id.", example = "wrk_01vgz93hs0v2w")),
    request_body = WorkChange,
    responses((status = OK, description = "The work as it is now.", body = WholeWork))
)]
pub async fn change(
    State(app): State<Shared>,
    Id(id): Id<WorkId>,
    act: Act<WorkChange>,
) -> Result<Answer, Problem> {
    let (shop, parts, change) = (app.clone(), act.sent.parts(), act.sent);
    let prepare = async {
        let draft = move |work: &Stored, article| {
            draft(&shop, &change.clone().typed(&shop, work, article)?)
        };
        let deed = publishing::to_change(&app, act.author, id, draft, &parts).await;
        Ok(whole(&app, deed.map_err(in_json)?))
    };
    once(&app, act.repeat, StatusCode::OK, prepare).await
}

/// Put a work on sale
#[utoipa::path(
    post,
    path = "/api/v1/works/{work}/publish",
    operation_id = "publish_work",
    tag = "works",
    params(("work" = String, Path, description = "Its id.", example = "wrk_01vgz93hs0v2w")),
    responses((status = OK, description = "The work, on sale.", body = WholeWork))
)]
pub async fn publish(
    State(app): State<Shared>,
    Id(id): Id<WorkId>,
    act: Act<Nothing>,
) -> Result<Answer, Problem> {
    let deed = whole(&app, publishing::to_publish(&app, act.author, id));
    once(&app, act.repeat, StatusCode::OK, async { Ok(deed) }).await
}

/// Take a work off sale
///
/// Who has it keeps it.
#[utoipa::path(
    post,
    path = "/api/v1/works/{work}/unpublish",
    operation_id = "unpublish_work",
    tag = "works",
    params(("work" = String, Path, description = "Its id.", example = "wrk_01vgz93hs0v2w")),
    responses((status = OK, description = "The work, off sale.", body = WholeWork))
)]
pub async fn unpublish(
    State(app): State<Shared>,
    Id(id): Id<WorkId>,
    act: Act<Nothing>,
) -> Result<Answer, Problem> {
    let deed = whole(&app, publishing::to_unpublish(&app, act.author, id));
    once(&app, act.repeat, StatusCode::OK, async { Ok(deed) }).await
}
