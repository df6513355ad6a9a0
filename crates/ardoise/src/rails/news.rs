//! What a genuine message from outside leads to: somebody is asked.

use super::port::{Rail, Which};
use crate::app::App;
use crate::store::charge::{self, Stored};
use crate::store::{Db, StoreError};

/// The charge by this rail that is meant.
///
/// # Errors
/// The store's.
pub async fn find(app: &App, rail: &dyn Rail, which: &Which) -> Result<Option<Stored>, StoreError> {
    let (number, currency) = (rail.terms().number, app.currency());
    let found = app.store.read(|db| match which {
        Which::Id(id) => charge::by_id(db, *id, currency),
        Which::Reference(text) => charge::by_reference(db, number, text, currency),
    });
    Ok(found.await?.filter(|found| found.rail == number))
}

/// A genuine message says that there is news of a charge: it is asked about at once, by the worker. Answers whether there is such
/// a charge by this rail.
///
/// # Errors
/// The store's.
pub async fn hear(app: &App, rail: &dyn Rail, which: &Which) -> Result<bool, StoreError> {
    let Some(found) = find(app, rail, which).await? else { return Ok(false) };
    let (id, now, once) = (found.id, app.now(), rail.is_paid_once());
    let write = move |db: &dyn Db| {
        charge::hasten(db, id, now)?;
        if once { Ok(()) } else { charge::look_again(db, id, now) }
    };
    app.store.write(write).await?;
    app.to_ask.notify_one();
    Ok(true)
}
