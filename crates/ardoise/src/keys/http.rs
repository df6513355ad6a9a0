//! The page of keys and webhooks.

use super::{keys, make, revoke};
use crate::app::{App, Shared};
use crate::body::Fields;
use crate::pages::Page;
use crate::pages::author::{FieldError, KeyRow, KeysPage, WebhookRow};
use crate::people::{SignedAuthor, SignedIn};
use crate::problem::{KEY_UNKNOWN, Problem};
use crate::render::html;
use crate::request::Ask;
use crate::store::people::Author;
use crate::webhooks;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use ledger::KeyId;

type Asked = Result<Response, Problem>;

/// `GET /keys`.
pub async fn show_keys(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    ask: Ask,
) -> Asked {
    html(&page(&app, &ask, author).await?)
}

/// The page of an author, with nothing new and nothing wrong.
///
/// # Errors
/// Whatever the store says.
pub async fn page(app: &App, ask: &Ask, author: Author) -> Result<KeysPage, Problem> {
    let keys = keys(app, author.id).await?;
    let webhooks = webhooks::webhooks(app, author.id).await?;
    let page = ask.page_for(app, &ask.locale.text("keys-title"), &SignedIn::Author(author));
    Ok(KeysPage {
        // Wherever a form was posted to, this is the address to come back to.
        page: Page { path: "/keys".into(), ..page },
        fresh: None,
        keys: keys
            .into_iter()
            .map(|key| KeyRow {
                key: key.id.to_string(),
                name: key.label,
                made: key.created_at,
                used: key.used_at,
            })
            .collect(),
        webhooks: webhooks
            .into_iter()
            .map(|webhook| WebhookRow {
                webhook: webhook.id.to_string(),
                url: webhook.url,
                delivered: webhook.delivered_at,
                failure: webhook.failure,
            })
            .collect(),
        name: String::new(),
        url: String::new(),
        errors: Vec::new(),
    })
}

/// The page with a secret that was just made, or with what was wrong about the form.
///
/// # Errors
/// What is wrong with no field, and whatever the store says.
pub async fn show_made(
    app: &App,
    ask: &Ask,
    author: Author,
    fields: &Fields,
    made: Result<String, Problem>,
) -> Asked {
    let typed = |name| fields.one(name).unwrap_or_default().to_owned();
    match made {
        Ok(secret) => {
            let page = page(app, ask, author).await?;
            html(&KeysPage { fresh: Some(secret), ..page })
        }
        Err(problem) if ask.takes_html && problem.field.is_some() => {
            let page = page(app, ask, author).await?;
            let message = problem.told(ask.locale);
            let field = problem.field.unwrap_or_default().to_owned();
            let errors = vec![FieldError { field, message }];
            let (name, url) = (typed("name"), typed("url"));
            let wrong = html(&KeysPage { errors, name, url, ..page })?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, wrong).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /keys` with the field `name`.
pub async fn make_key(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let made = make(&app, author.id, fields.one("name").unwrap_or("")).await;
    show_made(&app, &ask, author, &fields, made).await
}

/// `POST /keys/{key}/revoke`.
pub async fn revoke_key(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Path(key): Path<String>,
) -> Asked {
    let key: KeyId = key.parse().map_err(|_| Problem::new(&KEY_UNKNOWN))?;
    revoke(&app, author.id, key).await?;
    Ok(Redirect::to("/keys").into_response())
}
