//! What a genuine message from outside leads to: somebody is asked.

use super::port::{Rail, Which};
use crate::app::App;
use crate::store::StoreError;
use crate::store::charge::{self, Stored};

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
    let (id, now) = (found.id, app.now());
    app.store.write(move |db| charge::hasten(db, id, now)).await?;
    app.to_ask.notify_one();
    Ok(true)
}
