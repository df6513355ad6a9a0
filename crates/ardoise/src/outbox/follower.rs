//! Turns what is new in the outbox into deliveries, one for each webhook that listens.

use crate::api::wire::{Event, EventKind};
use crate::store::books::{self, Follower};
use crate::store::delivery::{self, Message, Told};
use crate::store::{Db, StoreError, shop};
use crate::till::TillNumber;
use ledger::Timestamp;

/// Writes down whom to tell of what is new in a till's outbox. Answers how many deliveries were written, or nothing when
/// it had read everything before.
///
/// A delivery is named by what happened and its webhook, and the cursor moves in the same transaction: reading again writes
/// nothing twice.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn follow(db: &dyn Db, till: TillNumber, now: Timestamp) -> Result<Option<usize>, StoreError> {
    let unread = books::unread(db, till, Follower::Webhooks, delivery::FOLLOWED_AT_ONCE)?;
    let Some((read, through)) = unread else { return Ok(None) };
    let founded = shop::currency(db)?;
    let currency = founded.ok_or_else(|| StoreError::Corrupt("the shop has no row".into()))?;
    let told = delivery::to_tell(db, till, (read, through), currency)?;
    for told in &told {
        delivery::insert(db, told.number, told.webhook, &message(told)?, now)?;
    }
    books::have_read(db, till, Follower::Webhooks, through)?;
    Ok(Some(told.len()))
}

/// A line is bought, undone and paid once at most, so the kind and the line name the message.
fn message(told: &Told) -> Result<Message, StoreError> {
    let kind = EventKind::read(&told.kind);
    let kind = kind.ok_or_else(|| StoreError::Corrupt(format!("an event {}", told.kind)))?;
    let event = Event::of(kind, told.happened_at, &told.sale);
    let body = serde_json::to_string(&event);
    let body = body.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(Message { id: format!("{}_{}", told.kind, told.sale.line), body })
}
