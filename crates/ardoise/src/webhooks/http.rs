//! Webhooks on the page of keys.

use super::{drafted, make, remove};
use crate::app::{App, Shared};
use crate::body::Fields;
use crate::keys::http::show_made;
use crate::outbox::signature;
use crate::people::SignedAuthor;
use crate::problem::{Problem, WEBHOOK_UNKNOWN};
use crate::request::Ask;
use crate::works::deciding::write;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use ledger::{AuthorId, WebhookId};

type Asked = Result<Response, Problem>;

/// `POST /webhooks` with the field `url`.
pub async fn make_webhook(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let made = made(&app, author.id, fields.one("url").unwrap_or("")).await;
    show_made(&app, &ask, author, &fields, made).await
}

async fn made(app: &App, author: AuthorId, url: &str) -> Result<String, Problem> {
    let webhook = drafted(app, author, url)?;
    let secret = signature::reveal(&webhook.secret);
    write(app, move |db| make(db, &webhook)).await?;
    Ok(secret)
}

/// `POST /webhooks/{webhook}/remove`.
pub async fn remove_webhook(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Path(webhook): Path<String>,
) -> Asked {
    let webhook: WebhookId = webhook.parse().map_err(|_| Problem::new(&WEBHOOK_UNKNOWN))?;
    remove(&app, author.id, webhook).await?;
    Ok(Redirect::to("/keys").into_response())
}
