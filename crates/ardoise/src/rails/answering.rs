//! What a reader answers on the shop's own page, before their rail is told.
//!
//! A rail that has to know afterwards that it was told something ([`Before::Write`]) has it written down first: one
//! transaction, in which the first of several comes through and the others find that they are late. In the same transaction
//! stands who pays, where law limits what one may pay in a month ([`store::payer`](crate::store::payer)): the amount is
//! reserved for them before the rail hears of it. Nothing has to be released. What counts are the charges that came to
//! something or still may: one that is declined or left counts no longer, and one whose money comes late counts again.

use super::port::{Before, Note, Payer, Rail};
use super::saga::told;
use crate::app::App;
use crate::gains::month_of;
use crate::store::charge::{self, Change, Stored};
use crate::store::payer::{self, Reservation};
use crate::store::{Db, StoreError};
use std::collections::BTreeMap;

/// How a note was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// It is written.
    Written,
    /// Somebody was faster.
    TooLate,
    /// It would be more than the payer may pay in this month. Nothing is written.
    TooMuch,
}

/// What is to be done with an answer.
pub enum Ready {
    /// The rail is told it.
    Tell {
        /// The charge, as it is kept now.
        stored: Stored,
        /// Whether the rail can surely have done nothing before it hears this.
        is_first: bool,
    },
    /// The rail is asked what became of the charge, and told nothing.
    Look(Stored),
    /// It would be more than whoever is to pay may pay in this month.
    TooMuch(Stored),
}

/// Writes what has to be written before `rail` is told what its reader answered.
///
/// # Errors
/// The store's.
pub async fn prepare(
    app: &App,
    rail: &dyn Rail,
    stored: Stored,
    answers: &BTreeMap<String, String>,
) -> Result<Ready, StoreError> {
    let note = match rail.before(&told(app, &stored), answers) {
        // A charge that is over is asked about and told nothing more.
        Before::Write(note) if stored.state.is_live() => note,
        Before::Write(_) | Before::Look => return Ok(Ready::Look(stored)),
        Before::Nothing => return Ok(Ready::Tell { stored, is_first: false }),
    };
    // Before it hears of who pays, no rail can have done anything.
    let is_first = note.payer.is_some();
    let (id, currency) = (stored.id, app.currency());
    Ok(match write(app, &stored, note.clone()).await? {
        Taken::Written => Ready::Tell { stored: Stored { kept: note.kept, ..stored }, is_first },
        Taken::TooMuch => Ready::TooMuch(stored),
        Taken::TooLate => {
            let now = app.store.read(|db| charge::by_id(db, id, currency)).await?;
            Ready::Look(now.ok_or_else(|| StoreError::Corrupt("a charge is gone".into()))?)
        }
    })
}

async fn write(app: &App, stored: &Stored, note: Note) -> Result<Taken, StoreError> {
    let (stored, month) = (stored.clone(), month_of(app.now()));
    let write = move |db: &dyn Db| {
        let Note { kept, payer } = &note;
        let reservation = payer.as_ref().map(|payer| reservation(&stored, payer, month));
        if let Some(reservation) = &reservation
            && !payer::has_room(db, reservation)?
        {
            return Ok(Taken::TooMuch);
        }
        let change = Change { before: &stored.kept, kept, next: None };
        if !charge::change(db, stored.id, change)? {
            return Ok(Taken::TooLate);
        }
        reservation.map_or(Ok(()), |reservation| payer::reserve(db, &reservation))?;
        Ok(Taken::Written)
    };
    app.store.write(write).await
}

const fn reservation(stored: &Stored, payer: &Payer, month: i64) -> Reservation {
    Reservation {
        charge: stored.id,
        rail: stored.rail,
        payer: payer.key,
        month,
        amount: stored.amount,
        monthly: payer.monthly,
    }
}
