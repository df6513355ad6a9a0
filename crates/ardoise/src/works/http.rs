//! Selling over HTTP: one form to sell, one page to manage, the share kit.

use super::draft::Draft;
use super::form::Form;
use super::publishing::{self, Made, New};
use super::shown::{self, id, owned};
use crate::app::{App, Shared};
use crate::body::Fields;
use crate::pages::Page;
use crate::pages::author::{ManagePage, SharePage};
use crate::people::SignedAuthor;
use crate::problem::{FILE_MISSING, Problem};
use crate::render::html;
use crate::request::Ask;
use crate::store::people::Author;
use crate::store::work::{State as WorkState, Work};
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use ledger::{FileId, ShopId as _, WorkId};
use serde_json::json;
use std::collections::HashMap;

type Asked = Result<Response, Problem>;
type Words = HashMap<String, String>;

/// How long before it is sent the page may have been made that names a new work: two days.
const NEW_WORK_MICROS: i64 = 48 * 3_600_000_000;

/// `GET /sell?price=`.
pub async fn show_sell(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Query(query): Query<Words>,
    ask: Ask,
) -> Asked {
    html(&shown::sell(&app, &ask, &author, query.get("price").map(String::as_str)))
}

/// `POST /works`.
pub async fn create_work(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    ask: Ask,
    request: Request,
) -> Asked {
    let form = Form::read(&app, author.id, request).await?;
    if is_only_counted(&form) {
        return html(&shown::sell_again(&app, &ask, &author, &form, &[]).await?);
    }
    match made(&app, &author, &form).await {
        Ok(made) if made.work.state == WorkState::Published => {
            answer(&app, &ask, &made, &format!("/works/{}/share?published", made.work.id))
        }
        Ok(made) => answer(&app, &ask, &made, &format!("/works/{}?saved", made.work.id)),
        Err(wrong) => {
            let wrong = for_a_form(&ask, wrong)?;
            let page = shown::sell_again(&app, &ask, &author, &form, &wrong).await?;
            Ok(refused(html(&page)?))
        }
    }
}

/// Whether the form was only sent to see what is kept of its price.
fn is_only_counted(form: &Form) -> bool {
    form.fields.one("publish") == Some("count")
}

async fn made(app: &App, author: &Author, form: &Form) -> Result<Made, Vec<Problem>> {
    let draft = drafted(app, form)?;
    let publish = form.fields.one("publish") != Some("no");
    let new = New { id: new_id(app, form), draft, parts: form.parts(), publish };
    publishing::create(app, author.id, new).await.map_err(|problem| vec![problem])
}

/// What was typed, if all of the form is right.
fn drafted(app: &App, form: &Form) -> Result<Draft, Vec<Problem>> {
    let read = Draft::read(&form.typed(), &app.settings);
    let wrong = form.wrong.iter().cloned();
    match read {
        Ok(draft) if form.wrong.is_empty() => Ok(draft),
        Ok(_) => Err(wrong.collect()),
        Err(more) => Err(more.into_iter().chain(wrong).collect()),
    }
}

/// The id that the form was given, if that is not too long ago to be its own.
fn new_id(app: &App, form: &Form) -> WorkId {
    let named = form.fields.one("work").and_then(|id| id.parse().ok());
    let recent = |id: &WorkId| {
        let age = app.now().micros_since(crate::ids::made_at(*id));
        (-NEW_WORK_MICROS / 48..NEW_WORK_MICROS).contains(&age)
    };
    named.filter(recent).unwrap_or_else(|| app.mint.id())
}

/// Problems that a filled form can tell, beside its fields; any other problem, and any of a program's, is answered as such.
fn for_a_form(ask: &Ask, wrong: Vec<Problem>) -> Result<Vec<Problem>, Problem> {
    let told = ask.takes_html && wrong.iter().all(|problem| problem.field.is_some());
    if told {
        return Ok(wrong);
    }
    let worst = wrong.iter().position(|problem| problem.field.is_none()).unwrap_or(0);
    Err(wrong.into_iter().nth(worst).unwrap_or(Problem::new(&crate::problem::SHOP_FAILED)))
}

fn refused(mut page: Response) -> Response {
    *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    page
}

fn answer(app: &App, ask: &Ask, made: &Made, to: &str) -> Asked {
    if ask.takes_html {
        return Ok(Redirect::to(to).into_response());
    }
    let body = json!({
        "work": made.work.id.to_string(),
        "state": made.work.state.stored(),
        "url": format!("{}/l/{}", app.settings.url, made.link.slug),
    });
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

/// `GET /works?before=`.
pub async fn show_works(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Query(query): Query<Words>,
    ask: Ask,
) -> Asked {
    let before = query.get("before").and_then(|text| text.parse().ok());
    html(&shown::works(&app, &ask, &author, before.unwrap_or(WorkId::from_raw(i64::MAX))).await?)
}

/// `GET /works/{work}`.
pub async fn show_work(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Path(work): Path<String>,
    ask: Ask,
) -> Asked {
    let page = owned(&app, &author, &work).await?.manage(&app, &ask, &author).await?;
    let notice = shown::notice(&ask);
    html(&ManagePage { page: Page { notice, ..page.page }, ..page })
}

/// `POST /works/{work}`.
pub async fn change_work(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Path(work): Path<String>,
    ask: Ask,
    request: Request,
) -> Asked {
    let found = owned(&app, &author, &work).await?;
    let form = Form::read(&app, author.id, request).await?;
    let id = found.whole.work.id;
    if is_only_counted(&form) {
        return html(&found.manage_again(&app, &ask, &author, &form, &[]).await?);
    }
    let changed = match drafted(&app, &form) {
        Ok(draft) => publishing::change(&app, author.id, id, draft, &form.parts())
            .await
            .map_err(|problem| vec![problem]),
        Err(wrong) => Err(wrong),
    };
    match changed {
        Ok(work) => changed_answer(&ask, &work, "saved"),
        Err(wrong) => managed_again(&app, &ask, &author, &work, &form, wrong).await,
    }
}

async fn managed_again(
    app: &App,
    ask: &Ask,
    author: &Author,
    work: &str,
    form: &Form,
    wrong: Vec<Problem>,
) -> Asked {
    let wrong = for_a_form(ask, wrong)?;
    let found = owned(app, author, work).await?;
    Ok(refused(html(&found.manage_again(app, ask, author, form, &wrong).await?)?))
}

fn changed_answer(ask: &Ask, work: &Work, notice: &str) -> Asked {
    if ask.takes_html {
        return Ok(Redirect::to(&format!("/works/{}?{notice}", work.id)).into_response());
    }
    let body = json!({
        "work": work.id.to_string(), "state": work.state.stored(), "version": work.version,
    });
    Ok(axum::Json(body).into_response())
}

/// `POST /works/{work}/publish`.
pub async fn publish_work(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Path(work): Path<String>,
    ask: Ask,
) -> Asked {
    let form = Form::default();
    match publishing::publish(&app, author.id, id(&work)?).await {
        Ok(work) => changed_answer(&ask, &work, "published"),
        Err(problem) => managed_again(&app, &ask, &author, &work, &form, vec![problem]).await,
    }
}

/// `POST /works/{work}/unpublish`.
pub async fn unpublish_work(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Path(work): Path<String>,
    ask: Ask,
) -> Asked {
    let work = publishing::unpublish(&app, author.id, id(&work)?).await?;
    changed_answer(&ask, &work, "unpublished")
}

fn file_id(file: &str) -> Result<FileId, Problem> {
    file.parse().map_err(|_| Problem::new(&FILE_MISSING))
}

/// `POST /works/{work}/files/{file}/replace`.
pub async fn replace_file(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Path((work, file)): Path<(String, String)>,
    ask: Ask,
    request: Request,
) -> Asked {
    let (id, file) = (owned(&app, &author, &work).await?.whole.work.id, file_id(&file)?);
    let form = Form::read(&app, author.id, request).await?;
    let replaced = match &form.file {
        Some(upload) => publishing::replace_file(&app, author.id, id, file, upload.id)
            .await
            .map_err(|problem| vec![problem]),
        None if form.wrong.is_empty() => Err(vec![Problem::invalid("file", "reason-file")]),
        None => Err(form.wrong.clone()),
    };
    match replaced {
        Ok(work) => changed_answer(&ask, &work, "saved"),
        Err(wrong) => managed_again(&app, &ask, &author, &work, &form, wrong).await,
    }
}

/// `POST /works/{work}/files/{file}/remove`.
pub async fn remove_file(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Path((work, file)): Path<(String, String)>,
    ask: Ask,
) -> Asked {
    match publishing::remove_file(&app, author.id, id(&work)?, file_id(&file)?).await {
        Ok(work) => changed_answer(&ask, &work, "saved"),
        Err(problem) => {
            managed_again(&app, &ask, &author, &work, &Form::default(), vec![problem]).await
        }
    }
}

/// `POST /works/{work}/links`.
pub async fn add_link(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Path(work): Path<String>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let channel = fields.one("channel").unwrap_or_default();
    match publishing::add_link(&app, author.id, id(&work)?, channel).await {
        Ok(_) if ask.takes_html => {
            Ok(Redirect::to(&format!("/works/{work}#links")).into_response())
        }
        Ok(link) => {
            let url = format!("{}/l/{}", app.settings.url, link.slug);
            Ok(axum::Json(json!({ "channel": link.label, "url": url })).into_response())
        }
        Err(problem) => {
            managed_again(&app, &ask, &author, &work, &Form::default(), vec![problem]).await
        }
    }
}

/// `GET /works/{work}/share`.
pub async fn show_share(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Path(work): Path<String>,
    ask: Ask,
) -> Asked {
    let found = owned(&app, &author, &work).await?;
    if found.whole.work.state != WorkState::Published {
        return Ok(Redirect::to(&format!("/works/{work}")).into_response());
    }
    let page = found.share(&app, &ask, &author);
    html(&SharePage { page: Page { notice: shown::notice(&ask), ..page.page }, ..page })
}
