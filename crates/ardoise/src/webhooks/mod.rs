//! Addresses that authors want to be told at.

pub mod http;

use crate::api::wire::TestEvent;
use crate::app::App;
use crate::outbox::address::{self, LENGTH_MOST, Reach, Unfit};
use crate::problem::{Detail, Problem, WEBHOOK_UNKNOWN};
use crate::store::delivery::{self, Message};
use crate::store::webhook::{self, Webhook};
use crate::store::{Db, StoreError};
use crate::works::deciding::Refusal;
use ledger::{AuthorId, DeliveryId, ShopId as _, Timestamp, WebhookId};

/// Webhooks that an author may have.
pub const WEBHOOKS_MOST: i64 = 20;

/// A webhook that does not exist yet: where it leads is checked, how many there are is not.
///
/// # Errors
/// A problem of the field `url`.
pub fn drafted(app: &App, author: AuthorId, url: &str) -> Result<Webhook, Problem> {
    let reach = Reach::of(app.settings.webhooks_to_private);
    let url = address::read(url.trim(), reach).map_err(unfit)?;
    Ok(Webhook {
        id: app.mint.id(),
        author,
        url: url.into(),
        secret: app.mint.chance().bytes(),
        created_at: app.now(),
        delivered_at: None,
        failure: None,
        gone_at: None,
    })
}

fn unfit(unfit: Unfit) -> Problem {
    let reason = match unfit {
        Unfit::NotAUrl | Unfit::NotHttps | Unfit::User => "reason-url",
        Unfit::Private => "reason-url-private",
    };
    wrong(reason, LENGTH_MOST as u64).because(unfit)
}

fn wrong(reason: &'static str, most: u64) -> Problem {
    Problem::invalid("url", reason).with("most", Detail::Count(most))
}

/// Puts a webhook in, in the transaction of `db`.
///
/// # Errors
/// A problem of the field `url` when the author has too many; the store's.
pub fn make(db: &dyn Db, webhook: &Webhook) -> Result<(), Refusal> {
    if webhook::count(db, webhook.author)? >= WEBHOOKS_MOST {
        return Err(wrong("reason-webhooks", WEBHOOKS_MOST.unsigned_abs()).into());
    }
    Ok(webhook::insert(db, webhook)?)
}

/// The webhooks of an author, newest first.
///
/// # Errors
/// Whatever the store says.
pub async fn webhooks(app: &App, author: AuthorId) -> Result<Vec<Webhook>, StoreError> {
    let newest = WebhookId::from_raw(i64::MAX);
    app.store.read(|db| webhook::by_author(db, author, newest, WEBHOOKS_MOST)).await
}

/// Removes a webhook, with what it was still to be told.
///
/// # Errors
/// [`WEBHOOK_UNKNOWN`], and the store's.
pub async fn remove(app: &App, author: AuthorId, id: WebhookId) -> Result<(), Problem> {
    let now = app.now();
    let had = app.store.write(move |db| webhook::remove(db, author, id, now)).await?;
    if had { Ok(()) } else { Err(Problem::new(&WEBHOOK_UNKNOWN)) }
}

/// Has a webhook told that this is a test, in the transaction of `db`; the delivery names the message.
///
/// # Errors
/// [`WEBHOOK_UNKNOWN`], also for one that is gone, and the store's.
pub fn test(
    db: &dyn Db,
    author: AuthorId,
    id: WebhookId,
    test: DeliveryId,
    now: Timestamp,
) -> Result<(), Refusal> {
    let found = webhook::by_id(db, author, id)?.filter(|found| found.gone_at.is_none());
    let webhook = found.ok_or_else(|| Problem::new(&WEBHOOK_UNKNOWN))?;
    let body = serde_json::to_string(&TestEvent::of(webhook.id, now));
    let body = body.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let message = Message { id: test.to_string(), body };
    // Deliveries of events are numbered by the outbox, from one upwards; tests below zero.
    Ok(delivery::insert(db, -test.raw(), webhook.id, &message, now)?)
}
