//! Webhooks, for programs.

use super::caller::Caller;
use super::input::{Act, Asked, Id, Nothing};
use super::paging::{Listed, Paging, cursor, place};
use super::repeats::{Answer, once};
use super::wire::instant;
use crate::app::Shared;
use crate::outbox::signature;
use crate::problem::{Problem, WEBHOOK_UNKNOWN};
use crate::store::webhook::{self, Webhook as Stored};
use crate::webhooks;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use ledger::{DeliveryId, ShopId as _, WebhookId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where webhooks are found.
const COLLECTION: &str = "/api/v1/webhooks";
/// The letter of cursors of this list.
const LIST: u8 = b'h';

/// An address that is told what happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Webhook {
    /// Its id.
    #[schema(example = "whk_01vgz93hs0v2z")]
    pub id: String,
    /// Where it leads.
    #[schema(example = "https://ada.example/heard")]
    pub url: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last answered that it had heard.
    #[schema(format = DateTime, required = true)]
    pub delivered_at: Option<String>,
    /// What went wrong since, in a word: `timeout`, `dns`, `private`, `connect`, `tls`, `dropped`, `address`, or the status
    /// of the answer.
    #[schema(example = "timeout", required = true)]
    pub failure: Option<String>,
    /// When it answered 410: it is told nothing more.
    #[schema(format = DateTime, required = true)]
    pub gone_at: Option<String>,
}

impl From<&Stored> for Webhook {
    fn from(stored: &Stored) -> Self {
        Self {
            id: stored.id.to_string(),
            url: stored.url.clone(),
            created_at: instant(stored.created_at),
            delivered_at: stored.delivered_at.map(instant),
            failure: stored.failure.clone(),
            gone_at: stored.gone_at.map(instant),
        }
    }
}

/// A webhook that was just made.
#[derive(Serialize, ToSchema)]
pub struct NewWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// What messages are signed with: `whsec_` and base64. It is told this once.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    pub secret: String,
}

/// A webhook to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookAsked {
    /// Where it leads: `https`, and not into a private network.
    #[schema(example = "https://ada.example/heard", format = "uri", max_length = 2000)]
    pub url: String,
}

/// A test that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestMade {
    /// The name of the message, its header `webhook-id`.
    #[schema(example = "dlv_01vgz93hs0v30")]
    pub message: String,
}

/// List webhooks
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks",
    operation_id = "list_webhooks",
    tag = "webhooks",
    params(Paging),
    responses((status = OK, description = "A page of webhooks.", body = Listed<Webhook>))
)]
pub async fn list(
    State(app): State<Shared>,
    Caller(author): Caller,
    Asked(asked): Asked<Paging>,
) -> Result<Json<Listed<Webhook>>, Problem> {
    let before = asked.cursor.as_deref().map(|text| place(LIST, text)).transpose()?;
    let before = before.map_or(i64::MAX, i64::from_be_bytes);
    let (before, rows) = (WebhookId::from_raw(before), asked.limit.rows());
    let found = app.store.read(|db| webhook::by_author(db, author, before, rows)).await?;
    let after = |last: &Stored| cursor(LIST, &last.id.raw().to_be_bytes());
    Ok(Json(Listed::of(found, asked.limit, after, |webhook| Webhook::from(&webhook))))
}

/// Make a webhook
///
/// From now on it is told what happens to lines. Its secret is told in this answer only.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks",
    operation_id = "make_webhook",
    tag = "webhooks",
    request_body = WebhookAsked,
    responses((status = CREATED, description = "The webhook, with its secret.", body = NewWebhook))
)]
pub async fn make(State(app): State<Shared>, act: Act<WebhookAsked>) -> Result<Answer, Problem> {
    let prepare = async {
        let made = webhooks::drafted(&app, act.author, &act.sent.url)?;
        Ok(move |db: &dyn crate::store::Db| {
            webhooks::make(db, &made)?;
            let secret = signature::reveal(&made.secret);
            Ok(NewWebhook { webhook: Webhook::from(&made), secret })
        })
    };
    Ok(once(&app, act.repeat, StatusCode::CREATED, prepare).await?.located(COLLECTION))
}

/// Get a webhook
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{webhook}",
    operation_id = "get_webhook",
    tag = "webhooks",
    params(("webhook" = String, Path, description = "Its id.", example = "whk_01vgz93hs0v2z")),
    responses((status = OK, description = "The webhook as it stands.", body = Webhook))
)]
pub async fn show(
    State(app): State<Shared>,
    Caller(author): Caller,
    Id(id): Id<WebhookId>,
) -> Result<Json<Webhook>, Problem> {
    let found = app.store.read(|db| webhook::by_id(db, author, id)).await?;
    let found = found.ok_or_else(|| Problem::new(&WEBHOOK_UNKNOWN))?;
    Ok(Json(Webhook::from(&found)))
}

/// Remove a webhook
///
/// It is told nothing more, also not what it was still to be told.
#[utoipa::path(
    delete,
    path = "/api/v1/webhooks/{webhook}",
    operation_id = "remove_webhook",
    tag = "webhooks",
    params(("webhook" = String, Path, description = "Its id.", example = "whk_01vgz93hs0v2z")),
    responses((status = NO_CONTENT, description = "It is removed."))
)]
pub async fn remove(
    State(app): State<Shared>,
    Caller(author): Caller,
    Id(id): Id<WebhookId>,
) -> Result<StatusCode, Problem> {
    webhooks::remove(&app, author, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Test a webhook
///
/// It is told an event of the type `webhook.test`, signed and repeated like any other.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{webhook}/test",
    operation_id = "test_webhook",
    tag = "webhooks",
    params(("webhook" = String, Path, description = "Its id.", example = "whk_01vgz93hs0v2z")),
    responses((status = ACCEPTED, description = "The message is on its way.", body = TestMade))
)]
pub async fn test(
    State(app): State<Shared>,
    Id(id): Id<WebhookId>,
    act: Act<Nothing>,
) -> Result<Answer, Problem> {
    let (delivery, now): (DeliveryId, _) = (app.mint.id(), app.now());
    let prepare = async {
        Ok(move |db: &dyn crate::store::Db| {
            webhooks::test(db, act.author, id, delivery, now)?;
            Ok(TestMade { message: delivery.to_string() })
        })
    };
    let answer = once(&app, act.repeat, StatusCode::ACCEPTED, prepare).await?;
    app.store.till().to_tell().notify_one();
    Ok(answer)
}
