//! What was bought, over HTTP: articles, players, downloads.

use super::range::{FileToServe, serve_archive, serve_file};
use crate::app::{App, Shared};
use crate::pages::work::{ContentPage, FileView, Media, Standing};
use crate::people::{SignedIn, signed_in};
use crate::problem::{ACCESS_DENIED, FILE_LOST, FILE_MISSING, Problem};
use crate::rails::binding;
use crate::render::html;
use crate::request::Ask;
use crate::store::file::File;
use crate::store::tab::Claimed;
use crate::store::{link, statement};
use crate::tabs::http::undo_minutes;
use crate::tabs::undo_by_shop;
use crate::works::archive::{Archive, ArchiveEntry};
use crate::works::file_name::Disposition;
use crate::works::media_type::Kind;
use crate::works::storage::StorageError;
use crate::works::{Readable, readable};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::HeaderMap;
use ledger::{FileId, Line, LineState, WorkId};
use std::collections::HashMap;
use std::sync::Arc;

type Asked = Result<Response, Problem>;

/// How somebody comes to read a work.
enum Access {
    /// By this line on their tab.
    Line(Box<Line>, LineState),
    /// They made it.
    Own,
}

/// The work, if whoever asks may read it.
async fn opened(
    app: &App,
    ask: &Ask,
    work: &str,
) -> Result<(Arc<Readable>, Access, Option<Claimed>), Problem> {
    let id: WorkId = work.parse().map_err(|_| Problem::new(&crate::problem::WORK_UNKNOWN))?;
    let (tab, bought) = bought(app, ask, id).await?;
    let work = readable(app, id).await?;
    if let Some((line, state)) = bought {
        return Ok((work, Access::Line(Box::new(line), state), tab));
    }
    let who = signed_in(app, ask).await?;
    match who {
        Some(SignedIn::Author(author)) if author.id == work.work.author => {
            Ok((work, Access::Own, tab))
        }
        Some(SignedIn::Author(_) | SignedIn::Operator) | None => Err(denied(app, id).await?),
    }
}

/// The tab of whoever asks, and the line on it by which they may read `work`.
async fn bought(
    app: &App,
    ask: &Ask,
    work: WorkId,
) -> Result<(Option<Claimed>, Option<(Line, LineState)>), Problem> {
    let Some(claim) = ask.tab else { return Ok((None, None)) };
    let currency = app.currency();
    let hash = claim.hash();
    let found = app.store.ask(|db| statement::held(db, claim.id, &hash, work, currency)).await?;
    Ok(found.map_or((None, None), |held| (Some(held.tab), held.line)))
}

/// Whoever may not read a work is shown where to take it.
async fn denied(app: &App, work: WorkId) -> Result<Problem, Problem> {
    let link = app.store.read(|db| link::by_work(db, work, 1)).await?.pop();
    let problem = Problem::new(&ACCESS_DENIED);
    Ok(match link {
        Some(link) => problem.next("see-price", format!("/l/{}", link.slug)),
        None => problem,
    })
}

/// `GET /w/{work}`.
pub async fn show_content(State(app): State<Shared>, Path(work): Path<String>, ask: Ask) -> Asked {
    let (readable, access, tab) = opened(&app, &ask, &work).await?;
    let work = &readable.work;
    let is_on_tab = matches!(access, Access::Line(_, LineState::Open));
    let invitation = tab.as_ref().filter(|_| is_on_tab);
    let invitation = invitation.and_then(|tab| binding::invitation(&app, &ask, tab));
    html(&ContentPage {
        page: ask.page(&app, &work.title, tab.as_ref()),
        work: work.id.to_string(),
        kind: readable.kind.clone(),
        title: work.title.clone(),
        author: work.author_name.clone(),
        standing: standing(&app, &access),
        article: readable.article.clone(),
        files: readable.files.iter().map(file_view).collect(),
        invitation,
    })
}

fn standing(app: &App, access: &Access) -> Standing {
    let Access::Line(line, state) = access else { return Standing::Own };
    let (id, amount) = (line.id.to_string(), line.shares.gross);
    match state {
        LineState::Paid => Standing::Paid { line: id, amount },
        _ if amount.is_zero() => Standing::Given,
        LineState::Open | LineState::Undone | LineState::WrittenOff => {
            Standing::OnTab { line: id, amount, undo_minutes: undo_minutes(app, line.bought_at) }
        }
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

/// `GET /w/{work}/files/{file}`: shown in place where that is safe; saved with `?save`.
pub async fn show_file(
    State(app): State<Shared>,
    Path((work, file)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    ask: Ask,
    headers: HeaderMap,
) -> Asked {
    let (readable, access, _) = opened(&app, &ask, &work).await?;
    let missing = || Problem::new(&FILE_MISSING);
    let id: FileId = file.parse().map_err(|_| missing())?;
    let file = readable.files.iter().find(|file| file.id == id).ok_or_else(missing)?;
    let save = query.contains_key("save");
    let sent = FileToServe {
        key: &file.storage_key,
        name: &file.name,
        size: file.size,
        sha256: file.sha256,
        kind: file.media,
        content_type: &file.content_type,
        disposition: if save { Disposition::Attachment } else { Disposition::Inline },
    };
    match serve_file(&app.files, &sent, &headers).await {
        Ok(response) => Ok(response),
        Err(error) => not_supplied(&app, &ask, &access, error).await,
    }
}

/// `GET /w/{work}/zip`: everything in one archive, with a known length, so that it resumes.
pub async fn show_archive(
    State(app): State<Shared>,
    Path(work): Path<String>,
    ask: Ask,
    headers: HeaderMap,
) -> Asked {
    let (readable, access, _) = opened(&app, &ask, &work).await?;
    let entries: Vec<ArchiveEntry> = readable.files.iter().map(entry).collect();
    let name = format!("{}.zip", readable.work.title);
    match serve_archive(&app.files, &Archive::of(&entries), &name, &headers).await {
        Ok(response) => Ok(response),
        Err(error) => not_supplied(&app, &ask, &access, error).await,
    }
}

fn entry(file: &File) -> ArchiveEntry {
    ArchiveEntry {
        key: file.storage_key.clone(),
        name: file.name.clone(),
        size: file.size,
        crc32: file.crc32,
    }
}

/// A file that cannot be supplied: its buyer gets the line back and is told; a failing disk is only reported.
async fn not_supplied(app: &App, ask: &Ask, access: &Access, error: StorageError) -> Asked {
    let (Access::Line(line, state), StorageError::Missing) = (access, &error) else {
        return Err(error.into());
    };
    tracing::error!(line = %line.id, work = %line.work, "a bought file is missing; the line is undone");
    if *state != LineState::Undone {
        undo_by_shop(app, line.id).await?;
    }
    if ask.takes_html {
        return Ok(Redirect::to(&format!("/tab?missing={}", line.id)).into_response());
    }
    Err(Problem::new(&FILE_LOST))
}
