//! Where an author's gains are sent: they say so themselves, by rail. The address is shown to them and to the operator.

use crate::app::{App, Shared};
use crate::body::Fields;
use crate::pages::gains::AddressRow;
use crate::people::SignedAuthor;
use crate::problem::{PAYOUT_NO_RAIL, Problem};
use crate::rails::{self, Named, payouts};
use crate::request::Ask;
use crate::store::{Db, StoreError, payout_address};
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use ledger::AuthorId;
use serde_json::json;

/// The addresses of an author: one for each rail that pays authors, and those of rails that do not any more, to be removed.
///
/// # Errors
/// The store's.
pub fn rows(app: &App, db: &dyn Db, author: AuthorId) -> Result<Vec<AddressRow>, StoreError> {
    let given = payout_address::of_author(db, author)?;
    let row = |name: &str, address: Option<String>, is_on| AddressRow {
        rail: name.to_owned(),
        words: format!("rail-{name}"),
        address,
        is_on,
    };
    let mut rows: Vec<AddressRow> = payouts::rails(app)
        .map(|(rail, _)| {
            let known = given.iter().find(|(number, _)| *number == rail.terms().number);
            row(rail.terms().name, known.map(|(_, address)| address.clone()), true)
        })
        .collect();
    // Fake money is asked about last.
    rows.sort_by_key(|row| row.rail == rails::SANDBOX.name);
    for (number, address) in given {
        let name = rails::name_of(number);
        if rows.iter().all(|row| row.rail != name) {
            rows.push(row(&name, Some(address), false));
        }
    }
    Ok(rows)
}

/// `POST /gains/address`: an author says where their gains are sent by a rail, or takes that back (`remove`).
pub async fn keep(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    ask: Ask,
    fields: Fields,
) -> Result<Response, Problem> {
    let name = fields.one("rail").unwrap_or("").to_owned();
    let (author, now) = (author.id, app.now());
    let is_known = if fields.one("remove").is_some() {
        let known = rails::ALL.iter().find(|known| known.name == name);
        let Named { number, .. } = *known.ok_or_else(|| Problem::new(&PAYOUT_NO_RAIL))?;
        app.store.write(move |db| payout_address::forget(db, author, number)).await?;
        false
    } else {
        let (rail, terms) = payouts::rail(&app, &name)?;
        let read = terms.recipient.read(fields.one("address").unwrap_or(""), "address");
        let address = read.map_err(|problem| problem.next("gains-title", "/gains"))?;
        let of = (author, rail.terms().number);
        app.store.write(move |db| payout_address::keep(db, of, &address, now)).await?;
        true
    };
    if ask.takes_html {
        return Ok(Redirect::to("/gains").into_response());
    }
    Ok(axum::Json(json!({ "rail": name, "address_known": is_known })).into_response())
}
